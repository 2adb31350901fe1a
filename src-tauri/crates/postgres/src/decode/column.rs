//! One builder a column, chosen by the type map.

use super::bits::{Bits, Validity};
use super::decimal::Decimals;
use super::fixed::{Fixed, date, time};
use super::list::Lists;
use super::span::{Malformed, RefusedAt, Values};
use super::variable::Variable;
use arrow::array::{
    ArrayRef, ArrowPrimitiveType, BinaryArray, BooleanArray, FixedSizeBinaryArray, PrimitiveArray, StringArray,
};
use arrow::buffer::Buffer;
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type,
    Time64MicrosecondType, TimeUnit, TimestampMicrosecondType, UInt32Type,
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
    Jsonb(Variable),
    Bytes(Variable),
    List(Box<Lists>),
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
            (PgType::Enum(_) | PgType::Json, DataType::Utf8) => Self::Text(Variable::default()),
            (PgType::Jsonb, DataType::Utf8) => Self::Jsonb(Variable::default()),
            (PgType::Bytea, DataType::Binary) => Self::Bytes(Variable::default()),
            (PgType::Array(item), DataType::List(field)) => {
                let item = Self::new(item, field.data_type())?;
                Self::List(Box::new(Lists::new(field.clone(), item)))
            }
            _ => return None,
        })
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
            Self::Jsonb(variable) => variable.append_jsonb(values, refused),
            Self::Bytes(variable) => {
                variable.append_bytes(values);
                Ok(())
            }
            Self::List(lists) => lists.append(values, refused),
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
            Self::NumericText(variable) | Self::Text(variable) | Self::Jsonb(variable) => {
                let (offsets, values, nulls) = variable.take();
                Arc::new(StringArray::try_new(offsets, values, nulls)?)
            }
            Self::Bytes(variable) => {
                let (offsets, values, nulls) = variable.take();
                Arc::new(BinaryArray::try_new(offsets, values, nulls)?)
            }
            Self::List(lists) => lists.take()?,
        })
    }

    /// Returns the bytes of texts and byte strings held, without fixed parts.
    pub fn bytes(&self) -> usize {
        match self {
            Self::NumericText(variable) | Self::Text(variable) => variable.bytes(),
            Self::Jsonb(variable) | Self::Bytes(variable) => variable.bytes(),
            Self::List(lists) => lists.bytes(),
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
            Self::Jsonb(variable) | Self::Bytes(variable) => variable.reserve(rows, bytes),
            Self::Bool(..) | Self::List(_) => {}
        }
    }

    /// Returns whether values can be far longer in Arrow than in the stream: numbers as text.
    pub fn expands(&self) -> bool {
        match self {
            Self::NumericText(_) => true,
            Self::List(lists) => lists.item().expands(),
            _ => false,
        }
    }
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
