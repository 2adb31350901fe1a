//! Where the values of a column lie in a chunk of the stream.

/// One field of a tuple: where its value begins in the chunk, and its length; −1 is NULL.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Span {
    /// First byte of the value.
    pub at: u32,
    /// Bytes of the value, or −1.
    pub len: i32,
}

impl Span {
    /// Returns whether the field is NULL.
    #[inline(always)]
    pub fn is_null(self) -> bool {
        self.len < 0
    }

    /// Returns the bytes of the value in its chunk; empty for NULL.
    #[inline(always)]
    pub fn within(self, chunk: &[u8]) -> &[u8] {
        let (from, len) = (self.at as usize, self.len.max(0) as usize);
        chunk.get(from..from + len).unwrap_or_default()
    }
}

/// The fields of one column over the rows of a chunk. Every span lies within `bytes`.
#[derive(Clone, Copy)]
pub(super) struct Values<'a> {
    /// The chunk.
    pub bytes: &'a [u8],
    /// One span a row.
    pub spans: &'a [Span],
}

impl<'a> Values<'a> {
    /// Returns the bytes of a value; empty for NULL.
    #[inline(always)]
    pub fn get(&self, span: Span) -> &'a [u8] {
        span.within(self.bytes)
    }

    /// Returns the first `N` bytes of a value where its length says so.
    #[inline(always)]
    pub fn fixed<const N: usize>(&self, span: Span) -> Option<[u8; N]> {
        if span.len as usize != N {
            return None;
        }
        self.bytes.get(span.at as usize..).and_then(|rest| rest.first_chunk::<N>()).copied()
    }
}

/// Why the row of a value is left out: the target's type cannot hold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// `numeric` NaN for a decimal.
    NumericNan,
    /// `numeric` ±Infinity for a decimal.
    NumericInfinity,
    /// More digits than the decimal has.
    NumericRange,
    /// Bytes that are no UTF-8.
    InvalidUtf8,
    /// A moment after the year 294246.
    TimestampRange,
    /// An interval whose hours make more than 292 years, or an infinite one.
    IntervalRange,
    /// An array with another number of dimensions than its column was declared with.
    ArrayDimensions,
    /// An array with a first index that is not 1.
    ArrayLowerBound,
    /// A value whose text is longer than a batch can hold.
    ValueTooLarge,
}

impl Refused {
    /// Returns the stable short name.
    pub fn code(self) -> &'static str {
        match self {
            Self::NumericNan => "numeric_nan",
            Self::NumericInfinity => "numeric_infinity",
            Self::NumericRange => "numeric_range",
            Self::InvalidUtf8 => "invalid_utf8",
            Self::TimestampRange => "timestamp_range",
            Self::IntervalRange => "interval_range",
            Self::ArrayDimensions => "array_dimensions",
            Self::ArrayLowerBound => "array_lower_bound",
            Self::ValueTooLarge => "value_too_large",
        }
    }

    /// Returns what is wrong with the value and what to do, without the value.
    pub fn message(self) -> &'static str {
        match self {
            Self::NumericNan => {
                "NaN does not fit into a decimal: correct the row, or cast the column to text with a transform"
            }
            Self::NumericInfinity => {
                "an infinite number does not fit into a decimal: correct the row, or cast the column to text with a transform"
            }
            Self::NumericRange => {
                "the number has more digits than the column's declared size: correct the row, or cast the column to text with a transform"
            }
            Self::InvalidUtf8 => {
                "the text is not valid UTF-8: correct the row, or convert the column with a transform such as convert_from(col::bytea, 'LATIN1')"
            }
            Self::TimestampRange => {
                "a moment after the year 294246 does not fit: correct the row, or cast the column to text with a transform"
            }
            Self::IntervalRange => {
                "an interval that is infinite, or whose hours make more than 292 years, does not fit: correct the row, or cast the column to text with a transform"
            }
            Self::ArrayDimensions => {
                "the array has another number of dimensions than its column was declared with: correct the row, or turn the column into JSON with to_jsonb(col) as a transform"
            }
            Self::ArrayLowerBound => {
                "the array does not begin at index 1, and the target would move its elements: correct the row, or turn the column into JSON with to_jsonb(col) as a transform"
            }
            Self::ValueTooLarge => {
                "the value is longer than 2 GiB as text: correct the row, or shorten it with a transform"
            }
        }
    }
}

/// A refused value: its row within the chunk, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RefusedAt {
    /// The row within the chunk.
    pub row: usize,
    /// Why.
    pub why: Refused,
}

/// Bytes that are no value of their type: the row within the chunk, where the value begins, and which rule it breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed {
    /// The row within the chunk.
    pub row: usize,
    /// The first byte of the value within the chunk.
    pub at: u32,
    /// Which rule the bytes break.
    pub what: &'static str,
}
