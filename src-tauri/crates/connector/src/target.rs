//! The target side of a sync.

use crate::cursor::TableState;
use crate::error::Result;
use crate::plan::WritePlan;
use crate::sweep::{DELETED_AT, KeyStage, SweepCommit, SweepCount, SweepOutcome};
use arrow::array::RecordBatch;
use async_trait::async_trait;
use firn_catalog::{Dialect, RowMark, TableName};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What a target is, for leases and for telling two workspaces apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetIdentity {
    /// An id made once and kept in the target itself.
    pub id: String,
    /// Where it is, for people: a path or an account.
    pub location: String,
}

/// One column of a target table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetColumn {
    /// Name as stored.
    pub name: String,
    /// Type as the target prints it.
    pub ty: String,
    /// Whether it is declared NOT NULL.
    pub not_null: bool,
    /// Whether rows that do not name it get a value other than NULL: a default or a computed one.
    pub has_default: bool,
}

/// A target table as found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetTable {
    /// Columns in order.
    pub columns: Vec<TargetColumn>,
    /// Rows now.
    pub rows: u64,
    /// Whether it is a table one can write to; a view is not.
    pub writable: bool,
}

impl TargetTable {
    /// Returns whether it has the column that marks deleted rows, [`DELETED_AT`].
    #[must_use]
    pub fn has_marks(&self) -> bool {
        self.columns.iter().any(|column| column.name.eq_ignore_ascii_case(DELETED_AT))
    }
}

/// How staged rows reach the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteMode {
    /// Rows are new: no key of theirs is in the table or twice in the stage. Only a first load over a unique key.
    Append,
    /// The newest row of each key replaces what the table has under that key.
    Upsert,
    /// The stage becomes the table's whole content.
    Replace,
}

/// What happens to the remembered marks of rows above the horizon.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum SeenChange {
    /// Nothing.
    #[default]
    Keep,
    /// These are added.
    Add(Vec<RowMark>),
    /// These replace all others.
    Replace(Vec<RowMark>),
}

/// What is committed together with the staged rows.
#[derive(Debug, Clone)]
pub struct Commit {
    /// How staged rows reach the table.
    pub mode: WriteMode,
    /// What is true once the commit is.
    pub state: TableState,
    /// Remembered marks.
    pub seen: SeenChange,
}

/// What a commit did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CommitOutcome {
    /// Rows now in the table because of it.
    pub merged: u64,
    /// Staged rows that lost to a newer one of the same key.
    pub duplicates: u64,
    /// Rows of a replaced content whose key the new one has not; without a key, by how many rows the table shrank.
    pub removed: u64,
}

/// What a target knows of a source table and of the table it is written to.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetSurvey {
    /// The stored state with the epoch of the last runner.
    pub state: Option<(TableState, i64)>,
    /// Whether marks are remembered.
    pub marked: bool,
    /// The table; its rows may be an estimate.
    pub table: Option<TargetTable>,
}

/// A warehouse that tables are written to.
#[async_trait]
pub trait Target: Send + Sync {
    /// Returns the SQL dialect.
    fn dialect(&self) -> Dialect;

    /// Returns the target's identity, making it at the first call ever.
    async fn identity(&self) -> Result<TargetIdentity>;

    /// Returns the stored state of a source table, with the epoch of the last runner; `None` where there is none.
    async fn state(&self, source: &str) -> Result<Option<(TableState, i64)>>;

    /// Returns the remembered marks of a source table.
    async fn seen(&self, source: &str) -> Result<Vec<RowMark>>;

    /// Tells of many tables at once, given by source name and target table: what `state`, `seen` and `inspect` would
    /// tell of each.
    async fn survey(&self, tables: &[(String, TableName)]) -> Result<Vec<TargetSurvey>> {
        let mut surveyed = Vec::with_capacity(tables.len());
        for (source, table) in tables {
            let (state, marked) = (self.state(source).await?, !self.seen(source).await?.is_empty());
            surveyed.push(TargetSurvey { state, marked, table: self.inspect(table).await? });
        }
        Ok(surveyed)
    }

