// The tables of the shop, and how they stand.

import type { TableStatusView, TableView } from "../../../src/host";
import { ago } from "./place";
import { result } from "./results";

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
  compared:
    table.source === "public.tickets"
      ? null
      : {
          at: ago(table.source === "public.orders" ? 41_000 : 3_600),
          rows_source: 48_211,
          rows_target: 48_209,
          differing_keys: table.source === "public.customers" ? 5 : 0,
          waiting: 12,
          seconds: 1.4,
        },
}));
