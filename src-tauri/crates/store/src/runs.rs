//! The history of runs.

use crate::count::{counted, stored};
use crate::{Store, StoreError};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row, SqliteConnection};
use uuid::Uuid;

/// The most finished runs that are kept of one workspace; the oldest go first.
pub const MAX_RUNS: i64 = 1_000;

/// What started a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Trigger {
    /// A command in a terminal.
    Cli,
    /// A button in the window.
    Window,
    /// The clock of `--watch` or `serve`.
    Watch,
}

/// How far a run is, or how it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunStatus {
    /// It runs.
    Running,
    /// Everything was done.
    Success,
    /// Some tables or rows failed, the rest is done.
    Partial,
    /// It failed.
    Failed,
    /// The person stopped it.
    Cancelled,
    /// Its process went away before it ended.
    Interrupted,
}

impl Trigger {
    const ALL: [Self; 3] = [Self::Cli, Self::Window, Self::Watch];

    /// Returns the word that is stored.
    pub fn word(self) -> &'static str {
        match self {
            Self::Cli => "cli",
            Self::Window => "window",
            Self::Watch => "watch",
        }
    }
}

impl RunStatus {
    const ALL: [Self; 6] =
        [Self::Running, Self::Success, Self::Partial, Self::Failed, Self::Cancelled, Self::Interrupted];

    /// Returns the word that is stored.
    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Success => "success",
            Self::Partial => "partial",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Interrupted => "interrupted",
        }
    }
}

/// The process that runs a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Its process id.
    pub pid: u32,
    /// What tells one boot of the machine from another: process ids start again with each.
    pub boot_id: String,
}

/// The beginning of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunStart {
    /// The run's id.
    pub run_id: Uuid,
    /// The workspace's folder, absolute.
    pub workspace: String,
    /// What started it.
    pub trigger: Trigger,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// The process that runs it.
    pub holder: Holder,
}

/// The end of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunFinish {
    /// When it ended.
    pub finished_at: DateTime<Utc>,
    /// How it ended; not [`RunStatus::Running`].
    pub status: RunStatus,
    /// Its last event, as the command line prints it.
    pub summary: Value,
    /// What became of each table, in order.
    pub tables: Vec<RunTable>,
}

/// What a run did to one table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunTable {
    /// The table in the source.
    pub source: String,
    /// The table in the target.
    pub target: String,
    /// How it ended, in the words of the result.
    pub status: String,
    /// Rows read.
    pub rows_read: u64,
    /// Rows merged.
    pub rows_merged: u64,
    /// Rows that the target refused.
    pub rows_rejected: u64,
    /// Rows deleted or marked.
    pub rows_deleted: u64,
    /// The cursor afterwards, as exact text.
    pub watermark: Option<String>,
    /// How long it took.
    pub seconds: f64,
    /// What went wrong and what to do.
    pub message: Option<String>,
}

/// A run, as recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The run's id.
    pub run_id: Uuid,
    /// The workspace's folder.
    pub workspace: String,
    /// What started it.
    pub trigger: Trigger,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// When it ended; for an interrupted one when it last said something.
    pub finished_at: Option<DateTime<Utc>>,
    /// How far it is, or how it ended.
    pub status: RunStatus,
    /// Its last event, as the command line prints it; until it ended what [`Store::record_run_standing`] has last
    /// recorded, or null.
    pub summary: Value,
    /// The process that runs it, or did.
    pub holder: Holder,
    /// What became of each table; filled by [`Store::run`] only.
    pub tables: Vec<RunTable>,
}

const RUN_COLUMNS: &str =
    "run_id, workspace, trigger, started_at, finished_at, status, summary, holder_pid, holder_boot";

impl Store {
    /// Records that a run has started.
    ///
    /// # Errors
    /// Fails when the run is recorded already, or the file cannot be written.
    pub async fn record_run_start(&self, start: &RunStart) -> Result<(), StoreError> {
        let outcome = sqlx::query(
            "INSERT INTO runs (run_id, workspace, trigger, started_at, status, holder_pid, holder_boot) \
             VALUES (?1, ?2, ?3, ?4, 'running', ?5, ?6) ON CONFLICT DO NOTHING",
        )
        .bind(start.run_id.to_string())
        .bind(&start.workspace)
        .bind(start.trigger.word())
        .bind(start.started_at.timestamp_micros())
        .bind(start.holder.pid)
        .bind(&start.holder.boot_id)
        .execute(&self.pool)
        .await
        .map_err(self.failed("record the start of a run"))?;
        if outcome.rows_affected() == 0 {
            return Err(StoreError::Twice { run_id: start.run_id });
        }
        Ok(())
    }

