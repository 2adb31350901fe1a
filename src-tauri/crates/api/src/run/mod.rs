//! Runs of this process: one a workspace at a time, followed by whoever looks on, kept in the history.

mod execute;
mod progress;
mod record;
mod throughput;
mod verify;

pub(crate) use execute::{Served, Setup};
pub(crate) use progress::{iso, phase_word};
pub(crate) use record::{finished_of, run_of, summary, track_of};
pub(crate) use throughput::Track;

use crate::wire::{ErrorView, RunView};
use progress::Progress;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// How often counts go out while a run is going on.
const FLUSH: Duration = Duration::from_millis(100);
/// Ended runs whose state stays at hand; older ones are in the history.
const REMEMBERED: usize = 16;

/// A run of this process.
pub(crate) struct Active {
    pub(crate) run_id: String,
    folder: String,
    /// Whether the clock began it: others of its workspace go on beside it.
    scheduled: bool,
    progress: Arc<Progress>,
    cancel: CancellationToken,
    /// Turns true when everything about the run is done, its record included.
    ended: watch::Receiver<bool>,
}

impl Active {
    /// Returns the whole state.
    pub(crate) fn view(&self) -> RunView {
        self.progress.view()
    }

    /// Returns how its rows came so far.
    pub(crate) fn track(&self) -> Track {
        self.progress.track()
    }

    /// Returns whether it is a run of this workspace that somebody has begun and that has not ended.
    fn goes_on_in(&self, folder: &str) -> bool {
        !self.scheduled && self.folder == folder && self.progress.finished().is_none()
    }

    /// Asks the run to stop. One that has ended stays as it is.
    pub(crate) fn cancel(&self) {
        if self.progress.finished().is_none() {
            self.progress.cancelling();
            self.cancel.cancel();
        }
    }

    /// Waits until everything about the run is done.
    async fn wait(&self) {
        let mut ended = self.ended.clone();
        // An error means that the task is gone, which is an end, too.
        let _ended = ended.wait_for(|ended| *ended).await;
    }
}

/// The runs of this process, oldest first.
#[derive(Default)]
pub(crate) struct Registry {
    runs: Mutex<Vec<Arc<Active>>>,
}

impl Registry {
    fn runs(&self) -> MutexGuard<'_, Vec<Arc<Active>>> {
        // Every change is one call on the list: a panic elsewhere cannot leave it half done.
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a run; of those that people begin, one a workspace. Leases keep them and the schedule apart.
    ///
    /// # Errors
    /// `busy` where a run of the same workspace is going on.
    fn add(&self, run: Arc<Active>) -> Result<(), ErrorView> {
        let mut runs = self.runs();
        let going_on = |other: &&Arc<Active>| other.goes_on_in(&run.folder);
        if let Some(other) = runs.iter().find(going_on).filter(|_| !run.scheduled) {
            let message = format!("a run of {} is going on since {}", run.folder, other.view().started_at);
            return Err(ErrorView::busy(message).with_hint("wait for it, or cancel it"));
        }
        runs.push(run);
        while runs.len() > REMEMBERED {
            match runs.iter().position(|run| run.progress.finished().is_some()) {
                Some(oldest) => drop(runs.remove(oldest)),
                None => break,
            }
        }
        Ok(())
    }

    /// Returns a run by its id.
    pub(crate) fn get(&self, run_id: &str) -> Option<Arc<Active>> {
        self.runs().iter().find(|run| run.run_id == run_id).cloned()
    }

    /// Returns the run that somebody has begun and that is going on in a workspace.
    pub(crate) fn going_on(&self, folder: &str) -> Option<Arc<Active>> {
        self.runs().iter().find(|run| run.goes_on_in(folder)).cloned()
    }

    /// Asks every run to stop and waits until each has.
    pub(crate) async fn cancel_all(&self) {
        let runs: Vec<Arc<Active>> = self.runs().clone();
        runs.iter().for_each(|run| run.cancel());
        for run in runs {
            run.wait().await;
        }
    }
}
