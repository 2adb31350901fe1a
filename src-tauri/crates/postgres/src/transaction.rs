//! A transaction that writes: statements and loads in it come true together or not at all.

use crate::error::{from_sqlx, no_answer};
use crate::session::{Left, column, let_go};
use crate::slots::acquire;
use crate::stall::Watch;
use firn_connector::{Error, ErrorKind, Result, Side};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgPool, PgRow};
use sqlx::{AssertSqlSafe, PgConnection, Postgres};
use std::time::Duration;

/// How long the server may take to begin or end a transaction, or to stop a statement.
const DEADLINE: Duration = Duration::from_secs(60);

/// A transaction on a connection of a pool.
///
/// Dropping it takes everything back. In the middle of a statement or a load the server is told to stop and the
/// connection is closed: it never comes back to the pool in that state.
#[derive(Debug)]
pub struct PgTransaction {
    connection: Option<PoolConnection<Postgres>>,
    watch: Watch,
    side: Side,
    /// Whether a statement runs. One that failed with the server's own answer has ended.
    working: bool,
}

impl PgTransaction {
    /// Begins a transaction; `side` is what errors call the server.
    ///
    /// # Errors
    /// What the server or the connection reports.
    pub async fn begin(pool: &PgPool, side: Side) -> Result<Self> {
        let mut connection = acquire(pool, side).await?;
        let query = sqlx::raw_sql("BEGIN; SELECT pg_backend_pid() AS backend").fetch_one(&mut *connection);
        let row = tokio::time::timeout(DEADLINE, query).await;
        let backend = match row {
            Ok(Ok(row)) => column(&row, "backend", side)?,
            failed => {
                // Nothing is known about the state it is in.
                drop(connection.detach());
                return Err(match failed {
                    Ok(Err(error)) => from_sqlx(error, side),
                    _ => no_answer(side, DEADLINE.as_secs()),
                });
            }
        };
        let watch = Watch::new(pool.clone(), backend);
        Ok(Self { connection: Some(connection), watch, side, working: false })
    }

    /// Returns what errors call the server.
    #[must_use]
    pub fn side(&self) -> Side {
        self.side
    }

    /// Runs one or more statements without parameters and returns the rows of all of them. Values in the text must have
    /// been quoted by [`crate::quote`].
    ///
    /// # Errors
    /// What the server or the connection reports. After a failed statement only a rollback helps.
    pub async fn run(&mut self, sql: String) -> Result<Vec<PgRow>> {
        let (connection, watch) = self.enter()?;
        let outcome = watch.wait(sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(connection)).await;
        self.leave(outcome)
    }

    /// Lends the connection for one piece of work, whose outcome [`PgTransaction::leave`] is told.
    pub(crate) fn enter(&mut self) -> Result<(&mut PgConnection, Watch)> {
        match self.connection.as_mut().filter(|_| !self.working) {
            Some(connection) => {
                self.working = true;
                Ok((connection, self.watch.clone()))
            }
            None => Err(Error::new(self.side, ErrorKind::Other, "the transaction was broken off before")),
        }
    }

    /// Takes the outcome of a piece of work and hands it on. Only what the server itself has ended is over.
    pub(crate) fn leave<T>(&mut self, outcome: Result<sqlx::Result<T>>) -> Result<T> {
        let outcome = outcome.map_err(|error| Error { side: self.side, ..error })?;
        self.working = !matches!(outcome, Ok(_) | Err(sqlx::Error::Database(_)));
        outcome.map_err(|error| from_sqlx(error, self.side))
    }

    /// Makes everything true.
    ///
    /// # Errors
    /// What the server or the connection reports; then nothing is true, or, where the connection broke, perhaps all.
    pub async fn commit(mut self) -> Result<()> {
        // COMMIT of a failed transaction is a ROLLBACK that ends well; this statement fails there.
        self.run("SELECT 1; COMMIT".to_owned()).await?;
        self.connection = None;
        Ok(())
    }

    /// Takes everything back.
    ///
    /// # Errors
    /// What the connection reports; the server takes everything back then, too.
    pub async fn roll_back(mut self) -> Result<()> {
        self.run("ROLLBACK".to_owned()).await?;
        self.connection = None;
        Ok(())
    }
}

impl Drop for PgTransaction {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        let left = if self.working { Left::Running(self.watch.clone()) } else { Left::Idle };
        let_go(connection, left, DEADLINE);
    }
}
