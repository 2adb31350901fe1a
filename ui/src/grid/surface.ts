// The grid on the page. It draws the rows and columns that are in view, and a few more, on elements that are made once
// and moved: no framework, no element made while one scrolls. What is where is worked out by the pure files beside it.

import { barHeight, type Extent, mostRows, type Place, rowsAt, rowTop, scrolled, settled, showing } from "./axis";
import type { DataColumn, GridCells } from "./cells";
import { Head } from "./head";
import { CellElement, type Marks } from "./paint";
import {
  blockOf,
  type Bounds,
  clamped,
  everything,
  includes,
  at as oneCell,
  pressed,
  type Selection,
} from "./selection";
import {
  type ColumnRange,
  columnsAt,
  fullWidth,
  layOut,
  mostColumns,
  NARROWEST,
  pinnedWidth,
  scrollToColumn,
  type Tracks,
  WIDEST,
  widthAt,
} from "./tracks";
import type { RowRange } from "./window";

/** What whoever puts the grid up is told. */
export type SurfaceEvents = {
  onSelect(selection: Selection | null): void;
  onOpen(selection: Selection): void;
  onCopy(selection: Selection): void;
  onWidths(widths: readonly number[]): void;
};

export type SurfaceOptions = SurfaceEvents & {
  cells: GridCells;
  columns: readonly DataColumn[];
  pins: readonly number[];
  widths: readonly number[];
  rowHeight: number;
  marks: Marks;
};

/** Height of the head: a name over a type. */
const HEAD = 42;
/** Rows drawn beyond the view on either side. */
const ROWS_AROUND = 4;
/** Pixels of columns drawn beyond the view on either side. */
const PIXELS_AROUND = 60;
/** How long nobody scrolls before the bar is put where it belongs. */
const REST_MS = 160;
/** Most pixels that a column is made for the sake of a long value; a person may pull it wider. */
const WIDEST_FIT = 520;
/** How much a key makes a column wider or narrower. */
const STEP = 16;

/** The elements of a row: one that scrolls to the side, and one that does not. */
class RowElements {
  readonly scrolling = document.createElement("div");
  readonly still = document.createElement("div");
  readonly number: CellElement;
  readonly pinned: CellElement[] = [];
  readonly cells: CellElement[] = [];
  row = -1;
  /** For which lay-out of columns, and which of them in view, its cells stand. */
  stands = { layout: -1, from: 0, to: 0 };

  constructor(readonly id: string) {
    this.scrolling.className = "row";
    this.scrolling.setAttribute("role", "row");
    // Two elements make a row: both are one to whoever reads the page aloud, by their number.
    this.still.className = "row";
    this.still.setAttribute("role", "row");
    this.scrolling.hidden = true;
    this.still.hidden = true;
    this.number = new CellElement("rowheader", `${id}n`);
    this.number.element.setAttribute("aria-colindex", "1");
    this.still.append(this.number.element);
  }

  /** Makes as many elements as are needed at once. */
  hold(pinned: number, cells: number): void {
    const fit = (list: CellElement[], most: number, parent: HTMLElement, mark: string) => {
      while (list.length < most) {
        const cell = new CellElement("gridcell", `${this.id}${mark}${list.length}`);
        list.push(cell);
        parent.append(cell.element);
      }
      for (const cell of list.splice(most)) cell.element.remove();
    };
    fit(this.pinned, pinned, this.still, "p");
    fit(this.cells, cells, this.scrolling, "c");
  }

  get hidden(): boolean {
    return this.row < 0;
  }

  hide(): void {
    if (this.row < 0) return;
    this.row = -1;
    this.scrolling.hidden = true;
    this.still.hidden = true;
  }
}

/** The number of a row as people count, from 1, in groups of three digits. */
function rowNumber(row: number): string {
  return String(row + 1).replace(/\B(?=(\d{3})+$)/g, ",");
}

let numbered = 0;

