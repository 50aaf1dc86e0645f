//! API keys of an account.

use afsa_accounts::people::Right;
use afsa_accounts::{ApiKey, FieldFault, NewKey, Scope, Scopes};
use axum::http::StatusCode;
use maud::{Markup, html};

use super::parts::{
    chosen_expiry, chosen_scopes, expiry_field, moment, moment_or_never, or_again, paged,
    scope_checks, sure,
};
use crate::answer::Outcome;
use crate::call::Call;
use crate::failure::Failure;
use crate::fields::{Fields, Input, form};

/// From the address that is the same for everybody to the keys of one account.
pub(crate) fn choose_keys(call: &Call) -> Outcome {
    choose(call, "keys", "keys.title")
}

pub(crate) fn choose_clients(call: &Call) -> Outcome {
    choose(call, "clients", "clients.title")
}

fn choose(call: &Call, page: &str, title: &'static str) -> Outcome {
    let memberships = call.site.accounts.accounts_of(call.person()?.id)?;
    let managed: Vec<_> = memberships
        .iter()
        .filter(|membership| membership.role.may(Right::ManageAccess))
        .collect();
    if let [only] = managed.as_slice() {
        return Ok(call.go(&format!("/manage/accounts/{}/{page}", only.account.id)));
    }
    let title = call.t(title);
    let body = html! {
        h1 { (title) }
        p.lead { (call.t("keys.choose")) }
        @if managed.is_empty() {
            div.card.empty { p { (call.t("keys.no_account")) } }
        }
        ul.tiles {
            @for membership in managed {
                li {
                    a.tile href=(format!("/manage/accounts/{}/{page}", membership.account.id)) {
                        strong { (membership.account.name) }
                        span.muted.small { (membership.account.url) }
                    }
                }
            }
        }
    };
    Ok(call.page(title, body))
}

pub(crate) fn show(call: &Call) -> Outcome {
    page(call, StatusCode::OK, &[])
}

pub(crate) fn create(call: &Call) -> Outcome {
    or_again(attempt(call), |status, faults| page(call, status, faults))
}

fn attempt(call: &Call) -> Outcome {
    let new = NewKey {
        name: call.form.get("name").to_owned(),
        scopes: chosen_scopes(call),
        expires_at: chosen_expiry(call),
    };
    let created = call
        .acting()?
        .create_key(call.account_id()?, &new, call.random())?;
    let title = call.t("keys.created");
    let example = format!(
        "curl -H 'Authorization: Bearer {}' \\\n  '{}/v1/accounts'",
        created.text, call.site.address
    );
    let body = html! {
        h1 { (title) }
        p.lead { (call.t("keys.once")) }
        div.card {
            span.legend { (created.key.name) }
            code.secret data-secret="key" { (created.text) }
            h3 { (call.t("keys.example")) }
            pre tabindex="0" { code { (example) } }
            a.button href=(address(call)?) { (call.t("keys.kept")) }
        }
    };
    Ok(call.page(title, body))
}

pub(crate) fn ask_revoke(call: &Call) -> Outcome {
    let key = call
        .site
        .accounts
        .key(call.account_id()?, call.number("key")?)?;
    let base = address(call)?;
    let text = call.say("keys.revoke_text", &[("name", &key.name)]);
    let action = format!("{base}/{}/revoke", key.id);
    let title = call.t("keys.revoke_title");
    Ok(sure(
        call,
        title,
        &text,
        &action,
        call.t("keys.revoke"),
        &base,
    ))
}

pub(crate) fn revoke(call: &Call) -> Outcome {
    let key = call.number("key")?;
    call.acting()?.revoke_key(call.account_id()?, key)?;
    Ok(call.go_saying(&address(call)?, "key_revoked"))
}

fn address(call: &Call) -> Result<String, Failure> {
    Ok(format!("/manage/accounts/{}/keys", call.account_id()?))
}

fn page(call: &Call, status: StatusCode, faults: &[FieldFault]) -> Outcome {
    let base = address(call)?;
    let mut keys = call.site.accounts.keys(call.account_id()?)?;
    // What opens something first, the newest of each before the others.
    keys.reverse();
    keys.sort_by_key(|key| key.revoked_at.is_some());
    let fields = Fields::new(call, faults);
    let title = call.t("keys.title");
    let (shown, links) = paged(call, &keys, &base);
    let chosen = Scopes::from([Scope::AccountRead, Scope::StatsRead]);
    let body = html! {
        h1 { (title) }
        p.lead { (call.t("keys.lead")) }
        (fields.summary())
        @if keys.is_empty() {
            div.card.empty { p { (call.t("keys.empty")) } }
        } @else {
            section.card {
                div.table { table.stack {
                    thead { tr {
                        th { (call.t("field.name")) }
                        th { (call.t("field.scopes")) }
                        th { (call.t("list.used")) }
                        th { (call.t("field.expires")) }
                        th { span.unseen { (call.t("list.actions")) } }
                    } }
                    tbody { @for key in shown { (row(call, key, &base)?) } }
                } }
                (links)
            }
        }
        section.card {
            h2 { (call.t("keys.create")) }
            (form(call, &base, html! {
                (fields.input(Input {
                    name: "name",
                    label: "field.name",
                    hint: Some("keys.name_hint"),
                    ..Input::default()
                }))
                (scope_checks(call, &fields, call.role()?, chosen))
                (expiry_field(call, &fields))
                button.button type="submit" { (call.t("keys.create")) }
            }))
        }
    };
    Ok(call.page_with(status, title, body))
}

fn row(call: &Call, key: &ApiKey, base: &str) -> Result<Markup, Failure> {
    let account = call.account()?;
    let is_over = key.expires_at.is_some_and(|expiry| expiry <= call.now);
    Ok(html! {
        tr {
            td {
                (key.name)
                span.small.muted { (moment(call, key.created_at, Some(account))) }
            }
            td data-label=(call.t("field.scopes")) { span.small { (key.scopes) } }
            td data-label=(call.t("list.used")) { (moment_or_never(call, key.last_used, account)) }
            td data-label=(call.t("field.expires")) {
                (moment_or_never(call, key.expires_at, account))
            }
            td.actions {
                @if key.revoked_at.is_some() {
                    span.badge.bad { (call.t("list.revoked")) }
                } @else if is_over {
                    span.badge.bad { (call.t("list.expired")) }
                } @else {
                    a.button.danger.little href=(format!("{base}/{}/revoke", key.id)) {
                        (call.t("keys.revoke"))
                    }
                }
            }
        }
    })
}
