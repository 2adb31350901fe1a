//! How a table's run ended: the outcome, and what the state database is told of it.

use crate::event::{Event, Stage};
use crate::outcome::{Failure, TableOutcome, TableResult};
use crate::retry;
use crate::table::{Ended, TableRun, Task};
use firn_connector::{ErrorKind, Finding, Level, LogEntry, Result, TableReport, TableStatus};
use std::sync::Arc;
use tokio::time::Instant;

impl TableRun<'_> {
    /// Computes the outcome, reports it and gives the lease up.
    pub(crate) async fn finish(mut self, ended: Result<Ended>, started: Instant) -> Arc<TableOutcome> {
        self.tell_unfit();
        let (result, failure) = match ended {
            Ok(Ended::Held(error)) => (TableResult::Held, Some(Failure::from(&error))),
            Ok(Ended::Done) if self.counters.rows_different > 0 => (TableResult::Partial, None),
            Ok(Ended::Done) if self.counters.rows_rejected + self.counters.rows_without_key > 0 => {
                (TableResult::Partial, None)
            }
            Ok(Ended::Done) if self.counters.changed() > 0 => (TableResult::Success, None),
            Ok(Ended::Done) => (TableResult::Idle, None),
            Err(error) if error.kind == ErrorKind::Cancelled => (TableResult::Cancelled, None),
            Err(error) => (TableResult::Failed, Some(Failure::from(&error.on_table(&self.config.source)))),
        };
        let mut outcome = TableOutcome {
            source: self.source.clone(),
            target: self.config.target.to_string(),
            result,
            counters: self.counters,
            watermark: self.watermark_text(),
            elapsed: started.elapsed(),
            failure,
            findings: self.take_findings(),
        };
        if self.epoch > 0
            && let Err(error) = self.report(&outcome).await
        {
            // The data is in the target with its cursor; only the report is missing, and the next run mends it.
            let message = format!("the outcome could not be reported: {}", error.chain());
            outcome.findings.push(Finding::new(Level::Warning, "unreported", message));
        }
        let outcome = Arc::new(outcome);
        self.stage(Stage::Done);
        self.sink.emit(Event::Finished(Arc::clone(&outcome)));
        outcome
    }

    async fn report(&self, outcome: &TableOutcome) -> Result<()> {
        let status = match outcome.result {
            TableResult::Idle => TableStatus::Idle,
            TableResult::Success => TableStatus::Success,
            TableResult::Cancelled => TableStatus::Cancelled,
            TableResult::Partial | TableResult::Failed | TableResult::Held => TableStatus::Error,
        };
        let error = match (&outcome.failure, outcome.result) {
            (Some(failure), _) => Some(failure.message.clone()),
            (None, TableResult::Partial) if outcome.counters.rows_different > 0 => {
                let keys = outcome.counters.rows_different;
                Some(format!("{keys} keys differ after the run; see `firn sync verify {}`", self.source))
            }
            (None, TableResult::Partial) => {
                let rows = outcome.counters.rows_rejected + outcome.counters.rows_without_key;
                let rows = if rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") };
                Some(format!("{rows} rejected; see sync_errors or `firn sync errors {}`", self.source))
            }
            _ => None,
        };
        let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let cursor = self.state.cursor();
        let report = TableReport {
            source: self.source.clone(),
            watermark: outcome.watermark.clone(),
            cursor_key: cursor.and_then(|c| c.key.as_ref()).map(|key| serde_json::json!(key).to_string()),
            last_run: None,
            status: status.as_str().to_owned(),
            error: error.clone(),
            rows_processed: count(outcome.counters.rows_merged),
            holder: Some(self.engine.holder.clone()),
            open_errors: 0,
        };
        let log = LogEntry {
            run_id: self.run_id.to_owned(),
            source: self.source.clone(),
            started_at: String::new(),
            finished_at: None,
            status: status.as_str().to_owned(),
            rows_read: count(outcome.counters.rows_read),
            rows_merged: count(outcome.counters.rows_merged),
            rows_rejected: count(outcome.counters.rows_rejected),
            message: match (&self.task, error) {
                (Task::Retry | Task::RetryChosen(_), None) => Some(format!(
                    "rejected rows tried again: {} merged, {} gone",
                    outcome.counters.rows_merged, outcome.counters.rows_gone
                )),
                (_, error) => error.or_else(|| deleted_message(outcome.counters.rows_deleted)),
            },
        };
        retry::briefly(&self.engine.settings, || self.engine.state.report(&report, &log, self.epoch)).await
    }
}

/// Says in the log how many rows went.
fn deleted_message(rows: u64) -> Option<String> {
    match rows {
        0 => None,
        1 => Some("1 row deleted".to_owned()),
        rows => Some(format!("{rows} rows deleted")),
    }
}
