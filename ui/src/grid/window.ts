// Which rows of a list are in view. Pure.

/** Rows `from` (inclusive) to `to` (exclusive). */
export type RowRange = { from: number; to: number };

/** The rows to draw for a scroll position, with a few more on either side. */
export function rowsInView(scrollTop: number, height: number, rowHeight: number, rows: number, margin = 12): RowRange {
  const first = Math.floor(Math.max(0, scrollTop) / rowHeight);
  const shown = Math.ceil(Math.max(0, height) / rowHeight);
  return { from: Math.max(0, Math.min(rows, first) - margin), to: Math.min(rows, first + shown + margin) };
}

/** Where a key leads from a row; null for keys that do not move. */
export function movedTo(key: string, row: number, rows: number, page: number): number | null {
  const last = rows - 1;
  if (last < 0) return null;
  switch (key) {
    case "ArrowDown":
      return Math.min(last, row + 1);
    case "ArrowUp":
      return row < 0 ? last : Math.max(0, row - 1);
    case "Home":
      return 0;
    case "End":
      return last;
    case "PageDown":
      return Math.min(last, Math.max(0, row) + page);
    case "PageUp":
      return Math.max(0, row - page);
    default:
      return null;
  }
}

/** The scroll position that shows a row, moving no more than needed. */
export function scrollTo(row: number, scrollTop: number, height: number, rowHeight: number): number {
  const top = row * rowHeight;
  if (top < scrollTop) return top;
  if (top + rowHeight > scrollTop + height) return top + rowHeight - height;
  return scrollTop;
}
