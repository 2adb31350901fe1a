//! The command layer: the one command list; the only crate a shell calls.
//!
//! A shell opens a [`Firn`] and calls [`command`]s, by function or by name through [`dispatch`]. The layer knows no
//! terminal, window or home directory: folders, variables and the sink of events are handed in with [`FirnOptions`].
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod command;
pub mod error;
pub mod exit;
pub mod list;
pub mod wire;

mod check;
mod dispatch;
mod drivers;
mod edit;
mod firn;
mod folder;
mod foresights;
mod link;
mod open_rows;
mod process;
mod run;
mod sample;
mod secrets;
mod serve;
mod settings;
mod surroundings;
mod view;
mod window;

pub use dispatch::{Access, COMMANDS, CommandInfo, dispatch};
pub use firn::{DocumentChoice, Firn, FirnOptions, Host, Notice, Trigger};
pub use serve::ServeHost;
pub use surroundings::{data_dir, json_schema, now, read_env_file, settings_dir};
pub use window::{ScheduleItem, TrayAction, TrayView, WindowPlace};
