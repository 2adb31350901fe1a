//! The history of runs: what is written while one goes on, and how it is read back.

use super::progress::{Progress, iso};
use super::throughput::Track;
use crate::wire::{
    ErrorView, FindingView, LevelView, RunEvent, RunEventKind, RunFinished, RunStatus, RunSummary, RunView, Stage,
    TableProgress, TableResult, UsedPlanView,
};
use crate::{Firn, Trigger, exit, process};
use chrono::{DateTime, Utc};
use firn_connector::Holder;
use firn_store::{Run, RunFinish, RunStart, RunTable, Store, Uuid};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// The history of one run: written from its first event on, or, for a run of the service, from the first event that is
/// worth it. A poll that found nothing leaves no trace and costs no write.
pub(super) struct Records {
    firn: Firn,
    run_id: Uuid,
    folder: String,
    progress: Arc<Progress>,
    /// Events of before it was known that the run is worth keeping.
    waiting: Option<Vec<RunEvent>>,
    recorder: Option<Recorder>,
}

impl Records {
    /// Begins to keep a run, or to wait until it is `only_if_worth_it`.
    pub(super) fn new(
        firn: &Firn,
        run_id: Uuid,
        folder: &str,
        progress: Arc<Progress>,
        only_if_worth_it: bool,
    ) -> Self {
        let start = || Recorder::start(firn, run_id, folder, Utc::now(), Arc::clone(&progress), false);
        let recorder = (!only_if_worth_it).then(start);
        let waiting = only_if_worth_it.then(Vec::new);
        Self { firn: firn.clone(), run_id, folder: folder.to_owned(), progress, waiting, recorder }
    }

    /// Takes an event.
    pub(super) fn take(&mut self, event: &RunEvent) {
        if let Some(waiting) = &mut self.waiting {
            waiting.push(event.clone());
            if is_worth_keeping(&event.what) {
                let waiting = self.waiting.take().unwrap_or_default();
                let began = waiting.first().and_then(|first| DateTime::parse_from_rfc3339(&first.at).ok());
                let began = began.map_or_else(Utc::now, |began| began.to_utc());
                let mut recorder =
                    Recorder::start(&self.firn, self.run_id, &self.folder, began, Arc::clone(&self.progress), true);
                waiting.iter().for_each(|event| recorder.take(event));
                self.recorder = Some(recorder);
            }
        } else if let Some(recorder) = &mut self.recorder {
            recorder.take(event);
        }
    }

    /// Returns whether the run is kept, as far as it has come.
    pub(super) fn are_kept(&self) -> bool {
        self.recorder.is_some()
    }

    /// Waits until everything is written; see [`Recorder::finish`].
    pub(super) async fn finish(self) -> Option<FindingView> {
        match self.recorder {
            Some(recorder) => recorder.finish().await,
            None => None,
        }
    }
}

/// Returns whether an event shows that something was done, or that something failed.
fn is_worth_keeping(what: &RunEventKind) -> bool {
    let quiet = |result: &TableResult| matches!(result.status.as_str(), "idle" | "held" | "cancelled");
    match what {
        RunEventKind::Started { .. }
        | RunEventKind::Status { .. }
        | RunEventKind::Planned { .. }
        | RunEventKind::Finding { .. } => false,
        RunEventKind::Retry { .. } => true,
        RunEventKind::Progress { table } => match &table.result {
            Some(result) => !quiet(result),
            None => table.rows_read > 0,
        },
        RunEventKind::Finished { result } => result.tables.iter().any(|table| !quiet(table)),
    }
}

/// Writes a run into the history from a task of its own, so that neither the engine nor the window waits for the disk.
struct Recorder {
    events: mpsc::UnboundedSender<RunEvent>,
    /// Stages that tables have reached since they began, or began again.
    reached: HashSet<(String, Stage)>,
    writer: JoinHandle<Result<(), ErrorView>>,
}

