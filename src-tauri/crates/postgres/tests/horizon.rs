//! The horizon against a real server: what it waits for, what it does not wait for, and what it says.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use firn_catalog::{Dialect, TableName, Watermark, WatermarkKind, plan_column};
use firn_connector::{ErrorKind, Horizon, HorizonMethod, HorizonRequest, LoggedTime, ReadColumn, ReadPlan, Source};
use firn_postgres::connect::READER_APPLICATION;
use firn_postgres::{PgSettings, PostgresSource, TlsMode};
use firn_testbed::Cluster;
use sqlx::{Connection, PgConnection};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The margin taken off every clock, in microseconds.
const MARGIN: i64 = 2_000_000;

const TABLES: &str = "
    CREATE TABLE events (id int8 PRIMARY KEY, at timestamptz DEFAULT now(), wall timestamp, day date, seq int8);
    CREATE ROLE low LOGIN;
    GRANT SELECT ON events TO low;";

fn settings(cluster: &Cluster, user: &str) -> PgSettings {
    let mut settings = PgSettings::new(cluster.host(), "postgres", user);
    settings.port = cluster.port();
    settings.tls = TlsMode::Disable;
    settings
}

struct Bed {
    cluster: &'static Cluster,
    source: PostgresSource,
    plan: ReadPlan,
}

impl Bed {
    async fn new(user: &str, watermark: &str) -> Self {
        let cluster = Cluster::shared().unwrap();
        cluster.psql("postgres", TABLES).unwrap();
        let source = PostgresSource::open(&settings(cluster, user), 2).await.unwrap();
        let plan = plan(&source, watermark).await;
        Self { cluster, source, plan }
    }

    async fn take(&self, lookback: i64, logged_times: Vec<LoggedTime>) -> firn_connector::Result<Horizon> {
        let (_, kind) = self.plan.watermark.unwrap();
        self.source.horizon(&self.plan, &HorizonRequest { kind, lookback, logged_times }).await
    }

    /// The server's clock in microseconds.
    fn now(&self) -> i64 {
        self.number("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::int8")
    }

    fn number(&self, sql: &str) -> i64 {
        self.cluster.psql("postgres", sql).unwrap().trim().parse().unwrap()
    }

    async fn session(&self) -> PgConnection {
        PgConnection::connect(&self.cluster.dsn()).await.unwrap()
    }
}

async fn plan(source: &PostgresSource, watermark: &str) -> ReadPlan {
    let name = TableName::new("public", "events");
    let table = source.inspect(&name, &BTreeMap::new(), None).await.unwrap();
    let columns: Vec<ReadColumn> = table
        .columns
        .iter()
        .map(|c| ReadColumn {
            name: c.name.clone(),
            expression: None,
            ty: c.ty.clone(),
            plan: plan_column(&c.ty, Dialect::Duckdb),
        })
        .collect();
    let at = columns.iter().position(|c| c.name == watermark).unwrap();
    let kind = WatermarkKind::of(&columns[at].ty).unwrap();
    ReadPlan {
        table: name,
        columns,
        key: vec![0],
        watermark: Some((at, kind)),
        filter: None,
        row_versions: true,
        batch_rows: 1000,
        batch_bytes: 1 << 20,
    }
}

/// Begins a transaction and returns its `now()` in microseconds.
async fn begin(session: &mut PgConnection) -> i64 {
    sqlx::raw_sql("BEGIN").execute(&mut *session).await.unwrap();
    let sql = "SELECT (extract(epoch FROM now()) * 1000000)::int8";
    sqlx::query_scalar(sql).fetch_one(session).await.unwrap()
}

async fn run(session: &mut PgConnection, sql: &'static str) {
    sqlx::raw_sql(sql).execute(session).await.unwrap();
}

fn codes(horizon: &Horizon) -> Vec<&str> {
    horizon.findings.iter().map(|finding| finding.code.as_str()).collect()
}

