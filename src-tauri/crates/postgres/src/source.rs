//! PostgreSQL as a source.

use crate::connect::{self, PgSettings, READER_APPLICATION};
use crate::quote::{ident, table as quoted_table};
use crate::session::ReadOnly;
use crate::slots::Lender;
use crate::{advice, horizon, introspect, probe, read_sql, session, snapshot};
use async_trait::async_trait;
use firn_catalog::TableName;
use firn_connector::{
    Cursor, Horizon, HorizonRequest, ReadPlan, ReadScope, Result, Side, Snapshot, Source, SourceTable, TableAdvice,
};
use sqlx::PgPool;
use std::collections::BTreeMap;
use std::sync::Arc;

const SIDE: Side = Side::Source;

/// A PostgreSQL database that tables are read from.
#[derive(Debug, Clone)]
pub struct PostgresSource {
    pool: PgPool,
    /// The primary of a standby.
    primary: Option<PgPool>,
    /// What lends the slots of its idle connections.
    _lender: Arc<Lender>,
}

impl PostgresSource {
    /// Makes a source over a pool, which must allow two connections more than a snapshot has readers.
    ///
    /// The sessions should carry the application name [`READER_APPLICATION`]: under any other, a long first load of
    /// one table holds the horizon of all others back.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self { _lender: Lender::new(&pool), pool, primary: None }
    }

    /// Opens a pool for `readers` streams at once and makes a source over it. Nothing is connected yet; see
    /// [`connect::open`].
    ///
    /// # Errors
    /// Those of [`connect::open`].
    pub async fn open(settings: &PgSettings, readers: u32) -> Result<Self> {
        let settings = PgSettings { application_name: READER_APPLICATION.to_owned(), ..settings.clone() };
        Ok(Self::new(connect::open(&settings, SIDE, readers.saturating_add(2)).await?))
    }

    /// Names the primary of this standby, from which horizons are taken. Nothing is connected yet, and nothing is asked
    /// of it as long as the source is no standby.
    ///
    /// # Errors
    /// Those of [`connect::open`].
    pub async fn with_primary(self, settings: &PgSettings) -> Result<Self> {
        let settings = PgSettings { application_name: READER_APPLICATION.to_owned(), ..settings.clone() };
        Ok(Self { primary: Some(connect::open(&settings, SIDE, 2).await?), ..self })
    }

    /// Returns the pool.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }
}

#[async_trait]
impl Source for PostgresSource {
    async fn inspect(
        &self,
        table: &TableName,
        expressions: &BTreeMap<String, String>,
        filter: Option<&str>,
    ) -> Result<SourceTable> {
        introspect::inspect(&self.pool, table, expressions, filter).await
    }

    async fn advise(&self, table: &TableName) -> Result<TableAdvice> {
        advice::advise(&self.pool, table).await
    }

    async fn horizon(&self, plan: &ReadPlan, request: &HorizonRequest) -> Result<Horizon> {
        horizon::take(&self.pool, self.primary.as_ref(), plan, request).await
    }

    async fn inspect_many(&self, tables: &[TableName]) -> Result<Vec<Option<SourceTable>>> {
        introspect::inspect_many(&self.pool, tables).await
    }

    async fn horizons(&self, requests: &[(Arc<ReadPlan>, HorizonRequest)]) -> Result<Vec<Option<Horizon>>> {
        horizon::take_many(&self.pool, self.primary.as_ref(), requests).await
    }

    async fn any_after(&self, plan: &ReadPlan, after: &Cursor, nulls: bool) -> Result<bool> {
        probe::any_after(&self.pool, plan, after, nulls).await
    }

    async fn snapshot(&self, plan: Arc<ReadPlan>, readers: usize) -> Result<Box<dyn Snapshot>> {
        Ok(Box::new(snapshot::PgSnapshot::open(&self.pool, plan, readers).await?))
    }

    async fn updates(&self, table: &TableName) -> Result<Option<u64>> {
        introspect::updates(&self.pool, table).await
    }

    async fn name_of(&self, relation: u32) -> Result<Option<TableName>> {
        introspect::name_of(&self.pool, relation).await
    }

    fn quoted(&self, table: &TableName) -> String {
        quoted_table(table)
    }

    fn quoted_column(&self, column: &str) -> String {
        ident(column)
    }

    fn text_of(&self, column: &str) -> String {
        format!("{}::pg_catalog.text", ident(column))
    }

    async fn complete_snapshot(&self, plan: Arc<ReadPlan>, readers: usize) -> Result<Box<dyn Snapshot>> {
        Ok(Box::new(snapshot::PgSnapshot::open_complete(&self.pool, plan, readers).await?))
    }

    fn statement(&self, plan: &ReadPlan, scope: &ReadScope) -> String {
        read_sql::copy(plan, scope).unwrap_or_else(|error| format!("-- {error}"))
    }

    async fn waiting(&self, plan: &ReadPlan, after: Option<&Cursor>, most: u64) -> Result<u64> {
        let count = async {
            let sql = waiting_sql(plan, after, most)?;
            let mut transaction = ReadOnly::begin(&self.pool).await?;
            let rows = transaction.single(sql).await;
            let waiting: i64 = match transaction.end(rows).await?.first() {
                Some(row) => session::column(row, "waiting", SIDE)?,
                None => 0,
            };
            Ok(u64::try_from(waiting).unwrap_or(0).min(most))
        };
        count.await.map_err(|error: firn_connector::Error| error.on_table(&plan.table))
    }
}

/// Writes the statement that counts what a run would read, and stops at `most` rows of each sort.
fn waiting_sql(plan: &ReadPlan, after: Option<&Cursor>, most: u64) -> Result<String> {
    let scopes = match plan.watermark {
        Some(_) => vec![ReadScope::After(after.cloned()), ReadScope::NullWatermarks],
        None => vec![ReadScope::Whole],
    };
    let mut counts = Vec::new();
    for scope in scopes {
        let conditions = read_sql::conditions(plan, &scope)?;
        let filter = if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) };
        let table = quoted_table(&plan.table);
        counts.push(format!("(SELECT count(*) FROM (SELECT FROM {table}{filter} LIMIT {most}) rows)"));
    }
    Ok(format!("SELECT {} AS waiting", counts.join(" + ")))
}
