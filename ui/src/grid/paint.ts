// The contents of one cell on the page: set only where they are others than before. Elements are made once and used
// again and again, for whichever row and column comes into view.

import type { CellText } from "./cells";

/** A stretch of a text; a blank one is drawn with its marks. */
export type TextPart = { blank: boolean; text: string };

/** How a text with blanks at its ends, tabs or line ends is taken apart. */
export type Marks = (text: string) => readonly TextPart[];

/** Characters of a value that are drawn in a cell; the whole is for the pane. */
const DRAWN = 400;
const marked = /^[\s\u00a0]|[\s\u00a0]$|[\t\n\r]/;

/** An element of a cell, and what it shows now. */
export class CellElement {
  readonly element: HTMLElement;
  readonly #text: Text;
  /** Place of the column that it stands for; −1 while it stands for none. */
  place = -1;
  #shown: CellText | undefined | "split" = "";
  #classes = "";
  #selected = false;

  constructor(role: string, id?: string) {
    this.element = document.createElement("div");
    this.element.setAttribute("role", role);
    if (id) this.element.id = id;
    this.#text = document.createTextNode("");
    this.element.append(this.#text);
    this.element.hidden = true;
  }

  /** Puts it where a column stands. */
  stand(place: number, ariaColumn: number, left: number, width: number): void {
    const { element } = this;
    if (place !== this.place) {
      element.setAttribute("aria-colindex", String(ariaColumn));
      element.hidden = false;
      this.place = place;
    }
    element.style.left = `${left}px`;
    element.style.width = `${width}px`;
  }

  /** Takes it off the page. */
  leave(): void {
    if (this.place === -1) return;
    this.element.hidden = true;
    this.place = -1;
  }

  /** Shows a value. */
  fill(value: CellText | undefined, classes: string, marks: Marks): void {
    const kind = value === undefined ? " waits" : value === null ? " null" : value === "" ? " is-empty" : "";
    this.dress(classes + kind);
    if (value === this.#shown) return;
    const text = value === undefined ? "" : value === null ? "NULL" : value === "" ? "empty" : cut(value);
    if (value && marked.test(text)) {
      this.element.replaceChildren(...marks(text).map(partElement));
      this.#shown = "split";
      return;
    }
    if (this.#shown === "split") this.element.replaceChildren(this.#text);
    this.#text.data = text;
    this.#shown = value;
  }

  /** Shows a text that is no value. */
  say(text: string, classes: string): void {
    this.dress(classes);
    if (this.#shown === text) return;
    if (this.#shown === "split") this.element.replaceChildren(this.#text);
    this.#text.data = text;
    this.#shown = text;
  }

  /** Says whether it is among the chosen ones. */
  select(selected: boolean): void {
    if (selected === this.#selected) return;
    this.#selected = selected;
    if (selected) this.element.setAttribute("aria-selected", "true");
    else this.element.removeAttribute("aria-selected");
  }

  /** Gives it its classes. */
  dress(classes: string): void {
    if (classes === this.#classes) return;
    this.element.className = classes;
    this.#classes = classes;
  }
}

function cut(text: string): string {
  return text.length <= DRAWN ? text : `${text.slice(0, DRAWN)}…`;
}

function partElement(part: TextPart): HTMLElement {
  const element = document.createElement("span");
  if (part.blank) element.className = "blank";
  element.textContent = part.text;
  return element;
}
