//! Rows whose key has vanished from the source: what is compared, what was found, what becomes of them.

use crate::cursor::TableState;
use crate::target::SeenChange;
use arrow::datatypes::SchemaRef;

/// The column of a target table that says when a row was found to be gone from the source; NULL while it is there.
pub const DELETED_AT: &str = "_firn_deleted_at";

/// What becomes of a row whose key has vanished from the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vanished {
    /// It is deleted.
    Delete,
    /// It stays, with the moment in [`DELETED_AT`].
    Mark,
}

/// The keys of a whole source table, as they are about to be staged.
#[derive(Debug, Clone)]
pub struct KeyStage {
    /// The schema of the batches: the key columns of the write plan, in key order, and where `filtered` says so a
    /// boolean at the end.
    pub schema: SchemaRef,
    /// Whether each key comes with the word of the table's condition on its row. A row outside the condition is in
    /// the source and therefore no deleted row.
    pub filtered: bool,
}

/// What the keys of a source say about a target table. Nothing has been changed for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SweepCount {
    /// Rows of the target that are not marked as deleted.
    pub live: u64,
    /// Live rows whose key is not in the source.
    pub vanished: u64,
    /// Rows marked as deleted whose key is in the source again.
    pub returned: u64,
    /// Rows marked as deleted whose key is still not in the source.
    pub marked: u64,
    /// Live rows that are in the source, but outside the table's condition.
    pub outside: u64,
    /// Rows of the source.
    pub keys: u64,
}

/// What is committed when vanished rows go.
#[derive(Debug, Clone)]
pub struct SweepCommit {
    /// What becomes of them.
    pub vanished: Vanished,
    /// What is true once the commit is.
    pub state: TableState,
    /// Remembered marks.
    pub seen: SeenChange,
}

/// What a sweep did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SweepOutcome {
    /// Rows deleted, or marked as deleted.
    pub deleted: u64,
    /// Rows that are no longer marked.
    pub returned: u64,
}
