//! The first run: whoever has the link of the console becomes the operator.

use afsa_accounts::Error;
use afsa_accounts::people::{NewPerson, Purpose, SignIn};
use maud::html;

use super::parts::{Again, FIRST, email_field, name_field, new_password_field, or_again};
use super::sign_in::enter;
use crate::answer::Outcome;
use crate::call::Call;
use crate::failure::Failure;
use crate::fields::{Fields, form};

pub(crate) fn show(call: &Call) -> Outcome {
    if call.site.accounts.has_people()? {
        return Ok(call.go("/manage"));
    }
    let token = call.query.get("token");
    if token.is_empty() {
        let title = call.t("setup.title");
        let body = html! {
            h1 { (title) }
            div.card { p { (call.t("setup.without_link")) } }
        };
        return Ok(call.page(title, body));
    }
    let known = call.site.accounts.token(token, Purpose::Setup, call.now);
    if matches!(known, Err(Error::Refused(_))) {
        return Err(Failure::DeadLink);
    }
    known?;
    page(call, FIRST)
}

pub(crate) fn set_up(call: &Call) -> Outcome {
    call.site.take_guess_of_sender(&call.peer)?;
    or_again(attempt(call), |again| page(call, again))
}

fn attempt(call: &Call) -> Outcome {
    let accounts = &call.site.accounts;
    let new = new_person(call);
    let password = call.form.get("password");
    accounts.set_up(
        call.form.get("token"),
        &new,
        password,
        call.random(),
        call.now,
    )?;
    let signed_in =
        accounts.sign_in(&new.email, password, call.agent(), call.random(), call.now)?;
    match signed_in {
        SignIn::SignedIn(session) => {
            // The command line, or the demonstration, may have made some already.
            let has_accounts = !accounts.site_addresses()?.is_empty();
            let next = if has_accounts {
                "/manage"
            } else {
                "/manage/accounts/new"
            };
            Ok(enter(call, &session, next))
        }
        _ => Ok(call.go("/manage/sign-in")),
    }
}

/// Who stands in a form.
pub(crate) fn new_person(call: &Call) -> NewPerson {
    NewPerson {
        email: call.form.get("email").trim().to_owned(),
        name: call.form.get("name").to_owned(),
        language: call.language.tag().to_owned(),
    }
}

fn page(call: &Call, (status, faults): Again<'_>) -> Outcome {
    let fields = Fields::new(call, faults);
    let title = call.t("setup.title");
    let token = match call.form.get("token") {
        "" => call.query.get("token"),
        token => token,
    };
    let body = html! {
        h1 { (title) }
        p.lead { (call.t("setup.lead")) }
        (fields.summary())
        div.card {
            (form(call, "/manage/setup", html! {
                input type="hidden" name="token" value=(token);
                (name_field(&fields, "", true))
                (email_field(&fields, false))
                (new_password_field(&fields, false))
                button.button.wide type="submit" { (call.t("setup.go")) }
            }))
        }
    };
    Ok(call.page_with(status, title, body))
}
