//! PostgreSQL types as the catalog of a server names them, reduced to what decides their encoding.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The declared size of a `numeric(p, s)` column. `s` may be negative (PostgreSQL 15) or larger than `p`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Numeric {
    /// Total digits, 1 to 1000.
    pub precision: u16,
    /// Digits after the point, −1000 to 1000.
    pub scale: i16,
}

impl Numeric {
    /// Reads `atttypmod` of a numeric column; −1 (no typmod) gives `None`.
    #[must_use]
    pub fn from_typmod(typmod: i32) -> Option<Self> {
        // numeric.c packs ((precision << 16) | (scale & 0x7ff)) + VARHDRSZ; the scale is an 11-bit signed number.
        let packed = typmod.checked_sub(4).filter(|p| *p >= 0)?;
        let scale = (packed & 0x7ff) ^ 1024;
        Some(Self { precision: u16::try_from((packed >> 16) & 0xffff).ok()?, scale: i16::try_from(scale - 1024).ok()? })
    }

    /// Returns precision and scale of the smallest decimal that holds every value, where it has at most 38 digits.
    #[must_use]
    pub fn decimal128(self) -> Option<(u8, i8)> {
        let scale = i32::from(self.scale).max(0);
        // A negative scale appends zeros before the point; a scale above the precision needs that many places.
        let digits = (i32::from(self.precision) - i32::from(self.scale).min(0)).max(scale);
        (digits <= 38).then_some((u8::try_from(digits).ok()?, i8::try_from(scale).ok()?))
    }
}

/// A PostgreSQL type, as far as it decides how a value travels.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PgType {
    /// `boolean`
    Bool,
    /// `smallint`
    Int2,
    /// `integer`
    Int4,
    /// `bigint`
    Int8,
    /// `real`
    Float4,
    /// `double precision`
    Float8,
    /// `numeric`, with its typmod where it has one.
    Numeric(Option<Numeric>),
    /// `text`
    Text,
    /// `varchar(n)`; the limit is in characters.
    Varchar(Option<u32>),
    /// `char(n)`; blank-padded, the limit is in characters.
    Char(Option<u32>),
    /// `bytea`
    Bytea,
    /// `date`
    Date,
    /// `time without time zone`
    Time,
    /// `timestamp without time zone`
    Timestamp,
    /// `timestamp with time zone`
    Timestamptz,
    /// `uuid`
    Uuid,
    /// `json`
    Json,
    /// `jsonb`
    Jsonb,
    /// An enum, by its qualified name.
    Enum(String),
    /// A domain: its qualified name and what it stands over.
    Domain(String, Box<PgType>),
    /// An array. PostgreSQL does not store the number of dimensions with the type, but keeps what a column was
    /// declared with: `int[][]` is an array directly over an array, and one value of the server. An array over a
    /// domain over an array is an array of such values.
    Array(Box<PgType>),
    /// `citext`, of the extension: text that the source compares without regard to case.
    Citext,
    /// `name`, the type of identifiers.
    Name,
    /// `"char"`, one byte.
    InternalChar,
    /// `time with time zone`
    Timetz,
    /// `interval`
    Interval,
    /// `inet`
    Inet,
    /// `cidr`
    Cidr,
    /// `macaddr`
    Macaddr,
    /// `macaddr8`
    Macaddr8,
    /// `bit(n)`
    Bit(Option<u32>),
    /// `bit varying(n)`
    Varbit(Option<u32>),
    /// `xml`
    Xml,
    /// `ltree`, of the extension.
    Ltree,
    /// `lquery`, of the extension `ltree`.
    Lquery,
    /// `ltxtquery`, of the extension `ltree`.
    Ltxtquery,
    /// `tsvector`
    Tsvector,
    /// `tsquery`
    Tsquery,
    /// `jsonpath`
    Jsonpath,
    /// `pg_lsn`
    PgLsn,
    /// `hstore`, of the extension.
    Hstore,
    /// A range: its qualified name and the type of its bounds.
    Range(String, Box<PgType>),
    /// A multirange: its qualified name and the type of the bounds of its ranges.
    Multirange(String, Box<PgType>),
    /// `money`, with the digits after the point that the server's `lc_monetary` has.
    Money(u8),
    /// `point`
    Point,
    /// `line`
    Line,
    /// `lseg`
    Lseg,
    /// `box`
    Box,
    /// `path`
    Path,
    /// `polygon`
    Polygon,
    /// `circle`
    Circle,
    /// A composite type: its qualified name and its attributes in order, dropped ones left out.
    Composite(String, Vec<(String, PgType)>),
    /// `oid`
    Oid,
    /// An object of the catalog by its OID, such as `regclass`, under the type's name.
    Registered(String),
    /// `geometry`, of the extension PostGIS.
    Geometry,
    /// `geography`, of the extension PostGIS.
    Geography,
    /// `vector(n)`, of the extension pgvector.
    Vector(Option<u32>),
    /// `halfvec(n)`, of the extension pgvector.
    Halfvec(Option<u32>),
    /// The system column `xmin`, read beside a row to tell two versions with equal watermarks apart.
    Xid,
    /// Any other type: its OID and qualified name. Never turned into text.
    Other {
        /// `pg_type.oid`
        oid: u32,
        /// `format_type()` of it.
        name: String,
    },
}

