//! The service: every schedule of a workspace, headless, with `/health` and `/metrics`.
//!
//! One task keeps the timetable. What is due together runs together, as a run of its own beside those that still go on;
//! a table never runs beside itself. The drivers stay open between runs, the warehouse's file does not.

mod access;
mod alert;
mod document;
mod hosted;
mod http;
mod metrics;
mod secret;
mod service;
mod standing;
mod webhook;

pub(crate) use hosted::Schedules;
pub(crate) use secret::set as set_secret;

use crate::Firn;
use crate::wire::{ErrorView, RunFinished, ServeEvent, ServeRequest};
use tokio_util::sync::CancellationToken;

/// What a shell does for the service.
pub trait ServeHost: Send + Sync {
    /// Takes a line of the log. Called from background tasks; must not block.
    fn event(&self, event: ServeEvent);

    /// Takes the result of tables that were due together, once all of them have ended.
    fn round(&self, result: RunFinished) {
        let _not_wanted = result;
    }
}

impl Firn {
    /// Runs every schedule of a workspace until `cancel` is, and everything that ran then has ended.
    ///
    /// The document is read again whenever it changes; one that cannot be used is told, and the one before stays.
    ///
    /// # Errors
    /// Where the service cannot begin: `untrusted`, `configuration`, an address that cannot be listened on, or one
    /// that others reach without a token being set.
    pub async fn serve(
        &self,
        request: ServeRequest,
        host: std::sync::Arc<dyn ServeHost>,
        cancel: CancellationToken,
    ) -> Result<(), ErrorView> {
        service::serve(self, request, host, cancel).await
    }
}
