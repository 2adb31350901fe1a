//! Reading: the raw limit, and Firn's own reader over the same streams.

use anyhow::{Context as _, Result};
use firn_catalog::TableName;
use firn_connector::{ReadColumn, ReadPlan, ReadScope, Side, Snapshot, Source as _};
use firn_postgres::PostgresSource;
use futures::{StreamExt as _, TryStreamExt as _};
use sqlx::postgres::{PgConnectOptions, PgPoolCopyExt as _, PgPoolOptions};
use std::collections::{BTreeMap, VecDeque};
use std::str::FromStr as _;
use std::sync::{Arc, Mutex};

/// Streams read at once: what the engine uses by default.
pub(crate) const READERS: usize = 2;
/// Heap bytes of a page range: what the engine uses by default.
pub(crate) const RANGE_BYTES: u64 = 16 << 20;

/// The limit: the halves of the table as two COPY streams, drained by sqlx and thrown away.
pub(crate) async fn drain(dsn: &str, table: &str) -> Result<()> {
    let pool = PgPoolOptions::new().max_connections(2).connect_with(PgConnectOptions::from_str(dsn)?).await?;
    let pages: i64 =
        sqlx::query_scalar("SELECT pg_relation_size($1::regclass) / 8192").bind(table).fetch_one(&pool).await?;
    let middle = pages / 2;
    let half = |condition: String| {
        let (pool, table) = (pool.clone(), table.to_owned());
        tokio::spawn(async move {
            let sql = format!("COPY (SELECT * FROM {table} WHERE {condition}) TO STDOUT (FORMAT binary)");
            let mut stream = pool.copy_out_raw(&sql).await?;
            let mut bytes = 0_usize;
            while let Some(chunk) = stream.try_next().await? {
                bytes += chunk.len();
            }
            anyhow::Ok(bytes)
        })
    };
    let (first, second) =
        tokio::try_join!(half(format!("ctid < '({middle},0)'")), half(format!("ctid >= '({middle},0)'")))?;
    println!("{} bytes", first? + second?);
    Ok(())
}

/// Opens the table as the engine does for a first load.
pub(crate) async fn open(dsn: &str, table: &str) -> Result<(Arc<dyn Snapshot>, Arc<ReadPlan>)> {
    let settings = crate::cases::settings(dsn)?;
    let connections = u32::try_from(READERS + 2)?;
    let source = PostgresSource::new(firn_postgres::connect::open(&settings, Side::Source, connections).await?);
    let table = source.inspect(&TableName::new("public", table), &BTreeMap::new(), None).await?;
    let column = |c: &firn_connector::SourceColumn| ReadColumn {
        name: c.name.clone(),
        expression: None,
        ty: c.ty.clone(),
        plan: firn_catalog::plan_column(&c.ty, firn_catalog::Dialect::Duckdb),
    };
    let plan = Arc::new(ReadPlan {
        table: table.name.clone(),
        columns: table.columns.iter().map(column).collect(),
        key: vec![0],
        watermark: None,
        filter: None,
        row_versions: false,
        batch_rows: 16_384,
        batch_bytes: 4 << 20,
    });
    let snapshot = source.snapshot(Arc::clone(&plan), READERS).await?;
    Ok((Arc::from(snapshot), plan))
}

/// Calls `each` with every page range, `READERS` at a time, until none is left.
pub(crate) async fn each_range<F, Fut>(snapshot: Arc<dyn Snapshot>, each: F) -> Result<()>
where
    F: Fn(firn_connector::BatchStream) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<()>> + Send,
{
    let queue = Arc::new(Mutex::new(VecDeque::from(snapshot.ranges(RANGE_BYTES).await?)));
    let readers = (0..READERS).map(|_| {
        let (snapshot, queue, each) = (Arc::clone(&snapshot), Arc::clone(&queue), each.clone());
        tokio::spawn(async move {
            loop {
                let range = queue.lock().ok().and_then(|mut queue| queue.pop_front());
                let Some(range) = range else { return anyhow::Ok(()) };
                each(snapshot.read(ReadScope::Pages(range)).await?).await?;
            }
        })
    });
    for reader in readers.collect::<Vec<_>>() {
        reader.await.context("a reader panicked")??;
    }
    Ok(())
}

/// The same table decoded to Arrow batches, which are thrown away.
pub(crate) async fn arrow(dsn: &str, table: &str) -> Result<()> {
    let (snapshot, _) = open(dsn, table).await?;
    let rows = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = Arc::clone(&rows);
    each_range(snapshot, move |mut stream| {
        let rows = Arc::clone(&count);
        async move {
            while let Some(batch) = stream.next().await {
                rows.fetch_add(batch?.batch.num_rows(), std::sync::atomic::Ordering::Relaxed);
            }
            Ok(())
        }
    })
    .await?;
    println!("{} rows", rows.load(std::sync::atomic::Ordering::Relaxed));
    Ok(())
}
