//! How far a run is: what is known of it should its process go away.

use crate::{Store, StoreError};
use serde_json::Value;
use uuid::Uuid;

impl Store {
    /// Records how far a run is, in the place where its result will stand. One that has ended keeps its result.
    ///
    /// # Errors
    /// Fails when the file cannot be written.
    pub async fn record_run_standing(&self, run_id: Uuid, standing: &Value) -> Result<(), StoreError> {
        sqlx::query("UPDATE runs SET summary = ?2 WHERE run_id = ?1 AND status = 'running'")
            .bind(run_id.to_string())
            .bind(standing.to_string())
            .execute(&self.pool)
            .await
            .map_err(self.failed("record how far a run is"))?;
        Ok(())
    }
}
