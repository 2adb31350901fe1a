//! From the checked tree to the typed workspace.

use crate::connection::{Connection, DuckDb, Folder, Postgres, S3, Settings, Snowflake, SqlServer};
use crate::fields::Fields;
use crate::keys;
use crate::model::{
    Compare, Forecast, Geometry, LakeInput, LakeJob, LakeLoad, LakeOutput, MaxRejects, OnChange, Refresh, Snapshot,
    SnapshotInput, TableSync, Workspace,
};
use crate::tree::Node;
use crate::words::{Color, DeleteMode, DriftMode, FileFormat, SnowflakeAuth, SqlServerTls, SyncMode, Tls, UnfitMode};
use std::collections::BTreeMap;
use std::time::Duration;

/// Reads everything that is readable; what is not was reported by the check, so a document without problems is read whole.
pub(crate) fn workspace(file: &str, root: Option<&Node>) -> Workspace {
    let fields = Fields::new(&keys::DOCUMENT, root);
    let mut tables = Vec::new();
    let mut table_positions = Vec::new();
    for (table, node) in fields.sections("tables") {
        if let Some(table) = table_sync(table) {
            tables.push(table);
            table_positions.push(node.position);
        }
    }
    Workspace {
        file: file.to_owned(),
        connections: connections(root),
        source: fields.text("source"),
        target: fields.text("target"),
        state: fields.text("state"),
        state_schema: fields.text("state_schema").unwrap_or_default(),
        sync_interval: Duration::from_secs(fields.integer("sync_interval_seconds").unwrap_or_default()),
        default_batch_size: fields.integer("default_batch_size").unwrap_or_default(),
        max_retries: fields.integer("max_retries").unwrap_or_default(),
        error_payloads: fields.flag("error_payloads").unwrap_or_default(),
        error_retention_days: fields.integer("error_retention_days").unwrap_or_default(),
        tables,
        refreshes: fields.sections("refreshes").into_iter().filter_map(|(fields, _)| refresh(fields)).collect(),
        snapshots: fields.sections("snapshots").into_iter().filter_map(|(fields, _)| snapshot(fields)).collect(),
        lake: fields.sections("lake").into_iter().filter_map(|(fields, _)| lake(fields)).collect(),
        forecast: fields.section("forecast").and_then(forecast),
        warnings: Vec::new(),
        table_positions,
        unavailable: BTreeMap::new(),
    }
}

fn connections(root: Option<&Node>) -> Vec<Connection> {
    let entries = root.and_then(|root| root.get("connections")).and_then(Node::entries).unwrap_or_default();
    entries.iter().filter_map(|entry| connection(entry.name(), &entry.value)).collect()
}

/// Reads one connection.
pub(crate) fn connection(name: &str, node: &Node) -> Option<Connection> {
    let kind = node.get("kind")?.as_text()?;
    let (_, section) = keys::CONNECTION_KINDS.iter().find(|(known, _)| *known == kind)?;
    let fields = Fields::new(section, Some(node));
    let settings = match kind {
        "postgres" => {
            let host = fields.text("host")?;
            // A socket carries no TLS, and the rules refuse a document that asks for it.
            let tls = if host.starts_with('/') { Tls::Disable } else { Tls::from_word(&fields.text("tls")?)? };
            Settings::Postgres(Postgres {
                host,
                port: fields.integer("port")?,
                database: fields.text("database")?,
                user: fields.text("user")?,
                tls,
                ca_file: fields.text("ca_file"),
                primary: fields.text("primary"),
            })
        }
        "duckdb" => Settings::DuckDb(DuckDb { path: fields.text("path")? }),
        "snowflake" => Settings::Snowflake(Snowflake {
            account: fields.text("account")?,
            user: fields.text("user")?,
            role: fields.text("role"),
            warehouse: fields.text("warehouse"),
            database: fields.text("database")?,
            schema: fields.text("schema")?,
            auth: SnowflakeAuth::from_word(&fields.text("auth")?)?,
            endpoint: fields.text("endpoint"),
        }),
        "sqlserver" => Settings::SqlServer(SqlServer {
            host: fields.text("host")?,
            port: fields.integer("port")?,
            database: fields.text("database")?,
            user: fields.text("user")?,
            tls: SqlServerTls::from_word(&fields.text("tls")?)?,
            trust_server_certificate: fields.flag("trust_server_certificate")?,
            ca_file: fields.text("ca_file"),
        }),
        "s3" => Settings::S3(S3 {
            bucket: fields.text("bucket")?,
            region: fields.text("region"),
            endpoint: fields.text("endpoint"),
            access_key_id: fields.text("access_key_id"),
        }),
        "folder" => Settings::Folder(Folder { path: fields.text("path")? }),
        _ => return None,
    };
    let color = fields.text("color").and_then(|word| Color::from_word(&word));
    Some(Connection { name: name.to_owned(), label: fields.text("label"), color, settings })
}