#[tokio::test]
async fn without_other_transactions_the_horizon_is_now_less_the_margin() {
    let bed = Bed::new("postgres", "at").await;
    let before = bed.now();
    let horizon = bed.take(0, vec![]).await.unwrap();
    let after = bed.now();
    assert_eq!(horizon.method, HorizonMethod::Activity);
    let at = horizon.at.unwrap().value() + MARGIN;
    assert!((before..=after).contains(&at), "{before} {at} {after}");
    assert_eq!(codes(&horizon), [""; 0]);
    let back = bed.take(60_000_000, vec![]).await.unwrap();
    assert!(back.at.unwrap().value() + MARGIN + 60_000_000 <= bed.now());
    assert!(back.at.unwrap() < horizon.at.unwrap());
}

#[tokio::test]
async fn a_row_of_the_year_2099_does_not_move_it() {
    let bed = Bed::new("postgres", "at").await;
    bed.cluster.psql("postgres", "INSERT INTO events VALUES (1, '2099-01-01'), (2, 'infinity')").unwrap();
    let horizon = bed.take(0, vec![]).await.unwrap();
    assert!(horizon.at.unwrap().value() <= bed.now());
    assert!(horizon.at.unwrap().value() > bed.now() - 60_000_000);
}

#[tokio::test]
async fn it_never_passes_the_start_of_an_open_transaction() {
    let bed = Bed::new("postgres", "at").await;
    let mut writer = bed.session().await;
    let started = begin(&mut writer).await;
    // Idle in its transaction, without having written: it may still.
    let horizon = bed.take(0, vec![]).await.unwrap();
    assert_eq!((horizon.method, horizon.at.unwrap().value()), (HorizonMethod::Activity, started - MARGIN));
    run(&mut writer, "INSERT INTO events (id) VALUES (1)").await;
    assert_eq!(bed.take(0, vec![]).await.unwrap().at.unwrap().value(), started - MARGIN);
    run(&mut writer, "COMMIT").await;
    assert!(bed.take(0, vec![]).await.unwrap().at.unwrap().value() > started - MARGIN);
    let row = bed.number("SELECT (extract(epoch FROM at) * 1000000)::int8 FROM events");
    assert_eq!(row, started, "the row carries the time its transaction began");
}

#[tokio::test]
async fn transactions_of_other_databases_do_not_hold_it() {
    let bed = Bed::new("postgres", "at").await;
    let other = bed.cluster.database("other").unwrap();
    let mut elsewhere = PgConnection::connect(&other).await.unwrap();
    let started = begin(&mut elsewhere).await;
    assert!(bed.take(0, vec![]).await.unwrap().at.unwrap().value() > started - MARGIN);
}

#[tokio::test]
async fn a_long_read_of_firn_holds_nobody_back() {
    for user in ["postgres", "low"] {
        let bed = Bed::new(user, "at").await;
        let (reading, counting) = (Arc::new(bed.plan.clone()), bed.plan.clone());
        let snapshot = bed.source.snapshot(reading, 2).await.unwrap();
        let begun = bed.now();
        assert!(bed.take(0, vec![]).await.unwrap().at.unwrap().value() >= begun - MARGIN, "{user}: a snapshot is open");
        drop(snapshot);
        // A count, too, which runs in a transaction of its own.
        let slow = ReadPlan { filter: Some("pg_sleep(1) IS NOT NULL".into()), ..counting };
        bed.cluster.psql("postgres", "INSERT INTO events (id) VALUES (1)").unwrap();
        let count = bed.source.waiting(&slow, None, 10);
        let look = async {
            let working = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(1)%'
                               AND pid <> pg_backend_pid()";
            while bed.number(working) == 0 {
                tokio::task::yield_now().await;
            }
            let begun = bed.now();
            assert!(bed.take(0, vec![]).await.unwrap().at.unwrap().value() >= begun - MARGIN, "{user}: a count runs");
        };
        let (count, ()) = tokio::join!(count, look);
        assert_eq!(count.unwrap(), 1);
        bed.cluster.psql("postgres", "DROP TABLE events; REVOKE ALL ON SCHEMA public FROM low; DROP ROLE low").unwrap();
    }
}

