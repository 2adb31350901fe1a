//! Commits: the group with its state, rejected rows kept first, refused rows found by bisection.

use crate::event::Stage;
use crate::group::{Group, halves};
use crate::planning::Prepared;
use crate::table::TableRun;
use arrow::array::RecordBatch;
use firn_catalog::text::{row_json, value_json};
use firn_connector::switches::{Protection, on, pass};
use firn_connector::{
    Commit, CommitOutcome, Error, ErrorKind, RejectedRow, Resolution, Result, SeenChange, Side, TableState, WriteMode,
    Writer,
};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashSet};

/// A group in which more rows than this are refused is not about single rows; the table stops.
const MOST_REFUSED: usize = 1_000;

impl TableRun<'_> {
    /// Stages a batch into the group, opening the group where it is the first.
    pub(crate) async fn stage_batch(
        &mut self,
        writer: &mut dyn Writer,
        group: &mut Group,
        mode: WriteMode,
        batch: RecordBatch,
        bytes: u64,
    ) -> Result<()> {
        if !group.begun {
            writer.begin(mode).await?;
            group.begun = true;
        }
        group.add(batch.num_rows(), bytes);
        if mode != WriteMode::Replace {
            group.batches.push(batch.clone());
        }
        if group.refusal.is_some() {
            return Ok(());
        }
        match writer.stage(batch).await {
            Err(error) if error.kind == ErrorKind::RowRefused && mode != WriteMode::Replace => {
                group.refusal = Some(error);
                Ok(())
            }
            done => done,
        }
    }

    /// Commits a group with the state that becomes true by it.
    pub(crate) async fn commit(
        &mut self,
        prepared: &Prepared,
        writer: &mut dyn Writer,
        group: Group,
        mode: WriteMode,
        mut state: TableState,
        seen: SeenChange,
    ) -> Result<()> {
        state.shape = Some(prepared.shape.clone());
        self.stage(Stage::Merging);
        pass("engine.before_commit");
        let Group { batches, rejected, mut mended, refusal, begun, unfit, .. } = group;
        let mut refused: HashSet<String> = rejected.iter().map(|row| canonical(&row.key)).collect();
        self.reject(rejected).await?;
        let commit = Commit { mode, state: state.clone(), seen };
        let attempted = match refusal {
            Some(error) => Err(error),
            None => {
                if !begun {
                    writer.begin(mode).await?;
                }
                writer.commit(commit.clone()).await
            }
        };
        let outcome = match attempted {
            Err(error)
                if error.kind == ErrorKind::RowRefused && mode != WriteMode::Replace && on(Protection::Bisection) =>
            {
                self.bisect(prepared, writer, batches, commit, &mut refused).await
            }
            done => done,
        }?;
        if on(Protection::RefusedStaysOpen) {
            mended.retain(|key| !refused.contains(&canonical(key)));
        }
        self.state = state;
        self.ddl_pending = false;
        self.counters.rows_merged += outcome.merged;
        self.counters.rows_duplicate += outcome.duplicates;
        self.counters.rows_deleted += outcome.removed;
        self.counters.commits += 1;
        self.count_unfit(prepared, unfit);
        pass("engine.after_commit");
        if !mended.is_empty() {
            self.engine.state.resolve(&self.source, &mended, &Resolution::merged_by(self.task.word())).await?;
            for key in mended {
                self.open_keys.remove(&canonical(&key));
            }
        }
        self.stage(Stage::Reading);
        self.emit_progress();
        Ok(())
    }

    /// Keeps rejected rows before the cursor passes them: met twice is better than lost.
    ///
    /// # Errors
    /// Where the table has too many open entries: what is beyond them is not kept, and the cursor does not pass it.
    async fn reject(&mut self, mut rejected: Vec<RejectedRow>) -> Result<()> {
        if rejected.is_empty() {
            return Ok(());
        }
        let met = rejected.len();
        let settings = &self.engine.settings;
        let most = if on(Protection::OpenEntriesLimit) { settings.open_entries } else { usize::MAX };
        rejected.retain(|row| {
            let key = canonical(&row.key);
            let kept = self.open_keys.len() < most || self.open_keys.contains(&key);
            if kept {
                self.open_keys.insert(key);
            }
            kept
        });
        if !settings.error_payloads {
            rejected.iter_mut().for_each(|row| row.payload = None);
        }
        self.engine.state.reject(&self.source, self.run_id, &rejected).await?;
        self.counters.rows_rejected += rejected.len() as u64;
        if rejected.len() < met { Err(too_many_open(most, &self.source)) } else { Ok(()) }
    }

    /// Commits what the target takes of a refused group, piece by piece in order, and keeps the rows it refuses.
    ///
    /// The pieces leave the stored state as it was; the state of the whole group follows at the end in a commit of
    /// its own. A crash in between replays the group, which changes nothing.
    async fn bisect(
        &mut self,
        prepared: &Prepared,
        writer: &mut dyn Writer,
        batches: Vec<RecordBatch>,
        whole: Commit,
        refused_keys: &mut HashSet<String>,
    ) -> Result<CommitOutcome> {
        let mut total = CommitOutcome::default();
        let mut refused: Vec<RejectedRow> = Vec::new();
        let mut pieces: Vec<RecordBatch> = batches.into_iter().rev().collect();
        while let Some(piece) = pieces.pop() {
            match self.commit_piece(writer, &piece).await {
                Ok(outcome) => {
                    total.merged += outcome.merged;
                    total.duplicates += outcome.duplicates;
                }
                Err(error) if error.kind != ErrorKind::RowRefused => return Err(error),
                Err(error) if piece.num_rows() > 1 => {
                    let (left, right) = halves(&piece);
                    pieces.push(right);
                    pieces.push(left);
                    tracing::debug!(rows = piece.num_rows(), error = %error, "a refused piece is cut in two");
                }
                Err(error) => {
                    refused.push(RejectedRow {
                        key: key_json(prepared, &piece, 0),
                        payload: Some(row_json(&piece, 0)),
                        code: "target_refused".to_owned(),
                        column: None,
                        message: error.chain(),
                    });
                    if refused.len() > MOST_REFUSED {
                        self.reject(refused).await?;
                        return Err(too_many(&error));
                    }
                }
            }
        }
        refused_keys.extend(refused.iter().map(|row| canonical(&row.key)));
        self.reject(refused).await?;
        writer.begin(WriteMode::Upsert).await?;
        writer.commit(Commit { mode: WriteMode::Upsert, ..whole }).await?;
        Ok(total)
    }

    async fn commit_piece(&mut self, writer: &mut dyn Writer, piece: &RecordBatch) -> Result<CommitOutcome> {
        writer.begin(WriteMode::Upsert).await?;
        writer.stage(piece.clone()).await?;
        let state = self.state.clone();
        writer.commit(Commit { mode: WriteMode::Upsert, state, seen: SeenChange::Keep }).await
    }
}

