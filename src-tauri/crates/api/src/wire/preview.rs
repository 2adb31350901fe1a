//! Real rows of a table, before and after their transforms.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Asks for rows of a table as they would arrive.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct PreviewRequest {
    /// The workspace.
    pub folder: String,
    /// Source table.
    pub table: String,
    /// How many rows, at most 100.
    pub rows: u32,
    /// The document's text with edits that are not saved; the file's own where it is null.
    #[serde(default)]
    pub document: Option<String>,
    /// A column whose worst rows come first: values that its transform changes, then the longest.
    #[serde(default)]
    pub column: Option<String>,
}

/// Rows of a table before and after their transforms, and what a sample of it says.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct PreviewView {
    /// Source table.
    pub source: String,
    /// The columns that arrive, in order.
    pub columns: Vec<PreviewColumn>,
    /// Rows that a run would read; a cell for each column.
    pub rows: Vec<Vec<PreviewCellView>>,
    /// Rows looked at: the first ones as they are stored.
    #[ts(type = "number")]
    pub sampled: u64,
    /// Those among them that `where` lets through.
    #[ts(type = "number")]
    pub matching: u64,
    /// Whether that is every row of the table.
    pub complete: bool,
    /// Rows of the sample that would be rejected.
    pub refused: Vec<RefusedView>,
    /// The longest and the special values of columns that are not exact as a whole.
    pub worst: Vec<WorstView>,
}

/// A column of a preview.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct PreviewColumn {
    /// Its name.
    pub name: String,
    /// The transform, where there is one.
    pub transform: Option<String>,
    /// Whether it is part of the key.
    pub key: bool,
}

/// One value before and after; null for NULL.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct PreviewCellView {
    /// What the source has.
    pub before: Option<String>,
    /// What would arrive.
    pub after: Option<String>,
}

/// Rows that would be rejected, by column and reason.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RefusedView {
    /// The column.
    pub column: String,
    /// A stable short name.
    pub code: String,
    /// What is wrong with the values.
    pub message: String,
    /// How many rows.
    #[ts(type = "number")]
    pub rows: u64,
}

/// The worst value of a column in one respect, or how often such a one was met.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct WorstView {
    /// The column.
    pub column: String,
    /// `longest`, `most_precise`, `largest`, `changed` (by its transform), `NaN`, `Infinity`, `-Infinity`, `infinity` or
    /// `-infinity`.
    pub what: String,
    /// The longest, most precise or largest value.
    pub value: Option<String>,
    /// Its length in characters; digits after the point of the most precise, before it of the largest.
    #[ts(type = "number | null")]
    pub characters: Option<u64>,
    /// Rows with the special value, or with one that changes.
    #[ts(type = "number | null")]
    pub rows: Option<u64>,
}
