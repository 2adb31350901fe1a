//! In which form the values of a column are sent, decided once from its Arrow type and the type of the table's column.

use super::geometry::Shape;
use super::oid::Oids;
use crate::decode::MOST_DIMENSIONS;
use arrow::datatypes::{DataType, IntervalUnit, TimeUnit};
use firn_catalog::{Numeric, PgType};

/// The form of a column's values, and of the values inside of them.
#[derive(Debug)]
pub(super) enum Form {
    Bool,
    Int2,
    Int4,
    Int8,
    Float4,
    Float8,
    Oid,
    Date,
    Time,
    /// Moments in microseconds.
    Moment,
    /// Moments in nanoseconds, which have to be whole microseconds.
    MomentOfNanos,
    Uuid,
    /// Text of so many characters at most.
    Text(Option<u32>),
    /// Text behind a version byte, which is 1.
    VersionedText,
    Bytes,
    Decimal {
        scale: i8,
        limit: Option<Numeric>,
    },
    Number(Option<Numeric>),
    /// An amount of `scale` digits after the point in units of 10 to the minus `digits`.
    Money {
        scale: i8,
        digits: u8,
    },
    Byte,
    TimeWithZone,
    Interval,
    Address {
        is_network: bool,
    },
    Mac,
    Mac8,
    Bits {
        size: Option<u32>,
        exact: bool,
    },
    Lsn,
    Shape(Shape),
    Point,
    Hstore,
    Vector {
        size: Option<u32>,
        half: bool,
    },
    /// Arrays of one to six dimensions: the OID of the elements, and their form.
    Array {
        dimensions: usize,
        oid: u32,
        item: Box<Form>,
    },
    /// A composite value: the OID and the form of each attribute.
    Composite(Vec<(u32, Form)>),
}

impl Form {
    /// Chooses the form; `None` where values of this Arrow type are not written as this type.
    pub fn new(ty: &PgType, arrow: &DataType, oids: &Oids) -> Option<Self> {
        let micros = TimeUnit::Microsecond;
        Some(match (ty.base(), arrow) {
            (PgType::Bool, DataType::Boolean) => Self::Bool,
            (PgType::Int2, DataType::Int16) => Self::Int2,
            (PgType::Int4, DataType::Int32) => Self::Int4,
            (PgType::Int8, DataType::Int64) => Self::Int8,
            (PgType::Float4, DataType::Float32) => Self::Float4,
            (PgType::Float8, DataType::Float64) => Self::Float8,
            (PgType::Oid | PgType::Xid, DataType::UInt32) => Self::Oid,
            (PgType::Date, DataType::Date32) => Self::Date,
            (PgType::Time, DataType::Time64(unit)) if *unit == micros => Self::Time,
            // A moment without a zone is no point in time, and one with a zone is no reading of a clock.
            (PgType::Timestamp, DataType::Timestamp(unit, None)) => Self::moment(*unit)?,
            (PgType::Timestamptz, DataType::Timestamp(unit, Some(_))) => Self::moment(*unit)?,
            (PgType::Uuid, DataType::FixedSizeBinary(16)) => Self::Uuid,
            (PgType::Numeric(limit), DataType::Decimal128(_, scale)) => Self::Decimal { scale: *scale, limit: *limit },
            (PgType::Numeric(limit), DataType::Utf8) => Self::Number(*limit),
            (PgType::Money(digits), DataType::Decimal128(_, scale)) => Self::Money { scale: *scale, digits: *digits },
            (PgType::Text | PgType::Citext | PgType::Name, DataType::Utf8) => Self::Text(None),
            (PgType::Enum(_) | PgType::Json, DataType::Utf8) => Self::Text(None),
            (PgType::Varchar(size) | PgType::Char(size), DataType::Utf8) => Self::Text(*size),
            (PgType::Jsonb | PgType::Jsonpath, DataType::Utf8) => Self::VersionedText,
            (PgType::Ltree | PgType::Lquery | PgType::Ltxtquery, DataType::Utf8) => Self::VersionedText,
            (PgType::Bytea | PgType::Geometry | PgType::Geography, DataType::Binary) => Self::Bytes,
            (PgType::InternalChar, DataType::Utf8) => Self::Byte,
            (PgType::Timetz, DataType::Utf8) => Self::TimeWithZone,
            (PgType::Interval, DataType::Interval(IntervalUnit::MonthDayNano)) => Self::Interval,
            (PgType::Inet, DataType::Utf8) => Self::Address { is_network: false },
            (PgType::Cidr, DataType::Utf8) => Self::Address { is_network: true },
            (PgType::Macaddr, DataType::Utf8) => Self::Mac,
            (PgType::Macaddr8, DataType::Utf8) => Self::Mac8,
            (PgType::Bit(size), DataType::Utf8) => Self::Bits { size: *size, exact: true },
            (PgType::Varbit(size), DataType::Utf8) => Self::Bits { size: *size, exact: false },
            (PgType::PgLsn, DataType::Utf8) => Self::Lsn,
            (shape, DataType::Utf8) if shape_of(shape).is_some() => Self::Shape(shape_of(shape)?),
            (PgType::Point, DataType::Struct(fields)) => {
                let [x, y] = fields.as_ref() else { return None };
                let numbers = *x.data_type() == DataType::Float64 && *y.data_type() == DataType::Float64;
                numbers.then_some(Self::Point)?
            }
            (PgType::Hstore, DataType::Map(entries, _)) => {
                let DataType::Struct(fields) = entries.data_type() else { return None };
                let texts = fields.len() == 2 && fields.iter().all(|field| *field.data_type() == DataType::Utf8);
                texts.then_some(Self::Hstore)?
            }
            (PgType::Vector(size) | PgType::Halfvec(size), DataType::List(item) | DataType::FixedSizeList(item, _)) => {
                let half = matches!(ty.base(), PgType::Halfvec(_));
                (*item.data_type() == DataType::Float32).then_some(Self::Vector { size: *size, half })?
            }
            (PgType::Array(item), DataType::List(field)) => Self::array(item, field.data_type(), oids)?,
            (PgType::Composite(_, attributes), DataType::Struct(fields)) if attributes.len() == fields.len() => {
                let parts = attributes.iter().zip(fields).map(|((name, ty), field)| {
                    let form = (name == field.name()).then(|| Self::new(ty, field.data_type(), oids))??;
                    Some((oids.of(ty)?, form))
                });
                Self::Composite(parts.collect::<Option<_>>()?)
            }
            _ => return None,
        })
    }

