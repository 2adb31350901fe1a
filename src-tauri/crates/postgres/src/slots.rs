//! Connections out of pools, where the server may have few to give.
//!
//! A pool that has no idle connection tries to make a new one until its time is over, and does not see one that is given
//! back meanwhile. And the pools of a process, one for the source and one for the state, keep connections idle that
//! the other one waits for. So whoever waits here looks for both, and a run needs no more than two free slots of the
//! server: one that reads, and one for the state.

use crate::connect::connect_once;
use crate::error::{from_sqlx, sqlstate};
use firn_connector::{Error, ErrorKind, Result, Side};
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgPool;
use sqlx::{Connection, Postgres};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

/// How often somebody who waits looks for a connection that was given back.
const LOOK: Duration = Duration::from_millis(20);

/// How long a connection is waited for before the server is asked why.
const SLOW: Duration = Duration::from_millis(500);

/// How long a connection is waited for that can be done without.
const SPARE: Duration = Duration::from_secs(3);

/// How long it may take to find out why there is no connection.
const DIAGNOSIS: Duration = Duration::from_secs(2);

/// The SQLSTATE of a server, a database or a role that has no connection left.
const TOO_MANY: &str = "53300";

/// Every pool of this process whose owner lends the slots of idle connections.
///
/// What a server allows, it allows all of them together; they are made one by one, for different roles, and know nothing
/// of each other.
static LENDERS: Mutex<Vec<Weak<Lender>>> = Mutex::new(Vec::new());

/// A pool that closes idle connections where another pool of this process finds its server without a free one. Lends as
/// long as it lives.
#[derive(Debug)]
pub(crate) struct Lender {
    pool: PgPool,
}

impl Lender {
    /// Lets a pool lend.
    pub(crate) fn new(pool: &PgPool) -> Arc<Self> {
        let lender = Arc::new(Self { pool: pool.clone() });
        let mut lenders = lenders();
        lenders.retain(|known| known.strong_count() > 0);
        lenders.push(Arc::downgrade(&lender));
        lender
    }
}

fn lenders() -> std::sync::MutexGuard<'static, Vec<Weak<Lender>>> {
    // The list is whole at every moment, whoever panicked.
    LENDERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns which server a pool's connections are made to.
fn server(pool: &PgPool) -> (String, u16) {
    let options = pool.connect_options();
    let socket = options.get_socket().map(|folder| folder.display().to_string());
    (socket.unwrap_or_else(|| options.get_host().to_owned()), options.get_port())
}

/// Closes one idle connection that another pool has to the same server. Returns whether there was one.
async fn borrow_slot(borrower: &PgPool) -> bool {
    let wanted = server(borrower);
    let known: Vec<Arc<Lender>> = lenders().iter().filter_map(Weak::upgrade).collect();
    for lender in known.iter().filter(|lender| server(&lender.pool) == wanted) {
        if let Some(connection) = lender.pool.try_acquire() {
            let _polite = timeout(DIAGNOSIS, connection.close()).await;
            return true;
        }
    }
    false
}

/// Takes a connection from a pool; where none is to be had, says why.
///
/// # Errors
/// What keeps the server from being reached; [`ErrorKind::Transient`] where no connection comes free in the pool's time.
pub(crate) async fn acquire(pool: &PgPool, side: Side) -> Result<PoolConnection<Postgres>> {
    match wait(pool, side, true).await {
        Ok(connection) => Ok(connection),
        Err(error) => Err(reason(pool, side, error).await),
    }
}

/// Takes a connection that can be done without: waits for it a little, and takes no slot from other pools.
///
/// # Errors
/// Those of [`acquire`].
pub(crate) async fn acquire_spare(pool: &PgPool, side: Side) -> Result<PoolConnection<Postgres>> {
    let waited = timeout(SPARE, wait(pool, side, false)).await;
    waited.unwrap_or(Err(sqlx::Error::PoolTimedOut)).map_err(|error| from_sqlx(error, side))
}

