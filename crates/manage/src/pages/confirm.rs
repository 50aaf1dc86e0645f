//! E-mails: showing that one's own is one's own, and taking another.

use maud::html;

use super::parts::{Again, FIRST, current_field, or_again, own_password};
use super::sign_in::from_shop;
use crate::answer::Outcome;
use crate::call::Call;
use crate::fields::{Fields, Input, form};
use crate::letters;

/// A link is only followed by whoever presses the button: programs that look into mails don't.
pub(crate) fn show(call: &Call) -> Outcome {
    ask(
        call,
        "/manage/confirm",
        "confirm.title",
        "confirm.lead",
        "confirm.go",
    )
}

pub(crate) fn confirm(call: &Call) -> Outcome {
    let person = call.person()?.id;
    call.acting()?
        .confirm_email(person, call.form.get("token"))?;
    Ok(match from_shop(call) {
        Some(next) => call.go_saying(next, "email_confirmed"),
        None => call.go_saying("/manage", "email_confirmed"),
    })
}

/// Sends another letter to who has not confirmed yet.
pub(crate) fn send(call: &Call) -> Outcome {
    let person = call.person()?;
    call.site.take_letter(&call.peer, &person.email)?;
    let token = call
        .acting()?
        .request_confirmation(person.id, call.random())?;
    call.ask_to_confirm(person, &format!("/manage/confirm?token={token}"));
    Ok(call.go_saying("/manage/profile", "letter_sent"))
}

pub(crate) fn show_change(call: &Call) -> Outcome {
    change_page(call, FIRST)
}

pub(crate) fn request_change(call: &Call) -> Outcome {
    let person = call.person()?;
    call.site.take_guess(&call.peer, &person.email)?;
    call.site.take_letter(&call.peer, call.form.get("email"))?;
    let outcome = (|| {
        own_password(call)?;
        let email = call.form.get("email").trim();
        let wish = call
            .acting()?
            .request_email_change(person.id, email, call.random())?;
        if let Some(token) = wish {
            let link = call.link(&format!("/manage/profile/email/take?token={token}"));
            call.write(&letters::CHANGE, email, call.language, &[("link", &link)]);
        }
        // Whoever holds the old one shall know.
        call.write(&letters::CHANGING, &person.email, call.language, &[]);
        Ok(call.go_saying("/manage/profile", "letter_sent"))
    })();
    or_again(outcome, |again| change_page(call, again))
}

pub(crate) fn show_take(call: &Call) -> Outcome {
    ask(
        call,
        "/manage/profile/email/take",
        "email.title",
        "email.take_lead",
        "email.take_go",
    )
}

pub(crate) fn take(call: &Call) -> Outcome {
    let person = call.person()?.id;
    call.acting()?
        .change_email(person, call.form.get("token"))?;
    Ok(call.go_saying("/manage/profile", "email_changed"))
}

fn ask(
    call: &Call,
    action: &str,
    title: &'static str,
    lead: &'static str,
    go: &'static str,
) -> Outcome {
    let title = call.t(title);
    let body = html! {
        h1 { (title) }
        div.card {
            p { (call.t(lead)) }
            (form(call, action, html! {
                input type="hidden" name="token" value=(call.query.get("token"));
                @if let Some(next) = from_shop(call) {
                    input type="hidden" name="next" value=(next);
                }
                button.button type="submit" { (call.t(go)) }
            }))
        }
    };
    Ok(call.page(title, body))
}

fn change_page(call: &Call, (status, faults): Again<'_>) -> Outcome {
    let fields = Fields::new(call, faults);
    let title = call.t("email.title");
    let body = html! {
        p.crumb { a href="/manage/profile" { (call.t("profile.title")) } }
        h1 { (title) }
        p.lead { (call.say("email.lead", &[("email", &call.person()?.email)])) }
        (fields.summary())
        div.card {
            (form(call, "/manage/profile/email", html! {
                (fields.input(Input {
                    name: "email",
                    label: "email.new",
                    kind: "email",
                    autocomplete: "email",
                    is_first: true,
                    ..Input::default()
                }))
                (current_field(&fields, false))
                button.button type="submit" { (call.t("email.go")) }
            }))
        }
    };
    Ok(call.page_with(status, title, body))
}
