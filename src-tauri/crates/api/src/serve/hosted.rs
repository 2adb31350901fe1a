//! Schedules in the window's process: the same service as `firn serve`, without a listener, one a workspace.

use super::ServeHost;
use super::alert::{Alert, Change, Messenger};
use super::service::Service;
use super::standing::Standing;
use crate::Firn;
use crate::firn::Notice;
use crate::run::iso;
use crate::window::name_of;
use crate::wire::{AppEvent, ErrorView, PlaceView, ScheduleState, ScheduleView, ScreenView, ServeEvent, ServeRequest};
use chrono::Utc;
use futures::future::BoxFuture;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The schedules of this process, by workspace.
#[derive(Default)]
pub(crate) struct Schedules {
    hosted: Mutex<BTreeMap<String, Hosted>>,
    /// Held while one begins, so that two requests for one workspace do not begin it twice.
    beginning: tokio::sync::Mutex<()>,
}

/// The schedule of one workspace.
#[derive(Clone)]
struct Hosted {
    since: String,
    standing: Arc<Standing>,
    cancel: CancellationToken,
    /// Turns true when everything that ran has ended.
    ended: watch::Receiver<bool>,
}

impl Schedules {
    fn hosted(&self) -> MutexGuard<'_, BTreeMap<String, Hosted>> {
        // Every change is one call on the map.
        self.hosted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the workspaces whose schedules run and are not being stopped.
    pub(crate) fn running(&self) -> Vec<String> {
        let running = |hosted: &Hosted| !hosted.cancel.is_cancelled();
        self.hosted().iter().filter(|(_, hosted)| running(hosted)).map(|(folder, _)| folder.clone()).collect()
    }

    /// Stops all and waits until everything that ran has ended.
    pub(crate) async fn end(&self) {
        let all: Vec<Hosted> = self.hosted().values().cloned().collect();
        all.iter().for_each(|hosted| hosted.cancel.cancel());
        for mut hosted in all {
            // An error means that its task is gone, which is an end, too.
            let _ended = hosted.ended.wait_for(|ended| *ended).await;
        }
    }
}

impl Firn {
    /// Shows the schedule of a workspace; `folder` is the name under which it is remembered.
    pub(crate) fn schedule(&self, folder: &str) -> ScheduleView {
        let hosted = self.inner.schedules.hosted().get(folder).cloned();
        let mut view = ScheduleView {
            folder: folder.to_owned(),
            state: ScheduleState::Stopped,
            since: None,
            tables: Vec::new(),
            error: None,
        };
        if let Some(hosted) = hosted {
            let (health, _) = hosted.standing.health(Utc::now());
            let stopping = hosted.cancel.is_cancelled();
            view.state = if stopping { ScheduleState::Stopping } else { ScheduleState::Running };
            view.since = Some(hosted.since);
            view.tables = health.tables;
            view.error = health.workspace_error;
        }
        view
    }

    /// Begins the schedule of a workspace; one that runs goes on.
    ///
    /// # Errors
    /// `untrusted`, and `configuration` where the workspace has nothing to run or cannot be used.
    pub(crate) async fn start_schedule(&self, folder: &str) -> Result<ScheduleView, ErrorView> {
        let _one_at_a_time = self.inner.schedules.beginning.lock().await;
        let folder = self.read(folder)?.name;
        let known = self.inner.schedules.hosted().get(&folder).cloned();
        if let Some(mut known) = known {
            if !known.cancel.is_cancelled() {
                return Ok(self.schedule(&folder));
            }
            // One that is being stopped gives up its tables first.
            let _ended = known.ended.wait_for(|ended| *ended).await;
        }
        let request = ServeRequest { folder: folder.clone(), tables: Vec::new(), listen: None, webhook: false };
        let watcher = Arc::new(Watcher { firn: self.clone(), folder: folder.clone() });
        let messenger = Arc::clone(&watcher) as Arc<dyn Messenger>;
        let service = Service::open(self, request, Arc::clone(&watcher) as Arc<dyn ServeHost>, Some(messenger)).await?;
        if service.tables() == 0 {
            return Err(ErrorView::configuration(format!("{folder} has no tables to run"))
                .with_hint("choose tables first, or run `firn sync discover --write`"));
        }
        let (done, ended) = watch::channel(false);
        let cancel = CancellationToken::new();
        let hosted =
            Hosted { since: iso(Utc::now()), standing: Arc::clone(&service.standing), cancel: cancel.clone(), ended };
        self.inner.schedules.hosted().insert(folder.clone(), hosted);
        let firn = self.clone();
        let name = folder.clone();
        tokio::spawn(async move {
            // A task of its own: a panic below ends the schedule instead of leaving it stopping for ever.
            let ran = tokio::spawn(async move { service.run(&cancel).await }).await;
            firn.inner.schedules.hosted().remove(&name);
            // Nobody waits for this schedule any more where the receiver is gone.
            let _gone = done.send(true);
            let mut view = firn.schedule(&name);
            if let Err(panic) = ran {
                let error = ErrorView::other(format!("the schedule of {name} did not come to its end: {panic}"));
                view.error = Some(error.with_hint("start it again, and report the failure"));
            }
            firn.tell(AppEvent::Schedule { view });
        });
        let view = self.schedule(&folder);
        self.tell(AppEvent::Schedule { view: view.clone() });
        Ok(view)
    }

