//! Rows to look at: any window of a table, by rows and columns, as text.

use crate::error::{Error, ErrorKind, Result, Side};
use arrow::array::{ArrayRef, RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema};
use async_trait::async_trait;
use firn_catalog::TableName;
use std::sync::Arc;

/// What a row is asked about one of its columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowTest {
    /// The value's text has the given one in it, in letters of either case.
    Contains,
    /// The value is the given one.
    Equals,
    /// The value is another one, or NULL.
    Differs,
    /// The value is smaller.
    Below,
    /// The value is larger.
    Above,
    /// The value is NULL.
    IsNull,
    /// The value is not NULL.
    NotNull,
}

/// A condition that rows are looked for by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowFilter {
    /// The column.
    pub column: String,
    /// What is asked of it.
    pub test: RowTest,
    /// What it is held against; not used by tests for NULL.
    pub value: String,
}

/// Which rows are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowsAsk {
    /// The table or view.
    pub table: TableName,
    /// Conditions that all hold.
    pub filters: Vec<RowFilter>,
    /// Most rows that are listed.
    pub most: u64,
}

/// A column of rows that are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowsColumn {
    /// Its name.
    pub name: String,
    /// Its type, as the database prints it.
    pub ty: String,
    /// Whether its values are numbers.
    pub numeric: bool,
}

/// A window of rows.
#[derive(Debug, Clone, PartialEq)]
pub struct RowsPage {
    /// The columns that were asked for, as text; NULL where the row is not there any more.
    pub values: RecordBatch,
    /// Whether each row is not there any more.
    pub gone: Vec<bool>,
}

/// The rows of a table in an order of their own, as they were when they were listed.
///
/// Where rows stand is remembered, and not what they hold: a page shows what the database has now, and a row that was
/// changed or deleted meanwhile may be gone. No transaction stays open between two pages.
#[async_trait]
pub trait RowList: Send + Sync {
    /// Returns the columns in order.
    fn columns(&self) -> &[RowsColumn];

    /// Returns how many rows are listed.
    fn rows(&self) -> u64;

    /// Returns whether those are all rows there are.
    fn complete(&self) -> bool;

    /// Reads `rows` rows from `first` on, by the indices of the columns wanted; fewer at the end. A value is cut off
    /// after `most_chars` characters and one. Dropping the future stops the read.
    async fn page(&self, first: u64, rows: u32, columns: &[usize], most_chars: Option<u32>) -> Result<RowsPage>;
}

/// Most rows that are shown of a view or another table whose rows have no places of their own.
pub const MOST_WITHOUT_PLACES: u64 = 10_000;

/// Which rows a list has, and whether those are all there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<P> {
    which: Which<P>,
    complete: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Which<P> {
    /// By where they are stored, in that order.
    Places(Vec<P>),
    /// The first ones, in the order in which they come.
    First(u64),
}

/// A window of listed rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stretch<'a, P> {
    /// Those at these places.
    Places(&'a [P]),
    /// The next ones after as many as are passed over.
    After(u64),
}

impl<P: Ord> Listed<P> {
    /// Lists rows by their places, of which one more than `most` was looked for.
    #[must_use]
    pub fn places(mut places: Vec<P>, most: u64) -> Self {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let complete = places.len() <= most;
        places.truncate(most);
        // In the order of storage, whatever order they came in.
        places.sort_unstable();
        Self { which: Which::Places(places), complete }
    }
}

impl<P> Listed<P> {
    /// Lists the first rows of those that have no places; one more than `most` was counted at the most.
    #[must_use]
    pub fn first(counted: u64, most: u64) -> Self {
        Self { which: Which::First(counted.min(most)), complete: counted <= most }
    }

    /// Returns how many rows are listed.
    #[must_use]
    pub fn rows(&self) -> u64 {
        match &self.which {
            Which::Places(places) => places.len() as u64,
            Which::First(rows) => *rows,
        }
    }

    /// Returns whether those are all rows there are.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.complete
    }

    /// Returns the window of up to `rows` rows from `first` on, and how many rows it has.
    #[must_use]
    pub fn stretch(&self, first: u64, rows: u32) -> (Stretch<'_, P>, usize) {
        let left = usize::try_from(self.rows().saturating_sub(first)).unwrap_or(usize::MAX);
        let rows = left.min(rows as usize);
        let stretch = match &self.which {
            Which::Places(places) => {
                let from = usize::try_from(first).unwrap_or(usize::MAX).min(places.len());
                Stretch::Places(&places[from..from + rows])
            }
            Which::First(_) => Stretch::After(first),
        };
        (stretch, rows)
    }
}

