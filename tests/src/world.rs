//! A world of a scenario: a private server, an empty warehouse, and runs between them.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use firn_connector::Source;
use firn_postgres::{PostgresSource, TlsMode};
use firn_sync::{
    Engine, Event, ProgressSink, RunOutcome, RunStatus, TableOutcome, TableVerdict, VerifyOptions, VerifyOutcome,
};
use firn_testbed::{Cluster, ClusterOptions};
use serde_json::{Value, json};
use sqlx::postgres::{PgConnection, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Row as _};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::child;
use crate::gate::Gate;
use crate::oracle::{self, TextRow};
use crate::spec::{RunSpec, TableSpec};

/// Longest time a run may take.
const PATIENCE: Duration = Duration::from_secs(90);

/// The table of most scenarios: key `id`, a text, and a watermark set by the database's clock.
pub const ORDERS: &str =
    "CREATE TABLE orders (id bigint PRIMARY KEY, v text, updated_at timestamptz NOT NULL DEFAULT now());
     CREATE INDEX ON orders (updated_at, id);";

/// Lets more time pass than Firn takes off every horizon, so that a scenario does not pass by that margin alone.
pub const PAST_THE_MARGIN: &str = "SELECT pg_sleep(2.2)";

/// A private server with an empty database, a folder for a warehouse, and what is to be run.
pub struct World {
    /// What runs do; scenarios change it.
    pub spec: RunSpec,
    /// The server.
    pub cluster: Cluster,
    /// Connections of the superuser.
    pub pool: PgPool,
    /// The folder of the warehouse.
    pub folder: TempDir,
    runs: AtomicU32,
}

/// What came of a run.
pub struct Run {
    /// The engine's word.
    pub outcome: RunOutcome,
    /// Everything it said meanwhile.
    pub events: Vec<Event>,
}

impl Run {
    /// Returns the only table's outcome.
    pub fn table(&self) -> Result<&TableOutcome> {
        match self.outcome.tables.as_slice() {
            [table] => Ok(table),
            tables => bail!("{} tables have run: {}", tables.len(), describe(&self.outcome)),
        }
    }

    /// Returns how often a table paused before a retry.
    #[must_use]
    pub fn retries(&self) -> usize {
        self.events.iter().filter(|event| matches!(event, Event::Retry { .. })).count()
    }

    /// Returns everything that was said about a failure: message and hint of the run's and of each table's.
    #[must_use]
    pub fn complaint(&self) -> String {
        let tables = self.outcome.tables.iter().filter_map(|table| table.failure.as_ref());
        let all = self.outcome.failure.iter().chain(tables);
        all.map(|f| format!("{} · {}", f.message, f.hint.as_deref().unwrap_or_default())).collect::<Vec<_>>().join("\n")
    }
}

/// Writes an outcome as JSON, for messages and for runs in another process.
#[must_use]
pub fn describe(outcome: &RunOutcome) -> Value {
    let failure = |failure: &firn_sync::Failure| json!({ "kind": format!("{:?}", failure.kind), "message": failure.message, "hint": failure.hint });
    let tables = outcome.tables.iter().map(|table| {
        json!({
            "source": table.source,
            "result": format!("{:?}", table.result),
            "read": table.counters.rows_read,
            "merged": table.counters.rows_merged,
            "rejected": table.counters.rows_rejected,
            "deleted": table.counters.rows_deleted,
            "duplicate": table.counters.rows_duplicate,
            "gone": table.counters.rows_gone,
            "without_key": table.counters.rows_without_key,
            "known": table.counters.rows_known,
            "commits": table.counters.commits,
            "watermark": table.watermark,
            "failure": table.failure.as_ref().map(failure),
            "findings": table.findings.iter().map(|f| f.code.clone()).collect::<Vec<_>>(),
        })
    });
    json!({
        "status": format!("{:?}", outcome.status()),
        "failure": outcome.failure.as_ref().map(failure),
        "tables": tables.collect::<Vec<_>>(),
    })
}

type Events = Arc<Mutex<Vec<Event>>>;

/// Makes a sink that keeps what it hears.
fn ear() -> (Events, Arc<dyn ProgressSink>) {
    let events = Events::default();
    let kept = Arc::clone(&events);
    (events, Arc::new(move |event| kept.lock().unwrap_or_else(PoisonError::into_inner).push(event)))
}

fn heard(events: &Events) -> Vec<Event> {
    std::mem::take(&mut *events.lock().unwrap_or_else(PoisonError::into_inner))
}

/// A connection of the superuser, for transactions that stay open.
pub struct Session {
    connection: PgConnection,
}

