// A table's mapping as the screen shows it, and the edits that a person's moves come to. Pure.

import type { CastView, ColumnEdit, ColumnTreatment, ColumnView, MappingView } from "../host";
import { verdictOrder } from "./words";

/** Verdicts by which columns are filtered; a column that stays in the source has none of the type map's. */
export const filterOrder = [...verdictOrder, "left_out"] as const;

/** A column as the mapping shows it. */
export type MappedColumn = ColumnView & {
  treatment: ColumnTreatment;
  shownVerdict: string;
  /** Whether the file says something else of it. */
  edited: boolean;
  /** Its own type, whatever its transform makes of it. */
  ownType: string;
  /** The type in which it would travel as it is. */
  plainType: string;
  /** What it can be cast to. */
  casts: readonly CastView[];
};

const asItIs: ColumnTreatment = { kind: "as_is" };

function byColumn(treatments: readonly ColumnEdit[]): Map<string, ColumnTreatment> {
  return new Map(treatments.map((edit) => [edit.column, edit.treatment]));
}

function same(one: ColumnTreatment, other: ColumnTreatment): boolean {
  return one.kind === other.kind && (one.kind !== "expression" || one.sql === (other as { sql: string }).sql);
}

/** The columns of a mapping, with what becomes of each; `file` is the mapping as it is saved. */
export function mappedColumns(view: MappingView, file: MappingView | undefined): MappedColumn[] {
  const treatments = byColumn(view.treatments);
  const before = byColumn(file?.treatments ?? view.treatments);
  const types = new Map(view.casts.flatMap((type) => type.columns.map((column) => [column, type])));
  return view.plan.columns.map((column) => {
    const treatment = treatments.get(column.name) ?? asItIs;
    const type = types.get(column.name);
    return {
      ...column,
      treatment,
      shownVerdict: treatment.kind === "left_out" ? "left_out" : column.verdict,
      edited: !same(treatment, before.get(column.name) ?? asItIs),
      ownType: type?.source_type ?? column.source_type,
      plainType: type?.target_type ?? column.target_type,
      casts: type?.casts ?? [],
    };
  });
}

/** The edits that take in just these of the listed columns; one that comes back is treated as the file says. */
export function take(
  listed: readonly MappedColumn[],
  taken: ReadonlySet<string>,
  file: readonly ColumnEdit[],
): ColumnEdit[] {
  const before = byColumn(file);
  return listed
    .filter((column) => !column.key && !column.watermark)
    .flatMap((column): ColumnEdit[] => {
      const isIn = column.treatment.kind !== "left_out";
      if (isIn === taken.has(column.name)) return [];
      if (isIn) return [{ column: column.name, treatment: { kind: "left_out" } }];
      const saved = before.get(column.name) ?? asItIs;
      return [{ column: column.name, treatment: saved.kind === "left_out" ? asItIs : saved }];
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
        `${column.name} ${column.ownType} ${column.target_type} ${column.transform ?? ""}`
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
