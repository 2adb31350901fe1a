//! Where each table stands, and what each run did.

use super::{PostgresState, SIDE};
use crate::quote::Value;
use crate::session;
use firn_catalog::{Watermark, WatermarkKind};
use firn_connector::{LogEntry, Result, TableReport};
use std::time::Duration;

/// Microseconds since 1970 of 4713-11-24 BC (Gregorian), where PostgreSQL's timestamps begin.
const FIRST_TIMESTAMP: i64 = -210_866_803_200_000_000;

/// Returns what `last_watermark` can say about a watermark: a timestamp in UTC, or nothing for a number.
fn as_timestamp(watermark: &str) -> Option<String> {
    // The time axis reads all three forms of time: with a zone, without one, and a day.
    let moment = Watermark::parse(WatermarkKind::Timestamptz, watermark).ok()?;
    let fits = moment.is_infinite() || moment.value() >= FIRST_TIMESTAMP;
    fits.then(|| Watermark::new(WatermarkKind::Timestamp, moment.value()).text())
}

const REPORT: &str = concat!(
    include_str!("../../../../../sql/postgres/state/report.sql"),
    include_str!("../../../../../sql/postgres/state/end_log.sql")
);
const CONCLUDE: &str = concat!(
    include_str!("../../../../../sql/postgres/state/conclude.sql"),
    include_str!("../../../../../sql/postgres/state/end_log.sql")
);

/// Returns the values of `end_log.sql`.
fn of_log(log: &LogEntry) -> [(&str, Value<'_>); 6] {
    [
        ("run_id", Value::Text(&log.run_id)),
        ("log_status", Value::Text(&log.status)),
        ("read", Value::Integer(log.rows_read)),
        ("merged", Value::Integer(log.rows_merged)),
        ("rejected", Value::Integer(log.rows_rejected)),
        ("message", Value::Optional(log.message.as_deref())),
    ]
}

/// Reports a table's standing, ends the log row of the run and gives the lease up, where it is still ours.
pub(super) async fn report(state: &PostgresState, report: &TableReport, log: &LogEntry, epoch: i64) -> Result<()> {
    let watermark = report.watermark.as_deref().and_then(as_timestamp);
    let values = [
        ("source", Value::Text(&report.source)),
        ("epoch", Value::Integer(epoch)),
        ("watermark", Value::Optional(watermark.as_deref())),
        ("cursor_watermark", Value::Optional(report.watermark.as_deref())),
        ("cursor_key", Value::Optional(report.cursor_key.as_deref())),
        ("status", Value::Text(&report.status)),
        ("error", Value::Optional(report.error.as_deref())),
        ("rows", Value::Integer(report.rows_processed)),
    ];
    state.run(REPORT, &[&values[..], &of_log(log)].concat()).await.map(drop)
}

/// Ends the log row of work that was no run, and gives the lease up; the rest of the table's standing stays.
pub(super) async fn conclude(state: &PostgresState, log: &LogEntry, status: &str, epoch: i64) -> Result<()> {
    let values =
        [("source", Value::Text(&log.source)), ("epoch", Value::Integer(epoch)), ("status", Value::Text(status))];
    state.run(CONCLUDE, &[&values[..], &of_log(log)].concat()).await.map(drop)
}

/// Reports that runs had nothing to do, where nobody has held the lease since; returns those tables.
pub(super) async fn note_idle(
    state: &PostgresState,
    run_id: &str,
    took: Duration,
    tables: &[(String, i64)],
    logged: bool,
) -> Result<Vec<String>> {
    if tables.is_empty() {
        return Ok(Vec::new());
    }
    let asked = tables.iter().map(|(source, epoch)| serde_json::json!({ "source": source, "epoch": epoch }));
    let asked = serde_json::Value::Array(asked.collect()).to_string();
    let values = [
        ("tables", Value::Text(&asked)),
        ("run_id", Value::Text(run_id)),
        ("took", Value::Integer(i64::try_from(took.as_millis()).unwrap_or(i64::MAX))),
        ("logged", Value::Truth(logged)),
    ];
    let rows = state.run(include_str!("../../../../../sql/postgres/state/note_idle.sql"), &values).await?;
    rows.iter().map(|row| session::column(row, "source", SIDE)).collect()
}

/// Lists where every table stands, by name.
pub(super) async fn reports(state: &PostgresState) -> Result<Vec<TableReport>> {
    state.list(include_str!("../../../../../sql/postgres/state/reports.sql"), &[], "report").await
}

/// Lists log rows, newest first.
pub(super) async fn logs(state: &PostgresState, source: Option<&str>, most: u32) -> Result<Vec<LogEntry>> {
    let values = [("source", Value::Optional(source)), ("most", Value::Integer(i64::from(most)))];
    state.list(include_str!("../../../../../sql/postgres/state/logs.sql"), &values, "entry").await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_become_timestamps_in_utc_and_numbers_do_not() {
        assert_eq!(as_timestamp("2024-05-01 12:00:00.5+00").as_deref(), Some("2024-05-01 12:00:00.5"));
        assert_eq!(as_timestamp("2024-05-01 12:00:00.5").as_deref(), Some("2024-05-01 12:00:00.5"));
        assert_eq!(as_timestamp("2024-05-01").as_deref(), Some("2024-05-01 00:00:00"));
        assert_eq!(as_timestamp("infinity").as_deref(), Some("infinity"));
        assert_eq!(as_timestamp("4717-01-01 BC"), None);
        assert_eq!(as_timestamp("42"), None);
        assert_eq!(as_timestamp("5874897-12-31"), None);
    }
}