impl Session {
    /// Runs statements.
    pub async fn sql(&mut self, sql: &str) -> Result<()> {
        let run = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut self.connection);
        run.await.map(drop).with_context(|| sql.to_owned())
    }
}

impl World {
    /// Starts a server with an empty database and no table to sync yet.
    pub fn new() -> Result<Self> {
        Self::start(ClusterOptions::new())
    }

    /// Starts a server with options.
    pub fn start(options: ClusterOptions) -> Result<Self> {
        let cluster = Cluster::start(options)?;
        cluster.database("app")?;
        Self::over(cluster)
    }

    /// Makes a world over a server whose database `app` is there. Called within a runtime.
    pub fn over(cluster: Cluster) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let spec = RunSpec {
            host: cluster.host().to_owned(),
            port: cluster.port(),
            state_port: None,
            primary_port: None,
            tls: TlsMode::Disable,
            root_cert: None,
            database: "app".to_owned(),
            user: cluster.user().to_owned(),
            state_schema: "public".to_owned(),
            warehouse: folder.path().join("warehouse.duckdb"),
            workspace: format!("scenario:{}", folder.path().display()),
            nonce: "first".to_owned(),
            dead: HashSet::new(),
            readers: 2,
            group_rows: 100_000,
            group_bytes: 64 << 20,
            range_bytes: 16 << 20,
            max_retries: 5,
            backoff_ms: 50,
            connect_ms: 10_000,
            lease_ms: 30_000,
            open_entries: 10_000,
            error_payloads: true,
            tables: Vec::new(),
        };
        let options = cluster.dsn_of("app").parse::<sqlx::postgres::PgConnectOptions>()?;
        let pool = PgPoolOptions::new().max_connections(4).connect_lazy_with(options);
        Ok(Self { spec, cluster, pool, folder, runs: AtomicU32::new(0) })
    }

    /// Starts a server whose table `orders` takes a megabyte, and whose runs several commits.
    pub async fn megabyte() -> Result<Self> {
        let mut world = Self::with_orders(0).await?;
        world.sql("INSERT INTO orders SELECT n, md5(n::text) || repeat('.', 300), now() - interval '1 hour' FROM generate_series(1, 3000) n").await?;
        world.spec.range_bytes = 128 << 10;
        world.spec.group_bytes = 128 << 10;
        Ok(world)
    }

    /// Starts a server whose database holds the table `orders` with rows from `1` to `rows`, an hour old.
    pub async fn with_orders(rows: u64) -> Result<Self> {
        let mut world = Self::new()?;
        world.sql(ORDERS).await?;
        world
            .sql(&format!(
                "INSERT INTO orders SELECT n, 'row ' || n, now() - interval '1 hour' FROM generate_series(1, {rows}) n"
            ))
            .await?;
        world.spec.tables.push(TableSpec::new("orders"));
        Ok(world)
    }

    /// Runs statements as the superuser.
    pub async fn sql(&self, sql: &str) -> Result<()> {
        let run = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&self.pool).await;
        run.map(drop).with_context(|| sql.to_owned())
    }

    /// Returns the only text of a statement; NULL is an empty one.
    pub async fn text(&self, sql: &str) -> Result<String> {
        let row = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).fetch_one(&self.pool).await;
        let text: Option<String> = row.with_context(|| sql.to_owned())?.try_get(0).with_context(|| sql.to_owned())?;
        Ok(text.unwrap_or_default())
    }

    /// Opens a connection of its own.
    pub async fn session(&self) -> Result<Session> {
        let options = self.cluster.dsn_of("app").parse::<sqlx::postgres::PgConnectOptions>()?;
        Ok(Session { connection: options.connect().await? })
    }

    /// Runs a statement on the warehouse; every column has to be a text or a 64-bit integer.
    pub fn warehouse(&self, sql: &str) -> Result<Vec<TextRow>> {
        child::duckdb(&self.spec.warehouse, sql)
    }

    /// Opens a connection of another role.
    pub async fn session_as(&self, user: &str) -> Result<Session> {
        let options = self.cluster.dsn_of("app").parse::<sqlx::postgres::PgConnectOptions>()?.username(user);
        Ok(Session { connection: options.connect().await? })
    }

    /// Runs statements on the warehouse.
    pub fn change_warehouse(&self, sql: &str) -> Result<()> {
        child::duckdb_execute(&self.spec.warehouse, sql)
    }

    /// Returns the only value of a statement on the warehouse; NULL is an empty text.
    pub fn warehouse_text(&self, sql: &str) -> Result<String> {
        match self.warehouse(sql)?.as_slice() {
            [row] if row.len() == 1 => Ok(row[0].clone().unwrap_or_default()),
            other => bail!("{sql}: {other:?} is not one value"),
        }
    }

    /// Runs every table once with a new engine, in this process.
    pub async fn run(&self) -> Result<Run> {
        self.run_with(&self.spec.engine().await?).await
    }

    /// Runs every table once with this engine, and gives the warehouse up.
    pub async fn run_with(&self, engine: &Arc<Engine>) -> Result<Run> {
        self.run_until(engine, CancellationToken::new()).await
    }

    /// Runs every table with this engine until done or cancelled, and gives the warehouse up.
    pub async fn run_until(&self, engine: &Arc<Engine>, cancel: CancellationToken) -> Result<Run> {
        let (events, sink) = ear();
        let (id, tables) = (self.next_run(), self.spec.configs()?);
        let run = tokio::time::timeout(PATIENCE, engine.run(&id, &tables, sink, cancel)).await;
        let outcome = run.context("a run does not end")?;
        engine.target.close().await?;
        Ok(Run { outcome, events: heard(&events) })
    }

    /// Runs every table once with a source that waits at a gate, lets something happen while it waits there, and gives
    /// the warehouse up.
    pub async fn run_past<T>(
        &self,
        gated: fn(PostgresSource, &Arc<Gate>) -> Arc<dyn Source>,
        meanwhile: impl Future<Output = Result<T>>,
    ) -> Result<(Run, T)> {
        let gate = Gate::new();
        let engine = self.spec.engine_over(|source| gated(source, &gate)).await?;
        let meanwhile = async {
            gate.reached().await;
            let done = meanwhile.await;
            gate.open();
            done
        };
        let (run, done) = tokio::join!(self.run_with(&engine), meanwhile);
        let done = done?;
        Ok((run?, done))
    }

    /// Tries the rejected rows of every table again with a new engine.
    pub async fn retry(&self) -> Result<Run> {
        self.retry_with(&self.spec.engine().await?).await
    }

    /// Tries the rejected rows of every table again with this engine, and gives the warehouse up.
    pub async fn retry_with(&self, engine: &Arc<Engine>) -> Result<Run> {
        let (events, sink) = ear();
        let (id, tables) = (self.next_run(), self.spec.configs()?);
        let retry = tokio::time::timeout(PATIENCE, engine.retry(&id, &tables, sink, CancellationToken::new())).await;
        let outcome = retry.context("a retry does not end")?;
        engine.target.close().await?;
        Ok(Run { outcome, events: heard(&events) })
    }

    fn next_run(&self) -> String {
        format!("run-{}-{}", self.spec.nonce, self.runs.fetch_add(1, Ordering::SeqCst))
    }

    /// Compares every table with its source by the engine itself, and gives the warehouse up.
    pub async fn verify(&self, options: VerifyOptions) -> Result<VerifyOutcome> {
        let engine = self.spec.engine().await?;
        let id = format!("verify-{}-{}", self.spec.nonce, self.runs.fetch_add(1, Ordering::SeqCst));
        let tables = self.spec.configs()?;
        let sink: Arc<dyn ProgressSink> = Arc::new(|_event: Event| {});
        let verify = engine.verify(&id, &tables, options, sink, CancellationToken::new());
        let outcome = tokio::time::timeout(PATIENCE, verify).await.context("a comparison does not end")?;
        engine.target.close().await?;
        Ok(outcome)
    }

    /// Compares the only table, which has to come to an end.
    pub async fn verdict(&self) -> Result<TableVerdict> {
        let outcome = self.verify(VerifyOptions::default()).await?;
        ensure!(outcome.failure.is_none(), "{outcome:?}");
        match outcome.tables.as_slice() {
            [table] if table.failure.is_none() => Ok(table.clone()),
            other => bail!("not one compared table: {other:?}"),
        }
    }

    /// Runs every table once, which has to succeed.
    pub async fn run_well(&self) -> Result<Run> {
        let run = self.run().await?;
        ensure!(run.outcome.status() == RunStatus::Success, "the run did not succeed: {}", describe(&run.outcome));
        Ok(run)
    }

    /// Compares every table with what the source holds now.
    pub async fn assert_equal(&self) -> Result<()> {
        for table in &self.spec.tables {
            oracle::compare_table(&self.pool, &self.spec.warehouse, table).await?;
        }
        Ok(())
    }

    /// Runs every table once, which has to succeed, and compares.
    pub async fn converges(&self) -> Result<Run> {
        let run = self.run_well().await?;
        self.assert_equal().await?;
        Ok(run)
    }
}
