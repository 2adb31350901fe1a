//! The comparison after a run: only what the run has touched, found by the watermark on both sides.

use super::compare::{self, Compared, Range};
use super::narrow::{self, Known};
use super::outcome::DifferenceKind;
use super::{cells, overview};
use crate::config::Mode;
use crate::table::TableRun;
use firn_connector::{Cursor, Finding, Key, Level, Phase, ReadScope, Result};
use std::collections::HashSet;
use std::sync::Arc;

/// Compares the rows from the watermark on at which the run began, and those without a watermark.
///
/// Rows that the source has changed or deleted since the run's last pass are no differences. Rows of a table that is
/// read in full have no watermark to tell that by: there a difference is told, and does not count against the run.
pub(crate) async fn touched(run: &mut TableRun<'_>, began: Option<Cursor>) -> Result<()> {
    let compared = Compared {
        engine: run.engine,
        config: run.config,
        source: run.source.clone(),
        // The run has counted its rows; the comparison's are no more of them.
        sink: Arc::new(|_event| {}),
    };
    let looked = compared.look().await?;
    let range = match began {
        Some(cursor) if run.config.mode == Mode::Incremental && cursor.watermark.is_of_our_era() => {
            Range::From(cursor.watermark)
        }
        _ => Range::Whole,
    };
    let mut findings = Vec::new();
    let sides = compare::open(&compared, &looked, range, &mut findings).await?;
    let rows = if range == Range::Whole { looked.existing.rows } else { run.counters.rows_read };
    let overview = overview::look(&sides, rows).await?;
    let compared_rows = overview.source.rows();
    let mut known = Known::new(&sides.comparison, looked.open_entries(), overview.refused);
    let mut different = 0;
    for slice in overview.source.differing(&overview.target, narrow::SLICE_ROWS) {
        let narrowed = narrow::narrow(&sides, overview.source.count(), &slice, &mut known).await?;
        let (extra, others): (Vec<_>, Vec<_>) =
            narrowed.found.into_iter().partition(|found| found.kind == DifferenceKind::Extra);
        different += others.iter().filter(|found| found.reason.is_none()).count() as u64;
        // A key that the source has under a smaller watermark was set back; one it has no more was deleted meanwhile.
        let keys: Vec<Key> = extra.into_iter().filter_map(|found| found.key.into_iter().collect()).collect();
        if matches!(range, Range::From(_)) && !keys.is_empty() {
            let there = sides.source(vec![ReadScope::Keys(keys)], HashSet::new, cells::keep_digests).await?;
            different += there.iter().map(HashSet::len).sum::<usize>() as u64;
        }
    }
    run.counters.rows_verified += compared_rows;
    if different == 0 {
        let message = format!("{compared_rows} rows compared after the run: equal");
        run.note(Finding::new(Level::Info, "verify_equal", message));
        return Ok(());
    }
    let message = format!("{different} of {compared_rows} compared keys differ between source and target");
    let finding = Finding::new(Level::Critical, "verify_different", message);
    run.note(finding.with_fix(format!("firn sync verify {} names them", run.source)));
    if run.config.mode == Mode::Incremental && matches!(run.state.phase, Phase::Incremental { .. }) {
        run.counters.rows_different += different;
    }
    Ok(())
}
