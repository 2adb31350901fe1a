//! A look at many tables at once before a run: what has changed in the source since the last one. Nothing is leased,
//! counted or written.

use super::{Change, Drift};
use crate::config::TableConfig;
use crate::engine::Engine;
use crate::planning::{expressions, planned_columns};
use firn_catalog::TableName;
use firn_connector::{Result, SourceTable, TargetSurvey};
use std::collections::HashMap;

/// What a target remembers of tables, and how it looked from outside then. It spares a further look the opening of the
/// target for as long as nothing was written into it.
#[derive(Debug, Clone, Default)]
pub struct Remembered {
    stamp: Option<String>,
    tables: HashMap<(String, TableName), TargetSurvey>,
}

fn name(config: &TableConfig) -> (String, TableName) {
    (config.state_name(), config.target.clone())
}

impl Engine {
    /// Asks the target what it remembers of tables, unless `before` still holds and knows them all.
    ///
    /// # Errors
    /// Where the target cannot be opened or read.
    pub async fn remember(&self, tables: &[TableConfig], before: Option<&Remembered>) -> Result<Remembered> {
        // Before it is read: what is written meanwhile makes the answer an old one.
        let stamp = self.target.stamp();
        let holds = |known: &&Remembered| {
            stamp.is_some() && known.stamp == stamp && tables.iter().all(|one| known.tables.contains_key(&name(one)))
        };
        if let Some(known) = before.filter(holds) {
            return Ok(known.clone());
        }
        let asked: Vec<_> = tables.iter().map(name).collect();
        let surveyed = self.target.survey(&asked).await?;
        Ok(Remembered { stamp, tables: asked.into_iter().zip(surveyed).collect() })
    }

    /// Lists what has changed in the source since the last run, a list a table: empty where nothing has, where the table
    /// has not run yet, and where it is not there to be looked at.
    ///
    /// # Errors
    /// Where the source cannot be asked.
    pub async fn drift(&self, tables: &[TableConfig], known: &Remembered) -> Result<Vec<Vec<Change>>> {
        let names: Vec<TableName> = tables.iter().map(|config| config.source.clone()).collect();
        let described = self.source.inspect_many(&names).await?;
        let mut found = Vec::with_capacity(tables.len());
        for (config, table) in tables.iter().zip(described) {
            let Some(table) = table else {
                found.push(Vec::new());
                continue;
            };
            let changes = self.changes(config, &table, known);
            let typed = expressions(config);
            if changes.is_empty() || typed.is_empty() {
                found.push(changes);
                continue;
            }
            // What becomes of a change is told by the types of the expressions; only the server knows those.
            let table = self.source.inspect(&config.source, &typed, config.filter.as_deref()).await;
            found.push(table.map_or(changes, |table| self.changes(config, &table, known)));
        }
        Ok(found)
    }

    fn changes(&self, config: &TableConfig, table: &SourceTable, known: &Remembered) -> Vec<Change> {
        let Some(survey) = known.tables.get(&name(config)) else { return Vec::new() };
        let Some((state, _)) = &survey.state else { return Vec::new() };
        let target = self.target.as_ref();
        let columns = planned_columns(config, table, target);
        Drift::between(config, state, table).changes(config, table, &columns, target, survey.table.as_ref())
    }
}
