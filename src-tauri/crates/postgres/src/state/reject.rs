//! Rejected rows: one open entry a key, payloads capped, and forgotten after a while.

use super::{PostgresState, SIDE, schema};
use crate::error::sqlstate;
use crate::quote::Value;
use crate::session;
use firn_connector::{Error, RejectedRow, Resolution, Result};
use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};
use sqlx::postgres::PgRow;
use std::collections::BTreeMap;

/// Most bytes of a payload as JSON text.
const PAYLOAD_BYTES: usize = 64 * 1024;

/// Values are not cut below this many bytes; rather are columns left out.
const SHORTEST_CUT: usize = 64;

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
        let payload = row.payload.as_ref().map(|payload| capped(payload, &row.key));
        let entry = json!({
            "pk_text": pk.to_string(),
            "pk": pk,
            "digest": digest,
            "columns": payload.as_ref().map(|payload| payload.keys().map(|name| sign(name)).collect::<Vec<_>>()),
            "payload": payload.map(|payload| storable(&Json::Object(payload))),
            "code": storable(&Json::from(row.code.as_str())),
            "column": row.column.as_deref().map(sign),
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
fn sign(text: &str) -> String {
    text.replace('\0', "\u{2400}")
}

/// Replaces U+0000 in all texts of a value.
fn storable(value: &Json) -> Json {
    match value {
        Json::String(text) => Json::String(sign(text)),
        Json::Array(items) => Json::Array(items.iter().map(storable).collect()),
        Json::Object(fields) => {
            Json::Object(fields.iter().map(|(name, value)| (sign(name), storable(value))).collect())
        }
        other => other.clone(),
    }
}

/// Cuts a payload down to the cap: the longest values lose their end and say how long they were; columns for which not
/// even that leaves room are left out. The key is never cut.
fn capped(payload: &Map<String, Json>, key: &Map<String, Json>) -> Map<String, Json> {
    let size = |payload: &Map<String, Json>| serde_json::to_string(payload).map_or(usize::MAX, |text| text.len());
    let bytes = size(payload);
    if bytes <= PAYLOAD_BYTES {
        return payload.clone();
    }
    let mut longest = PAYLOAD_BYTES;
    let mut kept = loop {
        longest /= 2;
        let mut kept = Map::new();
        kept.insert("_truncated".to_owned(), Json::Bool(true));
        kept.insert("_bytes".to_owned(), Json::from(bytes));
        let values = payload.iter().map(|(name, value)| {
            let value = if key.contains_key(name) { value.clone() } else { shortened(value, longest) };
            (name.clone(), value)
        });
        kept.extend(values);
        if size(&kept) <= PAYLOAD_BYTES {
            return kept;
        }
        if longest <= SHORTEST_CUT {
            break kept;
        }
    };
    let mut room = PAYLOAD_BYTES.saturating_sub(128);
    let entry = |name: &str, value: &Json| name.len() + value.to_string().len() + 4;
    room = room.saturating_sub(key.keys().filter_map(|name| Some(entry(name, kept.get(name)?))).sum());
    let columns = kept.len();
    let mut fits = |name: &str, value: &Json| {
        if key.contains_key(name) {
            return true;
        }
        let needed = entry(name, value);
        let fits = needed <= room;
        room = if fits { room - needed } else { 0 };
        fits
    };
    kept.retain(|name, value| fits(name, value));
    if kept.len() < columns {
        kept.insert("_left_out".to_owned(), Json::from(columns - kept.len()));
    }
    kept
}

/// Cuts a value whose text is longer than `most` bytes, with a mark that says how long it was.
fn shortened(value: &Json, most: usize) -> Json {
    let text = match value {
        Json::String(text) => text.clone(),
        Json::Array(_) | Json::Object(_) => value.to_string(),
        Json::Null | Json::Bool(_) | Json::Number(_) => return value.clone(),
    };
    if text.len() <= most {
        return value.clone();
    }
    let end = (0..=most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    Json::String(format!("{}… [cut: {} bytes in all]", &text[..end], text.len()))
}

/// Returns the keys of a table's open entries.
pub(super) async fn open_keys(state: &PostgresState, source: &str, most: u32) -> Result<Vec<Map<String, Json>>> {
    let sql = "SELECT coalesce(pk_text, pk::text) AS key FROM :\"schema\".sync_errors \
               WHERE source_table = :'source' AND resolved_at IS NULL AND jsonb_typeof(pk) = 'object' \
               ORDER BY id LIMIT :'most'::int8";
    let values = [("source", Value::Text(source)), ("most", Value::Integer(i64::from(most)))];
    state.list(sql, &values, "key").await
}

/// Closes open entries of these keys.
pub(super) async fn resolve(
    state: &PostgresState,
    source: &str,
    keys: &[Map<String, Json>],
    how: &Resolution,
) -> Result<()> {
    for part in keys.chunks(10_000) {
        let digests = Json::from(part.iter().map(digest).collect::<Vec<_>>()).to_string();
        let values = [
            ("source", Value::Text(source)),
            ("digests", Value::Text(&digests)),
            ("by", Value::Text(&how.by)),
            ("note", Value::Optional(how.note.as_deref())),
        ];
        state.run(include_str!("../../../../../sql/postgres/state/resolve.sql"), &values).await?;
    }
    Ok(())
}

/// Closes open entries by their ids, or all; returns the ids of those closed.
pub(super) async fn discard(
    state: &PostgresState,
    sources: &[String],
    ids: &[i64],
    how: &Resolution,
) -> Result<Vec<i64>> {
    let (sources, ids) = (Json::from(sources).to_string(), Json::from(ids).to_string());
    let values = [
        ("sources", Value::Text(&sources)),
        ("ids", Value::Text(&ids)),
        ("by", Value::Text(&how.by)),
        ("note", Value::Optional(how.note.as_deref())),
    ];
    let statement = include_str!("../../../../../sql/postgres/state/discard.sql");
    let rows = run_up_to_date(state, statement, &values).await?;
    rows.iter().map(|row| session::column(row, "id", SIDE)).collect()
}

/// Runs a statement, and once more where the tables had to be brought up to date first.
pub(super) async fn run_up_to_date(
    state: &PostgresState,
    statement: &str,
    values: &[(&str, Value<'_>)],
) -> Result<Vec<PgRow>> {
    match state.run(statement, values).await {
        Err(error) if is_earlier(&error) => {
            schema::ensure(state).await?;
            state.run(statement, values).await
        }
        rows => rows,
    }
}

/// Returns whether a statement failed because the tables, which the next run brings up to date, are of an earlier
/// version and lack a column.
fn is_earlier(error: &Error) -> bool {
    sqlstate(error) == Some("42703")
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
        let id = "k".repeat(40_000);
        let key = map(json!({"id": id.as_str()}));
        let mut payload =
            map(json!({"body": "x".repeat(200_000), "list": ["y".repeat(9_000)], "id": id.as_str(), "note": "kept"}));
        let cut = capped(&payload, &key);
        let text = |name: &str| cut[name].as_str().unwrap_or_default().to_owned();
        assert_eq!((&cut["_truncated"], cut["_bytes"].as_u64().unwrap() > 240_000), (&Json::Bool(true), true));
        assert_eq!((&cut["id"], &cut["note"]), (&json!(id), &json!("kept")));
        assert!(text("body").starts_with("xxx") && text("body").ends_with("… [cut: 200000 bytes in all]"));
        assert!(Json::Object(cut.clone()).to_string().len() <= PAYLOAD_BYTES);
        assert_eq!(
            cut.keys().map(String::as_str).collect::<Vec<_>>(),
            ["_truncated", "_bytes", "body", "list", "id", "note"]
        );
        for i in 0..1500 {
            payload.insert(format!("column_{i}"), Json::from("é".repeat(500)));
        }
        let cut = capped(&payload, &key);
        assert!(Json::Object(cut.clone()).to_string().len() <= PAYLOAD_BYTES);
        assert_eq!(cut["id"], json!(id), "the key is whole");
        assert!(cut["_left_out"].as_u64().unwrap() > 100, "{:?}", cut["_left_out"]);
        let small = map(json!({"id": "1"}));
        assert_eq!(capped(&small, &small), small);
    }
}
