//! Answers that are not problems.

use afsa_model::Timestamp;
use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::Value;

pub(crate) fn json(value: &Value) -> Response {
    typed("application/json", value.to_string().into())
}

pub(crate) fn with_status(status: StatusCode, mut response: Response) -> Response {
    *response.status_mut() = status;
    response
}

pub(crate) fn typed(media: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(media));
    response
}

/// An answer that holds a secret, which nothing on the way may keep.
pub(crate) fn private(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

pub(crate) fn empty() -> Response {
    with_status(StatusCode::NO_CONTENT, Response::new(Body::empty()))
}

/// RFC 3339 in UTC. What lies beyond the years that it can tell is null.
pub(crate) fn instant(at: Timestamp) -> Value {
    match jiff::Timestamp::from_millisecond(at.0) {
        Ok(at) => at.to_string().into(),
        Err(_) => Value::Null,
    }
}

pub(crate) fn optional_instant(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, instant)
}
