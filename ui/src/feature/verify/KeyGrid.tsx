import { useEffect, useMemo } from "react";
import { textParts } from "../../data/value";
import { useChosenRow } from "../../grid/chosen";
import { DataGrid } from "../../grid/DataGrid";
import type { DifferingKeyView } from "../../host";
import { DifferingCells, type DifferingColumn, leading } from "./differing";

type KeyGridProps = {
  keys: readonly DifferingKeyView[];
  columns: readonly DifferingColumn[];
  /** Which of the keys is chosen. */
  place: number;
  /** The column by which keys are filtered. */
  column: string | null;
  onChoose: (one: DifferingKeyView) => void;
};

/** Keys that differ by columns that differ, source and target side by side. */
export function KeyGrid({ keys, columns, place, column, onChoose }: KeyGridProps) {
  const cells = useMemo(() => new DifferingCells(keys, columns), [keys, columns]);
  const pins = useMemo(() => leading(columns), [columns]);
  const { grid, focused } = useChosenRow({ cells, columns, place, home: 0 });
  useEffect(() => {
    const wanted = columns.findIndex(({ shows }) => shows.what === "source" && shows.name === column);
    if (wanted >= 0) grid.current?.go({ row: Math.max(0, place), column: wanted });
    // Only when another column is asked for: from there on one goes where one likes.
  }, [column]);
  return (
    <DataGrid
      ref={grid}
      label="Keys that differ"
      cells={cells}
      columns={columns}
      pins={pins}
      marks={textParts}
      onFocusCell={(cell) => {
        focused.current = cell;
        const one = cell && keys[cell.row];
        if (one) onChoose(one);
      }}
      autoFocus
    />
  );
}
