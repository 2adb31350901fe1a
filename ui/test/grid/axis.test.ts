import { describe, expect, test } from "vitest";
import {
  barHeight,
  type Extent,
  mostRows,
  rowsAt,
  rowTop,
  scrolled,
  settled,
  showing,
  TALLEST,
} from "../../src/grid/axis";

const half: Extent = { rows: 500_000, rowHeight: 28, view: 560 };
/** 10 half rows: 280 half pixels. */
const long: Extent = { rows: 10_000_000, rowHeight: 28, view: 560 };
const start = { bar: 0, top: 0 };
const end = (extent: Extent) => extent.rows * extent.rowHeight - extent.view;

describe("where rows stand", () => {
  test("half a million rows need no shorter bar: each pixel of the bar is one of rows", () => {
    expect(barHeight(half)).toBe(14_000_000);
    expect(scrolled(start, 12_345_678, half)).toEqual({ bar: 12_345_678, top: 12_345_678 });
    expect(rowTop(499_999, { bar: 5, top: 5 }, half)).toBe(499_999 * 28);
  });

  test("more rows have a bar as long as an element may be, and both ends are reached", () => {
    expect(barHeight(long)).toBe(TALLEST);
    const track = TALLEST - long.view;
    expect(scrolled(start, track, long)).toEqual({ bar: track, top: end(long) });
    expect(scrolled({ bar: 900, top: 7_000 }, 0, long)).toEqual(start);
    expect(rowsAt(scrolled(start, track, long), long, 0)).toEqual({ from: 9_999_980, to: 10_000_000 });
  });

  test("a short way on the bar is as many pixels of rows, a long one a share of all", () => {
    const middle = settled({ bar: 0, top: 140_000_000 }, long);
    const near = scrolled(middle, middle.bar + 84, long);
    expect(near.top - middle.top).toBe(84);
    const far = scrolled(middle, Math.round(TALLEST / 4), long);
    expect(far.top / end(long)).toBeCloseTo(0.25, 4);
  });

  test("no row is passed over unseen on the way down, by the wheel", () => {
    const extent: Extent = { rows: 2_000_000, rowHeight: 28, view: 280 };
    let place = settled({ bar: 0, top: end(extent) - 28 * 400 }, extent);
    let seen = rowsAt(place, extent, 0).to;
    for (let step = 0; step < 900 && seen < extent.rows; step += 1) {
      place = settled(scrolled(place, place.bar + 28, extent), extent);
      const { from, to } = rowsAt(place, extent, 0);
      expect(from).toBeLessThanOrEqual(seen);
      seen = to;
    }
    expect(seen).toBe(extent.rows);
  });

  test("a bar that is put where it belongs keeps the rows where they are", () => {
    const places = [1, 500, 77_777_777, end(long) - 1, end(long)];
    for (const top of places) {
      const place = settled({ bar: 3, top }, long);
      expect(place.top).toBe(top);
      // Only the ends of the rows are ends of the bar: a bar at its end cannot be moved on.
      expect(place.bar === 0).toBe(top === 0);
      expect(place.bar === TALLEST - long.view).toBe(top === end(long));
    }
  });

  test("rows that have gone leave no place behind them", () => {
    const place = settled({ bar: 12_000_000, top: 12_000_000 }, { ...half, rows: 10 });
    expect(place).toEqual(start);
    expect(rowsAt(place, { ...half, rows: 0 }, 4)).toEqual({ from: 0, to: 0 });
  });

  test("a row is brought into view by as little as is needed", () => {
    const place = { bar: 2_800, top: 2_800 };
    expect(showing(105, place, half)).toBe(place);
    expect(showing(99, place, half).top).toBe(99 * 28);
    expect(showing(120, place, half).top).toBe(121 * 28 - 560);
    const far = showing(9_000_000, start, long);
    expect(rowsAt(far, long, 0).to).toBe(9_000_001);
  });

  test("no place shows more rows than elements are made for", () => {
    for (const view of [0, 27, 28, 29, 559, 560, 561])
      for (const top of [0, 1, 13, 27.5, 28, 1_000.25, 13_999_000]) {
        const extent = { ...half, view };
        const { from, to } = rowsAt(settled({ bar: 0, top }, extent), extent, 4);
        expect(to - from).toBeLessThanOrEqual(mostRows(extent, 4));
      }
  });
});
