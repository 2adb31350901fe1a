//! The events of a run: what a window shows that is opened in its middle, or afterwards.

use crate::{Store, StoreError};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// The most events that are kept of one run; the oldest go first.
pub const MAX_EVENTS: i64 = 5_000;
/// The longest event that is kept, in bytes of JSON.
pub const MAX_EVENT_BYTES: usize = 64 * 1024;

/// An event of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunEvent {
    /// Its number in the run, rising.
    pub seq: i64,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// What happened.
    pub event: Value,
}

impl Store {
    /// Records events of a run, all or none. An event whose number is there already is left as it is.
    ///
    /// # Errors
    /// Fails when an event is too long, the run is not known, or the file cannot be written.
    pub async fn record_run_events(&self, run_id: Uuid, events: &[RunEvent]) -> Result<(), StoreError> {
        const ACTION: &str = "record events of a run";
        let Some(newest) = events.iter().map(|event| event.seq).max() else { return Ok(()) };
        let mut texts = Vec::with_capacity(events.len());
        for event in events {
            let text = event.event.to_string();
            if text.len() > MAX_EVENT_BYTES {
                return Err(StoreError::EventTooLong { run_id, bytes: text.len() });
            }
            texts.push((event, text));
        }
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(self.failed(ACTION))?;
        let run: Option<i64> = sqlx::query_scalar("SELECT 1 FROM runs WHERE run_id = ?1")
            .bind(run_id.to_string())
            .fetch_optional(&mut *transaction)
            .await
            .map_err(self.failed(ACTION))?;
        if run.is_none() {
            return Err(StoreError::NotRunning { run_id, what: "event" });
        }
        for (event, text) in texts {
            sqlx::query("INSERT INTO run_events VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING")
                .bind(run_id.to_string())
                .bind(event.seq)
                .bind(event.at.timestamp_micros())
                .bind(text)
                .execute(&mut *transaction)
                .await
                .map_err(self.failed(ACTION))?;
        }
        sqlx::query("DELETE FROM run_events WHERE run_id = ?1 AND seq <= ?2")
            .bind(run_id.to_string())
            .bind(newest.saturating_sub(MAX_EVENTS))
            .execute(&mut *transaction)
            .await
            .map_err(self.failed(ACTION))?;
        transaction.commit().await.map_err(self.failed(ACTION))
    }

    /// Returns events of a run with numbers above `after`, at most `limit`, in order.
    ///
    /// # Errors
    /// Fails when the file cannot be read.
    pub async fn run_events(&self, run_id: Uuid, after: i64, limit: u32) -> Result<Vec<RunEvent>, StoreError> {
        let rows: Vec<(i64, i64, String)> = sqlx::query_as(
            "SELECT seq, at, event FROM run_events WHERE run_id = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
        )
        .bind(run_id.to_string())
        .bind(after)
        .bind(limit)
        .fetch_all(&self.pool)
        .await
        .map_err(self.failed("read the events of a run"))?;
        rows.into_iter()
            .map(|(seq, at, event)| {
                let event = self.json("event", Some(event))?.unwrap_or_default();
                Ok(RunEvent { seq, at: self.time(at)?, event })
            })
            .collect()
    }
}
