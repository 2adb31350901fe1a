//! What it costs that nothing has changed: a run over many tables, and the polls of a service.

use crate::measure::{Usage, median, run};
use anyhow::{Context as _, Result, ensure};
use firn_postgres::PgSettings;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Tables of the run.
pub(crate) const TABLES: usize = 200;
/// Rows of each.
const ROWS: usize = 2000;
/// How long the polls of a service are watched.
const WATCHED: Duration = Duration::from_secs(40);
/// Ticks of the kernel's clock for processor time.
const TICKS: f64 = 100.0;

/// Writes the statements that make the tables.
pub(crate) fn tables_sql() -> String {
    let one = |n: usize| {
        format!(
            "DROP TABLE IF EXISTS idle_{n};
             CREATE TABLE idle_{n} (id bigint PRIMARY KEY, name text, amount numeric(12,2), note text,
                 created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL);
             CREATE INDEX ON idle_{n} (updated_at, id);
             INSERT INTO idle_{n} SELECT i, 'name ' || i, i, repeat('x', 40), now(), now() - i * interval '1 minute'
                 FROM generate_series(10, {ROWS}) i;\n"
        )
    };
    (0..TABLES).map(one).collect::<String>() + "ANALYZE;"
}

fn document(settings: &PgSettings, tables: usize, folder: &Path) -> Result<()> {
    let mut yaml = format!(
        "connections:\n  app_db: {{ kind: postgres, host: {}, port: {}, database: {}, user: {}, tls: disable }}\n  \
         warehouse: {{ kind: duckdb, path: warehouse.duckdb }}\nsource: app_db\ntarget: warehouse\n\
         sync_interval_seconds: 1\ntables:\n",
        settings.host, settings.port, settings.database, settings.user
    );
    for n in 0..tables {
        yaml.push_str(&format!(
            "  - {{ source: public.idle_{n}, target: main.idle_{n}, pk: id, watermark_column: updated_at }}\n"
        ));
    }
    Ok(std::fs::write(folder.join("firn.yaml"), yaml)?)
}

fn firn(binary: &Path, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary);
    command.args(["--json", "--workspace"]).arg(folder).args(arguments).env("XDG_DATA_HOME", folder.join("data"));
    command
}

/// Runs all tables until nothing is left to do, then measures whole runs that find nothing.
pub(crate) fn nothing_changed(binary: &Path, settings: &PgSettings, runs: usize) -> Result<Usage> {
    let folder = tempfile::tempdir()?;
    document(settings, TABLES, folder.path())?;
    for _ in 0..2 {
        run(&mut firn(binary, folder.path(), &["sync", "run"]))?;
    }
    let runs: Result<Vec<Usage>> = (0..runs).map(|_| run(&mut firn(binary, folder.path(), &["sync", "run"]))).collect();
    Ok(median(runs?))
}

struct Service(Child);

impl Drop for Service {
    fn drop(&mut self) {
        // Where it has ended already there is nothing to kill.
        let _ended = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// Returns the processor seconds, of user and system, that one poll of one idle table costs a service.
pub(crate) fn poll(binary: &Path, settings: &PgSettings) -> Result<f64> {
    let folder = tempfile::tempdir()?;
    document(settings, 1, folder.path())?;
    let mut command = firn(binary, folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
    let mut service = Service(command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?);
    let mut lines = BufReader::new(service.0.stdout.take().context("no output")?).lines();
    let first = lines.next().context("the service says nothing")??;
    let first: serde_json::Value = serde_json::from_str(&first)?;
    let address = first["address"].as_str().context("the service does not listen")?.to_owned();
    // The first load and the settling of its newest rows are over by then.
    std::thread::sleep(Duration::from_secs(8));
    let (cpu, polls) = (processor_seconds(service.0.id())?, polls(&address)?);
    std::thread::sleep(WATCHED);
    let polled = self::polls(&address)? - polls;
    ensure!(polled > WATCHED.as_secs_f64() / 2.0, "only {polled} polls");
    Ok((processor_seconds(service.0.id())? - cpu) / polled)
}

fn processor_seconds(pid: u32) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let after_name = stat.rsplit_once(')').context("no name")?.1;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks: f64 = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
    Ok(ticks / TICKS)
}

fn polls(address: &str) -> Result<f64> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: firn\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let line = answer.lines().find(|line| line.starts_with("sync_success_count{"));
    let count = line.and_then(|line| line.rsplit_once(' ')).context("no count")?.1;
    Ok(count.parse()?)
}
