//! Rejected rows: one open entry a key, payloads capped, and gone after 30 days.

use super::PostgresState;
use crate::quote::Value;
use firn_connector::{ErrorEntry, RejectedRow, Result};
use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Most bytes of a payload as JSON text.
const PAYLOAD_BYTES: usize = 64 * 1024;

/// Bytes of rows sent in one statement, reached by at most one row more.
const STATEMENT_BYTES: usize = 4 * 1024 * 1024;

/// Keeps rejected rows.
pub(super) async fn reject(state: &PostgresState, source: &str, run_id: &str, rows: &[RejectedRow]) -> Result<()> {
    // A statement cannot touch one entry twice: rows with one key are counted, the last one's words stay.
    let mut entries: BTreeMap<String, (&RejectedRow, u32)> = BTreeMap::new();
    for row in rows {
        let entry = entries.entry(digest(&row.key)).or_insert((row, 0));
        *entry = (row, entry.1.saturating_add(1));
    }
    let mut batch = String::new();
    for (digest, (row, times)) in entries {
        let pk = storable(&Json::Object(row.key.clone()));
        let entry = json!({
            "pk_text": pk.to_string(),
            "pk": pk,
            "digest": digest,
            "payload": row.payload.as_ref().map(|payload| storable(&Json::Object(capped(payload)))),
            "code": storable(&Json::from(row.code.as_str())),
            "error": storable(&Json::from(row.message.as_str())),
            "times": times,
        });
        batch.push(if batch.is_empty() { '[' } else { ',' });
        batch.push_str(&entry.to_string());
        if batch.len() >= STATEMENT_BYTES {
            send(state, source, run_id, &mut batch).await?;
        }
    }
    send(state, source, run_id, &mut batch).await
}

async fn send(state: &PostgresState, source: &str, run_id: &str, batch: &mut String) -> Result<()> {
    if batch.is_empty() {
        return Ok(());
    }
    batch.push(']');
    let values = [("source", Value::Text(source)), ("run_id", Value::Text(run_id)), ("rows", Value::Text(batch))];
    state.run(include_str!("../../../../../sql/postgres/state/reject.sql"), &values).await?;
    batch.clear();
    Ok(())
}

/// Returns the SHA-256, in hexadecimal, of a key whose columns stand in any order.
fn digest(key: &Map<String, Json>) -> String {
    let sorted: BTreeMap<&String, &Json> = key.iter().collect();
    let text = sorted.iter().map(|(name, value)| format!("{}{value}", Json::from(name.as_str()))).collect::<Vec<_>>();
    Sha256::digest(text.join(",")).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Replaces U+0000, which jsonb cannot hold, by the sign that stands for it.
fn storable(value: &Json) -> Json {
    match value {
        Json::String(text) => Json::String(text.replace('\0', "\u{2400}")),
        Json::Array(items) => Json::Array(items.iter().map(storable).collect()),
        Json::Object(fields) => {
            Json::Object(fields.iter().map(|(name, value)| (name.replace('\0', "\u{2400}"), storable(value))).collect())
        }
        other => other.clone(),
    }
}

/// Cuts a payload down to the cap: long values first lose their end, then columns are left out, and a mark says so.
fn capped(payload: &Map<String, Json>) -> Map<String, Json> {
    let size = |value: &Json| value.to_string().len();
    let bytes: usize = payload.iter().map(|(name, value)| name.len() + size(value) + 4).sum();
    if bytes <= PAYLOAD_BYTES {
        return payload.clone();
    }
    let mut kept = Map::new();
    kept.insert("_truncated".to_owned(), Json::Bool(true));
    kept.insert("_bytes".to_owned(), Json::from(bytes));
    let mut room = PAYLOAD_BYTES - 64;
    for (name, value) in payload {
        let value = match value {
            Json::String(text) if text.len() > 512 => {
                Json::String(text.chars().take(256).chain(std::iter::once('…')).collect())
            }
            other if size(other) > 1024 => Json::Null,
            other => other.clone(),
        };
        let needed = name.len() + size(&value) + 4;
        if needed > room {
            break;
        }
        room -= needed;
        kept.insert(name.clone(), value);
    }
    kept
}

/// Returns the keys of a table's open entries.
pub(super) async fn open_keys(state: &PostgresState, source: &str, most: u32) -> Result<Vec<Map<String, Json>>> {
    let sql = "SELECT coalesce(pk_text, pk::text) AS key FROM :\"schema\".sync_errors \
               WHERE source_table = :'source' AND resolved_at IS NULL AND jsonb_typeof(pk) = 'object' \
               ORDER BY id LIMIT :'most'::int8";
    let values = [("source", Value::Text(source)), ("most", Value::Integer(i64::from(most)))];
    state.list(sql, &values, "key").await
}

/// Marks open entries of these keys as resolved.
pub(super) async fn resolve(state: &PostgresState, source: &str, keys: &[Map<String, Json>]) -> Result<()> {
    for part in keys.chunks(10_000) {
        let digests = Json::from(part.iter().map(digest).collect::<Vec<_>>()).to_string();
        let values = [("source", Value::Text(source)), ("digests", Value::Text(&digests))];
        state.run(include_str!("../../../../../sql/postgres/state/resolve.sql"), &values).await?;
    }
    Ok(())
}

/// Lists rejected rows, newest first; `resolved` lists the resolved ones, too.
pub(super) async fn errors(
    state: &PostgresState,
    source: Option<&str>,
    resolved: bool,
    most: u32,
) -> Result<Vec<ErrorEntry>> {
    let values = [
        ("source", Value::Optional(source)),
        ("resolved", Value::Text(if resolved { "true" } else { "false" })),
        ("most", Value::Integer(i64::from(most))),
    ];
    state.list(include_str!("../../../../../sql/postgres/state/errors.sql"), &values, "entry").await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(value: Json) -> Map<String, Json> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn the_digest_does_not_depend_on_the_order_of_the_columns() {
        let one = digest(&map(json!({"tenant": "a", "id": "1"})));
        assert_eq!(one, digest(&map(json!({"id": "1", "tenant": "a"}))));
        assert_ne!(one, digest(&map(json!({"id": "a", "tenant": "1"}))));
        assert_ne!(digest(&map(json!({"id": null}))), digest(&map(json!({"id": "null"}))));
    }

    #[test]
    fn a_large_payload_is_cut_and_says_so() {
        let mut payload = map(json!({"id": "1", "body": "x".repeat(200_000), "note": "kept"}));
        let cut = capped(&payload);
        assert_eq!(cut["_truncated"], Json::Bool(true));
        assert_eq!((&cut["id"], &cut["note"]), (&json!("1"), &json!("kept")));
        for i in 0..1000 {
            payload.insert(format!("column_{i}"), Json::from("y".repeat(500)));
        }
        assert!(Json::Object(capped(&payload)).to_string().len() <= PAYLOAD_BYTES);
        let small = map(json!({"id": "1"}));
        assert_eq!(capped(&small), small);
    }
}
