//! What an operator should know about a table before rows move, beside what its drift says.

use crate::config::{Deletes, Lookback, Mode, TableConfig};
use firn_connector::{Finding, Level, Relation, Result, Source, SourceTable};

/// Says that rows get other keys, where that is to be seen: the key holds the watermark, and rows are updated. Nobody is
/// asked about any other table.
///
/// Under `deletes: ignore` the row under the old key stays. Elsewhere no watermark shows that a key has changed; a
/// comparison does, by the keys it finds in the target alone.
pub(crate) async fn moving_key(source: &dyn Source, config: &TableConfig) -> Result<Option<Finding>> {
    let Some(name) = config.watermark.as_ref().filter(|name| config.key.contains(name)) else { return Ok(None) };
    if config.deletes != Deletes::Ignore || config.mode != Mode::Incremental {
        return Ok(None);
    }
    let updates = match source.updates(&config.source).await? {
        None | Some(0) => return Ok(None),
        Some(1) => "1 update".to_owned(),
        Some(updates) => format!("{updates} updates"),
    };
    let message = format!(
        "the key holds the watermark `{name}`, and the source has counted {updates} of rows: one that moves the watermark \
         makes another key, and `deletes: ignore` lets the row under the old key stay"
    );
    let finding = Finding::new(Level::Warning, "key_moves", message);
    Ok(Some(finding.with_fix("name a key without the watermark, or write `deletes: hard` or `deletes: soft`")))
}

/// Says what makes reading along the watermark slow or unsafe.
pub(crate) fn watermark(source: &dyn Source, config: &TableConfig, table: &SourceTable) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Some(name) = config.watermark.as_ref().filter(|_| config.mode == Mode::Incremental) else { return findings };
    if let Some(facts) = table.watermarks.get(name)
        && !facts.indexed
        && table.pages > 128
    {
        let message = format!("no index begins with the watermark column `{name}`: every run reads the whole table");
        let mut columns = vec![name.as_str()];
        columns.extend(config.key.iter().map(String::as_str));
        let quoted: Vec<String> = columns.iter().map(|column| source.quoted_column(column)).collect();
        findings.push(Finding::new(Level::Warning, "watermark_unindexed", message).with_fix(format!(
            "CREATE INDEX CONCURRENTLY ON {} ({});",
            source.quoted(&table.name),
            quoted.join(", ")
        )));
    }
    if config.lookback == Lookback::default() {
        let late = "Set `lookback_seconds` to the longest transaction there, or use `mode: full`.";
        if table.materialized {
            let message = "a materialized view: rows of transactions that were in progress at its last refresh come with the next one, below rows already read";
            findings.push(Finding::new(Level::Warning, "materialized_view", message).with_fix(late));
        }
        if table.relation == Relation::Foreign {
            let message = "a foreign table: transactions in progress on its own server are not to be seen, and a late commit there would be passed over";
            findings.push(Finding::new(Level::Warning, "foreign_table", message).with_fix(late));
        }
    }
    if table.row_security {
        let message = "row-level policies apply to this user: rows they hide look as if they were not there";
        findings.push(
            Finding::new(Level::Warning, "row_security", message)
                .with_fix("sync with a role that has BYPASSRLS, or owns the table"),
        );
    }
    findings
}
