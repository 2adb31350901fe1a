//! The command layer as the process of a window uses it: settings, arrivals from outside, schedules, the tray.
#![allow(clippy::unwrap_used)]

mod shop;

use firn_api::wire::{
    AppEvent, ArrivalsTake, LayoutSave, PlaceView, RunEvent, RunEventKind, RunRequest, ScheduleState, ScreenView,
    SettingsSave, SettingsShow, ThemeView, WorkspaceCreate, WorkspaceRef,
};
use firn_api::{Firn, FirnOptions, Host, Notice, ScheduleItem, TrayAction, WindowPlace, command};
use firn_secret::{Memory, SecretStore};
use shop::orders;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;

/// What a window's shell would see.
#[derive(Default)]
struct Shell {
    runs: Mutex<Vec<RunEvent>>,
    events: Mutex<Vec<AppEvent>>,
    notices: Mutex<Vec<Notice>>,
    no_tray: Mutex<Option<String>>,
}

impl Host for Shell {
    fn emit(&self, event: RunEvent) {
        self.runs.lock().unwrap().push(event);
    }

    fn app(&self, event: AppEvent) {
        self.events.lock().unwrap().push(event);
    }

    fn notify(&self, notice: Notice) {
        self.notices.lock().unwrap().push(notice);
    }

    fn tray_trouble(&self) -> Option<String> {
        self.no_tray.lock().unwrap().clone()
    }
}

/// A window's process with folders of its own.
struct Desk {
    firn: Firn,
    shell: Arc<Shell>,
    data: TempDir,
    base: TempDir,
}

impl Desk {
    fn open() -> Self {
        Self::over(tempfile::tempdir().unwrap())
    }

    fn over(data: TempDir) -> Self {
        let shell: Arc<Shell> = Arc::default();
        let host = Arc::clone(&shell) as Arc<dyn Host>;
        let mut options = FirnOptions::new(data.path().to_owned(), HashMap::new(), host);
        options.secrets = Arc::new(Memory::default()) as Arc<dyn SecretStore>;
        Self { firn: Firn::open(options).unwrap(), shell, data, base: tempfile::tempdir().unwrap() }
    }

    fn file(&self) -> PathBuf {
        self.data.path().join("settings.toml")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.base.path().canonicalize().unwrap().join(name)
    }

    /// Puts a workspace into a folder, as a clone from somewhere else would.
    fn foreign(&self, name: &str, document: &str) -> WorkspaceRef {
        fs::create_dir_all(self.path(name)).unwrap();
        fs::write(self.path(name).join("firn.yaml"), document).unwrap();
        WorkspaceRef { folder: self.path(name).to_str().unwrap().to_owned() }
    }

    async fn listen(&self) -> Vec<AppEvent> {
        command::app_arrivals(&self.firn, ArrivalsTake {}).await.unwrap().events
    }

    fn heard(&self) -> Vec<AppEvent> {
        std::mem::take(&mut *self.shell.events.lock().unwrap())
    }

    /// What arrived, each as a word and what it is about.
    fn arrivals(&self) -> Vec<(&'static str, String)> {
        self.heard().iter().filter_map(arrival).collect()
    }

    async fn waits_until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let waited = async {
            while !holds(self) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), waited)
            .await
            .unwrap_or_else(|_| panic!("{what}: it does not come"));
    }

    fn runs_finished(&self) -> usize {
        let runs = self.shell.runs.lock().unwrap();
        runs.iter().filter(|event| matches!(event.what, RunEventKind::Finished { .. })).count()
    }
}

fn arrival(event: &AppEvent) -> Option<(&'static str, String)> {
    match event {
        AppEvent::Open { folder } => Some(("open", folder.clone())),
        AppEvent::Go { place } => Some(("go", format!("{:?} {:?} {:?}", place.screen, place.folder, place.object))),
        AppEvent::Told { finding } => Some(("told", finding.message.clone())),
        _ => None,
    }
}

