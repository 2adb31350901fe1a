// Where the rows of a grid stand, and what its scroll bar says. Pure.
//
// An element can be some 33 million pixels high, and beyond 16 million engines place lines by the even pixel: 600,000 rows
// of 28. Where rows need more, the scroll bar is shorter than they are. A long way on the bar is a share of the rows; a short one, as a wheel or a key goes, is as many
// pixels of rows as of the bar, and once the person rests the bar is put where it belongs.

import type { RowRange } from "./window";

/** Most pixels of an element's height that every engine draws to the pixel, with room to spare. */
export const TALLEST = 15_000_000;

/** The rows and the part of the window that they are seen through. */
export type Extent = {
  rows: number;
  /** Pixels of a row. */
  rowHeight: number;
  /** Pixels of the view, without the head. */
  view: number;
};

/** A scroll position: pixels on the bar, and pixels of rows above the view. The same unless rows are too many. */
export type Place = { bar: number; top: number };

/** Pixels of all rows. */
export function fullHeight({ rows, rowHeight }: Extent): number {
  return rows * rowHeight;
}

/** Pixels of the element that holds them. */
export function barHeight(extent: Extent): number {
  return Math.min(fullHeight(extent), TALLEST);
}

function ends(extent: Extent): { full: number; bar: number } {
  return {
    full: Math.max(0, fullHeight(extent) - extent.view),
    bar: Math.max(0, barHeight(extent) - extent.view),
  };
}

const within = (value: number, most: number) => Math.max(0, Math.min(most, value));

/** The place after the bar was moved to `bar`. */
export function scrolled(place: Place, bar: number, extent: Extent): Place {
  const end = ends(extent);
  const at = within(bar, end.bar);
  if (end.full <= end.bar) return { bar: at, top: at };
  if (at === 0) return { bar: 0, top: 0 };
  if (at === end.bar) return { bar: at, top: end.full };
  const step = at - place.bar;
  const short = Math.abs(step) <= 2 * extent.view;
  return { bar: at, top: within(short ? place.top + step : (at / end.bar) * end.full, end.full) };
}

/** The place with its bar where it belongs: for when the person rests, and after rows have come or gone. */
export function settled(place: Place, extent: Extent): Place {
  const end = ends(extent);
  const top = within(place.top, end.full);
  if (end.full <= end.bar) return { bar: top, top };
  // Only the very ends of the bar are the ends of the rows: from there it cannot be moved further.
  const share = Math.round((top / end.full) * end.bar);
  const bar = top <= 0 ? 0 : top >= end.full ? end.bar : Math.max(1, Math.min(end.bar - 1, share));
  return { bar, top };
}

/** The place that shows a row, moved no more than needed. */
export function showing(row: number, place: Place, extent: Extent): Place {
  const top = row * extent.rowHeight;
  if (top < place.top) return settled({ ...place, top }, extent);
  const bottom = top + extent.rowHeight - extent.view;
  return bottom > place.top ? settled({ ...place, top: bottom }, extent) : place;
}

/** The rows to draw, with a few more on either side. */
export function rowsAt(place: Place, extent: Extent, margin: number): RowRange {
  const first = Math.floor(place.top / extent.rowHeight);
  const last = Math.ceil((place.top + extent.view) / extent.rowHeight);
  return { from: Math.max(0, first - margin), to: Math.max(0, Math.min(extent.rows, last + margin)) };
}

/** Most rows that are drawn at once. */
export function mostRows(extent: Extent, margin: number): number {
  return Math.min(extent.rows, Math.ceil(extent.view / extent.rowHeight) + 1 + 2 * margin);
}

/** Where a row is drawn within the element that is as high as the bar. */
export function rowTop(row: number, place: Place, extent: Extent): number {
  return row * extent.rowHeight - place.top + place.bar;
}
