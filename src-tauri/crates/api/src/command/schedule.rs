//! The schedule of a workspace in the window's process, and the secrets of the service.

use crate::Firn;
use crate::folder::{resolve, utf8};
use crate::serve;
use crate::wire::{ErrorView, ScheduleView, ServeSecretSet, ServeSecretsView, WorkspaceRef};

/// Shows whether the schedule of a workspace runs in this process, and how its tables do.
///
/// # Errors
/// `configuration` for a folder that has no absolute path.
pub async fn schedule_show(firn: &Firn, request: WorkspaceRef) -> Result<ScheduleView, ErrorView> {
    Ok(firn.schedule(&utf8(&resolve(&request.folder)?)?))
}

/// Begins to run the tables of a workspace by their schedules, as `firn serve` does, until it is stopped or the process
/// ends. One that runs already goes on; a table that another process runs is left to it.
///
/// # Errors
/// `untrusted`, and `configuration` where the workspace has nothing to run or cannot be used.
pub async fn schedule_start(firn: &Firn, request: WorkspaceRef) -> Result<ScheduleView, ErrorView> {
    firn.start_schedule(&request.folder).await
}

/// Stops the schedule of a workspace: nothing more is started, what runs is cancelled and keeps what it has committed.
///
/// # Errors
/// `configuration` for a folder that has no absolute path.
pub async fn schedule_stop(firn: &Firn, request: WorkspaceRef) -> Result<ScheduleView, ErrorView> {
    let folder = utf8(&resolve(&request.folder)?)?;
    firn.stop_schedule(&folder);
    Ok(firn.schedule(&folder))
}

/// Keeps the listener's token or the webhook's address in the keyring; an empty one is forgotten.
///
/// # Errors
/// `configuration` for a token that is too short or an address that cannot be used; `keyring` with both ways out.
pub async fn serve_set_secret(firn: &Firn, request: ServeSecretSet) -> Result<ServeSecretsView, ErrorView> {
    serve::set_secret(firn, request).await
}
