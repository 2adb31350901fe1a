/** What the shop's tables offer as key and watermark: one good answer, some worse ones. */
import type { KeyCandidateView, WatermarkCandidateView } from "../../../src/host";

export const keys: KeyCandidateView[] = [
  { columns: ["id"], primary: true },
  { columns: ["tenant_id", "email"], primary: false },
];

const candidate = (
  column: string,
  axis: string,
  set_by: string,
  reasons: string[],
  facts: Partial<WatermarkCandidateView> = {},
): WatermarkCandidateView => ({
  column,
  axis,
  likely: true,
  indexed: false,
  not_null: false,
  nulls: null,
  monotonic: null,
  set_by,
  reasons,
  index_sql: null,
  ...facts,
});

export const watermarks: WatermarkCandidateView[] = [
  candidate(
    "updated_at",
    "timestamptz",
    "trigger",
    ["indexed", "never NULL", "grows as rows are written", "a trigger before updates names it"],
    { indexed: true, not_null: true, nulls: 0, monotonic: true },
  ),
  candidate(
    "visits",
    "integer",
    "application",
    ["not indexed", "NULL in 12.5 % of the rows", "set by the application, as far as is seen here"],
    {
      likely: false,
      nulls: 0.125,
      monotonic: false,
      index_sql: 'CREATE INDEX CONCURRENTLY ON "public"."customers" ("visits", "id");',
    },
  ),
];
