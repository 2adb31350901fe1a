//! The table of settings: names, what each does, what it may be, its default. Reading, checking and the text of a new
//! file all come from it.

/// A setting's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// One of a key's words.
    Word(String),
    /// Yes or no.
    Flag(bool),
    /// A whole number.
    Number(u32),
}

impl Value {
    /// Returns the value as the file has it.
    pub(crate) fn toml(&self) -> String {
        match self {
            // Words are those of the table below: nothing in them has to be escaped.
            Self::Word(word) => format!("\"{word}\""),
            Self::Flag(flag) => flag.to_string(),
            Self::Number(number) => number.to_string(),
        }
    }
}

/// The name of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// Light, dark, or as the system.
    Theme,
    /// How close rows stand.
    Density,
    /// How many workspaces the first screen lists.
    RecentWorkspaces,
    /// Whether a scheduled run that fails is told by a notification.
    Notifications,
    /// Whether Firn shows itself in the system's tray.
    Tray,
    /// Whether closing the window leaves Firn in the tray.
    CloseToTray,
    /// Whether a run that writes into a production connection asks first.
    ConfirmProduction,
    /// How long the history of runs is kept.
    HistoryDays,
}

/// What a setting may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Word(&'static [&'static str]),
    Flag,
    Number { least: u32, most: u32 },
}

/// A line of the table.
pub(crate) struct Line {
    pub(crate) key: Key,
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) kind: Kind,
    default: Default,
}

/// A default, in a form that a constant can have.
enum Default {
    Word(&'static str),
    Flag(bool),
    Number(u32),
}

/// Every setting, in the order of a new file.
pub(crate) const LINES: &[Line] = &[
    Line {
        key: Key::Theme,
        name: "theme",
        about: "Colours of the window: \"system\", \"light\" or \"dark\".",
        kind: Kind::Word(&["system", "light", "dark"]),
        default: Default::Word("system"),
    },
    Line {
        key: Key::Density,
        name: "density",
        about: "How close rows stand: \"compact\" or \"roomy\".",
        kind: Kind::Word(&["compact", "roomy"]),
        default: Default::Word("compact"),
    },
    Line {
        key: Key::RecentWorkspaces,
        name: "recent_workspaces",
        about: "How many workspaces the first screen lists, from 1 to 100.",
        kind: Kind::Number { least: 1, most: 100 },
        default: Default::Number(12),
    },
    Line {
        key: Key::Notifications,
        name: "notifications",
        about: "Whether a scheduled run that fails is told by a notification of the system.",
        kind: Kind::Flag,
        default: Default::Flag(true),
    },
    Line {
        key: Key::Tray,
        name: "tray",
        about: "Whether Firn shows itself in the system's tray.",
        kind: Kind::Flag,
        default: Default::Flag(true),
    },
    Line {
        key: Key::CloseToTray,
        name: "close_to_tray",
        about: "Whether closing the window leaves Firn in the tray, with its schedules running.",
        kind: Kind::Flag,
        default: Default::Flag(false),
    },
    Line {
        key: Key::ConfirmProduction,
        name: "confirm_production",
        about: "Whether the window asks before it writes into a connection labelled production.",
        kind: Kind::Flag,
        default: Default::Flag(true),
    },
    Line {
        key: Key::HistoryDays,
        name: "history_days",
        about: "How many days the window's history of runs is kept, from 1 to 3650.",
        kind: Kind::Number { least: 1, most: 3650 },
        default: Default::Number(365),
    },
];

impl Line {
    pub(crate) fn default(&self) -> Value {
        match self.default {
            Default::Word(word) => Value::Word(word.to_owned()),
            Default::Flag(flag) => Value::Flag(flag),
            Default::Number(number) => Value::Number(number),
        }
    }

    /// Returns what is wrong with a value, and what may stand there.
    pub(crate) fn refuse(&self, value: &Value) -> Option<String> {
        match (self.kind, value) {
            (Kind::Word(words), Value::Word(word)) if words.contains(&word.as_str()) => None,
            (Kind::Flag, Value::Flag(_)) => None,
            (Kind::Number { least, most }, Value::Number(number)) if (least..=most).contains(number) => None,
            _ => Some(self.expects()),
        }
    }

    /// Says what may stand there.
    pub(crate) fn expects(&self) -> String {
        match self.kind {
            Kind::Word(words) => {
                format!("one of {}", words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", "))
            }
            Kind::Flag => "true or false".to_owned(),
            Kind::Number { least, most } => format!("a whole number from {least} to {most}"),
        }
    }
}

impl Key {
    /// Returns the key's line of the table.
    pub(crate) fn line(self) -> &'static Line {
        // The table has a line for every key; a test holds that.
        LINES.iter().find(|line| line.key == self).unwrap_or(&LINES[0])
    }

    /// Returns the key's name in the file.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.line().name
    }
}
