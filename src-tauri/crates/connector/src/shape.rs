//! What a source table looked like when it was last read, kept in the target beside the cursor.

use crate::source::SourceTable;
use serde::{Deserialize, Serialize};

/// A column as the last run met it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownColumn {
    /// The number the source gave it for life; a renamed column keeps it, a column made anew gets another.
    pub number: i16,
    /// The name under which the target has it: the source's, but where drift was ignored.
    pub name: String,
    /// Its type as the source prints it.
    #[serde(rename = "type")]
    pub ty: String,
    /// Whether it was declared NOT NULL.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub not_null: bool,
}

/// The shape of a source table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct SourceShape {
    /// Identity of the relation whose column numbers these are; see [`SourceTable::id`].
    pub relation: u32,
    /// Identity of the relation that the cursor began with; 0 where whatever stands there now is accepted.
    #[serde(default)]
    pub origin: u32,
    /// Its columns in order.
    pub columns: Vec<KnownColumn>,
    /// Its primary key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub primary_key: Vec<String>,
    /// The key by which rows were written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key: Vec<String>,
    /// The watermark column that the cursor is a value of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watermark: Option<String>,
    /// Whether the source kept that key unique.
    #[serde(default)]
    pub unique_key: bool,
}

impl SourceShape {
    /// Takes the shape of a table as it is now.
    #[must_use]
    pub fn of(table: &SourceTable, key: &[String], unique_key: bool) -> Self {
        let column = |column: &crate::source::SourceColumn| KnownColumn {
            number: column.number,
            name: column.name.clone(),
            ty: column.ty.to_string(),
            not_null: column.not_null,
        };
        Self {
            relation: table.id,
            origin: table.id,
            columns: table.columns.iter().map(column).collect(),
            primary_key: table.primary_key.clone(),
            key: key.to_vec(),
            watermark: None,
            unique_key,
        }
    }
}
