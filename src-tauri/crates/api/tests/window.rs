//! The command layer as the window uses it: trust, connections, runs that are followed and stopped, the history.
#![allow(clippy::unwrap_used)]

mod shop;

use firn_api::wire::{
    AppStart, ConnectionRef, ConnectionSave, ConnectionSecret, ConnectionView, DiscoverRequest, ErrorView,
    HistoryRequest, KeyCandidateView, MappingRequest, MappingView, RunEvent, RunEventKind, RunRef, RunRequest,
    RunStatus, Stage, TablesRequest, WorkspaceCreate, WorkspaceRef, WorkspaceView,
};
use firn_api::{Firn, FirnOptions, command, dispatch};
use firn_secret::{Identity, Memory, Secret, SecretStore};
use shop::orders;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;

#[path = "window/looking_back.rs"]
mod looking_back;

/// A window of its own: local state, a keyring in memory, and the events it was sent.
struct Window {
    firn: Firn,
    events: Arc<Mutex<Vec<RunEvent>>>,
    keyring: Arc<Memory>,
    data: TempDir,
    base: TempDir,
}

impl Window {
    fn open() -> Self {
        let (data, base) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let events: Arc<Mutex<Vec<RunEvent>>> = Arc::default();
        let keyring: Arc<Memory> = Arc::default();
        let heard = Arc::clone(&events);
        let host = move |event: RunEvent| heard.lock().unwrap().push(event);
        let mut options = FirnOptions::new(data.path().to_owned(), HashMap::new(), Arc::new(host));
        options.secrets = Arc::clone(&keyring) as Arc<dyn SecretStore>;
        Self { firn: Firn::open(options).unwrap(), events, keyring, data, base }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.base.path().canonicalize().unwrap().join(name)
    }

    fn at(&self, name: &str) -> WorkspaceRef {
        WorkspaceRef { folder: self.path(name).to_str().unwrap().to_owned() }
    }

    fn run(&self, name: &str) -> RunRequest {
        RunRequest { folder: self.at(name).folder, ..RunRequest::default() }
    }

    fn tables(&self, name: &str) -> TablesRequest {
        TablesRequest { folder: self.at(name).folder, tables: Vec::new() }
    }

    /// Puts a workspace into a folder, as a clone from somewhere else would.
    fn foreign(&self, name: &str, document: &str) -> WorkspaceRef {
        std::fs::create_dir_all(self.path(name)).unwrap();
        std::fs::write(self.path(name).join("firn.yaml"), document).unwrap();
        self.at(name)
    }

    fn heard(&self) -> Vec<RunEvent> {
        self.events.lock().unwrap().clone()
    }

    /// Waits until an event of this kind was sent.
    async fn hears(&self, wanted: impl Fn(&RunEventKind) -> bool) {
        let waited = async {
            while !self.heard().iter().any(|event| wanted(&event.what)) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), waited).await.expect("the event does not come");
    }

    async fn hears_the_end(&self) {
        self.hears(|what| matches!(what, RunEventKind::Finished { .. })).await;
    }

    fn history(&self, name: &str) -> HistoryRequest {
        HistoryRequest { folder: self.at(name).folder, table: None, limit: 10, resolved: false }
    }
}

fn connection<'v>(view: &'v WorkspaceView, name: &str) -> &'v ConnectionView {
    view.connections.iter().find(|connection| connection.name == name).unwrap()
}

#[tokio::test]
async fn a_workspace_from_elsewhere_connects_nothing_until_it_is_trusted() {
    let window = Window::open();
    let (cluster, document) = orders(10);
    let there = window.foreign("cloned", &document);
    let view = command::workspace_open(&window.firn, there.clone()).await.unwrap();
    assert!(!view.trusted);
    assert_eq!(connection(&view, "app_db").secret, "unknown", "the keyring is not asked either");
    let name = "app_db".to_owned();
    let folder = there.folder.clone();
    let refused: Vec<ErrorView> = vec![
        command::sync_run(&window.firn, window.run("cloned")).await.unwrap_err(),
        command::sync_plan(&window.firn, window.tables("cloned")).await.unwrap_err(),
        command::sync_status(&window.firn, there.clone()).await.unwrap_err(),
        command::sync_log(&window.firn, window.history("cloned")).await.unwrap_err(),
        command::sync_errors(&window.firn, window.history("cloned")).await.unwrap_err(),
        command::connection_check(&window.firn, ConnectionRef { folder: folder.clone(), name }).await.unwrap_err(),
        command::sync_discover(
            &window.firn,
            DiscoverRequest { folder, schema: None, write: false, tables: Vec::new() },
        )
        .await
        .unwrap_err(),
    ];
    for error in refused {
        assert_eq!(error.code, "untrusted", "{}", error.message);
    }
    assert!(window.heard().is_empty());
    assert!(!window.path("cloned").join("warehouse.duckdb").exists());
    let connected = |log: String| log.contains("application_name=firn");
    assert!(!connected(cluster.log().unwrap()));

    assert!(command::workspace_trust(&window.firn, there.clone()).await.unwrap().trusted);
    assert_eq!(
        command::sync_plan(&window.firn, window.tables("cloned")).await.unwrap().tables[0].rows_waiting,
        Some(10)
    );
    assert!(connected(cluster.log().unwrap()), "the log shows it when somebody connects");
    assert!(command::workspace_open(&window.firn, there.clone()).await.unwrap().trusted, "and it stays trusted");
    command::workspace_forget(&window.firn, there.clone()).await.unwrap();
    assert!(!command::workspace_open(&window.firn, there).await.unwrap().trusted, "forgotten with its trust");
    window.firn.close().await;
}

