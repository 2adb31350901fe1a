//! Single statements on a pooled connection: sent as simple queries, with a deadline, and never leaving a connection
//! behind that is in the middle of something.

use crate::connect::READER_MARK;
use crate::error::{from_sqlx, no_answer, sqlstate};
use crate::slots::acquire;
use crate::stall::Watch;
use firn_connector::switches::{Protection, on};
use firn_connector::{Result, Side};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgPool, PgRow};
use sqlx::{AssertSqlSafe, Postgres, Row};
use std::time::Duration;
use tokio::runtime::Handle;

/// How long a statement over catalogs or Firn's own tables may take before the connection counts as dead.
const DEADLINE: Duration = Duration::from_secs(60);

const SOURCE: Side = Side::Source;

/// A pooled connection that is closed, not returned, unless its use came to an end.
struct Guarded {
    connection: PoolConnection<Postgres>,
    done: bool,
}

impl Drop for Guarded {
    fn drop(&mut self) {
        if !self.done {
            self.connection.close_on_drop();
        }
    }
}

/// Runs one or more statements as one simple query, which is one round trip and, without `BEGIN`, one transaction.
/// Returns the rows of all of them. Values in the text must have been quoted by [`crate::quote`]; what a user wrote
/// as SQL must not be in it, because a simple query can hold several statements.
pub(crate) async fn run(pool: &PgPool, side: Side, sql: String) -> Result<Vec<PgRow>> {
    let mut guarded = Guarded { connection: acquire(pool, side).await?, done: false };
    let query = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut *guarded.connection);
    let outcome = tokio::time::timeout(DEADLINE, query).await;
    let Ok(outcome) = outcome else { return Err(no_answer(side, DEADLINE.as_secs())) };
    // An error the server sent leaves the session as it was; any other says that the connection is not to be used.
    guarded.done = matches!(outcome, Ok(_) | Err(sqlx::Error::Database(_)));
    outcome.map_err(|error| from_sqlx(error, side))
}

/// Runs one or more statements as one simple query that returns exactly one row in all.
pub(crate) async fn run_one(pool: &PgPool, side: Side, sql: String) -> Result<PgRow> {
    run(pool, side, sql).await?.pop().ok_or_else(|| from_sqlx(sqlx::Error::RowNotFound, side))
}

/// A read-only transaction without a statement timeout, for statements that hold SQL of the user or run over the data
/// of a table, and may take as long as that takes. Dropped in the middle of one, it stops it on the server.
pub(crate) struct ReadOnly {
    guarded: Guarded,
    watch: Watch,
    working: bool,
}

impl ReadOnly {
    /// Begins the transaction: one round trip.
    pub(crate) async fn begin(pool: &PgPool) -> Result<Self> {
        let access = if on(Protection::ReadOnlySource) { "READ ONLY" } else { "READ WRITE" };
        let timeout = if on(Protection::StatementTimeout) { "SET LOCAL statement_timeout = 0; " } else { "" };
        let sql = format!("BEGIN TRANSACTION {access}; {timeout}SELECT pg_backend_pid() AS backend, {READER_MARK}");
        let mut guarded = Guarded { connection: acquire(pool, SOURCE).await?, done: false };
        let query = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(&mut *guarded.connection);
        let row = tokio::time::timeout(DEADLINE, query).await.map_err(|_| no_answer(SOURCE, DEADLINE.as_secs()))?;
        let backend = column(&row.map_err(|error| from_sqlx(error, SOURCE))?, "backend", SOURCE)?;
        Ok(Self { guarded, watch: Watch::new(pool.clone(), backend), working: false })
    }

    /// Runs one statement through the extended protocol, where the server refuses a second one hidden in it.
    pub(crate) async fn single(&mut self, sql: String) -> Result<Vec<PgRow>> {
        self.working = true;
        let query = sqlx::query(AssertSqlSafe(sql)).persistent(false).fetch_all(&mut *self.guarded.connection);
        let outcome = self.watch.wait(query).await?;
        self.working = false;
        outcome.map_err(|error| from_sqlx(error, SOURCE))
    }

    /// Runs a statement that holds nothing a user wrote as SQL and ends the transaction: one round trip.
    pub(crate) async fn last(mut self, sql: &str) -> Result<Vec<PgRow>> {
        self.working = true;
        let sql = format!("{sql}; COMMIT");
        let query = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut *self.guarded.connection);
        let outcome = self.watch.wait(query).await?;
        self.working = false;
        match outcome {
            Ok(rows) => {
                self.guarded.done = true;
                Ok(rows)
            }
            Err(error) => self.end(Err(from_sqlx(error, SOURCE))).await,
        }
    }

    /// Ends the transaction and hands on what became of it. After a failure that was not the server's answer the
    /// connection is closed instead.
    pub(crate) async fn end<T>(self, outcome: Result<T>) -> Result<T> {
        if outcome.is_ok() || outcome.as_ref().is_err_and(|error| sqlstate(error).is_some()) {
            self.roll_back().await?;
        }
        outcome
    }

    async fn roll_back(mut self) -> Result<()> {
        let query = sqlx::raw_sql("ROLLBACK").execute(&mut *self.guarded.connection);
        let ended = tokio::time::timeout(DEADLINE, query).await.map_err(|_| no_answer(SOURCE, DEADLINE.as_secs()))?;
        ended.map_err(|error| from_sqlx(error, SOURCE))?;
        self.guarded.done = true;
        Ok(())
    }
}

impl Drop for ReadOnly {
    fn drop(&mut self) {
        // A backend at work does not notice that its client has gone.
        if self.working
            && let Ok(runtime) = Handle::try_current()
        {
            let watch = self.watch.clone();
            runtime.spawn(async move { stop(&watch, DEADLINE).await });
        }
    }
}

/// What goes on in a transaction whose connection nobody needs any more.
pub(crate) enum Left {
    /// It waits for the next statement.
    Idle,
    /// A statement runs.
    Running(Watch),
    /// It is of no use any more.
    Failed,
}

/// Returns a connection to its pool where the server takes its transaction back within `patience`. Otherwise what runs
/// is stopped on the server and the connection closed: none comes back to the pool in the middle of something.
pub(crate) fn let_go(mut connection: PoolConnection<Postgres>, left: Left, patience: Duration) {
    let Ok(runtime) = Handle::try_current() else {
        // Nothing can be awaited any more: the server ends the session when it sees the socket closed.
        drop(connection.detach());
        return;
    };
    runtime.spawn(async move {
        match left {
            Left::Idle => {
                let ended = tokio::time::timeout(patience, sqlx::raw_sql("ROLLBACK").execute(&mut *connection)).await;
                if matches!(ended, Ok(Ok(_))) {
                    return;
                }
            }
            Left::Running(watch) => stop(&watch, patience).await,
            Left::Failed => {}
        }
        let _already_broken = sqlx::Connection::close_hard(connection.detach()).await;
    });
}

async fn stop(watch: &Watch, patience: Duration) {
    match tokio::time::timeout(patience, watch.cancel()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a statement could not be stopped on the server"),
        Err(_) => tracing::debug!("the server does not answer when told to stop a statement"),
    }
}

/// Reads a column of a row.
pub(crate) fn column<'r, T>(row: &'r PgRow, name: &str, side: Side) -> Result<T>
where
    T: sqlx::Decode<'r, Postgres> + sqlx::Type<Postgres>,
{
    row.try_get(name).map_err(|error| from_sqlx(error, side))
}
