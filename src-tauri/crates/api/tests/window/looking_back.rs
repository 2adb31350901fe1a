//! What the window finds when it looks back: the record of a run, its chart as a file, and rejected rows in numbers.

use super::*;
use firn_api::wire::{RejectedRef, RejectedRequest, RetryRequest, RunChartSave, RunRecordRequest};

/// The words of events, in their order.
fn words(events: &[RunEvent]) -> Vec<&'static str> {
    let word = |event: &RunEvent| match &event.what {
        RunEventKind::Started { .. } => "started",
        RunEventKind::Planned { .. } => "planned",
        RunEventKind::Progress { table } if table.result.is_some() => "ended",
        RunEventKind::Progress { .. } => "stage",
        _ => "other",
    };
    events.iter().map(word).collect()
}

#[tokio::test]
async fn the_record_of_a_run_has_the_plan_that_was_used_word_for_word() {
    let window = Window::open();
    let (cluster, document) = orders(500);
    let there = window.foreign("shop", &document);
    command::workspace_trust(&window.firn, there).await.unwrap();
    let record = async |run_id: &str, table: Option<&str>| {
        let request = RunRecordRequest { run_id: run_id.to_owned(), table: table.map(str::to_owned) };
        command::run_record(&window.firn, request).await
    };
    let first = command::sync_run(&window.firn, window.run("shop")).await.unwrap().run_id;
    window.hears_the_end().await;

    let told = window.heard();
    let planned = told.iter().find_map(|event| match &event.what {
        RunEventKind::Planned { plan } => Some(plan.clone()),
        _ => None,
    });
    assert_eq!(planned.unwrap().statements, None, "statements are not sent with every run");
    let whole = record(&first, None).await.unwrap();
    assert_eq!(whole.unreadable, 0);
    assert!(whole.plan.is_none() && whole.events.windows(2).all(|pair| pair[0].seq < pair[1].seq));
    let kept = words(&whole.events);
    assert_eq!((kept[0], kept.last(), kept.contains(&"stage")), ("started", Some(&"ended"), true), "{kept:?}");

    let plan = record(&first, Some("public.orders")).await.unwrap().plan.unwrap();
    let statements = plan.statements.unwrap();
    assert_eq!((plan.phase.as_str(), plan.cursor, plan.columns), ("first_load", None, 3));
    assert_eq!((plan.key, plan.watermark_column.as_deref()), (vec!["id".to_owned()], Some("updated_at")));
    assert!(statements.select.contains("\"updated_at\""), "{}", statements.select);
    assert!(statements.ddl.iter().any(|ddl| ddl.starts_with("CREATE TABLE")), "{:?}", statements.ddl);

    cluster.psql("postgres", "UPDATE orders SET v = 'y', updated_at = now() WHERE id = 7").unwrap();
    window.events.lock().unwrap().clear();
    let second = command::sync_run(&window.firn, window.run("shop")).await.unwrap().run_id;
    window.hears_the_end().await;
    let before = command::run_state(&window.firn, RunRef { run_id: first }).await.unwrap().tables[0].watermark.clone();
    let plan = record(&second, Some("public.orders")).await.unwrap().plan.unwrap();
    assert_eq!((plan.phase.as_str(), &plan.cursor), ("incremental", &before), "it begins where the last one ended");
    assert!(plan.statements.unwrap().ddl.is_empty());
    assert!(record(&second, Some("public.none")).await.unwrap().events.is_empty());
    assert_eq!(record("none", None).await.unwrap_err().code, "not_found");
    window.firn.close().await;
}

#[tokio::test]
async fn the_chart_of_a_run_is_written_as_a_picture_and_as_a_document() {
    let window = Window::open();
    let (_cluster, document) = orders(20_000);
    let there = window.foreign("shop", &document);
    command::workspace_trust(&window.firn, there).await.unwrap();
    let run_id = command::sync_run(&window.firn, window.run("shop")).await.unwrap().run_id;
    window.hears_the_end().await;
    let save = async |name: &str, replace: bool| {
        let path = window.path(name).to_str().unwrap().to_owned();
        let request = RunChartSave { run_id: run_id.clone(), path, width: 600, height: 200, dark: true, replace };
        command::run_chart_save(&window.firn, request).await
    };
    let saved = save("run.png", false).await.unwrap();
    let png = std::fs::read(&saved.path).unwrap();
    assert_eq!(saved.bytes, png.len() as u64);
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"));
    // Width and height stand in the first chunk: twice as many pixels as asked for.
    assert_eq!((&png[16..20], &png[20..24]), (&1200u32.to_be_bytes()[..], &400u32.to_be_bytes()[..]));
    assert_eq!(save("run.png", false).await.unwrap_err().code, "configuration");
    save("run.png", true).await.unwrap();
    let svg = std::fs::read_to_string(save("run.svg", false).await.unwrap().path).unwrap();
    assert!(svg.contains("20,000 rows read") && svg.contains(&run_id[..8]), "{svg}");
    assert_eq!(save("run.txt", false).await.unwrap_err().code, "configuration");
    window.firn.close().await;
}

