//! The check of a document against the table of keys: unknown and doubled keys, wrong shapes, missing and out-of-range values.

use crate::keys::{CONNECTION_KINDS, KIND, Key, Need, SECRET_KEYS, Section, Shape, nearest};
use crate::problem::{Position, Problems};
use crate::scalar::Meaning;
use crate::schedule::{Schedule, parse_span};
use crate::tree::{Entry, Kind, Node};
use firn_catalog::TableName;
use firn_secret::variable_name;

/// Checks a mapping against a section and everything below it.
pub(crate) fn check_section(node: &Node, section: &'static Section, path: &str, problems: &mut Problems) {
    let Some(entries) = node.entries() else {
        wrong_shape(node, path, "a mapping of keys", problems);
        return;
    };
    check_keys(node, entries, section, path, None, problems);
}

/// Checks the keys of a mapping against a section; for a connection, its name says where its secret goes.
fn check_keys(
    node: &Node,
    entries: &[Entry],
    section: &'static Section,
    path: &str,
    connection: Option<&str>,
    problems: &mut Problems,
) {
    check_doubles(entries, path, problems);
    let kind = connection.map(|_| KIND);
    for entry in entries {
        let at = join(path, entry.name());
        let secret = SECRET_KEYS.contains(&entry.name().to_lowercase().as_str());
        match (section.key(entry.name()), connection) {
            _ if kind == Some(entry.name()) => {}
            (Some(key), _) => check_value(&entry.value, key, &at, problems),
            (None, Some(connection)) if secret => refuse_secret(entry.key.position, &at, connection, problems),
            (None, _) => {
                let known: Vec<_> = kind.into_iter().chain(section.keys.iter().map(|key| key.name)).collect();
                unknown_key(entry, &at, &known, problems);
            }
        }
    }
    for key in section.keys {
        let missing = node.get(key.name).is_none_or(Node::is_null);
        if missing && matches!(key.need, Need::Required) {
            problems.add(
                node.position,
                &join(path, key.name),
                format!("the key `{}` is missing", key.name),
                format!("it is: {}", key.about),
            );
        }
    }
}

fn check_doubles(entries: &[Entry], path: &str, problems: &mut Problems) {
    for (index, entry) in entries.iter().enumerate() {
        if let Some(first) = entries[..index].iter().find(|first| first.name() == entry.name()) {
            problems.add(
                entry.key.position,
                &join(path, entry.name()),
                format!(
                    "the key `{}` stands here twice, first in line {}",
                    shown(entry.name()),
                    first.key.position.line
                ),
                "keep one of them",
            );
        }
    }
}

fn unknown_key(entry: &Entry, at: &str, known: &[&str], problems: &mut Problems) {
    let name = entry.name();
    let hint = if name == "<<" {
        "merge keys are not supported: write the keys out, or refer to single values with an alias".to_owned()
    } else {
        match nearest(name, known.iter().copied()) {
            Some(key) => format!("did you mean `{key}`?"),
            None => format!("the keys here are {}", list(known.iter().copied())),
        }
    };
    problems.add(entry.key.position, at, format!("`{}` is not a known key", shown(name)), hint);
}

fn check_value(node: &Node, key: &'static Key, path: &str, problems: &mut Problems) {
    // A required key that is null is reported as missing.
    if node.is_null() {
        return;
    }
    match key.shape {
        Shape::Text | Shape::Connection => {
            check_text(node, path, problems);
        }
        Shape::Flag => {
            if !matches!(node.meaning(), Some(Meaning::Flag(_))) {
                wrong_shape(node, path, "true or false", problems);
            }
        }
        Shape::Integer { min, max } => check_integer(node, min, max, path, problems),
        Shape::Number { min, max } => check_number(node, min, max, path, problems),
        Shape::Choice(words) => check_choice(node, words, path, problems),
        Shape::Table => {
            if let Some(text) = check_text(node, path, problems)
                && let Err(error) = TableName::parse(text)
            {
                problems.add(node.position, path, error.to_string(), "write it as schema.table");
            }
        }
        Shape::Names => check_names(node, path, problems),
        Shape::Texts => match node.items() {
            Some(items) => check_items(items, path, problems),
            None => wrong_shape(node, path, "a list of texts", problems),
        },
        Shape::Span => {
            if let Some(text) = check_text(node, path, problems)
                && let Err(error) = parse_span(text)
            {
                problems.add(node.position, path, error.to_string(), "");
            }
        }
        Shape::Schedule => {
            if let Some(text) = check_text(node, path, problems)
                && let Err(error) = Schedule::parse(text)
            {
                problems.add(node.position, path, error.to_string(), "");
            }
        }
        Shape::Transforms => check_transforms(node, path, problems),
        Shape::Section(section) => check_section(node, section, path, problems),
        Shape::Sections(section) => match node.items() {
            Some(items) => {
                for (index, item) in items.iter().enumerate() {
                    check_section(item, section, &format!("{path}[{index}]"), problems);
                }
            }
            None => wrong_shape(node, path, "a list, each item beginning with `- `", problems),
        },
        Shape::Connections => check_connections(node, path, problems),
    }
}