    /// Records how a run ended, with its tables, and drops the workspace's oldest runs beyond [`MAX_RUNS`].
    ///
    /// # Errors
    /// Fails when the run is not running, or the file cannot be written.
    pub async fn record_run_finish(&self, run_id: Uuid, finish: &RunFinish) -> Result<(), StoreError> {
        const ACTION: &str = "record the end of a run";
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(self.failed(ACTION))?;
        let workspace: Option<String> = sqlx::query_scalar(
            "UPDATE runs SET finished_at = ?2, status = ?3, summary = ?4 WHERE run_id = ?1 AND status = 'running' \
             RETURNING workspace",
        )
        .bind(run_id.to_string())
        .bind(finish.finished_at.timestamp_micros())
        .bind(finish.status.word())
        .bind(finish.summary.to_string())
        .fetch_optional(&mut *transaction)
        .await
        .map_err(self.failed(ACTION))?;
        let workspace = workspace.ok_or(StoreError::NotRunning { run_id, what: "end" })?;
        for (position, table) in (0_i64..).zip(&finish.tables) {
            insert_table(&mut transaction, run_id, position, table).await.map_err(self.failed(ACTION))?;
        }
        sqlx::query(
            "DELETE FROM runs WHERE run_id IN (SELECT run_id FROM runs WHERE workspace = ?1 AND status <> 'running' \
             ORDER BY started_at DESC, run_id LIMIT -1 OFFSET ?2)",
        )
        .bind(workspace)
        .bind(MAX_RUNS)
        .execute(&mut *transaction)
        .await
        .map_err(self.failed(ACTION))?;
        transaction.commit().await.map_err(self.failed(ACTION))
    }

    /// Drops runs that have ended and began before a moment, with their events; returns how many.
    ///
    /// # Errors
    /// Fails when the file cannot be written.
    pub async fn forget_runs_before(&self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        let outcome = sqlx::query("DELETE FROM runs WHERE status <> 'running' AND started_at < ?1")
            .bind(before.timestamp_micros())
            .execute(&self.pool)
            .await
            .map_err(self.failed("forget old runs"))?;
        Ok(outcome.rows_affected())
    }

    /// Marks every run as interrupted whose process is gone, and returns the ids. `is_alive` tells whether a process lives.
    ///
    /// # Errors
    /// Fails when the file cannot be read or written.
    pub async fn mark_interrupted(&self, is_alive: impl Fn(&Holder) -> bool) -> Result<Vec<Uuid>, StoreError> {
        const ACTION: &str = "mark interrupted runs";
        let running: Vec<(String, u32, String)> =
            sqlx::query_as("SELECT run_id, holder_pid, holder_boot FROM runs WHERE status = 'running'")
                .fetch_all(&self.pool)
                .await
                .map_err(self.failed(ACTION))?;
        let mut marked = Vec::new();
        for (run_id, pid, boot_id) in running {
            if is_alive(&Holder { pid, boot_id }) {
                continue;
            }
            // A run that ended in the meantime keeps its end.
            let outcome = sqlx::query(
                "UPDATE runs SET status = 'interrupted', finished_at = coalesce((SELECT max(at) FROM run_events \
                 WHERE run_events.run_id = runs.run_id), started_at) WHERE run_id = ?1 AND status = 'running'",
            )
            .bind(&run_id)
            .execute(&self.pool)
            .await
            .map_err(self.failed(ACTION))?;
            if outcome.rows_affected() > 0 {
                marked.push(self.run_id(&run_id)?);
            }
        }
        Ok(marked)
    }

