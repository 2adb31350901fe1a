import { expect, test } from "vitest";
import { filteredColumns, mappedColumns, take, verdictCounts } from "../src/data/mapping";
import type { MappingView } from "../src/host";
import { mapping, wideMapping } from "./fake/shop";

const others: MappingView = { ...mapping, treatments: [{ column: "visits", treatment: { kind: "left_out" } }] };

test("a column says what becomes of it, and whether the file says otherwise", () => {
  const columns = new Map(mappedColumns(others, mapping).map((column) => [column.name, column]));
  expect(columns.get("visits")?.shownVerdict).toBe("left_out");
  expect([...columns.values()].filter((column) => column.edited).map((column) => column.name)).toEqual([
    "email",
    "seen_from",
    "visits",
  ]);
  expect(mappedColumns(mapping, mapping).some((column) => column.edited)).toBe(false);
});

test("a cast column is shown by its own type, with the types it can be brought to", () => {
  const plan = {
    ...mapping.plan,
    columns: mapping.plan.columns.map((column) =>
      column.name === "credit" ? { ...column, source_type: "double precision", target_type: "DOUBLE" } : column,
    ),
  };
  const credit = mappedColumns({ ...mapping, plan }, mapping).find((column) => column.name === "credit");
  expect(credit?.ownType).toBe("numeric");
  expect(credit?.plainType).toBe("DECIMAL(38,9)");
  expect(credit?.casts.map((cast) => cast.form)).toContain("to double precision");
});

test("ticking columns edits just those whose tick is another, and never a key or watermark", () => {
  const columns = mappedColumns(mapping, mapping);
  const gone = take(columns, new Set(), mapping.treatments).map((edit) => edit.column);
  expect(gone).not.toContain("id");
  expect(gone).not.toContain("updated_at");
  expect(gone).not.toContain("seen_from");
  expect(gone).toContain("email");
});

test("a column that is taken in again is treated as the file says, and as it is where the file leaves it out", () => {
  const out: MappingView = {
    ...mapping,
    treatments: ["email", "seen_from"].map((column) => ({ column, treatment: { kind: "left_out" } })),
  };
  const all = new Set(mapping.plan.columns.map((column) => column.name));
  expect(take(mappedColumns(out, mapping), all, mapping.treatments)).toEqual([
    { column: "email", treatment: { kind: "expression", sql: "lower(email)" } },
    { column: "seen_from", treatment: { kind: "as_is" } },
  ]);
});

test("columns are filtered by verdict and by name, type or transform", () => {
  const columns = mappedColumns(mapping, mapping);
  expect(verdictCounts(columns).get("left_out")).toBe(1);
  expect(filteredColumns(columns, "left_out", "").map((column) => column.name)).toEqual(["seen_from"]);
  expect(filteredColumns(columns, null, "LOWER(").map((column) => column.name)).toEqual(["email"]);
  expect(filteredColumns(columns, "refused", "jsonb")).toEqual([]);
});

test("of 276 columns those with a text are found", () => {
  const columns = mappedColumns(wideMapping, wideMapping);
  expect(columns).toHaveLength(276);
  expect(filteredColumns(columns, null, "aag column 26").map((column) => column.name)).toEqual([
    "AAG COLUMN 26",
    "AAG COLUMN 261",
    "AAG COLUMN 262",
    "AAG COLUMN 263",
    "AAG COLUMN 264",
    "AAG COLUMN 265",
    "AAG COLUMN 266",
  ]);
});
