//! Every form of drift under every setting of `on_drift`: one table a setting, changed alike.

use anyhow::{Context, Result, ensure};
use firn_connector::Finding;
use firn_scenarios::world::{Run, describe};
use firn_scenarios::{TableSpec, World};
use firn_sync::{RunStatus, TableOutcome, TableResult};

const SETTINGS: [&str; 3] = ["add", "ignore", "stop"];

/// Runs statements once a table, `{t}` being its name.
async fn each(world: &World, sql: &str) -> Result<()> {
    for setting in SETTINGS {
        world.sql(&sql.replace("{t}", &format!("t_{setting}"))).await?;
    }
    Ok(())
}

/// Makes a table a setting with twenty rows, and brings them over.
async fn three(columns: &str, values: &str) -> Result<World> {
    let mut world = World::new()?;
    let made = format!(
        "CREATE TABLE {{t}} (id bigint PRIMARY KEY, {columns}, updated_at timestamptz NOT NULL DEFAULT now() - interval '1 hour');
         INSERT INTO {{t}} SELECT n, {values} FROM generate_series(1, 20) n"
    );
    each(&world, &made).await?;
    for setting in SETTINGS {
        world.spec.tables.push(TableSpec { on_drift: setting.to_owned(), ..TableSpec::new(&format!("t_{setting}")) });
    }
    world.converges().await?;
    Ok(world)
}

fn of<'a>(run: &'a Run, setting: &str) -> Result<&'a TableOutcome> {
    let name = format!("public.t_{setting}");
    let found = run.outcome.tables.iter().find(|table| table.source == name);
    found.map(std::convert::AsRef::as_ref).context("the table did not run")
}

fn finding<'a>(table: &'a TableOutcome, code: &str) -> Result<&'a Finding> {
    table.findings.iter().find(|f| f.code == code).with_context(|| format!("no {code} among {:?}", table.findings))
}

/// Makes sure that a table succeeded.
fn well<'a>(run: &'a Run, setting: &str) -> Result<&'a TableOutcome> {
    let table = of(run, setting)?;
    ensure!(matches!(table.result, TableResult::Success | TableResult::Idle), "{}", describe(&run.outcome));
    Ok(table)
}

/// Makes sure that a table stopped, and returns what it said.
fn stopped(run: &Run, setting: &str) -> Result<String> {
    let table = of(run, setting)?;
    let failure = table.failure.as_ref().with_context(|| format!("{setting} went on: {}", describe(&run.outcome)))?;
    Ok(format!("{} · {}", failure.message, failure.hint.as_deref().unwrap_or_default()))
}

/// Compares the source's rows with a statement over the warehouse; both give one text a row.
async fn alike(world: &World, source: &str, target: &str) -> Result<()> {
    let rows = world.text(&format!("SELECT string_agg(line, E'\\n' ORDER BY line) FROM ({source}) q (line)")).await?;
    let mut theirs: Vec<String> =
        world.warehouse(target)?.into_iter().map(|row| row[0].clone().unwrap_or_default()).collect();
    theirs.sort();
    ensure!(rows == theirs.join("\n"), "source:\n{rows}\ntarget:\n{}", theirs.join("\n"));
    Ok(())
}

