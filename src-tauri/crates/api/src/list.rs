//! The one command list. The Tauri bridge, the loopback dispatcher, the TypeScript bindings and the command line's
//! coverage test are made from it.

/// Calls a macro with every command: `name(Request) -> Response`, each with its access.
///
/// `read` names commands that change nothing; `write` those that change files, databases or the keyring.
#[macro_export]
macro_rules! with_commands {
    ($callback:path) => {
        $callback! {
            read  app_start(AppStart) -> AppView;
            write app_arrivals(ArrivalsTake) -> ArrivalsView;
            write workspace_create(WorkspaceCreate) -> WorkspaceView;
            write workspace_open(WorkspaceRef) -> WorkspaceView;
            write workspace_trust(WorkspaceRef) -> WorkspaceView;
            write workspace_forget(WorkspaceRef) -> AppView;
            read  settings_show(SettingsShow) -> SettingsView;
            write settings_save(SettingsSave) -> SettingsView;
            write layout_save(LayoutSave) -> LayoutView;
            read  connection_list(WorkspaceRef) -> ConnectionsView;
            write connection_save(ConnectionSave) -> WorkspaceView;
            write connection_remove(ConnectionRef) -> WorkspaceView;
            read  connection_check(ConnectionRef) -> CheckView;
            write connection_set_secret(ConnectionSecret) -> ConnectionView;
            read  connection_parse_url(ConnectionUrl) -> ConnectionForm;
            write sync_discover(DiscoverRequest) -> DiscoverView;
            read  sync_plan(TablesRequest) -> PlanView;
            read  sync_preview(PreviewRequest) -> PreviewView;
            read  mapping_show(MappingRequest) -> MappingView;
            read  source_sizes(WorkspaceRef) -> SizesView;
            read  source_drift(WorkspaceRef) -> DriftView;
            read  document_show(WorkspaceRef) -> DocumentView;
            read  document_edit(DocumentEdit) -> DocumentView;
            write document_save(DocumentSave) -> WorkspaceView;
            write sync_run(RunRequest) -> RunStarted;
            write sync_cancel(RunRef) -> RunView;
            read  run_state(RunRef) -> RunView;
            read  run_chart(RunChart) -> ChartView;
            write run_chart_save(RunChartSave) -> SavedFile;
            read  run_record(RunRecordRequest) -> RunRecordView;
            read  run_history(HistoryRequest) -> RunsView;
            read  sync_status(WorkspaceRef) -> StatusView;
            read  sync_log(HistoryRequest) -> LogView;
            read  sync_errors(HistoryRequest) -> ErrorsView;
            read  rejected_rows(RejectedRequest) -> RejectedView;
            read  rejected_row(RejectedRef) -> RejectedRowView;
            read  rejected_values(RejectedValuesRequest) -> RejectedValuesView;
            read  rejected_remedies(RemediesRequest) -> RemediesView;
            read  rejected_try(TryRequest) -> TryView;
            write sync_retry(RetryRequest) -> RetryView;
            write sync_discard(DiscardRequest) -> DiscardView;
            write sync_reset(ResetRequest) -> ResetView;
            write sync_verify(VerifyRequest) -> VerifyView;
            read  schedule_show(WorkspaceRef) -> ScheduleView;
            write schedule_start(WorkspaceRef) -> ScheduleView;
            write schedule_stop(WorkspaceRef) -> ScheduleView;
            write serve_set_secret(ServeSecretSet) -> ServeSecretsView;
            read  rows_open(RowsOpen) -> RowsView;
            read  rows_page(RowsPage) -> ArrowPage;
            read  rows_cancel(RowsCancel) -> RowsClosed;
            read  rows_close(RowsRef) -> RowsClosed;
        }
    };
}
