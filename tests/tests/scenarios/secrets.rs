//! Secrets: pushed through every path of the program, and then looked for in everything it has left behind.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use firn_scenarios::search::Search;
use firn_scenarios::{CommandLine, Done};
use firn_testbed::{Cluster, ClusterOptions};

/// Set for the second time that a test is run: inside a session bus with a keyring of its own.
const INSIDE: &str = "FIRN_TEST_ON_A_BUS";

/// Runs a test of this file again on a session bus of its own, whose keyring is empty and open.
fn on_a_bus(test: &str) -> Result<()> {
    let home = tempfile::tempdir()?;
    let keyring = "printf 'a word' | gnome-keyring-daemon --unlock --components=secrets >/dev/null";
    let mut command = Command::new("dbus-run-session");
    command.args(["--", "sh", "-c"]).arg(format!("{keyring}; exec \"$0\" --exact secrets::{test} --nocapture"));
    command.arg(std::env::current_exe()?).env(INSIDE, "1").env("HOME", home.path());
    command.env("XDG_DATA_HOME", home.path().join("data")).env("XDG_RUNTIME_DIR", home.path());
    command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").env_remove("GNOME_KEYRING_CONTROL");
    let output = command.output().context("dbus-run-session cannot be started")?;
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success() && text.contains("1 passed"), "{text}");
    Ok(())
}

/// A password that nothing else looks like.
fn canary(name: &str) -> String {
    format!("cnry-{name}-{:032x}", rand::random::<u128>())
}

/// The program with its log turned up, and everything it has said.
struct Heard {
    terminal: CommandLine,
    said: Vec<(String, String)>,
}

impl Heard {
    fn note(&mut self, done: &Done) {
        self.said.push((format!("`firn {}`", done.arguments.join(" ")), format!("{}{}", done.stdout, done.stderr)));
    }

    /// Runs a command as text and as JSON; returns the exit code of the second.
    fn run(&mut self, arguments: &[&str]) -> Result<i32> {
        let text = self.terminal.run(arguments)?;
        self.note(&text);
        let json = self.terminal.run(&[arguments, &["--json"]].concat())?;
        self.note(&json);
        Ok(json.code)
    }

    /// Runs a command with a text on its standard input.
    fn typed(&mut self, arguments: &[&str], input: &str) -> Result<i32> {
        let done = self.terminal.run_with_input(arguments, input)?;
        self.note(&done);
        Ok(done.code)
    }

    /// Runs a command with a variable.
    fn with(&mut self, name: &str, value: &str, arguments: &[&str]) -> Result<i32> {
        self.terminal.set(name, value);
        let code = self.run(arguments);
        self.terminal.unset(name);
        code
    }
}

/// Reads what everybody on the machine may read of a process and of those it has started.
fn process_list(pid: u32) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    let mut waiting = vec![pid.to_string()];
    while let Some(pid) = waiting.pop() {
        for file in ["cmdline", "environ"] {
            text.extend(std::fs::read(format!("/proc/{pid}/{file}"))?);
        }
        for task in std::fs::read_dir(format!("/proc/{pid}/task"))? {
            let children = std::fs::read_to_string(task?.path().join("children")).unwrap_or_default();
            waiting.extend(children.split_whitespace().map(str::to_owned));
        }
    }
    Ok(text)
}

