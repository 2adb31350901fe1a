//! The webhook: a POST for tables that begin to fail, reject rows, or are well again.
//!
//! Its address is a secret: whoever has it can write to where it leads. It stands in no log and no message.

use super::ServeHost;
use super::alert::{Alert, Change, Messenger};
use super::secret;
use crate::Firn;
use crate::run::iso;
use crate::window::name_of;
use crate::wire::{ErrorView, ServeEvent, ServeSecretKind};
use chrono::Utc;
use firn_secret::Secret;
use futures::future::BoxFuture;
use reqwest::{Client, StatusCode, Url, redirect};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use serde::Serialize;
use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// How long one attempt may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// What is waited between attempts; after the last of them nothing more is tried.
const WAITS: [Duration; 5] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(15),
    Duration::from_secs(60),
];

/// Where changes are posted.
pub(super) struct Webhook {
    client: Client,
    url: Url,
    workspace: String,
    process: String,
    host: Arc<dyn ServeHost>,
}

/// What is posted. It holds no value of any row, nor a server's own words, which may quote one.
#[derive(Debug, Serialize)]
struct Payload<'a> {
    /// All of it in words; the field that chat programs show.
    text: String,
    /// The workspace's name.
    workspace: &'a str,
    /// The machine that serves it.
    host: &'a str,
    /// ISO 8601, UTC.
    sent_at: String,
    changes: Vec<Line<'a>>,
}

#[derive(Debug, Serialize)]
struct Line<'a> {
    at: &'a str,
    change: &'static str,
    source: &'a str,
    target: &'a str,
    run_id: &'a str,
    code: Option<&'a str>,
    side: Option<&'a str>,
    rows_rejected: u64,
}

impl Webhook {
    /// Looks for the address; `None` where none is set.
    ///
    /// A keyring that does not answer is told as a warning: it may hold none, and the tables are worth more.
    ///
    /// # Errors
    /// `configuration` where the address cannot be used.
    pub(super) async fn of(firn: &Firn, folder: &str, host: Arc<dyn ServeHost>) -> Result<Option<Self>, ErrorView> {
        let asked = tokio::time::timeout(PATIENCE, secret::find(firn, ServeSecretKind::Webhook)).await;
        let address = asked.unwrap_or_else(|_| Err(ErrorView::other("the keyring does not answer")));
        let address = match address {
            Ok(Some(address)) => address,
            Ok(None) => return Ok(None),
            Err(error) => {
                let message = format!("whether there is a webhook is not known: {}", error.message);
                host.event(ServeEvent::Warning { at: iso(Utc::now()), error: ErrorView { message, ..error } });
                return Ok(None);
            }
        };
        let url = check(&address)?;
        let refused = |error: &dyn std::fmt::Display| {
            ErrorView::other(format!("the webhook cannot be called from here: {error}"))
                .with_hint("install the system's certificate authorities (ca-certificates)")
        };
        let mut roots = RootCertStore::empty();
        let found = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() && url.scheme() == "https" {
            return Err(refused(&"this system has no certificate authorities"));
        }
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| refused(&error))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .user_agent(concat!("firn/", env!("CARGO_PKG_VERSION")))
            .timeout(PATIENCE)
            // A redirect would take what was meant for one place to another.
            .redirect(redirect::Policy::none())
            .build()
            .map_err(|error| refused(&error.without_url()))?;
        let process = firn.inner.holder.host.clone();
        Ok(Some(Self { client, url, workspace: name_of(folder), process, host }))
    }

    async fn post(&self, payload: &Payload<'_>) -> Result<(), Refusal> {
        let answer = self.client.post(self.url.clone()).json(payload).send().await.map_err(Refusal::of)?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let passing =
            status.is_server_error() || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS);
        Err(Refusal { why: format!("it answers {status}"), passing })
    }

    async fn tell_of(&self, alerts: &[Alert]) {
        let payload = self.payload(alerts);
        let mut waits = WAITS.iter();
        let refusal = loop {
            let refusal = match self.post(&payload).await {
                Ok(()) => return,
                Err(refusal) => refusal,
            };
            match waits.next().filter(|_| refusal.passing) {
                Some(wait) => tokio::time::sleep(*wait).await,
                None => break refusal,
            }
        };
        let message = format!("the webhook did not take {} changes: {}", alerts.len(), refusal.why);
        let error = ErrorView::other(message).with_hint("check its address: firn serve --set-webhook");
        self.host.event(ServeEvent::Warning { at: iso(Utc::now()), error });
    }

    fn payload<'a>(&'a self, alerts: &'a [Alert]) -> Payload<'a> {
        let line = |alert: &'a Alert| Line {
            at: &alert.at,
            change: match alert.change {
                Change::Failed => "failed",
                Change::Rejected => "rejected",
                Change::Recovered => "recovered",
            },
            source: &alert.source,
            target: &alert.target,
            run_id: &alert.run_id,
            code: alert.code.as_deref(),
            side: alert.side.as_deref(),
            rows_rejected: alert.rows_rejected,
        };
        let sentences: Vec<String> = alerts.iter().map(Alert::sentence).collect();
        Payload {
            text: format!("{}: {}", self.workspace, sentences.join("; ")),
            workspace: &self.workspace,
            host: &self.process,
            sent_at: iso(Utc::now()),
            changes: alerts.iter().map(line).collect(),
        }
    }
}

