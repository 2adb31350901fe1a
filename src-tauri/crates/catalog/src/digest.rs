//! 128-bit digests of rows: what two sides of a sync are compared by, column by column over Arrow arrays.
//!
//! A digest is made of values, not of their printed text. Two rows that differ in one cell of a fixed width never have
//! one digest, because each step is a bijection of what came before; all others meet with a chance of 2⁻¹²⁸. It is no
//! cryptographic hash: it finds mistakes, not forgeries.

use crate::text::value_text;
use arrow::array::{Array, AsArray, BooleanArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, DurationMicrosecondType, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, IntervalMonthDayNanoType, IntervalUnit, Time64MicrosecondType, TimeUnit,
    TimestampMicrosecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use std::fmt;
use twox_hash::xxhash3_128;

/// A row's digest.
pub type RowDigest = u128;

/// The form that values of a column are brought to before they are digested. Both sides of a comparison use one form,
/// which is chosen from the Arrow types of both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// Truth values; DuckDB sends them as bytes.
    Bool,
    /// Integers of up to 64 bits, signed or not.
    Integer,
    /// Binary floats, as doubles. −0 differs from 0, every NaN is one value.
    Float,
    /// Decimals and integers with this many digits after the point.
    Decimal(i8),
    /// Texts and bytes.
    Bytes,
    /// Days since 1970.
    Date,
    /// Microseconds: times, timestamps with or without a zone, durations.
    Micros,
    /// Months, days and nanoseconds, each for itself.
    Interval,
    /// Items in order.
    List(Box<Form>),
    /// Fields in order.
    Struct(Vec<Form>),
    /// Keys and values in order.
    Map(Box<Form>, Box<Form>),
    /// The text of [`value_text`], where the two types have nothing else in common.
    Text,
}

/// A column that has another type than its form allows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a column of the type {found} cannot be compared as {form}")]
pub struct FormError {
    /// The Arrow type, as Arrow prints it.
    pub found: String,
    /// The form.
    pub form: Form,
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl Form {
    /// Chooses the form in which columns of these two types are compared.
    #[must_use]
    pub fn of(left: &DataType, right: &DataType) -> Self {
        use DataType as T;
        match (left, right) {
            (a, b) if is_bool(a) && is_bool(b) && (*a == T::Boolean || *b == T::Boolean) => Self::Bool,
            (a, b) if a.is_integer() && b.is_integer() => Self::Integer,
            (T::Float32 | T::Float64, T::Float32 | T::Float64) => Self::Float,
            (T::Decimal128(_, a), T::Decimal128(_, b)) => Self::Decimal(*a.max(b)),
            (T::Decimal128(_, scale), other) | (other, T::Decimal128(_, scale)) if other.is_integer() => {
                Self::Decimal(*scale.max(&0))
            }
            (a, b) if is_bytes(a) && is_bytes(b) => Self::Bytes,
            (T::Date32, T::Date32) => Self::Date,
            (T::Time64(TimeUnit::Microsecond), T::Time64(TimeUnit::Microsecond))
            | (T::Timestamp(TimeUnit::Microsecond, _), T::Timestamp(TimeUnit::Microsecond, _))
            | (T::Duration(TimeUnit::Microsecond), T::Duration(TimeUnit::Microsecond)) => Self::Micros,
            (T::Interval(IntervalUnit::MonthDayNano), T::Interval(IntervalUnit::MonthDayNano)) => Self::Interval,
            (T::Struct(a), T::Struct(b)) if a.len() == b.len() => {
                Self::Struct(a.iter().zip(b).map(|(a, b)| Self::of(a.data_type(), b.data_type())).collect())
            }
            (T::Map(a, _), T::Map(b, _)) => match (a.data_type(), b.data_type()) {
                (T::Struct(a), T::Struct(b)) if a.len() == 2 && b.len() == 2 => Self::Map(
                    Box::new(Self::of(a[0].data_type(), b[0].data_type())),
                    Box::new(Self::of(a[1].data_type(), b[1].data_type())),
                ),
                _ => Self::Text,
            },
            (a, b) => match (item(a), item(b)) {
                (Some(a), Some(b)) => Self::List(Box::new(Self::of(a, b))),
                _ => Self::Text,
            },
        }
    }
}

fn item(ty: &DataType) -> Option<&DataType> {
    match ty {
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => Some(item.data_type()),
        _ => None,
    }
}

/// DuckDB sends truth values as 8-bit integers where it is asked to lose nothing.
fn is_bool(ty: &DataType) -> bool {
    matches!(ty, DataType::Boolean | DataType::Int8)
}

fn is_bytes(ty: &DataType) -> bool {
    use DataType as T;
    matches!(ty, T::Utf8 | T::LargeUtf8 | T::Utf8View | T::Binary | T::LargeBinary | T::FixedSizeBinary(_))
}

/// Digests the rows of these columns, `rows` of them.
///
/// # Errors
/// [`FormError`] where a column's type does not belong to its form.
pub fn row_digests(columns: &[(&dyn Array, &Form)], rows: usize) -> Result<Vec<RowDigest>, FormError> {
    let mut states = vec![State::START; rows];
    for (column, form) in columns {
        absorb(*column, form, &mut states)?;
    }
    Ok(states.into_iter().map(State::finish).collect())
}

/// Two lanes of 64 bits, mixed apart with constants of their own.
#[derive(Debug, Clone, Copy)]
struct State(u64, u64);

/// Odd numbers without a pattern: each makes a multiplication a bijection.
const K: [u64; 4] = [0xd1b5_4a32_d192_ed03, 0xaef1_7502_b3a1_9a35, 0x8cb9_2ba7_2f3d_8dd7, 0xe703_7ed1_a0b4_28db];

fn scatter(mut x: u64, by: u64) -> u64 {
    x ^= x >> 32;
    x = x.wrapping_mul(by);
    x ^= x >> 29;
    x = x.wrapping_mul(K[1]);
    x ^ (x >> 32)
}

impl State {
    const START: Self = Self(0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344);

