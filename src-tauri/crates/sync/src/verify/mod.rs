//! Comparing a table with its source: counts and sums of digests by bucket, then the keys of differing buckets, then
//! the cells of differing keys.
//!
//! Both sides are read as Arrow and digested here, so that no server's idea of a hash, a collation or a printed value
//! decides. The table's lease is held meanwhile: no run moves the target while it is compared. The source goes on; what
//! it has changed since the last run is told apart by the cursor and by the marks that the runs left.

mod buckets;
mod cells;
mod narrow;
mod outcome;
mod overview;
mod sides;
mod standing;

pub use outcome::{
    CellDifference, DifferenceCounts, DifferenceKind, DifferingKey, Repaired, TableVerdict, VerifyOptions,
    VerifyOutcome,
};

use crate::commit::canonical;
use crate::config::{Mode, TableConfig};
use crate::engine::Engine;
use crate::event::{Event, ProgressSink, Stage};
use crate::lease::{self, Grant, Keeper};
use crate::outcome::Failure;
use crate::planning::{BULK_ROWS, Prepared, expressions, prepare};
use crate::retry;
use firn_catalog::Form;
use firn_connector::switches::{Protection, on};
use firn_connector::{
    Error, ErrorKind, Finding, Level, LogEntry, Phase, ReadPlan, ReadScope, Result, Side, TableState, TargetRead,
    TargetScope, TargetTable,
};
use futures::StreamExt as _;
use narrow::{Found, Known, Narrowed};
use sides::{Comparison, Reporter, Sides};
use standing::Standing;
use std::collections::HashSet;
use std::sync::Arc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Open entries looked for among differing keys.
const MOST_OPEN_KEYS: u32 = 100_000;
/// Changed keys that are looked at cell by cell.
const MOST_CELLS: usize = 10_000;

impl Engine {
    /// Compares tables with their sources, and makes them equal where that is asked for. What one table's failure
    /// stops is that table.
    pub async fn verify(
        self: &Arc<Self>,
        run_id: &str,
        tables: &[TableConfig],
        options: VerifyOptions,
        sink: Arc<dyn ProgressSink>,
        cancel: CancellationToken,
    ) -> VerifyOutcome {
        let opened = tokio::select! {
            opened = self.open_with_retry() => opened,
            () = cancel.cancelled() => Err(Error::cancelled(Side::Engine)),
        };
        if let Err(error) = opened {
            return VerifyOutcome { tables: Vec::new(), failure: Some(Failure::from(&error)) };
        }
        let keeper = Keeper::start(self);
        // Collected: a closure inside the stream would keep this future from being `Send` for every lifetime.
        let runs: Vec<_> = tables
            .iter()
            .map(|config| table(Arc::clone(self), run_id, config, options, Arc::clone(&sink), cancel.clone(), &keeper))
            .collect();
        let tables = futures::stream::iter(runs).buffered(self.settings.tables.max(1)).collect().await;
        VerifyOutcome { tables, failure: None }
    }
}

/// A comparison in progress.
struct Verifying<'a> {
    engine: &'a Arc<Engine>,
    config: &'a TableConfig,
    run_id: &'a str,
    source: String,
    options: VerifyOptions,
    sink: Arc<dyn ProgressSink>,
    cancel: CancellationToken,
    /// 0 until the lease is ours.
    epoch: i64,
    /// What `sync_watermarks` said of the table before the lease was taken.
    status: String,
}

async fn table(
    engine: Arc<Engine>,
    run_id: &str,
    config: &TableConfig,
    options: VerifyOptions,
    sink: Arc<dyn ProgressSink>,
    cancel: CancellationToken,
    keeper: &Keeper,
) -> TableVerdict {
    let started = Instant::now();
    let source = config.state_name();
    let mut verifying = Verifying {
        engine: &engine,
        config,
        run_id,
        source: source.clone(),
        options,
        sink,
        cancel,
        epoch: 0,
        status: String::new(),
    };
    let done = verifying.under_lease(keeper).await;
    keeper.forget(&source);
    let mut verdict = match done {
        Ok(verdict) => verdict,
        Err(Stopped::Held(error)) => {
            TableVerdict { failure: Some(Failure::from(&error)), held: true, ..TableVerdict::default() }
        }
        Err(Stopped::Failed(error)) => {
            TableVerdict { failure: Some(Failure::from(&error.on_table(&config.source))), ..TableVerdict::default() }
        }
    };
    verdict.source = source;
    verdict.target = config.target.to_string();
    if verifying.epoch > 0
        && let Err(error) = verifying.conclude(&verdict).await
    {
        let message = format!("the comparison could not be logged: {}", error.chain());
        verdict.findings.push(Finding::new(Level::Warning, "unreported", message));
    }
    verdict.elapsed = started.elapsed();
    verifying.stage(Stage::Done);
    verdict
}

