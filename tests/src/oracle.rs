//! Both sides as sorted rows of text. PostgreSQL and DuckDB print their values themselves; nothing of Firn reads them.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use sqlx::postgres::PgPool;
use sqlx::{AssertSqlSafe, Row};

use crate::child;
use crate::spec::TableSpec;

/// A row as both servers print it.
pub type TextRow = Vec<Option<String>>;

/// A column of the source with its type as PostgreSQL names it.
#[derive(Debug, Clone)]
pub struct Column {
    name: String,
    ty: String,
}

fn ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Quotes a table name as users write it, for both servers.
pub fn quoted(table: &str) -> Result<String> {
    let name = firn_catalog::TableName::parse(table)?;
    Ok(match &name.schema {
        Some(schema) => format!("{}.{}", ident(schema), ident(&name.name)),
        None => ident(&name.name),
    })
}

impl Column {
    /// How PostgreSQL is asked for an expression of this type, so that both print the same text.
    fn in_postgres(&self, expression: &str) -> String {
        match self.ty.as_str() {
            "boolean" => format!("({expression})::int::text"),
            "bytea" => format!("encode({expression}, 'hex')"),
            array if array.ends_with("[]") => format!("array_to_json({expression})::text"),
            _ => format!("({expression})::text"),
        }
    }

    fn in_duckdb(&self) -> String {
        let name = ident(&self.name);
        match self.ty.as_str() {
            "boolean" => format!("CAST(CAST({name} AS INT) AS VARCHAR)"),
            "bytea" => format!("lower(hex({name}))"),
            array if array.ends_with("[]") => format!("CAST(to_json({name}) AS VARCHAR)"),
            _ => format!("CAST({name} AS VARCHAR)"),
        }
    }

    /// Brings the few values that the servers print differently to one form.
    fn normal(&self, text: String) -> String {
        let float = matches!(self.ty.as_str(), "real" | "double precision");
        match text.parse::<f64>() {
            Ok(number) if float => format!("{number:?}"),
            _ => text,
        }
    }
}

/// Lists the columns of a source table that its sync reads.
pub async fn columns(pool: &PgPool, table: &TableSpec) -> Result<Vec<Column>> {
    let sql = format!(
        "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = '{}'::regclass \
         AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        quoted(&table.source)?.replace('\'', "''")
    );
    let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(pool).await?;
    let mut columns = Vec::new();
    for row in rows {
        let column = Column { name: row.try_get(0)?, ty: row.try_get(1)? };
        if table.transforms.get(&column.name) != Some(&None) {
            columns.push(column);
        }
    }
    Ok(columns)
}

/// Reads what the source holds for a sync, with its transforms and its condition.
pub async fn source_rows(pool: &PgPool, table: &TableSpec, columns: &[Column]) -> Result<Vec<TextRow>> {
    let expressions: Vec<String> = columns
        .iter()
        .map(|column| match table.transforms.get(&column.name) {
            Some(Some(sql)) => format!("({sql})::text"),
            _ => column.in_postgres(&ident(&column.name)),
        })
        .collect();
    let filter = table.filter.as_ref().map_or(String::new(), |filter| format!(" WHERE {filter}"));
    let sql = format!("SELECT {} FROM {}{filter}", expressions.join(", "), quoted(&table.source)?);
    postgres_rows(pool, &sql, columns).await
}

/// Reads rows of a statement whose columns are texts.
async fn postgres_rows(pool: &PgPool, sql: &str, columns: &[Column]) -> Result<Vec<TextRow>> {
    let rows = sqlx::raw_sql(AssertSqlSafe(format!("SET TimeZone = 'UTC'; {sql}"))).fetch_all(pool).await?;
    let mut texts = Vec::with_capacity(rows.len());
    for row in rows {
        let mut text: TextRow = Vec::with_capacity(columns.len());
        for (at, column) in columns.iter().enumerate() {
            let value: Option<String> = row.try_get(at)?;
            text.push(value.map(|value| column.normal(value)));
        }
        texts.push(text);
    }
    texts.sort();
    Ok(texts)
}

/// Reads the same columns of the target, in a process of its own: the file must have been given up. Rows that are marked
/// as deleted are no rows.
pub fn target_rows(warehouse: &Path, table: &TableSpec, columns: &[Column]) -> Result<Vec<TextRow>> {
    let expressions: Vec<String> = columns.iter().map(Column::in_duckdb).collect();
    let live = if table.deletes == "soft" { " WHERE _firn_deleted_at IS NULL" } else { "" };
    let sql = format!("SELECT {} FROM {}{live}", expressions.join(", "), quoted(&table.target)?);
    let mut rows = child::duckdb(warehouse, &sql)?;
    for row in &mut rows {
        for (value, column) in row.iter_mut().zip(columns) {
            *value = value.take().map(|value| column.normal(value));
        }
    }
    rows.sort();
    Ok(rows)
}

/// Compares two sorted lists of rows as bags.
///
/// # Errors
/// Names up to five rows of each side that the other lacks, and how often.
pub fn compare(what: &str, source: &[TextRow], target: &[TextRow]) -> Result<()> {
    if source == target {
        return Ok(());
    }
    let mut balance: BTreeMap<&TextRow, i64> = BTreeMap::new();
    for row in source {
        *balance.entry(row).or_default() += 1;
    }
    for row in target {
        *balance.entry(row).or_default() -= 1;
    }
    let list = |sign: i64| {
        let rows: Vec<String> = balance
            .iter()
            .filter(|(_, count)| **count * sign > 0)
            .take(5)
            .map(|(row, count)| format!("  {}× {row:?}", count * sign))
            .collect();
        rows.join("\n")
    };
    bail!(
        "{what}: the source has {} rows, the target {}\nmissing in the target:\n{}\ntoo many in the target:\n{}",
        source.len(),
        target.len(),
        list(1),
        list(-1)
    )
}

/// Compares a table with what the source holds now.
pub async fn compare_table(pool: &PgPool, warehouse: &Path, table: &TableSpec) -> Result<()> {
    let columns = columns(pool, table).await?;
    let source = source_rows(pool, table, &columns).await?;
    let target = target_rows(warehouse, table, &columns).with_context(|| format!("reading {}", table.target))?;
    compare(&table.source, &source, &target)
}
