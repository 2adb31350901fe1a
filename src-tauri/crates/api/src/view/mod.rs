//! From what the engines and drivers know to wire types: one file a subject.

mod advice;
mod connection;
mod outcome;
mod plan;
mod retried;
mod used;
mod verify;

pub(crate) use advice::{key_candidate, watermark_candidate};
pub(crate) use connection::{address, settings};
pub(crate) use outcome::{failure, finding, outcome, run_status, run_word, stage};
pub(crate) use plan::{change, column, plan, verdict};
pub(crate) use retried::retried;
pub(crate) use used::used;
pub(crate) use verify::verified;
