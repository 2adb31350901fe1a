// The columns of a table: what becomes of each, what its plan says, what it is mapped to, and as many as 276 of them.

import type { ChangeView, ColumnView, MappingView, TablePlanView, TypeCasts } from "../../../src/host";
import { keys, watermarks } from "./advice";
import { ago } from "./place";

const column = (
  name: string,
  source_type: string,
  target_type: string,
  verdict: string,
  note = "",
  more: Partial<ColumnView> = {},
): ColumnView => ({
  name,
  source_type,
  target_type,
  verdict,
  note,
  transform: null,
  key: false,
  watermark: false,
  ...more,
});

export const columns: ColumnView[] = [
  column("id", "bigint", "BIGINT", "exact", "", { key: true }),
  column("email", "varchar(320)", "VARCHAR", "exact", "", { transform: "lower(email)" }),
  column("tier", "customer_tier", "VARCHAR", "as_text", "the label of the enum"),
  column(
    "credit",
    "numeric",
    "DECIMAL(38,9)",
    "lossy",
    "more than 9 digits after the point are refused, value by value",
  ),
  column("seen_from", "inet", "", "refused", "type inet is not supported; leave it out or cast it to text"),
  column("profile", "jsonb", "JSON", "exact"),
  column("visits", "integer", "INTEGER", "exact"),
  column("score", "real", "DOUBLE", "widens"),
  column("updated_at", "timestamptz", "TIMESTAMPTZ", "exact", "", { watermark: true }),
];

export const plan: TablePlanView = {
  source: "public.customers",
  target: "analytics.customers",
  phase: "incremental",
  rows_waiting: 214,
  watermark: "2026-11-20 14:29:57.114233+00",
  ddl: ["ALTER TABLE analytics.customers ADD COLUMN tier VARCHAR"],
  select:
    'SELECT "id", lower(email) AS "email", "tier", "credit", "profile", "visits", "score", "updated_at"\nFROM "public"."customers"\nWHERE ("updated_at", "id") > ($1, $2)\nORDER BY "updated_at", "id"',
  columns,
  changes: [],
  findings: [
    {
      level: "warning",
      code: "no_index",
      message: "No index begins with updated_at: each run reads the whole table.",
      fix: 'CREATE INDEX CONCURRENTLY ON public.customers ("updated_at", "id");',
    },
    {
      level: "info",
      code: "null_watermark",
      message: "12 rows have no updated_at; they are loaded and counted apart.",
      fix: null,
    },
  ],
  error: null,
};

const text = (note: string) => ({ target_type: "VARCHAR", form: "to text", verdict: "as_text", note });

function castsOf(of: readonly ColumnView[]): TypeCasts[] {
  const types = [...new Set(of.map((one) => one.source_type))];
  return types.map((source_type) => {
    const columns = of.filter((one) => one.source_type === source_type);
    const target_type = columns[0]?.target_type ?? "";
    const double = { target_type: "DOUBLE", form: "to double precision", verdict: "lossy" };
    return {
      source_type,
      target_type,
      columns: columns.map((one) => one.name),
      casts: [
        ...(source_type.startsWith("numeric")
          ? [
              {
                target_type: "DECIMAL(38,9)",
                form: "to numeric(38,9)",
                verdict: "lossy",
                note: "digits after the 9th are rounded; a value of 10^29 or more stops the table",
              },
              { ...double, note: "about 15 significant digits are kept" },
            ]
          : []),
        ...(target_type === "VARCHAR" ? [] : [text("its text, as PostgreSQL writes it")]),
      ],
    };
  });
}

/** What changed in the source of a table since its last run. */
export const changes: ChangeView[] = [
  {
    kind: "new",
    column: "loyalty_points",
    before: null,
    now: "integer",
    outcome: "added to the target as INTEGER; rows that do not change hold NULL",
    stops: false,
  },
  {
    kind: "removed",
    column: "fax",
    before: null,
    now: null,
    outcome: "the target keeps it; new and changed rows hold NULL there",
    stops: false,
  },
  {
    kind: "changed",
    column: "visits",
    before: "integer",
    now: "bigint",
    outcome: "widened in the target to BIGINT",
    stops: false,
  },
  {
    kind: "changed",
    column: "contact",
    before: "phone",
    now: "contact",
    outcome: "renamed in the target, with what it holds",
    stops: false,
  },
];

export const mapping: MappingView = {
  source: plan.source,
  target: plan.target,
  pk: ["id"],
  watermark_column: "updated_at",
  mode: "incremental",
  where: null,
  on_drift: "add",
  deletes: "ignore",
  treatments: [
    { column: "email", treatment: { kind: "expression", sql: "lower(email)" } },
    { column: "seen_from", treatment: { kind: "left_out" } },
  ],
  on_unfit: "reject",
  watermark_candidates: ["visits", "updated_at"],
  key_candidates: keys,
  watermarks,
  idents: columns.map(({ name }) => `"${name}"`),
  casts: castsOf(columns),
  asked_at: ago(12),
  plan,
};

const wideColumns: ColumnView[] = [
  ...columns,
  ...Array.from({ length: 267 }, (_, place) =>
    place % 23 === 7
      ? column(`SEARCH_${place}`, "tsvector", "", "refused", "type tsvector is not supported")
      : place % 11 === 3
        ? column(`ATTR_${place}`, "numeric", "VARCHAR", "as_text", "kept as exact text")
        : column(
            `AAG COLUMN ${place}`,
            place % 2 ? "varchar(255)" : "numeric(18,4)",
            place % 2 ? "VARCHAR" : "DECIMAL(18,4)",
            "exact",
          ),
  ),
];

/** The same with as many columns as the widest table has. */
export const wideMapping: MappingView = {
  ...mapping,
  idents: wideColumns.map(({ name }) => `"${name}"`),
  casts: castsOf(wideColumns),
  plan: { ...plan, columns: wideColumns },
};
