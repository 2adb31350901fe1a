//! A transform tried on rejected rows before anybody saves it: the rows are read by their keys as they are now, on the
//! path of a run up to the target, and nothing is written.
//!
//! What only the target itself refuses, such as a row against its constraints, a trial does not see.

use crate::commit::key_json;
use crate::config::TableConfig;
use crate::engine::Engine;
use crate::mend::read_key;
use crate::planning::Prepared;
use crate::preview::cut;
use firn_catalog::text::value_text;
use firn_catalog::{PgType, plan_column};
use firn_connector::{Error, ErrorKind, Key, ReadBatch, ReadColumn, ReadPlan, ReadScope, Result, RowRefusal, Side};
use futures::StreamExt as _;
use serde_json::{Map, Value};
use std::sync::Arc;

/// Failing rows that are named.
const MOST_NAMED: usize = 100;
/// Rows on which the expression itself may fail before the others are left untried: each is found by halving.
const MOST_BROKEN: u64 = 20;
/// Values that are shown before and after.
const MOST_SHOWN: usize = 20;

/// A row that would be rejected still.
#[derive(Debug, Clone, PartialEq)]
pub struct TrialFailure {
    /// Key column → exact text.
    pub key: Map<String, Value>,
    /// The column.
    pub column: String,
    /// A stable short name of the reason.
    pub code: String,
    /// The reason.
    pub message: String,
}

/// A value that the transform makes another one of.
#[derive(Debug, Clone, PartialEq)]
pub struct TrialValue {
    /// Key column → exact text.
    pub key: Map<String, Value>,
    /// What the source has; `None` for NULL.
    pub before: Option<String>,
    /// What would arrive; `None` for NULL.
    pub after: Option<String>,
}

/// What came of a trial.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Trial {
    /// Rows that were to be tried.
    pub rows: u64,
    /// Rows that would arrive.
    pub passed: u64,
    /// Rows that would be rejected still.
    pub failed: u64,
    /// Rows that are not read any more: gone from the source, or outside of the table's condition.
    pub gone: u64,
    /// Entries without a whole key, whose rows cannot be found.
    pub without_key: u64,
    /// Rows that were left untried, because the expression fails on too many others.
    pub untried: u64,
    /// Rows that would arrive with NULL in the column, where they have a value in the source.
    pub nulls: u64,
    /// Rows that would arrive with another value in the column, or NULL.
    pub changed: u64,
    /// The first failing rows.
    pub failures: Vec<TrialFailure>,
    /// The first values that become others.
    pub values: Vec<TrialValue>,
    /// Type of the column in the target.
    pub target_type: String,
    /// Statements that the next run carries out in the target.
    pub ddl: Vec<String>,
}

/// What is read for a trial, and where its parts stand.
struct Reading {
    prepared: Prepared,
    plan: Arc<ReadPlan>,
    /// The tried column.
    column: usize,
    /// The same as the source has it, as text.
    original: usize,
}

impl Engine {
    /// Tries what a configuration makes of a column on the rows of some rejected entries, given by their keys.
    ///
    /// # Errors
    /// `Configuration` for a transform that the server does not take, with the server's message, and for a table that
    /// could not run with it; whatever keeps source or target from being asked. What fails on a row is part of the
    /// result.
    pub async fn try_on(&self, config: &TableConfig, column: &str, entries: &[Map<String, Value>]) -> Result<Trial> {
        let on_table = |error: Error| error.on_table(&config.source);
        let prepared = self.prepared(config).await.map_err(on_table)?;
        let Some(at) = prepared.read.columns.iter().position(|known| known.name == column) else {
            let message = format!("the column `{column}` does not travel: it is not in the table, or left out");
            return Err(on_table(Error::configuration(message)));
        };
        let keys: Vec<Key> = entries.iter().filter_map(|entry| read_key(&prepared, entry)).collect();
        let mut trial = Trial {
            rows: entries.len() as u64,
            without_key: (entries.len() - keys.len()) as u64,
            target_type: prepared.write.columns.get(at).map(|column| column.ddl.clone()).unwrap_or_default(),
            ddl: prepared.write.ddl.clone(),
            ..Trial::default()
        };
        let reading = self.reading(prepared, at, column);
        let mut broken = 0;
        let mut parts = vec![keys];
        while let Some(mut part) = parts.pop() {
            if broken >= MOST_BROKEN {
                trial.untried += part.len() as u64;
                continue;
            }
            match self.try_part(&reading, &part).await {
                Ok(found) => trial.add(found, part.len() as u64),
                Err(error) if !is_about_a_row(&error) => return Err(on_table(error)),
                Err(_) if part.len() > 1 => {
                    let rest = part.split_off(part.len() / 2);
                    parts.push(rest);
                    parts.push(part);
                }
                Err(error) => {
                    broken += 1;
                    let found =
                        Trial { failed: 1, failures: vec![reading.broken(&part[0], &error)], ..Trial::default() };
                    trial.add(found, 1);
                }
            }
        }
        Ok(trial)
    }

