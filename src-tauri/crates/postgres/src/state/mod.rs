//! Leases, reports, logs and rejected rows in a PostgreSQL schema.
//!
//! Every call is one simple query, and a simple query is one transaction: it works behind a pooler in transaction
//! mode, and a cut connection leaves either all of a call or nothing.

mod claim;
mod lease;
mod listed;
mod reject;
mod report;
mod schema;

use crate::connect::{self, PgSettings};
use crate::quote::{Value, fill};
use crate::session;
use crate::slots::Lender;
use crate::types::parse;
use async_trait::async_trait;
use firn_connector::{
    Error, ErrorEntry, ErrorKind, Holder, LeaseOutcome, LogEntry, RejectedCause, RejectedQuery, RejectedRow,
    Resolution, Result, Side, StateStore, TableReport, Workspace, WorkspaceClaim,
};
use sqlx::PgPool;
use sqlx::postgres::PgRow;
use std::sync::Arc;
use std::time::Duration;

const SIDE: Side = Side::State;

/// Days after which rejected rows are forgotten, where nothing else is said.
const RETENTION_DAYS: u32 = 30;

/// The state store of a schema in a PostgreSQL database.
#[derive(Debug, Clone)]
pub struct PostgresState {
    pool: PgPool,
    schema: String,
    retention_days: u32,
    /// What lends the slots of its idle connections.
    _lender: Arc<Lender>,
}

impl PostgresState {
    /// Makes a store over a pool.
    pub fn new(pool: PgPool, schema: impl Into<String>) -> Self {
        Self { _lender: Lender::new(&pool), pool, schema: schema.into(), retention_days: RETENTION_DAYS }
    }

    /// Sets after how many days payloads of rejected rows, and closed entries, are forgotten.
    #[must_use]
    pub fn with_retention(self, days: u32) -> Self {
        Self { retention_days: days, ..self }
    }

    /// Opens a pool and makes a store over it. Nothing is connected yet; see [`connect::open`].
    ///
    /// # Errors
    /// Those of [`connect::open`].
    pub async fn open(settings: &PgSettings, schema: impl Into<String>) -> Result<Self> {
        // Two: the heartbeat of the leases must not wait for a report.
        Ok(Self::new(connect::open(settings, SIDE, 2).await?, schema))
    }

    /// Runs a statement of `sql/postgres/state/` with these values and the schema's name.
    async fn run(&self, statement: &str, values: &[(&str, Value<'_>)]) -> Result<Vec<PgRow>> {
        let schema = [("schema", Value::Text(self.schema.as_str()))];
        let sql = fill(statement, &[values, &schema].concat())?;
        let rows = session::run(&self.pool, SIDE, sql).await;
        rows.map_err(|error| self.explain(error))
    }

    /// Reads a column of JSON objects.
    async fn list<T: serde::de::DeserializeOwned>(
        &self,
        statement: &str,
        values: &[(&str, Value<'_>)],
        column: &str,
    ) -> Result<Vec<T>> {
        objects(&self.run(statement, values).await?, column)
    }

    /// Adds to a missing right which schema it is about.
    fn explain(&self, error: Error) -> Error {
        match error.kind {
            ErrorKind::Permission => {
                let schema = crate::quote::ident(&self.schema);
                error.with_hint(format!(
                    "Firn keeps its state in the schema {schema}: GRANT USAGE, CREATE ON SCHEMA {schema} TO Firn's role, \
                     or name another `state` connection or `state_schema`."
                ))
            }
            _ => error,
        }
    }
}

/// Reads a column of JSON objects.
fn objects<T: serde::de::DeserializeOwned>(rows: &[PgRow], column: &str) -> Result<Vec<T>> {
    rows.iter().map(|row| parse(session::column(row, column, SIDE)?, SIDE)).collect()
}

#[async_trait]
impl StateStore for PostgresState {
    async fn ensure(&self) -> Result<()> {
        schema::ensure(self).await
    }

    async fn claim(&self, workspace: &Workspace) -> Result<WorkspaceClaim> {
        claim::claim(self, workspace).await
    }

    async fn acquire(
        &self,
        source: &str,
        run_id: &str,
        holder: &Holder,
        ttl: Duration,
        floor: i64,
        takes_over: Option<&Holder>,
    ) -> Result<LeaseOutcome> {
        lease::acquire(self, &lease::Request { source, run_id, holder, ttl, floor, takes_over }).await
    }

    async fn note_idle(
        &self,
        run_id: &str,
        took: Duration,
        tables: &[(String, i64)],
        logged: bool,
    ) -> Result<Vec<String>> {
        report::note_idle(self, run_id, took, tables, logged).await
    }

    async fn renew(&self, sources: &[(String, i64)], holder: &Holder, ttl: Duration) -> Result<Vec<String>> {
        lease::renew(self, sources, holder, ttl).await
    }

    async fn release(&self, source: &str, holder: &Holder, epoch: i64) -> Result<()> {
        lease::release(self, source, holder, epoch).await
    }

    async fn report(&self, report: &TableReport, log: &LogEntry, epoch: i64) -> Result<()> {
        report::report(self, report, log, epoch).await
    }

    async fn conclude(&self, log: &LogEntry, status: &str, epoch: i64) -> Result<()> {
        report::conclude(self, log, status, epoch).await
    }

    async fn reject(&self, source: &str, run_id: &str, rows: &[RejectedRow]) -> Result<()> {
        reject::reject(self, source, run_id, rows).await
    }

    async fn open_keys(&self, source: &str, most: u32) -> Result<Vec<serde_json::Map<String, serde_json::Value>>> {
        reject::open_keys(self, source, most).await
    }

    async fn resolve(
        &self,
        source: &str,
        keys: &[serde_json::Map<String, serde_json::Value>],
        how: &Resolution,
    ) -> Result<()> {
        reject::resolve(self, source, keys, how).await
    }

    async fn discard(&self, sources: &[String], ids: &[i64], how: &Resolution) -> Result<Vec<i64>> {
        reject::discard(self, sources, ids, how).await
    }

    async fn reports(&self) -> Result<Vec<TableReport>> {
        report::reports(self).await
    }

    async fn logs(&self, source: Option<&str>, most: u32) -> Result<Vec<LogEntry>> {
        report::logs(self, source, most).await
    }

    async fn rejected(&self, query: &RejectedQuery) -> Result<(Vec<ErrorEntry>, u64)> {
        listed::rejected(self, query).await
    }

    async fn causes(&self, sources: &[String]) -> Result<Vec<RejectedCause>> {
        listed::causes(self, sources).await
    }
}
