//! `numeric` as PostgreSQL sends it: base-10000 digits, and the exact text of them.

/// Most decimal digits after the point that a server stores.
const MOST_SCALE: u16 = 0x3fff;

/// What a number is before its digits are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    Positive,
    Negative,
    Nan,
    PositiveInfinity,
    NegativeInfinity,
}

/// The four numbers before the digits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Header {
    /// Exponent, to the base 10000, of the first digit.
    pub weight: i16,
    /// 0 positive, 0x4000 negative, above that no number.
    pub sign: u16,
    /// Decimal digits after the point in its text.
    pub scale: u16,
}

impl Header {
    /// Splits a value into its header and the bytes of its digits.
    #[inline(always)]
    pub fn read(raw: &[u8]) -> Result<(Self, &[u8]), &'static str> {
        let Some((head, digits)) = raw.split_first_chunk::<8>() else { return Err("it is shorter than its header") };
        let head = u64::from_be_bytes(*head);
        if digits.len() as u64 != (head >> 48) * 2 {
            return Err("it has another number of digits than it says");
        }
        let header = Self { weight: (head >> 32) as u16 as i16, sign: (head >> 16) as u16, scale: head as u16 };
        Ok((header, digits))
    }
}

/// A number whose parts have been checked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Number<'a> {
    pub sign: Sign,
    pub weight: i16,
    pub scale: u16,
    digits: &'a [[u8; 2]],
}

impl<'a> Number<'a> {
    /// Reads a value; the error says which rule it breaks.
    pub fn read(raw: &'a [u8]) -> Result<Self, &'static str> {
        let (header, digits) = Header::read(raw)?;
        let sign = match header.sign {
            0 => Sign::Positive,
            0x4000 => Sign::Negative,
            0xc000 => Sign::Nan,
            0xd000 => Sign::PositiveInfinity,
            0xf000 => Sign::NegativeInfinity,
            _ => return Err("its sign is unknown"),
        };
        // Infinities carry a scale of their own (0x20); only numbers have digits after a point.
        if header.scale > MOST_SCALE {
            return Err("it has more than 16383 digits after the point");
        }
        let number = Self { sign, weight: header.weight, scale: header.scale, digits: digits.as_chunks::<2>().0 };
        if number.digits().any(|digit| digit >= 10_000) {
            return Err("a digit is not below 10000");
        }
        Ok(number)
    }

    /// Returns the base-10000 digits, the most significant first.
    pub fn digits(&self) -> impl Iterator<Item = u16> {
        self.digits.iter().map(|pair| u16::from_be_bytes(*pair))
    }

    fn digit(&self, at: i32) -> u16 {
        usize::try_from(at).ok().and_then(|at| self.digits.get(at)).map_or(0, |pair| u16::from_be_bytes(*pair))
    }

    /// Appends the text that `numeric_out` writes: every digit of the declared scale, no exponent.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self.sign {
            Sign::Nan => return out.extend_from_slice(b"NaN"),
            Sign::PositiveInfinity => return out.extend_from_slice(b"Infinity"),
            Sign::NegativeInfinity => return out.extend_from_slice(b"-Infinity"),
            Sign::Negative => out.push(b'-'),
            Sign::Positive => {}
        }
        let weight = i32::from(self.weight);
        if weight < 0 {
            out.push(b'0');
        } else {
            let first = four(self.digit(0));
            let blanks = first.iter().take(3).take_while(|c| **c == b'0').count();
            out.extend_from_slice(first.get(blanks..).unwrap_or_default());
            for at in 1..=weight {
                out.extend_from_slice(&four(self.digit(at)));
            }
        }
        if self.scale > 0 {
            out.push(b'.');
            let end = out.len() + usize::from(self.scale);
            let mut at = weight + 1;
            while out.len() < end {
                out.extend_from_slice(&four(self.digit(at)));
                at += 1;
            }
            out.truncate(end);
        }
    }
}

/// Returns a bound of the length of a value's text, from its header alone.
#[inline]
pub(super) fn most_text(raw: &[u8]) -> usize {
    match Header::read(raw) {
        Ok((header, _)) => 4 * (usize::try_from(header.weight).unwrap_or(0) + 1) + usize::from(header.scale) + 6,
        Err(_) => 0,
    }
}

#[inline(always)]
fn four(digit: u16) -> [u8; 4] {
    let (high, low) = (digit / 100, digit % 100);
    [high / 10, high % 10, low / 10, low % 10].map(|d| b'0' + d as u8)
}
