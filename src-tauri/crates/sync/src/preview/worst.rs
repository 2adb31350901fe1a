//! The worst values of a sample: what is lost first where a column is cast, cut or refused.

use super::{PreviewCell, WorstValue, cut};
use crate::planning::PlannedColumn;
use arrow::array::{Array as _, RecordBatch};
use arrow::datatypes::DataType;
use firn_catalog::text::value_text;
use firn_catalog::{PgType, Verdict};

const SPECIAL: [&str; 5] = ["NaN", "Infinity", "-Infinity", "infinity", "-infinity"];

/// The worst values of the columns that are not exact as a whole.
pub(super) struct Worst {
    columns: Vec<WorstColumn>,
}

struct WorstColumn {
    /// Place among the columns that arrive.
    at: usize,
    /// Place of its original.
    original: usize,
    name: String,
    /// Whether digits say something about it.
    number: bool,
    /// Whether its values can arrive as others than they are.
    transformed: bool,
    longest: Option<(u64, String)>,
    /// Digits after the point, and the value.
    most_precise: Option<(u64, String)>,
    /// Digits before the point, and the value.
    largest: Option<(u64, String)>,
    changed: u64,
    special: [u64; SPECIAL.len()],
}

impl Worst {
    pub(super) fn of(columns: &[PlannedColumn], originals: &[usize]) -> Self {
        let watched = columns.iter().zip(originals).enumerate().filter(|(_, (column, _))| {
            column.plan.verdict != Verdict::Exact || !column.plan.note.is_empty() || column.transform.is_some()
        });
        let watch = |(at, (column, original)): (usize, (&PlannedColumn, &usize))| WorstColumn {
            at,
            original: *original,
            name: column.name.clone(),
            number: matches!(column.own.base(), PgType::Numeric(_) | PgType::Float4 | PgType::Float8),
            transformed: column.transform.is_some(),
            longest: None,
            most_precise: None,
            largest: None,
            changed: 0,
            special: [0; SPECIAL.len()],
        };
        Self { columns: watched.map(watch).collect() }
    }

    /// Looks at one row.
    pub(super) fn look(&mut self, batch: &RecordBatch, row: usize) {
        for column in &mut self.columns {
            let array = batch.column(column.at);
            let after = value_text(array, row);
            let before = if column.transformed { value_text(batch.column(column.original), row) } else { None };
            if column.transformed && !same_value(before.as_deref(), after.as_deref()) {
                column.changed += 1;
            }
            if column.number
                && let Some((whole, fraction, text)) = before.as_ref().or(after.as_ref()).and_then(|text| digits(text))
            {
                keep_more(&mut column.most_precise, fraction, text);
                keep_more(&mut column.largest, whole, text);
            }
            let Some(text) = after else { continue };
            // A text that reads `NaN` is a text.
            let is_text = matches!(array.data_type(), DataType::Utf8 | DataType::LargeUtf8);
            if let Some(special) = SPECIAL.iter().position(|special| *special == text).filter(|_| !is_text) {
                column.special[special] += 1;
                continue;
            }
            // Bytes first: counting characters costs more, and there are never more of them.
            let longest = column.longest.as_ref().map_or(0, |(characters, _)| *characters);
            if text.len() as u64 > longest || column.longest.is_none() {
                let characters = text.chars().count() as u64;
                if characters > longest || column.longest.is_none() {
                    column.longest = Some((characters, text));
                }
            }
        }
    }

    /// Returns what was found.
    pub(super) fn found(self) -> Vec<WorstValue> {
        let mut found = Vec::new();
        for column in self.columns {
            let name = &column.name;
            let of_value = |what: &str, (characters, text): (u64, String)| WorstValue {
                column: name.clone(),
                what: what.to_owned(),
                value: Some(cut(text)),
                characters: Some(characters),
                rows: None,
            };
            let of_rows = |what: &str, rows: u64| WorstValue {
                column: name.clone(),
                what: what.to_owned(),
                value: None,
                characters: None,
                rows: Some(rows),
            };
            found.extend((column.changed > 0).then(|| of_rows("changed", column.changed)));
            found.extend(column.longest.map(|longest| of_value("longest", longest)));
            let precise = column.most_precise.filter(|(digits, _)| *digits > 0);
            found.extend(precise.map(|precise| of_value("most_precise", precise)));
            found.extend(column.largest.map(|largest| of_value("largest", largest)));
            let met = SPECIAL.iter().zip(column.special).filter(|(_, rows)| *rows > 0);
            found.extend(met.map(|(what, rows)| of_rows(what, rows)));
        }
        found
    }
}

