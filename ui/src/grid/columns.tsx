import type { GridColumn } from "./RowGrid";

/** The column of a name: whole where there is room, and on hover where there is none. */
export function nameColumn<R>(
  column: Pick<GridColumn<R>, "id" | "head" | "width" | "grow" | "enough">,
  name: (row: R) => string,
  soft = false,
): GridColumn<R> {
  return {
    ...column,
    mono: true,
    cell: (row) => (soft ? <span className="soft">{name(row)}</span> : name(row)),
    whole: name,
  };
}
