//! Workspaces: the first screen, making, opening, trusting, forgetting.

use crate::Firn;
use crate::folder::{Folder, problem, resolve, source_name, target_name, utf8};
use crate::run::{finished_of, summary};
use crate::window::name_of;
use crate::wire::{
    AppStart, AppView, ArrivalsTake, ArrivalsView, ConnectionView, ErrorView, FindingView, LevelView, RecentWorkspace,
    TableResult, TableView, WorkspaceCreate, WorkspaceRef, WorkspaceView,
};
use crate::{sample, view};
use chrono::Utc;
use firn_store::Run;
use firn_workspace::{Connection, FILE_NAME, Settings, Workspace};
use std::collections::HashMap;
use std::fs;
use std::path::Path;

/// Runs that a workspace's screen lists.
const LAST_RUNS: u32 = 20;
/// What a workspace's folder keeps out of version control: the warehouse with its side files.
const GITIGNORE: &str = "*.duckdb\n*.duckdb.wal\n*.duckdb.tmp/\n.env\n";

/// Returns what the first screen shows.
///
/// # Errors
/// Where the local state cannot be read.
pub async fn app_start(firn: &Firn, _request: AppStart) -> Result<AppView, ErrorView> {
    let options = &firn.inner.options;
    let settings = firn.show_settings();
    let (recent, keyring, layout) = futures::join!(recent(firn), firn.keyring(), firn.layout());
    Ok(AppView {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        recent: recent?,
        sample_folder: utf8(&options.sample_dir)?,
        keyring,
        settings,
        layout: layout?,
    })
}

/// Returns what arrived from outside before the page could hear of it; what arrives later is sent as an event.
///
/// # Errors
/// None of its own.
pub async fn app_arrivals(firn: &Firn, _request: ArrivalsTake) -> Result<ArrivalsView, ErrorView> {
    Ok(ArrivalsView { events: firn.inner.window.listen() })
}

async fn recent(firn: &Firn) -> Result<Vec<RecentWorkspace>, ErrorView> {
    let known = firn.store().await?.recent().await?;
    let wire = |known: firn_store::RecentWorkspace| RecentWorkspace {
        present: Path::new(&known.path).join(FILE_NAME).is_file(),
        folder: known.path,
        name: known.name,
        last_opened: crate::run::iso(known.last_opened),
    };
    Ok(known.into_iter().take(firn.settings().recent_workspaces as usize).map(wire).collect())
}