#[tokio::test]
async fn a_mapping_offers_keys_and_watermarks_with_what_speaks_for_them() {
    let window = Window::open();
    let (cluster, document) = orders(10);
    cluster.psql("postgres", "ALTER TABLE orders ADD COLUMN seen timestamptz; ANALYZE orders").unwrap();
    let there = window.foreign("shop", &document);
    command::workspace_trust(&window.firn, there.clone()).await.unwrap();
    let request = |not_before: Option<&str>| MappingRequest {
        folder: there.folder.clone(),
        table: "public.orders".to_owned(),
        document: None,
        not_before: not_before.map(str::to_owned),
    };
    let view = command::mapping_show(&window.firn, request(None)).await.unwrap();
    assert_eq!(view.key_candidates, [KeyCandidateView { columns: vec!["id".into()], primary: true }]);
    let said = |view: &MappingView, column: &str| {
        let found = view.watermarks.iter().find(|of| of.column == column).unwrap();
        (found.likely, found.indexed, found.nulls, found.set_by.clone())
    };
    assert_eq!(said(&view, "updated_at"), (true, true, Some(0.0), "default".to_owned()));
    assert_eq!(said(&view, "seen"), (true, false, Some(1.0), "application".to_owned()));
    assert!(view.watermarks.iter().all(|of| of.indexed == of.index_sql.is_none() && !of.reasons.is_empty()));

    // Where the plan says why the source cannot be asked, nothing is offered.
    cluster.psql("postgres", "ALTER TABLE orders RENAME TO gone").unwrap();
    let view = command::mapping_show(&window.firn, request(Some("2999-01-01T00:00:00Z"))).await.unwrap();
    assert!(view.plan.error.is_some() && view.key_candidates.is_empty() && view.watermarks.is_empty());
    window.firn.close().await;
}

#[tokio::test]
async fn a_run_is_followed_by_events_without_a_gap_and_is_in_the_history_when_it_ends() {
    let window = Window::open();
    let (_cluster, document) = orders(30_000);
    let there = window.foreign("shop", &document);
    command::workspace_trust(&window.firn, there.clone()).await.unwrap();
    let started = command::sync_run(&window.firn, window.run("shop")).await.unwrap();
    let again = command::sync_run(&window.firn, window.run("shop")).await.unwrap_err();
    assert_eq!(again.code, "busy", "{}", again.message);
    let open = command::workspace_open(&window.firn, there.clone()).await.unwrap();
    assert_eq!(open.active_run.as_deref(), Some(started.run_id.as_str()));
    window.hears_the_end().await;

    let events = window.heard();
    let numbers: Vec<u64> = events.iter().map(|event| event.seq).collect();
    assert_eq!(numbers, (1..=events.len() as u64).collect::<Vec<_>>());
    assert!(events.iter().all(|event| event.run_id == started.run_id));
    let state = command::run_state(&window.firn, RunRef { run_id: started.run_id.clone() }).await.unwrap();
    assert_eq!((state.status, state.seq), (RunStatus::Success, events.len() as u64));
    assert_eq!((state.tables[0].stage, state.tables[0].rows_merged), (Stage::Done, 30_000));

    let runs = command::run_history(&window.firn, window.history("shop")).await.unwrap().runs;
    assert_eq!(runs.len(), 1);
    assert_eq!((runs[0].status, runs[0].rows_merged, runs[0].trigger.as_str()), (RunStatus::Success, 30_000, "window"));
    let view = command::workspace_open(&window.firn, there).await.unwrap();
    assert_eq!(view.active_run, None);
    assert_eq!(view.tables[0].last.as_ref().unwrap().rows_merged, 30_000);
    window.firn.close().await;

    // Another window over the same local state knows the run from the history alone.
    let options = FirnOptions::new(window.data.path().to_owned(), HashMap::new(), Arc::new(|_: RunEvent| {}));
    let later = Firn::open(options).unwrap();
    let past = command::run_state(&later, RunRef { run_id: started.run_id }).await.unwrap();
    assert_eq!((past.status, past.tables[0].rows_merged), (RunStatus::Success, 30_000));
    assert_eq!(command::run_state(&later, RunRef { run_id: "none".into() }).await.unwrap_err().code, "not_found");
    later.close().await;
}

