import "./datagrid.css";
import { type Ref, useEffect, useImperativeHandle, useLayoutEffect, useRef, useState } from "react";
import { useRowHeight } from "./density";
import type { CellText, DataColumn, GridCells, TextPart } from "./cells";
import type { Marks } from "./paint";
import { at, blockOf, cellsIn, type Selection } from "./selection";
import { GridSurface, type SurfaceEvents } from "./surface";
import { tsv } from "./tsv";
import type { RowRange } from "./window";

/** A cell, by its row and its column in the data. */
export type GridCell = { row: number; column: number };

/** What can be asked of a grid from outside. */
export type GridHandle = {
  focus(): void;
  /** Goes to a cell. */
  go(cell: GridCell): void;
  /** Makes the focused column as wide as its widest cell in view. */
  fit(): void;
  /** Makes the focused column wider by steps, or narrower. */
  widen(steps: number): void;
  /** Copies what is chosen. */
  copy(): void;
  /** The rows that are chosen; null where nothing is. */
  rows(): RowRange | null;
};

/** What came of copying. */
export type Copied = { rows: number; columns: number } | { refused: string };

type DataGridProps = {
  /** What the grid shows, for readers of the page. */
  label: string;
  /** The rows: `ListedCells` where all are here, `PagedCells` where they come in pages. */
  cells: GridCells;
  /** The columns. The same array as long as they are the same: another one begins anew at the left. */
  columns: readonly DataColumn[];
  /** Columns that stay at the left. */
  pins?: readonly number[];
  /** Rows of 22 pixels, whatever the density of the window. */
  dense?: boolean;
  /** Widths the person has chosen; without it the grid keeps them itself. */
  widths?: readonly number[];
  onWidths?: (widths: readonly number[]) => void;
  /** How blanks that would not be seen are marked. */
  marks?: Marks;
  /** The focused cell has become another. */
  onFocusCell?: (cell: GridCell | null) => void;
  /** Enter, or a double press. */
  onOpen?: (cell: GridCell) => void;
  onCopied?: (copied: Copied) => void;
  autoFocus?: boolean;
  ref?: Ref<GridHandle>;
};

/** Most cells that are copied at once. */
const MOST_COPIED = 500_000;
/** How long the focus rests on a cell before it is read out. */
const SPEAK_MS = 120;

const plain: Marks = (text): TextPart[] => [{ blank: false, text }];
const noPins: readonly number[] = [];

/** How wide a column is until somebody says otherwise: by its name and type. */
export function usualWidth(column: DataColumn): number {
  if (column.width !== undefined) return column.width;
  const type = (column.type ?? "").length + (column.key ? 6 : 0);
  const characters = Math.max(column.name.length * 7.3, type * 6.7, 56);
  return Math.round(Math.min(280, characters + 30));
}

/**
 * A grid of values: any number of rows by any number of columns, of which only what is in view is on the page.
 *
 * Keys: arrows, Home, End, PageUp, PageDown, with Ctrl to the very ends, with Shift to choose a block; Ctrl+A everything,
 * Ctrl+C copies it as text for a spreadsheet, Enter opens the cell, Alt with an arrow makes the column wider or narrower.
 */
