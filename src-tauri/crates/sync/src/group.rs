//! A commit group: rows staged together, committed together, and taken apart when one of them is refused.

use arrow::array::RecordBatch;
use firn_connector::{Error, RejectedRow};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use tokio::time::Instant;

/// Rows on their way into one commit.
#[derive(Default)]
pub(crate) struct Group {
    /// Staged batches, kept until the commit is through so that a refused row can be looked for.
    pub(crate) batches: Vec<RecordBatch>,
    /// Rows staged.
    pub(crate) rows: usize,
    /// Bytes received for them.
    pub(crate) bytes: u64,
    /// Rows that never reached the stage.
    pub(crate) rejected: Vec<RejectedRow>,
    /// Keys whose open entries in `sync_errors` are mended once the commit is through.
    pub(crate) mended: Vec<Map<String, Value>>,
    /// Values of staged rows that became NULL because they do not fit, by column and what is wrong with them.
    pub(crate) unfit: BTreeMap<(usize, &'static str), u64>,
    /// A refusal met while staging: the group goes to bisection without a commit.
    pub(crate) refusal: Option<Error>,
    /// Whether `begin` has been called for it.
    pub(crate) begun: bool,
    since: Option<Instant>,
}

impl Group {
    /// Counts what a batch brought.
    pub(crate) fn add(&mut self, rows: usize, bytes: u64) {
        self.rows += rows;
        self.bytes += bytes;
        self.since.get_or_insert_with(Instant::now);
    }

    /// Returns whether one of the limits is reached.
    pub(crate) fn is_full(&self, rows: usize, bytes: u64, time: std::time::Duration) -> bool {
        self.rows >= rows || self.bytes >= bytes || self.since.is_some_and(|since| since.elapsed() >= time)
    }

    /// Returns whether it holds neither rows nor rejected rows.
    pub(crate) fn is_empty(&self) -> bool {
        self.batches.is_empty() && self.rejected.is_empty()
    }
}

/// Cuts a batch of at least two rows in two.
pub(crate) fn halves(batch: &RecordBatch) -> (RecordBatch, RecordBatch) {
    let middle = batch.num_rows() / 2;
    (batch.slice(0, middle), batch.slice(middle, batch.num_rows() - middle))
}
