//! What each table's last comparison with its source came to.

use crate::count::{counted, stored};
use crate::{Store, StoreError};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The last comparison of a table that came to its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The table in the source.
    pub source: String,
    /// The table in the target.
    pub target: String,
    /// When the comparison ended.
    pub compared_at: DateTime<Utc>,
    /// Rows of the source, with the table's condition.
    pub rows_source: u64,
    /// Rows of the target, without those marked as deleted.
    pub rows_target: u64,
    /// Keys that differ; after a repair, those that still do.
    pub differing_keys: u64,
    /// Keys that the next run was to bring.
    pub waiting: u64,
    /// How long it took.
    pub seconds: f64,
}

type Row = (String, String, i64, i64, i64, i64, i64, f64);

impl Store {
    /// Records comparisons of a workspace's tables, each in the place of the table's one before.
    ///
    /// # Errors
    /// Fails when the file cannot be written.
    pub async fn record_comparisons(&self, workspace: &str, comparisons: &[Comparison]) -> Result<(), StoreError> {
        const ACTION: &str = "record a comparison";
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(self.failed(ACTION))?;
        for one in comparisons {
            sqlx::query(
                "INSERT OR REPLACE INTO comparisons (workspace, source, target, compared_at, rows_source, rows_target, \
                 differing_keys, waiting, seconds) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )
            .bind(workspace)
            .bind(&one.source)
            .bind(&one.target)
            .bind(one.compared_at.timestamp_micros())
            .bind(stored(one.rows_source))
            .bind(stored(one.rows_target))
            .bind(stored(one.differing_keys))
            .bind(stored(one.waiting))
            .bind(one.seconds)
            .execute(&mut *transaction)
            .await
            .map_err(self.failed(ACTION))?;
        }
        transaction.commit().await.map_err(self.failed(ACTION))
    }

    /// Returns the last comparison of each table of a workspace, by the name of the source table.
    ///
    /// # Errors
    /// Fails when the file cannot be read.
    pub async fn comparisons(&self, workspace: &str) -> Result<Vec<Comparison>, StoreError> {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT source, target, compared_at, rows_source, rows_target, differing_keys, waiting, seconds \
             FROM comparisons WHERE workspace = ?1 ORDER BY source",
        )
        .bind(workspace)
        .fetch_all(&self.pool)
        .await
        .map_err(self.failed("list the comparisons"))?;
        rows.into_iter().map(|row| self.comparison(row)).collect()
    }

    fn comparison(&self, row: Row) -> Result<Comparison, StoreError> {
        let (source, target, compared_at, rows_source, rows_target, differing_keys, waiting, seconds) = row;
        Ok(Comparison {
            source,
            target,
            compared_at: self.time(compared_at)?,
            rows_source: counted(rows_source),
            rows_target: counted(rows_target),
            differing_keys: counted(differing_keys),
            waiting: counted(waiting),
            seconds,
        })
    }
}
