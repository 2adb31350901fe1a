//! Deletes: rows of the target whose key is not in the source any more.
//!
//! After the last pass of a run the keys of the whole source table are read in a view of their own, taken after that
//! pass. Whatever the target holds was in the source at some earlier moment; so a key that this view lacks belongs to a
//! row that has been deleted since, or whose key was changed. Rows that are not in the target yet do not matter: only
//! the target's rows are looked for. The target compares, the engine decides whether so many may go, and they go in one
//! transaction with the state, under the check of the epoch.

mod guard;
mod keys;

use crate::config::{Deletes, Mode, TableConfig};
use crate::event::Stage;
use crate::planning::{PhaseName, Prepared};
use crate::table::TableRun;
use firn_catalog::{Dialect, PgType, plan_column};
use firn_connector::switches::{Protection, hold, on, pass};
use firn_connector::{
    DELETED_AT, Error, ErrorKind, Finding, KeyStage, Level, Result, SeenChange, Side, SourceTable, SweepCommit,
    SweepCount, Vanished, WriteColumn, Writer,
};
use futures::StreamExt as _;

pub(crate) use guard::{exceeds, too_many};

/// Returns what becomes of vanished rows; `None` where nobody looks for them.
pub(crate) fn vanished(config: &TableConfig) -> Option<Vanished> {
    match (config.deletes, config.mode) {
        // A full read replaces everything there is.
        (Deletes::Ignore, _) | (_, Mode::Full) => None,
        (Deletes::Soft, Mode::Incremental) => Some(Vanished::Mark),
        (Deletes::Hard, Mode::Incremental) => Some(Vanished::Delete),
    }
}

/// Checks that deletes and the rest of a table's configuration go together.
pub(crate) fn check(config: &TableConfig) -> Result<()> {
    if config.deletes == Deletes::Soft && config.mode == Mode::Full {
        return Err(Error::configuration("a full read replaces the table, so no row stays to be marked as deleted")
            .with_hint("write `deletes: hard` or `ignore`, or `mode: incremental`"));
    }
    if !(0.0..=1.0).contains(&config.max_delete_ratio) {
        return Err(Error::configuration("`max_delete_ratio` must be from 0 to 1"));
    }
    Ok(())
}

/// Returns the target's column for marks, where vanished rows are marked.
pub(crate) fn marker(config: &TableConfig, table: &SourceTable, dialect: Dialect) -> Result<Option<WriteColumn>> {
    if vanished(config) != Some(Vanished::Mark) {
        return Ok(None);
    }
    if table.columns.iter().any(|c| c.name.eq_ignore_ascii_case(DELETED_AT)) {
        return Err(Error::configuration(format!("the source has a column {DELETED_AT} of its own"))
            .with_hint("`deletes: soft` needs that name in the target: write `deletes: hard` or `ignore`"));
    }
    let ddl = plan_column(&PgType::Timestamptz, dialect).ddl;
    Ok(Some(WriteColumn { name: DELETED_AT.to_owned(), ddl }))
}

/// Says what a dry run should tell about deletes.
pub(crate) fn findings(config: &TableConfig, prepared: &Prepared) -> Vec<Finding> {
    vanished(config).and_then(|_| refusal(prepared)).map(refused).into_iter().collect()
}

/// Tells why rows stay that should have gone.
pub(crate) fn refused(reason: Error) -> Finding {
    Finding { fix: reason.hint, ..Finding::new(Level::Critical, "deletes_refused", reason.message) }
}

/// Returns why vanished rows cannot be told from hidden ones.
fn refusal(prepared: &Prepared) -> Option<Error> {
    if !prepared.table.row_security || !on(Protection::DeleteRowSecurity) {
        return None;
    }
    let message = "row-level policies apply to this role: rows they hide would be taken for deleted ones, so nothing \
                   is deleted";
    Some(Error::new(Side::Source, ErrorKind::Configuration, message).with_hint(COMPLETE))
}

