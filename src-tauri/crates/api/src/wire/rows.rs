//! Rows of a table to look at: listed once, read page by page.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Where rows are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum RowsSide {
    /// The source table.
    Source,
    /// The target table.
    Target,
}

/// What is asked of a column's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum RowsTest {
    /// Its text has the given one in it, in letters of either case.
    Contains,
    /// It is the given one.
    Equals,
    /// It is another one, or NULL.
    Differs,
    /// It is smaller.
    Below,
    /// It is larger.
    Above,
    /// It is NULL.
    IsNull,
    /// It is not NULL.
    NotNull,
}

/// A condition that rows are looked for by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RowsFilter {
    /// The column.
    pub column: String,
    /// What is asked of it.
    pub test: RowsTest,
    /// What it is held against; not used by tests for NULL.
    #[serde(default)]
    pub value: String,
}

/// Asks for the rows of a table of the workspace.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RowsOpen {
    /// The workspace.
    pub folder: String,
    /// Source table.
    pub table: String,
    /// Whose rows.
    pub side: RowsSide,
    /// Conditions that all hold.
    #[serde(default)]
    pub filters: Vec<RowsFilter>,
    /// Most rows that are listed, at most 5,000,000.
    #[ts(type = "number")]
    pub most: u64,
}

/// Rows that were listed and can be read.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RowsView {
    /// The name of the list, for `rows_page` and `rows_close`.
    pub list: String,
    /// The table as it is called on its side.
    pub table: String,
    /// Its columns in order.
    pub columns: Vec<RowsColumnView>,
    /// How many rows are listed.
    #[ts(type = "number")]
    pub rows: u64,
    /// Whether those are all rows there are.
    pub complete: bool,
    /// Most characters of a value that a page carries; a longer one has one more, and is read by itself.
    pub most_chars: u32,
}

/// A column of rows.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RowsColumnView {
    /// Its name.
    pub name: String,
    /// Its type, as the database prints it.
    #[serde(rename = "type")]
    pub ty: String,
    /// Whether its values are numbers.
    pub numeric: bool,
    /// Whether it is part of the table's key.
    pub key: bool,
}

/// Asks for a page: some rows of a list by some neighbouring columns.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RowsPage {
    /// The list.
    pub list: String,
    /// A number of the caller's own, by which the page can be given up.
    #[ts(type = "number")]
    pub turn: u64,
    /// The first row.
    #[ts(type = "number")]
    pub first_row: u64,
    /// How many rows, at most 1,000.
    pub rows: u32,
    /// The first column.
    pub first_column: u32,
    /// How many columns.
    pub columns: u32,
    /// Whether long values come whole.
    #[serde(default)]
    pub whole: bool,
}

/// A page as an Arrow IPC stream: one column of text for each that was asked for, and a last one that is not NULL where
/// the row is not there any more. It reaches the window as raw bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct ArrowPage(#[ts(type = "ArrayBuffer")] pub Vec<u8>);

/// Gives up pages that are not needed any more.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RowsCancel {
    /// The list.
    pub list: String,
    /// Their numbers.
    #[ts(type = "Array<number>")]
    pub turns: Vec<u64>,
}

/// Names a list.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RowsRef {
    /// The list.
    pub list: String,
}

/// What was given up.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RowsClosed {
    /// Pages that were being read.
    pub pages: u32,
}
