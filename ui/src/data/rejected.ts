// What came of rejected rows that were tried again, in words.

import type { RejectedCauseView, RejectedLineView, RetryView, TryView } from "../host";
import { count, counted, day, when } from "./format";
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
export function resolvedWord(row: Pick<RejectedLineView, "resolved_at" | "resolved_by" | "note">): string | null {
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

/** What is wrong in a few words, without the side, the column and the advice that stand around them. */
export function causeTitle({ error, column }: Pick<RejectedCauseView, "error" | "column">): string {
  const said = column === null ? error : error.replace(`source, column ${column}: `, "");
  const [what, ...advice] = said.split(": ");
  return sentence(said === error || what === undefined || advice.length === 0 ? said : what);
}

/** From when to when a cause was met: `14:05:34`, `09:12:07 to 14:30:04`. */
export function metWord({ first_met, last_met }: Pick<RejectedCauseView, "first_met" | "last_met">): string {
  const [first, last] = [when(first_met), when(last_met)];
  return first === last ? last : `${first} to ${last}`;
}

/** What has become of the rows of a closed cause: `settled 18 Nov`, `discarded 11 Nov by ada: test accounts`. */
export function closedWord({ standing, closed_at, by, note }: RejectedCauseView): string {
  const at = day(closed_at).replace(/^(Today|Yesterday)$/, (word) => word.toLowerCase());
  const what = [standing, at, by && `by ${by}`].filter(Boolean).join(" ");
  return note ? `${what}: ${note}` : what;
}

/** What a trial says, in a sentence; the tone says whether a row is left. */
export function trialWord(trial: TryView): Word {
  if (trial.rows === 0) return { tone: "warn", word: "There is no open row to try" };
  const left = trial.failed + trial.untried + trial.without_key;
  const gone = trial.gone > 0 ? `, ${count(trial.gone)} not there any more` : "";
  const verb = trial.rows === 1 ? "passes" : "pass";
  return { tone: left === 0 ? "ok" : "warn", word: `${count(trial.passed)} of ${count(trial.rows)} ${verb}${gone}` };
}

/** What a trial says becomes of the values, in sentences. */
export function trialChange(trial: TryView): string {
  if (trial.passed === 0) return "No row would arrive with it. Nothing was written.";
  const others = trial.changed - trial.nulls;
  const all = (rows: number) =>
    rows === trial.passed && rows > 1 ? `all ${count(rows)} values` : counted(rows, "value");
  const become = (rows: number) => (rows === 1 ? "becomes" : "become");
  const changes = [
    trial.nulls > 0 ? `${all(trial.nulls)} ${become(trial.nulls)} NULL in the target` : "",
    others > 0 ? `${all(others)} ${become(others)} another one in the target` : "",
    trial.ddl.length > 0 ? `the next run changes the target's table` : "",
  ].filter(Boolean);
  const said = changes.join("; ");
  return said === "" ? "No value changes." : `${sentence(said)}. The source is not changed.`;
}

/** Words as a sentence begins. */
export function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Columns of a row for its pane: those to show, and how many others are folded away because they are all NULL. */
export function foldedFields(
  fields: readonly (readonly [string, unknown])[],
  isNeeded: (column: string) => boolean,
): { shown: readonly (readonly [string, unknown])[]; folded: number } {
  const isSeen = ([column, value]: readonly [string, unknown]) => value !== null || isNeeded(column);
  const trailing = fields.length - (fields.findLastIndex(isSeen) + 1);
  // Of a wide row all of them; of another one those at its end.
  const shown = fields.length > WIDE ? fields.filter(isSeen) : fields.slice(0, fields.length - trailing);
  const folded = fields.length - shown.length;
  return folded < 3 ? { shown: fields, folded: 0 } : { shown, folded };
}
const WIDE = 40;
