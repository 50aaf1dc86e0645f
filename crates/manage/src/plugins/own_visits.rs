//! The switch by which a shop's owner leaves his own visits out, in the browser that he uses.
//!
//! It is a cookie, [`COOKIE`], which whoever takes hits from browsers reads: where it is there, the
//! visit is one of the account's own people. The tracker's requests come from pages of other sites,
//! so over https the cookie is sent with those too.

use axum::http::HeaderValue;
use axum::http::header::SET_COOKIE;
use axum::response::Response;
use maud::html;

use super::address;
use crate::answer::Outcome;
use crate::call::Call;

/// Set to `1` in browsers whose visits are not recorded.
pub(crate) const COOKIE: &str = "afsa_own_visits";
/// Seconds of two years.
const KEPT: u32 = 2 * 365 * 24 * 60 * 60;

/// `state=0` switches the recording off, `state=1` on again. `id` is looked at by nobody: plug-ins
/// send a number of their own there.
pub(super) fn switch(call: &Call) -> Outcome {
    let state = match call.query.get("state") {
        state @ ("0" | "1") => state,
        _ => return Ok(told(call, "own_visits.unclear")),
    };
    let is_recorded = state == "1";
    let mut response = match way_back(call, state)? {
        Some(back) => call.lead_on(&back),
        None if is_recorded => told(call, "own_visits.on"),
        None => told(call, "own_visits.off"),
    };
    if let Ok(cookie) = HeaderValue::try_from(cookie(is_recorded, call.site.is_https)) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// The page that the browser came from, if it is one of a site that has an account here.
fn way_back(call: &Call, state: &str) -> Result<Option<String>, crate::failure::Failure> {
    let Some(back) = address(call.query.get("back")) else {
        return Ok(None);
    };
    let Some(host) = back.host() else {
        return Ok(None);
    };
    // Some plug-ins leave a port away, so it is the host that counts; another port than those of
    // the web may be another's.
    let is_of_web = back
        .origin()
        .rsplit(':')
        .next()
        .is_none_or(|rest| rest.starts_with("//"));
    let sites = call.site.accounts.site_addresses()?;
    let is_known = sites
        .iter()
        .filter_map(|site| address(site))
        .any(|site| site.host() == Some(host) && (is_of_web || site.origin() == back.origin()));
    Ok(is_known.then(|| back.with_answer(&[("afsa_result_ip_removal", state)])))
}

fn cookie(is_recorded: bool, is_https: bool) -> String {
    let (value, age) = if is_recorded { ("", 0) } else { ("1", KEPT) };
    // Browsers send no cookie to other sites' pages that could be read on its way.
    let site = if is_https { "None; Secure" } else { "Lax" };
    format!("{COOKIE}={value}; Path=/; HttpOnly; Max-Age={age}; SameSite={site}")
}

fn told(call: &Call, message: &'static str) -> Response {
    let title = call.t("own_visits.title");
    let body = html! {
        h1 { (title) }
        div.card { p { (call.t(message)) } }
    };
    call.page(title, body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_goes_with_requests_of_other_sites_where_it_can() {
        assert_eq!(
            cookie(false, true),
            "afsa_own_visits=1; Path=/; HttpOnly; Max-Age=63072000; SameSite=None; Secure"
        );
        assert_eq!(
            cookie(true, false),
            "afsa_own_visits=; Path=/; HttpOnly; Max-Age=0; SameSite=Lax"
        );
    }
}
