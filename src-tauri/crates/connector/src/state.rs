//! The state store: leases, reports, logs and rejected rows, in a database that operators read.

use crate::error::Result;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Who runs: unique to a process, readable to a person.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Holder {
    /// Host name.
    pub host: String,
    /// Process id on that host.
    pub pid: u32,
    /// Something that differs between two processes with one pid, such as the process's start time.
    pub nonce: String,
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "process {} on {}", self.pid, self.host)
    }
}

/// A lease on one source table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseGrant {
    /// Grows with every grant; the fence in the target compares it.
    pub epoch: i64,
}

/// The answer to a request for a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeaseOutcome {
    /// It is ours until the expiry, unless renewed.
    Granted(LeaseGrant),
    /// Somebody else has it.
    Held {
        /// Who.
        holder: Holder,
        /// Since when, by the database's clock, as text.
        since: String,
        /// How long it still holds if not renewed.
        expires_in: Duration,
    },
}

/// Whose state a schema holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workspace {
    /// Identity of the target: two workspaces with one target are one.
    pub target_id: String,
    /// Where the target is, for people.
    pub target_location: String,
    /// Host and folder of the workspace, for people and to recognise a target that was replaced.
    pub folder: String,
}

/// The answer to a workspace's claim on a state schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkspaceClaim {
    /// The schema is ours.
    Ours,
    /// The schema was ours under another target, which has been replaced; it is ours still.
    TargetReplaced,
    /// The schema belongs to another workspace.
    Taken(Workspace),
}

/// `sync_watermarks.last_status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TableStatus {
    /// The last run found nothing to do.
    Idle,
    /// A run is going on.
    Running,
    /// The last run did its work.
    Success,
    /// The last run failed, wholly or for some rows.
    Error,
    /// The last run was cancelled.
    Cancelled,
}

impl TableStatus {
    /// Returns the word stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Running => "running",
            Self::Success => "success",
            Self::Error => "error",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What `sync_watermarks` says of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableReport {
    /// The source table.
    pub source: String,
    /// The exact text of the cursor's watermark.
    pub watermark: Option<String>,
    /// The cursor's key as JSON text.
    pub cursor_key: Option<String>,
    /// When the last run ended, by the database's clock, as ISO text.
    pub last_run: Option<String>,
    /// How it ended.
    pub status: String,
    /// Why it failed.
    pub error: Option<String>,
    /// Rows it processed.
    pub rows_processed: i64,
    /// Who holds the lease now, where it is held.
    pub holder: Option<Holder>,
    /// Unresolved rejected rows.
    pub open_errors: i64,
}

/// One row of `sync_logs`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEntry {
    /// The run.
    pub run_id: String,
    /// The source table.
    pub source: String,
    /// ISO text.
    pub started_at: String,
    /// ISO text.
    pub finished_at: Option<String>,
    /// `running`, `success`, `idle`, `error`, `cancelled`.
    pub status: String,
    /// Rows read.
    pub rows_read: i64,
    /// Rows merged.
    pub rows_merged: i64,
    /// Rows rejected.
    pub rows_rejected: i64,
    /// What happened.
    pub message: Option<String>,
}

/// A row to be kept in `sync_errors`.
#[derive(Debug, Clone, PartialEq)]
pub struct RejectedRow {
    /// Key column → exact text or null.
    pub key: serde_json::Map<String, serde_json::Value>,
    /// The whole row; `None` where payloads are switched off.
    pub payload: Option<serde_json::Map<String, serde_json::Value>>,
    /// A stable short name.
    pub code: String,
    /// The column whose value is refused, where it is known.
    pub column: Option<String>,
    /// What is wrong, on which side, in which column.
    pub message: String,
}

/// Why an open entry of `sync_errors` is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    /// Who closes it: `run`, `retry`, or the person who discards it.
    pub by: String,
    /// Why, where the row was not merged.
    pub note: Option<String>,
}

impl Resolution {
    /// Makes the resolution of rows that were merged.
    pub fn merged_by(by: impl Into<String>) -> Self {
        Self { by: by.into(), note: None }
    }

    /// Makes the resolution of rows that were not merged, and says why not.
    pub fn given_up_by(by: impl Into<String>, note: impl Into<String>) -> Self {
        Self { by: by.into(), note: Some(note.into()) }
    }
}

/// One row of `sync_errors`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ErrorEntry {
    /// Its id.
    pub id: i64,
    /// The source table.
    pub source: String,
    /// ISO text.
    pub occurred_at: String,
    /// The run that met it last.
    pub run_id: String,
    /// Key column → text.
    pub pk: serde_json::Value,
    /// The whole row, or null where it is not kept, or not asked for.
    pub payload: serde_json::Value,
    /// Whether the row's values are kept.
    pub kept: bool,
    /// A stable short name.
    pub code: String,
    /// The column whose value was refused, where it is known.
    pub column: Option<String>,
    /// What is wrong.
    pub error: String,
    /// How often it was met.
    pub attempts: i32,
    /// ISO text; when it was merged or given up.
    pub resolved_at: Option<String>,
    /// Who closed it: `run`, `retry`, or the person who discarded it.
    pub resolved_by: Option<String>,
    /// Why it was closed without being merged.
    pub note: Option<String>,
}

