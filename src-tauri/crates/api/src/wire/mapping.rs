//! A table's mapping: how each column travels, and what it could be.

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
    /// The source casts it, as one of [`TypeCasts`] says. In the document it is an expression.
    Cast {
        /// The cast's `form`.
        form: String,
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
    /// `reject` or `null`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_unfit: Option<String>,
    /// `ignore`, `soft` or `hard`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletes: Option<String>,
}

/// Asks for a mapping as a document has it; nothing is written.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct MappingRequest {
    /// The workspace.
    pub folder: String,
    /// Source table.
    pub table: String,
    /// The document's text with edits that are not saved; the file's own where it is null.
    #[serde(default)]
    pub document: Option<String>,
    /// The moment (ISO 8601) since which source and target must have been asked; null where any answer will do.
    #[serde(default)]
    pub not_before: Option<String>,
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
    /// `reject` or `null`.
    pub on_unfit: String,
    /// `ignore`, `soft` or `hard`.
    pub deletes: String,
    /// What the document says of columns that do not travel as they are.
    pub treatments: Vec<ColumnEdit>,
    /// Columns that can carry a watermark.
    pub watermark_candidates: Vec<String>,
    /// What the source offers as a key: the primary key first; empty where it cannot be asked, as the plan then says.
    pub key_candidates: Vec<KeyCandidateView>,
    /// What speaks for and against each column that can carry a watermark, best first; empty where the source cannot be
    /// asked, as the plan then says.
    pub watermarks: Vec<WatermarkCandidateView>,
    /// The columns of the plan as SQL of the source writes them, in order.
    pub idents: Vec<String>,
    /// What columns of each type can be brought to.
    pub casts: Vec<TypeCasts>,
    /// When source and target were asked (ISO 8601).
    pub asked_at: String,
    /// The dry run.
    pub plan: TablePlanView,
}

/// What columns of one type can be brought to.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct TypeCasts {
    /// The type in the source.
    pub source_type: String,
    /// The type in which it travels when nothing is said.
    pub target_type: String,
    /// The columns of this type.
    pub columns: Vec<String>,
    /// The types offered, the most faithful first.
    pub casts: Vec<CastView>,
}

/// A type that a column can be brought to.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct CastView {
    /// The type in the target.
    pub target_type: String,
    /// The cast, for [`ColumnTreatment::Cast`].
    pub form: String,
    /// `exact`, `widens`, `lossy` or `as_text`.
    pub verdict: String,
    /// What is lost, or what stops the table.
    pub note: String,
}

/// One difference between the source as it is and as the last run met it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChangeView {
    /// `new`, `removed` or `changed`.
    pub kind: String,
    /// The column; null for the table as a whole.
    pub column: Option<String>,
    /// What it was.
    pub before: Option<String>,
    /// What it is.
    pub now: Option<String>,
    /// What the next run does about it.
    pub outcome: String,
    /// Whether the table stops on account of it.
    pub stops: bool,
}

/// How large the tables of a workspace are, as the source estimates it.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct SizesView {
    /// The tables that the source has.
    pub tables: Vec<TableSizeView>,
}

/// How large a table is.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct TableSizeView {
    /// Source table.
    pub source: String,
    /// Estimated rows; null where never analysed.
    #[ts(type = "number | null")]
    pub estimated_rows: Option<i64>,
    /// Bytes on disk.
    #[ts(type = "number")]
    pub bytes: i64,
}
