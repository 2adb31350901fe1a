//! Table names as users write them: `schema.table`, with double quotes where a part holds a dot or a quote.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The name of a table: an optional database, an optional schema and the table itself, unquoted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TableName {
    /// Database or catalog, where the user named one.
    pub database: Option<String>,
    /// Schema, where the user named one.
    pub schema: Option<String>,
    /// The table's own name.
    pub name: String,
}

/// Why a text is not a table name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// A part between two dots, or the whole name, is empty.
    #[error("a part of the table name `{0}` is empty")]
    EmptyPart(String),
    /// A double quote was opened and not closed, or closed in the middle of a part.
    #[error("the quotes in the table name `{0}` do not close where a part ends")]
    Quotes(String),
    /// More parts than database, schema and table.
    #[error("the table name `{0}` has more than three parts")]
    TooManyParts(String),
    /// PostgreSQL and DuckDB names cannot hold the character U+0000.
    #[error("the table name holds a NUL character")]
    Nul,
}

impl TableName {
    /// Makes a name of a schema and a table, both unquoted.
    pub fn new(schema: impl Into<String>, name: impl Into<String>) -> Self {
        Self { database: None, schema: Some(schema.into()), name: name.into() }
    }

    /// Parses `table`, `schema.table` or `database.schema.table`; a part may stand in double quotes, doubled inside.
    ///
    /// # Errors
    /// [`NameError`] says which rule the text breaks.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.contains('\0') {
            return Err(NameError::Nul);
        }
        let mut parts = split_parts(text)?;
        let too_many = || NameError::TooManyParts(text.to_owned());
        let name = parts.pop().ok_or_else(|| NameError::EmptyPart(text.to_owned()))?;
        let schema = parts.pop();
        let database = parts.pop();
        if !parts.is_empty() {
            return Err(too_many());
        }
        Ok(Self { database, schema, name })
    }

    /// Returns the name with `schema` filled in where the user named none.
    #[must_use]
    pub fn with_default_schema(mut self, schema: &str) -> Self {
        self.schema.get_or_insert_with(|| schema.to_owned());
        self
    }

    /// Returns the schema, or an empty text where none was named.
    #[must_use]
    pub fn schema_or_empty(&self) -> &str {
        self.schema.as_deref().unwrap_or("")
    }
}

fn split_parts(text: &str) -> Result<Vec<String>, NameError> {
    let mut parts = Vec::new();
    let mut chars = text.chars().peekable();
    loop {
        let mut part = String::new();
        if chars.peek() == Some(&'"') {
            chars.next();
            loop {
                match chars.next() {
                    Some('"') if chars.peek() == Some(&'"') => {
                        chars.next();
                        part.push('"');
                    }
                    Some('"') => break,
                    Some(c) => part.push(c),
                    None => return Err(NameError::Quotes(text.to_owned())),
                }
            }
            if !matches!(chars.peek(), None | Some('.')) {
                return Err(NameError::Quotes(text.to_owned()));
            }
        } else {
            while let Some(c) = chars.next_if(|c| *c != '.') {
                part.push(c);
            }
        }
        if part.is_empty() {
            return Err(NameError::EmptyPart(text.to_owned()));
        }
        parts.push(part);
        if chars.next().is_none() {
            return Ok(parts);
        }
        if chars.peek().is_none() {
            return Err(NameError::EmptyPart(text.to_owned()));
        }
    }
}

impl fmt::Display for TableName {
    /// Writes the name so that [`TableName::parse`] reads it back: quotes only where a part needs them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = self.database.iter().chain(self.schema.iter()).chain(std::iter::once(&self.name));
        for (i, part) in parts.enumerate() {
            if i > 0 {
                f.write_str(".")?;
            }
            if part.contains(['.', '"']) {
                write!(f, "\"{}\"", part.replace('"', "\"\""))?;
            } else {
                f.write_str(part)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_with_one_two_and_three_parts() {
        assert_eq!(TableName::parse("users").unwrap().schema, None);
        assert_eq!(TableName::parse("public.users").unwrap(), TableName::new("public", "users"));
        let three = TableName::parse("gis.public.cache").unwrap();
        assert_eq!(three.database.as_deref(), Some("gis"));
        assert!(matches!(TableName::parse("a.b.c.d"), Err(NameError::TooManyParts(_))));
        for bad in ["", ".", "a.", ".a", "a..b", "\"\""] {
            assert!(matches!(TableName::parse(bad), Err(NameError::EmptyPart(_))), "{bad:?}");
        }
        for bad in ["\"a", "\"a\"b", "x.\"y"] {
            assert!(matches!(TableName::parse(bad), Err(NameError::Quotes(_))), "{bad:?}");
        }
    }

    #[test]
    fn a_dot_inside_quotes_belongs_to_the_part() {
        let name = TableName::parse("\"odd.schema\".\"say \"\"hi\"\"\"").unwrap();
        assert_eq!(name, TableName::new("odd.schema", "say \"hi\""));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(schema in "[^\\x00]{1,12}", name in "[^\\x00]{1,12}") {
            let name = TableName::new(schema, name);
            // A part that begins with a quote and holds no dot is written in quotes, so every name survives.
            prop_assert_eq!(TableName::parse(&name.to_string()).unwrap(), name);
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _outcome = TableName::parse(&text);
        }
    }
}
