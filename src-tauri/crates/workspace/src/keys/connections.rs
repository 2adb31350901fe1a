//! The keys of connections, by kind.

use super::{Key, Preset, Section, Shape};
use crate::words::{Color, SnowflakeAuth, SqlServerTls, Tls};

const LABEL: Key =
    Key::optional("label", Shape::Text, "A word shown beside the connection; `production` guards writes.");
const COLOR: Key =
    Key::optional("color", Shape::Choice(Color::WORDS), "The colour that marks the connection wherever it is named.");
const PORT: Shape = Shape::Integer { min: 1, max: 65_535 };

/// The kinds of connections with the keys of each, beside `kind` itself.
pub(crate) static CONNECTION_KINDS: &[(&str, &Section)] = &[
    ("postgres", &POSTGRES),
    ("duckdb", &DUCKDB),
    ("snowflake", &SNOWFLAKE),
    ("sqlserver", &SQLSERVER),
    ("s3", &S3),
    ("folder", &FOLDER),
];

/// Keys under which people look for a place for secrets. None of them exists, and the error says where secrets go.
pub(crate) static SECRET_KEYS: &[&str] = &[
    "password",
    "passwd",
    "pass",
    "pwd",
    "secret",
    "secret_key",
    "secret_access_key",
    "token",
    "private_key",
    "passphrase",
    "key",
    "credentials",
    "url",
    "uri",
    "dsn",
    "connection_string",
    "conninfo",
];

pub(crate) static POSTGRES: Section = Section {
    name: "postgres",
    about: "A PostgreSQL database.",
    keys: &[
        Key::required("host", Shape::Text, "The host's name or address, or the folder of its socket."),
        Key::preset("port", PORT, Preset::Integer(5432), "The port."),
        Key::required("database", Shape::Text, "The database."),
        Key::required("user", Shape::Text, "The role that signs in."),
        Key::preset(
            "tls",
            Shape::Choice(Tls::WORDS),
            Preset::Text(Tls::VerifyFull.word()),
            "How the connection is encrypted and the server checked, in libpq's words. A socket has none.",
        ),
        Key::optional("ca_file", Shape::Text, "A file of trusted certificates (PEM) in place of the system's."),
        Key::optional("primary", Shape::Connection, "The connection to the primary, when this one is a standby."),
        LABEL,
        COLOR,
    ],
};

pub(crate) static DUCKDB: Section = Section {
    name: "duckdb",
    about: "An embedded DuckDB warehouse.",
    keys: &[Key::required("path", Shape::Text, "The database file, relative to the workspace's folder."), LABEL, COLOR],
};

pub(crate) static SNOWFLAKE: Section = Section {
    name: "snowflake",
    about: "A Snowflake account.",
    keys: &[
        Key::required("account", Shape::Text, "The account identifier, as organisation-account."),
        Key::required("user", Shape::Text, "The user who signs in."),
        Key::optional("role", Shape::Text, "The role; the user's default unless named."),
        Key::optional("warehouse", Shape::Text, "The warehouse; the user's default unless named."),
        Key::required("database", Shape::Text, "The database."),
        Key::preset("schema", Shape::Text, Preset::Text("PUBLIC"), "The schema."),
        Key::preset(
            "auth",
            Shape::Choice(SnowflakeAuth::WORDS),
            Preset::Text(SnowflakeAuth::KeyPair.word()),
            "How the user proves who they are.",
        ),
        Key::optional("endpoint", Shape::Text, "The address of the service, where it is not the account's own."),
        LABEL,
        COLOR,
    ],
};

pub(crate) static SQLSERVER: Section = Section {
    name: "sqlserver",
    about: "A SQL Server database.",
    keys: &[
        Key::required("host", Shape::Text, "The host's name or address."),
        Key::preset("port", PORT, Preset::Integer(1433), "The port."),
        Key::required("database", Shape::Text, "The database."),
        Key::required("user", Shape::Text, "The SQL login."),
        Key::preset(
            "tls",
            Shape::Choice(SqlServerTls::WORDS),
            Preset::Text(SqlServerTls::Required.word()),
            "How the connection is encrypted.",
        ),
        Key::preset(
            "trust_server_certificate",
            Shape::Flag,
            Preset::Flag(false),
            "Whether any certificate of the server is accepted unchecked.",
        ),
        Key::optional("ca_file", Shape::Text, "A file of trusted certificates (PEM) in place of the system's."),
        LABEL,
        COLOR,
    ],
};

pub(crate) static S3: Section = Section {
    name: "s3",
    about: "A bucket of an S3 service.",
    keys: &[
        Key::required("bucket", Shape::Text, "The bucket."),
        Key::optional("region", Shape::Text, "The region."),
        Key::optional("endpoint", Shape::Text, "The address of the service, where it is not Amazon's own."),
        Key::optional(
            "access_key_id",
            Shape::Text,
            "The identifier of the access key; its secret is kept in the keyring.",
        ),
        LABEL,
        COLOR,
    ],
};

pub(crate) static FOLDER: Section = Section {
    name: "folder",
    about: "A folder of files.",
    keys: &[Key::required("path", Shape::Text, "The folder, relative to the workspace's folder."), LABEL, COLOR],
};