#[tokio::test]
async fn a_run_is_cancelled_within_a_second_and_the_next_one_finishes_the_work() {
    let window = Window::open();
    let (cluster, document) = orders(150_000);
    let there = window.foreign("shop", &document);
    command::workspace_trust(&window.firn, there.clone()).await.unwrap();
    let run = command::sync_run(&window.firn, window.run("shop")).await.unwrap();
    window.hears(|what| matches!(what, RunEventKind::Progress { table } if table.rows_read > 0)).await;
    let asked = std::time::Instant::now();
    let view = command::sync_cancel(&window.firn, RunRef { run_id: run.run_id.clone() }).await.unwrap();
    assert_eq!(view.status, RunStatus::Cancelling);
    window.hears_the_end().await;
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    let state = command::run_state(&window.firn, RunRef { run_id: run.run_id.clone() }).await.unwrap();
    assert_eq!((state.status, state.tables[0].stage), (RunStatus::Cancelled, Stage::Cancelled));
    assert!(window.heard().iter().any(|e| matches!(e.what, RunEventKind::Status { status: RunStatus::Cancelling })));
    let twice = command::sync_cancel(&window.firn, RunRef { run_id: run.run_id }).await.unwrap();
    assert_eq!(twice.status, RunStatus::Cancelled, "a run that has ended stays as it is");

    window.events.lock().unwrap().clear();
    command::sync_run(&window.firn, window.run("shop")).await.unwrap();
    window.hears_the_end().await;
    let rows = cluster.psql("postgres", "SELECT count(*) FROM orders").unwrap();
    let status = command::sync_status(&window.firn, there).await.unwrap();
    assert_eq!((rows.as_str(), status.tables[0].status.as_str()), ("150000", "success"));
    window.firn.close().await;
}

#[tokio::test]
async fn closing_the_window_ends_its_runs_first() {
    let window = Window::open();
    let (_cluster, document) = orders(150_000);
    let there = window.foreign("shop", &document);
    command::workspace_trust(&window.firn, there).await.unwrap();
    let run = command::sync_run(&window.firn, window.run("shop")).await.unwrap();
    window.hears(|what| matches!(what, RunEventKind::Progress { .. })).await;
    window.firn.close().await;
    assert!(window.heard().iter().any(|event| matches!(event.what, RunEventKind::Finished { .. })));
    let state = command::run_state(&window.firn, RunRef { run_id: run.run_id }).await.unwrap();
    assert!(matches!(state.status, RunStatus::Cancelled | RunStatus::Success), "{:?}", state.status);
}

