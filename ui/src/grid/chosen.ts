import { type RefObject, useEffect, useRef } from "react";
import type { GridCell, GridHandle } from "./DataGrid";

/** What a grid shows, and which of its rows the screen has chosen. */
type Chosen = {
  /** The same as long as what is shown is the same. */
  cells: unknown;
  /** The same as long as the columns are the same. */
  columns: unknown;
  /** Place of the chosen row; below 0 where none is. */
  place: number;
  /** The column to begin in. */
  home: number;
};

/** Keeps a grid at the row that its screen has chosen, in the column where the person was. */
export function useChosenRow({ cells, columns, place, home }: Chosen): {
  grid: RefObject<GridHandle | null>;
  /** Where the person is; the grid's owner puts it there. */
  focused: RefObject<GridCell | null>;
} {
  const grid = useRef<GridHandle>(null);
  const focused = useRef<GridCell | null>(null);
  useEffect(() => {
    // Other columns begin anew: nothing has the focus in them.
    focused.current = null;
  }, [columns]);
  useEffect(() => {
    if (place < 0 || focused.current?.row === place) return;
    grid.current?.go({ row: place, column: focused.current?.column ?? home });
  }, [cells, place, home]);
  return { grid, focused };
}
