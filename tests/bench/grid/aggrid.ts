// AG Grid Community with its infinite row model: what it has for more rows than fit in memory.
import { createGrid, InfiniteRowModelModule, ModuleRegistry, themeQuartz } from "ag-grid-community";
import { type BenchGrid, columnNames, HEAD, ROW, ROWS, valueAt, WIDTH } from "./rows";

/** A row that works its values out when they are asked for, as Firn's pages do. */
class Row {
  constructor(readonly at: number) {}
}
for (const [column, name] of columnNames.entries())
  Object.defineProperty(Row.prototype, name, {
    get(this: Row) {
      return valueAt(this.at, column);
    },
  });

export function putUp(root: HTMLElement): BenchGrid {
  ModuleRegistry.registerModules([InfiniteRowModelModule]);
  createGrid(root, {
    theme: themeQuartz.withParams({ rowHeight: ROW, headerHeight: HEAD, fontSize: 12, spacing: 4 }),
    rowModelType: "infinite",
    cacheBlockSize: 256,
    maxBlocksInCache: 40,
    infiniteInitialRowCount: ROWS,
    rowHeight: ROW,
    headerHeight: HEAD,
    animateRows: false,
    columnDefs: [
      { headerName: "#", width: 76, pinned: "left", valueGetter: "node.rowIndex + 1", colId: "number" },
      ...columnNames.map((field) => ({ field, width: WIDTH })),
    ],
    datasource: {
      rowCount: ROWS,
      getRows: ({ startRow, endRow, successCallback }) => {
        const rows = Array.from({ length: Math.min(endRow, ROWS) - startRow }, (_, at) => new Row(startRow + at));
        queueMicrotask(() => successCallback(rows, ROWS));
      },
    },
  });
  const scrolls = () => {
    const element = root.querySelector<HTMLElement>(".ag-grid-viewport");
    if (!element) throw new Error("AG Grid has no element that scrolls");
    return element;
  };
  return { scrolls, numbers: '[col-id="number"][role="gridcell"]', head: 0 };
}
