//! A table function through which DuckDB pulls record batches: `INSERT INTO t SELECT * FROM firn_feed(7)`.
//!
//! DuckDB's own threads pull, convert and compress at once, which the appender of the C interface does on one
//! thread with one more copy of every row. A feed ends well only with [`FeedSender::end`]; a sender that just goes
//! away fails the statement, so that an abandoned group can never be taken for a complete one.

use crate::types::DuckType;
use crate::vectors::{compact, logical_type, restore_nulls};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use duckdb::core::{DataChunkHandle, LogicalTypeHandle, LogicalTypeId};
use duckdb::vtab::{BindInfo, InitInfo, TableFunctionInfo, VTab, record_batch_to_duckdb_data_chunk};
use duckdb::{Connection, ffi};
use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use tokio::sync::mpsc;

/// Rows DuckDB takes at a time: its vector size, which is fixed when the library is built.
const CHUNK_ROWS: usize = 2048;

/// Batches that wait in a feed; reading goes on while DuckDB works on the one before.
const WAITING_BATCHES: usize = 2;

/// Threads that pull one feed at once. Each compresses a row group of its own; with two, DuckDB takes rows faster
/// than two streams of PostgreSQL bring them.
const PULLING_THREADS: u64 = 2;

/// What a statement says whose sender has gone away.
pub(crate) const GIVEN_UP: &str = "the group of rows was given up";

pub(crate) type Failure = Box<dyn std::error::Error>;

enum Item {
    Batch(RecordBatch),
    End,
}

/// The shape of a feed's batches and of DuckDB's columns made of them.
#[derive(Debug, Clone)]
pub(crate) struct FeedShape {
    /// The Arrow schema of the batches.
    pub(crate) schema: SchemaRef,
    /// The type of each column; tells JSON from text, which are one in Arrow.
    pub(crate) types: Vec<DuckType>,
    /// Whether rows keep their order, at the price of one thread pulling.
    pub(crate) ordered: bool,
}

impl FeedShape {
    fn logical_types(&self) -> Result<Vec<LogicalTypeHandle>, Failure> {
        self.schema.fields().iter().zip(&self.types).map(|(field, ty)| logical_type(field, ty)).collect()
    }
}

/// The pulling side.
struct Feed {
    shape: FeedShape,
    pull: Mutex<Pull>,
}

struct Pull {
    items: mpsc::Receiver<Item>,
    current: Option<(RecordBatch, usize)>,
    ended: bool,
}

/// The sending side.
pub(crate) struct FeedSender {
    items: mpsc::Sender<Item>,
}

impl FeedSender {
    /// Sends a batch, waiting while enough of them wait already; `false` where DuckDB has stopped pulling.
    pub(crate) async fn send(&self, batch: RecordBatch) -> bool {
        self.items.send(Item::Batch(batch)).await.is_ok()
    }

    /// Says that the group is complete; `false` where DuckDB has stopped pulling.
    pub(crate) async fn end(self) -> bool {
        self.items.send(Item::End).await.is_ok()
    }
}

/// A feed that DuckDB can be told to pull; gone when dropped.
pub(crate) struct FeedHandle {
    id: u64,
    function: &'static str,
}

impl FeedHandle {
    /// Returns the SQL of the feed as a table.
    pub(crate) fn sql(&self) -> String {
        format!("{}({}::UBIGINT)", self.function, self.id)
    }
}

impl Drop for FeedHandle {
    fn drop(&mut self) {
        lock(feeds()).remove(&self.id);
    }
}

/// Opens a feed.
pub(crate) fn open(shape: FeedShape) -> (FeedHandle, FeedSender) {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let (sender, receiver) = mpsc::channel(WAITING_BATCHES);
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    let function = if shape.ordered { Ordered::NAME } else { Parallel::NAME };
    let pull = Mutex::new(Pull { items: receiver, current: None, ended: false });
    lock(feeds()).insert(id, Arc::new(Feed { shape, pull }));
    (FeedHandle { id, function }, FeedSender { items: sender })
}

/// Makes the table functions known to an open database.
pub(crate) fn register(connection: &Connection) -> duckdb::Result<()> {
    connection.register_table_function::<FeedFunction<Ordered>>(Ordered::NAME)?;
    connection.register_table_function::<FeedFunction<Parallel>>(Parallel::NAME)
}

