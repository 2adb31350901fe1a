//! PostgreSQL: introspection, COPY decoding into Arrow, state tables, leases.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod decode;
pub mod error;
pub mod quote;
