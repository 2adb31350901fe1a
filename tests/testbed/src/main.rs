//! `firn-testbed` holds a private PostgreSQL server for scripts that are not written in Rust.
//!
//! usage: `firn-testbed [--bouncer] [--scram-user NAME:PASSWORD] [--database NAME [--sql FILE]…]`. `--scram-user` makes
//! a role that signs in only with its password, `--database` creates a database, `--sql` runs a file in it. When
//! everything answers it prints one JSON object on one line (`dsn` of that database, `host`, `port`, `socket_dir`,
//! `pid`, `bouncer_port`) and holds the servers until its standard input ends or it is killed. Lines on its standard
//! input are words that it answers with `done`: `kill` kills the server, `start` starts it again on the same port.

use std::io::{BufRead, Write};

use anyhow::{Context, Result, bail};
use firn_testbed::{Bouncer, Cluster, ClusterOptions};

fn main() -> Result<()> {
    let mut with_bouncer = false;
    let mut database = "postgres".to_owned();
    let mut files = Vec::new();
    let mut options = ClusterOptions::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().with_context(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--bouncer" => with_bouncer = true,
            "--scram-user" => {
                let user = value()?;
                let (name, password) = user.split_once(':').context("--scram-user needs NAME:PASSWORD")?;
                options = options.scram_user(name, password);
            }
            "--database" => database = value()?,
            "--sql" => files.push(value()?),
            _ => bail!(
                "unknown argument {argument}: known are --bouncer, --scram-user NAME:PASSWORD, --database NAME, --sql FILE"
            ),
        }
    }
    let cluster = Cluster::start(options)?;
    let dsn = if database == "postgres" { cluster.dsn() } else { cluster.database(&database)? };
    for file in files {
        let sql = std::fs::read_to_string(&file).with_context(|| format!("cannot read {file}"))?;
        cluster.psql(&database, &sql).with_context(|| format!("cannot run {file}"))?;
    }
    let bouncer = if with_bouncer { Some(Bouncer::start(&cluster, 5)?) } else { None };
    let report = serde_json::json!({
        "dsn": dsn,
        "host": cluster.host(),
        "port": cluster.port(),
        "socket_dir": cluster.socket_dir(),
        "pid": cluster.pid(),
        "bouncer_port": bouncer.as_ref().map(Bouncer::port),
    });
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{report}").and_then(|()| stdout.flush()).context("cannot print what was started")?;
    for word in std::io::stdin().lock().lines() {
        match word.context("cannot wait for the end of standard input")?.trim() {
            "kill" => cluster.kill9()?,
            "start" => cluster.start_again()?,
            word => bail!("unknown word {word:?}: known are kill and start"),
        }
        writeln!(stdout, "done").and_then(|()| stdout.flush()).context("cannot print that it is done")?;
    }
    Ok(())
}
