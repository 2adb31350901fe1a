//! `loopback-host --page FOLDER --configuration FILE --data FOLDER` answers the command list over HTTP on this machine, and
//! serves the window's page as it is shipped, under the policy it is shipped with: so that a browser can be the window.
//! For tests only; no program that is shipped listens for a page.
//!
//! Prints one JSON object on one line (`address`, `token`) and goes on until its standard input ends.
//! `GET /?token=…` is the page, `POST /call/NAME` one command, `GET /events` what the host sends, `POST /behave`
//! (`{"delay_ms", "holds"}`) makes it slow or silent.
#![expect(clippy::print_stdout, reason = "the output is what the tests read")]

use std::collections::HashMap;
use std::convert::Infallible;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use firn_api::wire::{AppEvent, ErrorView, RunEvent};
use firn_api::{Firn, FirnOptions, Host};
use futures::StreamExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::{broadcast, watch};

/// What the page's scripts find in the place of Tauri.
const BRIDGE: &str = include_str!("../../browser/bridge.js");

fn main() -> Result<()> {
    let options = Options::read(std::env::args().skip(1))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(serve(options))
}

struct Options {
    page: PathBuf,
    configuration: PathBuf,
    data: PathBuf,
}

impl Options {
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut named = HashMap::new();
        while let Some(name) = arguments.next() {
            let value = arguments.next().with_context(|| format!("{name} needs a value"))?;
            named.insert(name, PathBuf::from(value));
        }
        let mut take = |name: &str| named.remove(name).with_context(|| format!("{name} is missing"));
        let options = Self { page: take("--page")?, configuration: take("--configuration")?, data: take("--data")? };
        if let Some(unknown) = named.keys().next() {
            bail!("unknown argument {unknown}");
        }
        Ok(options)
    }
}

/// How the host behaves towards the page.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Behaviour {
    /// How long every answer takes at least.
    delay_ms: u64,
    /// Whether answers are kept back until this ends.
    holds: bool,
}

struct Page {
    firn: Firn,
    token: String,
    policy: String,
    folder: PathBuf,
    events: broadcast::Sender<String>,
    behaviour: watch::Sender<Behaviour>,
}

/// Hands what the command layer sends to every page that listens.
struct Events(broadcast::Sender<String>);

impl Host for Events {
    fn emit(&self, event: RunEvent) {
        self.send("run-event", serde_json::to_value(event));
    }

    fn app(&self, event: AppEvent) {
        self.send("app-event", serde_json::to_value(event));
    }
}

impl Events {
    fn send(&self, name: &str, payload: serde_json::Result<serde_json::Value>) {
        // Without a page nobody hears it, and an event is always writable as JSON.
        if let Ok(payload) = payload {
            let _nobody = self.0.send(serde_json::json!({ "event": name, "payload": payload }).to_string());
        }
    }
}

type Body = UnsyncBoxBody<Bytes, Infallible>;

async fn serve(options: Options) -> Result<()> {
    let (events, _) = broadcast::channel(4096);
    let variables: HashMap<String, String> = std::env::vars().collect();
    let host = Arc::new(Events(events.clone()));
    let firn = Firn::open(FirnOptions {
        secrets: Arc::new(firn_secret::Memory::default()),
        settings_dir: options.data.join("settings"),
        ..FirnOptions::new(options.data.clone(), variables, host)
    })
    .map_err(|error: ErrorView| anyhow::anyhow!(error.message))?;
    let token: String = (0..4).map(|_| format!("{:016x}", rand::random::<u64>())).collect();
    let page = Arc::new(Page {
        firn: firn.clone(),
        token,
        policy: policy(&options.configuration)?,
        folder: options.page.canonicalize().context("the page is not built: npm --prefix ui run build")?,
        events,
        behaviour: watch::Sender::new(Behaviour::default()),
    });
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", serde_json::json!({ "address": listener.local_addr()?.to_string(), "token": page.token }));
    std::io::stdout().flush()?;
    let mut end = tokio::task::spawn_blocking(|| std::io::stdin().lock().read_to_end(&mut Vec::new()));
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => accepted?.0,
            _ = &mut end => break,
        };
        let page = Arc::clone(&page);
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let page = Arc::clone(&page);
                async move { Ok::<_, Infallible>(answer(&page, request).await) }
            });
            // A page that goes away in the middle of an answer is nobody's fault.
            let _gone =
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
    firn.close().await;
    Ok(())
}

/// The policy of the shipped window, with the one difference that the page asks this address and not Tauri's.
fn policy(configuration: &Path) -> Result<String> {
    let text = std::fs::read_to_string(configuration)?;
    let document: serde_json::Value = serde_json::from_str(&text)?;
    let rules = document["app"]["security"]["csp"].as_object().context("tauri.conf.json has no csp")?;
    let rules = rules.iter().map(|(name, value)| match name.as_str() {
        "connect-src" => Ok("connect-src 'self'".to_owned()),
        _ => Ok(format!("{name} {}", value.as_str().context("a rule of the csp is no text")?)),
    });
    Ok(rules.collect::<Result<Vec<_>>>()?.join("; "))
}

