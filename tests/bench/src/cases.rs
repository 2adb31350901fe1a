//! The cases: what is run, against what, and how often.

use crate::measure::{Usage, median, run, run_expecting};
use crate::table::{Line, head};
use anyhow::{Context as _, Result};
use firn_postgres::PgSettings;
use firn_testbed::{Cluster, ClusterOptions};
use std::io::{Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Rows of the read and Parquet cases.
pub(crate) const READ_ROWS: f64 = 5_000_000.0;
/// Rows of the sync case.
const SYNC_ROWS: f64 = 1_000_000.0;
/// Runs of each; the median counts.
pub(crate) const RUNS: usize = 3;

/// Where the server of a run is.
pub(crate) struct Server {
    pub(crate) dsn: String,
    _cluster: Option<Cluster>,
}

impl Server {
    fn start() -> Result<Self> {
        if let Ok(dsn) = std::env::var("FIRN_BENCH_DSN") {
            return Ok(Self { dsn, _cluster: None });
        }
        let options = ClusterOptions::new()
            .setting("shared_buffers", "2GB")
            .setting("work_mem", "64MB")
            .setting("maintenance_work_mem", "512MB")
            .setting("max_wal_size", "8GB");
        let cluster = Cluster::start(options)?;
        let dsn = cluster.database("bench")?;
        Ok(Self { dsn, _cluster: Some(cluster) })
    }

    pub(crate) fn fill(&self, rows: f64) -> Result<()> {
        let sql = include_str!("../sql/orders.sql").replace(":rows", &format!("{rows:.0}"));
        self.sql(&sql)
    }

    pub(crate) fn sql(&self, sql: &str) -> Result<()> {
        // From standard input, where each statement is one of its own: VACUUM wants that.
        let mut script = tempfile::tempfile()?;
        script.write_all(sql.as_bytes())?;
        script.rewind()?;
        let done = Command::new("psql")
            .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", &self.dsn, "-f", "-"])
            .stdin(script)
            .output()?;
        anyhow::ensure!(done.status.success(), "psql: {}", String::from_utf8_lossy(&done.stderr));
        Ok(())
    }
}

/// Makes settings of a DSN as the benchmark's own servers have it: no TLS, no password.
pub(crate) fn settings(dsn: &str) -> Result<PgSettings> {
    let url = url::Url::parse(dsn).context("the DSN is not a URL")?;
    let mut settings =
        PgSettings::new(url.host_str().unwrap_or("localhost"), url.path().trim_start_matches('/'), url.username());
    settings.port = url.port().unwrap_or(5432);
    settings.tls = firn_postgres::TlsMode::Disable;
    Ok(settings)
}

/// Runs the cases named, or all.
pub(crate) fn all(names: &[&str]) -> Result<()> {
    let wanted = |name| names.is_empty() || names.contains(&name);
    let server = Server::start()?;
    head();
    if wanted("read") || wanted("parquet") || wanted("load") {
        server.fill(READ_ROWS)?;
    }
    if wanted("read") {
        read(&server)?;
    }
    if wanted("parquet") {
        parquet(&server)?;
    }
    if wanted("load") {
        load(&server)?;
    }
    if wanted("wide") {
        wide(&server)?;
    }
    if wanted("sync") {
        sync(&server)?;
    }
    if wanted("idle") {
        idle(&server)?;
    }
    if wanted("verify") {
        verify(&server)?;
    }
    if wanted("deletes") {
        crate::deletes_case::deletes(&server)?;
    }
    if wanted("memory") {
        memory(&server)?;
    }
    Ok(())
}

fn body(words: &[&str]) -> Result<Usage> {
    run(Command::new(std::env::current_exe()?).arg("body").args(words))
}

/// The peer is a Python program; without its packages the line is left out and says so.
fn peer(words: &[&str]) -> Option<Command> {
    let python = std::env::var_os("FIRN_BENCH_PYTHON")?;
    let mut command = Command::new(python);
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/peer_duckdb.py")).args(words);
    Some(command)
}

fn several(mut once: impl FnMut() -> Result<Usage>) -> Result<Usage> {
    once()?;
    let runs: Result<Vec<Usage>> = (0..RUNS).map(|_| once()).collect();
    Ok(median(runs?))
}

pub(crate) fn line(case: &str, who: &str, rows: Option<f64>, usage: Usage, yardstick: Option<(&str, Usage)>) {
    Line {
        case: case.to_owned(),
        who: who.to_owned(),
        seconds: usage.wall,
        rows,
        peak_mib: usage.peak_mib,
        ratio: yardstick.map(|(name, other)| (other.wall / usage.wall, name.to_owned())),
    }
    .print();
}

fn read(server: &Server) -> Result<()> {
    let dsn = server.dsn.as_str();
    let limit = several(|| body(&["drain", dsn, "orders"]))?;
    let case = "orders 5 M × 16 → Arrow";
    line(case, "two COPY streams, thrown away", Some(READ_ROWS), limit, None);
    let firn = several(|| body(&["arrow", dsn, "orders"]))?;
    line(case, "firn", Some(READ_ROWS), firn, Some(("the limit", limit)));
    if peer(&[]).is_some() {
        let other = several(|| run(&mut peer(&["arrow", dsn, "orders"]).context("no peer")?))?;
        line(case, "DuckDB", Some(READ_ROWS), other, Some(("the limit", limit)));
    }
    Ok(())
}

fn parquet(server: &Server) -> Result<()> {
    let dsn = server.dsn.as_str();
    let folder = tempfile::tempdir()?;
    let file = |name: &str| folder.path().join(name).display().to_string();
    let case = "orders 5 M × 16 → zstd Parquet";
    let firn = several(|| body(&["parquet", dsn, "orders", &file("firn.parquet")]))?;
    if peer(&[]).is_some() {
        let other =
            several(|| run(&mut peer(&["parquet", dsn, "orders", &file("duckdb.parquet")]).context("no peer")?))?;
        line(case, "DuckDB", Some(READ_ROWS), other, None);
        line(case, "firn", Some(READ_ROWS), firn, Some(("DuckDB", other)));
    } else {
        line(case, "firn", Some(READ_ROWS), firn, None);
    }
    Ok(())
}

/// A Parquet file into a table, against a file that is in the server's own format already.
fn load(server: &Server) -> Result<()> {
    let dsn = server.dsn.as_str();
    let folder = tempfile::tempdir()?;
    let file = |name: &str| folder.path().join(name).display().to_string();
    let (ready, parquet) = (file("orders.pgcopy"), file("orders.parquet"));
    server.sql(&format!("\\copy orders TO '{ready}' (FORMAT binary)"))?;
    body(&["parquet", dsn, "orders", &parquet])?;
    let empty = || server.sql("DROP TABLE IF EXISTS loaded; CREATE TABLE loaded (LIKE orders); CHECKPOINT");
    let case = "zstd Parquet → orders 5 M × 16";
    let limit = several(|| {
        empty()?;
        let copy = format!("\\copy loaded FROM '{ready}' (FORMAT binary)");
        run(Command::new("psql").args(["-X", "-q", "-v", "ON_ERROR_STOP=1", dsn, "-c", &copy]))
    })?;
    line(case, "ready binary COPY", Some(READ_ROWS), limit, None);
    let firn = several(|| {
        empty()?;
        body(&["load", dsn, "loaded", &parquet])
    })?;
    line(case, "firn", Some(READ_ROWS), firn, Some(("ready binary COPY", limit)));
    server.sql("DROP TABLE loaded")
}

/// Rows of the wide case.
const WIDE_ROWS: f64 = 100_000.0;

/// 276 columns, as the widest table of the field has.
fn wide(server: &Server) -> Result<()> {
    server.sql(&include_str!("../sql/wide.sql").replace(":rows", &format!("{WIDE_ROWS:.0}")))?;
    let dsn = server.dsn.as_str();
    let folder = tempfile::tempdir()?;
    let file = |name: &str| folder.path().join(name).display().to_string();
    let case = "wide 100 k × 276 → zstd Parquet";
    let limit = several(|| body(&["drain", dsn, "wide"]))?;
    line(case, "two COPY streams, thrown away", Some(WIDE_ROWS), limit, None);
    let firn = several(|| body(&["parquet", dsn, "wide", &file("firn.parquet")]))?;
    if peer(&[]).is_some() {
        let other = several(|| run(&mut peer(&["parquet", dsn, "wide", &file("duckdb.parquet")]).context("no peer")?))?;
        line(case, "DuckDB", Some(WIDE_ROWS), other, None);
        line(case, "firn", Some(WIDE_ROWS), firn, Some(("DuckDB", other)));
    } else {
        line(case, "firn", Some(WIDE_ROWS), firn, None);
    }
    Ok(())
}

fn firn_binary() -> Result<PathBuf> {
    let beside = std::env::current_exe()?.with_file_name("firn");
    anyhow::ensure!(
        beside.is_file(),
        "{} is missing: build it with `cargo build --release -p firn-cli`",
        beside.display()
    );
    Ok(beside)
}

/// Writes the workspace of a sync of `orders`, with more keys of the table's entry where `more` has some: `, key: value`.
pub(crate) fn workspace(server: &Server, folder: &Path, more: &str) -> Result<()> {
    let orders =
        format!("{{ source: public.orders, target: main.orders, pk: order_id, watermark_column: updated_at{more} }}");
    workspace_of(server, folder, &orders)
}

fn workspace_of(server: &Server, folder: &Path, table: &str) -> Result<()> {
    let settings = settings(&server.dsn)?;
    let yaml = format!(
        "connections:\n  app_db: {{ kind: postgres, host: {}, port: {}, database: {}, user: {}, tls: disable }}\n  \
         warehouse: {{ kind: duckdb, path: warehouse.duckdb }}\nsource: app_db\ntarget: warehouse\ntables:\n  \
         - {table}\n",
        settings.host, settings.port, settings.database, settings.user
    );
    std::fs::write(folder.join("firn.yaml"), yaml)?;
    Ok(())
}

pub(crate) fn sync_once(folder: &Path) -> Result<Usage> {
    firn(folder, &["sync", "run"], 0)
}

/// Runs the program in a workspace, which is to end with this exit code.
fn firn(folder: &Path, words: &[&str], code: i32) -> Result<Usage> {
    let mut command = Command::new(firn_binary()?);
    command.args(["--json", "--workspace"]).arg(folder).args(words);
    run_expecting(command.env("XDG_DATA_HOME", folder.join("data")), code)
}

/// First load, one row in twenty changed, nothing changed: each time a whole process with default settings.
fn sync(server: &Server) -> Result<()> {
    let mut firn: [Vec<Usage>; 3] = Default::default();
    let mut other: [Vec<Usage>; 3] = Default::default();
    for round in 0..=RUNS {
        server.fill(SYNC_ROWS)?;
        let (ours, theirs) = (tempfile::tempdir()?, tempfile::tempdir()?);
        let file = theirs.path().join("peer.duckdb").display().to_string();
        server.sql("DROP TABLE IF EXISTS sync_watermarks, sync_errors, sync_logs, sync_workspace")?;
        workspace(server, ours.path(), "")?;
        for step in 0..3 {
            if step == 1 {
                server.sql(include_str!("../sql/touch.sql"))?;
            }
            let a = sync_once(ours.path())?;
            let b = peer(&["sync", &server.dsn, &file]).map(|mut command| run(&mut command)).transpose()?;
            if round > 0 {
                firn[step].push(a);
                other[step].extend(b);
            }
        }
    }
    for (step, case) in ["first load of 1 M", "5 % of 1 M changed", "nothing changed"].iter().enumerate() {
        let ours = median(std::mem::take(&mut firn[step]));
        if other[step].is_empty() {
            line(case, "firn", None, ours, None);
        } else {
            let theirs = median(std::mem::take(&mut other[step]));
            line(case, "DuckDB by hand", None, theirs, None);
            line(case, "firn", None, ours, Some(("DuckDB by hand", theirs)));
        }
    }
    Ok(())
}

/// Many tables without a change, and what a poll of one costs a service; the time of the latter is processor time.
fn idle(server: &Server) -> Result<()> {
    server.sql("DROP TABLE IF EXISTS sync_watermarks, sync_errors, sync_logs, sync_workspace")?;
    server.sql(&crate::idle::tables_sql())?;
    let (binary, settings) = (firn_binary()?, settings(&server.dsn)?);
    let usage = crate::idle::nothing_changed(&binary, &settings, RUNS)?;
    line(&format!("{} tables, nothing changed", crate::idle::TABLES), "firn", None, usage, None);
    server.sql("DROP TABLE IF EXISTS sync_watermarks, sync_errors, sync_logs, sync_workspace")?;
    let seconds = crate::idle::poll(&binary, &settings)?;
    println!("| poll of one idle table by `serve`, processor time | firn | {seconds:.4} | | | |");
    Ok(())
}

/// A whole comparison of equal tables, of tables with a few differing rows, and a run that compares what it touched.
fn verify(server: &Server) -> Result<()> {
    server.fill(SYNC_ROWS)?;
    server.sql("DROP TABLE IF EXISTS sync_watermarks, sync_errors, sync_logs, sync_workspace")?;
    let folder = tempfile::tempdir()?;
    workspace(server, folder.path(), "")?;
    sync_once(folder.path())?;
    let equal = several(|| firn(folder.path(), &["sync", "verify"], 0))?;
    line("verify of 1 M × 16, equal", "firn", Some(SYNC_ROWS), equal, None);
    server.sql("UPDATE orders SET quantity = quantity + 1 WHERE order_id % 100000 = 7")?;
    let different = several(|| firn(folder.path(), &["sync", "verify"], 3))?;
    line("verify of 1 M × 16, 10 rows differ", "firn", Some(SYNC_ROWS), different, Some(("equal", equal)));
    let mut plain = Vec::new();
    let mut verified = Vec::new();
    for _ in 0..RUNS {
        server.sql(include_str!("../sql/touch.sql"))?;
        plain.push(firn(folder.path(), &["sync", "run"], 0)?);
        server.sql(include_str!("../sql/touch.sql"))?;
        verified.push(firn(folder.path(), &["sync", "run", "--verify"], 0)?);
    }
    let (plain, verified) = (median(plain), median(verified));
    line("5 % of 1 M changed", "firn", None, plain, None);
    line("5 % of 1 M changed, run --verify", "firn", None, verified, Some(("without", plain)));
    Ok(())
}

/// Peak memory of a first load: the same at several times the rows.
fn memory(server: &Server) -> Result<()> {
    for rows in [READ_ROWS, 4.0 * READ_ROWS] {
        server.fill(rows)?;
        server.sql("DROP TABLE IF EXISTS sync_watermarks, sync_errors, sync_logs, sync_workspace")?;
        let folder = tempfile::tempdir()?;
        workspace(server, folder.path(), "")?;
        let usage = sync_once(folder.path())?;
        line(&format!("first load of {:.0} M → DuckDB", rows / 1e6), "firn", Some(rows), usage, None);
    }
    wide_memory(server)
}

/// The same for rows of 276 columns, and for a change of every tenth.
fn wide_memory(server: &Server) -> Result<()> {
    for rows in [WIDE_ROWS, 3.0 * WIDE_ROWS] {
        server.sql(&include_str!("../sql/wide.sql").replace(":rows", &format!("{rows:.0}")))?;
        server
            .sql("ALTER TABLE wide ADD COLUMN changed bigint NOT NULL DEFAULT 0; CREATE INDEX ON wide (changed, id)")?;
        server.sql("DROP TABLE IF EXISTS sync_watermarks, sync_errors, sync_logs, sync_workspace")?;
        let folder = tempfile::tempdir()?;
        workspace_of(
            server,
            folder.path(),
            "{ source: public.wide, target: main.wide, pk: id, watermark_column: changed }",
        )?;
        let usage = sync_once(folder.path())?;
        line(&format!("first load of {:.0} k × 277 → DuckDB", rows / 1e3), "firn", Some(rows), usage, None);
        server.sql("UPDATE wide SET changed = 1, c0_int8 = c0_int8 + 1 WHERE id % 10 = 0")?;
        let usage = sync_once(folder.path())?;
        line(&format!("10 % of {:.0} k × 277 changed", rows / 1e3), "firn", Some(rows / 10.0), usage, None);
    }
    Ok(())
}