    fn moment(unit: TimeUnit) -> Option<Self> {
        match unit {
            TimeUnit::Microsecond => Some(Self::Moment),
            TimeUnit::Nanosecond => Some(Self::MomentOfNanos),
            TimeUnit::Second | TimeUnit::Millisecond => None,
        }
    }

    /// Chooses the form of an array. Arrays of all numbers of dimensions are one type of the server, which does not hold a
    /// column to what it was declared with; so the lists decide.
    fn array(item: &PgType, arrow: &DataType, oids: &Oids) -> Option<Self> {
        let (mut item, mut arrow) = (item, arrow);
        while let PgType::Array(inner) = item {
            item = inner;
        }
        let oid = oids.of(item)?;
        for dimensions in 1..=MOST_DIMENSIONS as usize {
            if let Some(form) = Self::new(item, arrow, oids) {
                return Some(Self::Array { dimensions, oid, item: Box::new(form) });
            }
            let DataType::List(field) = arrow else { return None };
            arrow = field.data_type();
        }
        None
    }
}

fn shape_of(ty: &PgType) -> Option<Shape> {
    Some(match ty {
        PgType::Line => Shape::Line,
        PgType::Lseg => Shape::Segment,
        PgType::Box => Shape::Box,
        PgType::Path => Shape::Path,
        PgType::Polygon => Shape::Polygon,
        PgType::Circle => Shape::Circle,
        _ => return None,
    })
}

/// Returns Arrow types that hold every value of another one: what a column is converted to where its own type has no form.
pub(super) fn wider(arrow: &DataType) -> Vec<DataType> {
    use DataType::{
        Binary, BinaryView, Decimal32, Decimal64, Decimal128, Dictionary, Float16, Float32, Float64, Int8, Int16,
        Int32, Int64, LargeBinary, LargeUtf8, Time32, Time64, Timestamp, UInt8, UInt16, UInt32, UInt64, Utf8, Utf8View,
    };
    match arrow {
        Int8 | UInt8 => vec![Int16, Int32, Int64, Decimal128(3, 0)],
        Int16 => vec![Int32, Int64, Decimal128(5, 0)],
        UInt16 => vec![Int32, Int64, Decimal128(5, 0)],
        Int32 => vec![Int64, Decimal128(10, 0)],
        UInt32 => vec![Int64, Decimal128(10, 0)],
        Int64 => vec![Decimal128(19, 0)],
        UInt64 => vec![Decimal128(20, 0)],
        Float16 => vec![Float32, Float64],
        Float32 => vec![Float64],
        Decimal32(precision, scale) | Decimal64(precision, scale) => vec![Decimal128(*precision, *scale)],
        LargeUtf8 | Utf8View => vec![Utf8],
        LargeBinary | BinaryView => vec![Binary],
        Dictionary(_, values) => vec![(**values).clone()],
        Time32(_) => vec![Time64(TimeUnit::Microsecond)],
        Timestamp(TimeUnit::Second | TimeUnit::Millisecond, zone) => {
            vec![Timestamp(TimeUnit::Microsecond, zone.clone())]
        }
        _ => Vec::new(),
    }
}
