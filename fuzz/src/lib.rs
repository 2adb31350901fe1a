//! What the fuzz targets check, as plain functions of bytes.
//!
//! Each module has a `check`: it panics where the program breaks a promise, and does nothing else. The targets call it
//! with what the fuzzer makes up, the tests of the crates with the committed seeds.
#![expect(clippy::missing_panics_doc, reason = "panicking is how a target reports")]

pub mod arrow_round_trip;
mod column_types;
pub mod copy_decoder;
mod input;
mod reading;
pub mod workspace_document;