impl Messenger for Webhook {
    fn tell<'a>(&'a self, alerts: &'a [Alert]) -> BoxFuture<'a, ()> {
        Box::pin(self.tell_of(alerts))
    }
}

/// Why a POST was not taken.
struct Refusal {
    why: String,
    /// Whether it may be taken later.
    passing: bool,
}

impl Refusal {
    /// Reads a failure. Without the address: it is the secret.
    fn of(error: reqwest::Error) -> Self {
        let error = error.without_url();
        let mut last: &(dyn Error + 'static) = &error;
        let mut passing = true;
        loop {
            // A certificate that is wrong now is wrong in a minute.
            passing &= !matches!(of_tls(last), Some(rustls::Error::InvalidCertificate(_)));
            // The last cause says what happened; those before it only that something did.
            match last.source() {
                Some(cause) => last = cause,
                None => return Self { why: last.to_string(), passing },
            }
        }
    }
}

/// Returns the failure of the encryption in an error, which errors of input and output may be wrapped around.
fn of_tls<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e rustls::Error> {
    error.downcast_ref().or_else(|| of_tls(error.downcast_ref::<io::Error>()?.get_ref()?))
}

/// Reads an address; in the clear it may lead to this machine alone.
///
/// # Errors
/// `configuration`, without the address.
pub(super) fn check(address: &Secret) -> Result<Url, ErrorView> {
    let refused = |why: &str| {
        ErrorView::configuration(format!("the webhook's address {why}"))
            .with_hint("keep another with `firn serve --set-webhook`, such as https://HOST/PATH")
    };
    let url = Url::parse(address.expose().trim()).map_err(|_| refused("is no URL"))?;
    let here = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => return Err(refused("names no host")),
    };
    match url.scheme() {
        "https" => Ok(url),
        "http" if here => Ok(url),
        _ => Err(refused("has to begin with https://")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_encrypted_or_of_this_machine_and_never_repeated() {
        for good in ["https://hooks.example.org/T0/x", "http://127.0.0.1:8080/x", "http://[::1]/", "http://localhost/"]
        {
            assert!(check(&Secret::new(good)).is_ok(), "{good}");
        }
        for bad in ["http://hooks.example.org/hunter2", "ftp://127.0.0.1/hunter2", "hunter2", "", "file:///hunter2"] {
            let error = check(&Secret::new(bad)).unwrap_err();
            assert_eq!(error.code, "configuration");
            assert!(!error.message.contains("hunter2"), "{}", error.message);
        }
    }
}
