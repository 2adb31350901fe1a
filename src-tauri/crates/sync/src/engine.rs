//! The engine: runs tables, plans them, resets them.

use crate::config::{EngineSettings, TableConfig};
use crate::event::ProgressSink;
use crate::glance::Recollection;
use crate::lease::Keeper;
use crate::outcome::{Failure, RunOutcome, TableOutcome};
use crate::planning::TablePlan;
use crate::table::Task;
use crate::{first_load, glance, mend, reset, retry, table};
use firn_connector::switches::{Protection, on};
use firn_connector::{Error, ErrorKind, Holder, Result, Side, Source, StateStore, Target, Workspace, WorkspaceClaim};
use futures::StreamExt as _;
use std::collections::HashSet;
use std::sync::Arc;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_util::sync::CancellationToken;

/// A table below this size on disk does not wait for the first load of another one.
const SMALL_TABLE: i64 = 32 << 20;

/// Tells whether a holder's process is known to be gone (`Some(false)`), known to live, or unknown.
pub type Liveness = Arc<dyn Fn(&Holder) -> Option<bool> + Send + Sync>;

/// A source, a target and a state store, and who runs between them.
pub struct Engine {
    /// Where rows are read.
    pub source: Arc<dyn Source>,
    /// Where rows are written.
    pub target: Arc<dyn Target>,
    /// Where leases, logs and rejected rows are kept.
    pub state: Arc<dyn StateStore>,
    /// This process.
    pub holder: Holder,
    /// Host and folder of the workspace.
    pub folder: String,
    /// How the engine is tuned.
    pub settings: EngineSettings,
    /// Whether another holder lives.
    pub is_alive: Liveness,
    /// One first load or full read at a time: each uses every reader and most of the memory.
    pub(crate) heavy: Semaphore,
    /// Tables in progress at once, of all runs.
    places: Semaphore,
    pub(crate) recollection: Recollection,
}

impl Engine {
    /// Makes an engine.
    pub fn new(
        source: Arc<dyn Source>,
        target: Arc<dyn Target>,
        state: Arc<dyn StateStore>,
        holder: Holder,
        folder: String,
        settings: EngineSettings,
        is_alive: Liveness,
    ) -> Self {
        let (heavy, places) = (Semaphore::new(1), Semaphore::new(settings.tables.max(1)));
        let recollection = Recollection::default();
        Self { source, target, state, holder, folder, settings, is_alive, heavy, places, recollection }
    }

    /// Runs tables until each is caught up. What one table's failure stops is that table.
    pub async fn run(
        self: &Arc<Self>,
        run_id: &str,
        tables: &[TableConfig],
        sink: Arc<dyn ProgressSink>,
        cancel: CancellationToken,
    ) -> RunOutcome {
        self.run_as(Task::Sync, run_id, tables, sink, cancel).await
    }

    /// Tries the rejected rows of tables again: reads them by their keys as they are now, and merges what the target
    /// takes, each table under its lease and without moving its cursor. Tables without an open entry are left alone
    /// and out of the outcome.
    pub async fn retry(
        self: &Arc<Self>,
        run_id: &str,
        tables: &[TableConfig],
        sink: Arc<dyn ProgressSink>,
        cancel: CancellationToken,
    ) -> RunOutcome {
        self.run_as(Task::Retry, run_id, tables, sink, cancel).await
    }

    /// Tries some rejected rows again as [`Engine::retry`] does: those with these keys, by source table.
    pub async fn retry_chosen(
        self: &Arc<Self>,
        run_id: &str,
        tables: &[TableConfig],
        chosen: &[(String, serde_json::Map<String, serde_json::Value>)],
        sink: Arc<dyn ProgressSink>,
        cancel: CancellationToken,
    ) -> RunOutcome {
        self.run_as(Task::RetryChosen(mend::chosen(chosen)), run_id, tables, sink, cancel).await
    }

    async fn run_as(
        self: &Arc<Self>,
        task: Task,
        run_id: &str,
        tables: &[TableConfig],
        sink: Arc<dyn ProgressSink>,
        cancel: CancellationToken,
    ) -> RunOutcome {
        let opened = tokio::select! {
            opened = self.open_for(&task, run_id, tables, &sink) => opened,
            () = cancel.cancelled() => Err(Error::cancelled(Side::Engine)),
        };
        let (tables, mut outcomes) = match opened {
            Ok(opened) => opened,
            Err(error) => return RunOutcome { tables: Vec::new(), failure: Some(Failure::from(&error)) },
        };
        if outcomes.len() < tables.len() {
            let keeper = Keeper::start(self);
            let rest = tables.iter().copied().enumerate().filter(|(at, _)| !outcomes.contains_key(at));
            // Collected: a closure inside the stream would keep this future from being `Send` for every lifetime.
            let runs: Vec<_> = rest
                .map(|(at, config)| {
                    let (task, sink) = (task.clone(), Arc::clone(&sink));
                    let run = table::run(Arc::clone(self), task, run_id, config, sink, cancel.clone(), &keeper);
                    self.in_place(at, config, run)
                })
                .collect();
            let runs = futures::stream::iter(runs).buffered(self.settings.tables.max(1));
            outcomes.extend(runs.collect::<Vec<_>>().await);
        }
        // The outcome lists tables as they were given.
        RunOutcome { tables: (0..tables.len()).filter_map(|at| outcomes.remove(&at)).collect(), failure: None }
    }

