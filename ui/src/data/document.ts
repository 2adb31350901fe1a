// The workspace's document with edits that are not saved: one text, one row of steps to undo, whichever screen edits it.

import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useSyncExternalStore } from "react";
import { type DocumentView, errorView, type ErrorView, type Host, type TableChange, useHost } from "../host";
import { diffLines, linesChanged } from "./lines";

/** A text on its way to being saved. */
export type Draft = {
  /** What the file held when the first edit was made, or when it was last saved. */
  base: string;
  past: readonly string[];
  now: string;
  future: readonly string[];
  /** The latest text without a fault: what mappings and previews are made of. */
  sound: string;
  /** Whether the last step is still being typed. */
  typing: boolean;
};

/** Most steps that can be undone. */
const STEPS = 100;

/** A text as the file has it. */
export function opened(text: string): Draft {
  return { base: text, past: [], now: text, future: [], sound: text, typing: false };
}

/** A further text; what was undone before is gone. Typing that goes on is one step. */
export function changed(draft: Draft, now: string, sound: boolean, typing = false): Draft {
  if (now === draft.now) return { ...draft, sound: sound ? now : draft.sound };
  const past = typing && draft.typing ? draft.past : [...draft.past, draft.now].slice(-STEPS);
  return { ...draft, past, now, future: [], sound: sound ? now : draft.sound, typing };
}

/** One step back. A text that was a step once may have been typed with a fault: it is asked about again. */
export function undone(draft: Draft): Draft {
  const before = draft.past.at(-1);
  if (before === undefined) return draft;
  return {
    ...draft,
    past: draft.past.slice(0, -1),
    now: before,
    future: [draft.now, ...draft.future],
    typing: false,
  };
}

/** One step forward again. */
export function redone(draft: Draft): Draft {
  const [after, ...future] = draft.future;
  if (after === undefined) return draft;
  return { ...draft, past: [...draft.past, draft.now], now: after, future, typing: false };
}

/** The text has become the file's; the steps stay, so that what was saved can still be undone. */
export function saved(draft: Draft, text: string): Draft {
  return { ...draft, base: text, typing: false };
}

/** Takes the file's text, which somebody else wrote; one's own stays a step that can be brought back. */
export function takeTheirs(draft: Draft, text: string): Draft {
  return { ...changed(draft, text, true), base: text };
}

/** Keeps one's own text over the file's: saving it will undo what somebody else wrote. */
export function keepMine(draft: Draft, text: string): Draft {
  return { ...draft, base: text };
}

/** What is known of the documents of all workspaces; it outlives every screen, and ends with the window. */
class Drafts {
  readonly #drafts = new Map<string, Draft>();
  readonly #errors = new Map<string, ErrorView>();
  readonly #watchers = new Set<() => void>();
  /** Edits are made one after the other: each starts from the text that the one before has left. */
  #last: Promise<unknown> = Promise.resolve();

  get = (folder: string): Draft | undefined => this.#drafts.get(folder);
  error = (folder: string): ErrorView | undefined => this.#errors.get(folder);

  set(folder: string, draft: Draft | undefined): void {
    if (draft) this.#drafts.set(folder, draft);
    else this.#drafts.delete(folder);
    this.#tell();
  }

  fail(folder: string, error: ErrorView | undefined): void {
    if (error) this.#errors.set(folder, error);
    else if (!this.#errors.delete(folder)) return;
    this.#tell();
  }

  queue<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#last.then(work, work);
    this.#last = next.catch(() => undefined);
    return next;
  }

  watch = (told: () => void): (() => void) => {
    this.#watchers.add(told);
    return () => this.#watchers.delete(told);
  };

  #tell(): void {
    for (const told of this.#watchers) told();
  }
}

const drafts = new Drafts();

const fileKey = (folder: string) => ["in", folder, "document"] as const;
const viewKey = (folder: string, text: string) => ["in", folder, "text", text] as const;

/** Asks what a text becomes with edits, and keeps what is known of the answer. Nothing is changed. */
export async function tryEdits(
  host: Host,
  client: QueryClient,
  folder: string,
  text: string,
  tables: readonly TableChange[],
  template: string | null = null,
): Promise<DocumentView> {
  const view = await host.call("document_edit", { folder, text, tables: [...tables], template });
  client.setQueryData(viewKey(folder, view.text), view);
  return view;
}

