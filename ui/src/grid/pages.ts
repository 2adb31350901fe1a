// Cells that come in pages of rows by columns, fetched when they come into view, given up when they are scrolled past,
// and kept as long as there is room.

import type { CellText, GridCells } from "./cells";
import type { RowRange } from "./window";

/** Cells of a page; rows and columns counted from the page's first. */
export interface PageCells {
  cell(row: number, column: number): CellText;
  /** Whether the row is not there any more. */
  gone?(row: number): boolean;
  /** What it takes to keep, in bytes. */
  readonly bytes: number;
}

/** What is asked for: whole pages, but for the last rows and columns. */
export type PageAsk = { rows: RowRange; columns: { from: number; to: number }; signal: AbortSignal };

export type PagedOptions = {
  rows: number;
  columns: number;
  fetch: (ask: PageAsk) => Promise<PageCells>;
  /** Rows of a page. */
  pageRows?: number;
  /** Columns of a page. */
  pageColumns?: number;
  /** Bytes that are kept beyond what is in view. */
  keep?: number;
  /** Pages that are fetched at once. */
  atOnce?: number;
  /** Fetches whole values where pages carry long ones cut off, and after how many characters they do: for copying. */
  whole?: { after: number; fetch: (ask: PageAsk) => Promise<PageCells> };
};

/** A page that is here, on its way, or was refused. */
type Entry = { page: PageCells } | { coming: AbortController } | { failure: unknown };

const KEEP = 48 << 20;

/** Cells in pages. */
export class PagedCells implements GridCells {
  #rows: number;
  readonly #columns: number;
  readonly #fetch: PagedOptions["fetch"];
  readonly #pageRows: number;
  readonly #pageColumns: number;
  readonly #keep: number;
  readonly #atOnce: number;
  readonly #whole: PagedOptions["whole"];
  /** By key, the longest unused first. */
  readonly #pages = new Map<number, Entry>();
  readonly #watchers = new Set<() => void>();
  #wanted: readonly number[] = [];
  #bytes = 0;
  #coming = 0;
  /** Pages that a reader waits for; they are not given up when they leave the view. */
  readonly #reading = new Map<number, number>();

  constructor(options: PagedOptions) {
    this.#rows = options.rows;
    this.#columns = options.columns;
    this.#fetch = options.fetch;
    this.#pageRows = options.pageRows ?? 256;
    this.#pageColumns = options.pageColumns ?? 32;
    this.#keep = options.keep ?? KEEP;
    this.#atOnce = options.atOnce ?? 3;
    this.#whole = options.whole;
  }

  get rows(): number {
    return this.#rows;
  }