/// Returns the column of this number.
///
/// # Errors
/// [`crate::ErrorKind::Configuration`] where the table has fewer.
pub fn column_at<'a>(columns: &'a [RowsColumn], at: usize, table: &TableName) -> Result<&'a RowsColumn> {
    columns.get(at).ok_or_else(|| Error::configuration(format!("the table has no column number {at}")).on_table(table))
}

/// Makes the error of a filter whose column is not there.
#[must_use]
pub fn no_such_column(side: Side, filter: &RowFilter) -> Error {
    Error::new(side, ErrorKind::NotFound, format!("the table has no column {}", filter.column))
        .with_hint("list the rows again: the table has other columns now")
}

/// Builds a page, row by row, in the order of the list.
#[derive(Debug)]
pub struct RowsPageBuilder {
    names: Vec<String>,
    /// By column, then by row.
    values: Vec<Vec<Option<String>>>,
    gone: Vec<bool>,
}

impl RowsPageBuilder {
    /// Makes a page of `rows` rows, all of them gone until they are put in.
    #[must_use]
    pub fn new(names: Vec<String>, rows: usize) -> Self {
        Self { values: vec![vec![None; rows]; names.len()], names, gone: vec![true; rows] }
    }

    /// Puts a row in its place, with a text for each column.
    pub fn put(&mut self, row: usize, value: impl Fn(usize) -> Option<String>) {
        let Some(gone) = self.gone.get_mut(row) else { return };
        *gone = false;
        for (column, values) in self.values.iter_mut().enumerate() {
            values[row] = value(column);
        }
    }

    /// Ends the page.
    ///
    /// # Errors
    /// None that is known: all columns are texts and of one length.
    pub fn finish(self) -> Result<RowsPage> {
        let fields: Vec<Field> = self.names.iter().map(|name| Field::new(name, DataType::Utf8, true)).collect();
        let columns = self.values.into_iter().map(|values| {
            let mut builder = StringBuilder::new();
            values.iter().for_each(|value| builder.append_option(value.as_deref()));
            Arc::new(builder.finish()) as ArrayRef
        });
        let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(self.gone.len()));
        let values = RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns.collect(), &options)
            .map_err(|e| Error::configuration("the rows cannot be put into one page").caused_by(e))?;
        Ok(RowsPage { values, gone: self.gone })
    }
}

/// Cuts a text off after `most_chars` characters and one, which says that there is more.
#[must_use]
pub fn cut(text: String, most_chars: Option<u32>) -> String {
    let end = most_chars.and_then(|most| text.char_indices().nth(most as usize + 1));
    match end {
        Some((end, _)) => text[..end].to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Array as _, AsArray as _};

    #[test]
    fn rows_that_are_not_put_in_are_gone() {
        let mut page = RowsPageBuilder::new(vec!["id".to_owned(), "note".to_owned()], 3);
        page.put(2, |column| (column == 0).then(|| "7".to_owned()));
        page.put(9, |_| None);
        let page = page.finish().unwrap();
        assert_eq!(page.gone, [true, true, false]);
        assert_eq!(page.values.column(0).as_string::<i32>().value(2), "7");
        assert!(page.values.column(1).is_null(2) && page.values.column(0).is_null(0));
        assert_eq!(RowsPageBuilder::new(Vec::new(), 2).finish().unwrap().values.num_rows(), 2);
    }

    #[test]
    fn a_window_never_reaches_beyond_what_is_listed() {
        let listed = Listed::places(vec![3, 1, 2, 9], 3);
        assert_eq!((listed.rows(), listed.complete()), (3, false));
        assert_eq!(listed.stretch(1, 10), (Stretch::Places(&[2, 3][..]), 2));
        assert_eq!(listed.stretch(7, 10), (Stretch::Places(&[][..]), 0));
        assert_eq!(listed.stretch(u64::MAX, u32::MAX).1, 0);
        let first = Listed::<u8>::first(11, 10);
        assert_eq!((first.rows(), first.complete()), (10, false));
        assert_eq!(first.stretch(8, 5), (Stretch::After(8), 2));
        assert!(Listed::<u8>::first(10, 10).complete() && Listed::places(vec![1], 1).complete());
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(cut("äöü".to_owned(), Some(1)), "äö");
        assert_eq!(cut("äöü".to_owned(), Some(2)), "äöü");
        assert_eq!(cut("äöü".to_owned(), None), "äöü");
    }
}
