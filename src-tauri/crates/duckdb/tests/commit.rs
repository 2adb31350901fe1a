//! Groups of rows: what a commit leaves, and that a failed one leaves nothing.
#![allow(clippy::unwrap_used)]

mod fixture;

use firn_catalog::TableName;
use firn_connector::{Commit, CommitOutcome, ErrorKind, SeenChange, Target, WriteMode, WritePlan};
use fixture::{SOURCE, Warehouse, commit, item_schema, items, up_to, write};

fn rows(list: &[&[&str]]) -> Vec<Vec<String>> {
    list.iter().map(|row| row.iter().map(|v| (*v).to_owned()).collect()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_load_makes_the_table_and_stores_the_cursor_with_the_rows() {
    let warehouse = Warehouse::new();
    let mut writer = warehouse.writer(1).await;
    let batches = vec![items(&[(1, "a", Some(10)), (2, "", None)]), items(&[(3, "c", Some(11))])];
    let done = write(&mut *writer, WriteMode::Append, batches, 11).await.unwrap();
    assert_eq!(done, CommitOutcome { merged: 3, duplicates: 0, removed: 0 });
    drop(writer);
    assert_eq!(warehouse.target.state(SOURCE).await.unwrap(), Some((up_to(11), 1)));
    assert_eq!(warehouse.items().await, rows(&[&["1", "a", "10"], &["2", "", "NULL"], &["3", "c", "11"]]));
    let stored = warehouse.ask("SELECT source, target, epoch, watermark FROM _firn.tables").await;
    assert_eq!(stored, rows(&[&[SOURCE, "raw.items", "1", "11"]]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_of_a_commit_changes_nothing() {
    let warehouse = Warehouse::new();
    let mut writer = warehouse.writer(1).await;
    let batch = items(&[(1, "a", Some(10)), (2, "b", Some(11))]);
    for _ in 0..3 {
        let done = write(&mut *writer, WriteMode::Upsert, vec![batch.clone()], 11).await.unwrap();
        assert_eq!(done, CommitOutcome { merged: 2, duplicates: 0, removed: 0 });
    }
    drop(writer);
    assert_eq!(warehouse.items().await, rows(&[&["1", "a", "10"], &["2", "b", "11"]]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upsert_replaces_rows_of_the_same_key_and_keeps_the_others() {
    let warehouse = Warehouse::new();
    let mut writer = warehouse.writer(1).await;
    write(&mut *writer, WriteMode::Append, vec![items(&[(1, "a", Some(10)), (2, "b", Some(10))])], 10).await.unwrap();
    // The watermark of 2 moved back: the source is right, whatever the target has.
    let next = items(&[(2, "b2", Some(5)), (3, "c", Some(11))]);
    let done = write(&mut *writer, WriteMode::Upsert, vec![next], 11).await.unwrap();
    assert_eq!(done, CommitOutcome { merged: 2, duplicates: 0, removed: 0 });
    drop(writer);
    assert_eq!(warehouse.items().await, rows(&[&["1", "a", "10"], &["2", "b2", "5"], &["3", "c", "11"]]));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_duplicate_keys_in_a_group_the_newest_wins_and_the_losers_are_counted() {
    let warehouse = Warehouse::new();
    let mut writer = warehouse.writer(1).await;
    let first = items(&[(1, "old", Some(10)), (2, "null loses", None), (3, "tie, first", Some(7))]);
    let second = items(&[(1, "newest", Some(12)), (2, "wins", Some(1)), (3, "tie, last", Some(7))]);
    let third = items(&[(1, "middle", Some(11)), (4, "null, first", None), (4, "null, last", None)]);
    let done = write(&mut *writer, WriteMode::Upsert, vec![first, second, third], 12).await.unwrap();
    assert_eq!(done, CommitOutcome { merged: 4, duplicates: 5, removed: 0 });
    drop(writer);
    let expected: &[&[&str]] =
        &[&["1", "newest", "12"], &["2", "wins", "1"], &["3", "tie, last", "7"], &["4", "null, last", "NULL"]];
    assert_eq!(warehouse.items().await, rows(expected));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replacement_is_the_whole_content_with_the_newest_row_of_each_key() {
    let warehouse = Warehouse::new();
    let mut writer = warehouse.writer(1).await;
    write(&mut *writer, WriteMode::Append, vec![items(&[(1, "gone", Some(1)), (2, "gone", Some(1))])], 1)
        .await
        .unwrap();
    let many: Vec<(i64, &str, Option<i64>)> = (0..300_000).map(|i| (i % 100_000, "x", Some(7))).collect();
    let last: Vec<(i64, &str, Option<i64>)> = (0..100_000).map(|i| (i, "last", Some(7))).collect();
    let batches = many.chunks(10_000).chain(last.chunks(10_000)).map(items).collect();
    let done = write(&mut *writer, WriteMode::Replace, batches, 7).await.unwrap();
    assert_eq!(done, CommitOutcome { merged: 100_000, duplicates: 300_000, removed: 0 });
    drop(writer);
    let found = warehouse.ask("SELECT count(*), count(DISTINCT id), min(name), max(name) FROM raw.items").await;
    assert_eq!(found, rows(&[&["100000", "100000", "last", "last"]]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replacement_without_rows_empties_the_table() {
    let warehouse = Warehouse::new();
    let mut writer = warehouse.writer(1).await;
    write(&mut *writer, WriteMode::Append, vec![items(&[(1, "gone", Some(1))])], 1).await.unwrap();
    let done = write(&mut *writer, WriteMode::Replace, Vec::new(), 2).await.unwrap();
    assert_eq!(done, CommitOutcome { removed: 1, ..CommitOutcome::default() });
    drop(writer);
    assert!(warehouse.items().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replacement_counts_the_rows_whose_key_it_has_not() {
    let warehouse = Warehouse::new();
    let mut writer = warehouse.writer(1).await;
    let range = |from: i64, to: i64| {
        let rows: Vec<(i64, &str, Option<i64>)> = (from..to).map(|i| (i, "x", Some(1))).collect();
        vec![items(&rows)]
    };
    for (from, to, removed) in [(0, 5_000, 0), (0, 5_000, 0), (10, 5_010, 10), (4_000, 4_001, 4_999), (7_000, 9_000, 1)]
    {
        let done = write(&mut *writer, WriteMode::Replace, range(from, to), 2).await.unwrap();
        assert_eq!(done.removed, removed, "{from}..{to}");
        assert_eq!(done.merged, u64::try_from(to - from).unwrap());
    }
    // Nothing of the count stays behind, nor in the way of a group of another kind.
    let done = write(&mut *writer, WriteMode::Upsert, range(0, 2), 3).await.unwrap();
    assert_eq!(done, CommitOutcome { merged: 2, duplicates: 0, removed: 0 });
    drop(writer);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_discarded_group_leaves_neither_rows_nor_table() {
    let warehouse = Warehouse::new();
    let mut writer = warehouse.writer(1).await;
    for mode in [WriteMode::Append, WriteMode::Upsert, WriteMode::Replace] {
        writer.begin(mode).await.unwrap();
        writer.stage(items(&[(1, "a", Some(1))])).await.unwrap();
        writer.discard().await.unwrap();
    }
    // The table's DDL was in the transaction that was taken back.
    assert!(warehouse.target.inspect(&TableName::new("raw", "items")).await.unwrap().is_none());
    // The writer is as good as new.
    write(&mut *writer, WriteMode::Append, vec![items(&[(1, "a", Some(1))])], 1).await.unwrap();
    drop(writer);
    assert_eq!(warehouse.items().await, rows(&[&["1", "a", "1"]]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_dropped_in_the_middle_leaves_nothing() {
    let warehouse = Warehouse::new();
    let mut writer = warehouse.writer(1).await;
    writer.begin(WriteMode::Append).await.unwrap();
    writer.stage(items(&[(1, "a", Some(1))])).await.unwrap();
    drop(writer);
    assert!(warehouse.target.inspect(&TableName::new("raw", "items")).await.unwrap().is_none());
    assert_eq!(warehouse.target.state(SOURCE).await.unwrap().unwrap().0, firn_connector::TableState::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fenced_writer_rolls_back_rows_and_state_in_every_mode() {
    let warehouse = Warehouse::new();
    let mut first = warehouse.writer(1).await;
    write(&mut *first, WriteMode::Append, vec![items(&[(1, "a", Some(1))])], 1).await.unwrap();
    warehouse.target.fence(SOURCE, 2).await.unwrap();
    for mode in [WriteMode::Append, WriteMode::Upsert, WriteMode::Replace] {
        let error = write(&mut *first, mode, vec![items(&[(9, "late", Some(9))])], 9).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Fenced, "{error}");
        assert!(error.message.contains("epoch is 2") && error.message.contains("one's is 1"), "{error}");
    }
    drop(first);
    assert_eq!(warehouse.target.state(SOURCE).await.unwrap(), Some((up_to(1), 2)));
    assert_eq!(warehouse.items().await, rows(&[&["1", "a", "1"]]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fence_raised_while_a_group_is_open_stops_its_commit() {
    let warehouse = Warehouse::new();
    let mut first = warehouse.writer(1).await;
    for mode in [WriteMode::Append, WriteMode::Upsert] {
        first.begin(mode).await.unwrap();
        first.stage(items(&[(1, "late", Some(1))])).await.unwrap();
        let epoch = if mode == WriteMode::Append { 2 } else { 3 };
        warehouse.target.fence(SOURCE, epoch).await.unwrap();
        let error = first.commit(commit(mode, 1)).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Fenced, "{}", error.chain());
    }
    let back = warehouse.target.fence(SOURCE, 2).await.unwrap_err();
    assert_eq!(back.kind, ErrorKind::Fenced);
    warehouse.target.fence(SOURCE, 3).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_without_a_fence_is_refused() {
    let warehouse = Warehouse::new();
    let mut writer = warehouse.writer_unfenced(1).await;
    let error = write(&mut *writer, WriteMode::Append, vec![items(&[(1, "a", Some(1))])], 1).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Fenced);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_the_table_refuses_leaves_nothing_and_is_called_refused() {
    let warehouse = Warehouse::new();
    warehouse
        .by_hand("CREATE SCHEMA raw; CREATE TABLE raw.items (id BIGINT, name VARCHAR CHECK (length(name) < 5), version BIGINT)")
        .await;
    let mut writer = warehouse.writer(1).await;
    let good = items(&[(1, "ok", Some(1))]);
    for mode in [WriteMode::Append, WriteMode::Upsert, WriteMode::Replace] {
        let refused = vec![good.clone(), items(&[(2, "ok", Some(2)), (3, "too long", Some(3))])];
        let error = write(&mut *writer, mode, refused, 3).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::RowRefused, "{}", error.chain());
        assert_eq!(error.table.as_deref(), Some("raw.items"));
        assert!(!error.chain().contains("too long"), "{}", error.chain());
    }
    // The rest goes in through the same writer.
    write(&mut *writer, WriteMode::Upsert, vec![good], 1).await.unwrap();
    drop(writer);
    assert_eq!(warehouse.items().await, rows(&[&["1", "ok", "1"]]));
    assert_eq!(warehouse.target.state(SOURCE).await.unwrap().unwrap().0, up_to(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_refused_as_a_duplicate_says_no_values() {
    let warehouse = Warehouse::new();
    warehouse
        .by_hand("CREATE SCHEMA raw; CREATE TABLE raw.items (id BIGINT PRIMARY KEY, name VARCHAR, version BIGINT)")
        .await;
    let mut writer = warehouse.writer(1).await;
    let twice = items(&[(4711, "a", Some(1)), (4711, "b", Some(2))]);
    let error = write(&mut *writer, WriteMode::Append, vec![twice.clone()], 2).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::RowRefused);
    assert!(!error.chain().contains("4711"), "{}", error.chain());
    // An upsert deletes and inserts under the same key in one transaction, also where a primary key watches.
    for _ in 0..2 {
        let done = write(&mut *writer, WriteMode::Upsert, vec![twice.clone()], 2).await.unwrap();
        assert_eq!(done, CommitOutcome { merged: 1, duplicates: 1, removed: 0 });
    }
    let done = write(&mut *writer, WriteMode::Replace, vec![items(&[(4711, "c", Some(3))])], 3).await.unwrap();
    assert_eq!(done.merged, 1);
    drop(writer);
    assert_eq!(warehouse.items().await, rows(&[&["4711", "c", "3"]]));
}

#[tokio::test(flavor = "multi_thread")]
async fn drift_is_altered_in_the_transaction_of_the_rows_or_not_at_all() {
    let warehouse = Warehouse::new();
    warehouse.by_hand("CREATE SCHEMA raw; CREATE TABLE raw.items (id SMALLINT CHECK (id < 100)); INSERT INTO raw.items VALUES (7)").await;
    let shape = || async {
        warehouse.ask("SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = 'items' AND schema_name = 'raw' ORDER BY column_index").await
    };
    let mut writer = warehouse.writer(1).await;
    let error = write(&mut *writer, WriteMode::Upsert, vec![items(&[(100, "a", Some(1))])], 1).await.unwrap_err();
    assert_ne!(error.kind, ErrorKind::Fenced);
    drop(writer);
    assert_eq!(shape().await, rows(&[&["id", "SMALLINT"]]));
    assert_eq!(warehouse.ask("SELECT id FROM raw.items").await, rows(&[&["7"]]));
}

#[tokio::test(flavor = "multi_thread")]
async fn added_and_widened_columns_arrive_with_the_first_commit() {
    let warehouse = Warehouse::new();
    warehouse.by_hand("CREATE SCHEMA raw; CREATE TABLE raw.items (id SMALLINT, kept VARCHAR); INSERT INTO raw.items VALUES (7, 'mine')").await;
    let mut writer = warehouse.writer(1).await;
    write(&mut *writer, WriteMode::Upsert, vec![items(&[(1 << 40, "a", Some(1))])], 1).await.unwrap();
    write(&mut *writer, WriteMode::Upsert, vec![items(&[(7, "b", Some(2))])], 2).await.unwrap();
    drop(writer);
    let found = warehouse.ask("SELECT id, name, version, kept FROM raw.items ORDER BY id").await;
    assert_eq!(found, rows(&[&["7", "b", "2", "NULL"], &["1099511627776", "a", "1", "NULL"]]));
}

#[tokio::test(flavor = "multi_thread")]
async fn marks_are_added_replaced_and_forgotten_with_the_state() {
    let warehouse = Warehouse::new();
    let mut writer = warehouse.writer(1).await;
    let mark = |n: u32| {
        let mut mark = [0xff; 16];
        mark[..4].copy_from_slice(&n.to_be_bytes());
        mark
    };
    let with = |seen| Commit { seen, ..commit(WriteMode::Upsert, 1) };
    let stored = || async {
        let mut marks = warehouse.target.seen(SOURCE).await.unwrap();
        marks.sort_unstable();
        marks
    };
    assert!(stored().await.is_empty());
    let many: Vec<_> = (0..100_000).map(mark).collect();
    writer.commit(with(SeenChange::Add(many.clone()))).await.unwrap();
    assert_eq!(stored().await, many);
    writer.commit(with(SeenChange::Keep)).await.unwrap();
    assert_eq!(stored().await.len(), many.len());
    writer.commit(with(SeenChange::Replace(vec![mark(1), mark(2)]))).await.unwrap();
    writer.commit(with(SeenChange::Add(vec![mark(3)]))).await.unwrap();
    assert_eq!(stored().await, [mark(1), mark(2), mark(3)]);
    // A failed commit changes no marks.
    warehouse.target.fence(SOURCE, 2).await.unwrap();
    writer.commit(with(SeenChange::Replace(Vec::new()))).await.unwrap_err();
    assert_eq!(stored().await.len(), 3);
    warehouse.target.reset(SOURCE, None, 2).await.unwrap();
    assert!(stored().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_needs_the_runners_epoch() {
    let warehouse = Warehouse::new();
    let mut writer = warehouse.writer(3).await;
    write(&mut *writer, WriteMode::Append, vec![items(&[(1, "a", Some(9))])], 9).await.unwrap();
    let error = warehouse.target.reset(SOURCE, Some(up_to(1)), 2).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Fenced);
    warehouse.target.reset(SOURCE, Some(up_to(1)), 3).await.unwrap();
    assert_eq!(warehouse.target.state(SOURCE).await.unwrap(), Some((up_to(1), 3)));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tables_make_one_schema_in_two_open_transactions() {
    let warehouse = Warehouse::new();
    let mut writers = Vec::new();
    for name in ["one", "two"] {
        let table = TableName::new("raw", name);
        let plan = warehouse.plan_for(table, item_schema(), &["BIGINT", "VARCHAR", "BIGINT"], &[0], Some(2)).await;
        let plan = WritePlan { source: format!("public.{name}"), ..(*plan).clone() };
        warehouse.target.fence(&plan.source, 1).await.unwrap();
        let mut writer = warehouse.target.writer(plan.into(), 1).await.unwrap();
        writer.begin(WriteMode::Append).await.unwrap();
        writer.stage(items(&[(1, name, Some(1))])).await.unwrap();
        writers.push(writer);
    }
    for writer in &mut writers {
        writer.commit(commit(WriteMode::Append, 1)).await.unwrap();
    }
    drop(writers);
    let found = warehouse.ask("SELECT name FROM raw.one UNION ALL SELECT name FROM raw.two").await;
    assert_eq!(found, rows(&[&["one"], &["two"]]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_nobody_waits_for_stops_within_a_second() {
    let warehouse = Warehouse::new();
    warehouse
        .by_hand(
            "CREATE SCHEMA raw; CREATE TABLE raw.items AS SELECT 1::BIGINT AS id, 'x' AS name, 1::BIGINT AS version",
        )
        .await;
    let mut writer = warehouse.writer(1).await;
    let many: Vec<(i64, &str, Option<i64>)> = (0..2_000_000).map(|i| (i, "x", Some(7))).collect();
    writer.begin(WriteMode::Upsert).await.unwrap();
    for part in many.chunks(100_000) {
        writer.stage(items(part)).await.unwrap();
    }
    let waiting =
        tokio::time::timeout(std::time::Duration::from_millis(30), writer.commit(commit(WriteMode::Upsert, 9)));
    assert!(waiting.await.is_err(), "the commit was over before it could be cancelled");
    let started = std::time::Instant::now();
    writer.discard().await.unwrap();
    assert!(started.elapsed() < std::time::Duration::from_secs(1), "{:?}", started.elapsed());
    drop(writer);
    assert_eq!(warehouse.items().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_changes_again_and_again_does_not_grow_without_end() {
    let warehouse = Warehouse::new();
    let all: Vec<(i64, &str, Option<i64>)> = (0..200_000).map(|i| (i, "first", Some(i))).collect();
    let mut sizes = Vec::new();
    for round in 0..6 {
        let mut writer = warehouse.writer(round).await;
        let mode = if round % 2 == 0 { WriteMode::Upsert } else { WriteMode::Replace };
        let done = write(&mut *writer, mode, all.chunks(20_000).map(items).collect(), round).await.unwrap();
        assert_eq!(done.merged, 200_000);
        drop(writer);
        warehouse.target.close().await.unwrap();
        sizes.push(std::fs::metadata(warehouse.path()).unwrap().len());
    }
    assert!(sizes[5] <= 3 * sizes[0], "{sizes:?}");
    assert_eq!(warehouse.ask("SELECT count(*) FROM raw.items").await, rows(&[&["200000"]]));
    let stored = warehouse.ask("SELECT estimated_size FROM duckdb_tables() WHERE table_name = 'items'").await;
    assert_eq!(stored, rows(&[&["200000"]]), "deleted rows are still stored");
}
