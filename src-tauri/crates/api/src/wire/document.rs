//! The workspace's document as text, and edits of a text that nobody has saved yet.

use super::{ColumnEdit, DocumentProblem, TableEdit};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A document, saved or not.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct DocumentView {
    /// Its text.
    pub text: String,
    /// What is wrong with it; empty where it can be used.
    pub problems: Vec<DocumentProblem>,
    /// Its tables in order; empty where it cannot be read.
    pub tables: Vec<DocumentTable>,
}

/// A table as a document has it.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct DocumentTable {
    /// Source table, with its schema.
    pub source: String,
    /// Target table, with its schema.
    pub target: String,
    /// Key columns.
    pub pk: Vec<String>,
    /// Watermark column.
    pub watermark_column: Option<String>,
    /// `incremental` or `full`.
    pub mode: String,
    /// `ignore`, `soft` or `hard`.
    pub deletes: String,
    /// `add`, `ignore` or `stop`.
    pub on_drift: String,
    /// `reject` or `null`.
    pub on_unfit: String,
    /// Its first line, from 1.
    pub first_line: u32,
    /// Its last line.
    pub last_line: u32,
}

/// Edits of one table.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct TableChange {
    /// Source table.
    pub table: String,
    /// Edits of columns.
    #[serde(default)]
    pub columns: Vec<ColumnEdit>,
    /// Edits of the table's keys.
    #[serde(default)]
    pub edit: TableEdit,
}

/// Asks what a document's text becomes with edits. Nothing is written, and no database is asked.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct DocumentEdit {
    /// The workspace.
    pub folder: String,
    /// The text, as somebody has it before them.
    pub text: String,
    /// Edits, all or none; without any the text is only checked.
    #[serde(default)]
    pub tables: Vec<TableChange>,
    /// A pattern for the target names of these tables, such as `analytics.{schema}_{table}`.
    #[serde(default)]
    pub template: Option<String>,
}

/// Asks for a text to become the workspace's document.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct DocumentSave {
    /// The workspace.
    pub folder: String,
    /// The text that was edited. Where the file holds another one now, nothing is written.
    pub before: String,
    /// The text to write.
    pub text: String,
}