impl Recorder {
    /// Begins to write; a `scheduled` run was begun by the clock.
    fn start(
        firn: &Firn,
        run_id: Uuid,
        folder: &str,
        started_at: DateTime<Utc>,
        progress: Arc<Progress>,
        scheduled: bool,
    ) -> Self {
        let holder = &firn.inner.holder;
        let start = RunStart {
            run_id,
            workspace: folder.to_owned(),
            trigger: match firn.inner.options.trigger {
                _ if scheduled => firn_store::Trigger::Watch,
                Trigger::Window => firn_store::Trigger::Window,
                Trigger::Cli => firn_store::Trigger::Cli,
                Trigger::Watch => firn_store::Trigger::Watch,
            },
            started_at,
            holder: firn_store::Holder { pid: holder.pid, boot_id: holder.nonce.clone() },
        };
        let (events, received) = mpsc::unbounded_channel();
        Self { events, reached: HashSet::new(), writer: tokio::spawn(write(firn.clone(), start, progress, received)) }
    }

    /// Takes an event; counts that only move on are not kept, a stage that is reached and what they come to are.
    fn take(&mut self, event: &RunEvent) {
        let kept = match &event.what {
            RunEventKind::Progress { table } => {
                table.result.is_some() || self.reached.insert((table.source.clone(), table.stage))
            }
            RunEventKind::Retry { source, .. } => {
                self.reached.retain(|(table, _)| table != source);
                true
            }
            _ => true,
        };
        if kept {
            // A writer that has given up says so at the end.
            let _gave_up = self.events.send(event.clone());
        }
    }

    /// Waits until everything taken is written, the last event with the result among it.
    ///
    /// Returns what a person should know where the history could not be written; the run itself is not touched by that.
    async fn finish(self) -> Option<FindingView> {
        drop(self.events);
        let error = match self.writer.await {
            Ok(Ok(())) => return None,
            Ok(Err(error)) => error.message,
            Err(panic) => panic.to_string(),
        };
        Some(FindingView {
            level: LevelView::Warning,
            code: "history".to_owned(),
            message: format!("this run is not in the history of this machine: {error}"),
            fix: None,
        })
    }
}

async fn write(
    firn: Firn,
    start: RunStart,
    progress: Arc<Progress>,
    mut events: mpsc::UnboundedReceiver<RunEvent>,
) -> Result<(), ErrorView> {
    const AT_ONCE: usize = 256;
    let store = firn.store().await?;
    store.record_run_start(&start).await?;
    let mut batch = Vec::new();
    let mut soon = tokio::time::interval(STANDING_SOON);
    soon.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // When it was last written how far the run is, and whether a table has come to another stage since.
    let mut standing: Option<Instant> = None;
    let mut moved = false;
    loop {
        tokio::select! {
            taken = events.recv_many(&mut batch, AT_ONCE) => {
                if taken == 0 {
                    break;
                }
            }
            _ = soon.tick() => {
                if moved || standing.is_none_or(|written| written.elapsed() >= STANDING) {
                    store.record_run_standing(start.run_id, &standing_of_now(&progress)?).await?;
                    standing = Some(Instant::now());
                    moved = false;
                }
                continue;
            }
        }
        let mut kept = Vec::new();
        let mut result = None;
        for event in batch.drain(..) {
            kept.extend(kept_event(&event));
            if let RunEventKind::Finished { result: finished } = event.what {
                result = Some(finished);
            }
        }
        store.record_run_events(start.run_id, &kept).await?;
        moved |= !kept.is_empty();
        if let Some(result) = result {
            store.record_run_finish(start.run_id, &finish(&result, &progress.track())?).await?;
        }
    }
    Ok(())
}

