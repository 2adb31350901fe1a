//! Rows of a table to look at.
//!
//! A row is found again by its number in the file (`rowid`). Numbers keep their meaning until the file is written to;
//! whoever shows rows compares the file's stamp.

use crate::error::{self, Touching};
use crate::introspect;
use crate::quote;
use crate::read::readable;
use crate::session::Session;
use crate::target::DuckdbTarget;
use crate::types::DuckType;
use arrow::array::{AsArray as _, RecordBatch};
use arrow::datatypes::Int64Type;
use async_trait::async_trait;
use duckdb::params_from_iter;
use firn_catalog::TableName;
use firn_catalog::text::value_text;
use firn_connector::rows::{Listed, MOST_WITHOUT_PLACES, Stretch, column_at, cut, no_such_column};
use firn_connector::{
    Error, ErrorKind, Result, RowFilter, RowList, RowTest, RowsAsk, RowsColumn, RowsPage, RowsPageBuilder, Side,
    TargetColumn,
};
use std::collections::HashMap;
use std::sync::Arc;

/// How many times as many numbers as rows a page may span to be read as a range.
const SPARSE: i64 = 8;

struct DuckdbRows {
    target: Arc<DuckdbTarget>,
    table: TableName,
    columns: Vec<RowsColumn>,
    /// What is selected for each column.
    read: Vec<String>,
    condition: Condition,
    /// By their numbers; a view has none.
    listed: Listed<i64>,
}

/// A condition with the values that it is to be given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Condition {
    sql: Vec<String>,
    values: Vec<String>,
}

impl Condition {
    fn clause(&self) -> String {
        if self.sql.is_empty() { String::new() } else { format!(" WHERE {}", self.sql.join(" AND ")) }
    }
}

impl DuckdbTarget {
    /// Lists rows of a table or view, so that any of them can be read.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where the table or a column of a filter is not there, [`ErrorKind::Configuration`] for a
    /// value that is none of its column's type, [`ErrorKind::Busy`] where another process has the file.
    pub async fn rows(self: Arc<Self>, ask: &RowsAsk) -> Result<Box<dyn RowList>> {
        let target = Arc::clone(&self);
        let ask = ask.clone();
        if self.is_missing().await {
            return Err(missing(&ask.table));
        }
        let rows = self.run(move |session| list(session, target, &ask)).await?;
        Ok(Box::new(rows))
    }
}

fn missing(table: &TableName) -> Error {
    Error::new(Side::Target, ErrorKind::NotFound, "the table is not in the target")
        .on_table(table)
        .with_hint("it is made by the first run")
}

fn list(session: &Session, target: Arc<DuckdbTarget>, ask: &RowsAsk) -> Result<DuckdbRows> {
    let found = introspect::inspect(session, &ask.table)?.ok_or_else(|| missing(&ask.table))?;
    let column = |column: &TargetColumn| RowsColumn {
        name: column.name.clone(),
        ty: column.ty.clone(),
        numeric: is_number(&DuckType::read(&column.ty)),
    };
    let read = |column: &TargetColumn| {
        let name = quote::identifier(&column.name);
        readable(&DuckType::read(&column.ty)).map_or_else(|| name.clone(), |ty| format!("{name}::{ty}"))
    };
    let condition = condition(&found.columns, &ask.filters).map_err(|error| error.on_table(&ask.table))?;
    let from = quote::table(session.lease().catalog(), &ask.table);
    let clause = condition.clause();
    let failed = |e: duckdb::Error| conversion("listing rows", &e).on_table(&ask.table);
    let listed = if found.writable {
        let most = ask.most.saturating_add(1).min(i64::MAX.unsigned_abs());
        let query = format!("SELECT rowid FROM {from}{clause} LIMIT {most}");
        let mut statement = session.connection().prepare(&query).map_err(failed)?;
        let batches = statement.query_arrow(params_from_iter(&condition.values)).map_err(failed)?;
        let mut numbers: Vec<i64> = Vec::new();
        for batch in batches {
            numbers.extend(batch.column(0).as_primitive::<Int64Type>().values());
        }
        Listed::places(numbers, ask.most)
    } else {
        let most = ask.most.min(MOST_WITHOUT_PLACES);
        let query = format!("SELECT count(*) FROM (SELECT 1 FROM {from}{clause} LIMIT {})", most + 1);
        let values = params_from_iter(&condition.values);
        let count: i64 = session.connection().query_row(&query, values, |row| row.get(0)).map_err(failed)?;
        Listed::first(count.unsigned_abs(), most)
    };
    Ok(DuckdbRows {
        target,
        table: ask.table.clone(),
        columns: found.columns.iter().map(column).collect(),
        read: found.columns.iter().map(read).collect(),
        condition,
        listed,
    })
}

