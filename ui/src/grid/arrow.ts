// Reads pages of cells from an Arrow IPC stream: flat columns of text (Utf8) with their validity, which is what the host
// sends, uncompressed. Anything else is refused. Format: https://arrow.apache.org/docs/format/Columnar.html

import type { CellText } from "./cells";

/** A column of text. */
export type TextColumn = {
  name: string;
  /** A value; null for NULL. */
  at(row: number): CellText;
};

/** What a stream holds; several batches follow one another. */
export type ArrowPage = { rows: number; columns: TextColumn[]; bytes: number };

const CONTINUATION = 0xffffffff;
const SCHEMA = 1;
const RECORD_BATCH = 3;
const UTF8 = 5;
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** A table of a flatbuffer: fields by their number, found through its vtable. */
class Table {
  readonly #fields: number;

  constructor(
    readonly view: DataView,
    readonly at: number,
  ) {
    this.#fields = at - view.getInt32(at, true);
  }

  /** Where a field stands; 0 where it has its default. */
  field(number: number): number {
    const place = 4 + 2 * number;
    if (place >= this.view.getUint16(this.#fields, true)) return 0;
    const offset = this.view.getUint16(this.#fields + place, true);
    return offset === 0 ? 0 : this.at + offset;
  }

  byte(number: number): number {
    const at = this.field(number);
    return at === 0 ? 0 : this.view.getUint8(at);
  }

  long(number: number): number {
    const at = this.field(number);
    return at === 0 ? 0 : long(this.view, at);
  }

  table(number: number): Table | null {
    const at = this.field(number);
    return at === 0 ? null : new Table(this.view, at + this.view.getUint32(at, true));
  }

  text(number: number): string {
    const at = this.field(number);
    if (at === 0) return "";
    const start = at + this.view.getUint32(at, true);
    const length = this.view.getUint32(start, true);
    return decoder.decode(new Uint8Array(this.view.buffer, this.view.byteOffset + start + 4, length));
  }

  /** First element and length of a vector. */
  vector(number: number): { at: number; length: number } {
    const at = this.field(number);
    if (at === 0) return { at: 0, length: 0 };
    const start = at + this.view.getUint32(at, true);
    return { at: start + 4, length: this.view.getUint32(start, true) };
  }
}

/** A 64-bit integer that is a length or an offset. */
function long(view: DataView, at: number): number {
  const value = Number(view.getBigInt64(at, true));
  if (!Number.isSafeInteger(value) || value < 0) throw new Error("the page has a length that cannot be");
  return value;
}

function namesOf(schema: Table): string[] {
  const fields = schema.vector(1);
  return Array.from({ length: fields.length }, (_, place) => {
    const at = fields.at + 4 * place;
    const field = new Table(schema.view, at + schema.view.getUint32(at, true));
    const name = field.text(0);
    if (field.byte(2) !== UTF8 || field.table(4)) throw new Error(`the column ${name} of the page is no plain text`);
    return name;
  });
}

/** Values of one column in one batch. */
type Stretch = {
  rows: number;
  validity: Uint8Array | null;
  offsets: DataView;
  bytes: Uint8Array;
  ascii: string | null;
};

function stretchesOf(batch: Table, body: DataView, columns: number): Stretch[] {
  if (batch.table(3)) throw new Error("the page is compressed");
  const nodes = batch.vector(1);
  const buffers = batch.vector(2);
  if (nodes.length !== columns || buffers.length !== 3 * columns)
    throw new Error("the page has other columns than it says");
  const buffer = (place: number) => {
    const at = buffers.at + 16 * place;
    const from = long(batch.view, at);
    const length = long(batch.view, at + 8);
    if (from + length > body.byteLength) throw new Error("the page ends too early");
    return new Uint8Array(body.buffer, body.byteOffset + from, length);
  };
  return Array.from({ length: columns }, (_, column) => {
    const node = nodes.at + 16 * column;
    const rows = long(batch.view, node);
    const nulls = long(batch.view, node + 8);
    const offsets = buffer(3 * column + 1);
    const bytes = buffer(3 * column + 2);
    if (rows > 0 && offsets.length < 4 * (rows + 1)) throw new Error("the page ends too early");
    // Plain ASCII, which most columns are, is cut out of one text instead of being decoded value by value.
    const whole = decoder.decode(bytes);
    return {
      rows,
      validity: nulls > 0 ? buffer(3 * column) : null,
      offsets: new DataView(offsets.buffer, offsets.byteOffset, offsets.length),
      bytes,
      ascii: whole.length === bytes.length ? whole : null,
    };
  });
}

function valueIn({ validity, offsets, bytes, ascii }: Stretch, row: number): CellText {
  if (validity && ((validity[row >> 3] ?? 0) & (1 << (row & 7))) === 0) return null;
  const from = offsets.getInt32(4 * row, true);
  const to = offsets.getInt32(4 * row + 4, true);
  return ascii === null ? decoder.decode(bytes.subarray(from, to)) : ascii.slice(from, to);
}

/**
 * Reads a whole stream.
 *
 * Throws where it is no Arrow stream, ends too early, or holds anything but plain columns of text.
 */
export function readArrow(stream: ArrayBuffer): ArrowPage {
  const view = new DataView(stream);
  let names: string[] | null = null;
  const batches: Stretch[][] = [];
  let at = 0;
  const need = (bytes: number) => {
    if (at + bytes > stream.byteLength) throw new Error("the page ends too early");
  };
  while (at < stream.byteLength) {
    need(8);
    if (view.getUint32(at, true) !== CONTINUATION) throw new Error("the page is no Arrow stream");
    const length = view.getInt32(at + 4, true);
    at += 8;
    if (length === 0) break;
    need(length);
    const metadata = new DataView(stream, at, length);
    const message = new Table(metadata, metadata.getUint32(0, true));
    at += length;
    const bodyLength = message.long(3);
    need(bodyLength);
    const header = message.table(2);
    const kind = message.byte(1);
    if (kind === SCHEMA && header) names = namesOf(header);
    else if (kind === RECORD_BATCH && header && names)
      batches.push(stretchesOf(header, new DataView(stream, at, bodyLength), names.length));
    else throw new Error("the page holds a message of another kind");
    at += bodyLength;
  }
  if (!names) throw new Error("the page has no schema");
  const rowsOf = (batch: Stretch[]) => batch[0]?.rows ?? 0;
  const column = (name: string, place: number): TextColumn => ({
    name,
    at(row) {
      let left = row;
      for (const batch of batches) {
        const stretch = batch[place];
        if (stretch && left < stretch.rows) return valueIn(stretch, left);
        left -= rowsOf(batch);
      }
      return null;
    },
  });
  return {
    rows: batches.reduce((sum, batch) => sum + rowsOf(batch), 0),
    columns: names.map(column),
    bytes: stream.byteLength,
  };
}
