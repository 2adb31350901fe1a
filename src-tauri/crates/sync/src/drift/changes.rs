//! Drift as a list, for a person to look through before a run: what is new, removed or changed, and what a run does.

use super::{Drift, list, same};
use crate::config::{OnDrift, TableConfig};
use crate::planning::PlannedColumn;
use firn_connector::{Level, SourceTable, Target, TargetTable, WriteColumn};

/// What has become of something in the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// It was not there.
    New,
    /// It is not there any more.
    Removed,
    /// It is another than it was.
    Changed,
}

/// One difference between the source as it is and as the last run met it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What has become of it.
    pub kind: ChangeKind,
    /// The column by its name now, or by its old one where it is gone; `None` for the table as a whole.
    pub column: Option<String>,
    /// What it was.
    pub before: Option<String>,
    /// What it is.
    pub now: Option<String>,
    /// What the next run does about it under the table's `on_drift`.
    pub outcome: String,
    /// Whether the table stops on account of it.
    pub stops: bool,
}

impl Drift {
    /// Lists what has changed since the last run. `columns` are the table's as they would travel, left-out ones included.
    pub(crate) fn changes(
        &self,
        config: &TableConfig,
        table: &SourceTable,
        columns: &[PlannedColumn],
        target: &dyn Target,
        existing: Option<&TargetTable>,
    ) -> Vec<Change> {
        let Some(existing) = existing.filter(|_| self.remembered) else { return Vec::new() };
        let has = |name: &str| existing.columns.iter().find(|column| same(&column.name, name));
        let stop = config.on_drift == OnDrift::Stop;
        let mut said = Vec::new();
        let mut say = |kind, column: Option<&str>, before: Option<&str>, now: Option<&str>, stops, outcome: &str| {
            said.push(Change {
                kind,
                column: column.map(str::to_owned),
                before: before.map(str::to_owned),
                now: now.map(str::to_owned),
                outcome: if stops { format!("the table stops: {outcome}") } else { outcome.to_owned() },
                stops,
            });
        };
        let fresh = |column: &&PlannedColumn| {
            !self.known.contains(&column.name) && !self.renamed.iter().any(|(_, to)| *to == column.name)
        };
        for column in columns.iter().filter(fresh) {
            let ty = column.own.to_string();
            let (stops, outcome) = match (&column.transform, config.on_drift) {
                (Some(None), _) => (false, "left out by its transform".to_owned()),
                _ if has(&column.name).is_some() => (false, "the target has such a column already".to_owned()),
                (_, OnDrift::Ignore) => (false, "left out".to_owned()),
                (_, OnDrift::Stop) => (true, "`on_drift: stop` lets no column be added".to_owned()),
                (_, OnDrift::Add) if column.plan.ddl.is_empty() => (true, column.plan.note.clone()),
                (_, OnDrift::Add) => {
                    (false, format!("added to the target as {}; rows that do not change hold NULL", column.plan.ddl))
                }
            };
            say(ChangeKind::New, Some(&column.name), None, Some(&ty), stops, &outcome);
        }
        for name in &self.dropped {
            match has(name) {
                Some(_) => say(
                    ChangeKind::Removed,
                    Some(name),
                    None,
                    None,
                    stop,
                    "the target keeps it; new and changed rows hold NULL there",
                ),
                None => say(ChangeKind::Removed, Some(name), None, None, false, "the target has no such column"),
            }
        }
        for (from, to) in &self.renamed {
            let outcome = match config.on_drift {
                _ if has(from).is_none() => "the target has no column of the old name",
                OnDrift::Add => "renamed in the target, with what it holds",
                OnDrift::Ignore => "its values go on under the old name",
                OnDrift::Stop => "`on_drift: stop` lets no column be renamed",
            };
            let stops = stop && has(from).is_some() && !same(from, to);
            say(ChangeKind::Changed, Some(to), Some(from), Some(to), stops, outcome);
        }
        for name in &self.remade {
            let outcome = "dropped and made again; rows that have not changed since hold its old values";
            say(ChangeKind::Changed, Some(name), None, None, stop && has(name).is_some(), outcome);
        }
        for (name, from, to) in &self.retyped {
            let (stops, outcome) = retyped(config, columns, target, existing, name);
            say(ChangeKind::Changed, Some(name), Some(from), Some(to), stops, &outcome);
        }
        for name in &self.nullable {
            let outcome = match has(name).filter(|column| column.not_null && !column.has_default) {
                Some(_) => "the target takes no NULL there: such rows are rejected",
                None => "the target takes NULL there",
            };
            say(ChangeKind::Changed, Some(name), Some("NOT NULL"), Some("may be NULL"), false, outcome);
        }
        for name in &self.not_null {
            let outcome = "nothing to do";
            say(ChangeKind::Changed, Some(name), Some("may be NULL"), Some("NOT NULL"), false, outcome);
        }
        if let Some(before) = &self.primary_key {
            let key = |names: &[String]| match names {
                [] => "no primary key".to_owned(),
                names => format!("primary key ({})", list(names)),
            };
            let (before, now) = (key(before), key(&table.primary_key));
            let outcome = format!("rows are written by ({})", list(&config.key));
            say(ChangeKind::Changed, None, Some(&before), Some(&now), stop, &outcome);
        }
        if self.table_replaced {
            let outcome = "another table of this name: rows of before stay until a reset";
            say(ChangeKind::Changed, None, None, None, stop, outcome);
        }
        said
    }
}

/// Says what a run does about a column of another type, and whether the table stops.
fn retyped(
    config: &TableConfig,
    columns: &[PlannedColumn],
    target: &dyn Target,
    existing: &TargetTable,
    name: &str,
) -> (bool, String) {
    let Some(column) = columns.iter().find(|column| column.name == name && column.transform != Some(None)) else {
        return (false, "left out by its transform".to_owned());
    };
    if column.plan.ddl.is_empty() {
        return (true, column.plan.note.clone());
    }
    let write = WriteColumn { name: column.target.clone(), ddl: column.plan.ddl.clone() };
    // Of what is said about the whole table, only what this column brings about matters.
    let alone = TargetTable {
        columns: existing.columns.iter().filter(|known| same(&known.name, name)).cloned().collect(),
        ..existing.clone()
    };
    if alone.columns.is_empty() {
        return (false, format!("the target gets it as {}", column.plan.ddl));
    }
    match target.plan_ddl(&config.target, Some(&alone), &[write]) {
        Err(error) => (true, error.message),
        Ok((_, findings)) if findings.iter().any(|finding| finding.level == Level::Critical) => {
            (true, "its type does not fit the target's".to_owned())
        }
        Ok((ddl, _)) if ddl.is_empty() => (false, "fits the target as it is".to_owned()),
        Ok(_) => match config.on_drift {
            OnDrift::Add => (false, format!("widened in the target to {}", column.plan.ddl)),
            OnDrift::Ignore => (false, "the target's type stays; rows that do not fit are rejected".to_owned()),
            OnDrift::Stop => (true, "`on_drift: stop` lets no type be widened".to_owned()),
        },
    }
}
