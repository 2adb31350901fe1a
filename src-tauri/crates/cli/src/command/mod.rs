//! From arguments to calls into the command layer: one file a topic.

mod connection;
mod serve;
mod sync;

use crate::args::{Arguments, Command, Document, Init};
use crate::environment::Environment;
use crate::output::Output;
use crate::progress::{Follower, Silent};
use crate::report;
use clap::CommandFactory as _;
use firn_api::wire::{ErrorView, LevelView, WorkspaceCreate, WorkspaceView};
use firn_api::{DocumentChoice, Firn, FirnOptions, Host, Trigger, command, exit};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a command is run with: arguments that hold for all of them, parsed once.
pub(crate) struct Session {
    pub(crate) output: Output,
    /// The workspace's folder, absolute.
    pub(crate) folder: PathBuf,
    environment: Environment,
    env_files: Vec<PathBuf>,
}

/// Runs a command and returns its exit code.
pub(crate) async fn run(arguments: Arguments, environment: Environment, output: Output) -> u8 {
    let outcome = match Session::new(&arguments, environment, output) {
        Ok(session) => session.run(arguments.command).await,
        Err(error) => Err(error),
    };
    outcome.unwrap_or_else(|error| {
        output.error(&error);
        exit::of_error(&error)
    })
}

impl Session {
    fn new(arguments: &Arguments, environment: Environment, output: Output) -> Result<Self, ErrorView> {
        let base = environment.working_dir.clone();
        let absolute = |path: &Path| match &base {
            _ if path.is_absolute() => Ok(path.to_owned()),
            Some(base) => Ok(base.join(path)),
            None => Err(ErrorView::configuration("the current folder is gone").with_hint("change to another folder")),
        };
        Ok(Self {
            output,
            folder: absolute(&arguments.global.workspace)?,
            env_files: arguments.global.env_file.iter().map(|file| absolute(file)).collect::<Result<_, _>>()?,
            environment,
        })
    }

    async fn run(self, command: Command) -> Result<u8, ErrorView> {
        match command {
            Command::Init(init) => self.init(init).await,
            Command::Connection(command) => connection::run(&self, command).await,
            Command::Sync(sync) => sync::run(&self, sync).await,
            Command::Serve(serve) => serve::run(&self, serve).await,
            Command::Schema => {
                self.output.data(&firn_api::json_schema());
                Ok(exit::DONE)
            }
            Command::Completions { shell } => {
                let mut script = Vec::new();
                clap_complete::generate(shell, &mut Arguments::command(), "firn", &mut script);
                self.output.data(&String::from_utf8_lossy(&script));
                Ok(exit::DONE)
            }
        }
    }

    /// Opens the command layer: a command typed in a terminal is saying that the workspace is trusted.
    pub(crate) fn open(&self, trigger: Trigger, document: Option<Document>) -> Result<Firn, ErrorView> {
        self.open_with(trigger, document, Arc::new(Follower::new(self.output)))
    }

    /// Opens the command layer for a command that has a log of its own instead of the progress of runs.
    pub(crate) fn open_quietly(&self, trigger: Trigger, document: Option<Document>) -> Result<Firn, ErrorView> {
        self.open_with(trigger, document, Arc::new(Silent { output: self.output }))
    }

    fn open_with(&self, trigger: Trigger, document: Option<Document>, host: Arc<dyn Host>) -> Result<Firn, ErrorView> {
        let mut variables = self.environment.variables.clone();
        for file in &self.env_files {
            variables.extend(firn_api::read_env_file(file)?);
        }
        let data_dir = firn_api::data_dir(&variables)?;
        let mut options = FirnOptions::new(data_dir, variables, host);
        options.trigger = trigger;
        options.trust_all = true;
        if let Some(Document { config, source, target }) = document {
            let config = config.map(|file| match &self.environment.working_dir {
                Some(base) => base.join(file),
                None => file,
            });
            options.document = DocumentChoice { file: config, source, target };
        }
        Firn::open(options)
    }

    /// Returns the workspace's folder as requests name it.
    pub(crate) fn folder_text(&self) -> Result<String, ErrorView> {
        path_text(&self.folder)
    }

    async fn init(&self, init: Init) -> Result<u8, ErrorView> {
        let folder = match init.folder {
            None => self.folder_text()?,
            Some(folder) => match &self.environment.working_dir {
                Some(base) => path_text(&base.join(folder))?,
                None => path_text(&folder)?,
            },
        };
        let firn = self.open(Trigger::Cli, None)?;
        let made = command::workspace_create(&firn, WorkspaceCreate { folder, sample: init.sample }).await;
        firn.close().await;
        let view = made?;
        self.output.document(&view, report::workspace_made);
        for notice in &view.notices {
            self.output.finding(&view.name, notice);
        }
        self.next_steps(&view, init.sample);
        let blocked = view.notices.iter().any(|notice| notice.level == LevelView::Critical);
        Ok(if blocked { exit::FAILED } else { exit::DONE })
    }

    fn next_steps(&self, view: &WorkspaceView, sample: bool) {
        let folder = &view.folder;
        if sample {
            self.output.hint(&format!("firn --workspace '{folder}' sync run"));
        } else {
            self.output.hint(&format!(
                "firn --workspace '{folder}' connection add app_db --url postgresql://USER@HOST/DATABASE --as source"
            ));
        }
    }
}

fn path_text(path: &Path) -> Result<String, ErrorView> {
    path.to_str().map(str::to_owned).ok_or_else(|| {
        ErrorView::configuration(format!("the path {} is not UTF-8", path.display())).with_hint("rename the folder")
    })
}
