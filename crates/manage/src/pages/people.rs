//! Everybody who can sign in, for the operator.

use afsa_accounts::people::{Person, Purpose};
use maud::{Markup, html};

use super::parts::{Again, FIRST, moment, name_field, or_again, sure};
use super::search;
use super::setup::new_person;
use crate::answer::Outcome;
use crate::call::Call;
use crate::failure::Failure;
use crate::fields::{Fields, Input, form};

const BASE: &str = "/manage/people";

pub(crate) fn show(call: &Call) -> Outcome {
    page(call, FIRST)
}

/// Makes a person and sends a link to choose a password.
pub(crate) fn create(call: &Call) -> Outcome {
    let outcome = (|| {
        let person = call.acting()?.create_person(&new_person(call))?;
        invite(call, &person, Purpose::Welcome)?;
        Ok(call.go_saying(BASE, "person_created"))
    })();
    or_again(outcome, |again| page(call, again))
}

pub(crate) fn send_link(call: &Call) -> Outcome {
    let person = call.site.accounts.person(call.number("person")?)?;
    let purpose = if person.has_password {
        Purpose::Reset
    } else {
        Purpose::Welcome
    };
    invite(call, &person, purpose)?;
    Ok(call.go_saying(BASE, "letter_sent"))
}

pub(crate) fn ask_disable(call: &Call) -> Outcome {
    ask(
        call,
        "people.disable_title",
        "people.disable_text",
        "people.disable",
    )
}

pub(crate) fn disable(call: &Call) -> Outcome {
    call.acting()?.disable_person(call.number("person")?)?;
    Ok(call.go_saying(BASE, "person_disabled"))
}

pub(crate) fn enable(call: &Call) -> Outcome {
    call.acting()?.enable_person(call.number("person")?)?;
    Ok(call.go_saying(BASE, "person_enabled"))
}

pub(crate) fn ask_drop_second_factor(call: &Call) -> Outcome {
    ask(
        call,
        "people.factor_title",
        "people.factor_text",
        "second_factor.disable",
    )
}

/// For somebody who has lost the app and the recovery codes.
pub(crate) fn drop_second_factor(call: &Call) -> Outcome {
    call.acting()?
        .remove_second_factor(call.number("person")?)?;
    Ok(call.go_saying(BASE, "second_factor_off"))
}

fn ask(call: &Call, title: &'static str, text: &'static str, button: &'static str) -> Outcome {
    let person = call.site.accounts.person(call.number("person")?)?;
    let values = [("name", person.name.as_str()), ("email", &person.email)];
    sure(call, title, &call.say(text, &values), button, BASE)
}

fn invite(call: &Call, person: &Person, purpose: Purpose) -> Result<(), Failure> {
    let acting = call.acting()?;
    let token = acting.invite_to_choose_password(person.id, purpose, call.random())?;
    call.send_password_link(person, purpose, &token);
    Ok(())
}

fn page(call: &Call, (status, faults): Again<'_>) -> Outcome {
    let found = search::found(call, |text, part| {
        call.site.accounts.persons_called(text, part)
    })?;
    let fields = Fields::new(call, faults);
    let title = call.t("layout.people");
    let body = html! {
        h1 { (title) }
        p.lead { (call.t("people.lead")) }
        (fields.summary())
        (found.field(call))
        section.card {
            div.table { table.stack {
                thead { tr {
                    th { (call.t("field.your_name")) }
                    th { (call.t("people.since")) }
                    th { span.unseen { (call.t("list.actions")) } }
                } }
                tbody { @for person in &found.rows { (row(call, person)) } }
            } }
            (found.links(call))
        }
        section.card {
            h2 { (call.t("people.create")) }
            (form(call, BASE, html! {
                (name_field(&fields, "", false))
                (fields.input(Input {
                    name: "email",
                    label: "field.email",
                    kind: "email",
                    hint: Some("people.create_hint"),
                    ..Input::default()
                }))
                button.button type="submit" { (call.t("people.create")) }
            }))
        }
    };
    Ok(call.page_with(status, title, body))
}

fn row(call: &Call, person: &Person) -> Markup {
    let base = format!("{BASE}/{}", person.id);
    let ask = |page: &str, label: &'static str, class: &str| {
        html! {
            a class=(format!("button little {class}")) href=(format!("{base}/{page}")) {
                (call.t(label))
                span.unseen { " " (person.name) }
            }
        }
    };
    html! {
        tr {
            td {
                bdi { (person.name) }
                @if person.is_operator { " " span.badge.good { (call.t("people.operator")) } }
                @if person.disabled_at.is_some() { " " span.badge.bad { (call.t("people.disabled")) } }
                @if person.has_second_factor { " " span.badge { (call.t("people.two_factors")) } }
                span.small.muted { (person.email) }
            }
            td data-label=(call.t("people.since")) { (moment(call, person.created_at, None)) }
            td.actions {
                @if !person.is_operator {
                    div.row {
                        (form(call, &format!("{base}/link"), html! {
                            button.button.quiet.little type="submit" { (call.t("people.link")) }
                        }))
                        @if person.has_second_factor {
                            (ask("second-factor/remove", "second_factor.disable", "quiet"))
                        }
                        @if person.disabled_at.is_some() {
                            (form(call, &format!("{base}/enable"), html! {
                                button.button.quiet.little type="submit" { (call.t("people.enable")) }
                            }))
                        } @else {
                            (ask("disable", "people.disable", "danger"))
                        }
                    }
                }
            }
        }
    }
}
