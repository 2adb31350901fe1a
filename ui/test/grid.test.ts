import { expect, test } from "vitest";
import { movedTo, rowsInView, scrollTo } from "../src/grid/window";

test("only rows in view are drawn, with a margin that stays inside the list", () => {
  expect(rowsInView(0, 280, 28, 10_000, 5)).toEqual({ from: 0, to: 15 });
  expect(rowsInView(28_000, 280, 28, 10_000, 5)).toEqual({ from: 995, to: 1_015 });
  expect(rowsInView(1e9, 280, 28, 10_000, 5)).toEqual({ from: 9_995, to: 10_000 });
  expect(rowsInView(0, 280, 28, 3, 5)).toEqual({ from: 0, to: 3 });
  expect(rowsInView(-50, 0, 28, 0, 5)).toEqual({ from: 0, to: 0 });
});

test("keys move inside the list and nowhere else", () => {
  const from = (row: number) => (key: string) => movedTo(key, row, 100, 10);
  expect(["ArrowDown", "ArrowUp", "Home", "End", "PageDown", "PageUp"].map(from(50))).toEqual([51, 49, 0, 99, 60, 40]);
  expect(["ArrowDown", "PageDown"].map(from(99))).toEqual([99, 99]);
  expect(["ArrowUp", "PageUp"].map(from(3))).toEqual([2, 0]);
  expect(["ArrowDown", "ArrowUp", "PageDown"].map(from(-1))).toEqual([0, 99, 10]);
  expect(movedTo("x", 5, 100, 10)).toBeNull();
  expect(movedTo("ArrowDown", -1, 0, 10)).toBeNull();
});

test("a row is brought into view by the least movement", () => {
  expect(scrollTo(5, 0, 280, 28)).toBe(0);
  expect(scrollTo(10, 0, 280, 28)).toBe(28);
  expect(scrollTo(2, 280, 280, 28)).toBe(56);
});
