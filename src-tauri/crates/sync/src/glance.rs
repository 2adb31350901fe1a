//! A glance at tables: those with nothing to do are found without a lease, a writer or a snapshot.
//!
//! A glance writes nothing into the target, so it needs neither lease nor fence. It may only say "nothing to do" where
//! a whole run would have come to the same end: the table is caught up, no mark of a row above the horizon is left to be
//! looked at, no row stands after the cursor and none is without a watermark, the source looks as the target remembers
//! it, and nobody else has held the table's lease since. Whatever is doubtful, an error among it, goes the long way.

use crate::config::{Deletes, Mode, TableConfig};
use crate::engine::Engine;
use crate::event::{Event, ProgressSink, Stage};
use crate::outcome::{Counters, TableOutcome, TableResult};
use crate::planning::{PhaseName, Prepared, expressions, prepare};
use firn_catalog::WatermarkKind;
use firn_connector::switches::{Protection, on};
use firn_connector::{
    Cursor, Finding, Horizon, HorizonMethod, HorizonRequest, ReadPlan, Relation, Result, SourceTable, TableState,
    TargetTable,
};
use futures::StreamExt as _;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::time::Instant;

/// Bytes of a table that may be looked through as a whole where no index leads to what is new.
const SMALL: i64 = 8 << 20;

/// A table as the target knows it, whose run may find nothing to do.
#[derive(Debug, Clone)]
struct Quiet {
    config: TableConfig,
    state: TableState,
    epoch: i64,
    target: TargetTable,
}

/// What was found quiet by earlier glances of this engine, and how the target looked from outside then.
///
/// It spares an idle poll the opening of the target. It holds only as long as the target looks the same from outside
/// and the state database says that nobody else has held the lease.
#[derive(Debug, Default)]
pub(crate) struct Recollection {
    quiet: Mutex<HashMap<String, (String, Quiet)>>,
}

impl Recollection {
    fn quiet(&self) -> MutexGuard<'_, HashMap<String, (String, Quiet)>> {
        // Every change is one call on the map: a panic elsewhere cannot leave it half done.
        self.quiet.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets a table, which is about to be run.
    pub(crate) fn forget(&self, source: &str) {
        self.quiet().remove(source);
    }

    /// Returns the places of tables of which nothing is remembered that still holds.
    pub(crate) fn unknown(&self, tables: &[TableConfig], stamp: &str) -> Vec<usize> {
        let quiet = self.quiet();
        let known = |config: &TableConfig| {
            quiet.get(&config.state_name()).is_some_and(|(then, table)| still(then, stamp) && table.config == *config)
        };
        tables.iter().enumerate().filter(|(_, config)| !known(config)).map(|(at, _)| at).collect()
    }
}

/// Returns whether the target still looks as it did.
fn still(then: &str, now: &str) -> bool {
    then == now || !on(Protection::RecallStamp)
}

/// Outcomes of the tables that have nothing to do, by their place in the run.
pub(crate) type Found = HashMap<usize, Arc<TableOutcome>>;

/// Looks at tables that earlier glances found quiet, without opening the target.
pub(crate) async fn recall(
    engine: &Engine,
    run_id: &str,
    tables: &[TableConfig],
    sink: &Arc<dyn ProgressSink>,
) -> Found {
    let Some(stamp) = engine.target.stamp() else { return Found::new() };
    let known: Vec<(usize, Quiet)> = {
        let quiet = engine.recollection.quiet();
        let same = |config: &TableConfig| {
            let (then, table) = quiet.get(&config.state_name())?;
            (still(then, &stamp) && table.config == *config).then(|| table.clone())
        };
        tables.iter().enumerate().filter_map(|(at, config)| Some((at, same(config)?))).collect()
    };
    look(engine, run_id, known, sink).await
}

