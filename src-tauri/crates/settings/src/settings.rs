//! The settings as values.

use crate::key::{Key, LINES, Value};

/// The colours of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// As the system has them.
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// How close rows stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Density {
    /// As close as they can be read.
    Compact,
    /// With some air between them.
    Roomy,
}

/// Every setting with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Colours of the window.
    pub theme: Theme,
    /// How close rows stand.
    pub density: Density,
    /// How many workspaces the first screen lists.
    pub recent_workspaces: u32,
    /// Whether a scheduled run that fails is told by a notification.
    pub notifications: bool,
    /// Whether Firn shows itself in the system's tray.
    pub tray: bool,
    /// Whether closing the window leaves Firn in the tray.
    pub close_to_tray: bool,
    /// Whether the window asks before it writes into a production connection.
    pub confirm_production: bool,
    /// How many days the history of runs is kept.
    pub history_days: u32,
}

impl Default for Settings {
    fn default() -> Self {
        let mut settings = Self {
            theme: Theme::System,
            density: Density::Compact,
            recent_workspaces: 0,
            notifications: false,
            tray: false,
            close_to_tray: false,
            confirm_production: false,
            history_days: 0,
        };
        LINES.iter().for_each(|line| settings.take(line.key, &line.default()));
        settings
    }
}

impl Settings {
    /// Returns the value of a setting.
    #[must_use]
    pub fn value(&self, key: Key) -> Value {
        match key {
            Key::Theme => Value::Word(self.theme.word().to_owned()),
            Key::Density => Value::Word(self.density.word().to_owned()),
            Key::RecentWorkspaces => Value::Number(self.recent_workspaces),
            Key::Notifications => Value::Flag(self.notifications),
            Key::Tray => Value::Flag(self.tray),
            Key::CloseToTray => Value::Flag(self.close_to_tray),
            Key::ConfirmProduction => Value::Flag(self.confirm_production),
            Key::HistoryDays => Value::Number(self.history_days),
        }
    }

    /// Takes a value that the key's line allows; any other leaves the setting as it is.
    pub(crate) fn take(&mut self, key: Key, value: &Value) {
        match (key, value) {
            (Key::Theme, Value::Word(word)) => self.theme = Theme::of(word).unwrap_or(self.theme),
            (Key::Density, Value::Word(word)) => self.density = Density::of(word).unwrap_or(self.density),
            (Key::RecentWorkspaces, Value::Number(number)) => self.recent_workspaces = *number,
            (Key::Notifications, Value::Flag(flag)) => self.notifications = *flag,
            (Key::Tray, Value::Flag(flag)) => self.tray = *flag,
            (Key::CloseToTray, Value::Flag(flag)) => self.close_to_tray = *flag,
            (Key::ConfirmProduction, Value::Flag(flag)) => self.confirm_production = *flag,
            (Key::HistoryDays, Value::Number(number)) => self.history_days = *number,
            _ => {}
        }
    }
}

impl Theme {
    const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// Returns the word of the file.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.word() == word)
    }
}

impl Density {
    const ALL: [Self; 2] = [Self::Compact, Self::Roomy];

    /// Returns the word of the file.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Compact => "compact",
            Self::Roomy => "roomy",
        }
    }

    fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|density| density.word() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Kind;

    #[test]
    fn each_default_is_one_that_the_table_allows_and_comes_back_as_it_is() {
        for line in LINES {
            assert_eq!(line.key.line().name, line.name);
            assert_eq!(line.refuse(&line.default()), None, "{}", line.name);
            assert_eq!(Settings::default().value(line.key), line.default(), "{}", line.name);
        }
    }

    #[test]
    fn each_word_of_the_table_is_one_that_is_understood() {
        for line in LINES {
            let Kind::Word(words) = line.kind else { continue };
            for word in words {
                let mut settings = Settings::default();
                settings.take(line.key, &Value::Word((*word).to_owned()));
                assert_eq!(settings.value(line.key), Value::Word((*word).to_owned()));
            }
        }
    }
}
