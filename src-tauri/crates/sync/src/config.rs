//! What a table's sync is told, and how the engine is tuned.

use firn_catalog::{TableName, Unfit, WatermarkKind};
use firn_connector::{Error, Result};
use std::collections::BTreeMap;
use std::time::Duration;

/// How a table is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// By watermark, after a first load.
    Incremental,
    /// The whole table each time, replacing the target's content in one transaction.
    Full,
}

/// What happens when the source has grown columns or widened types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDrift {
    /// The target follows, in the transaction of the data.
    Add,
    /// The target stays as it is; new columns are left out.
    Ignore,
    /// The table stops until a person decides.
    Stop,
}

/// What becomes of rows whose key has vanished from the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Deletes {
    /// They stay.
    #[default]
    Ignore,
    /// They stay, with the moment in [`firn_connector::DELETED_AT`].
    Soft,
    /// They are deleted.
    Hard,
}

/// How far below the horizon rows are read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lookback {
    /// In seconds, for watermarks that are times or dates.
    pub seconds: u64,
    /// In the watermark's own unit, for integer watermarks.
    pub units: u64,
}

impl Lookback {
    /// Returns the distance in the unit of an axis.
    ///
    /// # Errors
    /// A lookback in seconds on an integer axis, or in units on a time axis, is a configuration error.
    pub fn distance(self, kind: WatermarkKind) -> Result<i64> {
        let clamp = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        match kind {
            WatermarkKind::Integer if self.seconds > 0 => {
                Err(Error::configuration("lookback_seconds has no meaning for an integer watermark")
                    .with_hint("write `lookback: N` with N in the watermark's own unit"))
            }
            WatermarkKind::Integer => Ok(clamp(self.units)),
            _ if self.units > 0 => Err(Error::configuration("lookback is for integer watermarks")
                .with_hint("write `lookback_seconds: N` for a watermark that is a time or a date")),
            WatermarkKind::Date => Ok(clamp(self.seconds.div_ceil(86_400))),
            WatermarkKind::Timestamp | WatermarkKind::Timestamptz => Ok(clamp(self.seconds).saturating_mul(1_000_000)),
        }
    }
}

/// One table's sync.
#[derive(Debug, Clone, PartialEq)]
pub struct TableConfig {
    /// Source table, schema filled in.
    pub source: TableName,
    /// Target table.
    pub target: TableName,
    /// Key columns.
    pub key: Vec<String>,
    /// Watermark column.
    pub watermark: Option<String>,
    /// Rows read at a time in increments.
    pub batch_rows: usize,
    /// Column → SQL expression run in the source; `None` leaves the column out.
    pub transforms: BTreeMap<String, Option<String>>,
    /// SQL condition over the source row.
    pub filter: Option<String>,
    /// How it is read.
    pub mode: Mode,
    /// What happens on drift.
    pub on_drift: OnDrift,
    /// How far below the horizon rows are read again.
    pub lookback: Lookback,
    /// What becomes of values that the target's type cannot hold.
    pub on_unfit: Unfit,
    /// Whether a run compares what it has touched with the source before it ends.
    pub verify: bool,
    /// What becomes of rows whose key has vanished from the source.
    pub deletes: Deletes,
    /// The share of the target's rows, from 0 to 1, beyond which vanished rows stop the table instead.
    pub max_delete_ratio: f64,
}

impl TableConfig {
    /// Returns the name under which state is kept: the source table's.
    #[must_use]
    pub fn state_name(&self) -> String {
        self.source.to_string()
    }
}

/// How the engine is tuned. The defaults are what the benchmarks measure.
#[derive(Debug, Clone, PartialEq)]
pub struct EngineSettings {
    /// How often a transient failure is retried before it counts; progress starts the count again.
    pub max_retries: u32,
    /// How long a lease holds without renewal.
    pub lease_ttl: Duration,
    /// Streams that read a first load at once.
    pub readers: usize,
    /// Tables in progress at once; at most one of them in a first load or a full read.
    pub tables: usize,
    /// Rows of an increment's commit.
    pub group_rows: usize,
    /// Bytes of a commit, as received from the source.
    pub group_bytes: u64,
    /// Longest time from a group's first row to its commit.
    pub group_time: Duration,
    /// Heap bytes of a page range.
    pub range_bytes: u64,
    /// First pause before a retry; doubles, with jitter, up to `backoff_most`.
    pub backoff: Duration,
    /// Longest pause before a retry.
    pub backoff_most: Duration,
    /// Whether rejected rows are kept with their values.
    pub error_payloads: bool,
    /// Open entries of a table beyond which it stops: each is looked for among the rows that are merged.
    pub open_entries: usize,
    /// Whether runs that found nothing to do have a row in `sync_logs`.
    pub log_idle: bool,
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self {
            max_retries: 5,
            lease_ttl: Duration::from_secs(30),
            readers: 2,
            tables: 4,
            group_rows: 100_000,
            group_bytes: 64 << 20,
            group_time: Duration::from_secs(5),
            range_bytes: 16 << 20,
            backoff: Duration::from_millis(500),
            backoff_most: Duration::from_secs(30),
            error_payloads: true,
            open_entries: 10_000,
            log_idle: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lookback_is_in_the_unit_of_its_axis() {
        let seconds = Lookback { seconds: 90_000, units: 0 };
        assert_eq!(seconds.distance(WatermarkKind::Timestamptz).unwrap(), 90_000_000_000);
        assert_eq!(seconds.distance(WatermarkKind::Date).unwrap(), 2);
        assert!(seconds.distance(WatermarkKind::Integer).is_err());
        let units = Lookback { seconds: 0, units: 7 };
        assert_eq!(units.distance(WatermarkKind::Integer).unwrap(), 7);
        assert!(units.distance(WatermarkKind::Date).is_err());
    }
}
