//! Settings of the person and what the window remembers, as the page sees them.

use super::{DocumentProblem, FindingView};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// Asks for the settings.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct SettingsShow {}

/// The settings and their file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SettingsView {
    /// The file, absolute.
    pub file: String,
    /// The values that hold: the file's, or the last good ones while the file has problems.
    pub settings: SettingsValues,
    /// What holds where the file says nothing.
    pub defaults: SettingsValues,
    /// What is wrong with the file; while something is, nothing is saved into it.
    pub problems: Vec<DocumentProblem>,
    /// What this machine lacks for a setting, such as a tray.
    pub notices: Vec<FindingView>,
}

/// Every setting with its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SettingsValues {
    /// Colours of the window.
    pub theme: ThemeView,
    /// How close rows stand.
    pub density: DensityView,
    /// How many workspaces the first screen lists.
    pub recent_workspaces: u32,
    /// Whether a scheduled run that fails is told by a notification.
    pub notifications: bool,
    /// Whether Firn shows itself in the system's tray.
    pub tray: bool,
    /// Whether closing the window leaves Firn in the tray.
    pub close_to_tray: bool,
    /// Whether the window asks before it writes into a connection labelled production.
    pub confirm_production: bool,
    /// How many days the history of runs is kept.
    pub history_days: u32,
}

/// The colours of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ThemeView {
    /// As the system has them.
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// How close rows stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum DensityView {
    /// As close as they can be read.
    Compact,
    /// With some air between them.
    Roomy,
}

/// Changes settings; what is absent stays as it is.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
#[ts(optional_fields)]
pub struct SettingsSave {
    /// Colours of the window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub theme: Option<ThemeView>,
    /// How close rows stand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub density: Option<DensityView>,
    /// How many workspaces the first screen lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recent_workspaces: Option<u32>,
    /// Whether a scheduled run that fails is told by a notification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notifications: Option<bool>,
    /// Whether Firn shows itself in the system's tray.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tray: Option<bool>,
    /// Whether closing the window leaves Firn in the tray.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub close_to_tray: Option<bool>,
    /// Whether the window asks before it writes into a connection labelled production.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirm_production: Option<bool>,
    /// How many days the history of runs is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history_days: Option<u32>,
}

/// Keeps how the page is laid out.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct LayoutSave {
    /// Sizes by the page's own names, such as `rail: 220` or `drawer: 0`; in place of all that were kept before.
    pub sizes: BTreeMap<String, f64>,
}

/// How the page was laid out.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
pub struct LayoutView {
    /// Sizes by the page's own names; empty before the first were kept.
    pub sizes: BTreeMap<String, f64>,
}