/// Looks at the tables whose places are given, in one visit to the target.
pub(crate) async fn survey(
    engine: &Engine,
    run_id: &str,
    tables: &[TableConfig],
    places: &[usize],
    sink: &Arc<dyn ProgressSink>,
) -> Found {
    let places: Vec<usize> = places.iter().copied().filter(|&at| may_be_quiet(&tables[at])).collect();
    if places.is_empty() {
        return Found::new();
    }
    let stamp = engine.target.stamp();
    let asked: Vec<_> = places.iter().map(|&at| (tables[at].state_name(), tables[at].target.clone())).collect();
    let surveyed = match engine.target.survey(&asked).await {
        Ok(surveyed) => surveyed,
        Err(error) => {
            tracing::debug!(error = %error.chain(), "the target could not be surveyed");
            return Found::new();
        }
    };
    let known: Vec<(usize, Quiet)> = places
        .into_iter()
        .zip(surveyed)
        .filter_map(|(at, survey)| {
            let (state, epoch) = survey.state?;
            let quiet = state.cursor().is_some() && state.set_back.is_none() && !survey.marked;
            quiet.then_some((at, Quiet { config: tables[at].clone(), state, epoch, target: survey.table? }))
        })
        .collect();
    let found = look(engine, run_id, known.clone(), sink).await;
    if let Some(stamp) = stamp {
        let mut quiet = engine.recollection.quiet();
        for (_, table) in known.into_iter().filter(|(at, _)| found.contains_key(at)) {
            quiet.insert(table.config.state_name(), (stamp.clone(), table));
        }
    }
    found
}

/// Returns whether a run with this configuration could find nothing to do by looking for rows after the cursor.
fn may_be_quiet(config: &TableConfig) -> bool {
    // Every field is named: who adds one decides here whether a glance sees what it asks for.
    let TableConfig {
        source: _,
        target: _,
        key: _,
        watermark,
        batch_rows: _,
        transforms: _,
        filter: _,
        mode,
        on_drift: _,
        lookback: _,
        on_unfit: _,
        verify,
        deletes,
        max_delete_ratio: _,
    } = config;
    // Only a look at every key finds what is gone.
    *mode == Mode::Incremental && watermark.is_some() && !verify && *deletes == Deletes::Ignore
}

/// A table on its way through a glance.
struct Looked {
    at: usize,
    quiet: Quiet,
    prepared: Prepared,
    cursor: Cursor,
    request: HorizonRequest,
}

/// Looks at tables that have a cursor and no marks; returns those with nothing to do, reported.
async fn look(engine: &Engine, run_id: &str, known: Vec<(usize, Quiet)>, sink: &Arc<dyn ProgressSink>) -> Found {
    if known.is_empty() {
        return Found::new();
    }
    let began = Instant::now();
    match try_look(engine, run_id, known, began).await {
        Ok(done) => done.into_iter().map(|(looked, horizon)| finish(looked, &horizon, began, sink)).collect(),
        Err(error) => {
            tracing::debug!(error = %error.chain(), "a glance failed");
            Found::new()
        }
    }
}

async fn try_look(
    engine: &Engine,
    run_id: &str,
    known: Vec<(usize, Quiet)>,
    began: Instant,
) -> Result<Vec<(Looked, Horizon)>> {
    let described = describe(engine, &known).await?;
    let prepared =
        known.into_iter().zip(described).filter_map(|((at, quiet), table)| prepared(engine, at, quiet, table?));
    let looked: Vec<Looked> = prepared.collect();
    // For what the operator should know; the cursor stays where it is.
    let requests: Vec<(Arc<ReadPlan>, HorizonRequest)> =
        looked.iter().map(|table| (Arc::clone(&table.prepared.read), table.request.clone())).collect();
    let horizons = engine.source.horizons(&requests).await?;
    // An unknown one becomes known by what a run logs, and a clock behind the cursor was set back.
    let sound = |table: &Looked, horizon: &Horizon| {
        let behind = horizon.clock.is_some_and(|clock| clock < table.cursor.watermark);
        horizon.method != HorizonMethod::Unknown && !behind
    };
    let probes = looked.into_iter().zip(horizons).filter_map(|(table, horizon)| Some((table, horizon?)));
    let probes = probes.filter(|(table, horizon)| sound(table, horizon));
    let probes: Vec<_> = probes
        .map(|(table, horizon)| async move {
            let (plan, nulls) = (&table.prepared.read, table.prepared.null_watermarks && on(Protection::GlanceNulls));
            match engine.source.any_after(plan, &table.cursor, nulls).await {
                Ok(false) => Some((table, horizon)),
                Ok(true) => None,
                Err(error) => {
                    tracing::debug!(error = %error.chain(), "a table could not be looked at");
                    None
                }
            }
        })
        .collect();
    let probed = futures::stream::iter(probes).buffer_unordered(engine.settings.tables.max(1));
    let done: Vec<(Looked, Horizon)> = probed.filter_map(|done| async { done }).collect().await;
    // Last: whoever has held a lease since the state was read may have moved the cursor.
    let idle: Vec<(String, i64)> =
        done.iter().map(|(table, _)| (table.quiet.config.state_name(), table.quiet.epoch)).collect();
    let noted = engine.state.note_idle(run_id, began.elapsed(), &idle, engine.settings.log_idle).await?;
    Ok(done.into_iter().filter(|(table, _)| noted.contains(&table.quiet.config.state_name())).collect())
}