fn check_text<'doc>(node: &'doc Node, path: &str, problems: &mut Problems) -> Option<&'doc str> {
    let Some(text) = node.as_text() else {
        wrong_shape(node, path, "text", problems);
        return None;
    };
    if text.trim().is_empty() {
        problems.add(node.position, path, "the text is empty", "");
        return None;
    }
    if text.contains('\0') {
        problems.add(node.position, path, "the text holds the character U+0000", "");
        return None;
    }
    Some(text)
}

fn check_integer(node: &Node, min: i64, max: i64, path: &str, problems: &mut Problems) {
    let limits = if max == i64::MAX { format!("{min} or more") } else { format!("from {min} to {max}") };
    match node.meaning() {
        Some(Meaning::Integer(number)) if (min..=max).contains(&number) => {}
        Some(Meaning::Integer(number)) => {
            problems.add(node.position, path, format!("{number} is out of range"), format!("it must be {limits}"));
        }
        Some(Meaning::Number(number)) if number.fract() == 0.0 || number.is_infinite() => {
            problems.add(node.position, path, "the number is out of range", format!("it must be {limits}"));
        }
        _ => wrong_shape(node, path, &format!("a whole number, {limits}"), problems),
    }
}

fn check_number(node: &Node, min: f64, max: f64, path: &str, problems: &mut Problems) {
    let limits = if max >= 1e15 { format!("{min} or more") } else { format!("from {min} to {max}") };
    #[expect(clippy::cast_precision_loss, reason = "only compared with the limits")]
    let number = match node.meaning() {
        Some(Meaning::Integer(number)) => number as f64,
        Some(Meaning::Number(number)) => number,
        _ => return wrong_shape(node, path, &format!("a number, {limits}"), problems),
    };
    if !(min..=max).contains(&number) {
        problems.add(node.position, path, format!("{number} is out of range"), format!("it must be {limits}"));
    }
}

fn check_choice(node: &Node, words: &'static [&'static str], path: &str, problems: &mut Problems) {
    let all = list(words.iter().copied());
    match node.as_text() {
        Some(text) if words.contains(&text) => {}
        Some(text) => {
            let hint = match nearest(text, words.iter().copied()) {
                Some(word) => format!("did you mean `{word}`? It may be {all}"),
                None => format!("it may be {all}"),
            };
            problems.add(node.position, path, format!("`{}` is not possible here", shown(text)), hint);
        }
        None => wrong_shape(node, path, &format!("one of {all}"), problems),
    }
}

fn check_names(node: &Node, path: &str, problems: &mut Problems) {
    let Some(items) = node.items() else {
        if node.entries().is_some() {
            return wrong_shape(node, path, "a name or a list of names", problems);
        }
        check_text(node, path, problems);
        return;
    };
    if items.is_empty() {
        problems.add(node.position, path, "the list is empty", "name at least one column, or leave the key out");
    }
    check_items(items, path, problems);
}

fn check_items(items: &[Node], path: &str, problems: &mut Problems) {
    for (index, item) in items.iter().enumerate() {
        let at = format!("{path}[{index}]");
        if let Some(text) = check_text(item, &at, problems)
            && items[..index].iter().any(|earlier| earlier.as_text() == Some(text))
        {
            problems.add(item.position, &at, format!("`{}` is in the list twice", shown(text)), "");
        }
    }
}

fn check_transforms(node: &Node, path: &str, problems: &mut Problems) {
    let Some(entries) = node.entries() else {
        return wrong_shape(node, path, "a mapping from columns to SQL expressions", problems);
    };
    check_doubles(entries, path, problems);
    for entry in entries {
        let at = join(path, entry.name());
        if entry.name().trim().is_empty() {
            problems.add(entry.key.position, &at, "the column's name is empty", "");
        }
        if !entry.value.is_null() {
            check_text(&entry.value, &at, problems);
        }
    }
}

fn check_connections(node: &Node, path: &str, problems: &mut Problems) {
    let Some(entries) = node.entries() else {
        return wrong_shape(node, path, "a mapping from names to connections", problems);
    };
    check_doubles(entries, path, problems);
    for (index, entry) in entries.iter().enumerate() {
        let at = join(path, entry.name());
        check_connection_name(entry, &at, problems);
        let variable = variable_name(entry.name());
        if let Some(other) = entries[..index]
            .iter()
            .find(|other| other.name() != entry.name() && variable_name(other.name()) == variable)
        {
            problems.add(
                entry.key.position,
                &at,
                format!(
                    "the names `{}` and `{}` share the variable {variable}",
                    shown(other.name()),
                    shown(entry.name())
                ),
                "give one of them another name",
            );
        }
        check_connection(entry, &at, problems);
    }
}

