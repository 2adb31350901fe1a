//! Runs: start, follow, cancel, look back.

use crate::Firn;
use crate::folder::{resolve, utf8};
use crate::run::Track;
use crate::run::{run_of, summary, track_of};
use crate::wire::{ChartView, ErrorView, HistoryRequest, RunChart, RunRef, RunRequest, RunStarted, RunView, RunsView};
use firn_chart::{Look, Theme};
use tokio_util::sync::CancellationToken;

/// Begins a run in the background; its events follow.
///
/// # Errors
/// `untrusted`, `configuration`, or `busy` while another run of the workspace is going on in this process.
pub async fn sync_run(firn: &Firn, request: RunRequest) -> Result<RunStarted, ErrorView> {
    let run = firn.start_run(request, CancellationToken::new()).await?;
    Ok(RunStarted { run_id: run.run_id.clone() })
}

/// Asks a run of this process to stop and returns where it stands; it stops within a second.
///
/// # Errors
/// `not_found` for a run that is not one of this process.
pub async fn sync_cancel(firn: &Firn, request: RunRef) -> Result<RunView, ErrorView> {
    match firn.inner.runs.get(&request.run_id) {
        Some(run) => {
            run.cancel();
            Ok(run.view())
        }
        None => Err(unknown(&request.run_id).with_hint("a run of another process is stopped there, with Ctrl-C")),
    }
}

/// Returns the whole state of a run: of this process, or of the history.
///
/// # Errors
/// `not_found` where neither has it.
pub async fn run_state(firn: &Firn, request: RunRef) -> Result<RunView, ErrorView> {
    if let Some(run) = firn.inner.runs.get(&request.run_id) {
        return Ok(run.view());
    }
    let past = firn.past_run(&request.run_id).await?;
    past.as_ref().map(run_of).ok_or_else(|| unknown(&request.run_id))
}

/// Lists the runs of a workspace on this machine, newest first.
///
/// # Errors
/// Where the local state cannot be read.
pub async fn run_history(firn: &Firn, request: HistoryRequest) -> Result<RunsView, ErrorView> {
    let folder = utf8(&resolve(&request.folder)?)?;
    let runs = firn.runs_of(&folder, request.limit).await?;
    Ok(RunsView { runs: runs.iter().map(summary).collect() })
}

/// Draws the rows a second of a run: of this process as they are now, or of the history.
///
/// # Errors
/// `not_found` where neither has the run.
pub async fn run_chart(firn: &Firn, request: RunChart) -> Result<ChartView, ErrorView> {
    let track = track(firn, &request.run_id).await?;
    let look = Look { width: request.width, height: request.height, theme: theme(request.dark) };
    let svg = track.map(|track| track.draw(look)).transpose().map_err(|error| ErrorView::other(error.to_string()))?;
    Ok(ChartView { svg })
}

/// Returns how the rows of a run came, where that is known.
pub(super) async fn track(firn: &Firn, run_id: &str) -> Result<Option<Track>, ErrorView> {
    match firn.inner.runs.get(run_id) {
        Some(run) => Ok(Some(run.track())),
        None => Ok(track_of(&firn.past_run(run_id).await?.ok_or_else(|| unknown(run_id))?)),
    }
}

pub(super) fn theme(dark: bool) -> Theme {
    if dark { Theme::Dark } else { Theme::Light }
}

pub(super) fn unknown(run_id: &str) -> ErrorView {
    ErrorView::not_found(format!("there is no run {run_id}"))
}
