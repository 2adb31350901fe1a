//! Which tables of a database can be synced, and how: key, watermark, verdicts, and what would help.

use crate::introspect::{Described, column_types, describe};
use crate::quote::{Value, fill, ident, table as quoted_table};
use crate::session;
use firn_catalog::{ColumnPlan, Dialect, TableName, Verdict, WatermarkKind, plan_column};
use firn_connector::{Finding, Level, Relation, Result, Side, SourceTable};
use sqlx::PgPool;
use std::collections::HashMap;

/// A column that could carry the watermark of its table.
#[derive(Debug, Clone, PartialEq)]
pub struct WatermarkCandidate {
    /// Its name.
    pub column: String,
    /// Its axis.
    pub kind: WatermarkKind,
    /// Whether a btree index begins with it.
    pub indexed: bool,
    /// Whether the database's clock sets it: by default or by a trigger.
    pub database_clock: bool,
    /// Whether a trigger before updates mentions it.
    pub by_trigger: bool,
    /// Whether every row has one.
    pub not_null: bool,
    /// Whether its default is the database's clock, which sets it when a row is made.
    pub clock_default: bool,
    /// Share of rows without one, from 0 to 1; `None` where the table was never analysed.
    pub nulls: Option<f64>,
    /// How far its values follow the order in which rows are stored, from −1 to 1; `None` where that is not known.
    pub correlation: Option<f64>,
}

impl WatermarkCandidate {
    /// Says what speaks for it and against it, as far as the catalogs show.
    #[must_use]
    pub fn reasons(&self) -> Vec<String> {
        let mut reasons = vec![if self.indexed { "indexed" } else { "not indexed" }.to_owned()];
        reasons.push(match self.nulls {
            _ if self.not_null => "never NULL".to_owned(),
            Some(share) if share > 0.0 => format!("NULL in {:.1} % of the rows", share * 100.0),
            Some(_) => "no NULL seen".to_owned(),
            None => "may be NULL".to_owned(),
        });
        if self.correlation.is_some_and(|correlation| correlation > 0.9) {
            reasons.push("grows as rows are written".to_owned());
        }
        reasons.push(
            match (self.by_trigger, self.clock_default) {
                (true, _) => "a trigger before updates names it",
                (false, true) => "set by its default when a row is made, by nothing seen here when one is changed",
                (false, false) => "set by the application, as far as is seen here",
            }
            .to_owned(),
        );
        reasons
    }
}

/// What the planner knows of columns, by schema, table and column: share of NULLs, correlation with storage.
type Statistics = HashMap<(String, String, String), (f64, Option<f64>)>;

async fn statistics(pool: &PgPool, schema: Option<&str>) -> Result<Statistics> {
    const SIDE: Side = Side::Source;
    let sql = fill(include_str!("../../../../sql/postgres/statistics.sql"), &[("schema", Value::Optional(schema))])?;
    let rows = session::run(pool, SIDE, sql).await?;
    let entry = |row: &sqlx::postgres::PgRow| {
        let text = |name: &str| session::column::<String>(row, name, SIDE);
        let key = (text("schema")?, text("name")?, text("column")?);
        Ok((key, (session::column(row, "nulls", SIDE)?, session::column(row, "correlation", SIDE)?)))
    };
    rows.iter().map(entry).collect()
}

/// A table that could be synced.
#[derive(Debug, Clone, PartialEq)]
pub struct DiscoveredTable {
    /// The table as inspected.
    pub table: SourceTable,
    /// The proposed key; empty where the table has none.
    pub key: Vec<String>,
    /// Columns that could carry the watermark, best first.
    pub candidates: Vec<WatermarkCandidate>,
    /// How each column would travel, in the table's order.
    pub columns: Vec<(String, ColumnPlan)>,
    /// What stands in the way or would help.
    pub findings: Vec<Finding>,
}

impl DiscoveredTable {
    /// Returns the proposed watermark column.
    #[must_use]
    pub fn watermark(&self) -> Option<&str> {
        self.candidates.first().map(|candidate| candidate.column.as_str())
    }
}

/// The tables Firn itself keeps in a database.
const OWN_TABLES: [&str; 4] = ["sync_watermarks", "sync_errors", "sync_logs", "sync_workspace"];

