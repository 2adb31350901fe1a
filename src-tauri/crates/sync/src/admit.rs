//! What of a batch is staged: known row versions are left out, rows without a key are rejected, the rest goes on.

use crate::commit::{canonical, key_json};
use crate::group::Group;
use crate::memory::Memory;
use crate::planning::Prepared;
use crate::table::TableRun;
use arrow::array::{Array as _, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use firn_catalog::text::{row_json, value_text};
use firn_catalog::{RowMark, Watermark, row_mark};
use firn_connector::switches::{Protection, on};
use firn_connector::{Cursor, Error, ErrorKind, ReadBatch, RejectedRow, Result, RowRefusal, Side};

/// What a batch comes to.
pub(crate) struct Admitted {
    /// Rows to stage; `None` where nothing is left.
    pub(crate) batch: Option<RecordBatch>,
    /// Position of the batch's last row that has one: a watermark and a whole key.
    pub(crate) last: Option<Cursor>,
}

impl TableRun<'_> {
    /// Counts a batch, remembers its rows above the horizon, and keeps what is to be staged.
    pub(crate) fn admit(
        &mut self,
        prepared: &Prepared,
        read: ReadBatch,
        horizon: Option<Watermark>,
        mut memory: Option<&mut Memory>,
        group: &mut Group,
    ) -> Result<Admitted> {
        let ReadBatch { batch, xmin, refused, unfit, bytes } = read;
        self.counters.rows_read += (batch.num_rows() + refused.len()) as u64;
        self.counters.bytes += bytes;
        for row in refused {
            self.admit_refusal(prepared, row, memory.as_deref_mut(), group);
        }
        let mut keep: Option<Vec<bool>> = None;
        if let Some(memory) = memory.as_deref_mut() {
            self.recognise(prepared, &batch, xmin.as_deref(), horizon, memory, &mut keep);
        }
        if prepared.null_keys {
            let rejected = reject_null_keys(prepared, &batch, &mut keep, group);
            if let Some(memory) = memory {
                // No cursor can pass them by themselves, so they may be read again.
                let below = rejected.into_iter().filter(|&r| !is_above(watermark_at(prepared, &batch, r), horizon));
                below.for_each(|r| memory.remember(mark_of(prepared, &batch, r, xmin.as_deref().map(|x| x[r]))));
            }
        }
        for value in unfit.iter().filter(|value| keep.as_ref().is_none_or(|keep| keep[value.row])) {
            *group.unfit.entry((value.column, value.code)).or_default() += 1;
        }
        let last = last_position(prepared, &batch);
        let batch = match keep {
            None => batch,
            Some(keep) => filter_record_batch(&batch, &BooleanArray::from(keep)).map_err(|error| {
                Error::new(Side::Engine, ErrorKind::Other, "rows could not be picked from a batch").caused_by(error)
            })?,
        };
        self.look_for_mended(prepared, &batch, group);
        Ok(Admitted { batch: (batch.num_rows() > 0).then_some(batch), last })
    }

    /// Leaves out row versions loaded before and remembers those above the horizon.
    fn recognise(
        &mut self,
        prepared: &Prepared,
        batch: &RecordBatch,
        xmin: Option<&[u32]>,
        horizon: Option<Watermark>,
        memory: &mut Memory,
        keep: &mut Option<Vec<bool>>,
    ) {
        let rows = batch.num_rows();
        for row in 0..rows {
            let above = is_above(watermark_at(prepared, batch, row), horizon);
            if !above && memory.is_empty() {
                continue;
            }
            let mark = mark_of(prepared, batch, row, xmin.map(|x| x[row]));
            if memory.knows(&mark) && on(Protection::SeenMemory) {
                self.count_known();
                keep.get_or_insert_with(|| vec![true; rows])[row] = false;
            }
            if above {
                memory.remember(mark);
            }
        }
    }

    /// Counts a row read again as known instead of as read.
    fn count_known(&mut self) {
        self.counters.rows_known += 1;
        self.counters.rows_read -= 1;
    }

    /// Keeps track of the largest watermark below the horizon and of the rows that have it.
    pub(crate) fn track_top(
        &self,
        prepared: &Prepared,
        batch: &RecordBatch,
        xmin: Option<&[u32]>,
        horizon: Option<Watermark>,
        memory: &mut Memory,
    ) {
        let below = |row: &usize| {
            watermark_at(prepared, batch, *row).filter(|w| !is_above(Some(*w), horizon) && !w.is_infinite())
        };
        let Some(largest) = (0..batch.num_rows()).filter_map(|row| below(&row)).max() else { return };
        if !memory.is_top(largest) {
            return;
        }
        for row in (0..batch.num_rows()).filter(|row| watermark_at(prepared, batch, *row) == Some(largest)) {
            memory.add_to_top(mark_of(prepared, batch, row, xmin.map(|x| x[row])));
        }
    }

    fn admit_refusal(&mut self, prepared: &Prepared, row: RowRefusal, memory: Option<&mut Memory>, group: &mut Group) {
        let texts = row.key.unwrap_or_default();
        let key: Vec<String> = texts.iter().map(|t| t.clone().unwrap_or_default()).collect();
        let mark = row_mark(&key, row.watermark, row.xmin);
        if let Some(memory) = memory.filter(|_| !key.is_empty()) {
            let known = memory.knows(&mark) && on(Protection::SeenMemory);
            // Whatever its watermark: the cursor stands at the last row that was not refused.
            memory.remember(mark);
            if known {
                self.count_known();
                return;
            }
        }
        let names = prepared.read.key.iter().map(|&at| prepared.read.columns[at].name.clone());
        group.rejected.push(RejectedRow {
            key: names.zip(texts.into_iter().map(|t| t.map_or(serde_json::Value::Null, Into::into))).collect(),
            payload: Some(row.payload),
            code: row.code,
            column: Some(row.column.clone()),
            message: format!("source, column {}: {}", row.column, row.message),
        });
    }

    /// Notes rows that had an open entry in `sync_errors` and are about to be merged.
    fn look_for_mended(&self, prepared: &Prepared, batch: &RecordBatch, group: &mut Group) {
        if self.open_keys.is_empty() {
            return;
        }
        let keys = (0..batch.num_rows()).map(|row| key_json(prepared, batch, row));
        group.mended.extend(keys.filter(|key| self.open_keys.contains(&canonical(key))));
    }
}

