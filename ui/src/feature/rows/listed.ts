// Rows of a table as the host lists them, and their cells as they come in pages.

import { useCallback, useEffect, useRef, useState } from "react";
import {
  errorView,
  type ErrorView,
  type Host,
  type RowsFilter,
  type RowsSide,
  type RowsView,
  useHost,
} from "../../host";
import { shortType } from "../../data/format";
import { readArrow } from "../../grid/arrow";
import type { DataColumn } from "../../grid/cells";
import { usualWidth } from "../../grid/DataGrid";
import { type PageAsk, type PageCells, PagedCells } from "../../grid/pages";
import type { RowRange } from "../../grid/window";

/** What rows are asked for. */
export type RowsQuestion = { folder: string; table: string; side: RowsSide; filters: readonly RowsFilter[] };

/** Rows of a source that are listed before somebody scrolls to the end of them: to list all reads the whole table. */
const FIRST = 10_000;
/** Most rows that are listed, as the host says. */
const MOST = 5_000_000;

/** Cells of a list of the host. */
class ListCells extends PagedCells {
  constructor(
    reader: RowsReader,
    private readonly onEnd: () => void,
  ) {
    const { rows, columns, most_chars } = reader.view;
    const whole = { after: most_chars, fetch: reader.wholes };
    super({ rows, columns: columns.length, fetch: reader.fetch, whole });
  }

  override want(rows: RowRange, columns: readonly number[]): void {
    super.want(rows, columns);
    if (rows.to >= this.rows) this.onEnd();
  }
}

/** Closes a list. Nobody is left to hear that it could not be closed; the host closes the oldest list by itself. */
function closeList(host: Host, { list }: RowsView): void {
  host.call("rows_close", { list }).catch(() => undefined);
}

/** A list of the host that is read as it is looked at. */
export class RowsReader {
  #turn = 0;

  constructor(
    private readonly host: Host,
    public view: RowsView,
  ) {}

  /** Reads a page. */
  readonly fetch = async ({ rows, columns, signal }: PageAsk): Promise<PageCells> =>
    this.#read(rows, columns, false, signal);

  /** Reads one value, however long it is; null for NULL. */
  async whole(row: number, column: number, signal: AbortSignal): Promise<string | null> {
    const page = await this.#read({ from: row, to: row + 1 }, { from: column, to: column + 1 }, true, signal);
    return page.cell(0, 0);
  }

  /** Reads a page with its values whole. */
  readonly wholes = async ({ rows, columns, signal }: PageAsk): Promise<PageCells> =>
    this.#read(rows, columns, true, signal);

  close(): void {
    closeList(this.host, this.view);
  }

  async #read(rows: RowRange, columns: RowRange, whole: boolean, signal: AbortSignal): Promise<PageCells> {
    const turn = (this.#turn += 1);
    const { list } = this.view;
    const giveUp = () => {
      this.host.call("rows_cancel", { list, turns: [turn] }).catch(() => undefined);
    };
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      const page = readArrow(
        await this.host.call("rows_page", {
          list,
          turn,
          first_row: rows.from,
          rows: rows.to - rows.from,
          first_column: columns.from,
          columns: columns.to - columns.from,
          whole,
        }),
      );
      const gone = page.columns.at(-1);
      return {
        bytes: page.bytes,
        cell: (row, column) => page.columns[column]?.at(row) ?? null,
        gone: (row) => gone?.at(row) !== null,
      };
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  }
}

/** Rows as they are shown. */
export type Listed = {
  view: RowsView | null;
  reader: RowsReader | null;
  cells: PagedCells | null;
  columns: readonly DataColumn[];
  /** They are being listed, or more of them. */
  busy: boolean;
  error: ErrorView | null;
  /** Lists them again. */
  again: () => void;
};

type Known = { of: string; reader: RowsReader; cells: ListCells; columns: readonly DataColumn[]; view: RowsView };

/** Lists rows, and lists more of them when one scrolls to their end. What was shown stays until others are there. */
export function useListed(question: RowsQuestion, ask: boolean): Listed {
  const host = useHost();
  const [known, setKnown] = useState<Known | null>(null);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<ErrorView | null>(null);
  const [generation, setGeneration] = useState(0);
  const shape = JSON.stringify([question.folder, question.table, question.side]);
  const key = JSON.stringify([shape, question.filters]);
  const before = useRef<Known | null>(null);

  useEffect(() => {
    if (!ask) return;
    let over = false;
    let reader: RowsReader | null = null;
    let cells: ListCells | null = null;
    let extending = false;
    const { folder, table, side } = question;
    const open = (most: number) =>
      host.call("rows_open", { folder, table, side, filters: [...question.filters], most });
    const fail = (error: unknown) => {
      if (over) return;
      setBusy(false);
      setFailure(errorView(error));
    };
    const more = () => {
      if (over || extending || !reader || reader.view.complete || !cells) return;
      if (reader.view.rows >= MOST) return;
      extending = true;
      setBusy(true);
      open(MOST).then((view) => {
        if (over || !reader || !cells) return closeList(host, view);
        // The rows listed before stand first in the longer list; the pages that are here stay.
        const old = reader.view;
        reader.view = view;
        closeList(host, old);
        cells.grow(view.rows);
        setKnown((now) => now && { ...now, view });
        setBusy(false);
      }, fail);
    };
    setBusy(true);
    setFailure(null);
    open(side === "source" ? FIRST : MOST).then((view) => {
      if (over) return closeList(host, view);
      reader = new RowsReader(host, view);
      cells = new ListCells(reader, more);
      const last = before.current;
      const same = last?.of === shape && sameColumns(last.view, view);
      const next = { of: shape, reader, cells, view, columns: same && last ? last.columns : view.columns.map(column) };
      before.current = next;
      setKnown(next);
      setBusy(false);
    }, fail);
    return () => {
      over = true;
      cells?.close();
      reader?.close();
    };
    // The question is in the key.
  }, [host, key, ask, generation]);

  // Reading pages tells its failures to the cells; the screen shows them as it shows its own.
  const [pageFailure, setPageFailure] = useState<ErrorView | null>(null);
  const shown = known?.of === shape ? known : null;
  useEffect(() => {
    if (!shown) return;
    const look = () => {
      const error = shown.cells.failure;
      setPageFailure((now) => (error === undefined ? null : (now ?? errorView(error))));
    };
    look();
    return shown.cells.watch(look);
  }, [shown]);

  const again = useCallback(() => {
    setPageFailure(null);
    setGeneration((number) => number + 1);
  }, []);
  return {
    view: shown?.view ?? null,
    reader: shown?.reader ?? null,
    cells: shown?.cells ?? null,
    columns: shown?.columns ?? [],
    busy,
    error: failure ?? pageFailure,
    again,
  };
}

function column({ name, type, numeric, key }: RowsView["columns"][number]): DataColumn {
  const plain = { name, type: shortType(type), end: numeric, key };
  // Values of some types need more room than their names.
  const room = widths.find(({ of }) => of.test(type))?.pixels ?? 0;
  return { ...plain, width: Math.max(room, usualWidth(plain)) };
}

const widths: readonly { of: RegExp; pixels: number }[] = [
  { of: /^timestamp/i, pixels: 226 },
  { of: /^uuid/i, pixels: 282 },
  { of: /^double/i, pixels: 156 },
  { of: /^(date|time|bigint)/i, pixels: 104 },
  { of: /^(json|text|varchar|character varying|string)/i, pixels: 168 },
];

function sameColumns(one: RowsView, other: RowsView): boolean {
  return JSON.stringify(one.columns) === JSON.stringify(other.columns);
}
