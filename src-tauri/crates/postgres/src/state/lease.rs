//! Leases: one runner a table, judged by the clock of the state database alone.

use super::{PostgresState, SIDE};
use crate::quote::Value;
use crate::session;
use crate::types::parse;
use firn_connector::switches::{Protection, on};
use firn_connector::{Error, ErrorKind, Holder, LeaseGrant, LeaseOutcome, Result};
use serde::Deserialize;
use std::time::Duration;

#[derive(Debug, Deserialize)]
struct Held {
    host: String,
    pid: u32,
    nonce: String,
    since: Option<String>,
    expires_in: Option<i64>,
}

fn milliseconds(ttl: Duration) -> Value<'static> {
    Value::Integer(i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX))
}

fn named(holder: &Holder) -> [(&'static str, Value<'_>); 3] {
    [
        ("host", Value::Text(&holder.host)),
        ("pid", Value::Integer(i64::from(holder.pid))),
        ("nonce", Value::Text(&holder.nonce)),
    ]
}

/// A request for a lease.
pub(super) struct Request<'a> {
    pub(super) source: &'a str,
    pub(super) run_id: &'a str,
    pub(super) holder: &'a Holder,
    pub(super) ttl: Duration,
    pub(super) floor: i64,
    pub(super) takes_over: Option<&'a Holder>,
}

/// Asks for the lease of a table.
pub(super) async fn acquire(state: &PostgresState, request: &Request<'_>) -> Result<LeaseOutcome> {
    let Request { source, run_id, holder, ttl, floor, takes_over } = *request;
    let dead_pid = takes_over.map(|dead| dead.pid.to_string());
    let values = [
        &named(holder)[..],
        &[
            ("source", Value::Text(source)),
            ("run_id", Value::Text(run_id)),
            ("ttl", milliseconds(ttl)),
            ("floor", Value::Integer(floor)),
            ("dead_host", Value::Optional(takes_over.map(|dead| dead.host.as_str()))),
            ("dead_pid", Value::Optional(dead_pid.as_deref())),
            ("dead_nonce", Value::Optional(takes_over.map(|dead| dead.nonce.as_str()))),
            ("unguarded", Value::Text(if on(Protection::Lease) { "false" } else { "true" })),
        ],
    ]
    .concat();
    // Refused, and then free: the holder gave it up between the two statements. Asking again settles it.
    for _ in 0..3 {
        let rows = state.run(include_str!("../../../../../sql/postgres/state/acquire.sql"), &values).await?;
        for row in &rows {
            if let Some(epoch) = session::column(row, "epoch", SIDE)? {
                return Ok(LeaseOutcome::Granted(LeaseGrant { epoch }));
            }
        }
        if let Some(row) = rows.first() {
            let held: Held = parse(session::column(row, "held", SIDE)?, SIDE)?;
            return Ok(LeaseOutcome::Held {
                holder: Holder { host: held.host, pid: held.pid, nonce: held.nonce },
                since: held.since.unwrap_or_default(),
                expires_in: Duration::from_millis(held.expires_in.and_then(|ms| u64::try_from(ms).ok()).unwrap_or(0)),
            });
        }
    }
    Err(Error::new(SIDE, ErrorKind::Transient, "the lease changes hands faster than it can be asked for")
        .on_table(source))
}

/// Extends leases; returns the tables whose lease is no longer the holder's.
pub(super) async fn renew(
    state: &PostgresState,
    sources: &[(String, i64)],
    holder: &Holder,
    ttl: Duration,
) -> Result<Vec<String>> {
    if sources.is_empty() {
        return Ok(Vec::new());
    }
    let leases: Vec<_> =
        sources.iter().map(|(source, epoch)| serde_json::json!({ "source": source, "epoch": epoch })).collect();
    let leases = serde_json::Value::Array(leases).to_string();
    let values = [&named(holder)[..], &[("leases", Value::Text(&leases)), ("ttl", milliseconds(ttl))]].concat();
    let rows = state.run(include_str!("../../../../../sql/postgres/state/renew.sql"), &values).await?;
    rows.iter().map(|row| session::column(row, "source", SIDE)).collect()
}

/// Gives a lease up, where it is still the holder's.
pub(super) async fn release(state: &PostgresState, source: &str, holder: &Holder, epoch: i64) -> Result<()> {
    let values = [&named(holder)[..], &[("source", Value::Text(source)), ("epoch", Value::Integer(epoch))]].concat();
    state.run(include_str!("../../../../../sql/postgres/state/release.sql"), &values).await.map(drop)
}
