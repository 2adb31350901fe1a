//! What is typed: the commands and their arguments, as clap reads them.

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use std::path::PathBuf;

/// Keeps a warehouse in step with its databases: PostgreSQL into an embedded DuckDB, without losing a row.
#[derive(Debug, Parser)]
#[command(name = "firn", bin_name = "firn", version, disable_help_subcommand = true, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct Global {
    /// Folder of the workspace
    #[arg(long, global = true, value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
    pub(crate) workspace: PathBuf,
    /// Print JSON: one document, or one a line while something runs
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print results and errors only
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Read variables from a file of NAME=VALUE lines, which wins over the environment; may be given several times
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) env_file: Vec<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a workspace
    Init(Init),
    /// Show, check and change connections
    #[command(subcommand)]
    Connection(Connection),
    /// Keep tables in step
    Sync(Sync),
    /// Run every schedule of the workspace until stopped, with /health and /metrics
    Serve(Serve),
    /// Print the JSON Schema of firn.yaml, for editors
    Schema,
    /// Print the completions of a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// Folder of the new workspace; made where it is missing [default: the one of --workspace]
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) folder: Option<PathBuf>,
    /// Make the sample: six tables of a small shop in a private PostgreSQL server
    #[arg(long)]
    pub(crate) sample: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Connection {
    /// List connections
    List,
    /// Add a connection, or replace its settings
    Add(Box<ConnectionAdd>),
    /// Check a connection step by step, each finding with its fix
    Check {
        /// The connection
        name: String,
    },
    /// Remove a connection
    Remove {
        /// The connection
        name: String,
    },
    /// Keep a connection's password in the system keyring, from a prompt or standard input
    SetSecret {
        /// The connection
        name: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ConnectionAdd {
    /// The connection
    pub(crate) name: String,
    /// What it leads to: postgres, duckdb, snowflake, sqlserver, s3 or folder
    #[arg(long, required_unless_present = "url")]
    pub(crate) kind: Option<String>,
    /// A connection string such as postgresql://app@localhost:5432/shop, without the password; - reads one that may hold it from standard input
    #[arg(long, conflicts_with = "kind")]
    pub(crate) url: Option<String>,
    /// Host name, address or folder of a socket
    #[arg(long)]
    pub(crate) host: Option<String>,
    /// Port
    #[arg(long)]
    pub(crate) port: Option<u16>,
    /// Database
    #[arg(long)]
    pub(crate) database: Option<String>,
    /// User
    #[arg(long)]
    pub(crate) user: Option<String>,
    /// Encryption, in libpq's words: disable, allow, prefer, require, verify-ca or verify-full
    #[arg(long)]
    pub(crate) tls: Option<String>,
    /// PEM file of certificate authorities
    #[arg(long, value_hint = ValueHint::FilePath)]
    pub(crate) ca_file: Option<String>,
    /// Path of a DuckDB file or a folder
    #[arg(long, value_hint = ValueHint::AnyPath)]
    pub(crate) path: Option<String>,
    /// A word shown beside it, such as production
    #[arg(long)]
    pub(crate) label: Option<String>,
    /// The colour that marks it: red, orange, yellow, green, teal, blue, purple or gray
    #[arg(long)]
    pub(crate) color: Option<String>,
    /// Any other setting of the kind
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_value)]
    pub(crate) other: Vec<(String, String)>,
    /// What the workspace uses it for
    #[arg(long = "as", value_name = "ROLE")]
    pub(crate) role: Option<Role>,
}

/// What a workspace uses a connection for.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Role {
    Source,
    Target,
    State,
}

impl Role {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Target => "target",
            Self::State => "state",
        }
    }
}

fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.to_owned())),
        _ => Err("write it as KEY=VALUE".to_owned()),
    }
}

fn column_and_sql(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((column, sql)) if !column.trim().is_empty() && !sql.trim().is_empty() => {
            Ok((column.trim().to_owned(), sql.trim().to_owned()))
        }
        _ => Err("write it as 'COLUMN: SQL', as in the table's entry".to_owned()),
    }
}

fn ratio(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(ratio) if (0.0..=1.0).contains(&ratio) => Ok(ratio),
        _ => Err("write a number from 0 to 1".to_owned()),
    }
}

