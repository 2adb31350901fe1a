//! The horizon: the point of a watermark axis below which no row can appear any more.
//!
//! A row gets its watermark when its transaction begins, or later, and appears when the transaction commits. So what
//! lies before the start of the oldest transaction in progress is complete. The horizon is taken before the read
//! snapshot: a transaction that the snapshot does not see was in progress then, or began later.

use crate::connect::READER_APPLICATION;
use crate::error::from_sqlx;
use crate::introspect::array;
use crate::primary;
use crate::quote::{Value, fill, ident, table as quoted_table};
use crate::session::{self, ReadOnly};
use crate::types::parse;
use firn_catalog::{TableName, Watermark, WatermarkKind};
use firn_connector::switches::{Protection, on};
use firn_connector::{
    Error, ErrorKind, Finding, Horizon, HorizonMethod, HorizonRequest, Level, LoggedTime, ReadPlan, Result, Side,
};
use serde::Deserialize;
use sqlx::PgPool;
use std::sync::Arc;

const SIDE: Side = Side::Source;

/// Microseconds taken off every horizon of a clock.
///
/// A backend stamps the time of a statement, which becomes its transaction's `now()`, before it shows itself in
/// `pg_stat_activity` or takes the lock on its virtual id. Between the two it can lose the processor. Two seconds are
/// a thousand times what a loaded machine was seen to need, and cost only the rows of two seconds read again.
const MARGIN: i64 = 2_000_000;

/// How many logged moments are kept while transactions of before are still in progress.
pub(crate) const LOGGED_TIMES: usize = 16;

