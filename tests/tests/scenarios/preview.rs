//! Previews: rows as a run would read them, and what a sample of a table says.

use anyhow::{Context, Result, ensure};
use firn_scenarios::{TableSpec, World};
use firn_sync::TablePreview;

async fn preview(world: &World, rows: usize) -> Result<Result<TablePreview, firn_connector::Error>> {
    let engine = world.spec.engine().await?;
    let shown = engine.preview(&world.spec.configs()?[0], rows, None).await;
    engine.target.close().await?;
    Ok(shown)
}

async fn refusal(world: &World) -> Result<String> {
    let error = preview(world, 5).await?.err().context("the preview came to an end")?;
    Ok(format!("{} · {}", error.chain(), error.hint.unwrap_or_default()))
}

/// Returns the cells of a column, before and after.
fn column(shown: &TablePreview, name: &str) -> Vec<(Option<String>, Option<String>)> {
    let at = shown.columns.iter().position(|column| column.name == name).unwrap();
    shown.rows.iter().map(|row| (row[at].before.clone(), row[at].after.clone())).collect()
}

fn text(value: &str) -> Option<String> {
    Some(value.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_shows_rows_as_a_run_would_read_them() -> Result<()> {
    let mut world = World::new()?;
    world
        .sql(
            "CREATE TABLE people (id bigint PRIMARY KEY, email text, ssn text, place point, price numeric(8,2), note text, updated_at timestamptz NOT NULL DEFAULT now());
             INSERT INTO people SELECT n, 'P' || n || '@X', 'secret', point(n, n), CASE WHEN n % 50 = 0 THEN 'NaN' ELSE n::numeric END, repeat('ä', n), now() FROM generate_series(1, 200) n;
             UPDATE people SET email = NULL WHERE id = 102",
        )
        .await?;
    let spec = TableSpec::new("people")
        .transform("email", Some("lower(email) -- in small letters"))
        .transform("ssn", None)
        .transform("place", Some("place::text"))
        .transform("note", Some("CASE WHEN id > 100 THEN note ELSE (1 / (id - id))::text END"));
    world.spec.tables.push(TableSpec { filter: Some("id > 100 -- the new ones".to_owned()), ..spec });
    let shown = preview(&world, 3).await??;
    ensure!((shown.sampled, shown.matching, shown.complete) == (200, 102, true), "{shown:?}");
    ensure!(shown.columns.iter().all(|column| column.name != "ssn") && !format!("{shown:?}").contains("secret"));
    let ids: Vec<_> = column(&shown, "id").into_iter().map(|(_, after)| after.unwrap()).collect();
    // The row that was updated last is stored last.
    ensure!(ids == ["101", "103", "104"], "{ids:?}");
    ensure!(column(&shown, "email")[0] == (text("P101@X"), text("p101@x")));
    ensure!(column(&shown, "place")[0] == (text("(101,101)"), text("(101,101)")));
    ensure!(column(&shown, "price")[0] == (text("101.00"), text("101.00")));
    // Rows with NaN are rejected whether `where` lets them through or not: 50 and 100 besides 150 and 200.
    let refused: Vec<_> = shown.refused.iter().map(|r| (r.column.as_str(), r.code.as_str(), r.rows)).collect();
    ensure!(refused == [("price", "numeric_nan", 4)], "{refused:?}");
    let longest = shown.worst.iter().find(|worst| worst.column == "note").context("no longest note")?;
    ensure!((longest.what.as_str(), longest.characters) == ("longest", Some(199)), "{longest:?}");

    // What is shown is what arrives.
    world.spec.tables[0].filter = Some("id BETWEEN 101 AND 149".to_owned());
    let shown = preview(&world, 100).await??;
    world.run_well().await?;
    let mut arrived = world.warehouse("SELECT id::text, email, place, price::text FROM raw.people")?;
    arrived.sort();
    let names = ["id", "email", "place", "price"];
    let columns: Vec<Vec<_>> = names.iter().map(|name| column(&shown, name)).collect();
    let mut seen: Vec<Vec<Option<String>>> =
        (0..shown.rows.len()).map(|row| columns.iter().map(|cells| cells[row].1.clone()).collect()).collect();
    seen.sort();
    ensure!(seen == arrived, "seen {seen:?}\narrived {arrived:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn special_values_and_large_tables_are_sampled() -> Result<()> {
    let mut world = World::new()?;
    world
        .sql(
            "CREATE TABLE readings (id bigint PRIMARY KEY, v double precision, at date, name text, updated_at timestamptz NOT NULL DEFAULT now());
             INSERT INTO readings SELECT n, CASE n % 10 WHEN 0 THEN 'NaN' WHEN 1 THEN '-Infinity' ELSE n::float8 END, CASE WHEN n % 4 = 0 THEN 'infinity' ELSE '2024-01-01'::date END, 'NaN' FROM generate_series(1, 30000) n",
        )
        .await?;
    world.spec.tables.push(
        TableSpec::new("readings")
            .transform("v", Some("v"))
            .transform("at", Some("at"))
            .transform("name", Some("name")),
    );
    let shown = preview(&world, 5).await??;
    ensure!(
        !shown.complete && (10_000..=12_000).contains(&shown.sampled) && shown.rows.len() == 5,
        "{}",
        shown.sampled
    );
    let rows = |column: &str, what: &str| {
        shown.worst.iter().find(|w| w.column == column && w.what == what).and_then(|w| w.rows)
    };
    let tenth = shown.sampled / 10;
    ensure!(rows("v", "NaN").is_some_and(|n| n.abs_diff(tenth) <= 1), "{:?}", shown.worst);
    ensure!(rows("v", "-Infinity").is_some() && rows("at", "infinity").is_some() && rows("name", "NaN").is_none());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_expression_is_named_with_its_place() -> Result<()> {
    let mut world = World::with_orders(50).await?;
    let plain = world.spec.tables[0].clone();
    world.spec.tables[0] = plain.clone().transform("v", Some("upper(vv)"));
    let said = refusal(&world).await?;
    ensure!(said.contains("column `v`") && said.contains("at character 7") && said.contains("\"vv\""), "{said}");

    world.spec.tables[0] = TableSpec { filter: Some("id >> 'x' AND ü".to_owned()), ..plain.clone() };
    let said = refusal(&world).await?;
    ensure!(said.contains("`where`") && said.contains("at character"), "{said}");

    // Right as SQL, and wrong on a row: named without the row's values.
    world.spec.tables[0] = plain.clone().transform("v", Some("(v || '4711')::int::text")).transform("updated_at", None);
    world.spec.tables[0].watermark = Some("id".to_owned());
    let said = refusal(&world).await?;
    ensure!(said.contains("the transform of column `v` fails on a row") && !said.contains("4711"), "{said}");

    world.spec.tables[0] = TableSpec { filter: Some("10 / (id - 7) > 0".to_owned()), ..plain };
    let said = refusal(&world).await?;
    ensure!(said.contains("`where` fails on a row") && said.contains("division by zero"), "{said}");
    Ok(())
}
