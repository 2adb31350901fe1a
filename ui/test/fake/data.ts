// A small shop, as a host would tell of it. For tests and for looking at screens only; never part of the window.

import type {
  ChangeView,
  CheckView,
  ColumnView,
  MappingView,
  VerifiedTable,
  ConnectionView,
  DiscoveredTableView,
  RejectedRowView,
  RunSummary,
  RunView,
  ScheduleView,
  SettingsView,
  TablePlanView,
  TableProgress,
  TableResult,
  TableStatusView,
  TableView,
  TypeCasts,
  WorkspaceView,
} from "../../src/host";
import { keys, watermarks } from "./advice";

export const folder = "/home/kim/data/shop";

const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString();

const settingsValues: SettingsView["settings"] = {
  theme: "system",
  density: "compact",
  recent_workspaces: 12,
  notifications: true,
  tray: true,
  close_to_tray: false,
  confirm_production: true,
  history_days: 365,
};

export const settings: SettingsView = {
  file: "/home/kim/.config/firn/settings.toml",
  settings: settingsValues,
  defaults: settingsValues,
  problems: [],
  notices: [
    {
      level: "info",
      code: "tray",
      message: "this desktop shows no tray; GNOME needs an extension for it, such as AppIndicator",
      fix: null,
    },
  ],
};

export const schedule: ScheduleView = {
  folder,
  state: "stopped",
  since: null,
  tables: [],
  error: null,
};

export const connections: ConnectionView[] = [
  {
    name: "app_db",
    kind: "postgres",
    address: "app@db.internal:5432/app",
    label: null,
    settings: { host: "db.internal", port: "5432", database: "app", user: "app", tls: "verify-full" },
    needs_secret: true,
    secret: "keyring",
    roles: ["source", "state"],
  },
  {
    name: "warehouse",
    kind: "duckdb",
    address: "warehouse.duckdb",
    label: null,
    settings: { path: "warehouse.duckdb" },
    needs_secret: false,
    secret: "none",
    roles: ["target"],
  },
  {
    name: "prod",
    kind: "postgres",
    address: "loader@prod.internal:5432/app",
    label: "production",
    settings: { host: "prod.internal", port: "5432", database: "app", user: "loader", tls: "verify-full" },
    needs_secret: true,
    secret: "none",
    roles: [],
  },
];

const result = (source: string, more: Partial<TableResult> = {}): TableResult => ({
  source,
  target: source.replace("public.", "analytics."),
  status: "success",
  rows_read: 1200,
  rows_merged: 1200,
  rows_rejected: 0,
  rows_deleted: 0,
  rows_duplicate: 0,
  rows_null_watermark: 0,
  watermark: "2026-11-20 14:29:57.114233+00",
  seconds: 1.4,
  error: null,
  findings: [],
  ...more,
});

const names = ["customers", "products", "orders", "order_items", "shipments", "tickets"];

export const tables: TableView[] = names.map((name) => ({
  source: `public.${name}`,
  target: `analytics.${name}`,
  pk: name === "order_items" ? ["order_id", "line"] : ["id"],
  watermark_column: name === "products" ? null : "updated_at",
  mode: name === "products" ? "full" : "incremental",
  deletes: name === "customers" ? "hard" : "ignore",
  last:
    name === "tickets"
      ? result("public.tickets", {
          status: "failed",
          rows_read: 0,
          rows_merged: 0,
          seconds: 0.3,
          error: {
            code: "configuration",
            message: "Column plan_code varchar(40) is in the source but not in the target, and on_drift is stop.",
            hint: "Set on_drift: add to accept such columns, or leave the column out with a transform of null.",
            side: "source",
            table: "public.tickets",
          },
        })
      : result(`public.${name}`, {
          rows_merged: name === "orders" ? 48_211 : 1_200,
          rows_rejected: name === "customers" ? 3 : 0,
        }),
}));

