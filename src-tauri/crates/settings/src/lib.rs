//! What a person sets for all workspaces of this machine: `settings.toml`, read into a typed struct, checked with the
//! place of every fault, edited with comments, order and untouched lines kept.
//!
//! There is no I/O here: callers bring the text and take the text away.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod document;
mod fault;
mod key;
mod settings;

pub use document::Document;
pub use fault::{Fault, Faults};
pub use key::{Key, Value};
pub use settings::{Density, Settings, Theme};

/// The file's name in Firn's folder of settings.
pub const FILE_NAME: &str = "settings.toml";
