// Rejected rows in numbers, their values, and what settles them, for the fake host.

import type {
  RejectedCauseView,
  RejectedLineView,
  RejectedRequest,
  RejectedRowView,
  RejectedValuesView,
  RejectedView,
  RemediesView,
  TryRequest,
  TryView,
} from "../../src/host";

/** Rejected rows as the host answers them. */
export function rejectedRows(all: readonly RejectedRowView[], asked: RejectedRequest): RejectedView {
  const inScope = all.filter((row) => asked.resolved || row.resolved_at === null);
  const wanted = asked.search.toLowerCase();
  const matching = inScope.filter(
    (row) =>
      (asked.table === null || row.source === asked.table) &&
      (asked.error === null || row.error === asked.error) &&
      (wanted === "" || JSON.stringify(row).toLowerCase().includes(wanted)),
  );
  const standing = (row: RejectedRowView) =>
    row.resolved_at === null
      ? "open"
      : row.resolved_by === "run" || row.resolved_by === "retry"
        ? "settled"
        : "discarded";
  const alike = (row: RejectedRowView) => JSON.stringify([row.source, row.error, standing(row), row.note]);
  const groups = new Map<string, RejectedRowView[]>();
  for (const row of all) {
    const group = groups.get(alike(row));
    if (group) group.push(row);
    else groups.set(alike(row), [row]);
  }
  const causes = [...groups.values()].flatMap((rows): RejectedCauseView[] => {
    const [first] = rows;
    if (!first) return [];
    const met = rows.map((row) => row.occurred_at).sort();
    return [
      {
        source: first.source,
        code: first.code,
        error: first.error,
        column: first.column,
        standing: standing(first),
        by: standing(first) === "discarded" ? first.resolved_by : null,
        note: standing(first) === "discarded" ? first.note : null,
        rows: rows.length,
        first_met: met[0] ?? "",
        last_met: met.at(-1) ?? "",
        closed_at: first.resolved_at,
        one_fix: standing(first) === "open" && first.code.startsWith("numeric"),
      },
    ];
  });
  const line = ({ payload, run_id: _run, ...row }: RejectedRowView): RejectedLineView => ({
    ...row,
    kept: payload !== null,
  });
  return {
    rows: matching.slice(asked.skip, asked.skip + asked.limit).map(line),
    matching: matching.length,
    causes: asked.skip === 0 ? causes.sort((a, b) => Number(b.one_fix) - Number(a.one_fix) || b.rows - a.rows) : [],
  };
}

/** Values of rejected rows as the host answers them. */
export function rejectedValues(all: readonly RejectedRowView[], ids: readonly string[]): RejectedValuesView {
  const wanted = new Set(ids);
  const text = (value: unknown) =>
    value === null ? null : typeof value === "object" ? JSON.stringify(value) : String(value);
  const rows = all
    .filter(({ id }) => wanted.has(id))
    .map(({ id, payload }) => ({
      id,
      values: payload && Object.fromEntries(Object.entries(payload).map(([column, value]) => [column, text(value)])),
    }));
  return { rows, most_chars: 1_000 };
}

/** What settles them, as the host answers it: NaN becomes NULL. */
export function remediesOf(all: readonly RejectedRowView[], table: string): RemediesView {
  const rows = all.filter((row) => row.source === table);
  const payload = rows.find((row) => row.payload)?.payload ?? {};
  const type = (value: unknown) =>
    typeof value === "number" ? "integer" : /^\d{4}-/.test(String(value)) ? "timestamp with time zone" : "text";
  const causes = new Map(rows.flatMap((row) => (row.column ? [[row.column, row.code] as const] : [])));
  return {
    columns: Object.entries(payload).map(([name, value]) => ({
      name,
      source_type: name === "id" ? "bigint" : causes.has(name) ? "numeric(12,2)" : type(value),
      key: name in (rows[0]?.pk ?? {}),
    })),
    remedies: [...causes].map(([column, code]) => ({
      column,
      code,
      transforms: [
        { sql: `nullif("${column}", 'NaN')`, outcome: "these values become NULL in the target" },
        { sql: `"${column}"::text`, outcome: "every value becomes its text in the target" },
      ],
    })),
  };
}

/** What a transform makes of them: as `nullif` does, or nothing that helps. */
export function triedOn(all: readonly RejectedRowView[], asked: TryRequest): TryView {
  const rows = all.filter((row) => row.source === asked.table && row.error === asked.error && row.resolved_at === null);
  const helps = asked.sql.includes("nullif") || asked.sql.includes("::text");
  const nulls = asked.sql.includes("nullif") ? rows.length : 0;
  return {
    source: asked.table,
    column: asked.column,
    sql: asked.sql,
    rows: rows.length,
    passed: helps ? rows.length : 0,
    failed: helps ? 0 : rows.length,
    gone: 0,
    without_key: 0,
    untried: 0,
    nulls,
    changed: nulls,
    target_type: helps && nulls === 0 ? "VARCHAR" : "DECIMAL(12,2)",
    ddl: [],
    failures: helps
      ? []
      : rows.slice(0, 100).map((row) => ({
          pk: row.pk,
          column: asked.column,
          code: row.code,
          message: "NaN does not fit into a decimal",
        })),
    values: rows
      .slice(0, helps ? 20 : 0)
      .map((row) => ({ pk: row.pk, before: "NaN", after: nulls > 0 ? null : "NaN" })),
  };
}

/** As many rejected rows as a workspace keeps open at the most, of a wide table. */
export function manyRejected(template: RejectedRowView, number: number): RejectedRowView[] {
  return Array.from({ length: number }, (_, place) => ({
    ...template,
    id: String(100_000 - place),
    source: place % 7 === 3 ? "public.order_items" : "public.customers",
    pk: { id: String(700_000 + place * 13) },
    ...(place % 7 === 3
      ? { column: "price", error: "source, column price: 1e400 is larger than DOUBLE can hold: correct the row" }
      : place % 11 === 5
        ? {
            column: "שם לקוח",
            code: "null_key",
            error: "source, column שם לקוח: contains a NUL character: correct the row",
          }
        : { column: "credit", error: template.error }),
    attempts: 1 + (place % 4),
  }));
}
