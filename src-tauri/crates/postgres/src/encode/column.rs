//! The values of one column in a run of rows: how long they are, and where they go.

use super::clock::{day, is_day, is_moment, is_time, moment};
use super::error::Unfit;
use super::fields::{Fields, NULL, UnfitAt};
use super::form::{Form, wider};
use super::nested::append;
use super::oid::Oids;
use super::text::Strings;
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::buffer::NullBuffer;
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{
    DataType, Date32Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type, Time64MicrosecondType,
    TimestampMicrosecondType, UInt32Type,
};
use arrow::error::ArrowError;
use firn_catalog::PgType;
use std::ops::Range;
use std::sync::Arc;

/// One column of a stream.
#[derive(Debug)]
pub(super) struct Column {
    form: Form,
    /// The type of the same values that has a form, where the column's own has none.
    converted: Option<DataType>,
    /// Values that are encoded before their length is known.
    built: Fields,
}

impl Column {
    /// Makes the encoder of a column; `None` where values of this Arrow type are not written as this type.
    pub fn new(ty: &PgType, arrow: &DataType, oids: &Oids) -> Option<Self> {
        let (form, converted) = match Form::new(ty, arrow, oids) {
            Some(form) => (form, None),
            None => wider(arrow).into_iter().find_map(|to| Some((Form::new(ty, &to, oids)?, Some(to))))?,
        };
        Some(Self { form, converted, built: Fields::with_ends() })
    }

    /// Returns the column with the Arrow type that has a form.
    pub fn convert(&self, array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
        match &self.converted {
            None => Ok(Arc::clone(array)),
            Some(to) => cast_with_options(array, to, &CastOptions { safe: false, ..CastOptions::default() }),
        }
    }

    /// Adds to each row's size what its value takes, length included, and notes values that are none of the type.
    pub fn measure(&mut self, array: &dyn Array, rows: Range<usize>, sizes: &mut [usize], unfit: &mut Vec<UnfitAt>) {
        match &self.form {
            Form::Text(limit) => {
                let texts = strings(array);
                texts.check_nul(rows.clone(), unfit);
                if let Some(limit) = limit {
                    texts.check_length(rows.clone(), *limit, unfit);
                }
                measure_strings(&texts, 0, rows, sizes, unfit);
            }
            Form::VersionedText => {
                let texts = strings(array);
                texts.check_nul(rows.clone(), unfit);
                measure_strings(&texts, 1, rows, sizes, unfit);
            }
            Form::Bytes => measure_strings(&strings(array), 0, rows, sizes, unfit),
            form => {
                check_fixed(form, array, rows.clone(), unfit);
                if !visit_fixed(form, array, Measure { rows: rows.clone(), nulls: array.nulls(), sizes }) {
                    self.built.clear();
                    append(form, array, rows, &mut self.built, unfit);
                    let mut from = 0;
                    for (size, end) in sizes.iter_mut().zip(self.built.ends.iter().flatten()) {
                        *size += end - from;
                        from = *end;
                    }
                }
            }
        }
    }

    /// Writes the values that were measured, each at its row's place, and moves the places behind them.
    pub fn write(&self, array: &dyn Array, rows: Range<usize>, places: &mut [usize], out: &mut [u8]) {
        match &self.form {
            Form::Text(_) | Form::Bytes => write_strings(&strings(array), &[], rows, places, out),
            Form::VersionedText => write_strings(&strings(array), &[1], rows, places, out),
            form => {
                if !visit_fixed(form, array, Write { rows, nulls: array.nulls(), places, out }) {
                    let mut from = 0;
                    for (place, end) in places.iter_mut().zip(self.built.ends.iter().flatten()) {
                        put(out, place, self.built.bytes.get(from..*end).unwrap_or_default());
                        from = *end;
                    }
                }
            }
        }
    }
}

/// Returns the offsets and bytes of texts or byte strings.
pub(super) fn strings(array: &dyn Array) -> Strings<'_> {
    if let Some(texts) = array.as_string_opt::<i32>() {
        return Strings { offsets: texts.value_offsets(), bytes: texts.value_data(), nulls: texts.nulls() };
    }
    let bytes = array.as_binary::<i32>();
    Strings { offsets: bytes.value_offsets(), bytes: bytes.value_data(), nulls: bytes.nulls() }
}

fn measure_strings(
    values: &Strings<'_>,
    before: usize,
    rows: Range<usize>,
    sizes: &mut [usize],
    unfit: &mut Vec<UnfitAt>,
) {
    values.check_size(rows.clone(), before, unfit);
    for (row, size) in rows.zip(sizes) {
        *size += if values.is_null(row) { 4 } else { 4 + before + values.get(row).len() };
    }
}

fn write_strings(values: &Strings<'_>, before: &[u8], rows: Range<usize>, places: &mut [usize], out: &mut [u8]) {
    for (row, place) in rows.zip(places) {
        if values.is_null(row) {
            put(out, place, &NULL);
            continue;
        }
        let value = values.get(row);
        put(out, place, &((before.len() + value.len()) as i32).to_be_bytes());
        if !before.is_empty() {
            put(out, place, before);
        }
        put(out, place, value);
    }
}

