//! Target names made from source names: `analytics.{schema}_{table}`.

use crate::name::TableName;

/// A pattern of target names. `{schema}` and `{table}` stand for the parts of the source's name; `:upper` and `:lower`
/// after either change its letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameTemplate {
    /// The parts between dots: table; schema and table; or database, schema and table.
    parts: Vec<Vec<Piece>>,
}

/// Why a text is no pattern of names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// A brace is opened and not closed, or closed and not opened.
    #[error("the braces in `{0}` do not match")]
    Braces(String),
    /// Something other than a part of the name stands between braces.
    #[error(
        "`{{{0}}}` is no part of a name: write {{schema}} or {{table}}, with :upper or :lower behind it where wanted"
    )]
    Unknown(String),
    /// Nothing stands between two dots, or nothing at all.
    #[error("a part of `{0}` is empty")]
    EmptyPart(String),
    /// More than database, schema and table.
    #[error("`{0}` has more than three parts")]
    TooManyParts(String),
    /// Every table would have the same name.
    #[error("`{0}` does not name {{table}}: all tables would have one name")]
    NoTable(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Part(Part, Letters),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Schema,
    Table,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Letters {
    Kept,
    Upper,
    Lower,
}

impl NameTemplate {
    /// Reads a pattern.
    ///
    /// # Errors
    /// [`TemplateError`] says which rule the text breaks.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut parts = vec![Vec::new()];
        let mut rest = text.trim();
        while let Some(at) = rest.find(['{', '}', '.']) {
            let (before, from) = rest.split_at(at);
            push_text(&mut parts, before);
            if let Some(after) = from.strip_prefix('.') {
                parts.push(Vec::new());
                rest = after;
                continue;
            }
            let inside = from.strip_prefix('{').and_then(|inside| inside.split_once('}'));
            let (inside, after) = inside.ok_or_else(|| TemplateError::Braces(text.to_owned()))?;
            if let Some(part) = parts.last_mut() {
                part.push(piece(inside)?);
            }
            rest = after;
        }
        push_text(&mut parts, rest);
        if parts.iter().any(Vec::is_empty) {
            return Err(TemplateError::EmptyPart(text.to_owned()));
        }
        if parts.len() > 3 {
            return Err(TemplateError::TooManyParts(text.to_owned()));
        }
        let names_table = |piece: &Piece| matches!(piece, Piece::Part(Part::Table, _));
        if !parts.iter().flatten().any(names_table) {
            return Err(TemplateError::NoTable(text.to_owned()));
        }
        Ok(Self { parts })
    }

    /// Makes the name for a source table. A dot inside one of its names stays inside.
    #[must_use]
    pub fn name_for(&self, source: &TableName) -> TableName {
        let write = |pieces: &Vec<Piece>| pieces.iter().map(|piece| write(piece, source)).collect::<String>();
        let mut parts: Vec<String> = self.parts.iter().map(write).collect();
        let name = parts.pop().unwrap_or_default();
        let schema = parts.pop();
        TableName { database: parts.pop(), schema, name }
    }
}

fn push_text(parts: &mut [Vec<Piece>], text: &str) {
    if let (Some(part), false) = (parts.last_mut(), text.is_empty()) {
        part.push(Piece::Text(text.to_owned()));
    }
}

fn piece(inside: &str) -> Result<Piece, TemplateError> {
    let unknown = || TemplateError::Unknown(inside.to_owned());
    let (name, letters) = match inside.split_once(':') {
        None => (inside, Letters::Kept),
        Some((name, "upper")) => (name, Letters::Upper),
        Some((name, "lower")) => (name, Letters::Lower),
        Some(_) => return Err(unknown()),
    };
    match name {
        "schema" => Ok(Piece::Part(Part::Schema, letters)),
        "table" => Ok(Piece::Part(Part::Table, letters)),
        _ => Err(unknown()),
    }
}

fn write(piece: &Piece, source: &TableName) -> String {
    match piece {
        Piece::Text(text) => text.clone(),
        Piece::Part(part, letters) => {
            let text = match part {
                Part::Schema => source.schema_or_empty(),
                Part::Table => &source.name,
            };
            match letters {
                Letters::Kept => text.to_owned(),
                Letters::Upper => text.to_uppercase(),
                Letters::Lower => text.to_lowercase(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(template: &str, source: &str) -> String {
        let source = TableName::parse(source).unwrap();
        NameTemplate::parse(template).unwrap().name_for(&source).to_string()
    }

    #[test]
    fn parts_of_the_source_stand_where_the_pattern_says() {
        assert_eq!(made("{schema}_{table}", "app.Users"), "app_Users");
        assert_eq!(made("analytics.{table:lower}", "app.Users"), "analytics.users");
        assert_eq!(made("{schema:upper}.raw_{table:upper}", "app.Users"), "APP.raw_USERS");
        assert_eq!(made("w.{schema}.{table}", "app.users"), "w.app.users");
    }

    #[test]
    fn a_dot_in_a_name_makes_no_part() {
        assert_eq!(made("a.{table}", "public.\"orders.2026\""), "a.\"orders.2026\"");
    }

    #[test]
    fn what_is_no_pattern_is_told() {
        let error = |text| NameTemplate::parse(text).unwrap_err();
        assert!(matches!(error("{table"), TemplateError::Braces(_)));
        assert!(matches!(error("table}"), TemplateError::Braces(_)));
        assert!(matches!(error("{name}"), TemplateError::Unknown(_)));
        assert!(matches!(error("{table:title}"), TemplateError::Unknown(_)));
        assert!(matches!(error("a..{table}"), TemplateError::EmptyPart(_)));
        assert!(matches!(error(""), TemplateError::EmptyPart(_)));
        assert!(matches!(error("a.b.c.{table}"), TemplateError::TooManyParts(_)));
        assert!(matches!(error("analytics.all"), TemplateError::NoTable(_)));
    }
}
