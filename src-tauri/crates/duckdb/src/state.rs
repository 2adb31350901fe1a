//! Firn's own tables inside the warehouse: identity, cursor, fence and marks.

use crate::error;
use crate::session::Session;
use arrow::array::{ArrayRef, BinaryArray, RecordBatch, StringArray};
use duckdb::params;
use firn_catalog::{RowMark, TableName};
use firn_connector::switches::{self, Protection};
use firn_connector::{Error, ErrorKind, Result, SeenChange, Side, TableState, TargetIdentity};
use std::path::Path;
use std::sync::Arc;

const MAKE_TABLES: &str = include_str!("../../../../sql/duckdb/state.sql");
const COMMIT_STATE: &str = include_str!("../../../../sql/duckdb/commit_state.sql");

/// Marks appended at a time.
const MARKS_AT_ONCE: usize = 65_536;

/// Makes the state tables where they are missing.
pub(crate) fn ensure(session: &Session) -> Result<()> {
    if exists(session)? {
        return Ok(());
    }
    let _turn = session.lease().turn();
    session.transaction("making Firn's state tables", |s| s.execute("making Firn's state tables", MAKE_TABLES))
}

/// Returns whether the state tables are there.
pub(crate) fn exists(session: &Session) -> Result<bool> {
    let query = "SELECT count(*) FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = '_firn' AND table_name IN ('target', 'tables', 'seen')";
    let found: i64 = session
        .connection()
        .query_row(query, [], |row| row.get(0))
        .map_err(error::other("looking for Firn's state tables"))?;
    Ok(found == 3)
}

/// Returns the warehouse's identity, making it at the first call ever.
pub(crate) fn identity(session: &Session, location: &Path) -> Result<TargetIdentity> {
    const DOING: &str = "reading the warehouse's identity";
    ensure(session)?;
    let _turn = session.lease().turn();
    let id = session.transaction(DOING, |s| {
        let connection = s.connection();
        let found: Option<String> = connection
            .query_row("SELECT min(id) FROM _firn.target", [], |row| row.get(0))
            .map_err(error::other(DOING))?;
        if let Some(id) = found {
            return Ok(id);
        }
        let id = uuid::Uuid::new_v4().to_string();
        connection.execute("INSERT INTO _firn.target (id) VALUES (?)", [&id]).map_err(error::other(DOING))?;
        Ok(id)
    })?;
    Ok(TargetIdentity { id, location: location.display().to_string() })
}

/// Returns the stored state of a source table and the epoch of its last runner.
pub(crate) fn state(session: &Session, source: &str) -> Result<Option<(TableState, i64)>> {
    if !exists(session)? {
        return Ok(None);
    }
    let query = "SELECT state, epoch FROM _firn.tables WHERE source = ?";
    let row =
        session.connection().query_row(query, [source], |row| Ok((row.get::<_, Option<String>>(0)?, row.get(1)?)));
    let (text, epoch) = match row {
        Ok(found) => found,
        Err(duckdb::Error::QueryReturnedNoRows) => return Ok(None),
        Err(e) => return Err(error::other("reading the stored state")(e).on_table(source)),
    };
    let state = match text {
        None => TableState::default(),
        Some(text) => serde_json::from_str(&text).map_err(|e| {
            Error::new(Side::Target, ErrorKind::Other, "the stored state cannot be read")
                .on_table(source)
                .with_hint(
                    "It was written by another version of Firn, or by hand: `firn sync reset` starts the table over.",
                )
                .caused_by(e)
        })?,
    };
    Ok(Some((state, epoch)))
}

/// Returns the marks of a source table.
pub(crate) fn seen(session: &Session, source: &str) -> Result<Vec<RowMark>> {
    const DOING: &str = "reading the marks of rows above the horizon";
    if !exists(session)? {
        return Ok(Vec::new());
    }
    let connection = session.connection();
    let mut statement =
        connection.prepare("SELECT mark FROM _firn.seen WHERE source = ?").map_err(error::other(DOING))?;
    let rows = statement.query_map([source], |row| row.get::<_, Vec<u8>>(0));
    let blobs: Vec<Vec<u8>> = rows.and_then(Iterator::collect).map_err(error::other(DOING))?;
    let mark = |blob: Vec<u8>| {
        RowMark::try_from(blob).map_err(|blob| {
            let message = format!("a stored mark has {} bytes instead of 16", blob.len());
            Error::new(Side::Target, ErrorKind::Other, message).on_table(source)
        })
    };
    blobs.into_iter().map(mark).collect()
}

/// Raises the fence of a source table.
pub(crate) fn fence(session: &Session, source: &str, epoch: i64) -> Result<()> {
    const DOING: &str = "raising the fence";
    ensure(session)?;
    let _turn = session.lease().turn();
    session.transaction(DOING, |s| {
        let connection = s.connection();
        match epoch_of(s, source)? {
            Some(stands) if stands > epoch => Err(fenced(source, epoch, Some(stands))),
            Some(stands) if stands == epoch => Ok(()),
            Some(_) => {
                let raise = "UPDATE _firn.tables SET epoch = ?, updated_at = current_timestamp WHERE source = ?";
                connection.execute(raise, params![epoch, source]).map(drop).map_err(error::other(DOING))
            }
            None => {
                let insert = "INSERT INTO _firn.tables (source, epoch) VALUES (?, ?)";
                connection.execute(insert, params![source, epoch]).map(drop).map_err(error::other(DOING))
            }
        }
    })
}

