//! What Firn promises about data, each promise against real servers. `docs/guarantees.md` says which test holds which.
#![allow(clippy::unwrap_used)]

mod clock;
mod deletes;
mod disk;
mod drift;
mod drift_forms;
mod faults;
mod first_load;
mod glance;
mod guarantees;
mod history;
mod identity;
mod kills;
mod late_commits;
mod memory;
mod modes;
mod network;
mod preview;
mod program;
mod rejected;
mod repair;
mod retried;
mod runners;
mod secrets;
mod serve;
mod sessions;
mod tables;
mod ties;
mod trial;
mod types;
mod verify;
mod webhook;
