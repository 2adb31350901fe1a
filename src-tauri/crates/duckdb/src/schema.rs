//! The statements that bring a target table to the shape of a plan, and what they cannot do.

use crate::quote;
use crate::types::DuckType;
use firn_catalog::TableName;
use firn_connector::switches::{self, Protection};
use firn_connector::{Error, Finding, Level, Result, TargetColumn, TargetTable, WriteColumn};

/// Firn's own schema, which no table may be written into.
pub(crate) const STATE_SCHEMA: &str = "_firn";

/// Plans the DDL of a table. `catalog` is the database's own name.
///
/// # Errors
/// [`firn_connector::ErrorKind::Configuration`] where two columns are one to DuckDB, or the schema is Firn's own.
pub(crate) fn plan_ddl(
    catalog: &str,
    table: &TableName,
    existing: Option<&TargetTable>,
    columns: &[WriteColumn],
) -> Result<(Vec<String>, Vec<Finding>)> {
    check_names(catalog, table, columns)?;
    match existing {
        None => Ok((create(catalog, table, columns), Vec::new())),
        Some(found) => Ok(alter(catalog, table, found, columns)),
    }
}

fn check_names(catalog: &str, table: &TableName, columns: &[WriteColumn]) -> Result<()> {
    if let Some(database) = &table.database
        && !database.eq_ignore_ascii_case(catalog)
    {
        let message = format!("the target names the database {database}, but the warehouse is called {catalog}");
        return Err(Error::configuration(message)
            .on_table(table)
            .with_hint("Write the target as schema.table: one connection is one database."));
    }
    if table.schema_or_empty().eq_ignore_ascii_case(STATE_SCHEMA) {
        let message = format!("the schema {STATE_SCHEMA} holds Firn's own state");
        return Err(Error::configuration(message).on_table(table).with_hint("Choose another schema for the target."));
    }
    if columns.is_empty() {
        return Err(Error::configuration("no column is left to write").on_table(table));
    }
    if !switches::on(Protection::IdentifierCollision) {
        return Ok(());
    }
    for (i, column) in columns.iter().enumerate() {
        let earlier = &columns[..i];
        if let Some(twin) = earlier.iter().find(|other| same(&other.name, &column.name)) {
            let message = format!(
                "the columns {} and {} are one name in DuckDB, which does not tell upper from lower case",
                twin.name, column.name
            );
            return Err(Error::configuration(message)
                .on_table(table)
                .with_hint("Rename one of them in the source, or leave one out: transform: {column: null}."));
        }
    }
    Ok(())
}

/// DuckDB folds the case of ASCII letters only.
fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

fn create(catalog: &str, table: &TableName, columns: &[WriteColumn]) -> Vec<String> {
    let schema = table.schema.as_deref().unwrap_or(quote::DEFAULT_SCHEMA);
    let mut statements = Vec::new();
    if !same(schema, quote::DEFAULT_SCHEMA) {
        statements.push(format!("{CREATE_SCHEMA}{}", quote::schema(catalog, schema)));
    }
    // No primary key: the upsert keeps keys unique by itself, and an index over them costs three times the work
    // and memory that grows with the table.
    let list: Vec<String> = columns.iter().map(|c| format!("  {} {}", quote::identifier(&c.name), c.ddl)).collect();
    statements.push(format!("CREATE TABLE {} (\n{}\n)", quote::table(catalog, table), list.join(",\n")));
    statements
}

/// How the statement begins that a writer runs ahead of its transaction.
pub(crate) const CREATE_SCHEMA: &str = "CREATE SCHEMA IF NOT EXISTS ";

