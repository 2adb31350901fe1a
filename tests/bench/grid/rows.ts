// The rows of both grids: a million of them by 300 columns, worked out from their place, so that neither pays for making
// or keeping them; and what both agree on beside them.

export const ROWS = 1_000_000;
export const COLUMNS = 300;
/** Pixels of a column, of a row and of the head. */
export const WIDTH = 120;
export const ROW = 28;
export const HEAD = 42;

const words = Array.from({ length: 8_192 }, (_, place) =>
  place % 5 === 0 ? `${(place * 7_919) % 1_000_003}.${place % 100}` : `value ${place.toString(36)} of ${place % 97}`,
);

/** The text of a cell; NULL now and then. */
export function valueAt(row: number, column: number): string | null {
  const mixed = Math.imul(row, 2_654_435_761) ^ Math.imul(column + 1, 40_503);
  return (mixed & 63) === 0 ? null : (words[(mixed >>> 7) & 8_191] ?? null);
}

export const columnNames = Array.from({ length: COLUMNS }, (_, column) => `column_${column}`);

/** What the bench knows of a grid that was put up. */
export type BenchGrid = {
  /** The element that scrolls, to the side and down. */
  scrolls: () => HTMLElement;
  /** Which elements have the numbers of rows. */
  numbers: string;
  /** Pixels of the element that scrolls above its first row. */
  head: number;
};
