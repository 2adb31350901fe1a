import { expect, test } from "vitest";
import { proof } from "../src/data/proof";
import type { ComparedView, TableStatusView } from "../src/host";
import { status } from "./fake/shop";

const compared = (at: string, differing_keys = 0): ComparedView => ({
  at,
  rows_source: 10,
  rows_target: 10,
  differing_keys,
  waiting: 0,
  seconds: 1,
});
const [one] = status;
const table = (source: string, last: ComparedView | null): TableStatusView => ({
  ...(one as TableStatusView),
  source,
  compared: last,
});

test("what is proved of all tables is as old as the oldest comparison", () => {
  const all = [table("a", compared("2026-11-20T03:00:00.000Z")), table("b", compared("2026-11-19T23:00:00.000Z"))];
  expect(proof(all)).toEqual({ compared: 2, of: 2, differing: 0, worst: null, at: "2026-11-19T23:00:00.000Z" });
});

test("a table that was not compared is not counted among the equal ones", () => {
  expect(proof([table("a", compared("2026-11-20T03:00:00.000Z")), table("b", null)])).toMatchObject({
    compared: 1,
    of: 2,
  });
  expect(proof([table("a", null)])).toEqual({ compared: 0, of: 1, differing: 0, worst: null, at: null });
});

test("keys that differ are summed, and the table with the most of them is named", () => {
  const at = "2026-11-20T03:00:00.000Z";
  const all = [table("a", compared(at, 2)), table("b", compared(at, 7)), table("c", compared(at))];
  expect(proof(all)).toMatchObject({ differing: 9, worst: "b" });
});
