//! What a window sees that opens in mid-run: the state first, then the changes.

use super::*;
use crate::wire::TableProgress;
use firn_catalog::TableName;
use firn_connector::{ErrorKind, Side};
use firn_sync::{Counters, Lookback, Mode, OnDrift, TableOutcome};
use proptest::prelude::*;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

fn config(name: &str) -> TableConfig {
    TableConfig {
        source: TableName::new("public", name),
        target: TableName::new("main", name),
        key: vec!["id".into()],
        watermark: None,
        batch_rows: 1,
        transforms: std::collections::BTreeMap::new(),
        filter: None,
        mode: Mode::Full,
        on_drift: OnDrift::Add,
        deletes: firn_sync::Deletes::Ignore,
        max_delete_ratio: 0.2,
        lookback: Lookback::default(),
        on_unfit: firn_catalog::Unfit::Reject,
        verify: false,
    }
}

fn source(table: usize) -> String {
    format!("public.t{table}")
}

fn failure() -> Failure {
    Failure { kind: ErrorKind::Transient, side: Side::Source, table: None, message: "cut".into(), hint: None }
}

fn outcome(table: usize, result: firn_sync::TableResult, rows: u64) -> Arc<TableOutcome> {
    Arc::new(TableOutcome {
        source: source(table),
        target: format!("main.t{table}"),
        result,
        counters: Counters { rows_read: rows, rows_merged: rows, ..Counters::default() },
        watermark: None,
        elapsed: Duration::from_secs(1),
        failure: (result == firn_sync::TableResult::Failed).then(failure),
        findings: Vec::new(),
    })
}

/// What the engine may say, and what the forwarder does.
#[derive(Debug, Clone)]
enum Step {
    Stage(usize, firn_sync::Stage),
    Count(usize, u64),
    Retry(usize),
    Finish(usize, u64),
    Flush,
}

fn step() -> impl Strategy<Value = Step> {
    let table = 0..3_usize;
    prop_oneof![
        (
            table.clone(),
            prop_oneof![
                Just(firn_sync::Stage::Inspecting),
                Just(firn_sync::Stage::Reading),
                Just(firn_sync::Stage::Merging)
            ]
        )
            .prop_map(|(table, stage)| Step::Stage(table, stage)),
        (table.clone(), 0..1000_u64).prop_map(|(table, rows)| Step::Count(table, rows)),
        table.clone().prop_map(Step::Retry),
        (table, 0..1000_u64).prop_map(|(table, rows)| Step::Finish(table, rows)),
        Just(Step::Flush),
    ]
}

fn take(progress: &Progress, step: &Step) {
    let event = match step.clone() {
        Step::Stage(table, stage) => Event::Stage { source: source(table), stage },
        Step::Count(table, rows) => Event::Progress {
            source: source(table),
            counters: Counters { rows_read: rows, ..Counters::default() },
            watermark: Some(rows.to_string()),
        },
        Step::Retry(table) => {
            Event::Retry { source: source(table), attempt: 1, wait: Duration::from_secs(1), failure: failure() }
        }
        Step::Finish(table, rows) => Event::Finished(outcome(table, firn_sync::TableResult::Success, rows)),
        Step::Flush => return progress.flush(),
    };
    progress.emit(event);
}

fn lines(tables: &[TableProgress]) -> Vec<serde_json::Value> {
    tables.iter().map(|table| serde_json::to_value(table).unwrap()).collect()
}

