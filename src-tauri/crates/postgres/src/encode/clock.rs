//! Days, moments and times of day.

use super::error::Unfit;
use crate::decode::{EPOCH_DAYS, EPOCH_MICROS, FIRST_MOMENT};
use firn_catalog::civil::MICROS_PER_DAY;

/// The first day a server stores, 4714-11-24 BC, from 1970-01-01.
const FIRST_DAY: i32 = -2_451_545 + EPOCH_DAYS;
/// The day after the last one, 5874897-12-31, from 1970-01-01.
const END_DAY: i32 = 2_145_031_949 + EPOCH_DAYS;
/// Most seconds that an offset may have, plus one: sixteen hours.
const END_OFFSET: i64 = 16 * 3600;

/// Returns whether a day is one that a server stores; `i32::MAX` and its negative are ±infinity.
#[inline]
pub(super) fn is_day(days: i32) -> bool {
    (FIRST_DAY..END_DAY).contains(&days) || days == i32::MAX || days == -i32::MAX
}

/// Converts a day.
#[inline]
pub(super) fn day(days: i32) -> [u8; 4] {
    let days = match days {
        i32::MAX => i32::MAX,
        days if days == -i32::MAX => i32::MIN,
        days => days.wrapping_sub(EPOCH_DAYS),
    };
    days.to_be_bytes()
}

/// Returns whether a moment in microseconds is one that a server stores. The range of Arrow ends before a server's.
#[inline]
pub(super) fn is_moment(micros: i64) -> bool {
    micros >= FIRST_MOMENT + EPOCH_MICROS || micros == -i64::MAX
}

/// Converts a moment.
#[inline]
pub(super) fn moment(micros: i64) -> [u8; 8] {
    let micros = match micros {
        i64::MAX => i64::MAX,
        micros if micros == -i64::MAX => i64::MIN,
        micros => micros.wrapping_sub(EPOCH_MICROS),
    };
    micros.to_be_bytes()
}

/// Returns whether a time of the day is one that a server stores.
#[inline]
pub(super) fn is_time(micros: i64) -> bool {
    (0..=MICROS_PER_DAY).contains(&micros)
}

/// Appends `timetz`, written as `12:30:00.5+02`, `-03:30` or `+00:00:01`.
pub(super) fn put_time_with_zone(text: &str, out: &mut Vec<u8>) -> Result<(), Unfit> {
    let at = text.find(['+', '-']).ok_or(Unfit::NoTimeWithZone)?;
    let (time, offset) = text.split_at(at);
    let (east, offset) = offset.split_at(1);
    let (clock, fraction) = time.split_once('.').unwrap_or((time, ""));
    let seconds = sexagesimal(clock, 3).ok_or(Unfit::NoTimeWithZone)?;
    if fraction.len() > 6 || !fraction.bytes().all(|c| c.is_ascii_digit()) {
        return Err(Unfit::NoTimeWithZone);
    }
    let micros = fraction.bytes().chain(std::iter::repeat(b'0')).take(6).fold(0, |m, c| m * 10 + i64::from(c - b'0'));
    let micros = seconds * 1_000_000 + micros;
    if !is_time(micros) {
        return Err(Unfit::TimeRange);
    }
    let offset = sexagesimal(offset, 1).filter(|offset| *offset < END_OFFSET).ok_or(Unfit::NoTimeWithZone)?;
    // The server counts towards the west.
    let west = if east == "+" { -offset } else { offset };
    out.extend(micros.to_be_bytes());
    out.extend((west as i32).to_be_bytes());
    Ok(())
}

/// Reads `hh[:mm[:ss]]` of at least `least` parts as seconds; hours have two digits or more, the rest two below 60.
fn sexagesimal(text: &str, least: usize) -> Option<i64> {
    let parts: Vec<&str> = text.split(':').collect();
    if !(least..=3).contains(&parts.len()) {
        return None;
    }
    let mut seconds = 0;
    for (at, part) in parts.iter().enumerate() {
        if part.len() != 2 || !part.bytes().all(|c| c.is_ascii_digit()) {
            return None;
        }
        let value: i64 = part.parse().ok()?;
        if at > 0 && value > 59 {
            return None;
        }
        seconds += value * [3600, 60, 1].get(at)?;
    }
    Some(seconds)
}
