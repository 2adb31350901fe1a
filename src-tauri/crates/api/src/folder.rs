//! A workspace's folder: its document read and checked, its tables and roles as the engine takes them.

use crate::firn::Firn;
use crate::wire::{DocumentProblem, ErrorView};
use firn_catalog::{TableName, Unfit};
use firn_sync::{Deletes, Lookback, Mode, OnDrift, TableConfig};
use firn_workspace::{
    DeleteMode, DriftMode, FILE_NAME, Problem, Roles, SyncMode, TableSync, UnfitMode, Workspace, WorkspaceError,
};
use std::path::{Path, PathBuf};

/// Schema of source tables that name none.
pub(crate) const SOURCE_SCHEMA: &str = "public";
/// Schema of target tables that name none.
const TARGET_SCHEMA: &str = "main";

/// A workspace's folder with its document as it stands.
pub(crate) struct Folder {
    /// Absolute, with links resolved: the name under which this machine remembers it.
    pub(crate) path: PathBuf,
    /// The same as text.
    pub(crate) name: String,
    /// The document.
    pub(crate) file: PathBuf,
    /// The document's name for messages.
    pub(crate) file_name: String,
    /// The document's text.
    pub(crate) text: String,
    /// What the document says, or everything that is wrong with it.
    pub(crate) parsed: Result<Workspace, WorkspaceError>,
}

/// A folder whose document is sound and whose connections may be used.
pub(crate) struct Usable {
    pub(crate) folder: Folder,
    pub(crate) workspace: Workspace,
    /// What the shell named in place of the document's source and target.
    source: Option<String>,
    target: Option<String>,
}

impl Firn {
    /// Reads a workspace's folder.
    pub(crate) fn read(&self, folder: &str) -> Result<Folder, ErrorView> {
        let path = resolve(folder)?;
        let (file, file_name) = match &self.inner.options.document.file {
            Some(file) => (path.join(file), file.display().to_string()),
            None => (path.join(FILE_NAME), FILE_NAME.to_owned()),
        };
        let chosen = self.inner.options.document.file.is_some();
        let text = std::fs::read_to_string(&file).map_err(|error| unreadable(&file, chosen, &error))?;
        let parsed = Workspace::parse(&text, &file_name, &self.inner.environment);
        Ok(Folder { name: utf8(&path)?, path, file, file_name, text, parsed })
    }

    /// Reads a workspace's folder for a command that connects.
    ///
    /// # Errors
    /// `untrusted`, or `configuration` with the document's problems.
    pub(crate) async fn usable(&self, folder: &str) -> Result<Usable, ErrorView> {
        let mut folder = self.read(folder)?;
        if !self.is_trusted(&folder.name).await? {
            return Err(ErrorView::untrusted(&folder.name));
        }
        let parsed = std::mem::replace(&mut folder.parsed, Err(WorkspaceError { problems: Vec::new() }));
        let workspace = parsed?;
        let document = &self.inner.options.document;
        Ok(Usable { folder, workspace, source: document.source.clone(), target: document.target.clone() })
    }
}

