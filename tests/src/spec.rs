//! What a scenario runs, as plain values: the same ones build an engine in this process and in a child.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow};
use firn_catalog::{TableName, Unfit};
use firn_connector::{Holder, Source};
use firn_duckdb::{DuckdbSettings, DuckdbTarget};
use firn_postgres::{PgSettings, PostgresSource, PostgresState, TlsMode};
use firn_sync::{Deletes, Engine, EngineSettings, Lookback, Mode, OnDrift, TableConfig};
use serde::{Deserialize, Serialize};

/// A table's sync. The defaults: key `id`, watermark `updated_at`, target in the schema `raw`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TableSpec {
    /// Source table as `schema.table`; also its name in the state tables.
    pub source: String,
    /// Target table.
    pub target: String,
    /// Key columns.
    pub key: Vec<String>,
    /// Watermark column.
    pub watermark: Option<String>,
    /// Rows read at a time.
    pub batch_rows: usize,
    /// Column → SQL; `None` leaves the column out.
    pub transforms: BTreeMap<String, Option<String>>,
    /// Condition over the source row.
    pub filter: Option<String>,
    /// The whole table each time.
    pub full: bool,
    /// `add`, `ignore` or `stop`.
    pub on_drift: String,
    /// For times and dates.
    pub lookback_seconds: u64,
    /// For integers.
    pub lookback: u64,
    /// Whether values that do not fit become NULL.
    #[serde(default)]
    pub unfit_null: bool,
    /// A run compares what it has touched.
    #[serde(default)]
    pub verify: bool,
    /// `ignore`, `soft` or `hard`.
    pub deletes: String,
    /// The share of rows beyond which vanished ones stop the table.
    pub max_delete_ratio: f64,
}

impl TableSpec {
    /// Makes the defaults for a table of the schema `public`.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            source: format!("public.{name}"),
            target: format!("raw.{name}"),
            key: vec!["id".to_owned()],
            watermark: Some("updated_at".to_owned()),
            batch_rows: 1000,
            transforms: BTreeMap::new(),
            filter: None,
            full: false,
            on_drift: "add".to_owned(),
            lookback_seconds: 0,
            lookback: 0,
            unfit_null: false,
            verify: false,
            deletes: "ignore".to_owned(),
            max_delete_ratio: 0.2,
        }
    }

    /// Sets the key.
    #[must_use]
    pub fn key(mut self, columns: &[&str]) -> Self {
        self.key = columns.iter().map(|c| (*c).to_owned()).collect();
        self
    }

    /// Sets the watermark column.
    #[must_use]
    pub fn watermark(mut self, column: &str) -> Self {
        self.watermark = Some(column.to_owned());
        self
    }

    /// Sets how many rows are read at a time.
    #[must_use]
    pub fn batch(mut self, rows: usize) -> Self {
        self.batch_rows = rows;
        self
    }

    /// Replaces a column by an expression, or leaves it out.
    #[must_use]
    pub fn transform(mut self, column: &str, sql: Option<&str>) -> Self {
        self.transforms.insert(column.to_owned(), sql.map(str::to_owned));
        self
    }

    /// Sets what becomes of rows that have vanished from the source: `ignore`, `soft` or `hard`.
    #[must_use]
    pub fn deletes(mut self, what: &str) -> Self {
        self.deletes = what.to_owned();
        self
    }

    /// Returns the engine's form.
    pub fn config(&self) -> Result<TableConfig> {
        Ok(TableConfig {
            source: TableName::parse(&self.source)?,
            target: TableName::parse(&self.target)?,
            key: self.key.clone(),
            watermark: self.watermark.clone(),
            batch_rows: self.batch_rows,
            transforms: self.transforms.clone(),
            filter: self.filter.clone(),
            mode: if self.full { Mode::Full } else { Mode::Incremental },
            on_drift: match self.on_drift.as_str() {
                "add" => OnDrift::Add,
                "ignore" => OnDrift::Ignore,
                "stop" => OnDrift::Stop,
                other => return Err(anyhow!("no such on_drift: {other}")),
            },
            lookback: Lookback { seconds: self.lookback_seconds, units: self.lookback },
            on_unfit: if self.unfit_null { Unfit::Null } else { Unfit::Reject },
            verify: self.verify,
            deletes: match self.deletes.as_str() {
                "ignore" => Deletes::Ignore,
                "soft" => Deletes::Soft,
                "hard" => Deletes::Hard,
                other => return Err(anyhow!("no such deletes: {other}")),
            },
            max_delete_ratio: self.max_delete_ratio,
        })
    }
}

