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

const million: Extent = { rows: 1_000_000, rowHeight: 28, view: 560 };
/** 10 million rows: 280 million pixels. */
const long: Extent = { rows: 10_000_000, rowHeight: 28, view: 560 };
const start = { bar: 0, top: 0 };
const end = (extent: Extent) => extent.rows * extent.rowHeight - extent.view;

describe("where rows stand", () => {
  test("a million rows need no shorter bar: each pixel of the bar is one of rows", () => {
    expect(barHeight(million)).toBe(28_000_000);
    expect(scrolled(start, 12_345_678, million)).toEqual({ bar: 12_345_678, top: 12_345_678 });
    expect(rowTop(999_999, { bar: 5, top: 5 }, million)).toBe(999_999 * 28);
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

  test("every row can be reached from the one before it, all the way down", () => {
    const extent: Extent = { rows: 2_000_000, rowHeight: 28, view: 280 };
    let place = settled({ bar: 0, top: end(extent) - 28 * 400 }, extent);
    let seen = rowsAt(place, extent, 0).to;
    for (let step = 0; step < 900 && seen < extent.rows; step += 1) {
      place = settled(scrolled(place, place.bar + 28, extent), extent);
      const { to } = rowsAt(place, extent, 0);
      expect(to - seen).toBeLessThanOrEqual(1);
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
    const place = settled({ bar: 20_000_000, top: 20_000_000 }, { ...million, rows: 10 });
    expect(place).toEqual(start);
    expect(rowsAt(place, { ...million, rows: 0 }, 4)).toEqual({ from: 0, to: 0 });
  });

  test("a row is brought into view by as little as is needed", () => {
    const place = { bar: 2_800, top: 2_800 };
    expect(showing(105, place, million)).toBe(place);
    expect(showing(99, place, million).top).toBe(99 * 28);
    expect(showing(120, place, million).top).toBe(121 * 28 - 560);
    const far = showing(9_000_000, start, long);
    expect(rowsAt(far, long, 0).to).toBe(9_000_001);
  });

  test("no place shows more rows than elements are made for", () => {
    for (const view of [0, 27, 28, 29, 559, 560, 561])
      for (const top of [0, 1, 13, 27.5, 28, 1_000.25, 27_999_000]) {
        const extent = { ...million, view };
        const { from, to } = rowsAt(settled({ bar: 0, top }, extent), extent, 4);
        expect(to - from).toBeLessThanOrEqual(mostRows(extent, 4));
      }
  });
});
