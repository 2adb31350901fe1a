//! `firn sync …`

use super::{Session, serve};
use crate::args::{Sync, SyncCommand};
use crate::output::Output;
use crate::report;
use crate::stop::Stop;
use firn_api::wire::{
    DiscardRequest, DiscoverRequest, ErrorView, HistoryRequest, PreviewRequest, ResetRequest, RetryRequest,
    RunFinished, RunRequest, TablesRequest, TryRequest, VerifiedTable, VerifyRequest, VerifyView, WorkspaceRef,
};
use firn_api::{Firn, Trigger, command, exit};

pub(super) async fn run(session: &Session, sync: Sync) -> Result<u8, ErrorView> {
    let watches = matches!(sync.command, SyncCommand::Run { watch: true, .. });
    let trigger = if watches { Trigger::Watch } else { Trigger::Cli };
    let firn = session.open(trigger, Some(sync.document))?;
    let outcome = call(session, &firn, sync.command).await;
    firn.close().await;
    outcome
}

async fn call(session: &Session, firn: &Firn, what: SyncCommand) -> Result<u8, ErrorView> {
    let folder = session.folder_text()?;
    let output = session.output;
    match what {
        SyncCommand::Discover { tables, schema, write } => {
            let view = command::sync_discover(firn, DiscoverRequest { folder, schema, write, tables }).await?;
            output.document(&view, report::discovered);
            for table in &view.tables {
                table.findings.iter().for_each(|finding| output.finding(&table.source, finding));
            }
            if !write && view.tables.iter().any(|table| !table.configured) {
                output.hint("firn sync discover --write adds these tables to firn.yaml");
            }
            Ok(exit::DONE)
        }
        SyncCommand::Plan { tables, preview: Some(rows) } => {
            let [table] = tables.as_slice() else {
                return Err(ErrorView::configuration("a preview shows one table")
                    .with_hint("name it: firn sync plan TABLE --preview"));
            };
            let request = PreviewRequest { folder, table: table.clone(), rows, document: None, column: None };
            let view = command::sync_preview(firn, request).await?;
            output.document(&view, report::preview);
            Ok(exit::DONE)
        }
        SyncCommand::Plan { tables, preview: None } => {
            let view = command::sync_plan(firn, TablesRequest { folder, tables }).await?;
            output.document(&view, report::plan);
            Ok(exit::of_plan(&view))
        }
        SyncCommand::Run { tables, watch, verify, max_delete_ratio } => {
            let stop = Stop::listen().map_err(|error| ErrorView::file("cannot listen for Ctrl-C", &error))?;
            if watch {
                serve::watch(session, firn, TablesRequest { folder, tables }, &stop).await
            } else {
                once(session, firn, RunRequest { folder, tables, max_delete_ratio }, verify, &stop).await
            }
        }
        SyncCommand::Status => {
            let view = command::sync_status(firn, WorkspaceRef { folder }).await?;
            output.document(&view, report::status);
            Ok(exit::DONE)
        }
        SyncCommand::Log { table, limit } => {
            let request = HistoryRequest { folder, table, limit: limit.limit, resolved: true };
            let view = command::sync_log(firn, request).await?;
            output.document(&view, report::log);
            Ok(exit::DONE)
        }
        SyncCommand::Errors { table, tried: Some((column, sql)), .. } => {
            let Some(table) = table else {
                return Err(ErrorView::configuration("a transform is tried on the rejected rows of one table")
                    .with_hint("name it: firn sync errors TABLE --try 'COLUMN: SQL'"));
            };
            let request = TryRequest { folder, table, column, sql, ..TryRequest::default() };
            let view = command::rejected_try(firn, request).await?;
            output.document(&view, report::tried);
            if view.rows > 0 && view.failed + view.untried == 0 {
                output.hint(&format!(
                    "write it into the table's entry as `transform: {{{}: …}}`, then firn sync retry {}",
                    view.column, view.source
                ));
            }
            Ok(exit::of_try(&view))
        }
        SyncCommand::Errors { table, limit, all, tried: None } => {
            let request = HistoryRequest { folder, table, limit: limit.limit, resolved: all };
            let view = command::sync_errors(firn, request).await?;
            output.document(&view, report::errors);
            Ok(exit::DONE)
        }
        SyncCommand::Retry { tables, ids } => {
            let view = command::sync_retry(firn, RetryRequest { folder, tables, ids, error: None }).await?;
            output.document(&view, report::retried);
            for table in &view.tables {
                table.error.iter().for_each(|error| output.error(error));
                table.findings.iter().for_each(|finding| output.finding(&table.source, finding));
                if table.rows_rejected + table.rows_without_key > 0 {
                    output.hint(&format!("firn sync errors {} shows the rejected rows", table.source));
                }
            }
            Ok(exit::of_retry(&view))
        }
        SyncCommand::Discard { table, ids, note } => {
            let view = command::sync_discard(firn, DiscardRequest { folder, table, ids, note }).await?;
            output.document(&view, report::discarded);
            Ok(exit::of_discard(&view))
        }
        SyncCommand::Verify { tables, repair, limit } => {
            let stop = Stop::listen().map_err(|error| ErrorView::file("cannot listen for Ctrl-C", &error))?;
            let request = VerifyRequest { folder, tables, repair, limit: limit.limit };
            let view = firn.verify_to_end(request, stop.token()).await?;
            verified(output, &view);
            Ok(stop.code().unwrap_or_else(|| exit::of_verify(&view)))
        }
        SyncCommand::Reset { table, to } => {
            let view = command::sync_reset(firn, ResetRequest { folder, table, to }).await?;
            output.document(&view, report::reset);
            Ok(exit::DONE)
        }
    }
}

