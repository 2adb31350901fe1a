//! Which tables of a database can be synced, and how: key, watermark, verdicts, and what would help.

use crate::advice::{Statistics, is_birth_name, key_candidates, rank, statistics};
use crate::introspect::{Described, column_types, describe};
use crate::quote::{ident, table as quoted_table};
use firn_catalog::{ColumnPlan, Dialect, TableName, Verdict, plan_column};
use firn_connector::{Finding, KeyCandidate, Level, Relation, Result, SetBy, SourceTable, WatermarkCandidate};
use sqlx::PgPool;

/// A table that could be synced.
#[derive(Debug, Clone, PartialEq)]
pub struct DiscoveredTable {
    /// The table as inspected.
    pub table: SourceTable,
    /// The proposed key; empty where the table has none.
    pub key: Vec<String>,
    /// What could identify its rows: the primary key first.
    pub keys: Vec<KeyCandidate>,
    /// Columns that could carry the watermark, best first: the likely ones before the others.
    pub candidates: Vec<WatermarkCandidate>,
    /// How each column would travel, in the table's order.
    pub columns: Vec<(String, ColumnPlan)>,
    /// What stands in the way or would help.
    pub findings: Vec<Finding>,
}

impl DiscoveredTable {
    /// Returns the column proposed to carry the watermark, with what speaks for and against it.
    #[must_use]
    pub fn best(&self) -> Option<&WatermarkCandidate> {
        self.candidates.first().filter(|candidate| candidate.likely)
    }

    /// Returns the proposed watermark column.
    #[must_use]
    pub fn watermark(&self) -> Option<&str> {
        self.best().map(|candidate| candidate.column.as_str())
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
    let statistics = statistics(pool, schema, None).await?;
    described
        .iter()
        .map(|relation| Ok(propose(relation, relation.source_table(&types)?, &statistics, dialect)))
        .collect()
}

fn propose(described: &Described, table: SourceTable, statistics: &Statistics, dialect: Dialect) -> DiscoveredTable {
    let keys = key_candidates(&table);
    let key = keys.first().map(|candidate| candidate.columns.clone()).unwrap_or_default();
    let candidates = rank(described, &table, &key, statistics);
    let columns: Vec<_> =
        table.columns.iter().map(|column| (column.name.clone(), plan_column(&column.ty, dialect))).collect();
    let mut findings = Vec::new();
    relation_findings(described, &table, &key, &mut findings);
    watermark_findings(&table, candidates.first().filter(|best| best.likely), &mut findings);
    for (name, plan) in columns.iter().filter(|(_, plan)| plan.verdict == Verdict::Refused) {
        let message = format!("column `{name}` cannot be synced: {}", plan.note);
        let fix =
            format!("Leave it out with `transform: {{{name}: null}}`, or bring it as text: `{}::text`.", ident(name));
        findings.push(Finding::new(Level::Warning, "column_refused", message).with_fix(fix));
    }
    DiscoveredTable { table, key, keys, candidates, columns, findings }
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

fn watermark_findings(table: &SourceTable, best: Option<&WatermarkCandidate>, findings: &mut Vec<Finding>) {
    let Some(best) = best else {
        let finding = Finding::new(Level::Warning, "no_watermark", "no column tells when a row was changed");
        findings.push(finding.with_fix(
            "Use `mode: full`, or add a column `updated_at timestamptz NOT NULL DEFAULT now()` with a trigger that sets it.",
        ));
        return;
    };
    let column = &best.column;
    if let Some(sql) = &best.index_sql {
        let finding = Finding::new(
            Level::Warning,
            "watermark_unindexed",
            format!("no index begins with `{column}`: each run scans the table"),
        );
        findings.push(finding.with_fix(sql));
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
    if is_birth_name(column) && best.set_by != SetBy::Trigger {
        let message = format!("`{column}` tells when a row was made: updates would not be seen");
        let fix =
            "Use it only where rows never change; otherwise add `updated_at timestamptz` with a trigger that sets it.";
        findings.push(Finding::new(Level::Warning, "watermark_birth", message).with_fix(fix));
    }
    if !best.database_clock() {
        let message =
            format!("nothing shows that the database's clock sets `{column}`: a late commit could be passed over");
        let fix = "Set it by a trigger with now(), or set `lookback_seconds` to the longest delay of a writer and let `firn sync verify` look from time to time.";
        findings.push(Finding::new(Level::Info, "watermark_clock", message).with_fix(fix));
    } else if best.set_by != SetBy::Trigger && !is_birth_name(column) {
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
