// Firn's grid, with cells that come in pages.
import "../../../ui/node_modules/@fontsource-variable/jetbrains-mono/index.css";
import "../../../ui/node_modules/@fontsource-variable/jetbrains-mono/wght-italic.css";
import "../../../ui/src/style/tokens.css";
import "../../../ui/src/style/base.css";
import "../../../ui/src/grid/datagrid.css";
import { PagedCells } from "../../../ui/src/grid/pages";
import { GridSurface } from "../../../ui/src/grid/surface";
import { type BenchGrid, columnNames, COLUMNS, HEAD, ROW, ROWS, valueAt, WIDTH } from "./rows";

export function putUp(root: HTMLElement): BenchGrid {
  root.className = "datagrid";
  root.tabIndex = 0;
  const cells = new PagedCells({
    rows: ROWS,
    columns: COLUMNS,
    fetch: async ({ rows, columns: asked }) => ({
      bytes: 16 * (rows.to - rows.from) * (asked.to - asked.from),
      cell: (row, column) => valueAt(rows.from + row, asked.from + column),
    }),
  });
  new GridSurface(root, {
    cells,
    columns: columnNames.map((name) => ({ name, type: "varchar" })),
    pins: [],
    widths: columnNames.map(() => WIDTH),
    rowHeight: ROW,
    marks: (text) => [{ blank: false, text }],
    onSelect: () => undefined,
    onOpen: () => undefined,
    onCopy: () => undefined,
    onWidths: () => undefined,
  });
  return { scrolls: () => root, numbers: ".body .number", head: HEAD };
}
