// A table that differs from its source, and the same repaired.

import type { VerifiedTable } from "../../../src/host";

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
