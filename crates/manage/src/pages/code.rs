//! The second factor of whoever has told the password.

use afsa_accounts::people::SecondFactor;
use axum::http::StatusCode;
use maud::html;

use super::sign_in::{enter, next};
use crate::answer::Outcome;
use crate::call::Call;
use crate::fields::{Fields, Input, form};

pub(crate) fn show(call: &Call) -> Outcome {
    if call.awaiting.is_none() {
        return Ok(call.go("/manage"));
    }
    page(call, StatusCode::OK, None)
}

pub(crate) fn tell(call: &Call) -> Outcome {
    let (Some(session), Some(text)) = (&call.awaiting, &call.session_text) else {
        return Ok(call.go("/manage/sign-in"));
    };
    let about = format!("code {}", session.person);
    call.site.take_guess(&call.peer, &about)?;
    let code = call.form.get("code");
    let accounts = &call.site.accounts;
    match accounts.tell_second_factor(text, code, call.random(), call.now)? {
        SecondFactor::SignedIn(session) => {
            call.site.guessed_right(&call.peer, Some(&about));
            Ok(enter(call, &session, next(call)))
        }
        SecondFactor::Wrong => page(
            call,
            StatusCode::UNPROCESSABLE_ENTITY,
            Some(call.t("code.wrong")),
        ),
        SecondFactor::Locked => page(
            call,
            StatusCode::TOO_MANY_REQUESTS,
            Some(call.t("code.locked")),
        ),
    }
}

fn page(call: &Call, status: StatusCode, refusal: Option<&str>) -> Outcome {
    let fields = Fields::new(call, &[]);
    let title = call.t("code.title");
    let body = html! {
        h1 { (title) }
        p.lead { (call.t("code.lead")) }
        @if let Some(refusal) = refusal {
            div.note.bad role="alert" { p { (refusal) } }
        }
        div.card {
            (form(call, "/manage/sign-in/code", html! {
                input type="hidden" name="next" value=(next(call));
                (fields.input(Input {
                    name: "code",
                    label: "field.code",
                    hint: Some("code.hint"),
                    autocomplete: "one-time-code",
                    is_first: true,
                    ..Input::default()
                }))
                button.button.wide type="submit" { (call.t("sign_in.go")) }
            }))
        }
        (form(call, "/manage/sign-out", html! {
            button.choice type="submit" { (call.t("code.other_person")) }
        }))
    };
    Ok(call.page_with(status, title, body))
}
