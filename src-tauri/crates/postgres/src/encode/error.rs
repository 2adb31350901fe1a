//! Why a batch cannot be encoded.

use firn_catalog::PgType;

/// Why a value is none of its column's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unfit {
    /// A text with U+0000, which no server stores.
    NulCharacter,
    /// More characters than the column's declared size.
    TooLong,
    /// More bytes than a value may have.
    TooLarge,
    /// More digits than the column's declared size, or than a number may have.
    NumericRange,
    /// Digits after the point that the column has no room for: the server would round.
    NumericScale,
    /// A text that is no number.
    NoNumber,
    /// A day before 4714-11-24 BC or after 5874897-12-31.
    DateRange,
    /// A moment before 4714-11-24 BC or after the year 294276.
    TimestampRange,
    /// A time that is not between 00:00:00 and 24:00:00.
    TimeRange,
    /// Nanoseconds that are no whole microseconds.
    Nanoseconds,
    /// A text that is no time with an offset.
    NoTimeWithZone,
    /// A text that is no address of the column's kind.
    NoAddress,
    /// A text of other characters than 0 and 1.
    NoBits,
    /// Another number of bits than the column's declared size.
    BitLength,
    /// A text that is no position in the write-ahead log.
    NoLsn,
    /// A text that is not the shape of the column.
    NoShape,
    /// More than the one byte of `"char"`.
    NoSingleByte,
    /// A list of lists that have different lengths, are NULL, or are empty inside one that is not.
    RaggedArray,
    /// A list with fewer or more values than the column declares.
    Dimensions,
    /// A vector or point without one of its numbers.
    MissingPart,
    /// A number that loses digits as `halfvec`.
    HalfPrecision,
    /// A map with the same key twice.
    DuplicateKey,
    /// An amount of money beyond 64 bits.
    MoneyRange,
}

impl Unfit {
    /// Returns the stable short name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NulCharacter => "nul_character",
            Self::TooLong => "too_long",
            Self::TooLarge => "value_too_large",
            Self::NumericRange => "numeric_range",
            Self::NumericScale => "numeric_scale",
            Self::NoNumber => "no_number",
            Self::DateRange => "date_range",
            Self::TimestampRange => "timestamp_range",
            Self::TimeRange => "time_range",
            Self::Nanoseconds => "nanoseconds",
            Self::NoTimeWithZone => "no_time_with_zone",
            Self::NoAddress => "no_address",
            Self::NoBits => "no_bits",
            Self::BitLength => "bit_length",
            Self::NoLsn => "no_lsn",
            Self::NoShape => "no_shape",
            Self::NoSingleByte => "no_single_byte",
            Self::RaggedArray => "ragged_array",
            Self::Dimensions => "dimensions",
            Self::MissingPart => "missing_part",
            Self::HalfPrecision => "half_precision",
            Self::DuplicateKey => "duplicate_key",
            Self::MoneyRange => "money_range",
        }
    }

    /// Returns what is wrong with the value, without the value.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::NulCharacter => "the text holds U+0000, which PostgreSQL does not store",
            Self::TooLong => "the text has more characters than the column's declared size",
            Self::TooLarge => "the value is longer than 1 GiB",
            Self::NumericRange => "the number has more digits before the point than the column holds",
            Self::NumericScale => "the number has more digits after the point than the column holds; it is not rounded",
            Self::NoNumber => "the text is no number",
            Self::DateRange => "the day is outside 4714-11-24 BC to 5874897-12-31",
            Self::TimestampRange => "the moment is outside 4714-11-24 BC to the year 294276",
            Self::TimeRange => "the time is not between 00:00:00 and 24:00:00",
            Self::Nanoseconds => "the value has nanoseconds, and PostgreSQL keeps microseconds; it is not rounded",
            Self::NoTimeWithZone => "the text is no time with an offset such as 12:30:00+02",
            Self::NoAddress => "the text is no address of the column's type",
            Self::NoBits => "the text has other characters than 0 and 1",
            Self::BitLength => "the number of bits is not the column's declared size",
            Self::NoLsn => "the text is no position in the write-ahead log such as 16/B374D848",
            Self::NoShape => "the text is not a value of the column's geometric type",
            Self::NoSingleByte => "the text is longer than the one byte of \"char\"",
            Self::RaggedArray => {
                "the inner lists are NULL, empty or of different lengths; an array of PostgreSQL is a box"
            }
            Self::Dimensions => "the list has another number of values than the column declares",
            Self::MissingPart => "a part of the value is NULL, and the column's type knows none",
            Self::HalfPrecision => "a number loses digits in 16 bits; it is not rounded",
            Self::DuplicateKey => "the map has a key twice, and the server would keep one of them",
            Self::MoneyRange => "the amount does not fit into 64 bits",
        }
    }
}

/// Why batches could not be encoded. Rows count from 1 over all batches of the stream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// A column's type cannot be made from its Arrow type.
    #[error("column {column}: {arrow} cannot be written as {ty}")]
    Unsupported {
        /// The column's name.
        column: String,
        /// The type of the table's column.
        ty: PgType,
        /// The Arrow type of the batches.
        arrow: String,
    },
    /// The schema has another number of columns than there are types, or more than a row may have.
    #[error("the batches have {fields} columns, and {types} are written")]
    ColumnCount {
        /// Columns of the schema.
        fields: usize,
        /// Types given.
        types: usize,
    },
    /// A batch is not of the schema.
    #[error("column {column}: the batch holds {found}, the load began with {expected}")]
    Schema {
        /// The column's name.
        column: String,
        /// The Arrow type of the batch.
        found: String,
        /// The Arrow type of the schema.
        expected: String,
    },
    /// A value is none of its column's type.
    #[error("row {row}, column {column}: this is not a value of type {ty}: {}", why.message())]
    Value {
        /// The row.
        row: u64,
        /// The column's name.
        column: String,
        /// The type of the table's column.
        ty: PgType,
        /// What is wrong.
        why: Unfit,
    },
    /// Arrow could not convert a column to a type of the same values.
    #[error("column {column}: {message}")]
    Arrow {
        /// The column's name.
        column: String,
        /// Arrow's own words.
        message: String,
    },
}
