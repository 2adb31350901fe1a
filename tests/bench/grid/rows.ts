// The rows of both pages: a million of them by 300 columns, worked out from their place, so that neither page pays for
// making or keeping them.

export const ROWS = 1_000_000;
export const COLUMNS = 300;

const words = Array.from({ length: 8_192 }, (_, place) =>
  place % 5 === 0 ? `${(place * 7_919) % 1_000_003}.${place % 100}` : `value ${place.toString(36)} of ${place % 97}`,
);

/** The text of a cell; NULL now and then. */
export function valueAt(row: number, column: number): string | null {
  const mixed = Math.imul(row, 2_654_435_761) ^ Math.imul(column + 1, 40_503);
  return (mixed & 63) === 0 ? null : (words[(mixed >>> 7) & 8_191] ?? null);
}

export const columnName = (column: number): string => `column_${column}`;

export const WIDTH = 120;

/** What the driver asks of a page. */
export type BenchPage = {
  /** The element that scrolls. */
  vertical: () => HTMLElement;
  horizontal: () => HTMLElement;
  /** A text of the first row in view, to see that it did scroll. */
  seen: () => string;
};

declare global {
  interface Window {
    benchPage?: BenchPage;
    scrollBench?: (frames: number, down: number, aside: number) => Promise<{ frames: number; millis: number }>;
  }
}

/** Puts up what the driver calls: so many frames, each scrolled on by so many pixels. */
export function offer(page: BenchPage): void {
  window.scrollBench = (frames, down, aside) =>
    new Promise((done) => {
      const vertical = page.vertical();
      const horizontal = page.horizontal();
      const begun = performance.now();
      let frame = 0;
      const step = () => {
        if (frame === frames) {
          done({ frames, millis: performance.now() - begun });
          return;
        }
        frame += 1;
        if (down) vertical.scrollTop += down;
        if (aside) horizontal.scrollLeft += aside;
        requestAnimationFrame(step);
      };
      requestAnimationFrame(step);
    });
  window.benchPage = page;
}