    #[inline]
    fn take(&mut self, first: u64, second: u64) {
        self.0 = scatter(self.0.wrapping_mul(K[0]).wrapping_add(first), K[2]);
        self.1 = scatter(self.1.rotate_left(23).wrapping_mul(K[3]) ^ second, K[0]);
    }

    #[inline]
    fn take_word(&mut self, word: u64) {
        self.take(word, word);
    }

    /// A step that no value takes.
    #[inline]
    fn take_null(&mut self) {
        self.0 = scatter(!self.0.rotate_left(17), K[3]);
        self.1 = scatter(!self.1.rotate_left(41), K[2]);
    }

    fn take_digest(&mut self, digest: RowDigest) {
        // The two halves of the 128 bits.
        #[expect(clippy::cast_possible_truncation, reason = "the halves are what is wanted")]
        self.take(digest as u64, (digest >> 64) as u64);
    }

    fn finish(self) -> RowDigest {
        (u128::from(scatter(self.0, K[1])) << 64) | u128::from(scatter(self.1, K[0]))
    }
}

fn each(array: &dyn Array, states: &mut [State], mut value: impl FnMut(usize, &mut State)) {
    match array.nulls().filter(|nulls| nulls.null_count() > 0) {
        None => states.iter_mut().enumerate().for_each(|(row, state)| value(row, state)),
        Some(nulls) => {
            for (row, state) in states.iter_mut().enumerate() {
                if nulls.is_null(row) { state.take_null() } else { value(row, state) }
            }
        }
    }
}

macro_rules! words {
    ($array:expr, $states:expr, $ty:ty, $word:expr) => {{
        let values = $array.as_primitive::<$ty>().values();
        each($array, $states, |row, state| state.take_word($word(values[row])));
        Ok(())
    }};
}

/// Sign-extended, so that one number is one word whatever its width.
fn signed(value: impl Into<i64>) -> u64 {
    value.into().cast_unsigned()
}

fn float(value: impl Into<f64>) -> u64 {
    let value: f64 = value.into();
    if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() }
}

