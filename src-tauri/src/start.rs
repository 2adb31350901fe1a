//! Start and end of the window's process.

use crate::bridge;
use crate::instance::{Claim, Ending, First, Handover, claim};
use crate::page::{Page, raise};
use crate::place::{Place, note_main};
use crate::tray::Tray;
use firn_api::wire::ErrorView;
use firn_api::{Firn, FirnOptions};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use tauri::{AppHandle, DragDropEvent, Manager as _, RunEvent, WebviewWindowBuilder, WindowEvent};

/// What was typed after the program's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arguments {
    /// The window, with a workspace's folder to open at once, or a link to follow.
    Window(Option<String>),
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
        let mut place = None;
        for word in words {
            match word.as_str() {
                "--version" | "-V" => return Ok(Self::Version),
                "--help" | "-h" => return Ok(Self::Help),
                option if option.starts_with('-') => return Err(format!("there is no option {option}")),
                _ if place.is_some() => return Err(format!("one folder can be opened at once; {word} is a second")),
                _ => place = Some(word),
            }
        }
        Ok(Self::Window(place))
    }
}

/// Why the window could not be put up.
#[derive(Debug)]
pub enum Failure {
    /// The command layer could not be opened.
    CommandLayer(ErrorView),
    /// The current folder is gone, from which a relative path would start.
    Base(std::io::Error),
    /// Whether another window is open cannot be told, or it does not answer.
    Instance(PathBuf, std::io::Error),
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
            Self::Base(error) => {
                write!(f, "the current folder cannot be used: {error}\nhint: change to another folder")
            }
            Self::Instance(folder, error) => write!(
                f,
                "the local state in {} cannot be claimed for a window: {error}\n\
                 hint: end the window that is open, or set FIRN_DATA_DIR to another folder",
                folder.display()
            ),
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
            Self::Base(error) | Self::Instance(_, error) => Some(error),
            Self::Window(error) => Some(error),
        }
    }
}

/// Puts the window up and returns the exit code when it is gone. Where a window is open already, that one takes `word`,
/// and this process has nothing more to do.
///
/// # Errors
/// Where the command layer or the window cannot be opened, or the window that is open does not answer.
pub fn run(word: Option<String>, variables: HashMap<String, String>) -> Result<i32, Failure> {
    let data_dir = firn_api::data_dir(&variables).map_err(Failure::CommandLayer)?;
    let base = std::env::current_dir().map_err(Failure::Base)?;
    let handover = Handover { word, base };
    let first = match claim(&data_dir, &handover) {
        Ok(Claim::First(first)) => first,
        Ok(Claim::Handed) => return Ok(0),
        Err(error) => return Err(Failure::Instance(data_dir, error)),
    };
    let app = tauri::Builder::default()
        .plugin(tauri_plugin_dialog::init())
        .invoke_handler(bridge::handler())
        .build(tauri::generate_context!())
        .map_err(Failure::Window)?;
    let handle = app.handle().clone();
    let tray = Tray::default();
    let host = Page::new(handle.clone(), tray.clone());
    let options = FirnOptions::new(data_dir, variables, Arc::new(host));
    let firn = Firn::open(options).map_err(Failure::CommandLayer)?;
    app.manage(firn.clone());
    app.manage(Place::default());
    tauri::async_runtime::block_on(begin(&firn, &handover));
    let ending = Ending::default();
    take_later_starts(first, ending.clone(), handle.clone());
    // The windows of tauri.conf.json are made here and not by Tauri, so that no page can call before there is
    // something to answer it.
    for window in &app.config().app.windows.clone() {
        open_window(&handle, &firn, window).map_err(Failure::Window)?;
    }
    tray.refresh(&handle);
    tauri::async_runtime::spawn(handle.state::<Place>().inner().clone().keep(firn));
    end_on_signal(handle);
    Ok(app.run_return(move |handle, event| {
        if matches!(event, RunEvent::Exit) {
            ending.begin();
        }
        take(handle, &event);
    }))
}

async fn begin(firn: &Firn, handover: &Handover) {
    firn.begin_window().await;
    if let Some(word) = &handover.word {
        // Kept until the page is there to hear it.
        firn.arrive(word, &handover.base).await;
    }
}

fn open_window(handle: &AppHandle, firn: &Firn, config: &tauri::utils::config::WindowConfig) -> tauri::Result<()> {
    // Where it stood is no reason to keep it from opening.
    let kept = tauri::async_runtime::block_on(firn.window_place()).ok().flatten();
    let builder = WebviewWindowBuilder::from_config(handle, config)?;
    let Some(kept) = kept else { return builder.build().map(drop) };
    // Shown once it stands where it stood.
    let window = builder.visible(false).build()?;
    handle.state::<Place>().restore(&window, kept)?;
    window.show()
}

/// Lets what later starts were started with arrive here.
fn take_later_starts(first: First, ending: Ending, handle: AppHandle) {
    // Where no thread can be had, a later start says that this window does not answer.
    let _listening = first.listen(ending, move |Handover { word, base }| {
        let handle = handle.clone();
        tauri::async_runtime::spawn(async move {
            raise(&handle);
            if let Some(word) = word {
                handle.state::<Firn>().arrive(&word, &base).await;
            }
        });
    });
}

/// Takes what happens to the window and to the process.
fn take(handle: &AppHandle, event: &RunEvent) {
    match event {
        RunEvent::WindowEvent { label, event, .. } => take_of_window(handle, label, event),
        RunEvent::Exit => {
            let firn = handle.state::<Firn>().inner().clone();
            let place = handle.state::<Place>().inner().clone();
            tauri::async_runtime::block_on(async move {
                place.keep_now(&firn).await;
                firn.close().await;
            });
        }
        _ => {}
    }
}

fn take_of_window(handle: &AppHandle, label: &str, event: &WindowEvent) {
    let firn = handle.state::<Firn>();
    match event {
        WindowEvent::Resized(_) | WindowEvent::Moved(_) => note_main(handle),
        WindowEvent::Focused(true) => firn.look_at_settings(),
        WindowEvent::CloseRequested { api, .. } => {
            note_main(handle);
            if firn.closes_to_tray()
                && let Some(window) = handle.get_webview_window(label)
                && window.hide().is_ok()
            {
                api.prevent_close();
            }
        }
        WindowEvent::DragDrop(DragDropEvent::Drop { paths, .. }) => {
            // One workspace is open at a time: of several, the first.
            if let Some(path) = paths.first() {
                firn.arrive_path(path);
            }
        }
        _ => {}
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

    fn read(words: &[&str]) -> Result<Arguments, String> {
        Arguments::read(words.iter().map(|word| (*word).to_owned()))
    }

    #[test]
    fn one_folder_may_be_named() {
        assert_eq!(read(&[]), Ok(Arguments::Window(None)));
        assert_eq!(read(&["shop"]), Ok(Arguments::Window(Some("shop".to_owned()))));
        assert_eq!(read(&["shop", "--version"]), Ok(Arguments::Version));
    }

    #[test]
    fn what_is_not_understood_is_named() {
        assert!(read(&["--frobnicate"]).is_err_and(|message| message.contains("--frobnicate")));
        assert!(read(&["shop", "farm"]).is_err_and(|message| message.contains("farm")));
    }
}
