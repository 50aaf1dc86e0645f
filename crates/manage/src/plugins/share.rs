//! Figures of an account for whoever has the link: the embedded dashboard on a page of its own.

use afsa_accounts::Error;
use afsa_accounts::people::{OpenedShare, ShareOpening};
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use maud::html;

use crate::answer::Outcome;
use crate::call::{Call, Theme};
use crate::failure::Failure;
use crate::fields::{Fields, Input, fault, form};

/// As other pages, but for the one script and what it asks.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";

pub(super) fn show(call: &Call) -> Outcome {
    answer(call, None)
}

/// With a password.
pub(super) fn open(call: &Call) -> Outcome {
    call.site.take_guess(&call.peer, key(call)?)?;
    answer(call, Some(call.form.get("password")))
}

fn answer(call: &Call, password: Option<&str>) -> Outcome {
    let accounts = &call.site.accounts;
    let opening = match accounts.open_share(key(call)?, password, call.now, call.random()) {
        Ok(opening) => opening,
        // Whether there was such a link once is nobody's business.
        Err(Error::Refused(_)) => return Err(Failure::DeadLink),
        Err(error) => return Err(error.into()),
    };
    match opening {
        ShareOpening::Opened(share) => figures(call, &share),
        ShareOpening::NeedsPassword => ask(call, StatusCode::OK, ""),
        ShareOpening::WrongPassword => ask(call, StatusCode::UNPROCESSABLE_ENTITY, "wrong"),
        ShareOpening::Locked => Err(Failure::TooMany { seconds: 15 * 60 }),
    }
}

fn figures(call: &Call, share: &OpenedShare) -> Outcome {
    let account = call.site.accounts.account(share.account)?;
    let theme = match call.theme {
        Theme::System => "auto",
        Theme::Light => "main",
        Theme::Dark => "dark",
    };
    let body = html! {
        h1 { (account.name) }
        link rel="stylesheet" href="/assets/css/common/current/packed.css";
        div #board {}
        noscript { p.note { (call.t("share.needs_script")) } }
        script src="/assets/js/common/current/dashboard.js" defer
            data-access-key=(share.token) data-account-id=(account.id)
            data-lng=(call.language.tag()) data-theme=(theme) data-parent="board" {}
    };
    let mut response = call.page(&account.name, body);
    let policy = HeaderValue::from_static(POLICY);
    response
        .headers_mut()
        .insert(CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}

fn ask(call: &Call, status: StatusCode, error: &'static str) -> Outcome {
    let faults = match error {
        "" => Vec::new(),
        error => vec![fault("password", error, "is not the one of this link")],
    };
    let fields = Fields::new(call, &faults);
    let title = call.t("share.title");
    let body = html! {
        h1 { (title) }
        p.lead { (call.t("share.lead")) }
        div.card {
            (form(call, &format!("/share/{}", key(call)?), html! {
                (fields.input(Input {
                    name: "password",
                    label: "field.password",
                    kind: "password",
                    is_first: true,
                    ..Input::default()
                }))
                button.button type="submit" { (call.t("share.go")) }
            }))
        }
    };
    let response: Response = call.page_with(status, title, body);
    Ok(response)
}

fn key(call: &Call) -> Result<&str, Failure> {
    let key = call.path.get("key").ok_or(Failure::DeadLink)?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if key.bytes().all(is_plain) {
        Ok(key)
    } else {
        Err(Failure::DeadLink)
    }
}
