//! The one style sheet and the sign of the program.

use std::sync::LazyLock;

use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::Response;
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("../assets/manage.css");
const ICON: &str = include_str!("../assets/icon.svg");

pub(crate) const STYLE_PATH: &str = "/manage/assets/manage.css";
pub(crate) const ICON_PATH: &str = "/manage/assets/icon.svg";

/// The style sheet's address, another one whenever it changes.
pub(crate) static STYLE_ADDRESS: LazyLock<String> = LazyLock::new(|| {
    let hash = Sha256::digest(STYLE.as_bytes());
    let version: String = hash
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("{STYLE_PATH}?v={version}")
});

pub(crate) async fn style() -> Response {
    asset("text/css; charset=utf-8", STYLE)
}

pub(crate) async fn icon() -> Response {
    asset("image/svg+xml", ICON)
}

fn asset(media: &'static str, text: &'static str) -> Response {
    let mut response = Response::new(Body::from(text));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
    let cache = HeaderValue::from_static("public, max-age=31536000, immutable");
    headers.insert(CACHE_CONTROL, cache);
    response
}
