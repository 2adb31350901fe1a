//! What the window hears that belongs to no run: something arrived from outside, or changed.

use super::{FindingView, ScheduleView, SettingsView};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Asks for what arrived before the page could hear of it, and has later arrivals sent as events.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ArrivalsTake {}

/// What arrived before the page could hear of it: a folder or a link that the program was started with, say.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ArrivalsView {
    /// Oldest first; handed over once.
    pub events: Vec<AppEvent>,
}

/// Something that arrived from outside the page, or changed behind it.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum AppEvent {
    /// A workspace is to be opened, as by `workspace_open`: its folder was dropped onto the window, or named by a second
    /// start of the program. Opening trusts nothing.
    Open {
        /// Absolute path of the folder.
        folder: String,
    },
    /// A place is to be shown: a link was followed, a notification clicked.
    Go {
        /// The place.
        place: PlaceView,
    },
    /// Something the person should read.
    Told {
        /// What was found.
        finding: FindingView,
    },
    /// The settings are others now.
    Settings {
        /// All of them.
        view: SettingsView,
    },
    /// The schedule of a workspace moved on.
    Schedule {
        /// How it stands.
        view: ScheduleView,
    },
    /// A check that goes on has found something.
    Found {
        /// The workspace.
        folder: String,
        /// The connection that is checked.
        connection: String,
        /// Its place among the findings so far: it stands before the one that had this place.
        place: u32,
        /// What was found.
        finding: FindingView,
    },
    /// A command waits for what another process holds, such as the warehouse's file.
    Waiting {
        /// Who holds what.
        message: String,
    },
}

/// A place in the window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PlaceView {
    /// The workspace, one that was opened on this machine before; null for the one that is open.
    pub folder: Option<String>,
    /// The screen.
    pub screen: ScreenView,
    /// What is selected there: a connection, a table or a run; null for nothing.
    pub object: Option<String>,
}

/// A screen that can be gone to from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ScreenView {
    /// What the workspace is about.
    Overview,
    /// Connections.
    Connections,
    /// Tables.
    Tables,
    /// A table's mapping.
    Mapping,
    /// A table compared with its source.
    Verify,
    /// Runs.
    Runs,
    /// Rejected rows.
    Rejected,
    /// Settings.
    Settings,
}