/// Lets a table that was stopped or left behind follow, and compares it.
async fn follow(world: &mut World, setting: &str) -> Result<()> {
    world.spec.tables.retain(|table| table.source == format!("public.t_{setting}"));
    world.spec.tables[0].on_drift = "add".to_owned();
    world.converges().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_column_keeps_its_data_in_the_target() -> Result<()> {
    let mut world = three("v text, n int", "'row ' || n, n").await?;
    each(
        &world,
        "ALTER TABLE {t} RENAME v TO label; INSERT INTO {t} (id, label, n, updated_at) VALUES (21, 'new', 21, now())",
    )
    .await?;
    let run = world.run().await?;

    let added = well(&run, "add")?;
    ensure!(finding(added, "drift_renamed")?.message.contains("`v` was renamed to `label`"), "{:?}", added.findings);
    alike(&world, "SELECT id || label FROM t_add", "SELECT id || label FROM raw.t_add").await?;
    let columns =
        "SELECT string_agg(column_name, ' ' ORDER BY column_index) FROM duckdb_columns() WHERE table_name = 't_add'";
    ensure!(world.warehouse_text(columns)? == "id label n updated_at", "{}", world.warehouse_text(columns)?);

    let ignored = well(&run, "ignore")?;
    ensure!(finding(ignored, "drift_ignored")?.message.contains("keeps `v`"), "{:?}", ignored.findings);
    alike(&world, "SELECT id || label FROM t_ignore", "SELECT id || v FROM raw.t_ignore").await?;

    let said = stopped(&run, "stop")?;
    ensure!(said.contains("RENAME COLUMN \"v\" TO \"label\"") && said.contains("on_drift"), "{said}");
    ensure!(world.warehouse_text("SELECT count(v) FROM raw.t_stop")? == "20", "the target was touched");

    // What was ignored stays ignored, and follows once it may.
    each(&world, "UPDATE {t} SET label = 'changed', updated_at = now() WHERE id = 5").await?;
    well(&world.run().await?, "ignore")?;
    alike(&world, "SELECT id || label FROM t_ignore", "SELECT id || v FROM raw.t_ignore").await?;
    for setting in SETTINGS {
        let all = world.spec.tables.clone();
        follow(&mut world, setting).await?;
        world.spec.tables = all;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_that_change_places_or_make_room_keep_their_data() -> Result<()> {
    let mut world = World::new()?;
    world
        .sql(
            "CREATE TABLE things (id bigint PRIMARY KEY, a text, b text, c smallint, d text, updated_at timestamptz NOT NULL DEFAULT now() - interval '1 hour');
             INSERT INTO things SELECT n, 'a' || n, 'b' || n, n, 'd' || n FROM generate_series(1, 20) n",
        )
        .await?;
    world.spec.tables.push(TableSpec::new("things"));
    world.converges().await?;
    // Two change places, one becomes wider under another name, and its old name goes to a new column.
    world
        .sql(
            "ALTER TABLE things RENAME a TO x; ALTER TABLE things RENAME b TO a; ALTER TABLE things RENAME x TO b;
             ALTER TABLE things RENAME c TO c2; ALTER TABLE things ALTER c2 TYPE int; ALTER TABLE things ADD c date;
             ALTER TABLE things RENAME d TO \"D\";
             INSERT INTO things (id, a, c2, updated_at) VALUES (21, 'new', 70000, now())",
        )
        .await?;
    world.converges().await?;
    // Where the target has the new name for itself, nothing is guessed.
    world.change_warehouse("ALTER TABLE raw.things ADD COLUMN e VARCHAR")?;
    world.sql("ALTER TABLE things RENAME a TO e").await?;
    let refused = world.run().await?;
    ensure!(refused.outcome.status() == RunStatus::Failed, "{}", describe(&refused.outcome));
    ensure!(refused.complaint().contains("RENAME COLUMN \"e\" TO \"e_before\""), "{}", refused.complaint());
    world.change_warehouse("ALTER TABLE raw.things RENAME COLUMN e TO e_before")?;
    world.converges().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_column_stays_in_the_target() -> Result<()> {
    let mut world = three("v text, n int", "'row ' || n, n").await?;
    each(&world, "ALTER TABLE {t} DROP v; INSERT INTO {t} (id, n, updated_at) VALUES (21, 21, now())").await?;
    let run = world.run().await?;
    for setting in ["add", "ignore"] {
        ensure!(finding(well(&run, setting)?, "drift_dropped")?.message.contains("`v`"));
        let kept = format!("SELECT count(*) || ' ' || count(v) FROM raw.t_{setting}");
        ensure!(world.warehouse_text(&kept)? == "21 20", "{}", world.warehouse_text(&kept)?);
    }
    let said = stopped(&run, "stop")?;
    ensure!(said.contains("column `v` was dropped") && said.contains("on_drift: add"), "{said}");
    // It is told once; later the column is one of the target's own.
    let again = world.run().await?;
    ensure!(finding(of(&again, "add")?, "drift_dropped").is_err());
    // A person who drops it there has decided.
    world.change_warehouse("ALTER TABLE raw.t_stop DROP COLUMN v")?;
    world.spec.tables.remove(0);
    world.spec.tables.remove(0);
    world.converges().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_that_was_dropped_and_made_again_is_told_from_the_one_before() -> Result<()> {
    let mut world = three("v text, n int", "'row ' || n, n").await?;
    each(&world, "ALTER TABLE {t} DROP v, ADD v text; INSERT INTO {t} (id, v, updated_at) VALUES (21, 'new', now())")
        .await?;
    let run = world.run().await?;
    for setting in ["add", "ignore"] {
        let told = finding(well(&run, setting)?, "drift_column_remade")?;
        ensure!(told.fix.as_ref().is_some_and(|fix| fix.contains("firn sync reset")), "{told:?}");
    }
    ensure!(stopped(&run, "stop")?.contains("`v` was dropped and made again"));
    // The advice mends it.
    world.spec.tables.retain(|table| table.on_drift == "add");
    let engine = world.spec.engine().await?;
    engine.reset("reset", &world.spec.configs()?[0], None).await?;
    engine.target.close().await?;
    world.converges().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_added_column_with_values_in_old_rows_is_told() -> Result<()> {
    let mut world = three("v text", "'row ' || n").await?;
    each(&world, "ALTER TABLE {t} ADD kind text DEFAULT 'plain', ADD bare text; INSERT INTO {t} (id, v, bare, updated_at) VALUES (21, 'new', 'b', now())").await?;
    let run = world.run().await?;
    let told: Vec<&Finding> = well(&run, "add")?.findings.iter().filter(|f| f.code == "drift_values_missing").collect();
    ensure!(told.len() == 1 && told[0].message.contains("`kind`"), "{told:?}");
    ensure!(world.warehouse_text("SELECT count(kind) FROM raw.t_add")? == "1");
    ensure!(finding(well(&run, "ignore")?, "drift_ignored").is_ok());
    ensure!(stopped(&run, "stop")?.contains("ADD COLUMN \"kind\""));
    // A column that was left out has values, too, when it is taken in later.
    each(&world, "UPDATE {t} SET bare = 'b'").await?;
    world.spec.tables[1].on_drift = "add".to_owned();
    let later = world.run().await?;
    let told = &well(&later, "ignore")?.findings;
    ensure!(told.iter().filter(|f| f.code == "drift_values_missing").count() == 2, "{told:?}");
    // The advice mends it.
    world.spec.tables.retain(|table| table.on_drift == "add");
    let engine = world.spec.engine().await?;
    for config in world.spec.configs()? {
        engine.reset("reset", &config, None).await?;
    }
    engine.target.close().await?;
    world.converges().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_widened_type_is_followed_left_or_stopped_at() -> Result<()> {
    let mut world = three("n smallint", "n").await?;
    each(&world, "ALTER TABLE {t} ALTER n TYPE int; INSERT INTO {t} VALUES (21, 21, now()), (22, 70000, now())")
        .await?;
    let run = world.run().await?;
    ensure!(finding(well(&run, "add")?, "target_column_widened").is_ok());
    alike(&world, "SELECT id || '/' || n FROM t_add", "SELECT id || '/' || n FROM raw.t_add").await?;

    let ignored = of(&run, "ignore")?;
    ensure!(
        ignored.result == TableResult::Partial && ignored.counters.rows_rejected == 1,
        "{}",
        describe(&run.outcome)
    );
    ensure!(finding(ignored, "drift_ignored")?.message.contains("rejected"), "{:?}", ignored.findings);
    let kept = "SELECT id || '/' || n FROM t_ignore WHERE id < 22";
    alike(&world, kept, "SELECT id || '/' || n FROM raw.t_ignore").await?;
    ensure!(world.text("SELECT pk ->> 'id' FROM sync_errors WHERE source_table = 'public.t_ignore'").await? == "22");

    let said = stopped(&run, "stop")?;
    ensure!(said.contains("SET DATA TYPE INTEGER"), "{said}");
    follow(&mut world, "stop").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_narrowed_type_is_told_as_it_may_have_changed_values() -> Result<()> {
    let mut world = three("price numeric(12,4), n bigint", "n / 7.0, n").await?;
    each(&world, "ALTER TABLE {t} ALTER price TYPE numeric(10,2), ALTER n TYPE int; INSERT INTO {t} VALUES (21, 1.25, 21, now())").await?;
    let run = world.run().await?;
    for setting in SETTINGS {
        let table = well(&run, setting)?;
        let told = table.findings.iter().filter(|f| f.code == "drift_type").count();
        ensure!(told == 2, "{setting}: {:?}", table.findings);
    }
    // PostgreSQL has rounded every row without touching the watermark; the advice mends it.
    let engine = world.spec.engine().await?;
    for config in world.spec.configs()? {
        engine.reset("reset", &config, None).await?;
    }
    engine.target.close().await?;
    world.run_well().await?;
    for setting in SETTINGS {
        let scaled =
            |side: &str| format!("SELECT id || '/' || price::numeric(10,2) || '/' || n FROM {side}t_{setting}");
        alike(&world, &scaled(""), &scaled("raw.")).await?;
    }
    world.spec.tables.clear();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn another_type_stops_the_table_under_every_setting() -> Result<()> {
    let mut world = three("v text", "'row ' || n").await?;
    each(&world, "ALTER TABLE {t} ALTER v TYPE date USING '2024-01-01'").await?;
    let run = world.run().await?;
    for setting in SETTINGS {
        let said = stopped(&run, setting)?;
        ensure!(said.contains("column v is VARCHAR in the target and DATE in the source"), "{setting}: {said}");
        ensure!(world.warehouse_text(&format!("SELECT v FROM raw.t_{setting} WHERE id = 3"))? == "row 3");
    }
    // One of the ways out that the message names.
    world.spec.tables.truncate(1);
    world.spec.tables[0].transforms.insert("v".to_owned(), Some("v::text".to_owned()));
    each(&world, "UPDATE {t} SET updated_at = now()").await?;
    world.converges().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn not_null_may_come_and_go() -> Result<()> {
    let world = three("v text NOT NULL, n int", "'row ' || n, n").await?;
    world.change_warehouse("ALTER TABLE raw.t_ignore ALTER COLUMN v SET NOT NULL")?;
    each(
        &world,
        "ALTER TABLE {t} ALTER v DROP NOT NULL, ALTER n SET NOT NULL; INSERT INTO {t} VALUES (21, NULL, 21, now())",
    )
    .await?;
    let run = world.run().await?;
    for setting in ["add", "stop"] {
        let table = well(&run, setting)?;
        ensure!(finding(table, "drift_nullable").is_ok() && finding(table, "drift_not_null").is_ok());
        let rows = |side: &str| format!("SELECT id || coalesce(v, 'none') || n FROM {side}t_{setting}");
        alike(&world, &rows(""), &rows("raw.")).await?;
    }
    let strict = of(&run, "ignore")?;
    ensure!(finding(strict, "drift_nullable")?.message.contains("rejected") && strict.counters.rows_rejected == 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_shows_the_drift_and_changes_nothing() -> Result<()> {
    let world = three("v text, n int", "'row ' || n, n").await?;
    each(&world, "ALTER TABLE {t} RENAME v TO label; ALTER TABLE {t} DROP n; ALTER TABLE {t} ADD more date").await?;
    let engine = world.spec.engine().await?;
    let plans = engine.plan(&world.spec.configs()?).await;
    engine.target.close().await?;
    let codes = |at: usize| plans[at].findings.iter().map(|f| f.code.as_str()).collect::<Vec<_>>();
    ensure!(codes(0).contains(&"drift_renamed") && codes(0).contains(&"drift_dropped"), "{:?}", codes(0));
    ensure!(plans[0].ddl.len() == 2 && plans[0].ddl[0].contains("RENAME COLUMN"), "{:?}", plans[0].ddl);
    ensure!(codes(1).iter().filter(|code| **code == "drift_ignored").count() == 2, "{:?}", codes(1));
    ensure!(plans[1].ddl.is_empty() && plans[1].failure.is_none());
    let failure = plans[2].failure.as_ref().context("nothing stops")?;
    ensure!(failure.message.contains("RENAME COLUMN") && failure.message.contains("`n` was dropped"), "{failure:?}");
    let columns = "SELECT string_agg(DISTINCT column_name, ' ' ORDER BY column_name) FROM duckdb_columns() WHERE schema_name = 'raw'";
    ensure!(world.warehouse_text(columns)? == "id n updated_at v", "the plan changed the target");
    Ok(())
}
