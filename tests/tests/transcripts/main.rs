//! What the terminal shows: whole transcripts of the command line, against real servers.
//!
//! The transcripts are the files beside this one. After a change: `FIRN_WRITE_TRANSCRIPTS=1 cargo nextest run -p
//! firn-scenarios transcripts`, and a look at every line of the difference.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod connections;
mod json;
mod sample;
mod shop;
mod signals;
mod sync;
mod usage;
