//! The horizon of a standby, taken from its primary.
//!
//! Transactions in progress are to be seen on the primary alone. What it has committed is not on the standby yet: a
//! horizon of the primary counts here once the standby has replayed everything the primary had written by then.

use crate::horizon::{LOGGED_TIMES, of_clock, read};
use crate::quote::{literal, table as quoted_table};
use crate::session;
use firn_connector::switches::{Protection, on};
use firn_connector::{
    Error, ErrorKind, Finding, Horizon, HorizonMethod, HorizonRequest, Level, LoggedTime, ReadPlan, Result, Side,
};
use sqlx::PgPool;
use std::time::Duration;
use tokio::time::Instant;

const SIDE: Side = Side::Source;

/// How long a standby may take to replay what its primary has written before the run goes on without.
const REPLAYING: Duration = Duration::from_secs(3);
/// How often it is asked meanwhile.
const LOOK: Duration = Duration::from_millis(50);

/// How a logged moment says that it waits for a place in the log and not for a transaction.
const PLACE: &str = "wal ";

/// Which table a server means by a name, and how far its log has come, in bytes.
struct Place {
    identity: String,
    bytes: u64,
}

/// Takes the horizon of a table on a standby: one round trip to the primary more, and one or more to the standby.
pub(crate) async fn take(
    standby: &PgPool,
    primary: &PgPool,
    plan: &ReadPlan,
    request: &HorizonRequest,
) -> Result<Horizon> {
    let (waiting, others): (Vec<LoggedTime>, Vec<LoggedTime>) =
        request.logged_times.iter().cloned().partition(|time| place_of(time).is_some());
    let table = quoted_table(&plan.table);
    let reading = read(primary, std::slice::from_ref(&table)).await.map_err(of_primary)?;
    if reading.is_standby() {
        let message = "the primary that is named for this standby is a standby itself";
        return Err(Error::new(SIDE, ErrorKind::Configuration, message)
            .with_hint("let `primary` name a connection to the server that takes writes"));
    }
    // After the sessions: whoever was not among them any more has its commit in the log by now.
    let written = place(primary, plan, "pg_current_wal_insert_lsn()").await.map_err(of_primary)?;
    let mut horizon = of_clock(&reading, &table, &HorizonRequest { logged_times: others, ..request.clone() })?;
    let replayed = replay(standby, plan, &written).await?;
    if replayed.identity != written.identity {
        let message = "the primary that is named for this standby leads to another database";
        return Err(Error::new(SIDE, ErrorKind::Configuration, message)
            .with_hint("let `primary` name a connection to the same database on the standby's own primary"));
    }
    if replayed.bytes >= written.bytes || !on(Protection::StandbyReplay) {
        return Ok(horizon);
    }
    let here = |time: &&LoggedTime| {
        time.at.kind() == request.kind && place_of(time).is_some_and(|place| place <= replayed.bytes)
    };
    let passed = waiting.iter().filter(here).map(|time| time.at).max();
    let mut left: Vec<LoggedTime> = waiting.iter().filter(|time| !here(time)).cloned().collect();
    if let Some(at) = horizon.at {
        left.push(LoggedTime { at, transactions: vec![format!("{PLACE}{}", written.bytes)] });
    }
    while left.len() > LOGGED_TIMES {
        // The oldest is the first to be passed, the newest reaches furthest.
        left.remove(1);
    }
    horizon.logged_times.extend(left);
    horizon.findings.push(behind(written.bytes - replayed.bytes));
    horizon.method = HorizonMethod::Frozen;
    horizon.at = passed;
    Ok(horizon)
}

fn place_of(time: &LoggedTime) -> Option<u64> {
    time.transactions.iter().find_map(|text| text.strip_prefix(PLACE)?.parse().ok())
}

fn behind(bytes: u64) -> Finding {
    let message = format!("the standby is {bytes} bytes behind its primary: the cursor waits until it has them");
    Finding::new(Level::Info, "standby_behind", message)
        .with_fix("SELECT * FROM pg_stat_replication; on the primary shows what holds it back.")
}

fn of_primary(mut error: Error) -> Error {
    error.message = format!("the primary of the standby: {}", error.message);
    error
}

/// Waits a while until the standby has come as far as its primary had, and returns how far it is.
async fn replay(standby: &PgPool, plan: &ReadPlan, written: &Place) -> Result<Place> {
    let until = Instant::now() + REPLAYING;
    loop {
        let replayed = place(standby, plan, "pg_last_wal_replay_lsn()").await?;
        if replayed.bytes >= written.bytes || Instant::now() >= until {
            return Ok(replayed);
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn place(pool: &PgPool, plan: &ReadPlan, function: &str) -> Result<Place> {
    // Where a page of the log is full, the next record goes behind the header of a page that is not there yet: at most
    // 40 bytes, which nobody replays.
    let sql = format!(
        "SELECT (CASE WHEN at % page <= 40 THEN at - at % page ELSE at END)::int8 AS bytes, \
                concat_ws('/', (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()), \
                          pg_catalog.to_regclass({})::oid) AS identity \
         FROM (SELECT pg_catalog.pg_wal_lsn_diff(pg_catalog.{function}, '0/0') AS at, \
                      current_setting('wal_block_size')::numeric AS page) log",
        literal(&quoted_table(&plan.table))
    );
    let row = session::run_one(pool, SIDE, sql).await?;
    let bytes: Option<i64> = session::column(&row, "bytes", SIDE)?;
    let identity: Option<String> = session::column(&row, "identity", SIDE)?;
    Ok(Place { identity: identity.unwrap_or_default(), bytes: bytes.map_or(0, i64::unsigned_abs) })
}