/// Makes a workspace, with its folder where that is missing. What is made here is trusted here.
///
/// # Errors
/// `configuration` where a workspace is there already; `permission` and others of writing files.
pub async fn workspace_create(firn: &Firn, request: WorkspaceCreate) -> Result<WorkspaceView, ErrorView> {
    let path = resolve(&request.folder)?;
    let file = path.join(FILE_NAME);
    if file.exists() {
        return Err(ErrorView::configuration(format!("there is a workspace already: {}", file.display()))
            .with_hint("open it, or name another folder"));
    }
    fs::create_dir_all(&path)
        .map_err(|error| ErrorView::file(format!("cannot make the folder {}", path.display()), &error))?;
    let path = resolve(&request.folder)?;
    let file = path.join(FILE_NAME);
    let text = if request.sample { sample_document(firn)? } else { firn_workspace::template() };
    // Never over a file that came in the meantime.
    let mut options = fs::File::options();
    let written = options.write(true).create_new(true).open(&file).and_then(|mut file| {
        use std::io::Write as _;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| ErrorView::file(format!("cannot write {}", file.display()), &error))?;
    let ignore = path.join(".gitignore");
    if !ignore.exists() {
        fs::write(&ignore, GITIGNORE)
            .map_err(|error| ErrorView::file(format!("cannot write {}", ignore.display()), &error))?;
    }
    let folder = utf8(&path)?;
    remember(firn, &folder).await?;
    firn.store().await?.set_trusted(&folder, true).await?;
    firn.inner.window.open(&folder);
    open(firn, &folder).await
}

fn sample_document(firn: &Firn) -> Result<String, ErrorView> {
    let socket = firn.inner.samples.reserve()?;
    let postgres = firn_workspace::Postgres {
        host: utf8(&socket)?,
        port: sample::PORT,
        database: sample::DATABASE.to_owned(),
        user: sample::USER.to_owned(),
        tls: firn_workspace::Tls::Disable,
        ca_file: None,
        primary: None,
    };
    Ok(firn_workspace::sample(&postgres)?)
}

/// Opens a workspace. What is wrong with its document is part of the result.
///
/// # Errors
/// `configuration` where there is none.
pub async fn workspace_open(firn: &Firn, request: WorkspaceRef) -> Result<WorkspaceView, ErrorView> {
    let folder = firn.read(&request.folder)?.name;
    remember(firn, &folder).await?;
    firn.inner.window.open(&folder);
    open(firn, &folder).await
}

/// Notes that the person trusts a workspace on this machine.
///
/// # Errors
/// `configuration` where there is none.
pub async fn workspace_trust(firn: &Firn, request: WorkspaceRef) -> Result<WorkspaceView, ErrorView> {
    let folder = firn.read(&request.folder)?.name;
    remember(firn, &folder).await?;
    firn.store().await?.set_trusted(&folder, true).await?;
    open(firn, &folder).await
}

/// Takes a workspace off the list, and its trust with it. Its files stay.
///
/// # Errors
/// Where the local state cannot be written.
pub async fn workspace_forget(firn: &Firn, request: WorkspaceRef) -> Result<AppView, ErrorView> {
    let store = firn.store().await?;
    // As it was asked for and as it is now: the folder may be gone, or be reached by another way.
    store.forget_recent(&request.folder).await?;
    store.forget_recent(&utf8(&resolve(&request.folder)?)?).await?;
    app_start(firn, AppStart {}).await
}

async fn remember(firn: &Firn, folder: &str) -> Result<(), ErrorView> {
    Ok(firn.store().await?.touch_recent(folder, &name_of(folder), Utc::now()).await?)
}

/// Shows a workspace as it stands, without asking its databases; a trusted sample's server is started.
pub(super) async fn open(firn: &Firn, folder: &str) -> Result<WorkspaceView, ErrorView> {
    let folder = firn.read(folder)?;
    let trusted = firn.is_trusted(&folder.name).await?;
    let runs = firn.runs_of(&folder.name, LAST_RUNS).await?;
    let mut view = WorkspaceView {
        name: name_of(&folder.name),
        trusted,
        problems: Vec::new(),
        connections: Vec::new(),
        source: None,
        target: None,
        state: None,
        tables: Vec::new(),
        active_run: firn.inner.runs.going_on(&folder.name).map(|run| run.run_id.clone()),
        notices: Vec::new(),
        folder: folder.name.clone(),
        runs: runs.iter().map(summary).collect(),
    };
    match &folder.parsed {
        Err(error) => view.problems = error.problems.iter().map(problem).collect(),
        Ok(workspace) => {
            view.connections = connections(firn, workspace, trusted).await?;
            view.source.clone_from(&workspace.source);
            view.target.clone_from(&workspace.target);
            view.state = workspace.state.clone().or_else(|| workspace.source.clone());
            view.tables = tables(workspace, &runs);
            if trusted {
                view.notices = sample_notices(firn, workspace).await;
            }
            view.notices.extend(workspace.warnings.iter().map(warning));
        }
    }
    Ok(view)
}

/// Starts the servers of samples among a workspace's connections; what keeps one from starting is a notice.
async fn sample_notices(firn: &Firn, workspace: &Workspace) -> Vec<FindingView> {
    let mut notices = Vec::new();
    for connection in &workspace.connections {
        if let Settings::Postgres(postgres) = &connection.settings
            && let Err(error) = firn.inner.samples.ensure(&postgres.host).await
        {
            notices.push(FindingView {
                level: LevelView::Critical,
                code: "sample".to_owned(),
                message: error.message,
                fix: error.hint,
            });
        }
    }
    notices
}

fn warning(problem: &firn_workspace::Problem) -> FindingView {
    let place = format!("{}:{}", problem.file, problem.position.line);
    FindingView {
        level: LevelView::Warning,
        code: "document".to_owned(),
        message: format!("{place}: {}", problem.message),
        fix: problem.hint.clone(),
    }
}

/// Turns a workspace's connections into their wire form. The keyring is asked only about a trusted workspace's.
pub(super) async fn connections(
    firn: &Firn,
    workspace: &Workspace,
    trusted: bool,
) -> Result<Vec<ConnectionView>, ErrorView> {
    let mut views = Vec::new();
    for connection in &workspace.connections {
        views.push(connection_view(firn, workspace, connection, trusted).await?);
    }
    Ok(views)
}

pub(super) async fn connection_view(
    firn: &Firn,
    workspace: &Workspace,
    connection: &Connection,
    trusted: bool,
) -> Result<ConnectionView, ErrorView> {
    let sample =
        matches!(&connection.settings, Settings::Postgres(postgres) if firn.inner.samples.owns(&postgres.host));
    let needs_secret = connection.identity().is_some() && !sample;
    let secret = match (needs_secret, trusted) {
        (true, true) => firn.secret_place(connection).await?,
        (true, false) => "unknown",
        (false, _) => "none",
    };
    let is = |role: &Option<String>| role.as_deref() == Some(connection.name.as_str());
    let state = if workspace.state.is_some() { &workspace.state } else { &workspace.source };
    let roles = [("source", is(&workspace.source)), ("target", is(&workspace.target)), ("state", is(state))];
    Ok(ConnectionView {
        name: connection.name.clone(),
        kind: connection.settings.kind().to_owned(),
        address: view::address(connection),
        label: connection.label.clone(),
        settings: view::settings(connection),
        needs_secret,
        secret: secret.to_owned(),
        roles: roles.into_iter().filter(|(_, plays)| *plays).map(|(role, _)| role.to_owned()).collect(),
    })
}

fn tables(workspace: &Workspace, runs: &[Run]) -> Vec<TableView> {
    let mut last: HashMap<String, TableResult> = HashMap::new();
    for result in runs.iter().filter_map(finished_of).flat_map(|run| run.tables) {
        // Runs come newest first.
        last.entry(result.source.clone()).or_insert(result);
    }
    let wire = |table: &firn_workspace::TableSync| TableView {
        source: source_name(table),
        target: target_name(table),
        pk: table.pk.clone(),
        watermark_column: table.watermark_column.clone(),
        mode: table.mode.word().to_owned(),
        deletes: table.deletes.word().to_owned(),
        last: last.remove(&source_name(table)),
    };
    workspace.tables.iter().map(wire).collect()
}

impl Folder {
    /// Returns what the document says.
    ///
    /// # Errors
    /// `configuration` with everything that is wrong with it.
    pub(super) fn sound(&self) -> Result<&Workspace, ErrorView> {
        self.parsed.as_ref().map_err(|error| error.clone().into())
    }
}