export const status: TableStatusView[] = tables.map((table) => ({
  source: table.source,
  target: table.target,
  status: table.source === "public.tickets" ? "error" : "success",
  watermark: table.watermark_column ? "2026-11-20 14:29:57.114233+00" : null,
  last_run: ago(340),
  error: table.source === "public.tickets" ? "drift: plan_code" : null,
  rows_processed: table.last?.rows_merged ?? 0,
  holder: null,
  open_errors: table.source === "public.customers" ? 3 : 0,
}));

export const runs: RunSummary[] = [
  {
    run_id: "9f31c2aa-4c1e-4b7e-8f5e-1d2c3b4a5f60",
    started_at: ago(360),
    finished_at: ago(320),
    status: "partial",
    trigger: "window",
    tables: 6,
    rows_merged: 54_211,
    rows_rejected: 3,
  },
  {
    run_id: "2b8e7710-0aa1-4c53-9a1f-6a7788990011",
    started_at: ago(4_000),
    finished_at: ago(3_979),
    status: "success",
    trigger: "cli",
    tables: 6,
    rows_merged: 812,
    rows_rejected: 0,
  },
  {
    run_id: "71d0aa3e-b2b1-4a6e-a3ad-a1b2c3d4e5f6",
    started_at: ago(90_000),
    finished_at: ago(89_990),
    status: "cancelled",
    trigger: "watch",
    tables: 6,
    rows_merged: 20_000,
    rows_rejected: 0,
  },
];

export const workspace: WorkspaceView = {
  folder,
  name: "shop",
  trusted: true,
  problems: [],
  connections,
  source: "app_db",
  target: "warehouse",
  state: "app_db",
  tables,
  runs,
  active_run: null,
  notices: [],
};

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

export const verdict: VerifiedTable = {
  source: "public.customers",
  target: "analytics.customers",
  status: "different",
  rows_source: 48_211,
  rows_target: 48_209,
  differing_keys: 5,
  missing: 3,
  extra: 1,
  changed: 1,
  rejected: 1,
  waiting: 12,
  superseded: 0,
  columns: { email: 1, credit: 1, name: 1, note: 1, updated_at: 1 },
  cells_of: 1,
  keys: [
    { kind: "missing", key: { id: "1313" }, reason: "rejected: numeric_nan", cells: [] },
    { kind: "missing", key: { id: "4711" }, reason: null, cells: [] },
    { kind: "missing", key: { id: "4712" }, reason: null, cells: [] },
    { kind: "extra", key: { id: "99" }, reason: "deletes: ignore", cells: [] },
    {
      kind: "changed",
      key: { id: "204" },
      reason: null,
      cells: [
        { column: "email", source: "kim@example.com", target: "" },
        { column: "credit", source: "12.50", target: null },
        { column: "name", source: "Greystone Outfitters", target: "Greystone  Outfiters " },
        { column: "note", source: "   ", target: "" },
        { column: "updated_at", source: "2026-11-20 09:11:58.114233+00", target: "2026-11-20 09:11:58.114+00" },
      ],
    },
  ],
  repaired: null,
  seconds: 1.4,
  error: null,
  findings: [],
};

export const repaired: Partial<VerifiedTable> = {
  status: "equal",
  differing_keys: 0,
  missing: 0,
  extra: 0,
  changed: 0,
  columns: {},
  keys: [],
  repaired: { written: 4, deleted: 1, left: 0 },
};

