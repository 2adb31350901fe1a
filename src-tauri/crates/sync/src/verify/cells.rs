//! The third pass: the rows of changed keys, cell by cell.

use super::narrow::Found;
use super::outcome::{CellDifference, DifferenceKind, DifferingKey};
use super::sides::{Comparison, Sides};
use arrow::array::{Array, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use firn_catalog::text::value_json;
use firn_catalog::{RowDigest, Watermark, row_digests};
use firn_connector::{Error, ErrorKind, Key, ReadBatch, ReadScope, Result, Side};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// Rows by the digest of their key.
type ByKey = HashMap<RowDigest, (RecordBatch, usize)>;

/// Cells of changed keys.
#[derive(Debug, Default)]
pub(super) struct Cells {
    pub(super) by_key: HashMap<RowDigest, Vec<CellDifference>>,
    pub(super) columns: BTreeMap<String, u64>,
    pub(super) keys: u64,
}

/// Returns the keys as they are shown, with the cells of those that changed.
pub(super) fn shown(comparison: &Comparison, found: &[Found], mut cells: Cells, listed: usize) -> Vec<DifferingKey> {
    let names = comparison.key_names();
    let show = |found: &Found| DifferingKey {
        kind: found.kind,
        key: names.iter().cloned().zip(found.key.iter().cloned()).collect(),
        reason: found.reason.clone(),
        cells: match found.kind {
            DifferenceKind::Changed => cells.by_key.remove(&found.digest).unwrap_or_default(),
            DifferenceKind::Missing | DifferenceKind::Extra => Vec::new(),
        },
    };
    found.iter().take(listed).map(show).collect()
}

/// Compares the rows of changed keys, which are on both sides.
pub(super) async fn compare(sides: &Sides, changed: &[&Found]) -> Result<Cells> {
    // A row that cannot be decoded has no cells to compare.
    let named = |found: &&Found| found.key.iter().cloned().collect::<Option<Key>>();
    let keys: Vec<Key> = changed.iter().filter_map(named).collect();
    if keys.is_empty() {
        return Ok(Cells::default());
    }
    let wanted: Arc<HashSet<RowDigest>> = Arc::new(changed.iter().map(|found| found.digest).collect());
    let also = Arc::clone(&wanted);
    let source = sides.source(vec![ReadScope::Keys(keys)], ByKey::default, move |rows, comparison, read| {
        keep(rows, comparison, &read.batch, &wanted)
    });
    let target = sides.target(sides.scope.clone(), ByKey::default(), move |rows, comparison, batch| {
        keep(rows, comparison, batch, &also)
    });
    let (source, target) = futures::try_join!(source, target)?;
    let mut cells = Cells::default();
    for (digest, (batch, row)) in source.into_iter().flatten() {
        if let Some((other, its)) = target.get(&digest) {
            cells.take(&sides.comparison, digest, (&batch, row), (other, *its))?;
        }
    }
    Ok(cells)
}

/// Keeps the rows of wanted keys; of several with one key the one with the largest watermark.
fn keep(rows: &mut ByKey, comparison: &Comparison, batch: &RecordBatch, wanted: &HashSet<RowDigest>) -> Result<()> {
    let (keys, _) = comparison.digests(batch.columns(), batch.num_rows())?;
    let chosen: Vec<bool> = keys.iter().map(|key| wanted.contains(key)).collect();
    if !chosen.contains(&true) {
        return Ok(());
    }
    let kept = filter_record_batch(batch, &BooleanArray::from(chosen)).map_err(|error| {
        Error::new(Side::Engine, ErrorKind::Other, "rows could not be picked from a batch").caused_by(error)
    })?;
    let watermark = |batch: &RecordBatch, row: usize| {
        comparison.plan.watermark.and_then(|(at, kind)| Watermark::from_array(kind, batch.column(at), row))
    };
    for (row, key) in keys.into_iter().filter(|key| wanted.contains(key)).enumerate() {
        match rows.get(&key) {
            Some((other, its)) if watermark(other, *its) > watermark(&kept, row) => {}
            _ => drop(rows.insert(key, (kept.clone(), row))),
        }
    }
    Ok(())
}

impl Cells {
    fn take(
        &mut self,
        comparison: &Comparison,
        digest: RowDigest,
        (source, row): (&RecordBatch, usize),
        (target, its): (&RecordBatch, usize),
    ) -> Result<()> {
        let of = |column: &dyn Array, at: usize, row: usize| {
            row_digests(&[(column.slice(row, 1).as_ref(), &comparison.forms[at])], 1).map_err(|error| {
                Error::new(Side::Engine, ErrorKind::Other, "two cells cannot be compared").caused_by(error)
            })
        };
        let mut differing = Vec::new();
        for (at, column) in comparison.plan.columns.iter().enumerate() {
            let (here, there) = (source.column(at), target.column(at));
            if of(here, at, row)? != of(there, at, its)? {
                *self.columns.entry(column.name.clone()).or_default() += 1;
                differing.push(CellDifference {
                    column: column.name.clone(),
                    source: value_json(here, row),
                    target: value_json(there, its),
                });
            }
        }
        self.keys += 1;
        self.by_key.insert(digest, differing);
        Ok(())
    }
}

/// Keeps the digests of the keys of a batch.
pub(super) fn keep_digests(kept: &mut HashSet<RowDigest>, comparison: &Comparison, read: ReadBatch) -> Result<()> {
    kept.extend(comparison.digests(read.batch.columns(), read.batch.num_rows())?.0);
    Ok(())
}
