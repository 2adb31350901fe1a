//! The comparison of one table: what is read of both sides, and how the passes follow each other.

use super::narrow::{self, Found, Known, Narrowed};
use super::outcome::{DifferenceKind, TableVerdict};
use super::repair::Repair;
use super::sides::{Comparison, Reporter, Sides};
use super::standing::Standing;
use super::{cells, overview};
use crate::commit::canonical;
use crate::config::{Deletes, Mode, TableConfig};
use crate::deletes;
use crate::engine::Engine;
use crate::event::ProgressSink;
use crate::planning::{BULK_ROWS, Prepared, expressions, prepare};
use firn_catalog::{Form, RowMark, Watermark};
use firn_connector::{
    Cursor, DELETED_AT, Error, ErrorKind, Finding, Level, Phase, ReadPlan, ReadScope, Result, Side, TableState,
    TargetRead, TargetScope, TargetTable,
};
use std::collections::HashSet;
use std::sync::Arc;

/// Open entries looked for among differing keys.
const MOST_OPEN_KEYS: u32 = 100_000;
/// Changed keys that are looked at cell by cell.
const MOST_CELLS: usize = 10_000;

/// A table that is compared.
pub(super) struct Compared<'a> {
    pub(super) engine: &'a Arc<Engine>,
    pub(super) config: &'a TableConfig,
    pub(super) source: String,
    pub(super) sink: Arc<dyn ProgressSink>,
}

/// What stands on both sides before rows are read.
pub(super) struct Inspected {
    pub(super) prepared: Prepared,
    pub(super) existing: TargetTable,
    pub(super) state: TableState,
    seen: Vec<RowMark>,
    open: HashSet<String>,
}

/// Which rows are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Range {
    /// All.
    Whole,
    /// Those with at least this watermark, and those without one.
    From(Watermark),
}

impl Inspected {
    /// Returns the open entries' keys, as canonical JSON.
    pub(super) fn open_entries(&self) -> HashSet<String> {
        self.open.clone()
    }
}

impl Compared<'_> {
    /// Looks at both sides.
    pub(super) async fn look(&self) -> Result<Inspected> {
        let engine = self.engine;
        let expressions = expressions(self.config);
        let (table, existing, state, open, seen) = futures::join!(
            engine.source.inspect(&self.config.source, &expressions, self.config.filter.as_deref()),
            engine.target.inspect(&self.config.target),
            engine.target.state(&self.source),
            engine.state.open_keys(&self.source, MOST_OPEN_KEYS),
            engine.target.seen(&self.source),
        );
        let state = state?.map(|(state, _)| state).unwrap_or_default();
        let Some(existing) = existing? else {
            let message = format!("the table {} is not in the target", self.config.target);
            return Err(Error::new(Side::Target, ErrorKind::NotFound, message)
                .with_hint("run `firn sync run` first: there is nothing to compare yet"));
        };
        let prepared =
            prepare(self.config, table?, engine.source.as_ref(), engine.target.as_ref(), Some(&existing), &state)?;
        Ok(Inspected { prepared, existing, state, seen: seen?, open: open?.iter().map(canonical).collect() })
    }

    /// Decides which rows of the source are due.
    fn standing(&self, looked: &Inspected, findings: &mut Vec<Finding>) -> Standing {
        match (&looked.state.phase, self.config.mode) {
            (_, Mode::Full) => Standing::all_due(),
            (Phase::Incremental { .. }, _) => Standing::of(&looked.state, looked.seen.clone()),
            (Phase::New | Phase::FirstLoad { .. }, _) => {
                let message = "the first load has not come to its end: rows it has not reached count as missing";
                let finding = Finding::new(Level::Warning, "not_loaded", message);
                findings.push(finding.with_fix("run `firn sync run` until it ends with success"));
                Standing::all_due()
            }
        }
    }

    /// Says what becomes of keys in the target alone, where no repair lets them go.
    fn staying(&self, extra: u64) -> Option<Finding> {
        if extra == 0 || deletes::vanished(self.config).is_some() {
            return None;
        }
        let rows = if extra == 1 { "1 key is".to_owned() } else { format!("{extra} keys are") };
        let (message, fix) = match self.config.mode {
            Mode::Full => (
                format!("{rows} in the target alone: the source has no such row now"),
                "`firn sync run` replaces the whole content",
            ),
            Mode::Incremental => (
                format!(
                    "{rows} in the target alone: deleted in the source, under another key there now, or never from \
                     there; `deletes: ignore` lets such rows stay"
                ),
                "write `deletes: hard` or `deletes: soft` in the table's entry: runs and repairs then let such rows go",
            ),
        };
        Some(Finding::new(Level::Warning, "extra_stay", message).with_fix(fix))
    }

    /// Goes over both sides and tells what differs.
    pub(super) async fn tell(
        &self,
        sides: &Sides,
        looked: &Inspected,
        listed: usize,
        mut repair: Option<&mut Repair<'_>>,
        verdict: &mut TableVerdict,
    ) -> Result<()> {
        let overview = overview::look(sides, looked.existing.rows).await?;
        verdict.rows_source = overview.source.rows() + overview.refused_rows;
        verdict.rows_target = overview.target.rows();
        let beyond = overview.refused_rows - overview.refused.len() as u64;
        verdict.counts.missing += beyond;
        verdict.counts.rejected += beyond;
        let mut known = Known::new(&sides.comparison, looked.open.clone(), overview.refused);
        let mut kept: Kept = Kept::new(listed);
        for slice in overview.source.differing(&overview.target, narrow::SLICE_ROWS) {
            let narrowed = narrow::narrow(sides, overview.source.count(), &slice, &mut known).await?;
            if let Some(repair) = repair.as_deref_mut() {
                repair.write(sides, &narrowed.found).await?;
            }
            kept.take(narrowed, verdict);
        }
        kept.take(known.rest(), verdict);
        verdict.findings.extend(self.staying(verdict.counts.extra));
        if kept.changed.is_empty() && kept.listed.is_empty() {
            return Ok(());
        }
        let changed: Vec<&Found> = kept.changed.iter().collect();
        let cells = cells::compare(sides, &changed).await?;
        verdict.columns.clone_from(&cells.columns);
        verdict.cells_of = cells.keys;
        verdict.keys = cells::shown(&sides.comparison, &kept.listed, cells, listed);
        Ok(())
    }
}

