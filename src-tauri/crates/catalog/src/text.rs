//! The one formatter of cell values: exact text that PostgreSQL reads back, and JSON for payloads and previews.

use crate::civil::{date_text, time_text, timestamp_text};
use crate::pgtext;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type,
    IntervalMonthDayNanoType, IntervalUnit, Time64MicrosecondType, TimeUnit, TimestampMicrosecondType, UInt32Type,
};
use serde_json::{Map, Value};

/// Writes the value at `row` as the literal PostgreSQL reads back to the same value; `None` for NULL.
///
/// Lists, structs and maps are written as JSON of such texts, for people to read; they are never keys.
#[must_use]
pub fn value_text(array: &dyn Array, row: usize) -> Option<String> {
    if array.is_null(row) {
        return None;
    }
    Some(match array.data_type() {
        DataType::Boolean => if array.as_boolean().value(row) { "t" } else { "f" }.to_owned(),
        DataType::Int16 => array.as_primitive::<Int16Type>().value(row).to_string(),
        DataType::Int32 => array.as_primitive::<Int32Type>().value(row).to_string(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::UInt32 => array.as_primitive::<UInt32Type>().value(row).to_string(),
        DataType::Float32 => printed(|out| pgtext::float4(array.as_primitive::<Float32Type>().value(row), out)),
        DataType::Float64 => printed(|out| pgtext::float8(array.as_primitive::<Float64Type>().value(row), out)),
        DataType::Decimal128(_, scale) => decimal_text(array.as_primitive::<Decimal128Type>().value(row), *scale),
        DataType::Utf8 => array.as_string::<i32>().value(row).to_owned(),
        DataType::Binary => bytes_text(array.as_binary::<i32>().value(row)),
        DataType::FixedSizeBinary(16) => uuid_text(array.as_fixed_size_binary().value(row)),
        DataType::FixedSizeBinary(_) => bytes_text(array.as_fixed_size_binary().value(row)),
        DataType::Date32 => match array.as_primitive::<Date32Type>().value(row) {
            i32::MAX => "infinity".to_owned(),
            days if days == -i32::MAX => "-infinity".to_owned(),
            days => date_text(i64::from(days)),
        },
        DataType::Time64(TimeUnit::Microsecond) => time_text(array.as_primitive::<Time64MicrosecondType>().value(row)),
        DataType::Timestamp(TimeUnit::Microsecond, zone) => {
            match array.as_primitive::<TimestampMicrosecondType>().value(row) {
                i64::MAX => "infinity".to_owned(),
                micros if micros == -i64::MAX => "-infinity".to_owned(),
                micros => timestamp_text(micros, if zone.is_some() { "+00" } else { "" }),
            }
        }
        DataType::Interval(IntervalUnit::MonthDayNano) => {
            let value = array.as_primitive::<IntervalMonthDayNanoType>().value(row);
            printed(|out| pgtext::interval(value.months, value.days, value.nanoseconds.div_euclid(1000), out))
        }
        DataType::List(_) | DataType::FixedSizeList(..) | DataType::Struct(_) | DataType::Map(..) => {
            value_json(array, row).to_string()
        }
        other => format!("<{other}>"),
    })
}

/// Writes the value at `row` as JSON: booleans as such, 32-bit integers as numbers, everything else as exact text.
///
/// 64-bit integers, decimals and times stay text because a JSON number loses digits in most readers.
#[must_use]
pub fn value_json(array: &dyn Array, row: usize) -> Value {
    if array.is_null(row) {
        return Value::Null;
    }
    match array.data_type() {
        DataType::Boolean => Value::Bool(array.as_boolean().value(row)),
        DataType::Int16 => array.as_primitive::<Int16Type>().value(row).into(),
        DataType::Int32 => array.as_primitive::<Int32Type>().value(row).into(),
        DataType::List(_) => items_json(&array.as_list::<i32>().value(row)),
        DataType::FixedSizeList(..) => items_json(&array.as_fixed_size_list().value(row)),
        DataType::Struct(fields) => {
            let columns = fields.iter().zip(array.as_struct().columns());
            Value::Object(columns.map(|(field, column)| (field.name().clone(), value_json(column, row))).collect())
        }
        DataType::Map(..) => {
            let entries = array.as_map().value(row);
            let (keys, values) = (entries.column(0), entries.column(1));
            let pairs = (0..entries.len()).map(|i| (value_text(keys, i).unwrap_or_default(), value_json(values, i)));
            Value::Object(pairs.collect())
        }
        _ => value_text(array, row).map_or(Value::Null, Value::String),
    }
}

fn items_json(items: &ArrayRef) -> Value {
    Value::Array((0..items.len()).map(|i| value_json(items, i)).collect())
}

/// Writes one row as a JSON object, column by column.
#[must_use]
pub fn row_json(batch: &RecordBatch, row: usize) -> Map<String, Value> {
    let schema = batch.schema();
    let fields = schema.fields().iter().zip(batch.columns());
    fields.map(|(field, column)| (field.name().clone(), value_json(column, row))).collect()
}

fn printed(print: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut text = Vec::new();
    print(&mut text);
    String::from_utf8_lossy(&text).into_owned()
}

fn decimal_text(value: i128, scale: i8) -> String {
    let scale = usize::from(scale.unsigned_abs());
    let sign = if value < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    if scale == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

fn bytes_text(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(2 + bytes.len() * 2);
    text.push_str("\\x");
    for byte in bytes {
        let _infallible = write!(text, "{byte:02x}");
    }
    text
}

fn uuid_text(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(36);
    for (i, byte) in bytes.iter().enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        let _infallible = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{BinaryArray, Decimal128Array, FixedSizeBinaryArray, Float32Array, Float64Array, Int64Array};

    #[test]
    fn values_are_written_exactly() {
        let decimals = Decimal128Array::from(vec![-5, 12_345]).with_precision_and_scale(10, 2).unwrap();
        assert_eq!(value_text(&decimals, 0).unwrap(), "-0.05");
        assert_eq!(value_text(&decimals, 1).unwrap(), "123.45");
        let floats = Float64Array::from(vec![f64::NAN, f64::NEG_INFINITY, -0.0, 0.1 + 0.2, 1.5e300, 1e-7]);
        let texts: Vec<_> = (0..6).map(|i| value_text(&floats, i).unwrap()).collect();
        assert_eq!(texts, ["NaN", "-Infinity", "-0", "0.30000000000000004", "1.5e+300", "1e-07"]);
        let reals = Float32Array::from(vec![0.1, 1_234_567.0, f32::INFINITY]);
        let texts: Vec<_> = (0..3).map(|i| value_text(&reals, i).unwrap()).collect();
        assert_eq!(texts, ["0.1", "1.234567e+06", "Infinity"]);
        let bytes = BinaryArray::from_vec(vec![b"\x00\xff"]);
        assert_eq!(value_text(&bytes, 0).unwrap(), "\\x00ff");
        let uuids = FixedSizeBinaryArray::try_from_iter([[0x11_u8; 16]].into_iter()).unwrap();
        assert_eq!(value_text(&uuids, 0).unwrap(), "11111111-1111-1111-1111-111111111111");
    }

    #[test]
    fn large_integers_are_text_in_json() {
        assert_eq!(value_json(&Int64Array::from(vec![i64::MAX]), 0), Value::from("9223372036854775807"));
    }
}
