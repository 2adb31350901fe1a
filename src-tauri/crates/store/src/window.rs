//! What the window looked like.

use crate::{Store, StoreError};
use serde_json::Value;

impl Store {
    /// Returns the state of the window `name` (size, place, panels), as it was last set.
    ///
    /// # Errors
    /// Fails when the file cannot be read.
    pub async fn window(&self, name: &str) -> Result<Option<Value>, StoreError> {
        let text = sqlx::query_scalar("SELECT state FROM windows WHERE name = ?1")
            .bind(name)
            .fetch_optional(&self.pool)
            .await
            .map_err(self.failed("read the window's state"))?;
        self.json("window state", text)
    }

    /// Keeps the state of the window `name`.
    ///
    /// # Errors
    /// Fails when the file cannot be written.
    pub async fn set_window(&self, name: &str, state: &Value) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO windows VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET state = excluded.state")
            .bind(name)
            .bind(state.to_string())
            .execute(&self.pool)
            .await
            .map_err(self.failed("keep the window's state"))?;
        Ok(())
    }

    /// Reads a stored JSON text.
    pub(crate) fn json(&self, what: &'static str, text: Option<String>) -> Result<Option<Value>, StoreError> {
        text.map(|text| serde_json::from_str(&text).map_err(|error| self.unreadable(what, error))).transpose()
    }
}
