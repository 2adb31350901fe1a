//! The SELECT that reads a scope of a table, and the COPY around it.
//!
//! What a user wrote, transforms and the filter, is put in as it is: the server has checked each of them as a single
//! expression when the table was inspected, and the transaction around the read is read-only.

use crate::quote::{ident, literal, table};
use crate::read_keys;
use firn_catalog::{PgType, Watermark, WatermarkKind};
use firn_connector::switches::{Protection, on};
use firn_connector::{Cursor, Error, PageRange, ReadColumn, ReadPlan, ReadScope, Result};
use std::fmt::Write as _;

/// The first moment PostgreSQL stores, 4714-11-24 BC, in microseconds since 1970-01-01.
const FIRST_MICROS: i64 = -210_866_803_200_000_000;
/// The first day PostgreSQL stores, 4714-11-24 BC, in days since 1970-01-01.
const FIRST_DAY: i64 = -2_440_588;
/// The day after the last one PostgreSQL stores, in days since 1970-01-01.
const END_DAY: i64 = 2_145_042_906;

/// Writes the COPY that sends a scope in binary: the plan's columns, then `xmin` where the plan asks for it.
///
/// # Errors
/// As [`select`].
pub fn copy(plan: &ReadPlan, scope: &ReadScope) -> Result<String> {
    Ok(format!("COPY (\n{}\n) TO STDOUT (FORMAT binary)", select(plan, scope)?))
}

/// Writes the COPYs that send a scope one after the other: one for each chunk of keys, one for any other scope.
///
/// # Errors
/// As [`select`].
pub(crate) fn copies(plan: &ReadPlan, scope: ReadScope) -> Result<Vec<String>> {
    match scope {
        ReadScope::Keys(keys) => {
            read_keys::chunks(&keys).map(|chunk| copy(plan, &ReadScope::Keys(chunk.to_vec()))).collect()
        }
        scope => Ok(vec![copy(plan, &scope)?]),
    }
}

/// Writes the SELECT of a scope.
///
/// # Errors
/// [`firn_connector::ErrorKind::Configuration`] where the scope does not belong to the plan: a cursor of another axis
/// or with another number of keys, or a scope along a watermark that the plan does not have.
pub fn select(plan: &ReadPlan, scope: &ReadScope) -> Result<String> {
    let mut items: Vec<String> = plan.columns.iter().map(item).collect();
    if plan.row_versions {
        items.push("xmin".to_owned());
    }
    let mut sql = format!("SELECT {}\nFROM {}", items.join(", "), table(&plan.table));
    let conditions = conditions(plan, scope)?;
    if !conditions.is_empty() {
        let _infallible = write!(sql, "\nWHERE {}", conditions.join("\n  AND "));
    }
    let order = match scope {
        ReadScope::After(_) => names(plan, plan.watermark.iter().map(|(at, _)| at).chain(&plan.key))?,
        ReadScope::NullWatermarks => names(plan, &plan.key)?,
        ReadScope::Pages(_) | ReadScope::PagesSince(..) | ReadScope::Keys(_) | ReadScope::Whole => Vec::new(),
    };
    if !order.is_empty() {
        let _infallible = write!(sql, "\nORDER BY {}", order.join(", "));
    }
    Ok(sql)
}

/// Writes the conditions of a scope, the plan's filter among them; all of them hold for a row that is read.
///
/// # Errors
/// As [`select`].
pub fn conditions(plan: &ReadPlan, scope: &ReadScope) -> Result<Vec<String>> {
    let mut conditions = match scope {
        ReadScope::Pages(range) => pages(*range),
        // Ages stay comparable when the counter of transactions wraps around.
        ReadScope::PagesSince(range, since) => {
            let mut conditions = pages(*range);
            conditions.push(format!("age(xmin) <= age('{since}'::xid)"));
            conditions
        }
        ReadScope::After(None) => vec![format!("{} IS NOT NULL", watermark(plan)?.0)],
        ReadScope::After(Some(cursor)) => vec![after(plan, cursor)?],
        ReadScope::NullWatermarks => vec![format!("{} IS NULL", watermark(plan)?.0)],
        ReadScope::Keys(keys) => vec![read_keys::condition(plan, keys)?],
        ReadScope::Whole => Vec::new(),
    };
    // The line breaks end a comment that the user's text may close with.
    conditions.extend(plan.filter.iter().map(|filter| format!("(\n{filter}\n)")));
    Ok(conditions)
}

fn pages(range: PageRange) -> Vec<String> {
    let mut conditions = vec![format!("ctid >= '({},0)'::tid", range.from)];
    conditions.extend(range.to.map(|to| format!("ctid < '({to},0)'::tid")));
    conditions
}

fn item(column: &ReadColumn) -> String {
    let name = ident(&column.name);
    match (&column.expression, column.ty.read_cast()) {
        (Some(expression), None) => format!("(\n{expression}\n) AS {name}"),
        (Some(expression), Some(cast)) => format!("(\n{expression}\n)::{cast} AS {name}"),
        (None, Some(cast)) => format!("{name}::{cast} AS {name}"),
        (None, None) => name,
    }
}

