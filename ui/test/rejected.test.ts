import { expect, test } from "vitest";
import {
  causeTitle,
  closedWord,
  foldedFields,
  metWord,
  resolvedWord,
  retryWord,
  trialChange,
  trialWord,
} from "../src/data/rejected";
import {
  RejectedCells,
  RejectedStore,
  pinnedColumns,
  rejectedColumns,
  type Shown,
} from "../src/feature/rejected/cells";
import type { RejectedCauseView, RetriedTable, TryView } from "../src/host";
import { FakeHost } from "./fake/host";
import { manyRejected, rejectedRows } from "./fake/rejected";
import { rejected } from "./fake/shop";

const table = (some: Partial<RetriedTable>): RetriedTable => ({
  source: "public.orders",
  target: "shop.orders",
  status: "success",
  rows_merged: 0,
  rows_gone: 0,
  rows_rejected: 0,
  rows_without_key: 0,
  seconds: 0.1,
  error: null,
  findings: [],
  ...some,
});

test("a retry is told in one sentence over all tables", () => {
  const tables = [table({ rows_merged: 2, rows_gone: 1 }), table({ rows_merged: 1, rows_rejected: 1 })];
  expect(retryWord({ run_id: "r", status: "partial", tables })).toEqual({
    tone: "warn",
    word: "3 rows merged, 1 row not there any more, 1 row rejected again",
  });
  expect(retryWord({ run_id: "r", status: "success", tables: [] })).toEqual({
    tone: "ok",
    word: "There was no row to try",
  });
  const held = table({
    status: "held",
    error: { code: "held", message: "held", hint: null, side: null, table: null, problems: [] },
  });
  expect(retryWord({ run_id: "r", status: "failed", tables: [held] })).toEqual({
    tone: "failed",
    word: "1 table not tried",
  });
});

test("a resolved row says how it was resolved", () => {
  const row = rejected[0];
  if (!row) throw new Error("no row");
  const at = "2026-11-21T09:00:00Z";
  expect(resolvedWord(row)).toBeNull();
  expect(resolvedWord({ ...row, resolved_at: at, resolved_by: "retry" })).toBe("merged by a retry");
  expect(resolvedWord({ ...row, resolved_at: at, resolved_by: "retry", note: "gone: no such row" })).toBe(
    "gone: no such row",
  );
  expect(resolvedWord({ ...row, resolved_at: at, resolved_by: "ann on etl-7", note: "a test row" })).toBe(
    "discarded by ann on etl-7: a test row",
  );
  expect(resolvedWord({ ...row, resolved_at: at, resolved_by: null })).toBe("resolved");
});

const cause: RejectedCauseView = {
  source: "public.users",
  code: "numeric_nan",
  error: "source, column credit: NaN does not fit into a decimal: correct the row, or cast the column",
  column: "credit",
  standing: "open",
  by: null,
  note: null,
  rows: 36,
  first_met: "2024-05-01T09:12:07Z",
  last_met: "2024-05-01T14:30:04Z",
  closed_at: null,
  one_fix: true,
};

test("a cause is told without its side, its column and the advice", () => {
  expect(causeTitle(cause)).toBe("NaN does not fit into a decimal");
  const target = "target, table main.users: committing rows: Constraint Error: CHECK constraint failed";
  expect(causeTitle({ error: target, column: null })).toBe(target.replace("target", "Target"));
});

test("a cause says from when to when it was met, and how it was closed", () => {
  expect(metWord(cause)).toBe("1 May 2024");
  expect(metWord({ first_met: "2024-05-01T09:12:07Z", last_met: "2024-06-11T14:30:04Z" })).toBe(
    "1 May 2024 to 11 Jun 2024",
  );
  expect(closedWord({ ...cause, standing: "settled", closed_at: new Date().toISOString() })).toBe("settled today");
  const closed = { ...cause, closed_at: "2024-11-18T12:00:00Z" };
  expect(closedWord({ ...closed, standing: "settled" })).toBe("settled 18 Nov 2024");
  expect(closedWord({ ...closed, standing: "discarded", by: "ada", note: "test accounts" })).toBe(
    "discarded 18 Nov 2024 by ada: test accounts",
  );
});

const trial: TryView = {
  source: "public.users",
  column: "credit",
  sql: "nullif(credit, 'NaN')",
  rows: 36,
  passed: 36,
  failed: 0,
  gone: 0,
  without_key: 0,
  untried: 0,
  nulls: 36,
  changed: 36,
  target_type: "DECIMAL(12,2)",
  ddl: [],
  failures: [],
  values: [],
};

test("a trial says how many rows pass and what becomes of their values", () => {
  expect(trialWord(trial)).toEqual({ tone: "ok", word: "36 of 36 pass" });
  expect(trialChange(trial)).toBe("All 36 values become NULL in the target. The source is not changed.");
  const some = { ...trial, passed: 34, failed: 1, gone: 1, nulls: 1, changed: 3 };
  expect(trialWord(some)).toEqual({ tone: "warn", word: "34 of 36 pass, 1 not there any more" });
  expect(trialChange(some)).toBe(
    "1 value becomes NULL in the target; 2 values become another one in the target. The source is not changed.",
  );
  expect(trialWord({ ...trial, rows: 0, passed: 0 }).tone).toBe("warn");
  expect(trialChange({ ...trial, nulls: 0, changed: 0 })).toBe("No value changes.");
});

