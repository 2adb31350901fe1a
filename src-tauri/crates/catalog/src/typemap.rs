//! The type map: one table from PostgreSQL through Arrow to each target, with a verdict a row.
//!
//! The encoder, the DDL, `docs/types.md` and the verdicts in the window all read this table; its rows in words stand in
//! [`crate::typerows`].

use crate::pgtype::PgType;
use crate::typerows::{self as rows, TypeRow};
use arrow::datatypes::{DataType, Field, Fields, IntervalUnit, TimeUnit};
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

/// What becomes of a value that its column's type in the target cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unfit {
    /// Its row is rejected and kept aside.
    #[default]
    Reject,
    /// The value becomes NULL, and is counted.
    Null,
}

use Verdict::Refused;

/// The SQL dialect of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// DuckDB, the embedded default.
    Duckdb,
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
    /// What becomes of those values.
    pub unfit: Unfit,
}

/// Plans a column for a target.
#[must_use]
pub fn plan_column(ty: &PgType, dialect: Dialect) -> ColumnPlan {
    let Dialect::Duckdb = dialect;
    let utf8 = |row| from_row(row, DataType::Utf8);
    match ty {
        PgType::Bool => from_row(&rows::BOOLEAN, DataType::Boolean),
        PgType::Int2 => from_row(&rows::SMALLINT, DataType::Int16),
        PgType::Int4 => from_row(&rows::INTEGER, DataType::Int32),
        PgType::Int8 => from_row(&rows::BIGINT, DataType::Int64),
        PgType::Float4 => from_row(&rows::REAL, DataType::Float32),
        PgType::Float8 => from_row(&rows::DOUBLE, DataType::Float64),
        PgType::Numeric(typmod) => match typmod.and_then(|n| n.decimal128()) {
            Some((precision, scale)) => decimal(&rows::DECIMAL, precision, scale),
            None => utf8(&rows::NUMERIC),
        },
        PgType::Money(digits) => match i8::try_from(*digits).ok().filter(|digits| *digits <= 19) {
            Some(digits) => decimal(&rows::MONEY, 19, digits),
            None => refused(format!("type money with {digits} digits after the point is not supported")),
        },
        PgType::Text => utf8(&rows::TEXT),
        PgType::Varchar(_) => utf8(&rows::VARCHAR),
        PgType::Char(_) => utf8(&rows::CHAR),
        PgType::Citext | PgType::Name | PgType::InternalChar => utf8(&rows::OTHER_TEXT),
        PgType::Bytea => from_row(&rows::BYTEA, DataType::Binary),
        PgType::Date => from_row(&rows::DATE, DataType::Date32),
        PgType::Time => from_row(&rows::TIME, DataType::Time64(TimeUnit::Microsecond)),
        PgType::Timetz => utf8(&rows::TIMETZ),
        PgType::Timestamp => from_row(&rows::TIMESTAMP, DataType::Timestamp(TimeUnit::Microsecond, None)),
        PgType::Timestamptz => {
            from_row(&rows::TIMESTAMPTZ, DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())))
        }
        PgType::Interval => from_row(&rows::INTERVAL, DataType::Interval(IntervalUnit::MonthDayNano)),
        PgType::Uuid => from_row(&rows::UUID, DataType::FixedSizeBinary(16)),
        PgType::Json => utf8(&rows::JSON),
        PgType::Jsonb => utf8(&rows::JSONB),
        PgType::Enum(_) => utf8(&rows::ENUM),
        PgType::Inet | PgType::Cidr | PgType::Macaddr | PgType::Macaddr8 => utf8(&rows::NETWORK),
        PgType::Bit(_) | PgType::Varbit(_) => utf8(&rows::BITS),
        PgType::Xml => utf8(&rows::XML),
        PgType::Ltree | PgType::Lquery | PgType::Ltxtquery => utf8(&rows::LTREE),
        PgType::Tsvector | PgType::Tsquery | PgType::Jsonpath | PgType::PgLsn => utf8(&rows::SEARCH),
        PgType::Hstore => from_row(&rows::HSTORE, map_of_text()),
        PgType::Range(..) | PgType::Multirange(..) => plan_range(ty),
        PgType::Point => from_row(&rows::POINT, DataType::Struct(point_fields())),
        PgType::Line | PgType::Lseg | PgType::Box | PgType::Path => utf8(&rows::GEOMETRIC),
        PgType::Polygon | PgType::Circle => utf8(&rows::GEOMETRIC),
        PgType::Oid => from_row(&rows::OID, DataType::UInt32),
        PgType::Xid => from_row(&rows::OID, DataType::UInt32),
        PgType::Registered(_) => utf8(&rows::REGISTERED),
        PgType::Geometry | PgType::Geography => from_row(&rows::GEOMETRY, DataType::Binary),
        PgType::Vector(size) | PgType::Halfvec(size) => plan_vector(*size),
        PgType::Domain(_, base) => plan_column(base, dialect),
        PgType::Array(item) => plan_array(item, dialect),
        PgType::Composite(_, attributes) => plan_composite(ty, attributes, dialect),
        PgType::Other { oid, name } => refused(format!("type {name} (OID {oid}) is not supported")),
    }
}

