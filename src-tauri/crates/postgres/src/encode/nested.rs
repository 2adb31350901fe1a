//! Values that are encoded before their length is known: numbers, addresses, and values with values inside.

use super::clock::put_time_with_zone;
use super::column::{FixedValues, check_fixed, strings, visit_fixed};
use super::decimal::{put_decimal, put_number};
use super::error::Unfit;
use super::fields::{Fields, UnfitAt};
use super::form::Form;
use super::geometry::put_shape;
use super::network::{put_address, put_bits, put_lsn, put_mac};
use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{
    ArrowPrimitiveType, Decimal128Type, Float16Type, Float32Type, Float64Type, IntervalMonthDayNanoType,
    TimestampNanosecondType,
};
use std::collections::HashSet;
use std::ops::Range;

/// Appends the values of `rows`; of those that are none of their type the row is noted.
pub(super) fn append(form: &Form, array: &dyn Array, rows: Range<usize>, out: &mut Fields, unfit: &mut Vec<UnfitAt>) {
    let before = unfit.len();
    check_fixed(form, array, rows.clone(), unfit);
    let nulls = array.nulls();
    // A value that is none of its type is of no use any more, nor is what it stands in.
    if unfit.len() > before || visit_fixed(form, array, Append { out, rows: rows.clone(), nulls }) {
        return;
    }
    match form {
        Form::Text(limit) => {
            let texts = strings(array);
            texts.check_nul(rows.clone(), unfit);
            if let Some(limit) = limit {
                texts.check_length(rows.clone(), *limit, unfit);
            }
            out.append_each(rows, nulls, unfit, |row, out| copy(texts.get(row), out));
        }
        Form::VersionedText => {
            let texts = strings(array);
            texts.check_nul(rows.clone(), unfit);
            out.append_each(rows, nulls, unfit, |row, out| {
                out.push(1);
                copy(texts.get(row), out)
            });
        }
        Form::Bytes => {
            let bytes = strings(array);
            out.append_each(rows, nulls, unfit, |row, out| copy(bytes.get(row), out));
        }
        Form::MomentOfNanos => {
            let values = array.as_primitive::<TimestampNanosecondType>().values();
            out.append_each(rows, nulls, unfit, |row, out| {
                let nanos = values[row];
                if nanos % 1000 != 0 {
                    return Err(Unfit::Nanoseconds);
                }
                out.extend(super::clock::moment(nanos / 1000));
                Ok(())
            });
        }
        Form::Decimal { scale, limit } => {
            let values = array.as_primitive::<Decimal128Type>().values();
            out.append_each(rows, nulls, unfit, |row, out| put_decimal(values[row], *scale, *limit, out));
        }
        Form::Money { scale, digits } => {
            let values = array.as_primitive::<Decimal128Type>().values();
            out.append_each(rows, nulls, unfit, |row, out| put_money(values[row], *scale, *digits, out));
        }
        Form::Number(limit) => each_text(array, rows, out, unfit, |text, out| put_number(text, *limit, out)),
        Form::Byte => each_text(array, rows, out, unfit, put_byte),
        Form::TimeWithZone => each_text(array, rows, out, unfit, put_time_with_zone),
        Form::Address { is_network } => {
            each_text(array, rows, out, unfit, |text, out| put_address(text, *is_network, out));
        }
        Form::Mac => each_text(array, rows, out, unfit, put_mac::<6>),
        Form::Mac8 => each_text(array, rows, out, unfit, put_mac::<8>),
        Form::Bits { size, exact } => {
            each_text(array, rows, out, unfit, |text, out| put_bits(text, *size, *exact, out));
        }
        Form::Lsn => each_text(array, rows, out, unfit, put_lsn),
        Form::Shape(shape) => each_text(array, rows, out, unfit, |text, out| put_shape(text, *shape, out)),
        Form::Interval => {
            let values = array.as_primitive::<IntervalMonthDayNanoType>().values();
            out.append_each(rows, nulls, unfit, |row, out| {
                let interval = values[row];
                if interval.nanoseconds % 1000 != 0 {
                    return Err(Unfit::Nanoseconds);
                }
                out.extend((interval.nanoseconds / 1000).to_be_bytes());
                out.extend(interval.days.to_be_bytes());
                out.extend(interval.months.to_be_bytes());
                Ok(())
            });
        }
        Form::Point => {
            let parts = array.as_struct();
            let numbers = parts.columns().iter().map(|part| part.as_primitive::<Float64Type>()).collect::<Vec<_>>();
            out.append_each(rows, nulls, unfit, |row, out| {
                for number in &numbers {
                    if number.is_null(row) {
                        return Err(Unfit::MissingPart);
                    }
                    out.extend(number.value(row).to_be_bytes());
                }
                Ok(())
            });
        }
        Form::Hstore => append_maps(array, rows, out, unfit),
        Form::Vector { size, half } => append_vectors(array, *size, *half, rows, out, unfit),
        Form::Array { dimensions, oid, item } => append_arrays(array, *dimensions, *oid, item, rows, out, unfit),
        Form::Composite(parts) => append_composites(array, parts, rows, out, unfit),
        // Given away above.
        Form::Bool | Form::Int2 | Form::Int4 | Form::Int8 | Form::Float4 | Form::Float8 | Form::Oid => {}
        Form::Date | Form::Time | Form::Moment | Form::Uuid => {}
    }
}