fn check_connection_name(entry: &Entry, at: &str, problems: &mut Problems) {
    let name = entry.name();
    let fits = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.');
    if name.is_empty() || !name.chars().all(fits) {
        problems.add(
            entry.key.position,
            at,
            format!("`{}` is not a name for a connection", shown(name)),
            "use letters, digits, `_`, `-` and `.`",
        );
    }
}

fn check_connection(entry: &Entry, path: &str, problems: &mut Problems) {
    let node = &entry.value;
    let Some(entries) = node.entries() else {
        return wrong_shape(node, path, "a mapping of keys", problems);
    };
    let kinds = list(CONNECTION_KINDS.iter().map(|(kind, _)| *kind));
    let kind_path = join(path, "kind");
    let Some(kind) = node.get("kind").filter(|kind| !kind.is_null()) else {
        problems.add(node.position, &kind_path, "the key `kind` is missing", format!("it may be {kinds}"));
        return;
    };
    let Some(word) = kind.as_text() else {
        return wrong_shape(kind, &kind_path, &format!("one of {kinds}"), problems);
    };
    let Some((_, section)) = CONNECTION_KINDS.iter().find(|(known, _)| *known == word) else {
        let hint = match nearest(word, CONNECTION_KINDS.iter().map(|(kind, _)| *kind)) {
            Some(near) => format!("did you mean `{near}`? It may be {kinds}"),
            None => format!("it may be {kinds}"),
        };
        problems.add(kind.position, &kind_path, format!("`{}` is not a kind of connection", shown(word)), hint);
        return;
    };
    check_keys(node, entries, section, path, Some(entry.name()), problems);
}

/// Reports every text of the document that carries a password inside a URL. The text itself is not repeated.
pub(crate) fn check_no_secrets(node: &Node, path: &str, problems: &mut Problems) {
    match &node.kind {
        Kind::Scalar { text, .. } => {
            if carries_password(text) {
                problems.add(
                    node.position,
                    path,
                    "this URL carries a password, and the file must hold none",
                    "take it out, change the password if the file was shared, and store it with `firn connection set-secret NAME`",
                );
            }
        }
        Kind::Sequence { items, .. } => {
            for (index, item) in items.iter().enumerate() {
                check_no_secrets(item, &format!("{path}[{index}]"), problems);
            }
        }
        Kind::Mapping { entries, .. } => {
            for entry in entries {
                check_no_secrets(&entry.value, &join(path, entry.name()), problems);
            }
        }
    }
}

fn carries_password(text: &str) -> bool {
    text.match_indices("://").any(|(start, separator)| {
        let rest = &text[start + separator.len()..];
        let authority = rest.split(['/', '?', '#', ' ', '\n', '\'', '"']).next().unwrap_or("");
        authority
            .rsplit_once('@')
            .and_then(|(user, _)| user.split_once(':'))
            .is_some_and(|(_, password)| !password.is_empty())
    })
}

fn refuse_secret(position: Position, path: &str, connection: &str, problems: &mut Problems) {
    problems.add(
        position,
        path,
        "secrets and URLs are not kept in this file",
        format!(
            "write host, port, database and user as keys, and store the password with `firn connection set-secret {}` \
             or in the variable {}",
            shown(connection),
            variable_name(connection)
        ),
    );
}

fn wrong_shape(node: &Node, path: &str, expected: &str, problems: &mut Problems) {
    let found = match (&node.kind, node.meaning()) {
        (Kind::Sequence { .. }, _) => "a list",
        (Kind::Mapping { .. }, _) => "a mapping",
        (_, Some(Meaning::Null)) => "nothing",
        (_, Some(Meaning::Flag(_))) => "true or false",
        (_, Some(Meaning::Integer(_) | Meaning::Number(_))) => "a number",
        _ => "text",
    };
    let hint = match (expected, found) {
        ("text", "a number" | "true or false") => "put it in quotes",
        ("true or false", "text") => "write true or false without quotes",
        _ => "",
    };
    problems.add(node.position, path, format!("expected {expected}, found {found}"), hint);
}

pub(crate) fn join(path: &str, key: &str) -> String {
    let key = shown(key);
    if path.is_empty() { key } else { format!("{path}.{key}") }
}

fn list<'word>(words: impl Iterator<Item = &'word str>) -> String {
    words.map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// Returns a text of the document for an error: on one line, and not endless.
pub(crate) fn shown(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut out: String =
        text.chars().take(LONGEST).map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect();
    if text.chars().nth(LONGEST).is_some() {
        out.push('…');
    }
    out
}