fn too_many_open(most: usize, source: &str) -> Error {
    let message =
        format!("the table has {most} rejected rows and meets more: nothing is passed over, so it stops here");
    Error::new(Side::Engine, ErrorKind::Other, message).with_hint(format!(
        "`firn sync errors {source}` says why they are rejected: mend them at the source or cast the column with a \
         `transform`, or close what is not wanted with `firn sync discard {source} --note TEXT`; then run again"
    ))
}

fn too_many(last: &Error) -> Error {
    let message = format!("the target refuses more than {MOST_REFUSED} rows of one commit; the last: {}", last.chain());
    Error::new(Side::Target, ErrorKind::Other, message)
        .with_hint("look at the constraints and types of the target table: this is not about single rows")
}

/// Returns a key as text that does not depend on the order its columns are stored in.
pub(crate) fn canonical(key: &Map<String, Value>) -> String {
    let sorted: BTreeMap<&String, &Value> = key.iter().collect();
    serde_json::json!(sorted).to_string()
}

/// Returns the key of a row as a JSON object of exact values.
pub(crate) fn key_json(prepared: &Prepared, batch: &RecordBatch, row: usize) -> Map<String, Value> {
    let columns = prepared.read.key.iter();
    columns
        .map(|&at| {
            let text = match value_json(batch.column(at), row) {
                Value::Null => Value::Null,
                Value::String(text) => Value::String(text),
                Value::Bool(value) => Value::String(if value { "t" } else { "f" }.to_owned()),
                other => Value::String(other.to_string()),
            };
            (prepared.read.columns[at].name.clone(), text)
        })
        .collect()
}