struct Append<'a> {
    out: &'a mut Fields,
    rows: Range<usize>,
    nulls: Option<&'a NullBuffer>,
}

impl FixedValues for Append<'_> {
    fn each<const N: usize>(self, value: impl Fn(usize) -> [u8; N]) {
        self.out.append_fixed(self.rows, self.nulls, value);
    }
}

fn copy(bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Unfit> {
    out.extend(bytes);
    Ok(())
}

fn each_text(
    array: &dyn Array,
    rows: Range<usize>,
    out: &mut Fields,
    unfit: &mut Vec<UnfitAt>,
    put: impl Fn(&str, &mut Vec<u8>) -> Result<(), Unfit>,
) {
    let texts: &StringArray = array.as_string();
    out.append_each(rows, texts.nulls(), unfit, |row, out| put(texts.value(row), out));
}

/// Appends `"char"`, written as the byte itself, as nothing for 0, or as `\ooo` in octal.
fn put_byte(text: &str, out: &mut Vec<u8>) -> Result<(), Unfit> {
    let byte = match text.as_bytes() {
        [] => 0,
        [0] => return Err(Unfit::NulCharacter),
        [byte] => *byte,
        [b'\\', high @ b'0'..=b'3', mid @ b'0'..=b'7', low @ b'0'..=b'7'] => {
            (high - b'0') << 6 | (mid - b'0') << 3 | (low - b'0')
        }
        _ => return Err(Unfit::NoSingleByte),
    };
    out.push(byte);
    Ok(())
}

fn put_money(value: i128, scale: i8, digits: u8, out: &mut Vec<u8>) -> Result<(), Unfit> {
    let more = i32::from(digits) - i32::from(scale);
    let unit = 10_i128.checked_pow(more.unsigned_abs()).ok_or(Unfit::MoneyRange)?;
    let amount = if more >= 0 {
        value.checked_mul(unit).ok_or(Unfit::MoneyRange)?
    } else if value % unit == 0 {
        value / unit
    } else {
        return Err(Unfit::NumericScale);
    };
    out.extend(i64::try_from(amount).map_err(|_| Unfit::MoneyRange)?.to_be_bytes());
    Ok(())
}

fn append_maps(array: &dyn Array, rows: Range<usize>, out: &mut Fields, unfit: &mut Vec<UnfitAt>) {
    let maps = array.as_map();
    let (keys, values) = (strings(maps.keys()), strings(maps.values()));
    let mut seen = HashSet::new();
    out.append_each(rows, maps.nulls(), unfit, |row, out| {
        let offsets = maps.value_offsets();
        let entries = offsets[row] as usize..offsets[row + 1] as usize;
        out.extend((entries.len() as i32).to_be_bytes());
        seen.clear();
        for entry in entries {
            let key = keys.get(entry);
            if keys.is_null(entry) {
                return Err(Unfit::MissingPart);
            }
            if !seen.insert(key) {
                return Err(Unfit::DuplicateKey);
            }
            put_text(key, out)?;
            if values.is_null(entry) {
                out.extend(super::fields::NULL);
            } else {
                put_text(values.get(entry), out)?;
            }
        }
        Ok(())
    });
}

/// Appends a text behind its length.
fn put_text(text: &[u8], out: &mut Vec<u8>) -> Result<(), Unfit> {
    if text.contains(&0) {
        return Err(Unfit::NulCharacter);
    }
    out.extend(super::fields::length(text.len())?);
    out.extend(text);
    Ok(())
}

/// The elements of a column of lists, and the range of them that a row has.
struct Lists<'a> {
    values: &'a ArrayRef,
    nulls: Option<&'a NullBuffer>,
    offsets: Result<&'a [i32], usize>,
}

impl<'a> Lists<'a> {
    fn new(array: &'a dyn Array) -> Self {
        if let Some(lists) = array.as_fixed_size_list_opt() {
            let size = lists.value_length() as usize;
            return Self { values: lists.values(), nulls: lists.nulls(), offsets: Err(size) };
        }
        let lists = array.as_list::<i32>();
        Self { values: lists.values(), nulls: lists.nulls(), offsets: Ok(lists.value_offsets()) }
    }

