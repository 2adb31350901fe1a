//! From a configuration and what stands on both sides to a read and a write, before any row moves.

use crate::config::{Mode, OnDrift, TableConfig};
use crate::drift::{self, Change, Drift};
use crate::outcome::Failure;
use crate::{advice, deletes};
use firn_catalog::{ColumnPlan, Dialect, PgType, Verdict, WatermarkKind, plan_column};
use firn_connector::switches::{Protection, on};
use firn_connector::{
    Error, Finding, Level, ReadColumn, ReadPlan, Relation, Result, Source, SourceShape, SourceTable, TableState,
    Target, TargetTable, WriteColumn, WritePlan,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most bytes of a batch, as received.
pub(crate) const BATCH_BYTES: usize = 4 << 20;
/// Rows of a batch in a first load or full read, where nobody waits for the first row.
pub(crate) const BULK_ROWS: usize = 16_384;

/// What kind of read a run begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhaseName {
    /// Page ranges from the beginning.
    FirstLoad,
    /// Page ranges that an earlier run left.
    ResumeFirstLoad,
    /// Rows after the cursor.
    Incremental,
    /// The whole table.
    Full,
    /// The keys of the whole table, after the last pass.
    Deletes,
}

/// A column in a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedColumn {
    /// Name in the source.
    pub name: String,
    /// Name in the target: the same, but for a renamed column under `on_drift: ignore`.
    pub target: String,
    /// Type in the source, or of the transform's result.
    pub ty: PgType,
    /// Type of the column itself.
    pub own: PgType,
    /// How it travels.
    pub plan: ColumnPlan,
    /// The transform, where there is one; `Some(None)` leaves the column out.
    pub transform: Option<Option<String>>,
    /// Whether it is part of the key.
    pub key: bool,
    /// Whether it is the watermark.
    pub watermark: bool,
}

/// The dry run of a table.
#[derive(Debug, Clone)]
pub struct TablePlan {
    /// Source table.
    pub source: String,
    /// Target table.
    pub target: String,
    /// What a run would begin with.
    pub phase: Option<PhaseName>,
    /// Rows waiting, counted up to a limit.
    pub rows_waiting: Option<u64>,
    /// Exact text of the cursor.
    pub watermark: Option<String>,
    /// Statements for the target.
    pub ddl: Vec<String>,
    /// The statement for the source.
    pub select: Option<String>,
    /// Columns with their verdicts.
    pub columns: Vec<PlannedColumn>,
    /// What has changed in the source since the last run.
    pub changes: Vec<Change>,
    /// Drift, risks, missing indexes.
    pub findings: Vec<Finding>,
    /// Why it cannot run.
    pub failure: Option<Failure>,
}

/// Everything a run of a table needs to know before it reads.
#[derive(Debug, Clone)]
pub(crate) struct Prepared {
    pub(crate) read: Arc<ReadPlan>,
    pub(crate) write: Arc<WritePlan>,
    pub(crate) table: SourceTable,
    pub(crate) findings: Vec<Finding>,
    /// Rows with a NULL watermark are possible.
    pub(crate) null_watermarks: bool,
    /// A NULL in a key column is possible.
    pub(crate) null_keys: bool,
    /// The source itself keeps the key unique.
    pub(crate) unique_key: bool,
    /// The target's table is missing or has no rows.
    pub(crate) target_empty: bool,
    /// Lookback in the watermark's unit.
    pub(crate) lookback: i64,
    /// What the source table looks like, to be remembered with the next commit.
    pub(crate) shape: SourceShape,
    /// The target's dialect.
    pub(crate) dialect: Dialect,
    /// Rows of the target now.
    pub(crate) target_rows: u64,
}

