//! One COPY at a time on a connection inside a snapshot's transaction: bytes in, batches out.

use crate::decode::{DecodeError, Decoder};
use crate::error::from_sqlx;
use crate::session::{Left, let_go};
use crate::stall::Watch;
use firn_connector::{BatchStream, Error, ErrorKind, ReadBatch, ReadPlan, Result, Side};
use futures::{Stream, StreamExt, poll};
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgPool;
use sqlx::{AssertSqlSafe, PgConnection, Postgres};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

/// Closed batches that wait for whoever reads the stream.
const READ_AHEAD: usize = 1;
/// How long the server may take to end a transaction or to stop a statement.
const ENDING: Duration = Duration::from_secs(5);

/// A connection inside a read transaction.
///
/// Dropping it ends the transaction and returns the connection to its pool. In the middle of a COPY the server is told
/// to stop and the connection is closed: it never comes back to the pool in that state.
#[derive(Debug)]
pub(crate) struct Reader {
    connection: Option<PoolConnection<Postgres>>,
    watch: Watch,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The transaction waits for the next statement.
    Idle,
    /// A statement runs.
    Running,
    /// A statement failed; the transaction is of no use any more.
    Failed,
}

impl Reader {
    /// Takes over a connection whose transaction has begun. `backend` is the server's process id for it.
    pub fn new(pool: &PgPool, connection: PoolConnection<Postgres>, backend: i32) -> Self {
        Self { connection: Some(connection), watch: Watch::new(pool.clone(), backend), state: State::Idle }
    }

    /// Runs a statement of Firn's own and returns its only row.
    pub async fn query_one(&mut self, sql: String) -> Result<sqlx::postgres::PgRow> {
        self.state = State::Running;
        let connection = connection(&mut self.connection)?;
        let row = self.watch.wait(sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(connection)).await;
        self.settle(row.and_then(|row| row.map_err(|error| from_sqlx(error, Side::Source))))
    }

    /// Runs a COPY of a plan and sends its batches.
    ///
    /// # Errors
    /// What the server reports, a stream that cannot be decoded, and [`ErrorKind::Cancelled`] where nobody receives.
    pub async fn copy(&mut self, statement: &str, plan: &ReadPlan, batches: &mpsc::Sender<Message>) -> Result<()> {
        self.state = State::Running;
        let copied = copy(connection(&mut self.connection)?, &self.watch, statement, plan, batches).await;
        if copied.as_ref().is_err_and(|error| error.kind == ErrorKind::Cancelled && batches.is_closed()) {
            // The server still sends.
            return copied;
        }
        self.settle(copied)
    }

    fn settle<T>(&mut self, outcome: Result<T>) -> Result<T> {
        self.state = if outcome.is_ok() { State::Idle } else { State::Failed };
        outcome
    }
}

fn connection(connection: &mut Option<PoolConnection<Postgres>>) -> Result<&mut PgConnection> {
    match connection {
        Some(connection) => Ok(&mut **connection),
        None => Err(Error::new(Side::Source, ErrorKind::Other, "the read transaction has ended")),
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        let left = match self.state {
            State::Idle => Left::Idle,
            State::Running => Left::Running(self.watch.clone()),
            State::Failed => Left::Failed,
        };
        let_go(connection, left, ENDING);
    }
}

async fn copy(
    connection: &mut PgConnection,
    watch: &Watch,
    statement: &str,
    plan: &ReadPlan,
    batches: &mpsc::Sender<Message>,
) -> Result<()> {
    let failed = |error| from_sqlx(error, Side::Source).on_table(&plan.table);
    let broken = |error| decode_error(error).on_table(&plan.table);
    let mut decoder = Decoder::new(plan).map_err(broken)?;
    // The first message may come as late as the first row: the server keeps it until its buffer is full.
    let mut stream = watch.wait(connection.copy_out_raw(statement)).await?.map_err(failed)?;
    loop {
        // Mostly the next row is there already; a timer for each would cost more than decoding it.
        let next = match poll!(stream.next()) {
            Poll::Ready(next) => next,
            Poll::Pending => watch.wait(stream.next()).await?,
        };
        let Some(bytes) = next else { break };
        decoder.push(&bytes.map_err(failed)?).map_err(broken)?;
        while let Some(batch) = decoder.next_batch() {
            send(batches, batch).await?;
        }
    }
    decoder.finish().map_err(broken)?;
    while let Some(batch) = decoder.next_batch() {
        send(batches, batch).await?;
    }
    Ok(())
}

async fn send(batches: &mpsc::Sender<Message>, batch: ReadBatch) -> Result<()> {
    batches.send(Message::Batch(batch)).await.map_err(|_| Error::cancelled(Side::Source))
}

/// Turns a broken stream into an error of the source.
fn decode_error(error: DecodeError) -> Error {
    let kind = match error {
        DecodeError::Unsupported { .. } => ErrorKind::Configuration,
        _ => ErrorKind::Other,
    };
    Error::new(Side::Source, kind, "what PostgreSQL sent could not be decoded").caused_by(error)
}

/// What a reading task sends. A task that ends without [`Message::End`] has come to grief.
#[derive(Debug)]
pub(crate) enum Message {
    Batch(ReadBatch),
    Failed(Error),
    End,
}

/// The batches of a reading task; dropping it stops the task.
struct Batches {
    receiver: mpsc::Receiver<Message>,
    task: AbortHandle,
    ended: bool,
}

impl Stream for Batches {
    type Item = Result<ReadBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let message = match self.receiver.poll_recv(context) {
            Poll::Ready(message) => message,
            Poll::Pending => return Poll::Pending,
        };
        self.ended = !matches!(message, Some(Message::Batch(_)));
        Poll::Ready(match message {
            Some(Message::Batch(batch)) => Some(Ok(batch)),
            Some(Message::Failed(error)) => Some(Err(error)),
            Some(Message::End) => None,
            None => Some(Err(Error::new(Side::Source, ErrorKind::Other, "the reading task stopped before its end"))),
        })
    }
}

impl Drop for Batches {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Starts a task that reads, and returns the stream of its batches.
pub(crate) fn stream<F>(read: impl FnOnce(mpsc::Sender<Message>) -> F) -> BatchStream
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(READ_AHEAD);
    let reading = read(sender.clone());
    let task = tokio::spawn(async move {
        let last = match reading.await {
            Ok(()) => Message::End,
            Err(error) => Message::Failed(error),
        };
        // Nobody receives where the stream was dropped meanwhile.
        let _unheard = sender.send(last).await;
    });
    Box::pin(Batches { receiver, task: task.abort_handle(), ended: false })
}
