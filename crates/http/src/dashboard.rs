//! The dashboard that plug-ins embed, at the addresses that they were published with.
//!
//! Its source is in `dashboard/`; what is embedded here was bundled by `scripts/dashboard`.

use std::sync::Arc;

use axum::Router;
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::server::Server;

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

const DASHBOARD: &str = include_str!("../pages/dashboard/dashboard.js");
const THEME: &str = include_str!("../pages/dashboard/packed.css");

/// Pages load these before the dashboard, which needs none of them.
const NOTHING: &str = "/* The dashboard draws its charts by itself; nothing is needed here. */\n";

/// Folders of scripts: plug-ins of different years load from different ones.
const SCRIPT_FOLDERS: [&str; 2] = ["/assets/js/common/current", "/assets/js/common/v2"];
const SCRIPTS: [(&str, &str); 4] = [
    ("d3.min.js", NOTHING),
    ("c3.min.js", NOTHING),
    ("chart.engine.js", NOTHING),
    ("dashboard.js", DASHBOARD),
];
const STYLES: [&str; 3] = [
    "/assets/css/common/current/packed.css",
    "/assets/css/wordpress/current/packed.css",
    "/assets/css/prestashop/current/packed.css",
];

pub(crate) fn router() -> Router<Arc<Server>> {
    let mut router = Router::new();
    for folder in SCRIPT_FOLDERS {
        for (name, text) in SCRIPTS {
            let path = format!("{folder}/{name}");
            router = router.route(&path, get(async move || asset(SCRIPT, text)));
        }
    }
    for path in STYLES {
        router = router.route(path, get(async || asset(STYLE, THEME)));
    }
    router
}

/// A file that pages of any site may load. They name no version, so it isn't kept for long.
fn asset(media: &'static str, text: &'static str) -> Response {
    let mut response = text.into_response();
    let policy = HeaderName::from_static("cross-origin-resource-policy");
    for (name, value) in [
        (CONTENT_TYPE, media),
        (CACHE_CONTROL, "public, max-age=600"),
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (policy, "cross-origin"),
    ] {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}
