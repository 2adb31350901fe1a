// What the screen is about: one table or several, one cause or several, and what the source says of them.

import { useMemo } from "react";
import { useRemedies } from "../../data/queries";
import { useOpenWorkspace } from "../../data/workspace";
import type { RejectedCauseView, RejectedColumnView, RejectedLineView, RemedyView } from "../../host";
import { keyOf } from "./Causes";
import { type RejectedColumn, rejectedColumns } from "./cells";

/** Columns with refused values that stand before the others. */
const REFUSED_FIRST = 3;
const noColumns: readonly RejectedColumnView[] = [];

type Asked = {
  folder: string;
  /** The table that the person has chosen. */
  table: string | null;
  /** The cause that the person has chosen. */
  pressed: RejectedCauseView | null;
  /** Closed rows are listed, too. */
  closed: boolean;
  rows: readonly RejectedLineView[];
  causes: readonly RejectedCauseView[];
  /** The row that is looked at. */
  chosen: RejectedLineView | null;
  ask: boolean;
};

export type Scope = {
  /** The cause of every open row that is listed; null where there are several. */
  cause: RejectedCauseView | null;
  /** What settles it. */
  fix: { cause: RejectedCauseView; remedy: RemedyView } | null;
  told: ReturnType<typeof useRemedies>;
  /** Types of the columns in the source, as far as they are known. */
  types: ReadonlyMap<string, string>;
  columns: readonly RejectedColumn[];
};

/** Works out what is shown, and asks the source what settles it. */
export function useScope({ folder, table, pressed, closed, rows, causes, chosen, ask }: Asked): Scope {
  const { workspace } = useOpenWorkspace();
  const standing = causes.filter((one) => one.standing === "open");
  // Of one table, though nobody has chosen it, where there is no other.
  const [only, ...others] = new Set(standing.map((one) => one.source));
  const alone = !closed && others.length === 0 ? (only ?? null) : null;
  const shownTable = table ?? pressed?.source ?? alone;
  const inScope = standing.filter((one) => shownTable === null || one.source === shownTable);
  const chosenCause = pressed ?? (inScope.length === 1 ? (inScope[0] ?? null) : null);
  const cause = inScope.find((one) => chosenCause !== null && keyOf(one) === keyOf(chosenCause)) ?? null;

  const about = shownTable ?? chosen?.source ?? null;
  const configured = workspace.tables.some((known) => known.source === about);
  const told = useRemedies(folder, about, ask && configured);
  const remedy = told.data?.remedies.find((one) => one.column === cause?.column && one.code === cause.code);
  const fix = cause?.one_fix && remedy && !closed ? { cause, remedy } : null;
  const sourceColumns = told.data?.columns ?? noColumns;
  const types = useMemo(() => new Map(sourceColumns.map((one) => [one.name, one.source_type])), [sourceColumns]);

  const refused = [...new Set((pressed ? [pressed] : inScope).flatMap((one) => one.column ?? []))];
  const shown = {
    table: shownTable,
    key: Object.keys(rows[0]?.pk ?? {}),
    refused: refused.slice(0, REFUSED_FIRST),
    several: pressed === null && inScope.length > 1,
    kept: rows.some((row) => row.kept),
    closed,
  };
  // The same columns as long as they are made of the same: rows that come later change nothing.
  const shape = JSON.stringify(shown);
  const columns = useMemo(() => rejectedColumns({ ...shown, columns: sourceColumns }), [shape, sourceColumns]);
  return { cause, fix, told, types, columns };
}
