//! A connection on a blocking thread that stops working when its caller goes away.

use crate::connect::Lease;
use crate::error;
use duckdb::{Connection, InterruptHandle};
use firn_connector::{Error, Result, Side};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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

    /// Prepares work on this connection that others may stop.
    pub(crate) fn operation(&self) -> Operation {
        Operation { handle: self.connection.interrupt_handle(), finished: Arc::default() }
    }
}

/// Work in progress on one connection.
#[derive(Clone)]
pub(crate) struct Operation {
    handle: Arc<InterruptHandle>,
    finished: Arc<Mutex<bool>>,
}

impl Operation {
    /// Prepares the next work on the same connection.
    pub(crate) fn renewed(&self) -> Self {
        Self { handle: Arc::clone(&self.handle), finished: Arc::default() }
    }

    /// Says that the work has ended: no interrupt reaches the connection after this.
    pub(crate) fn finish(&self) {
        *self.lock() = true;
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        self.finished.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Interrupts the work; returns whether it was still going on.
    fn interrupt(&self) -> bool {
        let finished = self.lock();
        if !*finished {
            self.handle.interrupt();
        }
        !*finished
    }
}

/// Stops an operation when dropped before it was disarmed: the future that waited for it has gone.
pub(crate) struct StopOnDrop(Option<Operation>);

impl StopOnDrop {
    pub(crate) fn new(operation: Operation) -> Self {
        Self(Some(operation))
    }

    pub(crate) fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        if let Some(operation) = self.0.take()
            && operation.interrupt()
        {
            let _watcher = std::thread::spawn(move || {
                while operation.interrupt() {
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
    let operation = session.operation();
    let guard = StopOnDrop::new(operation.clone());
    let task = tokio::task::spawn_blocking(move || {
        let done = work(&session);
        operation.finish();
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
