import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { above, type ActionId, navigate, type Route, useAction, useRoute } from "../action";
import type { Contact } from "../data/contact";
import type { RunFeed } from "../data/feed";
import { keepWorkspace, mayConnect, useCommand, useOpenRejected, useWorkspace } from "../data/queries";
import { goesOn } from "../data/run";
import { nextRun, useSchedule } from "../data/schedule";
import { timeOfDay } from "../data/format";
import { OpenWorkspaceProvider, useFollow } from "../data/workspace";
import { type ErrorView, errorView, type RecentWorkspace, type ScheduleView } from "../host";
import { Connections } from "../feature/connections/Connections";
import { Mapping } from "../feature/mapping/Mapping";
import { Overview } from "../feature/overview/Overview";
import { Rejected } from "../feature/rejected/Rejected";
import { Rows } from "../feature/rows/Rows";
import { Runs } from "../feature/runs/Runs";
import { Settings } from "../feature/settings/Settings";
import { Find } from "../feature/tables/Find";
import { Tables } from "../feature/tables/Tables";
import { Verify } from "../feature/verify/Verify";
import { VerifyAll } from "../feature/verify/VerifyAll";
import { Trouble, Waiting } from "../kit";
import { Drawer } from "./Drawer";
import { Rail } from "./Rail";
import { SilentStrip, StatusBar } from "./StatusBar";
import type { Told } from "./arrivals";
import { Strips, ToldStrips } from "./Strips";
import { TopBar } from "./TopBar";

type WorkspaceProps = {
  folder: string;
  contact: Contact;
  feed: RunFeed;
  told: Told;
  recent: readonly RecentWorkspace[];
  /** Why another workspace was not opened. */
  failure: ErrorView | null;
  onOpen: (folder: string) => void;
  onClose: () => void;
};

const places: readonly [ActionId, Route][] = [
  ["go.overview", { screen: "overview" }],
  ["go.connections", { screen: "connections", name: null }],
  ["go.tables", { screen: "tables", table: null }],
  ["go.runs", { screen: "runs", runId: null }],
  ["go.rejected", { screen: "rejected", table: null, row: null }],
];

/** An open workspace: the frame and the screen that the address names. */
export function Workspace({ folder, contact, feed, told, recent, failure, onOpen, onClose }: WorkspaceProps) {
  const asked = useWorkspace(folder);
  const workspace = asked.data;
  const route = useRoute();
  const client = useQueryClient();
  const activeId = workspace?.active_run ?? null;
  useEffect(() => {
    if (activeId) feed.open(activeId);
  }, [feed, activeId]);
  const active = useFollow(feed, activeId);
  const running = active?.view ? goesOn(active.view.status) : false;
  const rejected = useOpenRejected(
    folder,
    mayConnect(workspace) && workspace?.state !== null && (workspace?.tables.length ?? 0) > 0,
  );
  const schedule = useSchedule(folder);
  const scheduled = schedule.data?.state === "running" || schedule.data?.state === "stopping" ? schedule.data : null;
  const trust = useCommand("workspace_trust", (queries, answer) => keepWorkspace(queries, answer));

  useAction("go.up", () => navigate(above(route)));
  for (const [id, place] of places) useAction(id, () => navigate(place));
  useAction("workspace.trust", () => trust.mutate({ folder }), workspace?.trusted === false ? null : "it is trusted");
  useAction(
    "workspace.reload",
    () => void client.invalidateQueries({ queryKey: ["in", folder] }),
    asked.isFetching ? "one moment" : null,
  );
  useAction("workspace.close", onClose, running ? "when the run has ended" : null);

  if (!workspace)
    return asked.isError ? (
      <Trouble error={errorView(asked.error)} title={<b>The workspace was not opened</b>} />
    ) : (
      <Waiting text="Opening the workspace" />
    );
  const lost = asked.isError ? errorView(asked.error) : null;
  return (
    <OpenWorkspaceProvider value={{ workspace, feed, activeRun: active }}>
      <div className="frame">
        <Rail
          workspace={workspace}
          route={route}
          running={running}
          rejected={rejected.data ?? null}
          recent={recent}
          onOpen={onOpen}
        />
        <TopBar route={route} />
        <main className="page">
          <SilentStrip contact={contact} />
          <ToldStrips told={told} />
          {failure && <Trouble error={failure} title={<b>The other workspace was not opened</b>} />}
          {lost && (
            <Trouble
              error={lost}
              title={<b>firn.yaml was not read again; what is shown is from before</b>}
              tone="warn"
            />
          )}
          {trust.isError && (
            <Trouble error={errorView(trust.error)} title={<b>The workspace is still not trusted</b>} />
          )}
          {route.screen !== "overview" && <Strips workspace={workspace} />}
          <Screen route={route} />
          <Drawer />
        </main>
        <StatusBar
          contact={contact}
          facts={[
            workspace.folder,
            workspace.state ? `State in ${workspace.state}` : "No state database yet",
            running ? "A run goes on" : "Nothing runs",
            scheduleFact(scheduled),
          ]}
        />
      </div>
    </OpenWorkspaceProvider>
  );
}

function scheduleFact(schedule: ScheduleView | null): string {
  if (!schedule) return "Schedule off";
  if (schedule.state === "stopping") return "Schedule stopping";
  const next = nextRun(schedule);
  return next ? `Schedule on, next run ${timeOfDay(next)}` : "Schedule on";
}

function Screen({ route }: { route: Route }) {
  switch (route.screen) {
    case "overview":
      return <Overview />;
    case "connections":
      return <Connections name={route.name} />;
    case "tables":
      return <Tables table={route.table} />;
    case "mapping":
      return <Mapping key={route.table} table={route.table} column={route.column} />;
    case "verify":
      return route.table ? <Verify key={route.table} table={route.table} /> : <VerifyAll />;
    case "rows":
      return <Rows key={route.table} table={route.table} side={route.side} />;
    case "find":
      return <Find />;
    case "runs":
      return <Runs table={route.table ?? null} runId={route.runId} />;
    case "rejected":
      return <Rejected table={route.table} row={route.row} />;
    case "settings":
      return <Settings />;
  }
}
