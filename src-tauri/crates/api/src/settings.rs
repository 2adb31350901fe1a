//! The person's settings: their file read, kept as it last was good, changed.

use crate::Firn;
use crate::edit;
use crate::wire::{
    AppEvent, DensityView, DocumentProblem, ErrorView, FindingView, LevelView, SettingsSave, SettingsValues,
    SettingsView, ThemeView,
};
use firn_settings::{Density, Document, FILE_NAME, Faults, Key, Settings, Theme, Value};
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The file of settings.
pub(crate) struct SettingsFile {
    path: PathBuf,
    kept: Mutex<Kept>,
}

/// What is known of the file.
#[derive(Debug, Clone, Default, PartialEq)]
struct Kept {
    /// As the file last was good; the defaults before that.
    settings: Settings,
    problems: Vec<DocumentProblem>,
}

impl SettingsFile {
    /// Names the file in a folder; reads nothing yet.
    pub(crate) fn new(folder: &Path) -> Self {
        Self { path: folder.join(FILE_NAME), kept: Mutex::default() }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Every change is a plain assignment.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the file again; returns whether anything is other than it was.
    fn read(&self) -> bool {
        let read = match fs::read_to_string(&self.path) {
            Ok(text) => {
                Document::parse(&text).map(|document| document.settings().clone()).map_err(|f| self.problems(f))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Settings::default()),
            Err(error) => Err(vec![self.problem(1, 1, "", format!("the file cannot be read: {error}"), None)]),
        };
        let mut kept = self.kept();
        let before = kept.clone();
        match read {
            Ok(settings) => *kept = Kept { settings, problems: Vec::new() },
            Err(problems) => kept.problems = problems,
        }
        *kept != before
    }

    /// Writes a new file with every default commented out, where there is none.
    fn make(&self) -> Result<(), ErrorView> {
        let failed = |error| ErrorView::file(format!("cannot write the settings {}", self.path.display()), &error);
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        // Never over a file that came in the meantime.
        match fs::File::options().write(true).create_new(true).open(&self.path) {
            Ok(mut file) => file.write_all(Document::template().as_bytes()).map_err(failed),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(failed(error)),
        }
    }

    /// Writes changes into the file.
    fn save(&self, changes: &[(Key, Value)]) -> Result<(), ErrorView> {
        self.make()?;
        let before = fs::read_to_string(&self.path)
            .map_err(|error| ErrorView::file(format!("cannot read the settings {}", self.path.display()), &error))?;
        let mut document = Document::parse(&before).map_err(|faults| {
            let refused = ErrorView::document(self.problems(faults));
            let hint = format!("nothing was saved: mend {} first", self.path.display());
            refused.with_hint(hint)
        })?;
        for (key, value) in changes {
            // The place in the file says nothing here: the value was never in it.
            let refused = |Faults(faults): Faults| {
                let message = faults.into_iter().map(|fault| format!("{}: {}", fault.key, fault.message));
                ErrorView::configuration(message.collect::<Vec<_>>().join("; "))
            };
            document.set(*key, value).map_err(refused)?;
        }
        if document.text() == before {
            return Ok(());
        }
        edit::replace(&self.path, &before, document.text())
    }

    fn problems(&self, Faults(faults): Faults) -> Vec<DocumentProblem> {
        let wire =
            |fault: firn_settings::Fault| self.problem(fault.line, fault.column, &fault.key, fault.message, fault.hint);
        faults.into_iter().map(wire).collect()
    }

    fn problem(&self, line: usize, column: usize, key: &str, message: String, hint: Option<String>) -> DocumentProblem {
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let file = self.path.display().to_string();
        DocumentProblem { file, line: number(line), column: number(column), key: key.to_owned(), message, hint }
    }
}

impl Firn {
    /// Returns the settings as they are known: those of the last look at the file.
    pub(crate) fn settings(&self) -> Settings {
        self.inner.settings.kept().settings.clone()
    }

    /// Reads the settings again, and tells the window where they are others now. A shell calls it when its window comes
    /// to the front.
    pub fn look_at_settings(&self) {
        if self.inner.settings.read() {
            self.tell(AppEvent::Settings { view: self.settings_view() });
        }
    }

    /// Makes the file of settings where it is missing, so that a person finds something to edit, and reads it.
    pub(crate) fn begin_settings(&self) {
        if let Err(error) = self.inner.settings.make() {
            // Defaults hold without a file; the first change says again what keeps it from being written.
            tracing::warn!(message = %error.message, "there is no file of settings");
        }
        self.inner.settings.read();
    }

    /// Reads the settings again and shows them.
    pub(crate) fn show_settings(&self) -> SettingsView {
        self.inner.settings.read();
        self.settings_view()
    }

    /// Changes settings, and tells the window.
    pub(crate) fn save_settings(&self, changes: &SettingsSave) -> Result<SettingsView, ErrorView> {
        self.inner.settings.save(&values(changes))?;
        self.look_at_settings();
        Ok(self.settings_view())
    }

    fn settings_view(&self) -> SettingsView {
        let kept = self.inner.settings.kept().clone();
        let tray = self.inner.options.host.tray_trouble().filter(|_| kept.settings.tray).map(|message| FindingView {
            level: LevelView::Info,
            code: "tray".to_owned(),
            message,
            fix: None,
        });
        SettingsView {
            file: self.inner.settings.path.display().to_string(),
            settings: wire(&kept.settings),
            defaults: wire(&Settings::default()),
            problems: kept.problems,
            notices: tray.into_iter().collect(),
        }
    }
}

fn wire(settings: &Settings) -> SettingsValues {
    SettingsValues {
        theme: match settings.theme {
            Theme::System => ThemeView::System,
            Theme::Light => ThemeView::Light,
            Theme::Dark => ThemeView::Dark,
        },
        density: match settings.density {
            Density::Compact => DensityView::Compact,
            Density::Roomy => DensityView::Roomy,
        },
        recent_workspaces: settings.recent_workspaces,
        notifications: settings.notifications,
        tray: settings.tray,
        close_to_tray: settings.close_to_tray,
        confirm_production: settings.confirm_production,
        history_days: settings.history_days,
    }
}

fn values(changes: &SettingsSave) -> Vec<(Key, Value)> {
    let theme = |theme: ThemeView| match theme {
        ThemeView::System => Theme::System,
        ThemeView::Light => Theme::Light,
        ThemeView::Dark => Theme::Dark,
    };
    let density = |density: DensityView| match density {
        DensityView::Compact => Density::Compact,
        DensityView::Roomy => Density::Roomy,
    };
    let all = [
        (Key::Theme, changes.theme.map(|word| Value::Word(theme(word).word().to_owned()))),
        (Key::Density, changes.density.map(|word| Value::Word(density(word).word().to_owned()))),
        (Key::RecentWorkspaces, changes.recent_workspaces.map(Value::Number)),
        (Key::Notifications, changes.notifications.map(Value::Flag)),
        (Key::Tray, changes.tray.map(Value::Flag)),
        (Key::CloseToTray, changes.close_to_tray.map(Value::Flag)),
        (Key::ConfirmProduction, changes.confirm_production.map(Value::Flag)),
        (Key::HistoryDays, changes.history_days.map(Value::Number)),
    ];
    all.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
}
