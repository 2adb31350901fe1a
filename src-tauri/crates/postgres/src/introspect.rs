//! What a server knows about a table: columns with resolved types, keys, indexes, storage.

use crate::expressions::expression_types;
use crate::quote::{Value, fill, literal, table as quoted_table};
use crate::session;
use crate::types::{TypeCatalog, parse};
use firn_catalog::{TableName, WatermarkKind};
use firn_connector::{Error, ErrorKind, Relation, Result, Side, SourceColumn, SourceTable, WatermarkFacts};
use serde::Deserialize;
use sqlx::PgPool;
use std::collections::{BTreeMap, HashMap};

const SIDE: Side = Side::Source;

/// A relation as `tables.sql` describes it.
#[derive(Debug, Deserialize)]
pub(crate) struct Described {
    version: i32,
    oid: u32,
    pub(crate) schema: String,
    pub(crate) name: String,
    kind: String,
    heap: bool,
    pub(crate) inherited: bool,
    pub(crate) child: bool,
    foreign_leaf: bool,
    readable: bool,
    row_security: bool,
    filenode: Option<u32>,
    pages: u64,
    bytes: i64,
    estimated_rows: i64,
    columns: Option<Vec<Column>>,
    indexes: Option<Vec<Index>>,
    triggers: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct Column {
    number: i16,
    name: String,
    #[serde(rename = "type")]
    oid: u32,
    typmod: i32,
    dimensions: i32,
    generated: bool,
    identity: bool,
    not_null: bool,
    default: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Index {
    primary: bool,
    unique: bool,
    btree: bool,
    plain: bool,
    columns: Vec<i16>,
}

/// Reads descriptions: of the relations with these quoted names, or of all in a schema.
pub(crate) async fn describe(
    pool: &PgPool,
    relations: Option<&[String]>,
    schema: Option<&str>,
) -> Result<Vec<Described>> {
    let relations = relations.map(array);
    let values = [("relations", Value::Optional(relations.as_deref())), ("schema", Value::Optional(schema))];
    let sql = fill(include_str!("../../../../sql/postgres/tables.sql"), &values)?;
    let rows = session::run(pool, SIDE, sql).await?;
    rows.iter().map(|row| parse(session::column(row, "described", SIDE)?, SIDE)).collect()
}

/// Loads the types of all columns of these relations.
pub(crate) async fn column_types(pool: &PgPool, described: &[Described]) -> Result<TypeCatalog> {
    let columns = described.iter().flat_map(|relation| relation.columns.iter().flatten());
    TypeCatalog::load(pool, columns.map(|column| column.oid)).await
}

/// Reads the description of one relation, which must be there and readable.
pub(crate) async fn describe_one(pool: &PgPool, name: &TableName) -> Result<Described> {
    let described = describe(pool, Some(&[quoted_table(name)]), None).await?.pop().ok_or_else(|| not_there(name))?;
    if !described.readable {
        let message = "the role may not read this table";
        let grant = format!("GRANT SELECT ON {} TO …", quoted_table(name));
        return Err(Error::new(SIDE, ErrorKind::Permission, message).with_hint(grant));
    }
    Ok(described)
}

/// Describes a table for [`firn_connector::Source::inspect`].
pub(crate) async fn inspect(
    pool: &PgPool,
    name: &TableName,
    expressions: &BTreeMap<String, String>,
    filter: Option<&str>,
) -> Result<SourceTable> {
    let work = async {
        let described = describe_one(pool, name).await?;
        let types = column_types(pool, std::slice::from_ref(&described)).await?;
        let mut table = described.source_table(&types)?;
        table.expressions = expression_types(pool, &table, expressions, filter).await?;
        Ok(table)
    };
    work.await.map_err(|error: Error| error.on_table(name))
}

/// Describes tables for [`firn_connector::Source::inspect_many`]: two round trips at most, however many there are.
pub(crate) async fn inspect_many(pool: &PgPool, names: &[TableName]) -> Result<Vec<Option<SourceTable>>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let quoted: Vec<String> = names.iter().map(quoted_table).collect();
    let described = describe(pool, Some(&quoted), None).await?;
    let types = column_types(pool, &described).await?;
    let mut found: HashMap<(&str, &str), SourceTable> = HashMap::with_capacity(described.len());
    for table in described.iter().filter(|table| table.readable) {
        if let Ok(described) = table.source_table(&types) {
            found.insert((&table.schema, &table.name), described);
        }
    }
    // A name without a schema is found by the search path alone: such a one is described by itself.
    let one = |name: &TableName| found.get(&(name.schema.as_deref()?, name.name.as_str())).cloned();
    Ok(names.iter().map(one).collect())
}

/// Writes an array of texts as the server reads it.
pub(crate) fn array(texts: &[String]) -> String {
    let quoted = |text: &String| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    format!("{{{}}}", texts.iter().map(quoted).collect::<Vec<_>>().join(","))
}

fn not_there(name: &TableName) -> Error {
    let hint = match &name.schema {
        Some(_) => "Check schema and name, capital letters included; `firn sync discover` lists what the role can see.",
        None => "Write it with its schema, such as public.users; `firn sync discover` lists what the role can see.",
    };
    Error::new(SIDE, ErrorKind::NotFound, "there is no such table").with_hint(hint)
}

/// Returns the name of the relation with an object id.
pub(crate) async fn name_of(pool: &PgPool, relation: u32) -> Result<Option<TableName>> {
    let sql = format!(
        "SELECT n.nspname::text AS schema, c.relname::text AS name FROM pg_catalog.pg_class c \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = {relation}"
    );
    let rows = session::run(pool, SIDE, sql).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let (schema, name): (String, String) = (session::column(row, "schema", SIDE)?, session::column(row, "name", SIDE)?);
    Ok(Some(TableName::new(schema, name)))
}

/// Returns how many updates the server has counted for a table; `None` for a relation without rows of its own.
pub(crate) async fn updates(pool: &PgPool, name: &TableName) -> Result<Option<u64>> {
    let relation = format!("pg_catalog.to_regclass({})", literal(&quoted_table(name)));
    let sql = format!(
        "SELECT sum(pg_catalog.pg_stat_get_tuples_updated(c.oid))::int8 AS updates FROM pg_catalog.pg_class c \
         WHERE c.relkind = 'r' AND (c.oid = {relation} \
             OR c.oid IN (SELECT relid FROM pg_catalog.pg_partition_tree({relation})))"
    );
    let row = session::run_one(pool, SIDE, sql).await?;
    let updates: Option<i64> = session::column(&row, "updates", SIDE)?;
    Ok(updates.and_then(|updates| u64::try_from(updates).ok()))
}

/// Returns the storage identity of a table, which changes when it is rewritten, truncated or replaced.
pub(crate) fn generation(oid: u32, filenode: Option<u32>) -> String {
    format!("{oid}/{}", filenode.unwrap_or(0))
}

impl Described {
    /// Turns the description into the seam's form, without expressions.
    pub(crate) fn source_table(&self, types: &TypeCatalog) -> Result<SourceTable> {
        let relation = match self.kind.as_str() {
            "r" => Relation::Table,
            // System columns of a foreign partition cannot be read.
            "p" if self.foreign_leaf => Relation::Foreign,
            "p" => Relation::Partitioned,
            "v" | "m" => Relation::View,
            "f" => Relation::Foreign,
            _ => {
                let message = "this is a sequence, an index or a type, not something with rows to sync";
                return Err(Error::new(SIDE, ErrorKind::Configuration, message));
            }
        };
        let columns: Vec<SourceColumn> =
            self.columns.iter().flatten().map(|column| source_column(column, types)).collect();
        let watermark_columns = self.columns.iter().flatten().zip(&columns);
        let watermarks = watermark_columns
            .filter(|(_, resolved)| WatermarkKind::of(&resolved.ty).is_some())
            .map(|(column, _)| (column.name.clone(), self.watermark_facts(column)))
            .collect();
        let not_null = |name: &String| columns.iter().any(|column| column.name == *name && column.not_null);
        let unique_keys = self.key_indexes(|index| index.unique);
        Ok(SourceTable {
            name: TableName::new(&self.schema, &self.name),
            id: self.oid,
            relation,
            expressions: BTreeMap::new(),
            primary_key: self.key_indexes(|index| index.primary).into_iter().next().unwrap_or_default(),
            unique_keys: unique_keys.into_iter().filter(|key| key.iter().all(not_null)).collect(),
            pages: u32::try_from(self.pages).unwrap_or(u32::MAX),
            estimated_rows: self.estimated_rows,
            bytes: self.bytes,
            generation: generation(self.oid, self.filenode),
            watermarks,
            materialized: self.kind == "m",
            row_security: self.row_security,
            // Children by inheritance have pages of their own under the same numbers.
            page_ranges: self.version >= 140_000 && self.kind == "r" && self.heap && !self.inherited,
            columns,
        })
    }

