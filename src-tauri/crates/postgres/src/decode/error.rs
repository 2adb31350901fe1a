//! What is wrong with a COPY stream.

use firn_catalog::PgType;

/// Why a stream could not be decoded.
///
/// Single values that Arrow or the target cannot hold are not among these: their rows are left out and reported.
/// Offsets count the bytes of the stream from 0, rows from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The stream does not begin with the signature of the binary format.
    #[error("the stream does not begin with the signature of COPY (FORMAT binary)")]
    Signature,
    /// The header sets flags that change the format in ways not known here.
    #[error("the stream's header sets the unknown flags {0:#010x}")]
    Flags(u32),
    /// The header announces an extension of negative length.
    #[error("the stream's header announces an extension of {0} bytes")]
    Extension(i32),
    /// A tuple has another number of fields than the plan.
    #[error("byte {offset}, row {row}: the row has {found} fields, {expected} were asked for")]
    FieldCount {
        /// Where the count stands.
        offset: u64,
        /// The row.
        row: u64,
        /// What the count says.
        found: i16,
        /// What the plan says.
        expected: usize,
    },
    /// A field has a length below −1, or one that no server sends.
    #[error("byte {offset}, row {row}, field {field}: a value cannot be {found} bytes long")]
    FieldLength {
        /// Where the length stands.
        offset: u64,
        /// The row.
        row: u64,
        /// The field, from 1.
        field: usize,
        /// The length.
        found: i64,
    },
    /// The bytes of a value are not what its type sends.
    #[error("byte {offset}, row {row}, column {column}: this is not a value of type {ty}: {what}")]
    Value {
        /// Where the value begins.
        offset: u64,
        /// The row.
        row: u64,
        /// The column's name.
        column: String,
        /// The column's type.
        ty: PgType,
        /// Which rule the bytes break.
        what: &'static str,
    },
    /// The stream ended before its trailer.
    #[error("the stream ended at byte {offset} after {rows} rows, before its trailer")]
    Truncated {
        /// Bytes received.
        offset: u64,
        /// Whole rows received.
        rows: u64,
    },
    /// Bytes follow the trailer.
    #[error("byte {offset}: the stream goes on after its trailer")]
    Trailing {
        /// Where they begin.
        offset: u64,
    },
    /// The plan asks for a column whose type is not in the type map.
    #[error("column {column}: type {ty} cannot be read as {arrow}")]
    Unsupported {
        /// The column's name.
        column: String,
        /// The column's type.
        ty: PgType,
        /// The Arrow type the plan names.
        arrow: String,
    },
    /// Arrow turned a finished batch down: a defect of the decoder, not of the stream.
    #[error("row {row}: the batch could not be put together: {message}")]
    Batch {
        /// Rows decoded so far.
        row: u64,
        /// Arrow's own words.
        message: String,
    },
}
