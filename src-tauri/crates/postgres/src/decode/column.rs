//! One builder a column, chosen by the type map.

use super::bits::{Bits, Validity};
use super::decimal::Decimals;
use super::expand::is_printed;
use super::fixed::{Fixed, date, time};
use super::list::Lists;
use super::nested::{Maps, Structs, Vectors};
use super::print::Printer;
use super::span::{Malformed, RefusedAt, Values};
use super::variable::Variable;
use arrow::array::{
    ArrayRef, ArrowPrimitiveType, BinaryArray, BooleanArray, FixedSizeBinaryArray, Float64Array, PrimitiveArray,
    StringArray, StructArray,
};
use arrow::buffer::Buffer;
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, FieldRef, Fields, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type,
    IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalUnit, Time64MicrosecondType, TimeUnit,
    TimestampMicrosecondType, UInt32Type,
};
use arrow::error::ArrowError;
use firn_catalog::PgType;
use std::sync::Arc;

/// The values of one column, growing.
///
/// After an error from [`Column::append`] the column is of no use any more. A refused value holds its row's place
/// with some valid value until the batch closes.
#[derive(Debug)]
pub(super) enum Column {
    Bool(Bits, Validity),
    Int2(Fixed<i16>),
    Int4(Fixed<i32>),
    Int8(Fixed<i64>),
    Float4(Fixed<f32>),
    Float8(Fixed<f64>),
    Xid(Fixed<u32>),
    Date(Fixed<i32>),
    Time(Fixed<i64>),
    /// Moments, and their Arrow type: with or without a zone.
    Moment(Fixed<i64>, DataType),
    Uuid(Fixed<[u8; 16]>),
    /// Decimals, and their Arrow type.
    Decimal(Decimals, DataType),
    NumericText(Variable),
    Text(Variable),
    /// Texts after a version byte.
    Versioned(Variable),
    Bytes(Variable),
    /// Spans of time.
    Interval(Fixed<IntervalMonthDayNano>),
    /// Amounts of money, and their Arrow type.
    Money(Fixed<i128>, DataType),
    /// Points, and their Arrow fields.
    Point(Fixed<[f64; 2]>, Fields),
    /// Values printed as text.
    Printed(Variable, Printer),
    List(Box<Lists>),
    Struct(Box<Structs>),
    Map(Box<Maps>),
    Vector(Box<Vectors>),
}