/// Makes an error of a statement of a person's filter: a value of another type is theirs to correct.
fn conversion(doing: &str, error: &duckdb::Error) -> Error {
    let failure = error::failure(Touching::Else, doing, error);
    let is_conversion = error::cause(&failure).is_some_and(|cause| cause.class.contains("Conversion"));
    if is_conversion {
        return Error { kind: ErrorKind::Configuration, ..failure }
            .with_hint("a value of a filter is none of its column's type");
    }
    failure
}

#[async_trait]
impl RowList for DuckdbRows {
    fn columns(&self) -> &[RowsColumn] {
        &self.columns
    }

    fn rows(&self) -> u64 {
        self.listed.rows()
    }

    fn complete(&self) -> bool {
        self.listed.complete()
    }

    async fn page(&self, first: u64, rows: u32, columns: &[usize], most_chars: Option<u32>) -> Result<RowsPage> {
        let (stretch, rows) = self.listed.stretch(first, rows);
        let mut names = Vec::with_capacity(columns.len());
        let mut list = Vec::with_capacity(columns.len() + 1);
        for at in columns {
            names.push(column_at(&self.columns, *at, &self.table)?.name.clone());
            list.push(self.read[*at].clone());
        }
        let page = RowsPageBuilder::new(names, rows);
        if rows == 0 {
            return page.finish();
        }
        let table = self.table.clone();
        match stretch {
            Stretch::Places(numbers) => {
                let numbers = numbers.to_vec();
                list.push("rowid".to_owned());
                self.target.run(move |s| numbered(s, &table, &list, &numbers, page, most_chars)).await
            }
            Stretch::After(first) => {
                let condition = self.condition.clone();
                let range = (first, rows);
                self.target.run(move |s| first_of(s, &table, &list, &condition, range, page, most_chars)).await
            }
        }
    }
}

fn numbered(
    session: &Session,
    table: &TableName,
    list: &[String],
    numbers: &[i64],
    mut page: RowsPageBuilder,
    most_chars: Option<u32>,
) -> Result<RowsPage> {
    let (Some(least), Some(most)) = (numbers.first(), numbers.last()) else { return page.finish() };
    let order: HashMap<i64, usize> = numbers.iter().enumerate().map(|(row, number)| (*number, row)).collect();
    let mut condition = format!("rowid BETWEEN {least} AND {most}");
    if most - least >= i64::try_from(numbers.len()).unwrap_or(i64::MAX).saturating_mul(SPARSE) {
        let wanted: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        condition.push_str(&format!(" AND rowid IN ({})", wanted.join(", ")));
    }
    let from = quote::table(session.lease().catalog(), table);
    let query = format!("SELECT {} FROM {from} WHERE {condition}", list.join(", "));
    for batch in read(session, table, &query, &[])? {
        let (columns, rows) = (batch.num_columns() - 1, batch.num_rows());
        let found = batch.column(columns).as_primitive::<Int64Type>();
        for row in 0..rows {
            let Some(at) = order.get(&found.value(row)) else { continue };
            page.put(*at, |column| value_text(batch.column(column), row).map(|text| cut(text, most_chars)));
        }
    }
    page.finish()
}

fn first_of(
    session: &Session,
    table: &TableName,
    list: &[String],
    condition: &Condition,
    (first, rows): (u64, usize),
    mut page: RowsPageBuilder,
    most_chars: Option<u32>,
) -> Result<RowsPage> {
    let from = quote::table(session.lease().catalog(), table);
    // A page without columns has rows all the same.
    let list = if list.is_empty() { "1".to_owned() } else { list.join(", ") };
    let query = format!("SELECT {list} FROM {from}{} LIMIT {rows} OFFSET {first}", condition.clause());
    let mut at = 0;
    for batch in read(session, table, &query, &condition.values)? {
        for row in 0..batch.num_rows() {
            page.put(at, |column| value_text(batch.column(column), row).map(|text| cut(text, most_chars)));
            at += 1;
        }
    }
    page.finish()
}

