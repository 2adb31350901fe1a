//! Rows of a table to look at.

use crate::Firn;
use crate::drivers::{SignInAdvice, duckdb};
use crate::folder::{with_source_schema, with_target_schema};
use crate::open_rows::OpenList;
use crate::wire::{
    ArrowPage, ErrorView, RowsCancel, RowsClosed, RowsColumnView, RowsFilter, RowsOpen, RowsPage, RowsRef, RowsSide,
    RowsTest, RowsView,
};
use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use arrow_ipc::writer::StreamWriter;
use firn_connector::{RowFilter, RowTest, RowsAsk};
use firn_duckdb::DuckdbTarget;
use firn_postgres::PostgresSource;
use std::sync::Arc;

/// Most rows of a list.
const MOST_ROWS: u64 = 5_000_000;
/// Most rows of a page.
const MOST_PAGE_ROWS: u32 = 1_000;
/// Most characters of a value in a page.
const MOST_CHARS: u32 = 1_000;
/// Connections of a list: its pages are read a few at a time.
const READERS: u32 = 2;

/// Lists rows of a source or target table, so that any window of them can be read. Nothing is written, and no
/// transaction stays open.
///
/// # Errors
/// `untrusted`; `not_found` where the table is not there; `configuration` for a value that is none of its column's type.
pub async fn rows_open(firn: &Firn, request: RowsOpen) -> Result<RowsView, ErrorView> {
    let usable = firn.usable(&request.folder).await?;
    let config = usable.table(&request.table)?;
    let roles = usable.roles()?;
    let table = match request.side {
        RowsSide::Source => with_source_schema(&config.source),
        RowsSide::Target => with_target_schema(&config.target),
    };
    let ask = RowsAsk {
        table: table.clone(),
        filters: request.filters.into_iter().map(filter).collect(),
        most: request.most.min(MOST_ROWS),
    };
    let list = match request.side {
        RowsSide::Source => {
            let access = firn.postgres(&usable.folder, roles.source, "source").await?;
            let advice = SignInAdvice::of_source(access.refused);
            let explained = |error: firn_connector::Error| advice.explain(error.into());
            let source = PostgresSource::open(&access.settings, READERS).await.map_err(explained)?;
            OpenList::new(source.rows(&ask).await.map_err(explained)?, None)
        }
        RowsSide::Target => {
            let target = firn.waiting_aloud(DuckdbTarget::new(duckdb(&usable.folder, roles.target)?));
            let target = Arc::new(target);
            let rows = Arc::clone(&target).rows(&ask).await;
            match rows {
                Ok(rows) => OpenList::new(rows, Some(target)),
                Err(error) => {
                    firn_connector::Target::close(target.as_ref()).await?;
                    return Err(error.into());
                }
            }
        }
    };
    let list = Arc::new(list);
    list.rest();
    let column = |column: &firn_connector::RowsColumn| RowsColumnView {
        name: column.name.clone(),
        ty: column.ty.clone(),
        numeric: column.numeric,
        key: config.key.contains(&column.name),
    };
    Ok(RowsView {
        table: table.to_string(),
        columns: list.rows.columns().iter().map(column).collect(),
        rows: list.rows.rows(),
        complete: list.rows.complete(),
        most_chars: MOST_CHARS,
        list: firn.inner.rows.keep(list),
    })
}

/// Reads a page of a list. Dropping the call, or naming its turn to `rows_cancel`, stops the read.
///
/// # Errors
/// `stale` where the rows may stand elsewhere by now: list them again. `cancelled` where it was given up.
pub async fn rows_page(firn: &Firn, request: RowsPage) -> Result<ArrowPage, ErrorView> {
    let list = firn.inner.rows.get(&request.list)?;
    list.check()?;
    let from = request.first_column as usize;
    let columns: Vec<usize> = (from..from.saturating_add(request.columns as usize))
        .take_while(|at| *at < list.rows.columns().len())
        .collect();
    let most_chars = (!request.whole).then_some(MOST_CHARS);
    let page = list.rows.page(request.first_row, request.rows.min(MOST_PAGE_ROWS), &columns, most_chars);
    let page = list.stoppable(request.turn, page).await;
    list.rest();
    encode(&page??)
}

