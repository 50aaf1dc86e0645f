//! Making oneself known: by oneself where that is open, or by an invitation.

use afsa_accounts::people::Invitation;
use afsa_accounts::{Actor, Error};
use maud::html;

use super::parts::{Again, FIRST, email_field, name_field, new_password_field, or_again};
use super::setup::new_person;
use super::sign_in::{from_shop, with_next};
use crate::answer::Outcome;
use crate::call::Call;
use crate::failure::Failure;
use crate::fields::{Fields, form};
use crate::site::SignUp;

pub(crate) fn show(call: &Call) -> Outcome {
    if call.visitor.is_some() {
        return Ok(call.go("/manage"));
    }
    let invitation = invited(call)?;
    page(call, FIRST, invitation.as_ref())
}

pub(crate) fn sign_up(call: &Call) -> Outcome {
    let invitation = invited(call)?;
    call.site.take_letter(&call.peer, call.form.get("email"))?;
    or_again(attempt(call, invitation.as_ref()), |again| {
        page(call, again, invitation.as_ref())
    })
}

/// Whoever comes with an invitation may, unless nobody may.
fn invited(call: &Call) -> Result<Option<Invitation>, Failure> {
    let token = token(call);
    match call.site.sign_up {
        SignUp::Open if token.is_empty() => Ok(None),
        SignUp::Off => Err(Failure::NotFound),
        _ if token.is_empty() => Err(Failure::NotFound),
        _ => Ok(Some(call.site.accounts.invitation_of(token, call.now)?)),
    }
}

fn token(call: &Call) -> &str {
    match call.form.get("invitation") {
        "" => call.query.get("invitation"),
        token => token,
    }
}

/// Answers the same whether or not somebody has that e-mail: who he is, its letters tell.
fn attempt(call: &Call, invitation: Option<&Invitation>) -> Outcome {
    let accounts = &call.site.accounts;
    let mut new = new_person(call);
    if let Some(invitation) = invitation {
        new.email.clone_from(&invitation.email);
    }
    let password = call.form.get("password");
    match accounts.sign_up(&new, password, call.random(), call.now) {
        Ok(person) => {
            let acting = accounts.acting(Actor::Person(person.id), call.now);
            let confirmation = acting.request_confirmation(person.id, call.random())?;
            let page = format!("/manage/confirm?token={confirmation}");
            call.ask_to_confirm(&person, &with_next(&page, from_shop(call)));
        }
        Err(Error::NameTaken { .. }) => {
            if let Some(person) = accounts.person_by_email(&new.email)? {
                call.tell_who_is_there(&person);
            }
        }
        Err(error) => return Err(error.into()),
    }
    if invitation.is_some() {
        let next = format!("/manage/invitation?token={}", token(call));
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("next", &next)
            .finish();
        return Ok(call.go_saying(&format!("/manage/sign-in?{query}"), "sign_in_to_accept"));
    }
    let title = call.t("sign_up.sent_title");
    let body = html! {
        h1 { (title) }
        div.card {
            p { (call.say("sign_up.sent", &[("email", &new.email)])) }
            p.muted { (call.t("reset.sent_hint")) }
        }
    };
    Ok(call.page(title, body))
}

fn page(call: &Call, (status, faults): Again<'_>, invitation: Option<&Invitation>) -> Outcome {
    let fields = Fields::new(call, faults);
    let title = call.t("sign_up.title");
    let body = html! {
        h1 { (title) }
        p.lead { (call.t("sign_up.lead")) }
        (fields.summary())
        div.card {
            (form(call, "/manage/sign-up", html! {
                input type="hidden" name="invitation" value=(token(call));
                @if let Some(next) = from_shop(call) {
                    input type="hidden" name="next" value=(next);
                }
                (name_field(&fields, "", true))
                @if let Some(invitation) = invitation {
                    div.field {
                        span.legend { (call.t("field.email")) }
                        (invitation.email)
                    }
                } @else {
                    (email_field(&fields, false))
                }
                (new_password_field(&fields, false))
                button.button.wide type="submit" { (call.t("sign_up.go")) }
            }))
        }
        p.small { a href="/manage/sign-in" { (call.t("reset.back")) } }
    };
    Ok(call.page_with(status, title, body))
}
