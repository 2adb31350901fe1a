//! Making equal what differs: rows are read again from the source by their keys, in the view they were compared in,
//! and written under the lease and the fence of the comparison; rows in the target alone go as they would at the end of
//! a run, by the table's `deletes`. The cursor stays where it is.

use super::compare::{Compared, Inspected};
use super::narrow::Found;
use super::outcome::{DifferenceCounts, DifferenceKind, Repaired};
use super::sides::Sides;
use crate::deletes::{self, Swept};
use crate::group::Group;
use crate::planning::Prepared;
use crate::table::{TableRun, Task};
use firn_connector::{Error, Finding, Key, Level, ReadScope, Result, SeenChange, WriteMode, Writer};
use futures::StreamExt as _;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Keys read and committed together.
const GROUP: usize = 10_000;

/// A repair in progress.
pub(super) struct Repair<'a> {
    run: TableRun<'a>,
    looked: &'a Inspected,
    /// Opened by the first key that is written, or goes.
    writer: Option<Box<dyn Writer>>,
    written: u64,
}

impl<'a> Repair<'a> {
    /// Makes ready to write; nothing is changed yet.
    pub(super) fn open(
        compared: &Compared<'a>,
        looked: &'a Inspected,
        run_id: &'a str,
        epoch: i64,
        cancel: CancellationToken,
    ) -> Self {
        let silent = Arc::new(|_event| {});
        let mut run = TableRun::new(compared.engine, Task::Retry, run_id, compared.config, silent, cancel);
        run.epoch = epoch;
        run.state = looked.state.clone();
        run.logged_times.clone_from(&looked.state.logged_times);
        Self { run, looked, writer: None, written: 0 }
    }

    /// Writes the rows of keys that are missing or changed. Rows that are known to be rejected are left to
    /// `sync retry`.
    ///
    /// # Errors
    /// [`firn_connector::ErrorKind::Configuration`] where the target has another shape than the source.
    pub(super) async fn write(&mut self, sides: &Sides, found: &[Found]) -> Result<()> {
        let prepared = &self.looked.prepared;
        let due = |found: &&Found| found.kind != DifferenceKind::Extra && found.reason.is_none();
        let named = |found: &Found| found.key.iter().cloned().collect::<Option<Key>>();
        let keys: Vec<Key> = found.iter().filter(due).filter_map(named).collect();
        if keys.is_empty() || prepared.write.key.is_empty() {
            return Ok(());
        }
        if !prepared.write.ddl.is_empty() || sides.comparison.plan.columns.len() != prepared.write.columns.len() {
            return Err(Error::configuration("the target's shape is behind the source's, so no row is written")
                .with_hint("run `firn sync run`, which alters the target, and then `firn sync verify --repair`"));
        }
        let writer = opened(&mut self.writer, &self.run, prepared).await?;
        for part in keys.chunks(GROUP) {
            let mut group = Group::default();
            let before = self.run.counters.rows_merged;
            let mut stream = sides.snapshot.read(ReadScope::Keys(part.to_vec())).await?;
            while let Some(batch) = stream.next().await {
                let batch = batch?;
                let bytes = batch.bytes;
                let admitted = self.run.admit(prepared, batch, None, None, &mut group)?;
                if let Some(batch) = admitted.batch {
                    self.run.stage_batch(writer, &mut group, WriteMode::Upsert, batch, bytes).await?;
                }
            }
            if !group.is_empty() {
                let state = self.run.state.clone();
                self.run.commit(prepared, writer, group, WriteMode::Upsert, state, SeenChange::Keep).await?;
            }
            self.written += self.run.counters.rows_merged - before;
        }
        Ok(())
    }

    /// Lets keys go that are in the target alone, where the table's configuration says so; returns what was done and
    /// what to know about it.
    pub(super) async fn end(mut self, before: DifferenceCounts) -> Result<(Repaired, Vec<Finding>)> {
        let mut findings = Vec::new();
        if before.extra > 0 {
            findings.extend(self.sweep().await?);
        }
        let prepared = &self.looked.prepared;
        if prepared.write.key.is_empty() {
            let message = "the table has no key, so single rows cannot be made equal";
            let finding = Finding::new(Level::Warning, "repair_without_key", message);
            findings.push(finding.with_fix("`firn sync run` replaces the whole content of a `mode: full` table"));
        }
        if before.rejected > 0 {
            let message = format!("{} rejected rows are left", before.rejected);
            let finding = Finding::new(Level::Warning, "repair_left_rejected", message);
            findings.push(finding.with_fix(format!("firn sync retry {}", self.run.source)));
        }
        let deleted = self.run.counters.rows_deleted;
        let left = before.total().saturating_sub(self.written + deleted);
        findings.extend(self.run.take_findings());
        Ok((Repaired { written: self.written, deleted, left }, findings))
    }

    /// Lets the rows go that have vanished from the source, under the guards of a run; returns why they stay where they
    /// do. What stays because nobody asked for it to go, the comparison that follows tells.
    async fn sweep(&mut self) -> Result<Option<Finding>> {
        let Some(vanished) = deletes::vanished(self.run.config) else { return Ok(None) };
        let prepared = &self.looked.prepared;
        if !prepared.write.ddl.is_empty() {
            let message = "the target's shape is behind the source's, so no row is deleted or marked";
            let finding = Finding::new(Level::Warning, "repair_left_extra", message);
            return Ok(Some(finding.with_fix("`firn sync run` alters the target, and lets the rows go")));
        }
        let writer = opened(&mut self.writer, &self.run, prepared).await?;
        match deletes::sweep(&mut self.run, prepared, writer, vanished).await? {
            Swept::Done => Ok(None),
            Swept::Kept(reason) => Ok(Some(deletes::refused(reason))),
        }
    }
}

/// Returns the writer of a repair, and opens it where it has not been needed yet.
async fn opened<'w>(
    writer: &'w mut Option<Box<dyn Writer>>,
    run: &TableRun<'_>,
    prepared: &Prepared,
) -> Result<&'w mut dyn Writer> {
    let writer = match writer {
        Some(writer) => writer,
        none => none.insert(run.engine.target.writer(Arc::clone(&prepared.write), run.epoch).await?),
    };
    Ok(writer.as_mut())
}
