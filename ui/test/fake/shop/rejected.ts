// Rows that were not taken.

import type { RejectedRowView } from "../../../src/host";
import { ago } from "./place";
import { runs } from "./runs";

const NAN =
  "source, column credit: NaN does not fit into a decimal: correct the row, or cast the column to text with a transform";

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
    code: "numeric_nan",
    column: "credit",
    error: NAN,
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
    code: "numeric_nan",
    column: "credit",
    error: NAN,
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
    code: "numeric_range",
    column: "price",
    error:
      "source, column price: the number has more digits than the column's declared size: correct the row, or cast the column to text with a transform",
    attempts: 1,
    resolved_at: null,
    resolved_by: null,
    note: null,
  },
];
