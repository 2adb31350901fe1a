//! Decimals and numbers as text into `numeric`: groups of four digits, cut at the point.

use super::error::Unfit;
use firn_catalog::Numeric;

/// Digits before the point that a number may have.
const MOST_WHOLE: i64 = 131_072;
/// Digits after the point that a number may have.
const MOST_SCALE: i64 = 16_383;

const NEGATIVE: u16 = 0x4000;

/// Appends a decimal of `scale` digits after the point.
///
/// A server rounds what it is sent to the scale of the column; so digits it would drop are looked for here.
pub(super) fn put_decimal(value: i128, scale: i8, limit: Option<Numeric>, out: &mut Vec<u8>) -> Result<(), Unfit> {
    let negative = value < 0;
    let mut rest = value.unsigned_abs();
    let mut scale = i64::from(scale);
    if scale < 0 {
        let factor = 10_u128.checked_pow(scale.unsigned_abs() as u32).ok_or(Unfit::NumericRange)?;
        rest = rest.checked_mul(factor).ok_or(Unfit::NumericRange)?;
        scale = 0;
    }
    if let Some(limit) = limit.filter(|_| rest != 0) {
        let dropped = scale - i64::from(limit.scale);
        if dropped > 0
            && !u32::try_from(dropped).is_ok_and(|n| 10_u128.checked_pow(n).is_some_and(|p| rest.is_multiple_of(p)))
        {
            return Err(Unfit::NumericScale);
        }
        if i64::from(rest.ilog10()) + 1 - dropped > i64::from(limit.precision) {
            return Err(Unfit::NumericRange);
        }
    }
    // The digits, from the last group: 38 of them and a partial group at the point are at most eleven.
    let mut groups = [0_u16; 12];
    let mut count = 0;
    let mut push = |group: u16| {
        if let Some(place) = groups.get_mut(count) {
            *place = group;
            count += 1;
        }
    };
    let partial = (scale % 4) as u32;
    if partial > 0 {
        let unit = 10_u128.pow(partial);
        push((rest % unit) as u16 * 10_u16.pow(4 - partial));
        rest /= unit;
    }
    // A division of 128 bits costs ten of 64.
    while let Err(_large) = u64::try_from(rest) {
        push((rest % 10_000) as u16);
        rest /= 10_000;
    }
    let mut small = rest as u64;
    while small > 0 {
        push((small % 10_000) as u16);
        small /= 10_000;
    }
    let fraction = (scale as usize).div_ceil(4);
    let all = groups.get(..count).unwrap_or_default();
    let zeros = all.iter().take_while(|group| **group == 0).count();
    let leading = all.iter().rev().take_while(|group| **group == 0).count();
    let digits = all.get(zeros..(count - leading).max(zeros)).unwrap_or_default();
    let weight = if digits.is_empty() { 0 } else { count as i64 - leading as i64 - fraction as i64 - 1 };
    header(digits.len(), weight, if negative { NEGATIVE } else { 0 }, scale, out);
    digits.iter().rev().for_each(|digit| out.extend(digit.to_be_bytes()));
    Ok(())
}

/// Appends a number written as PostgreSQL writes and reads it: digits, point, exponent, `NaN`, `Infinity`.
pub(super) fn put_number(text: &str, limit: Option<Numeric>, out: &mut Vec<u8>) -> Result<(), Unfit> {
    let text = text.as_bytes();
    let (negative, unsigned) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    if let Some(sign) = special(unsigned, negative, text.len() != unsigned.len())? {
        if limit.is_some() && sign != 0xc000 {
            return Err(Unfit::NumericRange);
        }
        header(0, 0, sign, 0, out);
        return Ok(());
    }
    let number = Digits::read(unsigned)?;
    let scale = (number.fraction.len() as i64 - number.exponent).max(0);
    let Some((first, last)) = number.significant() else {
        if scale > MOST_SCALE {
            return Err(Unfit::NumericScale);
        }
        header(0, 0, 0, scale, out);
        return Ok(());
    };
    // Exponents of ten of the first and the last digit that is not zero.
    let (top, bottom) = (number.power(first), number.power(last));
    if top >= MOST_WHOLE {
        return Err(Unfit::NumericRange);
    }
    if scale > MOST_SCALE {
        return Err(Unfit::NumericScale);
    }
    if let Some(limit) = limit {
        if bottom < -i64::from(limit.scale) {
            return Err(Unfit::NumericScale);
        }
        if top + 1 > i64::from(limit.precision) - i64::from(limit.scale) {
            return Err(Unfit::NumericRange);
        }
    }
    let (high, low) = (top.div_euclid(4), bottom.div_euclid(4));
    header((high - low + 1) as usize, high, if negative { NEGATIVE } else { 0 }, scale, out);
    for group in (low..=high).rev() {
        let value = (0..4).rev().fold(0, |value, at| value * 10 + u16::from(number.digit(group * 4 + at)));
        out.extend(value.to_be_bytes());
    }
    Ok(())
}

