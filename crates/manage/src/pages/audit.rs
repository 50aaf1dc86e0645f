//! Who did what in an account, and whether nobody has changed that afterwards.

use std::collections::HashMap;

use afsa_accounts::Actor;
use afsa_accounts::people::AuditChoice;
use maud::html;

use super::parts::{PAGE, moment};
use crate::answer::Outcome;
use crate::call::Call;

pub(crate) fn show(call: &Call) -> Outcome {
    let account = call.account()?;
    let accounts = &call.site.accounts;
    let choice = AuditChoice {
        action: None,
        before: call.query.get("before").parse().ok(),
    };
    let limit = u32::try_from(PAGE).unwrap_or(25);
    let entries = accounts.audit(Some(account.id), choice, limit)?;
    let state = accounts.verify_audit(Some(account.id))?;
    let names: HashMap<i64, String> = accounts
        .members(account.id)?
        .into_iter()
        .map(|member| (member.person, member.name))
        .collect();
    let who = |actor: &str| match actor.parse() {
        Ok(Actor::Person(id)) => match names.get(&id) {
            Some(name) => name.clone(),
            None => format!("{} {id}", call.t("audit.person")),
        },
        Ok(Actor::Key(id)) => format!("{} {id}", call.t("audit.key")),
        Ok(Actor::App(id)) => format!("{} {id}", call.t("audit.app")),
        Ok(Actor::CommandLine) => call.t("audit.command_line").to_owned(),
        _ => actor.to_owned(),
    };
    let title = call.t("side.audit");
    let base = format!("/manage/accounts/{}/audit", account.id);
    let oldest = entries.last().map(|entry| entry.id).filter(|id| *id > 1);
    let body = html! {
        h1 { (title) }
        p.lead { (call.t("audit.lead")) }
        @match &state.fault {
            None => div.note.good { p {
                (call.say("audit.whole", &[("entries", &state.entries.to_string())]))
            } },
            Some(fault) => div.note.bad role="alert" { p {
                (call.say("audit.broken", &[("entry", &fault.entry.to_string())]))
            } },
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
                    tbody {
                        @for entry in &entries {
                            tr {
                                td { (moment(call, entry.at, Some(account))) }
                                td data-label=(call.t("audit.who")) { (who(&entry.actor)) }
                                td data-label=(call.t("audit.what")) {
                                    (call.word("action", &entry.action)) " "
                                    span.muted { (entry.subject) }
                                    @if !entry.detail.is_empty() {
                                        span.small.muted { (entry.detail) }
                                    }
                                }
                            }
                        }
                    }
                } }
                @if let Some(oldest) = oldest {
                    nav.pages aria-label=(call.t("list.pages")) {
                        span {}
                        a href=(format!("{base}?before={oldest}")) rel="next" { (call.t("audit.older")) }
                    }
                }
            }
        }
    };
    Ok(call.page(title, body))
}
