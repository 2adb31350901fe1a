//! The rows of the type map, in words: `docs/types.md` prints them, [`crate::typemap`] plans columns by them.

use crate::typemap::Verdict::{self, AsText, Exact, Refused};
use serde::Serialize;

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

/// What becomes of the odd values of binary floats.
const FLOATS: &str = "NaN and infinities included; −0 beside 0 may become one of them";

pub(crate) const BOOLEAN: TypeRow = row("boolean", "Boolean", "BOOLEAN", Exact, "");
pub(crate) const SMALLINT: TypeRow = row("smallint", "Int16", "SMALLINT", Exact, "");
pub(crate) const INTEGER: TypeRow = row("integer", "Int32", "INTEGER", Exact, "");
pub(crate) const BIGINT: TypeRow = row("bigint", "Int64", "BIGINT", Exact, "");
pub(crate) const REAL: TypeRow = row("real", "Float32", "FLOAT", Exact, FLOATS);
pub(crate) const DOUBLE: TypeRow = row("double precision", "Float64", "DOUBLE", Exact, FLOATS);
pub(crate) const DECIMAL: TypeRow =
    row("numeric(p,s)", "Decimal128(p,s)", "DECIMAL(p,s)", Exact, "up to 38 digits; NaN does not fit");
pub(crate) const NUMERIC: TypeRow = row(
    "numeric",
    "Utf8",
    "VARCHAR",
    AsText,
    "no limit of digits fits; NaN, ±Infinity and 131,072 digits kept as exact text",
);
pub(crate) const MONEY: TypeRow = row(
    "money",
    "Decimal128(19,n)",
    "DECIMAL(19,n)",
    Exact,
    "n digits after the point, as the server's lc_monetary says; the currency stays in the source",
);
pub(crate) const TEXT: TypeRow = row("text", "Utf8", "VARCHAR", Exact, "");
pub(crate) const VARCHAR: TypeRow = row("varchar(n)", "Utf8", "VARCHAR", Exact, "");
pub(crate) const CHAR: TypeRow = row("char(n)", "Utf8", "VARCHAR", Exact, "padding blanks kept");
pub(crate) const OTHER_TEXT: TypeRow = row(
    "citext, name, \"char\"",
    "Utf8",
    "VARCHAR",
    Exact,
    "DuckDB tells upper from lower case where citext does not: in a key of citext a change of case is a new key",
);
pub(crate) const BYTEA: TypeRow = row("bytea", "Binary", "BLOB", Exact, "");
pub(crate) const DATE: TypeRow = row("date", "Date32", "DATE", Exact, "±infinity and BC included");
pub(crate) const TIME: TypeRow = row("time", "Time64(µs)", "TIME", Exact, "24:00:00 included");
pub(crate) const TIMETZ: TypeRow = row(
    "timetz",
    "Utf8",
    "TIMETZ",
    Exact,
    "DuckDB casts the text, whose offset may have seconds; it prints an offset such as +00:00:01 wrongly, but stores it",
);
pub(crate) const TIMESTAMP: TypeRow = row(
    "timestamp",
    "Timestamp(µs)",
    "TIMESTAMP",
    Exact,
    "±infinity and BC included; a moment after the year 294246 does not fit",
);
pub(crate) const TIMESTAMPTZ: TypeRow = row(
    "timestamptz",
    "Timestamp(µs, UTC)",
    "TIMESTAMPTZ",
    Exact,
    "±infinity and BC included; a moment after the year 294246 does not fit",
);
pub(crate) const INTERVAL: TypeRow = row(
    "interval",
    "Interval(MonthDayNano)",
    "INTERVAL",
    Exact,
    "months, days and microseconds kept apart; ±infinity, and hours that make more than 292 years, do not fit",
);
pub(crate) const UUID: TypeRow = row("uuid", "FixedSizeBinary(16)", "UUID", Exact, "");
pub(crate) const JSON: TypeRow =
    row("json", "Utf8", "JSON", Exact, "the text as stored, blanks and key order included");
pub(crate) const JSONB: TypeRow = row("jsonb", "Utf8", "JSON", Exact, "the text PostgreSQL prints");
pub(crate) const ENUM: TypeRow =
    row("enum", "Utf8", "VARCHAR", AsText, "the label; the order of the labels stays in the source");
