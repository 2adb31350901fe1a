//! The sync engine: first load, increments, horizon, commits, rejected rows.
//!
//! It knows the traits of `firn-connector` and no driver, terminal, window, home directory or environment. Time
//! that decides about data is the databases' time; the engine's own clock only paces commits and retries.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod config;
pub mod engine;
pub mod event;
pub mod outcome;
pub mod planning;
pub mod position;
pub mod preview;
pub mod trial;
pub mod verify;
mod view;

mod admit;
mod advice;
mod clock;
mod commit;
mod deletes;
mod drain;
mod drift;
mod first_load;
mod foresight;
mod full;
mod glance;
mod group;
mod lease;
mod memory;
mod mend;
mod report;
mod reset;
mod retry;
mod table;
mod unfit;
mod used;

pub use config::{Deletes, EngineSettings, Lookback, Mode, OnDrift, TableConfig};
pub use drift::{Change, ChangeKind, Remembered};
pub use engine::Engine;
pub use event::{Event, ProgressSink, Stage};
pub use foresight::Foresight;
pub use outcome::{Counters, Failure, RunOutcome, RunStatus, TableOutcome, TableResult};
pub use planning::{PhaseName, TablePlan};
pub use preview::TablePreview;
pub use trial::Trial;
pub use used::UsedPlan;
pub use verify::{TableVerdict, VerifyOptions, VerifyOutcome};
