import { type ReactNode, useEffect, useId, useRef } from "react";
import { Button } from "./button";

/** A dialog over the page. Keeps the focus inside; Esc and a press outside close it; the focus goes back. */
export function Dialog({
  title,
  children,
  leave,
  foot,
  onClose,
  label,
}: {
  title?: ReactNode;
  label?: string;
  children: ReactNode;
  /** The words of the button that closes it. */
  leave?: string;
  /** What else can be done, behind that. */
  foot?: ReactNode;
  onClose: () => void;
}) {
  const box = useRef<HTMLDivElement>(null);
  const titleId = useId();
  const close = useRef(onClose);
  useEffect(() => {
    close.current = onClose;
  });
  useEffect(() => {
    const before = document.activeElement;
    const inside = focusable(box.current);
    if (!box.current?.contains(document.activeElement)) (inside[0] ?? box.current)?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <>
      <div className="cover" onMouseDown={onClose} />
      <div
        ref={box}
        className="dialog"
        role="dialog"
        aria-modal="true"
        aria-label={label}
        aria-labelledby={title ? titleId : undefined}
        tabIndex={-1}
        onKeyDown={(event) => {
          if (event.key === "Escape") {
            event.preventDefault();
            event.stopPropagation();
            close.current();
          }
          if (event.key === "Tab") {
            const all = focusable(box.current);
            const first = all[0];
            const last = all.at(-1);
            if (!first || !last) return;
            if (event.shiftKey && document.activeElement === first) {
              event.preventDefault();
              last.focus();
            } else if (!event.shiftKey && document.activeElement === last) {
              event.preventDefault();
              first.focus();
            }
          }
        }}
      >
        {title && (
          <div className="dialog-head">
            <h2 id={titleId}>{title}</h2>
          </div>
        )}
        {children}
        {(leave || foot) && (
          <div className="dialog-foot">
            {leave && (
              <Button onPress={onClose} keys="Escape">
                {leave}
              </Button>
            )}
            {foot}
          </div>
        )}
      </div>
    </>
  );
}

function focusable(box: HTMLElement | null): HTMLElement[] {
  return [
    ...(box?.querySelectorAll<HTMLElement>("button, input, select, textarea, a[href], [tabindex='0']") ?? []),
  ].filter((element) => !element.hasAttribute("disabled") && element.tabIndex >= 0);
}