export const discovered: DiscoveredTableView[] = [
  ...tables.map((table, place): DiscoveredTableView => ({
    source: table.source,
    target: table.target,
    kind: "table",
    estimated_rows: 1_000 * (place + 1) ** 2,
    bytes: 180_000 * (place + 1) ** 3,
    pk: table.pk,
    watermark_column: table.watermark_column,
    key_candidates: keys,
    watermarks,
    columns,
    findings: [],
    configured: place < 3,
  })),
  {
    source: "public.audit_log",
    target: "analytics.audit_log",
    kind: "table",
    estimated_rows: 210_000_000,
    bytes: 48_000_000_000,
    pk: [],
    watermark_column: "at",
    key_candidates: [],
    watermarks: watermarks.map((candidate) => ({ ...candidate, column: "at" })).slice(0, 1),
    columns: columns.slice(1, 3),
    findings: [
      {
        level: "critical",
        code: "no_key",
        message: "public.audit_log has no primary key and no unique index over NOT NULL columns.",
        fix: "ALTER TABLE public.audit_log ADD PRIMARY KEY (id);",
      },
    ],
    configured: false,
  },
  {
    source: "public.visits",
    target: "analytics.visits",
    kind: "partitioned",
    estimated_rows: 12_600_000,
    bytes: 2_100_000_000,
    pk: ["id"],
    watermark_column: "updated_at",
    key_candidates: keys,
    watermarks,
    columns,
    findings: plan.findings,
    configured: false,
  },
];

export const checks: Record<string, CheckView> = {
  app_db: {
    name: "app_db",
    usable: true,
    seconds: 0.184,
    findings: [
      { level: "ok", code: "reach", message: "db.internal:5432 answers in 3 ms.", fix: null },
      { level: "ok", code: "tls", message: "TLS 1.3, certificate of db.internal checked.", fix: null },
      { level: "ok", code: "sign_in", message: "app signed in with SCRAM-SHA-256.", fix: null },
      { level: "ok", code: "version", message: "PostgreSQL 15.14.", fix: null },
      {
        level: "warning",
        code: "activity",
        message:
          "app may not see the transactions of others; late commits are watched through pg_locks instead, which can wait longer.",
        fix: "GRANT pg_read_all_stats TO app;",
      },
      { level: "ok", code: "state", message: "app may create the state tables in schema public.", fix: null },
    ],
  },
  prod: {
    name: "prod",
    usable: false,
    seconds: 5.01,
    findings: [
      { level: "ok", code: "reach", message: "prod.internal:5432 answers in 12 ms.", fix: null },
      {
        level: "critical",
        code: "sign_in",
        message: "prod.internal refused the password of loader (28P01).",
        fix: "firn connection set-secret prod",
      },
    ],
  },
  warehouse: {
    name: "warehouse",
    usable: true,
    seconds: 0.02,
    findings: [{ level: "ok", code: "file", message: "warehouse.duckdb can be written; DuckDB 1.5.6.", fix: null }],
  },
};

export const rejected: RejectedRowView[] = [
  {
    id: "11",
    source: "public.customers",
    occurred_at: ago(330),
    run_id: runs[0]?.run_id ?? "",
    pk: { id: "321458" },
    payload: {
      id: "321458",
      email: "k.adeyemi@gs.example",
      tier: "gold",
      phone: "",
      nick: "  blank ",
      notes: "two\nlines",
      credit: "NaN",
      invited_by: null,
      profile: { digest: "weekly" },
      visits: 7,
      active: true,
      updated_at: "2026-11-20 09:11:58+00",
    },
    code: "row_refused",
    error: "Column credit: NaN has no value in DECIMAL(38,9) of analytics.customers.",
    attempts: 3,
    resolved_at: null,
    resolved_by: null,
    note: null,
  },
  {
    id: "10",
    source: "public.customers",
    occurred_at: ago(331),
    run_id: runs[0]?.run_id ?? "",
    pk: { id: "321459" },
    payload: null,
    code: "row_refused",
    error: "Column credit: NaN has no value in DECIMAL(38,9) of analytics.customers.",
    attempts: 1,
    resolved_at: null,
    resolved_by: null,
    note: null,
  },
  {
    id: "9",
    source: "public.order_items",
    occurred_at: ago(331),
    run_id: runs[0]?.run_id ?? "",
    pk: { order_id: "17", line: "2" },
    payload: { order_id: "17", line: "2", price: "1e400" },
    code: "out_of_range",
    error: "Column price: 1e400 is larger than DOUBLE can hold.",
    attempts: 1,
    resolved_at: null,
    resolved_by: null,
    note: null,
  },
];

