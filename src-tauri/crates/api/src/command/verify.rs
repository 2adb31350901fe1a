//! Comparing tables with their sources.

use crate::Firn;
use crate::wire::{ErrorView, VerifyRequest, VerifyView};
use tokio_util::sync::CancellationToken;

/// Compares tables with their sources by count and content, names what differs, and makes it equal where that is asked
/// for. Its events are those of a run, and `sync_cancel` stops it.
///
/// # Errors
/// As [`Firn::verify_to_end`].
pub async fn sync_verify(firn: &Firn, request: VerifyRequest) -> Result<VerifyView, ErrorView> {
    firn.verify_to_end(request, CancellationToken::new()).await
}
