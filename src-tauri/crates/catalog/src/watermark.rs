//! Watermarks: one point on the axis a table is read along, compared as a number and kept as exact text.

use crate::civil::{MICROS_PER_DAY, date_text, days_in_month, days_of_date, timestamp_text};
use crate::pgtype::PgType;
use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Date32Type, Int16Type, Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType};
use serde::{Deserialize, Serialize};

/// The axes a watermark column may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WatermarkKind {
    /// `timestamp with time zone`; unit: microsecond.
    Timestamptz,
    /// `timestamp without time zone`; unit: microsecond. Whose zone it is in, nobody knows.
    Timestamp,
    /// `date`; unit: day.
    Date,
    /// `smallint`, `integer` or `bigint`; unit: one.
    Integer,
}

impl WatermarkKind {
    /// Returns the axis of a column type, or `None` where the type cannot carry a watermark.
    #[must_use]
    pub fn of(ty: &PgType) -> Option<Self> {
        match ty.base() {
            PgType::Timestamptz => Some(Self::Timestamptz),
            PgType::Timestamp => Some(Self::Timestamp),
            PgType::Date => Some(Self::Date),
            PgType::Int2 | PgType::Int4 | PgType::Int8 => Some(Self::Integer),
            _ => None,
        }
    }

    /// Returns the name of the PostgreSQL type that a literal of this axis is cast to.
    #[must_use]
    pub fn pg_cast(self) -> &'static str {
        match self {
            Self::Timestamptz => "timestamptz",
            Self::Timestamp => "timestamp",
            Self::Date => "date",
            Self::Integer => "bigint",
        }
    }
}

/// A point on a watermark axis. Ordered within one axis; comparing two axes is meaningless.
///
/// `value` is in the axis's unit since 1970-01-01 (integers: itself). On the three time axes `i64::MAX` is
/// `infinity` and `-i64::MAX` is `-infinity`, as Arrow readers and DuckDB have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Watermark {
    kind: WatermarkKind,
    value: i64,
}

// Orders the axis first, so that a mixed list still sorts; within an axis the value decides.
impl PartialOrd for WatermarkKind {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for WatermarkKind {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (*self as u8).cmp(&(*other as u8))
    }
}

/// Why a text is not a watermark.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a watermark of type {expected}: write it as {example}")]
pub struct WatermarkError {
    text: String,
    expected: &'static str,
    example: &'static str,
}

const DAY: i64 = MICROS_PER_DAY;

/// The first day of the year 1, in days since 1970-01-01.
const YEAR_ONE: i64 = -719_162;

impl Watermark {
    /// Makes a watermark of a raw value in the axis's unit.
    #[must_use]
    pub fn new(kind: WatermarkKind, value: i64) -> Self {
        Self { kind, value }
    }

    /// Returns the axis.
    #[must_use]
    pub fn kind(self) -> WatermarkKind {
        self.kind
    }

    /// Returns the raw value in the axis's unit.
    #[must_use]
    pub fn value(self) -> i64 {
        self.value
    }

    /// Returns whether this is `infinity` or `-infinity`.
    #[must_use]
    pub fn is_infinite(self) -> bool {
        self.kind != WatermarkKind::Integer && (self.value == i64::MAX || self.value == -i64::MAX)
    }

    /// Returns whether it is a number, or a time from the beginning of the year 1 on.
    #[must_use]
    pub fn is_of_our_era(self) -> bool {
        match self.kind {
            WatermarkKind::Integer => true,
            WatermarkKind::Timestamptz | WatermarkKind::Timestamp => self.value >= YEAR_ONE * DAY,
            WatermarkKind::Date => self.value >= YEAR_ONE,
        }
    }

    /// Returns the point `distance` units before this one; infinities stay, the ends of the axis hold.
    #[must_use]
    pub fn back(self, distance: i64) -> Self {
        if self.is_infinite() {
            return self;
        }
        let floor = if self.kind == WatermarkKind::Integer { i64::MIN } else { -i64::MAX };
        Self { value: self.value.saturating_sub(distance).max(floor), ..self }
    }