proptest! {
    #[test]
    fn a_snapshot_and_the_events_after_it_make_the_final_state(
        steps in proptest::collection::vec(step(), 0..60),
        at in 0..60_usize,
    ) {
        let (sender, mut received) = mpsc::unbounded_channel();
        let configs: Vec<TableConfig> = (0..3).map(|table| config(&format!("t{table}"))).collect();
        let progress = Progress::begin("run", "/shop", &configs, sender);
        let mut snapshot = progress.view();
        for (number, step) in steps.iter().enumerate() {
            take(&progress, step);
            if number == at {
                snapshot = progress.view();
            }
        }
        progress.finish(&RunOutcome::default());
        let mut seen = snapshot.seq;
        let mut numbers = Vec::new();
        while let Ok(event) = received.try_recv() {
            numbers.push(event.seq);
            if event.seq <= seen {
                continue;
            }
            seen = event.seq;
            if let RunEventKind::Progress { table } = event.what {
                let place = snapshot.tables.iter().position(|line| line.source == table.source).unwrap();
                snapshot.tables[place] = *table;
            }
        }
        prop_assert_eq!(numbers.clone(), (1..=numbers.len() as u64).collect::<Vec<_>>());
        let last = progress.view();
        prop_assert_eq!(seen, last.seq);
        prop_assert_eq!(lines(&snapshot.tables), lines(&last.tables));
        prop_assert!(last.tables.iter().all(|table| table.result.is_some()));
    }
}

#[test]
fn counts_go_out_when_asked_and_what_matters_goes_out_at_once() {
    let (sender, mut received) = mpsc::unbounded_channel();
    let progress = Progress::begin("run", "/shop", &[config("t0")], sender);
    let mut heard = move || -> Vec<&'static str> {
        std::iter::from_fn(|| received.try_recv().ok())
            .map(|event| match event.what {
                RunEventKind::Started { .. } => "started",
                RunEventKind::Status { .. } => "status",
                RunEventKind::Progress { .. } => "progress",
                RunEventKind::Planned { .. } => "planned",
                RunEventKind::Finding { .. } => "finding",
                RunEventKind::Retry { .. } => "retry",
                RunEventKind::Finished { .. } => "finished",
            })
            .collect()
    };
    assert_eq!(heard(), ["started"]);
    for rows in 0..1000 {
        take(&progress, &Step::Count(0, rows));
    }
    assert_eq!(heard(), Vec::<&str>::new());
    progress.flush();
    progress.flush();
    assert_eq!(heard(), ["progress"]);
    take(&progress, &Step::Retry(0));
    assert_eq!(heard(), ["progress", "retry"]);
    progress.cancelling();
    progress.cancelling();
    assert_eq!(heard(), ["status"]);
    progress.finish(&RunOutcome { tables: vec![outcome(0, firn_sync::TableResult::Cancelled, 5)], failure: None });
    assert_eq!(heard(), ["progress", "finished"]);
}

#[test]
fn a_refused_sign_in_carries_the_advice_of_its_side() {
    let (sender, _received) = mpsc::unbounded_channel();
    let progress = Progress::begin("run", "/shop", &[config("t0")], sender);
    progress.advise(SignInAdvice::of_source("keep the password".into()));
    let refused = Failure { kind: ErrorKind::SignIn, hint: Some("NAME".into()), ..failure() };
    let finished = progress.finish(&RunOutcome { tables: Vec::new(), failure: Some(refused) });
    assert_eq!(finished.error.unwrap().hint.as_deref(), Some("keep the password"));
    assert_eq!(finished.tables[0].error.as_ref().unwrap().hint.as_deref(), Some("keep the password"));
}

#[test]
fn the_chart_of_a_run_that_goes_on_ends_with_the_rows_read_until_now() {
    let (sender, _received) = mpsc::unbounded_channel();
    let progress = Progress::begin("run", "/shop", &[config("t0"), config("t1")], sender);
    take(&progress, &Step::Count(0, 500));
    take(&progress, &Step::Count(1, 70));
    // Nothing has been sent to the window yet, and nothing sampled.
    let drawn = serde_json::to_value(progress.track()).unwrap();
    let last = drawn["samples"].as_array().unwrap().last().unwrap();
    assert_eq!((last[1].as_u64(), drawn["samples"][0][1].as_u64()), (Some(570), Some(0)));
    assert_eq!(last[0], drawn["seconds"]);
}
