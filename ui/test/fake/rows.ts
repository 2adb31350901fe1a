// Pages of rows, as the host sends them. For tests and for looking at screens only; never part of the window.

import { Table, tableToIPC, Utf8, vectorFromArray } from "apache-arrow";
import type { RowsColumnView } from "../../src/host";
import * as shop from "./shop";

/** The columns of a narrow table, or of one of 276. */
export function rowColumns(wide: boolean): RowsColumnView[] {
  const of = wide ? shop.wideMapping.plan.columns : shop.columns;
  return of.map(({ name, source_type, key }) => ({
    name,
    type: source_type,
    numeric: /^(bigint|integer|numeric|real)/.test(source_type),
    key,
  }));
}

const names = ["Kim Adeyemi", "  two blanks ", "", "שרה כהן", "Zoë\nBrontë", "José Ñúñez", "a\ttab"];

function value(column: RowsColumnView, place: number, row: number, whole: boolean): string | null {
  if (column.key) return String(row + 1);
  if ((row * 31 + place * 17) % 23 === 0) return null;
  if (column.name === "email") return `kim${row}@example.com`;
  if (column.name === "tier") return ["gold", "silver", "basic"][row % 3] ?? "";
  if (column.name === "profile") {
    const text = JSON.stringify({ digest: "weekly", seen: row, note: "long ".repeat(row % 5 === 0 ? 400 : 1) });
    return whole || text.length <= 1_000 ? text : text.slice(0, 1_001);
  }
  if (column.type === "timestamptz") return `2026-11-${String(1 + (row % 20)).padStart(2, "0")} 14:29:57.114233+00`;
  if (column.numeric) return (((row + 1) * (place + 3) * 7_919) % 1_000_003) / 100 + "";
  return names[(row + place) % names.length] ?? "";
}

/** A page, written by the reference implementation. */
export function arrowPage(
  wide: boolean,
  ask: { first_row: number; rows: number; first_column: number; columns: number; whole?: boolean },
): ArrayBuffer {
  const columns = rowColumns(wide).slice(ask.first_column, ask.first_column + ask.columns);
  const rows = Array.from({ length: ask.rows }, (_, at) => ask.first_row + at);
  const isGone = (row: number) => row % 61 === 40;
  const vectors = columns.map((column, at) => [
    column.name,
    vectorFromArray(
      rows.map((row) => (isGone(row) ? null : value(column, ask.first_column + at, row, ask.whole ?? false))),
      new Utf8(),
    ),
  ]);
  const gone = vectorFromArray(
    rows.map((row) => (isGone(row) ? "gone" : null)),
    new Utf8(),
  );
  const bytes = tableToIPC(new Table(Object.fromEntries([...vectors, ["\0gone", gone]])), "stream");
  return bytes.slice().buffer as ArrayBuffer;
}