/// Rejects the rows that are still to be kept and have a NULL in their key; returns which.
fn reject_null_keys(
    prepared: &Prepared,
    batch: &RecordBatch,
    keep: &mut Option<Vec<bool>>,
    group: &mut Group,
) -> Vec<usize> {
    let mut rejected = Vec::new();
    for &at in prepared.read.key.iter().filter(|&&at| batch.column(at).null_count() > 0) {
        let keep = keep.get_or_insert_with(|| vec![true; batch.num_rows()]);
        for row in (0..batch.num_rows()).filter(|&row| batch.column(at).is_null(row)) {
            if std::mem::replace(&mut keep[row], false) {
                let name = &prepared.read.columns[at].name;
                group.rejected.push(RejectedRow {
                    key: key_json(prepared, batch, row),
                    payload: Some(row_json(batch, row)),
                    code: "null_key".to_owned(),
                    column: Some(name.clone()),
                    message: format!("source, column {name}: the key is NULL, so the row cannot be found again"),
                });
                rejected.push(row);
            }
        }
    }
    rejected
}

/// A row is above the horizon when nothing says it is below: without a watermark, or without a horizon.
fn is_above(watermark: Option<Watermark>, horizon: Option<Watermark>) -> bool {
    match (watermark, horizon) {
        (Some(watermark), Some(horizon)) => watermark >= horizon,
        _ => true,
    }
}

fn watermark_at(prepared: &Prepared, batch: &RecordBatch, row: usize) -> Option<Watermark> {
    let (at, kind) = prepared.read.watermark?;
    Watermark::from_array(kind, batch.column(at), row)
}

fn key_at(prepared: &Prepared, batch: &RecordBatch, row: usize) -> Vec<String> {
    prepared.read.key.iter().map(|&at| value_text(batch.column(at), row).unwrap_or_default()).collect()
}

fn mark_of(prepared: &Prepared, batch: &RecordBatch, row: usize, xmin: Option<u32>) -> RowMark {
    let xmin = xmin.filter(|_| on(Protection::SeenXmin));
    row_mark(&key_at(prepared, batch, row), watermark_at(prepared, batch, row), xmin)
}

fn last_position(prepared: &Prepared, batch: &RecordBatch) -> Option<Cursor> {
    // Nothing comes after a NULL in the order of a comparison: a row with one in its key is no place to go on from.
    let has_key = |&row: &usize| prepared.read.key.iter().all(|&at| batch.column(at).is_valid(row));
    let row = (0..batch.num_rows()).rev().find(has_key)?;
    let watermark = watermark_at(prepared, batch, row)?;
    // The mutant keeps milliseconds, rounded up, as a column of less precision would.
    let watermark = if on(Protection::ExactWatermark) || watermark.is_infinite() {
        watermark
    } else {
        Watermark::new(watermark.kind(), watermark.value().div_euclid(1000).saturating_add(1).saturating_mul(1000))
    };
    Some(Cursor { watermark, key: Some(key_at(prepared, batch, row)) })
}