impl Column {
    /// Makes the builder of a type; `None` where the type does not travel as this Arrow type.
    pub fn new(ty: &PgType, arrow: &DataType) -> Option<Self> {
        let micros = TimeUnit::Microsecond;
        Some(match (ty.base(), arrow) {
            (PgType::Bool, DataType::Boolean) => Self::Bool(Bits::default(), Validity::default()),
            (PgType::Int2, DataType::Int16) => Self::Int2(Fixed::default()),
            (PgType::Int4, DataType::Int32) => Self::Int4(Fixed::default()),
            (PgType::Int8, DataType::Int64) => Self::Int8(Fixed::default()),
            (PgType::Float4, DataType::Float32) => Self::Float4(Fixed::default()),
            (PgType::Float8, DataType::Float64) => Self::Float8(Fixed::default()),
            (PgType::Xid, DataType::UInt32) => Self::Xid(Fixed::default()),
            (PgType::Date, DataType::Date32) => Self::Date(Fixed::default()),
            (PgType::Time, DataType::Time64(unit)) if *unit == micros => Self::Time(Fixed::default()),
            (PgType::Timestamp, DataType::Timestamp(unit, None)) if *unit == micros => {
                Self::Moment(Fixed::default(), arrow.clone())
            }
            (PgType::Timestamptz, DataType::Timestamp(unit, Some(zone))) if *unit == micros && &**zone == "UTC" => {
                Self::Moment(Fixed::default(), arrow.clone())
            }
            (PgType::Uuid, DataType::FixedSizeBinary(16)) => Self::Uuid(Fixed::default()),
            (PgType::Numeric(_), DataType::Decimal128(precision, scale)) => {
                Self::Decimal(Decimals::new(*precision, *scale)?, arrow.clone())
            }
            (PgType::Numeric(_), DataType::Utf8) => Self::NumericText(Variable::default()),
            (PgType::Text | PgType::Varchar(_) | PgType::Char(_), DataType::Utf8) => Self::Text(Variable::default()),
            (PgType::Enum(_) | PgType::Json | PgType::Citext | PgType::Name, DataType::Utf8) => {
                Self::Text(Variable::default())
            }
            // The server has cast these to text.
            (PgType::Xml | PgType::Registered(_), DataType::Utf8) => Self::Text(Variable::default()),
            (PgType::Jsonb | PgType::Jsonpath, DataType::Utf8) => Self::Versioned(Variable::default()),
            (PgType::Ltree | PgType::Lquery | PgType::Ltxtquery, DataType::Utf8) => {
                Self::Versioned(Variable::default())
            }
            (PgType::Bytea | PgType::Geometry | PgType::Geography, DataType::Binary) => {
                Self::Bytes(Variable::default())
            }
            (PgType::Oid, DataType::UInt32) => Self::Xid(Fixed::default()),
            (PgType::Interval, DataType::Interval(IntervalUnit::MonthDayNano)) => Self::Interval(Fixed::default()),
            (PgType::Money(_), DataType::Decimal128(..)) => Self::Money(Fixed::default(), arrow.clone()),
            (PgType::Point, DataType::Struct(fields)) => Self::Point(Fixed::default(), fields.clone()),
            (ty, DataType::Utf8) if is_printed(ty) => Self::Printed(Variable::default(), Printer::of(ty)?),
            (PgType::Array(item), DataType::List(field)) => Self::list(item, field)?,
            (PgType::Composite(_, attributes), DataType::Struct(fields)) if attributes.len() == fields.len() => {
                let columns = attributes.iter().zip(fields).map(|((_, ty), field)| Self::new(ty, field.data_type()));
                Self::Struct(Box::new(Structs::new(fields.clone(), columns.collect::<Option<Vec<_>>>()?)))
            }
            (PgType::Hstore, DataType::Map(entries, _)) => match entries.data_type() {
                DataType::Struct(fields) => Self::Map(Box::new(Maps::new(entries.clone(), fields.clone()))),
                _ => return None,
            },
            (PgType::Vector(_) | PgType::Halfvec(_), DataType::FixedSizeList(item, size)) => {
                let half = matches!(ty.base(), PgType::Halfvec(_));
                Self::Vector(Box::new(Vectors::new(item.clone(), Some(*size), half)))
            }
            (PgType::Vector(_) | PgType::Halfvec(_), DataType::List(item)) => {
                let half = matches!(ty.base(), PgType::Halfvec(_));
                Self::Vector(Box::new(Vectors::new(item.clone(), None, half)))
            }
            _ => return None,
        })
    }

    /// Makes the builder of an array. Arrays directly over arrays are the dimensions of one value.
    fn list(item: &PgType, field: &FieldRef) -> Option<Self> {
        let mut fields = vec![field.clone()];
        let (mut item, mut field) = (item, field);
        while let (PgType::Array(inner), DataType::List(next)) = (item, field.data_type()) {
            fields.push(next.clone());
            (item, field) = (inner, next);
        }
        let item = Self::new(item, field.data_type())?;
        Some(Self::List(Box::new(Lists::new(fields, item))))
    }