/** A document that is being worked on. */
export type WorkingDocument = {
  /** Undefined until the file is read. */
  draft: Draft | undefined;
  /** What the text says now; undefined while it is being looked at. */
  view: DocumentView | undefined;
  /** What the file said. */
  fileView: DocumentView | undefined;
  /** The text to make mappings of: null for the file's own. */
  sound: string | null;
  /** Lines that are not saved. */
  unsaved: number;
  /** The file's text, where somebody else has written another one meanwhile. */
  theirs: string | null;
  /** Why the last edit was not made. */
  error: ErrorView | undefined;
  /** Makes edits, all or none; answers what they have made of the text, and null where they were not made. */
  edit: (tables: readonly TableChange[], template?: string | null) => Promise<DocumentView | null>;
  /** Takes a text that a person has typed. */
  type: (text: string) => Promise<void>;
  undo: () => void;
  redo: () => void;
  drop: () => void;
  settle: (how: "theirs" | "mine") => void;
  /** Reads the file again: somebody else has written it. */
  reread: () => void;
  /** The text was written into the file. */
  wasSaved: (text: string) => void;
};

/** The document of a workspace, with its edits. */
export function useDocument(folder: string): WorkingDocument {
  const host = useHost();
  const client = useQueryClient();
  const file = useQuery({
    queryKey: fileKey(folder),
    queryFn: () => host.call("document_show", { folder }),
    // A file is read in no time, and anybody may write it.
    staleTime: 0,
    refetchOnWindowFocus: true,
  });
  const kept = useSyncExternalStore(drafts.watch, () => drafts.get(folder));
  const error = useSyncExternalStore(drafts.watch, () => drafts.error(folder));
  const text = file.data?.text;
  // Without an edit of one's own the file is what holds, whoever wrote it.
  const follows = kept === undefined || (text !== undefined && kept.now === kept.base && kept.base !== text);
  const draft = useMemo(
    () => (follows ? (text === undefined ? undefined : opened(text)) : kept),
    [follows, text, kept],
  );
  const now = draft?.now ?? "";
  const looked = useQuery({
    queryKey: viewKey(folder, now),
    queryFn: () => host.call("document_edit", { folder, text: now, tables: [], template: null }),
    enabled: draft !== undefined && now !== text,
    gcTime: 300_000,
  });
  const view = now === text ? file.data : looked.data;
  const isDirty = draft !== undefined && draft.now !== draft.base;
  const unsaved = useMemo(
    () => (draft && isDirty ? linesChanged(diffLines(draft.base, draft.now)) : 0),
    [draft, isDirty],
  );
  const sound = draft ? (view && view.problems.length === 0 ? draft.now : draft.sound) : null;
  const latest = () => drafts.get(folder) ?? (draft as Draft);
  const put = (next: Draft) => drafts.set(folder, next);
  return {
    draft,
    view,
    fileView: file.data,
    sound: sound === null || sound === text ? null : sound,
    unsaved,
    theirs: isDirty && text !== undefined && draft.base !== text ? text : null,
    error,
    edit: (tables, template = null) =>
      drafts.queue(async () => {
        if (!draft) return null;
        const from = follows ? draft : latest();
        try {
          const view = await tryEdits(host, client, folder, from.now, tables, template);
          drafts.fail(folder, undefined);
          put(changed(from, view.text, view.problems.length === 0));
          return view;
        } catch (reason) {
          drafts.fail(folder, errorView(reason));
          return null;
        }
      }),
    type: (typed) =>
      drafts.queue(async () => {
        if (!draft) return;
        const from = follows ? draft : latest();
        const view = await tryEdits(host, client, folder, typed, []).catch((reason) => {
          drafts.fail(folder, errorView(reason));
          return undefined;
        });
        if (view) drafts.fail(folder, undefined);
        put(changed(from, typed, view?.problems.length === 0, true));
      }),
    undo: () => draft && put(undone(draft)),
    redo: () => draft && put(redone(draft)),
    drop: () => {
      drafts.fail(folder, undefined);
      if (draft && text !== undefined) put({ ...changed(draft, text, true), base: text });
    },
    settle: (how) => {
      if (draft && text !== undefined) put(how === "theirs" ? takeTheirs(draft, text) : keepMine(draft, text));
    },
    reread: () => void client.invalidateQueries({ queryKey: fileKey(folder) }),
    wasSaved: (written) => {
      client.setQueryData(fileKey(folder), (known: DocumentView | undefined) =>
        known && view && view.text === written ? view : known,
      );
      void client.invalidateQueries({ queryKey: fileKey(folder) });
      if (draft) put(saved(latest(), written));
    },
  };
}

/** Tables whose lines are others than in the file. */
export function editedTables(file: DocumentView | undefined, now: DocumentView | undefined): ReadonlySet<string> {
  if (!file || !now || file.text === now.text) return new Set();
  const lines = (view: DocumentView) => {
    const all = view.text.split("\n");
    return new Map(
      view.tables.map((table) => [table.source, all.slice(table.first_line - 1, table.last_line).join("\n")]),
    );
  };
  const before = lines(file);
  return new Set([...lines(now)].filter(([source, text]) => before.get(source) !== text).map(([source]) => source));
}