#[tokio::test]
async fn rejected_rows_are_listed_in_stretches_searched_where_they_are_and_tried_again_one_by_one() {
    let window = Window::open();
    let (cluster, document) = orders(3);
    let sql = "ALTER TABLE orders ADD COLUMN price numeric(10, 2) NOT NULL DEFAULT 1;
               INSERT INTO orders SELECT i, 'needle ' || i, now(), 'NaN' FROM generate_series(11, 40) AS i;";
    cluster.psql("postgres", sql).unwrap();
    let there = window.foreign("shop", &document);
    let folder = there.folder.clone();
    command::workspace_trust(&window.firn, there).await.unwrap();
    let ask = async |request: RejectedRequest| {
        command::rejected_rows(&window.firn, RejectedRequest { folder: folder.clone(), ..request }).await.unwrap()
    };
    let all = || RejectedRequest { limit: 100, ..RejectedRequest::default() };
    assert_eq!(ask(all()).await.matching, 0, "before the first run there is no state to ask");
    command::sync_run(&window.firn, window.run("shop")).await.unwrap();
    window.hears_the_end().await;

    let first = ask(RejectedRequest { limit: 20, ..all() }).await;
    let rest = ask(RejectedRequest { limit: 20, skip: 20, ..all() }).await;
    assert_eq!((first.rows.len(), rest.rows.len(), first.matching, rest.matching), (20, 10, 30, 30));
    assert_eq!((first.causes.len(), first.causes[0].rows, rest.causes.len()), (1, 30, 0));
    let mut keys: Vec<i64> =
        first.rows.iter().chain(&rest.rows).map(|row| row.pk["id"].as_str().unwrap().parse().unwrap()).collect();
    keys.sort_unstable();
    assert_eq!(keys, (11..=40).collect::<Vec<_>>(), "each row once");
    let found = ask(RejectedRequest { search: " NEEDLE 17".into(), ..all() }).await;
    assert_eq!((found.matching, found.rows[0].pk["id"].as_str()), (1, Some("17")), "found by a value");
    assert_eq!(ask(RejectedRequest { search: "100%".into(), ..all() }).await.matching, 0);
    assert_eq!(ask(RejectedRequest { error: Some(first.causes[0].error.clone()), ..all() }).await.matching, 30);
    assert_eq!(ask(RejectedRequest { error: Some("no such".into()), ..all() }).await.matching, 0);

    let id = found.rows[0].id.clone();
    let row =
        command::rejected_row(&window.firn, RejectedRef { folder: folder.clone(), id: id.clone() }).await.unwrap();
    assert_eq!((row.payload["v"].as_str(), row.payload["price"].as_str()), (Some("needle 17"), Some("NaN")));
    let none = RejectedRef { folder: folder.clone(), id: "999999".into() };
    assert_eq!(command::rejected_row(&window.firn, none).await.unwrap_err().code, "not_found");

    // Two are mended at the source, and one of them is tried again: the other stays open until it is its turn.
    cluster.psql("postgres", "UPDATE orders SET price = 5 WHERE id IN (17, 18)").unwrap();
    let retry = RetryRequest { folder: folder.clone(), tables: Vec::new(), ids: vec![id], error: None };
    let retried = command::sync_retry(&window.firn, retry).await.unwrap();
    assert_eq!((retried.tables.len(), retried.tables[0].rows_merged, retried.tables[0].rows_rejected), (1, 1, 0));
    assert_eq!(ask(all()).await.matching, 29);
    assert_eq!(ask(RejectedRequest { search: "needle 17".into(), resolved: true, ..all() }).await.matching, 1);
    let retry =
        RetryRequest { folder: folder.clone(), tables: vec!["public.orders".into()], ids: Vec::new(), error: None };
    let retried = command::sync_retry(&window.firn, retry).await.unwrap();
    assert_eq!((retried.tables[0].rows_merged, retried.tables[0].rows_rejected), (1, 28));
    window.firn.close().await;
}
