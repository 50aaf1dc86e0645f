//! Around every request: its id, its log line, its count, and a net under panics.

use std::fmt::Write;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use afsa_accounts::Credential;
use afsa_model::AccountId;
use axum::extract::{Request, State};
use axum::http::header::{
    CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::FutureExt;

use crate::peer::peer;
use crate::problem::Problem;
use crate::server::Server;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What is known of a request once it is answered.
#[derive(Clone, Copy)]
pub(crate) struct Trace {
    pub operation: &'static str,
    pub account: Option<AccountId>,
    pub credential: Option<Credential>,
}

/// What a page is called in the log and among the metrics, as an extension of its answer.
#[derive(Clone, Copy, Debug)]
pub struct PageName(pub &'static str);

/// Logs neither addresses nor queries, which may hold keys; paths are logged by operation.
pub(crate) async fn observe(
    State(server): State<Arc<Server>>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = server.clock.elapsed();
    let id = request_id(&server, &request);
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let peer = peer(
        &*server.is_trusted_proxy,
        request.extensions(),
        request.headers(),
    );
    request.extensions_mut().insert(peer);
    let answered = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    let mut response =
        answered.unwrap_or_else(|_| Problem::internal("a handler panicked").into_response(&path));
    let trace = response.extensions_mut().remove::<Trace>();
    let operation = match (trace, response.extensions_mut().remove::<PageName>()) {
        (Some(trace), _) => trace.operation,
        (None, Some(PageName(name))) => name,
        (None, None) => "other",
    };
    let duration = server.clock.elapsed().saturating_sub(started);
    let credential = trace.and_then(|trace| trace.credential);
    let status = response.status().as_u16();
    server.metrics.note(operation, status, duration);
    tracing::info!(
        request_id = id.to_str().unwrap_or_default(),
        %method,
        operation,
        status,
        account = trace.and_then(|trace| trace.account).map(|account| account.0),
        credential = credential.map(tracing::field::display),
        microseconds = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX),
        "answered"
    );
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, id);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Pages with forms say otherwise: without a referrer browsers don't name their origin.
    headers
        .entry(REFERRER_POLICY)
        .or_insert(HeaderValue::from_static("no-referrer"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    // What is no page has nothing to load.
    headers
        .entry(CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(
            "default-src 'none'; frame-ancestors 'none'",
        ));
    response
}

/// The sender's own id if it is short and plain, else a fresh one.
fn request_id(server: &Server, request: &Request) -> HeaderValue {
    if let Some(id) = request.headers().get(REQUEST_ID) {
        let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte);
        if (1..=128).contains(&id.len()) && id.as_bytes().iter().all(is_plain) {
            return id.clone();
        }
    }
    let mut text = String::with_capacity(32);
    for byte in server.backends.random_bytes().iter().take(16) {
        let _ = write!(text, "{byte:02x}");
    }
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("none"))
}
