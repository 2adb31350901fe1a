//! When a table runs: spans and cron lines, through sleep, missed ticks and changes of the clock.
//!
//! Pure: the time is handed in as a [`Moment`], and what is due comes out of a [`Timetable`].
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod rule;
mod timetable;

pub use rule::{CronError, Rule};
pub use timetable::{Ended, Moment, Timetable};
