// Keys and the mouse of a grid: what they mean, told to whoever draws it.

import { type Bounds, type Cell, everything, pressed, type Selection } from "./selection";

/** What a grid lets its input know and do. */
export interface Steered {
  readonly selection: Selection | null;
  bounds(): Bounds;
  /** The cell under the pointer, or the nearest one; null where there is none. */
  cellAt(event: MouseEvent): Cell | null;
  select(selection: Selection | null, tell?: boolean, show?: boolean): void;
  widenFocused(steps: number): void;
  focus(): void;
  open(selection: Selection): void;
  copy(selection: Selection): void;
}

const inBody = (target: EventTarget | null): Element | null =>
  target instanceof Element && target.closest(".body") ? target : null;

/** Lets keys and the mouse steer a grid. Returns what ends that. */
export function steer(root: HTMLElement, grid: Steered): () => void {
  const onKey = (event: KeyboardEvent) => {
    if (keyed(event, grid)) event.preventDefault();
  };
  let endDrag: () => void = () => undefined;
  const onDown = (event: MouseEvent) => {
    const target = inBody(event.target);
    const cell = event.button === 0 && target ? grid.cellAt(event) : null;
    if (!cell) return;
    event.preventDefault();
    grid.focus();
    const wholeRow = target?.closest(".number") !== null;
    const last = grid.bounds().places - 1;
    const active = wholeRow ? { row: cell.row, place: 0 } : cell;
    const anchor = wholeRow ? { row: cell.row, place: last } : cell;
    grid.select({ anchor: event.shiftKey && grid.selection ? grid.selection.anchor : anchor, active });
    if (wholeRow) return;
    const move = (moved: MouseEvent) => {
      const to = grid.cellAt(moved);
      if (to && grid.selection) grid.select({ anchor: grid.selection.anchor, active: to });
    };
    endDrag();
    endDrag = () => {
      window.removeEventListener("mousemove", move);
      window.removeEventListener("mouseup", endDrag);
    };
    window.addEventListener("mousemove", move);
    window.addEventListener("mouseup", endDrag);
  };
  const onTwice = (event: MouseEvent) => {
    if (grid.selection && inBody(event.target)) grid.open(grid.selection);
  };
  root.addEventListener("keydown", onKey);
  root.addEventListener("mousedown", onDown);
  root.addEventListener("dblclick", onTwice);
  return () => {
    endDrag();
    root.removeEventListener("keydown", onKey);
    root.removeEventListener("mousedown", onDown);
    root.removeEventListener("dblclick", onTwice);
  };
}

/** Does what a key asks for; false for keys that ask for nothing. */
function keyed(event: KeyboardEvent, grid: Steered): boolean {
  const mod = event.ctrlKey || event.metaKey;
  if (event.altKey && !mod && !event.shiftKey) {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return false;
    grid.widenFocused(event.key === "ArrowRight" ? 1 : -1);
    return true;
  }
  if (event.altKey) return false;
  const letter = event.key.toLowerCase();
  const { selection } = grid;
  if (mod && letter === "a") grid.select(everything(selection, grid.bounds()), true, false);
  else if (mod && letter === "c" && selection) grid.copy(selection);
  else if (event.key === "Enter" && !mod && selection) grid.open(selection);
  else {
    const next = pressed(selection, { key: event.key, shiftKey: event.shiftKey, mod }, grid.bounds());
    if (!next) return false;
    grid.select(next);
  }
  return true;
}
