import { describe, expect, test } from "vitest";
import { columnsAt, fullWidth, layOut, mostColumns, pinnedWidth, placeAt, scrollToColumn } from "../../src/grid/tracks";

/** 276 columns from 44 to 343 pixels. */
const widths = Array.from({ length: 276 }, (_, column) => 44 + ((column * 37) % 300));

describe("where columns stand", () => {
  test("pinned ones come first, in the order in which they were pinned; the others keep theirs", () => {
    const tracks = layOut([100, 50, 60, 70], [2, 0]);
    expect(tracks.order).toEqual([2, 0, 1, 3]);
    expect(tracks.starts).toEqual([0, 60, 160, 210, 280]);
    expect(pinnedWidth(tracks)).toBe(160);
    expect(fullWidth(tracks)).toBe(280);
  });

  test("pins that would leave no room for the rest do not hold, nor do ones that are no columns", () => {
    expect(layOut([300, 300, 300], [0, 1], 700).pinned).toBe(1);
    expect(layOut([300, 300, 300], [0, 1], 760).pinned).toBe(2);
    expect(layOut([300, 300], [7, 1, 1], 1_000).order).toEqual([1, 0]);
  });

  test("just the columns in view are drawn, wherever one scrolls to", () => {
    const tracks = layOut(widths, [3, 1]);
    const view = 900;
    const most = mostColumns(tracks, view, 120);
    for (let left = 0; left <= fullWidth(tracks) - view; left += 61) {
      const { from, to } = columnsAt(tracks, left, view, 0);
      const start = left + pinnedWidth(tracks);
      expect(tracks.starts[from] ?? 0).toBeLessThanOrEqual(start);
      expect(tracks.starts[from + 1] ?? 0).toBeGreaterThan(start);
      expect(tracks.starts[to] ?? 0).toBeGreaterThanOrEqual(left + view);
      const around = columnsAt(tracks, left, view, 120);
      expect(around.to - around.from).toBeLessThanOrEqual(most);
    }
    // Not many more than can be needed: each costs an element in every row.
    expect(most).toBeLessThan(20);
  });

  test("a grid narrower than its view, or without columns, has nothing to hide", () => {
    expect(columnsAt(layOut([50, 60], []), 0, 900)).toEqual({ from: 0, to: 2 });
    expect(columnsAt(layOut([], []), 0, 900)).toEqual({ from: 0, to: 0 });
    expect(mostColumns(layOut([], []), 900)).toBe(0);
  });

  test("a column is brought into view by as little as is needed, beside the pinned ones", () => {
    const tracks = layOut([100, 100, 100, 100, 100, 500], [0]);
    expect(scrollToColumn(tracks, 0, 250, 300)).toBe(250);
    expect(scrollToColumn(tracks, 2, 0, 300)).toBe(0);
    expect(scrollToColumn(tracks, 3, 0, 300)).toBe(100);
    expect(scrollToColumn(tracks, 1, 150, 300)).toBe(0);
    // Wider than the view: from its beginning.
    expect(scrollToColumn(tracks, 5, 0, 300)).toBe(400);
  });

  test("the place under the pointer is the one that is seen there, and at the edges the nearest", () => {
    const tracks = layOut([100, 100, 100, 100], [2]);
    expect(placeAt(tracks, 50, 150)).toBe(0);
    expect(placeAt(tracks, 120, 0)).toBe(1);
    expect(placeAt(tracks, 120, 150)).toBe(2);
    expect(placeAt(tracks, -9, 150)).toBe(0);
    expect(placeAt(tracks, 900, 150)).toBe(3);
  });
});
