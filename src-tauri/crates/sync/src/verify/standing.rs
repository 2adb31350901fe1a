//! Whether a row of the source should be in the target already.

use arrow::array::RecordBatch;
use firn_catalog::text::value_text;
use firn_catalog::{PgType, RowMark, Watermark, row_mark};
use firn_connector::switches::{Protection, on};
use firn_connector::{Cursor, ReadPlan, TableState};
use std::cmp::Ordering;
use std::collections::HashSet;

/// What the target says about how far the table has been read.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    /// `None` where every row is due: the table is not read along a watermark, or its first load is not complete.
    cursor: Option<Reached>,
}

#[derive(Debug, Clone)]
struct Reached {
    cursor: Option<Cursor>,
    seen: HashSet<RowMark>,
}

impl Standing {
    /// Every row is due.
    pub(super) fn all_due() -> Self {
        Self { cursor: None }
    }

    /// Rows after the cursor are due only where they are remembered.
    pub(super) fn of(state: &TableState, seen: Vec<RowMark>) -> Self {
        Self { cursor: Some(Reached { cursor: state.cursor().cloned(), seen: seen.into_iter().collect() }) }
    }

    /// Returns whether the next run is to bring this row version: it comes after the cursor and no run has merged it.
    pub(super) fn is_waiting(
        &self,
        plan: &ReadPlan,
        key: &[Option<String>],
        watermark: Option<Watermark>,
        xmin: Option<u32>,
    ) -> bool {
        let Some(reached) = &self.cursor else { return false };
        if !on(Protection::VerifyWaiting) {
            return false;
        }
        if !is_after(plan, reached.cursor.as_ref(), key, watermark) {
            return false;
        }
        let texts: Vec<String> = key.iter().map(|text| text.clone().unwrap_or_default()).collect();
        let xmin = xmin.filter(|_| on(Protection::SeenXmin));
        !reached.seen.contains(&row_mark(&texts, watermark, xmin))
    }
}

/// Returns the exact texts of a row's key.
pub(super) fn key_texts(key: &[usize], batch: &RecordBatch, row: usize) -> Vec<Option<String>> {
    key.iter().map(|&at| value_text(batch.column(at), row)).collect()
}

/// Returns whether a row comes after the cursor in the order (watermark, key). Rows without a watermark are read at
/// every run, and so are all of them without a cursor.
fn is_after(plan: &ReadPlan, cursor: Option<&Cursor>, key: &[Option<String>], watermark: Option<Watermark>) -> bool {
    let (Some(cursor), Some(watermark)) = (cursor, watermark) else { return true };
    match (watermark.cmp(&cursor.watermark), &cursor.key) {
        (Ordering::Less, _) => false,
        (Ordering::Greater, _) | (Ordering::Equal, None) => true,
        // Of the keys at the very watermark of the cursor only those are taken for later ones whose order is known
        // here: how texts are ordered is the server's business, and a difference told once too often does no harm.
        (Ordering::Equal, Some(last)) => order(plan, key, last) == Some(Ordering::Greater),
    }
}

fn order(plan: &ReadPlan, key: &[Option<String>], last: &[String]) -> Option<Ordering> {
    if key.len() != last.len() || key.len() != plan.key.len() {
        return None;
    }
    for ((at, text), last) in plan.key.iter().zip(key).zip(last) {
        let text = text.as_ref()?;
        let ordering = match plan.columns.get(*at)?.ty.base() {
            PgType::Int2 | PgType::Int4 | PgType::Int8 => text.parse::<i64>().ok()?.cmp(&last.parse::<i64>().ok()?),
            PgType::Uuid => text.cmp(last),
            _ if text == last => Ordering::Equal,
            _ => return None,
        };
        if ordering != Ordering::Equal {
            return Some(ordering);
        }
    }
    Some(Ordering::Equal)
}
