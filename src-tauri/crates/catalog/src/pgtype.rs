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
    /// An array of a scalar type. PostgreSQL does not store the number of dimensions with the type.
    Array(Box<PgType>),
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

    /// Returns whether `ORDER BY` and row comparison work on it and its text reads back: what a key column needs.
    #[must_use]
    pub fn orderable(&self) -> bool {
        match self.base() {
            Self::Json | Self::Jsonb | Self::Array(_) | Self::Other { .. } | Self::Xid => false,
            Self::Bool | Self::Int2 | Self::Int4 | Self::Int8 | Self::Float4 | Self::Float8 | Self::Numeric(_) => true,
            Self::Text | Self::Varchar(_) | Self::Char(_) | Self::Bytea | Self::Enum(_) | Self::Uuid => true,
            Self::Date | Self::Time | Self::Timestamp | Self::Timestamptz | Self::Domain(..) => true,
        }
    }
}

impl fmt::Display for PgType {
    /// Writes the type as PostgreSQL's `format_type` does.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("boolean"),
            Self::Int2 => f.write_str("smallint"),
            Self::Int4 => f.write_str("integer"),
            Self::Int8 => f.write_str("bigint"),
            Self::Float4 => f.write_str("real"),
            Self::Float8 => f.write_str("double precision"),
            Self::Numeric(None) => f.write_str("numeric"),
            Self::Numeric(Some(n)) => write!(f, "numeric({},{})", n.precision, n.scale),
            Self::Text => f.write_str("text"),
            Self::Varchar(None) => f.write_str("character varying"),
            Self::Varchar(Some(n)) => write!(f, "character varying({n})"),
            Self::Char(None) => f.write_str("bpchar"),
            Self::Char(Some(n)) => write!(f, "character({n})"),
            Self::Bytea => f.write_str("bytea"),
            Self::Date => f.write_str("date"),
            Self::Time => f.write_str("time without time zone"),
            Self::Timestamp => f.write_str("timestamp without time zone"),
            Self::Timestamptz => f.write_str("timestamp with time zone"),
            Self::Uuid => f.write_str("uuid"),
            Self::Json => f.write_str("json"),
            Self::Jsonb => f.write_str("jsonb"),
            Self::Enum(name) | Self::Domain(name, _) | Self::Other { name, .. } => f.write_str(name),
            Self::Array(item) => write!(f, "{item}[]"),
            Self::Xid => f.write_str("xid"),
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
