//! How new values are written.

use crate::scalar::{Style, write_text};
use crate::value::Value;

/// Writes a value on one line; `like` is the style of the scalar that it replaces.
pub(super) fn inline(value: &Value, like: Style) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Flag(flag) => flag.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Number(number) => write_number(*number),
        Value::Text(text) => write_text(text, like),
        Value::List(items) => {
            let items: Vec<_> = items.iter().map(|item| inline(item, Style::Plain)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Map(entries) if entries.is_empty() => "{}".to_owned(),
        Value::Map(entries) => {
            let entries: Vec<_> = entries.iter().map(|(key, value)| entry(key, value)).collect();
            format!("{{ {} }}", entries.join(", "))
        }
    }
}

/// Writes a key with its value on one line.
pub(super) fn entry(key: &str, value: &Value) -> String {
    format!("{}: {}", write_text(key, Style::Plain), inline(value, Style::Plain))
}

/// Writes the entries of a map on lines of their own, without indentation: what is inside of them stays on one line.
pub(super) fn lines(value: &Value) -> Vec<String> {
    match value {
        Value::Map(entries) if !entries.is_empty() => entries.iter().map(|(key, value)| entry(key, value)).collect(),
        other => vec![inline(other, Style::Plain)],
    }
}

fn write_number(number: f64) -> String {
    if number.is_nan() {
        return ".nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let text = format!("{number:?}");
    // `1.0` and `1e16` are numbers to YAML, too; nothing else comes out of Rust's own notation.
    text
}
