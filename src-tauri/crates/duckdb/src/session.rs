//! A connection on a blocking thread that stops working when its caller goes away.

use crate::connect::Lease;
use crate::error;
use duckdb::{Connection, InterruptHandle};
use firn_connector::{Error, Result, Side};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Time between two interrupts of work nobody waits for any more. One alone can fall between two statements.
const INTERRUPT_EVERY: Duration = Duration::from_millis(5);

/// A connection to the open database. Fields drop in order: the connection goes before its lease.
#[derive(Debug)]
pub(crate) struct Session {
    connection: Connection,
    lease: Lease,
}

impl Session {
    pub(crate) fn new(connection: Connection, lease: Lease) -> Self {
        Self { connection, lease }
    }

    /// Returns the connection below.
    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Returns the lease below.
    pub(crate) fn lease(&self) -> &Lease {
        &self.lease
    }

    /// Runs statements that are about Firn's own tables or the catalog.
    pub(crate) fn execute(&self, doing: &str, sql: &str) -> Result<()> {
        self.connection.execute_batch(sql).map_err(error::other(doing))
    }

    /// Takes back the open transaction, if there is one.
    pub(crate) fn rollback(&self) {
        if let Err(error) = self.connection.execute_batch("ROLLBACK") {
            // A statement that failed hard enough has rolled back by itself.
            tracing::debug!(%error, "nothing to roll back");
        }
    }

    /// Runs `work` in a transaction: commits what it did, or takes all of it back.
    pub(crate) fn transaction<T>(&self, doing: &str, work: impl FnOnce(&Self) -> Result<T>) -> Result<T> {
        self.execute(doing, "BEGIN TRANSACTION")?;
        // COMMIT reports success after a failed statement although everything was rolled back, so an error must
        // never reach it.
        let done = work(self).and_then(|value| self.execute(doing, "COMMIT").map(|()| value));
        if done.is_err() {
            self.rollback();
        }
        done
    }

    /// Returns what stops the work of this connection.
    pub(crate) fn interrupt_handle(&self) -> Arc<InterruptHandle> {
        self.connection.interrupt_handle()
    }
}

/// Pairs work on a connection with the wish of its caller that it stop.
pub(crate) fn stoppable(handle: &Arc<InterruptHandle>) -> (Running, StopOnDrop) {
    let over = Arc::new(Mutex::new(false));
    let running = Running { over: Arc::clone(&over) };
    (running, StopOnDrop { work: Some(Work { handle: Arc::clone(handle), over }) })
}

/// Held by work while it runs; no interrupt reaches the connection after it is dropped.
pub(crate) struct Running {
    over: Arc<Mutex<bool>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        *self.over.lock().unwrap_or_else(PoisonError::into_inner) = true;
    }
}

/// Held by who waits for work; stops it when dropped before it was disarmed: the future that waited has gone.
pub(crate) struct StopOnDrop {
    work: Option<Work>,
}

struct Work {
    handle: Arc<InterruptHandle>,
    over: Arc<Mutex<bool>>,
}

impl Work {
    /// Interrupts the work; returns whether it was still going on.
    fn interrupt(&self) -> bool {
        let over = self.over.lock().unwrap_or_else(PoisonError::into_inner);
        if !*over {
            self.handle.interrupt();
        }
        !*over
    }
}

impl StopOnDrop {
    /// Lets the work be: its answer has come.
    pub(crate) fn disarm(mut self) {
        self.work = None;
    }
}

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        if let Some(work) = self.work.take()
            && work.interrupt()
        {
            let _watcher = std::thread::spawn(move || {
                while work.interrupt() {
                    std::thread::sleep(INTERRUPT_EVERY);
                }
            });
        }
    }
}

/// Runs blocking work on a session; dropping the future stops it.
pub(crate) async fn run<T, F>(session: Session, work: F) -> Result<T>
where
    T: Send + 'static,
    F: FnOnce(&Session) -> Result<T> + Send + 'static,
{
    let (running, guard) = stoppable(&session.interrupt_handle());
    let task = tokio::task::spawn_blocking(move || {
        let done = work(&session);
        drop(running);
        if let Err(error) = &done
            && error::is_fatal(error)
        {
            session.lease().give_up();
        }
        done
    });
    let done = task.await;
    guard.disarm();
    done.map_err(|e| {
        Error::new(Side::Target, firn_connector::ErrorKind::Other, "a call into DuckDB did not come to an end")
            .caused_by(e)
    })?
}
