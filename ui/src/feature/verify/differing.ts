// Keys that differ as rows of a grid: the key, and each column that differs anywhere, source and target side by side.

import { differenceParts } from "../../data/difference";
import { valueText } from "../../data/value";
import type { Word } from "../../data/words";
import { type CellText, type DataColumn, ListedCells, type TextPart } from "../../grid/cells";
import { usualWidth } from "../../grid/DataGrid";
import type { DifferingKeyView, VerifiedTable } from "../../host";

/** What a key can differ by, in words. */
export const kinds: readonly { id: "missing" | "extra" | "changed"; word: Word }[] = [
  { id: "missing", word: { tone: "failed", word: "Missing in the target" } },
  { id: "extra", word: { tone: "warn", word: "Only in the target" } },
  { id: "changed", word: { tone: "warn", word: "Other values" } },
];

/** What tells a key from all others, in words. */
export function keyText(one: DifferingKeyView): string {
  return `${one.kind} ${Object.entries(one.key)
    .map(([column, value]) => `${column}=${valueText(value)}`)
    .join(", ")}`;
}

/** What a column of the grid shows of a key. */
type Shows =
  { what: "kind" } | { what: "reason" } | { what: "key"; name: string } | { what: "source" | "target"; name: string };

/** A column of the grid, and what it shows. */
export type DifferingColumn = DataColumn & { shows: Shows };

/** Most pixels that a column is made for its values; a person may pull it wider. */
const WIDEST = 240;

/** The columns of the grid: the key first, then what differs most often, then why, where that is known of any key. */
export function differingColumns(verdict: VerifiedTable): DifferingColumn[] {
  const { keys } = verdict;
  const names = Object.keys(keys[0]?.key ?? {});
  const often = new Map<string, number>();
  for (const one of keys) for (const { column } of one.cells) often.set(column, (often.get(column) ?? 0) + 1);
  const differing = [...often].sort(([a, one], [b, two]) => two - one || (a < b ? -1 : 1)).map(([name]) => name);
  const column = (plain: Omit<DataColumn, "width">, shows: Shows): DifferingColumn => {
    const longest = Math.max(0, ...keys.map((one) => shownText(one, shows)?.length ?? 0));
    return { ...plain, shows, width: Math.max(usualWidth(plain), Math.min(WIDEST, Math.ceil(longest * 7.3) + 18)) };
  };
  return [
    column({ name: "Difference" }, { what: "kind" }),
    ...names.map((name) => column({ name, key: true }, { what: "key", name })),
    ...differing.flatMap((name) => [
      column({ name, type: "source" }, { what: "source", name }),
      column({ name, type: "target" }, { what: "target", name }),
    ]),
    ...(keys.some((one) => one.reason !== null) ? [column({ name: "Why" }, { what: "reason" })] : []),
  ];
}

/** How many of the columns are what a key is known by: they stay at the left. */
export function leading(columns: readonly DifferingColumn[]): number[] {
  return columns.flatMap(({ shows }, at) => (shows.what === "kind" || shows.what === "key" ? [at] : []));
}

/** What a cell has; null for NULL, undefined where there is nothing to show. */
function shownText(one: DifferingKeyView, shows: Shows): CellText | undefined {
  switch (shows.what) {
    case "kind":
      return kinds.find(({ id }) => id === one.kind)?.word.word ?? one.kind;
    case "reason":
      return one.reason ?? undefined;
    case "key":
      return one.key[shows.name] ?? null;
    default: {
      const cell = one.cells.find(({ column }) => column === shows.name);
      const value = cell?.[shows.what];
      return cell === undefined ? undefined : value === null || value === undefined ? null : valueText(value);
    }
  }
}

/** Shown where a key is on both sides and a column does not differ. */
const equal: readonly TextPart[] = [{ blank: false, text: "=" }];
const nothing: readonly TextPart[] = [];

/** The cells of keys that differ. What is not in the other side's value is marked, letter by letter. */
export class DifferingCells extends ListedCells {
  readonly #parts = new Map<string, readonly TextPart[] | undefined>();

  constructor(
    private readonly keys: readonly DifferingKeyView[],
    private readonly columns: readonly DifferingColumn[],
  ) {
    super(keys.map((one) => columns.map(({ shows }) => shownText(one, shows) ?? null)));
  }

  parts(row: number, column: number): readonly TextPart[] | undefined {
    const place = `${row} ${column}`;
    if (!this.#parts.has(place)) this.#parts.set(place, this.#taken(row, column));
    return this.#parts.get(place);
  }

  override tint(row: number, column: number): string | undefined {
    const one = this.keys[row];
    const shows = this.columns[column]?.shows;
    if (!one || !shows) return undefined;
    if (shows.what === "kind") return one.kind === "missing" ? "failed" : "warn";
    if (shows.what !== "source" && shows.what !== "target") return undefined;
    const parts = this.parts(row, column);
    // NULL and the empty text differ as a whole.
    return parts === undefined ? "other" : parts === equal ? "same" : undefined;
  }

  #taken(row: number, column: number): readonly TextPart[] | undefined {
    const one = this.keys[row];
    const shows = this.columns[column]?.shows;
    if (!one || !shows) return nothing;
    if (shows.what === "reason") return one.reason === null ? nothing : undefined;
    if (shows.what !== "source" && shows.what !== "target") return undefined;
    const cell = one.cells.find((differing) => differing.column === shows.name);
    // Of keys whose cells were not looked at it is not known.
    if (!cell) return one.kind === "changed" && one.cells.length > 0 ? equal : nothing;
    const other = shows.what === "source" ? cell.target : cell.source;
    return differenceParts(cell[shows.what], other)?.one;
  }
}