async fn answer(page: &Page, request: Request<Incoming>) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let bearer = format!("Bearer {}", page.token);
    let signed = request.headers().get(AUTHORIZATION).is_some_and(|given| given.as_bytes() == bearer.as_bytes());
    match (request.method(), path.as_str()) {
        (&Method::GET, "/") => {
            let wanted = format!("token={}", page.token);
            if !request.uri().query().unwrap_or_default().split('&').any(|part| part == wanted) {
                return text(StatusCode::UNAUTHORIZED, "text/plain", "the token is missing or another one");
            }
            document(page)
        }
        // Browsers ask for it by themselves.
        (&Method::GET, "/favicon.ico") => text(StatusCode::NO_CONTENT, "image/x-icon", ""),
        (&Method::GET, "/bridge.js") => text(StatusCode::OK, "text/javascript", BRIDGE),
        (&Method::GET, "/events") if signed => events(page),
        (&Method::POST, "/behave") if signed => match read::<Behaviour>(request).await {
            Ok(behaviour) => {
                page.behaviour.send_replace(behaviour);
                text(StatusCode::OK, "application/json", "null")
            }
            Err(error) => text(StatusCode::BAD_REQUEST, "text/plain", error.to_string()),
        },
        (&Method::POST, path) if signed && path.starts_with("/call/") => {
            let name = path.trim_start_matches("/call/").to_owned();
            call(page, &name, request).await
        }
        (&Method::GET, path) if path.starts_with("/assets/") => asset(page, path),
        _ => text(StatusCode::NOT_FOUND, "text/plain", "nothing is here, or the token is missing"),
    }
}

/// The page as it is shipped, with a script before its own.
fn document(page: &Page) -> Response<Body> {
    match std::fs::read_to_string(page.folder.join("index.html")) {
        Ok(html) => {
            let html = html.replacen("<script", "<script src=\"/bridge.js\"></script><script", 1);
            let mut response = text(StatusCode::OK, "text/html; charset=utf-8", html);
            if let Ok(policy) = page.policy.parse() {
                response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
            }
            response
        }
        Err(error) => text(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", error.to_string()),
    }
}

fn asset(page: &Page, path: &str) -> Response<Body> {
    let file = page.folder.join(path.trim_start_matches('/'));
    let inside = file.canonicalize().is_ok_and(|file| file.starts_with(&page.folder));
    let kind = match file.extension().and_then(|extension| extension.to_str()) {
        Some("js") => "text/javascript",
        Some("css") => "text/css",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    };
    match if inside { std::fs::read(&file) } else { Err(std::io::ErrorKind::NotFound.into()) } {
        Ok(bytes) => respond(StatusCode::OK, kind, Full::new(Bytes::from(bytes)).boxed_unsync()),
        Err(error) => text(StatusCode::NOT_FOUND, "text/plain", error.to_string()),
    }
}

async fn call(page: &Page, name: &str, request: Request<Incoming>) -> Response<Body> {
    let request: serde_json::Value = match read(request).await {
        Ok(request) => request,
        Err(error) => return text(StatusCode::BAD_REQUEST, "text/plain", error.to_string()),
    };
    let answered = firn_api::dispatch(&page.firn, name, request).await;
    let mut behaviour = page.behaviour.subscribe();
    let delay = behaviour.borrow().delay_ms;
    tokio::time::sleep(Duration::from_millis(delay)).await;
    let _ended = behaviour.wait_for(|behaviour| !behaviour.holds).await;
    match answered {
        // Answers are objects, but for pages of rows: bytes, as they are to the window.
        Ok(bytes @ serde_json::Value::Array(_)) => match serde_json::from_value::<Vec<u8>>(bytes) {
            Ok(bytes) => {
                respond(StatusCode::OK, "application/octet-stream", Full::new(Bytes::from(bytes)).boxed_unsync())
            }
            Err(error) => text(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", error.to_string()),
        },
        Ok(value) => text(StatusCode::OK, "application/json", value.to_string()),
        Err(error) => match serde_json::to_string(&error) {
            Ok(error) => text(StatusCode::UNPROCESSABLE_ENTITY, "application/json", error),
            Err(error) => text(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", error.to_string()),
        },
    }
}

/// One JSON object a line, for as long as the page listens.
fn events(page: &Page) -> Response<Body> {
    let receiver = page.events.subscribe();
    let lines = futures::stream::unfold(receiver, |mut receiver| async {
        loop {
            match receiver.recv().await {
                Ok(event) => return Some((Ok(Frame::data(Bytes::from(event + "\n"))), receiver)),
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    });
    respond(StatusCode::OK, "application/x-ndjson", StreamBody::new(lines.boxed()).boxed_unsync())
}

async fn read<T: serde::de::DeserializeOwned>(request: Request<Incoming>) -> Result<T> {
    let bytes = request.into_body().collect().await?.to_bytes();
    Ok(serde_json::from_slice(&bytes)?)
}

fn text(status: StatusCode, kind: &'static str, text: impl Into<String>) -> Response<Body> {
    respond(status, kind, Full::new(Bytes::from(text.into())).boxed_unsync())
}

fn respond(status: StatusCode, kind: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(kind));
    response
}
