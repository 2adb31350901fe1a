//! Connections and tables as the values that a document holds for them.

use crate::connection::{Connection, Settings};
use crate::keys::{CONNECTION_KINDS, KIND, Need, Preset, Section, TABLE};
use crate::model::TableSync;
use crate::value::Value;
use crate::words::Tls;

/// What a section is to hold: every key that has a value, in the order of the table of keys.
pub(super) struct Wanted {
    section: &'static Section,
    entries: Vec<(&'static str, Value)>,
}

impl Wanted {
    /// Takes values over; their keys must be those of the section, and null means that the key is not there.
    fn new(section: &'static Section, entries: Vec<(&'static str, Value)>) -> Self {
        let mut entries: Vec<_> = entries.into_iter().filter(|(_, value)| *value != Value::Null).collect();
        entries.sort_by_key(|(name, _)| section.keys.iter().position(|key| key.name == *name));
        Self { section, entries }
    }

    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        self.entries.iter().find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// Returns the entries that a new mapping must hold: those that are not what holds anyway.
    pub(super) fn sparse(&self) -> Vec<(String, Value)> {
        let needed = self.entries.iter().filter(|(name, value)| !self.is_default(name, value));
        needed.map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }

    fn is_default(&self, name: &str, value: &Value) -> bool {
        self.section.key(name).is_some_and(|key| match key.need {
            Need::Default(Preset::Text(preset)) => *value == Value::from(preset),
            Need::Default(Preset::Integer(preset)) => *value == Value::Integer(preset),
            Need::Default(Preset::Number(preset)) => *value == Value::Number(preset),
            Need::Default(Preset::Flag(preset)) => *value == Value::Flag(preset),
            Need::Required | Need::Optional => false,
        })
    }
}

/// Returns what the document holds for a connection.
pub(super) fn connection(connection: &Connection) -> Wanted {
    let kind = connection.settings.kind();
    let section = CONNECTION_KINDS.iter().find(|(known, _)| *known == kind).map_or(&TABLE, |(_, section)| section);
    let text = |text: &str| Value::from(text);
    let optional = |text: &Option<String>| Value::from(text.clone());
    let mut entries = match &connection.settings {
        Settings::Postgres(postgres) => {
            // A socket carries no TLS, and saying so would be refused.
            let socket = postgres.host.starts_with('/') && postgres.tls == Tls::Disable;
            vec![
                ("host", text(&postgres.host)),
                ("port", Value::Integer(postgres.port.into())),
                ("database", text(&postgres.database)),
                ("user", text(&postgres.user)),
                ("tls", if socket { Value::Null } else { text(postgres.tls.word()) }),
                ("ca_file", optional(&postgres.ca_file)),
                ("primary", optional(&postgres.primary)),
            ]
        }
        Settings::DuckDb(duckdb) => vec![("path", text(&duckdb.path))],
        Settings::Snowflake(snowflake) => vec![
            ("account", text(&snowflake.account)),
            ("user", text(&snowflake.user)),
            ("role", optional(&snowflake.role)),
            ("warehouse", optional(&snowflake.warehouse)),
            ("database", text(&snowflake.database)),
            ("schema", text(&snowflake.schema)),
            ("auth", text(snowflake.auth.word())),
            ("endpoint", optional(&snowflake.endpoint)),
        ],
        Settings::SqlServer(server) => vec![
            ("host", text(&server.host)),
            ("port", Value::Integer(server.port.into())),
            ("database", text(&server.database)),
            ("user", text(&server.user)),
            ("tls", text(server.tls.word())),
            ("trust_server_certificate", Value::Flag(server.trust_server_certificate)),
            ("ca_file", optional(&server.ca_file)),
        ],
        Settings::S3(s3) => vec![
            ("bucket", text(&s3.bucket)),
            ("region", optional(&s3.region)),
            ("endpoint", optional(&s3.endpoint)),
            ("access_key_id", optional(&s3.access_key_id)),
        ],
        Settings::Folder(folder) => vec![("path", text(&folder.path))],
    };
    entries.push(("label", optional(&connection.label)));
    entries.push(("color", optional(&connection.color.map(|color| color.word().to_owned()))));
    let mut wanted = Wanted::new(section, entries);
    wanted.entries.insert(0, (KIND, text(kind)));
    wanted
}

/// Returns what the document holds for a table.
pub(super) fn table(table: &TableSync) -> Vec<(String, Value)> {
    let number = |number: Option<u64>| Value::from(number.map(|number| i64::try_from(number).unwrap_or(i64::MAX)));
    let transform = table.transform.iter().map(|(column, sql)| (column.clone(), Value::from(sql.clone()))).collect();
    let pk = match table.pk.as_slice() {
        [] => Value::Null,
        [one] => Value::from(one.as_str()),
        several => Value::from(several.to_vec()),
    };
    let entries = vec![
        ("source", Value::from(table.source.to_string())),
        ("target", Value::from(table.target.to_string())),
        ("pk", pk),
        ("watermark_column", Value::from(table.watermark_column.clone())),
        ("batch_size", number(table.batch_size.map(|size| u64::try_from(size).unwrap_or(u64::MAX)))),
        ("transform", if table.transform.is_empty() { Value::Null } else { Value::Map(transform) }),
        ("where", Value::from(table.filter.clone())),
        ("mode", Value::from(table.mode.word())),
        ("deletes", Value::from(table.deletes.word())),
        ("max_delete_ratio", Value::Number(table.max_delete_ratio)),
        ("on_drift", Value::from(table.on_drift.word())),
        ("on_unfit", Value::from(table.on_unfit.word())),
        ("lookback_seconds", number(Some(table.lookback_seconds))),
        ("lookback", number(table.lookback)),
        ("schedule", Value::from(table.schedule.as_ref().map(ToString::to_string))),
    ];
    Wanted::new(&TABLE, entries).sparse()
}