/// Lists the tables the role may read, in a schema or in all, by schema and name. Partitions stand under their
/// partitioned table, tables of extensions and Firn's own are left out.
///
/// # Errors
/// Whatever keeps the catalog from being read.
pub async fn discover(pool: &PgPool, schema: Option<&str>, dialect: Dialect) -> Result<Vec<DiscoveredTable>> {
    let mut described = describe(pool, None, schema).await?;
    let state_schemas: Vec<String> = described
        .iter()
        .filter(|relation| relation.name == "sync_workspace")
        .map(|relation| relation.schema.clone())
        .collect();
    described
        .retain(|relation| !(state_schemas.contains(&relation.schema) && OWN_TABLES.contains(&relation.name.as_str())));
    let types = column_types(pool, &described).await?;
    let statistics = statistics(pool, schema).await?;
    described
        .iter()
        .map(|relation| Ok(propose(relation, relation.source_table(&types)?, &statistics, dialect)))
        .collect()
}

fn propose(described: &Described, table: SourceTable, statistics: &Statistics, dialect: Dialect) -> DiscoveredTable {
    let key = match table.unique_keys.first() {
        Some(unique) if table.primary_key.is_empty() => unique.clone(),
        _ => table.primary_key.clone(),
    };
    let candidates = rank(described, &table, &key, statistics);
    let columns: Vec<_> =
        table.columns.iter().map(|column| (column.name.clone(), plan_column(&column.ty, dialect))).collect();
    let mut findings = Vec::new();
    relation_findings(described, &table, &key, &mut findings);
    watermark_findings(&table, candidates.first(), &key, &mut findings);
    for (name, plan) in columns.iter().filter(|(_, plan)| plan.verdict == Verdict::Refused) {
        let message = format!("column `{name}` cannot be synced: {}", plan.note);
        let fix =
            format!("Leave it out with `transform: {{{name}: null}}`, or bring it as text: `{}::text`.", ident(name));
        findings.push(Finding::new(Level::Warning, "column_refused", message).with_fix(fix));
    }
    DiscoveredTable { table, key, candidates, columns, findings }
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

fn rank(
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
        let lower = normal(&column.name);
        let change_name = CHANGE_NAMES.iter().position(|name| *name == lower);
        let birth_name = BIRTH_NAMES.contains(&lower.as_str());
        let by_trigger = described.trigger_sets(&column.name);
        // A number or a day says something about changes only where its name or a trigger does.
        let clock = matches!(kind, WatermarkKind::Timestamptz | WatermarkKind::Timestamp);
        if !clock && change_name.is_none() && !by_trigger {
            continue;
        }
        let mut score = match kind {
            WatermarkKind::Timestamptz => 40,
            WatermarkKind::Timestamp => 20,
            WatermarkKind::Date | WatermarkKind::Integer => 0,
        };
        score += change_name.map_or(0, |place| 40 - i32::try_from(place).unwrap_or(0));
        score += if by_trigger { 30 } else { 0 } + if facts.clock_default { 15 } else { 0 };
        score += if facts.indexed { 10 } else { 0 } + if column.not_null { 5 } else { 0 };
        score -= if birth_name { 30 } else { 0 } + if key.contains(&column.name) { 30 } else { 0 };
        let known = (described.schema.clone(), described.name.clone(), column.name.clone());
        let known = statistics.get(&known);
        let nulls = known.map(|(nulls, _)| *nulls);
        score -= if nulls.is_some_and(|share| share > 0.01) { 15 } else { 0 };
        let candidate = WatermarkCandidate {
            column: column.name.clone(),
            kind,
            indexed: facts.indexed,
            database_clock: clock && (facts.clock_default || by_trigger),
            by_trigger,
            not_null: column.not_null,
            clock_default: facts.clock_default,
            nulls,
            correlation: known.and_then(|(_, correlation)| *correlation),
        };
        ranked.push((score, candidate));
    }
    // The sort is stable: of equals the first column stands first.
    ranked.sort_by_key(|(score, _)| -score);
    ranked.into_iter().map(|(_, candidate)| candidate).collect()
}

fn relation_findings(described: &Described, table: &SourceTable, key: &[String], findings: &mut Vec<Finding>) {
    if described.inherited {
        let message = "other tables inherit from it: their rows are read with its own";
        findings.push(Finding::new(Level::Info, "inherited", message));
    }
    if described.child {
        let message = "it inherits from another table, with which its rows are read, too";
        findings.push(
            Finding::new(Level::Info, "inherits", message).with_fix("Sync the parent or its children, not both."),
        );
    }
    match table.relation {
        Relation::View if table.materialized => findings.push(
            Finding::new(
                Level::Info,
                "materialized_view",
                "a materialized view: it shows what its tables held at its last refresh, late rows below others included",
            )
            .with_fix("Use `mode: full`, or sync the tables behind it."),
        ),
        Relation::View => findings.push(Finding::new(
            Level::Info,
            "view",
            "a view: read as one stream, and only as fast as its query",
        )),
        Relation::Foreign => findings.push(
            Finding::new(Level::Info, "foreign_table", "a foreign table: its rows live on another server")
                .with_fix("Connect Firn to that server; late commits there cannot be seen from here."),
        ),
        Relation::Partitioned => {
            findings.push(Finding::new(Level::Info, "partitioned", "partitioned: read as one table, as one stream"));
        }
        Relation::Table => {}
    }
    if key.is_empty() {
        let finding =
            Finding::new(Level::Warning, "no_key", "no primary key and no unique index over NOT NULL columns");
        let fix = "Add a primary key, or name columns that identify a row with `pk`; without either it is read as a whole each time (`mode: full`).";
        findings.push(finding.with_fix(fix));
    }
    if table.row_security {
        let finding =
            Finding::new(Level::Warning, "row_security", "row-level policies decide which rows this role sees");
        findings.push(finding.with_fix("Give Firn's role BYPASSRLS, or know that the target holds only these rows."));
    }
}