fn from_row(row: &TypeRow, arrow: DataType) -> ColumnPlan {
    ColumnPlan {
        arrow,
        ddl: row.duckdb.to_owned(),
        verdict: row.verdict,
        note: row.note.to_owned(),
        unfit: Unfit::Reject,
    }
}

fn decimal(row: &TypeRow, precision: u8, scale: i8) -> ColumnPlan {
    let plan = from_row(row, DataType::Decimal128(precision, scale));
    ColumnPlan { ddl: format!("DECIMAL({precision},{scale})"), ..plan }
}

fn refused(note: String) -> ColumnPlan {
    ColumnPlan { arrow: DataType::Null, ddl: String::new(), verdict: Refused, note, unfit: Unfit::Reject }
}

fn plan_array(item: &PgType, dialect: Dialect) -> ColumnPlan {
    let inner = plan_column(item, dialect);
    if inner.verdict == Refused {
        return refused(format!("array of {item}: {}", inner.note));
    }
    ColumnPlan {
        arrow: DataType::List(Arc::new(field("item", item, inner.arrow, true))),
        ddl: format!("{}[]", inner.ddl),
        verdict: inner.verdict,
        note: rows::ARRAY.note.to_owned(),
        unfit: Unfit::Reject,
    }
}

fn plan_range(ty: &PgType) -> ColumnPlan {
    if ty.printable() {
        from_row(&rows::RANGE, DataType::Utf8)
    } else {
        refused(format!("type {ty} (a range over a type whose text only the server can write) is not supported"))
    }
}

fn plan_vector(size: Option<u32>) -> ColumnPlan {
    let item = Arc::new(Field::new("item", DataType::Float32, true));
    match size.and_then(|size| i32::try_from(size).ok()).filter(|size| *size > 0) {
        Some(size) => {
            let plan = from_row(&rows::VECTOR, DataType::FixedSizeList(item, size));
            ColumnPlan { ddl: format!("FLOAT[{size}]"), ..plan }
        }
        None => ColumnPlan { ddl: "FLOAT[]".to_owned(), ..from_row(&rows::VECTOR, DataType::List(item)) },
    }
}

fn plan_composite(ty: &PgType, attributes: &[(String, PgType)], dialect: Dialect) -> ColumnPlan {
    if attributes.is_empty() {
        return refused(format!("type {ty} has no attributes"));
    }
    let (mut fields, mut ddl) = (Vec::new(), Vec::new());
    let (mut verdict, mut note) = (rows::COMPOSITE.verdict, rows::COMPOSITE.note.to_owned());
    for (at, (name, attribute)) in attributes.iter().enumerate() {
        if let Some((twin, _)) = attributes.iter().take(at).find(|(other, _)| other.eq_ignore_ascii_case(name)) {
            return refused(format!("type {ty}: its attributes {twin} and {name} are one name in DuckDB"));
        }
        let plan = plan_column(attribute, dialect);
        if plan.verdict == Refused {
            return refused(format!("type {ty}: its attribute {name}: {}", plan.note));
        }
        if attribute.read_cast().is_some() {
            return refused(format!("type {ty}: its attribute {name} of type {attribute} is not supported"));
        }
        if plan.verdict > verdict {
            (verdict, note) = (plan.verdict, format!("attribute {name}: {}", plan.note));
        }
        fields.push(field(name, attribute, plan.arrow, true));
        // The name of a field is part of the type's text, which this table writes for DuckDB.
        ddl.push(format!("\"{}\" {}", name.replace('"', "\"\""), plan.ddl));
    }
    let ddl = format!("STRUCT({})", ddl.join(", "));
    ColumnPlan { arrow: DataType::Struct(fields.into()), ddl, verdict, note, unfit: Unfit::Reject }
}

