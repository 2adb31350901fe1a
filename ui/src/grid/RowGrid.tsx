import "./grid.css";
import { memo, type ReactNode, useCallback, useEffect, useId, useLayoutEffect, useRef, useState } from "react";
import { useRowHeight } from "./density";
import { movedTo, type RowRange, rowsInView, scrollTo } from "./window";

/** A column of a row grid. */
export type GridColumn<R> = {
  id: string;
  head: string;
  /** What readers are told in the place of an empty head. */
  spoken?: string;
  /** Its least width in pixels. */
  width: number;
  /** What it is content with, in pixels: it has that much, up to 15 % of the list, before what room is left is parted. */
  enough?: number;
  /** Its part of what room is left; none where it keeps its width. */
  grow?: number;
  /** Figures stand at the end. */
  end?: boolean;
  mono?: boolean;
  cell: (row: R) => ReactNode;
  /** The whole text of a cell that may be cut. */
  whole?: (row: R) => string | null;
};

type RowGridProps<R> = {
  label: string;
  /** Rows that are the same are not drawn again as long as these are the same, too. */
  columns: readonly GridColumn<R>[];
  rows: readonly R[];
  rowKey: (row: R) => string;
  selected: string | null;
  onSelect: (row: R) => void;
  /** Enter or a double press. */
  onOpen?: (row: R) => void;
  /** Keys of the rows that are ticked; without it there is no tick column. */
  ticked?: ReadonlySet<string>;
  onTick?: (keys: ReadonlySet<string>) => void;
  /** Whether a row can be ticked. */
  tickable?: (row: R) => boolean;
  autoFocus?: boolean;
};

/** Widths in pixels, as in the style sheet. */
const TICK = 30;
const SIDES = 16;

/** Rows with columns, moved through by keys: arrows, Home, End, PageUp, PageDown, Enter, Space. */
export function RowGrid<R>({
  label,
  columns,
  rows,
  rowKey,
  selected,
  onSelect,
  onOpen,
  ticked,
  onTick,
  tickable = () => true,
  autoFocus = false,
}: RowGridProps<R>) {
  const box = useRef<HTMLDivElement>(null);
  const tall = useRowHeight();
  const baseId = useId();
  // None before it is known how many are in view.
  const [range, setRange] = useState<RowRange>({ from: 0, to: 0 });
  const current = rows.findIndex((row) => rowKey(row) === selected);
  const tracks = [
    ticked && `${TICK}px`,
    ...columns.map(({ width, enough, grow }) => `minmax(${width}px, ${most(width, enough, grow)})`),
  ]
    .filter(Boolean)
    .join(" ");
  const minWidth = columns.reduce((sum, column) => sum + column.width, (ticked ? TICK : 0) + SIDES);

  const measure = () => {
    const element = box.current;
    if (!element) return;
    const next = rowsInView(element.scrollTop, element.clientHeight - tall, tall, rows.length);
    setRange((known) => (known.from === next.from && known.to === next.to ? known : next));
  };
  useLayoutEffect(measure);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const watcher = new ResizeObserver(measure);
    watcher.observe(element);
    return () => watcher.disconnect();
  }, [rows.length, tall]);
  useEffect(() => {
    if (autoFocus) box.current?.focus();
  }, [autoFocus]);
  useEffect(() => {
    const element = box.current;
    if (element && current >= 0)
      element.scrollTop = scrollTo(current, element.scrollTop, element.clientHeight - tall, tall);
  }, [current, tall]);

  const able = rows.filter(tickable);
  const allTicked = able.length > 0 && able.every((row) => ticked?.has(rowKey(row)));
  const tick = (row: R) => {
    if (!ticked || !onTick || !tickable(row)) return;
    const next = new Set(ticked);
    if (!next.delete(rowKey(row))) next.add(rowKey(row));
    onTick(next);
  };
  const acts: Acts<R> = { select: onSelect, open: onOpen, tick };
  const latest = useRef(acts);
  useLayoutEffect(() => {
    latest.current = acts;
  });
  const act = useCallback((what: keyof Acts<R>, row: R) => latest.current[what]?.(row), []);

  return (
    <div
      ref={box}
      className="grid"
      role="grid"
      aria-label={label}
      aria-rowcount={rows.length + 1}
      aria-colcount={columns.length + (ticked ? 1 : 0)}
      aria-multiselectable={ticked ? true : undefined}
      aria-activedescendant={current >= 0 ? `${baseId}${current}` : undefined}
      tabIndex={0}
      onScroll={measure}
      onKeyDown={(event) => {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        const page = Math.max(1, Math.floor(((box.current?.clientHeight ?? tall * 11) - tall) / tall) - 1);
        const to = movedTo(event.key, current, rows.length, page);
        const row = rows[to ?? current];
        if (!row) return;
        if (to !== null) onSelect(row);
        else if (event.key === "Enter" && onOpen) onOpen(row);
        else if (event.key === " " && ticked) tick(row);
        else return;
        event.preventDefault();
      }}
    >
      <div className="grid-head" role="row" aria-rowindex={1} style={{ gridTemplateColumns: tracks, minWidth }}>
        {ticked && (
          <span className="cell" role="columnheader">
            <input
              type="checkbox"
              className="check-box"
              aria-label="all"
              tabIndex={-1}
              checked={allTicked}
              ref={(element) => {
                if (element) element.indeterminate = !allTicked && able.some((row) => ticked.has(rowKey(row)));
              }}
              onChange={() => onTick?.(new Set(allTicked ? [] : able.map(rowKey)))}
            />
          </span>
        )}
        {columns.map((column) => (
          <span key={column.id} className={`cell${column.end ? " end" : ""}`} role="columnheader">
            {column.head}
            {column.spoken && <span className="unseen">{column.spoken}</span>}
          </span>
        ))}
      </div>
      <div role="rowgroup" className="grid-body" style={{ height: rows.length * tall, minWidth }}>
        {rows.slice(range.from, range.to).map((row, place) => {
          const index = range.from + place;
          const key = rowKey(row);
          return (
            <Row
              key={key}
              id={`${baseId}${index}`}
              name={key}
              row={row}
              index={index}
              top={index * tall}
              columns={columns}
              tracks={tracks}
              current={index === current}
              ticked={ticked ? ticked.has(key) : null}
              tickable={tickable(row)}
              act={act}
            />
          );
        })}
      </div>
    </div>
  );
}

