//! The type map: one table from PostgreSQL through Arrow to each target, with a verdict a row.
//!
//! The encoder, the DDL, `docs/types.md` and the verdicts in the window all read this table.

use crate::pgtype::PgType;
use arrow::datatypes::{DataType, Field, TimeUnit};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;

/// What happens to the values of a column on their way to the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every value arrives as it is. A value the target cannot hold is a rejected row, never a changed one.
    Exact,
    /// The target's type holds more than the source's.
    Widens,
    /// Something is lost, and the note says what. Never chosen without the user's word.
    Lossy,
    /// The value arrives as its exact text, because the target has no such type.
    AsText,
    /// The column stops its table until it is left out or transformed.
    Refused,
}

/// The SQL dialect of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// DuckDB, the embedded default.
    Duckdb,
}

/// One row of the type map, in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct TypeRow {
    /// The PostgreSQL type.
    pub postgres: &'static str,
    /// The Arrow type that crosses the seams.
    pub arrow: &'static str,
    /// The type of the column in DuckDB.
    pub duckdb: &'static str,
    /// The verdict.
    pub verdict: Verdict,
    /// Which single values are refused, and what a reader should know.
    pub note: &'static str,
}

const fn row(
    postgres: &'static str,
    arrow: &'static str,
    duckdb: &'static str,
    verdict: Verdict,
    note: &'static str,
) -> TypeRow {
    TypeRow { postgres, arrow, duckdb, verdict, note }
}

use Verdict::{AsText, Exact, Refused};

const ROWS: [TypeRow; 23] = [
    row("boolean", "Boolean", "BOOLEAN", Exact, ""),
    row("smallint", "Int16", "SMALLINT", Exact, ""),
    row("integer", "Int32", "INTEGER", Exact, ""),
    row("bigint", "Int64", "BIGINT", Exact, ""),
    row("real", "Float32", "FLOAT", Exact, "NaN, infinities and −0 included"),
    row("double precision", "Float64", "DOUBLE", Exact, "NaN, infinities and −0 included"),
    row("numeric(p,s)", "Decimal128(p,s)", "DECIMAL(p,s)", Exact, "up to 38 digits; a row with NaN is rejected"),
    row(
        "numeric",
        "Utf8",
        "VARCHAR",
        AsText,
        "no limit of digits fits; NaN, ±Infinity and 131,072 digits kept as exact text",
    ),
    row("text", "Utf8", "VARCHAR", Exact, ""),
    row("varchar(n)", "Utf8", "VARCHAR", Exact, ""),
    row("char(n)", "Utf8", "VARCHAR", Exact, "padding blanks kept"),
    row("bytea", "Binary", "BLOB", Exact, ""),
    row("date", "Date32", "DATE", Exact, "±infinity and BC included"),
    row("time", "Time64(µs)", "TIME", Exact, "24:00:00 included"),
    row(
        "timestamp",
        "Timestamp(µs)",
        "TIMESTAMP",
        Exact,
        "±infinity and BC included; a row after the year 294246 is rejected",
    ),
    row(
        "timestamptz",
        "Timestamp(µs, UTC)",
        "TIMESTAMPTZ",
        Exact,
        "±infinity and BC included; a row after the year 294246 is rejected",
    ),
    row("uuid", "FixedSizeBinary(16)", "UUID", Exact, ""),
    row("json", "Utf8", "JSON", Exact, "the text as stored, blanks and key order included"),
    row("jsonb", "Utf8", "JSON", Exact, "the text PostgreSQL prints"),
    row("enum", "Utf8", "VARCHAR", AsText, "the label; the order of the labels stays in the source"),
    row("domain", "as its base type", "as its base type", Exact, "the constraint stays in the source"),
    row("array", "List(item)", "item[]", Exact, "one dimension, from index 1; a row with another shape is rejected"),
    row("any other type", "–", "–", Refused, "leave the column out or cast it with a transform"),
];

/// Returns the type map, a row a type.
#[must_use]
pub fn type_rows() -> &'static [TypeRow] {
    &ROWS
}

/// How one column travels: what the encoder builds, what the DDL says and what the window shows.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnPlan {
    /// The Arrow type that crosses the seams.
    pub arrow: DataType,
    /// The type in the target's DDL.
    pub ddl: String,
    /// What happens to the values.
    pub verdict: Verdict,
    /// Which single values are refused, or why the column is.
    pub note: String,
}