#[tokio::test]
async fn the_name_of_a_reader_alone_is_not_believed() {
    let bed = Bed::new("postgres", "at").await;
    // As a pooler hands it on that does not reset the name.
    let mut writer = bed.session().await;
    let name = format!("SET application_name = '{READER_APPLICATION}'");
    sqlx::raw_sql(sqlx::AssertSqlSafe(name)).execute(&mut writer).await.unwrap();
    let started = begin(&mut writer).await;
    assert_eq!(bed.take(0, vec![]).await.unwrap().at.unwrap().value(), started - MARGIN);
}

#[tokio::test]
async fn a_prepared_transaction_freezes_it_until_it_is_ended() {
    let bed = Bed::new("postgres", "at").await;
    let mut writer = bed.session().await;
    begin(&mut writer).await;
    run(&mut writer, "INSERT INTO events (id) VALUES (1); PREPARE TRANSACTION 'it''s two-phase'").await;
    let horizon = bed.take(0, vec![]).await.unwrap();
    assert_eq!((horizon.method, horizon.at), (HorizonMethod::Frozen, None));
    assert_eq!(codes(&horizon), ["prepared_transaction"]);
    let fix = horizon.findings[0].fix.clone().unwrap();
    let rollback = fix.split(" or ").last().unwrap();
    bed.cluster.psql("postgres", rollback).unwrap();
    assert!(bed.take(0, vec![]).await.unwrap().at.is_some());
}

#[tokio::test]
async fn a_prepared_transaction_of_another_database_does_not_matter() {
    let bed = Bed::new("postgres", "at").await;
    let other = bed.cluster.database("other").unwrap();
    firn_testbed::psql(&other, "CREATE TABLE t (); BEGIN; INSERT INTO t DEFAULT VALUES; PREPARE TRANSACTION 'there';")
        .unwrap();
    assert_eq!(bed.take(0, vec![]).await.unwrap().method, HorizonMethod::Activity);
}

#[tokio::test]
async fn a_role_without_rights_sees_by_the_locks_when_a_moment_has_passed() {
    let bed = Bed::new("low", "at").await;
    let mut writer = bed.session().await;
    let started = begin(&mut writer).await;
    let first = bed.take(0, vec![]).await.unwrap();
    assert_eq!((first.method, first.at), (HorizonMethod::Unknown, None));
    assert_eq!(codes(&first), ["horizon_waits"]);
    assert_eq!(first.logged_times.len(), 1);
    run(&mut writer, "INSERT INTO events (id) VALUES (1)").await;

    // A second transaction begins before the first ends: the first moment is passed when the first has gone.
    let mut later = bed.session().await;
    let later_started = begin(&mut later).await;
    let second = bed.take(0, first.logged_times.clone()).await.unwrap();
    assert_eq!(second.at, None);
    run(&mut writer, "COMMIT").await;
    let third = bed.take(0, second.logged_times.clone()).await.unwrap();
    assert_eq!(third.method, HorizonMethod::Locks);
    let at = third.at.unwrap();
    assert_eq!(at, first.logged_times[0].at.back(MARGIN));
    assert!(at.value() < later_started && at.value() > started - MARGIN);

    // Idle sessions are hidden, too, but hold nothing: this moment itself counts.
    run(&mut later, "ROLLBACK").await;
    let before = bed.now();
    let fourth = bed.take(0, third.logged_times).await.unwrap();
    assert!(fourth.at.unwrap().value() + MARGIN >= before);
    assert!(fourth.logged_times.is_empty());
}

#[tokio::test]
async fn with_the_right_to_see_all_a_low_role_needs_no_locks() {
    let bed = Bed::new("low", "at").await;
    bed.cluster.psql("postgres", "GRANT pg_read_all_stats TO low").unwrap();
    let mut writer = bed.session().await;
    let started = begin(&mut writer).await;
    let horizon = bed.take(0, vec![]).await.unwrap();
    assert_eq!((horizon.method, horizon.at.unwrap().value()), (HorizonMethod::Activity, started - MARGIN));
}

