//! The second pass: the rows of differing buckets, told apart by their keys.

use super::buckets::Buckets;
use super::outcome::{DifferenceCounts, DifferenceKind};
use super::overview::Refused;
use super::sides::{Comparison, Sides};
use super::standing::key_texts;
use crate::commit::canonical;
use firn_catalog::{RowDigest, Watermark};
use firn_connector::{ReadBatch, Result};
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Rows of both sides that a slice of buckets may hold: what a second pass keeps in memory.
pub(super) const SLICE_ROWS: u64 = 300_000;

/// The texts of a row's key.
pub(super) type KeyTexts = Vec<Option<String>>;

/// A key that differs.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) kind: DifferenceKind,
    pub(super) digest: RowDigest,
    pub(super) key: KeyTexts,
    pub(super) reason: Option<String>,
}

/// What a slice of buckets came to.
#[derive(Debug, Default)]
pub(super) struct Narrowed {
    pub(super) found: Vec<Found>,
    pub(super) waiting: u64,
    pub(super) superseded: u64,
}

struct SourceRow {
    key: RowDigest,
    row: RowDigest,
    texts: KeyTexts,
    watermark: Option<Watermark>,
    waiting: bool,
}

struct TargetRow {
    key: RowDigest,
    row: RowDigest,
    texts: KeyTexts,
}

#[derive(Default)]
struct Rows {
    source: Vec<SourceRow>,
    target: Vec<TargetRow>,
}

/// What is known about rows that cannot be in the target as they are.
pub(super) struct Known {
    /// Keys with an open entry in `sync_errors`, as canonical JSON.
    open: HashSet<String>,
    names: Vec<String>,
    /// Whether rows are named by all their values.
    keyless: bool,
    /// Rows that could not be decoded, by key.
    refused: HashMap<KeyTexts, Refused>,
    /// Rows that could not be decoded and whose key could not be read.
    nameless: Vec<Refused>,
}

impl Known {
    pub(super) fn new(comparison: &Comparison, open: HashSet<String>, refused: Vec<Refused>) -> Self {
        let is_named = |refused: &Refused| refused.key.as_ref().is_some_and(|key| !key.is_empty());
        let (named, nameless): (Vec<Refused>, Vec<Refused>) = refused.into_iter().partition(is_named);
        let refused = named.into_iter().filter_map(|r| Some((r.key.clone()?, r))).collect();
        Self { open, names: comparison.key_names(), keyless: comparison.plan.key.is_empty(), refused, nameless }
    }

    fn reason(&self, key: &KeyTexts) -> Option<String> {
        if self.keyless {
            return None;
        }
        if let Some(at) = key.iter().position(Option::is_none) {
            return Some(format!("null_key: {} is NULL", self.names[at]));
        }
        let object: Map<String, Value> =
            self.names.iter().zip(key).map(|(name, text)| (name.clone(), text.clone().into())).collect();
        self.open.contains(&canonical(&object)).then(|| "rejected: see sync_errors".to_owned())
    }

    /// Returns what becomes of the rows that could not be decoded, once every slice has been looked at: those left
    /// have no counterpart in the target.
    pub(super) fn rest(self) -> Narrowed {
        let mut narrowed = Narrowed::default();
        for refused in self.refused.into_values().chain(self.nameless) {
            if refused.waiting {
                narrowed.waiting += 1;
                continue;
            }
            narrowed.found.push(Found {
                kind: DifferenceKind::Missing,
                digest: 0,
                key: refused.key.unwrap_or_default(),
                reason: Some(format!("rejected: {}", refused.code)),
            });
        }
        narrowed
    }
}

/// Reads the rows of a slice of buckets again and tells which keys differ.
pub(super) async fn narrow(sides: &Sides, count: usize, slice: &[usize], known: &mut Known) -> Result<Narrowed> {
    let mut wanted = vec![false; count];
    slice.iter().for_each(|place| wanted[*place] = true);
    let wanted: Arc<[bool]> = wanted.into();
    let also = Arc::clone(&wanted);
    let (sources, target) = sides
        .pass(
            Rows::default,
            move |rows, comparison, batch| take_source(rows, comparison, &wanted, &batch),
            move |rows, comparison, batch| {
                let (keys, digests) = comparison.digests(batch.columns(), batch.num_rows())?;
                for (at, (key, row)) in keys.into_iter().zip(digests).enumerate() {
                    if also[Buckets::place(also.len(), key)] {
                        rows.target.push(TargetRow { key, row, texts: key_texts(&comparison.key, batch, at) });
                    }
                }
                Ok(())
            },
        )
        .await?;
    Ok(classify(sources.into_iter().flat_map(|rows| rows.source), target.target, known))
}

