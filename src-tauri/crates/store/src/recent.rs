//! The workspaces that were opened here, and whether the person trusts them.

use crate::{Store, StoreError};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A workspace that was opened here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecentWorkspace {
    /// The folder, absolute.
    pub path: String,
    /// The name shown for it.
    pub name: String,
    /// When it was last opened.
    pub last_opened: DateTime<Utc>,
    /// Whether the person said that its connections and transforms may be used.
    pub trusted: bool,
}

type Row = (String, String, i64, bool);

impl Store {
    /// Puts the workspace in the folder `path` at the top of the list. One that is new to the list is not trusted; one that
    /// is in it keeps what the person said.
    ///
    /// # Errors
    /// Fails when the file cannot be written.
    pub async fn touch_recent(&self, path: &str, name: &str, at: DateTime<Utc>) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO workspaces (path, name, last_opened) VALUES (?1, ?2, ?3) \
             ON CONFLICT (path) DO UPDATE SET name = excluded.name, last_opened = excluded.last_opened",
        )
        .bind(path)
        .bind(name)
        .bind(at.timestamp_micros())
        .execute(&self.pool)
        .await
        .map_err(self.failed("record a workspace"))?;
        Ok(())
    }

    /// Returns the workspaces, the one that was opened last first.
    ///
    /// # Errors
    /// Fails when the file cannot be read.
    pub async fn recent(&self) -> Result<Vec<RecentWorkspace>, StoreError> {
        let rows: Vec<Row> =
            sqlx::query_as("SELECT path, name, last_opened, trusted FROM workspaces ORDER BY last_opened DESC, path")
                .fetch_all(&self.pool)
                .await
                .map_err(self.failed("list the workspaces"))?;
        rows.into_iter().map(|row| self.workspace(row)).collect()
    }

    /// Returns the workspace in the folder `path`, if it is in the list.
    ///
    /// # Errors
    /// Fails when the file cannot be read.
    pub async fn recent_workspace(&self, path: &str) -> Result<Option<RecentWorkspace>, StoreError> {
        let row: Option<Row> =
            sqlx::query_as("SELECT path, name, last_opened, trusted FROM workspaces WHERE path = ?1")
                .bind(path)
                .fetch_optional(&self.pool)
                .await
                .map_err(self.failed("look a workspace up"))?;
        row.map(|row| self.workspace(row)).transpose()
    }

    /// Takes the workspace in the folder `path` off the list, and its trust with it; tells whether it was there. Its runs stay.
    ///
    /// # Errors
    /// Fails when the file cannot be written.
    pub async fn forget_recent(&self, path: &str) -> Result<bool, StoreError> {
        let outcome = sqlx::query("DELETE FROM workspaces WHERE path = ?1")
            .bind(path)
            .execute(&self.pool)
            .await
            .map_err(self.failed("forget a workspace"))?;
        Ok(outcome.rows_affected() > 0)
    }

    /// Records that the person trusts the workspace in the folder `path`, or no longer does.
    ///
    /// # Errors
    /// Fails when the workspace is not in the list, or the file cannot be written.
    pub async fn set_trusted(&self, path: &str, trusted: bool) -> Result<(), StoreError> {
        let outcome = sqlx::query("UPDATE workspaces SET trusted = ?2 WHERE path = ?1")
            .bind(path)
            .bind(trusted)
            .execute(&self.pool)
            .await
            .map_err(self.failed("record trust in a workspace"))?;
        if outcome.rows_affected() == 0 {
            return Err(StoreError::UnknownWorkspace { path: path.to_owned() });
        }
        Ok(())
    }

    fn workspace(&self, (path, name, last_opened, trusted): Row) -> Result<RecentWorkspace, StoreError> {
        Ok(RecentWorkspace { path, name, last_opened: self.time(last_opened)?, trusted })
    }

    /// Reads a stored time.
    pub(crate) fn time(&self, micros: i64) -> Result<DateTime<Utc>, StoreError> {
        DateTime::from_timestamp_micros(micros)
            .ok_or_else(|| self.unreadable("time", format!("{micros} microseconds are beyond the calendar")))
    }
}