/// Copies bytes to a place and moves it behind them.
#[inline(always)]
fn put(out: &mut [u8], place: &mut usize, bytes: &[u8]) {
    let end = *place + bytes.len();
    if let Some(slot) = out.get_mut(*place..end) {
        slot.copy_from_slice(bytes);
    }
    *place = end;
}

/// What is done with the values of a column of one length.
pub(super) trait FixedValues {
    /// Takes the function that returns the value of a row, which is called for rows that are not NULL only.
    fn each<const N: usize>(self, value: impl Fn(usize) -> [u8; N]);
}

struct Measure<'a> {
    rows: Range<usize>,
    nulls: Option<&'a NullBuffer>,
    sizes: &'a mut [usize],
}

impl FixedValues for Measure<'_> {
    fn each<const N: usize>(self, _value: impl Fn(usize) -> [u8; N]) {
        match self.nulls {
            None => self.sizes.iter_mut().for_each(|size| *size += 4 + N),
            Some(nulls) => {
                for (row, size) in self.rows.zip(self.sizes) {
                    *size += if nulls.is_null(row) { 4 } else { 4 + N };
                }
            }
        }
    }
}

struct Write<'a> {
    rows: Range<usize>,
    nulls: Option<&'a NullBuffer>,
    places: &'a mut [usize],
    out: &'a mut [u8],
}

impl Write<'_> {
    #[inline(always)]
    fn one<const N: usize>(out: &mut [u8], place: &mut usize, value: [u8; N]) {
        if let Some((length, slot)) = out.get_mut(*place..*place + 4 + N).and_then(<[u8]>::split_first_chunk_mut::<4>) {
            *length = (N as i32).to_be_bytes();
            slot.copy_from_slice(&value);
        }
        *place += 4 + N;
    }
}

impl FixedValues for Write<'_> {
    fn each<const N: usize>(self, value: impl Fn(usize) -> [u8; N]) {
        let Self { rows, nulls, places, out } = self;
        match nulls {
            None => {
                for (row, place) in rows.zip(places) {
                    Self::one(out, place, value(row));
                }
            }
            Some(nulls) => {
                for (row, place) in rows.zip(places) {
                    if nulls.is_null(row) {
                        put(out, place, &NULL);
                    } else {
                        Self::one(out, place, value(row));
                    }
                }
            }
        }
    }
}

/// Gives the values of a column to a visitor, where all have one length; returns whether they have.
pub(super) fn visit_fixed(form: &Form, array: &dyn Array, visitor: impl FixedValues) -> bool {
    macro_rules! each {
        ($ty:ty, $bytes:expr) => {{
            let values = array.as_primitive::<$ty>().values();
            visitor.each(|row| $bytes(values[row]));
        }};
    }
    match form {
        Form::Bool => {
            let values = array.as_boolean().values();
            visitor.each(|row| [u8::from(values.value(row))]);
        }
        Form::Int2 => each!(Int16Type, i16::to_be_bytes),
        Form::Int4 => each!(Int32Type, i32::to_be_bytes),
        Form::Int8 => each!(Int64Type, i64::to_be_bytes),
        Form::Float4 => each!(Float32Type, f32::to_be_bytes),
        Form::Float8 => each!(Float64Type, f64::to_be_bytes),
        Form::Oid => each!(UInt32Type, u32::to_be_bytes),
        Form::Date => each!(Date32Type, day),
        Form::Time => each!(Time64MicrosecondType, i64::to_be_bytes),
        Form::Moment => each!(TimestampMicrosecondType, moment),
        Form::Uuid => {
            let values = array.as_fixed_size_binary().value_data().as_chunks::<16>().0;
            let offset = array.offset();
            visitor.each(|row| values[offset + row]);
        }
        _ => return false,
    }
    true
}

/// Notes values of one length that are none of their type: all rows at once, and one by one where that fails.
pub(super) fn check_fixed(form: &Form, array: &dyn Array, rows: Range<usize>, unfit: &mut Vec<UnfitAt>) {
    match form {
        Form::Date => {
            let values = array.as_primitive::<Date32Type>().values();
            check(values, array.nulls(), rows, is_day, Unfit::DateRange, unfit);
        }
        Form::Time => {
            let values = array.as_primitive::<Time64MicrosecondType>().values();
            check(values, array.nulls(), rows, is_time, Unfit::TimeRange, unfit);
        }
        Form::Moment => {
            let values = array.as_primitive::<TimestampMicrosecondType>().values();
            check(values, array.nulls(), rows, is_moment, Unfit::TimestampRange, unfit);
        }
        _ => {}
    }
}

fn check<T: Copy>(
    values: &[T],
    nulls: Option<&NullBuffer>,
    rows: Range<usize>,
    is_good: impl Fn(T) -> bool,
    why: Unfit,
    unfit: &mut Vec<UnfitAt>,
) {
    let all = values.get(rows.clone()).unwrap_or_default();
    if all.iter().fold(true, |good, value| good & is_good(*value)) {
        return;
    }
    // What lies under a NULL can be anything.
    let bad = rows.zip(all).filter(|(row, value)| !nulls.is_some_and(|nulls| nulls.is_null(*row)) && !is_good(**value));
    unfit.extend(bad.map(|(row, _)| UnfitAt { row, why }));
}