fn feeds() -> &'static Mutex<HashMap<u64, Arc<Feed>>> {
    static FEEDS: OnceLock<Mutex<HashMap<u64, Arc<Feed>>>> = OnceLock::new();
    FEEDS.get_or_init(Mutex::default)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How many threads pull a feed. DuckDB asks before it shows which feed it is about, so each way is a function.
trait Pulling {
    const NAME: &'static str;
    const THREADS: u64;
}

struct Ordered;

impl Pulling for Ordered {
    const NAME: &'static str = "firn_feed_ordered";
    const THREADS: u64 = 1;
}

struct Parallel;

impl Pulling for Parallel {
    const NAME: &'static str = "firn_feed";
    const THREADS: u64 = PULLING_THREADS;
}

struct FeedFunction<P>(PhantomData<P>);

struct Bound {
    feed: Arc<Feed>,
}

impl<P: Pulling> VTab for FeedFunction<P> {
    type InitData = ();
    type BindData = Bound;

    fn bind(bind: &BindInfo) -> Result<Bound, Failure> {
        let id = bind.get_parameter(0).to_uint64();
        let feed = lock(feeds()).get(&id).cloned().ok_or("no such feed")?;
        for (field, ty) in feed.shape.schema.fields().iter().zip(feed.shape.logical_types()?) {
            bind.add_result_column(field.name(), ty);
        }
        Ok(Bound { feed })
    }

    fn init(init: &InitInfo) -> Result<(), Failure> {
        init.set_max_threads(P::THREADS);
        Ok(())
    }

    fn func(function: &TableFunctionInfo<Self>, output: &mut DataChunkHandle) -> Result<(), Failure> {
        let feed = &function.get_bind_data().feed;
        match feed.next()? {
            Some(rows) => hand_over(&rows, feed.shape.logical_types()?, output),
            None => {
                output.set_len(0);
                Ok(())
            }
        }
    }

    fn parameters() -> Option<Vec<LogicalTypeHandle>> {
        Some(vec![LogicalTypeHandle::from(LogicalTypeId::UBigint)])
    }
}

impl Feed {
    /// Takes the next rows, at most a chunk; `None` at the end.
    fn next(&self) -> Result<Option<RecordBatch>, Failure> {
        let mut pull = lock(&self.pull);
        loop {
            if pull.ended {
                return Ok(None);
            }
            if let Some((batch, at)) = pull.current.as_mut() {
                let rows = CHUNK_ROWS.min(batch.num_rows() - *at);
                if rows > 0 {
                    let slice = batch.slice(*at, rows);
                    *at += rows;
                    drop(pull);
                    return compact(&slice).map(Some);
                }
            }
            match pull.items.blocking_recv() {
                Some(Item::Batch(batch)) => pull.current = Some((batch, 0)),
                Some(Item::End) => {
                    pull.ended = true;
                    pull.current = None;
                }
                None => return Err(GIVEN_UP.into()),
            }
        }
    }
}

/// Writes rows into a chunk of our own and lets DuckDB's refer to it.
///
/// Memory of DuckDB's own chunk is counted against its limit, and running into the limit throws a C++ exception
/// through this Rust code, which ends the process. Our chunk's memory is not counted, and is a few megabytes at most.
#[expect(unsafe_code, reason = "the crate has no safe call that lets one vector refer to another")]
fn hand_over(rows: &RecordBatch, types: Vec<LogicalTypeHandle>, output: &mut DataChunkHandle) -> Result<(), Failure> {
    let mut own = DataChunkHandle::new(&types);
    record_batch_to_duckdb_data_chunk(rows, &mut own)?;
    restore_nulls(rows, &own);
    for column in 0..types.len() as u64 {
        // SAFETY: both chunks are alive and have this column, of one type: the types of the feed's shape, which `bind`
        // declared. After the call both vectors share the data's ownership, so dropping our chunk frees nothing.
        unsafe {
            let from = ffi::duckdb_data_chunk_get_vector(own.get_ptr(), column);
            let to = ffi::duckdb_data_chunk_get_vector(output.get_ptr(), column);
            ffi::duckdb_vector_reference_vector(to, from);
        }
    }
    output.set_len(rows.num_rows());
    Ok(())
}
