//! A person's own page: name, language, password, sessions.

use afsa_accounts::people::{PersonChange, password_faults};
use maud::{Markup, html};

use super::apps;
use super::parts::{
    Again, FIRST, current_field, languages, moment, name_field, new_password_field, or_again,
};
use crate::answer::Outcome;
use crate::call::Call;
use crate::cookie::Keep;
use crate::failure::Failure;
use crate::fields::{Fields, fault, form};

pub(crate) fn show(call: &Call) -> Outcome {
    page(call, FIRST)
}

pub(crate) fn change(call: &Call) -> Outcome {
    let wanted = PersonChange {
        name: Some(call.form.get("name").to_owned()),
        language: Some(call.form.get("language").to_owned()),
    };
    let person = call.person()?.id;
    let outcome = call
        .acting()?
        .change_person(person, &wanted)
        .map_err(Failure::from)
        .map(|_| call.go_saying("/manage/profile", "saved"));
    or_again(outcome, |again| page(call, again))
}

pub(crate) fn show_password(call: &Call) -> Outcome {
    password_page(call, FIRST)
}

pub(crate) fn change_password(call: &Call) -> Outcome {
    let person = call.person()?;
    call.site.take_guess(&call.peer, &person.email)?;
    or_again(attempt(call), |again| password_page(call, again))
}

fn attempt(call: &Call) -> Outcome {
    let person = call.person()?;
    let new = call.form.get("password");
    let faults = password_faults(new, &person.email);
    if !faults.is_empty() {
        return Err(Failure::Invalid(faults));
    }
    let changed = call.site.accounts.change_password(
        person.id,
        call.form.get("current"),
        new,
        call.agent(),
        call.random(),
        call.random(),
        call.now,
    )?;
    let Some(session) = changed else {
        let faults = vec![fault("current", "wrong", "is not your password")];
        return Err(Failure::Invalid(faults));
    };
    let mut response = call.go_saying("/manage/profile", "password_changed");
    call.set_cookie(&mut response, "session", &session.text, Keep::Session);
    Ok(response)
}

pub(crate) fn end_session(call: &Call) -> Outcome {
    let person = call.person()?.id;
    call.site
        .accounts
        .end_session(person, call.number("session")?)?;
    Ok(call.go_saying("/manage/profile", "session_ended"))
}

pub(crate) fn end_others(call: &Call) -> Outcome {
    let person = call.person()?.id;
    call.site
        .accounts
        .end_other_sessions(person, call.session()?.id)?;
    Ok(call.go_saying("/manage/profile", "sessions_ended"))
}

fn page(call: &Call, (status, faults): Again<'_>) -> Outcome {
    let person = call.person()?;
    let fields = Fields::new(call, faults);
    let title = call.t("profile.title");
    let body = html! {
        h1 { (title) }
        p.lead { (person.email) }
        (fields.summary())
        section.card {
            h2 { (call.t("profile.you")) }
            (form(call, "/manage/profile", html! {
                (name_field(&fields, &person.name, false))
                (fields.select("language", "layout.language", None, &person.language, &languages()))
                button.button type="submit" { (call.t("form.save")) }
            }))
        }
        section.card {
            h2 { (call.t("profile.security")) }
            dl.facts {
                dt { (call.t("field.email")) }
                dd {
                    (person.email) " "
                    @if person.confirmed_at.is_some() {
                        span.badge.good { (call.t("profile.confirmed")) }
                    } @else {
                        span.badge.warn { (call.t("profile.unconfirmed")) }
                    }
                }
                dt { (call.t("second_factor.title")) }
                dd {
                    @if person.has_second_factor {
                        span.badge.good { (call.t("second_factor.on")) }
                    } @else {
                        span.badge { (call.t("second_factor.off")) }
                    }
                }
            }
            div.row {
                a.button.quiet href="/manage/profile/password" { (call.t("password.title")) }
                a.button.quiet href="/manage/profile/email" { (call.t("email.title")) }
                a.button.quiet href="/manage/profile/second-factor" {
                    (call.t("second_factor.title"))
                }
                @if person.confirmed_at.is_none() {
                    (form(call, "/manage/confirm/send", html! {
                        button.button.quiet type="submit" { (call.t("confirm.again")) }
                    }))
                }
            }
        }
        (apps::section(call)?)
        (sessions(call)?)
    };
    Ok(call.page_with(status, title, body))
}

fn sessions(call: &Call) -> Result<Markup, Failure> {
    let own = call.session()?.id;
    let sessions = call.site.accounts.sessions(call.person()?.id, call.now)?;
    Ok(html! {
        section.card {
            h2 { (call.t("profile.sessions")) }
            div.table { table.stack { tbody {
                @for session in &sessions {
                    tr {
                        td {
                            (browser(&session.agent).unwrap_or(call.t("profile.some_browser")))
                            @if session.id == own {
                                " " span.badge.good { (call.t("profile.this_session")) }
                            }
                            span.small.muted { (session.agent) }
                        }
                        td data-label=(call.t("profile.seen")) {
                            (moment(call, session.last_seen, None))
                        }
                        td.actions {
                            @if session.id != own {
                                @let action = format!("/manage/profile/sessions/{}/end", session.id);
                                (form(call, &action, html! {
                                    button.button.danger.little type="submit" {
                                        (call.t("profile.end"))
                                    }
                                }))
                            }
                        }
                    }
                }
            } } }
            @if sessions.len() > 1 {
                (form(call, "/manage/profile/sessions/end-others", html! {
                    button.button.quiet type="submit" { (call.t("profile.end_others")) }
                }))
            }
        }
    })
}

/// The browser's name, as far as a person wants to know it.
fn browser(agent: &str) -> Option<&'static str> {
    const KNOWN: [(&str, &str); 7] = [
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("HeadlessChrome/", "Chrome"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ];
    let known = KNOWN.iter().find(|(mark, _)| agent.contains(mark));
    known.map(|(_, name)| *name)
}

fn password_page(call: &Call, (status, faults): Again<'_>) -> Outcome {
    let fields = Fields::new(call, faults);
    let title = call.t("password.title");
    let body = html! {
        p.crumb { a href="/manage/profile" { (call.t("profile.title")) } }
        h1 { (title) }
        p.lead { (call.t("password.lead")) }
        (fields.summary())
        div.card {
            (form(call, "/manage/profile/password", html! {
                (current_field(&fields, true))
                (new_password_field(&fields, false))
                button.button type="submit" { (call.t("password.go")) }
            }))
        }
    };
    Ok(call.page_with(status, title, body))
}