/// Lists the columns of a table as the configuration wants them, refused and left-out ones included.
pub(crate) fn planned_columns(config: &TableConfig, table: &SourceTable, target: &dyn Target) -> Vec<PlannedColumn> {
    let describe = |column: &firn_connector::SourceColumn| {
        let transform = config.transforms.get(&column.name).cloned();
        let ty = match &transform {
            Some(Some(_)) => table.expressions.get(&column.name).unwrap_or(&column.ty),
            _ => &column.ty,
        };
        PlannedColumn {
            name: column.name.clone(),
            target: column.name.clone(),
            ty: ty.clone(),
            own: column.ty.clone(),
            plan: ColumnPlan { unfit: config.on_unfit, ..plan_column(ty, target.dialect()) },
            transform,
            key: config.key.contains(&column.name),
            watermark: config.watermark.as_ref() == Some(&column.name),
        }
    };
    table.columns.iter().map(describe).collect()
}

/// Decides read and write of a table, or says why it cannot run.
pub(crate) fn prepare(
    config: &TableConfig,
    table: SourceTable,
    source: &dyn Source,
    target: &dyn Target,
    existing: Option<&TargetTable>,
    state: &TableState,
) -> Result<Prepared> {
    let on_table = |error: Error| error.on_table(&config.source);
    deletes::check(config).map_err(on_table)?;
    let drift = Drift::between(config, state, &table);
    check_names(config, &table, &drift).map_err(on_table)?;
    let mut columns = planned_columns(config, &table, target);
    for column in &mut columns {
        column.target = drift.target_name(config, &column.name, existing);
    }
    columns.retain(|column| column.transform != Some(None));
    refuse_types(&mut columns).map_err(on_table)?;
    let mut findings = Vec::new();
    if let (OnDrift::Ignore, Some(existing)) = (config.on_drift, existing) {
        leave_out_new_columns(&mut columns, existing, config, &drift, &mut findings);
    }

    let read: Vec<ReadColumn> = columns
        .iter()
        .map(|c| ReadColumn {
            name: c.name.clone(),
            expression: c.transform.clone().flatten(),
            ty: c.ty.clone(),
            plan: c.plan.clone(),
        })
        .collect();
    let write: Vec<WriteColumn> =
        columns.iter().map(|c| WriteColumn { name: c.target.clone(), ddl: c.plan.ddl.clone() }).collect();
    let index_of = |name: &String| columns.iter().position(|c| &c.name == name);
    let key: Vec<usize> = config.key.iter().filter_map(index_of).collect();
    let watermark = match config.mode {
        Mode::Incremental => watermark_column(config, &columns, &drift).map_err(on_table)?,
        Mode::Full => None,
    };
    let lookback = match watermark {
        Some((_, kind)) => config.lookback.distance(kind).map_err(on_table)?,
        None => 0,
    };

    let unique_key = table.unique_keys.iter().any(|unique| unique.iter().all(|c| config.key.contains(c)));
    findings.extend(drift::check_position(config, state, &drift, &table, unique_key).map_err(on_table)?);
    let marker = deletes::marker(config, &table, target.dialect()).map_err(on_table)?;
    let marked = existing.is_none_or(TargetTable::has_marks);
    let whole: Vec<WriteColumn> = write.iter().chain(marker.iter().filter(|_| marked)).cloned().collect();
    let mut ddl = match existing {
        None => target.plan_ddl(&config.target, None, &whole).map_err(on_table)?.0,
        Some(existing) => {
            let (mut ddl, after) = drift.renames(config, target, existing).map_err(on_table)?;
            let (statements, told) = target.plan_ddl(&config.target, Some(&after), &whole).map_err(on_table)?;
            ddl.extend(statements);
            let blocking = drift.blocking(&table, existing);
            let told = stop_on_drift(config, &mut ddl, &blocking, told).map_err(on_table)?;
            findings.extend(told.into_iter().filter(|finding| !drift.covers(finding)));
            let new = |name: &String| !after.columns.iter().any(|c| c.name.eq_ignore_ascii_case(name));
            let added: Vec<String> = write.iter().map(|c| c.name.clone()).filter(new).collect();
            findings.extend(drift.findings(config, &table, existing, &added));
            ddl
        }
    };
    if let (Some(marker), false) = (marker, marked) {
        // Firn's own column: it says nothing about the source, so `on_drift` has no say in it.
        ddl.extend(target.plan_ddl(&config.target, existing, &[marker]).map_err(on_table)?.0);
    }
    findings.extend(advice::watermark(source, config, &table));

    let not_null = |name: &String| table.columns.iter().any(|c| &c.name == name && c.not_null);
    let read = ReadPlan {
        table: table.name.clone(),
        columns: read,
        key: key.clone(),
        watermark,
        filter: config.filter.clone(),
        row_versions: matches!(table.relation, Relation::Table | Relation::Partitioned) && watermark.is_some(),
        batch_rows: config.batch_rows.max(1),
        batch_bytes: BATCH_BYTES,
    };
    let schema = read.schema();
    Ok(Prepared {
        write: Arc::new(WritePlan {
            source: config.state_name(),
            table: config.target.clone(),
            columns: write,
            key,
            watermark: watermark.map(|(index, _)| index),
            ddl,
            schema,
        }),
        read: Arc::new(read),
        null_watermarks: watermark.is_some() && !config.watermark.as_ref().is_some_and(not_null),
        null_keys: !config.key.iter().all(not_null),
        unique_key,
        shape: drift.shape(config, state, &table, existing, unique_key),
        target_empty: existing.is_none_or(|t| t.rows == 0),
        target_rows: existing.map_or(0, |t| t.rows),
        dialect: target.dialect(),
        lookback,
        findings,
        table,
    })
}

