// From a key press to an action.

import { useEffect } from "react";
import type { ActionSpec } from "./list";
import { type ActionRegistry, useRegistry } from "./registry";

/** A key press, as far as shortcuts care. */
export type Press = { key: string; ctrlKey: boolean; metaKey: boolean; shiftKey: boolean; altKey: boolean };

/** Writes a press the way the list writes keys: `mod+Enter`, `mod+Shift+n`, `?`. */
export function pressName(press: Press): string {
  const letter = press.key.length === 1;
  const key = letter ? press.key.toLowerCase() : press.key;
  const mod = press.ctrlKey || press.metaKey;
  // Shift is part of the character itself (`?`), so it is named only beside mod or a key without one.
  const shift = press.shiftKey && (!letter || mod);
  return [mod && "mod", press.altKey && "Alt", shift && "Shift", key].filter(Boolean).join("+");
}

/** Which action a press leads to among those given. `before` is the first key of two. */
export function matchPress<A extends { spec: ActionSpec }>(
  offered: readonly A[],
  press: string,
  before: string | null,
  typing: boolean,
): A | "first of two" | null {
  const usable = offered.filter(({ spec }) => spec.keys && (!typing || spec.whileTyping));
  const wanted = before ? `${before} ${press}` : press;
  // A screen's own action goes before one that holds everywhere.
  const hits = usable.filter(({ spec }) => spec.keys === wanted);
  const hit = hits.find(({ spec }) => spec.scope !== "everywhere" && spec.scope !== "workspace") ?? hits[0];
  if (hit) return hit;
  return !before && usable.some(({ spec }) => spec.keys?.startsWith(`${press} `)) ? "first of two" : null;
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      ["TEXTAREA", "SELECT"].includes(target.tagName) ||
      (target instanceof HTMLInputElement && !["checkbox", "radio", "button"].includes(target.type)))
  );
}

const SECOND_KEY_MS = 1200;

/** Listens to keys for as long as the page stands, except while a dialog has them. */
export function useShortcuts(suspended: boolean): void {
  const registry = useRegistry();
  useEffect(() => {
    if (suspended) return;
    return listenForKeys(registry);
  }, [registry, suspended]);
}

function listenForKeys(registry: ActionRegistry): () => void {
  let before: string | null = null;
  let forget: ReturnType<typeof setTimeout> | undefined;
  const onKey = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.isComposing || ["Control", "Shift", "Alt", "Meta"].includes(event.key)) return;
    // A dialog has the keys to itself, whatever the screen below it offers.
    if (event.target instanceof Element && event.target.closest("[aria-modal='true']")) return;
    const typing = isTyping(event.target);
    if (typing && event.key === "Escape" && event.target instanceof HTMLElement) {
      event.target.blur();
      event.preventDefault();
      return;
    }
    clearTimeout(forget);
    const match = matchPress(registry.offered(), pressName(event), before, typing);
    before = null;
    if (match === "first of two") {
      before = pressName(event);
      forget = setTimeout(() => {
        before = null;
      }, SECOND_KEY_MS);
    } else if (match) {
      event.preventDefault();
      registry.run(match.id);
    }
  };
  window.addEventListener("keydown", onKey);
  return () => {
    clearTimeout(forget);
    window.removeEventListener("keydown", onKey);
  };
}
