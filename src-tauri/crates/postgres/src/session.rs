//! Single statements on a pooled connection: sent as simple queries, with a deadline, and never leaving a connection
//! behind that is in the middle of something.

use crate::error::{from_sqlx, no_answer};
use firn_connector::switches::{Protection, on};
use firn_connector::{Error, ErrorKind, Result, Side};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgPool, PgRow};
use sqlx::{AssertSqlSafe, Postgres, Row, Transaction};
use std::time::Duration;

/// How long a statement over catalogs or Firn's own tables may take before the connection counts as dead.
const DEADLINE: Duration = Duration::from_secs(60);

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

/// Takes a connection from a pool.
pub(crate) async fn acquire(pool: &PgPool, side: Side) -> Result<PoolConnection<Postgres>> {
    pool.acquire().await.map_err(|error| match error {
        sqlx::Error::PoolTimedOut if pool.size() >= pool.options().get_max_connections() => {
            let message = format!("all {} connections of Firn are busy", pool.size());
            Error::new(side, ErrorKind::Transient, message).caused_by(error)
        }
        other => from_sqlx(other, side),
    })
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

/// Begins a read-only transaction without a statement timeout, for statements that hold SQL of the user or run over
/// the data of a table. It is rolled back when dropped.
pub(crate) async fn read_only(pool: &PgPool, side: Side) -> Result<Transaction<'static, Postgres>> {
    let access = if on(Protection::ReadOnlySource) { "READ ONLY" } else { "READ WRITE" };
    let timeout = if on(Protection::StatementTimeout) { "; SET LOCAL statement_timeout = 0" } else { "" };
    let begin = format!("BEGIN TRANSACTION {access}{timeout}");
    pool.begin_with(AssertSqlSafe(begin)).await.map_err(|error| from_sqlx(error, side))
}

/// Runs a single statement inside a transaction, through the extended protocol: a second statement hidden in it is
/// refused by the server.
pub(crate) async fn single(
    transaction: &mut Transaction<'static, Postgres>,
    side: Side,
    sql: String,
) -> Result<Vec<PgRow>> {
    let query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
    query.fetch_all(&mut **transaction).await.map_err(|error| from_sqlx(error, side))
}

/// Reads a column of a row.
pub(crate) fn column<'r, T>(row: &'r PgRow, name: &str, side: Side) -> Result<T>
where
    T: sqlx::Decode<'r, Postgres> + sqlx::Type<Postgres>,
{
    row.try_get(name).map_err(|error| from_sqlx(error, side))
}
