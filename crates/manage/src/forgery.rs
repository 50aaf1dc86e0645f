//! Whether a form was sent from a page of this server.

use axum::http::HeaderMap;
use axum::http::header::{HOST, HeaderName, ORIGIN};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::form::Form;

/// The field that proves it for browsers that say nothing of themselves.
pub(crate) const FIELD: &str = "form_token";

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What stands in the forms of whoever holds this secret: a session or a cookie of its own.
pub(crate) fn token(secret: &str) -> String {
    let mut hasher = Sha256::new();
    hasher.update(b"afsa form\n");
    hasher.update(secret.as_bytes());
    URL_SAFE_NO_PAD.encode(hasher.finalize())
}

/// A browser that tells where a request comes from is believed, since pages cannot make it lie; of
/// others the form's token is asked.
pub(crate) fn is_own(headers: &HeaderMap, address: &str, form: &Form, secret: &str) -> bool {
    if let Some(site) = headers.get(FETCH_SITE) {
        return site == "same-origin";
    }
    let origin = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok());
    match origin {
        Some(origin) if origin != "null" => is_origin_of(origin, address, headers),
        _ => is_same(form.get(FIELD), &token(secret)),
    }
}

/// Behind a proxy the server's own address is the one that is configured; without one, the host
/// that was asked.
fn is_origin_of(origin: &str, address: &str, headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let asked = origin.split_once("://").map(|(_, host)| host);
    let own = address.split('/').take(3).collect::<Vec<_>>().join("/");
    origin.eq_ignore_ascii_case(&own) || (asked.is_some() && asked == host)
}

/// Takes the same time however much of it is right.
fn is_same(given: &str, expected: &str) -> bool {
    given.len() == expected.len()
        && given
            .bytes()
            .zip(expected.bytes())
            .fold(0, |difference, (a, b)| difference | (a ^ b))
            == 0
}