    /// Asks the schedule of a workspace to stop; one that does not run stays as it is.
    pub(crate) fn stop_schedule(&self, folder: &str) {
        let hosted = self.inner.schedules.hosted().get(folder).cloned();
        if let Some(hosted) = hosted {
            hosted.cancel.cancel();
            self.tell(AppEvent::Schedule { view: self.schedule(folder) });
        }
    }
}

/// Passes on what the service of one workspace says: to the page all of it, to the person what fails.
struct Watcher {
    firn: Firn,
    folder: String,
}

impl ServeHost for Watcher {
    fn event(&self, event: ServeEvent) {
        if let ServeEvent::Warning { error, .. } = event {
            tracing::warn!(folder = %self.folder, message = %error.message, "the schedule goes on");
        }
        self.firn.tell(AppEvent::Schedule { view: self.firn.schedule(&self.folder) });
    }
}

impl Messenger for Watcher {
    fn tell<'a>(&'a self, alerts: &'a [Alert]) -> BoxFuture<'a, ()> {
        if self.firn.settings().notifications
            && let Some(notice) = notice(&self.folder, alerts)
        {
            self.firn.inner.options.host.notify(notice);
        }
        Box::pin(std::future::ready(()))
    }
}

/// Makes one notification of all tables that failed together; `None` where none did.
fn notice(folder: &str, alerts: &[Alert]) -> Option<Notice> {
    let failed: Vec<&Alert> = alerts.iter().filter(|alert| alert.change == Change::Failed).collect();
    let first = failed.first()?;
    let name = name_of(folder);
    let title = match failed.len() {
        1 => format!("{name}: {} failed", first.source),
        many => format!("{name}: {many} tables failed"),
    };
    Some(Notice {
        title,
        body: first.sentence(),
        place: PlaceView {
            folder: Some(folder.to_owned()),
            screen: ScreenView::Runs,
            object: Some(first.run_id.clone()),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert(source: &str, change: Change) -> Alert {
        Alert {
            at: String::new(),
            change,
            source: source.to_owned(),
            target: source.to_owned(),
            run_id: format!("run of {source}"),
            code: Some("sign_in".to_owned()),
            side: Some("source".to_owned()),
            rows_rejected: 0,
        }
    }

    #[test]
    fn tables_that_fail_together_are_one_notification() {
        assert_eq!(notice("/w/shop", &[alert("a", Change::Recovered), alert("b", Change::Rejected)]), None);
        let one = notice("/w/shop", &[alert("a", Change::Recovered), alert("b", Change::Failed)]).unwrap();
        assert_eq!(one.title, "shop: b failed");
        assert_eq!(one.body, "b failed: the source turned the sign-in down");
        assert_eq!(one.place.object.as_deref(), Some("run of b"));
        let two = notice("/w/shop", &[alert("a", Change::Failed), alert("b", Change::Failed)]).unwrap();
        assert_eq!(two.title, "shop: 2 tables failed");
    }
}