/// Describes the source tables: together those that are read as they are, one by one those with SQL of the user.
async fn describe(engine: &Engine, known: &[(usize, Quiet)]) -> Result<Vec<Option<SourceTable>>> {
    let plain = |config: &TableConfig| config.filter.is_none() && config.transforms.values().all(Option::is_none);
    let names: Vec<_> = known.iter().filter(|(_, q)| plain(&q.config)).map(|(_, q)| q.config.source.clone()).collect();
    let mut together = engine.source.inspect_many(&names).await?.into_iter();
    let mut described = Vec::with_capacity(known.len());
    for (_, quiet) in known {
        let config = &quiet.config;
        described.push(if plain(config) {
            together.next().flatten()
        } else {
            engine.source.inspect(&config.source, &expressions(config), config.filter.as_deref()).await.ok()
        });
    }
    Ok(described)
}

fn prepared(engine: &Engine, at: usize, quiet: Quiet, table: SourceTable) -> Option<Looked> {
    let prepared = prepare(
        &quiet.config,
        table,
        engine.source.as_ref(),
        engine.target.as_ref(),
        Some(&quiet.target),
        &quiet.state,
    )
    .ok()?;
    let (_, kind) = prepared.read.watermark?;
    let indexed = |at: usize| {
        let facts = prepared.table.watermarks.get(&prepared.read.columns[at].name);
        facts.is_some_and(|facts| facts.indexed) || prepared.table.bytes < SMALL
    };
    let own_rows = matches!(prepared.table.relation, Relation::Table | Relation::Partitioned);
    if !own_rows || !prepared.read.watermark.is_some_and(|(at, _)| indexed(at)) {
        return None;
    }
    // The largest value of an axis that is no clock is read again each time, so its rows have marks.
    let clock = matches!(kind, WatermarkKind::Timestamptz | WatermarkKind::Timestamp);
    let as_remembered = !on(Protection::GlanceShape)
        || prepared.write.ddl.is_empty() && quiet.state.shape.as_ref() == Some(&prepared.shape);
    let cursor = quiet.state.cursor()?.clone();
    let request = HorizonRequest { kind, lookback: prepared.lookback, logged_times: quiet.state.logged_times.clone() };
    (clock && as_remembered).then_some(Looked { at, quiet, prepared, cursor, request })
}

fn finish(
    looked: Looked,
    horizon: &Horizon,
    began: Instant,
    sink: &Arc<dyn ProgressSink>,
) -> (usize, Arc<TableOutcome>) {
    let source = looked.quiet.config.state_name();
    sink.emit(Event::Phase { source: source.clone(), phase: PhaseName::Incremental, rows_expected: None });
    let mut findings: Vec<Finding> = Vec::new();
    for finding in looked.prepared.findings.iter().chain(&horizon.findings) {
        if !findings.contains(finding) {
            sink.emit(Event::Finding { source: source.clone(), finding: finding.clone() });
            findings.push(finding.clone());
        }
    }
    let outcome = Arc::new(TableOutcome {
        source: source.clone(),
        target: looked.quiet.config.target.to_string(),
        result: TableResult::Idle,
        counters: Counters::default(),
        watermark: Some(looked.cursor.watermark.text()),
        elapsed: began.elapsed(),
        failure: None,
        findings,
    });
    sink.emit(Event::Stage { source, stage: Stage::Done });
    sink.emit(Event::Finished(Arc::clone(&outcome)));
    (looked.at, outcome)
}