fn epoch_of(session: &Session, source: &str) -> Result<Option<i64>> {
    session
        .connection()
        .query_row("SELECT max(epoch) FROM _firn.tables WHERE source = ?", [source], |row| row.get(0))
        .map_err(|e| error::other("reading the fence")(e).on_table(source))
}

fn fenced(source: &str, epoch: i64, stands: Option<i64>) -> Error {
    let message = match stands {
        Some(stands) => format!("another runner has taken over: its epoch is {stands}, this one's is {epoch}"),
        None => format!("no fence stands for epoch {epoch}: the table's state was removed during the run"),
    };
    Error::new(Side::Target, ErrorKind::Fenced, message)
        .on_table(source)
        .with_hint("Nothing of this commit was kept; the other runner goes on.")
}

/// What a commit stores beside its rows.
pub(crate) struct StateChange<'a> {
    pub(crate) source: &'a str,
    pub(crate) target: &'a TableName,
    pub(crate) state: &'a TableState,
    pub(crate) seen: &'a SeenChange,
    pub(crate) epoch: i64,
}

/// Stores state and marks inside the open transaction, under the fence.
///
/// # Errors
/// [`ErrorKind::Fenced`] where a larger epoch stands there; the caller rolls back.
pub(crate) fn store(session: &Session, change: &StateChange<'_>) -> Result<()> {
    const DOING: &str = "storing the cursor";
    let text = serde_json::to_string(change.state)
        .map_err(|e| Error::new(Side::Engine, ErrorKind::Other, "the state cannot be written as JSON").caused_by(e))?;
    let watermark = change.state.cursor().map(|c| c.watermark.text());
    let checked = switches::on(Protection::Fence);
    let values = params![change.target.to_string(), text, watermark, change.source, change.epoch, checked];
    match session.connection().execute(COMMIT_STATE, values).map_err(error::other(DOING)) {
        Ok(0) => {
            session.rollback();
            Err(fenced(change.source, change.epoch, epoch_of(session, change.source)?))
        }
        Ok(_) => store_seen(session, change.source, change.seen),
        // The row has changed since this transaction began: DuckDB shows it as it was and refuses to write it.
        Err(error) if error::is_conflict(&error) => {
            session.rollback();
            let stands = epoch_of(session, change.source)?;
            let taken_over = stands.is_none_or(|stands| stands > change.epoch);
            Err(if taken_over { fenced(change.source, change.epoch, stands) } else { error.on_table(change.source) })
        }
        Err(error) => Err(error.on_table(change.source)),
    }
}

fn store_seen(session: &Session, source: &str, change: &SeenChange) -> Result<()> {
    let marks = match change {
        SeenChange::Keep => return Ok(()),
        SeenChange::Add(marks) => marks,
        SeenChange::Replace(marks) => {
            forget_seen(session, source)?;
            marks
        }
    };
    const DOING: &str = "storing the marks of rows above the horizon";
    if marks.is_empty() {
        return Ok(());
    }
    let catalog = session.lease().catalog();
    let mut appender =
        session.connection().appender_to_catalog_and_db("seen", catalog, "_firn").map_err(error::other(DOING))?;
    for part in marks.chunks(MARKS_AT_ONCE) {
        let columns: [(&str, ArrayRef); 2] = [
            ("source", Arc::new(StringArray::from(vec![source; part.len()]))),
            ("mark", Arc::new(BinaryArray::from_iter_values(part))),
        ];
        let batch = RecordBatch::try_from_iter(columns)
            .map_err(|e| Error::new(Side::Engine, ErrorKind::Other, DOING).caused_by(e))?;
        appender.append_record_batch(batch).map_err(error::other(DOING))?;
    }
    // Dropping the appender would swallow its errors.
    appender.flush().map_err(error::other(DOING))
}

fn forget_seen(session: &Session, source: &str) -> Result<()> {
    session
        .connection()
        .execute("DELETE FROM _firn.seen WHERE source = ?", [source])
        .map(drop)
        .map_err(error::other("forgetting the marks of rows above the horizon"))
}

/// Sets the stored state back and forgets the marks, under the fence.
pub(crate) fn reset(session: &Session, source: &str, state: Option<&TableState>, epoch: i64) -> Result<()> {
    const DOING: &str = "resetting the stored state";
    ensure(session)?;
    let text = state
        .map(serde_json::to_string)
        .transpose()
        .map_err(|e| Error::new(Side::Engine, ErrorKind::Other, "the state cannot be written as JSON").caused_by(e))?;
    let watermark = state.and_then(TableState::cursor).map(|c| c.watermark.text());
    let _turn = session.lease().turn();
    session.transaction(DOING, |s| {
        let update = "UPDATE _firn.tables SET state = ?, watermark = ?, updated_at = current_timestamp \
                      WHERE source = ? AND (epoch = ? OR NOT ?)";
        let checked = switches::on(Protection::Fence);
        let changed = s
            .connection()
            .execute(update, params![text, watermark, source, epoch, checked])
            .map_err(error::other(DOING))?;
        if changed == 0 {
            return Err(fenced(source, epoch, epoch_of(s, source)?));
        }
        forget_seen(s, source)
    })
}
