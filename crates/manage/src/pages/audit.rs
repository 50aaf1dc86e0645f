//! Who did what, in an account or in the installation, and whether nobody has changed that afterwards.

use std::collections::HashMap;

use afsa_accounts::people::{AuditChoice, AuditEntry, AuditState};
use afsa_accounts::{Account, Actor, Error};
use maud::{Markup, html};

use super::parts::{PAGE, moment};
use crate::answer::Outcome;
use crate::call::Call;
use crate::failure::Failure;
use crate::fields::form;

pub(crate) fn show(call: &Call) -> Outcome {
    page(call, Some(call.account()?), None)
}

/// Follows the whole chain, which takes the longer the longer it is.
pub(crate) fn verify(call: &Call) -> Outcome {
    let account = call.account()?;
    let state = call.site.accounts.verify_audit(Some(account.id))?;
    page(call, Some(account), Some(&state))
}

/// What was done to the installation itself: signing in, people, the operator's acts.
pub(crate) fn show_installation(call: &Call) -> Outcome {
    page(call, None, None)
}

pub(crate) fn verify_installation(call: &Call) -> Outcome {
    let state = call.site.accounts.verify_audit(None)?;
    page(call, None, Some(&state))
}

fn page(call: &Call, account: Option<&Account>, state: Option<&AuditState>) -> Outcome {
    let choice = AuditChoice {
        action: None,
        before: call.query.get("before").parse().ok(),
    };
    let limit = u32::try_from(PAGE).unwrap_or(u32::MAX);
    let of = account.map(|account| account.id);
    let entries = call.site.accounts.audit(of, choice, limit)?;
    let names = names(call, &entries)?;
    let (title, lead, base) = match account {
        Some(account) => {
            let base = format!("/manage/accounts/{}/audit", account.id);
            (call.t("side.audit"), "audit.lead", base)
        }
        None => {
            let base = "/manage/audit".to_owned();
            (
                call.t("audit.installation"),
                "audit.installation_lead",
                base,
            )
        }
    };
    let is_first = choice.before.is_none();
    let oldest = entries.last().map(|entry| entry.id).filter(|id| *id > 1);
    let body = html! {
        h1 { (title) }
        p.lead { (call.t(lead)) }
        @match state {
            Some(state) => (told(call, state)),
            None => (form(call, &base, html! {
                p { button.button.quiet type="submit" { (call.t("audit.verify")) } }
            })),
        }
        section.card {
            @if entries.is_empty() {
                p.muted { (call.t("audit.empty")) }
            } @else {
                div.table { table.stack {
                    thead { tr {
                        th { (call.t("audit.at")) }
                        th { (call.t("audit.who")) }
                        th { (call.t("audit.what")) }
                    } }
                    tbody { @for entry in &entries { (row(call, account, entry, &names)) } }
                } }
                @if oldest.is_some() || !is_first {
                    nav.pages aria-label=(call.t("list.pages")) {
                        span { @if !is_first { a href=(base) { (call.t("audit.newest")) } } }
                        span {
                            @if let Some(oldest) = oldest {
                                a href=(format!("{base}?before={oldest}")) rel="next" {
                                    (call.t("audit.older"))
                                }
                            }
                        }
                    }
                }
            }
        }
    };
    Ok(call.page(title, body))
}

fn told(call: &Call, state: &AuditState) -> Markup {
    let head: String = state
        .head
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let entries = state.entries.to_string();
    html! {
        @match &state.fault {
            None => div.note.good role="status" {
                p { (call.say("audit.whole", &[("entries", &entries)])) }
                p.small { (call.t("audit.head")) " " code { (head) } }
            },
            Some(fault) => div.note.bad role="alert" { p {
                (call.say("audit.broken", &[("entry", &fault.entry.to_string())]))
            } },
        }
    }
}

fn row(
    call: &Call,
    account: Option<&Account>,
    entry: &AuditEntry,
    names: &HashMap<i64, String>,
) -> Markup {
    let who = match entry.actor.parse() {
        Ok(Actor::Person(id)) => match names.get(&id) {
            Some(name) => name.clone(),
            None => format!("{} {id}", call.t("audit.person")),
        },
        Ok(Actor::Key(id)) => format!("{} {id}", call.t("audit.key")),
        Ok(Actor::App(id)) => format!("{} {id}", call.t("audit.app")),
        Ok(Actor::CommandLine) => call.t("audit.command_line").to_owned(),
        Ok(Actor::System) => call.t("audit.system").to_owned(),
        _ => entry.actor.clone(),
    };
    html! {
        tr {
            td { (moment(call, entry.at, account)) }
            td data-label=(call.t("audit.who")) { bdi { (who) } }
            td data-label=(call.t("audit.what")) {
                (call.word("action", &entry.action)) " "
                span.muted { (entry.subject) }
                @if !entry.detail.is_empty() {
                    span.small.muted { bdi { (entry.detail) } }
                }
            }
        }
    }
}

/// Of the people who stand on this page, as far as they are still there.
fn names(call: &Call, entries: &[AuditEntry]) -> Result<HashMap<i64, String>, Failure> {
    let mut names = HashMap::new();
    for entry in entries {
        let Ok(Actor::Person(id)) = entry.actor.parse() else {
            continue;
        };
        if names.contains_key(&id) {
            continue;
        }
        match call.site.accounts.person(id) {
            Ok(person) => {
                names.insert(id, person.name);
            }
            Err(Error::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(names)
}
