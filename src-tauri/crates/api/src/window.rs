//! What the process of a window does beside the command list: what arrives from outside, the tray, what is remembered of
//! the window itself. A shell calls these; none of them is within a page's reach.

use crate::Firn;
use crate::firn::Notice;
use crate::folder::{resolve, utf8};
use crate::link;
use crate::wire::{AppEvent, ErrorView, FindingView, LayoutView, LevelView, PlaceView, RunRequest, ScreenView};
use chrono::{TimeDelta, Utc};
use firn_workspace::FILE_NAME;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Most arrivals that wait for the page.
const MOST_ARRIVALS: usize = 20;
/// The name under which the local state keeps the layout of the page.
const LAYOUT: &str = "layout";
/// The name under which it keeps the window's place.
const MAIN: &str = "main";

/// What the window's process remembers while it lives.
#[derive(Default)]
pub(crate) struct WindowState {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Whether the page hears events.
    listening: bool,
    /// What arrived before.
    arrived: Vec<AppEvent>,
    /// The workspace that was opened last.
    current: Option<String>,
    /// Workspaces whose schedules the tray has paused.
    paused: Vec<String>,
}

impl WindowState {
    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is a plain assignment.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that the page is there, and hands over what arrived before.
    pub(crate) fn listen(&self) -> Vec<AppEvent> {
        let mut state = self.state();
        state.listening = true;
        std::mem::take(&mut state.arrived)
    }

    /// Notes the workspace that was opened last.
    pub(crate) fn open(&self, folder: &str) {
        self.state().current = Some(folder.to_owned());
    }
}

/// Where the window stood, in physical pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowPlace {
    /// Left edge of the window.
    pub x: i32,
    /// Top edge of the window.
    pub y: i32,
    /// Width of what is inside.
    pub width: u32,
    /// Height of what is inside.
    pub height: u32,
    /// Whether it fills the screen.
    pub maximized: bool,
}

/// What the tray shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrayView {
    /// Whether Firn is to show itself there.
    pub shown: bool,
    /// What is going on.
    pub words: String,
    /// Whether there is something that could be run now.
    pub can_run: bool,
    /// What the schedule's item does, where there is a schedule to pause or to begin.
    pub schedule: Option<ScheduleItem>,
}

/// What the schedule's item of the tray does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScheduleItem {
    /// Stops what runs.
    Pause,
    /// Begins it, or what was paused.
    Start,
}

/// What a person asks of the tray that is not the window's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrayAction {
    /// Run every table of the workspaces whose schedules run, or of the one that is open.
    RunAll,
    /// Pause schedules, or begin them again.
    Schedule,
}

impl Firn {
    /// Begins what the process of a window does: makes the file of settings where it is missing, and forgets runs that are
    /// older than the history is to be kept. What fails here keeps no window from opening.
    pub async fn begin_window(&self) {
        self.begin_settings();
        let days = i64::from(self.settings().history_days);
        let forgotten = async {
            let before = Utc::now() - TimeDelta::days(days);
            Ok::<_, ErrorView>(self.store().await?.forget_runs_before(before).await?)
        };
        if let Err(error) = forgotten.await {
            tracing::warn!(message = %error.message, "old runs were not forgotten");
        }
    }

    /// Tells the window something; before its page hears, only what arrived from outside is kept for it.
    pub(crate) fn tell(&self, event: AppEvent) {
        {
            let mut state = self.inner.window.state();
            if !state.listening {
                let arrival = matches!(event, AppEvent::Open { .. } | AppEvent::Go { .. } | AppEvent::Told { .. });
                if arrival && state.arrived.len() < MOST_ARRIVALS {
                    state.arrived.push(event);
                }
                return;
            }
        }
        self.inner.options.host.app(event);
    }

