import { expect, test } from "vitest";
import { lastOf } from "../src/feature/verify/last";
import type { ComparedView } from "../src/host";
import { verdict } from "./fake/shop/verify";

const kept: ComparedView = {
  at: "2026-11-20T03:00:00.000Z",
  rows_source: 10,
  rows_target: 10,
  differing_keys: 0,
  waiting: 0,
  seconds: 1,
};

test("a table that nobody compared is not said to be equal", () => {
  expect(lastOf(null, null)).toMatchObject({ word: { word: "Not compared" }, known: null, at: null });
});

test("of the window's verdict and the history of the machine, the newer one stands", () => {
  const here = { verdict, at: "2026-11-20T04:00:00.000Z" };
  expect(lastOf(here, kept)).toMatchObject({ word: { word: "Different" }, known: { differing_keys: 5 }, at: here.at });
  const older = { verdict, at: "2026-11-20T02:00:00.000Z" };
  expect(lastOf(older, kept)).toMatchObject({ word: { word: "Equal" }, known: kept, at: kept.at });
});

test("one that failed, was cancelled or held has counted nothing", () => {
  for (const status of ["failed", "cancelled", "held"]) {
    const here = { verdict: { ...verdict, status, differing_keys: 0 }, at: "2026-11-20T04:00:00.000Z" };
    expect(lastOf(here, kept).known, status).toBeNull();
  }
});
