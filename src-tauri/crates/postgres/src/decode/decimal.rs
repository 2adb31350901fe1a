//! `numeric(p, s)` into 128-bit decimals.

use super::fixed::Fixed;
use super::numeric::{Header, Number, Sign};
use super::span::{Malformed, Refused, RefusedAt, Values};

/// Powers of ten that a 128-bit decimal can meet.
const POWERS: [i128; 39] = {
    let mut powers = [1_i128; 39];
    let mut i = 1;
    while i < 39 {
        powers[i] = powers[i - 1] * 10;
        i += 1;
    }
    powers
};

/// A column of decimals.
#[derive(Debug)]
pub(super) struct Decimals {
    pub fixed: Fixed<i128>,
    scale: i32,
    /// The smallest absolute value that does not fit.
    limit: i128,
}

enum Outcome {
    Fits(i128),
    Refused(Refused),
    Malformed(&'static str),
}

impl Decimals {
    /// Makes a column of Arrow's `Decimal128(precision, scale)`, 1 ≤ precision ≤ 38, scale ≥ 0.
    pub fn new(precision: u8, scale: i8) -> Option<Self> {
        let limit = *POWERS.get(usize::from(precision))?;
        let scale = u8::try_from(scale).ok().filter(|scale| *scale <= precision)?;
        Some(Self { fixed: Fixed::default(), scale: i32::from(scale), limit })
    }

    /// Appends values; NaN, infinities and numbers of more digits are refused.
    #[inline]
    pub fn append(&mut self, values: Values<'_>, refused: &mut Vec<RefusedAt>) -> Result<(), Malformed> {
        self.fixed.values.reserve(values.spans.len());
        for (row, span) in values.spans.iter().enumerate() {
            let value = if span.is_null() {
                0
            } else {
                match self.decimal(values.get(*span)) {
                    Outcome::Fits(value) => value,
                    Outcome::Refused(why) => {
                        refused.push(RefusedAt { row, why });
                        0
                    }
                    Outcome::Malformed(what) => return Err(Malformed { row, at: span.at, what }),
                }
            };
            self.fixed.values.push(value);
        }
        self.fixed.validity.append(values.spans);
        Ok(())
    }

    #[inline(always)]
    fn decimal(&self, raw: &[u8]) -> Outcome {
        let (header, digits) = match Header::read(raw) {
            Ok(parts) => parts,
            Err(what) => return Outcome::Malformed(what),
        };
        // Up to four base-10000 digits make 16 decimal ones: they and their sum stay within 64 bits.
        if digits.len() > 8 || header.sign > 0x4000 {
            return self.decimal_of_many_digits(raw);
        }
        let mut sum = 0_u64;
        let mut good = true;
        for pair in digits.as_chunks::<2>().0 {
            let digit = u16::from_be_bytes(*pair);
            good &= digit < 10_000;
            sum = sum * 10_000 + u64::from(digit);
        }
        if !good {
            return Outcome::Malformed("a digit is not below 10000");
        }
        // The exponent of ten, relative to the column's scale, of the last digit.
        let exponent = self.scale + 4 * (i32::from(header.weight) + 1 - (digits.len() / 2) as i32);
        let value = match exponent {
            // 16 digits times 10^22 still fit.
            0..=22 => i128::from(sum) * POWERS[exponent as usize],
            -1 if sum.is_multiple_of(10) => i128::from(sum / 10),
            -2 if sum.is_multiple_of(100) => i128::from(sum / 100),
            -3 if sum.is_multiple_of(1_000) => i128::from(sum / 1_000),
            _ if sum == 0 => 0,
            _ => return self.decimal_of_many_digits(raw),
        };
        if value >= self.limit {
            return Outcome::Refused(Refused::NumericRange);
        }
        Outcome::Fits(if header.sign == 0 { value } else { -value })
    }

    #[cold]
    fn decimal_of_many_digits(&self, raw: &[u8]) -> Outcome {
        let number = match Number::read(raw) {
            Ok(number) => number,
            Err(what) => return Outcome::Malformed(what),
        };
        match number.sign {
            Sign::Nan => return Outcome::Refused(Refused::NumericNan),
            Sign::PositiveInfinity | Sign::NegativeInfinity => return Outcome::Refused(Refused::NumericInfinity),
            Sign::Positive | Sign::Negative => {}
        }
        match self.scaled(&number) {
            Some(value) if value < self.limit => {
                Outcome::Fits(if number.sign == Sign::Negative { -value } else { value })
            }
            _ => Outcome::Refused(Refused::NumericRange),
        }
    }

    /// Returns the absolute value in units of the scale; `None` where it has more digits before or after the point.
    fn scaled(&self, number: &Number<'_>) -> Option<i128> {
        let mut value = 0_i128;
        for (i, digit) in number.digits().enumerate() {
            if digit == 0 {
                continue;
            }
            let exponent = self.scale + 4 * (i32::from(number.weight) - i32::try_from(i).ok()?);
            let part = if exponent >= 0 {
                i128::from(digit).checked_mul(*POWERS.get(usize::try_from(exponent).ok()?)?)?
            } else {
                let unit = *POWERS.get(usize::try_from(-exponent).ok()?)?;
                if i128::from(digit) % unit != 0 {
                    return None;
                }
                i128::from(digit) / unit
            };
            value = value.checked_add(part)?;
        }
        Some(value)
    }
}
