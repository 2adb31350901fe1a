//! Reading from a real server: what comes out of COPY is what the server holds.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod faults;
mod keys;
mod keyset;
mod reading;
mod refusals;
mod rows;
mod snapshots;
mod types;
