//! The file: read with the place of every fault, and edited on its own text.

use crate::fault::{Fault, Faults};
use crate::key::{Key, LINES, Line, Value};
use crate::settings::Settings;
use std::ops::Range;

/// The first lines of a new file.
const HEAD: &str = "\
# Firn's settings for all workspaces of this machine. What belongs to one workspace is in its firn.yaml.
# A line that is commented out shows a default. Firn reads this file again when its window comes to the front.
";

/// A file of settings that can be used.
#[derive(Clone, Debug)]
pub struct Document {
    text: String,
    settings: Settings,
    /// Where the value of each setting stands that is set.
    places: Vec<(Key, Range<usize>)>,
}

impl Document {
    /// Returns the text of a new file: every default, commented out, under what it is about.
    #[must_use]
    pub fn template() -> String {
        let mut text = HEAD.to_owned();
        for line in LINES {
            text.push_str(&format!("\n# {}\n# {} = {}\n", line.about, line.name, line.default().toml()));
        }
        text
    }

    /// Reads a file.
    ///
    /// # Errors
    /// Everything that is wrong with it: text that is no TOML, names that no setting has, values it does not allow.
    pub fn parse(text: &str) -> Result<Self, Faults> {
        let parsed = toml_edit::Document::parse(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            // What TOML itself says may hold the line's text over several lines; its first says what is wrong.
            let message = error.message().lines().next().unwrap_or("this is no TOML").to_owned();
            Faults(vec![fault(text, at, "", message, Some("put it right, or take the line out"))])
        })?;
        let mut document = Self { text: text.to_owned(), settings: Settings::default(), places: Vec::new() };
        let mut faults = Vec::new();
        for (name, item) in parsed.as_table() {
            let named = parsed.as_table().get_key_value(name).and_then(|(key, _)| key.span());
            let place = item.span().filter(|_| item.is_value());
            let at = named.or_else(|| item.span()).map_or(0, |span| span.start);
            let Some(line) = LINES.iter().find(|line| line.name == name) else {
                faults.push(unknown(text, at, name));
                continue;
            };
            match (value(item), place) {
                (Some(value), Some(place)) if line.refuse(&value).is_none() => {
                    document.settings.take(line.key, &value);
                    document.places.push((line.key, place));
                }
                (_, place) => {
                    let at = place.map_or(at, |place| place.start);
                    faults.push(fault(text, at, name, format!("this has to be {}", line.expects()), None));
                }
            }
        }
        if faults.is_empty() {
            return Ok(document);
        }
        faults.sort_by_key(|fault| (fault.line, fault.column));
        Err(Faults(faults))
    }

    /// Returns what the file says, defaults where it says nothing.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Returns the text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Sets a setting. Every other line stays as it is, byte for byte; the value of one that holds already is not
    /// written.
    ///
    /// # Errors
    /// What the setting may be, where it may not be this.
    pub fn set(&mut self, key: Key, value: &Value) -> Result<(), Faults> {
        let line = key.line();
        if line.refuse(value).is_some() {
            let message = format!("this has to be {}", line.expects());
            return Err(Faults(vec![Fault { line: 1, column: 1, key: line.name.to_owned(), message, hint: None }]));
        }
        if self.settings.value(key) == *value {
            return Ok(());
        }
        let mut text = self.text.clone();
        match self.places.iter().find(|(set, _)| *set == key) {
            Some((_, place)) => text.replace_range(place.clone(), &value.toml()),
            None => insert(&mut text, line, value),
        }
        *self = Self::parse(&text)?;
        Ok(())
    }
}

/// Writes a setting that is not set yet: below the line that shows its default, or at the end.
fn insert(text: &mut String, line: &Line, value: &Value) {
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let written = format!("{} = {}{end}", line.name, value.toml());
    let mut at = 0;
    for raw in text.split_inclusive('\n') {
        at += raw.len();
        if shows(raw, line.name) {
            if !raw.ends_with('\n') {
                text.push_str(end);
                at = text.len();
            }
            text.insert_str(at, &written);
            return;
        }
    }
    if !text.is_empty() && !text.ends_with('\n') {
        text.push_str(end);
    }
    text.push_str(&written);
}

/// Returns whether a line is the comment that shows a setting's default.
fn shows(line: &str, name: &str) -> bool {
    let comment = line.trim_start().strip_prefix('#').map(str::trim_start);
    comment.and_then(|comment| comment.strip_prefix(name)).is_some_and(|rest| rest.trim_start().starts_with('='))
}

fn value(item: &toml_edit::Item) -> Option<Value> {
    match item.as_value()? {
        toml_edit::Value::String(word) => Some(Value::Word(word.value().clone())),
        toml_edit::Value::Boolean(flag) => Some(Value::Flag(*flag.value())),
        toml_edit::Value::Integer(number) => u32::try_from(*number.value()).ok().map(Value::Number),
        _ => None,
    }
}

fn unknown(text: &str, at: usize, name: &str) -> Fault {
    let near = LINES
        .iter()
        .map(|line| (strsim::damerau_levenshtein(line.name, name), line.name))
        .filter(|(distance, _)| *distance <= 3)
        .min();
    let hint = near.map_or_else(
        || format!("the settings are {}", LINES.iter().map(|line| line.name).collect::<Vec<_>>().join(", ")),
        |(_, near)| format!("did you mean {near}?"),
    );
    fault(text, at, name, "there is no such setting".to_owned(), Some(&hint))
}