#[tokio::test]
async fn a_session_that_hides_its_activity_is_found_by_its_locks() {
    let bed = Bed::new("postgres", "at").await;
    let mut writer = bed.session().await;
    run(&mut writer, "SET track_activities = off").await;
    begin(&mut writer).await;
    let horizon = bed.take(0, vec![]).await.unwrap();
    assert_eq!((horizon.method, horizon.at), (HorizonMethod::Unknown, None));
    run(&mut writer, "COMMIT").await;
    let horizon = bed.take(0, horizon.logged_times).await.unwrap();
    assert_eq!(horizon.method, HorizonMethod::Locks);
    assert!(horizon.at.is_some());
}

#[tokio::test]
async fn on_a_standby_a_lookback_is_required() {
    let bed = Bed::new("postgres", "at").await;
    bed.cluster.psql("postgres", "INSERT INTO events VALUES (1)").unwrap();
    let standby = bed.cluster.standby().unwrap();
    let source = PostgresSource::open(&settings(&standby, "postgres"), 2).await.unwrap();
    // The plan was made on the primary: its definition is the same here.
    let ask = |lookback| HorizonRequest { kind: WatermarkKind::Timestamptz, lookback, logged_times: vec![] };
    let error = source.horizon(&bed.plan, &ask(0)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Configuration);
    assert!(error.hint.unwrap().contains("primary"));

    bed.cluster.psql("postgres", "INSERT INTO events VALUES (2)").unwrap();
    let committed = bed.now();
    let target = bed.cluster.psql("postgres", "SELECT pg_current_wal_lsn()").unwrap();
    let replayed = format!("SELECT pg_last_wal_replay_lsn() >= '{}'", target.trim());
    while standby.psql("postgres", &replayed).unwrap().trim() != "t" {
        std::thread::yield_now();
    }
    let horizon = source.horizon(&bed.plan, &ask(30_000_000)).await.unwrap();
    assert_eq!(horizon.method, HorizonMethod::Largest);
    let at = horizon.at.unwrap().value();
    assert!(at <= committed - 30_000_000 && at > committed - 90_000_000, "{at} {committed}");
}

#[tokio::test]
async fn a_timestamp_without_zone_is_held_behind_every_zone_of_the_server() {
    let bed = Bed::new("postgres", "wall").await;
    let horizon = bed.take(0, vec![]).await.unwrap();
    assert_eq!(codes(&horizon), ["watermark_without_zone"]);
    let at = horizon.at.unwrap();
    assert_eq!(at.kind(), WatermarkKind::Timestamp);
    assert!(at.value() <= bed.now() && at.value() > bed.now() - 60_000_000, "UTC throughout");
    bed.cluster.psql("postgres", "ALTER DATABASE postgres SET TimeZone = 'America/New_York'").unwrap();
    let behind = bed.now() - bed.take(0, vec![]).await.unwrap().at.unwrap().value();
    // The winter's five hours also in summer: when the clocks go back, wall times repeat.
    assert!((5 * 3_600_000_000..5 * 3_600_000_000 + 60_000_000).contains(&behind), "{behind}");
    bed.cluster.psql("postgres", "ALTER DATABASE postgres SET TimeZone = 'Asia/Tokyo'").unwrap();
    let behind = bed.now() - bed.take(0, vec![]).await.unwrap().at.unwrap().value();
    assert!(behind < 60_000_000, "a zone ahead of UTC does not take it into the future");
}

