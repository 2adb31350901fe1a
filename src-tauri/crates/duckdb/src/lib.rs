//! DuckDB, the embedded warehouse: rows staged by Arrow, upsert and cursor in one transaction.
//!
//! - `connect`: one open database a path and process, shared; settings, waiting for another process's lock
//! - `session`: a connection on a blocking thread that stops when its caller goes away
//! - `error`: what DuckDB says, turned into kinds, without cell values
//! - `quote`: the one place where names and texts become SQL
//! - `types`, `schema`: DuckDB's type names, and the statements that bring a table to a plan's shape
//! - `introspect`, `browse`, `rows`: what is in the file, for plans and for people
//! - `read`: a table read back as Arrow, for comparisons
//! - `feed`, `vectors`: a table function through which DuckDB pulls record batches, and how they become its vectors
//! - `state`: identity, cursor, fence and marks
//! - `merge`, `worker`, `writer`: groups of rows on their way into a table
//! - `sweep`, `replaced`: rows whose key has gone from the source, or from a new content
//! - `tidy`: giving back the space of deleted rows
//! - `target`: the [`firn_connector::Target`] over all of them
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod browse;
mod connect;
mod create;
mod error;
mod feed;
mod introspect;
mod merge;
mod quote;
mod read;
mod replaced;
mod rows;
mod schema;
mod session;
mod state;
mod survey;
mod sweep;
mod target;
mod tidy;
mod types;
mod vectors;
mod width;
mod worker;
mod writer;

pub use browse::TableSummary;
pub use connect::{DEFAULT_LOCK_WAIT, DEFAULT_MEMORY_LIMIT, DuckdbSettings, WaitNotice};
pub use error::DuckdbFailure;
pub use target::DuckdbTarget;
