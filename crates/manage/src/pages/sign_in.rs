//! Signing in and out.

use afsa_accounts::people::{NewSession, SignIn};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};

use super::parts::email_field;
use crate::answer::{Outcome, is_local};
use crate::call::Call;
use crate::cookie::Keep;
use crate::fields::{Fields, Input, form};
use crate::site::SignUp;

/// Characters of an address that a letter repeats.
const LONGEST_NEXT: usize = 3_000;

pub(crate) fn show(call: &Call) -> Outcome {
    if !call.site.accounts.has_people()? {
        return Ok(call.go("/manage/setup"));
    }
    if call.visitor.is_some() {
        return Ok(call.go(next(call)));
    }
    Ok(page(call, StatusCode::OK, false))
}

pub(crate) fn sign_in(call: &Call) -> Outcome {
    let email = call.form.get("email");
    call.site.take_guess(&call.peer, email)?;
    let password = call.form.get("password");
    let outcome =
        call.site
            .accounts
            .sign_in(email, password, call.agent(), call.random(), call.now)?;
    if outcome != SignIn::Refused {
        call.site.guessed_right(&call.peer, Some(email));
    }
    match outcome {
        SignIn::SignedIn(session) => Ok(enter(call, &session, next(call))),
        SignIn::NeedsSecondFactor(session) => {
            let query = form_urlencoded::Serializer::new(String::new())
                .append_pair("next", next(call))
                .finish();
            let mut response = call.go(&format!("/manage/sign-in/code?{query}"));
            call.set_cookie(&mut response, "session", &session.text, Keep::Session);
            Ok(response)
        }
        SignIn::Refused => Ok(page(call, StatusCode::UNPROCESSABLE_ENTITY, true)),
    }
}

pub(crate) fn sign_out(call: &Call) -> Outcome {
    let session = call.visitor.as_ref().map(|visitor| &visitor.session);
    if let Some(session) = session.or(call.awaiting.as_ref()) {
        call.site.accounts.end_session(session.person, session.id)?;
    }
    let mut response = call.go_saying("/manage/sign-in", "signed_out");
    call.set_cookie(&mut response, "session", "", Keep::Forget);
    Ok(response)
}

/// Hands the browser its session and lets it go on. The old session's text, if there was one, is
/// worth nothing for the new one.
pub(crate) fn enter(call: &Call, session: &NewSession, next: &str) -> Response {
    let mut response = if next.starts_with("/manage") {
        call.go(next)
    } else {
        // Where that leads is not ours to say: to an app, perhaps, which no form may be sent to.
        call.lead_on(next)
    };
    call.set_cookie(&mut response, "session", &session.text, Keep::Session);
    response
}

/// Where the person wanted to go.
pub(crate) fn next(call: &Call) -> &str {
    let asked = [call.form.get("next"), call.query.get("next")];
    asked
        .into_iter()
        .find(|next| is_local(next))
        .unwrap_or("/manage")
}

/// Where a shop sent somebody who has no account yet: what he wanted there lasts through signing up
/// and the letter that confirms his e-mail.
pub(crate) fn from_shop(call: &Call) -> Option<&str> {
    let next = next(call);
    let is_of_shop = ["/wordpress/signup?", "/prestashop/signup?"]
        .iter()
        .any(|path| next.starts_with(path));
    (is_of_shop && next.len() <= LONGEST_NEXT).then_some(next)
}

/// A page's address with where to go on from there.
pub(crate) fn with_next(page: &str, next: Option<&str>) -> String {
    let Some(next) = next else {
        return page.to_owned();
    };
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("next", next)
        .finish();
    let begin = if page.contains('?') { '&' } else { '?' };
    format!("{page}{begin}{query}")
}

fn page(call: &Call, status: StatusCode, is_refused: bool) -> Response {
    let fields = Fields::new(call, &[]);
    let body = html! {
        h1 { (call.t("sign_in.title")) }
        p.lead { (call.t("sign_in.lead")) }
        @if is_refused {
            div.note.bad role="alert" { p { (call.t("sign_in.refused")) } }
        }
        div.card {
            (form(call, "/manage/sign-in", html! {
                input type="hidden" name="next" value=(next(call));
                (email_field(&fields, true))
                (fields.input(Input {
                    name: "password",
                    label: "field.password",
                    kind: "password",
                    autocomplete: "current-password",
                    ..Input::default()
                }))
                button.button.wide type="submit" { (call.t("sign_in.go")) }
            }))
        }
        (elsewhere(call))
    };
    call.page_with(status, call.t("sign_in.title"), body)
}

fn elsewhere(call: &Call) -> Markup {
    html! {
        p.row.small {
            a href="/manage/reset" { (call.t("sign_in.forgotten")) }
            @if call.site.sign_up == SignUp::Open {
                a href=(with_next("/manage/sign-up", from_shop(call))) {
                    (call.t("sign_in.sign_up"))
                }
            }
        }
    }
}
