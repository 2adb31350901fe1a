import { readFileSync } from "node:fs";
import { RecordBatch, RecordBatchStreamWriter, Table, tableToIPC, Utf8, vectorFromArray } from "apache-arrow";
import { describe, expect, test } from "vitest";
import { readArrow } from "../../src/grid/arrow";

/** Written by the reference implementation. */
function stream(columns: Record<string, (string | null)[]>): ArrayBuffer {
  const vectors = Object.entries(columns).map(([name, values]) => [name, vectorFromArray(values, new Utf8())]);
  const bytes = tableToIPC(new Table(Object.fromEntries(vectors)), "stream");
  return bytes.slice().buffer as ArrayBuffer;
}

const odd = {
  id: ["1", "22", "", null, "9007199254740993"],
  'имя, "név"': [null, "Kim", "שלום", "🦆 two\nlines\t", " \u00a0"],
  nothing: [null, null, null, null, null],
};

describe("pages of cells", () => {
  test("every value is what was written: NULL, empty, blanks, other scripts, long numbers", () => {
    const page = readArrow(stream(odd));
    expect(page.rows).toBe(5);
    expect(page.columns.map(({ name }) => name)).toEqual(Object.keys(odd));
    for (const [place, values] of Object.values(odd).entries())
      expect(values.map((_, row) => page.columns[place]?.at(row))).toEqual(values);
  });

  test("rows past a byte of the validity, and several batches, keep their places", () => {
    const values = Array.from({ length: 1_000 }, (_, row) => (row % 7 === 3 ? null : `row ${row}`));
    const whole = new Table({ a: vectorFromArray(values, new Utf8()) });
    const parts: RecordBatch[] = [0, 300, 999].flatMap(
      (from, place) => whole.slice(from, [300, 999, 1_000][place]).batches,
    );
    const bytes = RecordBatchStreamWriter.writeAll(parts).toUint8Array(true);
    const page = readArrow(bytes.slice().buffer as ArrayBuffer);
    expect(page.rows).toBe(1_000);
    expect(values.map((_, row) => page.columns[0]?.at(row))).toEqual(values);
  });

  test("a page without rows has its columns", () => {
    const page = readArrow(stream({ a: [], b: [] }));
    expect(page.rows).toBe(0);
    expect(page.columns.map(({ name }) => name)).toEqual(["a", "b"]);
  });

  test("what is no such page is refused, wherever it was cut off", () => {
    const whole = stream(odd);
    expect(() => readArrow(new TextEncoder().encode('{"code":1}').buffer as ArrayBuffer)).toThrow();
    expect(() => readArrow(new ArrayBuffer(0))).toThrow();
    for (let end = 1; end < whole.byteLength - 16; end += 1) {
      const cut = whole.slice(0, end);
      let read: ReturnType<typeof readArrow> | null = null;
      try {
        read = readArrow(cut);
      } catch {
        continue;
      }
      // A stream may end between two messages; then it has the rows of those before.
      expect(read.rows === 0 || end > whole.byteLength - 24, `cut at ${end}`).toBe(true);
    }
    const numbers = tableToIPC(new Table({ n: vectorFromArray([1, 2, 3]) }), "stream");
    expect(() => readArrow(numbers.slice().buffer as ArrayBuffer)).toThrow("no plain text");
  });
});

test("the host's own page is read as the host meant it", () => {
  const bytes = readFileSync(new URL("../fixture/page.arrow", import.meta.url));
  const page = readArrow(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  expect(page.columns.map(({ name }) => name)).toEqual(["id", "имя", "gone"]);
  const rows = Array.from({ length: page.rows }, (_, row) => page.columns.map((column) => column.at(row)));
  expect(rows).toEqual([
    ["0", "", null],
    ["1000", " two\nlines ", null],
    ["2000", "שלום", null],
    ["3000", "🦆", null],
    ["4000", "NULL", null],
    ["5000", null, null],
    ["6000", null, null],
    [null, null, "gone"],
    ["8000", null, null],
    ["9000", null, null],
  ]);
});