/// Why a comparison did not come to its end.
enum Stopped {
    Held(Error),
    Failed(Error),
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Verifying<'_> {
    fn stage(&self, stage: Stage) {
        self.sink.emit(Event::Stage { source: self.source.clone(), stage });
    }

    /// Takes the lease and tries until the table is compared, fails or is cancelled.
    async fn under_lease(&mut self, keeper: &Keeper) -> std::result::Result<TableVerdict, Stopped> {
        self.stage(Stage::Inspecting);
        let mut attempt = 0;
        loop {
            attempt += 1;
            let error = match self.attempt(keeper).await {
                Err(Stopped::Failed(error)) => error,
                ended => return ended,
            };
            let again = error.is_transient() && attempt <= self.engine.settings.max_retries && on(Protection::Retry);
            if !again {
                return Err(error.into());
            }
            let wait = retry::pause(&self.engine.settings, attempt);
            let failure = Failure::from(&error.on_table(&self.config.source));
            self.sink.emit(Event::Retry { source: self.source.clone(), attempt, wait, failure });
            self.stage(Stage::Waiting);
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.cancel.cancelled() => return Err(Error::cancelled(Side::Engine).into()),
            }
            self.stage(Stage::Inspecting);
        }
    }

    async fn attempt(&mut self, keeper: &Keeper) -> std::result::Result<TableVerdict, Stopped> {
        if self.epoch == 0 {
            self.acquire().await?;
        }
        let cancel = self.cancel.clone();
        let lost = keeper.keep(self.source.clone(), self.epoch);
        let epoch = self.epoch;
        // A runner that slept through its lease writes no more from here on.
        self.engine.target.fence(&self.source, epoch).await?;
        tokio::select! {
            done = self.compare() => Ok(done?),
            () = lost.cancelled() => Err(Error::new(
                Side::State,
                ErrorKind::Fenced,
                format!("the lease (epoch {epoch}) was lost to another runner"),
            ).with_hint("a run may have begun meanwhile; compare again when it has ended").into()),
            () = cancel.cancelled() => Err(Error::cancelled(Side::Engine).into()),
        }
    }

    async fn acquire(&mut self) -> std::result::Result<(), Stopped> {
        let reports = self.engine.state.reports().await?;
        let before = reports.into_iter().find(|report| report.source == self.source);
        self.status = match before {
            // Its process is gone, or the lease is not granted.
            Some(report) if report.status == "running" => "error".to_owned(),
            Some(report) => report.status,
            None => "idle".to_owned(),
        };
        let floor = self.engine.target.state(&self.source).await?.map_or(0, |(_, epoch)| epoch);
        match lease::acquire(self.engine, self.config, self.run_id, floor).await? {
            Grant::Held(error) => Err(Stopped::Held(error)),
            Grant::Epoch(epoch) => {
                self.epoch = epoch;
                Ok(())
            }
        }
    }

    /// Ends the log row and gives the lease up; what the table's last run came to stays as it was.
    async fn conclude(&self, verdict: &TableVerdict) -> Result<()> {
        let (status, message) = match &verdict.failure {
            Some(failure) if failure.kind == ErrorKind::Cancelled => ("cancelled", "verify: cancelled".to_owned()),
            Some(failure) => ("error", format!("verify: {}", failure.message)),
            None if verdict.is_equal() => ("success", format!("verify: equal, {} rows", verdict.rows_source)),
            None => ("error", format!("verify: {} keys differ", verdict.counts.total())),
        };
        let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let log = LogEntry {
            run_id: self.run_id.to_owned(),
            source: self.source.clone(),
            started_at: String::new(),
            finished_at: None,
            status: status.to_owned(),
            rows_read: count(verdict.rows_source),
            rows_merged: count(verdict.repaired.unwrap_or_default().written),
            rows_rejected: 0,
            message: Some(message),
        };
        let mut attempt = 0;
        loop {
            attempt += 1;
            match self.engine.state.conclude(&log, &self.status, self.epoch).await {
                Err(error) if error.is_transient() && attempt <= 3 => {
                    tokio::time::sleep(retry::pause(&self.engine.settings, attempt)).await;
                }
                done => return done,
            }
        }
    }

    async fn compare(&self) -> Result<TableVerdict> {
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
        let open: HashSet<String> = open?.iter().map(canonical).collect();
        let prepared = prepare(self.config, table?, engine.target.as_ref(), Some(&existing), &state)?;
        let _alone = engine.alone_if_large(prepared.table.bytes).await?;
        let mut verdict = TableVerdict::default();
        let standing = self.standing(&state, seen?, &mut verdict.findings);
        let sides = open_sides(self, &prepared, &existing, standing, &mut verdict.findings).await?;
        self.stage(Stage::Reading);
        self.tell(&sides, open, existing.rows, &mut verdict).await?;
        Ok(verdict)
    }

    /// Decides which rows of the source are due.
    fn standing(&self, state: &TableState, seen: Vec<firn_catalog::RowMark>, findings: &mut Vec<Finding>) -> Standing {
        match (&state.phase, self.config.mode) {
            (_, Mode::Full) => Standing::all_due(),
            (Phase::Incremental { .. }, _) => Standing::of(state, seen),
            (Phase::New | Phase::FirstLoad { .. }, _) => {
                let message = "the first load has not come to its end: rows it has not reached count as missing";
                let finding = Finding::new(Level::Warning, "not_loaded", message);
                findings.push(finding.with_fix("run `firn sync run` until it ends with success"));
                Standing::all_due()
            }
        }
    }

    /// Goes over both sides and tells what differs.
    async fn tell(&self, sides: &Sides, open: HashSet<String>, rows: u64, verdict: &mut TableVerdict) -> Result<()> {
        let overview = overview::look(sides, rows).await?;
        verdict.rows_source = overview.source.rows() + overview.refused_rows;
        verdict.rows_target = overview.target.rows();
        let beyond = overview.refused_rows - overview.refused.len() as u64;
        verdict.counts.missing += beyond;
        verdict.counts.rejected += beyond;
        let mut known = Known::new(&sides.comparison, open, overview.refused);
        let mut kept: Kept = Kept::new(self.options.listed);
        for slice in overview.source.differing(&overview.target, narrow::SLICE_ROWS) {
            let narrowed = narrow::narrow(sides, overview.source.count(), &slice, &mut known).await?;
            kept.take(narrowed, verdict);
        }
        kept.take(known.rest(), verdict);
        if kept.changed.is_empty() && kept.listed.is_empty() {
            return Ok(());
        }
        let changed: Vec<&Found> = kept.changed.iter().collect();
        let cells = cells::compare(sides, &changed).await?;
        verdict.columns.clone_from(&cells.columns);
        verdict.cells_of = cells.keys;
        verdict.keys = cells::shown(&sides.comparison, &kept.listed, cells, self.options.listed);
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
async fn open_sides(
    verifying: &Verifying<'_>,
    prepared: &Prepared,
    existing: &TargetTable,
    standing: Standing,
    findings: &mut Vec<Finding>,
) -> Result<Sides> {
    let engine = verifying.engine;
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
    let view = engine
        .target
        .view(TargetRead { table: verifying.config.target.clone(), columns: names, deleted_at: None })
        .await?;
    let readers = engine.settings.readers;
    let snapshot = engine.source.snapshot(Arc::clone(&plan), readers).await?;
    let scopes = match prepared.table.page_ranges {
        true => {
            let ranges = snapshot.ranges(engine.range_bytes(prepared.table.pages)).await?;
            ranges.into_iter().map(ReadScope::Pages).collect()
        }
        false => Vec::new(),
    };
    let scopes = if scopes.is_empty() { vec![ReadScope::Whole] } else { scopes };
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
        scope: TargetScope::Whole,
        readers,
        reporter: Arc::new(Reporter::new(Arc::clone(&verifying.sink), verifying.source.clone())),
    })
}
