//! Values whose column is text, printed from their binary form as the server prints them.
//!
//! | file | prints |
//! |---|---|
//! | `scalar` | numbers, moments, bits, addresses of networks and machines |
//! | `geometric` | lines, boxes, paths, circles |
//! | `search` | `tsvector` and `tsquery` |
//! | `range` | ranges and multiranges of whatever is printed here |

mod geometric;
mod range;
mod scalar;
mod search;

use super::cursor::{Broken, Cursor};
use super::numeric::{Number, most_text};
use firn_catalog::{PgType, pgtext};

/// Prints the values of one type.
#[derive(Debug)]
pub(super) enum Printer {
    Bool,
    Int2,
    Int4,
    Int8,
    Oid,
    Float4,
    Float8,
    Numeric,
    /// Bytes that are the text already.
    Text,
    /// Bytes that are the text after a version, which is 1.
    Versioned,
    InternalChar,
    Bytea,
    Uuid,
    Date,
    Time,
    Timetz,
    /// Moments, and what follows them: the offset, where there is one.
    Moment(&'static str),
    Interval,
    Network,
    Machine,
    Bits,
    Lsn,
    Point,
    Line,
    Segment,
    Box,
    Path,
    Polygon,
    Circle,
    Tsvector,
    Tsquery,
    Range(Box<Printer>),
    Multirange(Box<Printer>),
}

impl Printer {
    /// Returns the printer of a type; `None` where only the server can print it.
    pub fn of(ty: &PgType) -> Option<Self> {
        Some(match ty.base() {
            PgType::Bool => Self::Bool,
            PgType::Int2 => Self::Int2,
            PgType::Int4 => Self::Int4,
            PgType::Int8 => Self::Int8,
            PgType::Oid => Self::Oid,
            PgType::Float4 => Self::Float4,
            PgType::Float8 => Self::Float8,
            PgType::Numeric(_) => Self::Numeric,
            PgType::Text | PgType::Varchar(_) | PgType::Char(_) | PgType::Citext | PgType::Name => Self::Text,
            PgType::Enum(_) | PgType::Json => Self::Text,
            PgType::Jsonb | PgType::Jsonpath | PgType::Ltree | PgType::Lquery | PgType::Ltxtquery => Self::Versioned,
            PgType::InternalChar => Self::InternalChar,
            PgType::Bytea => Self::Bytea,
            PgType::Uuid => Self::Uuid,
            PgType::Date => Self::Date,
            PgType::Time => Self::Time,
            PgType::Timetz => Self::Timetz,
            PgType::Timestamp => Self::Moment(""),
            PgType::Timestamptz => Self::Moment("+00"),
            PgType::Interval => Self::Interval,
            PgType::Inet | PgType::Cidr => Self::Network,
            PgType::Macaddr | PgType::Macaddr8 => Self::Machine,
            PgType::Bit(_) | PgType::Varbit(_) => Self::Bits,
            PgType::PgLsn => Self::Lsn,
            PgType::Point => Self::Point,
            PgType::Line => Self::Line,
            PgType::Lseg => Self::Segment,
            PgType::Box => Self::Box,
            PgType::Path => Self::Path,
            PgType::Polygon => Self::Polygon,
            PgType::Circle => Self::Circle,
            PgType::Tsvector => Self::Tsvector,
            PgType::Tsquery => Self::Tsquery,
            PgType::Range(_, bound) => Self::Range(Box::new(Self::of(bound)?)),
            PgType::Multirange(_, bound) => Self::Multirange(Box::new(Self::of(bound)?)),
            _ => return None,
        })
    }

    /// Appends the text of a value. It is UTF-8 where the texts inside the value are.
    pub fn print(&self, raw: &[u8], out: &mut Vec<u8>) -> Result<(), Broken> {
        let mut cursor = Cursor::new(raw);
        match self {
            Self::Text => {
                out.extend_from_slice(raw);
                return Ok(());
            }
            Self::Bytea => {
                scalar::bytea(raw, out);
                return Ok(());
            }
            Self::Numeric => {
                Number::read(raw)?.write(out);
                return Ok(());
            }
            Self::Versioned => {
                if cursor.u8()? != 1 {
                    return Err("its version is not 1");
                }
                out.extend_from_slice(cursor.bytes(cursor.left())?);
            }
            Self::Bool => out.push(if cursor.u8()? == 0 { b'f' } else { b't' }),
            Self::Int2 => scalar::integer(i64::from(i16::from_be_bytes(cursor.array()?)), out),
            Self::Int4 => scalar::integer(i64::from(cursor.i32()?), out),
            Self::Int8 => scalar::integer(cursor.i64()?, out),
            Self::Oid => scalar::integer(i64::from(u32::from_be_bytes(cursor.array()?)), out),
            Self::Float4 => pgtext::float4(f32::from_be_bytes(cursor.array()?), out),
            Self::Float8 => pgtext::float8(cursor.f64()?, out),
            Self::InternalChar => scalar::internal_char(cursor.u8()?, out),
            Self::Uuid => scalar::uuid(cursor.array()?, out),
            Self::Date => scalar::date(cursor.i32()?, out),
            Self::Time => scalar::time(cursor.i64()?, out)?,
            Self::Timetz => scalar::timetz(cursor.i64()?, cursor.i32()?, out)?,
            Self::Moment(zone) => scalar::moment(cursor.i64()?, zone, out),
            Self::Interval => {
                let (micros, days, months) = (cursor.i64()?, cursor.i32()?, cursor.i32()?);
                pgtext::interval(months, days, micros, out);
            }
            Self::Network => scalar::network(&mut cursor, out)?,
            Self::Machine => scalar::machine(&mut cursor, out)?,
            Self::Bits => scalar::bits(&mut cursor, out)?,
            Self::Lsn => scalar::lsn(cursor.i64()?, out),
            Self::Point => geometric::point(&mut cursor, out)?,
            Self::Line => geometric::line(&mut cursor, out)?,
            Self::Segment => geometric::segment(&mut cursor, out)?,
            Self::Box => geometric::corners(&mut cursor, out)?,
            Self::Path => geometric::path(&mut cursor, out)?,
            Self::Polygon => geometric::polygon(&mut cursor, out)?,
            Self::Circle => geometric::circle(&mut cursor, out)?,
            Self::Tsvector => search::tsvector(&mut cursor, out)?,
            Self::Tsquery => search::tsquery(&mut cursor, out)?,
            Self::Range(bound) => range::range(&mut cursor, bound, out)?,
            Self::Multirange(bound) => range::multirange(&mut cursor, bound, out)?,
        }
        cursor.end()
    }

    /// Returns a bound of the length of a value's text.
    pub fn most_text(&self, raw: &[u8]) -> usize {
        let plain = 4 * raw.len() + 64;
        match self {
            Self::Numeric => most_text(raw),
            Self::Bits => 8 * raw.len(),
            Self::Range(bound) => range::most_text(raw, bound, plain),
            Self::Multirange(bound) => range::most_text_of_all(raw, bound, plain),
            _ => plain,
        }
    }
}

#[cfg(test)]
mod tests;