    /// Runs a table once a place is free, however many runs go on beside each other.
    async fn in_place(
        &self,
        at: usize,
        config: &TableConfig,
        run: impl Future<Output = Arc<TableOutcome>>,
    ) -> (usize, Arc<TableOutcome>) {
        // Never closed, so there is always a place in the end.
        let _place = self.places.acquire().await;
        self.recollection.forget(&config.state_name());
        (at, run.await)
    }

    /// Opens state and target, unless nothing is to be done anyway, and returns the outcomes of the tables with nothing
    /// to do.
    async fn open_and_glance(
        &self,
        run_id: &str,
        tables: &[TableConfig],
        sink: &Arc<dyn ProgressSink>,
    ) -> Result<glance::Found> {
        let before = self.target.stamp();
        let mut found = glance::recall(self, run_id, tables, sink).await;
        if found.len() == tables.len() && !tables.is_empty() {
            return Ok(found);
        }
        // What was remembered and is not quiet any more is not looked at a second time.
        let unknown: Vec<usize> = match before {
            Some(stamp) => self.recollection.unknown(tables, &stamp),
            None => (0..tables.len()).collect(),
        };
        self.open_with_retry().await?;
        found.extend(glance::survey(self, run_id, tables, &unknown, sink).await);
        Ok(found)
    }

    /// Opens state and target and returns the tables that the task is about, with the outcomes of those that there is
    /// nothing to do for.
    async fn open_for<'t>(
        &self,
        task: &Task,
        run_id: &str,
        tables: &'t [TableConfig],
        sink: &Arc<dyn ProgressSink>,
    ) -> Result<(Vec<&'t TableConfig>, glance::Found)> {
        if *task == Task::Sync {
            return Ok((tables.iter().collect(), self.open_and_glance(run_id, tables, sink).await?));
        }
        self.open_with_retry().await?;
        let reports = self.state.reports().await?;
        let open: HashSet<&str> = reports.iter().filter(|r| r.open_errors > 0).map(|r| r.source.as_str()).collect();
        let wanted = |source: &str| match task {
            Task::RetryChosen(chosen) => chosen.contains_key(source),
            Task::Sync | Task::Retry => true,
        };
        let is_due = |config: &&TableConfig| {
            let source = config.state_name();
            open.contains(source.as_str()) && wanted(&source)
        };
        let open = tables.iter().filter(is_due).collect();
        Ok((open, glance::Found::new()))
    }

    pub(crate) async fn open_with_retry(&self) -> Result<()> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let Err(error) = self.open().await else { return Ok(()) };
            retry::due(&self.settings, attempt, error)?;
            tokio::time::sleep(retry::pause(&self.settings, attempt)).await;
        }
    }

    /// Makes the state tables where they are missing and claims their schema for this workspace.
    async fn open(&self) -> Result<()> {
        let (ensured, identity) = futures::join!(self.state.ensure(), self.target.identity());
        ensured?;
        let identity = identity?;
        let workspace =
            Workspace { target_id: identity.id, target_location: identity.location, folder: self.folder.clone() };
        match self.state.claim(&workspace).await? {
            WorkspaceClaim::Taken(other) if on(Protection::WorkspaceClaim) => {
                let message = format!(
                    "the state schema belongs to another workspace ({}), which writes to {}",
                    other.folder, other.target_location
                );
                Err(Error::new(Side::State, ErrorKind::Configuration, message).with_hint(
                    "give this workspace a schema of its own: `state_schema: firn_2` in firn.yaml; \
                     two workspaces in one schema would move each other's cursors",
                ))
            }
            WorkspaceClaim::Ours | WorkspaceClaim::TargetReplaced | WorkspaceClaim::Taken(_) => Ok(()),
        }
    }

    /// Plans tables without changing anything on either side.
    pub async fn plan(&self, tables: &[TableConfig]) -> Vec<TablePlan> {
        let plans: Vec<_> = tables.iter().map(|config| self.plan_one(config)).collect();
        futures::stream::iter(plans).buffered(self.settings.tables.max(1)).collect().await
    }

    /// Sets a table's cursor back to a watermark, or forgets it; returns the cursors before and after.
    ///
    /// # Errors
    /// Where another runner holds the lease, or the text is no watermark of the column's type.
    pub async fn reset(
        &self,
        run_id: &str,
        config: &TableConfig,
        to: Option<&str>,
    ) -> Result<(Option<String>, Option<String>)> {
        self.open_with_retry().await?;
        reset::reset(self, run_id, config, to).await
    }

    /// Waits until no other large table is being read as a whole; a small one need not wait.
    pub(crate) async fn alone_if_large(&self, bytes: i64) -> Result<Option<SemaphorePermit<'_>>> {
        if bytes < SMALL_TABLE {
            return Ok(None);
        }
        self.heavy.acquire().await.map(Some).map_err(|_| Error::cancelled(Side::Engine))
    }

    /// Bytes of a page range for a table of this size: small tables are cut so that every reader has work.
    pub(crate) fn range_bytes(&self, pages: u32) -> u64 {
        first_load::range_bytes(self.settings.range_bytes, pages, self.settings.readers)
    }
}