export const progress = (
  source: string,
  stage: TableProgress["stage"],
  more: Partial<TableProgress> = {},
): TableProgress => ({
  source,
  target: source.replace("public.", "analytics."),
  stage,
  phase: "incremental",
  rows_expected: null,
  rows_read: 0,
  rows_merged: 0,
  rows_rejected: 0,
  bytes: 0,
  watermark: null,
  retry_at: null,
  error: null,
  result: null,
  ...more,
});

export const activeRun: RunView = {
  run_id: "c0ffee11-2222-4333-8444-555566667777",
  folder,
  status: "running",
  started_at: ago(48),
  seconds: 48,
  seq: 20,
  error: null,
  tables: [
    progress("public.customers", "done", {
      rows_read: 1_906,
      rows_merged: 1_903,
      rows_rejected: 3,
      bytes: 412_000,
      result: result("public.customers", { rows_read: 1_906, rows_merged: 1_903, rows_rejected: 3, status: "partial" }),
    }),
    progress("public.products", "done", {
      phase: "full",
      rows_read: 212,
      rows_merged: 212,
      bytes: 31_000,
      result: result("public.products", { rows_read: 212, rows_merged: 212, seconds: 0.4 }),
    }),
    progress("public.orders", "merging", {
      phase: "first_load",
      rows_expected: 88_540,
      rows_read: 71_000,
      rows_merged: 60_000,
      bytes: 9_100_000,
    }),
    progress("public.order_items", "reading", {
      phase: "first_load",
      rows_expected: 21_117,
      rows_read: 9_500,
      bytes: 1_300_000,
    }),
    progress("public.shipments", "waiting", {
      rows_read: 1_403,
      rows_merged: 1_403,
      bytes: 200_000,
      retry_at: new Date(Date.now() + 22_000).toISOString(),
      error: {
        code: "transient",
        message:
          "app_db closed the connection while public.shipments was read; 1,403 rows are committed and will not be read again.",
        hint: "Nothing: it is tried again by itself.",
        side: "source",
        table: "public.shipments",
      },
    }),
    progress("public.tickets", "failed", { result: tables[5]?.last ?? null, error: tables[5]?.last?.error ?? null }),
  ],
};

export const scheduleOn: ScheduleView = {
  folder,
  state: "running",
  since: ago(600),
  tables: tables.map((table, place) => ({
    source: table.source,
    target: table.target,
    schedule: place === 1 ? "0 4 * * * America/Los_Angeles" : "120s",
    status: table.source === "public.tickets" ? "failed" : "success",
    running: table.source === "public.orders",
    last_success: ago(90 + place),
    lag_seconds: 90 + place,
    next_run: new Date(Date.now() + 30_000 + place * 1000).toISOString(),
    failures: table.source === "public.tickets" ? 3 : 0,
    error: table.last?.error ?? null,
  })),
  error: null,
};
/** A document over the tables of a workspace, with comments to be kept. */
export function documentOf(tables: readonly TableView[]): string {
  const entries = tables.map((table, place) =>
    table.source === "public.customers"
      ? `  - source: public.customers
    target: analytics.customers
    pk: id
    watermark_column: updated_at   # set by a trigger
    transform: {email: "lower(email)", seen_from: null}   # addresses stay here
`
      : `  - source: ${table.source}${place === 1 ? "   # asked for by the finance team" : ""}
    target: ${table.target}
    pk: ${table.pk.length === 1 ? table.pk[0] : `[${table.pk.join(", ")}]`}
${table.watermark_column ? `    watermark_column: ${table.watermark_column}\n` : "    mode: full\n"}`,
  );
  return `# The shop, as it is copied into the warehouse.
connections:
  app_db:    { kind: postgres, host: db.internal, port: 5432, database: app, user: app, tls: verify-full }
  warehouse: { kind: duckdb, path: warehouse.duckdb }   # the embedded default
source: app_db
target: warehouse

tables:
${entries.join("")}`;
}
