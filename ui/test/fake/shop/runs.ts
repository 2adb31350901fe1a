// Runs of the shop: those that are over, and one that goes on.

import type { RunSummary, RunView, TableProgress } from "../../../src/host";
import { ago, folder } from "./place";
import { result } from "./results";
import { tables } from "./tables";

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
        hint: "If it stays: Look at the network between this machine and the server.",
        side: "source",
        table: "public.shipments",
      },
    }),
    progress("public.tickets", "failed", { result: tables[5]?.last ?? null, error: tables[5]?.last?.error ?? null }),
  ],
};
