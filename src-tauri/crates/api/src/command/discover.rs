//! What a source has, and a proposal for the document.

use crate::Firn;
use crate::drivers::SignInAdvice;
use crate::folder::Usable;
use crate::view;
use crate::wire::{ColumnView, DiscoverRequest, DiscoverView, DiscoveredTableView, ErrorView, FindingView};
use firn_catalog::{Dialect, TableName, Verdict};
use firn_connector::{Relation, Side};
use firn_postgres::{DiscoveredTable, discover};
use firn_workspace::{Document, EnvConnections, SyncMode, TableSync};
use std::collections::HashSet;
use std::fmt::Write as _;

/// Lists the tables of the source with a proposed key and watermark, verdicts and a document to paste; adds those to
/// the workspace's document where the request says so.
///
/// # Errors
/// `untrusted`, `configuration` for a table that the source does not have, and whatever keeps it from being asked.
pub async fn sync_discover(firn: &Firn, request: DiscoverRequest) -> Result<DiscoverView, ErrorView> {
    let usable = firn.usable(&request.folder).await?;
    let source = usable.source()?;
    let access = firn.postgres(&usable.folder, source, "source").await?;
    let pool = firn_postgres::connect::open(&access.settings, Side::Source, 2).await;
    let found = match pool {
        Ok(pool) => {
            let found = discover(&pool, request.schema.as_deref(), Dialect::Duckdb).await;
            pool.close().await;
            found
        }
        Err(error) => Err(error),
    };
    let found = found.map_err(|error| SignInAdvice::of_source(access.refused).explain(error.into()))?;
    let found = named(found, &request.tables)?;
    let mut targets: HashSet<String> = usable.workspace.tables.iter().map(|table| fold(&table.target)).collect();
    let mut views = Vec::new();
    let mut proposals = Vec::new();
    for table in &found {
        let name = &table.table.name;
        let configured = usable.workspace.table(&name.to_string()).filter(|configured| covers(configured, name));
        let target = configured.map_or_else(|| free_target(name, &mut targets), |configured| configured.target.clone());
        let proposal = configured.is_none().then(|| propose(table, &target));
        views.push(wire(table, &target, configured.is_some(), proposal.as_ref()));
        proposals.extend(proposal.map(|proposal| (table, proposal)));
    }
    let mut yaml = String::new();
    for (at, (table, proposal)) in proposals.iter().enumerate() {
        let text = item(proposal)?;
        yaml.push_str(if at == 0 { "tables:\n" } else { "" });
        yaml.push_str(&remarks(table));
        yaml.push_str(&text);
    }
    let mut written = 0;
    if request.write && !proposals.is_empty() {
        let tables: Vec<TableSync> = proposals.into_iter().map(|(_, proposal)| proposal).collect();
        firn.edit(&usable.folder.name, |document| document.add_tables(&tables))?;
        written = u32::try_from(tables.len()).unwrap_or(u32::MAX);
        views.iter_mut().for_each(|view| view.configured = true);
    }
    Ok(DiscoverView { tables: views, yaml, written })
}

impl Usable {
    /// Returns the connection that tables are read from; a target need not be named for that.
    fn source(&self) -> Result<&firn_workspace::Connection, ErrorView> {
        let name = self.source_name();
        let roles = self.workspace.roles(name, name);
        Ok(roles.map_err(|error| ErrorView::configuration(error.to_string()))?.source)
    }
}

/// Keeps the tables a request names, in its order; all for none.
fn named(found: Vec<DiscoveredTable>, names: &[String]) -> Result<Vec<DiscoveredTable>, ErrorView> {
    if names.is_empty() {
        return Ok(found);
    }
    let mut kept = Vec::new();
    for name in names {
        let wanted = TableName::parse(name).map_err(|error| ErrorView::configuration(error.to_string()))?;
        let matches = |table: &&DiscoveredTable| {
            let name = &table.table.name;
            name.name == wanted.name && (wanted.schema.is_none() || name.schema == wanted.schema)
        };
        let table = found.iter().find(matches).ok_or_else(|| {
            ErrorView::configuration(format!("the source has no table `{name}` that this role may read"))
                .with_hint("firn sync discover lists the tables; names are matched with upper and lower case")
        })?;
        kept.push(table.clone());
    }
    Ok(kept)
}

fn covers(configured: &TableSync, name: &TableName) -> bool {
    crate::folder::source_name(configured) == name.to_string()
}

/// Names that the target cannot tell apart come to the same text.
fn fold(target: &TableName) -> String {
    crate::folder::with_target_schema(target).to_string().to_lowercase()
}