pub(crate) fn column(plan: &ReadPlan, at: usize) -> Result<&ReadColumn> {
    let missing = || Error::configuration(format!("the read plan has no column {at}")).on_table(&plan.table);
    plan.columns.get(at).ok_or_else(missing)
}

fn names<'a>(plan: &ReadPlan, columns: impl IntoIterator<Item = &'a usize>) -> Result<Vec<String>> {
    columns.into_iter().map(|at| Ok(ident(&column(plan, *at)?.name))).collect()
}

fn watermark(plan: &ReadPlan) -> Result<(String, WatermarkKind)> {
    match plan.watermark {
        Some((at, kind)) => Ok((ident(&column(plan, at)?.name), kind)),
        None => Err(Error::configuration("the table has no watermark column, so it cannot be read from a position on")
            .on_table(&plan.table)
            .with_hint("Name a `watermark_column`, or use `mode: full`.")),
    }
}

/// Writes the condition that a row comes after the cursor in the order (watermark, key).
fn after(plan: &ReadPlan, cursor: &Cursor) -> Result<String> {
    let (name, kind) = watermark(plan)?;
    if cursor.watermark.kind() != kind {
        let message = format!(
            "the stored cursor is of type {:?}, the watermark column of type {kind:?}",
            cursor.watermark.kind()
        );
        return Err(Error::configuration(message).on_table(&plan.table).with_hint(RESET));
    }
    let value = watermark_literal(cursor.watermark);
    let Some(key) = &cursor.key else { return Ok(format!("{name} >= {value}")) };
    if !on(Protection::KeysetTies) {
        return Ok(format!("{name} > {value}"));
    }
    if key.is_empty() || key.len() != plan.key.len() {
        let message = format!("the stored cursor has {} key values, the key {} columns", key.len(), plan.key.len());
        return Err(Error::configuration(message).on_table(&plan.table).with_hint(RESET));
    }
    let mut left = vec![name];
    let mut right = vec![value];
    for (at, text) in plan.key.iter().zip(key) {
        let column = column(plan, *at)?;
        left.push(ident(&column.name));
        right.push(key_literal(&column.ty, text));
    }
    Ok(format!("({}) > ({})", left.join(", "), right.join(", ")))
}

const RESET: &str = "The key or the watermark column has changed: `firn sync reset TABLE` begins anew.";

/// Writes a watermark as a literal. A lookback can reach beyond what PostgreSQL stores; nothing is there, and the
/// infinity on that side says the same.
fn watermark_literal(mark: Watermark) -> String {
    let (first, end) = match mark.kind() {
        WatermarkKind::Timestamptz | WatermarkKind::Timestamp => (FIRST_MICROS, i64::MAX),
        WatermarkKind::Date => (FIRST_DAY, END_DAY),
        WatermarkKind::Integer => (i64::MIN, i64::MAX),
    };
    let text = match mark.value() {
        value if value < first => "-infinity".to_owned(),
        value if value >= end && mark.kind() != WatermarkKind::Integer => "infinity".to_owned(),
        _ => mark.text(),
    };
    format!("{}::{}", literal(&text), mark.kind().pg_cast())
}

