// The grid on the page. It draws the rows and columns that are in view, and a few more, on elements that are made once
// and moved: no framework, no element made while one scrolls. What is where is worked out by the pure files beside it.

import { ahead, around, type Reach, type Stretch } from "./ahead";
import { barHeight, type Extent, mostRows, type Place, rowsAt, rowTop, scrolled, settled, showing } from "./axis";
import type { DataColumn, GridCells } from "./cells";
import { Head } from "./head";
import { type Steered, steer } from "./input";
import type { Marks } from "./paint";
import { type Drawing, placeIn, RowElements, rowNumber } from "./row";
import { blockOf, type Bounds, type Cell, clamped, at as oneCell, same, type Selection } from "./selection";
import {
  columnsAt,
  fullWidth,
  layOut,
  mostColumns,
  NARROWEST,
  pinnedWidth,
  placeAt,
  scrollToColumn,
  type Tracks,
  WIDEST,
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
/** Rows and columns that are drawn at once beyond the view, and how many are left when more are. */
const ROWS_AHEAD = 24;
const ROWS_NEAR = 4;
const COLUMNS_AHEAD = 4;
const COLUMNS_NEAR = 1;
/** How long nothing happens before the bar is put where it belongs, rows and columns are drawn on all sides, and texts
 * that were cut are there as a whole. */
const REST_MS = 160;
/** How long cells are waited for before it is seen. */
const LATE_MS = 200;
/** Most pixels that a column is made for the sake of a long value; a person may pull it wider. */
const WIDEST_FIT = 520;
/** How much a key makes a column wider or narrower. */
const STEP = 16;

let numbered = 0;

/** A grid within an element. */
export class GridSurface implements Steered {
  readonly #root: HTMLElement;
  readonly #id = `g${(numbered += 1)}`;
  readonly #size = document.createElement("div");
  readonly #rowsLayer = document.createElement("div");
  readonly #stillLayer = document.createElement("div");
  readonly #head: Head;
  readonly #watcher: ResizeObserver;
  readonly #unsteer: () => void;
  #options: SurfaceOptions;
  #unwatch: () => void;
  #tracks: Tracks = { order: [], starts: [0], pinned: 0 };
  #rows: RowElements[] = [];
  #place: Place = { bar: 0, top: 0 };
  #left = 0;
  #view = { width: 0, height: 0 };
  #gutter = 0;
  #letter = 0;
  /** Most columns that are drawn at once. */
  #capacity = 0;
  #layout = 0;
  /** What is in view. */
  #rowsSeen: Stretch = { from: 0, to: 0 };
  #columnsSeen: Stretch = { from: 0, to: 0 };
  /** What is drawn: rows in view and around it. Rows out of view may have fewer columns, or other ones. */
  #rowsDrawn: Stretch = { from: 0, to: 0 };
  #columnsDrawn: Stretch = { from: 0, to: 0 };
  #selection: Selection | null = null;
  #rest: ReturnType<typeof setTimeout> | undefined;
  /** Whether nobody has scrolled since the timer of the rest was set. */
  #still = false;
  #lateness: ReturnType<typeof setTimeout> | undefined;
  #late = false;
  /** The frame that is asked for, and what it is to do: put elements, put those elsewhere that stay, fill what has come. */
  #frame = 0;
  #due = false;
  #moved = false;
  #changed = false;
  /** Whether one has scrolled to the side since there was rest. */
  #aside = false;

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
    this.#unsteer = steer(root, this);
    this.#watcher = new ResizeObserver(() => {
      const active = this.#selection?.active;
      const inView = active !== undefined && this.#isInView(active.row);
      this.#measure();
      // What one is at stays in view where there is less room now.
      if (active && inView) this.#show(active.row, active.place);
    });
    this.#watcher.observe(root);
    document.fonts.addEventListener("loadingdone", this.#onFonts);
    this.#unwatch = options.cells.watch(this.#onChange);
    this.#measure(true);
  }

  /** Takes the grid off the page. */
  destroy(): void {
    clearTimeout(this.#rest);
    clearTimeout(this.#lateness);
    cancelAnimationFrame(this.#frame);
    this.#watcher.disconnect();
    this.#unwatch();
    this.#unsteer();
    document.fonts.removeEventListener("loadingdone", this.#onFonts);
    this.#root.removeEventListener("scroll", this.#onScroll);
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
    const next = clamped(selection, this.bounds());
    const other = !same(next, this.#selection);
    this.#selection = next;
    if (next && show) this.#show(next.active.row, next.active.place);
    this.#fillAll();
    this.#head.choose(next);
    this.#pointToFocus();
    if (other || tell) this.#options.onSelect(next);
  }

  open(selection: Selection): void {
    this.#options.onOpen(selection);
  }

  copy(selection: Selection): void {
    this.#options.onCopy(selection);
  }

  /** Makes a column as wide as its widest cell in view. */
  fit(column: number): void {
    const spec = this.#options.columns[column];
    const pen = this.#pen();
    if (!spec || !pen) return;
    const texts: string[] = [];
    for (let row = this.#rowsSeen.from; row < this.#rowsSeen.to; row += 1) {
      const value = this.#options.cells.cell(row, column);
      texts.push(value === null ? "NULL" : (value ?? "").slice(0, 400));
    }
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

  bounds(): Bounds {
    const extent = this.#extent;
    return {
      rows: extent.rows,
      places: this.#tracks.order.length,
      page: Math.max(1, Math.floor(extent.view / extent.rowHeight) - 1),
    };
  }

  /** The cell under the pointer; at the edges the nearest one. */
  cellAt(event: MouseEvent): Cell | null {
    const extent = this.#extent;
    const box = this.#root.getBoundingClientRect();
    const y = event.clientY - box.top - HEAD;
    const x = event.clientX - box.left - this.#gutter;
    if (extent.rows === 0 || this.#tracks.order.length === 0) return null;
    const row = Math.floor((this.#place.top + Math.max(0, Math.min(extent.view - 1, y))) / extent.rowHeight);
    return { row: Math.min(extent.rows - 1, row), place: placeAt(this.#tracks, x, this.#root.scrollLeft) };
  }

  /** The block that is chosen, in columns of the data. */
  chosen(selection: Selection): { rows: RowRange; columns: number[] } {
    const { rows, places } = blockOf(selection);
    return { rows, columns: this.#tracks.order.slice(places.from, places.to) };
  }

  /** A pen that writes as cells are written. */
  #pen(): CanvasRenderingContext2D | null {
    const pen = document.createElement("canvas").getContext("2d");
    if (!pen) return null;
    const style = getComputedStyle(this.#rows[0]?.sample ?? this.#root);
    pen.font = `${style.fontSize} ${style.fontFamily}`;
    return pen;
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
    // With the line at its right edge.
    const still = this.#gutter + pinnedWidth(this.#tracks) + 1;
    this.#size.style.width = `${this.#gutter + fullWidth(this.#tracks)}px`;
    this.#size.style.height = `${HEAD + barHeight(extent)}px`;
    this.#rowsLayer.style.height = this.#stillLayer.style.height = `${barHeight(extent)}px`;
    this.#stillLayer.style.width = `${still}px`;
    // Columns may stand at other places now: what is chosen is columns, not places.
    const held = this.#selection && chosen && this.#placed(this.#selection, chosen);
    this.#selection = clamped(held, this.bounds());
    this.#capacity = mostColumns(this.#tracks, width - this.#gutter) + COLUMNS_AHEAD;
    this.#capacity = Math.min(this.#capacity, this.#tracks.order.length - this.#tracks.pinned);
    this.#head.hold(this.#tracks.pinned, this.#capacity, still, HEAD);
    this.#holdRows(this.#rowsReach.most);
    this.#letter = (this.#pen()?.measureText("0".repeat(100)).width ?? 0) / 100;
    if (this.#root.scrollTop !== this.#place.bar) this.#root.scrollTop = this.#place.bar;
    this.#moved = true;
    this.#drawAround();
    this.#stir();
  }

  get #rowsReach(): Reach {
    const extent = this.#extent;
    const most = Math.min(extent.rows, mostRows(extent, 0) + ROWS_AHEAD);
    return { all: { from: 0, to: extent.rows }, most, ahead: ROWS_AHEAD, near: ROWS_NEAR };
  }

  get #columnsReach(): Reach {
    const { order, pinned } = this.#tracks;
    return {
      all: { from: pinned, to: order.length },
      most: this.#capacity,
      ahead: COLUMNS_AHEAD,
      near: COLUMNS_NEAR,
    };
  }

  get #drawing(): Drawing {
    const { cells, columns, marks } = this.#options;
    return {
      cells,
      columns,
      marks,
      tracks: this.#tracks,
      width: this.#view.width,
      gutter: this.#gutter,
      letter: this.#letter,
      chosen: this.#selection,
      late: this.#late,
      layout: this.#layout,
    };
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
    this.#scrolled();
    // Asked for even where all is drawn: before the frame is shown one may have scrolled on.
    this.#ask();
    this.#stir();
  };

  /** Something happens: there is no rest yet. One timer does for many calls; it is set anew when it rings too early. */
  #stir(): void {
    this.#still = false;
    this.#rest ??= setTimeout(this.#onRest, REST_MS);
  }

  readonly #onRest = () => {
    this.#rest = undefined;
    if (!this.#still) {
      this.#still = true;
      this.#rest = setTimeout(this.#onRest, REST_MS);
      return;
    }
    const place = settled(this.#place, this.#extent);
    if (Math.abs(place.bar - this.#place.bar) >= 1) {
      this.#put(place);
      this.#root.scrollTop = place.bar;
    }
    this.#aside = false;
    this.#drawAround();
    for (const elements of this.#rows) elements.settle();
  };

  /** Cells have come: they are filled at once, or with the rows that are about to be drawn. */
  readonly #onChange = () => {
    if (!this.#changed) queueMicrotask(this.#onCome);
    this.#changed = true;
  };

  readonly #onCome = () => {
    if (this.#frame || !this.#changed || !this.#size.isConnected) return;
    this.#changed = false;
    if (this.#root.getAttribute("aria-rowcount") !== String(this.#options.cells.rows + 1)) this.#measure(true);
    else this.#fillAll();
  };

  /** Letters may have become wider or narrower. */
  readonly #onFonts = () => this.#measure(true);

  /** Takes a place. Rows stand still on the element unless the bar is shorter than they are. */
  #put(place: Place): void {
    const before = this.#place;
    if (place.top - place.bar !== before.top - before.bar) this.#moved = true;
    this.#place = place;
  }

  #ask(): void {
    if (!this.#frame) this.#frame = requestAnimationFrame(this.#onFrame);
  }

  readonly #onFrame = () => {
    this.#frame = 0;
    this.#scrolled();
    if (this.#due) this.#draw();
    this.#onCome();
  };

  /** Takes the place that was scrolled to, and asks for the cells that come into view. */
  #scrolled(): void {
    this.#put(scrolled(this.#place, this.#root.scrollTop, this.#extent));
    if (this.#reach()) this.#due = true;
  }

  /** Sees what is in view. */
  #look(): { rows: Stretch; columns: Stretch } {
    const before = { rows: this.#rowsSeen, columns: this.#columnsSeen };
    this.#left = this.#root.scrollLeft;
    this.#rowsSeen = rowsAt(this.#place, this.#extent, 0);
    this.#columnsSeen = columnsAt(this.#tracks, this.#left, this.#view.width - this.#gutter);
    return before;
  }

  /** Asks for the cells that come into view. Returns whether elements have to be put somewhere. */
  #reach(): boolean {
    const left = this.#left;
    const before = this.#look();
    if (this.#left !== left) this.#aside = true;
    const rows = ahead(this.#rowsDrawn, before.rows, this.#rowsSeen, this.#rowsReach);
    const columns = ahead(this.#columnsDrawn, before.columns, this.#columnsSeen, this.#columnsReach);
    const other = rows !== this.#rowsDrawn || columns !== this.#columnsDrawn;
    this.#rowsDrawn = rows;
    this.#columnsDrawn = columns;
    if (other) this.#want();
    return other || this.#moved || !this.#complete();
  }

  /** Whether the rows in view have the columns in view. */
  #complete(): boolean {
    const { from, to } = this.#rowsSeen;
    for (let row = from; row < to; row += 1)
      if (!this.#rowElements(row)?.has(this.#columnsSeen, this.#layout)) return false;
    return true;
  }

  /** Draws on all sides of the view. */
  #drawAround(): void {
    this.#look();
    this.#rowsDrawn = around(this.#rowsSeen, this.#rowsReach);
    this.#columnsDrawn = around(this.#columnsSeen, this.#columnsReach);
    this.#want();
    this.#draw(true);
  }

  #want(): void {
    this.#options.cells.want(this.#rowsDrawn, this.#columnsShown());
  }

  /** Puts elements where rows and columns have come into view; `everywhere` out of view, too. */
  #draw(everywhere = false): void {
    const extent = this.#extent;
    const drawing = this.#drawing;
    const [rows, columns] = [this.#rowsDrawn, this.#columnsDrawn];
    const held = this.#rows.length;
    const near = { from: this.#rowsSeen.from - 1, to: this.#rowsSeen.to + 1 };
    const fresh = everywhere || this.#aside ? columns : this.#columnsSeen;
    this.#head.draw(drawing, columns);
    for (const [slot, elements] of this.#rows.entries()) {
      const row = placeIn(rows.from, slot, held);
      if (row >= rows.to) {
        elements.hide();
        continue;
      }
      const other = row !== elements.row;
      if (other || this.#moved) elements.move(rowTop(row, this.#place, extent));
      if (other) elements.show(row, fresh, drawing);
      // A row that stays is filled only where columns have come into view.
      else if (everywhere || (row >= near.from && row < near.to && !elements.has(this.#columnsSeen, this.#layout)))
        elements.widen(columns, drawing);
    }
    this.#moved = false;
    this.#due = false;
    this.#pointToFocus();
    this.#watchWaiting();
  }

  /** The columns that are drawn, pinned ones among them. */
  #columnsShown(): number[] {
    const { order, pinned } = this.#tracks;
    return [...order.slice(0, pinned), ...order.slice(this.#columnsDrawn.from, this.#columnsDrawn.to)];
  }

  #fillAll(): void {
    const drawing = this.#drawing;
    for (const elements of this.#rows) if (elements.row >= 0) elements.fill(drawing);
    this.#watchWaiting();
    this.#stir();
  }

  /** Says of cells that are waited for that they are, once that has taken long enough to see it, until all are here. */
  #watchWaiting(): void {
    if (!this.#rows.some((elements) => elements.waits)) {
      clearTimeout(this.#lateness);
      this.#lateness = undefined;
      this.#late = false;
    } else if (!this.#late && this.#lateness === undefined)
      this.#lateness = setTimeout(() => {
        this.#lateness = undefined;
        this.#late = true;
        this.#fillAll();
      }, LATE_MS);
  }

  /** Says which element has the focus, where it is on the page. */
  #pointToFocus(): void {
    const active = this.#selection?.active;
    const element = active && this.#rowElements(active.row)?.at(active.place);
    const id = element?.id ?? null;
    if (id === this.#root.getAttribute("aria-activedescendant")) return;
    if (id) this.#root.setAttribute("aria-activedescendant", id);
    else this.#root.removeAttribute("aria-activedescendant");
  }

  /** The elements of a row, if it has any. */
  #rowElements(row: number): RowElements | undefined {
    const elements = this.#rows[row % this.#rows.length];
    return elements?.row === row ? elements : undefined;
  }

  #show(row: number, place: number): void {
    const left = scrollToColumn(this.#tracks, place, this.#root.scrollLeft, this.#view.width - this.#gutter);
    const next = showing(row, this.#place, this.#extent);
    if (left !== this.#root.scrollLeft) this.#root.scrollLeft = left;
    if (next !== this.#place) {
      this.#put(next);
      this.#root.scrollTop = next.bar;
    }
    if (this.#reach()) this.#draw();
  }
}