#[tokio::test]
async fn settings_are_a_file_that_a_person_can_edit() {
    let desk = Desk::open();
    desk.listen().await;
    assert!(!desk.file().exists(), "a command line makes none");
    desk.firn.begin_window().await;
    let made = fs::read_to_string(desk.file()).unwrap();
    assert!(made.contains("\n# theme = \"system\"\n"), "{made}");

    let mine = made.replace("# tray = true", "tray = false # no panel here");
    fs::write(desk.file(), &mine).unwrap();
    desk.firn.look_at_settings();
    assert!(
        matches!(desk.heard().as_slice(), [AppEvent::Settings { view }] if !view.settings.tray),
        "an edit is heard of when the window comes to the front"
    );
    desk.firn.look_at_settings();
    assert!(desk.heard().is_empty(), "and once");

    let changes = SettingsSave { theme: Some(ThemeView::Dark), ..SettingsSave::default() };
    let view = command::settings_save(&desk.firn, changes).await.unwrap();
    assert_eq!((view.settings.theme, view.settings.tray), (ThemeView::Dark, false));
    let expected = mine.replace("# theme = \"system\"\n", "# theme = \"system\"\ntheme = \"dark\"\n");
    assert_eq!(fs::read_to_string(desk.file()).unwrap(), expected);
    assert!(matches!(desk.heard().as_slice(), [AppEvent::Settings { .. }]));
}

#[tokio::test]
async fn a_file_of_settings_with_faults_is_told_by_line_and_never_written_to() {
    let desk = Desk::open();
    fs::write(desk.file(), "history_days = 30\n").unwrap();
    desk.firn.begin_window().await;
    let broken = "history_days = 30\nthem = \"dark\"\ntray = \"no\"\n";
    fs::write(desk.file(), broken).unwrap();
    let view = command::settings_show(&desk.firn, SettingsShow {}).await.unwrap();
    let places: Vec<_> = view.problems.iter().map(|p| (p.line, p.key.as_str())).collect();
    assert_eq!(places, [(2, "them"), (3, "tray")]);
    assert_eq!(view.problems[0].hint.as_deref(), Some("did you mean theme?"));
    assert_eq!(view.settings.history_days, 30, "what was good before holds");
    let refused =
        command::settings_save(&desk.firn, SettingsSave { tray: Some(false), ..SettingsSave::default() }).await;
    let refused = refused.unwrap_err();
    assert_eq!((refused.code.as_str(), refused.problems.len()), ("configuration", 2));
    assert_eq!(fs::read_to_string(desk.file()).unwrap(), broken);

    fs::write(desk.file(), "").unwrap();
    let beyond = SettingsSave { history_days: Some(0), ..SettingsSave::default() };
    let refused = command::settings_save(&desk.firn, beyond).await.unwrap_err();
    assert!(refused.message.contains("history_days") && refused.message.contains("3650"), "{}", refused.message);
    assert_eq!(fs::read_to_string(desk.file()).unwrap(), "");
}

#[tokio::test]
async fn what_a_machine_lacks_is_said_beside_the_setting() {
    let desk = Desk::open();
    assert!(command::settings_show(&desk.firn, SettingsShow {}).await.unwrap().notices.is_empty());
    *desk.shell.no_tray.lock().unwrap() = Some("this desktop shows no tray".to_owned());
    fs::write(desk.file(), "close_to_tray = true\n").unwrap();
    let view = command::settings_show(&desk.firn, SettingsShow {}).await.unwrap();
    assert_eq!(view.notices.iter().map(|notice| notice.code.as_str()).collect::<Vec<_>>(), ["tray"]);
    assert!(!desk.firn.closes_to_tray(), "a window that is closed would be out of reach");
    *desk.shell.no_tray.lock().unwrap() = None;
    assert!(desk.firn.closes_to_tray());
}

#[tokio::test]
async fn the_first_screen_lists_as_many_workspaces_as_are_wanted_and_knows_the_layout() {
    let desk = Desk::open();
    for name in ["one", "two", "three"] {
        let folder = desk.path(name).to_str().unwrap().to_owned();
        command::workspace_create(&desk.firn, WorkspaceCreate { folder, sample: false }).await.unwrap();
    }
    fs::write(desk.file(), "recent_workspaces = 2\n").unwrap();
    let layout = LayoutSave { sizes: [("rail".to_owned(), 220.0), ("drawer".to_owned(), 0.0)].into() };
    command::layout_save(&desk.firn, layout.clone()).await.unwrap();
    let app = command::app_start(&desk.firn, firn_api::wire::AppStart {}).await.unwrap();
    assert_eq!(app.recent.iter().map(|known| known.name.as_str()).collect::<Vec<_>>(), ["three", "two"]);
    assert_eq!(app.layout.sizes, layout.sizes);
    for sizes in [[("a".repeat(101), 1.0)].into(), [("a".to_owned(), f64::NAN)].into()] {
        let refused = command::layout_save(&desk.firn, LayoutSave { sizes }).await.unwrap_err();
        assert_eq!(refused.code, "configuration");
    }
    let place = WindowPlace { x: -10, y: 20, width: 1200, height: 800, maximized: true };
    assert_eq!(desk.firn.window_place().await.unwrap(), None);
    desk.firn.keep_window_place(place).await.unwrap();
    desk.firn.close().await;
    let later = Desk::over(desk.data);
    assert_eq!(later.firn.window_place().await.unwrap(), Some(place));
}