fn alter(
    catalog: &str,
    table: &TableName,
    found: &TargetTable,
    columns: &[WriteColumn],
) -> (Vec<String>, Vec<Finding>) {
    let mut statements = Vec::new();
    let mut findings = Vec::new();
    if !found.writable {
        let message = format!("{table} is a view");
        let fix = "Drop or rename the view, or choose another target table.";
        findings.push(Finding::new(Level::Critical, "target_is_view", message).with_fix(fix));
        return (statements, findings);
    }
    let target = quote::table(catalog, table);
    for column in columns {
        let name = quote::identifier(&column.name);
        let Some(present) = found.columns.iter().find(|c| same(&c.name, &column.name)) else {
            statements.push(format!("ALTER TABLE {target} ADD COLUMN {name} {}", column.ddl));
            let message = format!(
                "column {} is added as {}; older rows hold NULL there until they change",
                column.name, column.ddl
            );
            findings.push(Finding::new(Level::Info, "target_column_added", message));
            continue;
        };
        let (is, should) = (DuckType::read(&present.ty), DuckType::read(&column.ddl));
        if is.holds(&should) {
            continue;
        }
        if should.holds(&is) {
            statements.push(format!("ALTER TABLE {target} ALTER COLUMN {name} SET DATA TYPE {}", column.ddl));
            let message = format!("column {} is widened from {} to {}", column.name, present.ty, column.ddl);
            findings.push(Finding::new(Level::Info, "target_column_widened", message));
        } else {
            findings.push(changed(&target, present, column));
        }
    }
    for extra in found.columns.iter().filter(|c| !columns.iter().any(|w| same(&w.name, &c.name))) {
        findings.push(beyond(&target, extra));
    }
    (statements, findings)
}

/// Writes the statement that renames a column.
pub(crate) fn rename_column(catalog: &str, table: &TableName, from: &str, to: &str) -> String {
    let (table, from, to) = (quote::table(catalog, table), quote::identifier(from), quote::identifier(to));
    format!("ALTER TABLE {table} RENAME COLUMN {from} TO {to}")
}

fn changed(target: &str, present: &TargetColumn, column: &WriteColumn) -> Finding {
    let message = format!(
        "column {} is {} in the target and {} in the source; changing it could lose values",
        column.name, present.ty, column.ddl
    );
    let name = quote::identifier(&column.name);
    let fix = format!(
        "Change it by hand after a look at the values: ALTER TABLE {target} ALTER COLUMN {name} SET DATA TYPE {}; \
         or cast the column with a transform, or leave it out.",
        column.ddl
    );
    Finding::new(Level::Critical, "target_type_changed", message).with_fix(fix)
}

