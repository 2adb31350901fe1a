//! The service: schedules, listener, reloading, sharing, stopping.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use firn_scenarios::{CommandLine, Service, World};
use serde_json::Value;

/// A workspace over a world's server whose tables run every second, with more of the document.
pub fn workspace(world: &mut World, more: &str) -> Result<CommandLine> {
    let mut terminal = CommandLine::new()?;
    if let Ok(without) = std::env::var("FIRN_TEST_WITHOUT") {
        terminal.set("FIRN_TEST_WITHOUT", &without);
    }
    world.spec.warehouse = terminal.folder().join("warehouse.duckdb");
    terminal.write("firn.yaml", &document(world, more))?;
    Ok(terminal)
}

fn document(world: &World, more: &str) -> String {
    format!(
        "connections:\n  app: {{ kind: postgres, host: 127.0.0.1, port: {}, database: app, user: postgres, tls: disable }}\n  \
         warehouse: {{ kind: duckdb, path: warehouse.duckdb }}\nsource: app\ntarget: warehouse\nsync_interval_seconds: 1\n\
         max_retries: 1\ntables:\n  \
         - source: public.orders\n    target: raw.orders\n    pk: id\n    watermark_column: updated_at\n{more}",
        world.spec.port
    )
}

/// The table of every world.
pub const ORDERS: &str = "public.orders";
/// A name with everything in it that a label has to escape.
const ODD: &str = "public.\"odd \"\"name\\\"";