fn watermark_findings(
    table: &SourceTable,
    best: Option<&WatermarkCandidate>,
    key: &[String],
    findings: &mut Vec<Finding>,
) {
    let Some(best) = best else {
        let finding = Finding::new(Level::Warning, "no_watermark", "no column tells when a row was changed");
        findings.push(finding.with_fix(
            "Use `mode: full`, or add a column `updated_at timestamptz NOT NULL DEFAULT now()` with a trigger that sets it.",
        ));
        return;
    };
    let column = &best.column;
    if !best.indexed && matches!(table.relation, Relation::Table | Relation::Partitioned) {
        let finding = Finding::new(
            Level::Warning,
            "watermark_unindexed",
            format!("no index begins with `{column}`: each run scans the table"),
        );
        findings.push(finding.with_fix(index_sql(table, column, key)));
    }
    if !best.not_null {
        let share = match best.nulls {
            Some(share) if share > 0.0 => format!("is NULL in {:.1} % of the rows", share * 100.0),
            _ => "may be NULL".to_owned(),
        };
        let message = format!("`{column}` {share}: such rows are read again at every run");
        let fix = format!("ALTER TABLE {} ALTER COLUMN {} SET NOT NULL;", quoted_table(&table.name), ident(column));
        let level = if best.nulls.is_some_and(|share| share > 0.01) { Level::Warning } else { Level::Info };
        findings.push(Finding::new(level, "watermark_nullable", message).with_fix(fix));
    }
    if BIRTH_NAMES.contains(&normal(column).as_str()) && !best.by_trigger {
        let message = format!("`{column}` tells when a row was made: updates would not be seen");
        let fix =
            "Use it only where rows never change; otherwise add `updated_at timestamptz` with a trigger that sets it.";
        findings.push(Finding::new(Level::Warning, "watermark_birth", message).with_fix(fix));
    }
    if !best.database_clock {
        let message =
            format!("nothing shows that the database's clock sets `{column}`: a late commit could be passed over");
        let fix = "Set it by a trigger with now(), or set `lookback_seconds` to the longest delay of a writer and let `firn sync verify` look from time to time.";
        findings.push(Finding::new(Level::Info, "watermark_clock", message).with_fix(fix));
    } else if !best.by_trigger && !BIRTH_NAMES.contains(&normal(column).as_str()) {
        let message = format!(
            "`{column}` is set by its default when a row is made; no trigger is seen that moves it when a row is changed: that is left to the application"
        );
        findings.push(Finding::new(Level::Info, "watermark_default", message).with_fix(trigger_sql(table, column)));
    }
}

/// Writes the statements that let a trigger set a column to the time of a row's last change.
fn trigger_sql(table: &SourceTable, column: &str) -> String {
    let function = TableName { name: format!("{}_{column}", table.name.name), ..table.name.clone() };
    let (function, table) = (quoted_table(&function), quoted_table(&table.name));
    let column = ident(column);
    format!(
        "CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.{column} := now(); RETURN NEW; END $$; \
         CREATE TRIGGER {trigger} BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {function}();",
        trigger = ident("firn_touch"),
    )
}

/// Writes the statement that makes the index a keyset read wants.
#[must_use]
pub fn index_sql(table: &SourceTable, watermark: &str, key: &[String]) -> String {
    let columns: Vec<String> = std::iter::once(watermark)
        .chain(key.iter().map(String::as_str).filter(|k| *k != watermark))
        .map(ident)
        .collect();
    // An index on a partitioned table cannot be made concurrently.
    let concurrently = if table.relation == Relation::Partitioned { "" } else { "CONCURRENTLY " };
    format!("CREATE INDEX {concurrently}ON {} ({});", quoted_table(&qualified(&table.name)), columns.join(", "))
}

fn qualified(name: &TableName) -> TableName {
    TableName { database: None, ..name.clone() }
}
