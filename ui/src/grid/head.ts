// The head of a grid: a name over a type for each column in view, and an edge to pull.

import type { Stretch } from "./ahead";
import type { DataColumn } from "./cells";
import { type Drawing, placeIn } from "./row";
import { includes, type Selection } from "./selection";
import { widthAt } from "./tracks";

type HeadEvents = {
  onWidth(column: number, width: number): void;
  onFit(column: number): void;
  onPress(place: number): void;
};

class HeadCell {
  readonly element = document.createElement("div");
  readonly name = document.createElement("span");
  readonly type = document.createElement("span");
  readonly grip = document.createElement("span");
  place = -1;

  constructor() {
    this.element.setAttribute("role", "columnheader");
    this.element.className = "cell";
    this.element.hidden = true;
    this.name.className = "name";
    this.type.className = "type";
    this.grip.className = "grip";
    this.element.append(this.name, this.type, this.grip);
  }
}

/** What stands below a column's name: that it is of the key, and its type. */
function below(column: DataColumn): string {
  return [column.key ? "key" : "", column.type ?? ""].filter(Boolean).join(" · ");
}

/** The head row. */
export class Head {
  readonly element = document.createElement("div");
  readonly #still = document.createElement("div");
  readonly #corner = document.createElement("div");
  readonly #events: HeadEvents;
  readonly #pinned: HeadCell[] = [];
  readonly #cells: HeadCell[] = [];
  #drawing: Drawing | undefined;
  #shown: Stretch = { from: 0, to: 0 };

  constructor(id: string, events: HeadEvents) {
    this.#events = events;
    this.element.className = "head-row";
    this.element.id = `${id}h`;
    this.element.setAttribute("role", "row");
    this.element.setAttribute("aria-rowindex", "1");
    this.#still.className = "still";
    this.#still.setAttribute("role", "presentation");
    this.#corner.className = "cell number";
    this.#corner.setAttribute("role", "columnheader");
    this.#corner.setAttribute("aria-colindex", "1");
    this.#corner.textContent = "#";
    this.#corner.setAttribute("aria-label", "Row");
    this.#still.append(this.#corner);
    this.element.append(this.#still);
    this.element.addEventListener("pointerdown", this.#onDown);
    this.element.addEventListener("dblclick", this.#onTwice);
  }

  /** Makes as many elements as are needed at once. */
  hold(pinned: number, cells: number, still: number, height: number): void {
    const fit = (list: HeadCell[], most: number, parent: HTMLElement) => {
      while (list.length < most) {
        const cell = new HeadCell();
        list.push(cell);
        parent.append(cell.element);
      }
      for (const cell of list.splice(most)) cell.element.remove();
    };
    fit(this.#pinned, pinned, this.#still);
    fit(this.#cells, cells, this.element);
    this.#still.style.width = `${still}px`;
    this.element.style.height = `${height}px`;
  }

  /** Shows the columns of a stretch. */
  draw(drawing: Drawing, shown: Stretch): void {
    const anew = drawing.layout !== this.#drawing?.layout;
    if (!anew && shown.from === this.#shown.from && shown.to === this.#shown.to) return;
    this.#drawing = drawing;
    this.#shown = shown;
    this.#corner.style.width = `${drawing.gutter}px`;
    if (anew) for (const [place, cell] of this.#pinned.entries()) this.#put(cell, place, drawing);
    const held = this.#cells.length;
    for (const [slot, cell] of this.#cells.entries()) {
      const place = placeIn(shown.from, slot, held);
      if (place < shown.to) {
        if (anew || cell.place !== place) this.#put(cell, place, drawing);
      } else if (cell.place !== -1) {
        cell.element.hidden = true;
        cell.place = -1;
      }
    }
    this.choose(drawing.chosen);
  }

  /** Marks the columns of what is chosen. */
  choose(selection: Selection | null): void {
    for (const cell of [...this.#pinned, ...this.#cells]) {
      const chosen = cell.place >= 0 && selection !== null && includes(selection, selection.active.row, cell.place);
      cell.element.classList.toggle("chosen", chosen);
    }
  }

  /** Pixels that a column's name and type take. */
  widthOf(column: DataColumn, pen: CanvasRenderingContext2D): number {
    const widths = [this.#cells[0]?.name, this.#cells[0]?.type].map((element, line) => {
      if (!element) return 0;
      const style = getComputedStyle(element);
      pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
      return pen.measureText(line === 0 ? column.name : below(column)).width;
    });
    return Math.max(...widths);
  }

  #put(cell: HeadCell, place: number, { columns, tracks, gutter }: Drawing): void {
    const column = columns[tracks.order[place] ?? -1];
    if (!column) return;
    cell.place = place;
    const { element } = cell;
    element.hidden = false;
    element.setAttribute("aria-colindex", String(place + 2));
    element.style.left = `${gutter + (tracks.starts[place] ?? 0)}px`;
    element.style.width = `${widthAt(tracks, place)}px`;
    element.className = `cell${column.end ? " end" : ""}${column.key ? " keyed" : ""}`;
    element.title = [column.name, column.type, column.key ? "key" : ""].filter(Boolean).join(" · ");
    cell.name.textContent = column.name;
    cell.type.textContent = below(column);
  }

  #columnOf(cell: HeadCell | undefined): number | undefined {
    return cell && this.#drawing?.tracks.order[cell.place];
  }

  #cellOf(target: EventTarget | null): HeadCell | undefined {
    const element = target instanceof Element ? target.closest<HTMLElement>(".cell") : null;
    return [...this.#pinned, ...this.#cells].find((cell) => cell.element === element);
  }

  readonly #onDown = (event: PointerEvent) => {
    const cell = this.#cellOf(event.target);
    const column = this.#columnOf(cell);
    if (event.button !== 0 || !cell || column === undefined) return;
    if (event.target !== cell.grip) {
      this.#events.onPress(cell.place);
      return;
    }
    event.preventDefault();
    const from = event.clientX;
    const width = this.#drawing ? widthAt(this.#drawing.tracks, cell.place) : 0;
    cell.grip.setPointerCapture(event.pointerId);
    const move = (moved: PointerEvent) => this.#events.onWidth(column, width + moved.clientX - from);
    const end = () => {
      cell.grip.removeEventListener("pointermove", move);
      cell.grip.removeEventListener("pointerup", end);
      cell.grip.removeEventListener("pointercancel", end);
    };
    cell.grip.addEventListener("pointermove", move);
    cell.grip.addEventListener("pointerup", end);
    cell.grip.addEventListener("pointercancel", end);
  };

  readonly #onTwice = (event: MouseEvent) => {
    const cell = this.#cellOf(event.target);
    const column = this.#columnOf(cell);
    if (cell && column !== undefined && event.target === cell.grip) this.#events.onFit(column);
  };
}
