// What a grid shows, as a contract: whoever has rows gives them to a grid as `GridCells`.

import type { RowRange } from "./window";

/** The text of a value as the host writes it; null for NULL. */
export type CellText = string | null;

/** A stretch of a text: a blank one is drawn with its marks, a changed one is marked as such. */
export type TextPart = { blank: boolean; text: string; changed?: boolean };

/** A column of a grid. */
export type DataColumn = {
  name: string;
  /** Its type, in the second line of the head. */
  type?: string;
  /** Figures stand at the end. */
  end?: boolean;
  /** Pixels, until the person makes it wider or narrower. */
  width?: number;
  /** Part of the key: said in the head. */
  key?: boolean;
};

/** Cells of rows by columns, of which perhaps only some are here now. */
export interface GridCells {
  /** Rows there are, as far as is known. */
  readonly rows: number;
  /** A cell; undefined while it is not here. */
  cell(row: number, column: number): CellText | undefined;
  /** Says which cells are in view. Others need not be fetched any more. */
  want(rows: RowRange, columns: readonly number[]): void;
  /** Cells of a block, fetched where they are not here. Rejects where that fails. */
  read(rows: RowRange, columns: readonly number[]): Promise<CellText[][]>;
  /** Whether a value is only the beginning of a long one, which `read` brings whole. */
  isCut?(value: CellText): boolean;
  /** Calls back whenever cells or the number of rows have become others. Returns what ends that. */
  watch(changed: () => void): () => void;
  /** A class that tints a cell. */
  tint?(row: number, column: number): string | undefined;
  /**
   * How a cell is drawn in parts, where it is not drawn by its text alone; none at all draw nothing. The same array as long
   * as they are the same.
   */
  parts?(row: number, column: number): readonly TextPart[] | undefined;
  /** Whether a row is known not to be there any more. */
  gone?(row: number): boolean;
}

/** Rows that are all here. */
export class ListedCells implements GridCells {
  constructor(
    private readonly lines: readonly (readonly CellText[])[],
    private readonly tints?: (row: number, column: number) => string | undefined,
  ) {}

  get rows(): number {
    return this.lines.length;
  }

  cell(row: number, column: number): CellText | undefined {
    return this.lines[row]?.[column];
  }

  want(): void {}

  async read(rows: RowRange, columns: readonly number[]): Promise<CellText[][]> {
    return this.lines.slice(rows.from, rows.to).map((line) => columns.map((column) => line[column] ?? null));
  }

  watch(): () => void {
    return () => undefined;
  }

  tint(row: number, column: number): string | undefined {
    return this.tints?.(row, column);
  }
}
