//! The one place where names and texts become DuckDB SQL.

use firn_catalog::TableName;

/// The schema of a table whose name gives none.
pub(crate) const DEFAULT_SCHEMA: &str = "main";

/// Writes a name as a quoted identifier.
pub(crate) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Writes a text as a string literal.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Writes a schema's name so that DuckDB cannot take it for the database's.
pub(crate) fn schema(catalog: &str, schema: &str) -> String {
    // A schema called like the file is ambiguous to DuckDB unless the database stands before it.
    if schema.eq_ignore_ascii_case(catalog) {
        format!("{}.{}", identifier(catalog), identifier(schema))
    } else {
        identifier(schema)
    }
}

/// Writes a table's name with its schema.
pub(crate) fn table(catalog: &str, name: &TableName) -> String {
    let schema_name = name.schema.as_deref().unwrap_or(DEFAULT_SCHEMA);
    format!("{}.{}", schema(catalog, schema_name), identifier(&name.name))
}

/// Writes column names as a list.
pub(crate) fn columns<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(identifier).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_doubled() {
        assert_eq!(identifier("a\"b"), "\"a\"\"b\"");
        assert_eq!(literal("it's"), "'it''s'");
    }

    #[test]
    fn a_schema_called_like_the_file_is_spelled_out() {
        assert_eq!(table("warehouse", &TableName::new("raw", "t")), "\"raw\".\"t\"");
        assert_eq!(table("raw", &TableName::new("Raw", "t")), "\"raw\".\"Raw\".\"t\"");
        let bare = TableName { database: None, schema: None, name: "t".into() };
        assert_eq!(table("warehouse", &bare), "\"main\".\"t\"");
    }
}
