//! What a table offers as its key and its watermark: columns, ranked by what the catalogs and the planner's statistics
//! say of them.

use crate::introspect::{Described, column_types, describe_one};
use crate::quote::{Value, fill, ident, table as quoted_table};
use crate::session;
use firn_catalog::{TableName, WatermarkKind};
use firn_connector::{
    Error, KeyCandidate, Relation, Result, SetBy, Side, SourceColumn, SourceTable, TableAdvice, WatermarkCandidate,
};
use sqlx::PgPool;
use std::collections::HashMap;

/// Advises on one table for [`firn_connector::Source::advise`].
pub(crate) async fn advise(pool: &PgPool, name: &TableName) -> Result<TableAdvice> {
    let work = async {
        let described = describe_one(pool, name).await?;
        let types = column_types(pool, std::slice::from_ref(&described)).await?;
        let table = described.source_table(&types)?;
        let statistics = statistics(pool, Some(&described.schema), Some(&described.name)).await?;
        let keys = key_candidates(&table);
        let key = keys.first().map_or(&[][..], |candidate| &candidate.columns);
        let watermarks = rank(&described, &table, key, &statistics);
        Ok(TableAdvice { keys, watermarks })
    };
    work.await.map_err(|error: Error| error.on_table(name))
}

/// What the planner knows of columns, by schema, table and column: share of NULLs, correlation with storage.
pub(crate) type Statistics = HashMap<(String, String, String), (f64, Option<f64>)>;

/// Reads what the planner knows of the columns of a table, of a schema's tables, or of all.
pub(crate) async fn statistics(pool: &PgPool, schema: Option<&str>, table: Option<&str>) -> Result<Statistics> {
    const SIDE: Side = Side::Source;
    let values = [("schema", Value::Optional(schema)), ("table", Value::Optional(table))];
    let sql = fill(include_str!("../../../../sql/postgres/statistics.sql"), &values)?;
    let rows = session::run(pool, SIDE, sql).await?;
    let entry = |row: &sqlx::postgres::PgRow| {
        let text = |name: &str| session::column::<String>(row, name, SIDE);
        let key = (text("schema")?, text("name")?, text("column")?);
        Ok((key, (session::column(row, "nulls", SIDE)?, session::column(row, "correlation", SIDE)?)))
    };
    rows.iter().map(entry).collect()
}

/// Lists what can identify a row of a table: the primary key, then other unique keys without NULL.
pub(crate) fn key_candidates(table: &SourceTable) -> Vec<KeyCandidate> {
    let primary = Some(&table.primary_key).filter(|key| !key.is_empty());
    let others = table.unique_keys.iter().filter(|key| **key != table.primary_key);
    let candidate = |primary| move |columns: &Vec<String>| KeyCandidate { columns: columns.clone(), primary };
    primary.into_iter().map(candidate(true)).chain(others.map(candidate(false))).collect()
}

/// Names that people give to the time of the last change, best first.
const CHANGE_NAMES: [&str; 12] = [
    "updated_at",
    "modified_at",
    "last_modified",
    "last_updated",
    "updated",
    "modified",
    "changed_at",
    "update_time",
    "updated_on",
    "modified_on",
    "last_update",
    "lastmodified",
];

/// Names of the time of a row's birth, which an update does not move.
const BIRTH_NAMES: [&str; 5] = ["created_at", "inserted_at", "created", "created_on", "creation_date"];

/// Writes a name as the lists of names have it.
fn normal(name: &str) -> String {
    name.to_lowercase().replace(['-', ' '], "_")
}

/// Returns whether a column's name says that it tells when its row was made.
pub(crate) fn is_birth_name(name: &str) -> bool {
    BIRTH_NAMES.contains(&normal(name).as_str())
}

/// Ranks the columns that can carry the watermark of a table, best first: those that are likely to tell of changes
/// before those that only have the type for it.
pub(crate) fn rank(
    described: &Described,
    table: &SourceTable,
    key: &[String],
    statistics: &Statistics,
) -> Vec<WatermarkCandidate> {
    let mut ranked: Vec<(i32, WatermarkCandidate)> = Vec::new();
    for column in &table.columns {
        let (Some(kind), Some(facts)) = (WatermarkKind::of(&column.ty), table.watermarks.get(&column.name)) else {
            continue;
        };
        let change_name = CHANGE_NAMES.iter().position(|name| *name == normal(&column.name));
        let by_trigger = described.trigger_sets(&column.name);
        let clock = matches!(kind, WatermarkKind::Timestamptz | WatermarkKind::Timestamp);
        let mut score = match kind {
            WatermarkKind::Timestamptz => 40,
            WatermarkKind::Timestamp => 20,
            WatermarkKind::Date | WatermarkKind::Integer => 0,
        };
        score += change_name.map_or(0, |place| 40 - i32::try_from(place).unwrap_or(0));
        score += if by_trigger { 30 } else { 0 } + if facts.clock_default { 15 } else { 0 };
        score += if facts.indexed { 10 } else { 0 } + if column.not_null { 5 } else { 0 };
        score -= if is_birth_name(&column.name) { 30 } else { 0 } + if key.contains(&column.name) { 30 } else { 0 };
        let known = (described.schema.clone(), described.name.clone(), column.name.clone());
        let known = statistics.get(&known);
        let nulls = known.map(|(nulls, _)| *nulls);
        score -= if nulls.is_some_and(|share| share > 0.01) { 15 } else { 0 };
        let stored = matches!(table.relation, Relation::Table | Relation::Partitioned);
        let candidate = WatermarkCandidate {
            column: column.name.clone(),
            kind,
            // A number or a day says something about changes only where its name or a trigger does.
            likely: clock || change_name.is_some() || by_trigger,
            indexed: facts.indexed,
            not_null: column.not_null,
            nulls,
            correlation: known.and_then(|(_, correlation)| *correlation),
            set_by: set_by(described, table, column),
            index_sql: (stored && !facts.indexed).then(|| index_sql(table, &column.name, key)),
        };
        ranked.push((score, candidate));
    }
    // The sort is stable: of equals the first column stands first.
    ranked.sort_by_key(|(score, candidate)| (!candidate.likely, -score));
    ranked.into_iter().map(|(_, candidate)| candidate).collect()
}

fn set_by(described: &Described, table: &SourceTable, column: &SourceColumn) -> SetBy {
    let clock_default = table.watermarks.get(&column.name).is_some_and(|facts| facts.clock_default);
    if !matches!(table.relation, Relation::Table | Relation::Partitioned) || column.generated {
        SetBy::Unknown
    } else if described.trigger_sets(&column.name) {
        SetBy::Trigger
    } else if clock_default {
        SetBy::ClockDefault
    } else if described.numbers(column) {
        SetBy::Sequence
    } else {
        SetBy::Application
    }
}

/// Writes the statement that makes the index an ordered read by a watermark wants.
fn index_sql(table: &SourceTable, watermark: &str, key: &[String]) -> String {
    let columns: Vec<String> = std::iter::once(watermark)
        .chain(key.iter().map(String::as_str).filter(|k| *k != watermark))
        .map(ident)
        .collect();
    // An index on a partitioned table cannot be made concurrently.
    let concurrently = if table.relation == Relation::Partitioned { "" } else { "CONCURRENTLY " };
    format!("CREATE INDEX {concurrently}ON {} ({});", quoted_table(&table.name), columns.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_birth_are_known_however_they_are_written() {
        assert!(["created_at", "Created At", "INSERTED-AT"].into_iter().all(is_birth_name));
        assert!(["updated_at", "recreated_at"].into_iter().all(|name| !is_birth_name(name)));
    }
}
