//! Transforms tried on rejected rows: what is said is what the retry does, and nothing is written meanwhile.

use anyhow::{Context, Result, ensure};
use firn_catalog::remedies;
use firn_connector::RejectedQuery;
use firn_scenarios::world::describe;
use firn_scenarios::{TableSpec, World};
use firn_sync::{RunStatus, Trial};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A world whose prices 7, 8 and 9 are no numbers and were rejected; the tax of 9 is none, either.
async fn prices() -> Result<World> {
    let mut world = World::new()?;
    world
        .sql(
            "CREATE TABLE prices (id bigint PRIMARY KEY, v numeric(12,2), tax numeric(5,2) NOT NULL DEFAULT 1,
             updated_at timestamptz NOT NULL DEFAULT now() - interval '1 hour')",
        )
        .await?;
    world.sql("INSERT INTO prices SELECT n, n / 4.0 FROM generate_series(1, 20) n").await?;
    world.sql("UPDATE prices SET v = 'NaN' WHERE id IN (7, 8, 9); UPDATE prices SET tax = 'NaN' WHERE id = 9").await?;
    world.spec.tables.push(TableSpec::new("prices"));
    ensure!(world.run().await?.table()?.counters.rows_rejected == 3);
    Ok(world)
}

/// Tries a transform of `v` on all open rows.
async fn tried(world: &World, sql: &str) -> Result<Result<Trial, firn_connector::Error>> {
    let engine = world.spec.engine().await?;
    let keys = engine.state.open_keys("public.prices", 100).await?;
    let mut config = world.spec.configs()?.remove(0);
    config.transforms.insert("v".to_owned(), Some(sql.to_owned()));
    let trial = engine.try_on(&config, "v", &keys).await;
    engine.target.close().await?;
    Ok(trial)
}

