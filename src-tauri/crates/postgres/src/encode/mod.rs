//! Arrow record batches into COPY (FORMAT binary), without I/O: the decoder's way back.
//!
//! | file | does |
//! |---|---|
//! | `encoder` | the stream: header, rows, trailer |
//! | `form` | which Arrow type is sent as which type, and how |
//! | `column` | values of one length, texts and bytes: straight to their row's place |
//! | `nested`, `fields` | values that are encoded before their length is known |
//! | `decimal`, `clock`, `network`, `geometry`, `text` | single types |
//! | `oid` | the numbers of types that arrays and composites name |
//! | `error` | what is wrong with a value or a batch |
//!
//! A stream is row by row, Arrow is column by column. So rows are taken a few hundred at a time: first every column adds
//! to the length of each row, then every column writes its values, each into its row's place. A type's loop runs over
//! many values, and a value costs no choice.
//!
//! Some types have no binary form that is worth writing, or one that depends on the server: `xml` (which declares its own
//! encoding), `tsvector`, `tsquery`, ranges, multiranges and the likes of `regclass`. [`staged`] names the text type of
//! a staging column for them; the server casts it.

mod clock;
mod column;
mod decimal;
mod encoder;
mod error;
mod fields;
mod form;
mod geometry;
mod nested;
mod network;
mod oid;
mod text;

#[cfg(test)]
mod encoder_tests;

pub use encoder::{Encoder, UnfitRow};
pub use error::{EncodeError, Unfit};
pub use oid::Oids;

use firn_catalog::PgType;

/// Returns the type of the staging column for a type that is sent as text and cast by the server; `None` for types that
/// are sent as they are.
#[must_use]
pub fn staged(ty: &PgType) -> Option<PgType> {
    match ty.base() {
        PgType::Xml | PgType::Tsvector | PgType::Tsquery | PgType::Registered(_) => Some(PgType::Text),
        PgType::Range(..) | PgType::Multirange(..) => Some(PgType::Text),
        PgType::Array(item) => staged(item).map(|item| PgType::Array(Box::new(item))),
        _ => None,
    }
}