test("NULLs at the end of a row are folded, those of a wide one wherever they stand", () => {
  const short = [
    ["id", "1"],
    ["a", null],
    ["b", "x"],
    ["c", null],
    ["d", null],
    ["e", null],
  ] as const;
  const needed = (column: string) => column === "id";
  expect(foldedFields(short, needed)).toEqual({ shown: short.slice(0, 3), folded: 3 });
  expect(foldedFields(short.slice(0, 5), needed).folded).toBe(0);
  // The refused value is shown though it is NULL.
  expect(foldedFields(short, (column) => column === "e").folded).toBe(0);
  const wide = Array.from({ length: 60 }, (_, at) => [`c${at}`, at % 2 === 0 ? null : "x"] as const);
  expect(foldedFields(wide, () => false)).toMatchObject({ folded: 30 });
});

const columns = [
  { name: "id", source_type: "bigint", key: true },
  { name: "email", source_type: "text", key: false },
  { name: "credit", source_type: "numeric(12,2)", key: false },
  { name: "phone", source_type: "text", key: false },
  { name: "gone", source_type: "text", key: false },
];
const lines = rejectedRows(rejected, {
  folder: "",
  table: "public.customers",
  error: null,
  search: "",
  resolved: false,
  skip: 0,
  limit: 10,
}).rows;
const shown: Shown = {
  table: "public.customers",
  columns,
  key: ["id"],
  refused: ["credit"],
  several: false,
  kept: true,
  closed: false,
};

test("the key and the refused value stand before the other columns, and without values there is the reason alone", () => {
  const names = (of: Shown) => rejectedColumns(of).map(({ name }) => name);
  expect(names(shown)).toEqual(["✓", "id", "credit", "Tries", "Last met", "email", "phone", "gone"]);
  expect(pinnedColumns(rejectedColumns(shown))).toEqual([0, 1]);
  expect(names({ ...shown, kept: false })).toEqual(["✓", "id", "Tries", "Last met", "What is wrong"]);
  expect(names({ ...shown, table: null })).toEqual([
    "✓",
    "Key",
    "Table",
    "Value",
    "Tries",
    "Last met",
    "Column",
    "What is wrong",
  ]);
});

test("values come for the rows in view, and what is not kept is told", async () => {
  const host = new FakeHost();
  const store = new RejectedStore(host, "/shop");
  const of = rejectedColumns(shown);
  const cells = new RejectedCells(lines, of, new Set(["11"]), store);
  const at = (name: string) => of.findIndex((column) => column.name === name);
  expect(cells.cell(0, at("credit"))).toBeUndefined();
  const came = new Promise<void>((resolve) => cells.watch(resolve));
  cells.want({ from: 0, to: 2 });
  await came;
  expect(cells.cell(0, at("credit"))).toBe("NaN");
  expect(cells.tint(0, at("credit"))).toBe("refused");
  expect([cells.cell(0, at("phone")), cells.tint(0, at("phone"))]).toEqual(["", undefined]);
  expect([cells.cell(0, at("gone")), cells.tint(0, at("gone"))]).toEqual(["not kept", "aside"]);
  expect([cells.cell(0, 0), cells.cell(1, 0)]).toEqual(["chosen", "not chosen"]);
  // The second row was kept without its values: nothing is asked for it.
  expect([cells.cell(1, at("credit")), cells.tint(1, at("credit"))]).toEqual(["not kept", "aside"]);
  expect(host.calls.filter(({ name }) => name === "rejected_values").map(({ request }) => request)).toEqual([
    { folder: "/shop", ids: ["11"] },
  ]);
});

test("ten thousand rows ask for the values of those in view alone, and keep no more than a part of them", async () => {
  const host = new FakeHost();
  const [template] = rejected;
  if (!template) throw new Error("no row");
  host.rejected = manyRejected(template, 10_000);
  const all = rejectedRows(host.rejected, {
    folder: "",
    table: null,
    error: null,
    search: "",
    resolved: false,
    skip: 0,
    limit: 10_000,
  }).rows;
  const store = new RejectedStore(host, "/shop");
  const of = rejectedColumns({ ...shown, table: null });
  const cells = new RejectedCells(all, of, new Set(), store);
  const value = of.findIndex((column) => column.name === "Value");
  for (let from = 0; from < 10_000; from += 300) {
    const came = new Promise<void>((resolve) => cells.watch(resolve));
    cells.want({ from, to: from + 100 });
    await came;
    expect(cells.cell(from + 6, value), `row ${from + 6}`).toBeDefined();
  }
  expect(
    host.calls
      .filter(({ name }) => name === "rejected_values")
      .every(({ request }) => (request as { ids: string[] }).ids.length <= 100),
  ).toBe(true);
  expect(store.size).toBeLessThanOrEqual(2_000);
  const lines = await cells.read({ from: 0, to: 3 }, [value]);
  expect(lines.flat()).toEqual(["NaN", "NaN", "NaN"]);
});
