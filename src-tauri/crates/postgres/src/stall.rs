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
    answer: Duration,
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
        Self { pool, backend, patience: PATIENCE, answer: ANSWER }
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
            let problem = match tokio::time::timeout(self.answer, self.ask()).await {
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
        .with_hint("Look at the network between this machine and the server.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use firn_testbed::{Cluster, Fault};
    use futures::StreamExt;
    use sqlx::postgres::PgPoolOptions;
    use std::time::Instant;

    const ROWS: &str = "COPY (SELECT repeat('x', 1000) FROM generate_series(1, 200000)) TO STDOUT (FORMAT binary)";

    /// A connection through a proxy, and a watch that asks over `direct` or over the same proxy.
    async fn watched(pool: &PgPool, through: &PgPool) -> (sqlx::pool::PoolConnection<sqlx::Postgres>, Watch) {
        let mut connection = through.acquire().await.unwrap();
        let backend = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut *connection).await.unwrap();
        let (patience, answer) = (Duration::from_millis(100), Duration::from_millis(300));
        (connection, Watch { pool: pool.clone(), backend, patience, answer })
    }

    #[tokio::test]
    async fn a_server_that_works_in_silence_is_waited_for() {
        let pool = Cluster::shared().unwrap().pool("postgres").await.unwrap();
        let (mut connection, watch) = watched(&pool, &pool).await;
        let start = Instant::now();
        let slow = sqlx::raw_sql("SELECT pg_sleep(1.5)").execute(&mut *connection);
        assert!(watch.wait(slow).await.unwrap().is_ok());
        assert!(start.elapsed() > watch.patience * 10, "it was asked more often than it has chances");
    }

    #[tokio::test]
    async fn a_connection_that_swallows_what_the_server_sends_is_found_dead() {
        let cluster = Cluster::shared().unwrap();
        let direct = cluster.pool("postgres").await.unwrap();
        let proxy = cluster.proxy().unwrap();
        let through = PgPool::connect(&proxy.dsn("postgres")).await.unwrap();
        let (mut connection, watch) = watched(&direct, &through).await;
        let mut stream = connection.copy_out_raw(ROWS).await.unwrap();
        proxy.set(Fault::BlackHole);
        let error = loop {
            match watch.wait(stream.next()).await {
                Ok(item) => assert!(item.unwrap().is_ok(), "only what was on its way still arrives"),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind, ErrorKind::Transient);
        assert!(error.message.contains("does not arrive"), "{error}");

        // Once the server has given the session up, nothing is left to wait for.
        let (mut second, watch) = {
            proxy.open();
            watched(&direct, &through).await
        };
        proxy.set(Fault::BlackHole);
        let end = format!("SELECT pg_terminate_backend({}, 5000)", watch.backend);
        sqlx::raw_sql(AssertSqlSafe(end)).execute(&direct).await.unwrap();
        let error = watch.wait(sqlx::raw_sql("SELECT 1").execute(&mut *second)).await.unwrap_err();
        assert!(error.message.contains("ended the session"), "{error}");
    }

    #[tokio::test]
    async fn a_server_that_cannot_be_asked_is_found_dead() {
        let cluster = Cluster::shared().unwrap();
        let proxy = cluster.proxy().unwrap();
        let options = PgPoolOptions::new().max_connections(2);
        let pool = options.connect(&proxy.dsn("postgres")).await.unwrap();
        let (mut connection, watch) = watched(&pool, &pool).await;
        proxy.set(Fault::BlackHole);
        let error = watch.wait(sqlx::raw_sql("SELECT 1").execute(&mut *connection)).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Transient);
        assert!(error.message.contains("does not answer"), "{error}");
    }

    #[tokio::test]
    async fn a_cancelled_backend_stops_and_lives_on() {
        let pool = Cluster::shared().unwrap().pool("postgres").await.unwrap();
        let (mut connection, watch) = watched(&pool, &pool).await;
        let long = sqlx::raw_sql("SELECT pg_sleep(600)").execute(&mut *connection);
        let cancel = async {
            let active = format!("SELECT state = 'active' FROM pg_stat_activity WHERE pid = {}", watch.backend);
            while !sqlx::query_scalar::<_, bool>(AssertSqlSafe(active.clone())).fetch_one(&pool).await.unwrap() {
                tokio::task::yield_now().await;
            }
            watch.cancel().await.unwrap();
        };
        let (outcome, ()) = tokio::join!(long, cancel);
        let code = outcome.unwrap_err().as_database_error().and_then(|error| error.code().map(String::from));
        assert_eq!(code.as_deref(), Some("57014"));
        assert!(sqlx::raw_sql("SELECT 1").execute(&mut *connection).await.is_ok());
    }
}
