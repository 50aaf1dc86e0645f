//! What a page answers: HTML within the layout, or the way to another page.

use axum::body::Body;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, SET_COOKIE,
    STRICT_TRANSPORT_SECURITY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use maud::{Markup, html};

use crate::call::Call;
use crate::cookie::{self, Keep};
use crate::failure::Failure;
use crate::layout;

/// What a page comes to.
pub(crate) type Outcome = Result<Response, Failure>;

/// Nothing from elsewhere and nothing inline; framed by nobody.
pub(crate) const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const PERMISSIONS: &str = "camera=(), geolocation=(), microphone=(), payment=(), usb=(), \
    browsing-topics=()";
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

impl Call {
    /// A whole page.
    pub(crate) fn page(&self, title: &str, body: Markup) -> Response {
        self.page_with(StatusCode::OK, title, body)
    }

    pub(crate) fn page_with(&self, status: StatusCode, title: &str, body: Markup) -> Response {
        let text = layout::page(self, title, &body).into_string();
        let mut response = Response::new(Body::from(text));
        *response.status_mut() = status;
        let html = HeaderValue::from_static("text/html; charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, html);
        response
    }

    /// To another page of this server, which is asked for by GET.
    pub(crate) fn go(&self, path: &str) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SEE_OTHER;
        let path = if is_local(path) { path } else { "/manage" };
        if let Ok(location) = HeaderValue::try_from(path) {
            response.headers_mut().insert(LOCATION, location);
        }
        response
    }

    /// To another page of this server, which then shows a message: the rest of a key that begins
    /// with `flash.`.
    pub(crate) fn go_saying(&self, path: &str, flash: &'static str) -> Response {
        let mut response = self.go(path);
        self.set_cookie(&mut response, "flash", flash, Keep::Session);
        response
    }

    /// To any address by way of a page that leads on by itself. Browsers hold redirections of a form
    /// to the addresses that forms may be sent to; this is none.
    pub(crate) fn lead_on(&self, address: &str) -> Response {
        let body = html! {
            h1 { (self.t("lead_on.title")) }
            p { a.button href=(address) rel="noreferrer" { (self.t("lead_on.go")) } }
        };
        let mut response = self.page(self.t("lead_on.title"), body);
        if let Ok(refresh) = HeaderValue::try_from(format!("0; url={address}")) {
            let name = HeaderName::from_static("refresh");
            response.headers_mut().insert(name, refresh);
        }
        response
    }

    /// The page of a failure.
    pub(crate) fn failed(&self, failure: &Failure) -> Response {
        if let Failure::Internal(error) = failure {
            tracing::error!(error, "a page failed");
        }
        let word = failure.word();
        let title = self.word("error_title", word);
        let text = match failure {
            Failure::TooMany { seconds } => {
                let minutes = seconds.div_ceil(60).to_string();
                self.say("error_text.too_many", &[("minutes", &minutes)])
            }
            Failure::Refused(message) => self.t(message).to_owned(),
            _ => self.word("error_text", word).to_owned(),
        };
        let body = html! {
            h1 { (title) }
            p.lead { (text) }
            p { a.button href="/manage" { (self.t("error.home")) } }
        };
        let mut response = self.page_with(failure.status(), title, body);
        let wait = match failure {
            Failure::TooMany { seconds } => *seconds,
            Failure::Busy => 2,
            _ => return response,
        };
        response
            .headers_mut()
            .insert("retry-after", HeaderValue::from(wait));
        response
    }

    pub(crate) fn set_cookie(
        &self,
        response: &mut Response,
        purpose: &str,
        value: &str,
        keep: Keep,
    ) {
        let is_https = self.site.is_https;
        let name = cookie::name(purpose, is_https);
        if let Some(cookie) = cookie::set(&name, value, keep, is_https) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
    }
}

/// A path of this server, which no browser can take for another host.
pub(crate) fn is_local(path: &str) -> bool {
    path.starts_with('/')
        && !path.starts_with("//")
        && path
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

/// What every page says of itself; a page may have said otherwise before.
pub(crate) fn secure(headers: &mut HeaderMap, is_https: bool) {
    let mut say = |name: HeaderName, value: &'static str| {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    };
    say(CONTENT_SECURITY_POLICY, POLICY);
    say(CACHE_CONTROL, "no-store");
    // With none at all, browsers don't say where a form comes from.
    say(REFERRER_POLICY, "same-origin");
    say(PERMISSIONS_POLICY, PERMISSIONS);
    let opener = HeaderName::from_static("cross-origin-opener-policy");
    say(opener, "same-origin");
    let resource = HeaderName::from_static("cross-origin-resource-policy");
    say(resource, "same-origin");
    if is_https {
        say(STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
}
