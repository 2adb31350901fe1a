//! Where the tables of a document stand in its text.

use super::Document;
use crate::tree::Node;

/// The lines of one table, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableLines {
    /// The table in the source, as the document writes it.
    pub source: String,
    /// Its first line.
    pub first: usize,
    /// Its last line; comments behind it on further lines are not its own.
    pub last: usize,
}

impl Document {
    /// Returns the lines of every table, in the document's order; an item that names no source has an empty one.
    pub fn table_lines(&self) -> Vec<TableLines> {
        let items = self.root.as_ref().and_then(|root| root.get("tables")).and_then(Node::items).unwrap_or_default();
        let newlines: Vec<usize> = self.text.match_indices('\n').map(|(at, _)| at).collect();
        let line = |at: usize| newlines.partition_point(|newline| *newline < at) + 1;
        items
            .iter()
            .map(|item| {
                let last = self.text[item.range.clone()].trim_end().len();
                TableLines {
                    source: item.get("source").and_then(Node::as_text).unwrap_or_default().to_owned(),
                    first: line(item.range.start),
                    last: line(item.range.start + last),
                }
            })
            .collect()
    }
}
