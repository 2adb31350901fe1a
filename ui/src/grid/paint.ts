// The contents of one cell on the page: set only where they are others than before. Elements are made once and used
// again and again, for whichever row and column comes into view.

import type { CellText, TextPart } from "./cells";

/** How a text with blanks at its ends, tabs or line ends is taken apart. */
export type Marks = (text: string) => readonly TextPart[];

/** Characters of a value that are read out and, at most, drawn in a cell; the whole is for the pane. */
const DRAWN = 400;
/** Pixels at the sides of a cell's text, as in the style sheet. */
const SIDES = 16;
const marked = /^[\s\u00a0]|[\s\u00a0]$|[\t\n\r]/;
/** Characters that are as wide as each other, and run to the right. */
const even = /^[\x20-\x7e]*$/;

/** An element of a cell, and what it shows now. */
export class CellElement {
  readonly element: HTMLElement;
  readonly #text: Text;
  /** Place of the column that it stands for; −1 while it stands for none. */
  place = -1;
  #hidden = true;
  #left = Number.NaN;
  #width = Number.NaN;
  /** Characters that there is room for; 0 where that is not known. */
  #room = 0;
  /** The value that it shows; undefined while it shows none, or one that has to be drawn anew. */
  #shown: CellText | undefined = undefined;
  #said: string | undefined = "";
  /** Whether it shows a text in parts, and which ones it was given. */
  #inParts = false;
  #given: readonly TextPart[] | undefined;
  #clips = false;
  /** The whole of a text of which it shows what there is room for. */
  #cut: string | undefined = undefined;
  #classes = "cell";
  #selected = false;

  constructor(role: string, id?: string) {
    this.element = document.createElement("div");
    this.element.setAttribute("role", role);
    // Before it shows anything: how wide its letters are is measured then.
    this.element.className = this.#classes;
    if (id) this.element.id = id;
    this.#text = document.createTextNode("");
    this.element.append(this.#text);
    this.element.hidden = true;
  }

  /** Puts it where the column at a place stands; `letter` is the width of a character, 0 where it is not known. */
  stand(place: number, left: number, width: number, letter: number): void {
    const { element } = this;
    if (place !== this.place) {
      // The number of a row stands at no place; the first place is the second column to whoever reads the page.
      if (place >= 0) element.setAttribute("aria-colindex", String(place + 2));
      this.place = place;
    }
    if (this.#hidden) {
      element.hidden = false;
      this.#hidden = false;
    }
    if (left !== this.#left) {
      element.style.left = `${left}px`;
      this.#left = left;
    }
    if (width !== this.#width) {
      element.style.width = `${width}px`;
      this.#width = width;
    }
    const room = letter > 0 ? Math.floor((width - SIDES) / letter) : 0;
    // Whether what is shown has to be cut has to be seen anew.
    if (room === this.#room) return;
    this.#room = room;
    this.#shown = undefined;
  }

  /** Takes it off the page. */
  leave(): void {
    if (this.#hidden) return;
    this.element.hidden = true;
    this.#hidden = true;
    this.place = -1;
  }

  /** Shows a value, in parts where there are some. */
  fill(value: CellText, classes: string, marks: Marks, parts?: readonly TextPart[]): void {
    if (value !== this.#shown || parts !== this.#given) {
      const text = value === null ? "NULL" : value === "" ? "empty" : cut(value);
      if (parts) this.#putParts(parts);
      else if (value && marked.test(text)) this.#putParts(marks(text));
      else this.#put(text);
      this.#shown = value;
      this.#given = parts;
      this.#said = undefined;
    }
    const kind = parts ? "" : value === null ? " null" : value === "" ? " is-empty" : "";
    this.#wear(classes + kind + (this.#clips ? " clips" : ""));
  }

  /** Shows a text that is no value. */
  say(text: string, classes: string): void {
    if (text !== this.#said) {
      this.#put(text);
      this.#said = text;
      this.#shown = undefined;
    }
    this.#wear(classes);
  }

  /** Says whether it is among the chosen ones. */
  select(selected: boolean): void {
    if (selected === this.#selected) return;
    this.#selected = selected;
    if (selected) this.element.setAttribute("aria-selected", "true");
    else this.element.removeAttribute("aria-selected");
  }

  /**
   * Shows the whole of a text that was cut, with a clip of its own in the place of the cut: what can be read out and found
   * is all of it.
   */
  settle(): void {
    const text = this.#cut;
    if (text === undefined) return;
    this.#cut = undefined;
    this.#text.data = text;
    this.#clips = true;
    this.#wear(`${this.#classes} clips`);
  }

  /**
   * Puts a text. A clip of its own makes a cell several times as dear to paint. Where all characters are as wide as each
   * other it can do without: what there is room for is known, and the rest is left out until there is rest.
   */
  #put(text: string): void {
    if (this.#inParts) this.element.replaceChildren(this.#text);
    this.#inParts = false;
    this.#clips = !even.test(text) || this.#room === 0;
    this.#cut = this.#clips || text.length <= this.#room ? undefined : text;
    this.#text.data = this.#cut === undefined ? text : `${text.slice(0, this.#room - 1)}…`;
  }

  #putParts(parts: readonly TextPart[]): void {
    this.element.replaceChildren(...parts.map(partElement));
    this.#inParts = true;
    this.#clips = true;
    this.#cut = undefined;
  }

  #wear(classes: string): void {
    if (classes === this.#classes) return;
    this.element.className = classes;
    this.#classes = classes;
  }
}

function cut(text: string): string {
  return text.length <= DRAWN ? text : `${text.slice(0, DRAWN)}…`;
}

function partElement(part: TextPart): HTMLElement {
  const text = document.createElement("span");
  if (part.blank) text.className = "blank";
  text.textContent = part.text;
  if (!part.changed) return text;
  const mark = document.createElement("mark");
  mark.className = "changed";
  mark.append(text);
  return mark;
}