fn table_sync(fields: Fields<'_>) -> Option<TableSync> {
    Some(TableSync {
        source: fields.table("source")?,
        target: fields.table("target")?,
        pk: fields.names("pk"),
        watermark_column: fields.text("watermark_column"),
        batch_size: fields.integer("batch_size"),
        transform: fields.transforms("transform"),
        filter: fields.text("where"),
        mode: SyncMode::from_word(&fields.text("mode")?)?,
        deletes: DeleteMode::from_word(&fields.text("deletes")?)?,
        max_delete_ratio: fields.number("max_delete_ratio")?,
        on_drift: DriftMode::from_word(&fields.text("on_drift")?)?,
        on_unfit: UnfitMode::from_word(&fields.text("on_unfit")?)?,
        lookback_seconds: fields.integer("lookback_seconds")?,
        lookback: fields.integer("lookback"),
        schedule: fields.schedule("schedule"),
    })
}

fn refresh(fields: Fields<'_>) -> Option<Refresh> {
    let geometry = fields.section("geometry").and_then(|fields| {
        Some(Geometry {
            from: (fields.text("from_lon")?, fields.text("from_lat")?),
            to: fields.text("to_lon").zip(fields.text("to_lat")),
            column: fields.text("column")?,
            srid: fields.integer("srid")?,
        })
    });
    let on_change = fields
        .section("on_change")
        .and_then(|fields| Some(OnChange { stream: fields.text("stream")?, every: fields.span("every")? }));
    Some(Refresh {
        name: fields.text("name")?,
        source: fields.text("source")?,
        query: fields.text("query")?,
        target: fields.table("target")?,
        pk: fields.names("pk"),
        geometry,
        on_change,
        schedule: fields.schedule("schedule"),
    })
}

fn snapshot(fields: Fields<'_>) -> Option<Snapshot> {
    let input = match (fields.text("query"), fields.text("file")) {
        (Some(query), None) => SnapshotInput::Query { source: fields.text("source"), query },
        (None, Some(file)) => SnapshotInput::File(file),
        _ => return None,
    };
    let compare = fields.section("compare").unwrap_or(Fields::new(&keys::COMPARE, None));
    Some(Snapshot {
        name: fields.text("name")?,
        input,
        key: fields.names("key"),
        customer: fields.text("customer"),
        exclude: fields.names("exclude"),
        compare: Compare {
            float_tolerance: compare.number("float_tolerance")?,
            trim: compare.flag("trim")?,
            ignore_case: compare.flag("ignore_case")?,
        },
        hot: fields.text("hot"),
        archive: fields.text("archive"),
        keep: fields.integer("keep")?,
        retention_days: fields.integer("retention_days")?,
    })
}

fn lake(fields: Fields<'_>) -> Option<LakeJob> {
    let input = fields.section("input")?;
    let output = fields.section("output")?;
    let max_rejects = fields.number("max_rejects")?;
    Some(LakeJob {
        name: fields.text("name")?,
        input: LakeInput {
            connection: input.text("connection")?,
            path: input.text("path")?,
            format: FileFormat::from_word(&input.text("format")?)?,
        },
        output: LakeOutput {
            connection: output.text("connection")?,
            path: output.text("path")?,
            partition_by: output.names("partition_by"),
        },
        key: fields.names("key"),
        newest_by: fields.text("newest_by"),
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the key's limits are 0 and 1e15")]
        max_rejects: if max_rejects < 1.0 {
            MaxRejects::Share(max_rejects)
        } else {
            MaxRejects::Count(max_rejects as u64)
        },
        load: fields
            .section("load")
            .and_then(|fields| Some(LakeLoad { target: fields.text("target")?, table: fields.table("table")? })),
    })
}

fn forecast(fields: Fields<'_>) -> Option<Forecast> {
    Some(Forecast {
        connection: fields.text("connection")?,
        schema: fields.text("schema")?,
        tenant: fields.text("tenant")?,
    })
}
