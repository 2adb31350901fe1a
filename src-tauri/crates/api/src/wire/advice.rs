//! What a source table offers as its key and its watermark, for who picks them.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Columns that identify a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct KeyCandidateView {
    /// Their names in order.
    pub columns: Vec<String>,
    /// Whether it is the primary key.
    pub primary: bool,
}

/// A column that can carry its table's watermark, with what speaks for and against it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct WatermarkCandidateView {
    /// Its name.
    pub column: String,
    /// `timestamptz`, `timestamp`, `date` or `integer`.
    pub axis: String,
    /// Whether its type, its name or a trigger says that it tells of changes; others are never proposed.
    pub likely: bool,
    /// Whether an index begins with it.
    pub indexed: bool,
    /// Whether it is declared NOT NULL.
    pub not_null: bool,
    /// Share of rows without one, from 0 to 1; null where the table was never analysed.
    pub nulls: Option<f64>,
    /// Whether it grows as rows are written; null where the table was never analysed.
    pub monotonic: Option<bool>,
    /// Who sets it: `trigger`, `default` (the database's clock, when a row is made), `sequence`, `application` or
    /// `unknown`.
    pub set_by: String,
    /// The same in words.
    pub reasons: Vec<String>,
    /// The statement that makes the index it wants; null where it has one, or can have none.
    pub index_sql: Option<String>,
}