pub(crate) fn check_names(config: &TableConfig, table: &SourceTable, drift: &Drift) -> Result<()> {
    let has = |name: &str| table.columns.iter().any(|c| c.name == name);
    let list = || table.columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>().join(", ");
    let missing = |what: &str, name: &str| {
        let message = format!("{what} `{name}` is not a column of {}", table.name);
        match drift.renamed_to(name) {
            Some(now) => Error::configuration(format!("{message}: it was renamed to `{now}`"))
                .with_hint(format!("write `{now}` in the table's entry where it says `{name}`")),
            None => Error::configuration(message).with_hint(format!("its columns are {}", list())),
        }
    };
    for name in &config.key {
        if !has(name) {
            return Err(missing("key column", name));
        }
        if config.transforms.contains_key(name) {
            return Err(Error::configuration(format!("the key column `{name}` has a transform"))
                .with_hint("a row is found again by its key in the source: leave key columns as they are"));
        }
        if let Some(column) = table.columns.iter().find(|c| &c.name == name && !c.ty.orderable()) {
            return Err(Error::configuration(format!(
                "the key column `{name}` is of type {}, which has no order",
                column.ty
            ))
            .with_hint("choose a key of ordered types"));
        }
    }
    if config.key.is_empty() && config.mode == Mode::Incremental {
        return Err(Error::configuration("an incremental table needs a key")
            .with_hint("write `pk:` with the columns that name a row, or `mode: full`"));
    }
    for name in config.transforms.keys() {
        if !has(name) {
            return Err(missing("the transform's column", name));
        }
    }
    Ok(())
}

fn refuse_types(columns: &mut Vec<PlannedColumn>) -> Result<()> {
    let refused: Vec<String> = columns
        .iter()
        .filter(|c| c.plan.verdict == Verdict::Refused)
        .map(|c| format!("`{}` ({})", c.name, c.plan.note))
        .collect();
    if refused.is_empty() {
        return Ok(());
    }
    if !on(Protection::TypeRefusal) {
        columns.retain(|c| c.plan.verdict != Verdict::Refused);
        return Ok(());
    }
    Err(Error::configuration(format!("columns cannot be synced: {}", refused.join("; "))).with_hint(
        "leave a column out with `transform: {column: null}`, or cast it: `transform: {column: \"column::text\"}`",
    ))
}

fn leave_out_new_columns(
    columns: &mut Vec<PlannedColumn>,
    existing: &TargetTable,
    config: &TableConfig,
    drift: &Drift,
    findings: &mut Vec<Finding>,
) {
    let known = |c: &PlannedColumn| {
        existing.columns.iter().any(|e| e.name.eq_ignore_ascii_case(&c.target)) && !drift.name_is_taken(config, &c.name)
    };
    for column in columns.iter().filter(|c| !known(c)) {
        let message = format!("column `{}` is new in the source and left out (on_drift: ignore)", column.name);
        findings.push(Finding::new(Level::Info, "drift_ignored", message).with_fix("set on_drift: add to take it in"));
    }
    columns.retain(|c| known(c) || config.key.contains(&c.name) || config.watermark.as_ref() == Some(&c.name));
}

