//! Whether everything that came over a connection belongs to requests that were read to their end.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::http::Request;
use hyper::body::{Body as _, Frame, Incoming, SizeHint};

/// Shared by a connection's stream, which notes that bytes came, and its requests, which note that
/// they have come whole.
#[derive(Default)]
pub(super) struct Exchange {
    is_within_request: AtomicBool,
}

impl Exchange {
    /// Bytes came.
    pub(super) fn begin(&self) {
        self.is_within_request.store(true, Ordering::Relaxed);
    }

    fn end(&self) {
        self.is_within_request.store(false, Ordering::Relaxed);
    }

    /// Whether more of a request may come that nobody will read.
    pub(super) fn is_within_request(&self) -> bool {
        self.is_within_request.load(Ordering::Relaxed)
    }

    /// Watches over the end of a request.
    pub(super) fn follow(self: &Arc<Self>, request: Request<Incoming>) -> Request<Body> {
        request.map(|body| {
            if body.is_end_stream() {
                self.end();
                return Body::empty();
            }
            Body::new(Followed {
                body,
                exchange: self.clone(),
            })
        })
    }
}

/// A body that tells when it has come whole.
struct Followed {
    body: Incoming,
    exchange: Arc<Exchange>,
}

impl hyper::body::Body for Followed {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        let is_end = matches!(polled, Poll::Ready(None)) || self.body.is_end_stream();
        if is_end {
            self.exchange.end();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
