//! Texts of values as PostgreSQL prints them, appended as bytes: floats, times with an offset, intervals.

use crate::civil::time_text;
use std::io::Write as _;

/// Digits of a double up to which the server writes a number out: from 10^15 on it uses an exponent.
const DOUBLE_DIGITS: i32 = 15;
/// The same of a `real`.
const REAL_DIGITS: i32 = 6;

/// Appends a `double precision`: the shortest digits that read back to the same value.
pub fn float8(value: f64, out: &mut Vec<u8>) {
    let bits = value.to_bits();
    let (fraction, exponent) = (bits & ((1 << 52) - 1), (bits >> 52 & 0x7ff) as i32);
    let binary = Binary::new(fraction, exponent, 52, 1075);
    let write = |after_point| match after_point {
        None => Scientific::write(format_args!("{value:e}")),
        Some(digits) => Scientific::write(format_args!("{value:.digits$e}")),
    };
    let scientific = Scientific::shortest(binary, 17, write, |text| text.parse() == Ok(value));
    float(value, scientific.bytes(), DOUBLE_DIGITS, out);
}

/// Appends a `real`: the shortest digits that read back to the same value.
pub fn float4(value: f32, out: &mut Vec<u8>) {
    let bits = value.to_bits();
    let (fraction, exponent) = (u64::from(bits & ((1 << 23) - 1)), (bits >> 23 & 0xff) as i32);
    let binary = Binary::new(fraction, exponent, 23, 150);
    let write = |after_point| match after_point {
        None => Scientific::write(format_args!("{value:e}")),
        Some(digits) => Scientific::write(format_args!("{value:.digits$e}")),
    };
    let scientific = Scientific::shortest(binary, 9, write, |text| text.parse() == Ok(value));
    float(f64::from(value), scientific.bytes(), REAL_DIGITS, out);
}

/// The absolute value of a finite float: `mantissa` × 2^`exponent`.
#[derive(Clone, Copy)]
struct Binary {
    mantissa: u64,
    exponent: i32,
    /// Whether the next smaller float is half as far away as the next larger one.
    lopsided: bool,
}

impl Binary {
    fn new(fraction: u64, exponent: i32, fraction_bits: u32, bias: i32) -> Self {
        let normal = exponent > 0;
        Self {
            mantissa: fraction | u64::from(normal) << fraction_bits,
            exponent: exponent.max(1) - bias,
            lopsided: fraction == 0 && exponent > 1,
        }
    }

    /// Returns whether a decimal lies halfway between this float and a neighbour. Such a decimal reads back only by
    /// the rule for ties, and the server prints none.
    fn is_halfway(self, digits: u64, power: i32) -> bool {
        let Self { mantissa, exponent, lopsided } = self;
        let below =
            if lopsided { (4 * mantissa - 1, exponent - 2) } else { ((2 * mantissa).wrapping_sub(1), exponent - 1) };
        let halfway = [(2 * mantissa + 1, exponent - 1), below];
        // No odd number of 55 bits has more factors of five.
        if digits == 0 || power.abs() > 24 {
            return false;
        }
        let fives = 5_u128.pow(power.unsigned_abs());
        halfway.iter().any(|(odd, twos)| {
            let (left, right) = match power >= 0 {
                true => (u128::from(digits) * fives, u128::from(*odd)),
                false => (u128::from(digits), u128::from(*odd) * fives),
            };
            left >> left.trailing_zeros() == right && left.trailing_zeros() as i32 + power == *twos
        })
    }
}

/// A float in scientific form, such as `-1.25e-7`.
struct Scientific {
    buffer: [u8; 40],
    length: usize,
}

impl Scientific {
    fn write(text: std::fmt::Arguments<'_>) -> Self {
        let mut buffer = [0; 40];
        let mut rest = &mut buffer[..];
        // 25 bytes are the most that a float of 17 digits takes.
        let _fits = rest.write_fmt(text);
        let length = 40 - rest.len();
        Self { buffer, length }
    }

    fn bytes(&self) -> &[u8] {
        self.buffer.get(..self.length).unwrap_or_default()
    }

