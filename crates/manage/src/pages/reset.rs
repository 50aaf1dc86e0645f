//! A forgotten password.

use afsa_accounts::Error;
use afsa_accounts::people::Purpose;
use maud::html;

use super::parts::{Again, FIRST, email_field, new_password_field, or_again};
use crate::answer::Outcome;
use crate::call::Call;
use crate::failure::Failure;
use crate::fields::{Fields, form};

pub(crate) fn show(call: &Call) -> Outcome {
    let fields = Fields::new(call, &[]);
    let title = call.t("reset.title");
    let body = html! {
        h1 { (title) }
        p.lead { (call.t("reset.lead")) }
        div.card {
            (form(call, "/manage/reset", html! {
                (email_field(&fields, true))
                button.button.wide type="submit" { (call.t("reset.go")) }
            }))
        }
        p.small { a href="/manage/sign-in" { (call.t("reset.back")) } }
    };
    Ok(call.page(title, body))
}

/// Says the same whoever asks for whom.
pub(crate) fn request(call: &Call) -> Outcome {
    let email = call.form.get("email");
    call.site.take_letter(&call.peer, email)?;
    let found = call
        .site
        .accounts
        .request_reset(email, call.random(), call.now)?;
    if let Some((person, token)) = found {
        call.send_password_link(&person, Purpose::Reset, &token);
    }
    let title = call.t("reset.sent_title");
    let body = html! {
        h1 { (title) }
        div.card {
            p { (call.t("reset.sent")) }
            p.muted { (call.t("reset.sent_hint")) }
        }
        p.small { a href="/manage/sign-in" { (call.t("reset.back")) } }
    };
    Ok(call.page(title, body))
}

pub(crate) fn choose(call: &Call) -> Outcome {
    call.site.take_guess_of_sender(&call.peer)?;
    known(call, call.query.get("token"))?;
    call.site.guessed_right(&call.peer, None);
    page(call, FIRST)
}

pub(crate) fn set(call: &Call) -> Outcome {
    call.site.take_guess_of_sender(&call.peer)?;
    or_again(attempt(call), |again| page(call, again))
}

fn attempt(call: &Call) -> Outcome {
    let token = call.form.get("token");
    let password = call.form.get("password");
    let accounts = &call.site.accounts;
    accounts.reset_password(token, password, call.random(), call.now)?;
    call.site.guessed_right(&call.peer, None);
    Ok(call.go_saying("/manage/sign-in", "password_chosen"))
}

/// Links for a new password and for the first one lead here.
fn known(call: &Call, token: &str) -> Result<(), Failure> {
    let accounts = &call.site.accounts;
    let found = accounts
        .token(token, Purpose::Reset, call.now)
        .or_else(|_| accounts.token(token, Purpose::Welcome, call.now));
    match found {
        Ok(_) => Ok(()),
        Err(Error::Refused(_)) => Err(Failure::DeadLink),
        Err(error) => Err(error.into()),
    }
}

fn page(call: &Call, (status, faults): Again<'_>) -> Outcome {
    let fields = Fields::new(call, faults);
    let title = call.t("reset.choose_title");
    let token = match call.form.get("token") {
        "" => call.query.get("token"),
        token => token,
    };
    let body = html! {
        h1 { (title) }
        p.lead { (call.t("reset.choose_lead")) }
        (fields.summary())
        div.card {
            (form(call, "/manage/reset/choose", html! {
                input type="hidden" name="token" value=(token);
                (new_password_field(&fields, true))
                button.button.wide type="submit" { (call.t("reset.choose_go")) }
            }))
        }
    };
    Ok(call.page_with(status, title, body))
}