    /// Returns how the target looks from outside: a text that is another one whenever anything was written into it, as
    /// far as that can be known without opening it. `None` where it cannot.
    fn stamp(&self) -> Option<String> {
        None
    }

    /// Returns the table as it is, or `None`.
    async fn inspect(&self, table: &TableName) -> Result<Option<TargetTable>>;

    /// Returns the statements that make or alter `table` to hold `columns` (name, DDL type), and what they cannot
    /// do, as findings: columns the target has beyond these, a type that would narrow, a view in the way.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Configuration`] where two names fall together in the target.
    fn plan_ddl(
        &self,
        table: &TableName,
        existing: Option<&TargetTable>,
        columns: &[crate::plan::WriteColumn],
    ) -> Result<(Vec<String>, Vec<crate::finding::Finding>)>;

    /// Writes the statement that renames a column of a table and keeps what it holds.
    fn rename_column(&self, table: &TableName, from: &str, to: &str) -> String;

    /// Raises the fence of a source table to `epoch`: from now on commits of smaller epochs fail.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Fenced`] where a larger epoch stands there.
    async fn fence(&self, source: &str, epoch: i64) -> Result<()>;

    /// Opens a view of a table at one moment, to read it back.
    ///
    /// # Errors
    /// [`crate::ErrorKind::NotFound`] where the table is not there.
    async fn view(&self, read: crate::view::TargetRead) -> Result<Box<dyn crate::view::TargetView>>;

    /// Opens a writer for a runner that holds `epoch`.
    async fn writer(&self, plan: Arc<WritePlan>, epoch: i64) -> Result<Box<dyn Writer>>;

    /// Sets the stored state back (`None`: forgets it) and forgets marks, under the fence of `epoch`.
    async fn reset(&self, source: &str, state: Option<TableState>, epoch: i64) -> Result<()>;

    /// Closes the target and gives up its locks; later calls open it again.
    async fn close(&self) -> Result<()>;
}

/// Writes into one table.
///
/// The engine calls `stage` any number of times and then `commit` or `discard`. A commit is durable when it
/// returns: data, state, marks and the check of the epoch are one transaction. After an error nothing of the group is
/// there, the stage is empty, and the same rows may be staged again; a replay of committed rows changes nothing.
#[async_trait]
pub trait Writer: Send {
    /// Declares how the rows of the coming group are committed, before the first of them is staged.
    async fn begin(&mut self, mode: WriteMode) -> Result<()>;

    /// Adds rows to the group.
    async fn stage(&mut self, batch: RecordBatch) -> Result<()>;

    /// Returns how large a group should be, in bytes as received from the source: a larger one is taken, but may need
    /// more memory than the target was given.
    fn group_bytes(&self) -> u64 {
        u64::MAX
    }

    /// Commits the group with its state.
    ///
    /// # Errors
    /// [`crate::ErrorKind::RowRefused`] where the data itself was turned down; [`crate::ErrorKind::Fenced`] where
    /// another runner has taken over.
    async fn commit(&mut self, commit: Commit) -> Result<CommitOutcome>;

    /// Drops the group, or the sweep.
    async fn discard(&mut self) -> Result<()>;

    /// Begins a sweep in place of a group: the keys of the whole source table follow. The calls are `begin_sweep`,
    /// `stage_keys` any number of times, `weigh`, and then `sweep` or `discard`. After an error nothing is left of it.
    async fn begin_sweep(&mut self, keys: KeyStage) -> Result<()>;

    /// Adds keys.
    async fn stage_keys(&mut self, batch: RecordBatch) -> Result<()>;

    /// Compares the staged keys, which are all of them, with the table, value by value and without collations. Rows of
    /// the table with a NULL in the key are left alone: no key of a source can name them.
    async fn weigh(&mut self) -> Result<SweepCount>;

    /// Deletes or marks the rows that were found to have vanished, takes the mark off those that have come back, and
    /// stores the state, in one transaction under the check of the epoch.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Fenced`] where another runner has taken over.
    async fn sweep(&mut self, commit: SweepCommit) -> Result<SweepOutcome>;
}