    fn reading(&self, prepared: Prepared, column: usize, name: &str) -> Reading {
        let mut columns = prepared.read.columns.clone();
        columns.push(ReadColumn {
            name: name.to_owned(),
            expression: Some(self.source.text_of(name)),
            ty: PgType::Text,
            plan: plan_column(&PgType::Text, prepared.dialect),
        });
        let original = columns.len() - 1;
        let plan = ReadPlan { columns, watermark: None, row_versions: false, ..(*prepared.read).clone() };
        Reading { plan: Arc::new(plan), prepared, column, original }
    }

    /// Reads the rows of some keys. All of them fail where the expression fails on one.
    async fn try_part(&self, reading: &Reading, keys: &[Key]) -> Result<Trial> {
        let mut found = Trial::default();
        if keys.is_empty() {
            return Ok(found);
        }
        let snapshot = self.source.snapshot(Arc::clone(&reading.plan), 1).await?;
        let mut stream = snapshot.read(ReadScope::Keys(keys.to_vec())).await?;
        while let Some(batch) = stream.next().await {
            reading.look(&batch?, &mut found);
        }
        Ok(found)
    }
}

impl Reading {
    /// Counts the rows of a batch.
    fn look(&self, read: &ReadBatch, found: &mut Trial) {
        found.passed += read.batch.num_rows() as u64;
        found.failed += read.refused.len() as u64;
        found.failures.extend(read.refused.iter().take(MOST_NAMED).map(|row| self.refused(row)));
        for row in 0..read.batch.num_rows() {
            let text = |at: usize| value_text(read.batch.column(at), row);
            let (before, after) = (text(self.original), text(self.column));
            if before == after {
                continue;
            }
            found.changed += 1;
            found.nulls += u64::from(after.is_none());
            if found.values.len() < MOST_SHOWN {
                let key = key_json(&self.prepared, &read.batch, row);
                found.values.push(TrialValue { key, before: before.map(cut), after: after.map(cut) });
            }
        }
    }

    fn refused(&self, row: &RowRefusal) -> TrialFailure {
        let texts = row.key.clone().unwrap_or_default();
        TrialFailure {
            key: self.names().zip(texts.into_iter().map(|text| text.map_or(Value::Null, Value::String))).collect(),
            column: row.column.clone(),
            code: row.code.clone(),
            message: row.message.clone(),
        }
    }

    /// Describes a row on which the expression fails.
    fn broken(&self, key: &Key, error: &Error) -> TrialFailure {
        let said = error.source.as_ref().map_or_else(|| error.message.clone(), ToString::to_string);
        TrialFailure {
            key: self.names().zip(key.iter().cloned().map(Value::String)).collect(),
            column: self.plan.columns[self.column].name.clone(),
            code: "transform_failed".to_owned(),
            message: format!("the transform fails on the row: {said}"),
        }
    }

    fn names(&self) -> impl Iterator<Item = String> {
        self.plan.key.iter().map(|&at| self.plan.columns[at].name.clone())
    }
}

impl Trial {
    /// Adds what was found of so many rows.
    fn add(&mut self, found: Trial, rows: u64) {
        self.passed += found.passed;
        self.failed += found.failed;
        self.nulls += found.nulls;
        self.changed += found.changed;
        self.gone += rows.saturating_sub(found.passed + found.failed);
        self.failures.extend(found.failures);
        self.failures.truncate(MOST_NAMED);
        self.values.extend(found.values);
        self.values.truncate(MOST_SHOWN);
    }
}

/// Returns whether the server failed on what it read, not on the way to it.
fn is_about_a_row(error: &Error) -> bool {
    error.side == Side::Source && error.kind == ErrorKind::Other
}
