//! Comparing a table with its source: counts and sums of digests by bucket, then the keys of differing buckets, then
//! the cells of differing keys.
//!
//! Both sides are read as Arrow and digested here, so that no server's idea of a hash, a collation or a printed value
//! decides. The table's lease is held meanwhile: no run moves the target while it is compared. The source goes on; what
//! it has changed since the last run is told apart by the cursor and by the marks that the runs left.

mod buckets;
mod cells;
mod compare;
mod narrow;
mod outcome;
mod overview;
mod repair;
mod sides;
mod standing;
mod touched;

pub use outcome::{
    CellDifference, DifferenceCounts, DifferenceKind, DifferingKey, Repaired, TableVerdict, VerifyOptions,
    VerifyOutcome,
};

pub(crate) use touched::touched;

use crate::config::TableConfig;
use crate::engine::Engine;
use crate::event::{Event, ProgressSink, Stage};
use crate::lease::{self, Grant, Keeper};
use crate::outcome::Failure;
use crate::retry::{self, Waiting};
use compare::{Compared, Range};
use firn_connector::{Error, ErrorKind, Finding, Level, LogEntry, Result, Side};
use futures::StreamExt as _;
use repair::Repair;
use std::sync::Arc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

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
            let error = retry::due(&self.engine.settings, attempt, error)?;
            let waiting = Waiting { sink: self.sink.as_ref(), table: &self.config.source, cancel: &self.cancel };
            waiting.pause(&self.engine.settings, attempt, error).await?;
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
            () = lost.cancelled() => Err(lease::lost(epoch).with_hint("a run may have begun meanwhile; compare again when it has ended").into()),
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
        let message = match verdict.repaired {
            Some(Repaired { written, deleted, .. }) if written + deleted > 0 => {
                format!("{message}; {written} repaired, {deleted} deleted")
            }
            _ => message,
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
        let state = &self.engine.state;
        retry::briefly(&self.engine.settings, || state.conclude(&log, &self.status, self.epoch)).await
    }

    /// Compares, and where that is asked for makes equal what differs and compares again.
    async fn compare(&self) -> Result<TableVerdict> {
        let compared = Compared {
            engine: self.engine,
            config: self.config,
            source: self.source.clone(),
            sink: Arc::clone(&self.sink),
        };
        let looked = compared.look().await?;
        let bytes = looked.prepared.table.bytes;
        let alone = self.engine.alone_if_large(bytes).await?;
        let mut verdict = TableVerdict::default();
        let sides = compare::open(&compared, &looked, Range::Whole, &mut verdict.findings).await?;
        self.stage(Stage::Reading);
        let listed = self.options.listed;
        if !self.options.repair {
            compared.tell(&sides, &looked, listed, None, &mut verdict).await?;
            return Ok(verdict);
        }
        let mut repair = Repair::open(&compared, &looked, self.run_id, self.epoch, self.cancel.clone());
        compared.tell(&sides, &looked, listed, Some(&mut repair), &mut verdict).await?;
        drop(sides);
        if verdict.counts.total() == 0 {
            verdict.repaired = Some(Repaired::default());
            return Ok(verdict);
        }
        self.stage(Stage::Merging);
        // Reading every key takes a turn of its own.
        drop(alone);
        let (repaired, told) = repair.end(verdict.counts).await?;
        // What stands there now is compared from the beginning: a repair proves itself, too.
        let _alone = self.engine.alone_if_large(bytes).await?;
        self.stage(Stage::Reading);
        let mut after = TableVerdict { repaired: Some(repaired), ..TableVerdict::default() };
        let looked = compared.look().await?;
        let sides = compare::open(&compared, &looked, Range::Whole, &mut after.findings).await?;
        compared.tell(&sides, &looked, listed, None, &mut after).await?;
        after.findings.extend(told);
        Ok(after)
    }
}