    /// Takes what arrived from outside: a link, or the path of a folder or of its `firn.yaml`. It is shown, and nothing
    /// more: no link and no path runs, saves or trusts anything. A relative path starts from `base`.
    pub async fn arrive(&self, text: &str, base: &Path) {
        let is_link = text.get(..link::SCHEME.len()).is_some_and(|start| start.eq_ignore_ascii_case(link::SCHEME));
        let event = if is_link { self.follow(text).await } else { self.dropped(&base.join(text)) };
        self.tell(event.unwrap_or_else(told));
    }

    /// Takes a path that was dropped onto the window, as [`Firn::arrive`] does.
    pub fn arrive_path(&self, path: &Path) {
        self.tell(self.dropped(path).unwrap_or_else(told));
    }

    /// Shows a place, such as the one of a notification that was clicked.
    pub fn go(&self, place: PlaceView) {
        self.tell(AppEvent::Go { place });
    }

    async fn follow(&self, text: &str) -> Result<AppEvent, FindingView> {
        let ignored = |why: &str| finding("link", format!("a link was ignored: {why}"));
        let mut place = link::parse(text).map_err(ignored)?;
        if let Some(folder) = &place.folder {
            // A link comes from anywhere: it may lead to what the person has opened before, and to nothing else.
            let known = async { Ok::<_, ErrorView>(self.store().await?.recent_workspace(folder).await?) };
            match known.await {
                Ok(Some(known)) => place.folder = Some(known.path),
                Ok(None) => {
                    let found = ignored("its workspace was never opened on this machine");
                    return Err(FindingView { fix: Some("open the folder yourself first".to_owned()), ..found });
                }
                Err(error) => return Err(ignored(&error.message)),
            }
        }
        Ok(AppEvent::Go { place })
    }

    fn dropped(&self, path: &Path) -> Result<AppEvent, FindingView> {
        let shown = path.display();
        let refused = |why: &str| {
            let found = finding("drop", format!("{shown} was not opened: {why}"));
            FindingView { fix: Some(format!("name a folder that holds {FILE_NAME}, or that file")), ..found }
        };
        let folder: PathBuf = if path.is_dir() {
            path.to_owned()
        } else if path.is_file() && path.file_name().is_some_and(|name| name == FILE_NAME) {
            path.parent().map(Path::to_owned).unwrap_or_default()
        } else {
            return Err(refused("it is neither a folder nor a firn.yaml"));
        };
        if !folder.join(FILE_NAME).is_file() {
            return Err(refused("there is no firn.yaml in it"));
        }
        let folder = utf8(&folder).and_then(|folder| resolve(&folder)).and_then(|folder| utf8(&folder));
        Ok(AppEvent::Open { folder: folder.map_err(|error| refused(&error.message))? })
    }

    /// Returns what the tray is to show now.
    #[must_use]
    pub fn tray(&self) -> TrayView {
        let running = self.inner.schedules.running();
        let (current, paused) = {
            let state = self.inner.window.state();
            (state.current.clone(), state.paused.clone())
        };
        let words = match running.as_slice() {
            [] => "no schedule runs".to_owned(),
            [one] => format!("the schedule of {} runs", name_of(one)),
            many => format!("the schedules of {} workspaces run", many.len()),
        };
        let schedule = match (running.is_empty(), paused.is_empty() && current.is_none()) {
            (false, _) => Some(ScheduleItem::Pause),
            (true, false) => Some(ScheduleItem::Start),
            (true, true) => None,
        };
        TrayView { shown: self.settings().tray, words, can_run: !running.is_empty() || current.is_some(), schedule }
    }

    /// Returns whether closing the window is to leave the process in the tray.
    #[must_use]
    pub fn closes_to_tray(&self) -> bool {
        let settings = self.settings();
        settings.tray && settings.close_to_tray && self.inner.options.host.tray_trouble().is_none()
    }

