import { describe, expect, test } from "vitest";
import { at, blockOf, cellsIn, clamped, everything, includes, pressed, type Selection } from "../../src/grid/selection";

const bounds = { rows: 1_000, places: 276, page: 20 };
const press = (from: Selection | null, key: string, more = {}) =>
  pressed(from, { key, shiftKey: false, mod: false, ...more }, bounds)?.active;

describe("the cell with the focus", () => {
  test("keys lead where they say, and never out of the grid", () => {
    const from = at(10, 5);
    expect(press(from, "ArrowDown")).toEqual({ row: 11, place: 5 });
    expect(press(from, "ArrowUp")).toEqual({ row: 9, place: 5 });
    expect(press(from, "ArrowRight")).toEqual({ row: 10, place: 6 });
    expect(press(from, "ArrowLeft")).toEqual({ row: 10, place: 4 });
    expect(press(from, "Home")).toEqual({ row: 10, place: 0 });
    expect(press(from, "End")).toEqual({ row: 10, place: 275 });
    expect(press(from, "Home", { mod: true })).toEqual({ row: 0, place: 0 });
    expect(press(from, "End", { mod: true })).toEqual({ row: 999, place: 275 });
    expect(press(from, "PageDown")).toEqual({ row: 30, place: 5 });
    expect(press(from, "PageUp")).toEqual({ row: 0, place: 5 });
    expect(press(from, "ArrowDown", { mod: true })).toEqual({ row: 999, place: 5 });
    expect(press(at(0, 0), "ArrowUp")).toEqual({ row: 0, place: 0 });
    expect(press(at(999, 275), "ArrowRight")).toEqual({ row: 999, place: 275 });
    expect(press(at(990, 0), "PageDown")).toEqual({ row: 999, place: 0 });
  });

  test("the first key goes to the first cell, others are left to whoever wants them", () => {
    expect(press(null, "ArrowDown")).toEqual({ row: 0, place: 0 });
    expect(press(at(1, 1), "x")).toBeUndefined();
    expect(press(at(1, 1), "Tab")).toBeUndefined();
    expect(pressed(at(1, 1), { key: "End", shiftKey: false, mod: false }, { rows: 0, places: 3, page: 1 })).toBeNull();
  });

  test("with Shift a block grows from where it was begun, either way", () => {
    let selection: Selection | null = at(10, 5);
    for (const key of ["ArrowUp", "ArrowUp", "ArrowRight"])
      selection = pressed(selection, { key, shiftKey: true, mod: false }, bounds);
    if (!selection) throw new Error("nothing is chosen");
    expect(blockOf(selection)).toEqual({ rows: { from: 8, to: 11 }, places: { from: 5, to: 7 } });
    expect(cellsIn(selection)).toBe(6);
    expect(includes(selection, 10, 6)).toBe(true);
    expect(includes(selection, 11, 6)).toBe(false);
    expect(includes(selection, 9, 4)).toBe(false);
    expect(cellsIn(pressed(selection, { key: "ArrowDown", shiftKey: false, mod: false }, bounds) ?? at(0, 0))).toBe(1);
  });

  test("everything is every cell, and stays within what is left", () => {
    const all = everything(at(3, 3), bounds);
    if (!all) throw new Error("nothing is chosen");
    expect(cellsIn(all)).toBe(276_000);
    const fewer = clamped(all, { rows: 2, places: 3, page: 1 });
    if (!fewer) throw new Error("nothing is chosen");
    expect(cellsIn(fewer)).toBe(6);
    expect(clamped(all, { rows: 0, places: 3, page: 1 })).toBeNull();
    expect(everything(null, { rows: 0, places: 0, page: 1 })).toBeNull();
  });
});
