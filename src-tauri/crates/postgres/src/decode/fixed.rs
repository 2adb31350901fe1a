//! Values of one length: numbers, days, moments, UUIDs.

use super::bits::Validity;
use super::span::{Malformed, Refused, RefusedAt, Span, Values};
use arrow::buffer::{NullBuffer, ScalarBuffer};
use arrow::datatypes::{ArrowNativeType, IntervalMonthDayNano};
use firn_catalog::civil::MICROS_PER_DAY;

/// Days from 1970-01-01, Arrow's epoch, to 2000-01-01, PostgreSQL's.
pub(crate) const EPOCH_DAYS: i32 = 10_957;
/// Microseconds between the two epochs.
pub(crate) const EPOCH_MICROS: i64 = EPOCH_DAYS as i64 * MICROS_PER_DAY;
/// The last moment of the year 294246, in PostgreSQL's microseconds. DuckDB's range ends days later, and the type
/// map promises whole years.
const LAST_MOMENT: i64 = 9_223_371_244_799_999_999 - EPOCH_MICROS;
/// The first moment a server stores, 4714-11-24 BC, in PostgreSQL's microseconds.
pub(crate) const FIRST_MOMENT: i64 = -211_813_488_000_000_000;

/// A column of values of one length.
#[derive(Debug)]
pub(super) struct Fixed<T> {
    pub values: Vec<T>,
    pub validity: Validity,
}

impl<T> Default for Fixed<T> {
    fn default() -> Self {
        Self { values: Vec::new(), validity: Validity::default() }
    }
}

impl<T: Copy + Default> Fixed<T> {
    /// Appends values whose every bit pattern is good.
    #[inline(always)]
    pub fn append<const N: usize>(
        &mut self,
        values: Values<'_>,
        convert: impl Fn([u8; N]) -> T,
    ) -> Result<(), Malformed> {
        self.append_checked(values, |raw| (convert(raw), true), "its length is another type's")
    }

    /// Appends values; `convert` returns a value and whether it is one of its type.
    #[inline(always)]
    pub fn append_checked<const N: usize>(
        &mut self,
        values: Values<'_>,
        convert: impl Fn([u8; N]) -> (T, bool),
        what: &'static str,
    ) -> Result<(), Malformed> {
        let mut good = true;
        self.values.extend(values.spans.iter().map(|span| match values.fixed::<N>(*span) {
            Some(raw) => {
                let (value, is_good) = convert(raw);
                good &= is_good;
                value
            }
            None => {
                good &= span.len == -1;
                T::default()
            }
        }));
        self.validity.append(values.spans);
        if good { Ok(()) } else { Err(first_bad(values, |raw| convert(raw).1, what)) }
    }

    /// Prepares for `rows` more values.
    pub fn reserve(&mut self, rows: usize) {
        self.values.reserve(rows);
    }
}

impl<T: ArrowNativeType> Fixed<T> {
    /// Returns the values and which of them are there, and begins a new column.
    pub fn take(&mut self) -> (ScalarBuffer<T>, Option<NullBuffer>) {
        (std::mem::take(&mut self.values).into(), self.validity.take())
    }
}

#[cold]
fn first_bad<const N: usize>(values: Values<'_>, is_good: impl Fn([u8; N]) -> bool, what: &'static str) -> Malformed {
    let bad = |span: &Span| !span.is_null() && !values.fixed::<N>(*span).is_some_and(&is_good);
    let row = values.spans.iter().position(bad).unwrap_or_default();
    let span = values.spans.get(row).copied().unwrap_or_default();
    let what = if span.len as usize == N { what } else { "its length is another type's" };
    Malformed { row, at: span.at, what }
}

/// Converts a day; ±infinity become `i32::MAX` and `-i32::MAX`.
#[inline(always)]
pub(super) fn date(raw: [u8; 4]) -> (i32, bool) {
    match i32::from_be_bytes(raw) {
        i32::MAX => (i32::MAX, true),
        i32::MIN => (-i32::MAX, true),
        days => (days.wrapping_add(EPOCH_DAYS), days < i32::MAX - EPOCH_DAYS),
    }
}

/// Converts a time of the day, 24:00:00 included.
#[inline(always)]
pub(super) fn time(raw: [u8; 8]) -> (i64, bool) {
    let micros = i64::from_be_bytes(raw);
    (micros, (0..=MICROS_PER_DAY).contains(&micros))
}

impl Fixed<i64> {
    /// Appends moments; ±infinity become `i64::MAX` and `-i64::MAX`, moments after the year 294246 are refused.
    #[inline]
    pub fn append_moments(&mut self, values: Values<'_>, refused: &mut Vec<RefusedAt>) -> Result<(), Malformed> {
        let mut late = false;
        let shifted = |raw| match i64::from_be_bytes(raw) {
            i64::MAX => (i64::MAX, true, false),
            i64::MIN => (-i64::MAX, true, false),
            micros => (micros.wrapping_add(EPOCH_MICROS), micros >= FIRST_MOMENT, micros > LAST_MOMENT),
        };
        let mut good = true;
        self.values.extend(values.spans.iter().map(|span| match values.fixed::<8>(*span) {
            Some(raw) => {
                let (value, is_good, is_late) = shifted(raw);
                good &= is_good;
                late |= is_late;
                value
            }
            None => {
                good &= span.len == -1;
                0
            }
        }));
        self.validity.append(values.spans);
        if !good {
            return Err(first_bad(values, |raw| shifted(raw).1, "it is before the first moment PostgreSQL stores"));
        }
        if late {
            let is_late = |span: &Span| values.fixed::<8>(*span).is_some_and(|raw| shifted(raw).2);
            let rows = values.spans.iter().enumerate().filter(|(_, span)| is_late(span));
            refused.extend(rows.map(|(row, _)| RefusedAt { row, why: Refused::TimestampRange }));
        }
        Ok(())
    }
}

impl Fixed<IntervalMonthDayNano> {
    /// Appends spans of time; those whose microseconds make more nanoseconds than 64 bits hold are refused, and with
    /// them the infinities of version 17.
    pub fn append_intervals(&mut self, values: Values<'_>, refused: &mut Vec<RefusedAt>) -> Result<(), Malformed> {
        self.append(values, |raw: [u8; 16]| {
            let days_and_months = u128::from_be_bytes(raw) as u64;
            let (days, months) = ((days_and_months >> 32) as i32, days_and_months as i32);
            IntervalMonthDayNano::new(months, days, nanoseconds(raw).unwrap_or_default())
        })?;
        let is_long = |span: &Span| values.fixed::<16>(*span).is_some_and(|raw| nanoseconds(raw).is_none());
        let rows = values.spans.iter().enumerate().filter(|(_, span)| is_long(span));
        refused.extend(rows.map(|(row, _)| RefusedAt { row, why: Refused::IntervalRange }));
        Ok(())
    }
}

/// Returns the part of an interval below a day.
fn nanoseconds(raw: [u8; 16]) -> Option<i64> {
    ((u128::from_be_bytes(raw) >> 64) as i64).checked_mul(1000)
}
