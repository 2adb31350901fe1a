import { createContext, useContext, useMemo, useSyncExternalStore } from "react";
import type { RunView, WorkspaceView } from "../host";
import type { RunFeed } from "./feed";
import type { Follow } from "./run";

/** What every screen of an open workspace stands on. */
export type OpenWorkspace = {
  workspace: WorkspaceView;
  feed: RunFeed;
  /** The run that goes on here now. */
  activeRun: Follow | undefined;
};

const OpenContext = createContext<OpenWorkspace | null>(null);

/** Gives the open workspace to its screens. */
export const OpenWorkspaceProvider = OpenContext.Provider;

/** The open workspace. */
export function useOpenWorkspace(): OpenWorkspace {
  const open = useContext(OpenContext);
  if (!open) throw new Error("no open workspace above this component");
  return open;
}

/** A run as it is known now; changes with every event. */
export function useFollow(feed: RunFeed, runId: string | null): Follow | undefined {
  return useSyncExternalStore(feed.watch, () => (runId ? feed.get(runId) : undefined));
}

/** The run that goes on over a table, where it is asked about. */
export function useRunOf(feed: RunFeed, table: string, ask: boolean): Follow | undefined {
  return useSyncExternalStore(feed.watch, () => (ask ? feed.ofTable(table) : undefined));
}

/** The run of a workspace that began last among those that the window has met. */
export function useLatestRun(feed: RunFeed, folder: string): Follow | undefined {
  return useSyncExternalStore(feed.watch, () => feed.latest(folder));
}

/** The names of a run's tables: the same list for as long as they are the same, however its figures change. */
export function useSources(view: RunView | null): readonly string[] {
  const names = JSON.stringify(view?.tables.map((table) => table.source) ?? []);
  return useMemo(() => JSON.parse(names) as string[], [names]);
}