/// Plans a column for a target.
#[must_use]
pub fn plan_column(ty: &PgType, dialect: Dialect) -> ColumnPlan {
    let Dialect::Duckdb = dialect;
    let (at, arrow) = match ty {
        PgType::Bool => (0, DataType::Boolean),
        PgType::Int2 => (1, DataType::Int16),
        PgType::Int4 => (2, DataType::Int32),
        PgType::Int8 => (3, DataType::Int64),
        PgType::Float4 => (4, DataType::Float32),
        PgType::Float8 => (5, DataType::Float64),
        PgType::Numeric(typmod) => match typmod.and_then(|n| n.decimal128()) {
            Some((precision, scale)) => {
                let mut plan = from_row(6, DataType::Decimal128(precision, scale));
                plan.ddl = format!("DECIMAL({precision},{scale})");
                return plan;
            }
            None => (7, DataType::Utf8),
        },
        PgType::Text => (8, DataType::Utf8),
        PgType::Varchar(_) => (9, DataType::Utf8),
        PgType::Char(_) => (10, DataType::Utf8),
        PgType::Bytea => (11, DataType::Binary),
        PgType::Date => (12, DataType::Date32),
        PgType::Time => (13, DataType::Time64(TimeUnit::Microsecond)),
        PgType::Timestamp => (14, DataType::Timestamp(TimeUnit::Microsecond, None)),
        PgType::Timestamptz => (15, DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))),
        PgType::Uuid => (16, DataType::FixedSizeBinary(16)),
        PgType::Json => (17, DataType::Utf8),
        PgType::Jsonb => (18, DataType::Utf8),
        PgType::Enum(_) => (19, DataType::Utf8),
        PgType::Domain(_, base) => return plan_column(base, dialect),
        PgType::Array(item) => return plan_array(item, dialect),
        PgType::Xid => (2, DataType::UInt32),
        PgType::Other { oid, name } => return refused(format!("type {name} (OID {oid}) is not supported")),
    };
    from_row(at, arrow)
}

fn from_row(at: usize, arrow: DataType) -> ColumnPlan {
    let row = &ROWS[at];
    ColumnPlan { arrow, ddl: row.duckdb.to_owned(), verdict: row.verdict, note: row.note.to_owned() }
}

fn refused(note: String) -> ColumnPlan {
    ColumnPlan { arrow: DataType::Null, ddl: String::new(), verdict: Refused, note }
}

fn plan_array(item: &PgType, dialect: Dialect) -> ColumnPlan {
    let inner = plan_column(item, dialect);
    match (item.base(), inner.verdict) {
        (PgType::Array(_), _) => {
            refused(format!("type {item}[] (an array over a domain over an array) is not supported"))
        }
        (_, Refused) => refused(format!("array of {item}: {}", inner.note)),
        _ => ColumnPlan {
            arrow: DataType::List(Arc::new(field("item", item, inner.arrow, true))),
            ddl: format!("{}[]", inner.ddl),
            verdict: inner.verdict.max(Exact),
            note: ROWS[21].note.to_owned(),
        },
    }
}

/// Makes the Arrow field of a column, with the extension name where the storage type alone does not say what it is.
#[must_use]
pub fn field(name: &str, ty: &PgType, arrow: DataType, nullable: bool) -> Field {
    let field = Field::new(name, arrow, nullable);
    match ty.base() {
        PgType::Uuid => {
            field.with_metadata(HashMap::from([("ARROW:extension:name".to_owned(), "arrow.uuid".to_owned())]))
        }
        _ => field,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pgtype::Numeric;

    #[test]
    fn every_type_finds_its_own_row() {
        let plan = |ty: &PgType| plan_column(ty, Dialect::Duckdb);
        let expect = [
            (PgType::Bool, "BOOLEAN"),
            (PgType::Int2, "SMALLINT"),
            (PgType::Int4, "INTEGER"),
            (PgType::Int8, "BIGINT"),
            (PgType::Float4, "FLOAT"),
            (PgType::Float8, "DOUBLE"),
            (PgType::Numeric(Some(Numeric { precision: 12, scale: 2 })), "DECIMAL(12,2)"),
            (PgType::Numeric(Some(Numeric { precision: 50, scale: 2 })), "VARCHAR"),
            (PgType::Numeric(None), "VARCHAR"),
            (PgType::Text, "VARCHAR"),
            (PgType::Varchar(Some(3)), "VARCHAR"),
            (PgType::Char(Some(3)), "VARCHAR"),
            (PgType::Bytea, "BLOB"),
            (PgType::Date, "DATE"),
            (PgType::Time, "TIME"),
            (PgType::Timestamp, "TIMESTAMP"),
            (PgType::Timestamptz, "TIMESTAMPTZ"),
            (PgType::Uuid, "UUID"),
            (PgType::Json, "JSON"),
            (PgType::Jsonb, "JSON"),
            (PgType::Enum("public.mood".into()), "VARCHAR"),
            (PgType::Domain("public.d".into(), Box::new(PgType::Int4)), "INTEGER"),
            (PgType::Array(Box::new(PgType::Uuid)), "UUID[]"),
        ];
        for (ty, ddl) in expect {
            assert_eq!(plan(&ty).ddl, ddl, "{ty}");
            assert_ne!(plan(&ty).verdict, Refused, "{ty}");
        }
    }

    #[test]
    fn unknown_types_are_refused_by_name_also_inside_arrays() {
        let other = PgType::Other { oid: 600, name: "point".into() };
        let plan = plan_column(&PgType::Array(Box::new(other)), Dialect::Duckdb);
        assert_eq!(plan.verdict, Refused);
        assert!(plan.note.contains("point") && plan.note.contains("600"), "{}", plan.note);
    }
}