fn absorb(array: &dyn Array, form: &Form, states: &mut [State]) -> Result<(), FormError> {
    use DataType as T;
    debug_assert_eq!(array.len(), states.len());
    match (form, array.data_type()) {
        (Form::Bool, T::Boolean) => {
            let values: &BooleanArray = array.as_boolean();
            each(array, states, |row, state| state.take_word(u64::from(values.value(row))));
            Ok(())
        }
        (Form::Bool, T::Int8) => words!(array, states, Int8Type, |v: i8| u64::from(v != 0)),
        (Form::Integer, T::Int8) => words!(array, states, Int8Type, signed),
        (Form::Integer, T::Int16) => words!(array, states, Int16Type, signed),
        (Form::Integer, T::Int32) => words!(array, states, Int32Type, signed),
        (Form::Integer, T::Int64) => words!(array, states, Int64Type, signed),
        (Form::Integer, T::UInt8) => words!(array, states, UInt8Type, u64::from),
        (Form::Integer, T::UInt16) => words!(array, states, UInt16Type, u64::from),
        (Form::Integer, T::UInt32) => words!(array, states, UInt32Type, u64::from),
        (Form::Integer, T::UInt64) => {
            // Above the signed range a word of its own: −1 and 2⁶⁴ − 1 have the same bits.
            let values = array.as_primitive::<UInt64Type>().values();
            each(array, states, |row, state| {
                state.take_word(values[row]);
                if i64::try_from(values[row]).is_err() {
                    state.take_null();
                }
            });
            Ok(())
        }
        (Form::Float, T::Float32) => words!(array, states, Float32Type, float),
        (Form::Float, T::Float64) => words!(array, states, Float64Type, float),
        (Form::Date, T::Date32) => words!(array, states, Date32Type, signed),
        (Form::Micros, T::Time64(TimeUnit::Microsecond)) => words!(array, states, Time64MicrosecondType, signed),
        (Form::Micros, T::Timestamp(TimeUnit::Microsecond, _)) => {
            words!(array, states, TimestampMicrosecondType, signed)
        }
        (Form::Micros, T::Duration(TimeUnit::Microsecond)) => words!(array, states, DurationMicrosecondType, signed),
        (Form::Interval, T::Interval(IntervalUnit::MonthDayNano)) => {
            let values = array.as_primitive::<IntervalMonthDayNanoType>().values();
            each(array, states, |row, state| {
                let value = values[row];
                state.take_word(signed(value.months));
                state.take_word(signed(value.days));
                state.take_word(signed(value.nanoseconds));
            });
            Ok(())
        }
        (Form::Decimal(scale), _) => decimals(array, *scale, form, states),
        (Form::Bytes, _) => bytes(array, form, states),
        (Form::List(items), _) => lists(array, items, form, states),
        (Form::Struct(fields), T::Struct(_)) => {
            let values = array.as_struct();
            let children: Vec<(&dyn Array, &Form)> =
                values.columns().iter().zip(fields).map(|(column, form)| (column.as_ref(), form)).collect();
            let digests = row_digests(&children, array.len())?;
            each(array, states, |row, state| state.take_digest(digests[row]));
            Ok(())
        }
        (Form::Map(keys, values), T::Map(..)) => {
            let map = array.as_map();
            let children: [(&dyn Array, &Form); 2] = [(map.keys().as_ref(), keys), (map.values().as_ref(), values)];
            let digests = row_digests(&children, map.keys().len())?;
            runs(array, &digests, map.value_offsets(), states);
            Ok(())
        }
        (Form::Text, _) => {
            each(array, states, |row, state| {
                state.take_digest(xxhash3_128::Hasher::oneshot(value_text(array, row).unwrap_or_default().as_bytes()));
            });
            Ok(())
        }
        (form, found) => Err(wrong(form, found)),
    }
}

fn wrong(form: &Form, found: &DataType) -> FormError {
    FormError { found: found.to_string(), form: form.clone() }
}

