//! The asynchronous face of a writer: checks batches, sends them on, waits for its thread.

use crate::error;
use crate::feed::FeedSender;
use crate::session::{Running, Session, stoppable};
use crate::width::Width;
use crate::worker::{Job, Worker, with_ordinal};
use arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch};
use arrow::datatypes::{
    DataType, Date32Type, Schema, SchemaRef, Time64MicrosecondType, TimeUnit, TimestampMicrosecondType,
};
use async_trait::async_trait;
use duckdb::InterruptHandle;
use firn_connector::{
    Commit, CommitOutcome, Error, ErrorKind, KeyStage, Result, Side, SweepCommit, SweepCount, SweepOutcome, WriteMode,
    WritePlan, Writer,
};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// The least microsecond DuckDB can print: the beginning of the day 290309-12-22 BC.
const LEAST_TIMESTAMP: i64 = -9_223_372_022_400_000_000;

/// Microseconds of a day; the time 24:00:00.
const WHOLE_DAY: i64 = 86_400_000_000;

/// Writes into one table of a warehouse file.
pub(crate) struct DuckdbWriter {
    plan: Arc<WritePlan>,
    staged_schema: Arc<Schema>,
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    interrupt: Arc<InterruptHandle>,
    feed: Option<(WriteMode, FeedSender)>,
    /// The feed of a sweep's keys.
    keys: Option<(SchemaRef, FeedSender)>,
    ordinal: i64,
}

impl DuckdbWriter {
    /// Starts the thread of a writer.
    pub(crate) fn start(session: Session, plan: Arc<WritePlan>, epoch: i64) -> Result<Self> {
        let interrupt = session.interrupt_handle();
        let worker = Worker::new(session, Arc::clone(&plan), epoch)?;
        let (jobs, queue) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("firn-duckdb".into())
            .spawn(move || worker.run(&queue))
            .map_err(|e| Error::new(Side::Engine, ErrorKind::Other, "no thread could be started").caused_by(e))?;
        let staged_schema = with_ordinal(&plan.schema);
        Ok(Self {
            plan,
            staged_schema,
            jobs: Some(jobs),
            thread: Some(thread),
            interrupt,
            feed: None,
            keys: None,
            ordinal: 0,
        })
    }

    /// Hands a job over and waits for the answer; dropping the future stops the job.
    async fn ask<T>(&self, job: impl FnOnce(Running, oneshot::Sender<T>) -> Job) -> Result<T> {
        let gone =
            || Error::new(Side::Target, ErrorKind::Other, "the writer's thread has ended").on_table(&self.plan.table);
        let (reply, answer) = oneshot::channel();
        let (running, guard) = stoppable(&self.interrupt);
        let jobs = self.jobs.as_ref().ok_or_else(gone)?;
        jobs.send(job(running, reply)).map_err(|_| gone())?;
        let answered = answer.await;
        guard.disarm();
        answered.map_err(|_| gone())
    }

    /// Lets go of whatever is being fed.
    fn forget(&mut self) {
        self.feed = None;
        self.keys = None;
    }

    /// Says that a feed is complete.
    async fn complete(&mut self, feed: Option<FeedSender>) -> Result<()> {
        let Some(feed) = feed else { return Ok(()) };
        if feed.end().await { Ok(()) } else { Err(self.failure().await) }
    }

    /// Forgets the group and returns why it stopped taking rows.
    async fn failure(&mut self) -> Error {
        self.forget();
        self.ask(|running, reply| Job::Failure { running, reply }).await.unwrap_or_else(|e| e)
    }
}

#[async_trait]
impl Writer for DuckdbWriter {
    async fn begin(&mut self, mode: WriteMode) -> Result<()> {
        self.forget();
        self.ordinal = 0;
        let sender = self.ask(|running, reply| Job::Begin { mode, running, reply }).await??;
        self.feed = Some((mode, sender));
        Ok(())
    }

    async fn stage(&mut self, batch: RecordBatch) -> Result<()> {
        let Some((mode, feed)) = &self.feed else {
            return Err(Error::new(Side::Engine, ErrorKind::Other, "rows were staged before a group was begun")
                .on_table(&self.plan.table));
        };
        let checked = check(&self.plan.schema, &batch);
        let batch = match (checked, mode) {
            (Err(error), _) => {
                self.discard().await?;
                return Err(error.on_table(&self.plan.table));
            }
            (Ok(()), WriteMode::Upsert) => numbered(&self.staged_schema, &batch, &mut self.ordinal)?,
            (Ok(()), WriteMode::Append | WriteMode::Replace) => batch,
        };
        if feed.send(batch).await { Ok(()) } else { Err(self.failure().await) }
    }

    fn group_bytes(&self) -> u64 {
        Width::of(self.plan.columns.len()).group_bytes
    }

