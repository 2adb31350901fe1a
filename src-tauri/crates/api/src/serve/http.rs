//! The listener: `/health` and `/metrics`, and nothing that changes anything.

use super::access::Access;
use super::standing::Standing;
use crate::wire::ErrorView;
use chrono::Utc;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// How long a client may take to send its request.
const PATIENCE: Duration = Duration::from_secs(10);
/// Most connections at once; one more waits.
const CONNECTIONS: usize = 64;

/// A listener that is bound and does not answer yet.
pub(super) struct Listener {
    listener: TcpListener,
    access: Access,
    /// The address with the port that the system chose, where it was to choose one.
    pub(super) address: SocketAddr,
}

impl Listener {
    /// Binds an address such as `127.0.0.1:7431`, `[::1]:0` or `localhost:7431`.
    ///
    /// # Errors
    /// `configuration` where it is no address, is taken, or is reached by others without a token.
    pub(super) async fn bind(firn: &crate::Firn, listen: &str) -> Result<Self, ErrorView> {
        let refused = |error: &dyn std::fmt::Display| {
            ErrorView::configuration(format!("cannot listen on {listen}: {error}"))
                .with_hint("name a free address with --listen, such as 127.0.0.1:0 for any port")
        };
        let mut found = tokio::net::lookup_host(listen).await.map_err(|error| refused(&error))?;
        let wanted = found.next().ok_or_else(|| refused(&"there is no such host"))?;
        let access = Access::of(firn, wanted).await?;
        let listener = TcpListener::bind(wanted).await.map_err(|error| refused(&error))?;
        let address = listener.local_addr().map_err(|error| refused(&error))?;
        Ok(Self { listener, access, address })
    }

    /// Answers until `stop` is cancelled.
    pub(super) async fn answer(self, standing: Arc<Standing>, stop: CancellationToken) {
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        let access = Arc::new(self.access);
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = stop.cancelled() => return,
            };
            match accepted {
                Ok((stream, _)) => {
                    let (standing, access, stop) = (Arc::clone(&standing), Arc::clone(&access), stop.clone());
                    tokio::spawn(async move {
                        tokio::select! {
                            () = converse(stream, standing, access) => {}
                            () = stop.cancelled() => {}
                        }
                        drop(place);
                    });
                }
                Err(error) => {
                    // Out of file handles, most likely: others give theirs back.
                    tracing::warn!(%error, "a connection to the listener was not accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }
}

async fn converse(stream: TcpStream, standing: Arc<Standing>, access: Arc<Access>) {
    let service = service_fn(move |request: Request<Incoming>| {
        let answer = answer(&request, &standing, &access);
        async move { Ok::<_, Infallible>(answer) }
    });
    let mut server = hyper::server::conn::http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(PATIENCE).max_buf_size(16 * 1024);
    if let Err(error) = server.serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%error, "a client of the listener went away");
    }
}

fn answer(request: &Request<Incoming>, standing: &Standing, access: &Access) -> Response<Full<Bytes>> {
    let path = request.uri().path();
    if !matches!(path, "/health" | "/metrics") {
        return plain(StatusCode::NOT_FOUND, "the listener answers /health and /metrics\n");
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut refused = plain(StatusCode::METHOD_NOT_ALLOWED, "the listener is only read\n");
        refused.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return refused;
    }
    if !access.allows(request.headers().get(AUTHORIZATION).map(HeaderValue::as_bytes)) {
        let mut refused = plain(StatusCode::UNAUTHORIZED, "the token is missing or another one\n");
        refused.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        return refused;
    }
    if path == "/metrics" {
        return match standing.metrics(Utc::now()) {
            Ok(text) => reply(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", text),
            Err(error) => plain(StatusCode::INTERNAL_SERVER_ERROR, &format!("{error}\n")),
        };
    }
    let (view, well) = standing.health(Utc::now());
    let status = if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    match serde_json::to_string(&view) {
        Ok(json) => reply(status, "application/json", format!("{json}\n")),
        Err(error) => plain(StatusCode::INTERNAL_SERVER_ERROR, &format!("{error}\n")),
    }
}

fn plain(status: StatusCode, text: &str) -> Response<Full<Bytes>> {
    reply(status, "text/plain; charset=utf-8", text.to_owned())
}

fn reply(status: StatusCode, kind: &'static str, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
