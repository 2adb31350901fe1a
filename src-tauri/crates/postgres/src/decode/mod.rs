//! COPY (FORMAT binary) into Arrow record batches, without I/O.
//!
//! | file | does |
//! |---|---|
//! | `decoder` | the stream: header, tuples, trailer |
//! | `batch` | the batch being filled, and its end |
//! | `frame` | finds header, tuples and fields in bytes |
//! | `span` | where the values of a column lie in a chunk |
//! | `column` | one builder a column, by the type map |
//! | `fixed`, `decimal`, `variable`, `numeric`, `list`, `nested`, `bits` | the builders |
//! | `print` | texts of values whose column is text |
//! | `expand` | how much longer a value can become |
//! | `refusal` | a row that cannot become Arrow, as text |
//! | `error` | what is wrong with a stream |
//!
//! Tuples are gathered into chunks of a few hundred rows and decoded column by column, so that each type's loop runs
//! over many values and a value costs no dispatch and no allocation.

mod batch;
mod bits;
mod column;
mod cursor;
mod decimal;
mod decoder;
mod error;
mod expand;
mod fixed;
mod frame;
mod list;
mod nested;
mod numeric;
mod print;
mod refusal;
mod span;
mod variable;

#[cfg(test)]
mod decoder_tests;
#[cfg(test)]
mod robustness_tests;
#[cfg(test)]
mod vector_tests;
#[cfg(test)]
mod wire;

pub use decoder::Decoder;
pub use error::DecodeError;
pub(crate) use fixed::{EPOCH_DAYS, EPOCH_MICROS, FIRST_MOMENT};
pub(crate) use frame::SIGNATURE;
pub(crate) use list::MOST_DIMENSIONS;