    fn range(&self, row: usize) -> Range<usize> {
        match self.offsets {
            Ok(offsets) => offsets[row] as usize..offsets[row + 1] as usize,
            Err(size) => row * size..(row + 1) * size,
        }
    }
}

fn append_vectors(
    array: &dyn Array,
    size: Option<u32>,
    half: bool,
    rows: Range<usize>,
    out: &mut Fields,
    unfit: &mut Vec<UnfitAt>,
) {
    let lists = Lists::new(array);
    let numbers = lists.values.as_primitive::<Float32Type>();
    out.append_each(rows, lists.nulls, unfit, |row, out| {
        let range = lists.range(row);
        let count = u16::try_from(range.len()).ok().filter(|count| *count > 0).ok_or(Unfit::Dimensions)?;
        if size.is_some_and(|size| size != u32::from(count)) {
            return Err(Unfit::Dimensions);
        }
        out.extend(count.to_be_bytes());
        out.extend([0, 0]);
        for at in range {
            if numbers.is_null(at) {
                return Err(Unfit::MissingPart);
            }
            let number = numbers.value(at);
            if half {
                let short = <Float16Type as ArrowPrimitiveType>::Native::from_f32(number);
                if short.to_f32().to_bits() != number.to_bits() {
                    return Err(Unfit::HalfPrecision);
                }
                out.extend(short.to_bits().to_be_bytes());
            } else {
                out.extend(number.to_be_bytes());
            }
        }
        Ok(())
    });
}

fn append_arrays(
    array: &dyn Array,
    dimensions: usize,
    oid: u32,
    item: &Form,
    rows: Range<usize>,
    out: &mut Fields,
    unfit: &mut Vec<UnfitAt>,
) {
    let mut levels = vec![Lists::new(array)];
    for _ in 1..dimensions {
        if let Some(values) = levels.last().map(|level| level.values) {
            levels.push(Lists::new(values));
        }
    }
    let Some(items) = levels.last().map(|level| level.values) else { return };
    let mut inner = Fields::default();
    let mut unfit_items = Vec::new();
    out.append_each(rows, array.nulls(), unfit, |row, out| {
        let mut sizes = Vec::with_capacity(dimensions);
        let range = shape(&levels, row, &mut sizes)?;
        let dimensions = if range.is_empty() { 0 } else { sizes.len() };
        let has_nulls = items.nulls().is_some_and(|nulls| range.clone().any(|at| nulls.is_null(at)));
        for word in [dimensions as i32, i32::from(has_nulls), oid as i32] {
            out.extend(word.to_be_bytes());
        }
        for size in sizes.iter().take(dimensions) {
            out.extend((*size as i32).to_be_bytes());
            out.extend(1_i32.to_be_bytes());
        }
        inner.clear();
        append(item, items, range, &mut inner, &mut unfit_items);
        match unfit_items.drain(..).next() {
            Some(bad) => Err(bad.why),
            None => copy(&inner.bytes, out),
        }
    });
}

/// Returns the elements of a value, and the size of each dimension. An array is a box: lists inside a list are there, and
/// as long as their neighbours.
fn shape(levels: &[Lists<'_>], row: usize, sizes: &mut Vec<usize>) -> Result<Range<usize>, Unfit> {
    let mut range = row..row + 1;
    for (depth, level) in levels.iter().enumerate() {
        if depth > 0 && level.nulls.is_some_and(|nulls| range.clone().any(|at| nulls.is_null(at))) {
            return Err(Unfit::RaggedArray);
        }
        let Some(first) = range.clone().next() else {
            return Ok(0..0);
        };
        let size = level.range(first).len();
        if range.clone().any(|at| level.range(at).len() != size) || depth > 0 && size == 0 {
            return Err(Unfit::RaggedArray);
        }
        // Lists of one length that follow each other lie without a gap.
        let start = level.range(first).start;
        let end = start + size * range.len();
        if range.clone().last().is_some_and(|last| level.range(last).end != end) {
            return Err(Unfit::RaggedArray);
        }
        sizes.push(size);
        range = start..end;
    }
    Ok(range)
}

fn append_composites(
    array: &dyn Array,
    parts: &[(u32, Form)],
    rows: Range<usize>,
    out: &mut Fields,
    unfit: &mut Vec<UnfitAt>,
) {
    let columns = array.as_struct().columns();
    let mut inner = Fields::default();
    let mut unfit_parts = Vec::new();
    out.append_each(rows, array.nulls(), unfit, |row, out| {
        out.extend((parts.len() as i32).to_be_bytes());
        for ((oid, form), column) in parts.iter().zip(columns) {
            out.extend(oid.to_be_bytes());
            inner.clear();
            append(form, column, row..row + 1, &mut inner, &mut unfit_parts);
            if let Some(bad) = unfit_parts.drain(..).next() {
                return Err(bad.why);
            }
            copy(&inner.bytes, out)?;
        }
        Ok(())
    });
}