/// Returns the line of a table in a list of tables.
fn line_of<'v>(view: &'v Value, source: &str) -> &'v Value {
    let lines = view["tables"].as_array().into_iter().flatten();
    lines.into_iter().find(|line| line["source"] == source).unwrap_or(&Value::Null)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_runs_schedules_answers_and_ends_within_a_second() -> Result<()> {
    let mut world = World::with_orders(200).await?;
    world
        .sql("CREATE TABLE \"odd \"\"name\\\" (id int PRIMARY KEY, updated_at timestamptz NOT NULL DEFAULT now())")
        .await?;
    let more = "  - { source: 'public.\"odd \"\"name\\\"', target: raw.odd, pk: id, watermark_column: updated_at, schedule: 0 4 * * * America/Los_Angeles }\n";
    let terminal = workspace(&mut world, more)?;
    let mut service = Service::start(&terminal)?;
    let serving = service.next(|line| line["event"] == "serving")?;
    ensure!(line_of(&serving, ORDERS)["schedule"] == "1s", "{serving}");
    ensure!(line_of(&serving, ODD)["schedule"] == "0 4 * * * America/Los_Angeles", "{serving}");
    ensure!(service.table(ORDERS, "success")?["rows_merged"] == 200);
    world.sql("UPDATE orders SET v = 'changed', updated_at = now() WHERE id = 7").await?;
    ensure!(service.table(ORDERS, "success")?["rows_merged"] == 1);

    let (status, health) = service.health()?;
    ensure!(status == 200 && health["status"] == "ok", "{health}");
    let line = line_of(&health, ORDERS);
    ensure!(line["status"] != "waiting" && line["lag_seconds"].as_f64().is_some_and(|lag| lag < 60.0), "{health}");
    let other = line_of(&health, ODD);
    ensure!(
        other["status"] == "waiting" && other["next_run"].is_string() && other["lag_seconds"].is_null(),
        "{health}"
    );

    let metrics = service.metrics()?;
    let of = |name: &str| metrics.get(&format!("{name}{{table=\"{ORDERS}\"}}")).copied().unwrap_or(f64::NAN);
    ensure!(of("sync_success_count") >= 2.0 && of("sync_failure_count") == 0.0, "{metrics:?}");
    ensure!(of("rows_processed") == 201.0 && of("last_sync_duration_seconds") > 0.0, "{metrics:?}");
    ensure!(of("sync_duration_seconds_count") == of("sync_success_count"), "{metrics:?}");
    let odd = metrics.get(&format!("sync_success_count{{table={ODD:?}}}"));
    ensure!(odd == Some(&0.0), "labels are escaped: {metrics:?}");

    ensure!(service.get("/")?.status == 404);
    let post = service.ask("POST /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")?;
    ensure!(post.status == 405 && post.head.to_lowercase().contains("allow: get, head"), "{post:?}");

    let stopped = service.stop("TERM")?;
    ensure!(stopped.code == 143 && stopped.took < Duration::from_secs(1), "{stopped:?}");
    let last = stopped.lines.last().cloned().unwrap_or_default();
    ensure!(last["event"] == "finished" && last["status"] == "terminated", "{stopped:?}");
    ensure!(stopped.stderr.is_empty(), "{stopped:?}");
    world.assert_equal().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_stopped_in_the_middle_of_a_run_loses_nothing() -> Result<()> {
    let mut world = World::with_orders(5000).await?;
    let terminal = workspace(&mut world, "    transform: { v: \"(SELECT v FROM pg_sleep(0.01 + id * 0))\" }\n")?;
    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        let service = Service::start(&terminal)?;
        let deadline = Instant::now() + Duration::from_secs(30);
        let reads = "SELECT count(*)::text FROM pg_stat_activity WHERE query LIKE 'COPY%' AND state = 'active'";
        while world.text(reads).await? == "0" {
            ensure!(Instant::now() < deadline, "the service does not read");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let stopped = service.stop(signal)?;
        ensure!(stopped.code == code && stopped.took < Duration::from_secs(2), "{stopped:?}");
        ensure!(world.text("SELECT last_status FROM sync_watermarks").await? == "cancelled");
    }
    terminal.write("firn.yaml", &document(&world, ""))?;
    let mut service = Service::start(&terminal)?;
    service.table(ORDERS, "success")?;
    drop(service);
    world.assert_equal().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_workspace_is_taken_over_and_a_broken_one_is_not() -> Result<()> {
    let mut world = World::with_orders(10).await?;
    world.sql("CREATE TABLE tags (id int PRIMARY KEY, updated_at timestamptz NOT NULL DEFAULT now()); INSERT INTO tags VALUES (1)").await?;
    let terminal = workspace(&mut world, "")?;
    let mut service = Service::start(&terminal)?;
    service.table(ORDERS, "success")?;

    terminal.write("firn.yaml", &document(&world, "    watermark: oops\n"))?;
    let refused = service.next(|line| line["event"] == "refused")?;
    ensure!(refused["error"]["message"].as_str().is_some_and(|message| message.contains("firn.yaml:")), "{refused}");
    let (status, health) = service.health()?;
    ensure!(status == 503 && health["workspace_error"]["code"] == "configuration", "{health}");
    ensure!(service.metrics()?["firn_workspace_valid"] == 0.0);
    world.sql("INSERT INTO orders SELECT max(id) + 1, 'while broken' FROM orders").await?;
    ensure!(service.table(ORDERS, "success")?["rows_merged"] == 1, "the workspace of before goes on");

    let tags = "  - { source: public.tags, target: raw.tags, pk: id, watermark_column: updated_at }\n";
    terminal.write("firn.yaml", &document(&world, tags))?;
    let serving = service.next(|line| line["event"] == "serving")?;
    ensure!(serving["tables"].as_array().map(Vec::len) == Some(2), "{serving}");
    service.table("public.tags", "success")?;
    ensure!(service.health()?.0 == 200);

    terminal.write("firn.yaml", &document(&world, ""))?;
    service.next(|line| line["event"] == "serving" && line["tables"].as_array().map(Vec::len) == Some(1))?;
    ensure!(!service.get("/metrics")?.body.contains("public.tags"), "a table that is gone has no metrics");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn others_need_a_token() -> Result<()> {
    let mut world = World::with_orders(1).await?;
    let mut terminal = workspace(&mut world, "")?;
    let open = terminal.run(&["serve", "--listen", "0.0.0.0:0"])?;
    ensure!(open.code == 2 && open.stderr.contains("FIRN_SERVE_TOKEN"), "{open:?}");
    terminal.set("FIRN_SERVE_TOKEN", "short");
    let short = terminal.run(&["serve", "--listen", "127.0.0.1:0"])?;
    ensure!(short.code == 2 && !short.stderr.contains("short\""), "{short:?}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0")?;
    terminal.set("FIRN_SERVE_TOKEN", "correct horse battery");
    let refused = terminal.run(&["serve", "--listen", &taken.local_addr()?.to_string()])?;
    ensure!(refused.code == 2 && refused.stderr.contains("--listen"), "{refused:?}");

    let service = Service::start(&terminal)?;
    let with = |token: &str| {
        service.ask(&format!(
            "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n"
        ))
    };
    ensure!(service.get("/health")?.status == 401);
    ensure!(with("correct horse batterz")?.status == 401);
    ensure!(with("correct horse battery")?.status == 200);
    let stopped = service.stop("TERM")?;
    ensure!(!format!("{stopped:?}").contains("correct horse"), "the token is nowhere in the log: {stopped:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn services_share_tables_by_their_leases() -> Result<()> {
    let mut world = World::with_orders(100).await?;
    let terminal = workspace(&mut world, "")?;
    let first = Service::start(&terminal)?;
    let second = Service::start(&terminal)?;
    let rows = |service: &Service| -> Result<f64> {
        let metrics = service.metrics()?;
        Ok(metrics.get(&format!("rows_processed{{table=\"{ORDERS}\"}}")).copied().unwrap_or_default())
    };
    let mut expected = 100.0;
    for _ in 0..6 {
        let deadline = Instant::now() + Duration::from_secs(30);
        while rows(&first)? + rows(&second)? < expected {
            ensure!(Instant::now() < deadline, "{} and {} of {expected}", rows(&first)?, rows(&second)?);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        ensure!(rows(&first)? + rows(&second)? == expected, "a row was written by both");
        world.sql("UPDATE orders SET v = v || '!', updated_at = now() WHERE id % 7 = 0").await?;
        expected += 14.0;
    }
    for service in [&first, &second] {
        let (status, health) = service.health()?;
        ensure!(status == 200 && health["status"] == "ok", "{health}");
        ensure!(service.metrics()?[&format!("sync_failure_count{{table=\"{ORDERS}\"}}")] == 0.0);
    }
    for service in [first, second] {
        let stopped = service.stop("TERM")?;
        ensure!(stopped.code == 143 && !format!("{stopped:?}").contains("lock"), "{stopped:?}");
    }
    ensure!(terminal.run(&["sync", "run"])?.code == 0);
    world.assert_equal().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stays_away_is_not_hammered_and_comes_back() -> Result<()> {
    let mut world = World::with_orders(10).await?;
    let proxy = world.cluster.proxy()?;
    let port = world.spec.port;
    world.spec.port = proxy.port();
    let terminal = workspace(&mut world, "")?;
    world.spec.port = port;
    let mut service = Service::start(&terminal)?;
    service.table(ORDERS, "success")?;
    proxy.set(firn_testbed::Fault::Cut);
    let before = proxy.connections();
    let failed = service.table(ORDERS, "failed")?;
    ensure!(failed["error"]["code"] == "transient", "{failed}");
    let (status, health) = service.health()?;
    ensure!(status == 503 && health["tables"][0]["failures"] == 1, "{health}");
    let moment =
        |value: &serde_json::Value| value.as_str().unwrap_or_default().parse::<chrono::DateTime<chrono::Utc>>();
    let pause = moment(&failed["next"])? - moment(&failed["at"])?;
    ensure!(pause >= chrono::TimeDelta::milliseconds(4500), "{failed}");
    ensure!(proxy.connections() - before < 40, "{} connections to a dead server", proxy.connections() - before);
    proxy.open();
    world.sql("INSERT INTO orders SELECT max(id) + 1, 'meanwhile' FROM orders").await?;
    ensure!(service.table(ORDERS, "success")?["rows_merged"] == 1);
    ensure!(service.health()?.0 == 200);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_the_warehouse_says_who_has_it() -> Result<()> {
    let mut world = World::with_orders(10).await?;
    let terminal = workspace(&mut world, "")?;
    ensure!(terminal.run(&["sync", "run"])?.code == 0);
    world.sql("INSERT INTO orders SELECT max(id) + 1, 'new' FROM orders").await?;
    let mut holder = std::process::Command::new(firn_scenarios::child::program("engine-run")?)
        .arg("execute")
        .arg(&world.spec.warehouse)
        .stdin(std::process::Stdio::piped())
        .spawn()?;
    let pid = holder.id();
    let deadline = Instant::now() + Duration::from_secs(30);
    while !std::fs::read_to_string("/proc/locks")?.contains(&format!(" {pid} ")) {
        ensure!(Instant::now() < deadline, "the file is not taken");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let waiting = terminal.command(&["sync", "run"])?.spawn()?;
    // What needs no warehouse waits for nobody.
    let asked = Instant::now();
    ensure!(terminal.run(&["sync", "status"])?.code == 0 && asked.elapsed() < Duration::from_secs(2));
    tokio::time::sleep(Duration::from_secs(2)).await;
    drop(holder.stdin.take());
    ensure!(holder.wait()?.success());
    let done = terminal.done(&["sync", "run"], waiting.wait_with_output()?)?;
    ensure!(done.code == 0, "{done:?}");
    let said = done.stderr.lines().filter(|line| line.starts_with("waiting: ")).collect::<Vec<_>>();
    ensure!(said.len() == 1 && said[0].contains(&pid.to_string()) && said[0].contains("engine-run"), "{done:?}");
    world.assert_equal().await
}

#[tokio::test(flavor = "multi_thread")]
async fn window_terminal_and_service_share_a_workspace_without_an_error() -> Result<()> {
    use firn_api::wire::{DiscoverRequest, RunEvent, TablesRequest, VerifyRequest, WorkspaceRef};
    let mut world = World::with_orders(300).await?;
    let terminal = workspace(&mut world, "")?;
    let mut service = Service::start(&terminal)?;
    service.table(ORDERS, "success")?;
    // The window: a process with the command layer of its own, which is this one.
    let data = world.folder.path().join("window");
    let host = std::sync::Arc::new(|_: RunEvent| {});
    let mut options = firn_api::FirnOptions::new(data, std::collections::HashMap::new(), host);
    options.trust_all = true;
    let firn = firn_api::Firn::open(options).map_err(|error| anyhow::anyhow!("{error:?}"))?;
    let folder = terminal.folder().canonicalize()?.display().to_string();
    let window = async {
        for _ in 0..6 {
            let status = firn_api::command::sync_status(&firn, WorkspaceRef { folder: folder.clone() }).await;
            ensure!(status.is_ok(), "{status:?}");
            let request = TablesRequest { folder: folder.clone(), tables: Vec::new() };
            let plan =
                firn_api::command::sync_plan(&firn, request).await.map_err(|error| anyhow::anyhow!("{error:?}"))?;
            ensure!(plan.tables.iter().all(|table| table.error.is_none()), "{plan:?}");
            let request = DiscoverRequest { folder: folder.clone(), schema: None, write: false, tables: Vec::new() };
            let found = firn_api::command::sync_discover(&firn, request).await;
            ensure!(found.is_ok(), "{found:?}");
            let request = VerifyRequest { folder: folder.clone(), tables: Vec::new(), repair: false, limit: 10 };
            let verdict =
                firn_api::command::sync_verify(&firn, request).await.map_err(|error| anyhow::anyhow!("{error:?}"))?;
            let agrees = |status: &str| matches!(status, "equal" | "held");
            ensure!(verdict.tables.iter().all(|table| agrees(&table.status)), "{verdict:?}");
        }
        Ok(())
    };
    let typed = async {
        let commands: [&[&str]; 5] =
            [&["sync", "run"], &["sync", "plan"], &["sync", "status"], &["sync", "verify"], &["sync", "discover"]];
        for arguments in commands.into_iter().cycle().take(10) {
            world.sql("UPDATE orders SET v = v || '!', updated_at = now() WHERE id % 5 = 0").await?;
            let child = terminal.command(arguments)?.spawn()?;
            let output = tokio::task::spawn_blocking(move || child.wait_with_output()).await??;
            let done = terminal.done(arguments, output)?;
            // The lease of the table may be the service's just then, which is no error either.
            let held = done.code == 4 && done.stderr.contains("has been running this table since");
            ensure!(done.code == 0 || held, "{done:?}");
            ensure!(!done.stderr.contains("lock"), "{done:?}");
        }
        Ok(())
    };
    let both: (Result<()>, Result<()>) = tokio::join!(window, typed);
    both.0?;
    both.1?;
    firn.close().await;
    let failures = service.metrics()?[&format!("sync_failure_count{{table=\"{ORDERS}\"}}")];
    ensure!(failures == 0.0, "{failures} runs of the service failed");
    let stopped = service.stop("TERM")?;
    ensure!(stopped.code == 143 && !format!("{stopped:?}").contains("lock"), "{stopped:?}");
    ensure!(terminal.run(&["sync", "run"])?.code == 0);
    world.assert_equal().await
}
