//! Connections: their settings by key, and where they go in words.

use firn_workspace::{Connection, Settings};
use std::collections::BTreeMap;

/// Returns the settings by key as `firn.yaml` has them, defaults filled in; settings that are not set are absent.
pub(crate) fn settings(connection: &Connection) -> BTreeMap<String, String> {
    let some = |text: &str| Some(text.to_owned());
    let mut pairs = vec![
        ("kind", some(connection.settings.kind())),
        ("label", connection.label.clone()),
        ("color", connection.color.map(|color| color.word().to_owned())),
    ];
    match &connection.settings {
        Settings::Postgres(postgres) => pairs.extend([
            ("host", some(&postgres.host)),
            ("port", Some(postgres.port.to_string())),
            ("database", some(&postgres.database)),
            ("user", some(&postgres.user)),
            ("tls", some(postgres.tls.word())),
            ("ca_file", postgres.ca_file.clone()),
            ("primary", postgres.primary.clone()),
        ]),
        Settings::DuckDb(duckdb) => pairs.push(("path", some(&duckdb.path))),
        Settings::Snowflake(snowflake) => pairs.extend([
            ("account", some(&snowflake.account)),
            ("user", some(&snowflake.user)),
            ("role", snowflake.role.clone()),
            ("warehouse", snowflake.warehouse.clone()),
            ("database", some(&snowflake.database)),
            ("schema", some(&snowflake.schema)),
            ("auth", some(snowflake.auth.word())),
            ("endpoint", snowflake.endpoint.clone()),
        ]),
        Settings::SqlServer(server) => pairs.extend([
            ("host", some(&server.host)),
            ("port", Some(server.port.to_string())),
            ("database", some(&server.database)),
            ("user", some(&server.user)),
            ("tls", some(server.tls.word())),
            ("trust_server_certificate", Some(server.trust_server_certificate.to_string())),
            ("ca_file", server.ca_file.clone()),
        ]),
        Settings::S3(s3) => pairs.extend([
            ("bucket", some(&s3.bucket)),
            ("region", s3.region.clone()),
            ("endpoint", s3.endpoint.clone()),
            ("access_key_id", s3.access_key_id.clone()),
        ]),
        Settings::Folder(folder) => pairs.push(("path", some(&folder.path))),
    }
    pairs.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}

/// Returns where a connection goes, for people.
pub(crate) fn address(connection: &Connection) -> String {
    match &connection.settings {
        Settings::Postgres(p) => server(&p.user, &p.host, p.port, &p.database),
        Settings::SqlServer(s) => server(&s.user, &s.host, s.port, &s.database),
        Settings::DuckDb(duckdb) => duckdb.path.clone(),
        Settings::Snowflake(s) => format!("{}@{}/{}.{}", s.user, s.account, s.database, s.schema),
        Settings::S3(s3) => format!("s3://{}", s3.bucket),
        Settings::Folder(folder) => folder.path.clone(),
    }
}

fn server(user: &str, host: &str, port: u16, database: &str) -> String {
    // An IPv6 address holds colons, and so does what follows a host.
    let host = if host.contains(':') && !host.starts_with('/') { format!("[{host}]") } else { host.to_owned() };
    format!("{user}@{host}:{port}/{database}")
}