export function DataGrid(props: DataGridProps) {
  const { label, cells, columns, pins = noPins, dense = false, marks = plain, autoFocus = false, ref } = props;
  const root = useRef<HTMLDivElement>(null);
  const surface = useRef<GridSurface | null>(null);
  const [own, setOwn] = useState<{ of: readonly DataColumn[]; widths: readonly number[] } | null>(null);
  const widths = props.widths ?? (own?.of === columns ? own.widths : columns.map(usualWidth));
  const [spoken, setSpoken] = useState("");
  const speaking = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);

  const columnAt = (place: number) => surface.current?.order[place] ?? -1;
  const cellOf = ({ active }: Selection): GridCell => ({ row: active.row, column: columnAt(active.place) });
  const speak = (selection: Selection) => {
    clearTimeout(speaking.current);
    speaking.current = setTimeout(() => {
      const { row, column } = cellOf(selection);
      const value =
        cells
          .parts?.(row, column)
          ?.map((part) => part.text)
          .join("") ?? cells.cell(row, column);
      const text = value === undefined ? "not here yet" : value === null ? "NULL" : value === "" ? "empty" : value;
      const many = cellsIn(selection);
      setSpoken(
        `${columns[column]?.name ?? ""}, row ${row + 1}: ${text.slice(0, 200)}${many > 1 ? `; ${many} cells chosen` : ""}`,
      );
    }, SPEAK_MS);
  };
  const copy = (selection: Selection) => {
    // What came of it is said, and not the cell.
    clearTimeout(speaking.current);
    const many = cellsIn(selection);
    if (many > MOST_COPIED) {
      const refused = `${many} cells are too many to copy: choose at most ${MOST_COPIED}`;
      setSpoken(refused);
      props.onCopied?.({ refused });
      return;
    }
    const chosen = surface.current?.chosen(selection);
    if (!chosen) return;
    const rows = chosen.rows.to - chosen.rows.from;
    putOnClipboard(cells, chosen).then(
      () => {
        setSpoken(`${rows} × ${chosen.columns.length} cells copied`);
        props.onCopied?.({ rows, columns: chosen.columns.length });
      },
      (error: unknown) => {
        const refused = `The cells were not copied: ${error instanceof Error ? error.message : String(error)}`;
        setSpoken(refused);
        props.onCopied?.({ refused });
      },
    );
  };
  const events: SurfaceEvents = {
    onSelect: (selection) => {
      if (selection) speak(selection);
      props.onFocusCell?.(selection ? cellOf(selection) : null);
    },
    onOpen: (selection) => props.onOpen?.(cellOf(selection)),
    onCopy: copy,
    onWidths: (next) => {
      setOwn({ of: columns, widths: next });
      props.onWidths?.(next);
    },
  };
  const tall = useRowHeight();
  const latest = useRef(events);
  useLayoutEffect(() => {
    latest.current = events;
  });

  const through: SurfaceEvents = {
    onSelect: (selection) => latest.current.onSelect(selection),
    onOpen: (selection) => latest.current.onOpen(selection),
    onCopy: (selection) => latest.current.onCopy(selection),
    onWidths: (next) => latest.current.onWidths(next),
  };
  const options = { ...through, cells, columns, pins, widths, rowHeight: dense ? 22 : tall, marks };
  const shownWidths = widths.join(" ");
  const shownPins = pins.join(" ");
  useLayoutEffect(() => {
    if (!root.current) return;
    if (surface.current) surface.current.update(options);
    else surface.current = new GridSurface(root.current, options);
  }, [cells, columns, shownPins, shownWidths, dense, tall, marks]);
  useLayoutEffect(
    () => () => {
      clearTimeout(speaking.current);
      surface.current?.destroy();
      surface.current = null;
    },
    [],
  );
  useEffect(() => {
    if (autoFocus) surface.current?.focus();
  }, [autoFocus]);
  useImperativeHandle(
    ref,
    () => ({
      focus: () => surface.current?.focus(),
      go: ({ row, column }) => {
        const place = surface.current?.order.indexOf(column) ?? -1;
        if (place >= 0) surface.current?.select(at(row, place));
      },
      fit: () => {
        const column = surface.current?.focusedColumn;
        if (column !== null && column !== undefined) surface.current?.fit(column);
      },
      widen: (steps) => surface.current?.widenFocused(steps),
      copy: () => {
        const selection = surface.current?.selection;
        if (selection) latest.current.onCopy(selection);
      },
      rows: () => {
        const selection = surface.current?.selection;
        return selection ? blockOf(selection).rows : null;
      },
    }),
    [],
  );

  return (
    <div className="datagrid-frame">
      <div
        ref={root}
        className="datagrid"
        role="grid"
        tabIndex={0}
        aria-label={label}
        aria-multiselectable
        aria-readonly
        onFocus={() => {
          // Whoever comes by keys begins at the first cell.
          if (!surface.current?.selection) surface.current?.select(at(0, 0), true, false);
        }}
      />
      <span className="unseen" role="status">
        {spoken}
      </span>
    </div>
  );
}

type Chosen = { rows: { from: number; to: number }; columns: number[] };

/** The cells of a block that are all here and whole; null where one is not. */
function cellsHere(cells: GridCells, { rows, columns }: Chosen): CellText[][] | null {
  const lines: CellText[][] = [];
  for (let row = rows.from; row < rows.to; row += 1) {
    const line: CellText[] = [];
    for (const column of columns) {
      const value = cells.cell(row, column);
      if (value === undefined || cells.isCut?.(value)) return null;
      line.push(value);
    }
    lines.push(line);
  }
  return lines;
}

async function putOnClipboard(cells: GridCells, chosen: Chosen): Promise<void> {
  const here = cellsHere(cells, chosen);
  if (here) return navigator.clipboard.writeText(tsv(here));
  const text = cells.read(chosen.rows, chosen.columns).then(tsv);
  // The clipboard may be written for as long as the key press is fresh; it takes the promise of a text as well.
  if (typeof ClipboardItem === "undefined") return navigator.clipboard.writeText(await text);
  const blob = text.then((content) => new Blob([content], { type: "text/plain" }));
  return navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
}
