//! What came of a table and of a run.

use firn_connector::{Error, ErrorKind, Finding, Side};
use std::sync::Arc;
use std::time::Duration;

/// Counts of a table since its run began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Rows that came from the source, rejected ones included and known ones not.
    pub rows_read: u64,
    /// Rows committed to the target.
    pub rows_merged: u64,
    /// Rows kept in `sync_errors`.
    pub rows_rejected: u64,
    /// Rows of the target deleted, or marked as deleted, because their key has vanished from the source; without a key,
    /// by how many rows a full read has made the target smaller.
    pub rows_deleted: u64,
    /// Rows that lost to a newer one of the same key in their group.
    pub rows_duplicate: u64,
    /// Rows with a NULL watermark, at the last pass.
    pub rows_null_watermark: u64,
    /// Rows read again and recognised: neither staged nor merged.
    pub rows_known: u64,
    /// Open entries closed by a retry because no row of their key is to be read any more.
    pub rows_gone: u64,
    /// Open entries that a retry has to leave, because a row without a whole key cannot be read again.
    pub rows_without_key: u64,
    /// Rows of the source that were compared with the target after the run.
    pub rows_verified: u64,
    /// Keys among them that differ.
    pub rows_different: u64,
    /// Bytes received from the source.
    pub bytes: u64,
    /// Commits.
    pub commits: u64,
}

impl Counters {
    /// Returns how many rows are not as they were before.
    #[must_use]
    pub fn changed(&self) -> u64 {
        self.rows_merged + self.rows_deleted + self.rows_gone
    }
}

/// An error that can be kept, sent and shown twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What kind of failure it is.
    pub kind: ErrorKind,
    /// Which side it happened on.
    pub side: Side,
    /// The table.
    pub table: Option<String>,
    /// What happened, with its causes.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        Self {
            kind: error.kind,
            side: error.side,
            table: error.table.clone(),
            message: error.chain(),
            hint: error.hint.clone(),
        }
    }
}

/// How a table ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableResult {
    /// Rows were written.
    Success,
    /// There was nothing to do.
    Idle,
    /// Some rows were rejected, the rest is done.
    Partial,
    /// It failed; what was committed before stays.
    Failed,
    /// It was cancelled; what was committed before stays.
    Cancelled,
    /// Another runner holds the lease; nothing was done.
    Held,
}

/// What came of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct TableOutcome {
    /// Source table.
    pub source: String,
    /// Target table.
    pub target: String,
    /// How it ended.
    pub result: TableResult,
    /// Counts.
    pub counters: Counters,
    /// Exact text of the durable cursor.
    pub watermark: Option<String>,
    /// How long it took.
    pub elapsed: Duration,
    /// Why it failed or was held.
    pub failure: Option<Failure>,
    /// What the operator should know.
    pub findings: Vec<Finding>,
}

/// How a run ended. Computed in [`RunOutcome::status`] and nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunStatus {
    /// Everything done.
    Success,
    /// Some tables or rows failed, the rest is done.
    Partial,
    /// The run, or every table, failed.
    Failed,
    /// Stopped by the caller.
    Cancelled,
    /// Nothing done: another runner holds every table.
    Held,
}

/// What came of a run.
#[derive(Debug, Clone, Default)]
pub struct RunOutcome {
    /// Tables in the order given.
    pub tables: Vec<Arc<TableOutcome>>,
    /// Why the run as a whole failed.
    pub failure: Option<Failure>,
}

impl RunOutcome {
    /// Returns how the run ended.
    #[must_use]
    pub fn status(&self) -> RunStatus {
        if let Some(failure) = &self.failure {
            return if failure.kind == ErrorKind::Cancelled { RunStatus::Cancelled } else { RunStatus::Failed };
        }
        let count = |result| self.tables.iter().filter(|t| t.result == result).count();
        let (failed, held, partial) =
            (count(TableResult::Failed), count(TableResult::Held), count(TableResult::Partial));
        if count(TableResult::Cancelled) > 0 {
            RunStatus::Cancelled
        } else if failed + held + partial == 0 {
            RunStatus::Success
        } else if held == self.tables.len() {
            RunStatus::Held
        } else if failed == self.tables.len() {
            RunStatus::Failed
        } else {
            RunStatus::Partial
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use TableResult::{Cancelled, Failed, Held, Idle, Partial, Success};

    fn status(results: &[TableResult]) -> RunStatus {
        let table = |result: &TableResult| {
            Arc::new(TableOutcome {
                source: String::new(),
                target: String::new(),
                result: *result,
                counters: Counters::default(),
                watermark: None,
                elapsed: Duration::ZERO,
                failure: None,
                findings: Vec::new(),
            })
        };
        RunOutcome { tables: results.iter().map(table).collect(), failure: None }.status()
    }

    #[test]
    fn a_run_ends_as_its_tables_do() {
        let cases = [
            (&[][..], RunStatus::Success),
            (&[Success, Idle], RunStatus::Success),
            (&[Success, Partial], RunStatus::Partial),
            (&[Success, Failed], RunStatus::Partial),
            (&[Success, Held], RunStatus::Partial),
            (&[Partial], RunStatus::Partial),
            (&[Failed, Failed], RunStatus::Failed),
            (&[Held, Held], RunStatus::Held),
            (&[Held, Failed], RunStatus::Partial),
            (&[Success, Cancelled, Failed], RunStatus::Cancelled),
        ];
        for (tables, expected) in cases {
            assert_eq!(status(tables), expected, "{tables:?}");
        }
    }
}
