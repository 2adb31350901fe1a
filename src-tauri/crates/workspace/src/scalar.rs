//! Single values: what a written scalar means, and how a value is written.

use saphyr_parser::ScalarStyle;

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    Single,
    Double,
    Literal,
    Folded,
}

impl Style {
    /// Tells whether the scalar is written on lines of its own, after `|` or `>`.
    pub(crate) fn is_block(self) -> bool {
        matches!(self, Self::Literal | Self::Folded)
    }
}

impl From<ScalarStyle> for Style {
    fn from(style: ScalarStyle) -> Self {
        match style {
            ScalarStyle::Plain => Self::Plain,
            ScalarStyle::SingleQuoted => Self::Single,
            ScalarStyle::DoubleQuoted => Self::Double,
            ScalarStyle::Literal => Self::Literal,
            ScalarStyle::Folded => Self::Folded,
        }
    }
}

/// What a scalar means under YAML 1.2's core schema.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Meaning {
    Null,
    Flag(bool),
    Integer(i64),
    Number(f64),
    Text,
}

/// Returns the meaning of a scalar; only a plain one can be anything but text.
///
/// Integers beyond 64 bits are numbers, so that a range check names them instead of taking them for text.
pub(crate) fn meaning(text: &str, style: Style) -> Meaning {
    if style != Style::Plain {
        return Meaning::Text;
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Meaning::Null,
        "true" | "True" | "TRUE" => return Meaning::Flag(true),
        "false" | "False" | "FALSE" => return Meaning::Flag(false),
        _ => {}
    }
    if let Some(number) = integer(text) {
        return number;
    }
    float(text).map_or(Meaning::Text, Meaning::Number)
}

fn integer(text: &str) -> Option<Meaning> {
    let based = |digits: &str, radix| {
        let plain = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
        plain.then(|| i64::from_str_radix(digits, radix).map_or(Meaning::Number(f64::INFINITY), Meaning::Integer))
    };
    if let Some(digits) = text.strip_prefix("0x") {
        return based(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return based(digits, 8);
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(match text.parse::<i64>() {
        Ok(value) => Meaning::Integer(value),
        Err(_) => Meaning::Number(text.parse().unwrap_or(f64::INFINITY)),
    })
}

fn float(text: &str) -> Option<f64> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    match rest {
        ".inf" | ".Inf" | ".INF" => return Some(sign * f64::INFINITY),
        ".nan" | ".NaN" | ".NAN" if rest.len() == text.len() => return Some(f64::NAN),
        _ => {}
    }
    // Rust reads more than YAML does (`inf`, `nan`), so the letters are checked first.
    let mut digits = false;
    for byte in rest.bytes() {
        match byte {
            b'0'..=b'9' => digits = true,
            b'.' | b'e' | b'E' | b'+' | b'-' => {}
            _ => return None,
        }
    }
    let starts_well = rest.starts_with(|first: char| first.is_ascii_digit() || first == '.');
    if !digits || !starts_well {
        return None;
    }
    rest.parse::<f64>().ok().map(|value| sign * value)
}

/// Writes `text` as a YAML scalar that means this text wherever it stands, in the style `like` where that can carry it.
pub(crate) fn write_text(text: &str, like: Style) -> String {
    let printable = text.chars().all(is_plainly_printable);
    match like {
        Style::Single if printable => format!("'{}'", text.replace('\'', "''")),
        Style::Double => quoted(text),
        _ if is_safe_plain(text) => text.to_owned(),
        _ => quoted(text),
    }
}

/// Tells whether a text without quotes is this text for every YAML reader, in block and flow context alike.
fn is_safe_plain(text: &str) -> bool {
    let first_ok = text.starts_with(|first: char| first.is_ascii_alphabetic() || matches!(first, '_' | '/'));
    let rest_ok = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'/' | b'-'));
    // The words that YAML 1.1 readers (dbt, PyYAML) take for booleans.
    let reserved = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    first_ok && rest_ok && !reserved.contains(&text.to_ascii_lowercase().as_str())
}

fn is_plainly_printable(letter: char) -> bool {
    !letter.is_control() && !matches!(letter, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            letter if is_plainly_printable(letter) => out.push(letter),
            letter => out.push_str(&format!("\\U{:08X}", u32::from(letter))),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_mean_what_the_core_schema_says() {
        let cases = [
            ("", Meaning::Null),
            ("~", Meaning::Null),
            ("null", Meaning::Null),
            ("true", Meaning::Flag(true)),
            ("False", Meaning::Flag(false)),
            ("yes", Meaning::Text),
            ("12", Meaning::Integer(12)),
            ("-12", Meaning::Integer(-12)),
            ("0x1F", Meaning::Integer(31)),
            ("0o17", Meaning::Integer(15)),
            ("017", Meaning::Integer(17)),
            ("9223372036854775808", Meaning::Number(9_223_372_036_854_775_808.0)),
            ("0.2", Meaning::Number(0.2)),
            ("1e3", Meaning::Number(1000.0)),
            (".5", Meaning::Number(0.5)),
            ("-.inf", Meaning::Number(f64::NEG_INFINITY)),
            ("inf", Meaning::Text),
            ("e5", Meaning::Text),
            (".", Meaning::Text),
            ("120s", Meaning::Text),
            ("1.2.3", Meaning::Text),
            ("-", Meaning::Text),
        ];
        for (text, expected) in cases {
            assert_eq!(meaning(text, Style::Plain), expected, "{text:?}");
        }
        assert_eq!(meaning("12", Style::Double), Meaning::Text);
        assert!(matches!(meaning(".nan", Style::Plain), Meaning::Number(value) if value.is_nan()));
    }

    #[test]
    fn text_that_could_be_read_as_something_else_is_quoted() {
        for text in ["", "null", "Yes", "12", "a: b", "a #b", "*", "lower(email)", "a, b", "-", "ß", " a", "1e3"] {
            assert!(write_text(text, Style::Plain).starts_with('"'), "{text:?}");
        }
        for text in ["public.users", "verify-full", "data/warehouse.duckdb", "_x"] {
            assert_eq!(write_text(text, Style::Plain), text);
        }
        assert_eq!(write_text("it's", Style::Single), "'it''s'");
        assert_eq!(write_text("a\nb", Style::Single), "\"a\\nb\"");
    }
}