/// Which rejected rows are listed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RejectedQuery {
    /// Of these source tables; of all for none.
    pub sources: Vec<String>,
    /// Only these, by id; all for none.
    pub ids: Vec<i64>,
    /// Whether closed ones are listed, too.
    pub resolved: bool,
    /// Only those with exactly these words for what is wrong; all for none.
    pub error: String,
    /// Only those with a value refused in this column; all for none.
    pub column: String,
    /// Only those with these letters, in any case, in table, key, reason or values; all for none.
    pub search: String,
    /// Whether their values are read.
    pub payload: bool,
    /// How many of the newest are passed over.
    pub skip: u32,
    /// How many are listed at most.
    pub most: u32,
}

/// What has become of rejected rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectedStanding {
    /// They are still rejected.
    Open,
    /// A run or a retry has merged them, or found them gone.
    Settled,
    /// A person has discarded them.
    Discarded,
}

/// How many rows of a table were rejected for one reason, and stand alike now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedCause {
    /// The source table.
    pub source: String,
    /// A stable short name.
    pub code: String,
    /// What is wrong.
    pub error: String,
    /// The column whose values were refused, where it is known.
    pub column: Option<String>,
    /// What has become of them.
    pub standing: RejectedStanding,
    /// Who discarded them.
    pub by: Option<String>,
    /// Why they were discarded.
    pub note: Option<String>,
    /// How many there are.
    pub rows: u64,
    /// When the first of them was met first, as ISO text.
    pub first_met: String,
    /// When the last of them was met last, as ISO text.
    pub last_met: String,
    /// When the last of them was closed, as ISO text.
    pub closed_at: Option<String>,
}

/// Where leases, logs and rejected rows are kept.
///
/// Every call is one short transaction and works behind a pooler in transaction mode. Calls may be repeated.
#[async_trait]
pub trait StateStore: Send + Sync {
    /// Makes the tables where they are missing and adds missing columns.
    async fn ensure(&self) -> Result<()>;

    /// Claims the schema for a workspace.
    async fn claim(&self, workspace: &Workspace) -> Result<WorkspaceClaim>;

    /// Asks for the lease of a table. `takes_over` names a holder known to be dead, whose lease need not expire.
    /// `floor` is the epoch found in the target: the one granted is larger. A grant also sets `last_status` to
    /// `running` and opens the run's row in `sync_logs` (started now, by the database's clock), in one transaction.
    async fn acquire(
        &self,
        source: &str,
        run_id: &str,
        holder: &Holder,
        ttl: Duration,
        floor: i64,
        takes_over: Option<&Holder>,
    ) -> Result<LeaseOutcome>;

    /// Reports that runs of tables, given with the epochs found in the target, had nothing to do. Returns those of
    /// which it is true: nobody holds the lease, nobody has held it since that epoch, and the last run ended well. Only
    /// these are reported, and with `logged` in `sync_logs`, too.
    async fn note_idle(
        &self,
        run_id: &str,
        took: Duration,
        tables: &[(String, i64)],
        logged: bool,
    ) -> Result<Vec<String>> {
        let _unknown_to_this_store = (run_id, took, tables, logged);
        Ok(Vec::new())
    }

    /// Extends leases; returns the tables whose lease is no longer ours.
    async fn renew(&self, sources: &[(String, i64)], holder: &Holder, ttl: Duration) -> Result<Vec<String>>;

    /// Gives a lease up, where it is still ours.
    async fn release(&self, source: &str, holder: &Holder, epoch: i64) -> Result<()>;

    /// Reports a table's standing, ends the run's open row in `sync_logs` and gives the lease up, where it is still
    /// ours. Times are the database's: `last_run`, `started_at` and `finished_at` of the arguments are not read.
    async fn report(&self, report: &TableReport, log: &LogEntry, epoch: i64) -> Result<()>;

    /// Ends the row in `sync_logs` of work that was no run, and gives the lease up, where it is still ours. The table's
    /// standing stays what its last run left; `status` is what stood there before the lease was granted.
    async fn conclude(&self, log: &LogEntry, status: &str, epoch: i64) -> Result<()>;

    /// Keeps rejected rows: one open entry a key and table, attempts counted.
    async fn reject(&self, source: &str, run_id: &str, rows: &[RejectedRow]) -> Result<()>;

    /// Returns the open entries' keys of a table, as JSON objects, at most `most`.
    async fn open_keys(&self, source: &str, most: u32) -> Result<Vec<serde_json::Map<String, serde_json::Value>>>;

    /// Closes open entries of these keys.
    async fn resolve(
        &self,
        source: &str,
        keys: &[serde_json::Map<String, serde_json::Value>],
        how: &Resolution,
    ) -> Result<()>;

    /// Closes open entries of these tables, or of all for none: those with these ids, or all where no id is named.
    /// Returns the ids of those it has closed.
    async fn discard(&self, sources: &[String], ids: &[i64], how: &Resolution) -> Result<Vec<i64>>;

    /// Lists what `sync_watermarks` says, by table name.
    async fn reports(&self) -> Result<Vec<TableReport>>;

    /// Lists log rows, newest first.
    async fn logs(&self, source: Option<&str>, most: u32) -> Result<Vec<LogEntry>>;

    /// Lists a stretch of rejected rows, newest first, and says how many match in all (0 beyond the last).
    async fn rejected(&self, query: &RejectedQuery) -> Result<(Vec<ErrorEntry>, u64)>;

    /// Counts rejected rows of these tables, or of all for none, by table, reason and what has become of them: the open
    /// ones first, most first; then those that were closed last.
    async fn causes(&self, sources: &[String]) -> Result<Vec<RejectedCause>>;
}