fn take_source(rows: &mut Rows, comparison: &Comparison, wanted: &[bool], read: &ReadBatch) -> Result<()> {
    let batch = &read.batch;
    let (keys, digests) = comparison.digests(batch.columns(), batch.num_rows())?;
    for (at, (key, row)) in keys.into_iter().zip(digests).enumerate() {
        if !wanted[Buckets::place(wanted.len(), key)] {
            continue;
        }
        let texts = key_texts(&comparison.key, batch, at);
        let watermark =
            comparison.plan.watermark.and_then(|(column, kind)| Watermark::from_array(kind, batch.column(column), at));
        let xmin = read.xmin.as_ref().map(|xmin| xmin[at]);
        let waiting = comparison.standing.is_waiting(&comparison.plan, &texts, watermark, xmin);
        rows.source.push(SourceRow { key, row, texts, watermark, waiting });
    }
    Ok(())
}

/// Tells keys apart. Of several rows of the source with one key the newest counts, as in a run.
fn classify(source: impl Iterator<Item = SourceRow>, target: Vec<TargetRow>, known: &mut Known) -> Narrowed {
    let mut narrowed = Narrowed::default();
    let mut keys: HashMap<RowDigest, (Vec<SourceRow>, Vec<TargetRow>)> = HashMap::new();
    for row in source {
        keys.entry(row.key).or_default().0.push(row);
    }
    for row in target {
        keys.entry(row.key).or_default().1.push(row);
    }
    for (digest, (mut source, target)) in keys {
        if known.keyless {
            narrowed.take_copies(digest, &source, &target);
            continue;
        }
        let before = source.len() as u64;
        let newest = source.iter().map(|row| row.watermark).max().flatten();
        source.retain(|row| row.watermark == newest);
        let Some(winner) = source.first() else {
            narrowed.take_extra(digest, target, known);
            continue;
        };
        let same = match target.as_slice() {
            [only] => source.iter().any(|row| row.row == only.row),
            _ => false,
        };
        if same {
            narrowed.superseded += before - 1;
            continue;
        }
        if source.iter().any(|row| row.waiting) {
            narrowed.waiting += 1;
            continue;
        }
        let kind = if target.is_empty() { DifferenceKind::Missing } else { DifferenceKind::Changed };
        let reason = known.reason(&winner.texts);
        narrowed.found.push(Found { kind, digest, key: winner.texts.clone(), reason });
    }
    narrowed
}

impl Narrowed {
    /// Takes rows of the target whose key the source does not have, or has in a row that could not be decoded.
    fn take_extra(&mut self, digest: RowDigest, target: Vec<TargetRow>, known: &mut Known) {
        let Some(row) = target.into_iter().next() else { return };
        match known.refused.remove(&row.texts) {
            Some(refused) if refused.waiting => self.waiting += 1,
            Some(refused) => self.found.push(Found {
                kind: DifferenceKind::Changed,
                digest,
                key: row.texts,
                reason: Some(format!("rejected: {}", refused.code)),
            }),
            None => {
                self.found.push(Found { kind: DifferenceKind::Extra, digest, key: row.texts, reason: None });
            }
        }
    }

    /// Takes a row without a key: it has to be as often on one side as on the other.
    fn take_copies(&mut self, digest: RowDigest, source: &[SourceRow], target: &[TargetRow]) {
        let missing = source.iter().skip(target.len()).map(|row| (DifferenceKind::Missing, &row.texts));
        let extra = target.iter().skip(source.len()).map(|row| (DifferenceKind::Extra, &row.texts));
        let found = |(kind, key): (DifferenceKind, &KeyTexts)| Found { kind, digest, key: key.clone(), reason: None };
        self.found.extend(missing.chain(extra).map(found));
    }

    /// Counts what was found.
    pub(super) fn count(&self) -> DifferenceCounts {
        let of = |kind| self.found.iter().filter(|found| found.kind == kind).count() as u64;
        DifferenceCounts {
            missing: of(DifferenceKind::Missing),
            extra: of(DifferenceKind::Extra),
            changed: of(DifferenceKind::Changed),
            rejected: self.found.iter().filter(|found| found.reason.is_some()).count() as u64,
        }
    }
}
