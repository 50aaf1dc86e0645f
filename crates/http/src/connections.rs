//! Connections: so many at a time, none silent for long, each ended so that its last answer arrives.

mod exchange;
mod stream;

use std::convert::Infallible;
use std::io::{Error, ErrorKind};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::header::{CONNECTION, HOST};
use axum::http::uri::Authority;
use axum::http::{HeaderValue, Request, Response, Version};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::problem::{Problem, Word};
use exchange::Exchange;
use stream::PatientStream;

/// Bytes of a request's line and headers, and of what is read and written at a time.
const BUFFER: usize = 64 << 10;
/// Connections beyond the bound that are told so at a time; further ones are closed at once.
const TURNED_AWAY: usize = 64;
/// How long whoever is turned away may take to send his request.
const TURNING_AWAY: Duration = Duration::from_secs(2);
/// How long to wait before connections are accepted again where the system has no room for more.
const BREATH: Duration = Duration::from_millis(100);

/// Bounds on connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Connections at a time.
    pub most: usize,
    /// How long a client may take for the head of a request, its first byte included, and how long
    /// it may take nothing of an answer.
    pub patience: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> ConnectionLimits {
        ConnectionLimits {
            most: 4_096,
            patience: Duration::from_secs(30),
        }
    }
}

/// Serves HTTP/1 until `stop` resolves, then accepts no more and returns when every request under
/// way is answered and every connection closed.
///
/// A connection that is silent for too long, before a request or within its head, is closed. One
/// beyond the bound is answered 503 and closed. After an answer to a request that wasn't read to
/// its end, what still comes is thrown away for a moment: closing at once would reset the
/// connection, and the answer could be lost on the way.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: ConnectionLimits,
    stop: impl Future<Output = ()>,
) {
    let router = TowerToHyperService::new(router.with_state(()));
    let places = Arc::new(Semaphore::new(limits.most.min(Semaphore::MAX_PERMITS)));
    let turned_away = Arc::new(Semaphore::new(TURNED_AWAY));
    let (stopping, is_stopping) = watch::channel(());
    let mut stop = pin!(stop);
    loop {
        let (stream, address) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    wait_for_room(&error).await;
                    continue;
                }
            },
            () = &mut stop => break,
        };
        // An answer is written whole: waiting to send more with it would only delay it.
        let _ = stream.set_nodelay(true);
        let is_stopping = is_stopping.clone();
        if let Ok(place) = places.clone().try_acquire_owned() {
            let router = router.clone();
            let answer = move |mut request: Request<Body>| {
                let router = router.clone();
                async move {
                    if !names_one_host(&request) {
                        return Ok(without_host(&request));
                    }
                    request.extensions_mut().insert(ConnectInfo(address));
                    router.call(request).await
                }
            };
            tokio::spawn(converse(
                stream,
                limits.patience,
                place,
                is_stopping,
                answer,
            ));
        } else if let Ok(place) = turned_away.clone().try_acquire_owned() {
            let answer = |request: Request<Body>| async move { Ok(too_many(&request)) };
            tokio::spawn(converse(stream, TURNING_AWAY, place, is_stopping, answer));
        }
    }
    drop(listener);
    drop(is_stopping);
    let _ = stopping.send(());
    stopping.closed().await;
}

/// Requests of one connection, one after the other.
async fn converse<Answering>(
    stream: TcpStream,
    patience: Duration,
    _place: OwnedSemaphorePermit,
    mut stop: watch::Receiver<()>,
    answer: impl Fn(Request<Body>) -> Answering,
) where
    Answering: Future<Output = Result<Response<Body>, Infallible>>,
{
    let exchange = Arc::new(Exchange::default());
    let stream = PatientStream::new(stream, patience, exchange.clone());
    let service = service_fn(|request: Request<Incoming>| answer(exchange.follow(request)));
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(patience)
        .max_buf_size(BUFFER);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    // What ends a connection early is the client's doing and concerns nobody else.
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stop.changed() => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

/// What RFC 9112 (3.2) asks of a request, so that no two programs on its way take it to be for
/// different hosts.
fn names_one_host(request: &Request<Body>) -> bool {
    let mut hosts = request.headers().get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.is_empty() || Authority::try_from(host.as_bytes()).is_ok(),
        (None, _) => request.version() < Version::HTTP_11,
        (Some(_), Some(_)) => false,
    }
}

fn without_host(request: &Request<Body>) -> Response<Body> {
    let detail =
        "The request must have one header Host, with a name or an address and a port if any.";
    Problem::new(Word::InvalidRequest, detail)
        .with_header(CONNECTION, HeaderValue::from_static("close"))
        .into_response(request.uri().path())
}

fn too_many(request: &Request<Body>) -> Response<Body> {
    let detail = "Too many connections at once; try again in a moment.";
    Problem::overloaded(detail)
        .with_header(CONNECTION, HeaderValue::from_static("close"))
        .into_response(request.uri().path())
}

/// A client that has gone again costs nothing; a system without room for more needs a moment.
async fn wait_for_room(error: &Error) {
    let is_of_client = matches!(
        error.kind(),
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::ConnectionRefused
    );
    if !is_of_client {
        tracing::error!(%error, "no connection can be accepted");
        tokio::time::sleep(BREATH).await;
    }
}