#[tokio::test]
async fn a_secret_goes_into_the_keyring_for_its_own_host_and_never_comes_back() {
    let window = Window::open();
    let folder = window.at("made").folder;
    command::workspace_create(&window.firn, WorkspaceCreate { folder: folder.clone(), sample: false }).await.unwrap();
    let save = |host: &str, secret: Option<&str>| ConnectionSave {
        folder: folder.clone(),
        name: "app_db".to_owned(),
        settings: [
            ("kind", "postgres"),
            ("host", host),
            ("port", "6432"),
            ("database", "shop"),
            ("user", "app"),
            ("ca_file", ""),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into(),
        secret: secret.map(str::to_owned),
        role: Some("source".to_owned()),
    };
    let view = command::connection_save(&window.firn, save("db", Some("hunter2"))).await.unwrap();
    assert_eq!(connection(&view, "app_db").secret, "keyring");
    assert_eq!(connection(&view, "app_db").roles, ["source", "state"]);
    assert!(!serde_json::to_string(&view).unwrap().contains("hunter2"));
    assert!(!std::fs::read_to_string(window.path("made").join("firn.yaml")).unwrap().contains("hunter2"));
    let kept = window.keyring.get(&Identity::new("postgres", "app", "db", 6432)).unwrap().unwrap();
    assert_eq!(kept.expose(), "hunter2");

    let view = command::connection_save(&window.firn, save("evil", None)).await.unwrap();
    assert_eq!(connection(&view, "app_db").secret, "none", "a changed host does not get the password");

    // A pasted string with the password in it stands for the password.
    let url = "postgresql://app:p%40ss@evil:6432/shop?sslmode=require";
    let view = command::connection_save(&window.firn, save("evil", Some(url))).await.unwrap();
    assert_eq!(connection(&view, "app_db").secret, "keyring");
    let kept = window.keyring.get(&Identity::new("postgres", "app", "evil", 6432)).unwrap().unwrap();
    assert_eq!(kept.expose(), "p@ss");

    let forget = ConnectionSecret { folder: folder.clone(), name: "app_db".to_owned(), secret: String::new() };
    assert_eq!(command::connection_set_secret(&window.firn, forget).await.unwrap().secret, "none");
    for text in [format!("{:?}", save("db", Some("hunter2"))), format!("{:?}", Secret::new("hunter2"))] {
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[tokio::test]
async fn settings_that_make_no_connection_are_refused_by_the_documents_own_rules() {
    let window = Window::open();
    let folder = window.at("made").folder;
    command::workspace_create(&window.firn, WorkspaceCreate { folder: folder.clone(), sample: false }).await.unwrap();
    let before = std::fs::read_to_string(window.path("made").join("firn.yaml")).unwrap();
    let settings = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    };
    let good = [("kind", "postgres"), ("host", "db"), ("database", "shop"), ("user", "app")];
    let cases = [
        (settings(&[("kind", "postgers")]), None, "postgers"),
        (settings(&[&good[..], &[("port", "many")]].concat()), None, "port"),
        (settings(&[&good[..], &[("password", "hunter2")]].concat()), None, "password"),
        (settings(&good), Some("king"), "king"),
    ];
    for (settings, role, wanted) in cases {
        let request = ConnectionSave {
            folder: folder.clone(),
            name: "db".into(),
            settings,
            secret: None,
            role: role.map(str::to_owned),
        };
        let error = command::connection_save(&window.firn, request).await.unwrap_err();
        assert_eq!(error.code, "configuration");
        assert!(error.message.contains(wanted), "{}", error.message);
        assert!(!error.message.contains("hunter2"));
    }
    assert_eq!(std::fs::read_to_string(window.path("made").join("firn.yaml")).unwrap(), before);
}

#[tokio::test]
async fn the_first_screen_lists_what_was_opened_and_what_is_gone() {
    let window = Window::open();
    for name in ["one", "two"] {
        let folder = window.at(name).folder;
        let view = command::workspace_create(&window.firn, WorkspaceCreate { folder, sample: false }).await.unwrap();
        assert!(view.trusted, "what is made here is trusted here");
    }
    std::fs::remove_dir_all(window.path("one")).unwrap();
    let app = command::app_start(&window.firn, AppStart {}).await.unwrap();
    let recent: Vec<_> = app.recent.iter().map(|known| (known.name.as_str(), known.present)).collect();
    assert_eq!(recent, [("two", true), ("one", false)]);
    assert!(app.keyring.available);
    let app = command::workspace_forget(&window.firn, window.at("one")).await.unwrap();
    assert_eq!(app.recent.len(), 1);
    let broken = window.foreign("broken", "tables: [\n");
    let view = command::workspace_open(&window.firn, broken).await.unwrap();
    assert_eq!((view.problems.len(), view.problems[0].file.as_str()), (1, "firn.yaml"));
}

#[tokio::test]
async fn commands_are_called_by_name_and_wrong_calls_are_told() {
    let window = Window::open();
    let call = |name: &'static str, request: serde_json::Value| dispatch(&window.firn, name, request);
    let app = call("app_start", serde_json::json!({})).await.unwrap();
    assert_eq!(app["version"], env!("CARGO_PKG_VERSION"));
    let form = call("connection_parse_url", serde_json::json!({ "url": "postgresql://app:hunter2@db:6432/shop" }))
        .await
        .unwrap();
    assert_eq!((&form["has_secret"], &form["settings"]["host"]), (&true.into(), &"db".into()));
    assert!(!form.to_string().contains("hunter2"));
    assert_eq!(call("app_stop", serde_json::json!({})).await.unwrap_err().code, "configuration");
    let shape = call("sync_run", serde_json::json!({ "folder": 7 })).await.unwrap_err();
    assert!(shape.message.contains("sync_run"), "{}", shape.message);
}
