// The guard of production: what writes into a connection with that label asks for its name first.

import { createContext, useContext } from "react";
import type { CommandName, Commands, ConnectionView, WorkspaceView } from "../host";

/** The label that guards writes. */
export const PRODUCTION = "production";

/** A write that waits for the person's word. */
export type Write = {
  connection: ConnectionView;
  /** What is about to be done, as the middle of a sentence: “A run of 3 tables”. */
  what: string;
};

const writers: { [N in CommandName]?: (request: Commands[N]["request"], workspace: WorkspaceView) => string | null } = {
  sync_run: ({ tables }, workspace) => tablesText("A run", tables, workspace),
  sync_retry: ({ tables }, workspace) => tablesText("Another try of rejected rows", tables, workspace),
  sync_reset: ({ table }) => `Moving the cursor of ${table} back`,
  schedule_start: (_, workspace) => tablesText("The schedule", [], workspace),
  sync_verify: ({ repair, tables }, workspace) => (repair ? tablesText("A repair", tables, workspace) : null),
};

/** The commands that may write into a target. They are sent by `useCommand` alone, which asks the guard first. */
export const guardedCommands = Object.keys(writers);

function tablesText(what: string, tables: readonly string[], workspace: WorkspaceView): string {
  if (tables.length === 1) return `${what} of ${tables[0]}`;
  const number = tables.length === 0 ? workspace.tables.length : tables.length;
  return number === 1 ? `${what} of ${workspace.tables[0]?.source ?? "1 table"}` : `${what} of ${number} tables`;
}

/** What a command would write into a production connection of its workspace; null where it would not. */
export function guardedWrite<N extends CommandName>(
  workspace: WorkspaceView | undefined,
  name: N,
  request: Commands[N]["request"],
): Write | null {
  const describe = writers[name] as
    ((request: Commands[N]["request"], workspace: WorkspaceView) => string | null) | undefined;
  if (!workspace || !describe) return null;
  const connection = workspace.connections.find((known) => known.name === workspace.target);
  if (connection?.label !== PRODUCTION) return null;
  const what = describe(request, workspace);
  return what === null ? null : { connection, what };
}

/** Asks the person; resolves to whether they agree. */
export type Guard = (write: Write) => Promise<boolean>;

const GuardContext = createContext<Guard | null>(null);

/** Gives the guard to everything below. */
export const GuardProvider = GuardContext.Provider;

/** The guard of this page. */
export function useGuard(): Guard {
  const guard = useContext(GuardContext);
  if (!guard) throw new Error("no GuardProvider above this component");
  return guard;
}
