//! The state of one run and the numbered events that lead there.
//!
//! The engine's events change the state at once. What goes out is coalesced: a table's counts at most ten times a
//! second, everything else as it happens. A snapshot taken under the lock and the events after its `seq` make the same
//! state, so a window opened in mid-run misses nothing.

use super::throughput::{Track, TrackMark};
use crate::drivers::SignInAdvice;
use crate::view;
use crate::wire::{
    ErrorView, FindingView, RunEvent, RunEventKind, RunFinished, RunStatus, RunView, Stage, TableProgress, TableResult,
};
use chrono::{DateTime, SecondsFormat, Utc};
use firn_sync::{Event, Failure, PhaseName, ProgressSink, RunOutcome, TableConfig};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::mpsc::UnboundedSender;

/// A run's state; shared by the engine, which changes it, and by whoever looks on.
pub(crate) struct Progress {
    state: Mutex<State>,
}

struct State {
    view: RunView,
    began: Instant,
    places: HashMap<String, usize>,
    /// Tables whose counts moved since they were last sent.
    moved: Vec<bool>,
    finished: Option<RunFinished>,
    advice: SignInAdvice,
    track: Track,
    /// Numbered under the lock and sent in that order; gone once the run has ended.
    events: Option<UnboundedSender<RunEvent>>,
}