#[derive(Debug, Args)]
pub(crate) struct Sync {
    #[command(flatten)]
    pub(crate) document: Document,
    #[command(subcommand)]
    pub(crate) command: SyncCommand,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) document: Document,
    /// Address of /health and /metrics, or none; one that other machines reach needs a token
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7431")]
    pub(crate) listen: String,
    /// Keep the listener's token in the system keyring, from a prompt or standard input; serve nothing
    #[arg(long, conflicts_with = "set_webhook")]
    pub(crate) set_token: bool,
    /// Keep the address that failures and recoveries are posted to in the system keyring, likewise
    #[arg(long)]
    pub(crate) set_webhook: bool,
}

/// Another document than firn.yaml, and other roles than it names.
#[derive(Debug, Args)]
pub(crate) struct Document {
    /// Another document than firn.yaml
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) config: Option<PathBuf>,
    /// Connection to read from
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) source: Option<String>,
    /// Connection to write to
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) target: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SyncCommand {
    /// Propose tables with keys, watermarks and verdicts, as YAML
    Discover {
        /// Only these tables
        #[arg(value_name = "TABLE")]
        tables: Vec<String>,
        /// Only this schema
        #[arg(long)]
        schema: Option<String>,
        /// Add what is proposed to firn.yaml
        #[arg(long)]
        write: bool,
    },
    /// Show what a run would do: rows waiting, statements, verdicts, drift
    Plan {
        /// Only these tables
        #[arg(value_name = "TABLE")]
        tables: Vec<String>,
        /// Show N rows of one table instead, before and after its transforms
        #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "5", value_parser = clap::value_parser!(u32).range(1..=100))]
        preview: Option<u32>,
    },
    /// Run once, until every table is caught up
    Run {
        /// Only these tables
        #[arg(value_name = "TABLE")]
        tables: Vec<String>,
        /// Run again and again by the tables' schedules until stopped
        #[arg(long)]
        watch: bool,
        /// Compare what the run has touched with the source before it ends
        #[arg(long, conflicts_with = "watch")]
        verify: bool,
        /// For this run: the share of a table's rows, from 0 to 1, that may vanish at once
        #[arg(long, value_name = "RATIO", value_parser = ratio, conflicts_with = "watch")]
        max_delete_ratio: Option<f64>,
    },
    /// Show where every table stands
    Status,
    /// Show what ran, newest first
    Log {
        /// Only this table
        table: Option<String>,
        #[command(flatten)]
        limit: Limit,
    },
    /// Show rejected rows, newest first
    Errors {
        /// Only this table
        table: Option<String>,
        #[command(flatten)]
        limit: Limit,
        /// Resolved ones too
        #[arg(long)]
        all: bool,
        /// Try a transform instead, on the table's rows whose value in the column was refused: read by their keys, nothing is written
        #[arg(long = "try", value_name = "COLUMN: SQL", value_parser = column_and_sql, conflicts_with = "all")]
        tried: Option<(String, String)>,
    },
    /// Try rejected rows again: read by their keys from the source, as they are now
    Retry {
        /// Only of these tables
        #[arg(value_name = "TABLE")]
        tables: Vec<String>,
        /// Only these: the numbers that `sync errors` shows
        #[arg(long = "id", value_name = "N", num_args = 1..)]
        ids: Vec<String>,
    },
    /// Close rejected rows that nobody wants any more
    Discard {
        /// All of this table, or those of it that --id names
        #[arg(required_unless_present = "ids")]
        table: Option<String>,
        /// Only these: the numbers that `sync errors` shows
        #[arg(long = "id", value_name = "N", num_args = 1..)]
        ids: Vec<String>,
        /// Why; kept with the rows
        #[arg(long, value_name = "TEXT")]
        note: String,
    },
    /// Compare tables with their sources by count and content, and name the keys that differ
    Verify {
        /// Only these tables
        #[arg(value_name = "TABLE")]
        tables: Vec<String>,
        /// Make what differs equal: rows are read from the source again by their keys; rows that the source has no more go where the table follows `deletes`
        #[arg(long)]
        repair: bool,
        #[command(flatten)]
        limit: Listed,
    },
    /// Move a table's cursor back; the only way to do so
    Reset {
        /// The table
        table: String,
        /// The watermark to go back to; without it the table is loaded from the beginning
        #[arg(long, value_name = "TIME")]
        to: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Limit {
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) limit: u32,
}

#[derive(Debug, Args)]
pub(crate) struct Listed {
    /// List at most so many differing keys of a table; all are counted
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    pub(crate) limit: u32,
}
