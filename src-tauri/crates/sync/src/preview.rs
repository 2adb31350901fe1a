//! Real rows of a table before and after their transforms, as a run would read them, and the worst values among them.
//!
//! A preview takes the path of a run, decoder and formatter included, up to the target: what it shows is what would
//! arrive. Its values are for whoever asked; nothing of them is logged.

mod worst;

use crate::config::TableConfig;
use crate::drift::Drift;
use crate::engine::Engine;
use crate::planning::{BATCH_BYTES, PlannedColumn, check_names, expressions, planned_columns};
use arrow::array::{AsArray as _, RecordBatch};
use firn_catalog::text::value_text;
use firn_catalog::{PgType, TableName, Verdict, plan_column};
use firn_connector::{Error, ReadColumn, ReadPlan, ReadScope, Result};
use futures::StreamExt as _;
use std::collections::BTreeMap;
use std::sync::Arc;
use worst::{Shown, Worst};

/// Rows looked at.
const SAMPLE_ROWS: u64 = 10_000;
/// Bytes looked at, as received.
const SAMPLE_BYTES: u64 = 64 << 20;
/// Rows of a batch.
const BATCH_ROWS: usize = 1024;
/// Characters of a value that are shown.
const VALUE_CHARS: usize = 1_000;

/// One column of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviewCell {
    /// What the source has; `None` for NULL.
    pub before: Option<String>,
    /// What would arrive; `None` for NULL.
    pub after: Option<String>,
}

/// Rows of the sample that a run would reject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedRows {
    /// The column whose value is refused.
    pub column: String,
    /// A stable short name of the reason.
    pub code: String,
    /// The reason.
    pub message: String,
    /// How many rows.
    pub rows: u64,
}

/// What the sample says about a column whose verdict is not exact, or which has values that are refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorstValue {
    /// The column.
    pub column: String,
    /// `longest`, `most_precise` or `largest`; `changed`, where the transform makes another value of it; or the special
    /// value that was met: `NaN`, `Infinity`, `-Infinity`, `infinity`, `-infinity`.
    pub what: String,
    /// The longest, most precise or largest value, cut off where it is very long.
    pub value: Option<String>,
    /// Characters of the longest value; digits after the point of the most precise, before it of the largest.
    pub characters: Option<u64>,
    /// Rows with the special value, or with one that changes.
    pub rows: Option<u64>,
}

/// What a preview shows.
#[derive(Debug, Clone, PartialEq)]
pub struct TablePreview {
    /// Source table.
    pub source: TableName,
    /// The columns that arrive.
    pub columns: Vec<PlannedColumn>,
    /// Rows that a run would read, a cell for each column.
    pub rows: Vec<Vec<PreviewCell>>,
    /// Rows looked at: the first ones as they are stored.
    pub sampled: u64,
    /// Those among them that `where` lets through.
    pub matching: u64,
    /// Whether that is every row of the table.
    pub complete: bool,
    /// Rows of the sample that would be rejected.
    pub refused: Vec<RefusedRows>,
    /// The worst values of the sample.
    pub worst: Vec<WorstValue>,
}

/// What is selected for a preview: the columns as they would arrive, their originals, and whether `where` holds.
struct Selection {
    columns: Vec<PlannedColumn>,
    /// Place of each column's original among what is selected.
    originals: Vec<usize>,
    read: Vec<ReadColumn>,
    filtered: bool,
}

impl Engine {
    /// Reads a sample of a table and shows up to `rows` of its rows before and after their transforms: the first ones, or
    /// those in which the column `focus` fares worst.
    ///
    /// # Errors
    /// `Configuration` for a transform or condition that the server does not take, with column, position and the
    /// server's message; the same for one that fails on a row of the sample.
    pub async fn preview(&self, config: &TableConfig, rows: usize, focus: Option<&str>) -> Result<TablePreview> {
        let on_table = |error: Error| error.on_table(&config.source);
        let table = self.source.inspect(&config.source, &expressions(config), config.filter.as_deref()).await?;
        check_names(config, &table, &Drift::default()).map_err(on_table)?;
        let mut columns = planned_columns(config, &table, self.target.as_ref());
        columns.retain(|column| column.transform != Some(None) && column.plan.verdict != Verdict::Refused);
        let selection = self.selection(config, columns);
        let focus = focus.and_then(|name| selection.columns.iter().position(|column| column.name == name));
        match self.sample(&selection, &table.name, Shown::new(rows, focus)).await {
            Err(error) if error.is_transient() => Err(on_table(error)),
            Err(error) => Err(on_table(self.culprit(config, &selection, &table.name, error).await)),
            Ok(preview) => Ok(preview),
        }
    }

