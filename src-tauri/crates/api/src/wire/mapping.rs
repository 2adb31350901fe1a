//! A table's mapping: how each column travels, and edits that are not saved yet.

use super::{KeyCandidateView, TablePlanView, WatermarkCandidateView};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What becomes of one column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ColumnTreatment {
    /// It travels as it is.
    AsIs,
    /// It stays in the source.
    LeftOut,
    /// The source computes this expression instead.
    Expression {
        /// SQL over the source row.
        sql: String,
    },
}

/// An edit of one column's treatment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ColumnEdit {
    /// The column in the source.
    pub column: String,
    /// What becomes of it.
    pub treatment: ColumnTreatment,
}

/// Edits of a table's keys in `firn.yaml`; what is absent stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct TableEdit {
    /// Key columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pk: Option<Vec<String>>,
    /// Watermark column; empty for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watermark_column: Option<String>,
    /// `incremental` or `full`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// The table in the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// A SQL condition over the source row; empty for none.
    #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// `add`, `ignore` or `stop`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_drift: Option<String>,
    /// `ignore`, `soft` or `hard`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletes: Option<String>,
}

/// Asks for a mapping as it would be with edits; nothing is written.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct MappingRequest {
    /// The workspace.
    pub folder: String,
    /// Source table.
    pub table: String,
    /// Edits of columns.
    #[serde(default)]
    pub columns: Vec<ColumnEdit>,
    /// Edits of the table's keys.
    #[serde(default)]
    pub edit: TableEdit,
}

/// A mapping with its dry run.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct MappingView {
    /// Source table.
    pub source: String,
    /// Target table.
    pub target: String,
    /// Key columns.
    pub pk: Vec<String>,
    /// Watermark column.
    pub watermark_column: Option<String>,
    /// `incremental` or `full`.
    pub mode: String,
    /// A SQL condition over the source row.
    #[serde(rename = "where")]
    pub filter: Option<String>,
    /// `add`, `ignore` or `stop`.
    pub on_drift: String,
    /// `ignore`, `soft` or `hard`.
    pub deletes: String,
    /// What the document, with the edits, says of columns that do not travel as they are.
    pub treatments: Vec<ColumnEdit>,
    /// The table's lines in the document as it would be with the edits.
    pub yaml: String,
    /// Columns that can carry a watermark.
    pub watermark_candidates: Vec<String>,
    /// What the source offers as a key: the primary key first; empty where it cannot be asked, as the plan then says.
    pub key_candidates: Vec<KeyCandidateView>,
    /// What speaks for and against each column that can carry a watermark, best first; empty where the source cannot be
    /// asked, as the plan then says.
    pub watermarks: Vec<WatermarkCandidateView>,
    /// The dry run.
    pub plan: TablePlanView,
}