    /// Returns the shortest form that reads back and is not halfway to a neighbour. `write` prints with as many digits
    /// after the point as asked for, or with as few as read back.
    fn shortest(
        binary: Binary,
        most_digits: usize,
        write: impl Fn(Option<usize>) -> Self,
        reads_back: impl Fn(&str) -> bool,
    ) -> Self {
        let is_good = |form: &Self| match form.decimal() {
            Some((digits, power, _)) => {
                !binary.is_halfway(digits, power) && std::str::from_utf8(form.bytes()).is_ok_and(&reads_back)
            }
            None => true,
        };
        let shortest = write(None);
        match shortest.decimal() {
            Some((digits, power, count)) if binary.is_halfway(digits, power) => {
                (count..most_digits).map(|after_point| write(Some(after_point))).find(is_good).unwrap_or(shortest)
            }
            // Of two forms that are equally near the server takes the one with an even last digit.
            Some((_, _, count)) => Some(write(Some(count.saturating_sub(1)))).filter(is_good).unwrap_or(shortest),
            None => shortest,
        }
    }

    /// Returns digits and power of ten, and how many digits there are; `None` for NaN and infinities.
    fn decimal(&self) -> Option<(u64, i32, usize)> {
        let (mantissa, exponent) = parts(self.bytes())?;
        let count = mantissa.iter().filter(|byte| byte.is_ascii_digit()).count();
        let digits = mantissa.iter().filter(|byte| byte.is_ascii_digit());
        let digits = digits.fold(0_u64, |sum, byte| sum.wrapping_mul(10).wrapping_add(u64::from(byte - b'0')));
        Some((digits, exponent - (count as i32 - 1), count))
    }
}

/// Splits an unsigned scientific form into mantissa and exponent.
fn parts(scientific: &[u8]) -> Option<(&[u8], i32)> {
    let unsigned = scientific.strip_prefix(b"-").unwrap_or(scientific);
    let at = unsigned.iter().position(|byte| *byte == b'e')?;
    let (mantissa, exponent) = unsigned.split_at(at);
    let exponent = std::str::from_utf8(exponent.get(1..)?).ok()?.parse().ok()?;
    mantissa.first()?.is_ascii_digit().then_some((mantissa, exponent))
}

/// Appends a float from its shortest scientific form, such as `-1.25e-7`.
fn float(value: f64, scientific: &[u8], digits: i32, out: &mut Vec<u8>) {
    if value.is_nan() {
        return out.extend_from_slice(b"NaN");
    }
    if value.is_sign_negative() {
        out.push(b'-');
    }
    if value.is_infinite() {
        return out.extend_from_slice(b"Infinity");
    }
    let Some((mantissa, exponent)) = parts(scientific) else { return };
    let mut significant = mantissa.iter().copied().filter(|byte| *byte != b'.');
    if exponent < -4 || exponent >= digits {
        out.extend_from_slice(mantissa);
        let sign = if exponent < 0 { '-' } else { '+' };
        let _infallible = write!(out, "e{sign}{:02}", exponent.abs());
        return;
    }
    if exponent < 0 {
        out.extend_from_slice(b"0.");
        out.extend(std::iter::repeat_n(b'0', (-1 - exponent) as usize));
        out.extend(significant);
        return;
    }
    for _ in 0..=exponent {
        out.push(significant.next().unwrap_or(b'0'));
    }
    let mut fraction = significant.peekable();
    if fraction.peek().is_some() {
        out.push(b'.');
        out.extend(fraction);
    }
}

/// Appends a time of the day with its offset; `west` is the offset in seconds, positive to the west of Greenwich.
pub fn timetz(micros: i64, west: i32, out: &mut Vec<u8>) {
    let seconds = west.unsigned_abs();
    let sign = if west > 0 { '-' } else { '+' };
    let _infallible = write!(out, "{}{sign}{:02}", time_text(micros), seconds / 3600);
    if !seconds.is_multiple_of(3600) {
        let _infallible = write!(out, ":{:02}", seconds / 60 % 60);
    }
    if !seconds.is_multiple_of(60) {
        let _infallible = write!(out, ":{:02}", seconds % 60);
    }
}