/// Gives up pages that are not needed any more.
///
/// # Errors
/// None: a list or a page that is not there has been given up.
pub async fn rows_cancel(firn: &Firn, request: RowsCancel) -> Result<RowsClosed, ErrorView> {
    let pages = firn.inner.rows.get(&request.list).map_or(0, |list| list.cancel(&request.turns));
    Ok(closed(pages))
}

/// Forgets a list.
///
/// # Errors
/// None: a list that is not there is forgotten.
pub async fn rows_close(firn: &Firn, request: RowsRef) -> Result<RowsClosed, ErrorView> {
    Ok(closed(firn.inner.rows.close(&request.list).await))
}

fn closed(pages: usize) -> RowsClosed {
    RowsClosed { pages: u32::try_from(pages).unwrap_or(u32::MAX) }
}

fn filter(filter: RowsFilter) -> RowFilter {
    let test = match filter.test {
        RowsTest::Contains => RowTest::Contains,
        RowsTest::Equals => RowTest::Equals,
        RowsTest::Differs => RowTest::Differs,
        RowsTest::Below => RowTest::Below,
        RowsTest::Above => RowTest::Above,
        RowsTest::IsNull => RowTest::IsNull,
        RowsTest::NotNull => RowTest::NotNull,
    };
    RowFilter { column: filter.column, test, value: filter.value }
}

/// Writes a page as an Arrow IPC stream, with a last column that says which rows are not there any more.
fn encode(page: &firn_connector::RowsPage) -> Result<ArrowPage, ErrorView> {
    let failed = |error: arrow::error::ArrowError| ErrorView::other(format!("the page cannot be sent: {error}"));
    let gone: StringArray = page.gone.iter().map(|gone| gone.then_some("gone")).collect();
    let mut fields: Vec<Field> = page.values.schema().fields().iter().map(|field| field.as_ref().clone()).collect();
    fields.push(Field::new("gone", DataType::Utf8, true));
    let mut columns: Vec<ArrayRef> = page.values.columns().to_vec();
    columns.push(Arc::new(gone));
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(Arc::clone(&schema), columns).map_err(failed)?;
    let mut bytes = Vec::new();
    let mut writer = StreamWriter::try_new(&mut bytes, &schema).map_err(failed)?;
    writer.write(&batch).map_err(failed)?;
    writer.finish().map_err(failed)?;
    drop(writer);
    Ok(ArrowPage(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use firn_connector::RowsPageBuilder;

    /// The file that the page's own reader is tested with: `ui/test/fixture/page.arrow`.
    ///
    /// After a change of the format: `FIRN_WRITE_FIXTURES=1 cargo nextest run -p firn-api page`.
    #[test]
    fn the_page_that_the_windows_reader_is_tested_with_is_what_is_sent() {
        let mut page = RowsPageBuilder::new(vec!["id".to_owned(), "имя".to_owned()], 10);
        for row in (0..10).filter(|row| *row != 7) {
            let texts = ["", " two\nlines ", "שלום", "🦆", "NULL"];
            page.put(row, |column| match column {
                0 => Some((row * 1_000).to_string()),
                _ => texts.get(row).map(|text| (*text).to_owned()),
            });
        }
        let ArrowPage(bytes) = encode(&page.finish().unwrap()).unwrap();
        let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../ui/test/fixture/page.arrow");
        if std::env::var_os("FIRN_WRITE_FIXTURES").is_some() {
            std::fs::write(kept, &bytes).unwrap();
        }
        assert!(std::fs::read(kept).unwrap() == bytes, "FIRN_WRITE_FIXTURES=1 cargo nextest run -p firn-api page");
    }
}
