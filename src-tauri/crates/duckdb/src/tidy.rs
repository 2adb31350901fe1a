//! Giving back the space of deleted rows.
//!
//! An upsert deletes the rows it replaces. DuckDB would compact every row group with a few deleted rows at the next
//! checkpoint, and 5 % of changes spread over a table touch all of them: the whole table would be written again for
//! each run. So compaction is off, and is done here only where a good part of a table is deleted rows: then what is
//! rewritten stands in proportion to what has changed since the last time.

use crate::connect::Lease;
use crate::introspect;
use crate::session::Session;
use firn_catalog::TableName;
use firn_connector::Result;

/// Least part of a table's stored rows, one in so many, that must be deleted ones.
const WORTHWHILE_PART: u64 = 4;

/// Least number of deleted rows: one of DuckDB's row groups.
const WORTHWHILE_ROWS: u64 = 122_880;

/// Compacts the file where one of the tables written since the last time has many deleted rows.
pub(crate) fn compact(lease: &Lease) -> Result<()> {
    const DOING: &str = "compacting the file";
    let thinned = lease.take_thinned();
    if thinned.is_empty() || lease.is_broken() {
        return Ok(());
    }
    let session = lease.session()?;
    for table in &thinned {
        if is_worthwhile(&session, table)? {
            session.execute(DOING, "SET GLOBAL max_vacuum_tasks = 100")?;
            let done = session.execute(DOING, "CHECKPOINT");
            session.execute(DOING, "SET GLOBAL max_vacuum_tasks = 0")?;
            return done;
        }
    }
    Ok(())
}

fn is_worthwhile(session: &Session, table: &TableName) -> Result<bool> {
    let stored = introspect::stored_rows(session, table)?;
    if stored == 0 {
        // It has been dropped since, or there is nothing to give back.
        return Ok(false);
    }
    let deleted = stored.saturating_sub(introspect::count(session, table)?);
    Ok(deleted >= WORTHWHILE_ROWS && deleted >= stored / WORTHWHILE_PART)
}
