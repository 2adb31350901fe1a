//! A full read: the whole table replaces the target's content in one transaction.

use crate::config::Deletes;
use crate::deletes;
use crate::event::Stage;
use crate::group::Group;
use crate::planning::{BULK_ROWS, PhaseName, Prepared};
use crate::table::TableRun;
use firn_connector::switches::{Protection, on};
use firn_connector::{Phase, ReadPlan, ReadScope, Result, SeenChange, SweepCount, TableState, WriteMode, Writer};
use futures::StreamExt as _;
use std::sync::Arc;

/// Reads the whole table and replaces the target's content.
///
/// A row the target refuses fails the table: half a replacement would be a lie. The old content stays.
pub(crate) async fn load(run: &mut TableRun<'_>, prepared: &Prepared, writer: &mut dyn Writer) -> Result<()> {
    let engine = run.engine;
    let _alone = engine.alone_if_large(prepared.table.bytes).await?;
    run.emit_phase(PhaseName::Full, u64::try_from(prepared.table.estimated_rows).ok());
    let plan = ReadPlan { batch_rows: BULK_ROWS, row_versions: false, ..(*prepared.read).clone() };
    let snapshot = run.view(prepared, Arc::new(plan), 1).await?;
    run.stage(Stage::Reading);
    let mut stream = snapshot.read(ReadScope::Whole).await?;
    let mut group = Group::default();
    while let Some(batch) = stream.next().await {
        let batch = batch?;
        let bytes = batch.bytes;
        let admitted = run.admit(prepared, batch, None, None, &mut group)?;
        if let Some(batch) = admitted.batch {
            run.stage_batch(writer, &mut group, WriteMode::Replace, batch, bytes).await?;
        }
        run.emit_progress();
    }
    guard(run, prepared, writer, &group).await?;
    let state = TableState { phase: Phase::New, ..TableState::default() };
    run.commit(prepared, writer, group, WriteMode::Replace, state, SeenChange::Replace(Vec::new())).await
}

/// Stops a replacement by so few rows that more must have vanished than `max_delete_ratio` allows, where the
/// configuration says that it is about deletes.
async fn guard(run: &TableRun<'_>, prepared: &Prepared, writer: &mut dyn Writer, group: &Group) -> Result<()> {
    let live = prepared.target_rows;
    let vanished = live.saturating_sub(group.rows as u64);
    let limited = run.config.deletes == Deletes::Hard && on(Protection::DeleteRatio);
    if !limited || !deletes::exceeds(run.config.max_delete_ratio, vanished, live) {
        return Ok(());
    }
    writer.discard().await?;
    let count = SweepCount { live, vanished, keys: group.rows as u64, ..SweepCount::default() };
    Err(deletes::too_many(run.config, &count))
}