/// Returns the source's own name, in the target's default schema for tables of the source's, where the target has it
/// free; else one with a number.
fn free_target(name: &TableName, taken: &mut HashSet<String>) -> TableName {
    let mut target = name.clone();
    if target.schema.as_deref() == Some(crate::folder::SOURCE_SCHEMA) {
        target.schema = None;
        target = crate::folder::with_target_schema(&target);
    }
    for number in 2.. {
        if taken.insert(fold(&target)) {
            break;
        }
        target.name = format!("{}_{number}", name.name);
    }
    target
}

/// Proposes a table for the document: incremental where it has a key and a watermark that can be relied on.
fn propose(table: &DiscoveredTable, target: &TableName) -> TableSync {
    let incremental = !table.key.is_empty() && !table.table.materialized;
    let watermark = table.watermark().filter(|_| incremental).map(str::to_owned);
    let refused = table.columns.iter().filter(|(_, plan)| plan.verdict == Verdict::Refused);
    TableSync {
        pk: table.key.clone(),
        mode: if watermark.is_some() { SyncMode::Incremental } else { SyncMode::Full },
        watermark_column: watermark,
        transform: refused.map(|(name, _)| (name.clone(), None)).collect(),
        ..TableSync::new(table.table.name.clone(), target.clone())
    }
}

/// Writes one item of the list, as an edit of the document would.
fn item(table: &TableSync) -> Result<String, ErrorView> {
    let mut document = Document::parse("tables: []\n", "the proposal", &EnvConnections::default())?;
    document.add_table(table)?;
    let text = document.text();
    Ok(text.strip_prefix("tables:\n").unwrap_or(text).to_owned())
}

/// Writes what a reader should know about a table above its item.
fn remarks(table: &DiscoveredTable) -> String {
    let mut text = String::new();
    let mut remark = |line: &str| {
        let _infallible = writeln!(text, "  # {}", line.replace('\n', " "));
    };
    let rows = table.table.estimated_rows;
    if rows >= 0 {
        remark(&format!("about {rows} rows"));
    }
    match table.best() {
        _ if table.key.is_empty() => remark("mode full: nothing identifies a row"),
        Some(_) if table.table.materialized => remark("mode full: a materialized view brings late rows below others"),
        Some(best) => remark(&format!("{}: {}", best.column, best.reasons().join(", "))),
        None => remark("mode full: no column tells when a row was changed"),
    }
    for column in table.table.columns.iter().filter(|column| column.generated || column.identity) {
        let what = if column.generated { "computed" } else { "numbered" };
        remark(&format!("{} is {what} by the source, and arrives as a value", column.name));
    }
    for (name, plan) in table.columns.iter().filter(|(_, plan)| plan.verdict != Verdict::Exact) {
        let note = if plan.note.is_empty() { String::new() } else { format!(": {}", plan.note) };
        match plan.verdict {
            Verdict::Refused => {
                remark(&format!("{name} is left out{note}"));
                remark(&format!("  in its transform, this brings it as text: {name}: {:?}", as_text(name)));
            }
            _ => remark(&format!("{name} arrives as {}{note}", plan.ddl)),
        }
    }
    text
}

/// Writes the transform that brings a column as text.
fn as_text(column: &str) -> String {
    format!("{}::text", firn_postgres::quote::ident(column))
}

fn wire(
    table: &DiscoveredTable,
    target: &TableName,
    configured: bool,
    proposal: Option<&TableSync>,
) -> DiscoveredTableView {
    let source = &table.table;
    let watermark = table.watermark();
    let columns = source.columns.iter().zip(&table.columns).map(|(column, (name, plan))| ColumnView {
        key: table.key.contains(name),
        watermark: watermark == Some(name.as_str()),
        transform: proposal.and_then(|proposal| left_out(proposal, name)),
        ..view::column(name, &column.ty, plan)
    });
    let findings: Vec<FindingView> = table.findings.iter().map(view::finding).collect();
    DiscoveredTableView {
        source: source.name.to_string(),
        target: target.to_string(),
        kind: match source.relation {
            Relation::Table => "table",
            Relation::Partitioned => "partitioned",
            Relation::View => "view",
            Relation::Foreign => "foreign",
        }
        .to_owned(),
        estimated_rows: Some(source.estimated_rows).filter(|rows| *rows >= 0),
        bytes: source.bytes,
        pk: table.key.clone(),
        watermark_column: watermark.map(str::to_owned),
        key_candidates: table.keys.iter().map(view::key_candidate).collect(),
        watermarks: table.candidates.iter().map(view::watermark_candidate).collect(),
        columns: columns.collect(),
        findings,
        configured,
    }
}

fn left_out(proposal: &TableSync, column: &str) -> Option<String> {
    proposal.transform.iter().find(|(name, _)| name == column).map(|_| "left out".to_owned())
}
