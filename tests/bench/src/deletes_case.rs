//! What following deletes costs a run: the keys of the whole table are compared after its last pass.

use crate::cases::{READ_ROWS, RUNS, Server, line, sync_once, workspace};
use crate::measure::median;
use anyhow::Result;

/// Takes one row in a thousand out of the table, another one each time.
fn delete(round: usize) -> String {
    format!("DELETE FROM orders WHERE order_id % 1000 = {}; VACUUM orders;", 100 + round)
}

/// One row in twenty of a large table changed since, without looking for deleted rows and with `deletes: hard`, where one
/// row in a thousand has gone besides; and the comparison of the keys alone, where nothing has changed. Asked for are a
/// speed of more than a third of the run without, and less than 400 MiB.
pub(crate) fn deletes(server: &Server) -> Result<()> {
    const TOUCH: &str = concat!(include_str!("../sql/touch.sql"), "VACUUM orders;");
    server.fill(READ_ROWS)?;
    server.sql("DROP TABLE IF EXISTS sync_watermarks, sync_errors, sync_logs, sync_workspace")?;
    let folder = tempfile::tempdir()?;
    workspace(server, folder.path(), "")?;
    sync_once(folder.path())?;
    let (mut without, mut with, mut alone) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=RUNS {
        server.sql(TOUCH)?;
        workspace(server, folder.path(), "")?;
        let plain = sync_once(folder.path())?;
        server.sql(TOUCH)?;
        server.sql(&delete(round))?;
        workspace(server, folder.path(), ", deletes: hard")?;
        let followed = sync_once(folder.path())?;
        // The newest rows of the last pass are settled by the run that follows.
        sync_once(folder.path())?;
        let keys = sync_once(folder.path())?;
        if round > 0 {
            without.push(plain);
            with.push(followed);
            alone.push(keys);
        }
    }
    let (without, with) = (median(without), median(with));
    line("5 % of 5 M changed", "firn, deletes ignored", None, without, None);
    line("5 % of 5 M changed, 0.1 % deleted", "firn, deletes: hard", None, with, Some(("ignored", without)));
    line("keys of 5 M compared, nothing changed", "firn, deletes: hard", Some(READ_ROWS), median(alone), None);
    Ok(())
}
