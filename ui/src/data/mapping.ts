// A mapping on its way to being saved: edits over what the document says, with undo. Pure, but for the one store.

import { useSyncExternalStore } from "react";
import type { ColumnEdit, ColumnTreatment, ColumnView, MappingView, TableEdit } from "../host";
import { verdictOrder } from "./words";

/** Edits that are not saved. */
export type Draft = { columns: readonly ColumnEdit[]; edit: TableEdit };

/** Drafts in the order in which they were made, around the one that holds. */
export type History = { past: readonly Draft[]; now: Draft; future: readonly Draft[] };

/** No edit at all. */
export const untouched: History = { past: [], now: { columns: [], edit: {} }, future: [] };

/** Most steps that can be undone. */
const STEPS = 200;

/** A further edit; what was undone before is gone. */
export function changed(history: History, now: Draft): History {
  if (sameDraft(history.now, now)) return history;
  return { past: [...history.past, history.now].slice(-STEPS), now, future: [] };
}

/** One step back. */
export function undone(history: History): History {
  const before = history.past.at(-1);
  return before ? { past: history.past.slice(0, -1), now: before, future: [history.now, ...history.future] } : history;
}

/** One step forward again. */
export function redone(history: History): History {
  const [after, ...future] = history.future;
  return after ? { past: [...history.past, history.now], now: after, future } : history;
}

function sameDraft(one: Draft, other: Draft): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** What the document says becomes of a column. */
export function treatmentIn(treatments: readonly ColumnEdit[], column: string): ColumnTreatment {
  return treatments.find((edit) => edit.column === column)?.treatment ?? { kind: "as_is" };
}

/** The draft with columns treated so; an edit that says what is saved anyway is none. */
export function treat(
  draft: Draft,
  saved: readonly ColumnEdit[],
  columns: readonly string[],
  treatment: ColumnTreatment,
): Draft {
  const others = draft.columns.filter((edit) => !columns.includes(edit.column));
  const fresh = columns
    .filter((column) => JSON.stringify(treatmentIn(saved, column)) !== JSON.stringify(treatment))
    .map((column) => ({ column, treatment }));
  return { ...draft, columns: [...others, ...fresh] };
}

/** The draft with just these of the listed columns taken in; one that comes back is treated as it is saved. */
export function take(
  draft: Draft,
  saved: readonly ColumnEdit[],
  listed: readonly MappedColumn[],
  taken: ReadonlySet<string>,
): Draft {
  const able = listed.filter((column) => !column.key && !column.watermark);
  const isIn = (column: MappedColumn) => column.treatment.kind !== "left_out";
  const gone = able.filter((column) => isIn(column) && !taken.has(column.name)).map((column) => column.name);
  const back = able.filter((column) => !isIn(column) && taken.has(column.name)).map((column) => column.name);
  let next = treat(draft, saved, gone, { kind: "left_out" });
  for (const name of back) {
    const before = treatmentIn(saved, name);
    next = treat(next, saved, [name], before.kind === "left_out" ? { kind: "as_is" } : before);
  }
  return next;
}

/** What of the saved mapping an edit of the table's keys can change. */
export type Saved = Pick<MappingView, "pk" | "watermark_column" | "mode" | "target" | "where" | "on_drift" | "deletes">;

/** The draft with keys of the table set so; an edit that says what is saved anyway is none. */
export function settle(draft: Draft, saved: Saved, edit: TableEdit): Draft {
  const all: TableEdit = { ...draft.edit, ...edit };
  const before: Required<TableEdit> = {
    pk: saved.pk,
    watermark_column: saved.watermark_column ?? "",
    mode: saved.mode,
    target: saved.target,
    where: saved.where ?? "",
    on_drift: saved.on_drift,
    deletes: saved.deletes,
  };
  const kept = Object.entries(all).filter(
    ([key, value]) => JSON.stringify(value) !== JSON.stringify(before[key as keyof TableEdit]),
  );
  return { ...draft, edit: Object.fromEntries(kept) as TableEdit };
}

/** How many edits a draft holds. */
export function editsIn(draft: Draft): number {
  return draft.columns.length + Object.keys(draft.edit).length;
}

/** Verdicts by which columns are filtered; a column that stays in the source has none of the type map's. */
export const filterOrder = [...verdictOrder, "left_out"] as const;

/** A column as the mapping shows it. */
export type MappedColumn = ColumnView & { treatment: ColumnTreatment; shownVerdict: string; edited: boolean };

/** The columns of a mapping, with what becomes of each. */
export function mappedColumns(view: MappingView, draft: Draft): MappedColumn[] {
  const treatments = new Map(view.treatments.map((edit) => [edit.column, edit.treatment]));
  const edited = new Set(draft.columns.map((edit) => edit.column));
  return view.plan.columns.map((column) => {
    const treatment = treatments.get(column.name) ?? { kind: "as_is" };
    return {
      ...column,
      treatment,
      shownVerdict: treatment.kind === "left_out" ? "left_out" : column.verdict,
      edited: edited.has(column.name),
    };
  });
}

/** Columns of a verdict whose name, type or transform has a text. */
export function filteredColumns(
  columns: readonly MappedColumn[],
  verdict: string | null,
  text: string,
): MappedColumn[] {
  const wanted = text.trim().toLowerCase();
  return columns.filter(
    (column) =>
      (verdict === null || column.shownVerdict === verdict) &&
      (wanted === "" ||
        `${column.name} ${column.source_type} ${column.target_type} ${column.transform ?? ""}`
          .toLowerCase()
          .includes(wanted)),
  );
}

/** How many columns have each verdict. */
export function verdictCounts(columns: readonly MappedColumn[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { shownVerdict } of columns) counts.set(shownVerdict, (counts.get(shownVerdict) ?? 0) + 1);
  return counts;
}

/** Drafts by workspace and table: they outlive the screen, and end with the window. */
class Drafts {
  readonly #histories = new Map<string, History>();
  readonly #watchers = new Set<() => void>();

  get = (key: string): History => this.#histories.get(key) ?? untouched;

  set(key: string, history: History): void {
    if (history === untouched) this.#histories.delete(key);
    else this.#histories.set(key, history);
    for (const told of this.#watchers) told();
  }

  watch = (told: () => void): (() => void) => {
    this.#watchers.add(told);
    return () => this.#watchers.delete(told);
  };
}

const drafts = new Drafts();
const keyOf = (folder: string, table: string) => `${folder}\n${table}`;

/** The draft of a table, and what changes it. */
export function useDraft(folder: string, table: string): [History, (history: History) => void] {
  const key = keyOf(folder, table);
  const history = useSyncExternalStore(drafts.watch, () => drafts.get(key));
  return [history, (next) => drafts.set(key, next)];
}

/** Whether a table has edits that are not saved. */
export function isEdited(folder: string, table: string): boolean {
  return editsIn(drafts.get(keyOf(folder, table)).now) > 0;
}
