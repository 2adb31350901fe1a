//! Values that became NULL because the target's type cannot hold them: counted by column, and told.

use crate::planning::Prepared;
use crate::table::TableRun;
use firn_connector::switches::{Protection, on};
use firn_connector::{Finding, Level};
use std::collections::BTreeMap;

/// How many values of a run became NULL, by the column's name and what is wrong with them.
pub(crate) type UnfitCounts = BTreeMap<(String, &'static str), u64>;

impl TableRun<'_> {
    /// Adds what a commit brought.
    pub(crate) fn count_unfit(&mut self, prepared: &Prepared, counts: BTreeMap<(usize, &'static str), u64>) {
        for ((column, code), count) in counts {
            let name = prepared.read.columns.get(column).map_or_else(String::new, |column| column.name.clone());
            *self.unfit.entry((name, code)).or_default() += count;
        }
    }

    /// Tells what the run made NULL, a finding a column.
    pub(crate) fn tell_unfit(&mut self) {
        if !on(Protection::UnfitCount) {
            return;
        }
        let mut columns: BTreeMap<String, (u64, Vec<String>)> = BTreeMap::new();
        for ((column, code), count) in std::mem::take(&mut self.unfit) {
            let (total, reasons) = columns.entry(column).or_default();
            *total += count;
            reasons.push(format!("{code}: {count}"));
        }
        for (column, (total, reasons)) in columns {
            let values = if total == 1 { "1 value that does not fit is" } else { "values that do not fit are" };
            let count = if total == 1 { String::new() } else { format!("{total} ") };
            let message = format!("column `{column}`: {count}{values} NULL in the target ({})", reasons.join(", "));
            let fix = format!(
                "cast the column with `transform: {{{column}: \"{column}::text\"}}` to keep such values as text, or write \
                 `on_unfit: reject` to keep their rows aside"
            );
            self.note(Finding::new(Level::Warning, "unfit_null", message).with_fix(fix));
        }
    }
}
