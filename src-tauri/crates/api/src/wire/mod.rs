//! Wire types: the serialisable twins of what the engines know, for the window and for `--json`.
//!
//! 64-bit counts that can pass 2^53 in no real table are numbers; watermarks, keys and cell values are text.

mod advice;
mod app;
mod connection;
mod document;
mod drift;
mod event;
mod mapping;
mod preview;
mod record;
mod rejected;
mod rows;
mod run;
mod schedule;
mod serve;
mod settings;
mod table;
mod verify;
mod workspace;

pub use advice::*;
pub use app::*;
pub use connection::*;
pub use document::*;
pub use drift::*;
pub use event::*;
pub use mapping::*;
pub use preview::*;
pub use record::*;
pub use rejected::*;
pub use rows::*;
pub use run::*;
pub use schedule::*;
pub use serve::*;
pub use settings::*;
pub use table::*;
pub use verify::*;
pub use workspace::*;