#[tokio::test]
async fn days_and_numbers_stand_at_the_largest_less_the_lookback() {
    let bed = Bed::new("postgres", "seq").await;
    assert_eq!(bed.take(0, vec![]).await.unwrap().at, None, "an empty table");
    let rows = "INSERT INTO events (id, seq, day) VALUES (1, 5, '2024-02-29'), (2, 900, 'infinity'), (3, NULL, NULL)";
    bed.cluster.psql("postgres", rows).unwrap();
    let horizon = bed.take(0, vec![]).await.unwrap();
    assert_eq!((horizon.method, horizon.at.unwrap().text().as_str()), (HorizonMethod::Largest, "900"));
    assert_eq!(codes(&horizon), ["watermark_no_clock"]);
    let horizon = bed.take(100, vec![]).await.unwrap();
    assert_eq!(horizon.at.unwrap().text(), "800");
    assert!(horizon.findings.is_empty());

    let days = plan(&bed.source, "day").await;
    let request = HorizonRequest { kind: WatermarkKind::Date, lookback: 1, logged_times: vec![] };
    let horizon = bed.source.horizon(&days, &request).await.unwrap();
    assert_eq!(horizon.at, Some(Watermark::parse(WatermarkKind::Date, "2024-02-28").unwrap()));
}

#[tokio::test]
async fn the_largest_is_found_under_a_statement_timeout_and_without_writing() {
    let bed = Bed::new("low", "seq").await;
    let sql = "CREATE FUNCTION writes() RETURNS int8 LANGUAGE plpgsql AS
                   $$ BEGIN INSERT INTO events (id) VALUES (99); RETURN 1; END $$;
               ALTER ROLE low SET statement_timeout = '100ms';
               INSERT INTO events (id, seq) VALUES (1, 900);
               CREATE VIEW slow AS SELECT id, seq FROM events, pg_sleep(0.3);
               GRANT SELECT ON slow TO low;";
    bed.cluster.psql("postgres", sql).unwrap();
    let source = PostgresSource::open(&settings(bed.cluster, "low"), 2).await.unwrap();
    let request = HorizonRequest { kind: WatermarkKind::Integer, lookback: 0, logged_times: vec![] };
    let slow = ReadPlan { table: TableName::new("public", "slow"), ..bed.plan.clone() };
    assert_eq!(source.horizon(&slow, &request).await.unwrap().at.unwrap().text(), "900");
    // Waiting rows are counted under the same role.
    assert_eq!(source.waiting(&slow, None, 10).await.unwrap(), 1);

    bed.cluster.psql("postgres", "CREATE VIEW trap AS SELECT 1::int8 AS id, writes() AS seq").unwrap();
    let source = PostgresSource::open(&settings(bed.cluster, "postgres"), 2).await.unwrap();
    let trap = ReadPlan { table: TableName::new("public", "trap"), ..bed.plan.clone() };
    let error = source.horizon(&trap, &request).await.unwrap_err();
    assert!(error.chain().contains("25006"), "{}", error.chain());
    assert_eq!(bed.number("SELECT count(*) FROM events WHERE id = 99"), 0);
}

#[tokio::test]
async fn a_subscribed_table_is_reported() {
    let bed = Bed::new("postgres", "at").await;
    let sql = "CREATE PUBLICATION p FOR TABLE events;
               SELECT pg_create_logical_replication_slot('s', 'pgoutput');";
    let other = bed.cluster.database("publisher").unwrap();
    firn_testbed::psql(&other, &format!("{TABLES_ONLY} {sql}")).unwrap();
    let dsn = format!("host={} port={} user=postgres dbname=publisher", bed.cluster.host(), bed.cluster.port());
    let subscribe = format!(
        "CREATE SUBSCRIPTION s CONNECTION '{dsn}' PUBLICATION p WITH (create_slot = false, slot_name = 's', copy_data = false)"
    );
    bed.cluster.psql("postgres", &subscribe).unwrap();
    assert!(codes(&bed.take(0, vec![]).await.unwrap()).contains(&"subscribed_table"));
    assert!(!codes(&bed.take(1, vec![]).await.unwrap()).contains(&"subscribed_table"));
}

const TABLES_ONLY: &str =
    "CREATE TABLE events (id int8 PRIMARY KEY, at timestamptz, wall timestamp, day date, seq int8);";