    fn selection(&self, config: &TableConfig, columns: Vec<PlannedColumn>) -> Selection {
        let mut read: Vec<ReadColumn> = columns
            .iter()
            .map(|column| ReadColumn {
                name: column.name.clone(),
                // A transform need not stand a row that the condition keeps from it.
                expression: column.transform.clone().flatten().map(|sql| match &config.filter {
                    Some(filter) => format!("CASE WHEN (\n{filter}\n) THEN (\n{sql}\n) END"),
                    None => sql,
                }),
                ty: column.ty.clone(),
                plan: column.plan.clone(),
            })
            .collect();
        let mut beside = |name: &str, expression: String, ty: PgType| {
            let plan = plan_column(&ty, self.target.dialect());
            read.push(ReadColumn { name: name.to_owned(), expression: Some(expression), ty, plan });
            read.len() - 1
        };
        let mut originals = Vec::new();
        for (at, column) in columns.iter().enumerate() {
            // As text: a value that its transform mends must not be refused on account of what it was.
            originals.push(match &column.transform {
                Some(_) => beside(&column.name, self.source.text_of(&column.name), PgType::Text),
                None => at,
            });
        }
        if let Some(filter) = &config.filter {
            beside("where", format!("(\n{filter}\n) IS TRUE"), PgType::Bool);
        }
        Selection { columns, originals, read, filtered: config.filter.is_some() }
    }

    async fn sample(&self, selection: &Selection, table: &TableName, mut shown: Shown) -> Result<TablePreview> {
        let plan = ReadPlan {
            table: table.clone(),
            columns: selection.read.clone(),
            key: Vec::new(),
            watermark: None,
            filter: None,
            row_versions: false,
            batch_rows: BATCH_ROWS,
            batch_bytes: BATCH_BYTES,
        };
        let mut preview = TablePreview {
            source: table.clone(),
            columns: selection.columns.clone(),
            rows: Vec::new(),
            sampled: 0,
            matching: 0,
            complete: false,
            refused: Vec::new(),
            worst: Vec::new(),
        };
        if selection.columns.is_empty() {
            return Ok(preview);
        }
        let mut worst = Worst::of(&selection.columns, &selection.originals);
        let snapshot = self.source.snapshot(Arc::new(plan), 1).await?;
        let mut stream = snapshot.read(ReadScope::Whole).await?;
        let mut bytes = 0;
        while preview.sampled < SAMPLE_ROWS && bytes < SAMPLE_BYTES {
            let Some(read) = stream.next().await else {
                preview.complete = true;
                break;
            };
            let read = read?;
            bytes += read.bytes;
            preview.sampled += (read.batch.num_rows() + read.refused.len()) as u64;
            // Which of them the condition lets through is not known of rows that could not be read.
            preview.matching += read.refused.len() as u64;
            for row in read.refused {
                match preview.refused.iter_mut().find(|r| r.column == row.column && r.code == row.code) {
                    Some(known) => known.rows += 1,
                    None => preview.refused.push(RefusedRows {
                        column: row.column,
                        code: row.code,
                        message: row.message,
                        rows: 1,
                    }),
                }
            }
            selection.show(&read.batch, &mut shown, &mut preview, &mut worst);
        }
        preview.worst = worst.found();
        preview.rows = shown.into_rows();
        Ok(preview)
    }

    /// Finds which transform, or the condition, fails on a row: each is read by itself.
    async fn culprit(&self, config: &TableConfig, selection: &Selection, table: &TableName, error: Error) -> Error {
        let plain = TableConfig { transforms: BTreeMap::new(), filter: None, ..config.clone() };
        let alone = |config: TableConfig, columns: Vec<PlannedColumn>| {
            let selection = self.selection(&config, columns);
            async move { self.sample(&selection, table, Shown::new(0, None)).await }
        };
        let failed = |what: String, error: Error| {
            let said = error.source.as_ref().map(ToString::to_string).unwrap_or_else(|| error.message.clone());
            let mut failed = Error::configuration(format!("{what} fails on a row: {said}")).with_hint(
                "correct it in the table's entry so that it stands every row, for example with CASE or NULLIF",
            );
            failed.source = error.source;
            failed
        };
        if selection.filtered {
            let config = TableConfig { filter: config.filter.clone(), ..plain.clone() };
            let columns =
                selection.columns.iter().filter(|column| column.transform.is_none()).take(1).cloned().collect();
            if let Err(error) = alone(config, columns).await {
                return failed("`where`".to_owned(), error);
            }
        }
        for column in selection.columns.iter().filter(|column| column.transform.is_some()) {
            let config = TableConfig { filter: config.filter.clone(), ..plain.clone() };
            if let Err(error) = alone(config, vec![column.clone()]).await {
                return failed(format!("the transform of column `{}`", column.name), error);
            }
        }
        error
    }
}

impl Selection {
    /// Adds rows of a batch to what is shown and counted.
    fn show(&self, batch: &RecordBatch, shown: &mut Shown, preview: &mut TablePreview, worst: &mut Worst) {
        let condition = self.filtered.then(|| batch.column(batch.num_columns() - 1).as_boolean());
        for row in 0..batch.num_rows() {
            if condition.is_some_and(|condition| !condition.value(row)) {
                continue;
            }
            preview.matching += 1;
            worst.look(batch, row);
            let pair =
                |at: usize| (value_text(batch.column(self.originals[at]), row), value_text(batch.column(at), row));
            shown.take(pair, || {
                let cell = |(before, after): (Option<String>, Option<String>)| PreviewCell {
                    before: before.map(cut),
                    after: after.map(cut),
                };
                (0..self.originals.len()).map(|at| cell(pair(at))).collect()
            });
        }
    }
}

/// Cuts a long value off.
pub(crate) fn cut(text: String) -> String {
    match text.char_indices().nth(VALUE_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
