//! How each table does: what `/health` answers and the metrics are made of.

use super::metrics::Metrics;
use crate::run::iso;
use crate::wire::{ErrorView, HealthView, TableHealth, TableResult, TableSchedule};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// The standing of everything served, shared by the timetable, the runs and the listener.
pub(super) struct Standing {
    folder: String,
    began: Instant,
    metrics: Metrics,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    tables: BTreeMap<String, Table>,
    workspace_error: Option<ErrorView>,
}

struct Table {
    schedule: TableSchedule,
    status: String,
    running: bool,
    began: DateTime<Utc>,
    last_success: Option<DateTime<Utc>>,
    next: Option<DateTime<Utc>>,
    failures: u32,
    error: Option<ErrorView>,
}

impl Standing {
    pub(super) fn new(folder: &str) -> Result<Self, ErrorView> {
        let metrics =
            Metrics::new().map_err(|error| ErrorView::other(format!("the metrics could not be set up: {error}")))?;
        Ok(Self { folder: folder.to_owned(), began: Instant::now(), metrics, state: Mutex::default() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is a plain assignment: what a panic leaves behind is still worth showing.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets what is served; tables that stay keep what is known about them.
    pub(super) fn set(
        &self,
        tables: impl Iterator<Item = TableSchedule>,
        last: impl Fn(&str) -> Option<DateTime<Utc>>,
    ) {
        let mut state = self.state();
        let mut old = std::mem::take(&mut state.tables);
        for schedule in tables {
            let name = schedule.source.clone();
            let table = match old.remove(&name) {
                Some(table) => Table { schedule, ..table },
                None => Table {
                    schedule,
                    status: "waiting".to_owned(),
                    running: false,
                    began: DateTime::UNIX_EPOCH,
                    last_success: last(&name),
                    next: None,
                    failures: 0,
                    error: None,
                },
            };
            self.metrics.add(&name);
            state.tables.insert(name, table);
        }
        old.keys().for_each(|name| self.metrics.remove(name));
        state.workspace_error = None;
        self.metrics.workspace_valid.set(1);
    }

    /// Notes that the changed workspace cannot be used.
    pub(super) fn refuse(&self, error: ErrorView) {
        self.state().workspace_error = Some(error);
        self.metrics.workspace_valid.set(0);
    }

    /// Notes that a table begins to run.
    pub(super) fn begin(&self, name: &str, now: DateTime<Utc>) {
        if let Some(table) = self.state().tables.get_mut(name) {
            (table.running, table.began) = (true, now);
            self.metrics.running.with_label_values(&[name]).set(1);
        }
    }

    /// Notes how a table ended.
    pub(super) fn end(&self, result: &TableResult, now: DateTime<Utc>) {
        let mut state = self.state();
        let Some(table) = state.tables.get_mut(&result.source) else { return };
        let began = table.began;
        let staleness = table.last_success.map(|last| seconds(now - last));
        (table.running, table.error) = (false, result.error.clone());
        table.status.clone_from(&result.status);
        match result.status.as_str() {
            "success" | "idle" | "partial" => (table.failures, table.last_success) = (0, Some(began)),
            "failed" => table.failures = table.failures.saturating_add(1),
            _ => {}
        }
        self.metrics.end(result, staleness);
    }

    /// Notes when a table runs next.
    pub(super) fn set_next(&self, name: &str, next: Option<DateTime<Utc>>) {
        if let Some(table) = self.state().tables.get_mut(name) {
            table.next = next;
        }
    }

    /// Returns the answer of `/health`, and whether all is well.
    pub(super) fn health(&self, now: DateTime<Utc>) -> (HealthView, bool) {
        let state = self.state();
        let table = |table: &Table| TableHealth {
            source: table.schedule.source.clone(),
            target: table.schedule.target.clone(),
            schedule: table.schedule.schedule.clone(),
            status: table.status.clone(),
            running: table.running,
            last_success: table.last_success.map(iso),
            lag_seconds: table.last_success.map(|last| seconds(now - last)),
            next_run: table.next.map(iso),
            failures: table.failures,
            error: table.error.clone(),
        };
        let well = state.workspace_error.is_none() && state.tables.values().all(|table| table.failures == 0);
        let view = HealthView {
            status: if well { "ok" } else { "failing" }.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            folder: self.folder.clone(),
            up_seconds: self.began.elapsed().as_secs_f64(),
            workspace_error: state.workspace_error.clone(),
            tables: state.tables.values().map(table).collect(),
        };
        (view, well)
    }

    /// Returns the answer of `/metrics`.
    ///
    /// # Errors
    /// Where a metric cannot be written.
    pub(super) fn metrics(&self, now: DateTime<Utc>) -> prometheus::Result<String> {
        for (name, table) in &self.state().tables {
            if let Some(last) = table.last_success {
                self.metrics.set_lag(name, seconds(now - last), last);
            }
        }
        self.metrics.uptime.set(self.began.elapsed().as_secs_f64());
        self.metrics.text()
    }
}

fn seconds(span: chrono::TimeDelta) -> f64 {
    span.to_std().unwrap_or_default().as_secs_f64()
}