fn watermark_column(
    config: &TableConfig,
    columns: &[PlannedColumn],
    drift: &Drift,
) -> Result<Option<(usize, WatermarkKind)>> {
    let Some(name) = &config.watermark else {
        return Err(Error::configuration("an incremental table needs a watermark column")
            .with_hint("write `watermark_column:`, or `mode: full` for a table without one"));
    };
    let Some(index) = columns.iter().position(|c| &c.name == name) else {
        let message = format!("the watermark column `{name}` is not a column that is read");
        if let Some(now) = drift.renamed_to(name) {
            return Err(Error::configuration(format!("{message}: it was renamed to `{now}`"))
                .with_hint(format!("write `watermark_column: {now}`")));
        }
        let names: Vec<&str> = columns.iter().map(|c| c.name.as_str()).collect();
        return Err(Error::configuration(message).with_hint(format!("the columns are {}", names.join(", "))));
    };
    if config.transforms.contains_key(name) {
        return Err(Error::configuration(format!("the watermark column `{name}` has a transform"))
            .with_hint("rows are read in the order of the column itself: leave it as it is"));
    }
    match WatermarkKind::of(&columns[index].ty) {
        Some(kind) => Ok(Some((index, kind))),
        None => Err(Error::configuration(format!("the watermark column `{name}` is of type {}", columns[index].ty))
            .with_hint("a watermark is a timestamptz, timestamp, date, smallint, integer or bigint column")),
    }
}

/// Holds what the target would have to do, and what it cannot do anything about, against `on_drift`; returns what is
/// left to tell.
fn stop_on_drift(
    config: &TableConfig,
    ddl: &mut Vec<String>,
    blocking: &[String],
    told: Vec<Finding>,
) -> Result<Vec<Finding>> {
    let critical: Vec<&Finding> = told.iter().filter(|f| f.level == Level::Critical).collect();
    if let Some(first) = critical.first() {
        let text: Vec<&str> = critical.iter().map(|f| f.message.as_str()).collect();
        let message = format!("the target table {} does not fit: {}", config.target, text.join("; "));
        return Err(Error { hint: first.fix.clone(), ..Error::configuration(message) });
    }
    match config.on_drift {
        OnDrift::Add => Ok(told),
        OnDrift::Ignore if ddl.is_empty() => Ok(told),
        OnDrift::Ignore => {
            ddl.clear();
            Ok(told.into_iter().map(left_undone).collect())
        }
        OnDrift::Stop if ddl.is_empty() && blocking.is_empty() => Ok(told),
        OnDrift::Stop => {
            let due = (!ddl.is_empty()).then(|| format!("{} would run", ddl.join("; ")));
            let what: Vec<String> = blocking.iter().cloned().chain(due).collect();
            Err(Error::configuration(format!("the source has drifted: {}", what.join("; "))).with_hint(
                "set on_drift: add to let the target follow, for one run or for good; or run the statements yourself",
            ))
        }
    }
}

/// Turns what the target would do into what it does not under `on_drift: ignore`.
fn left_undone(finding: Finding) -> Finding {
    if finding.code != "target_column_widened" {
        return finding;
    }
    let message = format!(
        "left undone (on_drift: ignore): {}; rows whose values do not fit are rejected",
        finding.message.replacen(" is widened ", " would be widened ", 1)
    );
    Finding::new(Level::Warning, "drift_ignored", message).with_fix("set on_drift: add to let the target follow")
}

/// Returns the transforms that are expressions, by column.
pub(crate) fn expressions(config: &TableConfig) -> BTreeMap<String, String> {
    let chosen = config.transforms.iter().filter_map(|(name, sql)| Some((name.clone(), sql.clone()?)));
    chosen.collect()
}
