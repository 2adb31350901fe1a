//! Tables of every sort, several at once, and tables that are rewritten while they are read.

use anyhow::{Result, ensure};
use firn_scenarios::world::describe;
use firn_scenarios::{Gate, GatedSource, TableSpec, World};
use firn_sync::RunStatus;

#[tokio::test(flavor = "multi_thread")]
async fn a_table_emptied_and_filled_in_one_transaction_is_never_seen_empty() -> Result<()> {
    let mut world = World::new().await?;
    world.sql("CREATE TABLE rates (id int PRIMARY KEY, v text); INSERT INTO rates SELECT n, 'old' FROM generate_series(1, 100) n").await?;
    world.spec.tables.push(TableSpec { full: true, watermark: None, ..TableSpec::new("rates") });
    world.converges().await?;
    let gate = Gate::new();
    let engine = world.spec.engine_over(|source| GatedSource::before_read(source, &gate)).await?;
    let reload = async {
        gate.reached().await;
        // Where the reader has locked the table, this waits until it is done.
        let mut session = world.session().await?;
        let nightly = "SET lock_timeout = '1s'; BEGIN; TRUNCATE rates; INSERT INTO rates SELECT n, 'new' FROM generate_series(1, 100) n; COMMIT";
        let _may_wait = session.sql(nightly).await;
        gate.open();
        anyhow::Ok(())
    };
    let (run, reloaded) = tokio::join!(world.run_with(&engine), reload);
    reloaded?;
    let run = run?;
    ensure!(run.outcome.status() == RunStatus::Success, "{}", describe(&run.outcome));
    ensure!(world.warehouse_text("SELECT count(*) FROM raw.rates")? == "100", "an empty table was read that never was");
    world.converges().await.map(drop)
}