/// What the server says at one moment.
#[derive(Debug, Deserialize)]
struct Clock {
    now: i64,
    standby: bool,
    replayed: Option<i64>,
    /// Of the tables asked about, those that logical replication writes.
    subscribed: Vec<String>,
    offset: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct Sessions {
    oldest: Option<i64>,
    hidden: bool,
    transactions: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct PreparedTransaction {
    pub(crate) gid: String,
    pub(crate) owner: String,
    pub(crate) age: i64,
}

#[derive(Debug)]
pub(crate) struct Reading {
    clock: Clock,
    sessions: Sessions,
    prepared: Vec<PreparedTransaction>,
}

impl Reading {
    /// Returns whether the server is a standby.
    pub(crate) fn is_standby(&self) -> bool {
        self.clock.standby
    }
}

/// Takes the horizon for [`firn_connector::Source::horizon`]: one round trip. On a standby with a primary it is the
/// primary's.
pub(crate) async fn take(
    pool: &PgPool,
    primary: Option<&PgPool>,
    plan: &ReadPlan,
    request: &HorizonRequest,
) -> Result<Horizon> {
    let Some((column, _)) = plan.watermark.and_then(|(at, kind)| Some((plan.columns.get(at)?.name.as_str(), kind)))
    else {
        return Err(Error::configuration("a table without a watermark column has no horizon").on_table(&plan.table));
    };
    let work = async {
        match request.kind {
            WatermarkKind::Timestamptz | WatermarkKind::Timestamp => {
                let table = quoted_table(&plan.table);
                let reading = read(pool, std::slice::from_ref(&table)).await?;
                match primary {
                    Some(primary) if reading.clock.standby => primary::take(pool, primary, plan, request).await,
                    _ => of_clock(&reading, &table, request),
                }
            }
            WatermarkKind::Date | WatermarkKind::Integer => largest(pool, &plan.table, column, request).await,
        }
    };
    work.await.map_err(|error: Error| error.on_table(&plan.table))
}

/// Takes horizons for [`firn_connector::Source::horizons`]: one round trip for all on the database's clock. On a standby
/// with a primary each is asked of the primary, beside the others: one who waits for the standby keeps none waiting.
pub(crate) async fn take_many(
    pool: &PgPool,
    primary: Option<&PgPool>,
    requests: &[(Arc<ReadPlan>, HorizonRequest)],
) -> Result<Vec<Option<Horizon>>> {
    if requests.is_empty() {
        return Ok(Vec::new());
    }
    let tables: Vec<String> = requests.iter().map(|(plan, _)| quoted_table(&plan.table)).collect();
    let reading = read(pool, &tables).await?;
    if let Some(primary) = primary.filter(|_| reading.clock.standby) {
        let each = requests.iter().map(|(plan, request)| take(pool, Some(primary), plan, request));
        return Ok(futures::future::join_all(each).await.into_iter().map(Result::ok).collect());
    }
    let mut horizons = Vec::with_capacity(requests.len());
    for ((plan, request), table) in requests.iter().zip(&tables) {
        let horizon = match request.kind {
            WatermarkKind::Timestamptz | WatermarkKind::Timestamp => of_clock(&reading, table, request),
            WatermarkKind::Date | WatermarkKind::Integer => take(pool, None, plan, request).await,
        };
        horizons.push(horizon.ok());
    }
    Ok(horizons)
}

pub(crate) async fn read(pool: &PgPool, tables: &[String]) -> Result<Reading> {
    let relations = array(tables);
    let values = [("reader", Value::Text(READER_APPLICATION)), ("relations", Value::Text(&relations))];
    let sql = fill(include_str!("../../../../sql/postgres/horizon.sql"), &values)?;
    let rows = session::run(pool, SIDE, sql).await?;
    let [clock, sessions, prepared] = rows.as_slice() else {
        return Err(Error::new(
            SIDE,
            ErrorKind::Other,
            "the server did not answer all questions about its transactions",
        ));
    };
    Ok(Reading {
        clock: parse(session::column(clock, "answer", SIDE)?, SIDE)?,
        sessions: parse(session::column(sessions, "answer", SIDE)?, SIDE)?,
        prepared: parse(session::column(prepared, "answer", SIDE)?, SIDE)?,
    })
}

/// Computes the horizon of a clock from one reading of the server.
pub(crate) fn of_clock(reading: &Reading, table: &String, request: &HorizonRequest) -> Result<Horizon> {
    let Reading { clock, sessions, prepared } = reading;
    let mut findings = Vec::new();
    let moment = |micros: i64| Watermark::new(WatermarkKind::Timestamptz, micros);
    if !on(Protection::Horizon) {
        let at = on_axis(moment(clock.now.saturating_add(3_600_000_000)), request, clock);
        return Ok(Horizon {
            at: Some(at),
            clock: None,
            method: HorizonMethod::Activity,
            logged_times: Vec::new(),
            findings,
        });
    }
    let shown = Some(Watermark::new(request.kind, clock.now));
    if clock.subscribed.contains(table) && request.lookback == 0 {
        let message = "logical replication writes this table: its watermarks come from another server's clock";
        let fix = "Set `lookback_seconds` to the longest delay of the subscription, or read from the publisher.";
        findings.push(Finding::new(Level::Warning, "subscribed_table", message).with_fix(fix));
    }
    if request.kind == WatermarkKind::Timestamp {
        let message = "the watermark has no time zone: which clock and zone its writers use cannot be known";
        let fix = "Change the column to timestamptz, or set `lookback_seconds` to cover the difference (an hour where clocks are changed).";
        findings.push(Finding::new(Level::Warning, "watermark_without_zone", message).with_fix(fix));
    }
    if clock.standby && on(Protection::StandbyGuard) {
        let at = standby(clock, request)?.map(|at| on_axis(at, request, clock));
        return Ok(Horizon { at, clock: shown, method: HorizonMethod::Largest, logged_times: Vec::new(), findings });
    }
    let (found, method, logged_times) = if sessions.hidden {
        let (found, logged) = passed(request, moment(clock.now), &sessions.transactions);
        if found.is_none() {
            findings.push(waiting_finding());
        }
        (found, HorizonMethod::Locks, logged)
    } else {
        (
            Some(moment(sessions.oldest.map_or(clock.now, |oldest| oldest.min(clock.now)))),
            HorizonMethod::Activity,
            Vec::new(),
        )
    };
    if !prepared.is_empty() && on(Protection::PreparedFreeze) {
        findings.extend(prepared.iter().take(5).map(prepared_finding));
        return Ok(Horizon { at: None, clock: shown, method: HorizonMethod::Frozen, logged_times, findings });
    }
    let method = if found.is_none() { HorizonMethod::Unknown } else { method };
    let at = found.map(|found| on_axis(found.back(MARGIN), request, clock));
    Ok(Horizon { at, clock: shown, method, logged_times, findings })
}

/// Puts a moment on the axis of the watermark and takes the lookback off.
fn on_axis(moment: Watermark, request: &HorizonRequest, clock: &Clock) -> Watermark {
    let moment = match request.kind {
        // The wall clock of a writer: UTC, or the server's zone where that is behind it.
        WatermarkKind::Timestamp => {
            let wall = moment.value().saturating_add(clock.offset.unwrap_or(0).min(0));
            Watermark::new(WatermarkKind::Timestamp, wall)
        }
        _ => moment,
    };
    moment.back(request.lookback)
}

/// Returns the commit time of the last transaction replayed: what commits on the primary later is not here yet, and
/// what is in progress there is not to be seen from here, which is why a lookback is required.
fn standby(clock: &Clock, request: &HorizonRequest) -> Result<Option<Watermark>> {
    if request.lookback <= 0 {
        let message = "this server is a standby, where transactions in progress on its primary are not to be seen: a late commit would be lost";
        return Err(Error::new(SIDE, ErrorKind::Configuration, message)
            .with_hint(
                "Name its primary with `primary: CONNECTION`, connect to the primary, or set `lookback_seconds` to the longest transaction there.",
            ));
    }
    let replayed = clock.replayed.map(|replayed| replayed.min(clock.now));
    Ok(replayed.map(|replayed| Watermark::new(WatermarkKind::Timestamptz, replayed).back(MARGIN)))
}

/// Logs this moment with the transactions in progress, and finds the latest logged one whose transactions have gone.
///
/// A virtual transaction id that is gone does not come back, but after a restart of the server: then a logged moment
/// waits for a stranger, which is only late.
fn passed(request: &HorizonRequest, now: Watermark, in_progress: &[String]) -> (Option<Watermark>, Vec<LoggedTime>) {
    let mut logged: Vec<LoggedTime> =
        request.logged_times.iter().filter(|time| time.at.kind() == now.kind() && time.at <= now).cloned().collect();
    logged.push(LoggedTime { at: now, transactions: in_progress.to_vec() });
    logged.sort_by_key(|time| time.at);
    for time in &mut logged {
        time.transactions.retain(|transaction| in_progress.contains(transaction));
    }
    let found = logged.iter().rev().find(|time| time.transactions.is_empty()).map(|time| time.at);
    logged.retain(|time| found.is_none_or(|found| time.at > found));
    while logged.len() > LOGGED_TIMES {
        // The oldest moment is the first to be passed and the newest reaches furthest. Of those between, the one
        // whose neighbours are closest is missed least.
        let gap = |i: usize| logged[i + 1].at.value().saturating_sub(logged[i - 1].at.value());
        let Some(least) = (1..logged.len() - 1).min_by_key(|i| gap(*i)) else { break };
        logged.remove(least);
    }
    (found, logged)
}

fn waiting_finding() -> Finding {
    let message = "other users' transactions are in progress, and this role may not see since when";
    Finding::new(Level::Info, "horizon_waits", message).with_fix("GRANT pg_read_all_stats TO Firn's role.")
}

pub(crate) fn prepared_finding(prepared: &PreparedTransaction) -> Finding {
    let PreparedTransaction { gid, owner, age } = prepared;
    let message = format!(
        "the prepared transaction `{gid}` of {owner}, {age} s old, may still commit rows from before: the horizon stands still"
    );
    let gid = crate::quote::literal(gid);
    let fix = format!("COMMIT PREPARED {gid}; or ROLLBACK PREPARED {gid};", gid = gid.trim_start());
    Finding::new(Level::Warning, "prepared_transaction", message).with_fix(fix)
}

/// Takes the largest watermark of an axis that is no clock, less the lookback.
async fn largest(pool: &PgPool, table: &TableName, column: &str, request: &HorizonRequest) -> Result<Horizon> {
    let (table, column) = (quoted_table(table), ident(column));
    let finite = match request.kind {
        WatermarkKind::Date => format!(" WHERE {column} > '-infinity' AND {column} < 'infinity'"),
        _ => String::new(),
    };
    // Read-only, because a view may call functions that write.
    let transaction = ReadOnly::begin(pool).await?;
    let rows = transaction.last(&format!("SELECT max({column})::text AS largest FROM {table}{finite}")).await?;
    let row = rows.first().ok_or_else(|| from_sqlx(sqlx::Error::RowNotFound, SIDE))?;
    let largest: Option<String> = session::column(row, "largest", SIDE)?;
    let largest = largest.map(|text| Watermark::parse(request.kind, &text)).transpose().map_err(|cause| {
        Error::new(SIDE, ErrorKind::Other, "the largest watermark could not be understood").caused_by(cause)
    })?;
    let mut findings = Vec::new();
    if request.lookback == 0 {
        let (unit, key) = match request.kind {
            WatermarkKind::Date => ("a day", "lookback_seconds"),
            _ => ("a number", "lookback"),
        };
        let message = format!(
            "the watermark is {unit}, not the database's clock: a row that commits late below the largest is not seen"
        );
        let fix = format!("Set `{key}` to how far below the largest a late row can be.");
        findings.push(Finding::new(Level::Warning, "watermark_no_clock", message).with_fix(fix));
    }
    let at = if on(Protection::Horizon) {
        largest.map(|largest| largest.back(request.lookback))
    } else {
        // Beyond every row: nothing is read again.
        largest.map(|largest| largest.back(-1))
    };
    Ok(Horizon { at, clock: None, method: HorizonMethod::Largest, logged_times: Vec::new(), findings })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: i64) -> Watermark {
        Watermark::new(WatermarkKind::Timestamptz, micros)
    }

    fn logged(micros: i64, transactions: &[&str]) -> LoggedTime {
        LoggedTime { at: at(micros), transactions: transactions.iter().map(|t| (*t).to_owned()).collect() }
    }

    fn request(logged_times: Vec<LoggedTime>) -> HorizonRequest {
        HorizonRequest { kind: WatermarkKind::Timestamptz, lookback: 0, logged_times }
    }

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|t| (*t).to_owned()).collect()
    }

    #[test]
    fn a_logged_moment_is_passed_when_its_transactions_have_gone() {
        let (found, kept) = passed(&request(vec![]), at(10), &names(&["3/1", "4/9"]));
        assert_eq!((found, kept.len()), (None, 1));
        // One has gone, one has begun: the first moment still waits.
        let (found, kept) = passed(&request(kept), at(20), &names(&["4/9", "3/2"]));
        assert_eq!(found, None);
        assert_eq!(kept, [logged(10, &["4/9"]), logged(20, &["4/9", "3/2"])]);
        // The long one has gone: the first moment is passed, the second waits for 3/2.
        let (found, kept) = passed(&request(kept), at(30), &names(&["3/2"]));
        assert_eq!(found, Some(at(10)));
        assert_eq!(kept, [logged(20, &["3/2"]), logged(30, &["3/2"])]);
        // Nobody is there: this very moment counts.
        assert_eq!(passed(&request(kept), at(40), &[]), (Some(at(40)), vec![]));
    }

    #[test]
    fn the_oldest_and_the_newest_logged_moment_are_kept() {
        let mut kept = Vec::new();
        for second in 0..1000 {
            kept = passed(&request(kept), at(second), &names(&["3/1"])).1;
            assert!(kept.len() <= LOGGED_TIMES);
        }
        assert_eq!(kept.first().unwrap().at, at(0));
        assert_eq!(kept.last().unwrap().at, at(999));
        let (found, _) = passed(&request(kept), at(1000), &names(&["9/9"]));
        assert_eq!(found, Some(at(999)));
    }

    #[test]
    fn a_moment_of_the_future_or_of_another_axis_is_dropped() {
        let number = LoggedTime { at: Watermark::new(WatermarkKind::Integer, 5), transactions: names(&["3/1"]) };
        let (_, kept) = passed(&request(vec![logged(99, &["3/1"]), number]), at(10), &names(&["3/1"]));
        assert_eq!(kept, [logged(10, &["3/1"])]);
    }
}
