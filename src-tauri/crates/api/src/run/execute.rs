//! Starting a run: one path for the window, the command line and `--watch`.

use super::Active;
use super::progress::Progress;
use super::record::Recorder;
use crate::Firn;
use crate::folder::Usable;
use crate::wire::{ErrorView, FindingView, LevelView, RunEvent, RunEventKind, RunFinished, TablesRequest};
use firn_sync::{ProgressSink, TableConfig};
use firn_workspace::TableSync;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// How often counts go out while a run is going on.
const FLUSH: Duration = Duration::from_millis(100);

impl Firn {
    /// Runs tables until each is caught up or `cancel` is. Events go to the host meanwhile; the result is the last of
    /// them, and is in the history when this returns.
    ///
    /// # Errors
    /// Where no run could begin: `untrusted`, `configuration`, or `busy` while another run of the workspace is going on.
    /// What fails in the run is part of its result.
    pub async fn run_to_end(
        &self,
        request: TablesRequest,
        cancel: CancellationToken,
    ) -> Result<RunFinished, ErrorView> {
        let run = self.start_run(request, cancel).await?;
        run.wait().await;
        run.progress.finished().ok_or_else(|| ErrorView::other("the run ended without a result"))
    }

    /// Returns the time from the start of one run to the start of the next, as the workspace has it now.
    ///
    /// # Errors
    /// `configuration` where the document cannot be read.
    pub fn sync_interval(&self, folder: &str) -> Result<Duration, ErrorView> {
        Ok(self.read(folder)?.parsed?.sync_interval)
    }

    /// Returns what a person should know who lets a workspace run again and again with `--watch`.
    ///
    /// # Errors
    /// `configuration` where the document cannot be read.
    pub fn watch_notes(&self, folder: &str) -> Result<Vec<FindingView>, ErrorView> {
        let workspace = self.read(folder)?.parsed?;
        let note = |table: &TableSync| {
            let schedule = table.schedule.as_ref()?;
            Some(FindingView {
                level: LevelView::Warning,
                code: "schedule".to_owned(),
                message: format!(
                    "{} has the schedule `{schedule}`, which --watch does not follow: it runs in every round",
                    table.source
                ),
                fix: None,
            })
        };
        Ok(workspace.tables.iter().filter_map(note).collect())
    }

    /// Begins a run in the background.
    pub(crate) async fn start_run(
        &self,
        request: TablesRequest,
        cancel: CancellationToken,
    ) -> Result<Arc<Active>, ErrorView> {
        let usable = self.usable(&request.folder).await?;
        let tables = usable.tables(&request.tables)?;
        Self::check_kinds(&usable)?;
        let run_id = uuid::Uuid::new_v4();
        let (events, received) = mpsc::unbounded_channel();
        let progress = Arc::new(Progress::begin(&run_id.to_string(), &usable.folder.name, &tables, events));
        let (done, ended) = watch::channel(false);
        let run = Arc::new(Active {
            run_id: run_id.to_string(),
            folder: usable.folder.name.clone(),
            progress: Arc::clone(&progress),
            cancel: cancel.clone(),
            ended,
        });
        self.inner.runs.add(Arc::clone(&run))?;
        let firn = self.clone();
        tokio::spawn(async move {
            let recorder = Recorder::start(&firn, run_id, &usable.folder.name);
            let forwarder = tokio::spawn(forward(firn.clone(), received, Arc::clone(&progress), recorder));
            firn.execute(usable, &run_id.to_string(), tables, Arc::clone(&progress), cancel).await;
            if let Err(panic) = forwarder.await {
                tracing::error!(%panic, "the events of a run were not passed on to their end");
            }
            // Nobody waits for this run any more where the receiver is gone.
            let _gone = done.send(true);
        });
        Ok(run)
    }

    /// Runs the engine and ends the run, whatever happens.
    async fn execute(
        &self,
        usable: Usable,
        run_id: &str,
        tables: Vec<TableConfig>,
        progress: Arc<Progress>,
        cancel: CancellationToken,
    ) {
        let firn = self.clone();
        let run_id = run_id.to_owned();
        let shared = Arc::clone(&progress);
        let sink: Arc<dyn ProgressSink> = Arc::clone(&progress) as Arc<dyn ProgressSink>;
        // A task of its own: a panic below ends the run as a failure instead of leaving it going on for ever.
        let engine = tokio::spawn(async move {
            let drivers = tokio::select! {
                drivers = firn.drivers(&usable) => drivers?,
                () = cancel.cancelled() => return Err(ErrorView::from(firn_connector::Error::cancelled(firn_connector::Side::Engine))),
            };
            shared.advise(drivers.advice.clone());
            let outcome = drivers.engine.run(&run_id, &tables, sink, cancel).await;
            let closed = drivers.close().await;
            Ok((outcome, closed))
        });
        match engine.await {
            Ok(Ok((outcome, closed))) => {
                if let Err(error) = closed {
                    progress.note(FindingView {
                        level: LevelView::Warning,
                        code: "close".to_owned(),
                        message: format!(
                            "what was committed is safe, but the target was not closed: {}",
                            error.message
                        ),
                        fix: error.hint,
                    });
                }
                progress.finish(&outcome);
            }
            Ok(Err(error)) => {
                progress.fail(error);
            }
            Err(panic) => {
                let message =
                    format!("Firn failed in the middle of the run ({panic}); what was committed before stays");
                progress.fail(ErrorView::other(message).with_hint("run it again, and report the failure"));
            }
        }
    }
}

/// Passes events on in their order, to the host and into the history, until the run has ended.
///
/// The last event, the result, is held back until the history has it: whoever hears of the end can ask for it.
async fn forward(
    firn: Firn,
    mut events: mpsc::UnboundedReceiver<RunEvent>,
    progress: Arc<Progress>,
    recorder: Recorder,
) {
    let host = &firn.inner.options.host;
    let mut flush = tokio::time::interval(FLUSH);
    flush.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut last = None;
    loop {
        tokio::select! {
            event = events.recv() => {
                let Some(event) = event else { break };
                recorder.take(&event);
                if matches!(event.what, RunEventKind::Finished { .. }) {
                    last = Some(event);
                } else {
                    host.emit(event);
                }
            }
            _ = flush.tick() => progress.flush(),
        }
    }
    if let Some(finding) = recorder.finish().await {
        tracing::warn!(message = %finding.message, "the history could not be written");
        if let Some(last) = &mut last {
            last.seq += 1;
            let what = RunEventKind::Finding { source: String::new(), finding };
            host.emit(RunEvent { run_id: last.run_id.clone(), seq: last.seq - 1, at: last.at.clone(), what });
        }
    }
    if let Some(last) = last {
        host.emit(last);
    }
}