impl Usable {
    /// Returns the connections of a sync.
    pub(crate) fn roles(&self) -> Result<Roles<'_>, ErrorView> {
        let roles = self.workspace.roles(self.source.as_deref(), self.target.as_deref());
        roles.map_err(|error| ErrorView::configuration(error.to_string()))
    }

    /// Returns the name of the connection that tables are read from.
    pub(crate) fn source_name(&self) -> Option<&str> {
        self.source.as_deref().or(self.workspace.source.as_deref())
    }

    /// Returns the tables a request names, in the document's order; all for none.
    ///
    /// # Errors
    /// `configuration` for a name that no table has, and for settings that this version does not carry out.
    pub(crate) fn tables(&self, names: &[String]) -> Result<Vec<TableConfig>, ErrorView> {
        let mut wanted = Vec::new();
        for name in names {
            let table = self.workspace.table(name).ok_or_else(|| self.unknown_table(name))?;
            wanted.push(&table.source);
        }
        let all = self.workspace.tables.iter();
        all.filter(|table| names.is_empty() || wanted.contains(&&table.source))
            .map(|table| self.config(table))
            .collect()
    }

    /// Returns the one table a request names.
    pub(crate) fn table(&self, name: &str) -> Result<TableConfig, ErrorView> {
        self.config(self.workspace.table(name).ok_or_else(|| self.unknown_table(name))?)
    }

    /// Returns the name under which state is kept of the table a request names.
    pub(crate) fn state_name(&self, name: &str) -> Result<String, ErrorView> {
        self.workspace.table(name).map(source_name).ok_or_else(|| self.unknown_table(name))
    }

    pub(crate) fn unknown_table(&self, name: &str) -> ErrorView {
        let known: Vec<String> = self.workspace.tables.iter().map(|table| table.source.to_string()).collect();
        let error = ErrorView::configuration(format!("{} has no table `{name}`", self.folder.file_name));
        if known.is_empty() {
            error.with_hint("add tables with `firn sync discover --write`")
        } else {
            error.with_hint(format!("its tables are {}", known.join(", ")))
        }
    }

    fn config(&self, table: &TableSync) -> Result<TableConfig, ErrorView> {
        Ok(TableConfig {
            source: with_source_schema(&table.source),
            target: with_target_schema(&table.target),
            key: table.pk.clone(),
            watermark: table.watermark_column.clone(),
            batch_rows: self.workspace.batch_size(table),
            transforms: table.transform.iter().cloned().collect(),
            filter: table.filter.clone(),
            mode: match table.mode {
                SyncMode::Incremental => Mode::Incremental,
                SyncMode::Full => Mode::Full,
            },
            on_drift: match table.on_drift {
                DriftMode::Add => OnDrift::Add,
                DriftMode::Ignore => OnDrift::Ignore,
                DriftMode::Stop => OnDrift::Stop,
            },
            lookback: Lookback { seconds: table.lookback_seconds, units: table.lookback.unwrap_or(0) },
            on_unfit: match table.on_unfit {
                UnfitMode::Reject => Unfit::Reject,
                UnfitMode::Null => Unfit::Null,
            },
            verify: false,
            deletes: match table.deletes {
                DeleteMode::Ignore => Deletes::Ignore,
                DeleteMode::Soft => Deletes::Soft,
                DeleteMode::Hard => Deletes::Hard,
            },
            max_delete_ratio: table.max_delete_ratio,
        })
    }
}

/// Returns the source table's full name, as results and state have it.
pub(crate) fn source_name(table: &TableSync) -> String {
    with_source_schema(&table.source).to_string()
}

/// Returns the name of a source table with its schema filled in.
pub(crate) fn with_source_schema(source: &TableName) -> TableName {
    source.clone().with_default_schema(SOURCE_SCHEMA)
}

/// Returns the target table's full name.
pub(crate) fn target_name(table: &TableSync) -> String {
    with_target_schema(&table.target).to_string()
}

/// Returns the name of a target table with its schema filled in.
pub(crate) fn with_target_schema(target: &TableName) -> TableName {
    target.clone().with_default_schema(TARGET_SCHEMA)
}

/// Returns the absolute path of a folder with links resolved; one that is not there yet stays as it is.
pub(crate) fn resolve(folder: &str) -> Result<PathBuf, ErrorView> {
    let path = Path::new(folder);
    if !path.is_absolute() {
        return Err(ErrorView::configuration(format!("the folder `{folder}` is not an absolute path")));
    }
    match path.canonicalize() {
        Ok(path) => Ok(path),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(path.to_owned()),
        Err(error) => Err(ErrorView::file(format!("cannot open the folder {folder}"), &error)),
    }
}

/// Returns a path as text; the wire has no other form.
pub(crate) fn utf8(path: &Path) -> Result<String, ErrorView> {
    path.to_str().map(str::to_owned).ok_or_else(|| {
        ErrorView::configuration(format!("the path {} is not UTF-8", path.display())).with_hint("rename the folder")
    })
}

fn unreadable(file: &Path, chosen: bool, error: &std::io::Error) -> ErrorView {
    if chosen {
        return ErrorView::configuration(format!("cannot read the document {}: {error}", file.display()));
    }
    if error.kind() != std::io::ErrorKind::NotFound {
        return ErrorView::file(format!("cannot read {}", file.display()), error);
    }
    let folder = file.parent().unwrap_or(file).display();
    // Usage, not a missing thing: nothing was tried with any database.
    ErrorView::configuration(format!("there is no workspace here: {} does not exist", file.display()))
        .with_hint(format!("make one with `firn init {folder}`, or name its folder with --workspace DIR"))
}

impl From<WorkspaceError> for ErrorView {
    fn from(error: WorkspaceError) -> Self {
        Self::document(error.problems.iter().map(problem).collect())
    }
}

/// Turns a problem of the document into its wire form.
pub(crate) fn problem(problem: &Problem) -> DocumentProblem {
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    DocumentProblem {
        file: problem.file.clone(),
        line: number(problem.position.line),
        column: number(problem.position.column),
        key: problem.path.clone(),
        message: problem.message.clone(),
        hint: problem.hint.clone(),
    }
}