/// Writes a key value as a literal of its column's type, without a limit of length, which would cut it off.
///
/// Enums, domains and the types of extensions stay bare: the column beside the literal gives it its type, whatever the
/// search path says.
fn key_literal(ty: &PgType, text: &str) -> String {
    let cast = match ty {
        PgType::Numeric(_) => "numeric".to_owned(),
        PgType::Varchar(_) => "varchar".to_owned(),
        PgType::Char(_) => "bpchar".to_owned(),
        PgType::Enum(_) | PgType::Domain(..) | PgType::Citext | PgType::Ltree => return literal(text),
        // A declared length would cut a literal off.
        PgType::Bit(_) | PgType::Varbit(_) => return literal(text),
        other => other.to_string(),
    };
    format!("{}::{cast}", literal(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use firn_catalog::{Dialect, TableName, plan_column};

    fn plan(columns: &[(&str, PgType)], key: &[usize], watermark: Option<usize>) -> ReadPlan {
        let kind = |at: usize| Some((at, WatermarkKind::of(&columns[at].1)?));
        ReadPlan {
            table: TableName::new("public", "Orders"),
            columns: columns
                .iter()
                .map(|(name, ty)| ReadColumn {
                    name: (*name).to_owned(),
                    expression: None,
                    ty: ty.clone(),
                    plan: plan_column(ty, Dialect::Duckdb),
                })
                .collect(),
            key: key.to_vec(),
            watermark: watermark.and_then(kind),
            filter: None,
            row_versions: false,
            batch_rows: 1,
            batch_bytes: 1,
        }
    }

    fn orders() -> ReadPlan {
        plan(&[("id", PgType::Int8), ("at", PgType::Timestamptz)], &[0], Some(1))
    }

    fn cursor(text: &str, key: Option<&[&str]>) -> ReadScope {
        let watermark = Watermark::parse(WatermarkKind::Timestamptz, text).unwrap();
        ReadScope::After(Some(Cursor { watermark, key: key.map(|k| k.iter().map(|t| (*t).to_owned()).collect()) }))
    }

    #[test]
    fn the_scopes_of_a_table() {
        let base = "SELECT \"id\", \"at\"\nFROM \"public\".\"Orders\"";
        let order = "\nORDER BY \"at\", \"id\"";
        let pages = |from, to| ReadScope::Pages(PageRange { from, to });
        let cases = [
            (ReadScope::Whole, String::new()),
            (pages(0, Some(8)), "\nWHERE ctid >= '(0,0)'::tid\n  AND ctid < '(8,0)'::tid".to_owned()),
            (pages(8, None), "\nWHERE ctid >= '(8,0)'::tid".to_owned()),
            (
                ReadScope::PagesSince(PageRange { from: 0, to: Some(8) }, 741),
                "\nWHERE ctid >= '(0,0)'::tid\n  AND ctid < '(8,0)'::tid\n  AND age(xmin) <= age('741'::xid)"
                    .to_owned(),
            ),
            (ReadScope::After(None), format!("\nWHERE \"at\" IS NOT NULL{order}")),
            (ReadScope::NullWatermarks, "\nWHERE \"at\" IS NULL\nORDER BY \"id\"".to_owned()),
            (
                cursor("2024-05-01 12:00:00.000001", Some(&["7"])),
                format!(
                    "\nWHERE (\"at\", \"id\") > ('2024-05-01 12:00:00.000001+00'::timestamptz, '7'::bigint){order}"
                ),
            ),
            (cursor("2024-05-01", None), format!("\nWHERE \"at\" >= '2024-05-01 00:00:00+00'::timestamptz{order}")),
            (cursor("infinity", None), format!("\nWHERE \"at\" >= 'infinity'::timestamptz{order}")),
        ];
        for (scope, expected) in cases {
            assert_eq!(select(&orders(), &scope).unwrap(), format!("{base}{expected}"), "{scope:?}");
        }
        let copied = copy(&orders(), &ReadScope::Whole).unwrap();
        assert_eq!(copied, format!("COPY (\n{base}\n) TO STDOUT (FORMAT binary)"));
    }

    #[test]
    fn expressions_filters_and_row_versions() {
        let mut plan = orders();
        plan.columns[1].expression = Some("date_trunc('day', at) -- days".into());
        plan.filter = Some("id > 0 OR id < -5 -- the old ones".into());
        plan.row_versions = true;
        assert_eq!(
            select(&plan, &ReadScope::Pages(PageRange { from: 1, to: None })).unwrap(),
            "SELECT \"id\", (\ndate_trunc('day', at) -- days\n) AS \"at\", xmin\nFROM \"public\".\"Orders\"\n\
             WHERE ctid >= '(1,0)'::tid\n  AND (\nid > 0 OR id < -5 -- the old ones\n)"
        );
    }

    #[test]
    fn keys_of_every_type_keep_all_their_characters() {
        let literal = |ty, text| key_literal(&ty, text);
        assert_eq!(literal(PgType::Varchar(Some(3)), "ab'c"), "'ab''c'::varchar");
        assert_eq!(literal(PgType::Char(Some(4)), "a\\  "), " E'a\\\\  '::bpchar");
        assert_eq!(literal(PgType::Enum("public.mood".into()), "ok"), "'ok'");
        assert_eq!(literal(PgType::Float8, "NaN"), "'NaN'::double precision");
        let of = firn_catalog::Numeric { precision: 4, scale: 1 };
        assert_eq!(literal(PgType::Numeric(Some(of)), "1.5"), "'1.5'::numeric");
    }

    #[test]
    fn a_lookback_may_reach_before_the_beginning_of_time() {
        let text = |kind, value| watermark_literal(Watermark::new(kind, value));
        assert_eq!(text(WatermarkKind::Timestamptz, FIRST_MICROS - 1), "'-infinity'::timestamptz");
        assert_eq!(text(WatermarkKind::Timestamp, FIRST_MICROS), "'4714-11-24 00:00:00 BC'::timestamp");
        assert_eq!(text(WatermarkKind::Date, FIRST_DAY - 1), "'-infinity'::date");
        assert_eq!(text(WatermarkKind::Date, END_DAY), "'infinity'::date");
        assert_eq!(text(WatermarkKind::Date, END_DAY - 1), "'5874897-12-31'::date");
        assert_eq!(text(WatermarkKind::Integer, i64::MIN), "'-9223372036854775808'::bigint");
        assert_eq!(text(WatermarkKind::Integer, i64::MAX), "'9223372036854775807'::bigint");
    }

    #[test]
    fn a_cursor_of_another_key_or_axis_is_an_error() {
        let two = cursor("2024-05-01", Some(&["1", "2"]));
        assert!(select(&orders(), &two).unwrap_err().message.contains("2 key values"));
        let integers = plan(&[("id", PgType::Int8), ("n", PgType::Int4)], &[0], Some(1));
        assert!(select(&integers, &cursor("2024-05-01", None)).is_err());
        let without = plan(&[("id", PgType::Int8)], &[0], None);
        assert!(select(&without, &ReadScope::NullWatermarks).unwrap_err().hint.is_some());
    }
}