/// Appends an interval in the style `postgres`: `1 year 2 mons -3 days +04:05:06.7`.
pub fn interval(months: i32, days: i32, micros: i64, out: &mut Vec<u8>) {
    // Version 17 keeps its infinities at the ends of all three.
    match (months, days, micros) {
        (i32::MAX, i32::MAX, i64::MAX) => return out.extend_from_slice(b"infinity"),
        (i32::MIN, i32::MIN, i64::MIN) => return out.extend_from_slice(b"-infinity"),
        _ => {}
    }
    let start = out.len();
    let mut after_minus = false;
    for (value, unit) in [(months / 12, "year"), (months % 12, "mon"), (days, "day")] {
        if value == 0 {
            continue;
        }
        let blank = if out.len() > start { " " } else { "" };
        let plus = if after_minus && value > 0 { "+" } else { "" };
        let plural = if value == 1 { "" } else { "s" };
        let _infallible = write!(out, "{blank}{plus}{value} {unit}{plural}");
        after_minus = value < 0;
    }
    if out.len() > start && micros == 0 {
        return;
    }
    if out.len() > start {
        out.push(b' ');
    }
    out.extend_from_slice(match (micros < 0, after_minus) {
        (true, _) => b"-",
        (false, true) => b"+",
        (false, false) => b"",
    });
    let (seconds, fraction) = (micros.unsigned_abs() / 1_000_000, micros.unsigned_abs() % 1_000_000);
    let _infallible = write!(out, "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if fraction != 0 {
        let _infallible = write!(out, ".{}", format!("{fraction:06}").trim_end_matches('0'));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    #[expect(clippy::excessive_precision, reason = "floats as near to two shortest forms")]
    fn floats_as_the_server_prints_them() {
        let double = |value| text(|out| float8(value, out));
        let expected = [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (-1.5, "-1.5"),
            (100.0, "100"),
            (0.1 + 0.2, "0.30000000000000004"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (-1.25e-7, "-1.25e-07"),
            (123_456_789_012_345.0, "123456789012345"),
            (1e14, "100000000000000"),
            (1e15, "1e+15"),
            (1.5e300, "1.5e+300"),
            // The shortest digits, 1e23, are as near to the next float.
            (1e23, "9.999999999999999e+22"),
            (9_007_199_254_740_993.0, "9.007199254740992e+15"),
            (5e-324, "5e-324"),
            // As near to .63: of two the even digit.
            (-177_399_452_988_856.625, "-177399452988856.62"),
            (177_399_452_988_856.875, "177399452988856.88"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ];
        for (value, expected) in expected {
            assert_eq!(double(value), expected);
        }
        let real = |value| text(|out| float4(value, out));
        assert_eq!((real(123_456.0), real(1_234_567.0)), ("123456".into(), "1.234567e+06".into()));
        assert_eq!((real(0.1), real(f32::INFINITY)), ("0.1".into(), "Infinity".into()));
    }

    #[test]
    fn offsets_and_intervals_as_the_server_prints_them() {
        let offset = |west| text(|out| timetz(43_200_500_000, west, out));
        assert_eq!(offset(0), "12:00:00.5+00");
        assert_eq!(offset(-19_800), "12:00:00.5+05:30");
        assert_eq!(offset(57_599), "12:00:00.5-15:59:59");
        assert_eq!(offset(1), "12:00:00.5-00:00:01");
        let between = |months, days, micros| text(|out| interval(months, days, micros, out));
        assert_eq!(between(0, 0, 0), "00:00:00");
        assert_eq!(between(14, -3, 14_706_789_000), "1 year 2 mons -3 days +04:05:06.789");
        assert_eq!(between(-14, 3, -1), "-1 years -2 mons +3 days -00:00:00.000001");
        assert_eq!(between(1, 1, 0), "1 mon 1 day");
        assert_eq!(between(0, 0, i64::MIN), "-2562047788:00:54.775808");
        assert_eq!(between(i32::MAX, i32::MAX, i64::MAX), "infinity");
    }
}