/// Turns an event into the form that is kept. A plan whose statements are too long for the history is kept without
/// them, anything else that is too long is left out of it.
fn kept_event(event: &RunEvent) -> Option<firn_store::RunEvent> {
    if matches!(event.what, RunEventKind::Finished { .. }) {
        return None;
    }
    let json = serde_json::to_value(event).ok()?;
    if json.to_string().len() > firn_store::MAX_EVENT_BYTES {
        return match &event.what {
            RunEventKind::Planned { plan } if plan.statements.is_some() => {
                let plan = Box::new(UsedPlanView { statements: None, ..(**plan).clone() });
                kept_event(&RunEvent { what: RunEventKind::Planned { plan }, ..event.clone() })
            }
            _ => None,
        };
    }
    let at = DateTime::parse_from_rfc3339(&event.at).ok()?.to_utc();
    Some(firn_store::RunEvent { seq: i64::try_from(event.seq).ok()?, at, event: json })
}

/// Under this key the history keeps, beside the result, how the rows came.
const TRACK: &str = "throughput";
/// Under this key the history keeps how far a run is that has no result yet.
const STANDING_KEY: &str = "standing";
/// How often it is written how far a run is: what is known of it should its process go away.
const STANDING: Duration = Duration::from_secs(5);
/// How soon it is where a table has come to another stage: what is known must not contradict the log beside it.
const STANDING_SOON: Duration = Duration::from_millis(250);

fn unwritable(error: serde_json::Error) -> ErrorView {
    ErrorView::other(format!("what became of the run cannot be kept: {error}"))
}

/// Returns how far a run is, as it is kept.
fn standing_of_now(progress: &Progress) -> Result<serde_json::Value, ErrorView> {
    let view = serde_json::to_value(progress.view()).map_err(unwritable)?;
    let track = serde_json::to_value(progress.track()).map_err(unwritable)?;
    Ok(serde_json::json!({ STANDING_KEY: view, TRACK: track }))
}

fn finish(result: &RunFinished, track: &Track) -> Result<RunFinish, ErrorView> {
    let mut summary = serde_json::to_value(result).map_err(unwritable)?;
    if let Some(summary) = summary.as_object_mut() {
        summary.insert(TRACK.to_owned(), serde_json::to_value(track).map_err(unwritable)?);
    }
    let table = |table: &TableResult| RunTable {
        source: table.source.clone(),
        target: table.target.clone(),
        status: table.status.clone(),
        rows_read: table.rows_read,
        rows_merged: table.rows_merged,
        rows_rejected: table.rows_rejected,
        rows_deleted: table.rows_deleted,
        watermark: table.watermark.clone(),
        seconds: table.seconds,
        message: table.error.as_ref().map(|error| error.message.clone()),
    };
    Ok(RunFinish {
        finished_at: Utc::now(),
        status: match result.status.as_str() {
            "success" => firn_store::RunStatus::Success,
            "partial" => firn_store::RunStatus::Partial,
            "cancelled" => firn_store::RunStatus::Cancelled,
            _ => firn_store::RunStatus::Failed,
        },
        summary,
        tables: result.tables.iter().map(table).collect(),
    })
}

impl Firn {
    /// Returns the newest runs of a workspace, newest first, after runs of dead processes were marked.
    pub(crate) async fn runs_of(&self, folder: &str, most: u32) -> Result<Vec<Run>, ErrorView> {
        let store = self.store().await?;
        self.mark_interrupted(store).await?;
        Ok(store.runs(folder, most).await?)
    }

    /// Returns a run of the history.
    pub(crate) async fn past_run(&self, run_id: &str) -> Result<Option<Run>, ErrorView> {
        let Ok(id) = Uuid::parse_str(run_id) else { return Ok(None) };
        let store = self.store().await?;
        self.mark_interrupted(store).await?;
        Ok(store.run(id).await?)
    }

    async fn mark_interrupted(&self, store: &Store) -> Result<(), ErrorView> {
        let ours = &self.inner.holder;
        let is_alive = |holder: &firn_store::Holder| {
            let theirs = Holder { host: ours.host.clone(), pid: holder.pid, nonce: holder.boot_id.clone() };
            // The history is this machine's own: a process of an earlier boot is gone.
            process::is_alive(&theirs, ours).unwrap_or(false)
        };
        store.mark_interrupted(is_alive).await?;
        Ok(())
    }
}

