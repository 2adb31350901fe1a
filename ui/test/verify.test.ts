import { describe, expect, test } from "vitest";
import { DifferingCells, differingColumns, keyText, leading } from "../src/feature/verify/differing";
import type { DifferingKeyView } from "../src/host";
import { verdict } from "./fake/shop/verify";

const columns = differingColumns(verdict);
const cells = new DifferingCells(verdict.keys, columns);
const at = (name: string, type?: string) => columns.findIndex((one) => one.name === name && one.type === type);
const row = (kind: string) => verdict.keys.findIndex((one) => one.kind === kind);
/** What a cell shows: what is marked in brackets. */
const drawn = (rowAt: number, column: number) =>
  cells
    .parts(rowAt, column)
    ?.map((part) => (part.changed ? `[${part.text}]` : part.text))
    .join("") ?? cells.cell(rowAt, column);

describe("keys that differ, by columns that differ", () => {
  test("the key stands first and stays, and each column has source and target side by side", () => {
    expect(leading(columns).map((place) => columns[place]?.name)).toEqual(["Difference", "id"]);
    expect(at("name", "target")).toBe(at("name", "source") + 1);
    expect(columns.at(-1)?.name).toBe("Why");
    expect(drawn(row("extra"), at("Difference"))).toBe("Only in the target");
    expect(drawn(row("changed"), at("id"))).toBe("204");
    expect(drawn(row("missing"), at("Why"))).toBe("rejected: numeric_nan");
  });

  test("what is not in the other side is marked letter by letter, in both", () => {
    const changed = row("changed");
    expect(drawn(changed, at("name", "source"))).toBe("Greystone Outfit[t]ers");
    expect(drawn(changed, at("name", "target"))).toBe("Greystone [␣]Outfiters[␣]");
    // NULL and the empty text differ as a whole.
    expect(drawn(changed, at("credit", "target"))).toBeNull();
    expect(drawn(changed, at("email", "target"))).toBe("");
    expect(cells.tint(changed, at("credit", "target"))).toBe("other");
    expect(cells.tint(changed, at("name", "target"))).toBeUndefined();
  });

  test("a column that does not differ of a key is said to be equal; of a key on one side nothing is said", () => {
    const more: DifferingKeyView = {
      ...(verdict.keys[row("changed")] as DifferingKeyView),
      key: { id: "205" },
      cells: [{ column: "name", source: "a", target: "b" }],
    };
    const unlooked: DifferingKeyView = { ...more, key: { id: "206" }, cells: [] };
    const wider = new DifferingCells([...verdict.keys, more, unlooked], columns);
    const text = (key: number, column: number) => wider.parts(key, column)?.map((part) => part.text);
    expect(text(verdict.keys.length, at("credit", "source"))).toEqual(["="]);
    expect(text(verdict.keys.length + 1, at("credit", "source"))).toEqual([]);
    expect(text(row("missing"), at("credit", "source"))).toEqual([]);
  });

  test("columns that differ most often stand first", () => {
    const key = (id: number, ...names: string[]): DifferingKeyView => ({
      kind: "changed",
      key: { id: String(id) },
      reason: null,
      cells: names.map((column) => ({ column, source: id, target: null })),
    });
    const keys = [key(1, "a"), key(2, "c", "b"), key(3, "c")];
    const names = differingColumns({ ...verdict, keys }).map(({ name }) => name);
    expect(names).toEqual(["Difference", "id", "c", "c", "a", "a", "b", "b"]);
  });

  test("a cell is the same as long as its key is, so that it is drawn once", () => {
    const changed = row("changed");
    expect(cells.parts(changed, at("name", "source"))).toBe(cells.parts(changed, at("name", "source")));
    expect(new Set(verdict.keys.map(keyText)).size).toBe(verdict.keys.length);
  });
});
