// How the run of one table ended.

import type { TableResult } from "../../../src/host";

export const result = (source: string, more: Partial<TableResult> = {}): TableResult => ({
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