/// Waits for a new connection, one that is given back, or, where somebody may lend, the slot of another pool's.
async fn wait(pool: &PgPool, side: Side, borrows: bool) -> sqlx::Result<PoolConnection<Postgres>> {
    let mut fresh = pin!(pool.acquire());
    let limit = pool.options().get_acquire_timeout();
    let patience = SLOW.min(limit / 4);
    let started = Instant::now();
    let mut look = interval_at(started + LOOK, LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // Whether the server has no slot left: asked once, as a slow one would not become faster by it.
    let mut short = None;
    let mut again = started + patience;
    loop {
        tokio::select! {
            outcome = &mut fresh => return outcome,
            _ = look.tick() => {}
        }
        if let Some(connection) = given_back(pool).await {
            return Ok(connection);
        }
        if !borrows || Instant::now() < again || started.elapsed() > limit || short == Some(false) {
            continue;
        }
        if short.is_none() {
            let told = why(pool, side).await;
            short = Some(told.is_some_and(|error| sqlstate(&error) == Some(TOO_MANY)));
        }
        if short == Some(true) && borrow_slot(pool).await {
            // The pool's own attempts come ever more seldom: a new one comes at once.
            fresh.set(pool.acquire());
            again = Instant::now() + patience;
        }
    }
}

/// Takes a connection that was given back while a new one was waited for.
async fn given_back(pool: &PgPool) -> Option<PoolConnection<Postgres>> {
    let mut connection = pool.try_acquire()?;
    // It is not tried by the pool as others are.
    match timeout(DIAGNOSIS, connection.ping()).await {
        Ok(Ok(())) => Some(connection),
        _ => {
            connection.close_on_drop();
            None
        }
    }
}

/// Returns whether the pool may make no further connection.
fn all_busy(pool: &PgPool) -> bool {
    pool.size() >= pool.options().get_max_connections() && pool.num_idle() == 0
}

/// Returns what keeps a new connection from being made, if anything does.
async fn why(pool: &PgPool, side: Side) -> Option<Error> {
    match connect_once(&pool.connect_options(), DIAGNOSIS).await {
        Err(reason) => Some(from_sqlx(reason, side)),
        Ok(connection) => {
            let _polite = connection.close().await;
            None
        }
    }
}

/// Says why a pool had no connection. It tries until its time is over and keeps the reason to itself.
async fn reason(pool: &PgPool, side: Side, error: sqlx::Error) -> Error {
    if !matches!(error, sqlx::Error::PoolTimedOut) {
        return from_sqlx(error, side);
    }
    if all_busy(pool) {
        let message = format!("all {} connections that Firn opens to PostgreSQL are busy", pool.size());
        return Error::new(side, ErrorKind::Transient, message)
            .with_hint("Sync fewer tables at a time.")
            .caused_by(error);
    }
    why(pool, side).await.unwrap_or_else(|| from_sqlx(error, side))
}

#[cfg(test)]
mod tests {
    use super::*;
    use firn_testbed::Cluster;
    use sqlx::postgres::PgPoolOptions;

    /// Makes a role that may have one connection, and two pools of two for it.
    fn one_slot(role: &str, limit: Duration) -> (PgPool, PgPool) {
        let cluster = Cluster::shared().unwrap();
        cluster.psql("postgres", &format!("CREATE ROLE {role} LOGIN CONNECTION LIMIT 1")).unwrap();
        let options = || PgPoolOptions::new().max_connections(2).acquire_timeout(limit);
        let pool = || options().connect_lazy(&cluster.dsn_for(role, "", "postgres")).unwrap();
        (pool(), pool())
    }

    #[tokio::test]
    async fn a_connection_that_is_given_back_is_seen_by_who_waits_for_a_new_one() {
        let limit = Duration::from_secs(30);
        let (pool, _) = one_slot("waiting", limit);
        let first = acquire(&pool, Side::Source).await.unwrap();
        let started = Instant::now();
        let give_back = async {
            // By now the pool tries to make a second connection, and has been turned down.
            tokio::time::sleep(Duration::from_millis(300)).await;
            drop(first);
        };
        let (second, ()) = tokio::join!(acquire(&pool, Side::Source), give_back);
        assert!(second.unwrap().ping().await.is_ok());
        assert!(started.elapsed() < limit / 2, "{:?}", started.elapsed());
    }

    #[tokio::test]
    async fn an_idle_connection_of_another_pool_is_lent_to_who_needs_one_and_to_no_other() {
        let limit = Duration::from_secs(30);
        let (idle, needy) = one_slot("lending", limit);
        let lender = Lender::new(&idle);
        drop(acquire(&idle, Side::State).await.unwrap());
        while idle.num_idle() == 0 {
            tokio::task::yield_now().await;
        }
        let refused = acquire_spare(&needy, Side::Source).await.unwrap_err();
        assert!(refused.is_transient() && idle.num_idle() == 1, "{refused}");
        let started = Instant::now();
        let borrowed = acquire(&needy, Side::Source).await.unwrap();
        assert!(started.elapsed() < limit / 2, "{:?}", started.elapsed());
        assert_eq!(idle.size(), 0);
        drop(lender);
        drop(borrowed);
    }

    #[tokio::test]
    async fn a_server_without_a_free_slot_is_told() {
        let (pool, other) = one_slot("full", Duration::from_secs(1));
        let _kept = acquire(&pool, Side::Source).await.unwrap();
        let error = acquire(&other, Side::Source).await.unwrap_err();
        assert_eq!((sqlstate(&error), error.is_transient()), (Some(TOO_MANY), true), "{}", error.chain());
        assert!(error.hint.unwrap().contains("two free connection slots"));
    }
}
