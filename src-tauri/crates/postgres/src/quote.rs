//! The one place where names and values become PostgreSQL SQL.
//!
//! Statements are sent with their values in the text, as simple queries: one round trip, and a pooler in transaction
//! mode never has to find a prepared statement again on another server connection.

use firn_catalog::{CastForm, RemedyForm, TableName};
use firn_connector::{Error, ErrorKind, Result, Side};

/// Writes an identifier in double quotes.
///
/// A name with U+0000, which PostgreSQL cannot hold, is written with an escape that every server refuses.
#[must_use]
pub fn ident(name: &str) -> String {
    let doubled = name.replace('"', "\"\"");
    if doubled.contains('\0') {
        return format!("U&\"{}\"", doubled.replace('\\', "\\\\").replace('\0', "\\0000"));
    }
    format!("\"{doubled}\"")
}

/// Writes the name of a table, with its schema where it has one. A database named by the user is left out: a
/// connection has only one.
#[must_use]
pub fn table(name: &TableName) -> String {
    match &name.schema {
        Some(schema) => format!("{}.{}", ident(schema), ident(&name.name)),
        None => ident(&name.name),
    }
}

/// Writes the expression that casts a column. The types named by a cast are the catalog's own, and need no quotes.
#[must_use]
pub fn cast(column: &str, form: &CastForm) -> String {
    let column = ident(column);
    match form {
        CastForm::To(ty) => format!("{column}::{ty}"),
        CastForm::AtUtc => format!("{column} AT TIME ZONE 'UTC'"),
        CastForm::UtcDay => format!("({column} AT TIME ZONE 'UTC')::date"),
    }
}

/// Writes the expression that applies a remedy to a value: a column, or what its transform makes of it already.
#[must_use]
pub fn remedy(column: &str, transform: Option<&str>, form: &RemedyForm) -> String {
    let value = match transform {
        None => ident(column),
        // A line end closes a comment at the end of what somebody wrote.
        Some(sql) if sql.contains("--") => format!("({sql}\n)"),
        Some(sql) => format!("({sql})"),
    };
    match form {
        RemedyForm::NullFor(values) => {
            values.iter().fold(value, |value, unwanted| format!("nullif({value}, {})", literal(unwanted)))
        }
        RemedyForm::NullFrom(first) => {
            format!("CASE WHEN {value} < {} OR {value} = 'infinity' THEN {value} END", literal(first))
        }
        RemedyForm::NullUnlessList => {
            format!("CASE WHEN array_ndims({value}) = 1 OR cardinality({value}) = 0 THEN {value} END")
        }
        RemedyForm::FromOne => format!("({value})[:]"),
        RemedyForm::Text => format!("{value}::text"),
        RemedyForm::Json => format!("to_jsonb({value})"),
        RemedyForm::Left(characters) => format!("left({value}::text, {characters})"),
        RemedyForm::Decoded(encoding) => {
            let bytes = format!("convert_to({value}, 'SQL_ASCII')");
            format!("convert_from(convert({bytes}, {}, 'UTF8'), 'SQL_ASCII')", literal(encoding))
        }
    }
}

/// Writes a text literal that means the same whatever `standard_conforming_strings` says.
///
/// A text with U+0000, which PostgreSQL cannot hold, is written with an escape that every server refuses.
#[must_use]
pub fn literal(text: &str) -> String {
    let doubled = text.replace('\'', "''");
    if doubled.contains(['\\', '\0']) {
        // The blank keeps the E apart from a word before it.
        return format!(" E'{}'", doubled.replace('\\', "\\\\").replace('\0', "\\000"));
    }
    format!("'{doubled}'")
}

