// Which cells of a grid are chosen, and where keys lead. Pure.

import type { ColumnRange } from "./tracks";
import type { RowRange } from "./window";

/** A cell: its row, and the place of its column on the screen. */
export type Cell = { row: number; place: number };

/** A block of cells: from where it was begun to the cell that has the focus. */
export type Selection = { anchor: Cell; active: Cell };

/** How far one can go. */
export type Bounds = { rows: number; places: number; /** Rows of a page. */ page: number };

/** A key press, as far as a grid cares. */
export type Press = { key: string; shiftKey: boolean; mod: boolean };

/** One chosen cell. */
export function at(row: number, place: number): Selection {
  return { anchor: { row, place }, active: { row, place } };
}

/** The rows and places of the block. */
export function blockOf({ anchor, active }: Selection): { rows: RowRange; places: ColumnRange } {
  return {
    rows: { from: Math.min(anchor.row, active.row), to: Math.max(anchor.row, active.row) + 1 },
    places: { from: Math.min(anchor.place, active.place), to: Math.max(anchor.place, active.place) + 1 },
  };
}

/** Whether a cell is in the block. */
export function includes({ anchor, active }: Selection, row: number, place: number): boolean {
  return (
    row >= Math.min(anchor.row, active.row) &&
    row <= Math.max(anchor.row, active.row) &&
    place >= Math.min(anchor.place, active.place) &&
    place <= Math.max(anchor.place, active.place)
  );
}

/** Whether two selections are of the same block, with the focus at the same corner. */
export function same(one: Selection | null, other: Selection | null): boolean {
  if (!one || !other) return one === other;
  const equal = (cell: Cell, to: Cell) => cell.row === to.row && cell.place === to.place;
  return equal(one.active, other.active) && equal(one.anchor, other.anchor);
}

/** How many cells the block has. */
export function cellsIn(selection: Selection): number {
  const { rows, places } = blockOf(selection);
  return (rows.to - rows.from) * (places.to - places.from);
}

/** Every cell; the focus stays. */
export function everything(selection: Selection | null, { rows, places }: Bounds): Selection | null {
  if (rows === 0 || places === 0) return null;
  // The focus is a corner of its block; from anywhere else it goes to the first cell.
  return {
    anchor: { row: rows - 1, place: places - 1 },
    active: selection?.active.row === 0 && selection.active.place === 0 ? selection.active : { row: 0, place: 0 },
  };
}

/** The selection kept within what there is; null where there is nothing. */
export function clamped(selection: Selection | null, { rows, places }: Bounds): Selection | null {
  if (!selection || rows === 0 || places === 0) return null;
  const inside = ({ row, place }: Cell) => ({ row: Math.min(row, rows - 1), place: Math.min(place, places - 1) });
  return { anchor: inside(selection.anchor), active: inside(selection.active) };
}

/** Where a key leads; with Shift the block grows. Null for keys that do not move. */
export function pressed(selection: Selection | null, press: Press, bounds: Bounds): Selection | null {
  const lastRow = bounds.rows - 1;
  const lastPlace = bounds.places - 1;
  if (lastRow < 0 || lastPlace < 0) return null;
  const from = selection?.active;
  const row = from?.row ?? 0;
  const place = from?.place ?? 0;
  const to = ((): Cell | null => {
    switch (press.key) {
      case "ArrowDown":
        return { row: press.mod ? lastRow : Math.min(lastRow, from ? row + 1 : row), place };
      case "ArrowUp":
        return { row: press.mod ? 0 : Math.max(0, row - 1), place };
      case "ArrowRight":
        return { row, place: press.mod ? lastPlace : Math.min(lastPlace, from ? place + 1 : place) };
      case "ArrowLeft":
        return { row, place: press.mod ? 0 : Math.max(0, place - 1) };
      case "Home":
        return { row: press.mod ? 0 : row, place: 0 };
      case "End":
        return { row: press.mod ? lastRow : row, place: lastPlace };
      case "PageDown":
        return { row: Math.min(lastRow, row + bounds.page), place };
      case "PageUp":
        return { row: Math.max(0, row - bounds.page), place };
      default:
        return null;
    }
  })();
  if (!to) return null;
  return { anchor: press.shiftKey && selection ? selection.anchor : to, active: to };
}
