//! Leases, reports, logs and rejected rows against a real server, and through pgbouncer.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use firn_connector::{
    ErrorEntry, ErrorKind, Holder, LeaseOutcome, LogEntry, RejectedQuery, RejectedRow, RejectedStanding, Resolution,
    StateStore, TableReport, Workspace, WorkspaceClaim,
};
use firn_postgres::{PgSettings, PostgresState, TlsMode};
use firn_testbed::{Bouncer, Cluster};
use serde_json::{Map, Value, json};
use std::time::Duration;

const TABLE: &str = "public.users";
const TTL: Duration = Duration::from_secs(60);

fn settings(cluster: &Cluster, port: u16) -> PgSettings {
    let mut settings = PgSettings::new(cluster.host(), "postgres", cluster.user());
    settings.port = port;
    settings.tls = TlsMode::Disable;
    settings
}

async fn store(cluster: &Cluster, schema: &str) -> PostgresState {
    let state = PostgresState::open(&settings(cluster, cluster.port()), schema).await.unwrap();
    state.ensure().await.unwrap();
    state
}

fn holder(pid: u32) -> Holder {
    Holder { host: "host a".into(), pid, nonce: format!("started {pid}") }
}

async fn ask(state: &PostgresState, who: &Holder, ttl: Duration, floor: i64, dead: Option<&Holder>) -> LeaseOutcome {
    state.acquire(TABLE, &format!("run of {}", who.pid), who, ttl, floor, dead).await.unwrap()
}

async fn granted(state: &PostgresState, who: &Holder, ttl: Duration) -> i64 {
    match ask(state, who, ttl, 0, None).await {
        LeaseOutcome::Granted(grant) => grant.epoch,
        LeaseOutcome::Held { holder, .. } => panic!("held by {holder}"),
    }
}

async fn held_by(state: &PostgresState, who: &Holder, dead: Option<&Holder>) -> Holder {
    match ask(state, who, TTL, 0, dead).await {
        LeaseOutcome::Granted(grant) => panic!("granted with epoch {}", grant.epoch),
        LeaseOutcome::Held { holder, since, expires_in } => {
            assert!(since.ends_with('Z') && expires_in <= TTL && expires_in > TTL / 2, "{since} {expires_in:?}");
            holder
        }
    }
}

/// Lists rejected rows of these tables, or of all for none, with their values.
async fn errors(state: &PostgresState, sources: &[String], resolved: bool, most: u32) -> Vec<ErrorEntry> {
    let query = RejectedQuery { sources: sources.to_vec(), resolved, payload: true, most, ..RejectedQuery::default() };
    state.rejected(&query).await.unwrap().0
}

fn report(status: &str, watermark: Option<&str>, rows: i64) -> TableReport {
    TableReport {
        source: TABLE.into(),
        watermark: watermark.map(Into::into),
        cursor_key: watermark.map(|_| "[\"7\"]".into()),
        last_run: None,
        status: status.into(),
        error: (status == "error").then(|| "it's \\ broken".into()),
        rows_processed: rows,
        holder: None,
        open_errors: 0,
    }
}

fn log(run_id: &str, status: &str, read: i64) -> LogEntry {
    LogEntry {
        run_id: run_id.into(),
        source: TABLE.into(),
        started_at: String::new(),
        finished_at: None,
        status: status.into(),
        rows_read: read,
        rows_merged: read,
        rows_rejected: 0,
        message: None,
    }
}

