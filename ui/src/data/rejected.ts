// What came of rejected rows that were tried again, in words.

import type { RejectedLineView, RetryView } from "../host";
import { counted } from "./format";
import { valueText } from "./value";
import type { Word } from "./words";

/** A retry in a sentence; the tone says whether a row is left. */
export function retryWord(retry: RetryView): Word {
  const sum = (of: (table: RetryView["tables"][number]) => number) =>
    retry.tables.reduce((all, table) => all + of(table), 0);
  const parts = [
    { number: sum((table) => table.rows_merged), words: "merged" },
    { number: sum((table) => table.rows_gone), words: "not there any more" },
    { number: sum((table) => table.rows_rejected), words: "rejected again" },
    { number: sum((table) => table.rows_without_key), words: "without a key" },
  ].filter((part) => part.number > 0);
  const failed = retry.tables.filter((table) => table.error).length;
  const rows = parts.map((part) => `${counted(part.number, "row")} ${part.words}`);
  const tables = failed > 0 ? [`${counted(failed, "table")} not tried`] : [];
  const word = [...rows, ...tables].join(", ") || "There was no row to try";
  return { tone: retry.status === "success" ? "ok" : retry.status === "partial" ? "warn" : "failed", word };
}

/** How a rejected row was resolved, in words; null where it is open. */
export function resolvedWord(row: RejectedLineView): string | null {
  if (!row.resolved_at) return null;
  const by = row.resolved_by;
  if (by === "run" || by === "retry") return row.note ?? `merged by a ${by}`;
  return [by ? `discarded by ${by}` : "resolved", row.note].filter(Boolean).join(": ");
}

/** The key of a rejected row: its value, or columns with their values. */
export function keyText(pk: RejectedLineView["pk"]): string {
  const entries = Object.entries(pk);
  return entries.length === 1
    ? valueText(entries[0]?.[1])
    : entries.map(([column, value]) => `${column}=${valueText(value)}`).join(" ");
}

/** Whether what is wrong is said of this column. */
export function isBlamed(column: string, error: string): boolean {
  return error.includes(`\`${column}\``) || error.startsWith(`Column ${column}:`);
}