/// Takes for each row the digests of its run of items, and how many there are.
fn runs(array: &dyn Array, digests: &[RowDigest], offsets: &[i32], states: &mut [State]) {
    // Arrow's offsets are never negative.
    let place = |offset: i32| usize::try_from(offset).unwrap_or_default();
    each(array, states, |row, state| {
        let run = &digests[place(offsets[row])..place(offsets[row + 1])];
        state.take_word(run.len() as u64);
        run.iter().for_each(|digest| state.take_digest(*digest));
    });
}

fn lists(array: &dyn Array, items: &Form, form: &Form, states: &mut [State]) -> Result<(), FormError> {
    match array.data_type() {
        DataType::List(_) => {
            let list = array.as_list::<i32>();
            let digests = row_digests(&[(list.values().as_ref(), items)], list.values().len())?;
            runs(array, &digests, list.value_offsets(), states);
            Ok(())
        }
        DataType::FixedSizeList(_, _) => {
            let list = array.as_fixed_size_list();
            let digests = row_digests(&[(list.values().as_ref(), items)], list.values().len())?;
            each(array, states, |row, state| {
                let from = usize::try_from(list.value_offset(row)).unwrap_or_default();
                let run = &digests[from..from + usize::try_from(list.value_length()).unwrap_or_default()];
                state.take_word(run.len() as u64);
                run.iter().for_each(|digest| state.take_digest(*digest));
            });
            Ok(())
        }
        found => Err(wrong(form, found)),
    }
}

fn bytes(array: &dyn Array, form: &Form, states: &mut [State]) -> Result<(), FormError> {
    use DataType as T;
    macro_rules! of {
        ($values:expr, $as_bytes:expr) => {{
            let values = $values;
            each(array, states, |row, state| {
                state.take_digest(xxhash3_128::Hasher::oneshot($as_bytes(values.value(row))));
            });
            Ok(())
        }};
    }
    match array.data_type() {
        T::Utf8 => of!(array.as_string::<i32>(), str::as_bytes),
        T::LargeUtf8 => of!(array.as_string::<i64>(), str::as_bytes),
        T::Utf8View => of!(array.as_string_view(), str::as_bytes),
        T::Binary => of!(array.as_binary::<i32>(), |v| v),
        T::LargeBinary => of!(array.as_binary::<i64>(), |v| v),
        T::FixedSizeBinary(_) => of!(array.as_fixed_size_binary(), |v| v),
        found => Err(wrong(form, found)),
    }
}

fn decimals(array: &dyn Array, scale: i8, form: &Form, states: &mut [State]) -> Result<(), FormError> {
    use DataType as T;
    macro_rules! whole {
        ($ty:ty) => {{
            let values = array.as_primitive::<$ty>().values();
            each(array, states, |row, state| take_decimal(state, i128::from(values[row]), 0, scale));
            Ok(())
        }};
    }
    match array.data_type() {
        T::Decimal128(_, found) => {
            let (values, found) = (array.as_primitive::<Decimal128Type>().values(), *found);
            each(array, states, |row, state| take_decimal(state, values[row], found, scale));
            Ok(())
        }
        T::Int8 => whole!(Int8Type),
        T::Int16 => whole!(Int16Type),
        T::Int32 => whole!(Int32Type),
        T::Int64 => whole!(Int64Type),
        T::UInt8 => whole!(UInt8Type),
        T::UInt16 => whole!(UInt16Type),
        T::UInt32 => whole!(UInt32Type),
        T::UInt64 => whole!(UInt64Type),
        found => Err(wrong(form, found)),
    }
}

/// Takes a decimal with as many digits after the point as its form has. One that is too large for that many has a
/// step more: no value of a column with this scale can equal it.
fn take_decimal(state: &mut State, value: i128, found: i8, scale: i8) {
    let digits = u32::try_from(i32::from(scale) - i32::from(found)).unwrap_or_default();
    let scaled =
        if digits == 0 { Some(value) } else { 10_i128.checked_pow(digits).and_then(|by| value.checked_mul(by)) };
    state.take_digest(scaled.unwrap_or(value).cast_unsigned());
    if scaled.is_none() {
        state.take_null();
    }
}

#[cfg(test)]
#[path = "digest_tests.rs"]
mod tests;
