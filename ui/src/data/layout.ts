// The sizes of panes and whether the drawer is out: what a person has arranged. The host keeps it for the next start.

import { useSyncExternalStore } from "react";
import type { Host } from "../host";

/** A pane whose size can be changed. `folded` is the inspector's height where it stands below the list. */
export type PaneName = "rail" | "list" | "form" | "inspector" | "folded" | "drawer";

/** The size of a pane in pixels: at first, at least, at most; and the edge that is pulled. */
export type PaneSpec = { usual: number; least: number; most: number; edge: "left" | "right" | "top" };

/** Every pane. */
export const paneSpecs: Record<PaneName, PaneSpec> = {
  rail: { usual: 184, least: 148, most: 340, edge: "right" },
  list: { usual: 248, least: 168, most: 480, edge: "right" },
  form: { usual: 424, least: 340, most: 720, edge: "right" },
  inspector: { usual: 424, least: 280, most: 960, edge: "left" },
  folded: { usual: 320, least: 120, most: 720, edge: "top" },
  drawer: { usual: 232, least: 112, most: 720, edge: "top" },
};

const panes = Object.keys(paneSpecs) as PaneName[];

/** The name under which it is kept whether the drawer is out: 1, or absent. */
const OUT = "drawer_out";

/** How long a size has to stay before it is kept: an edge that is pulled passes many. */
const SETTLED_MS = 400;

/** A size within what its pane allows, in whole pixels. */
export function within(pane: PaneName, size: number): number {
  const { least, most } = paneSpecs[pane];
  return Math.round(Math.min(most, Math.max(least, size)));
}

/** What a person has arranged. One for the life of the page. */
export class Layout {
  #sizes: Readonly<Record<string, number>> = {};
  readonly #watchers = new Set<() => void>();
  readonly #keep: (sizes: Readonly<Record<string, number>>) => void;
  #settling: ReturnType<typeof setTimeout> | undefined;

  /** `keep` is handed every arrangement that has settled. */
  constructor(keep: (sizes: Readonly<Record<string, number>>) => void) {
    this.#keep = keep;
  }

  /** Takes what was kept; names and sizes that no pane has are left where they are. */
  restore(sizes: Readonly<Record<string, number | undefined>>): void {
    const known = panes.flatMap((pane) => {
      const size = sizes[pane];
      return size === undefined || !Number.isFinite(size) ? [] : [[pane, within(pane, size)] as const];
    });
    this.#sizes = { ...Object.fromEntries(known), ...(sizes[OUT] === 1 ? { [OUT]: 1 } : {}) };
    this.#changed();
  }

  /** The size of a pane. */
  size = (pane: PaneName): number => this.#sizes[pane] ?? paneSpecs[pane].usual;

  /** Whether any pane has another size than its usual one. */
  arranged = (): boolean => panes.some((pane) => this.size(pane) !== paneSpecs[pane].usual);

  /** Whether the drawer is out. */
  drawer = (): boolean => this.#sizes[OUT] === 1;

  /** Gives a pane a size; null gives it its usual one. */
  resize(pane: PaneName, size: number | null): void {
    this.#set(pane, size === null ? null : within(pane, size));
  }

  /** Gives every pane its usual size. */
  reset(): void {
    for (const pane of panes) this.resize(pane, null);
  }

  /** Brings the drawer out, or puts it away. */
  setDrawer(out: boolean): void {
    this.#set(OUT, out ? 1 : null);
  }

  /** Hears every change; returns what ends it. */
  watch = (changed: () => void): (() => void) => {
    this.#watchers.add(changed);
    return () => this.#watchers.delete(changed);
  };

  #set(name: string, size: number | null): void {
    const { [name]: before, ...others } = this.#sizes;
    if ((before ?? null) === size) return;
    this.#sizes = size === null ? others : { ...others, [name]: size };
    this.#changed();
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => this.#keep(this.#sizes), SETTLED_MS);
  }

  #changed(): void {
    for (const changed of this.#watchers) changed();
  }
}

let keep: (sizes: Readonly<Record<string, number>>) => void = () => undefined;

/** The layout of this page. */
export const layout = new Layout((sizes) => keep(sizes));

/** Writes the sizes where the style sheets read them, now and with every change, and lets the host keep them. */
export function beginLayout(host: Host, root: HTMLElement): void {
  // A size that is not kept is lost with the page, and nothing else: that is not worth a word to the person.
  keep = (sizes) => void host.call("layout_save", { sizes: { ...sizes } }).catch(() => undefined);
  const show = () => {
    for (const pane of panes) root.style.setProperty(`--pane-${pane}`, `${layout.size(pane)}px`);
  };
  layout.watch(show);
  show();
}

/** The size of a pane, kept up to date. */
export function usePaneSize(pane: PaneName): number {
  return useSyncExternalStore(layout.watch, () => layout.size(pane));
}

/** Whether any pane was given another size, kept up to date. */
export function useArranged(): boolean {
  return useSyncExternalStore(layout.watch, layout.arranged);
}

/** Whether the drawer is out, kept up to date. */
export function useDrawer(): boolean {
  return useSyncExternalStore(layout.watch, layout.drawer);
}

const narrow = typeof window === "undefined" ? null : window.matchMedia("(max-width: 1180px)");

/** Whether the window is so narrow that inspectors stand below their lists. */
export function useFolded(): boolean {
  return useSyncExternalStore(
    (changed) => {
      narrow?.addEventListener("change", changed);
      return () => narrow?.removeEventListener("change", changed);
    },
    () => narrow?.matches ?? false,
  );
}