    /// Reads the watermark at `row` of a column; `None` where it is NULL or the column is of no watermark type.
    #[must_use]
    pub fn from_array(kind: WatermarkKind, array: &dyn Array, row: usize) -> Option<Self> {
        if array.is_null(row) {
            return None;
        }
        let value = match array.data_type() {
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                array.as_primitive::<TimestampMicrosecondType>().value(row)
            }
            DataType::Date32 => match array.as_primitive::<Date32Type>().value(row) {
                i32::MAX => i64::MAX,
                days if days == -i32::MAX => -i64::MAX,
                days => i64::from(days),
            },
            DataType::Int16 => i64::from(array.as_primitive::<Int16Type>().value(row)),
            DataType::Int32 => i64::from(array.as_primitive::<Int32Type>().value(row)),
            DataType::Int64 => array.as_primitive::<Int64Type>().value(row),
            _ => return None,
        };
        Some(Self { kind, value })
    }

    /// Writes the exact literal PostgreSQL reads back: microseconds, BC and infinity included.
    #[must_use]
    pub fn text(self) -> String {
        match (self.kind, self.value) {
            (WatermarkKind::Integer, value) => value.to_string(),
            (_, i64::MAX) => "infinity".to_owned(),
            (_, value) if value == -i64::MAX => "-infinity".to_owned(),
            (WatermarkKind::Timestamptz, micros) => timestamp_text(micros, "+00"),
            (WatermarkKind::Timestamp, micros) => timestamp_text(micros, ""),
            (WatermarkKind::Date, days) => date_text(days),
        }
    }

    /// Parses what [`Watermark::text`] writes, and ISO 8601 with `T`, `Z` or an offset of hours and minutes.
    ///
    /// # Errors
    /// [`WatermarkError`] names the axis and shows an example.
    pub fn parse(kind: WatermarkKind, text: &str) -> Result<Self, WatermarkError> {
        let (expected, example) = match kind {
            WatermarkKind::Timestamptz => ("timestamp with time zone", "2024-05-01 12:00:00.5+00"),
            WatermarkKind::Timestamp => ("timestamp without time zone", "2024-05-01 12:00:00.5"),
            WatermarkKind::Date => ("date", "2024-05-01"),
            WatermarkKind::Integer => ("integer", "42"),
        };
        let fail = || WatermarkError { text: text.to_owned(), expected, example };
        let trimmed = text.trim();
        let value = match (kind, trimmed) {
            (WatermarkKind::Integer, t) => t.parse().map_err(|_| fail())?,
            (_, "infinity") => i64::MAX,
            (_, "-infinity") => -i64::MAX,
            (_, t) => parse_time(kind, t).ok_or_else(fail)?,
        };
        Ok(Self { kind, value })
    }
}

fn parse_time(kind: WatermarkKind, text: &str) -> Option<i64> {
    let (text, before_christ) = match text.strip_suffix(" BC") {
        Some(rest) => (rest, true),
        None => (text, false),
    };
    let (date, rest) = match text.find([' ', 'T']) {
        Some(at) => (text.get(..at)?, text.get(at + 1..)?),
        None => (text, ""),
    };
    let mut parts = date.splitn(3, '-');
    let year: i64 = digits(parts.next()?, 4, 7)?;
    let month = u32::try_from(digits(parts.next()?, 2, 2)?).ok()?;
    let day = u32::try_from(digits(parts.next()?, 2, 2)?).ok()?;
    let year = if before_christ { 1 - year } else { year };
    if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
        return None;
    }
    let days = days_of_date(year, month, day);
    if kind == WatermarkKind::Date {
        return rest.is_empty().then_some(days);
    }
    let (clock, offset_seconds) = split_offset(rest, kind)?;
    let micros = if clock.is_empty() { 0 } else { parse_clock(clock)? };
    days.checked_mul(DAY)?.checked_add(micros)?.checked_sub(offset_seconds * 1_000_000)
}

/// Splits `12:00:00+05:30` into the clock and the offset in seconds; without a zone the offset is zero.
fn split_offset(text: &str, kind: WatermarkKind) -> Option<(&str, i64)> {
    if let Some(clock) = text.strip_suffix('Z') {
        return (kind == WatermarkKind::Timestamptz).then_some((clock, 0));
    }
    let Some(at) = text.find(['+', '-']) else { return Some((text, 0)) };
    if kind != WatermarkKind::Timestamptz {
        return None;
    }
    let sign = if text.as_bytes().get(at) == Some(&b'-') { -1 } else { 1 };
    let mut seconds = 0;
    let parts: Vec<&str> = text.get(at + 1..)?.split(':').collect();
    if parts.len() > 3 {
        return None;
    }
    for (part, unit) in parts.iter().zip([3600, 60, 1]) {
        seconds += digits(part, 2, 2)? * unit;
    }
    Some((text.get(..at)?, sign * seconds))
}

