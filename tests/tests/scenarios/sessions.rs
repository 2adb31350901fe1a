//! Source sessions: they read only, outlast the role's timeouts, and know whom they talk to.

use anyhow::{Result, ensure};
use firn_postgres::TlsMode;
use firn_scenarios::{TableSpec, World};
use firn_sync::RunStatus;

#[tokio::test(flavor = "multi_thread")]
async fn a_transform_that_writes_fails_and_writes_nothing() -> Result<()> {
    let mut world = World::with_orders(10).await?;
    world
        .sql(
            "CREATE TABLE spied (v text);
             CREATE FUNCTION spy(v text) RETURNS text VOLATILE LANGUAGE sql AS 'INSERT INTO spied VALUES (v) RETURNING v'",
        )
        .await?;
    world.spec.tables[0] = TableSpec::new("orders").transform("v", Some("spy(v)"));
    let run = world.run().await?;
    ensure!(run.outcome.status() == RunStatus::Failed, "a transform could write");
    ensure!(run.complaint().contains("read-only"), "{}", run.complaint());
    ensure!(world.text("SELECT count(*)::text FROM spied").await? == "0");

    world.spec.tables[0] = TableSpec { filter: Some("spy(v) IS NOT NULL".to_owned()), ..TableSpec::new("orders") };
    ensure!(world.run().await?.outcome.status() == RunStatus::Failed, "a condition could write");
    ensure!(world.text("SELECT count(*)::text FROM spied").await? == "0");
    world.spec.tables[0].filter = None;
    world.converges().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_outlasts_the_statement_timeout_of_the_role() -> Result<()> {
    let mut world = World::with_orders(60).await?;
    world
        .sql(
            "CREATE ROLE hasty LOGIN; GRANT SELECT ON orders TO hasty; GRANT pg_read_all_stats TO hasty;
             CREATE SCHEMA firn AUTHORIZATION hasty;
             ALTER ROLE hasty SET statement_timeout = '1s'; ALTER ROLE hasty SET idle_in_transaction_session_timeout = '1s'",
        )
        .await?;
    world.spec.user = "hasty".to_owned();
    world.spec.state_schema = "firn".to_owned();
    // Sixty rows that take 25 ms each.
    let slow = "(SELECT v FROM pg_sleep(0.025 + id * 0))";
    world.spec.tables[0] = TableSpec::new("orders").transform("v", Some(slow));
    let run = world.run_well().await?;
    ensure!(run.retries() == 0, "it came through only by trying again");
    ensure!(run.table()?.elapsed.as_millis() > 1000, "the read was not long enough for this test");
    world.spec.tables[0].transforms.clear();
    world.assert_equal().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_a_certificate_for_another_name_is_refused() -> Result<()> {
    let mut world = World::with_orders(10).await?;
    world.spec.tls = TlsMode::VerifyFull;
    world.spec.max_retries = 0;
    world.spec.root_cert = Some(world.cluster.enable_tls_for(&["DNS:db.example"])?);
    let refused = world.run().await?;
    ensure!(refused.outcome.status() == RunStatus::Failed, "the certificate of another host was believed");
    let told = refused.complaint();
    ensure!(told.contains("certificate"), "{told}");

    let authority = world.folder.path().join("authority.pem");
    std::fs::copy(world.cluster.enable_tls()?, &authority)?;
    world.spec.root_cert = Some(authority);
    world.converges().await?;
    // Another authority, which nobody has named, signs nothing.
    world.cluster.enable_tls()?;
    let stranger = world.run().await?;
    ensure!(stranger.outcome.status() == RunStatus::Failed, "a certificate of an unknown authority was believed");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_goes_through_a_pooler_in_transaction_mode() -> Result<()> {
    let mut world = World::with_orders(2000).await?;
    let bouncer = firn_testbed::Bouncer::start(&world.cluster, 20)?;
    world.spec.port = bouncer.port();
    world.spec.range_bytes = 32 << 10;
    world.spec.group_bytes = 32 << 10;
    world.converges().await?;
    world.sql("UPDATE orders SET v = 'changed', updated_at = now() WHERE id % 3 = 0").await?;
    world.converges().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_of_a_role_change_no_value() -> Result<()> {
    let mut world = World::new()?;
    world
        .sql(
            "CREATE ROLE odd LOGIN; GRANT pg_read_all_stats TO odd; CREATE SCHEMA firn AUTHORIZATION odd;
             CREATE TABLE orders (id text PRIMARY KEY, v text, day date, raw bytea, price numeric(8,2), updated_at timestamptz NOT NULL);
             INSERT INTO orders SELECT 'it''s \\ ' || n, E'tab\t\\N ' || n, '2024-02-01'::date + n, decode(to_hex(n + 4096), 'hex'), n / 7.0,
                 '2024-01-31 23:59:59.999999+00'::timestamptz + n * interval '1 day' FROM generate_series(1, 40) n;
             GRANT SELECT ON orders TO odd;
             ALTER ROLE odd SET DateStyle = 'SQL, DMY';
             ALTER ROLE odd SET IntervalStyle = 'sql_standard';
             ALTER ROLE odd SET TimeZone = 'Asia/Kolkata';
             ALTER ROLE odd SET standard_conforming_strings = off;
             ALTER ROLE odd SET backslash_quote = off;
             ALTER ROLE odd SET bytea_output = 'escape';
             ALTER ROLE odd SET extra_float_digits = -15;
             ALTER ROLE odd SET search_path = '';
             ALTER ROLE odd SET client_encoding = 'LATIN1';
             ALTER ROLE odd SET default_transaction_isolation = 'serializable';
             ALTER ROLE odd SET enable_indexscan = off;
             ALTER ROLE odd SET lock_timeout = '1ms';
             ALTER ROLE odd SET idle_session_timeout = '1s';
             ALTER ROLE odd SET synchronize_seqscans = on;",
        )
        .await?;
    world.spec.user = "odd".to_owned();
    world.spec.state_schema = "firn".to_owned();
    world.spec.tables.push(TableSpec::new("orders").batch(3));
    world.spec.group_rows = 3;
    world.converges().await?;
    world.sql("UPDATE orders SET v = E'\\\\ \\047 ' || v, updated_at = clock_timestamp() WHERE price > 2").await?;
    // Resumed in the middle: the cursor travels as text.
    ensure!(firn_scenarios::child::killed_at(&world.spec, "engine.after_commit:3").await?);
    world.converges().await?;
    let engine = world.spec.engine().await?;
    engine.reset("reset", &world.spec.tables[0].config()?, Some("2024-02-10 12:00:00.5+00")).await?;
    engine.target.close().await?;
    world.converges().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_in_another_encoding_arrives_as_utf_8() -> Result<()> {
    let cluster = firn_testbed::Cluster::start(firn_testbed::ClusterOptions::new())?;
    cluster.psql("postgres", "CREATE DATABASE app ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")?;
    let mut world = World::over(cluster)?;
    world.sql(firn_scenarios::world::ORDERS).await?;
    world.sql("INSERT INTO orders SELECT n, chr(160 + n) || ' für Ämter', now() FROM generate_series(1, 95) n").await?;
    world.spec.tables.push(TableSpec::new("orders"));
    world.converges().await?;
    world.sql("UPDATE orders SET v = 'ÿ' || v, updated_at = now()").await?;
    world.converges().await.map(drop)
}