/// Writes a moment as the wire types have it: ISO 8601, UTC, milliseconds.
pub(crate) fn iso(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

impl Progress {
    /// Makes the state of a run that begins now; its events go to `events`, the first one at once.
    pub(crate) fn begin(run_id: &str, folder: &str, tables: &[TableConfig], events: UnboundedSender<RunEvent>) -> Self {
        let lines: Vec<TableProgress> = tables.iter().map(queued).collect();
        let names: Vec<String> = lines.iter().map(|line| line.source.clone()).collect();
        let mut state = State {
            places: names.iter().cloned().enumerate().map(|(at, name)| (name, at)).collect(),
            moved: vec![false; lines.len()],
            view: RunView {
                run_id: run_id.to_owned(),
                folder: folder.to_owned(),
                status: RunStatus::Running,
                started_at: iso(Utc::now()),
                seconds: 0.0,
                seq: 0,
                tables: lines,
                error: None,
            },
            began: Instant::now(),
            finished: None,
            advice: SignInAdvice::default(),
            track: Track::default(),
            events: Some(events),
        };
        state.send(RunEventKind::Started { tables: names });
        Self { state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is a plain assignment; a panic elsewhere leaves a state that is still worth showing.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the whole state.
    pub(crate) fn view(&self) -> RunView {
        let state = self.state();
        let mut view = state.view.clone();
        if state.finished.is_none() {
            view.seconds = state.began.elapsed().as_secs_f64();
        }
        view
    }

    /// Sets what is said from now on where a server turns a sign-in down.
    pub(crate) fn advise(&self, advice: SignInAdvice) {
        self.state().advice = advice;
    }

    /// Sends what a person should know about the run as a whole.
    pub(crate) fn note(&self, finding: FindingView) {
        self.state().send(RunEventKind::Finding { source: String::new(), finding });
    }

    /// Returns the result, once the run has ended.
    pub(crate) fn finished(&self) -> Option<RunFinished> {
        self.state().finished.clone()
    }

    /// Returns how the rows came until now.
    pub(crate) fn track(&self) -> Track {
        let state = self.state();
        let mut track = state.track.clone();
        if state.finished.is_none() {
            track.sample(state.elapsed(), state.rows_read(), true);
        }
        track
    }

    /// Notes that the person asked to stop.
    pub(crate) fn cancelling(&self) {
        let mut state = self.state();
        if state.view.status == RunStatus::Running {
            state.view.status = RunStatus::Cancelling;
            state.send(RunEventKind::Status { status: RunStatus::Cancelling });
        }
    }

    /// Sends the counts of tables that moved since they were last sent. Called about ten times a second.
    pub(crate) fn flush(&self) {
        let mut state = self.state();
        state.flush();
        state.sample(false);
    }

    /// Ends the run: sets what tables have not reported themselves, and sends the last event.
    pub(crate) fn finish(&self, outcome: &RunOutcome) -> RunFinished {
        let mut state = self.state();
        for table in &outcome.tables {
            state.table_ended(table);
        }
        let status = view::run_status(outcome.status());
        let error = outcome.failure.as_ref().map(|failure| state.failure(failure));
        state.end(status, error)
    }

    /// Ends a run that failed before the engine had it.
    pub(crate) fn fail(&self, error: ErrorView) -> RunFinished {
        let status = if error.code == "cancelled" { RunStatus::Cancelled } else { RunStatus::Failed };
        self.state().end(status, Some(error))
    }
}

impl State {
    fn send(&mut self, what: RunEventKind) {
        let Some(events) = &self.events else { return };
        self.view.seq += 1;
        let event = RunEvent { run_id: self.view.run_id.clone(), seq: self.view.seq, at: iso(Utc::now()), what };
        // The receiver is the run's own forwarder, which lives until this sender is dropped.
        let _closed = events.send(event);
    }

    fn failure(&self, failure: &Failure) -> ErrorView {
        self.advice.explain(view::failure(failure))
    }

    fn elapsed(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }

    fn rows_read(&self) -> u64 {
        self.view.tables.iter().map(|table| table.rows_read).sum()
    }

    fn sample(&mut self, last: bool) {
        if self.finished.is_none() {
            self.track.sample(self.elapsed(), self.rows_read(), last);
        }
    }

    fn flush(&mut self) {
        for at in 0..self.moved.len() {
            if std::mem::take(&mut self.moved[at]) {
                let table = self.view.tables[at].clone();
                self.send(RunEventKind::Progress { table: Box::new(table) });
            }
        }
    }

    fn table(&mut self, source: &str) -> Option<&mut TableProgress> {
        let at = *self.places.get(source)?;
        self.moved[at] = true;
        self.view.tables.get_mut(at)
    }

    fn apply(&mut self, event: Event) {
        match event {
            Event::Stage { source, stage } => {
                if let (Some(stage), Some(table)) = (view::stage(stage), self.table(&source)) {
                    table.stage = stage;
                    if stage != Stage::Waiting {
                        table.retry_at = None;
                        table.error = None;
                    }
                }
            }
            Event::Phase { source, phase, rows_expected } => {
                if let Some(table) = self.table(&source) {
                    table.phase = Some(phase_word(phase).to_owned());
                    table.rows_expected = rows_expected;
                }
            }
            Event::Planned(plan) => {
                let plan = Box::new(view::used(&plan));
                self.send(RunEventKind::Planned { plan });
            }
            Event::Progress { source, counters, watermark } => {
                if let Some(table) = self.table(&source) {
                    table.rows_read = counters.rows_read;
                    table.rows_merged = counters.rows_merged;
                    table.rows_rejected = counters.rows_rejected;
                    table.bytes = counters.bytes;
                    table.watermark = watermark;
                }
            }
            Event::Finding { source, finding } => {
                self.send(RunEventKind::Finding { source, finding: view::finding(&finding) });
            }
            Event::Retry { source, attempt, wait, failure } => {
                self.track.mark(self.elapsed(), TrackMark::Retry);
                let error = self.failure(&failure);
                let retry_at = iso(Utc::now() + chrono::Duration::from_std(wait).unwrap_or(chrono::Duration::MAX));
                if let Some(table) = self.table(&source) {
                    table.stage = Stage::Waiting;
                    table.retry_at = Some(retry_at.clone());
                    table.error = Some(error.clone());
                }
                self.flush();
                self.send(RunEventKind::Retry { source, attempt, retry_at, error });
            }
            Event::Finished(outcome) => {
                self.table_ended(&outcome);
                self.flush();
            }
        }
    }

    fn table_ended(&mut self, outcome: &firn_sync::TableOutcome) {
        let Some(table) = self.places.get(&outcome.source).and_then(|at| self.view.tables.get(*at)) else { return };
        if table.result.is_some() {
            return;
        }
        let (stage, mut result) = view::outcome(outcome);
        result.error = result.error.map(|error| self.advice.explain(error));
        let bytes = outcome.counters.bytes;
        match stage {
            Stage::Failed => self.track.mark(self.elapsed(), TrackMark::Failed),
            Stage::Done => self.track.mark(self.elapsed(), TrackMark::Done),
            _ => {}
        }
        if let Some(table) = self.table(&outcome.source) {
            table.stage = stage;
            table.rows_read = result.rows_read;
            table.rows_merged = result.rows_merged;
            table.rows_rejected = result.rows_rejected;
            table.bytes = bytes;
            table.watermark.clone_from(&result.watermark);
            table.retry_at = None;
            table.error.clone_from(&result.error);
            table.result = Some(result);
        }
    }

    fn end(&mut self, status: RunStatus, error: Option<ErrorView>) -> RunFinished {
        let cancelled = status == RunStatus::Cancelled;
        for at in 0..self.view.tables.len() {
            let table = &mut self.view.tables[at];
            if table.result.is_none() {
                table.stage = if cancelled { Stage::Cancelled } else { Stage::Failed };
                table.retry_at = None;
                table.error.clone_from(&error);
                table.result = Some(not_begun(table, cancelled));
                self.moved[at] = true;
            }
        }
        self.view.status = status;
        self.sample(true);
        self.view.seconds = self.elapsed();
        self.view.error.clone_from(&error);
        self.flush();
        let finished = RunFinished {
            event: "finished".to_owned(),
            run_id: self.view.run_id.clone(),
            status: view::run_word(status).to_owned(),
            tables: self.view.tables.iter().filter_map(|table| table.result.clone()).collect(),
            error,
        };
        self.finished = Some(finished.clone());
        self.send(RunEventKind::Finished { result: finished.clone() });
        self.events = None;
        finished
    }
}

impl ProgressSink for Progress {
    fn emit(&self, event: Event) {
        self.state().apply(event);
    }
}

fn queued(config: &TableConfig) -> TableProgress {
    TableProgress {
        source: config.state_name(),
        target: config.target.to_string(),
        stage: Stage::Queued,
        phase: None,
        rows_expected: None,
        rows_read: 0,
        rows_merged: 0,
        rows_rejected: 0,
        bytes: 0,
        watermark: None,
        retry_at: None,
        error: None,
        result: None,
    }
}

/// The result of a table that the engine did not get to.
fn not_begun(table: &TableProgress, cancelled: bool) -> TableResult {
    TableResult {
        source: table.source.clone(),
        target: table.target.clone(),
        status: if cancelled { "cancelled" } else { "failed" }.to_owned(),
        rows_read: table.rows_read,
        rows_merged: table.rows_merged,
        rows_rejected: table.rows_rejected,
        rows_deleted: 0,
        rows_duplicate: 0,
        rows_null_watermark: 0,
        watermark: table.watermark.clone(),
        seconds: 0.0,
        error: table.error.clone(),
        findings: Vec::new(),
    }
}

/// Returns the wire's word for what kind of read a run begins with.
pub(crate) fn phase_word(phase: PhaseName) -> &'static str {
    match phase {
        PhaseName::FirstLoad => "first_load",
        PhaseName::ResumeFirstLoad => "resume_first_load",
        PhaseName::Incremental => "incremental",
        PhaseName::Full => "full",
        PhaseName::Deletes => "deletes",
    }
}

#[cfg(test)]
#[path = "progress_tests.rs"]
mod tests;