fn read(session: &Session, table: &TableName, query: &str, values: &[String]) -> Result<Vec<RecordBatch>> {
    const DOING: &str = "reading rows";
    // Otherwise a UUID comes as text, and what Arrow has no type for as something else.
    session.execute("preparing to read", "SET SESSION arrow_lossless_conversion = true")?;
    let failed = |e: duckdb::Error| conversion(DOING, &e).on_table(table);
    let mut statement = session.connection().prepare(query).map_err(failed)?;
    Ok(statement.query_arrow(params_from_iter(values)).map_err(failed)?.collect())
}

fn is_number(ty: &DuckType) -> bool {
    match ty {
        DuckType::Integer(_) | DuckType::Float(_) | DuckType::Decimal(..) => true,
        DuckType::Named(name) => {
            ["UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT", "BIGNUM", "VARINT"].contains(&name.as_str())
        }
        _ => false,
    }
}

/// Writes the condition of filters; values are bound, as values of the type they are held against.
fn condition(columns: &[TargetColumn], filters: &[RowFilter]) -> Result<Condition> {
    let mut condition = Condition::default();
    for filter in filters {
        let column = columns.iter().find(|column| column.name == filter.column);
        let column = column.ok_or_else(|| no_such_column(Side::Target, filter))?;
        let name = quote::identifier(&column.name);
        let ty = DuckType::read(&column.ty);
        let nested = matches!(ty, DuckType::List(_) | DuckType::Array(..) | DuckType::Map(..) | DuckType::Struct(_));
        let (held, value) = if nested || ty == DuckType::Named("JSON".to_owned()) {
            (format!("{name}::VARCHAR"), "?::VARCHAR".to_owned())
        } else {
            (name.clone(), format!("?::{}", column.ty))
        };
        let sql = match filter.test {
            RowTest::Contains => format!("contains(lower({name}::VARCHAR), lower(?::VARCHAR))"),
            RowTest::Equals => format!("{held} = {value}"),
            RowTest::Differs => format!("{held} IS DISTINCT FROM {value}"),
            RowTest::Below => format!("{held} < {value}"),
            RowTest::Above => format!("{held} > {value}"),
            RowTest::IsNull => format!("{name} IS NULL"),
            RowTest::NotNull => format!("{name} IS NOT NULL"),
        };
        condition.sql.push(sql);
        if !matches!(filter.test, RowTest::IsNull | RowTest::NotNull) {
            condition.values.push(filter.value.clone());
        }
    }
    Ok(condition)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, ty: &str) -> TargetColumn {
        TargetColumn { name: name.to_owned(), ty: ty.to_owned(), not_null: false, has_default: false }
    }

    fn filter(column: &str, test: RowTest, value: &str) -> RowFilter {
        RowFilter { column: column.to_owned(), test, value: value.to_owned() }
    }

    #[test]
    fn values_of_filters_are_bound_and_names_quoted() {
        let columns = [column("we\"ird", "BIGINT"), column("tags", "VARCHAR[]")];
        let filters = [
            filter("we\"ird", RowTest::Above, "1 OR true"),
            filter("tags", RowTest::Equals, "[a]"),
            filter("tags", RowTest::NotNull, "unused"),
        ];
        let written = condition(&columns, &filters).unwrap();
        assert_eq!(
            written.clause(),
            " WHERE \"we\"\"ird\" > ?::BIGINT AND \"tags\"::VARCHAR = ?::VARCHAR AND \"tags\" IS NOT NULL"
        );
        assert_eq!(written.values, ["1 OR true", "[a]"]);
        assert_eq!(condition(&columns, &[]).unwrap().clause(), "");
        assert_eq!(condition(&columns, &[filter("x", RowTest::IsNull, "")]).unwrap_err().kind, ErrorKind::NotFound);
    }
}