impl PgType {
    /// Returns the type below all domains.
    #[must_use]
    pub fn base(&self) -> &Self {
        match self {
            Self::Domain(_, base) => base.base(),
            other => other,
        }
    }

    /// Returns whether `ORDER BY` and row comparison work on it, its text reads back, and two values are equal to the
    /// server exactly where their texts are: what a key column needs.
    #[must_use]
    pub fn orderable(&self) -> bool {
        match self.base() {
            Self::Bool | Self::Int2 | Self::Int4 | Self::Int8 | Self::Float4 | Self::Float8 | Self::Numeric(_) => true,
            Self::Text | Self::Varchar(_) | Self::Char(_) | Self::Bytea | Self::Enum(_) | Self::Uuid => true,
            Self::Date | Self::Time | Self::Timestamp | Self::Timestamptz | Self::Timetz | Self::Domain(..) => true,
            Self::Citext | Self::Name | Self::InternalChar | Self::Ltree | Self::Oid | Self::PgLsn => true,
            Self::Inet | Self::Cidr | Self::Macaddr | Self::Macaddr8 | Self::Bit(_) | Self::Varbit(_) => true,
            // '1 mon' equals '30 days', and [1.0,2) equals [1.00,2).
            Self::Interval | Self::Range(..) | Self::Multirange(..) => false,
            // Its text depends on the server's settings.
            Self::Money(_) => false,
            Self::Json | Self::Jsonb | Self::Xml | Self::Jsonpath | Self::Lquery | Self::Ltxtquery => false,
            Self::Tsvector | Self::Tsquery | Self::Hstore | Self::Composite(..) | Self::Registered(_) => false,
            Self::Point | Self::Line | Self::Lseg | Self::Box | Self::Path | Self::Polygon | Self::Circle => false,
            Self::Geometry | Self::Geography | Self::Vector(_) | Self::Halfvec(_) => false,
            Self::Array(_) | Self::Other { .. } | Self::Xid => false,
        }
    }

    /// Returns the SQL type that a value is cast to before it is read, where its binary form does not say what it is:
    /// an OID needs the server's catalog, and `xml` in binary is not the text that was stored.
    #[must_use]
    pub fn read_cast(&self) -> Option<&'static str> {
        match self.base() {
            Self::Xml | Self::Registered(_) => Some("text"),
            Self::Array(item) => item.read_cast().map(|_| "text[]"),
            _ => None,
        }
    }

    /// Returns whether the text that PostgreSQL prints can be written from the binary form alone: what the bounds of a
    /// range need.
    #[must_use]
    pub fn printable(&self) -> bool {
        match self.base() {
            Self::Range(_, bound) | Self::Multirange(_, bound) => bound.printable(),
            Self::Bool | Self::Int2 | Self::Int4 | Self::Int8 | Self::Float4 | Self::Float8 | Self::Numeric(_) => true,
            Self::Text | Self::Varchar(_) | Self::Char(_) | Self::Citext | Self::Name | Self::InternalChar => true,
            Self::Bytea | Self::Uuid | Self::Enum(_) | Self::Json | Self::Oid | Self::PgLsn | Self::Domain(..) => true,
            Self::Jsonb | Self::Jsonpath | Self::Ltree | Self::Lquery | Self::Ltxtquery => true,
            Self::Date | Self::Time | Self::Timestamp | Self::Timestamptz | Self::Timetz | Self::Interval => true,
            Self::Inet | Self::Cidr | Self::Macaddr | Self::Macaddr8 | Self::Bit(_) | Self::Varbit(_) => true,
            Self::Point | Self::Line | Self::Lseg | Self::Box | Self::Path | Self::Polygon | Self::Circle => true,
            Self::Tsvector | Self::Tsquery => true,
            Self::Money(_) | Self::Xml | Self::Registered(_) | Self::Hstore | Self::Composite(..) => false,
            Self::Geometry | Self::Geography | Self::Vector(_) | Self::Halfvec(_) => false,
            Self::Array(_) | Self::Other { .. } | Self::Xid => false,
        }
    }

    /// Returns the name of a type that has neither a size nor a name of its own; empty for the others.
    fn plain_name(&self) -> &'static str {
        match self {
            Self::Bool => "boolean",
            Self::Int2 => "smallint",
            Self::Int4 => "integer",
            Self::Int8 => "bigint",
            Self::Float4 => "real",
            Self::Float8 => "double precision",
            Self::Text => "text",
            Self::Bytea => "bytea",
            Self::Date => "date",
            Self::Time => "time without time zone",
            Self::Timestamp => "timestamp without time zone",
            Self::Timestamptz => "timestamp with time zone",
            Self::Uuid => "uuid",
            Self::Json => "json",
            Self::Jsonb => "jsonb",
            Self::Citext => "citext",
            Self::Name => "name",
            Self::InternalChar => "\"char\"",
            Self::Timetz => "time with time zone",
            Self::Interval => "interval",
            Self::Inet => "inet",
            Self::Cidr => "cidr",
            Self::Macaddr => "macaddr",
            Self::Macaddr8 => "macaddr8",
            Self::Xml => "xml",
            Self::Ltree => "ltree",
            Self::Lquery => "lquery",
            Self::Ltxtquery => "ltxtquery",
            Self::Tsvector => "tsvector",
            Self::Tsquery => "tsquery",
            Self::Jsonpath => "jsonpath",
            Self::PgLsn => "pg_lsn",
            Self::Hstore => "hstore",
            Self::Money(_) => "money",
            Self::Point => "point",
            Self::Line => "line",
            Self::Lseg => "lseg",
            Self::Box => "box",
            Self::Path => "path",
            Self::Polygon => "polygon",
            Self::Circle => "circle",
            Self::Oid => "oid",
            Self::Xid => "xid",
            Self::Geometry => "geometry",
            Self::Geography => "geography",
            Self::Numeric(_) | Self::Varchar(_) | Self::Char(_) | Self::Bit(_) | Self::Varbit(_) => "",
            Self::Vector(_) | Self::Halfvec(_) | Self::Enum(_) | Self::Domain(..) | Self::Array(_) => "",
            Self::Range(..) | Self::Multirange(..) | Self::Composite(..) | Self::Registered(_) => "",
            Self::Other { .. } => "",
        }
    }
}

