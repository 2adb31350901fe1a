// Rejected rows as cells of a grid: what is known of each line at once, and its values as they come.

import { count, shortType, when } from "../../data/format";
import { causeTitle, keyText, resolvedWord } from "../../data/rejected";
import type { CellText, DataColumn, GridCells } from "../../grid/cells";
import type { RowRange } from "../../grid/window";
import type { Host, RejectedColumnView, RejectedLineView, RejectedValues } from "../../host";

/** Rows whose values are fetched at once. */
const STRETCH = 100;
/** Rows whose values are kept. */
const KEPT = 2_000;
/** What stands in the place of a value that is not kept. */
const NOT_KEPT = "not kept";

/** Values of rejected rows, fetched when they come into view. */
export class RejectedStore {
  readonly #values = new Map<string, RejectedValues["values"]>();
  readonly #watchers = new Set<() => void>();
  #wanted: readonly string[] = [];
  #busy = false;
  #closed = false;
  /** Why the last ones were not read. */
  failure: unknown = undefined;

  constructor(
    private readonly host: Host,
    private readonly folder: string,
  ) {}

  /** Rows whose values are kept now. */
  get size(): number {
    return this.#values.size;
  }

  /** The values of a row: undefined while they are not here, null where none are kept. */
  of(id: string): RejectedValues["values"] | undefined {
    return this.#values.get(id);
  }

  /** Says which rows are in view; what was scrolled past before its turn is not fetched any more. */
  want(ids: readonly string[]): void {
    this.#wanted = ids;
    void this.#next();
  }

  watch(changed: () => void): () => void {
    this.#watchers.add(changed);
    return () => this.#watchers.delete(changed);
  }

  /** Values of any number of rows, for copying. */
  async all(ids: readonly string[]): Promise<void> {
    for (let from = 0; from < ids.length; from += STRETCH) await this.#fetch(ids.slice(from, from + STRETCH));
  }

  close(): void {
    this.#closed = true;
  }