  /** Bytes kept now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** More rows have become known; the ones that are here stay. */
  grow(rows: number): void {
    if (rows === this.#rows) return;
    // The last page may have been a short one.
    for (const key of [...this.#pages.keys()])
      if (Math.floor(key / this.#across) === Math.floor((this.#rows - 1) / this.#pageRows)) this.#drop(key);
    this.#rows = rows;
    this.#next();
    this.#changed();
  }

  /** What the newest failed page failed with, among those in view; undefined where none did. */
  get failure(): unknown {
    for (const key of this.#wanted) {
      const entry = this.#pages.get(key);
      if (entry && "failure" in entry) return entry.failure;
    }
    return undefined;
  }

  /** Asks again for what failed. */
  again(): void {
    for (const [key, entry] of [...this.#pages]) if ("failure" in entry) this.#pages.delete(key);
    this.#next();
    this.#changed();
  }

  cell(row: number, column: number): CellText | undefined {
    const entry = this.#pages.get(this.#keyOf(row, column));
    return entry && "page" in entry ? entry.page.cell(row % this.#pageRows, column % this.#pageColumns) : undefined;
  }

  gone(row: number): boolean {
    for (const key of this.#wanted) {
      if (Math.floor(key / this.#across) !== Math.floor(row / this.#pageRows)) continue;
      const entry = this.#pages.get(key);
      if (entry && "page" in entry) return entry.page.gone?.(row % this.#pageRows) ?? false;
    }
    return false;
  }

  want(rows: RowRange, columns: readonly number[]): void {
    const wanted = this.#keysOf(rows, columns);
    if (wanted.length === this.#wanted.length && wanted.every((key, place) => key === this.#wanted[place])) return;
    this.#wanted = wanted;
    const needed = new Set(wanted);
    for (const [key, entry] of [...this.#pages]) {
      if (!("coming" in entry) || needed.has(key) || this.#reading.has(key)) continue;
      this.#drop(key);
      entry.coming.abort();
    }
    for (const key of wanted) {
      // What is in view is used: it goes to the end.
      const entry = this.#pages.get(key);
      if (!entry) continue;
      this.#pages.delete(key);
      this.#pages.set(key, entry);
    }
    this.#next();
    this.#evict();
  }

  async read(rows: RowRange, columns: readonly number[]): Promise<CellText[][]> {
    const lines: CellText[][] = [];
    // Page by page, so that a large block does not have to be kept as a whole.
    for (let from = rows.from; from < rows.to;) {
      const to = Math.min(rows.to, (Math.floor(from / this.#pageRows) + 1) * this.#pageRows);
      const keys = this.#keysOf({ from, to }, columns);
      const pages = new Map<number, PageCells>();
      await Promise.all(keys.map(async (key) => pages.set(key, await this.#page(key))));
      for (let row = from; row < to; row += 1) {
        const line: CellText[] = [];
        for (const column of columns) {
          const page = pages.get(this.#keyOf(row, column));
          const value = page?.cell(row % this.#pageRows, column % this.#pageColumns) ?? null;
          line.push(this.isCut(value) ? await this.#wholeValue(row, column) : value);
        }
        lines.push(line);
      }
      from = to;
    }
    return lines;
  }

  isCut(value: CellText): boolean {
    return this.#whole !== undefined && value !== null && value.length > this.#whole.after;
  }

  watch(changed: () => void): () => void {
    this.#watchers.add(changed);
    return () => this.#watchers.delete(changed);
  }

  /** Gives up whatever is on its way. */
  close(): void {
    this.#wanted = [];
    for (const [key, entry] of [...this.#pages]) {
      this.#drop(key);
      if ("coming" in entry) entry.coming.abort();
    }
  }

  get #across(): number {
    return Math.max(1, Math.ceil(this.#columns / this.#pageColumns));
  }

  #keyOf(row: number, column: number): number {
    return Math.floor(row / this.#pageRows) * this.#across + Math.floor(column / this.#pageColumns);
  }

  #keysOf(rows: RowRange, columns: readonly number[]): number[] {
    const across = [...new Set(columns.map((column) => Math.floor(column / this.#pageColumns)))];
    const keys: number[] = [];
    const last = Math.floor((Math.min(rows.to, this.#rows) - 1) / this.#pageRows);
    for (let down = Math.floor(rows.from / this.#pageRows); down <= last; down += 1)
      for (const column of across) keys.push(down * this.#across + column);
    return keys;
  }

  /** Fetches the next pages that are wanted and not here. */
  #next(): void {
    for (const key of this.#wanted) {
      if (this.#coming >= this.#atOnce) return;
      if (!this.#pages.has(key)) this.#ask(key).catch(() => undefined);
    }
  }

  async #wholeValue(row: number, column: number): Promise<CellText> {
    const ask = { rows: { from: row, to: row + 1 }, columns: { from: column, to: column + 1 } };
    const page = await this.#whole?.fetch({ ...ask, signal: new AbortController().signal });
    return page?.cell(0, 0) ?? null;
  }

  async #page(key: number): Promise<PageCells> {
    const entry = this.#pages.get(key);
    if (entry && "page" in entry) return entry.page;
    // One that is on its way for the view may be given up with it; whoever reads asks for itself.
    this.#reading.set(key, (this.#reading.get(key) ?? 0) + 1);
    try {
      return await this.#ask(key);
    } finally {
      const readers = (this.#reading.get(key) ?? 1) - 1;
      if (readers > 0) this.#reading.set(key, readers);
      else this.#reading.delete(key);
    }
  }

  async #ask(key: number): Promise<PageCells> {
    const down = Math.floor(key / this.#across) * this.#pageRows;
    const across = (key % this.#across) * this.#pageColumns;
    const known = this.#pages.get(key);
    if (known && "coming" in known) this.#coming -= 1;
    const coming = new AbortController();
    const entry: Entry = { coming };
    this.#pages.set(key, entry);
    this.#coming += 1;
    const mine = () => this.#pages.get(key) === entry;
    try {
      const page = await this.#fetch({
        rows: { from: down, to: Math.min(this.#rows, down + this.#pageRows) },
        columns: { from: across, to: Math.min(this.#columns, across + this.#pageColumns) },
        signal: coming.signal,
      });
      if (mine()) {
        this.#coming -= 1;
        this.#pages.delete(key);
        this.#pages.set(key, { page });
        this.#bytes += page.bytes;
        this.#evict();
      }
      return page;
    } catch (failure) {
      if (mine()) {
        this.#coming -= 1;
        this.#pages.set(key, { failure });
      }
      throw failure;
    } finally {
      this.#next();
      this.#changed();
    }
  }

  #drop(key: number): void {
    const entry = this.#pages.get(key);
    if (!entry) return;
    if ("coming" in entry) this.#coming -= 1;
    if ("page" in entry) this.#bytes -= entry.page.bytes;
    this.#pages.delete(key);
  }

  /** Drops the longest unused pages beyond what may be kept; never one in view. */
  #evict(): void {
    if (this.#bytes <= this.#keep) return;
    const needed = new Set(this.#wanted);
    for (const [key, entry] of [...this.#pages]) {
      if (this.#bytes <= this.#keep) return;
      if ("page" in entry && !needed.has(key)) this.#drop(key);
    }
  }

  #changed(): void {
    for (const changed of this.#watchers) changed();
  }
}
