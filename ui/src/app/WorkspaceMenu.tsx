import { Folder, Plus, X } from "lucide-react";
import { type RefObject, useEffect, useRef, useState } from "react";
import { actionSpec, type ActionId, useOffer } from "../action";
import type { RecentWorkspace } from "../host";
import { Icon, Keys } from "../kit";

/** A menu that a button opens. */
export function useMenu(): {
  shown: boolean;
  button: RefObject<HTMLButtonElement | null>;
  toggle: () => void;
  close: () => void;
} {
  const [shown, setShown] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  return {
    shown,
    button,
    toggle: () => setShown((before) => !before),
    close: () => {
      setShown(false);
      button.current?.focus();
    },
  };
}

/** Other workspaces, and the ways to another. */
export function WorkspaceMenu({
  current,
  recent,
  onOpen,
  onClose,
}: {
  current: string;
  recent: readonly RecentWorkspace[];
  onOpen: (folder: string) => void;
  onClose: () => void;
}) {
  const box = useRef<HTMLDivElement>(null);
  const close = useRef(onClose);
  useEffect(() => {
    close.current = onClose;
  });
  useEffect(() => {
    box.current?.querySelector("button")?.focus();
    const outside = (event: MouseEvent) => {
      const target = event.target;
      if (target instanceof Element && !box.current?.contains(target) && !target.closest(".rail .workspace"))
        close.current();
    };
    window.addEventListener("mousedown", outside);
    return () => window.removeEventListener("mousedown", outside);
  }, []);
  const others = recent.filter((known) => known.present && known.folder !== current).slice(0, 8);
  return (
    <div
      ref={box}
      className="menu"
      role="menu"
      aria-label="Workspaces"
      style={{ top: 36, left: 8 }}
      onKeyDown={(event) => {
        const items = [...(box.current?.querySelectorAll("button") ?? [])];
        const place = items.indexOf(document.activeElement as HTMLButtonElement);
        if (event.key === "Escape") onClose();
        else if (event.key === "ArrowDown") items[(place + 1) % items.length]?.focus();
        else if (event.key === "ArrowUp") items[(place - 1 + items.length) % items.length]?.focus();
        else return;
        event.preventDefault();
        event.stopPropagation();
      }}
    >
      {others.length > 0 && <div className="group">Recent</div>}
      {others.map((known) => (
        <button
          key={known.folder}
          type="button"
          role="menuitem"
          title={known.folder}
          onClick={() => {
            onClose();
            onOpen(known.folder);
          }}
        >
          <Icon of={Folder} />
          <span className="cut grow">{known.name}</span>
        </button>
      ))}
      {others.length > 0 && <hr />}
      <MenuAction id="workspace.open" icon={Folder} onClose={onClose} />
      <MenuAction id="workspace.new" icon={Plus} onClose={onClose} />
      <MenuAction id="workspace.close" icon={X} onClose={onClose} />
    </div>
  );
}

function MenuAction({ id, icon, onClose }: { id: ActionId; icon: typeof Folder; onClose: () => void }) {
  const spec = actionSpec(id);
  const offer = useOffer(id);
  return (
    <button
      type="button"
      role="menuitem"
      aria-disabled={offer?.unavailable ? true : undefined}
      title={offer?.unavailable ?? undefined}
      onClick={() => {
        if (!offer || offer.unavailable) return;
        onClose();
        offer.run();
      }}
    >
      <Icon of={icon} />
      <span className="grow">{spec.title}</span>
      {spec.keys && <Keys of={spec.keys} />}
    </button>
  );
}
