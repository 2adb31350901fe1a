import { ChevronRight, Database, Layers, Play, Search, Table2 } from "lucide-react";
import { type ReactNode, useEffect, useId, useMemo, useRef, useState } from "react";
import { navigate, type OfferedAction, useOffered } from "../action";
import { shortRun, when } from "../data/format";
import { useQueryClient } from "@tanstack/react-query";
import { keys } from "../data/queries";
import type { AppView, RecentWorkspace, WorkspaceView } from "../host";
import { Dialog, Icon, Keys } from "../kit";
import { type Match, markText, matchText } from "./match";
import "./over.css";

/** One line of the palette. */
type Item = {
  id: string;
  group: string;
  icon: ReactNode;
  text: string;
  more: string;
  keys: string | null;
  unavailable: string | null;
  run: () => void;
};

/** One list for actions and objects: what fits here first. */
export function Palette({
  folder,
  onOpen,
  onClose,
}: {
  folder: string | null;
  /** Opens another workspace. */
  onOpen: (folder: string) => void;
  onClose: () => void;
}) {
  const [wanted, setWanted] = useState("");
  const [at, setAt] = useState(0);
  const offered = useOffered();
  const client = useQueryClient();
  const listId = useId();
  const list = useRef<HTMLUListElement>(null);
  const items = useMemo(
    () => [
      ...actionItems(offered),
      ...objectItems(folder ? client.getQueryData<WorkspaceView>(keys.workspace(folder)) : undefined),
      ...workspaceItems(client.getQueryData<AppView>(keys.app)?.recent ?? [], folder, onOpen),
    ],
    [offered, client, folder, onOpen],
  );
  const shown = items.filter((item) => matchText(`${item.text} ${item.more}`, wanted) !== null);
  const place = Math.min(at, Math.max(0, shown.length - 1));
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  });

  const run = (item: Item | undefined) => {
    if (!item || item.unavailable !== null) return;
    onClose();
    item.run();
  };
  return (
    <Dialog label="Go to or run" onClose={onClose}>
      <div className="palette-field">
        <Icon of={Search} />
        <input
          role="combobox"
          aria-expanded="true"
          aria-controls={listId}
          aria-activedescendant={shown[place] ? `${listId}${place}` : undefined}
          aria-label="Go to or run"
          placeholder="Go to or run"
          spellCheck={false}
          autoComplete="off"
          value={wanted}
          autoFocus
          onChange={(event) => {
            setWanted(event.target.value);
            setAt(0);
          }}
          onKeyDown={(event) => {
            if (event.key === "ArrowDown") setAt(Math.min(shown.length - 1, place + 1));
            else if (event.key === "ArrowUp") setAt(Math.max(0, place - 1));
            else if (event.key === "Enter") run(shown[place]);
            else return;
            event.preventDefault();
          }}
        />
        <span className="faint">
          {shown.length} of {items.length}
        </span>
      </div>
      <ul ref={list} id={listId} className="palette-list" role="listbox" aria-label="Actions and objects">
        {shown.map((item, index) => (
          <PaletteLine
            key={item.id}
            id={`${listId}${index}`}
            item={item}
            wanted={wanted}
            selected={index === place}
            head={shown[index - 1]?.group !== item.group}
            onPress={() => run(item)}
            onPoint={() => setAt(index)}
          />
        ))}
        {shown.length === 0 && <li className="palette-none faint">Nothing here is called “{wanted}”.</li>}
      </ul>
      <div className="dialog-foot palette-foot">
        <span className="hint">
          <Keys of="↑ ↓" /> choose
        </span>
        <span className="hint">
          <Keys of="Enter" /> run
        </span>
        <span className="hint">
          <Keys of="Escape" /> close
        </span>
      </div>
    </Dialog>
  );
}

function PaletteLine({
  id,
  item,
  wanted,
  selected,
  head,
  onPress,
  onPoint,
}: {
  id: string;
  item: Item;
  wanted: string;
  selected: boolean;
  head: boolean;
  onPress: () => void;
  onPoint: () => void;
}) {
  return (
    <>
      {head && (
        <li className="palette-group" role="presentation">
          {item.group}
        </li>
      )}
      <li
        id={id}
        role="option"
        aria-selected={selected}
        aria-disabled={item.unavailable !== null || undefined}
        onClick={onPress}
        onMouseMove={onPoint}
      >
        {item.icon}
        <span className="cut grow">
          <Marked of={markText(item.text, wanted)} />
          {item.more && (
            <span className="soft">
              &ensp;
              <Marked of={markText(item.more, wanted)} />
            </span>
          )}
        </span>
        {item.unavailable !== null ? (
          <span className="faint small">{item.unavailable}</span>
        ) : (
          item.keys && <Keys of={item.keys} />
        )}
      </li>
    </>
  );
}

function Marked({ of }: { of: Match }) {
  return of.map((part, place) => (
    <span key={place} className={part.hit ? "hit" : undefined}>
      {part.text}
    </span>
  ));
}

function actionItems(offered: readonly OfferedAction[]): Item[] {
  const item = ({ id, spec, offer }: OfferedAction, group: string): Item => ({
    id,
    group,
    icon: <Icon of={ChevronRight} />,
    text: spec.title,
    more: offer.object ?? "",
    keys: spec.keys ?? null,
    unavailable: offer.unavailable,
    run: offer.run,
  });
  // What can be done now stands before what cannot.
  const listed = offered
    .filter(({ spec }) => !spec.unlisted)
    .toSorted((a, b) => Number(a.offer.unavailable !== null) - Number(b.offer.unavailable !== null));
  const own = listed.filter(({ spec }) => spec.scope !== "everywhere" && spec.scope !== "workspace");
  return [
    ...own.map((action) => item(action, "Here")),
    ...listed.filter((action) => !own.includes(action)).map((action) => item(action, "Actions")),
  ];
}

/** The workspaces opened before, but the one that is open. */
function workspaceItems(
  recent: readonly RecentWorkspace[],
  folder: string | null,
  onOpen: (folder: string) => void,
): Item[] {
  return recent
    .filter((known) => known.present && known.folder !== folder)
    .map((known) => ({
      id: `workspace ${known.folder}`,
      group: "Workspaces",
      icon: <Icon of={Layers} />,
      text: known.name,
      more: `workspace, ${known.folder}`,
      keys: null,
      unavailable: null,
      run: () => onOpen(known.folder),
    }));
}

function objectItems(workspace: WorkspaceView | undefined): Item[] {
  if (!workspace) return [];
  const common = { keys: null, unavailable: null };
  return [
    ...workspace.connections.map((connection): Item => ({
      ...common,
      id: `connection ${connection.name}`,
      group: "Objects",
      icon: <Icon of={Database} />,
      text: connection.name,
      more: `connection, ${connection.address}`,
      run: () => navigate({ screen: "connections", name: connection.name }),
    })),
    ...workspace.tables.map((table): Item => ({
      ...common,
      id: `table ${table.source}`,
      group: "Objects",
      icon: <Icon of={Table2} />,
      text: table.source,
      more: `table, into ${table.target}`,
      run: () => navigate({ screen: "tables", table: table.source }),
    })),
    ...workspace.runs.map((run): Item => ({
      ...common,
      id: `run ${run.run_id}`,
      group: "Runs",
      icon: <Icon of={Play} />,
      text: `Run ${shortRun(run.run_id)}`,
      more: `${run.status}, ${when(run.started_at)}`,
      run: () => navigate({ screen: "runs", runId: run.run_id }),
    })),
  ];
}
