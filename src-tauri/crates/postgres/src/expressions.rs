//! The types of transform expressions, and whether the server takes them and the condition: asked without running any.

use crate::error::{position, sqlstate};
use crate::quote::{ident, table as quoted_table};
use crate::session::ReadOnly;
use crate::types::TypeCatalog;
use firn_catalog::{Numeric, PgType, TableName};
use firn_connector::{Error, ErrorKind, Result, Side, SourceTable};
use sqlx::{PgPool, Row};
use std::collections::BTreeMap;

const SIDE: Side = Side::Source;

/// `numeric` in `pg_type`.
const NUMERIC: u32 = 1700;

/// Has the server type expressions over a table's row, and check the filter, without running them over data.
pub(crate) async fn expression_types(
    pool: &PgPool,
    table: &SourceTable,
    expressions: &BTreeMap<String, String>,
    filter: Option<&str>,
) -> Result<BTreeMap<String, PgType>> {
    if expressions.is_empty() && filter.is_none() {
        return Ok(BTreeMap::new());
    }
    let from = from_clause(&table.name, filter);
    // The expressions stand beside each other in one statement; only where it fails each is tried by itself.
    let list: Vec<&str> = expressions.values().map(String::as_str).collect();
    let mut transaction = ReadOnly::begin(pool).await?;
    let typed = async {
        let oids = type_list(&mut transaction, &list, &from).await?;
        let numeric = oids.contains(&NUMERIC);
        let typmods = if numeric {
            numeric_typmods(&mut transaction, table, &list, &from).await?
        } else {
            vec![None; list.len()]
        };
        Ok((oids, typmods))
    };
    let typed: Result<_> = typed.await;
    let (oids, typmods) = match transaction.end(typed).await {
        Ok(typed) => typed,
        Err(error) if is_about_sql(&error) => {
            return Err(find_broken(pool, table, expressions, filter).await?.unwrap_or(error));
        }
        Err(error) => return Err(error),
    };
    let types = TypeCatalog::load(pool, oids.iter().copied()).await?;
    let resolved = oids.iter().zip(typmods).map(|(oid, typmod)| match typmod {
        Some(numeric) if *oid == NUMERIC => PgType::Numeric(Some(numeric)),
        _ => types.resolve(*oid, -1, 0),
    });
    Ok(expressions.keys().cloned().zip(resolved).collect())
}

/// Writes the FROM and WHERE of a probe. A line end closes a comment at the end of what the user wrote.
fn from_clause(table: &TableName, filter: Option<&str>) -> String {
    format!("FROM {} WHERE ({}\n)", quoted_table(table), filter.unwrap_or("true"))
}

/// Writes the statement that types expressions; without any the filter alone is checked.
fn probes_sql(list: &[&str], from: &str) -> String {
    let probes: Vec<String> =
        if list.is_empty() { vec!["NULL".to_owned()] } else { list.iter().map(|e| format!("({e}\n)")).collect() };
    let columns: Vec<String> = probes
        .iter()
        .map(|probe| format!("pg_catalog.pg_typeof((SELECT {probe} {from} LIMIT 0))::oid::int8"))
        .collect();
    format!("SELECT {}", columns.join(", "))
}

/// Returns the place within `part` of the character at `at` of a statement that holds it, both counted from 1.
fn within(statement: &str, part: &str, at: usize) -> Option<usize> {
    let before = statement[..statement.find(part)?].chars().count();
    at.checked_sub(before).filter(|at| (1..=part.chars().count()).contains(at))
}

/// Returns the type OIDs of expressions. Nothing runs: the subqueries are limited to no row, and `pg_typeof` looks at
/// the type its argument was given when the statement was analysed.
async fn type_list(transaction: &mut ReadOnly, list: &[&str], from: &str) -> Result<Vec<u32>> {
    let rows = transaction.single(probes_sql(list, from)).await?;
    let Some(row) = rows.first() else { return Ok(Vec::new()) };
    let mut oids = Vec::with_capacity(list.len());
    for place in 0..list.len() {
        let oid: i64 = row.try_get(place).map_err(|error| crate::error::from_sqlx(error, SIDE))?;
        oids.push(u32::try_from(oid).unwrap_or(0));
    }
    Ok(oids)
}

/// Returns precision and scale of numeric expressions that end in a cast to them, or put NULL in the place of values
/// that have them.
///
/// No function returns the typmod of an expression, but EXPLAIN prints what each column of the output is, with every
/// operator in parentheses: a text that ends in `::numeric(12,2)` is a cast as a whole. Nothing runs.
async fn numeric_typmods(
    transaction: &mut ReadOnly,
    table: &SourceTable,
    list: &[&str],
    from: &str,
) -> Result<Vec<Option<Numeric>>> {
    let columns: Vec<String> = list.iter().map(|e| format!("({e}\n)")).collect();
    let sql = format!("EXPLAIN (VERBOSE, COSTS OFF, FORMAT JSON) SELECT {} {from} AND false", columns.join(", "));
    let rows = transaction.single(sql).await?;
    let explained: serde_json::Value = match rows.first() {
        Some(row) => row.try_get(0).map_err(|error| crate::error::from_sqlx(error, SIDE))?,
        None => serde_json::Value::Null,
    };
    let output = explained.pointer("/0/Plan/Output").and_then(serde_json::Value::as_array);
    let Some(output) = output.filter(|output| output.len() == list.len()) else { return Ok(vec![None; list.len()]) };
    Ok(output.iter().map(|column| declared(table, column.as_str()?)).collect())
}

