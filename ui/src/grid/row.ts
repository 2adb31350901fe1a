// A row on the page: two elements, one that scrolls to the side and one that does not, and their cells. They are made
// once, and moved and filled anew for whichever row comes into view.

import { covers, type Stretch } from "./ahead";
import type { DataColumn, GridCells } from "./cells";
import { CellElement, type Marks } from "./paint";
import { includes, type Selection } from "./selection";
import { type Tracks, widthAt } from "./tracks";

/** What rows are drawn by. */
export type Drawing = {
  cells: GridCells;
  columns: readonly DataColumn[];
  marks: Marks;
  tracks: Tracks;
  /** Pixels of the view. */
  width: number;
  /** Pixels of the row's number. */
  gutter: number;
  /** Pixels of a character of a value. */
  letter: number;
  chosen: Selection | null;
  /** Whether cells that are not here have been waited for long enough to say so. */
  late: boolean;
  /** Counts how often columns were laid out: cells out of view take their new places when they are needed. */
  layout: number;
};

/** The number of a row as people count, from 1, in groups of three digits. */
export function rowNumber(row: number): string {
  return String(row + 1).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** The one of a ring's places that an element stands for: the one of its number's remainder. */
export function placeIn(from: number, slot: number, held: number): number {
  return from + ((((slot - from) % held) + held) % held);
}

/** The elements of a row. */
export class RowElements {
  readonly scrolling = document.createElement("div");
  readonly still = document.createElement("div");
  readonly #number: CellElement;
  readonly #pinned: CellElement[] = [];
  readonly #cells: CellElement[] = [];
  #row = -1;
  #top = Number.NaN;
  #width = Number.NaN;
  #layout = -1;
  #stands: Stretch = { from: 0, to: 0 };
  #waits = false;

  constructor(private readonly id: string) {
    // Two elements make a row: both are one to whoever reads the page aloud, by their number.
    for (const element of [this.scrolling, this.still]) {
      element.className = "row";
      element.setAttribute("role", "row");
      element.hidden = true;
    }
    this.#number = new CellElement("rowheader", `${id}n`);
    this.#number.element.setAttribute("aria-colindex", "1");
    this.still.append(this.#number.element);
  }

  /** The row that it stands for; −1 while it stands for none. */
  get row(): number {
    return this.#row;
  }

  /** Whether it has cells that were not here when it was filled. */
  get waits(): boolean {
    return this.#row >= 0 && this.#waits;
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
    fit(this.#pinned, pinned, this.still, "p");
    fit(this.#cells, cells, this.scrolling, "c");
  }

  /** Takes it off the page. */
  hide(): void {
    if (this.#row < 0) return;
    this.#row = -1;
    this.scrolling.hidden = true;
    this.still.hidden = true;
  }

  /** Puts it where it stands. */
  move(top: number): void {
    if (top === this.#top) return;
    this.#top = top;
    this.scrolling.style.top = `${top}px`;
    this.still.style.top = `${top}px`;
  }

  /** Shows a row, with its columns of a stretch. */
  show(row: number, columns: Stretch, drawing: Drawing): void {
    if (this.#row < 0) {
      this.scrolling.hidden = false;
      this.still.hidden = false;
    }
    if (row !== this.#row) {
      this.#row = row;
      const index = String(row + 2);
      this.scrolling.setAttribute("aria-rowindex", index);
      this.still.setAttribute("aria-rowindex", index);
    }
    this.#stand(columns, drawing, false);
    this.fill(drawing);
  }

  /** Whether it has the columns of a stretch. */
  has(columns: Stretch, layout: number): boolean {
    return this.#layout === layout && covers(this.#stands, columns);
  }

  /** Shows more columns of the row that it stands for. */
  widen(columns: Stretch, drawing: Drawing): void {
    const anew = this.#layout !== drawing.layout;
    this.#stand(columns, drawing, !anew);
    if (anew) this.fill(drawing);
  }

  /** Puts cells where columns stand, and fills those that have come. */
  #stand(columns: Stretch, drawing: Drawing, fill: boolean): void {
    const { tracks, gutter, letter, layout } = drawing;
    const anew = this.#layout !== layout;
    if (!anew && this.#stands.from === columns.from && this.#stands.to === columns.to) return;
    this.#layout = layout;
    this.#stands = columns;
    // No wider than what is drawn: a row that moves makes all of the page anew that it stood on.
    const width = Math.max(drawing.width, gutter + (tracks.starts[columns.to] ?? 0));
    if (width !== this.#width) this.scrolling.style.width = `${width}px`;
    this.#width = width;
    const gone = fill && (drawing.cells.gone?.(this.#row) ?? false);
    const stand = (cell: CellElement, place: number) => {
      cell.stand(place, gutter + (tracks.starts[place] ?? 0), widthAt(tracks, place), letter);
      if (fill) this.#fillCell(cell, gone, drawing);
    };
    if (anew) {
      this.#number.stand(-1, 0, gutter, 0);
      for (const [place, cell] of this.#pinned.entries()) stand(cell, place);
    }
    const held = this.#cells.length;
    for (const [slot, cell] of this.#cells.entries()) {
      const place = placeIn(columns.from, slot, held);
      if (place >= columns.to) cell.leave();
      else if (anew || cell.place !== place) stand(cell, place);
    }
  }

  /** Shows what its cells have now. */
  fill(drawing: Drawing): void {
    const { chosen } = drawing;
    this.#waits = false;
    const gone = drawing.cells.gone?.(this.#row) ?? false;
    const inBlock = chosen !== null && includes(chosen, this.#row, chosen.active.place);
    this.#number.say(rowNumber(this.#row), inBlock ? "cell number chosen" : "cell number");
    for (const cell of this.#pinned) this.#fillCell(cell, gone, drawing);
    for (const cell of this.#cells) if (cell.place >= 0) this.#fillCell(cell, gone, drawing);
  }

  /** Shows whole texts in the place of what there was room for. */
  settle(): void {
    for (const cell of this.#pinned) cell.settle();
    for (const cell of this.#cells) if (cell.place >= 0) cell.settle();
  }

  #fillCell(cell: CellElement, gone: boolean, drawing: Drawing): void {
    const { cells, columns, chosen, tracks } = drawing;
    const { place } = cell;
    const row = this.#row;
    const column = tracks.order[place] ?? 0;
    let classes = columns[column]?.end ? "cell end" : "cell";
    const tint = cells.tint?.(row, column);
    if (tint) classes += ` ${tint}`;
    const selected = chosen !== null && includes(chosen, row, place);
    if (selected) classes += chosen.active.row === row && chosen.active.place === place ? " active" : " chosen";
    cell.select(selected);
    if (gone) {
      cell.say("", `${classes} gone`);
      return;
    }
    const value = cells.cell(row, column);
    if (value !== undefined) cell.fill(value, classes, drawing.marks, cells.parts?.(row, column));
    else {
      this.#waits = true;
      cell.say("", drawing.late ? `${classes} waits` : classes);
    }
  }

  /** The element of the cell at a place, if it has one. */
  at(place: number): HTMLElement | undefined {
    const stands = (cell: CellElement) => cell.place === place;
    return (this.#pinned.find(stands) ?? this.#cells.find(stands))?.element;
  }

  /** The element of some cell, to ask how cells look. */
  get sample(): HTMLElement | undefined {
    return this.#cells[0]?.element ?? this.#pinned[0]?.element;
  }
}
