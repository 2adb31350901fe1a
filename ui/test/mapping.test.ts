import { expect, test } from "vitest";
import {
  changed,
  editsIn,
  filteredColumns,
  mappedColumns,
  redone,
  settle,
  take,
  treat,
  undone,
  untouched,
  verdictCounts,
} from "../src/data/mapping";
import type { ColumnEdit } from "../src/host";
import { mapping } from "./fake/data";

const saved: ColumnEdit[] = [{ column: "email", treatment: { kind: "expression", sql: "lower(email)" } }];

test("an edit that says what is saved anyway is none", () => {
  const out = treat(untouched.now, saved, ["email", "visits"], { kind: "left_out" });
  expect(out.columns.map((edit) => edit.column)).toEqual(["email", "visits"]);
  const back = treat(out, saved, ["email"], { kind: "expression", sql: "lower(email)" });
  expect(back.columns.map((edit) => edit.column)).toEqual(["visits"]);
  expect(editsIn(treat(back, saved, ["visits"], { kind: "as_is" }))).toBe(0);
});

test("a column that is taken in again is treated as it is saved", () => {
  const treatments: ColumnEdit[] = [...mapping.treatments];
  const columns = mappedColumns(mapping, untouched.now);
  const none = take(untouched.now, treatments, columns, new Set());
  expect(none.columns.map((edit) => edit.column)).not.toContain("id");
  expect(none.columns.map((edit) => edit.column)).not.toContain("updated_at");
  const left = mappedColumns({ ...mapping, treatments: none.columns.map((edit) => ({ ...edit })) }, none);
  const all = take(none, treatments, left, new Set(left.map((column) => column.name)));
  expect(all.columns.map((edit) => edit.column)).not.toContain("email");
  const seen = mappedColumns(mapping, untouched.now).filter((column) => column.name === "seen_from");
  expect(take(untouched.now, treatments, seen, new Set(["seen_from"])).columns).toEqual([
    { column: "seen_from", treatment: { kind: "as_is" } },
  ]);
});

test("keys of the table that are set to what is saved are no edits", () => {
  const draft = settle(untouched.now, mapping, { mode: "full", watermark_column: "" });
  expect(editsIn(draft)).toBe(2);
  expect(settle(draft, mapping, { mode: mapping.mode, watermark_column: mapping.watermark_column ?? "" }).edit).toEqual(
    {},
  );
});

test("steps are undone and made again, and a new one ends what was undone", () => {
  const one = treat(untouched.now, saved, ["visits"], { kind: "left_out" });
  const two = treat(one, saved, ["score"], { kind: "left_out" });
  const history = changed(changed(untouched, one), two);
  expect(changed(history, two)).toBe(history);
  expect(undone(history).now).toBe(one);
  expect(undone(undone(undone(history))).now).toBe(untouched.now);
  expect(redone(undone(history)).now).toBe(two);
  expect(redone(changed(undone(history), untouched.now)).now).toBe(untouched.now);
});

test("columns are filtered by verdict and by name, type or transform", () => {
  const columns = mappedColumns(mapping, untouched.now);
  expect(verdictCounts(columns).get("left_out")).toBe(1);
  expect(filteredColumns(columns, "left_out", "").map((column) => column.name)).toEqual(["seen_from"]);
  expect(filteredColumns(columns, null, "LOWER(").map((column) => column.name)).toEqual(["email"]);
  expect(filteredColumns(columns, "refused", "jsonb")).toEqual([]);
});

test("a name is found among 276 columns", () => {
  const many = Array.from({ length: 276 }, (_, place) => ({ ...mapping.plan.columns[0]!, name: `column_${place}` }));
  const columns = mappedColumns({ ...mapping, plan: { ...mapping.plan, columns: many } }, untouched.now);
  expect(filteredColumns(columns, null, "column_27")).toHaveLength(7);
});