fn map(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn rejected(id: &str, message: &str) -> RejectedRow {
    RejectedRow {
        key: map(json!({ "id": id })),
        payload: Some(map(json!({ "id": id, "note": "it's a \\ \"row\"" }))),
        code: "numeric_nan".into(),
        column: Some("price".into()),
        message: message.into(),
    }
}

#[tokio::test]
async fn a_lease_is_held_until_it_is_given_up() {
    let cluster = Cluster::shared().unwrap();
    let state = store(cluster, "public").await;
    let (a, b) = (holder(1), holder(2));
    let first = granted(&state, &a, TTL).await;
    assert_eq!(held_by(&state, &b, None).await, a);
    // Another's epoch, and another's name under the right epoch, give nothing up.
    state.release(TABLE, &a, first + 1).await.unwrap();
    state.release(TABLE, &b, first).await.unwrap();
    assert_eq!(held_by(&state, &b, None).await, a);
    state.release(TABLE, &a, first).await.unwrap();
    assert!(granted(&state, &b, TTL).await > first);
}

#[tokio::test]
async fn a_lease_ends_by_the_clock_of_the_server() {
    let cluster = Cluster::shared().unwrap();
    let state = store(cluster, "public").await;
    let (a, b) = (holder(1), holder(2));
    let first = granted(&state, &a, Duration::from_millis(1)).await;
    // Not this process's clock but the server's decides, so it is the server that waits.
    cluster.psql("postgres", "SELECT pg_sleep(0.01)").unwrap();
    let second = granted(&state, &b, TTL).await;
    assert!(second > first);
    assert_eq!(state.renew(&[(TABLE.into(), first)], &a, TTL).await.unwrap(), [TABLE]);
    assert!(state.renew(&[(TABLE.into(), second)], &b, TTL).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_lease_that_ran_out_and_that_nobody_took_is_renewed() {
    let cluster = Cluster::shared().unwrap();
    let state = store(cluster, "public").await;
    let epoch = granted(&state, &holder(1), Duration::from_millis(1)).await;
    cluster.psql("postgres", "SELECT pg_sleep(0.01)").unwrap();
    assert!(state.renew(&[(TABLE.into(), epoch)], &holder(1), TTL).await.unwrap().is_empty());
    assert_eq!(held_by(&state, &holder(2), None).await, holder(1));
    assert_eq!(state.renew(&[("public.other".into(), 1)], &holder(1), TTL).await.unwrap(), ["public.other"]);
}

#[tokio::test]
async fn only_the_named_dead_holder_is_taken_over() {
    let cluster = Cluster::shared().unwrap();
    let state = store(cluster, "public").await;
    let (a, b) = (holder(1), holder(2));
    let first = granted(&state, &a, TTL).await;
    let reborn = Holder { nonce: "a later process with the same pid".into(), ..a.clone() };
    assert_eq!(held_by(&state, &b, Some(&reborn)).await, a, "another process under the same pid is not the dead one");
    match ask(&state, &b, TTL, 0, Some(&a)).await {
        LeaseOutcome::Granted(grant) => assert!(grant.epoch > first),
        LeaseOutcome::Held { holder, .. } => panic!("held by {holder}"),
    }
    // Who comes second with the same news finds somebody alive.
    assert_eq!(held_by(&state, &holder(3), Some(&a)).await, b);
}

#[tokio::test]
async fn the_epoch_exceeds_the_one_in_the_target() {
    let cluster = Cluster::shared().unwrap();
    let state = store(cluster, "public").await;
    let LeaseOutcome::Granted(grant) = ask(&state, &holder(1), TTL, 41, None).await else { panic!("not granted") };
    assert_eq!(grant.epoch, 42);
    let LeaseOutcome::Granted(grant) = ask(&state, &holder(1), TTL, 7, None).await else { panic!("not granted") };
    assert_eq!(grant.epoch, 43, "the same process may ask again");
}

#[tokio::test]
async fn of_many_racers_one_wins() {
    let cluster = Cluster::shared().unwrap();
    let first = store(cluster, "public").await;
    for round in 0..5 {
        let table = format!("public.t{round}");
        let mut racers = tokio::task::JoinSet::new();
        for pid in 0..8 {
            let state = if pid == 0 { first.clone() } else { store(cluster, "public").await };
            let table = table.clone();
            racers.spawn(async move {
                let outcome = state.acquire(&table, "run", &holder(100 + pid), TTL, 0, None).await.unwrap();
                matches!(outcome, LeaseOutcome::Granted(_))
            });
        }
        assert_eq!(racers.join_all().await.into_iter().filter(|won| *won).count(), 1);
    }
}

#[tokio::test]
async fn the_tables_are_made_once_by_many() {
    let cluster = Cluster::shared().unwrap();
    let mut makers = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let settings = settings(cluster, cluster.port());
        makers.spawn(async move { PostgresState::open(&settings, "odd \"schema\"").await.unwrap().ensure().await });
    }
    for outcome in makers.join_all().await {
        outcome.unwrap();
    }
    let sql = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'odd \"schema\"'";
    assert_eq!(cluster.psql("postgres", sql).unwrap().trim(), "4");
}

#[tokio::test]
async fn a_table_of_the_seed_gets_the_missing_columns_and_keeps_its_rows() {
    let cluster = Cluster::shared().unwrap();
    let seed =
        "CREATE TABLE sync_watermarks (source_table TEXT PRIMARY KEY, last_watermark TIMESTAMP, last_run TIMESTAMP,
                    last_status TEXT, last_error TEXT, rows_processed INT);
                INSERT INTO sync_watermarks VALUES
                    ('public.users', '2024-05-01 12:00:00.123456', '2024-05-01', 'success', NULL, 500);";
    cluster.psql("postgres", seed).unwrap();
    let state = store(cluster, "public").await;
    let reports = state.reports().await.unwrap();
    assert_eq!(reports.len(), 1);
    assert_eq!(reports[0].watermark.as_deref(), Some("2024-05-01 12:00:00.123456"));
    assert_eq!((reports[0].status.as_str(), reports[0].rows_processed), ("success", 500));
    assert_eq!(granted(&state, &holder(1), TTL).await, 1);
}

#[tokio::test]
async fn a_report_ends_the_log_row_and_gives_the_lease_up() {
    let cluster = Cluster::shared().unwrap();
    let state = store(cluster, "public").await;
    let epoch = granted(&state, &holder(1), TTL).await;
    let running = state.reports().await.unwrap().remove(0);
    assert_eq!((running.status.as_str(), running.holder.as_ref()), ("running", Some(&holder(1))));
    let open = state.logs(None, 10).await.unwrap();
    assert_eq!((open.len(), open[0].status.as_str(), &open[0].finished_at), (1, "running", &None));

    let watermark = "2024-05-01 12:00:00.5+00";
    let done = report("success", Some(watermark), i64::MAX);
    // Twice, as after an answer that was lost.
    for _ in 0..2 {
        state.report(&done, &log("run of 1", "success", 12), epoch).await.unwrap();
    }
    let told = state.reports().await.unwrap().remove(0);
    assert_eq!(told.watermark.as_deref(), Some(watermark));
    assert_eq!((told.status.as_str(), told.holder, told.rows_processed), ("success", None, i64::from(i32::MAX)));
    assert!(told.last_run.unwrap().ends_with('Z'));
    let logs = state.logs(Some(TABLE), 10).await.unwrap();
    assert_eq!((logs.len(), logs[0].rows_read, logs[0].status.as_str()), (1, 12, "success"));
    assert!(logs[0].finished_at.is_some());
    let stored = cluster.psql("postgres", "SELECT last_watermark, last_status FROM sync_watermarks").unwrap();
    assert_eq!(stored.trim(), "2024-05-01 12:00:00.5|success");
}

#[tokio::test]
async fn a_report_after_the_lease_was_lost_changes_nothing() {
    let cluster = Cluster::shared().unwrap();
    let state = store(cluster, "public").await;
    let old = granted(&state, &holder(1), Duration::ZERO).await;
    let new = granted(&state, &holder(2), TTL).await;
    state.report(&report("success", Some("2024-01-01"), 1), &log("run of 1", "success", 1), old).await.unwrap();
    let told = state.reports().await.unwrap().remove(0);
    assert_eq!((told.status.as_str(), told.watermark, told.holder), ("running", None, Some(holder(2))));
    // The run that was overtaken is closed by the one that took over.
    let logs = state.logs(None, 10).await.unwrap();
    let first = logs.iter().find(|entry| entry.run_id == "run of 1").unwrap();
    assert_eq!(first.status, "error");
    assert!(first.message.as_deref().unwrap().contains("interrupted") && first.finished_at.is_some());
    state.report(&report("idle", None, 0), &log("run of 2", "idle", 0), new).await.unwrap();
    assert_eq!(state.reports().await.unwrap().remove(0).status, "idle");
}

#[tokio::test]
async fn watermarks_of_every_axis_are_reported_exactly() {
    let cluster = Cluster::shared().unwrap();
    let state = store(cluster, "public").await;
    let cases = [
        ("2024-05-01 12:00:00.000001+00", "2024-05-01 12:00:00.000001"),
        ("infinity", "infinity"),
        ("-infinity", "-infinity"),
        ("0044-03-15 12:00:00 BC", "0044-03-15 12:00:00 BC"),
        ("2024-02-29", "2024-02-29 00:00:00"),
        ("5874897-12-31", ""),
        ("9223372036854775807", ""),
    ];
    for (text, stored) in cases {
        let epoch = granted(&state, &holder(1), TTL).await;
        state.report(&report("success", Some(text), 1), &log("r", "success", 1), epoch).await.unwrap();
        assert_eq!(state.reports().await.unwrap().remove(0).watermark.as_deref(), Some(text));
        let seen = cluster.psql("postgres", "SELECT last_watermark FROM sync_watermarks").unwrap();
        assert_eq!(seen.trim(), stored, "{text}");
    }
    // A failure before anything was known keeps what was reported; a reset to the beginning wipes it out.
    let epoch = granted(&state, &holder(1), TTL).await;
    state.report(&report("error", None, 0), &log("r", "error", 0), epoch).await.unwrap();
    let told = state.reports().await.unwrap().remove(0);
    assert_eq!(
        (told.watermark.as_deref(), told.error.as_deref()),
        (Some("9223372036854775807"), Some("it's \\ broken"))
    );
    let epoch = granted(&state, &holder(1), TTL).await;
    state.report(&report("success", None, 0), &log("r", "success", 0), epoch).await.unwrap();
    assert_eq!(state.reports().await.unwrap().remove(0).watermark, None);
}

#[tokio::test]
async fn a_rejected_row_has_one_open_entry_until_it_is_resolved() {
    let cluster = Cluster::shared().unwrap();
    let state = store(cluster, "public").await;
    granted(&state, &holder(1), TTL).await;
    state.reject(TABLE, "run 1", &[rejected("1", "first"), rejected("2", "x"), rejected("1", "again")]).await.unwrap();
    state.reject(TABLE, "run 2", &[rejected("1", "and again")]).await.unwrap();
    let entries = errors(&state, &[TABLE.to_owned()], false, 10).await;
    assert_eq!(entries.len(), 2);
    let one = entries.iter().find(|entry| entry.pk == json!({"id": "1"})).unwrap();
    assert_eq!((one.attempts, one.error.as_str(), one.run_id.as_str()), (3, "and again", "run 2"));
    assert_eq!(one.payload["note"], json!("it's a \\ \"row\""));
    assert_eq!(state.reports().await.unwrap().remove(0).open_errors, 2);

    state
        .resolve(TABLE, &[map(json!({"id": "1"})), map(json!({"id": "unknown"}))], &Resolution::merged_by("run"))
        .await
        .unwrap();
    assert_eq!(state.open_keys(TABLE, 10).await.unwrap(), [map(json!({"id": "2"}))]);
    assert_eq!(errors(&state, &[], false, 10).await.len(), 1);
    assert_eq!(errors(&state, &[], true, 10).await.len(), 2);
    let closed = errors(&state, &[], true, 10).await.into_iter().find(|entry| entry.resolved_at.is_some()).unwrap();
    assert_eq!((closed.resolved_by.as_deref(), closed.note), (Some("run"), None));
    // The same row may be rejected anew.
    state.reject(TABLE, "run 3", &[rejected("1", "back")]).await.unwrap();
    assert_eq!(state.open_keys(TABLE, 10).await.unwrap().len(), 2);
    assert_eq!(errors(&state, &[], true, 10).await.len(), 3);
}

#[tokio::test]
async fn keys_keep_the_order_of_their_columns_and_may_be_long() {
    let cluster = Cluster::shared().unwrap();
    let state = store(cluster, "public").await;
    let key = map(json!({"tenant_id": "t".repeat(5000), "id": "1", "at": null}));
    let row = RejectedRow {
        key: key.clone(),
        payload: None,
        code: "c".into(),
        column: None,
        message: "nul \0 inside".into(),
    };
    state.reject(TABLE, "run", std::slice::from_ref(&row)).await.unwrap();
    let open = state.open_keys(TABLE, 10).await.unwrap();
    assert_eq!(Value::Object(open[0].clone()).to_string(), Value::Object(key).to_string());
    let entry = errors(&state, &[], false, 10).await.remove(0);
    assert_eq!((entry.payload, entry.error.as_str()), (Value::Null, "nul \u{2400} inside"));
}

#[tokio::test]
async fn payloads_keep_the_order_of_their_columns() {
    let cluster = Cluster::shared().unwrap();
    let state = store(cluster, "public").await;
    let mut row = rejected("1", "x");
    let payload = json!({"zeta": "1", "id": "1", "a": null, "middle column": ["2"], "b": true});
    row.payload = Some(map(payload.clone()));
    state.reject(TABLE, "run", &[row]).await.unwrap();
    let entry = errors(&state, &[], false, 10).await.remove(0);
    assert_eq!(entry.payload.to_string(), payload.to_string());
    // What another program or an earlier version wrote has no order of its own.
    cluster.psql("postgres", "UPDATE sync_errors SET payload_columns = NULL").unwrap();
    assert_eq!(errors(&state, &[], false, 10).await.remove(0).payload, payload);
}

#[tokio::test]
async fn entries_are_listed_and_discarded_by_table_and_id() {
    let cluster = Cluster::shared().unwrap();
    let state = store(cluster, "public").await;
    state.reject(TABLE, "run", &[rejected("1", "x"), rejected("2", "x"), rejected("3", "x")]).await.unwrap();
    state.reject("public.it's \"odd\"", "run", &[rejected("1", "x")]).await.unwrap();
    let (mine, odd) = ([TABLE.to_owned()], ["public.it's \"odd\"".to_owned()]);
    let ids = |entries: &[firn_connector::ErrorEntry]| entries.iter().map(|entry| entry.id).collect::<Vec<_>>();
    let all = ids(&errors(&state, &mine, false, 10).await);
    assert_eq!(all.len(), 3);
    assert_eq!(errors(&state, &odd, false, 10).await.len(), 1);
    assert_eq!(errors(&state, &[], false, 10).await.len(), 4);

    let why = Resolution::given_up_by("ann on host", "it's a test row");
    assert!(state.discard(&odd, &all, &why).await.unwrap().is_empty(), "the ids belong to another table");
    assert_eq!(state.discard(&mine, &all[..1], &why).await.unwrap(), all[..1]);
    assert!(state.discard(&mine, &all[..1], &why).await.unwrap().is_empty(), "it is closed already");
    let closed = errors(&state, &mine, true, 10).await.into_iter().find(|entry| entry.id == all[0]).unwrap();
    assert_eq!((closed.resolved_by.as_deref(), closed.note.as_deref()), (Some("ann on host"), Some("it's a test row")));
    assert_eq!(state.discard(&mine, &[], &why).await.unwrap().len(), 2);
    assert_eq!(state.open_keys(TABLE, 10).await.unwrap().len(), 0);
    assert_eq!(errors(&state, &odd, false, 10).await.len(), 1, "nobody asked for the other table");
}

#[tokio::test]
async fn payloads_are_capped_and_expire_once_an_hour() {
    let cluster = Cluster::shared().unwrap();
    let state = store(cluster, "public").await.with_retention(10);
    let mine = Workspace { target_id: "t".into(), target_location: "/w.duckdb".into(), folder: "host:/".into() };
    state.claim(&mine).await.unwrap();
    let mut row = rejected("1", "x");
    row.payload = Some(map(json!({"id": "1", "body": "é\n".repeat(100_000)})));
    let many: Vec<_> =
        (2..200).map(|i| RejectedRow { key: map(json!({"id": i.to_string()})), ..row.clone() }).collect();
    state.reject(TABLE, "run", &many).await.unwrap();
    state.reject(TABLE, "run", &[row]).await.unwrap();
    let sizes =
        "SELECT count(*), max(length(payload::text)) < 65536, bool_and(payload ? '_truncated') FROM sync_errors";
    assert_eq!(cluster.psql("postgres", sizes).unwrap().trim(), "199|t|t");

    let merged = Resolution::merged_by("run");
    state.resolve(TABLE, &[map(json!({"id": "1"})), map(json!({"id": "2"}))], &merged).await.unwrap();
    // Met eleven days ago; one of them was closed then, another one yesterday.
    let age = "UPDATE sync_errors SET occurred_at = now() - interval '11 days';
               UPDATE sync_errors SET resolved_at = resolved_at - interval '11 days' WHERE pk->>'id' = '1';
               INSERT INTO sync_logs (run_id, source_table, started_at) VALUES ('old', 't', now() - interval '91 days');";
    let left = || {
        let sql = "SELECT count(*), count(payload), (SELECT count(*) FROM sync_logs) FROM sync_errors";
        cluster.psql("postgres", sql).unwrap().trim().to_owned()
    };
    cluster.psql("postgres", age).unwrap();
    state.ensure().await.unwrap();
    assert_eq!(left(), "198|0|0");
    state.reject(TABLE, "run", &[rejected("1", "x")]).await.unwrap();
    cluster.psql("postgres", age).unwrap();
    state.ensure().await.unwrap();
    assert_eq!(left(), "199|1|1", "within an hour nothing is looked for");
    cluster.psql("postgres", "UPDATE sync_workspace SET tidied_at = now() - interval '61 minutes'").unwrap();
    state.ensure().await.unwrap();
    assert_eq!(left(), "199|0|0");
}

#[tokio::test]
async fn tables_of_an_earlier_version_get_what_they_lack() {
    let cluster = Cluster::shared().unwrap();
    let state = store(cluster, "public").await;
    state.reject(TABLE, "run", &[rejected("1", "x")]).await.unwrap();
    let earlier = "ALTER TABLE sync_errors DROP COLUMN note, DROP COLUMN resolved_by, DROP COLUMN payload_columns;
                   ALTER TABLE sync_workspace DROP COLUMN tidied_at;
                   COMMENT ON TABLE sync_workspace IS 'Firn state tables, version 1'";
    // A run brings them up to date, and so does whoever looks before it.
    cluster.psql("postgres", earlier).unwrap();
    assert_eq!(errors(&state, &[], false, 10).await.len(), 1);
    cluster.psql("postgres", earlier).unwrap();
    state.ensure().await.unwrap();
    assert_eq!(errors(&state, &[], false, 10).await.len(), 1);
    let discarded = state.discard(&[], &[], &Resolution::given_up_by("ann", "old")).await.unwrap();
    assert_eq!(discarded.len(), 1);
}

#[tokio::test]
async fn a_schema_belongs_to_one_workspace() {
    let cluster = Cluster::shared().unwrap();
    let state = store(cluster, "public").await;
    let mine = Workspace { target_id: "t1".into(), target_location: "/a/w.duckdb".into(), folder: "host:/a".into() };
    let other = Workspace { target_id: "t2".into(), target_location: "/b/w.duckdb".into(), folder: "host:/b".into() };
    assert_eq!(state.claim(&mine).await.unwrap(), WorkspaceClaim::Ours);
    assert_eq!(state.claim(&mine).await.unwrap(), WorkspaceClaim::Ours);
    assert_eq!(state.claim(&other).await.unwrap(), WorkspaceClaim::Taken(mine.clone()));
    // The warehouse file was deleted and made anew in the same folder.
    let replaced = Workspace { target_id: "t3".into(), ..mine.clone() };
    assert_eq!(state.claim(&replaced).await.unwrap(), WorkspaceClaim::TargetReplaced);
    assert_eq!(state.claim(&replaced).await.unwrap(), WorkspaceClaim::Ours);
    // The folder was moved, its warehouse with it.
    let moved = Workspace { folder: "host:/c".into(), ..replaced };
    assert_eq!(state.claim(&moved).await.unwrap(), WorkspaceClaim::Ours);
}

#[tokio::test]
async fn everything_works_behind_a_pooler_in_transaction_mode() {
    let cluster = Cluster::shared().unwrap();
    // Two server connections for many clients: consecutive calls of one client land on either.
    let bouncer = Bouncer::start(cluster, 2).unwrap();
    let mut clients = tokio::task::JoinSet::new();
    for pid in 1..=6 {
        let settings = settings(cluster, bouncer.port());
        clients.spawn(async move {
            let state = PostgresState::open(&settings, "pooled").await.unwrap();
            state.ensure().await.unwrap();
            let table = format!("public.t{pid}");
            for round in 0..10 {
                let outcome = state.acquire(&table, &format!("run {round}"), &holder(pid), TTL, 0, None).await.unwrap();
                let LeaseOutcome::Granted(grant) = outcome else { panic!("not granted") };
                assert!(state.renew(&[(table.clone(), grant.epoch)], &holder(pid), TTL).await.unwrap().is_empty());
                state.reject(&table, "run", &[rejected("1", "x")]).await.unwrap();
                let told = TableReport { source: table.clone(), ..report("success", Some("2024-01-01"), 1) };
                let entry = LogEntry { source: table.clone(), ..log(&format!("run {round}"), "success", 1) };
                state.report(&told, &entry, grant.epoch).await.unwrap();
            }
            state
        });
    }
    let states = clients.join_all().await;
    let reports = states[0].reports().await.unwrap();
    assert_eq!(reports.len(), 6);
    assert!(reports.iter().all(|r| r.status == "success" && r.open_errors == 1 && r.holder.is_none()));
    assert_eq!(errors(&states[0], &[], false, 100).await[0].attempts, 10);
    assert_eq!(states[0].logs(None, 100).await.unwrap().len(), 60);
}

#[tokio::test]
async fn a_missing_right_says_which_schema_and_what_to_grant() {
    let cluster = Cluster::shared().unwrap();
    cluster.psql("postgres", "CREATE ROLE low LOGIN; CREATE SCHEMA closed;").unwrap();
    let mut settings = settings(cluster, cluster.port());
    settings.user = "low".into();
    let error = PostgresState::open(&settings, "closed").await.unwrap().ensure().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Permission);
    assert!(error.hint.unwrap().contains("GRANT USAGE, CREATE ON SCHEMA \"closed\""));
}