    /// Returns whether a row trigger before updates mentions a column.
    pub(crate) fn trigger_sets(&self, column: &str) -> bool {
        let column = column.to_lowercase();
        let word = |c: char| c.is_alphanumeric() || c == '_';
        self.triggers.iter().flatten().any(|text| text.to_lowercase().split(|c| !word(c)).any(|part| part == column))
    }

    /// Returns whether rows get the next number of a sequence where they name none for this column.
    pub(crate) fn numbers(&self, column: &SourceColumn) -> bool {
        let described = self.columns.iter().flatten().find(|described| described.number == column.number);
        let default = described.and_then(|described| described.default.as_deref());
        column.identity || default.is_some_and(|default| default.starts_with("nextval("))
    }

    fn key_indexes(&self, wanted: impl Fn(&Index) -> bool) -> Vec<Vec<String>> {
        let name_of =
            |number: &i16| self.columns.iter().flatten().find(|c| c.number == *number).map(|c| c.name.clone());
        let indexes = self.indexes.iter().flatten().filter(|index| index.plain && wanted(index));
        indexes.filter_map(|index| index.columns.iter().map(name_of).collect()).collect()
    }

    fn watermark_facts(&self, column: &Column) -> WatermarkFacts {
        let begins = |index: &Index| index.btree && index.plain && index.columns.first() == Some(&column.number);
        WatermarkFacts {
            indexed: self.indexes.iter().flatten().any(begins),
            clock_default: column.default.as_deref().is_some_and(is_clock),
        }
    }
}

fn source_column(column: &Column, types: &TypeCatalog) -> SourceColumn {
    SourceColumn {
        number: column.number,
        name: column.name.clone(),
        ty: types.resolve(column.oid, column.typmod, column.dimensions),
        not_null: column.not_null || types.not_null(column.oid),
        generated: column.generated,
        identity: column.identity,
        has_default: column.generated || column.identity || column.default.is_some(),
    }
}

/// Returns whether a default, as the server prints it, is the database's clock and nothing computed from it.
fn is_clock(default: &str) -> bool {
    // Quoted parts, such as the name of a time zone, may hold signs that would look like arithmetic.
    let bare: String = default.split('\'').step_by(2).collect();
    let clocks = [
        "now()",
        "transaction_timestamp()",
        "statement_timestamp()",
        "clock_timestamp()",
        "CURRENT_TIMESTAMP",
        "LOCALTIMESTAMP",
        "CURRENT_DATE",
    ];
    clocks.iter().any(|clock| bare.contains(clock))
        && !bare.contains(['+', '-', '*', '/'])
        && !bare.contains("date_trunc")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_told_from_a_computation() {
        for clock in [
            "now()",
            "CURRENT_TIMESTAMP",
            "(now() AT TIME ZONE 'utc'::text)",
            "timezone('America/St_Johns'::text, now())",
        ] {
            assert!(is_clock(clock), "{clock}");
        }
        for other in ["(now() - '1 day'::interval)", "'2020-01-01'::timestamp", "date_trunc('day'::text, now())", "0"] {
            assert!(!is_clock(other), "{other}");
        }
    }
}
