//! Pages for people: the interactive reference, the guides and the table of problems. Nothing is
//! loaded from elsewhere.

use std::fmt::Write;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::{Redirect, Response};
use axum::routing::get;

use crate::guides::{GUIDES, framed};
use crate::problem::Word;
use crate::sdk;
use crate::server::Server;

/// Scripts and styles of this server alone, none inline.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

const PROBLEMS: &str = "/docs/problems.html";

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

macro_rules! embedded {
    ($file:literal) => {
        include_bytes!(concat!(env!("OUT_DIR"), "/", $file)).as_slice()
    };
}

/// (path, media type, bytes)
const FILES: [(&str, &str, &[u8]); 8] = [
    ("/docs", HTML, include_bytes!("../pages/docs.html")),
    (
        "/docs/assets/docs.js",
        SCRIPT,
        include_bytes!("../pages/docs.js"),
    ),
    (
        "/docs/assets/docs.css",
        STYLE,
        include_bytes!("../pages/docs.css"),
    ),
    (
        "/docs/assets/guides.css",
        STYLE,
        include_bytes!("../pages/guides.css"),
    ),
    (
        "/docs/assets/swagger-ui-bundle.js",
        SCRIPT,
        embedded!("swagger-ui-bundle.js"),
    ),
    (
        "/docs/assets/swagger-ui.css",
        STYLE,
        embedded!("swagger-ui.css"),
    ),
    ("/docs/assets/LICENSE", TEXT, embedded!("LICENSE")),
    ("/docs/assets/NOTICE", TEXT, embedded!("NOTICE")),
];

pub(crate) fn router() -> Router<Arc<Server>> {
    let mut router = Router::new().route(PROBLEMS, get(async || page(HTML, problems().into())));
    // Whoever opens the address that the server printed finds something to read.
    router = router
        .route("/docs/", get(async || Redirect::temporary("/docs")))
        .route("/", get(entrance));
    let text = Bytes::from(sdk::page());
    router = router
        .route(sdk::PATH, get(async move || page(HTML, text.into())))
        .route(
            sdk::PATH.trim_end_matches('/'),
            get(async || Redirect::permanent(sdk::PATH)),
        );
    for guide in &GUIDES {
        let text = Bytes::from(guide.page());
        router = router.route(guide.path, get(async move || page(HTML, text.into())));
    }
    for (path, media, bytes) in FILES {
        router = router.route(path, get(async move || page(media, bytes.into())));
    }
    router
}

/// People to their pages, programs to something to read; plug-ins lead those here who have lost
/// their passwords.
async fn entrance(uri: Uri, headers: HeaderMap) -> Redirect {
    let query = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let has_lost_password = { query }.any(|(name, value)| name == "lostpass" && value == "1");
    let accepted = headers.get(ACCEPT).and_then(|media| media.to_str().ok());
    let is_browser = accepted.is_some_and(|media| media.contains("text/html"));
    Redirect::temporary(match (has_lost_password, is_browser) {
        (true, _) => "/manage/reset",
        (false, true) => "/manage",
        (false, false) => "/docs",
    })
}

fn page(media: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(
        CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=3600"),
    );
    response
}

/// Where the `type` of a problem leads to.
fn problems() -> String {
    let mut text = String::from(
        "<p>What the API answers when it cannot do as asked (RFC 9457); \
         <a href=\"/docs/guides/errors.html\">errors and limits</a> tells what to do then.</p>\n<dl>\n",
    );
    for word in Word::ALL {
        let _ = writeln!(
            text,
            "<dt id=\"{0}\"><code>{0}</code> ({1})</dt><dd>{2}.</dd>",
            word.text(),
            word.status().as_u16(),
            word.title(),
        );
    }
    text.push_str("</dl>\n");
    framed(PROBLEMS, "Problems", &text)
}