pub(crate) const NETWORK: TypeRow =
    row("inet, cidr, macaddr, macaddr8", "Utf8", "VARCHAR", AsText, "as PostgreSQL prints it");
pub(crate) const BITS: TypeRow = row("bit(n), varbit(n)", "Utf8", "VARCHAR", AsText, "0 and 1, the first bit first");
pub(crate) const XML: TypeRow = row("xml", "Utf8", "VARCHAR", AsText, "the text as stored, cast to text by the server");
pub(crate) const LTREE: TypeRow = row("ltree, lquery, ltxtquery", "Utf8", "VARCHAR", AsText, "as PostgreSQL prints it");
pub(crate) const SEARCH: TypeRow =
    row("tsvector, tsquery, jsonpath, pg_lsn", "Utf8", "VARCHAR", AsText, "as PostgreSQL prints it");
pub(crate) const HSTORE: TypeRow =
    row("hstore", "Map(Utf8, Utf8)", "MAP(VARCHAR, VARCHAR)", Exact, "a value may be NULL, a key may not");
pub(crate) const RANGE: TypeRow = row(
    "int4range …, multiranges",
    "Utf8",
    "VARCHAR",
    AsText,
    "as PostgreSQL prints it in the time zone UTC; ranges of one's own, too",
);
pub(crate) const POINT: TypeRow = row("point", "Struct(x, y: Float64)", "STRUCT(x DOUBLE, y DOUBLE)", Exact, FLOATS);
pub(crate) const GEOMETRIC: TypeRow = row(
    "line, lseg, box, path, polygon, circle",
    "Utf8",
    "VARCHAR",
    AsText,
    "as PostgreSQL prints it: the shortest digits that read back to the same floats",
);
pub(crate) const OID: TypeRow = row("oid", "UInt32", "UINTEGER", Exact, "");
pub(crate) const REGISTERED: TypeRow =
    row("regclass, regtype …", "Utf8", "VARCHAR", AsText, "the name, cast to text by the server");
pub(crate) const GEOMETRY: TypeRow = row("geometry, geography", "Binary", "BLOB", Exact, "PostGIS: EWKB with the SRID");
pub(crate) const VECTOR: TypeRow = row(
    "vector(n), halfvec(n)",
    "FixedSizeList(Float32, n)",
    "FLOAT[n]",
    Exact,
    "pgvector; List and FLOAT[] without n",
);
pub(crate) const DOMAIN: TypeRow =
    row("domain", "as its base type", "as its base type", Exact, "the constraint stays in the source");
pub(crate) const ARRAY: TypeRow = row(
    "array",
    "List(item)",
    "item[]",
    Exact,
    "as many dimensions as the column was declared with, each from index 1; another shape does not fit; arrays of all types of this table",
);
pub(crate) const COMPOSITE: TypeRow =
    row("composite", "Struct", "STRUCT(…)", Exact, "as its attributes: those that are as text, or refused, make it so");
pub(crate) const OTHER: TypeRow =
    row("any other type", "–", "–", Refused, "leave the column out or cast it with a transform");

const ROWS: [TypeRow; 41] = [
    BOOLEAN,
    SMALLINT,
    INTEGER,
    BIGINT,
    REAL,
    DOUBLE,
    DECIMAL,
    NUMERIC,
    MONEY,
    TEXT,
    VARCHAR,
    CHAR,
    OTHER_TEXT,
    BYTEA,
    DATE,
    TIME,
    TIMETZ,
    TIMESTAMP,
    TIMESTAMPTZ,
    INTERVAL,
    UUID,
    JSON,
    JSONB,
    ENUM,
    NETWORK,
    BITS,
    XML,
    LTREE,
    SEARCH,
    HSTORE,
    RANGE,
    POINT,
    GEOMETRIC,
    OID,
    REGISTERED,
    GEOMETRY,
    VECTOR,
    DOMAIN,
    ARRAY,
    COMPOSITE,
    OTHER,
];

/// Returns the type map, a row a type.
#[must_use]
pub fn type_rows() -> &'static [TypeRow] {
    &ROWS
}