/// The fields of a point.
fn point_fields() -> Fields {
    ["x", "y"].map(|name| Field::new(name, DataType::Float64, true)).to_vec().into()
}

/// A map from texts to texts or NULL.
fn map_of_text() -> DataType {
    let entry = [Field::new("key", DataType::Utf8, false), Field::new("value", DataType::Utf8, true)];
    let entries = Field::new("entries", DataType::Struct(entry.to_vec().into()), false);
    DataType::Map(Arc::new(entries), false)
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
    use super::Verdict::{AsText, Exact};
    use super::*;
    use crate::pgtype::Numeric;

    fn pair(first: &str, second: &str) -> PgType {
        PgType::Composite("public.p".into(), vec![(first.into(), PgType::Int4), (second.into(), PgType::Uuid)])
    }

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
            (PgType::Array(Box::new(PgType::Array(Box::new(PgType::Money(2))))), "DECIMAL(19,2)[][]"),
            (PgType::Citext, "VARCHAR"),
            (PgType::Timetz, "TIMETZ"),
            (PgType::Interval, "INTERVAL"),
            (PgType::Inet, "VARCHAR"),
            (PgType::Varbit(None), "VARCHAR"),
            (PgType::Xml, "VARCHAR"),
            (PgType::Hstore, "MAP(VARCHAR, VARCHAR)"),
            (PgType::Range("int4range".into(), Box::new(PgType::Int4)), "VARCHAR"),
            (PgType::Point, "STRUCT(x DOUBLE, y DOUBLE)"),
            (PgType::Oid, "UINTEGER"),
            (PgType::Geometry, "BLOB"),
            (PgType::Vector(Some(3)), "FLOAT[3]"),
            (PgType::Halfvec(None), "FLOAT[]"),
            (pair("a", "b\" c"), "STRUCT(\"a\" INTEGER, \"b\"\" c\" UUID)"),
        ];
        for (ty, ddl) in expect {
            assert_eq!(plan(&ty).ddl, ddl, "{ty}");
            assert_ne!(plan(&ty).verdict, Refused, "{ty}");
        }
    }

    #[test]
    fn unknown_types_are_refused_by_name_also_inside_others() {
        let other = || PgType::Other { oid: 5038, name: "pg_snapshot".into() };
        let inside = [
            PgType::Array(Box::new(other())),
            PgType::Composite("public.c".into(), vec![("a".into(), PgType::Int4), ("b".into(), other())]),
            PgType::Domain("public.d".into(), Box::new(other())),
        ];
        for ty in inside {
            let plan = plan_column(&ty, Dialect::Duckdb);
            assert_eq!(plan.verdict, Refused);
            assert!(plan.note.contains("pg_snapshot") && plan.note.contains("5038"), "{}", plan.note);
        }
        let range = plan_column(&PgType::Range("public.r".into(), Box::new(PgType::Money(2))), Dialect::Duckdb);
        assert!(range.verdict == Refused && range.note.contains("public.r"), "{range:?}");
    }

    #[test]
    fn a_composite_is_what_its_attributes_are() {
        let plan =
            |attribute| plan_column(&PgType::Composite("c".into(), vec![("a".into(), attribute)]), Dialect::Duckdb);
        assert_eq!(plan(PgType::Int4).verdict, Exact);
        assert_eq!(plan(PgType::Inet).verdict, AsText);
        assert!(plan(PgType::Xml).note.contains("xml"));
        assert_eq!(plan_column(&PgType::Composite("c".into(), Vec::new()), Dialect::Duckdb).verdict, Refused);
        assert_eq!(plan_column(&pair("a", "A"), Dialect::Duckdb).verdict, Refused);
    }
}
