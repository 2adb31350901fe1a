//! One table's run: lease, fence, attempts. How it ended is in `report`.

use crate::commit::canonical;
use crate::config::{Mode, TableConfig};
use crate::deletes::Swept;
use crate::engine::Engine;
use crate::event::{Event, ProgressSink, Stage};
use crate::lease::{self, Grant, Keeper};
use crate::outcome::{Counters, TableOutcome};
use crate::planning::{PhaseName, Prepared, expressions, prepare};
use crate::retry::{self, Waiting};
use crate::unfit::UnfitCounts;
use crate::used::UsedPlan;
use crate::{advice, deletes, drain, drift, first_load, full, mend, verify};
use firn_connector::{Cursor, Error, Finding, LoggedTime, Phase, Result, Side, TableState, Writer};
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::sync::Arc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// What a table is taken up for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Task {
    /// Reads on from the cursor until caught up.
    Sync,
    /// Tries rejected rows again; the cursor stays.
    Retry,
    /// Tries some of them again.
    RetryChosen(mend::Chosen),
}

impl Task {
    /// Returns the word that `sync_errors.resolved_by` has for it.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Sync => "run",
            Self::Retry | Self::RetryChosen(_) => "retry",
        }
    }
}

/// What stands on both sides before rows move.
pub(crate) struct Looked {
    pub(crate) prepared: Prepared,
    pub(crate) writer: Box<dyn Writer>,
    /// Keys of the open entries in `sync_errors`.
    pub(crate) open: Vec<Map<String, Value>>,
}

/// A table in progress.
pub(crate) struct TableRun<'a> {
    pub(crate) engine: &'a Arc<Engine>,
    pub(crate) task: Task,
    pub(crate) config: &'a TableConfig,
    pub(crate) run_id: &'a str,
    pub(crate) source: String,
    /// 0 until the lease is ours.
    pub(crate) epoch: i64,
    /// What the target has durably.
    pub(crate) state: TableState,
    pub(crate) counters: Counters,
    /// Cancelled when the caller asks or the lease is lost.
    pub(crate) cancel: CancellationToken,
    /// Keys with an open entry in `sync_errors`, as JSON text.
    pub(crate) open_keys: HashSet<String>,
    /// Moments logged for the horizon so far, durable or not.
    pub(crate) logged_times: Vec<LoggedTime>,
    /// Values that became NULL because they do not fit, of the commits so far.
    pub(crate) unfit: UnfitCounts,
    /// Whether the plan has statements, or a shape to remember, that no commit of this attempt has taken yet.
    pub(crate) ddl_pending: bool,
    /// The cursor at the beginning of the first attempt, where what the run touches is compared.
    began: Option<Option<Cursor>>,
    findings: Vec<Finding>,
    pub(crate) sink: Arc<dyn ProgressSink>,
}

/// How a table's run came to its end without a failure.
pub(crate) enum Ended {
    Done,
    Held(Error),
}

/// Runs a table to its end and reports it.
pub(crate) async fn run(
    engine: Arc<Engine>,
    task: Task,
    run_id: &str,
    config: &TableConfig,
    sink: Arc<dyn ProgressSink>,
    cancel: CancellationToken,
    keeper: &Keeper,
) -> Arc<TableOutcome> {
    let started = Instant::now();
    let mut run = TableRun::new(&engine, task, run_id, config, sink, cancel);
    let ended = run.under_lease(keeper).await;
    keeper.forget(&run.source);
    run.finish(ended, started).await
}

impl<'a> TableRun<'a> {
    /// Makes a table's work that has not begun.
    pub(crate) fn new(
        engine: &'a Arc<Engine>,
        task: Task,
        run_id: &'a str,
        config: &'a TableConfig,
        sink: Arc<dyn ProgressSink>,
        cancel: CancellationToken,
    ) -> Self {
        Self {
            engine,
            task,
            config,
            run_id,
            source: config.state_name(),
            epoch: 0,
            state: TableState::default(),
            counters: Counters::default(),
            cancel,
            open_keys: HashSet::new(),
            logged_times: Vec::new(),
            unfit: UnfitCounts::new(),
            ddl_pending: false,
            began: None,
            findings: Vec::new(),
            sink,
        }
    }
}