    /// Appends one value a span. Refused values are pushed with their row within `values`.
    pub fn append(&mut self, values: Values<'_>, refused: &mut Vec<RefusedAt>) -> Result<(), Malformed> {
        match self {
            Self::Bool(bits, validity) => append_bools(bits, validity, values),
            Self::Int2(fixed) => fixed.append(values, i16::from_be_bytes),
            Self::Int4(fixed) => fixed.append(values, i32::from_be_bytes),
            Self::Int8(fixed) => fixed.append(values, i64::from_be_bytes),
            Self::Float4(fixed) => fixed.append(values, f32::from_be_bytes),
            Self::Float8(fixed) => fixed.append(values, f64::from_be_bytes),
            Self::Xid(fixed) => fixed.append(values, u32::from_be_bytes),
            Self::Date(fixed) => fixed.append_checked(values, date, "it is after the last day PostgreSQL stores"),
            Self::Time(fixed) => fixed.append_checked(values, time, "it is not between 00:00:00 and 24:00:00"),
            Self::Moment(fixed, _) => fixed.append_moments(values, refused),
            Self::Uuid(fixed) => fixed.append(values, |raw: [u8; 16]| raw),
            Self::Decimal(decimals, _) => decimals.append(values, refused),
            Self::NumericText(variable) => variable.append_numeric(values),
            Self::Text(variable) => {
                variable.append_text(values, refused);
                Ok(())
            }
            Self::Versioned(variable) => variable.append_versioned(values, refused),
            Self::Bytes(variable) => {
                variable.append_bytes(values);
                Ok(())
            }
            Self::Interval(fixed) => fixed.append_intervals(values, refused),
            Self::Money(fixed, _) => fixed.append(values, |raw| i128::from(i64::from_be_bytes(raw))),
            Self::Point(fixed, _) => fixed.append(values, point),
            Self::Printed(variable, printer) => variable.append_printed(values, printer, refused),
            Self::List(lists) => lists.append(values, refused),
            Self::Struct(structs) => structs.append(values, refused),
            Self::Map(maps) => maps.append(values, refused),
            Self::Vector(vectors) => vectors.append(values),
        }
    }

    /// Returns the array of what was appended and begins a new one.
    pub fn take(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(match self {
            Self::Bool(bits, validity) => Arc::new(BooleanArray::new(bits.take(), validity.take())),
            Self::Int2(fixed) => primitive::<Int16Type>(fixed, DataType::Int16)?,
            Self::Int4(fixed) => primitive::<Int32Type>(fixed, DataType::Int32)?,
            Self::Int8(fixed) => primitive::<Int64Type>(fixed, DataType::Int64)?,
            Self::Float4(fixed) => primitive::<Float32Type>(fixed, DataType::Float32)?,
            Self::Float8(fixed) => primitive::<Float64Type>(fixed, DataType::Float64)?,
            Self::Xid(fixed) => primitive::<UInt32Type>(fixed, DataType::UInt32)?,
            Self::Date(fixed) => primitive::<Date32Type>(fixed, DataType::Date32)?,
            Self::Time(fixed) => primitive::<Time64MicrosecondType>(fixed, DataType::Time64(TimeUnit::Microsecond))?,
            Self::Moment(fixed, ty) => primitive::<TimestampMicrosecondType>(fixed, ty.clone())?,
            Self::Decimal(decimals, ty) => primitive::<Decimal128Type>(&mut decimals.fixed, ty.clone())?,
            Self::Uuid(fixed) => {
                let bytes = Buffer::from_vec(std::mem::take(&mut fixed.values).into_flattened());
                Arc::new(FixedSizeBinaryArray::try_new(16, bytes, fixed.validity.take())?)
            }
            Self::Interval(fixed) => {
                primitive::<IntervalMonthDayNanoType>(fixed, DataType::Interval(IntervalUnit::MonthDayNano))?
            }
            Self::Money(fixed, ty) => primitive::<Decimal128Type>(fixed, ty.clone())?,
            Self::Point(fixed, fields) => {
                let (x, y): (Vec<f64>, Vec<f64>) =
                    std::mem::take(&mut fixed.values).into_iter().map(|[x, y]| (x, y)).unzip();
                let axes: Vec<ArrayRef> = vec![Arc::new(Float64Array::from(x)), Arc::new(Float64Array::from(y))];
                Arc::new(StructArray::try_new(fields.clone(), axes, fixed.validity.take())?)
            }
            Self::NumericText(variable)
            | Self::Text(variable)
            | Self::Versioned(variable)
            | Self::Printed(variable, _) => {
                let (offsets, values, nulls) = variable.take();
                Arc::new(StringArray::try_new(offsets, values, nulls)?)
            }
            Self::Bytes(variable) => {
                let (offsets, values, nulls) = variable.take();
                Arc::new(BinaryArray::try_new(offsets, values, nulls)?)
            }
            Self::List(lists) => lists.take()?,
            Self::Struct(structs) => structs.take()?,
            Self::Map(maps) => maps.take()?,
            Self::Vector(vectors) => vectors.take()?,
        })
    }

