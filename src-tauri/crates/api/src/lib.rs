//! The command layer: the one command list; the only crate a shell calls.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod list;
pub mod wire;