    /// Does what a person asked of the tray. What fails is told in the window.
    pub async fn tray_action(&self, action: TrayAction) {
        let running = self.inner.schedules.running();
        let (current, paused) = {
            let mut state = self.inner.window.state();
            let paused = if action == TrayAction::Schedule { std::mem::take(&mut state.paused) } else { Vec::new() };
            (state.current.clone(), paused)
        };
        match action {
            TrayAction::RunAll => {
                let folders = if running.is_empty() { current.into_iter().collect() } else { running };
                for folder in folders {
                    self.told_where_it_fails(&folder, self.run_all(&folder).await);
                }
            }
            TrayAction::Schedule if running.is_empty() => {
                let folders = if paused.is_empty() { current.into_iter().collect() } else { paused };
                for folder in folders {
                    self.told_where_it_fails(&folder, self.start_schedule(&folder).await.map(drop));
                }
            }
            TrayAction::Schedule => {
                running.iter().for_each(|folder| self.stop_schedule(folder));
                self.inner.window.state().paused = running;
            }
        }
    }

    /// Runs every table of a workspace, unless a person has to be asked first.
    async fn run_all(&self, folder: &str) -> Result<(), ErrorView> {
        let usable = self.usable(folder).await?;
        let target = usable.roles()?.target;
        let production = target.label.as_deref().is_some_and(|label| label.eq_ignore_ascii_case("production"));
        if production && self.settings().confirm_production {
            return Err(ErrorView::configuration(format!("{} is labelled production", target.name))
                .with_hint("run it in the window, which asks first"));
        }
        let request = RunRequest { folder: folder.to_owned(), ..RunRequest::default() };
        crate::command::sync_run(self, request).await.map(drop)
    }

    fn told_where_it_fails(&self, folder: &str, outcome: Result<(), ErrorView>) {
        let Err(error) = outcome else { return };
        let message = format!("{}: {}", name_of(folder), error.message);
        let place = PlaceView { folder: Some(folder.to_owned()), screen: ScreenView::Overview, object: None };
        self.inner.options.host.notify(Notice {
            title: format!("{}: nothing was run", name_of(folder)),
            body: error.hint.clone().unwrap_or_else(|| "the window says why".to_owned()),
            place,
        });
        self.tell(AppEvent::Told { finding: FindingView { fix: error.hint, ..finding("tray", message) } });
    }

    /// Returns where the window stood when it was last closed.
    ///
    /// # Errors
    /// Where the local state cannot be read, or holds something else.
    pub async fn window_place(&self) -> Result<Option<WindowPlace>, ErrorView> {
        let kept = self.store().await?.window(MAIN).await?;
        kept.map(serde_json::from_value).transpose().map_err(|error| {
            ErrorView::other(format!("the place of the window in the local state cannot be read: {error}"))
        })
    }

    /// Keeps where the window stands.
    ///
    /// # Errors
    /// Where the local state cannot be written.
    pub async fn keep_window_place(&self, place: WindowPlace) -> Result<(), ErrorView> {
        let place = serde_json::to_value(place).map_err(|error| ErrorView::other(error.to_string()))?;
        Ok(self.store().await?.set_window(MAIN, &place).await?)
    }

    /// Returns how the page was laid out; what cannot be read is as if nothing had been kept.
    pub(crate) async fn layout(&self) -> Result<LayoutView, ErrorView> {
        let kept = self.store().await?.window(LAYOUT).await?;
        let sizes = kept.and_then(|kept| serde_json::from_value(kept).ok()).unwrap_or_default();
        Ok(LayoutView { sizes })
    }

    pub(crate) async fn keep_layout(&self, sizes: &BTreeMap<String, f64>) -> Result<(), ErrorView> {
        let sizes = serde_json::to_value(sizes).map_err(|error| ErrorView::other(error.to_string()))?;
        Ok(self.store().await?.set_window(LAYOUT, &sizes).await?)
    }
}

fn finding(code: &str, message: String) -> FindingView {
    FindingView { level: LevelView::Warning, code: code.to_owned(), message, fix: None }
}

fn told(finding: FindingView) -> AppEvent {
    AppEvent::Told { finding }
}

/// Returns the last part of a folder's path.
pub(crate) fn name_of(folder: &str) -> String {
    Path::new(folder).file_name().map_or_else(|| folder.to_owned(), |name| name.to_string_lossy().into_owned())
}