fn fault(text: &str, at: usize, key: &str, message: String, hint: Option<&str>) -> Fault {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Fault {
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        key: key.to_owned(),
        message,
        hint: hint.map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Theme;
    use proptest::prelude::*;

    #[test]
    fn a_new_file_sets_nothing_and_shows_every_default() {
        let template = Document::template();
        let document = Document::parse(&template).unwrap();
        assert_eq!(document.settings(), &Settings::default());
        assert!(document.places.is_empty());
        for line in LINES {
            assert!(template.lines().any(|text| shows(text, line.name)), "{}", line.name);
        }
        let uncommented: String = template
            .lines()
            .map(|text| if LINES.iter().any(|line| shows(text, line.name)) { &text[2..] } else { text })
            .fold(String::new(), |text, line| text + line + "\n");
        let document = Document::parse(&uncommented).unwrap();
        assert_eq!((document.settings(), document.places.len()), (&Settings::default(), LINES.len()));
    }

    #[test]
    fn a_setting_is_written_below_its_default_and_nothing_else_changes() {
        let mut document = Document::parse(&Document::template()).unwrap();
        document.set(Key::Theme, &Value::Word("dark".into())).unwrap();
        assert_eq!(
            document.text(),
            Document::template().replace("# theme = \"system\"\n", "# theme = \"system\"\ntheme = \"dark\"\n")
        );
        assert_eq!(document.settings().theme, Theme::Dark);
    }

    #[test]
    fn a_value_is_replaced_where_it_stands_with_its_comment_kept() {
        let text = "# mine\ntray=  false   # no panel here\r\nhistory_days = 7";
        let mut document = Document::parse(text).unwrap();
        document.set(Key::Tray, &Value::Flag(true)).unwrap();
        document.set(Key::HistoryDays, &Value::Number(30)).unwrap();
        assert_eq!(document.text(), "# mine\ntray=  true   # no panel here\r\nhistory_days = 30");
        document.set(Key::Notifications, &Value::Flag(false)).unwrap();
        assert!(document.text().ends_with("history_days = 30\r\nnotifications = false\r\n"), "{}", document.text());
    }

    #[test]
    fn what_holds_already_is_not_written() {
        let mut document = Document::parse("").unwrap();
        document.set(Key::Tray, &Value::Flag(true)).unwrap();
        assert_eq!(document.text(), "");
    }

    #[test]
    fn every_fault_is_told_with_its_place() {
        let faults =
            Document::parse("theme = \"drak\"\n\ntrey = false\n  history_days = 0\ntray = \"yes\"\n").unwrap_err();
        let places: Vec<_> = faults.0.iter().map(|f| (f.line, f.column, f.key.as_str())).collect();
        assert_eq!(places, [(1, 9, "theme"), (3, 1, "trey"), (4, 18, "history_days"), (5, 8, "tray")]);
        assert_eq!(faults.0[1].hint.as_deref(), Some("did you mean tray?"));
        assert!(faults.0[0].message.contains("\"dark\""));
        let faults = Document::parse("tray = true\ntheme = \n").unwrap_err();
        assert_eq!((faults.0[0].line, faults.0[0].key.as_str()), (2, ""));
        let faults = Document::parse("tray = true\n[window]\nwidth = 1\n").unwrap_err();
        assert_eq!((faults.0[0].line, faults.0[0].key.as_str()), (2, "window"));
        assert!(Document::parse("tray = true\ntray = false\n").is_err());
    }

    fn edits() -> impl Strategy<Value = Vec<(Key, Value)>> {
        let one = prop_oneof![
            prop_oneof![Just("system"), Just("light"), Just("dark")]
                .prop_map(|word| (Key::Theme, Value::Word(word.to_owned()))),
            (1_u32..=100).prop_map(|number| (Key::RecentWorkspaces, Value::Number(number))),
            any::<bool>().prop_map(|flag| (Key::Tray, Value::Flag(flag))),
            any::<bool>().prop_map(|flag| (Key::CloseToTray, Value::Flag(flag))),
            (1_u32..=3650).prop_map(|number| (Key::HistoryDays, Value::Number(number))),
        ];
        prop::collection::vec(one, 0..12)
    }

    proptest! {
        #[test]
        fn edits_hold_and_leave_every_comment_as_it_was(
            edits in edits(),
            start in prop_oneof![
                Just(Document::template()),
                Just(String::new()),
                Just("# a\r\ntheme = \"light\" # b\r\n#tray=true\r\n".to_owned()),
                Just("history_days=9#c".to_owned()),
            ],
        ) {
            let mut document = Document::parse(&start).unwrap();
            for (key, value) in edits {
                let before = document.text().to_owned();
                document.set(key, &value).unwrap();
                prop_assert_eq!(document.settings().value(key), value);
                let line_of = |text: &str| text.lines().filter(|line| !line.trim_start().starts_with(key.name())).map(str::to_owned).collect::<Vec<_>>();
                prop_assert_eq!(line_of(&before), line_of(document.text()));
            }
        }
    }
}