#[tokio::test]
async fn a_server_that_restarts_is_a_transient_failure_and_then_works_again() {
    let cluster = Cluster::shared().unwrap();
    let state = store(cluster, "public").await;
    let epoch = granted(&state, &holder(1), TTL).await;
    cluster.restart(firn_testbed::StopMode::Fast).unwrap();
    let mut failures = 0;
    let lost = loop {
        match state.renew(&[(TABLE.into(), epoch)], &holder(1), TTL).await {
            Ok(lost) => break lost,
            Err(error) => assert!(error.is_transient(), "{}", error.chain()),
        }
        failures += 1;
        assert!(failures < 5);
    };
    assert!(lost.is_empty());
}

#[tokio::test]
async fn causes_tell_what_has_become_of_their_rows() {
    let cluster = Cluster::shared().unwrap();
    let state = store(cluster, "causes").await;
    let rows: Vec<RejectedRow> = (1..=6).map(|id| rejected(&id.to_string(), "NaN")).collect();
    state.reject(TABLE, "run", &rows).await.unwrap();
    state.reject(TABLE, "run again", &rows[..2]).await.unwrap();
    state
        .resolve(TABLE, &[map(json!({"id": "3"})), map(json!({"id": "4"}))], &Resolution::merged_by("retry"))
        .await
        .unwrap();
    let (listed, _) =
        state.rejected(&RejectedQuery { search: "\"5\"".into(), most: 10, ..Default::default() }).await.unwrap();
    state.discard(&[], &[listed[0].id], &Resolution::given_up_by("ada", "a test account")).await.unwrap();

    let causes = state.causes(&[TABLE.into()]).await.unwrap();
    let told: Vec<_> = causes.iter().map(|c| (c.standing, c.rows, c.by.as_deref(), c.note.as_deref())).collect();
    let open = (RejectedStanding::Open, 3, None, None);
    let discarded = (RejectedStanding::Discarded, 1, Some("ada"), Some("a test account"));
    assert_eq!(told, [open, discarded, (RejectedStanding::Settled, 2, None, None)]);
    assert!(causes.iter().all(|cause| cause.column.as_deref() == Some("price")));
    assert!(causes[0].first_met < causes[0].last_met && causes[0].closed_at.is_none(), "{:?}", causes[0]);
    assert!(causes[1].closed_at > causes[2].closed_at);
    let in_column = RejectedQuery { column: "price".into(), most: 10, ..Default::default() };
    assert_eq!(state.rejected(&in_column).await.unwrap().1, 3);
    assert_eq!(state.rejected(&RejectedQuery { column: "id".into(), ..in_column }).await.unwrap().1, 0);
}

#[tokio::test]
async fn entries_of_an_earlier_version_get_their_column_from_their_words() {
    let cluster = Cluster::shared().unwrap();
    let state = store(cluster, "earlier").await;
    state
        .reject(TABLE, "run", &[rejected("1", "source, column unit price: NaN does not fit: correct it")])
        .await
        .unwrap();
    let earlier = "ALTER TABLE earlier.sync_errors DROP COLUMN error_column, DROP COLUMN first_met;
                   COMMENT ON TABLE earlier.sync_workspace IS 'Firn state tables, version 2'";
    cluster.psql("postgres", earlier).unwrap();
    let causes = state.causes(&[]).await.unwrap();
    assert_eq!(causes[0].column.as_deref(), Some("unit price"));
    assert_eq!(causes[0].first_met, causes[0].last_met);
}
