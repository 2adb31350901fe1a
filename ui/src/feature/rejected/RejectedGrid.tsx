import { useEffect, useMemo } from "react";
import { textParts } from "../../data/value";
import { useChosenRow } from "../../grid/chosen";
import { DataGrid } from "../../grid/DataGrid";
import type { RejectedLineView } from "../../host";
import { pinnedColumns, RejectedCells, type RejectedColumn, type RejectedStore } from "./cells";

type RejectedGridProps = {
  rows: readonly RejectedLineView[];
  /** The same array as long as they are the same. */
  columns: readonly RejectedColumn[];
  store: RejectedStore;
  /** Place of the row that is looked at. */
  place: number;
  onPlace: (place: number) => void;
  ticked: ReadonlySet<string>;
  onTick: (ids: ReadonlySet<string>) => void;
};

/**
 * Rejected rows with their values, in any number of columns.
 *
 * Space ticks the chosen rows, or takes them off; so does a press on the first column, with Shift up to there.
 */
export function RejectedGrid({ rows, columns, store, place, onPlace, ticked, onTick }: RejectedGridProps) {
  const cells = useMemo(
    () => new RejectedCells(rows, columns, ticked, store, place),
    [rows, columns, ticked, store, place],
  );
  const pins = useMemo(() => pinnedColumns(columns), [columns]);
  // The column beside the ticks: what one reads first.
  const home = columns.findIndex(({ of }) => of !== "tick");
  const { grid, focused } = useChosenRow({ cells, columns, place, home });
  useEffect(() => grid.current?.focus(), []);

  const tick = () => {
    const range = grid.current?.rows();
    if (!range) return;
    const ids = rows.slice(range.from, range.to).flatMap((row) => (row.resolved_at === null ? [row.id] : []));
    const next = new Set(ticked);
    const off = ids.every((id) => next.has(id));
    for (const id of ids)
      if (off) next.delete(id);
      else next.add(id);
    onTick(next);
  };
  return (
    <div
      className="rejected-grid"
      onKeyDown={(event) => {
        if (event.key !== " " || event.ctrlKey || event.metaKey || event.altKey) return;
        event.preventDefault();
        tick();
      }}
      onClick={(event) => {
        const target = event.target instanceof Element ? event.target : null;
        const column = columns[focused.current?.column ?? -1];
        if (column?.of === "tick" && target?.closest(".body")) tick();
      }}
    >
      <DataGrid
        ref={grid}
        label="Rejected rows"
        cells={cells}
        columns={columns}
        pins={pins}
        marks={textParts}
        onFocusCell={(cell) => {
          focused.current = cell;
          if (cell && cell.row !== place) onPlace(cell.row);
        }}
      />
    </div>
  );
}
