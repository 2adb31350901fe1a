//! Where local state is kept and which variables hold, decided from what a shell hands in: the layer itself reads no
//! environment.

use crate::wire::ErrorView;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Returns the folder of local state for these variables: `FIRN_DATA_DIR`, or the system's place for a user's data.
///
/// # Errors
/// `configuration` where the variables name no absolute folder.
pub fn data_dir(variables: &HashMap<String, String>) -> Result<PathBuf, ErrorView> {
    let place = || system_folder(variables, "LOCALAPPDATA", "XDG_DATA_HOME", ".local/share");
    folder(variables, "FIRN_DATA_DIR").or_else(place).ok_or_else(|| {
        ErrorView::configuration("there is no folder for Firn's local state: no variable names a home folder")
            .with_hint("set FIRN_DATA_DIR to an absolute path")
    })
}

/// Returns the folder of the person's settings for these variables: `FIRN_CONFIG_DIR`, the folder of local state where
/// `FIRN_DATA_DIR` names one, or the system's place for a user's settings. `None` where no variable names a folder.
#[must_use]
pub fn settings_dir(variables: &HashMap<String, String>) -> Option<PathBuf> {
    let named = folder(variables, "FIRN_CONFIG_DIR").or_else(|| folder(variables, "FIRN_DATA_DIR"));
    named.or_else(|| system_folder(variables, "APPDATA", "XDG_CONFIG_HOME", ".config"))
}

/// Returns the folder that a variable names; a relative one counts as unset.
fn folder(variables: &HashMap<String, String>, name: &str) -> Option<PathBuf> {
    variables.get(name).map(PathBuf::from).filter(|folder| folder.is_absolute())
}

/// Returns Firn's folder in the system's place, which a variable names, or which is at a known place below the home.
fn system_folder(variables: &HashMap<String, String>, windows: &str, xdg: &str, below_home: &str) -> Option<PathBuf> {
    let folder = |name: &str| folder(variables, name);
    let place = if cfg!(target_os = "macos") {
        folder("HOME").map(|home| home.join("Library/Application Support"))
    } else if cfg!(windows) {
        folder(windows)
    } else {
        folder(xdg).or_else(|| folder("HOME").map(|home| home.join(below_home)))
    };
    place.map(|place| place.join("firn"))
}

/// Reads the variables of a file of `NAME=VALUE` lines.
///
/// # Errors
/// `configuration` with file and line where a line, or with the file where the whole of it cannot be read.
pub fn read_env_file(file: &Path) -> Result<Vec<(String, String)>, ErrorView> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file)
        .map_err(|error| ErrorView::configuration(format!("cannot read the file of variables {name}: {error}")))?;
    firn_workspace::parse_env_file(&text, &name).map_err(|error| ErrorView::configuration(error.to_string()))
}

/// Returns the time as the wire types have it: ISO 8601, UTC.
#[must_use]
pub fn now() -> String {
    crate::run::iso(chrono::Utc::now())
}

/// Returns the JSON Schema of `firn.yaml` as indented text.
#[must_use]
pub fn json_schema() -> String {
    format!("{:#}\n", firn_workspace::json_schema())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&str, &str)]) -> Option<PathBuf> {
        let variables = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        data_dir(&variables).ok()
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_nearest_variable_names_the_folder() {
        let all = [("HOME", "/home/a"), ("XDG_DATA_HOME", "/data"), ("FIRN_DATA_DIR", "/firn")];
        assert_eq!(of(&all), Some("/firn".into()));
        assert_eq!(of(&all[..2]), Some("/data/firn".into()));
        assert_eq!(of(&all[..1]), Some("/home/a/.local/share/firn".into()));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn settings_are_where_settings_are_kept_unless_local_state_is_elsewhere() {
        let of = |pairs: &[(&str, &str)]| {
            settings_dir(&pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
        };
        let all = [
            ("HOME", "/home/a"),
            ("XDG_CONFIG_HOME", "/config"),
            ("FIRN_DATA_DIR", "/firn"),
            ("FIRN_CONFIG_DIR", "/set"),
        ];
        assert_eq!(of(&all), Some("/set".into()));
        assert_eq!(of(&all[..3]), Some("/firn".into()));
        assert_eq!(of(&all[..2]), Some("/config/firn".into()));
        assert_eq!(of(&all[..1]), Some("/home/a/.config/firn".into()));
        assert_eq!(of(&[("HOME", "")]), None);
    }

    #[test]
    fn relative_folders_count_as_unset() {
        assert_eq!(of(&[("FIRN_DATA_DIR", "here"), ("HOME", ""), ("XDG_DATA_HOME", "."), ("LOCALAPPDATA", "x")]), None);
    }

    #[test]
    fn a_line_that_cannot_be_read_is_named_without_its_text() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("prod.env");
        std::fs::write(&file, "A=1\nhunter2\n").unwrap();
        let error = read_env_file(&file).unwrap_err();
        assert_eq!(error.code, "configuration");
        assert!(error.message.contains("prod.env:2"), "{}", error.message);
        assert!(!error.message.contains("hunter2"));
    }
}