  async #next(): Promise<void> {
    if (this.#busy || this.#closed) return;
    const missing = this.#wanted.filter((id) => !this.#values.has(id)).slice(0, STRETCH);
    if (missing.length === 0) return;
    this.#busy = true;
    try {
      await this.#fetch(missing);
      this.failure = undefined;
    } catch (failure) {
      this.failure = failure;
    } finally {
      this.#busy = false;
    }
    for (const changed of this.#watchers) changed();
    if (this.failure === undefined) void this.#next();
  }

  async #fetch(ids: readonly string[]): Promise<void> {
    const wanted = ids.filter((id) => !this.#values.has(id));
    if (wanted.length === 0) return;
    const { rows } = await this.host.call("rejected_values", { folder: this.folder, ids: wanted });
    const found = new Map(rows.map((row) => [row.id, row.values]));
    for (const id of wanted) this.#values.set(id, found.get(id) ?? null);
    // The longest known go first, and never those in view.
    const needed = new Set([...this.#wanted, ...wanted]);
    for (const id of this.#values.keys()) {
      if (this.#values.size <= KEPT) break;
      if (!needed.has(id)) this.#values.delete(id);
    }
  }
}

/** A column of the grid, and what it shows of a line. */
export type RejectedColumn = DataColumn &
  (
    | { of: "tick" | "table" | "keys" | "blamed" | "value" | "wrong" | "tries" | "met" | "resolved" }
    | { of: "key" | "payload"; column: string }
  );

/** What a grid of rejected rows is about. */
export type Shown = {
  /** The one table they are of; null for several. */
  table: string | null;
  /** Its columns in the source, as far as they are known. */
  columns: readonly RejectedColumnView[];
  /** Columns of the key. */
  key: readonly string[];
  /** Columns whose values were refused. */
  refused: readonly string[];
  /** What is wrong is another thing from row to row. */
  several: boolean;
  /** Values are kept of some rows. */
  kept: boolean;
  /** Closed ones are among them. */
  closed: boolean;
};

const number = /^(smallint|integer|bigint|numeric|real|double)/;
const room = (type: string) => (/^timestamp/.test(type) ? 210 : /^uuid/.test(type) ? 282 : 0);

/** The columns of a grid: the key, the values that were refused, how often and when; then every other value. */
export function rejectedColumns(shown: Shown): RejectedColumn[] {
  const { table, columns, key: keys, refused, several, kept, closed } = shown;
  const told = new Map(columns.map((column) => [column.name, column]));
  const known = (name: string, key = false): DataColumn => {
    const type = told.get(name)?.source_type;
    if (type === undefined) return { name, key, end: false };
    const width = room(type);
    return { name, type: shortType(type), key, end: number.test(type), ...(width > 0 ? { width } : {}) };
  };
  const tick: RejectedColumn = { name: "✓", of: "tick", width: 32 };
  const wrong: RejectedColumn = { name: "What is wrong", of: "wrong", width: 240 };
  const tries: RejectedColumn = { name: "Tries", of: "tries", width: 52, end: true };
  const met: RejectedColumn = { name: "Last met", of: "met", width: 116, end: true };
  const after: RejectedColumn[] = closed
    ? [{ name: "Resolved", of: "resolved", width: 140 }, met, tries]
    : [tries, met];
  if (table === null)
    return [
      tick,
      { name: "Key", of: "keys", width: 116 },
      { name: "Table", of: "table", width: 128 },
      ...(kept && !closed ? [{ name: "Value", of: "value", width: 92 } as const] : []),
      ...after,
      { name: "Column", of: "blamed", width: 104 },
      wrong,
    ];
  const key = keys.map((column): RejectedColumn => ({ ...known(column, true), of: "key", column }));
  if (!kept) return [tick, ...key, ...after, wrong];
  const values = refused.filter((column) => !keys.includes(column));
  const payload = (column: string): RejectedColumn => ({ ...known(column), of: "payload", column });
  const others = columns.filter(({ name }) => !keys.includes(name) && !values.includes(name));
  return [
    tick,
    ...key,
    ...values.map(payload),
    ...after,
    ...(several ? [wrong] : []),
    ...others.map(({ name }) => payload(name)),
  ];
}

/** Columns that stay at the left: what is ticked, and the key. */
export function pinnedColumns(columns: readonly RejectedColumn[]): number[] {
  return columns.flatMap((column, at) =>
    column.of === "tick" || column.of === "key" || column.of === "keys" ? [at] : [],
  );
}

/** Rejected rows for a grid. */
export class RejectedCells implements GridCells {
  constructor(
    private readonly lines: readonly RejectedLineView[],
    private readonly columns: readonly RejectedColumn[],
    private readonly ticked: ReadonlySet<string>,
    private readonly store: RejectedStore,
    /** The row that is looked at. */
    private readonly current = -1,
  ) {}

  get rows(): number {
    return this.lines.length;
  }

  cell(row: number, column: number): CellText | undefined {
    const line = this.lines[row];
    const at = this.columns[column];
    if (!line || !at) return undefined;
    switch (at.of) {
      case "tick":
        return line.resolved_at !== null ? "closed" : this.ticked.has(line.id) ? "chosen" : "not chosen";
      case "key":
        return line.pk[at.column] ?? null;
      case "keys":
        return keyText(line.pk);
      case "table":
        return line.source;
      case "blamed":
        return line.column ?? "–";
      case "value":
        return line.column === null ? "–" : this.#value(line, line.column);
      case "payload":
        return this.#value(line, at.column);
      case "wrong":
        return causeTitle(line);
      case "tries":
        return count(line.attempts);
      case "met":
        return when(line.occurred_at);
      case "resolved":
        return resolvedWord(line) ?? "open";
    }
  }

  want(rows: RowRange): void {
    this.store.want(this.#ids(rows));
  }

  async read(rows: RowRange, columns: readonly number[]): Promise<CellText[][]> {
    await this.store.all(this.#ids(rows));
    return Array.from({ length: rows.to - rows.from }, (_, at) =>
      columns.map((column) => this.cell(rows.from + at, column) ?? null),
    );
  }

  watch(changed: () => void): () => void {
    return this.store.watch(changed);
  }

  tint(row: number, column: number): string | undefined {
    const own = this.#tint(row, column);
    if (row !== this.current) return own;
    return own === undefined ? "current" : `${own} current`;
  }

  #tint(row: number, column: number): string | undefined {
    const line = this.lines[row];
    const at = this.columns[column];
    if (!line || !at) return undefined;
    switch (at.of) {
      case "tick":
        return line.resolved_at !== null ? "tick closed" : this.ticked.has(line.id) ? "tick on" : "tick";
      case "payload":
        if (!this.#isKept(line, at.column)) return "aside";
        return line.column === at.column ? "refused" : undefined;
      case "key":
        return line.column === at.column ? "refused" : undefined;
      case "value":
        return line.column === null || !this.#isKept(line, line.column) ? "aside" : "refused";
      case "wrong":
      case "table":
      case "tries":
      case "met":
      case "resolved":
        return "words";
      default:
        return undefined;
    }
  }

  #ids(rows: RowRange): string[] {
    return this.lines.slice(rows.from, rows.to).flatMap(({ id, kept }) => (kept ? [id] : []));
  }

  #isKept(line: RejectedLineView, column: string): boolean {
    if (!line.kept) return false;
    const values = this.store.of(line.id);
    return values === undefined || (values !== null && column in values);
  }

  #value(line: RejectedLineView, column: string): CellText | undefined {
    if (!line.kept) return NOT_KEPT;
    const values = this.store.of(line.id);
    if (values === undefined) return undefined;
    return values !== null && column in values ? (values[column] ?? null) : NOT_KEPT;
  }
}
