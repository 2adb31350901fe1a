// What needs a person first. Pure: made from what the host has answered.

import type { ConnectionView, ErrorView, TableStatusView, TableView, WorkspaceView } from "../host";
import { count, counted } from "./format";

/** Where one thing that needs a person can be settled. */
export type Remedy =
  | { to: "connection"; name: string }
  | { to: "table"; source: string }
  | { to: "rejected"; source: string }
  | { to: "run"; runId: string }
  | { to: "connections" }
  | { to: "find" };

/** One thing that needs a person. */
export type Need = {
  id: string;
  tone: "failed" | "warn";
  /** Whether nothing is wrong and only the person is waited for. */
  waits?: boolean;
  /** What it is, in a word or two. */
  word: string;
  /** The object, as a database or a file would write it. */
  object: string;
  /** What happened. */
  text: string;
  /** What to do next, where the host knows. */
  hint: string | null;
  action: string;
  remedy: Remedy;
};

/** What is known of a workspace when it is judged. */
export type Known = {
  workspace: WorkspaceView;
  /** With where secrets are; the workspace's own list where they have not been asked. */
  connections: readonly ConnectionView[];
  /** Null where the state database has not answered. */
  status: readonly TableStatusView[] | null;
  /** Why it has not. */
  statusError: ErrorView | null;
};

/** Everything that needs a person, failures first. Problems of the file and trust have strips of their own. */
export function needs({ workspace, connections, status, statusError }: Known): Need[] {
  const failed: Need[] = [];
  const warned: Need[] = [];
  for (const connection of connections) {
    if (!connection.needs_secret || connection.roles.length === 0) continue;
    // A server that has just answered wants no password: it knows who asks by other means.
    const answered = status !== null && connection.roles.includes("state");
    if (connection.secret === "none" && !answered)
      failed.push({
        id: `secret:${connection.name}`,
        tone: "failed",
        word: "No secret",
        object: connection.name,
        text: "Its password is neither in the keyring nor in a variable.",
        hint: null,
        action: "Add secret",
        remedy: { to: "connection", name: connection.name },
      });
  }
  if (statusError && workspace.state && statusError.code !== "untrusted")
    failed.push({
      id: "state",
      tone: "failed",
      word: "Not reached",
      object: workspace.state,
      text: statusError.message,
      hint: statusError.hint,
      action: "Check connection",
      remedy: { to: "connection", name: workspace.state },
    });
  const live = new Map((status ?? []).map((row) => [row.source, row]));
  for (const table of workspace.tables) {
    const now = live.get(table.source);
    const last = table.last;
    const stands = standing(table, now ?? null);
    if (stands === "failed")
      failed.push({
        id: `table:${table.source}`,
        tone: "failed",
        word: "Failed",
        object: table.source,
        text: last?.status === "failed" && last.error ? last.error.message : (now?.error ?? "The last run failed."),
        hint: last?.status === "failed" ? (last.error?.hint ?? null) : null,
        action: "Open table",
        remedy: { to: "table", source: table.source },
      });
    const rejected = now ? now.open_errors : (last?.rows_rejected ?? 0);
    if (rejected > 0)
      warned.push({
        id: `rejected:${table.source}`,
        tone: "warn",
        word: `${count(rejected)} rejected ${rejected === 1 ? "row" : "rows"}`,
        object: table.source,
        text: "Everything else is merged.",
        hint: null,
        action: "Open rows",
        remedy: { to: "rejected", source: table.source },
      });
  }
  if (workspace.problems.length === 0) warned.push(...nextSteps(workspace));
  const lastRun = workspace.runs[0];
  if (lastRun?.status === "interrupted")
    warned.push({
      id: `run:${lastRun.run_id}`,
      tone: "warn",
      word: "Interrupted",
      object: lastRun.run_id.slice(0, 8),
      text: `The program that ran it is gone. ${counted(lastRun.rows_merged, "row")} are committed; the next run goes on from there.`,
      hint: null,
      action: "Open run",
      remedy: { to: "run", runId: lastRun.run_id },
    });
  return [...failed, ...warned];
}

/**
 * How a table stands: the status of the state database, or of the last run on this machine where that has not
 * answered. The state database knows no `partial`: an error whose rows are set aside is one.
 */
export function standing(table: TableView, now: TableStatusView | null): string {
  const last = table.last?.status ?? null;
  if (!now) return last ?? "never";
  if (now.status === "error")
    return now.open_errors > 0 && (last === null || last === "partial") ? "partial" : "failed";
  return now.status;
}

/** What a workspace still lacks before it can run: one step at a time. */
function nextSteps(workspace: WorkspaceView): Need[] {
  const step = (id: string, object: string, text: string, action: string, remedy: Remedy): Need[] => [
    { id, tone: "warn", waits: true, word: "Next", object, text, hint: null, action, remedy },
  ];
  if (!workspace.source)
    return step(
      "next:source",
      "source",
      "Add the PostgreSQL to read from: paste its URL, check it, save it.",
      "Add connection",
      { to: "connections" },
    );
  if (!workspace.target)
    return step("next:target", "target", "Add the warehouse to write to: a DuckDB file is enough.", "Add connection", {
      to: "connections",
    });
  if (workspace.tables.length === 0)
    return step("next:tables", "tables", `Choose the tables of ${workspace.source} to keep in step.`, "Find tables", {
      to: "find",
    });
  return [];
}

/** Tables whose target is as far as their last run could take it. */
export function inStep(workspace: WorkspaceView, status: readonly TableStatusView[] | null): number {
  const live = new Map((status ?? []).map((row) => [row.source, row]));
  return workspace.tables.filter((table) => {
    const now = live.get(table.source);
    if (now) return (now.status === "idle" || now.status === "success") && now.open_errors === 0;
    return table.last?.status === "success" || table.last?.status === "idle";
  }).length;
}
