//! What a server answers once one is in: version, rights, role, transactions, clock.

use super::findings::Findings;
use super::{Purpose, Step, critical, ok};
use crate::error::{from_sqlx, no_answer};
use crate::horizon::{PreparedTransaction, prepared_finding};
use crate::quote::{Value, fill, ident};
use crate::types::parse;
use firn_connector::{Finding, Level, Result, Side};
use serde::Deserialize;
use sqlx::{AssertSqlSafe, PgConnection, Row};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::timeout;

/// The oldest version that Firn works with, as `server_version_num` counts.
const OLDEST_VERSION: i32 = 130_000;

/// The version from which a table can be read by ranges of pages.
const PAGE_RANGES_VERSION: i32 = 140_000;

/// The age of a transaction, in seconds, from which it is worth a word.
const LONG_TRANSACTION: i64 = 3600;

/// The difference of two clocks, in seconds, from which it is worth a word.
const CLOCK_DIFFERENCE: u64 = 30;

#[derive(Debug, Deserialize)]
struct Schema {
    usage: bool,
    create: bool,
    made: i64,
    writable: i64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    version: i32,
    version_text: String,
    user: String,
    database: String,
    encrypted: Option<bool>,
    standby: bool,
    read_only: bool,
    now: i64,
    sees_sessions: bool,
    tables: i64,
    readable: i64,
    schema: Option<Schema>,
    may_create_schema: bool,
    oldest: Option<i64>,
    prepared: Vec<PreparedTransaction>,
}

pub(super) async fn ask(connection: &mut PgConnection, purpose: &Purpose) -> Result<Answer> {
    let values = [("schema", Value::Optional(purpose.state_schema.as_deref()))];
    let sql = fill(include_str!("../../../../../sql/postgres/check.sql"), &values)?;
    let query = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(connection);
    let row = match timeout(Duration::from_secs(30), query).await {
        Ok(row) => row.map_err(|error| from_sqlx(error, Side::Source))?,
        Err(_) => return Err(no_answer(Side::Source, 30)),
    };
    let text: &str = row.try_get("answer").map_err(|error| from_sqlx(error, Side::Source))?;
    parse(text, Side::Source)
}

impl Answer {
    /// Returns whether the server's end of its connection is encrypted.
    pub(super) fn encrypted(&self) -> bool {
        self.encrypted == Some(true)
    }
}

/// Turns the answer into findings.
pub(super) fn judge(answer: &Answer, purpose: &Purpose, round_trip: Duration, findings: &mut Findings<'_>) -> Step<()> {
    if purpose.source {
        findings.push(tables(answer));
    }
    if let Some(schema) = &purpose.state_schema {
        findings.push(state_schema(answer, schema)?);
    }
    if purpose.source {
        findings.push(horizon_rights(answer));
    }
    findings.push(version(answer)?);
    role(answer, purpose, findings)?;
    if purpose.source {
        transactions(answer, findings);
    }
    findings.push(clock(answer, round_trip));
    Ok(())
}

fn tables(answer: &Answer) -> Finding {
    let (tables, readable, user) = (answer.tables, answer.readable, &answer.user);
    if readable > 0 {
        return ok("tables", format!("{user} may read {readable} of {tables} tables"));
    }
    if tables == 0 {
        let message = format!("the database `{}` has no tables", answer.database);
        return Finding::new(Level::Warning, "no_tables", message).with_fix("Check `database`.");
    }
    let message = format!("{user} may read none of {tables} tables");
    let user = ident(user);
    Finding::new(Level::Warning, "no_tables", message).with_fix(format!(
        "GRANT USAGE ON SCHEMA public TO {user}; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {user};"
    ))
}

