// AG Grid Community with its infinite row model: what it has for more rows than fit in memory.
import { createGrid, InfiniteRowModelModule, ModuleRegistry, themeQuartz } from "ag-grid-community";
import { columnName, COLUMNS, offer, ROWS, valueAt, WIDTH } from "./rows";

const root = document.querySelector<HTMLElement>("#grid");
if (!root) throw new Error("the page has no place for the grid");
const place = root;
ModuleRegistry.registerModules([InfiniteRowModelModule]);
createGrid(root, {
  theme: themeQuartz.withParams({ rowHeight: 28, headerHeight: 42, fontSize: 12, spacing: 4 }),
  rowModelType: "infinite",
  cacheBlockSize: 256,
  maxBlocksInCache: 40,
  infiniteInitialRowCount: ROWS,
  rowHeight: 28,
  headerHeight: 42,
  animateRows: false,
  columnDefs: [
    { headerName: "#", width: 76, pinned: "left", valueGetter: "node.rowIndex + 1", colId: "number" },
    ...Array.from({ length: COLUMNS }, (_, column) => ({ field: columnName(column), width: WIDTH })),
  ],
  datasource: {
    rowCount: ROWS,
    getRows: ({ startRow, endRow, successCallback }) => {
      const rows = Array.from({ length: Math.min(endRow, ROWS) - startRow }, (_, at) => {
        const row: Record<string, string | null> = {};
        for (let column = 0; column < COLUMNS; column += 1) row[columnName(column)] = valueAt(startRow + at, column);
        return row;
      });
      queueMicrotask(() => successCallback(rows, ROWS));
    },
  },
});
const part = (selector: string): HTMLElement => {
  const element = place.querySelector<HTMLElement>(selector);
  if (!element) throw new Error(`AG Grid has no ${selector}`);
  return element;
};
offer({
  vertical: () => part(".ag-grid-viewport"),
  horizontal: () => part(".ag-grid-viewport"),
  seen: () => {
    const top = part(".ag-grid-viewport").getBoundingClientRect().top + 18;
    const cells = [...place.querySelectorAll<HTMLElement>('[col-id="number"][role="gridcell"]')];
    return cells.find((element) => element.getBoundingClientRect().bottom > top)?.textContent ?? "";
  },
});
