// What has changed in the source since the last run, and which of it a person has looked through and accepted.

import { type QueryClient, queryOptions, useQuery } from "@tanstack/react-query";
import { createContext, useContext, useSyncExternalStore } from "react";
import { type DriftView, type Host, type TableDriftView, useHost } from "../host";
import { keys } from "./queries";

/** How long a look counts: whoever runs within that is not kept waiting for another. */
const LOOK_MS = 60_000;

function look(host: Host, folder: string) {
  return queryOptions({
    queryKey: keys.drift(folder),
    queryFn: () => host.call("source_drift", { folder }),
    staleTime: LOOK_MS,
  });
}

/** Looks for drift while a screen is open from which tables are run, so that a run need not wait for it. */
export function useDriftAhead(folder: string, ask: boolean): void {
  useQuery({ ...look(useHost(), folder), enabled: ask, refetchOnWindowFocus: true });
}

/** What is known of drift, where it is young enough; asked of source and target where it is not. */
export function driftNow(client: QueryClient, host: Host, folder: string): Promise<DriftView> {
  return client.fetchQuery(look(host, folder));
}

/** What has changed in one table, and what is done about it. */
export type Changed = Pick<TableDriftView, "source" | "on_drift" | "changes">;

/** Which changes a person has accepted, by folder and table. It ends with the window. */
class Accepted {
  readonly #names = new Map<string, string>();
  readonly #watchers = new Set<() => void>();

  /** Whether nothing has changed but what was accepted as it is now. */
  has(folder: string, changed: Changed): boolean {
    return changed.changes.length === 0 || this.#names.get(place(folder, changed)) === nameOf(changed);
  }

  add(folder: string, changed: Changed): void {
    this.#names.set(place(folder, changed), nameOf(changed));
    for (const told of this.#watchers) told();
  }

  watch = (told: () => void): (() => void) => {
    this.#watchers.add(told);
    return () => this.#watchers.delete(told);
  };
}

function place(folder: string, { source }: Changed): string {
  return `${folder}\n${source}`;
}

/** A further change, or another word for what is done about changes, has another name. */
function nameOf({ on_drift, changes }: Changed): string {
  return JSON.stringify([on_drift, changes]);
}

/** What was accepted in this window. */
export const accepted = new Accepted();

/** Whether a person has accepted what has changed in a table; true where nothing has. */
export function useAccepted(folder: string, changed: Changed | null): boolean {
  return useSyncExternalStore(accepted.watch, () => changed === null || accepted.has(folder, changed));
}

/** The tables of a run with changes that nobody has accepted; no table means all. */
export function unaccepted(folder: string, found: DriftView, tables: readonly string[]): TableDriftView[] {
  return found.tables.filter(
    (table) => (tables.length === 0 || tables.includes(table.source)) && !accepted.has(folder, table),
  );
}

/** Whether a table's run would stop at what has changed. */
export function stops({ changes }: Changed): boolean {
  return changes.some((change) => change.stops);
}

/** Shows a person what has changed in the tables of a run; resolves to the tables to run, or to null for none. */
export type AskDrift = (folder: string, tables: readonly string[]) => Promise<readonly string[] | null>;

const AskDriftContext = createContext<AskDrift | null>(null);

/** Gives the question to everything below. */
export const AskDriftProvider = AskDriftContext.Provider;

/** The question of this page. */
export function useAskDrift(): AskDrift {
  const ask = useContext(AskDriftContext);
  if (!ask) throw new Error("no AskDriftProvider above this component");
  return ask;
}
