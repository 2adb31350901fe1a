import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useAskDrift } from "../data/drift";
import { cannotConnect, keys, useCommand } from "../data/queries";
import { goesOn } from "../data/run";
import { useOpenWorkspace } from "../data/workspace";
import { errorView, type WorkspaceView } from "../host";
import { navigate } from "./route";

/** Starting a run from any screen. What has changed in the source since the last run is looked through first. */
export function useStartRun() {
  const { workspace, feed, activeRun } = useOpenWorkspace();
  const client = useQueryClient();
  const askDrift = useAskDrift();
  const [looking, setLooking] = useState(false);
  const run = useCommand("sync_run", (_, { run_id }) => {
    client.setQueryData<WorkspaceView>(
      keys.workspace(workspace.folder),
      (known) => known && { ...known, active_run: run_id },
    );
    void client.invalidateQueries({ queryKey: keys.runs(workspace.folder) });
    feed.open(run_id);
  });
  const unavailable = cannotRun(
    workspace,
    activeRun?.view ? goesOn(activeRun.view.status) : workspace.active_run !== null,
    looking ? "what has changed in the source is looked for" : run.isPending ? "a run is being started" : null,
  );
  const start = (tables: readonly string[]) =>
    run.mutate(
      { folder: workspace.folder, tables: [...tables] },
      // Heard only while the screen is there on which it was begun: whoever has gone elsewhere meanwhile stays there.
      { onSuccess: ({ run_id }) => navigate({ screen: "runs", runId: run_id }) },
    );
  return {
    /** Runs the tables, once the person has accepted what has changed in them; none means all. */
    start: (tables: readonly string[]) => {
      setLooking(true);
      void askDrift(workspace.folder, tables)
        .then((chosen) => chosen && start(chosen))
        .finally(() => setLooking(false));
    },
    /** Runs tables that the person has looked through already. */
    startLooked: start,
    /** Why no run can be started now. */
    unavailable,
    error: run.isError ? errorView(run.error) : null,
  };
}

/** Why a run cannot be started; null where it can. */
export function cannotRun(workspace: WorkspaceView, running: boolean, starting: string | null): string | null {
  const apart = cannotConnect(workspace);
  if (apart !== null) return apart;
  if (!workspace.source) return "no connection is the source yet";
  if (!workspace.target) return "no connection is the target yet";
  if (workspace.tables.length === 0) return "no table is chosen yet";
  if (starting !== null) return starting;
  if (running) return "a run goes on";
  return null;
}
