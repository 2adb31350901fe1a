//! `firn serve`, and `firn sync run --watch` on the same service.

use super::Session;
use super::sync::show;
use crate::args::Serve;
use crate::log;
use crate::output::Output;
use crate::stop::Stop;
use crate::{prompt, report};
use firn_api::wire::{
    ErrorView, RunFinished, ServeEvent, ServeRequest, ServeSecretKind, ServeSecretSet, TablesRequest,
};
use firn_api::{Firn, ServeHost, Trigger, command, exit};
use std::sync::Arc;

/// Says that nothing is listened on.
const NOWHERE: &str = "none";

pub(super) async fn run(session: &Session, serve: Serve) -> Result<u8, ErrorView> {
    let kind = match (serve.set_token, serve.set_webhook) {
        (true, _) => Some(ServeSecretKind::Token),
        (_, true) => Some(ServeSecretKind::Webhook),
        _ => None,
    };
    if let Some(kind) = kind {
        return set_secret(session, kind).await;
    }
    let stop = Stop::listen().map_err(|error| ErrorView::file("cannot listen for Ctrl-C", &error))?;
    let output = session.output;
    let firn = session.open_quietly(Trigger::Watch, Some(serve.document))?;
    let listen = (serve.listen != NOWHERE).then_some(serve.listen);
    let request = ServeRequest { folder: session.folder_text()?, tables: Vec::new(), listen, webhook: true };
    let served = firn.serve(request, Arc::new(Log { output }), stop.token()).await;
    firn.close().await;
    served?;
    let code = stop.code().unwrap_or(exit::CANCELLED);
    if output.is_json() {
        let status = if code == exit::TERMINATED { "terminated" } else { "cancelled" }.to_owned();
        output.json_line(&ServeEvent::Finished { at: firn_api::now(), status });
    }
    Ok(code)
}

/// Keeps a secret of the service in the keyring.
async fn set_secret(session: &Session, kind: ServeSecretKind) -> Result<u8, ErrorView> {
    let question = match kind {
        ServeSecretKind::Token => "token of the listener",
        ServeSecretKind::Webhook => "address of the webhook",
    };
    let secret = prompt::secret(question)?;
    let firn = session.open_quietly(Trigger::Cli, None)?;
    let kept = command::serve_set_secret(&firn, ServeSecretSet { kind, secret }).await;
    firn.close().await;
    session.output.document(&kept?, report::serve_secrets);
    Ok(exit::DONE)
}

/// Runs tables by their schedules until a signal comes. What fails is told and tried again: the document may be mended,
/// a server may come back.
pub(super) async fn watch(
    session: &Session,
    firn: &Firn,
    request: TablesRequest,
    stop: &Stop,
) -> Result<u8, ErrorView> {
    let request = ServeRequest { folder: request.folder, tables: request.tables, listen: None, webhook: false };
    firn.serve(request, Arc::new(Rounds { output: session.output }), stop.token()).await?;
    Ok(stop.code().unwrap_or(exit::CANCELLED))
}

/// The log of `serve`: a line for whatever happened, nothing for a poll that found nothing.
struct Log {
    output: Output,
}

impl ServeHost for Log {
    fn event(&self, event: ServeEvent) {
        if self.output.is_json() {
            self.output.json_line(&event);
        } else {
            self.output.data(&log::line(&event));
        }
    }
}

/// The results of `--watch`: those of each round that found something to do.
struct Rounds {
    output: Output,
}

impl ServeHost for Rounds {
    fn event(&self, event: ServeEvent) {
        if let ServeEvent::Refused { error, .. } | ServeEvent::Warning { error, .. } = event {
            self.output.error(&error);
        }
    }

    fn round(&self, result: RunFinished) {
        if self.output.is_json() || !is_idle(&result) {
            show(self.output, &result);
        }
    }
}

fn is_idle(result: &RunFinished) -> bool {
    result.error.is_none() && result.tables.iter().all(|table| table.status == "idle" && table.error.is_none())
}