    /// Returns the newest runs of a workspace, at most `limit`, without their tables.
    ///
    /// # Errors
    /// Fails when the file cannot be read.
    pub async fn runs(&self, workspace: &str, limit: u32) -> Result<Vec<Run>, StoreError> {
        let query =
            format!("SELECT {RUN_COLUMNS} FROM runs WHERE workspace = ?1 ORDER BY started_at DESC, run_id LIMIT ?2");
        let rows: Vec<RunRow> = sqlx::query_as(sqlx::AssertSqlSafe(query))
            .bind(workspace)
            .bind(limit)
            .fetch_all(&self.pool)
            .await
            .map_err(self.failed("list the runs"))?;
        rows.into_iter().map(|row| self.run_of(row)).collect()
    }

    /// Returns a run with its tables, if it is recorded.
    ///
    /// # Errors
    /// Fails when the file cannot be read.
    pub async fn run(&self, run_id: Uuid) -> Result<Option<Run>, StoreError> {
        const ACTION: &str = "read a run";
        let query = format!("SELECT {RUN_COLUMNS} FROM runs WHERE run_id = ?1");
        let row: Option<RunRow> = sqlx::query_as(sqlx::AssertSqlSafe(query))
            .bind(run_id.to_string())
            .fetch_optional(&self.pool)
            .await
            .map_err(self.failed(ACTION))?;
        let Some(row) = row else { return Ok(None) };
        let mut run = self.run_of(row)?;
        run.tables = sqlx::query_as::<_, TableRow>("SELECT * FROM run_tables WHERE run_id = ?1 ORDER BY position")
            .bind(run_id.to_string())
            .fetch_all(&self.pool)
            .await
            .map_err(self.failed(ACTION))?
            .into_iter()
            .map(|row| row.0)
            .collect();
        Ok(Some(run))
    }

    fn run_of(&self, row: RunRow) -> Result<Run, StoreError> {
        let trigger = Trigger::ALL.into_iter().find(|trigger| trigger.word() == row.trigger);
        let status = RunStatus::ALL.into_iter().find(|status| status.word() == row.status);
        Ok(Run {
            run_id: self.run_id(&row.run_id)?,
            workspace: row.workspace,
            trigger: trigger.ok_or_else(|| self.unreadable("trigger of a run", row.trigger))?,
            started_at: self.time(row.started_at)?,
            finished_at: row.finished_at.map(|at| self.time(at)).transpose()?,
            status: status.ok_or_else(|| self.unreadable("status of a run", row.status))?,
            summary: self.json("summary of a run", Some(row.summary))?.unwrap_or_default(),
            holder: Holder { pid: row.holder_pid, boot_id: row.holder_boot },
            tables: Vec::new(),
        })
    }

    fn run_id(&self, text: &str) -> Result<Uuid, StoreError> {
        text.parse().map_err(|error: uuid::Error| self.unreadable("id of a run", error))
    }
}

#[derive(FromRow)]
struct RunRow {
    run_id: String,
    workspace: String,
    trigger: String,
    started_at: i64,
    finished_at: Option<i64>,
    status: String,
    summary: String,
    holder_pid: u32,
    holder_boot: String,
}

struct TableRow(RunTable);

impl FromRow<'_, SqliteRow> for TableRow {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let count = |name: &'static str| row.try_get(name).map(counted);
        Ok(Self(RunTable {
            source: row.try_get("source")?,
            target: row.try_get("target")?,
            status: row.try_get("status")?,
            rows_read: count("rows_read")?,
            rows_merged: count("rows_merged")?,
            rows_rejected: count("rows_rejected")?,
            rows_deleted: count("rows_deleted")?,
            watermark: row.try_get("watermark")?,
            seconds: row.try_get("seconds")?,
            message: row.try_get("message")?,
        }))
    }
}

async fn insert_table(
    connection: &mut SqliteConnection,
    run_id: Uuid,
    position: i64,
    table: &RunTable,
) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO run_tables VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)")
        .bind(run_id.to_string())
        .bind(position)
        .bind(&table.source)
        .bind(&table.target)
        .bind(&table.status)
        .bind(stored(table.rows_read))
        .bind(stored(table.rows_merged))
        .bind(stored(table.rows_rejected))
        .bind(stored(table.rows_deleted))
        .bind(&table.watermark)
        .bind(table.seconds)
        .bind(&table.message)
        .execute(connection)
        .await?;
    Ok(())
}