#[tokio::test]
async fn a_dropped_workspace_is_shown_and_nothing_in_it_is_used() {
    let desk = Desk::open();
    let (cluster, document) = orders(10);
    let there = desk.foreign("cloned", &document);
    let home = Path::new(&there.folder);
    desk.firn.arrive_path(home);
    assert!(desk.arrivals().is_empty(), "the page is not there yet");
    let waiting: Vec<_> = desk.listen().await.iter().filter_map(arrival).collect();
    assert_eq!(waiting, [("open", there.folder.clone())]);
    assert!(desk.listen().await.is_empty(), "handed over once");

    desk.firn.arrive_path(&home.join("firn.yaml"));
    desk.firn.arrive("cloned", home.parent().unwrap()).await;
    assert_eq!(desk.arrivals(), [("open", there.folder.clone()), ("open", there.folder.clone())]);
    let view = command::workspace_open(&desk.firn, there.clone()).await.unwrap();
    assert!(!view.trusted);
    let run = RunRequest { folder: there.folder.clone(), ..RunRequest::default() };
    assert_eq!(command::sync_run(&desk.firn, run).await.unwrap_err().code, "untrusted");
    assert_eq!(command::schedule_start(&desk.firn, there.clone()).await.unwrap_err().code, "untrusted");
    assert!(!cluster.log().unwrap().contains("application_name=firn"));

    fs::create_dir(desk.path("empty")).unwrap();
    fs::write(desk.path("empty").join("notes.yaml"), "").unwrap();
    for path in ["empty", "empty/notes.yaml", "nowhere"] {
        desk.firn.arrive_path(&desk.path(path));
        let arrivals = desk.arrivals();
        assert!(matches!(arrivals.as_slice(), [("told", message)] if message.contains("not opened")), "{arrivals:?}");
    }
}

