//! PostgreSQL: introspection, COPY decoding into Arrow, state tables, leases.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod connect;
pub mod decode;
pub mod discover;
pub mod error;
mod horizon;
mod introspect;
pub mod quote;
mod session;
pub mod state;
mod types;
