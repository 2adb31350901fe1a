//! The shell: Firn's window. It owns no behaviour: it opens the command layer, puts the page up, hands calls and
//! events across, and closes the command layer when the last window is gone.

mod bridge;
mod start;

pub use start::{Arguments, Failure, run};