#[tokio::test]
async fn a_link_leads_to_what_was_opened_before_and_to_nothing_else() {
    let desk = Desk::open();
    desk.listen().await;
    let (_cluster, document) = orders(1);
    let known = desk.foreign("known", &document);
    let unknown = desk.foreign("unknown", &document);
    command::workspace_open(&desk.firn, known.clone()).await.unwrap();
    let base = Path::new("/");
    let follow = async |link: String| {
        desk.firn.arrive(&link, base).await;
        desk.arrivals()
    };
    let went = follow(format!("firn://tables?table=public.orders&folder={}", known.folder)).await;
    assert_eq!(went, [("go", format!("Tables {:?} {:?}", Some(&known.folder), Some("public.orders")))]);
    let links = [
        format!("firn://overview?folder={}", unknown.folder),
        format!("firn://sync_run?folder={}", known.folder),
        format!("firn://overview?folder={}&trust=1", known.folder),
        "FIRN:settings".to_owned(),
    ];
    for link in links {
        let arrivals = follow(link.clone()).await;
        assert!(
            matches!(arrivals.as_slice(), [("told", message)] if message.contains("ignored")),
            "{link} {arrivals:?}"
        );
    }
    assert!(!command::workspace_open(&desk.firn, known).await.unwrap().trusted);
    assert!(desk.shell.runs.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_schedule_runs_in_the_window_until_it_is_stopped() {
    let desk = Desk::open();
    desk.listen().await;
    let (cluster, document) = orders(10);
    let there = desk.foreign("shop", &format!("sync_interval_seconds: 1\n{document}"));
    command::workspace_trust(&desk.firn, there.clone()).await.unwrap();
    let shown = || command::schedule_show(&desk.firn, there.clone());
    assert_eq!(shown().await.unwrap().state, ScheduleState::Stopped);

    let (one, two) = futures::join!(
        command::schedule_start(&desk.firn, there.clone()),
        command::schedule_start(&desk.firn, there.clone())
    );
    assert_eq!(one.unwrap().since, two.unwrap().since, "it begins once");
    desk.waits_until("the first run", |desk| desk.runs_finished() == 1).await;
    cluster.psql("postgres", "INSERT INTO orders VALUES (11, 'x')").unwrap();
    desk.waits_until("the next run", |desk| desk.runs_finished() == 2).await;
    let view = shown().await.unwrap();
    assert_eq!((view.state, view.tables[0].status.as_str()), (ScheduleState::Running, "success"));
    let history = command::workspace_open(&desk.firn, there.clone()).await.unwrap();
    assert_eq!(history.runs.iter().map(|run| run.trigger.as_str()).collect::<Vec<_>>(), ["watch", "watch"]);
    assert_eq!(history.active_run, None, "polls are no runs that somebody waits for");

    // Whoever presses Run meanwhile gets a run of its own.
    let run = RunRequest { folder: there.folder.clone(), ..RunRequest::default() };
    command::sync_run(&desk.firn, run).await.unwrap();
    desk.waits_until("the person's run", |desk| desk.runs_finished() == 3).await;

    let stopping = command::schedule_stop(&desk.firn, there.clone()).await.unwrap();
    assert!(matches!(stopping.state, ScheduleState::Stopping | ScheduleState::Stopped));
    let stopped =
        |event: &AppEvent| matches!(event, AppEvent::Schedule { view } if view.state == ScheduleState::Stopped);
    desk.waits_until("the end", |desk| desk.shell.events.lock().unwrap().iter().any(stopped)).await;
    command::schedule_start(&desk.firn, there.clone()).await.unwrap();
    desk.firn.close().await;
    assert_eq!(shown().await.unwrap().state, ScheduleState::Stopped, "it ends with its process");
}

#[tokio::test]
async fn a_scheduled_run_that_fails_is_told_once_by_a_notification_without_values() {
    let desk = Desk::open();
    desk.listen().await;
    let (cluster, document) = orders(10);
    let there = desk.foreign("shop", &format!("sync_interval_seconds: 1\n{document}"));
    command::workspace_trust(&desk.firn, there.clone()).await.unwrap();
    command::schedule_start(&desk.firn, there.clone()).await.unwrap();
    desk.waits_until("the first run", |desk| desk.runs_finished() == 1).await;
    cluster.psql("postgres", "ALTER TABLE orders RENAME updated_at TO changed_at").unwrap();
    desk.waits_until("a notification", |desk| !desk.shell.notices.lock().unwrap().is_empty()).await;
    let notices = desk.shell.notices.lock().unwrap().clone();
    let [notice] = notices.as_slice() else { panic!("{notices:?}") };
    assert_eq!(notice.title, "shop: public.orders failed");
    assert_eq!(notice.body, "public.orders failed: its configuration does not fit");
    let PlaceView { folder, screen, object } = &notice.place;
    assert_eq!((folder.as_deref(), screen), (Some(there.folder.as_str()), &ScreenView::Runs));
    let history = command::workspace_open(&desk.firn, there).await.unwrap();
    assert!(history.runs.iter().any(|run| Some(&run.run_id) == object.as_ref()), "a click leads to the run");
    desk.firn.close().await;
    assert_eq!(desk.shell.notices.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn the_tray_runs_pauses_and_asks_before_production() {
    let desk = Desk::open();
    desk.listen().await;
    let (_cluster, document) = orders(10);
    assert_eq!((desk.firn.tray().can_run, desk.firn.tray().schedule), (false, None));
    let there = desk.foreign("shop", &document);
    command::workspace_open(&desk.firn, there.clone()).await.unwrap();
    desk.firn.tray_action(TrayAction::RunAll).await;
    assert!(matches!(desk.arrivals().as_slice(), [("told", message)] if message.contains("trusted")));

    command::workspace_trust(&desk.firn, there.clone()).await.unwrap();
    desk.firn.tray_action(TrayAction::RunAll).await;
    desk.waits_until("the run", |desk| desk.runs_finished() == 1).await;

    desk.firn.tray_action(TrayAction::Schedule).await;
    assert_eq!(desk.firn.tray().schedule, Some(ScheduleItem::Pause));
    assert_eq!(desk.firn.tray().words, "the schedule of shop runs");
    desk.firn.tray_action(TrayAction::Schedule).await;
    assert_eq!(desk.firn.tray().schedule, Some(ScheduleItem::Start));
    desk.firn.tray_action(TrayAction::Schedule).await;
    assert_eq!(desk.firn.tray().schedule, Some(ScheduleItem::Pause), "what was paused goes on");

    let labelled = document.replace("path: warehouse.duckdb", "path: warehouse.duckdb, label: Production");
    desk.foreign("shop", &labelled);
    desk.heard();
    let before = desk.runs_finished();
    desk.firn.tray_action(TrayAction::RunAll).await;
    let arrivals = desk.arrivals();
    assert!(matches!(arrivals.as_slice(), [("told", message)] if message.contains("production")), "{arrivals:?}");
    desk.firn.close().await;
    assert_eq!(desk.runs_finished(), before);
}
