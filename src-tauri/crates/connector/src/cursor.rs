//! How far a table has been read: the cursor and everything stored beside it in the target.

use crate::shape::SourceShape;
use firn_catalog::Watermark;
use serde::{Deserialize, Serialize};

/// The exact text of each key column, in key order.
pub type Key = Vec<String>;

/// A position in the order (watermark, key): everything before it has been applied.
///
/// With a key, rows up to and including (watermark, key) are done. Without one, rows with a smaller watermark are
/// done and those with this watermark are not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The watermark of the last row done, or the horizon.
    pub watermark: Watermark,
    /// The key of the last row done at that watermark.
    pub key: Option<Key>,
}

impl Cursor {
    /// Makes the position just before every row of this watermark.
    #[must_use]
    pub fn before(watermark: Watermark) -> Self {
        Self { watermark, key: None }
    }
}

/// A range of heap pages, `from` inclusive, `to` exclusive; the last one has no end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PageRange {
    /// First page.
    pub from: u32,
    /// Page after the last, or `None` for the end of the table, however far it has grown.
    pub to: Option<u32>,
}

/// A moment of the source's clock and the transactions that were in progress then.
///
/// When all of them are gone, nothing older than the moment can appear any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggedTime {
    /// The moment.
    pub at: Watermark,
    /// Virtual transaction ids in progress at that moment.
    pub transactions: Vec<String>,
}

/// Where a table stands. Moves only forward, but for `reset`:
///
/// `New → FirstLoad → Incremental`, and `Incremental → Incremental`. A changed storage identity (`VACUUM FULL`,
/// `TRUNCATE`, a restored table) during a first load starts the first load over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case", tag = "phase")]
pub enum Phase {
    /// Nothing has been read.
    #[default]
    New,
    /// Page ranges are being read; the ones in `done` are in the target.
    FirstLoad {
        /// The horizon taken before the first snapshot; catching up begins here. `None`: from the beginning.
        horizon: Option<Watermark>,
        /// Storage identity of the table the page numbers belong to.
        generation: String,
        /// Ranges committed, sorted and merged where they touch.
        done: Vec<PageRange>,
        /// Oldest transaction in progress at the first snapshot. Rows written by it or by later ones may stand in a
        /// range that was read without them.
        #[serde(default)]
        since: u32,
        /// Largest watermark below the horizon in those ranges.
        #[serde(default)]
        largest: Option<Watermark>,
    },
    /// Rows are read in the order (watermark, key) after the cursor; `None`: from the beginning.
    Incremental {
        /// The position everything before which is in the target.
        cursor: Option<Cursor>,
    },
}

/// What the target stores about a table, in the transaction of the data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct TableState {
    /// Where the table stands.
    #[serde(flatten)]
    pub phase: Phase,
    /// Moments logged for the horizon where `pg_stat_activity` does not show other users' transactions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub logged_times: Vec<LoggedTime>,
    /// What the source's clock showed when it was found behind the cursor. Rows written since it was set back may lie
    /// below the cursor, so nothing is read until a reset says from where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_back: Option<Watermark>,
    /// Rows with a NULL watermark seen at the last pass.
    #[serde(default)]
    pub null_watermarks: u64,
    /// What the source table looked like at the last commit; absent where an older version wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<SourceShape>,
}

impl TableState {
    /// Returns the cursor of an incremental table.
    #[must_use]
    pub fn cursor(&self) -> Option<&Cursor> {
        match &self.phase {
            Phase::Incremental { cursor } => cursor.as_ref(),
            Phase::New | Phase::FirstLoad { .. } => None,
        }
    }
}
