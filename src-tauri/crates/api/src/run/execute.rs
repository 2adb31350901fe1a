//! Starting a run: one path for the window, the command line and the service.

use super::progress::Progress;
use super::record::Records;
use super::{Active, FLUSH};
use crate::drivers::Drivers;
use crate::folder::Usable;
use crate::wire::{ErrorView, FindingView, LevelView, RunEvent, RunEventKind, RunFinished, RunRequest};
use crate::{Firn, Trigger};
use firn_sync::{ProgressSink, TableConfig};
use std::sync::Arc;
use tokio::sync::{OnceCell, mpsc, watch};
use tokio_util::sync::CancellationToken;

/// Takes every event of a run. Called from a background task; must not block.
pub(crate) type Listener = Arc<dyn Fn(&RunEvent) + Send + Sync>;

/// What a run is begun with.
pub(crate) struct Setup {
    pub(crate) usable: Arc<Usable>,
    pub(crate) tables: Vec<TableConfig>,
    /// What a run of the service has beyond others.
    pub(crate) served: Option<Served>,
}

/// What a run of the service has beyond others.
pub(crate) struct Served {
    /// Drivers that stay after the run; opened by the first that needs them.
    pub(crate) drivers: Arc<OnceCell<Drivers>>,
    /// Hears of each event.
    pub(crate) listener: Listener,
}

impl Firn {
    /// Runs tables until each is caught up or `cancel` is. Events go to the host meanwhile; the result is the last of
    /// them, and is in the history when this returns.
    ///
    /// # Errors
    /// Where no run could begin: `untrusted`, `configuration`, or `busy` while another run of the workspace is going on.
    /// What fails in the run is part of its result.
    pub async fn run_to_end(&self, request: RunRequest, cancel: CancellationToken) -> Result<RunFinished, ErrorView> {
        let run = self.start_run(request, cancel).await?;
        run.wait().await;
        run.progress.finished().ok_or_else(|| ErrorView::other("the run ended without a result"))
    }

    /// Runs tables as [`Firn::run_to_end`] does, and lets each compare what it has touched before it ends.
    ///
    /// # Errors
    /// As [`Firn::run_to_end`].
    pub async fn run_and_verify(
        &self,
        request: RunRequest,
        cancel: CancellationToken,
    ) -> Result<RunFinished, ErrorView> {
        let mut setup = self.setup(&request).await?;
        setup.tables.iter_mut().for_each(|table| table.verify = true);
        self.run_served(setup, cancel).await
    }

    /// Begins a run in the background.
    pub(crate) async fn start_run(
        &self,
        request: RunRequest,
        cancel: CancellationToken,
    ) -> Result<Arc<Active>, ErrorView> {
        self.begin(self.setup(&request).await?, cancel)
    }

    /// Reads the workspace of a run and its tables as the request wants them.
    async fn setup(&self, request: &RunRequest) -> Result<Setup, ErrorView> {
        let usable = Arc::new(self.usable(&request.folder).await?);
        let mut tables = usable.tables(&request.tables)?;
        if let Some(ratio) = request.max_delete_ratio {
            tables.iter_mut().for_each(|table| table.max_delete_ratio = ratio);
        }
        Self::check_kinds(&usable)?;
        Ok(Setup { usable, tables, served: None })
    }

    /// Begins a run of the service and waits for its end. Each event goes to `listener`, too.
    pub(crate) async fn run_served(&self, setup: Setup, cancel: CancellationToken) -> Result<RunFinished, ErrorView> {
        let run = self.begin(setup, cancel)?;
        run.wait().await;
        run.progress.finished().ok_or_else(|| ErrorView::other("the run ended without a result"))
    }

    fn begin(&self, setup: Setup, cancel: CancellationToken) -> Result<Arc<Active>, ErrorView> {
        let Setup { usable, tables, served } = setup;
        let run_id = uuid::Uuid::new_v4();
        let (events, received) = mpsc::unbounded_channel();
        let progress = Arc::new(Progress::begin(&run_id.to_string(), &usable.folder.name, &tables, events));
        let (done, ended) = watch::channel(false);
        let run = Arc::new(Active {
            run_id: run_id.to_string(),
            folder: usable.folder.name.clone(),
            scheduled: served.is_some(),
            progress: Arc::clone(&progress),
            cancel: cancel.clone(),
            ended,
        });
        self.inner.runs.add(Arc::clone(&run))?;
        let firn = self.clone();
        tokio::spawn(async move {
            let (drivers, listener) = match served {
                Some(Served { drivers, listener }) => (Some(drivers), Some(listener)),
                None => (None, None),
            };
            // What a service finds unchanged, again and again, is no history.
            let records = Records::new(&firn, run_id, &usable.folder.name, Arc::clone(&progress), listener.is_some());
            let forwarder = tokio::spawn(forward(firn.clone(), received, Arc::clone(&progress), records, listener));
            firn.execute(usable, drivers, &run_id.to_string(), tables, Arc::clone(&progress), cancel).await;
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
        usable: Arc<Usable>,
        kept_open: Option<Arc<OnceCell<Drivers>>>,
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
            let cancelled = || Err(ErrorView::from(firn_connector::Error::cancelled(firn_connector::Side::Engine)));
            if let Some(kept_open) = kept_open {
                let drivers = tokio::select! {
                    drivers = kept_open.get_or_try_init(|| firn.drivers_to_serve(&usable)) => drivers?,
                    () = cancel.cancelled() => return cancelled(),
                };
                shared.advise(drivers.advice.clone());
                return Ok((drivers.engine.run(&run_id, &tables, sink, cancel).await, Ok(())));
            }
            let drivers = tokio::select! {
                drivers = firn.drivers(&usable) => drivers?,
                () = cancel.cancelled() => return cancelled(),
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
    mut records: Records,
    listener: Option<Listener>,
) {
    let host = &firn.inner.options.host;
    // A window hears of a scheduled run once there is something to hear.
    let on_demand = listener.is_some() && firn.inner.options.trigger == Trigger::Window;
    let mut unheard = Vec::new();
    let mut flush = tokio::time::interval(FLUSH);
    flush.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut last = None;
    loop {
        tokio::select! {
            event = events.recv() => {
                let Some(mut event) = event else { break };
                records.take(&event);
                // Statements are for those who look back; they would make the event too long for those who look on.
                if let RunEventKind::Planned { plan } = &mut event.what {
                    plan.statements = None;
                }
                if let Some(listener) = &listener {
                    listener(&event);
                }
                if matches!(event.what, RunEventKind::Finished { .. }) {
                    last = Some(event);
                } else if on_demand && !records.are_kept() {
                    unheard.push(event);
                } else {
                    unheard.drain(..).chain([event]).for_each(|event| host.emit(event));
                }
            }
            _ = flush.tick() => progress.flush(),
        }
    }
    if on_demand && !records.are_kept() {
        return;
    }
    unheard.into_iter().for_each(|event| host.emit(event));
    if let Some(finding) = records.finish().await {
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