/// Returns the result of a run that has ended, where the history has it.
pub(crate) fn finished_of(run: &Run) -> Option<RunFinished> {
    serde_json::from_value(run.summary.clone()).ok()
}

/// Returns how the rows of a run came, where the history has it.
pub(crate) fn track_of(run: &Run) -> Option<Track> {
    serde_json::from_value(run.summary.get(TRACK)?.clone()).ok()
}

/// Returns how far a run was when that was last written, where it has no result.
fn standing_of(run: &Run) -> Option<RunView> {
    serde_json::from_value(run.summary.get(STANDING_KEY)?.clone()).ok()
}

fn status_of(run: &Run, finished: Option<&RunFinished>) -> RunStatus {
    match run.status {
        firn_store::RunStatus::Running => RunStatus::Running,
        firn_store::RunStatus::Success => RunStatus::Success,
        firn_store::RunStatus::Partial => RunStatus::Partial,
        firn_store::RunStatus::Failed if finished.is_some_and(|run| exit::of_run(run) == exit::HELD) => RunStatus::Held,
        firn_store::RunStatus::Failed => RunStatus::Failed,
        firn_store::RunStatus::Cancelled => RunStatus::Cancelled,
        firn_store::RunStatus::Interrupted => RunStatus::Interrupted,
    }
}

/// Turns a run of the history into its line in a list.
pub(crate) fn summary(run: &Run) -> RunSummary {
    let finished = finished_of(run);
    let tables = tables_of(run, finished.as_ref());
    RunSummary {
        run_id: run.run_id.to_string(),
        started_at: iso(run.started_at),
        finished_at: run.finished_at.map(iso),
        status: status_of(run, finished.as_ref()),
        trigger: run.trigger.word().to_owned(),
        tables: u32::try_from(tables.len()).unwrap_or(u32::MAX),
        rows_merged: tables.iter().map(|table| table.rows_merged).sum(),
        rows_rejected: tables.iter().map(|table| table.rows_rejected).sum(),
    }
}

/// Turns a run of the history into its whole state.
pub(crate) fn run_of(run: &Run) -> RunView {
    let finished = finished_of(run);
    let status = status_of(run, finished.as_ref());
    let end = run.finished_at.unwrap_or_else(Utc::now);
    // The last event of a process that went away may be older than the last that was written of it.
    let known = standing_of(run).map_or(0.0, |standing| standing.seconds);
    let seconds = end.signed_duration_since(run.started_at).to_std().unwrap_or_default().as_secs_f64().max(known);
    let tables = tables_of(run, finished.as_ref());
    RunView {
        run_id: run.run_id.to_string(),
        folder: run.workspace.clone(),
        status,
        started_at: iso(run.started_at),
        seconds,
        seq: 0,
        tables,
        error: finished.and_then(|run| run.error),
    }
}

/// Returns a line a table: from the result, or as far as it was known when the process went away.
fn tables_of(run: &Run, finished: Option<&RunFinished>) -> Vec<TableProgress> {
    match finished {
        Some(result) => result.tables.iter().cloned().map(table_of).collect(),
        None => standing_of(run).map_or_else(Vec::new, |standing| standing.tables),
    }
}

fn table_of(result: TableResult) -> TableProgress {
    TableProgress {
        source: result.source.clone(),
        target: result.target.clone(),
        stage: match result.status.as_str() {
            "failed" => Stage::Failed,
            "cancelled" => Stage::Cancelled,
            "held" => Stage::Held,
            _ => Stage::Done,
        },
        phase: None,
        rows_expected: None,
        rows_read: result.rows_read,
        rows_merged: result.rows_merged,
        rows_rejected: result.rows_rejected,
        bytes: 0,
        watermark: result.watermark.clone(),
        retry_at: None,
        error: result.error.clone(),
        result: Some(result),
    }
}