const COMPLETE: &str = "deletes need a role that sees every row: give it BYPASSRLS and SELECT on the whole table, or \
                        write `deletes: ignore`";

/// What came of letting rows go.
pub(crate) enum Swept {
    /// Those that had vanished are gone, or marked.
    Done,
    /// None has gone: a guard keeps them, for this reason.
    Kept(Error),
}

/// Lets the rows of the target go that have vanished from the source, unless a guard keeps them.
pub(crate) async fn sweep(
    run: &mut TableRun<'_>,
    prepared: &Prepared,
    writer: &mut dyn Writer,
    vanished: Vanished,
) -> Result<Swept> {
    if let Some(refused) = refusal(prepared) {
        return Ok(Swept::Kept(refused));
    }
    run.emit_phase(PhaseName::Deletes, None);
    run.stage(Stage::Reading);
    hold("engine.before_keys").await;
    let count = match compare(run, prepared, writer).await {
        Err(error) if error.kind == ErrorKind::Permission => {
            writer.discard().await?;
            return Ok(Swept::Kept(error.with_hint(COMPLETE)));
        }
        compared => compared?,
    };
    pass("engine.keys_compared");
    note_outside(run, &count);
    if count.vanished == 0 && count.returned == 0 && (count.marked == 0 || vanished == Vanished::Mark) {
        writer.discard().await?;
        return Ok(Swept::Done);
    }
    if exceeds(run.config.max_delete_ratio, count.vanished, count.live) && on(Protection::DeleteRatio) {
        writer.discard().await?;
        return Ok(Swept::Kept(too_many(run.config, &count)));
    }
    run.stage(Stage::Merging);
    pass("engine.before_sweep");
    // Where rows have no version of their own, one that comes back under the watermark it had could be taken for the
    // one that was loaded. Without marks it is merged again.
    let seen = if prepared.read.row_versions { SeenChange::Keep } else { SeenChange::Replace(Vec::new()) };
    let swept = writer.sweep(SweepCommit { vanished, state: run.state.clone(), seen }).await?;
    run.counters.rows_deleted += swept.deleted;
    run.counters.commits += 1;
    pass("engine.after_sweep");
    if swept.returned > 0 {
        let rows = swept.returned;
        let message = format!("{rows} rows marked as deleted are in the source again: their {DELETED_AT} is NULL now");
        run.note(Finding::new(Level::Info, "deletes_returned", message));
    }
    run.stage(Stage::Reading);
    run.emit_progress();
    Ok(Swept::Done)
}

/// Stages every key of the source and has the target compare them.
async fn compare(run: &mut TableRun<'_>, prepared: &Prepared, writer: &mut dyn Writer) -> Result<SweepCount> {
    let engine = run.engine;
    let plan = keys::plan(run.config, prepared);
    let filtered = plan.columns.len() > prepared.read.key.len();
    let stage = KeyStage { schema: plan.schema(), filtered };
    // A large table is read by several readers, and one such table at a time: the connections are counted.
    let alone = engine.alone_if_large(prepared.table.bytes).await?;
    let readers = if alone.is_some() { engine.settings.readers } else { 1 };
    let mut keys = keys::read(engine, prepared, plan, readers).await?;
    writer.begin_sweep(stage).await?;
    while let Some(batch) = keys.next().await {
        match batch {
            Ok(batch) => writer.stage_keys(batch.batch).await?,
            Err(error) if on(Protection::DeleteAfterFullRead) => return Err(error),
            Err(_) => break,
        }
    }
    drop((keys, alone));
    writer.weigh().await
}

fn note_outside(run: &mut TableRun<'_>, count: &SweepCount) {
    if count.outside == 0 {
        return;
    }
    let message = format!(
        "{} rows of the target are still in the source but no longer match `where`: they are no deleted rows and stay",
        count.outside
    );
    run.note(Finding::new(Level::Info, "outside_where", message));
}