/// A value put into a statement from a file.
#[derive(Debug, Clone, Copy)]
pub enum Value<'a> {
    /// A text, or the name of something.
    Text(&'a str),
    /// A text or NULL.
    Optional(Option<&'a str>),
    /// An integer, written as a literal that the statement casts.
    Integer(i64),
    /// A truth value, written likewise.
    Truth(bool),
}

/// Fills the variables of a statement, written as psql writes them: `:'name'` for a value, `:"name"` for an identifier.
/// The files can therefore be run by psql with `-v name=value`, too.
///
/// # Errors
/// [`ErrorKind::Other`] where the statement names a variable that was not given, or an identifier that is no text.
pub fn fill(statement: &str, values: &[(&str, Value<'_>)]) -> Result<String> {
    let mut filled = String::with_capacity(statement.len() + 64 * values.len());
    let mut rest = statement;
    while let Some(at) = rest.find(':') {
        let (before, from) = rest.split_at(at);
        filled.push_str(before);
        let after = &from[1..];
        let quoted = ['\'', '"'].into_iter().find_map(|quote| {
            let (name, tail) = after.strip_prefix(quote)?.split_once(quote)?;
            let word = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            // `::"char"` is a cast.
            (word && !filled.ends_with(':')).then_some((quote, name, tail))
        });
        let Some((quote, name, tail)) = quoted else {
            filled.push(':');
            rest = after;
            continue;
        };
        let value = values.iter().find(|(given, _)| *given == name).map(|(_, value)| *value);
        filled.push_str(&match (quote, value) {
            ('\'', Some(Value::Text(text) | Value::Optional(Some(text)))) => literal(text),
            ('\'', Some(Value::Optional(None))) => "NULL".to_owned(),
            ('\'', Some(Value::Integer(number))) => literal(&number.to_string()),
            ('\'', Some(Value::Truth(is))) => literal(if is { "true" } else { "false" }),
            ('"', Some(Value::Text(name))) => ident(name),
            _ => {
                let message = format!("a statement has no value for the variable `{name}`");
                return Err(Error::new(Side::Engine, ErrorKind::Other, message));
            }
        });
        rest = tail;
    }
    filled.push_str(rest);
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_backslashes_stay_inside() {
        assert_eq!(ident("say \"hi\""), "\"say \"\"hi\"\"\"");
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal("a\\'b"), " E'a\\\\''b'");
        assert_eq!(table(&TableName::new("public", "Users")), "\"public\".\"Users\"");
        assert_eq!(table(&TableName::parse("users").unwrap()), "\"users\"");
    }

    #[test]
    fn a_remedy_is_applied_to_what_a_transform_makes_of_the_column() {
        let nan = RemedyForm::NullFor(&["NaN"]);
        assert_eq!(remedy("Price", None, &nan), "nullif(\"Price\", 'NaN')");
        assert_eq!(remedy("price", Some("price * 2"), &nan), "nullif((price * 2), 'NaN')");
        assert_eq!(remedy("price", Some("price -- net"), &RemedyForm::Text), "(price -- net\n)::text");
        let infinite = RemedyForm::NullFor(&["Infinity", "-Infinity"]);
        assert_eq!(remedy("v", None, &infinite), "nullif(nullif(\"v\", 'Infinity'), '-Infinity')");
    }

    #[test]
    fn a_nul_is_never_sent_as_it_is() {
        assert_eq!(literal("a\0b"), " E'a\\000b'");
        assert_eq!(ident("a\0b"), "U&\"a\\0000b\"");
    }

    #[test]
    fn variables_are_filled_and_casts_are_left_alone() {
        let statement = "SELECT :'a'::text, x::\"char\", ':' || :'n' FROM :\"s\".t";
        let values = [("a", Value::Text("it's :'n'")), ("n", Value::Optional(None)), ("s", Value::Text("odd\"s"))];
        let filled = fill(statement, &values).unwrap();
        assert_eq!(filled, "SELECT 'it''s :''n'''::text, x::\"char\", ':' || NULL FROM \"odd\"\"s\".t");
        assert!(fill("SELECT :'b'", &values).is_err());
        assert!(fill("SELECT 1 AS :\"n\"", &values).is_err(), "NULL is not an identifier");
    }
}