fn wait_for(file: &Path) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !file.exists() {
        ensure!(Instant::now() < deadline, "{} does not appear", file.display());
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

const TABLES: &str = "
    CREATE TABLE orders (id bigint PRIMARY KEY, v numeric(12,2), updated_at timestamptz NOT NULL DEFAULT now());
    INSERT INTO orders SELECT n, n FROM generate_series(1, 100) n; UPDATE orders SET v = 'NaN' WHERE id = 7;
    GRANT SELECT ON orders TO reader, seed; CREATE SCHEMA firn_state AUTHORIZATION keeper;
    GRANT pg_read_all_stats TO reader, seed";

#[test]
fn a_secret_is_found_nowhere_but_where_it_is_kept() -> Result<()> {
    if std::env::var_os(INSIDE).is_none() {
        return on_a_bus("a_secret_is_found_nowhere_but_where_it_is_kept");
    }
    let mut search = Search::default();
    let mut secret = |name: &str| {
        let text = canary(name);
        search.add(name, &text);
        text
    };
    // The first one needs escapes in a URL.
    let reader = secret("reader") + "/p@ss?#";
    let (keeper, seed, wrong, cloud) = (secret("keeper"), secret("seed"), secret("wrong"), secret("cloud"));
    let (far, pasted, argument) = (secret("far"), secret("pasted"), secret("argument"));
    search.add("reader with its signs", &reader);
    let encoded = reader.replace('/', "%2F").replace('@', "%40").replace('?', "%3F").replace('#', "%23");

    let options = ClusterOptions::new().setting("log_statement", "all").setting("log_connections", "on");
    let options = options.scram_user("reader", &reader).scram_user("keeper", &keeper).scram_user("seed", &seed);
    let cluster = Cluster::start(options)?;
    cluster.database("shop")?;
    cluster.psql("shop", TABLES)?;
    // What was logged so far, the roles with their passwords, is the test's own.
    let logged = cluster.log()?.len();
    let port = cluster.port();

    let mut firn = Heard { terminal: CommandLine::new()?, said: Vec::new() };
    firn.terminal.set("DBUS_SESSION_BUS_ADDRESS", &std::env::var("DBUS_SESSION_BUS_ADDRESS")?);
    for (name, value) in [("FIRN_TEST_TRACE", "1"), ("RUST_LOG", "trace"), ("RUST_BACKTRACE", "full")] {
        firn.terminal.set(name, value);
    }
    firn.terminal.write(
        "firn.yaml",
        "connections:\n  warehouse: { kind: duckdb, path: warehouse.duckdb }\ntarget: warehouse\nstate_schema: firn_state\nmax_retries: 0\n\
         tables:\n  - { source: public.orders, target: raw.orders, pk: id, watermark_column: updated_at }\n",
    )?;

    // Connections: pasted, prompted for, right and wrong, with a server, a certificate or a host that is not there.
    let url = |user: &str, rest: &str| format!("postgresql://{user}@127.0.0.1:{port}/shop?sslmode={rest}");
    let paste = url(&format!("reader:{encoded}"), "disable");
    ensure!(
        firn.typed(&["connection", "add", "app_db", "--url", "-", "--as", "source"], &paste)? == 0,
        "{:?}",
        firn.said
    );
    let keeper_url = url("keeper", "disable");
    ensure!(firn.run(&["connection", "add", "keeper_db", "--url", &keeper_url, "--as", "state"])? == 0);
    ensure!(firn.typed(&["connection", "set-secret", "keeper_db"], &wrong)? == 0);
    ensure!(firn.run(&["connection", "check", "keeper_db"])? == 1);
    ensure!(firn.typed(&["connection", "set-secret", "keeper_db"], &format!("{keeper}\n"))? == 0);
    ensure!(firn.run(&["connection", "check", "keeper_db"])? == 0);
    ensure!(firn.run(&["connection", "check", "app_db"])? == 0);
    ensure!(firn.run(&["connection", "add", "tls_db", "--url", &url("reader", "verify-full")])? == 0);
    ensure!(firn.run(&["connection", "check", "tls_db"])? == 1);
    let nowhere = ["connection", "add", "far_db", "--url", "postgresql://reader@127.0.0.1:1/shop?sslmode=disable"];
    ensure!(firn.run(&nowhere)? == 0);
    ensure!(firn.with("FIRN_SECRET_FAR_DB", &far, &["connection", "check", "far_db"])? == 1);
    let snowflake = ["connection", "add", "cloud", "--kind", "snowflake", "--user", "LOADER", "--database", "A"];
    let settings =
        ["--set", "account=myorg-acct", "--set", "warehouse=XS", "--set", "schema=PUBLIC", "--set", "auth=password"];
    ensure!(firn.run(&[&snowflake[..], &settings[..]].concat())? == 0, "{:?}", firn.said.last());
    ensure!(firn.typed(&["connection", "set-secret", "cloud"], &cloud)? == 0, "{:?}", firn.said.last());
    firn.run(&["connection", "check", "cloud"])?;
    firn.run(&["connection", "list"])?;
    // What is refused is not repeated.
    let broken = format!("postgresql://reader:{pasted}@127.0.0.1:port/shop?nonsense={pasted}");
    ensure!(firn.typed(&["connection", "add", "odd", "--url", "-"], &broken)? == 2);
    let told = url(&format!("reader:{argument}"), "disable");
    let refused = firn.terminal.run(&["connection", "add", "odd", "--url", &told])?;
    ensure!(refused.code == 2, "{refused:?}");
    firn.said.push(("a refused argument".to_owned(), format!("{}{}", refused.stdout, refused.stderr)));

    // The work: what succeeds, and the failure of each side.
    let run = ["sync", "run"];
    firn.run(&["sync", "discover"])?;
    ensure!(firn.run(&["sync", "plan"])? == 0, "{:?}", firn.said.last());
    ensure!(firn.run(&run)? == 0, "the second of two runs finds nothing to do: {:?}", firn.said.last());
    ensure!(firn.run(&["sync", "errors"])? == 0);
    ensure!(firn.run(&["sync", "retry"])? == 3);
    firn.run(&["sync", "status"])?;
    firn.run(&["sync", "log"])?;
    ensure!(firn.with("FIRN_SECRET_FAR_DB", &far, &["sync", "run", "--source", "far_db"])? == 1);
    ensure!(firn.run(&["sync", "run", "--source", "tls_db"])? == 2);
    ensure!(firn.run(&["sync", "run", "--source", "cloud"])? == 2);
    ensure!(firn.with("FIRN_SECRET_APP_DB", &wrong, &run)? == 1);
    ensure!(firn.with("FIRN_SECRET_KEEPER_DB", &wrong, &run)? == 1);
    std::fs::create_dir(firn.terminal.folder().join("folder"))?;
    let elsewhere = firn.terminal.read("firn.yaml")?.replace("path: warehouse.duckdb", "path: folder");
    firn.terminal.write("elsewhere.yaml", &elsewhere)?;
    ensure!(firn.run(&["sync", "run", "--config", "elsewhere.yaml"])? != 0);
    cluster.psql("shop", "UPDATE orders SET v = v + 1, updated_at = now() WHERE id > 90")?;
    ensure!(firn.with("FIRN_TEST_PANIC", "engine.before_commit", &run)? == 1);
    let panicked = firn.said.last().is_some_and(|(_, text)| text.contains("a test asked for a panic"));
    ensure!(panicked, "{:?}", firn.said.last());

    // Variables and their file.
    let elsewhere = tempfile::tempdir()?;
    let file = elsewhere.path().join("prod.env");
    let name = file.display().to_string();
    let dsn = |password: &str| format!("postgres://seed:{password}@127.0.0.1:{port}/shop?sslmode=disable");
    let seeded = ["sync", "run", "--source", "env_postgres", "--env-file", &name];
    for (text, code) in [
        (format!("POSTGRES_DSN={}\n", dsn(&seed)), 0),
        (format!("POSTGRES_DSN={}\n", dsn(&wrong)), 1),
        (format!("PG_HOST=127.0.0.1\nPG_PORT=1\nPG_USER=seed\nPG_DB=shop\nPG_PASS={seed}\nPGSSLMODE=disable\n"), 1),
        (format!("POSTGRES_DSN={}\n{seed}\n", dsn(&seed)), 2),
        (format!("POSTGRES_DSN=postgres://seed:{seed}@:@nonsense:port/\n"), 2),
    ] {
        std::fs::write(&file, text)?;
        ensure!(firn.run(&seeded)? == code, "{code}: {:?}", firn.said.last());
    }
    ensure!(!search.in_files(elsewhere.path())?.is_empty(), "the search finds what is there");

    // While it runs: again and again until it is stopped, and held in the middle.
    let mut watching = firn.terminal.command(&["sync", "run", "--watch", "--json"])?.spawn()?;
    let mut lines = BufReader::new(watching.stdout.take().context("no output")?);
    let mut heard = String::new();
    while !heard.contains("\"finished\"") {
        ensure!(lines.read_line(&mut heard)? > 0, "it ended by itself: {heard}");
    }
    Command::new("kill").arg(watching.id().to_string()).status()?;
    lines.read_to_string(&mut heard)?;
    let rest = watching.wait_with_output()?;
    firn.said.push(("--watch".to_owned(), heard + &String::from_utf8_lossy(&rest.stderr)));
    let hold = elsewhere.path().join("hold");
    std::fs::write(&hold, "")?;
    // A run that has nothing to do comes past no such place.
    cluster.psql("shop", "UPDATE orders SET v = v + 1, updated_at = now() WHERE id > 95")?;
    firn.terminal.set("FIRN_TEST_HOLD", &format!("engine.between_horizon_and_snapshot={}", hold.display()));
    let held = firn.terminal.command(&run)?.spawn()?;
    wait_for(&elsewhere.path().join("hold.reached"))?;
    let seen_by_all = process_list(held.id())?;
    std::fs::remove_file(&hold)?;
    let held = firn.terminal.done(&run, held.wait_with_output()?)?;
    firn.note(&held);

    // Everything that is left behind.
    let mut dump = Command::new("pg_dump");
    let dump = dump.args(["--schema=firn_state", "-d", &cluster.dsn_of("shop")]).output()?;
    ensure!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
    let log = cluster.log()?;
    let mut places: Vec<(String, Vec<u8>)> = vec![
        ("the state tables".to_owned(), dump.stdout),
        ("the server's log".to_owned(), log.as_bytes()[logged..].to_vec()),
        ("the process list".to_owned(), seen_by_all),
    ];
    places.extend(firn.said.iter().map(|(place, text)| (place.clone(), text.clone().into_bytes())));
    let mut found: Vec<String> = places.iter().flat_map(|(place, bytes)| search.in_bytes(place, bytes)).collect();
    found.extend(search.in_files(&firn.terminal.folder())?);
    found.extend(search.in_files(firn.terminal.data())?);
    ensure!(found.is_empty(), "{found:#?}");

    // The same search finds what may be there: it looks in the right places.
    let mut control = Search::default();
    control.add("user", "reader");
    control.add("table", "public.orders");
    control.add("variable", "FIRN_DATA_DIR");
    control.add("folder", &firn.terminal.folder().display().to_string());
    let mut found: Vec<String> = places.iter().flat_map(|(place, bytes)| control.in_bytes(place, bytes)).collect();
    found.extend(control.in_files(&firn.terminal.folder())?);
    found.extend(control.in_files(firn.terminal.data())?);
    let all = found.join("\n");
    for place in [
        "table in the state tables",
        "user in the server's log",
        "variable in the process list",
        "user in `firn connection list`",
        "table in `firn sync run --json`",
        "table in --watch",
        "firn.yaml",
        "warehouse.duckdb",
        "firn.sqlite",
    ] {
        ensure!(all.contains(place), "nothing is found in {place}:\n{all}");
    }
    ensure!(firn.said.iter().any(|(_, text)| text.contains("TRACE event sqlx")), "the log is not turned up");
    Ok(())
}

/// Runs a command of the program at a terminal of its own that echoes what is typed, and types a line once a question
/// is seen. Returns everything the terminal showed.
fn at_a_terminal(terminal: &CommandLine, arguments: &str, question: &str, line: &str) -> Result<String> {
    let plain = terminal.command(&[])?;
    let mut command = Command::new("script");
    command.args(["--quiet", "--return", "--echo", "always", "--command"]);
    command.arg(format!("{} {arguments}", plain.get_program().display())).arg("/dev/null");
    let variables = plain.get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())));
    command.env_clear().envs(variables).env("TERM", "xterm").env("SHELL", "/bin/sh").current_dir(terminal.folder());
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context("`script` cannot be started")?;
    let mut input = child.stdin.take().context("no input")?;
    let mut output = child.stdout.take().context("no output")?;
    let mut shown = Vec::new();
    while !String::from_utf8_lossy(&shown).contains(question) {
        let mut next = [0; 256];
        let read = output.read(&mut next)?;
        ensure!(read > 0, "it does not ask: {}", String::from_utf8_lossy(&shown));
        shown.extend(&next[..read]);
    }
    // The echo is turned off at once after the question; only the terminal itself can tell when.
    std::thread::sleep(Duration::from_millis(500));
    writeln!(input, "{line}")?;
    output.read_to_end(&mut shown)?;
    drop(input);
    ensure!(child.wait()?.success(), "{}", String::from_utf8_lossy(&shown));
    Ok(String::from_utf8_lossy(&shown).into_owned())
}