fn keep_more(known: &mut Option<(u64, String)>, digits: u64, text: &str) {
    if known.as_ref().is_none_or(|(most, _)| digits > *most) {
        *known = Some((digits, text.to_owned()));
    }
}

/// Counts the digits of a plain decimal before and after its point; `None` for any other text.
fn digits(text: &str) -> Option<(u64, u64, &str)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole = whole.strip_prefix('-').unwrap_or(whole);
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    (!whole.is_empty() && plain(whole) && plain(fraction)).then_some((whole.len() as u64, fraction.len() as u64, text))
}

/// Returns whether two texts are one value: the same, or numbers that differ in zeros at the end.
fn same_value(before: Option<&str>, after: Option<&str>) -> bool {
    let (Some(before), Some(after)) = (before, after) else { return before == after };
    if before == after {
        return true;
    }
    let number = |text: &str| {
        digits(text)?;
        Some(match text.contains('.') {
            true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
            false => text.to_owned(),
        })
    };
    number(before).is_some_and(|before| number(after) == Some(before))
}

/// Rows for the eye: the first ones, or those in which one column fares worst.
pub(super) struct Shown {
    most: usize,
    /// Place of the column that decides.
    focus: Option<usize>,
    /// Rows with how badly they fare, the order they came in, and their cells.
    rows: Vec<(Badness, usize, Vec<PreviewCell>)>,
    seen: usize,
}

/// How badly a value fares: 3 gone, 2 another, 1 special, 0 as it was; then how long it is.
type Badness = (u8, usize);

impl Shown {
    pub(super) fn new(most: usize, focus: Option<usize>) -> Self {
        Self { most, focus, rows: Vec::new(), seen: 0 }
    }

    /// Takes a row in where it is among those to show; its cells are made only then.
    pub(super) fn take(
        &mut self,
        pair: impl Fn(usize) -> (Option<String>, Option<String>),
        cells: impl FnOnce() -> Vec<PreviewCell>,
    ) {
        self.seen += 1;
        if self.most == 0 {
            return;
        }
        let badness = self.focus.map_or((0, 0), |at| {
            let (before, after) = pair(at);
            let length = before.as_ref().or(after.as_ref()).map_or(0, String::len);
            let class = match (&before, &after) {
                (Some(_), None) => 3,
                _ if !same_value(before.as_deref(), after.as_deref()) => 2,
                (_, Some(after)) if SPECIAL.contains(&after.as_str()) => 1,
                _ => 0,
            };
            (class, length)
        });
        if self.rows.len() == self.most {
            // The latest of the mildest gives way, and only to a worse one.
            let mildest = self.rows.iter().enumerate().min_by_key(|(_, row)| (row.0, std::cmp::Reverse(row.1)));
            match mildest {
                Some((at, row)) if row.0 < badness => drop(self.rows.swap_remove(at)),
                _ => return,
            }
        }
        self.rows.push((badness, self.seen, cells()));
    }

    /// Returns the rows, the worst first.
    pub(super) fn into_rows(mut self) -> Vec<Vec<PreviewCell>> {
        self.rows.sort_by_key(|(badness, order, _)| (std::cmp::Reverse(*badness), *order));
        self.rows.into_iter().map(|(_, _, cells)| cells).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_differ_in_zeros_at_the_end_are_one_value() {
        assert!(same_value(Some("1.5"), Some("1.500000000")));
        assert!(same_value(Some("18"), Some("18.000")));
        assert!(same_value(None, None));
        assert!(!same_value(Some("100"), Some("1")));
        assert!(!same_value(Some("0.123456789012"), Some("0.123456789")));
        assert!(!same_value(Some("a.0"), Some("a.")));
        assert!(!same_value(Some(""), None));
    }

    #[test]
    fn the_worst_rows_come_first_and_of_equals_the_earliest() {
        let rows = [("a", Some("a")), ("bb", Some("BB")), ("ccc", Some("ccc")), ("d", None), ("ee", Some("EE"))];
        let mut shown = Shown::new(3, Some(0));
        for (before, after) in rows {
            let cell = || PreviewCell { before: Some(before.to_owned()), after: after.map(str::to_owned) };
            shown.take(|_| (Some(before.to_owned()), after.map(str::to_owned)), || vec![cell()]);
        }
        let order: Vec<_> = shown.into_rows().into_iter().map(|row| row[0].before.clone().unwrap()).collect();
        assert_eq!(order, ["d", "bb", "ee"]);
        let mut first = Shown::new(2, None);
        for (before, _) in rows {
            let cell = PreviewCell { before: Some(before.to_owned()), after: None };
            first.take(|_| (None, None), || vec![cell]);
        }
        assert_eq!(first.into_rows().len(), 2);
    }
}
