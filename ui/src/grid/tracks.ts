// The columns of a grid from left to right: pinned ones first, then the others, each as wide as it is. Pure.

/** Columns `from` (inclusive) to `to` (exclusive), by their place on the screen. */
export type ColumnRange = { from: number; to: number };

/** Where columns stand. */
export type Tracks = {
  /** Which column stands at each place. */
  order: readonly number[];
  /** Left edge of each place in pixels, and one more: the right edge of the last. Pinned ones start from the left of the
   * view, the others from the left of all that scrolls, where the pinned ones have left room. */
  starts: readonly number[];
  /** How many places are pinned. */
  pinned: number;
};

/** Least and most pixels of a column. */
export const NARROWEST = 44;
export const WIDEST = 900;

/** Lays columns out. Pins that would leave less than `rest` pixels of the view to the others do not hold. */
export function layOut(
  widths: readonly number[],
  pins: readonly number[],
  view = Number.POSITIVE_INFINITY,
  rest = 160,
): Tracks {
  const able: number[] = [];
  let room = view - rest;
  for (const pin of pins) {
    const width = widths[pin];
    if (width === undefined || able.includes(pin)) continue;
    room -= width;
    if (room < 0) break;
    able.push(pin);
  }
  const kept = new Set(able);
  const order = [...able, ...widths.map((_, column) => column).filter((column) => !kept.has(column))];
  const starts = [0];
  for (const column of order) starts.push((starts.at(-1) ?? 0) + (widths[column] ?? 0));
  return { order, starts, pinned: able.length };
}

/** Pixels of all columns. */
export function fullWidth(tracks: Tracks): number {
  return tracks.starts.at(-1) ?? 0;
}

/** Pixels of the pinned ones. */
export function pinnedWidth(tracks: Tracks): number {
  return tracks.starts[tracks.pinned] ?? 0;
}

/** Pixels of the column at a place. */
export function widthAt(tracks: Tracks, place: number): number {
  return (tracks.starts[place + 1] ?? 0) - (tracks.starts[place] ?? 0);
}

/** The place under a pixel: the last that starts at it or before. */
function placeUnder(starts: readonly number[], pixel: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= pixel) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The place under a pixel of the view, or the nearest one. */
export function placeAt(tracks: Tracks, pixel: number, scrollLeft: number): number {
  const along = pixel < pinnedWidth(tracks) ? Math.max(0, pixel) : pixel + scrollLeft;
  return Math.min(tracks.order.length - 1, placeUnder(tracks.starts, along));
}

/** The places that scroll and are in view, with some pixels more on either side. */
export function columnsAt(tracks: Tracks, scrollLeft: number, view: number, margin = 0): ColumnRange {
  const { starts, pinned, order } = tracks;
  const left = scrollLeft + pinnedWidth(tracks) - margin;
  const from = Math.max(pinned, Math.min(order.length, placeUnder(starts, left)));
  const to = Math.min(order.length, placeUnder(starts, scrollLeft + view + margin) + 1);
  return { from, to: Math.max(from, to) };
}

/** Most places that scroll and are drawn at once, wherever one scrolls to. */
export function mostColumns(tracks: Tracks, view: number, margin = 0): number {
  const { starts, pinned, order } = tracks;
  const span = Math.max(0, view - pinnedWidth(tracks)) + 2 * margin;
  let most = 0;
  let from = pinned;
  for (let to = pinned; to < order.length; to += 1) {
    while ((starts[to] ?? 0) - (starts[from + 1] ?? 0) > span) from += 1;
    most = Math.max(most, to - from + 1);
  }
  return Math.min(most + 1, order.length - pinned);
}

/** How far to scroll to the side to show a place, moved no more than needed. */
export function scrollToColumn(tracks: Tracks, place: number, scrollLeft: number, view: number): number {
  if (place < tracks.pinned) return scrollLeft;
  const left = (tracks.starts[place] ?? 0) - pinnedWidth(tracks);
  const right = (tracks.starts[place + 1] ?? 0) - view;
  // A column wider than the view is shown from its beginning.
  if (left < scrollLeft || right > left) return left;
  return right > scrollLeft ? right : scrollLeft;
}
