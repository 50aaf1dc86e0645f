//! Figures of an account: the embedded dashboard on a page of ours.

use afsa_accounts::Account;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::response::Response;
use maud::html;

use crate::answer::Outcome;
use crate::call::{Call, Theme};

/// As other pages, but for the one script and what it asks.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";

/// To members, who need no link for it.
pub(crate) fn show(call: &Call) -> Outcome {
    let account = call.account()?;
    let accounts = &call.site.accounts;
    let look = accounts.look(call.session()?, account.id, call.now, call.random())?;
    Ok(page(call, account, &look.token))
}

/// The page for whoever holds a token that reads the account's figures.
pub(crate) fn page(call: &Call, account: &Account, token: &str) -> Response {
    let theme = match call.theme {
        Theme::System => "auto",
        Theme::Light => "main",
        Theme::Dark => "dark",
    };
    let body = html! {
        link rel="stylesheet" href="/assets/css/common/current/packed.css";
        h1 { bdi { (account.name) } }
        div.card {
            div #board {}
            noscript { p.note { (call.t("share.needs_script")) } }
        }
        script src="/assets/js/common/current/dashboard.js" defer
            data-access-key=(token) data-account-id=(account.id)
            data-lng=(call.language.tag()) data-theme=(theme) data-parent="board" {}
    };
    let mut response = call.page(&account.name, body);
    let policy = HeaderValue::from_static(POLICY);
    response
        .headers_mut()
        .insert(CONTENT_SECURITY_POLICY, policy);
    response
}