async fn once(session: &Session, firn: &Firn, request: RunRequest, verify: bool, stop: &Stop) -> Result<u8, ErrorView> {
    let result = if verify {
        firn.run_and_verify(request, stop.token()).await?
    } else {
        firn.run_to_end(request, stop.token()).await?
    };
    show(session.output, &result);
    Ok(stop.code().unwrap_or_else(|| exit::of_run(&result)))
}

/// Prints the result, and tells what failed with what to do next.
pub(super) fn show(output: Output, result: &RunFinished) {
    // What kept the whole run from its work says it all; a table of tables that were not touched says nothing.
    if result.error.is_none() || output.is_json() {
        output.document(result, report::run);
    }
    if let Some(error) = &result.error {
        output.error(error);
    }
    for table in &result.tables {
        if let (Some(error), None) = (&table.error, &result.error) {
            output.error(error);
        }
        table.findings.iter().for_each(|finding| output.finding(&table.source, finding));
        if table.rows_rejected > 0 {
            output.hint(&format!("firn sync errors {} shows the rejected rows", table.source));
        }
    }
}

/// Prints the verdicts, and tells what could not be compared with what to do next.
fn verified(output: Output, view: &VerifyView) {
    if view.error.is_none() || output.is_json() {
        output.document(view, report::verified);
    }
    if let Some(error) = &view.error {
        output.error(error);
    }
    for table in &view.tables {
        if let Some(error) = &table.error {
            output.error(error);
        }
        table.findings.iter().for_each(|finding| output.finding(&table.source, finding));
        if table.rejected > 0 {
            output.hint(&format!("firn sync errors {} shows the rejected rows", table.source));
        }
    }
    // A repair leaves keys in the target alone where the table ignores deletes; a finding says so.
    let stay = |table: &VerifiedTable| {
        table.extra == table.differing_keys && table.findings.iter().any(|finding| finding.code == "extra_stay")
    };
    if view.tables.iter().any(|table| table.status == "different" && table.repaired.is_none() && !stay(table)) {
        output.hint("firn sync verify --repair makes them equal");
    }
}
