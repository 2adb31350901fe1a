// How close rows stand: pieces that reckon with the height of a row have to know what the style sheet knows.

import { useSyncExternalStore } from "react";

/** The height of a row of a list in pixels, as tokens.css has it for each density. */
const heights: Record<string, number> = { compact: 28, roomy: 34 };

function watch(changed: () => void): () => void {
  const seen = new MutationObserver(changed);
  seen.observe(document.documentElement, { attributeFilter: ["data-density"] });
  return () => seen.disconnect();
}

/** The height of a row in pixels, kept up to date. */
export function useRowHeight(): number {
  return useSyncExternalStore(watch, () => heights[document.documentElement.dataset.density ?? "compact"] ?? 28);
}