impl TableRun<'_> {
    /// Takes the lease, raises the fence and tries until the table is caught up, fails or is cancelled.
    async fn under_lease(&mut self, keeper: &Keeper) -> Result<Ended> {
        self.stage(Stage::Inspecting);
        let mut attempt = 0;
        loop {
            attempt += 1;
            let commits = self.counters.commits;
            let error = match self.attempt(keeper).await {
                Err(error) => error,
                ended => return ended,
            };
            if self.counters.commits > commits {
                attempt = 1;
            }
            let error = retry::due(&self.engine.settings, attempt, error)?;
            let waiting = Waiting { sink: self.sink.as_ref(), table: &self.config.source, cancel: &self.cancel };
            waiting.pause(&self.engine.settings, attempt, error).await?;
        }
    }

    async fn attempt(&mut self, keeper: &Keeper) -> Result<Ended> {
        let cancel = self.cancel.clone();
        if self.epoch == 0 {
            let floor = self.engine.target.state(&self.source).await?.map_or(0, |(_, epoch)| epoch);
            match lease::acquire(self.engine, self.config, self.run_id, floor).await? {
                Grant::Held(error) => return Ok(Ended::Held(error)),
                Grant::Epoch(epoch) => self.epoch = epoch,
            }
        }
        let lost = keeper.keep(self.source.clone(), self.epoch);
        let epoch = self.epoch;
        self.engine.target.fence(&self.source, epoch).await?;
        tokio::select! {
            done = self.work() => done.map(|()| Ended::Done),
            () = lost.cancelled() => Err(lease::lost(epoch).with_hint("look at `firn sync status` for who runs the table now; nothing it committed was undone")),
            () = cancel.cancelled() => Err(Error::cancelled(Side::Engine)),
        }
    }

    async fn work(&mut self) -> Result<()> {
        match self.task {
            Task::Sync if self.config.verify => self.sync_and_compare().await,
            Task::Sync => self.sync().await,
            Task::Retry | Task::RetryChosen(_) => mend::entries(self).await,
        }
    }

    /// Reads and writes until caught up, and compares what that has touched.
    async fn sync_and_compare(&mut self) -> Result<()> {
        let began = match self.began.take() {
            Some(began) => began,
            None => self.engine.target.state(&self.source).await?.and_then(|(state, _)| state.cursor().cloned()),
        };
        self.began = Some(began.clone());
        self.sync().await?;
        verify::touched(self, began).await
    }

    /// Looks at both sides, decides read and write, and opens the writer.
    pub(crate) async fn look(&mut self) -> Result<Looked> {
        let engine = Arc::clone(self.engine);
        let config = self.config;
        let expressions = expressions(config);
        let most_open = u32::try_from(engine.settings.open_entries).unwrap_or(u32::MAX);
        let (table, existing, state, open) = futures::join!(
            engine.source.inspect(&config.source, &expressions, config.filter.as_deref()),
            engine.target.inspect(&config.target),
            engine.target.state(&self.source),
            engine.state.open_keys(&self.source, most_open),
        );
        self.state = state?.map(|(state, _)| state).unwrap_or_default();
        self.logged_times.clone_from(&self.state.logged_times);
        let open = open?;
        self.open_keys = open.iter().map(canonical).collect();
        let table = match table {
            Err(error) => return Err(drift::gone(engine.source.as_ref(), config, &self.state, error).await),
            Ok(table) => table,
        };
        let prepared =
            prepare(config, table, engine.source.as_ref(), engine.target.as_ref(), existing?.as_ref(), &self.state)?;
        let moving = advice::moving_key(engine.source.as_ref(), config).await?;
        for finding in prepared.findings.iter().cloned().chain(moving) {
            self.note(finding);
        }
        self.ddl_pending = !prepared.write.ddl.is_empty() || self.state.shape.as_ref() != Some(&prepared.shape);
        if self.task == Task::Sync {
            let plan = UsedPlan::of(config, &self.state, &prepared, engine.source.as_ref());
            self.sink.emit(Event::Planned(Arc::new(plan)));
        }
        let writer = engine.target.writer(Arc::clone(&prepared.write), self.epoch).await?;
        Ok(Looked { prepared, writer, open })
    }

    /// Reads and writes until caught up.
    async fn sync(&mut self) -> Result<()> {
        let engine = Arc::clone(self.engine);
        let Looked { prepared, mut writer, .. } = self.look().await?;
        if self.config.mode == Mode::Full {
            return full::load(self, &prepared, writer.as_mut()).await;
        }
        let mut loaded_now = false;
        if first_load::is_due(&self.state, &prepared) {
            first_load::load(self, &prepared, writer.as_mut()).await?;
            loaded_now = true;
        }
        self.emit_phase(PhaseName::Incremental, None);
        loop {
            let pass = drain::pass(self, &prepared, writer.as_mut(), loaded_now).await?;
            // A pass that took long leaves behind what was written meanwhile; a short one has caught up.
            if pass.staged == 0 || pass.elapsed < engine.settings.group_time {
                break;
            }
            loaded_now = false;
        }
        match deletes::vanished(self.config) {
            None => Ok(()),
            Some(vanished) => match deletes::sweep(self, &prepared, writer.as_mut(), vanished).await? {
                Swept::Done => Ok(()),
                Swept::Kept(reason) => Err(reason),
            },
        }
    }

    /// Returns the exact text of the durable cursor.
    pub(crate) fn watermark_text(&self) -> Option<String> {
        match &self.state.phase {
            Phase::Incremental { cursor } => cursor.as_ref().map(|c| c.watermark.text()),
            Phase::New | Phase::FirstLoad { .. } => None,
        }
    }

    /// Keeps a finding once and tells the sink.
    pub(crate) fn note(&mut self, finding: Finding) {
        if !self.findings.contains(&finding) {
            self.sink.emit(Event::Finding { source: self.source.clone(), finding: finding.clone() });
            self.findings.push(finding);
        }
    }

    /// Takes what was kept for the operator.
    pub(crate) fn take_findings(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.findings)
    }

    pub(crate) fn stage(&self, stage: Stage) {
        self.sink.emit(Event::Stage { source: self.source.clone(), stage });
    }

    pub(crate) fn emit_phase(&self, phase: PhaseName, rows_expected: Option<u64>) {
        self.sink.emit(Event::Phase { source: self.source.clone(), phase, rows_expected });
    }

    pub(crate) fn emit_progress(&self) {
        let (source, counters) = (self.source.clone(), self.counters);
        self.sink.emit(Event::Progress { source, counters, watermark: self.watermark_text() });
    }

    /// Takes the horizon of the table, once more while it is not known, and keeps what it logs.
    ///
    /// Where other users' transactions are hidden, a moment counts only when all transactions in progress then have
    /// gone. Most are gone within a second; a long one leaves the horizon unknown until a later run.
    pub(crate) async fn horizon(&mut self, prepared: &Prepared) -> Result<firn_connector::Horizon> {
        const LOOKS: u32 = 10;
        let Some((_, kind)) = prepared.read.watermark else {
            return Err(Error::configuration("a table without a watermark has no horizon"));
        };
        let mut look = 0;
        loop {
            look += 1;
            let request = firn_connector::HorizonRequest {
                kind,
                lookback: prepared.lookback,
                logged_times: self.logged_times.clone(),
            };
            let horizon = self.engine.source.horizon(&prepared.read, &request).await?;
            self.logged_times.clone_from(&horizon.logged_times);
            let known = horizon.method != firn_connector::HorizonMethod::Unknown;
            if known || look == LOOKS || self.state.cursor().is_some() {
                for finding in &horizon.findings {
                    self.note(finding.clone());
                }
                return Ok(horizon);
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    }
}