    async fn commit(&mut self, commit: Commit) -> Result<CommitOutcome> {
        let feed = self.feed.take().map(|(_, feed)| feed);
        self.complete(feed).await?;
        self.ask(|running, reply| Job::Commit { commit, running, reply }).await?
    }

    async fn discard(&mut self) -> Result<()> {
        self.forget();
        self.ask(|running, reply| Job::Discard { running, reply }).await
    }

    async fn begin_sweep(&mut self, keys: KeyStage) -> Result<()> {
        self.forget();
        let schema = Arc::clone(&keys.schema);
        let sender = self.ask(|running, reply| Job::BeginSweep { keys, running, reply }).await??;
        self.keys = Some((schema, sender));
        Ok(())
    }

    async fn stage_keys(&mut self, batch: RecordBatch) -> Result<()> {
        let Some((schema, feed)) = &self.keys else {
            let message = "keys were staged before a sweep was begun";
            return Err(Error::new(Side::Engine, ErrorKind::Other, message).on_table(&self.plan.table));
        };
        if let Err(error) = check(schema, &batch) {
            self.discard().await?;
            return Err(error.on_table(&self.plan.table));
        }
        if feed.send(batch).await { Ok(()) } else { Err(self.failure().await) }
    }

    async fn weigh(&mut self) -> Result<SweepCount> {
        let feed = self.keys.take().map(|(_, feed)| feed);
        self.complete(feed).await?;
        self.ask(|running, reply| Job::Weigh { running, reply }).await?
    }

    async fn sweep(&mut self, commit: SweepCommit) -> Result<SweepOutcome> {
        self.ask(|running, reply| Job::Sweep { commit, running, reply }).await?
    }
}

impl Drop for DuckdbWriter {
    fn drop(&mut self) {
        // The feed goes first: DuckDB stops pulling, the thread rolls back and finds no more jobs.
        self.forget();
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // Waited for, so that closing the target afterwards really closes the file.
            let _panicked = thread.join();
        }
    }
}

/// Adds the order of staging to a batch.
fn numbered(schema: &Arc<Schema>, batch: &RecordBatch, next: &mut i64) -> Result<RecordBatch> {
    let first = *next;
    *next += batch.num_rows() as i64;
    let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
    columns.push(Arc::new(Int64Array::from_iter_values(first..*next)));
    RecordBatch::try_new(Arc::clone(schema), columns)
        .map_err(|e| Error::new(Side::Engine, ErrorKind::Other, "a batch cannot be numbered").caused_by(e))
}

/// Checks that a batch has the columns of its schema and no value that would poison the database.
fn check(schema: &Schema, batch: &RecordBatch) -> Result<()> {
    let planned = schema.fields();
    let given = batch.columns();
    let fits = planned.len() == given.len() && planned.iter().zip(given).all(|(f, c)| f.data_type() == c.data_type());
    if !fits {
        return Err(Error::new(Side::Engine, ErrorKind::Other, "a batch does not have the columns of its plan"));
    }
    for (column, field) in given.iter().zip(planned) {
        if let Some(what) = unusable(column) {
            return Err(error::refused(format!("column {}: {what}", field.name())));
        }
    }
    Ok(())
}

/// Names a value that DuckDB takes and then stumbles over, where the column has one.
fn unusable(column: &dyn Array) -> Option<&'static str> {
    match column.data_type() {
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            let low = |v: &i64| *v < LEAST_TIMESTAMP && *v != -i64::MAX;
            let values = column.as_primitive::<TimestampMicrosecondType>();
            has(values.values(), low, column).then_some("a timestamp is below what DuckDB can hold")
        }
        DataType::Date32 => {
            let values = column.as_primitive::<Date32Type>();
            has(values.values(), |v| *v == i32::MIN, column).then_some("a date is below what DuckDB can hold")
        }
        DataType::Time64(TimeUnit::Microsecond) => {
            let values = column.as_primitive::<Time64MicrosecondType>();
            let outside = |v: &i64| !(0..=WHOLE_DAY).contains(v);
            has(values.values(), outside, column).then_some("a time is outside 00:00:00 to 24:00:00")
        }
        DataType::List(_) => unusable(column.as_list::<i32>().values()),
        DataType::Struct(_) => column.as_struct().columns().iter().find_map(|part| unusable(part)),
        _ => None,
    }
}

/// Returns whether a value that is not NULL is bad; what lies below a NULL does not count.
fn has<T>(values: &[T], bad: impl Fn(&T) -> bool, column: &dyn Array) -> bool {
    // The slow look at NULLs is needed only where the fast one finds something.
    values.iter().any(&bad) && values.iter().enumerate().any(|(row, v)| bad(v) && column.is_valid(row))
}
