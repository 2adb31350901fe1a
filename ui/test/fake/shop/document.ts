// The file of the shop, with comments that are to be kept.

import type { TableView } from "../../../src/host";

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
