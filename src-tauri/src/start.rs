//! Start and end of the window's process.

use firn_api::wire::{ErrorView, RunEvent};
use firn_api::{Firn, FirnOptions};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use tauri::{AppHandle, Emitter as _, Manager as _, WebviewWindowBuilder};

/// The event of a run, as the page listens for it.
const RUN_EVENT: &str = "run-event";

/// What was typed after the program's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arguments {
    /// The window, with a workspace's folder to open at once.
    Window(Option<PathBuf>),
    /// Only the version.
    Version,
    /// Only the usage.
    Help,
}

impl Arguments {
    /// Reads the arguments without the program's name.
    ///
    /// # Errors
    /// A sentence about the first argument that is not understood.
    pub fn read(words: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut folder = None;
        for word in words {
            match word.as_str() {
                "--version" | "-V" => return Ok(Self::Version),
                "--help" | "-h" => return Ok(Self::Help),
                option if option.starts_with('-') => return Err(format!("there is no option {option}")),
                _ if folder.is_some() => return Err(format!("one folder can be opened at once; {word} is a second")),
                _ => folder = Some(PathBuf::from(word)),
            }
        }
        Ok(Self::Window(folder))
    }
}

/// Why the window could not be put up.
#[derive(Debug)]
pub enum Failure {
    /// The command layer could not be opened.
    CommandLayer(ErrorView),
    /// The folder that was named has no absolute path.
    Folder(PathBuf, std::io::Error),
    /// The system's window or webview could not be made.
    Window(tauri::Error),
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::CommandLayer(error) => {
                write!(f, "{}", error.message)?;
                error.hint.as_ref().map_or(Ok(()), |hint| write!(f, "\nhint: {hint}"))
            }
            Self::Folder(folder, error) => write!(f, "cannot open {}: {error}", folder.display()),
            Self::Window(error) => write!(
                f,
                "the window could not be made: {error}\nhint: without a display, use the command line: firn sync run"
            ),
        }
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::CommandLayer(_) => None,
            Self::Folder(_, error) => Some(error),
            Self::Window(error) => Some(error),
        }
    }
}

/// Puts the window up and returns the exit code when it is gone.
///
/// # Errors
/// Where the command layer, the folder or the window cannot be opened.
pub fn run(folder: Option<PathBuf>, variables: HashMap<String, String>) -> Result<i32, Failure> {
    let data_dir = firn_api::data_dir(&variables).map_err(Failure::CommandLayer)?;
    let open_folder = folder
        .map(|folder| std::path::absolute(&folder).map_err(|error| Failure::Folder(folder, error)))
        .transpose()?;
    let app = tauri::Builder::default()
        .plugin(tauri_plugin_dialog::init())
        .invoke_handler(bridge_handler())
        .build(tauri::generate_context!())
        .map_err(Failure::Window)?;
    let host = Page(app.handle().clone());
    let options = FirnOptions { open_folder, ..FirnOptions::new(data_dir, variables, Arc::new(host)) };
    let firn = Firn::open(options).map_err(Failure::CommandLayer)?;
    app.manage(firn);
    // The windows of tauri.conf.json are made here and not by Tauri, so that no page can call before there is
    // something to answer it.
    for window in &app.config().app.windows.clone() {
        WebviewWindowBuilder::from_config(app.handle(), window)
            .and_then(WebviewWindowBuilder::build)
            .map_err(Failure::Window)?;
    }
    end_on_signal(app.handle().clone());
    let code = app.run_return(|handle, event| {
        if let tauri::RunEvent::Exit = event {
            let firn = handle.state::<Firn>().inner().clone();
            tauri::async_runtime::block_on(firn.close());
        }
    });
    Ok(code)
}

fn bridge_handler() -> impl Fn(tauri::ipc::Invoke) -> bool + Send + Sync + 'static {
    crate::bridge::handler()
}

/// Sends the events of runs to the page.
struct Page(AppHandle);

impl firn_api::Host for Page {
    fn emit(&self, event: RunEvent) {
        // No page is there to hear it while the window closes; the run's record has it all the same.
        let _ = self.0.emit(RUN_EVENT, event);
    }
}

/// Lets SIGTERM and SIGINT end the process the way a closed window does: runs are cancelled, servers of samples stopped.
#[cfg(unix)]
fn end_on_signal(handle: AppHandle) {
    use tokio::signal::unix::{SignalKind, signal};
    tauri::async_runtime::spawn(async move {
        let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
        else {
            return; // without them, a signal ends the process at once, and the next run takes over what it held
        };
        let code = tokio::select! {
            _ = terminate.recv() => 143,
            _ = interrupt.recv() => 130,
        };
        handle.exit(code);
    });
}

#[cfg(not(unix))]
fn end_on_signal(_handle: AppHandle) {}

#[cfg(test)]
mod tests {
    use super::Arguments;
    use std::path::PathBuf;

    fn read(words: &[&str]) -> Result<Arguments, String> {
        Arguments::read(words.iter().map(|word| (*word).to_owned()))
    }

    #[test]
    fn one_folder_may_be_named() {
        assert_eq!(read(&[]), Ok(Arguments::Window(None)));
        assert_eq!(read(&["shop"]), Ok(Arguments::Window(Some(PathBuf::from("shop")))));
        assert_eq!(read(&["shop", "--version"]), Ok(Arguments::Version));
    }

    #[test]
    fn what_is_not_understood_is_named() {
        assert!(read(&["--frobnicate"]).is_err_and(|message| message.contains("--frobnicate")));
        assert!(read(&["shop", "farm"]).is_err_and(|message| message.contains("farm")));
    }
}
