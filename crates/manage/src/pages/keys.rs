//! API keys of an account.

use afsa_accounts::people::{MembershipChoice, Right};
use afsa_accounts::{ApiKey, NewKey, Scope, Scopes};
use maud::html;

use super::parts::{
    Again, FIRST, chosen_expiry, chosen_scopes, expiry_field, moment_or_never, or_again,
    scope_checks, sure,
};
use super::search;
use super::things::{Row, Shown, Things, made_at, moment_fact, over};
use crate::answer::Outcome;
use crate::call::Call;
use crate::failure::Failure;
use crate::fields::{Fields, Input};
use crate::once;

const KEYS: Things = Things {
    path: "keys",
    title: "keys.title",
    lead: "keys.lead",
    empty: "keys.empty",
    create: "keys.create",
    heads: &["field.name", "field.scopes", "list.used", "field.expires"],
};

/// From the address that is the same for everybody to the keys of one account.
pub(crate) fn choose_keys(call: &Call) -> Outcome {
    choose(call, "keys", "keys.title")
}

pub(crate) fn choose_clients(call: &Call) -> Outcome {
    choose(call, "clients", "clients.title")
}

fn choose(call: &Call, page: &str, title: &'static str) -> Outcome {
    let choice = MembershipChoice {
        right: Some(Right::ManageAccess),
        ..MembershipChoice::default()
    };
    let found = search::accounts(call, choice)?;
    if let ([only], false) = (found.rows.as_slice(), found.is_searched) {
        return Ok(call.go(&format!("/manage/accounts/{}/{page}", only.account.id)));
    }
    let title = call.t(title);
    let body = html! {
        h1 { (title) }
        p.lead { (call.t("keys.choose")) }
        (found.field(call))
        @if found.is_none() {
            div.card.empty { p { (call.t("keys.no_account")) } }
        }
        ul.tiles {
            @for membership in &found.rows {
                li {
                    a.tile href=(format!("/manage/accounts/{}/{page}", membership.account.id)) {
                        strong { bdi { (membership.account.name) } }
                        span.muted.small { (membership.account.url) }
                    }
                }
            }
        }
        (found.links(call))
    };
    Ok(call.page(title, body))
}

pub(crate) fn show(call: &Call) -> Outcome {
    page(call, FIRST)
}

pub(crate) fn create(call: &Call) -> Outcome {
    if !once::is_first(call) {
        return KEYS.again(call);
    }
    or_again(attempt(call), |again| page(call, again))
}

fn attempt(call: &Call) -> Outcome {
    let new = NewKey {
        name: call.form.get("name").to_owned(),
        scopes: chosen_scopes(call),
        expires_at: chosen_expiry(call).flatten(),
    };
    let created = call
        .acting()?
        .create_key(call.account_id()?, &new, call.random())?;
    let example = format!(
        "curl -H 'Authorization: Bearer {}' \\\n  '{}/v1/accounts'",
        created.text, call.site.address
    );
    let body = html! {
        p { (call.t("keys.once")) }
        span.legend { bdi { (created.key.name) } }
        code.secret data-secret="key" { (created.text) }
        h3 { (call.t("keys.example")) }
        pre tabindex="0" { code { (example) } }
    };
    KEYS.made(call, "keys.created", body)
}

pub(crate) fn show_one(call: &Call) -> Outcome {
    one(call, FIRST)
}

/// A key's scopes and expiry are what it was made with; only its name is for people.
pub(crate) fn change(call: &Call) -> Outcome {
    let outcome = (|| {
        let name = call.form.get("name");
        let acting = call.acting()?;
        acting.rename_key(call.account_id()?, call.number("key")?, name)?;
        Ok(call.go_saying(&KEYS.address(call)?, "saved"))
    })();
    or_again(outcome, |again| one(call, again))
}

pub(crate) fn ask_revoke(call: &Call) -> Outcome {
    let key = key(call)?;
    let text = call.say("keys.revoke_text", &[("name", &key.name)]);
    let base = KEYS.address(call)?;
    sure(call, "keys.revoke_title", &text, "keys.revoke", &base)
}

pub(crate) fn revoke(call: &Call) -> Outcome {
    let key = call.number("key")?;
    call.acting()?.revoke_key(call.account_id()?, key)?;
    Ok(call.go_saying(&KEYS.address(call)?, "key_revoked"))
}

fn key(call: &Call) -> Result<ApiKey, Failure> {
    let id = call.number("key")?;
    Ok(call.site.accounts.key(call.account_id()?, id)?)
}

fn page(call: &Call, again: Again<'_>) -> Outcome {
    let account = call.account()?;
    let mut keys = call.site.accounts.keys(account.id)?;
    // What opens something first, the newest of each before the others.
    keys.reverse();
    keys.sort_by_key(|key| key.revoked_at.is_some());
    let inputs = |fields: &Fields<'_>| {
        let chosen = Scopes::from([Scope::AccountRead, Scope::StatsRead]);
        Ok(html! {
            (fields.input(Input {
                name: "name",
                label: "field.name",
                hint: Some("keys.name_hint"),
                ..Input::default()
            }))
            (scope_checks(call, fields, call.role()?, chosen))
            (expiry_field(call, fields, None))
        })
    };
    KEYS.list(call, again, &keys, |key| row(call, key), html! {}, inputs)
}

fn row<'a>(call: &Call, key: &'a ApiKey) -> Result<Row<'a>, Failure> {
    let account = call.account()?;
    Ok(Row {
        id: key.id,
        name: &key.name,
        badge: None,
        below: made_at(call, key.created_at)?,
        cells: vec![
            html! { span.small { (key.scopes) } },
            moment_or_never(call, key.last_used, account),
            moment_or_never(call, key.expires_at, account),
        ],
        over: over(call, key.revoked_at, key.expires_at),
    })
}

fn one(call: &Call, again: Again<'_>) -> Outcome {
    let key = key(call)?;
    if over(call, key.revoked_at, key.expires_at).is_some() {
        return Err(Failure::NotFound);
    }
    let shown = Shown {
        id: key.id,
        name: &key.name,
        facts: html! {
            dt { (call.t("field.scopes")) } dd { (key.scopes) }
            (moment_fact(call, "list.used", key.last_used)?)
            (moment_fact(call, "field.expires", key.expires_at)?)
        },
        acts: &[("revoke", "keys.revoke", "danger")],
    };
    KEYS.one(call, again, &shown, |fields| {
        Ok(fields.input(Input {
            name: "name",
            label: "field.name",
            value: &key.name,
            hint: Some("keys.name_hint"),
            ..Input::default()
        }))
    })
}