fn beyond(target: &str, extra: &TargetColumn) -> Finding {
    let name = quote::identifier(&extra.name);
    if extra.not_null && !extra.has_default {
        let message =
            format!("column {} of the target is NOT NULL, has no default and is not in the source", extra.name);
        let fix = format!("ALTER TABLE {target} ALTER COLUMN {name} DROP NOT NULL, or give it a default.");
        return Finding::new(Level::Critical, "target_column_required", message).with_fix(fix);
    }
    let holds = if extra.has_default { "its default" } else { "NULL" };
    let message =
        format!("column {} of the target is not in the source; new and changed rows hold {holds} there", extra.name);
    Finding::new(Level::Info, "target_column_extra", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use firn_connector::ErrorKind;

    fn columns(list: &[(&str, &str)]) -> Vec<WriteColumn> {
        list.iter().map(|(name, ddl)| WriteColumn { name: (*name).into(), ddl: (*ddl).into() }).collect()
    }

    fn found(list: &[(&str, &str)]) -> TargetTable {
        let column = |(name, ty): &(&str, &str)| TargetColumn {
            name: (*name).into(),
            ty: (*ty).into(),
            not_null: false,
            has_default: false,
        };
        TargetTable { columns: list.iter().map(column).collect(), rows: 0, writable: true }
    }

    fn plan(existing: Option<&TargetTable>, list: &[(&str, &str)]) -> (Vec<String>, Vec<Finding>) {
        plan_ddl("warehouse", &TableName::new("raw", "t"), existing, &columns(list)).unwrap()
    }

    #[test]
    fn a_missing_table_is_made_without_a_key() {
        let (statements, findings) = plan(None, &[("id", "BIGINT"), ("a \"b\"", "UUID[]")]);
        assert_eq!(statements[0], "CREATE SCHEMA IF NOT EXISTS \"raw\"");
        assert_eq!(statements[1], "CREATE TABLE \"raw\".\"t\" (\n  \"id\" BIGINT,\n  \"a \"\"b\"\"\" UUID[]\n)");
        assert!(findings.is_empty());
    }

    #[test]
    fn nothing_is_done_where_the_target_holds_the_plan() {
        let existing = found(&[("ID", "BIGINT"), ("at", "TIMESTAMP WITH TIME ZONE"), ("n", "DECIMAL(14,2)")]);
        let (statements, findings) =
            plan(Some(&existing), &[("id", "INTEGER"), ("at", "TIMESTAMPTZ"), ("n", "DECIMAL(12,2)")]);
        assert!(statements.is_empty() && findings.is_empty(), "{statements:?} {findings:?}");
    }

    #[test]
    fn added_and_widened_columns_are_altered() {
        let (statements, findings) = plan(Some(&found(&[("id", "SMALLINT")])), &[("id", "BIGINT"), ("x", "JSON")]);
        assert_eq!(
            statements,
            [
                "ALTER TABLE \"raw\".\"t\" ALTER COLUMN \"id\" SET DATA TYPE BIGINT",
                "ALTER TABLE \"raw\".\"t\" ADD COLUMN \"x\" JSON"
            ]
        );
        assert!(findings.iter().all(|f| f.level == Level::Info));
    }

    #[test]
    fn a_changed_type_stops_the_table_and_says_how_to_go_on() {
        for (is, should) in [("VARCHAR", "INTEGER"), ("INTEGER", "VARCHAR"), ("DECIMAL(12,4)", "DECIMAL(12,2)")] {
            let (statements, findings) = plan(Some(&found(&[("id", is)])), &[("id", should)]);
            assert!(statements.is_empty());
            assert_eq!((findings[0].level, findings[0].code.as_str()), (Level::Critical, "target_type_changed"));
            assert!(findings[0].fix.as_ref().unwrap().contains("ALTER TABLE"));
        }
    }

    #[test]
    fn columns_beyond_the_plan_are_told_and_stop_it_only_when_they_need_a_value() {
        let mut existing = found(&[("id", "BIGINT"), ("note", "VARCHAR"), ("must", "VARCHAR"), ("made", "VARCHAR")]);
        existing.columns[2].not_null = true;
        existing.columns[3].not_null = true;
        existing.columns[3].has_default = true;
        let levels: Vec<Level> = plan(Some(&existing), &[("id", "BIGINT")]).1.iter().map(|f| f.level).collect();
        assert_eq!(levels, [Level::Info, Level::Critical, Level::Info]);
    }

    #[test]
    fn a_view_in_the_way_is_never_touched() {
        let existing = TargetTable { writable: false, ..found(&[("id", "BIGINT")]) };
        let (statements, findings) = plan(Some(&existing), &[("id", "INTEGER"), ("more", "DATE")]);
        assert!(statements.is_empty());
        assert_eq!(findings[0].code, "target_is_view");
    }

    #[test]
    fn names_that_fall_together_are_refused() {
        let table = TableName::new("raw", "t");
        let refused = |table: &TableName, list| plan_ddl("warehouse", table, None, &columns(list)).unwrap_err();
        assert_eq!(refused(&table, &[("id", "INTEGER"), ("ID", "INTEGER")]).kind, ErrorKind::Configuration);
        assert_eq!(refused(&TableName::new("_FIRN", "t"), &[("id", "INTEGER")]).kind, ErrorKind::Configuration);
        let elsewhere = TableName { database: Some("other".into()), ..table };
        assert_eq!(refused(&elsewhere, &[("id", "INTEGER")]).kind, ErrorKind::Configuration);
        // Only ASCII letters are folded.
        assert!(plan_ddl("w", &TableName::new("raw", "t"), None, &columns(&[("ä", "DATE"), ("Ä", "DATE")])).is_ok());
    }
}