fn header(digits: usize, weight: i64, sign: u16, scale: i64, out: &mut Vec<u8>) {
    // 131,072 digits before the point and 16,383 after it are at most 36,864 groups.
    for word in [digits as u16, weight as i16 as u16, sign, scale as u16] {
        out.extend(word.to_be_bytes());
    }
}

/// Returns the sign word of a number that has no digits.
fn special(unsigned: &[u8], negative: bool, signed: bool) -> Result<Option<u16>, Unfit> {
    let is = |word: &str| unsigned.eq_ignore_ascii_case(word.as_bytes());
    if is("nan") {
        return if signed { Err(Unfit::NoNumber) } else { Ok(Some(0xc000)) };
    }
    Ok((is("infinity") || is("inf")).then_some(if negative { 0xf000 } else { 0xd000 }))
}

/// A number's digits as they stand in its text.
struct Digits<'a> {
    whole: &'a [u8],
    fraction: &'a [u8],
    exponent: i64,
}

impl<'a> Digits<'a> {
    fn read(text: &'a [u8]) -> Result<Self, Unfit> {
        let (mantissa, exponent) = match text.iter().position(|c| matches!(c, b'e' | b'E')) {
            Some(at) => (text.get(..at).unwrap_or_default(), text.get(at + 1..)),
            None => (text, None),
        };
        let (whole, fraction) = match mantissa.iter().position(|c| *c == b'.') {
            Some(at) => (mantissa.get(..at).unwrap_or_default(), mantissa.get(at + 1..).unwrap_or_default()),
            None => (mantissa, [].as_slice()),
        };
        let digits = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
        if whole.len() + fraction.len() == 0 || !digits(whole) || !digits(fraction) {
            return Err(Unfit::NoNumber);
        }
        let exponent = match exponent {
            None => 0,
            Some(text) => {
                let text = std::str::from_utf8(text).map_err(|_| Unfit::NoNumber)?;
                let exponent: i64 = text.parse().map_err(|_| Unfit::NoNumber)?;
                // The bound of the server's own parser, and far beyond what a number may have.
                if exponent.abs() > i64::from(i32::MAX / 2) {
                    return Err(Unfit::NumericRange);
                }
                exponent
            }
        };
        Ok(Self { whole, fraction, exponent })
    }

    fn at(&self, index: usize) -> u8 {
        let digit = match index.checked_sub(self.whole.len()) {
            None => self.whole.get(index),
            Some(index) => self.fraction.get(index),
        };
        digit.map_or(0, |digit| digit - b'0')
    }

    /// Returns the exponent of ten of the digit at a place of the text.
    fn power(&self, index: usize) -> i64 {
        self.whole.len() as i64 - 1 - index as i64 + self.exponent
    }

    /// Returns the digit of an exponent of ten.
    fn digit(&self, power: i64) -> u8 {
        usize::try_from(self.whole.len() as i64 - 1 + self.exponent - power).map_or(0, |index| self.at(index))
    }

    /// Returns the places of the first and the last digit that is not zero.
    fn significant(&self) -> Option<(usize, usize)> {
        let mut places = (0..self.whole.len() + self.fraction.len()).filter(|at| self.at(*at) != 0);
        let first = places.next()?;
        Some((first, places.next_back().unwrap_or(first)))
    }
}