/** How wide a column becomes where there is room. */
function most(width: number, enough: number | undefined, grow: number | undefined): string {
  if (grow) return `${grow}fr`;
  return enough === undefined ? `${width}px` : `min(${Math.max(width, enough)}px, 15%)`;
}

/** What a person does to a row. */
type Acts<R> = { select: (row: R) => void; open: ((row: R) => void) | undefined; tick: (row: R) => void };

type RowProps<R> = {
  id: string;
  name: string;
  row: R;
  index: number;
  top: number;
  columns: readonly GridColumn<R>[];
  tracks: string;
  current: boolean;
  /** Null where rows are not ticked. */
  ticked: boolean | null;
  tickable: boolean;
  act: (what: keyof Acts<R>, row: R) => void;
};

/** One row; drawn again only where something of it is another. */
const Row = memo(function Row<R>(props: RowProps<R>) {
  const { id, name, row, index, top, columns, tracks, current, ticked, tickable, act } = props;
  return (
    <div
      id={id}
      className={`grid-row${current ? " current" : ""}`}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={current}
      data-row={name}
      style={{ top, gridTemplateColumns: tracks }}
      onMouseDown={() => act("select", row)}
      onDoubleClick={() => act("open", row)}
    >
      {ticked !== null && (
        <span className="cell" role="gridcell">
          <input
            type="checkbox"
            className="check-box"
            aria-label={name}
            tabIndex={-1}
            disabled={!tickable}
            checked={ticked}
            onChange={() => act("tick", row)}
          />
        </span>
      )}
      {columns.map((column) => (
        <span
          key={column.id}
          className={`cell${column.end ? " end" : ""}${column.mono ? " mono" : ""}`}
          role="gridcell"
          title={column.whole?.(row) ?? undefined}
        >
          {column.cell(row)}
        </span>
      ))}
    </div>
  );
}) as <R>(props: RowProps<R>) => ReactNode;
