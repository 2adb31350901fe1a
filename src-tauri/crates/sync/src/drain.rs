//! An incremental pass: everything after the cursor, in the order (watermark, key), to the end of one snapshot.

use crate::event::Stage;
use crate::group::Group;
use crate::memory::Memory;
use crate::planning::Prepared;
use crate::position::advance;
use crate::table::TableRun;
use firn_connector::switches::{Protection, hold, on};
use firn_connector::{
    Cursor, Finding, Horizon, HorizonMethod, Level, Phase, ReadScope, Result, SeenChange, Snapshot, TableState,
    WriteMode, Writer,
};
use futures::StreamExt as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// What a pass came to.
pub(crate) struct Pass {
    /// Rows staged.
    pub(crate) staged: u64,
    /// How long it took.
    pub(crate) elapsed: Duration,
}

/// Reads what is after the cursor and commits it, group by group.
pub(crate) async fn pass(
    run: &mut TableRun<'_>,
    prepared: &Prepared,
    writer: &mut dyn Writer,
    loaded_now: bool,
) -> Result<Pass> {
    let started = Instant::now();
    let (horizon, snapshot) = open(run, prepared).await?;
    crate::clock::check(run, prepared, writer, horizon.clock).await?;
    let stored = run.state.cursor().cloned();
    if loaded_now && stored.is_none() && horizon.at.is_none() {
        // The first load has just read every row and nothing says where to go on from: the next run will.
        return Ok(Pass { staged: 0, elapsed: started.elapsed() });
    }
    run.stage(Stage::Reading);
    let known = run.engine.target.seen(&run.source).await?;
    let mut reading =
        Reading { memory: Memory::new(known), horizon, group: Group::default(), reached: None, staged: 0 };
    if prepared.null_watermarks && on(Protection::NullWatermarks) {
        let before = run.counters.rows_read + run.counters.rows_known;
        reading.scope(run, prepared, writer, snapshot.as_ref(), ReadScope::NullWatermarks).await?;
        run.counters.rows_null_watermark = run.counters.rows_read + run.counters.rows_known - before;
        note_null_watermarks(run, prepared);
    }
    reading.scope(run, prepared, writer, snapshot.as_ref(), ReadScope::After(stored)).await?;
    drop(snapshot);
    let staged = reading.staged;
    reading.close(run, prepared, writer).await?;
    run.emit_progress();
    Ok(Pass { staged, elapsed: started.elapsed() })
}

/// Takes the horizon and then opens the snapshot: in this order no transaction falls between the two.
pub(crate) async fn open(run: &mut TableRun<'_>, prepared: &Prepared) -> Result<(Horizon, Box<dyn Snapshot>)> {
    if !on(Protection::HorizonBeforeSnapshot) {
        let snapshot = run.view(prepared, Arc::clone(&prepared.read), 1).await?;
        hold("engine.between_horizon_and_snapshot").await;
        let horizon = run.horizon(prepared).await?;
        return Ok((horizon, snapshot));
    }
    let horizon = run.horizon(prepared).await?;
    hold("engine.between_horizon_and_snapshot").await;
    let snapshot = run.view(prepared, Arc::clone(&prepared.read), 1).await?;
    Ok((horizon, snapshot))
}

struct Reading {
    memory: Memory,
    horizon: Horizon,
    group: Group,
    /// Position of the last row that came in the order (watermark, key).
    reached: Option<Cursor>,
    staged: u64,
}

impl Reading {
    async fn scope(
        &mut self,
        run: &mut TableRun<'_>,
        prepared: &Prepared,
        writer: &mut dyn Writer,
        snapshot: &dyn Snapshot,
        scope: ReadScope,
    ) -> Result<()> {
        let settings = run.engine.settings.clone();
        let group_bytes = settings.group_bytes.min(writer.group_bytes());
        let ordered = matches!(scope, ReadScope::After(_));
        let mut stream = snapshot.read(scope).await?;
        while let Some(batch) = stream.next().await {
            let batch = batch?;
            let bytes = batch.bytes;
            let admitted = run.admit(prepared, batch, self.horizon.at, Some(&mut self.memory), &mut self.group)?;
            if ordered && admitted.last.is_some() {
                self.reached = admitted.last;
            }
            if let Some(batch) = admitted.batch {
                self.staged += batch.num_rows() as u64;
                run.stage_batch(writer, &mut self.group, WriteMode::Upsert, batch, bytes).await?;
            }
            if !self.group.is_empty() && self.group.is_full(settings.group_rows, group_bytes, settings.group_time) {
                let state = self.state(run);
                let seen = SeenChange::Add(self.memory.uncommitted());
                let group = std::mem::take(&mut self.group);
                run.commit(prepared, writer, group, WriteMode::Upsert, state, seen).await?;
                self.memory.note_committed();
            } else {
                run.emit_progress();
            }
        }
        Ok(())
    }

    /// Commits the rest with the cursor where the stream ended, unless nothing has changed at all.
    async fn close(self, run: &mut TableRun<'_>, prepared: &Prepared, writer: &mut dyn Writer) -> Result<()> {
        let replacement = self.memory.replacement();
        if self.memory.overflowed() {
            let message = format!(
                "more than {} rows stand above the horizon: those beyond are merged again at each run",
                crate::memory::MOST_MARKS
            );
            run.note(Finding::new(Level::Warning, "memory_full", message));
        }
        let state = self.state(run);
        let first = matches!(run.state.phase, Phase::New);
        // An unknown horizon may become known by what was logged now; a known one needs no log.
        let log_needed = self.horizon.method == HorizonMethod::Unknown && state.logged_times != run.state.logged_times;
        if self.group.is_empty() && replacement.is_none() && !first && !run.ddl_pending && !log_needed {
            return Ok(());
        }
        let seen = replacement.map_or(SeenChange::Keep, SeenChange::Replace);
        run.commit(prepared, writer, self.group, WriteMode::Upsert, state, seen).await
    }

    fn state(&self, run: &TableRun<'_>) -> TableState {
        let stored = run.state.cursor();
        let cursor = match &self.reached {
            Some(reached) => advance(stored, reached.clone(), self.horizon.at),
            None => stored.cloned(),
        };
        TableState {
            phase: Phase::Incremental { cursor },
            logged_times: self.horizon.logged_times.clone(),
            set_back: None,
            null_watermarks: run.counters.rows_null_watermark,
            ..TableState::default()
        }
    }
}

fn note_null_watermarks(run: &mut TableRun<'_>, prepared: &Prepared) {
    let rows = run.counters.rows_null_watermark;
    if rows == 0 {
        return;
    }
    let column = prepared.read.watermark.map_or("", |(at, _)| prepared.read.columns[at].name.as_str());
    let message = format!("{rows} rows have no watermark (`{column}` is NULL): they are read at every run");
    let (table, quoted) = (run.engine.source.quoted(&prepared.read.table), run.engine.source.quoted_column(column));
    let fix = format!(
        "UPDATE {table} SET {quoted} = now() WHERE {quoted} IS NULL; ALTER TABLE {table} ALTER {quoted} SET NOT NULL;"
    );
    run.note(Finding::new(Level::Warning, "watermark_null", message).with_fix(fix));
}
