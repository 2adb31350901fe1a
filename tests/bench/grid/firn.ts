// Firn's grid, with cells that come in pages.
import "../../../ui/src/style/tokens.css";
import "../../../ui/src/style/base.css";
import "../../../ui/src/grid/datagrid.css";
import { PagedCells } from "../../../ui/src/grid/pages";
import { GridSurface } from "../../../ui/src/grid/surface";
import { columnName, COLUMNS, offer, ROWS, valueAt, WIDTH } from "./rows";

const root = document.querySelector<HTMLElement>("#grid");
if (!root) throw new Error("the page has no place for the grid");
root.className = "datagrid";
root.tabIndex = 0;
const columns = Array.from({ length: COLUMNS }, (_, column) => ({ name: columnName(column), type: "varchar" }));
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
  columns,
  pins: [],
  widths: columns.map(() => WIDTH),
  rowHeight: 28,
  marks: (text) => [{ blank: false, text }],
  onSelect: () => undefined,
  onOpen: () => undefined,
  onCopy: () => undefined,
  onWidths: () => undefined,
});
offer({
  vertical: () => root,
  horizontal: () => root,
  seen: () => {
    const top = root.getBoundingClientRect().top + 60;
    const numbers = [...root.querySelectorAll<HTMLElement>(".body .number")];
    return numbers.find((element) => element.getBoundingClientRect().bottom > top)?.textContent ?? "";
  },
});
