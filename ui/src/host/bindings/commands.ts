// Made by ui/scripts/commands.mjs from src-tauri/crates/api/src/list.rs. Not edited by hand.
import type { AppStart } from "./AppStart";
import type { AppView } from "./AppView";
import type { ChartView } from "./ChartView";
import type { CheckView } from "./CheckView";
import type { ConnectionForm } from "./ConnectionForm";
import type { ConnectionRef } from "./ConnectionRef";
import type { ConnectionSave } from "./ConnectionSave";
import type { ConnectionSecret } from "./ConnectionSecret";
import type { ConnectionUrl } from "./ConnectionUrl";
import type { ConnectionView } from "./ConnectionView";
import type { ConnectionsView } from "./ConnectionsView";
import type { DiscardRequest } from "./DiscardRequest";
import type { DiscardView } from "./DiscardView";
import type { DiscoverRequest } from "./DiscoverRequest";
import type { DiscoverView } from "./DiscoverView";
import type { ErrorsView } from "./ErrorsView";
import type { HistoryRequest } from "./HistoryRequest";
import type { LogView } from "./LogView";
import type { MappingRequest } from "./MappingRequest";
import type { MappingView } from "./MappingView";
import type { PlanView } from "./PlanView";
import type { ResetRequest } from "./ResetRequest";
import type { ResetView } from "./ResetView";
import type { RetryView } from "./RetryView";
import type { RunChart } from "./RunChart";
import type { RunRef } from "./RunRef";
import type { RunStarted } from "./RunStarted";
import type { RunView } from "./RunView";
import type { RunsView } from "./RunsView";
import type { StatusView } from "./StatusView";
import type { TablesRequest } from "./TablesRequest";
import type { WorkspaceCreate } from "./WorkspaceCreate";
import type { WorkspaceRef } from "./WorkspaceRef";
import type { WorkspaceView } from "./WorkspaceView";

/** Every command of the host: what it takes, what it answers, and whether it changes anything. */
export type Commands = {
  app_start: { request: AppStart; response: AppView; access: "read" };
  workspace_create: { request: WorkspaceCreate; response: WorkspaceView; access: "write" };
  workspace_open: { request: WorkspaceRef; response: WorkspaceView; access: "write" };
  workspace_trust: { request: WorkspaceRef; response: WorkspaceView; access: "write" };
  workspace_forget: { request: WorkspaceRef; response: AppView; access: "write" };
  connection_list: { request: WorkspaceRef; response: ConnectionsView; access: "read" };
  connection_save: { request: ConnectionSave; response: WorkspaceView; access: "write" };
  connection_remove: { request: ConnectionRef; response: WorkspaceView; access: "write" };
  connection_check: { request: ConnectionRef; response: CheckView; access: "read" };
  connection_set_secret: { request: ConnectionSecret; response: ConnectionView; access: "write" };
  connection_parse_url: { request: ConnectionUrl; response: ConnectionForm; access: "read" };
  sync_discover: { request: DiscoverRequest; response: DiscoverView; access: "write" };
  sync_plan: { request: TablesRequest; response: PlanView; access: "read" };
  mapping_show: { request: MappingRequest; response: MappingView; access: "read" };
  mapping_save: { request: MappingRequest; response: WorkspaceView; access: "write" };
  sync_run: { request: TablesRequest; response: RunStarted; access: "write" };
  sync_cancel: { request: RunRef; response: RunView; access: "write" };
  run_state: { request: RunRef; response: RunView; access: "read" };
  run_chart: { request: RunChart; response: ChartView; access: "read" };
  run_history: { request: HistoryRequest; response: RunsView; access: "read" };
  sync_status: { request: WorkspaceRef; response: StatusView; access: "read" };
  sync_log: { request: HistoryRequest; response: LogView; access: "read" };
  sync_errors: { request: HistoryRequest; response: ErrorsView; access: "read" };
  sync_retry: { request: TablesRequest; response: RetryView; access: "write" };
  sync_discard: { request: DiscardRequest; response: DiscardView; access: "write" };
  sync_reset: { request: ResetRequest; response: ResetView; access: "write" };
};

/** The name of a command. */
export type CommandName = keyof Commands;
