//! Cookies, in and out.

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};

/// Seconds of a year.
const YEAR: u32 = 365 * 24 * 60 * 60;

/// How long the browser keeps a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    Session,
    Year,
    Forget,
}

/// The value of a cookie; where a browser sends several of one name, none of them.
pub(crate) fn find<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(found, _)| *found == name)
        .map(|(_, value)| value);
    let value = values.next()?;
    values.next().is_none().then_some(value)
}

/// A header that sets a cookie which no script may read and which other sites' forms don't send.
/// `value` needs no escaping.
pub(crate) fn set(name: &str, value: &str, keep: Keep, is_https: bool) -> Option<HeaderValue> {
    let age = match keep {
        Keep::Session => String::new(),
        Keep::Year => format!("; Max-Age={YEAR}"),
        Keep::Forget => "; Max-Age=0".to_owned(),
    };
    let secure = if is_https { "; Secure" } else { "" };
    HeaderValue::try_from(format!(
        "{name}={value}; Path=/; HttpOnly; SameSite=Lax{age}{secure}"
    ))
    .ok()
}

/// What a cookie of this purpose is called: over https no other host and no page in clear can set it.
pub(crate) fn name(purpose: &str, is_https: bool) -> String {
    let prefix = if is_https { "__Host-" } else { "" };
    format!("{prefix}afsa_{purpose}")
}
