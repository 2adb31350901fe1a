// The page of the bench: puts up the grid that its address names, and scrolls it when the driver says so.
import type { BenchGrid } from "./rows";

// Imported when they are asked for: neither grid loads what the other one is made of.
const grids: Record<string, () => Promise<{ putUp: (root: HTMLElement) => BenchGrid }>> = {
  firn: () => import("./firn"),
  aggrid: () => import("./aggrid"),
};

/** Pixels of a frame down and aside, or its share of all rows; and after how many frames one turns back. */
type Scroll = { frames: number; down?: number; aside?: number; pull?: number; turn?: number };

declare global {
  interface Window {
    bench?: { seen: () => string; scroll: (scroll: Scroll) => Promise<number> };
  }
}

const name = location.hash.slice(1);
const root = document.querySelector<HTMLElement>("#grid");
const module = await grids[name]?.();
if (!root || !module) throw new Error(`the bench has no grid ${name}`);
const { scrolls, numbers, head } = module.putUp(root);

/** The number of the first row in view. */
function seen(): string {
  const top = scrolls().getBoundingClientRect().top + head + 18;
  const all = [...(root?.querySelectorAll<HTMLElement>(numbers) ?? [])];
  // A grid may keep elements of rows that are not drawn.
  const inView = all.filter((one) => one.checkVisibility() && one.getBoundingClientRect().bottom > top);
  const places = inView.map((one) => ({ text: one.textContent ?? "", top: one.getBoundingClientRect().top }));
  return places.toSorted((one, other) => one.top - other.top)[0]?.text.replaceAll(",", "") ?? "";
}

/** Scrolls so many frames and tells the milliseconds that they took. */
function scroll({ frames, down = 0, aside = 0, pull = 0, turn = frames }: Scroll): Promise<number> {
  return new Promise((done) => {
    const element = scrolls();
    const pulled = pull * (element.scrollHeight - element.clientHeight);
    const begun = performance.now();
    let frame = 0;
    const step = () => {
      if (frame === frames) {
        done(performance.now() - begun);
        return;
      }
      const way = Math.floor(frame / turn) % 2 === 1 ? -1 : 1;
      frame += 1;
      if (down || pulled) element.scrollTop += way * (down + pulled);
      if (aside) element.scrollLeft += way * aside;
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  });
}

window.bench = { seen, scroll };
