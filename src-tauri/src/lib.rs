//! The shell: Firn's window. It owns no behaviour: it opens the command layer, puts the page up, hands calls, events and
//! what arrives from the desktop across, and closes the command layer when the last window is gone.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod bridge;
mod instance;
mod notification;
mod page;
mod place;
mod start;
mod tray;

pub use start::{Arguments, Failure, run};
