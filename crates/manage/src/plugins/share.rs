//! Figures of an account for whoever has the link: the embedded dashboard on a page of its own.

use afsa_accounts::Error;
use afsa_accounts::people::ShareOpening;
use axum::http::StatusCode;
use axum::response::Response;
use maud::html;

use crate::answer::Outcome;
use crate::call::Call;
use crate::failure::Failure;
use crate::fields::{Fields, Input, fault, form};
use crate::pages::figures;

pub(super) fn show(call: &Call) -> Outcome {
    answer(call, None)
}

/// With a password.
pub(super) fn open(call: &Call) -> Outcome {
    // How often a link's password may be wrong is bounded where it is kept; a crowd that knows it
    // must not shut itself out.
    call.site.take_guess_of_sender(&call.peer)?;
    let opened = answer(call, Some(call.form.get("password")))?;
    if opened.status() == StatusCode::OK {
        call.site.guessed_right(&call.peer, None);
    }
    Ok(opened)
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
        ShareOpening::Opened(share) => {
            let account = accounts.account(share.account)?;
            Ok(figures::page(call, &account, &share.token))
        }
        ShareOpening::NeedsPassword => ask(call, StatusCode::OK, ""),
        ShareOpening::WrongPassword => ask(call, StatusCode::UNPROCESSABLE_ENTITY, "wrong"),
        ShareOpening::Locked => Err(Failure::TooMany { seconds: 15 * 60 }),
    }
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
