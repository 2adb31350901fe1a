//! Rejected rows as a person looks through them: in stretches, by table and reason, searched where they are kept.

use super::reject::run_up_to_date;
use super::{PostgresState, objects};
use crate::quote::Value;
use firn_connector::{ErrorEntry, RejectedCause, RejectedQuery, Result};
use serde::Deserialize;
use serde_json::{Map, Value as Json};

/// An entry of a stretch, with the order of its payload's columns, and how many entries there are in all.
#[derive(Deserialize)]
struct Listed {
    #[serde(flatten)]
    entry: ErrorEntry,
    payload_columns: Option<Vec<String>>,
    matching: u64,
}

/// Lists a stretch of rejected rows, newest first, and how many there are in all; 0 beyond the last.
pub(super) async fn rejected(state: &PostgresState, query: &RejectedQuery) -> Result<(Vec<ErrorEntry>, u64)> {
    let (sources, ids) =
        (Json::from(query.sources.as_slice()).to_string(), Json::from(query.ids.as_slice()).to_string());
    let values = [
        ("sources", Value::Text(&sources)),
        ("ids", Value::Text(&ids)),
        ("resolved", Value::Truth(query.resolved)),
        ("error", Value::Text(&query.error)),
        ("column", Value::Text(&query.column)),
        ("search", Value::Text(&query.search)),
        ("payload", Value::Truth(query.payload)),
        ("most", Value::Integer(i64::from(query.most))),
        ("skip", Value::Integer(i64::from(query.skip))),
    ];
    let statement = include_str!("../../../../../sql/postgres/state/rejected.sql");
    let listed: Vec<Listed> = objects(&run_up_to_date(state, statement, &values).await?, "entry")?;
    let matching = listed.first().map_or(0, |first| first.matching);
    Ok((listed.into_iter().map(in_order).collect(), matching))
}

/// Puts a payload's columns back into the order in which they were read.
fn in_order(listed: Listed) -> ErrorEntry {
    let Listed { mut entry, payload_columns, .. } = listed;
    if let (Json::Object(payload), Some(columns)) = (&mut entry.payload, payload_columns) {
        let mut ordered: Map<String, Json> =
            columns.into_iter().filter_map(|name| payload.remove(&name).map(|value| (name, value))).collect();
        ordered.append(payload);
        *payload = ordered;
    }
    entry
}

/// Counts rejected rows by table, reason and what has become of them.
pub(super) async fn causes(state: &PostgresState, sources: &[String]) -> Result<Vec<RejectedCause>> {
    let sources = Json::from(sources).to_string();
    let values = [("sources", Value::Text(&sources))];
    let statement = include_str!("../../../../../sql/postgres/state/causes.sql");
    objects(&run_up_to_date(state, statement, &values).await?, "cause")
}
