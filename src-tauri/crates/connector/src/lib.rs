//! The seams between engines and drivers.
//!
//! An engine sees a [`Source`], a [`Target`] and a [`StateStore`]; a driver crate implements them. Arrow record
//! batches cross the seams, single values do not. The trait docs are contracts: who calls, in which order, what
//! durable means, and what a retry may repeat.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod advice;
pub mod cursor;
pub mod error;
pub mod finding;
pub mod plan;
pub mod rows;
pub mod shape;
pub mod source;
pub mod state;
pub mod sweep;
pub mod switches;
pub mod target;
pub mod view;

pub use advice::{KeyCandidate, SetBy, TableAdvice, WatermarkCandidate};
pub use cursor::{Cursor, Key, LoggedTime, PageRange, Phase, TableState};
pub use error::{Error, ErrorKind, Result, Side};
pub use finding::{Finding, Level};
pub use plan::{ReadColumn, ReadPlan, WriteColumn, WritePlan};
pub use rows::{RowFilter, RowList, RowTest, RowsAsk, RowsColumn, RowsPage, RowsPageBuilder};
pub use shape::{KnownColumn, SourceShape};
pub use source::{
    BatchStream, Horizon, HorizonMethod, HorizonRequest, PageOrigin, ReadBatch, ReadScope, Relation, RowRefusal,
    Snapshot, Source, SourceColumn, SourceTable, UnfitValue, WatermarkFacts,
};
pub use state::{
    ErrorEntry, Holder, LeaseGrant, LeaseOutcome, LogEntry, RejectedCause, RejectedQuery, RejectedRow,
    RejectedStanding, Resolution, StateStore, TableReport, TableStatus, Workspace, WorkspaceClaim,
};
pub use sweep::{DELETED_AT, KeyStage, SweepCommit, SweepCount, SweepOutcome, Vanished};
pub use target::{
    Commit, CommitOutcome, SeenChange, Target, TargetColumn, TargetIdentity, TargetSurvey, TargetTable, WriteMode,
    Writer,
};
pub use view::{TargetRead, TargetScope, TargetStream, TargetView};
