//! A clock that was set back: told before anything is read past what it may have hidden.
//!
//! The cursor never passes the horizon, and the horizon is never later than the clock shows. So a cursor that lies ahead
//! of the clock says that the clock has been set back since. What was written meanwhile has watermarks below the
//! cursor, how far below nobody knows, and from the moment the clock has caught up nothing would tell any more. So the
//! table is marked, and stands still until a reset says from where to read again.

use crate::group::Group;
use crate::planning::Prepared;
use crate::table::TableRun;
use firn_catalog::Watermark;
use firn_connector::switches::{Protection, on};
use firn_connector::{Error, ErrorKind, Result, SeenChange, Side, TableState, WriteMode, Writer};

/// Stops the table where the source's clock is, or was once found, behind the cursor.
pub(crate) async fn check(
    run: &mut TableRun<'_>,
    prepared: &Prepared,
    writer: &mut dyn Writer,
    clock: Option<Watermark>,
) -> Result<()> {
    if !on(Protection::ClockSetBack) {
        return Ok(());
    }
    if let Some(found) = run.state.set_back {
        return Err(set_back(found));
    }
    match (run.state.cursor(), clock) {
        (Some(cursor), Some(clock)) if clock < cursor.watermark && !cursor.watermark.is_infinite() => {
            let state = TableState { set_back: Some(clock), ..run.state.clone() };
            run.commit(prepared, writer, Group::default(), WriteMode::Upsert, state, SeenChange::Keep).await?;
            Err(set_back(clock))
        }
        _ => Ok(()),
    }
}

fn set_back(found: Watermark) -> Error {
    let message = format!(
        "the server's clock was set back: it showed {} when the table had been read beyond that already, and rows written \
         since may lie below what was read",
        found.text()
    );
    let hint = "Set the clock right, then `firn sync reset TABLE --to TIME` with a time before the first row that was \
                written by the wrong clock; without --to the table is loaded again.";
    Error::new(Side::Source, ErrorKind::Other, message).with_hint(hint)
}
