//! Whose a state schema is: two workspaces on one source and one schema would move each other's reports and leases.

use super::{PostgresState, SIDE};
use crate::quote::Value;
use crate::session;
use firn_connector::switches::{Protection, on};
use firn_connector::{Error, ErrorKind, Result, Workspace, WorkspaceClaim};

/// Claims the schema for a workspace.
pub(super) async fn claim(state: &PostgresState, workspace: &Workspace) -> Result<WorkspaceClaim> {
    if !on(Protection::WorkspaceClaim) {
        return Ok(WorkspaceClaim::Ours);
    }
    let values = [
        ("target_id", Value::Text(&workspace.target_id)),
        ("target_location", Value::Text(&workspace.target_location)),
        ("folder", Value::Text(&workspace.folder)),
    ];
    let rows = state.run(include_str!("../../../../../sql/postgres/state/claim.sql"), &values).await?;
    let Some(row) = rows.first() else {
        return Err(Error::new(
            SIDE,
            ErrorKind::Transient,
            "the claim of the workspace was taken back while it was read",
        ));
    };
    let found = Workspace {
        target_id: session::column(row, "target_id", SIDE)?,
        target_location: session::column(row, "target_location", SIDE)?,
        folder: session::column(row, "folder", SIDE)?,
    };
    if found.target_id == workspace.target_id {
        return Ok(WorkspaceClaim::Ours);
    }
    if found.folder != workspace.folder {
        return Ok(WorkspaceClaim::Taken(found));
    }
    // The folder's target was replaced. The old claim is named, so that of two processes that see this one changes it
    // and the other changes nothing.
    let replaced = [&values[..], &[("old_id", Value::Text(&found.target_id))]].concat();
    let sql = "UPDATE :\"schema\".sync_workspace SET target_id = :'target_id', target_location = :'target_location', \
               claimed_at = now() WHERE target_id = :'old_id' AND folder = :'folder'";
    state.run(sql, &replaced).await?;
    Ok(WorkspaceClaim::TargetReplaced)
}