fn parse_clock(text: &str) -> Option<i64> {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut micros = 0;
    let parts: Vec<&str> = clock.split(':').collect();
    if parts.len() < 2 || parts.len() > 3 {
        return None;
    }
    for ((part, unit), limit) in parts.iter().zip([3_600_000_000, 60_000_000, 1_000_000]).zip([24, 59, 59]) {
        let number = digits(part, 2, 2)?;
        if number > limit {
            return None;
        }
        micros += number * unit;
    }
    if !fraction.is_empty() {
        let number = digits(fraction, 1, 6)?;
        micros += number * 10_i64.pow(6 - u32::try_from(fraction.len()).ok()?);
    }
    (micros <= DAY).then_some(micros)
}

fn digits(text: &str, least: usize, most: usize) -> Option<i64> {
    let fits = (least..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if fits { text.parse().ok() } else { None }
}

impl Serialize for Watermark {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.kind, self.text()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Watermark {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (kind, text) = <(WatermarkKind, String)>::deserialize(deserializer)?;
        Self::parse(kind, &text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tz(text: &str) -> Watermark {
        Watermark::parse(WatermarkKind::Timestamptz, text).unwrap()
    }

    #[test]
    fn iso_forms_and_offsets() {
        assert_eq!(tz("2024-05-01T12:00:00Z"), tz("2024-05-01 14:00:00+02"));
        assert_eq!(tz("2024-05-01 12:00"), tz("2024-05-01 12:00:00.000000+00:00"));
        assert_eq!(tz("0001-01-01 00:00:00.000001+00 BC").text(), "0001-01-01 00:00:00.000001+00 BC");
        assert!(tz("infinity") > tz("9999-12-31") && tz("-infinity") < tz("4713-01-01 BC"));
        for bad in ["", "yesterday", "2024-13-01", "2024-02-30", "2024-05-01 25:00:00", "2024-05-01+x", "é-é"] {
            assert!(Watermark::parse(WatermarkKind::Timestamptz, bad).is_err(), "{bad}");
        }
        assert!(Watermark::parse(WatermarkKind::Timestamp, "2024-05-01 12:00:00Z").is_err());
    }

    #[test]
    fn our_era_begins_with_the_year_1() {
        let of = |kind, text| Watermark::parse(kind, text).unwrap().is_of_our_era();
        for kind in [WatermarkKind::Timestamptz, WatermarkKind::Timestamp, WatermarkKind::Date] {
            assert!(of(kind, "0001-01-01") && of(kind, "infinity"), "{kind:?}");
            assert!(!of(kind, "0001-12-31 BC") && !of(kind, "-infinity"), "{kind:?}");
        }
        assert!(of(WatermarkKind::Integer, "-9000000000000000000"));
    }

    #[test]
    fn going_back_keeps_infinities() {
        assert!(tz("infinity").back(10).is_infinite());
        assert_eq!(Watermark::new(WatermarkKind::Integer, i64::MIN).back(1).value(), i64::MIN);
        assert_eq!(tz("1970-01-01").back(1).text(), "1969-12-31 23:59:59.999999+00");
    }

    proptest! {
        #[test]
        fn the_text_reads_back_exactly(value in -210_866_803_200_000_000_i64..i64::MAX, kind in 0..3) {
            let kind = [WatermarkKind::Timestamptz, WatermarkKind::Timestamp, WatermarkKind::Integer][kind as usize];
            let mark = Watermark::new(kind, value);
            prop_assert_eq!(Watermark::parse(kind, &mark.text()).unwrap(), mark);
        }

        #[test]
        fn dates_read_back_exactly(days in -2_440_588_i64..2_145_031_949) {
            let mark = Watermark::new(WatermarkKind::Date, days);
            prop_assert_eq!(Watermark::parse(WatermarkKind::Date, &mark.text()).unwrap(), mark);
        }

        #[test]
        fn no_text_panics(text in ".*") {
            for kind in [WatermarkKind::Timestamptz, WatermarkKind::Timestamp, WatermarkKind::Date, WatermarkKind::Integer] {
                let _outcome = Watermark::parse(kind, &text);
            }
        }
    }
}