/// Reads precision and scale of an expression as the server prints it: of a cast, or of the values that a NULLIF lets
/// through.
fn declared(table: &SourceTable, printed: &str) -> Option<Numeric> {
    cast_at_end(printed).or_else(|| {
        let value = nullif_of(printed)?;
        column_of(table, value).or_else(|| declared(table, value))
    })
}

/// Returns the first argument of a NULLIF as a whole whose second one is a number in quotes.
fn nullif_of(printed: &str) -> Option<&str> {
    let (value, number) = printed.strip_prefix("NULLIF(")?.strip_suffix("::numeric)")?.rsplit_once(", '")?;
    number.strip_suffix('\'').filter(|number| !number.contains('\'')).map(|_| value)
}

/// Returns precision and scale of the column that an expression is, with the table's name before it or without.
fn column_of(table: &SourceTable, printed: &str) -> Option<Numeric> {
    let is = |name: &str| [name, &ident(name)].iter().any(|name| is_column(printed, name));
    table.columns.iter().find_map(|column| match column.ty {
        PgType::Numeric(declared) if is(&column.name) => declared,
        _ => None,
    })
}

fn is_column(printed: &str, name: &str) -> bool {
    let before = printed.strip_suffix(name);
    before.is_some_and(|before| before.is_empty() || before.ends_with('.') && !before.contains(['(', ' ']))
}

/// Reads precision and scale of a cast that ends an expression as the server prints it.
fn cast_at_end(printed: &str) -> Option<Numeric> {
    let (_, typmod) = printed.rsplit_once("::numeric(")?;
    let (precision, scale) = typmod.strip_suffix(')')?.split_once(',')?;
    Some(Numeric { precision: precision.parse().ok()?, scale: scale.parse().ok()? })
}

/// Returns whether an error is about the SQL of a statement: the server read it and did not like it.
fn is_about_sql(error: &Error) -> bool {
    match sqlstate(error) {
        // A parameter such as `$1` shows only when the statement is bound, as a violation of the protocol.
        Some("08P01") => true,
        Some(_) => !error.is_transient() && error.kind != ErrorKind::Permission,
        None => false,
    }
}

/// Finds which expression, or the filter, the server does not accept.
async fn find_broken(
    pool: &PgPool,
    table: &SourceTable,
    expressions: &BTreeMap<String, String>,
    filter: Option<&str>,
) -> Result<Option<Error>> {
    let filter_alone = filter.map(|filter| (None, filter));
    let parts = filter_alone.into_iter().chain(expressions.iter().map(|(column, sql)| (Some(column), sql.as_str())));
    for (column, sql) in parts {
        let mut transaction = ReadOnly::begin(pool).await?;
        let outcome = match column {
            Some(_) => type_list(&mut transaction, &[sql], &from_clause(&table.name, None)).await,
            None => type_list(&mut transaction, &[], &from_clause(&table.name, Some(sql))).await,
        };
        let Err(cause) = transaction.end(outcome).await else { continue };
        if !is_about_sql(&cause) {
            return Err(cause);
        }
        let what = match column {
            Some(column) => format!("the transform of column `{column}` is not an expression over this table"),
            None => "`where` is not a condition over this table".to_owned(),
        };
        let mut said = cause.source.as_ref().map(ToString::to_string).unwrap_or_default();
        let probe = match column {
            Some(_) => probes_sql(&[sql], &from_clause(&table.name, None)),
            None => probes_sql(&[], &from_clause(&table.name, Some(sql))),
        };
        if let Some(at) = position(&cause).and_then(|at| within(&probe, sql, at)) {
            said = format!("at character {at}: {said}");
        }
        let hint = "Correct it in the table's entry; it is SQL that PostgreSQL evaluates for each row.";
        let mut error = Error::new(SIDE, ErrorKind::Configuration, format!("{what}: {said}")).with_hint(hint);
        error.source = cause.source;
        return Ok(Some(error));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_cast_as_a_whole_has_precision_and_scale() {
        let decimal = |precision, scale| Some(Numeric { precision, scale });
        assert_eq!(cast_at_end("(price)::numeric(20,4)"), decimal(20, 4));
        assert_eq!(cast_at_end("'0'::numeric(5,-2)"), decimal(5, -2));
        assert_eq!(cast_at_end("(price + (id)::numeric(5,2))"), None);
        assert_eq!(cast_at_end("CASE WHEN a THEN (b)::numeric(9,2) ELSE c END"), None);
        assert_eq!(cast_at_end("(ARRAY[(price)::numeric(9,1)])[1]"), None);
        assert_eq!(cast_at_end("(price)::numeric"), None);
    }

    #[test]
    fn null_in_the_place_of_a_value_leaves_the_others_their_size() {
        assert_eq!(nullif_of("NULLIF(prices.v, 'NaN'::numeric)"), Some("prices.v"));
        assert_eq!(nullif_of("NULLIF(NULLIF(v, '1'::numeric), 'NaN'::numeric)"), Some("NULLIF(v, '1'::numeric)"));
        assert_eq!(nullif_of("(NULLIF(v, 'NaN'::numeric) + '1'::numeric)"), None);
        assert_eq!(nullif_of("NULLIF(v, w)"), None);
        assert!(is_column("prices.v", "v") && is_column("v", "v") && is_column("\"Odd\".\"V\"", "\"V\""));
        assert!(!is_column("(prices.point).v", "v") && !is_column("prices.rev", "v"));
    }
}