/// What is kept of differing keys, however many there are.
struct Kept {
    most: usize,
    listed: Vec<Found>,
    changed: Vec<Found>,
}

impl Kept {
    fn new(most: usize) -> Self {
        Self { most, listed: Vec::new(), changed: Vec::new() }
    }

    fn take(&mut self, narrowed: Narrowed, verdict: &mut TableVerdict) {
        let counts = narrowed.count();
        verdict.counts.missing += counts.missing;
        verdict.counts.extra += counts.extra;
        verdict.counts.changed += counts.changed;
        verdict.counts.rejected += counts.rejected;
        verdict.waiting += narrowed.waiting;
        verdict.superseded += narrowed.superseded;
        for found in narrowed.found {
            if found.kind == DifferenceKind::Changed && self.changed.len() < MOST_CELLS {
                self.changed.push(found.clone());
            }
            self.listed.push(found);
        }
        self.listed.sort_by(|a, b| (a.kind, &a.key).cmp(&(b.kind, &b.key)));
        self.listed.truncate(self.most);
    }
}

/// Opens a view of each side over the columns that both have.
pub(super) async fn open(
    compared: &Compared<'_>,
    looked: &Inspected,
    range: Range,
    findings: &mut Vec<Finding>,
) -> Result<Sides> {
    let Inspected { prepared, existing, .. } = looked;
    let engine = compared.engine;
    let standing = compared.standing(looked, findings);
    let present = |name: &str| existing.columns.iter().any(|column| column.name.eq_ignore_ascii_case(name));
    let (mut columns, mut names) = (Vec::new(), Vec::new());
    for (column, there) in prepared.read.columns.iter().zip(&prepared.write.columns) {
        if present(&there.name) {
            columns.push(column.clone());
            names.push(there.name.clone());
        } else {
            let message = format!("column `{}` is not in the target yet and is not compared", column.name);
            findings.push(Finding::new(Level::Warning, "column_not_compared", message));
        }
    }
    if !prepared.write.ddl.is_empty() {
        let message = "the target's shape is behind the source's: the next run alters it";
        let finding = Finding::new(Level::Warning, "shape_pending", message);
        findings.push(finding.with_fix("run `firn sync run`, then compare again"));
    }
    let place = |at: usize| {
        let name = &prepared.read.columns[at].name;
        columns.iter().position(|column| &column.name == name).ok_or_else(|| {
            Error::new(Side::Target, ErrorKind::NotFound, format!("the column {name} is not in the target"))
        })
    };
    let key = prepared.read.key.iter().map(|at| place(*at)).collect::<Result<Vec<usize>>>()?;
    let watermark = match prepared.read.watermark {
        Some((at, kind)) => Some((place(at)?, kind)),
        None => None,
    };
    let plan = Arc::new(ReadPlan {
        columns: columns.clone(),
        key: key.clone(),
        watermark,
        batch_rows: BULK_ROWS,
        ..(*prepared.read).clone()
    });
    // Rows marked as deleted are no rows of the source.
    let marks = compared.config.deletes == Deletes::Soft && present(DELETED_AT);
    let deleted_at = marks.then(|| DELETED_AT.to_owned());
    let view = engine
        .target
        .view(TargetRead { table: compared.config.target.clone(), columns: names.clone(), deleted_at })
        .await?;
    let readers = engine.settings.readers;
    let snapshot = engine.source.snapshot(Arc::clone(&plan), readers).await?;
    let (scopes, scope) = match (range, watermark) {
        (Range::From(least), Some((at, _))) => {
            let mut scopes = vec![ReadScope::After(Some(Cursor::before(least)))];
            if prepared.null_watermarks {
                scopes.push(ReadScope::NullWatermarks);
            }
            (scopes, TargetScope::From { column: names[at].clone(), least })
        }
        _ => {
            let pages = prepared.table.page_ranges;
            let ranges =
                if pages { snapshot.ranges(engine.range_bytes(prepared.table.pages)).await? } else { Vec::new() };
            let scopes: Vec<ReadScope> = ranges.into_iter().map(ReadScope::Pages).collect();
            (if scopes.is_empty() { vec![ReadScope::Whole] } else { scopes }, TargetScope::Whole)
        }
    };
    let schema = view.schema();
    let forms = columns.iter().zip(schema.fields()).map(|(c, field)| Form::of(&c.plan.arrow, field.data_type()));
    let comparison = Comparison {
        forms: forms.collect(),
        key: if key.is_empty() { (0..columns.len()).collect() } else { key },
        plan,
        standing,
    };
    Ok(Sides {
        comparison: Arc::new(comparison),
        snapshot: Arc::from(snapshot),
        view,
        scopes,
        scope,
        readers,
        reporter: Arc::new(Reporter::new(Arc::clone(&compared.sink), compared.source.clone())),
    })
}
