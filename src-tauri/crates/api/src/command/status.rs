//! What the state tables say: standing and log.

use crate::Firn;
use crate::folder::{source_name, target_name};
use crate::run::iso;
use crate::wire::{
    ComparedView, ErrorView, HistoryRequest, LogEntryView, LogView, StatusView, TableStatusView, WorkspaceRef,
};
use firn_connector::{LogEntry, StateStore as _, TableReport};
use firn_store::Comparison;
use firn_workspace::TableSync;
use std::collections::HashMap;

/// Shows where every configured table stands.
///
/// # Errors
/// `untrusted`, `configuration`, and whatever keeps the state database from being asked.
pub async fn sync_status(firn: &Firn, request: WorkspaceRef) -> Result<StatusView, ErrorView> {
    let usable = firn.usable(&request.folder).await?;
    let (state, advice) = firn.state(&usable).await?;
    let reports = none_before_the_first_run(state.reports().await).map_err(|error| advice.explain(error.into()))?;
    let reports: HashMap<&str, &TableReport> = reports.iter().map(|report| (report.source.as_str(), report)).collect();
    let kept = async { Ok::<_, ErrorView>(firn.store().await?.comparisons(&usable.folder.name).await?) };
    // Where the history of this machine cannot be read, the state of the tables is known all the same.
    let compared = kept.await.unwrap_or_else(|error| {
        tracing::warn!(message = %error.message, "the last comparisons are not known");
        Vec::new()
    });
    let compared: HashMap<&str, &Comparison> = compared.iter().map(|one| (one.source.as_str(), one)).collect();
    let tables = usable.workspace.tables.iter().map(|table| {
        let source = source_name(table);
        status(table, reports.get(source.as_str()).copied(), compared.get(source.as_str()).copied())
    });
    Ok(StatusView { tables: tables.collect() })
}

/// Takes missing state tables, which the first run makes, for empty ones.
pub(super) fn none_before_the_first_run<T: Default>(rows: firn_connector::Result<T>) -> firn_connector::Result<T> {
    const NO_TABLE: &str = "42P01";
    const NO_SCHEMA: &str = "3F000";
    match rows {
        Err(error) if matches!(firn_postgres::error::sqlstate(&error), Some(NO_TABLE | NO_SCHEMA)) => Ok(T::default()),
        rows => rows,
    }
}

fn status(table: &TableSync, report: Option<&TableReport>, compared: Option<&Comparison>) -> TableStatusView {
    let target = target_name(table);
    // A comparison with a target that the table had before proves nothing of the one it has.
    let compared = compared.filter(|one| one.target == target).map(compared_view);
    TableStatusView {
        source: source_name(table),
        target,
        status: report.map_or_else(|| "never".to_owned(), |report| report.status.clone()),
        watermark: report.and_then(|report| report.watermark.clone()),
        last_run: report.and_then(|report| report.last_run.clone()),
        error: report.and_then(|report| report.error.clone()),
        rows_processed: report.map_or(0, |report| report.rows_processed),
        holder: report.and_then(|report| report.holder.as_ref()).map(ToString::to_string),
        open_errors: report.map_or(0, |report| report.open_errors),
        compared,
    }
}

fn compared_view(one: &Comparison) -> ComparedView {
    ComparedView {
        at: iso(one.compared_at),
        rows_source: one.rows_source,
        rows_target: one.rows_target,
        differing_keys: one.differing_keys,
        waiting: one.waiting,
        seconds: one.seconds,
    }
}

/// Lists what ran, newest first.
///
/// # Errors
/// `untrusted`, `configuration`, and whatever keeps the state database from being asked.
pub async fn sync_log(firn: &Firn, request: HistoryRequest) -> Result<LogView, ErrorView> {
    let usable = firn.usable(&request.folder).await?;
    let table = request.table.as_deref().map(|table| usable.state_name(table)).transpose()?;
    let (state, advice) = firn.state(&usable).await?;
    let entries = none_before_the_first_run(state.logs(table.as_deref(), request.limit).await);
    let entries = entries.map_err(|error| advice.explain(error.into()))?;
    Ok(LogView { entries: entries.into_iter().map(entry).collect() })
}

fn entry(entry: LogEntry) -> LogEntryView {
    LogEntryView {
        run_id: entry.run_id,
        source: entry.source,
        started_at: entry.started_at,
        finished_at: entry.finished_at,
        status: entry.status,
        rows_read: entry.rows_read,
        rows_merged: entry.rows_merged,
        rows_rejected: entry.rows_rejected,
        message: entry.message,
    }
}
