//! PostgreSQL: introspection, COPY decoding into Arrow, state tables, leases.
#![cfg_attr(test, allow(clippy::unwrap_used))]

// What the fuzz targets share with the tests in here names this crate as they do.
#[cfg(test)]
extern crate self as firn_postgres;

mod advice;
pub mod check;
pub mod connect;
mod copy;
pub mod decode;
pub mod discover;
pub mod encode;
pub mod error;
mod expressions;
mod horizon;
mod introspect;
pub mod load;
mod primary;
mod probe;
pub mod quote;
mod read_keys;
pub mod read_sql;
mod rows;
mod session;
mod slots;
pub mod snapshot;
pub mod source;
mod stall;
pub mod state;
pub mod transaction;
mod types;

pub use check::{Hear, Purpose, check, check_aloud};
pub use connect::{Password, PgSettings, TlsMode};
pub use discover::{DiscoveredTable, discover};
pub use source::PostgresSource;
pub use state::PostgresState;