#[test]
fn a_secret_typed_at_a_prompt_is_kept_and_not_shown() -> Result<()> {
    if std::env::var_os(INSIDE).is_none() {
        return on_a_bus("a_secret_typed_at_a_prompt_is_kept_and_not_shown");
    }
    let secret = canary("typed");
    let cluster = Cluster::start(ClusterOptions::new().scram_user("reader", &secret))?;
    cluster.database("shop")?;
    let mut terminal = CommandLine::new()?;
    terminal.set("DBUS_SESSION_BUS_ADDRESS", &std::env::var("DBUS_SESSION_BUS_ADDRESS")?);
    terminal.write(
        "firn.yaml",
        &format!(
            "connections:\n  app_db: {{ kind: postgres, host: 127.0.0.1, port: {}, database: shop, user: reader, tls: disable }}\n",
            cluster.port()
        ),
    )?;
    let shown = at_a_terminal(&terminal, "connection set-secret app_db", "secret of app_db", &secret)?;
    ensure!(!shown.contains(&secret) && shown.contains("keyring"), "{shown}");
    let check = terminal.run(&["connection", "check", "app_db"])?;
    ensure!(check.code == 0, "{check:?}");
    // The terminal would have shown it: it shows what is typed where nobody turns the echo off.
    let mut plain = Command::new("script");
    plain.args(["--quiet", "--echo", "always", "--command", "read line", "/dev/null"]).env("SHELL", "/bin/sh");
    let mut child = plain.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut input = child.stdin.take().context("no input")?;
    writeln!(input, "{secret}")?;
    let mut echoed = String::new();
    child.stdout.take().context("no output")?.read_to_string(&mut echoed)?;
    drop(input);
    child.wait()?;
    ensure!(echoed.contains(&secret), "the terminal does not echo: {echoed:?}");
    Ok(())
}

#[test]
fn without_a_keyring_both_ways_out_are_named_and_the_secret_is_not() -> Result<()> {
    let (secret, terminal) = (canary("nowhere"), CommandLine::new()?);
    let document = "connections:\n  app_db: { kind: postgres, host: 127.0.0.1, port: 1, database: shop, user: reader, tls: disable }\n";
    terminal.write("firn.yaml", document)?;
    let done = terminal.run_with_input(&["connection", "set-secret", "app_db"], &secret)?;
    let said = format!("{}{}", done.stdout, done.stderr);
    ensure!(done.code == 1 && said.contains("FIRN_SECRET_APP_DB") && said.contains("keyring"), "{done:?}");
    let mut search = Search::default();
    search.add("secret", &secret);
    ensure!(search.in_bytes("the error", said.as_bytes()).is_empty(), "{done:?}");
    ensure!(search.in_files(&terminal.folder())?.is_empty() && search.in_files(terminal.data())?.is_empty());
    Ok(())
}
