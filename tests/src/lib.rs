//! What scenarios across crates stand on: real servers, the engine in this process or in a child, and an oracle that is
//! none of Firn's own code.
//!
//! - `spec`: what is run, as plain values
//! - `world`: a server, a warehouse and the runs between them
//! - `oracle`: both sides as text, compared
//! - `gate`: a source that waits where a scenario wants it to
//! - `child`: the engine, and the program, in processes of their own
//! - `service`, `exposition`: `firn serve` with its listener, and its metrics read strictly
//! - `search`, `trace`: secrets looked for in everything a program leaves behind, its log turned up
//! - `command_line`, `mask`: the program as a person runs it, and transcripts of what the terminal shows
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod child;
pub mod command_line;
pub mod exposition;
pub mod gate;
pub mod mask;
pub mod oracle;
pub mod search;
pub mod service;
pub mod spec;
pub mod trace;
pub mod world;

pub use child::{Child, Ended};
pub use command_line::{CommandLine, Done, Transcript};
pub use gate::{Gate, GatedSource};
pub use service::Service;
pub use spec::{RunSpec, TableSpec};
pub use world::World;
