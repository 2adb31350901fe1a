//! Tells a server that works for a long time without sending anything from a connection that is dead.
//!
//! A sort before the first row can take minutes, and a cut network sends nothing either: TCP itself never gives up on
//! a connection that only waits. So when nothing has come for a while, the server is asked over another connection
//! what the backend is doing.

use crate::error::from_sqlx;
use firn_connector::{Error, ErrorKind, Result, Side};
use sqlx::postgres::PgPool;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};
use std::pin::pin;
use std::time::Duration;

/// How long nothing may come before the server is asked.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long the answer may take.
const ANSWER: Duration = Duration::from_secs(10);
/// How many times in a row the answer may be bad.
const CHANCES: u32 = 2;

/// Watches one backend.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    pool: PgPool,
    backend: i32,
    patience: Duration,
}

/// What the server says about a backend.
#[derive(Debug, PartialEq, Eq)]
enum Report {
    /// It works, or waits for a lock or a disk.
    Busy,
    /// It has sent something that has not arrived, or says that it is done.
    Sending,
    /// It is not there.
    Gone,
}

impl Watch {
    /// Watches the backend with this process id.
    pub fn new(pool: PgPool, backend: i32) -> Self {
        Self { pool, backend, patience: PATIENCE }
    }

    /// Waits for something the backend sends, as long as it is alive and has not sent it yet.
    ///
    /// # Errors
    /// [`ErrorKind::Transient`] where the connection is found dead.
    pub async fn wait<T>(&self, next: impl Future<Output = T>) -> Result<T> {
        let mut next = pin!(next);
        let mut bad = 0;
        loop {
            if let Ok(item) = tokio::time::timeout(self.patience, &mut next).await {
                return Ok(item);
            }
            let problem = match tokio::time::timeout(ANSWER, self.ask()).await {
                Ok(Ok(Report::Busy)) => {
                    bad = 0;
                    continue;
                }
                Ok(Ok(Report::Sending)) => dead("what the server sends does not arrive"),
                Ok(Ok(Report::Gone)) => return Err(dead("the server has ended the session")),
                // A server that turns the question down is there, and nothing is known about the backend.
                Ok(Err(sqlx::Error::Database(_))) => continue,
                Ok(Err(error)) => from_sqlx(error, Side::Source),
                Err(_) => dead("the server does not answer"),
            };
            bad += 1;
            if bad >= CHANCES {
                return Err(problem);
            }
        }
    }

    /// Stops what the backend is doing.
    pub async fn cancel(&self) -> sqlx::Result<()> {
        let sql = format!("SELECT pg_cancel_backend({})", self.backend);
        let mut connection = PgConnection::connect_with(&self.pool.connect_options()).await?;
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await?;
        connection.close().await
    }

    async fn ask(&self) -> sqlx::Result<Report> {
        let sql = format!(
            "SELECT state NOT LIKE 'idle%' AND wait_event IS DISTINCT FROM 'ClientWrite' AS busy \
             FROM pg_stat_activity WHERE pid = {}",
            self.backend
        );
        let mut connection = PgConnection::connect_with(&self.pool.connect_options()).await?;
        let row = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_optional(&mut connection).await?;
        connection.close().await?;
        Ok(match row.map(|row| row.try_get::<Option<bool>, _>("busy")).transpose()? {
            Some(Some(false)) => Report::Sending,
            // NULL: the role may not see what its own backend does, which no server does by itself.
            Some(_) => Report::Busy,
            None => Report::Gone,
        })
    }
}

fn dead(what: &str) -> Error {
    Error::new(Side::Source, ErrorKind::Transient, format!("the connection to PostgreSQL is dead: {what}"))
        .with_hint("Firn tries again; if it stays, look at the network between this machine and the server.")
}