    /// Returns the bytes of texts and byte strings held, without fixed parts.
    pub fn bytes(&self) -> usize {
        match self {
            Self::NumericText(variable) | Self::Text(variable) => variable.bytes(),
            Self::Versioned(variable) | Self::Bytes(variable) => variable.bytes(),
            Self::Printed(variable, _) => variable.bytes(),
            Self::List(lists) => lists.bytes(),
            Self::Struct(structs) => structs.columns().iter().map(Self::bytes).sum(),
            Self::Map(maps) => maps.bytes(),
            _ => 0,
        }
    }

    /// Prepares for a batch of `rows` rows and, where values have any length, `bytes` bytes.
    pub fn reserve(&mut self, rows: usize, bytes: usize) {
        match self {
            Self::Int2(fixed) => fixed.reserve(rows),
            Self::Int4(fixed) | Self::Date(fixed) => fixed.reserve(rows),
            Self::Int8(fixed) | Self::Time(fixed) | Self::Moment(fixed, _) => fixed.reserve(rows),
            Self::Float4(fixed) => fixed.reserve(rows),
            Self::Float8(fixed) => fixed.reserve(rows),
            Self::Xid(fixed) => fixed.reserve(rows),
            Self::Uuid(fixed) => fixed.reserve(rows),
            Self::Decimal(decimals, _) => decimals.fixed.reserve(rows),
            Self::NumericText(variable) | Self::Text(variable) => variable.reserve(rows, bytes),
            Self::Versioned(variable) | Self::Bytes(variable) => variable.reserve(rows, bytes),
            Self::Interval(fixed) => fixed.reserve(rows),
            Self::Money(fixed, _) => fixed.reserve(rows),
            Self::Point(fixed, _) => fixed.reserve(rows),
            Self::Printed(variable, _) => variable.reserve(rows, bytes),
            Self::Bool(..) | Self::List(_) | Self::Struct(_) | Self::Map(_) | Self::Vector(_) => {}
        }
    }
}

fn point(raw: [u8; 16]) -> [f64; 2] {
    let [x, y] = [0, 8].map(|at| raw.get(at..).and_then(|half| half.first_chunk()).copied().unwrap_or_default());
    [f64::from_be_bytes(x), f64::from_be_bytes(y)]
}

fn append_bools(bits: &mut Bits, validity: &mut Validity, values: Values<'_>) -> Result<(), Malformed> {
    let mut good = true;
    bits.extend(values.spans.iter().map(|span| match values.fixed::<1>(*span) {
        Some([byte]) => byte != 0,
        None => {
            good &= span.len == -1;
            false
        }
    }));
    validity.append(values.spans);
    if good {
        return Ok(());
    }
    let row = values.spans.iter().position(|span| !matches!(span.len, -1 | 1)).unwrap_or_default();
    let at = values.spans.get(row).map_or(0, |span| span.at);
    Err(Malformed { row, at, what: "its length is another type's" })
}

fn primitive<T: ArrowPrimitiveType>(fixed: &mut Fixed<T::Native>, ty: DataType) -> Result<ArrayRef, ArrowError> {
    let (values, nulls) = fixed.take();
    Ok(Arc::new(PrimitiveArray::<T>::try_new(values, nulls)?.with_data_type(ty)))
}