/** A grid within an element. */
export class GridSurface {
  readonly #root: HTMLElement;
  readonly #id = `g${(numbered += 1)}`;
  readonly #size = document.createElement("div");
  readonly #rowsLayer = document.createElement("div");
  readonly #stillLayer = document.createElement("div");
  readonly #head: Head;
  readonly #watcher: ResizeObserver;
  #options: SurfaceOptions;
  #unwatch: () => void;
  #tracks: Tracks = { order: [], starts: [0], pinned: 0 };
  #rows: RowElements[] = [];
  #place: Place = { bar: 0, top: 0 };
  #view = { width: 0, height: 0 };
  #gutter = 0;
  #capacity = 0;
  /** Counts how often columns were laid out: elements out of view take their new places when they are needed. */
  #layout = 0;
  #shownRows: RowRange = { from: 0, to: 0 };
  #shownColumns: ColumnRange = { from: 0, to: 0 };
  #selection: Selection | null = null;
  #rest: ReturnType<typeof setTimeout> | undefined;
  #refill = 0;
  #dragging = false;

  constructor(root: HTMLElement, options: SurfaceOptions) {
    this.#root = root;
    this.#options = options;
    this.#size.className = "size";
    this.#rowsLayer.className = "rows";
    this.#stillLayer.className = "still";
    this.#size.setAttribute("role", "presentation");
    for (const layer of [this.#rowsLayer, this.#stillLayer]) layer.setAttribute("role", "rowgroup");
    this.#head = new Head(this.#id, {
      onWidth: (column, width) => this.#widen(column, width),
      onFit: (column) => this.fit(column),
      onPress: (place) => this.select(oneCell(this.#selection?.active.row ?? 0, place), false),
    });
    const body = document.createElement("div");
    body.className = "body";
    body.setAttribute("role", "presentation");
    body.append(this.#rowsLayer, this.#stillLayer);
    this.#size.append(this.#head.element, body);
    root.append(this.#size);
    root.addEventListener("scroll", this.#onScroll, { passive: true });
    root.addEventListener("keydown", this.#onKey);
    root.addEventListener("mousedown", this.#onDown);
    root.addEventListener("dblclick", this.#onTwice);
    this.#watcher = new ResizeObserver(() => {
      const active = this.#selection?.active;
      const inView = active !== undefined && this.#isInView(active.row);
      this.#measure();
      // What one is at stays in view where there is less room now.
      if (active && inView) this.#show(active.row, active.place);
    });
    this.#watcher.observe(root);
    this.#unwatch = options.cells.watch(this.#onChange);
    this.#measure(true);
  }

  /** Takes the grid off the page. */
  destroy(): void {
    clearTimeout(this.#rest);
    cancelAnimationFrame(this.#refill);
    this.#watcher.disconnect();
    this.#unwatch();
    this.#root.removeEventListener("scroll", this.#onScroll);
    this.#root.removeEventListener("keydown", this.#onKey);
    this.#root.removeEventListener("mousedown", this.#onDown);
    this.#root.removeEventListener("dblclick", this.#onTwice);
    this.#size.remove();
  }

  /** Shows other cells or columns, or the same ones otherwise. */
  update(options: SurfaceOptions): void {
    const before = this.#options;
    this.#options = options;
    if (before.cells !== options.cells) {
      this.#unwatch();
      this.#unwatch = options.cells.watch(this.#onChange);
    }
    const sameColumns = before.columns === options.columns;
    const top = this.#place.top / before.rowHeight;
    if (!sameColumns) {
      this.#selection = null;
      this.#root.scrollLeft = 0;
    }
    this.#place = { ...this.#place, top: top * options.rowHeight };
    this.#measure(true);
  }

  get selection(): Selection | null {
    return this.#selection;
  }

  /** The columns in the order of the screen. */
  get order(): readonly number[] {
    return this.#tracks.order;
  }

  /** Chooses cells and, unless told otherwise, brings the focused one into view. */
  select(selection: Selection | null, tell = true, show = true): void {
    const next = clamped(selection, this.#bounds());
    const same =
      next === this.#selection ||
      (next &&
        this.#selection &&
        next.active.row === this.#selection.active.row &&
        next.active.place === this.#selection.active.place &&
        next.anchor.row === this.#selection.anchor.row &&
        next.anchor.place === this.#selection.anchor.place);
    this.#selection = next;
    if (next && show) this.#show(next.active.row, next.active.place);
    this.#fillAll();
    if (!same || tell) this.#options.onSelect(next);
  }

  /** Makes a column as wide as its widest cell in view. */
  fit(column: number): void {
    const spec = this.#options.columns[column];
    if (!spec) return;
    const pen = document.createElement("canvas").getContext("2d");
    if (!pen) return;
    const texts: string[] = [];
    for (let row = this.#shownRows.from; row < this.#shownRows.to; row += 1) {
      const value = this.#options.cells.cell(row, column);
      texts.push(value === null ? "NULL" : (value ?? "").slice(0, 400));
    }
    const style = getComputedStyle(this.#rows[0]?.cells[0]?.element ?? this.#root);
    pen.font = `${style.fontSize} ${style.fontFamily}`;
    const cells = Math.max(0, ...texts.map((text) => pen.measureText(text).width));
    const wanted = Math.max(Math.min(WIDEST_FIT, cells + 18), this.#head.widthOf(spec, pen) + 26);
    this.#widen(column, Math.ceil(wanted));
  }

  /** Makes the focused column wider, or narrower, by a step. */
  widenFocused(steps: number): void {
    const column = this.focusedColumn;
    if (column !== null) this.#widen(column, (this.#options.widths[column] ?? 0) + steps * STEP);
  }

  /** The column with the focus. */
  get focusedColumn(): number | null {
    return this.#selection ? (this.#tracks.order[this.#selection.active.place] ?? null) : null;
  }

  focus(): void {
    this.#root.focus({ preventScroll: true });
  }

  get #extent(): Extent {
    return {
      rows: this.#options.cells.rows,
      rowHeight: this.#options.rowHeight,
      view: Math.max(0, this.#view.height - HEAD),
    };
  }

  #bounds(): Bounds {
    const extent = this.#extent;
    return {
      rows: extent.rows,
      places: this.#tracks.order.length,
      page: Math.max(1, Math.floor(extent.view / extent.rowHeight) - 1),
    };
  }

  #widen(column: number, width: number): void {
    const next = Math.max(NARROWEST, Math.min(WIDEST, Math.round(width)));
    if (next === this.#options.widths[column]) return;
    const widths = this.#options.widths.map((known, place) => (place === column ? next : known));
    this.#options = { ...this.#options, widths };
    this.#measure(true);
    this.#options.onWidths(widths);
  }

  /** Works out anew how much there is to show and how much of it is in view. */
  #measure(anew = false): void {
    const { clientWidth: width, clientHeight: height } = this.#root;
    if (!anew && width === this.#view.width && height === this.#view.height) return;
    this.#view = { width, height };
    const chosen = this.#selection && this.#columnsOf(this.#selection);
    const { columns, widths, pins, rowHeight, cells } = this.#options;
    this.#layout += 1;
    this.#gutter = 20 + 7 * rowNumber(Math.max(99, cells.rows)).length;
    this.#tracks = layOut(widths, pins, width - this.#gutter);
    const extent = this.#extent;
    this.#place = settled(this.#place, extent);
    this.#root.style.setProperty("--grid-row", `${rowHeight}px`);
    this.#root.setAttribute("aria-rowcount", String(cells.rows + 1));
    this.#root.setAttribute("aria-colcount", String(columns.length + 1));
    const still = this.#gutter + pinnedWidth(this.#tracks);
    this.#size.style.width = `${this.#gutter + fullWidth(this.#tracks)}px`;
    this.#size.style.height = `${HEAD + barHeight(extent)}px`;
    this.#rowsLayer.style.height = this.#stillLayer.style.height = `${barHeight(extent)}px`;
    this.#stillLayer.style.width = `${still}px`;
    // Columns may stand at other places now: what is chosen is columns, not places.
    const held = this.#selection && chosen && this.#placed(this.#selection, chosen);
    this.#selection = clamped(held, this.#bounds());
    this.#capacity = mostColumns(this.#tracks, width - this.#gutter, PIXELS_AROUND);
    this.#head.hold(this.#tracks.pinned, this.#capacity, still, HEAD);
    this.#holdRows(mostRows(extent, ROWS_AROUND));
    if (this.#root.scrollTop !== this.#place.bar) this.#root.scrollTop = this.#place.bar;
    this.#draw(true);
  }

  #columnsOf({ anchor, active }: Selection): { anchor: number; active: number } {
    const { order } = this.#tracks;
    return { anchor: order[anchor.place] ?? 0, active: order[active.place] ?? 0 };
  }

  #placed({ anchor, active }: Selection, columns: { anchor: number; active: number }): Selection {
    const { order } = this.#tracks;
    const place = (column: number) => Math.max(0, order.indexOf(column));
    return {
      anchor: { row: anchor.row, place: place(columns.anchor) },
      active: { row: active.row, place: place(columns.active) },
    };
  }

  #isInView(row: number): boolean {
    const { from, to } = rowsAt(this.#place, this.#extent, 0);
    return row >= from && row < to;
  }

  #holdRows(most: number): void {
    while (this.#rows.length < most) {
      const row = new RowElements(`${this.#id}r${this.#rows.length}`);
      this.#rows.push(row);
      this.#rowsLayer.append(row.scrolling);
      this.#stillLayer.append(row.still);
    }
    for (const row of this.#rows.splice(most)) {
      row.scrolling.remove();
      row.still.remove();
    }
    for (const row of this.#rows) row.hold(this.#tracks.pinned, this.#capacity);
  }

  readonly #onScroll = () => {
    const before = this.#place;
    this.#place = scrolled(before, this.#root.scrollTop, this.#extent);
    // Rows stand still on the element unless the bar is shorter than they are.
    this.#draw(false, this.#place.top - this.#place.bar !== before.top - before.bar);
    clearTimeout(this.#rest);
    this.#rest = setTimeout(this.#onRest, REST_MS);
  };

  readonly #onRest = () => {
    const place = settled(this.#place, this.#extent);
    if (Math.abs(place.bar - this.#place.bar) < 1) return;
    this.#place = place;
    this.#root.scrollTop = place.bar;
    this.#draw(false, true);
  };

  readonly #onChange = () => {
    if (this.#refill) return;
    this.#refill = requestAnimationFrame(() => {
      this.#refill = 0;
      if (this.#root.getAttribute("aria-rowcount") !== String(this.#options.cells.rows + 1)) this.#measure(true);
      else this.#fillAll();
    });
  };

  /** Puts elements where rows and columns have come into view. */
  #draw(anew: boolean, moved = anew): void {
    const extent = this.#extent;
    const tracks = this.#tracks;
    const rows = rowsAt(this.#place, extent, ROWS_AROUND);
    const columns = columnsAt(tracks, this.#root.scrollLeft, this.#view.width - this.#gutter, PIXELS_AROUND);
    const otherColumns = anew || columns.from !== this.#shownColumns.from || columns.to !== this.#shownColumns.to;
    const otherRows = anew || rows.from !== this.#shownRows.from || rows.to !== this.#shownRows.to;
    if (!otherRows && !otherColumns && !moved) return;
    this.#shownRows = rows;
    this.#shownColumns = columns;
    if (otherRows || otherColumns) this.#options.cells.want(rows, this.#columnsShown());
    if (otherColumns) this.#head.draw(this.#options.columns, tracks, columns, this.#gutter, this.#selection, anew);
    const held = this.#rows.length;
    for (let slot = 0; slot < held; slot += 1) {
      const elements = this.#rows[slot];
      if (!elements) continue;
      // Each row has its element for as long as it is in view: the one of its number's remainder.
      const row = rows.from + ((((slot - rows.from) % held) + held) % held);
      if (row >= rows.to) {
        elements.hide();
        continue;
      }
      const otherRow = row !== elements.row;
      if (otherRow || moved) {
        const top = `${rowTop(row, this.#place, extent)}px`;
        elements.scrolling.style.top = top;
        elements.still.style.top = top;
      }
      if (otherRow) {
        if (elements.hidden) {
          elements.scrolling.hidden = false;
          elements.still.hidden = false;
        }
        elements.row = row;
        const index = String(row + 2);
        elements.scrolling.setAttribute("aria-rowindex", index);
        elements.still.setAttribute("aria-rowindex", index);
      }
      // A row that stays is filled only where columns have come into view.
      const laidOut = elements.stands.layout === this.#layout;
      if (!laidOut || elements.stands.from !== columns.from || elements.stands.to !== columns.to)
        this.#stand(elements, !laidOut, laidOut && !otherRow);
      if (otherRow || !laidOut) this.#fill(elements);
    }
    this.#pointToFocus();
  }

  /** The columns in view, pinned ones among them. */
  #columnsShown(): number[] {
    const { order, pinned } = this.#tracks;
    return [...order.slice(0, pinned), ...order.slice(this.#shownColumns.from, this.#shownColumns.to)];
  }

  /** Puts the cells of a row where columns stand: all of them anew, or those that have come into view. */
  #stand(elements: RowElements, anew: boolean, fill: boolean): void {
    const gone = fill && (this.#options.cells.gone?.(elements.row) ?? false);
    const tracks = this.#tracks;
    const held = elements.cells.length;
    const { from, to } = this.#shownColumns;
    elements.stands = { layout: this.#layout, from, to };
    const left = (place: number) => this.#gutter + (tracks.starts[place] ?? 0);
    if (anew) {
      elements.number.stand(0, 1, 0, this.#gutter);
      for (const [place, cell] of elements.pinned.entries())
        cell.stand(place, place + 2, left(place), widthAt(tracks, place));
    }
    for (let slot = 0; slot < held; slot += 1) {
      const cell = elements.cells[slot];
      if (!cell) continue;
      const place = from + ((((slot - from) % held) + held) % held);
      if (place >= to) cell.leave();
      else if (anew || cell.place !== place) {
        cell.stand(place, place + 2, left(place), widthAt(tracks, place));
        if (fill) this.#fillCell(cell, elements.row, gone, this.#selection);
      }
    }
  }

  #fillAll(): void {
    this.#options.cells.want(this.#shownRows, this.#columnsShown());
    for (const elements of this.#rows) if (!elements.hidden) this.#fill(elements);
    this.#head.choose(this.#selection);
    this.#pointToFocus();
  }

  #fill(elements: RowElements): void {
    const { row } = elements;
    const { cells } = this.#options;
    const gone = cells.gone?.(row) ?? false;
    const chosen = this.#selection;
    const inBlock = chosen !== null && includes(chosen, row, chosen.active.place);
    elements.number.say(rowNumber(row), inBlock ? "cell number chosen" : "cell number");
    for (const cell of elements.pinned) this.#fillCell(cell, row, gone, chosen);
    for (const cell of elements.cells) if (cell.place >= 0) this.#fillCell(cell, row, gone, chosen);
  }

  #fillCell(cell: CellElement, row: number, gone: boolean, chosen: Selection | null): void {
    const { cells, columns, marks } = this.#options;
    const { place } = cell;
    const column = this.#tracks.order[place] ?? 0;
    let classes = columns[column]?.end ? "cell end" : "cell";
    const tint = cells.tint?.(row, column);
    if (tint) classes += ` ${tint}`;
    const selected = chosen !== null && includes(chosen, row, place);
    if (selected) classes += chosen.active.row === row && chosen.active.place === place ? " active" : " chosen";
    cell.select(selected);
    if (gone) cell.say("", `${classes} gone`);
    else cell.fill(cells.cell(row, column), classes, marks);
  }

  /** Says which element has the focus, where it is on the page. */
  #pointToFocus(): void {
    const active = this.#selection?.active;
    if (!active) {
      this.#root.removeAttribute("aria-activedescendant");
      return;
    }
    const elements = this.#rows.find(({ row }) => row === active.row);
    const stands = (cell: CellElement) => cell.place === active.place;
    const cell = elements?.pinned.find(stands) ?? elements?.cells.find(stands);
    if (cell) this.#root.setAttribute("aria-activedescendant", cell.element.id);
    else this.#root.removeAttribute("aria-activedescendant");
  }

  #show(row: number, place: number): void {
    const left = scrollToColumn(this.#tracks, place, this.#root.scrollLeft, this.#view.width - this.#gutter);
    const next = showing(row, this.#place, this.#extent);
    const moved = next !== this.#place;
    this.#place = next;
    if (left !== this.#root.scrollLeft) this.#root.scrollLeft = left;
    if (moved) this.#root.scrollTop = next.bar;
    this.#draw(false, moved);
  }

  readonly #onKey = (event: KeyboardEvent) => {
    const mod = event.ctrlKey || event.metaKey;
    if (event.altKey && !mod && !event.shiftKey) {
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      this.widenFocused(event.key === "ArrowRight" ? 1 : -1);
      event.preventDefault();
      return;
    }
    if (event.altKey) return;
    const letter = event.key.toLowerCase();
    if (mod && letter === "a") this.select(everything(this.#selection, this.#bounds()), true, false);
    else if (mod && letter === "c" && this.#selection) this.#options.onCopy(this.#selection);
    else if (event.key === "Enter" && !mod && this.#selection) this.#options.onOpen(this.#selection);
    else {
      const press = { key: event.key, shiftKey: event.shiftKey, mod };
      const next = pressed(this.#selection, press, this.#bounds());
      if (!next) return;
      this.select(next);
    }
    event.preventDefault();
  };

  /** The cell under the pointer; at the edges the nearest one. */
  #cellAt(event: MouseEvent): { row: number; place: number } | null {
    const extent = this.#extent;
    const box = this.#root.getBoundingClientRect();
    const y = event.clientY - box.top - HEAD;
    const x = event.clientX - box.left - this.#gutter;
    if (extent.rows === 0 || this.#tracks.order.length === 0) return null;
    const row = Math.floor((this.#place.top + Math.max(0, Math.min(extent.view - 1, y))) / extent.rowHeight);
    const still = pinnedWidth(this.#tracks);
    const pixel = x < still ? Math.max(0, x) : x + this.#root.scrollLeft;
    const { starts } = this.#tracks;
    let place = starts.findIndex((_, at) => (starts[at + 1] ?? Number.POSITIVE_INFINITY) > pixel);
    place = Math.max(0, Math.min(this.#tracks.order.length - 1, place));
    return { row: Math.min(extent.rows - 1, row), place };
  }

  readonly #onDown = (event: MouseEvent) => {
    const target = event.target instanceof Element ? event.target : null;
    if (event.button !== 0 || !target?.closest(".body")) return;
    const cell = this.#cellAt(event);
    if (!cell) return;
    event.preventDefault();
    this.focus();
    const wholeRow = target.closest(".number") !== null;
    const last = this.#tracks.order.length - 1;
    const active = wholeRow ? { row: cell.row, place: 0 } : cell;
    const anchor = wholeRow ? { row: cell.row, place: last } : cell;
    this.select({ anchor: event.shiftKey && this.#selection ? this.#selection.anchor : anchor, active });
    if (wholeRow) return;
    this.#dragging = true;
    const move = (moved: MouseEvent) => {
      const to = this.#cellAt(moved);
      if (this.#dragging && to && this.#selection) this.select({ anchor: this.#selection.anchor, active: to });
    };
    const end = () => {
      this.#dragging = false;
      window.removeEventListener("mousemove", move);
      window.removeEventListener("mouseup", end);
    };
    window.addEventListener("mousemove", move);
    window.addEventListener("mouseup", end);
  };

  readonly #onTwice = (event: MouseEvent) => {
    const target = event.target instanceof Element ? event.target : null;
    if (this.#selection && target?.closest(".body")) this.#options.onOpen(this.#selection);
  };

  /** The block that is chosen, in columns of the data. */
  chosen(selection: Selection): { rows: RowRange; columns: number[] } {
    const { rows, places } = blockOf(selection);
    return { rows, columns: this.#tracks.order.slice(places.from, places.to) };
  }
}