async fn open(world: &World) -> Result<String> {
    world.text("SELECT count(*) || ' ' || max(attempts) FROM sync_errors WHERE resolved_at IS NULL").await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_trial_says_is_what_the_retry_does() -> Result<()> {
    let mut world = prices().await?;
    world.sql("DELETE FROM prices WHERE id = 8").await?;
    let nan_is_null = "nullif(\"v\", 'NaN')";
    let trial = tried(&world, nan_is_null).await??;
    ensure!((trial.rows, trial.passed, trial.failed, trial.gone) == (3, 1, 1, 1), "{trial:?}");
    ensure!((trial.nulls, trial.changed) == (1, 1), "{trial:?}");
    // The other values keep their size, so the target stays as it is.
    ensure!(trial.target_type == "DECIMAL(12,2)" && trial.ddl.is_empty(), "{trial:?}");
    let value = &trial.values[0];
    ensure!(
        (&value.key["id"], value.before.as_deref(), value.after.as_deref()) == (&Value::from("7"), Some("NaN"), None)
    );
    // A second column of the row stands in the way still, and is named.
    let failure = &trial.failures[0];
    ensure!(
        (&failure.key["id"], failure.column.as_str(), failure.code.as_str())
            == (&Value::from("9"), "tax", "numeric_nan")
    );

    ensure!(open(&world).await? == "3 1", "a trial counts nothing and closes nothing");
    ensure!(world.warehouse_text("SELECT count(*) FROM raw.prices")? == "17");

    world.spec.tables[0] = TableSpec::new("prices").transform("v", Some(nan_is_null));
    let retry = world.retry().await?;
    let counters = &retry.table()?.counters;
    ensure!(
        (counters.rows_merged, counters.rows_rejected, counters.rows_gone) == (1, 1, 1),
        "{}",
        describe(&retry.outcome)
    );
    ensure!(world.warehouse_text("SELECT count(*) FROM raw.prices WHERE v IS NULL AND id = 7")? == "1");
    world.sql("UPDATE prices SET tax = 2 WHERE id = 9").await?;
    ensure!(world.retry().await?.outcome.status() == RunStatus::Success);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_on_which_the_transform_fails_is_found_among_the_others() -> Result<()> {
    let world = prices().await?;
    let trial = tried(&world, "(100 / (id - 8))::numeric(12,2)").await??;
    ensure!((trial.passed, trial.failed, trial.untried) == (1, 2, 0), "{trial:?}");
    let told = trial.failures.iter().find(|failure| failure.code == "transform_failed").map(|failure| &failure.message);
    ensure!(told.is_some_and(|message| message.contains("division by zero")), "{:?}", trial.failures);

    let refused = tried(&world, "nullif(v").await?.err().map(|error| error.to_string()).unwrap_or_default();
    ensure!(refused.contains("`v`") && refused.contains("public.prices"), "{refused}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cast_that_the_target_does_not_fit_is_told_before_it_is_saved() -> Result<()> {
    let world = prices().await?;
    let told = match tried(&world, "\"v\"::text").await? {
        Ok(trial) => format!("{} {}", trial.target_type, trial.ddl.join("; ")),
        Err(error) => format!("{error} {}", error.hint.as_deref().unwrap_or_default()),
    };
    ensure!(told.contains("VARCHAR"), "{told}");
    Ok(())
}

/// Returns the keys of the open rows whose value in this column was refused.
async fn keys(engine: &firn_sync::Engine, column: &str) -> Result<Vec<Map<String, Value>>> {
    let query = RejectedQuery { column: column.to_owned(), most: 100, ..RejectedQuery::default() };
    let (entries, _) = engine.state.rejected(&query).await?;
    Ok(entries.into_iter().filter_map(|entry| entry.pk.as_object().cloned()).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_offered_for_a_reason_settles_it() -> Result<()> {
    let mut world = World::new()?;
    world
        .sql(
            "CREATE TABLE odd (id bigint PRIMARY KEY, v numeric(12,2), at timestamptz, span interval, list int[],
                grid int[][], updated_at timestamptz NOT NULL DEFAULT now() - interval '1 hour');
             INSERT INTO odd (id, v) VALUES (1, 'NaN');
             INSERT INTO odd (id, at) VALUES (2, '294270-01-01 00:00+00');
             INSERT INTO odd (id, span) VALUES (3, '3000000 hours');
             INSERT INTO odd (id, list) VALUES (4, '[0:1]={1,2}'), (5, '{{1,2},{3,4}}');
             INSERT INTO odd (id, grid) VALUES (6, '[0:0][0:1]={{1,2}}'), (7, '{1,2}');
             INSERT INTO odd VALUES (8, 1, 'infinity', '1 day', '{1}', '{{1}}')",
        )
        .await?;
    world.spec.tables.push(TableSpec::new("odd"));
    ensure!(world.run().await?.table()?.counters.rows_rejected == 7);
    let engine = world.spec.engine().await?;
    let config = world.spec.configs()?.remove(0);
    let source = engine.source.inspect(&config.source, &BTreeMap::new(), None).await?;
    let causes = engine.state.causes(&[]).await?;
    ensure!(causes.len() == 7, "{causes:?}");
    for cause in causes {
        let column = cause.column.context("no column")?;
        let ty = &source.columns.iter().find(|known| known.name == column).context("no such column")?.ty;
        let offered = remedies(&cause.code, ty);
        ensure!(!offered.is_empty(), "nothing settles {} of {ty}", cause.code);
        for (at, remedy) in offered.iter().enumerate() {
            let mut config = config.clone();
            config.transforms.insert(column.clone(), Some(firn_postgres::quote::remedy(&column, None, &remedy.form)));
            let trial = engine.try_on(&config, &column, &keys(&engine, &column).await?).await;
            match trial {
                Ok(trial) => {
                    let still = trial.failures.iter().filter(|failure| failure.code == cause.code).count();
                    ensure!(still == 0, "{column} {remedy:?}: {:?}", trial.failures);
                }
                // One that changes the type may be more than the target's table can follow; the first one is not.
                Err(error) => {
                    let changes_the_type = at > 0 || column == "span" || column == "grid";
                    let is_refused = error.kind == firn_connector::ErrorKind::Configuration;
                    ensure!(changes_the_type && is_refused, "{column} {remedy:?}: {error}");
                }
            }
        }
    }
    engine.target.close().await?;
    Ok(())
}
