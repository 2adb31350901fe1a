//! What the file holds, for people: tables with their row counts, and rows page by page.

use crate::error;
use crate::introspect;
use crate::quote;
use crate::session::Session;
use crate::target::DuckdbTarget;
use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use firn_catalog::TableName;
use firn_connector::{Error, ErrorKind, Result, Side};

const LIST_TABLES: &str = include_str!("../../../../sql/duckdb/list_tables.sql");

/// A table or view as the list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSummary {
    /// Its name with its schema.
    pub name: TableName,
    /// Rows now; `None` for a view, which would have to be run to be counted.
    pub rows: Option<u64>,
    /// Number of columns.
    pub columns: u64,
}

impl DuckdbTarget {
    /// Lists tables and views by schema and name, without Firn's own.
    ///
    /// # Errors
    /// [`ErrorKind::Busy`] where another process has the file.
    pub async fn tables(&self) -> Result<Vec<TableSummary>> {
        self.run(tables).await
    }

    /// Reads rows of a table or view, `limit` at most, from the row at `offset` on, in the order the table has them.
    /// `None` reads all columns.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where the table is not there, [`ErrorKind::Configuration`] where a column is not.
    pub async fn page(
        &self,
        table: &TableName,
        offset: u64,
        limit: u32,
        columns: Option<&[String]>,
    ) -> Result<RecordBatch> {
        let table = table.clone();
        let columns = columns.map(<[String]>::to_vec);
        self.run(move |s| page(s, &table, offset, limit, columns.as_deref())).await
    }
}

fn tables(session: &Session) -> Result<Vec<TableSummary>> {
    const DOING: &str = "listing tables";
    let mut statement = session.connection().prepare(LIST_TABLES).map_err(error::other(DOING))?;
    let rows = statement.query_map([], |row| {
        let name = TableName::new(row.get::<_, String>(0)?, row.get::<_, String>(1)?);
        Ok((name, row.get::<_, i64>(2)?.unsigned_abs(), row.get::<_, bool>(3)?))
    });
    let found: Vec<(TableName, u64, bool)> = rows.and_then(Iterator::collect).map_err(error::other(DOING))?;
    let summary = |(name, columns, is_view)| {
        let rows = if is_view { None } else { Some(introspect::count(session, &name)?) };
        Ok(TableSummary { name, rows, columns })
    };
    found.into_iter().map(summary).collect()
}

fn page(
    session: &Session,
    table: &TableName,
    offset: u64,
    limit: u32,
    columns: Option<&[String]>,
) -> Result<RecordBatch> {
    let list = columns.map_or_else(|| "*".to_owned(), |names| quote::columns(names.iter().map(String::as_str)));
    let query =
        format!("SELECT {list} FROM {} LIMIT {limit} OFFSET {offset}", quote::table(session.lease().catalog(), table));
    let failed = |e| error::other("reading rows")(e).on_table(table);
    let mut statement = session.connection().prepare(&query).map_err(failed)?;
    let result = statement.query_arrow([]).map_err(failed)?;
    let schema = result.get_schema();
    let batches: Vec<RecordBatch> = result.collect();
    concat_batches(&schema, &batches).map_err(|e| {
        Error::new(Side::Target, ErrorKind::Other, "the rows cannot be put into one batch").on_table(table).caused_by(e)
    })
}