impl fmt::Display for PgType {
    /// Writes the type as PostgreSQL's `format_type` does.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Numeric(None) => f.write_str("numeric"),
            Self::Numeric(Some(n)) => write!(f, "numeric({},{})", n.precision, n.scale),
            Self::Varchar(None) => f.write_str("character varying"),
            Self::Varchar(Some(n)) => write!(f, "character varying({n})"),
            Self::Char(None) => f.write_str("bpchar"),
            Self::Char(Some(n)) => write!(f, "character({n})"),
            Self::Enum(name) | Self::Domain(name, _) | Self::Other { name, .. } => f.write_str(name),
            Self::Range(name, _) | Self::Multirange(name, _) | Self::Composite(name, _) => f.write_str(name),
            Self::Array(item) => write!(f, "{item}[]"),
            Self::Bit(None) => f.write_str("bit"),
            Self::Bit(Some(n)) => write!(f, "bit({n})"),
            Self::Varbit(None) => f.write_str("bit varying"),
            Self::Varbit(Some(n)) => write!(f, "bit varying({n})"),
            Self::Vector(None) => f.write_str("vector"),
            Self::Vector(Some(n)) => write!(f, "vector({n})"),
            Self::Halfvec(None) => f.write_str("halfvec"),
            Self::Halfvec(Some(n)) => write!(f, "halfvec({n})"),
            Self::Registered(name) => f.write_str(name),
            plain => f.write_str(plain.plain_name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numeric_typmods_as_the_server_packs_them() {
        // select atttypmod of numeric(12,2), numeric(5,-2), numeric(3,5), numeric(1000,1000), numeric
        let unpack = |t| Numeric::from_typmod(t).map(|n| (n.precision, n.scale));
        assert_eq!(unpack((12 << 16 | 2) + 4), Some((12, 2)));
        assert_eq!(unpack((5 << 16 | (-2 & 0x7ff)) + 4), Some((5, -2)));
        assert_eq!(unpack((3 << 16 | 5) + 4), Some((3, 5)));
        assert_eq!(unpack((1000 << 16 | 1000) + 4), Some((1000, 1000)));
        assert_eq!(unpack(-1), None);
    }

    #[test]
    fn the_smallest_decimal_holds_every_value() {
        let fit = |precision, scale| Numeric { precision, scale }.decimal128();
        assert_eq!(fit(12, 2), Some((12, 2)));
        assert_eq!(fit(5, -2), Some((7, 0)));
        assert_eq!(fit(3, 5), Some((5, 5)));
        assert_eq!(fit(38, 0), Some((38, 0)));
        assert_eq!(fit(39, 0), None);
        assert_eq!(fit(37, -2), None);
        assert_eq!(fit(2, 40), None);
    }
}