/// Everything a runner needs: where both sides are, what is synced and how.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunSpec {
    /// PostgreSQL's host.
    pub host: String,
    /// PostgreSQL's port; another one than the server's behind a proxy.
    pub port: u16,
    /// The port of the state's server, where that is another one than the source's.
    pub state_port: Option<u16>,
    /// The port of the primary, where the source's server is a standby that names it.
    #[serde(default)]
    pub primary_port: Option<u16>,
    /// How the connection is encrypted.
    pub tls: TlsMode,
    /// The file of the certificate authority.
    pub root_cert: Option<PathBuf>,
    /// PostgreSQL's database, for source and state.
    pub database: String,
    /// The role.
    pub user: String,
    /// Schema of the state tables.
    pub state_schema: String,
    /// The DuckDB file.
    pub warehouse: PathBuf,
    /// The workspace, as the claim on the state schema names it.
    pub workspace: String,
    /// What tells this runner from others of the same process.
    pub nonce: String,
    /// Nonces of runners that count as dead, as if their host had gone.
    pub dead: HashSet<String>,
    /// Streams of a first load.
    pub readers: usize,
    /// Rows of an increment's commit.
    pub group_rows: usize,
    /// Bytes of a commit.
    pub group_bytes: u64,
    /// Bytes of a page range.
    pub range_bytes: u64,
    /// Retries of a transient failure.
    pub max_retries: u32,
    /// First pause before a retry, in milliseconds.
    pub backoff_ms: u64,
    /// Longest wait for a connection, in milliseconds.
    pub connect_ms: u64,
    /// The lease's length, in milliseconds.
    pub lease_ms: u64,
    /// Open entries of a table beyond which it stops.
    pub open_entries: usize,
    /// Whether rejected rows are kept with their values.
    pub error_payloads: bool,
    /// The tables.
    pub tables: Vec<TableSpec>,
}

impl RunSpec {
    /// Returns the settings of a connection.
    #[must_use]
    pub fn settings(&self) -> PgSettings {
        let mut settings = PgSettings::new(&self.host, &self.database, &self.user);
        settings.port = self.port;
        settings.tls = self.tls;
        settings.connect_timeout = Duration::from_millis(self.connect_ms);
        settings.root_cert.clone_from(&self.root_cert);
        settings
    }

    /// Returns another runner of the same world, to whom this one is dead, as it is when its lease has run out.
    #[must_use]
    pub fn successor(&self, nonce: &str) -> Self {
        let mut spec = Self { nonce: nonce.to_owned(), ..self.clone() };
        spec.dead.insert(self.nonce.clone());
        spec
    }

    /// Returns the tables as the engine takes them.
    pub fn configs(&self) -> Result<Vec<TableConfig>> {
        self.tables.iter().map(TableSpec::config).collect()
    }

    /// Builds an engine of its own: new pools, a new target.
    pub async fn engine(&self) -> Result<Arc<Engine>> {
        self.engine_over(|source| Arc::new(source)).await
    }

    /// Builds an engine whose source goes through `wrap`.
    pub async fn engine_over(&self, wrap: impl FnOnce(PostgresSource) -> Arc<dyn Source>) -> Result<Arc<Engine>> {
        let settings = self.settings();
        let tables = self.tables.len().clamp(1, 4);
        let connections = u32::try_from(self.readers + tables)?;
        let mut source = PostgresSource::open(&settings, connections).await?;
        if let Some(port) = self.primary_port {
            source = source.with_primary(&PgSettings { port, ..settings.clone() }).await?;
        }
        let state_settings = PgSettings { port: self.state_port.unwrap_or(self.port), ..settings.clone() };
        let state = PostgresState::open(&state_settings, self.state_schema.as_str()).await?;
        let target = DuckdbTarget::new(DuckdbSettings::new(&self.warehouse));
        let holder = Holder { host: "scenario".to_owned(), pid: std::process::id(), nonce: self.nonce.clone() };
        let dead = self.dead.clone();
        let engine_settings = EngineSettings {
            max_retries: self.max_retries,
            lease_ttl: Duration::from_millis(self.lease_ms),
            readers: self.readers,
            tables,
            group_rows: self.group_rows,
            group_bytes: self.group_bytes,
            range_bytes: self.range_bytes,
            backoff: Duration::from_millis(self.backoff_ms),
            backoff_most: Duration::from_secs(2),
            open_entries: self.open_entries,
            error_payloads: self.error_payloads,
            ..EngineSettings::default()
        };
        Ok(Arc::new(Engine::new(
            wrap(source),
            Arc::new(target),
            Arc::new(state),
            holder,
            self.workspace.clone(),
            engine_settings,
            Arc::new(move |other: &Holder| Some(!dead.contains(&other.nonce) && process_lives(other.pid))),
        )))
    }
}

fn process_lives(pid: u32) -> bool {
    std::path::Path::new(&format!("/proc/{pid}")).exists()
}
