// What the comparisons of a workspace's tables prove together.

import type { TableStatusView } from "../host";

/** The last comparisons of all tables, as one statement. */
export type Proof = {
  /** Tables that were compared. */
  compared: number;
  /** Tables of the workspace. */
  of: number;
  /** Keys that differed. */
  differing: number;
  /** The first table of those with the most differing keys. */
  worst: string | null;
  /** When the oldest of them ended, ISO 8601: what is proved of all is as old as that. */
  at: string | null;
};

/** Sums up what was compared. */
export function proof(tables: readonly TableStatusView[]): Proof {
  const compared = tables.flatMap((table) => (table.compared ? [{ source: table.source, ...table.compared }] : []));
  const worst = compared.reduce<(typeof compared)[number] | null>(
    (most, one) => (one.differing_keys > (most?.differing_keys ?? 0) ? one : most),
    null,
  );
  return {
    compared: compared.length,
    of: tables.length,
    differing: compared.reduce((sum, one) => sum + one.differing_keys, 0),
    worst: worst?.source ?? null,
    at: compared.map((one) => one.at).sort()[0] ?? null,
  };
}
