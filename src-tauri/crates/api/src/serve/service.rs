//! The task that keeps the timetable.

use super::ServeHost;
use super::alert::{Alerts, Messenger};
use super::document::{Document, Served as Workspace};
use super::http::Listener;
use super::standing::Standing;
use super::webhook::Webhook;
use crate::Firn;
use crate::drivers::Drivers;
use crate::run::{Served, Setup, iso};
use crate::wire::{ErrorView, RunEvent, RunEventKind, ServeEvent, ServeRequest, TableResult};
use chrono::{DateTime, Utc};
use firn_connector::StateStore as _;
use firn_schedule::{Ended, Moment, Timetable};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{OnceCell, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Longest time between two looks at the document and at the clock on the wall.
const LOOK: Duration = Duration::from_secs(2);

/// Serves a workspace; see [`Firn::serve`].
pub(super) async fn serve(
    firn: &Firn,
    request: ServeRequest,
    host: Arc<dyn ServeHost>,
    cancel: CancellationToken,
) -> Result<(), ErrorView> {
    let listener = match &request.listen {
        Some(listen) => Some(Listener::bind(firn, listen).await?),
        None => None,
    };
    let messenger = if request.webhook { Webhook::of(firn, &request.folder, Arc::clone(&host)).await? } else { None };
    let messenger = messenger.map(|webhook| Arc::new(webhook) as Arc<dyn Messenger>);
    let service = Service::open(firn, request, host, messenger).await?;
    let stop_listening = CancellationToken::new();
    let _stop = stop_listening.clone().drop_guard();
    if let Some(listener) = listener {
        service.tell(|at| ServeEvent::Listening { at, address: listener.address.to_string() });
        tokio::spawn(listener.answer(Arc::clone(&service.standing), stop_listening));
    }
    service.run(&cancel).await;
    Ok(())
}

pub(super) struct Service {
    firn: Firn,
    host: Arc<dyn ServeHost>,
    pub(super) standing: Arc<Standing>,
    began: Instant,
    document: Document,
    timetable: Timetable,
    /// Drivers of the workspace as it is now, opened by the first run that needs them.
    drivers: Arc<OnceCell<Drivers>>,
    /// Runs that go on.
    rounds: JoinSet<Round>,
    /// Takes the result of each table as it ends.
    ended: mpsc::UnboundedSender<TableEnd>,
    results: mpsc::UnboundedReceiver<TableEnd>,
    /// Tells changes to somebody who does not look on.
    alerts: Option<Alerts>,
}

/// The end of a table in a run.
struct TableEnd {
    run_id: String,
    result: TableResult,
}

/// What a run that has ended leaves behind.
struct Round {
    drivers: Arc<OnceCell<Drivers>>,
    done: Result<(), ErrorView>,
}

impl Service {
    /// Reads the workspace; nothing runs yet.
    pub(super) async fn open(
        firn: &Firn,
        request: ServeRequest,
        host: Arc<dyn ServeHost>,
        messenger: Option<Arc<dyn Messenger>>,
    ) -> Result<Self, ErrorView> {
        let document = Document::open(firn, request).await?;
        let standing = Arc::new(Standing::new(&document.served.usable.folder.name)?);
        let (ended, results) = mpsc::unbounded_channel();
        Ok(Self {
            firn: firn.clone(),
            host,
            standing,
            began: Instant::now(),
            document,
            timetable: Timetable::default(),
            drivers: Arc::default(),
            rounds: JoinSet::new(),
            ended,
            results,
            alerts: messenger.map(Alerts::new),
        })
    }

    /// Returns how many tables are served.
    pub(super) fn tables(&self) -> usize {
        self.document.served.tables.len()
    }

    /// Runs what is due until `cancel` is, and everything that ran then has ended.
    pub(super) async fn run(mut self, cancel: &CancellationToken) {
        self.begin_to_serve(cancel).await;
        self.keep(cancel).await;
        if let Some(alerts) = self.alerts.take() {
            alerts.finish().await;
        }
    }

    fn now(&self) -> Moment {
        Moment { wall: Utc::now(), steady: self.began.elapsed() }
    }

    fn tell(&self, event: impl FnOnce(String) -> ServeEvent) {
        self.host.event(event(iso(Utc::now())));
    }

    /// Runs what is due until `cancel` is, then waits for what runs.
    async fn keep(&mut self, cancel: &CancellationToken) {
        while !cancel.is_cancelled() {
            self.look_at_the_document(cancel).await;
            self.start_what_is_due(cancel);
            let wait = self.timetable.idle_for(self.now()).map_or(LOOK, |wait| wait.min(LOOK));
            tokio::select! {
                biased;
                () = cancel.cancelled() => break,
                Some(end) = self.results.recv() => self.table_ended(&end),
                Some(round) = self.rounds.join_next() => self.round_ended(round).await,
                () = tokio::time::sleep(wait) => {}
            }
        }
        self.tell(|at| ServeEvent::Stopping { at });
        while let Some(round) = self.rounds.join_next().await {
            self.round_ended(round).await;
        }
    }

    async fn look_at_the_document(&mut self, cancel: &CancellationToken) {
        match self.document.look().await {
            None => {}
            Some(Ok(())) => {
                // Runs that go on keep theirs to their end.
                self.drivers = Arc::default();
                self.begin_to_serve(cancel).await;
            }
            Some(Err(error)) => {
                self.standing.refuse(error.clone());
                self.tell(|at| ServeEvent::Refused { at, error });
            }
        }
    }

    /// Takes over what the document says.
    async fn begin_to_serve(&mut self, cancel: &CancellationToken) {
        let served = self.document.served.clone();
        let known = tokio::select! {
            known = self.known(&served) => known,
            () = cancel.cancelled() => return,
        };
        let rules = served.tables.iter().map(|(name, table)| (name.clone(), table.rule.clone()));
        let now = self.now();
        self.timetable.set(rules, now, |name| known.get(name).and_then(|known| known.last_run));
        let schedules = || served.tables.values().map(|table| table.schedule.clone());
        self.standing.set(schedules(), |name| known.get(name).and_then(|known| known.last_success));
        for name in served.tables.keys() {
            self.standing.set_next(name, self.timetable.next_time(name, now));
        }
        let folder = served.usable.folder.name.clone();
        self.tell(|at| ServeEvent::Serving { at, folder, tables: schedules().collect() });
    }

    /// Asks the state database what ran before. One that cannot be asked keeps nothing from being served: it is asked
    /// again by each run.
    async fn known(&mut self, served: &Workspace) -> HashMap<String, Known> {
        const PATIENCE: Duration = Duration::from_secs(5);
        let asked = async {
            let (state, _) = self.firn.state(&served.usable).await.ok()?;
            state.reports().await.ok()
        };
        let reports = tokio::time::timeout(PATIENCE, asked).await.ok().flatten().unwrap_or_default();
        let known = reports.into_iter().filter_map(|report| {
            let last_run = DateTime::parse_from_rfc3339(report.last_run.as_deref()?).ok()?.to_utc();
            let well = matches!(report.status.as_str(), "success" | "idle");
            Some((report.source, Known { last_run: Some(last_run), last_success: well.then_some(last_run) }))
        });
        known.collect()
    }

    fn start_what_is_due(&mut self, cancel: &CancellationToken) {
        let now = self.now();
        let due = self.timetable.start_due(now);
        if due.is_empty() {
            return;
        }
        due.iter().for_each(|name| self.standing.begin(name, now.wall));
        let served = self.document.served.clone();
        let tables = due.iter().filter_map(|name| served.tables.get(name)).map(|table| table.config.clone()).collect();
        let ended = self.ended.clone();
        let listener = Arc::new(move |event: &RunEvent| {
            if let RunEventKind::Progress { table } = &event.what
                && let Some(result) = &table.result
            {
                // The service listens as long as runs go on.
                let _gone = ended.send(TableEnd { run_id: event.run_id.clone(), result: result.clone() });
            }
        });
        let setup = Setup {
            usable: Arc::clone(&served.usable),
            tables,
            served: Some(Served { drivers: Arc::clone(&self.drivers), listener }),
        };
        let (firn, host, cancel) = (self.firn.clone(), Arc::clone(&self.host), cancel.child_token());
        let drivers = Arc::clone(&self.drivers);
        self.rounds.spawn(async move {
            let done = firn.run_served(setup, cancel).await;
            Round { drivers, done: done.map(|result| host.round(result)) }
        });
    }

    fn table_ended(&mut self, TableEnd { run_id, result }: &TableEnd) {
        let now = self.now();
        if let Some(alerts) = &mut self.alerts {
            alerts.take(run_id, result);
        }
        self.standing.end(result, now.wall);
        self.timetable.ended(&result.source, how(result), now);
        let next = self.timetable.next_time(&result.source, now);
        self.standing.set_next(&result.source, next);
        let quiet = matches!(result.status.as_str(), "idle" | "held");
        if result.error.as_ref().is_some_and(|error| error.code == "sign_in") {
            // A password that has changed is looked for again.
            self.drivers = Arc::default();
        }
        if !quiet {
            let (next, run_id, result) = (next.map(iso), run_id.clone(), result.clone());
            self.tell(|at| ServeEvent::Table { at, next, run_id, result });
        }
    }

    async fn round_ended(&mut self, round: Result<Round, tokio::task::JoinError>) {
        // Tables report themselves before their run does.
        while let Ok(end) = self.results.try_recv() {
            self.table_ended(&end);
        }
        match round {
            Ok(Round { drivers, done }) => {
                if let Err(error) = done {
                    self.tell(|at| ServeEvent::Warning { at, error });
                }
                if self.rounds.is_empty() {
                    self.give_up_the_file(&drivers).await;
                }
            }
            Err(panic) => {
                let message = format!("a run did not come to its end: {panic}");
                self.tell(|at| ServeEvent::Warning { at, error: ErrorView::other(message) });
            }
        }
    }

    /// Lets other processes have the warehouse until something is due.
    async fn give_up_the_file(&self, drivers: &OnceCell<Drivers>) {
        if let Some(drivers) = drivers.get()
            && let Err(error) = drivers.engine.target.close().await
        {
            self.tell(|at| ServeEvent::Warning { at, error: error.into() });
        }
    }
}

/// What is known of a table from before.
struct Known {
    last_run: Option<DateTime<Utc>>,
    last_success: Option<DateTime<Utc>>,
}

/// Returns what a result means for the next run.
fn how(result: &TableResult) -> Ended {
    match (result.status.as_str(), result.error.as_ref().map(|error| error.code.as_str())) {
        ("cancelled", _) => Ended::Stopped,
        ("failed", Some("transient" | "busy" | "fenced" | "disk_full")) => Ended::Passing,
        ("failed", _) => Ended::Standing,
        _ => Ended::Well,
    }
}