fn state_schema(answer: &Answer, schema: &str) -> Step<Finding> {
    let (name, user) = (ident(schema), ident(&answer.user));
    match &answer.schema {
        Some(found) if !found.usage => Err(critical(
            "state_schema",
            format!("{} may not use the schema `{schema}`", answer.user),
            format!("GRANT USAGE, CREATE ON SCHEMA {name} TO {user};"),
        )),
        Some(found) if found.made == 4 && found.writable == 4 => {
            Ok(ok("state_schema", format!("the state tables in `{schema}` are there and may be written")))
        }
        Some(found) if found.writable < found.made => Err(critical(
            "state_schema",
            format!("there are state tables in `{schema}` that {} may not write", answer.user),
            format!(
                "ALTER TABLE {name}.sync_watermarks OWNER TO {user}; and so for sync_errors, sync_logs, sync_workspace."
            ),
        )),
        Some(found) if found.create => Ok(ok("state_schema", format!("the state tables can be made in `{schema}`"))),
        Some(_) => Err(critical(
            "state_schema",
            format!("{} may not create tables in the schema `{schema}`", answer.user),
            format!("GRANT CREATE ON SCHEMA {name} TO {user}; or name another `state_schema`."),
        )),
        None if answer.may_create_schema => Ok(Finding::new(
            Level::Info,
            "state_schema",
            format!("the schema `{schema}` will be made at the first run"),
        )),
        None => Err(critical(
            "state_schema",
            format!("there is no schema `{schema}`, and {} may not make it", answer.user),
            format!(
                "CREATE SCHEMA {name} AUTHORIZATION {user}; as the database's owner, or name another `state_schema`."
            ),
        )),
    }
}

fn horizon_rights(answer: &Answer) -> Finding {
    if answer.sees_sessions {
        return ok(
            "sees_sessions",
            "late commits are found at once: this role sees since when others' transactions run",
        );
    }
    let message = "this role does not see since when others' transactions run: late commits are found by locks, and new \
                   rows wait for every transaction in progress";
    Finding::new(Level::Info, "sees_sessions", message)
        .with_fix(format!("GRANT pg_read_all_stats TO {};", ident(&answer.user)))
}

fn version(answer: &Answer) -> Step<Finding> {
    let text = &answer.version_text;
    if answer.version < OLDEST_VERSION {
        let message = format!("PostgreSQL {text} is too old: Firn works with 13 and later");
        return Err(critical("version", message, "Upgrade the server."));
    }
    if answer.version < PAGE_RANGES_VERSION {
        let message = format!("PostgreSQL {text}: a first load reads each table as one stream");
        return Ok(Finding::new(Level::Info, "version", message)
            .with_fix("From version 14 on it reads parts of a table side by side and goes on where it was cut."));
    }
    Ok(ok("version", format!("PostgreSQL {text}")))
}

fn role(answer: &Answer, purpose: &Purpose, findings: &mut Findings<'_>) -> Step<()> {
    if purpose.state_schema.is_some() && (answer.standby || answer.read_only) {
        let what = if answer.standby { "is a standby" } else { "lets this role only read" };
        return Err(critical(
            "read_only",
            format!("the server {what}, and the state tables must be written"),
            "Name a connection to the primary as `state`.",
        ));
    }
    if answer.standby {
        let message = "the server is a standby: transactions in progress on its primary cannot be seen";
        let fix =
            "Name its primary with `primary: CONNECTION`, or set `lookback_seconds` to the longest transaction there.";
        findings.push(Finding::new(Level::Warning, "standby", message).with_fix(fix));
    } else {
        findings.push(ok("role", "the server is a primary"));
    }
    Ok(())
}

fn transactions(answer: &Answer, findings: &mut Findings<'_>) {
    for prepared in answer.prepared.iter().take(5) {
        findings.push(prepared_finding(prepared));
    }
    match answer.oldest {
        Some(seconds) if seconds >= LONG_TRANSACTION => {
            let message = format!(
                "a transaction has been open for {} minutes: rows since then are read again at every run",
                seconds / 60
            );
            let fix = "SELECT pid, usename, state, xact_start, query FROM pg_stat_activity ORDER BY xact_start LIMIT 5; shows it.";
            findings.push(Finding::new(Level::Warning, "long_transaction", message).with_fix(fix));
        }
        _ if answer.prepared.is_empty() => findings.push(ok("transactions", "nothing holds the horizon back")),
        _ => {}
    }
}

fn clock(answer: &Answer, round_trip: Duration) -> Finding {
    let server = Duration::from_micros(u64::try_from(answer.now).unwrap_or(0));
    // The server looked at its clock somewhere within the round trip.
    let here = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().saturating_sub(round_trip / 2);
    let difference = server.abs_diff(here).as_secs();
    if difference < CLOCK_DIFFERENCE.max(round_trip.as_secs()) {
        return ok("clock", "the server's clock agrees with this machine's");
    }
    let way = if server > here { "ahead of" } else { "behind" };
    let message = format!("the server's clock is {difference} s {way} this machine's; Firn goes by the server's");
    Finding::new(Level::Info, "clock", message).with_fix("Let both follow a time server (chrony, systemd-timesyncd).")
}
