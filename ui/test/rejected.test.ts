import { expect, test } from "vitest";
import { resolvedWord, retryWord } from "../src/data/rejected";
import type { RetriedTable } from "../src/host";
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
