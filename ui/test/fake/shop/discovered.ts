// What a source offers beside what is configured.

import type { DiscoveredTableView } from "../../../src/host";
import { keys, watermarks } from "./advice";
import { columns, plan } from "./columns";
import { tables } from "./tables";

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
