//! What a comparison of a table found.

use crate::outcome::Failure;
use firn_connector::{ErrorKind, Finding};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// What a comparison is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifyOptions {
    /// Whether what differs is made equal.
    pub repair: bool,
    /// Most differing keys of a table that are listed with their cells; all are counted.
    pub listed: usize,
}

impl Default for VerifyOptions {
    fn default() -> Self {
        Self { repair: false, listed: 100 }
    }
}

/// How a key differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DifferenceKind {
    /// In the source alone.
    Missing,
    /// In the target alone.
    Extra,
    /// On both sides with other values, or more than once in the target.
    Changed,
}

/// One cell of a key that is on both sides.
#[derive(Debug, Clone, PartialEq)]
pub struct CellDifference {
    /// The column.
    pub column: String,
    /// The source's value, as previews show it.
    pub source: Value,
    /// The target's value.
    pub target: Value,
}

/// A key that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct DifferingKey {
    /// How.
    pub kind: DifferenceKind,
    /// Key column and its exact text, in key order. All columns where the table has no key.
    pub key: Vec<(String, Option<String>)>,
    /// Why, where that is known: the row has an open entry in `sync_errors`, or no key.
    pub reason: Option<String>,
    /// The cells that differ; empty unless the key is on both sides.
    pub cells: Vec<CellDifference>,
}

/// How many keys differ, and how. Every key counts once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DifferenceCounts {
    /// In the source alone.
    pub missing: u64,
    /// In the target alone.
    pub extra: u64,
    /// On both sides with other values.
    pub changed: u64,
    /// Of these: rows that are known to be rejected.
    pub rejected: u64,
}

impl DifferenceCounts {
    /// Returns how many keys differ.
    #[must_use]
    pub fn total(self) -> u64 {
        self.missing + self.extra + self.changed
    }
}

/// What a repair did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Repaired {
    /// Keys whose row was written from the source again.
    pub written: u64,
    /// Keys that were deleted in the target, or marked as deleted.
    pub deleted: u64,
    /// Keys left as they were; the findings say why.
    pub left: u64,
}

/// What came of comparing a table.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TableVerdict {
    /// Source table.
    pub source: String,
    /// Target table.
    pub target: String,
    /// Rows of the source, with the table's condition.
    pub rows_source: u64,
    /// Rows of the target, without those marked as deleted.
    pub rows_target: u64,
    /// Keys that differ; after a repair, those that still do.
    pub counts: DifferenceCounts,
    /// Keys that differ because the next run is to bring them.
    pub waiting: u64,
    /// Rows of the source that lose to a newer one of their key.
    pub superseded: u64,
    /// Differing keys as far as they are listed.
    pub keys: Vec<DifferingKey>,
    /// Differing cells by column, among `cells_of` keys that are on both sides.
    pub columns: BTreeMap<String, u64>,
    /// How many changed keys were looked at cell by cell.
    pub cells_of: u64,
    /// What the repair did, where one was asked for.
    pub repaired: Option<Repaired>,
    /// What to know: columns that are not compared, a first load that has not come to its end.
    pub findings: Vec<Finding>,
    /// Why it could not be compared.
    pub failure: Option<Failure>,
    /// Whether another runner holds the table; nothing was compared then.
    pub held: bool,
    /// How long it took.
    pub elapsed: Duration,
}

impl TableVerdict {
    /// Returns whether the comparison came to its end and found no difference.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        self.failure.is_none() && self.counts.total() == 0
    }

    /// Returns whether it was cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.failure.as_ref().is_some_and(|failure| failure.kind == ErrorKind::Cancelled)
    }
}

/// What came of comparing tables.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct VerifyOutcome {
    /// Tables in the order given.
    pub tables: Vec<TableVerdict>,
    /// Why the comparison as a whole failed.
    pub failure: Option<Failure>,
}
