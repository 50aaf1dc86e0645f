//! Apps of an account, and apps that were let into it.

use afsa_accounts::oauth::{Client, ClientChange, ClientKind, CreatedClient, Grant, NewClient};
use maud::{Markup, html};

use super::parts::{
    Again, FIRST, chosen_scopes, moment_or_never, or_again, paged_by, scope_checks, sure,
};
use super::things::{Row, Shown, Things, made_at};
use crate::answer::Outcome;
use crate::call::Call;
use crate::failure::Failure;
use crate::fields::{Fields, Input};
use crate::once;

const CLIENTS: Things = Things {
    path: "clients",
    title: "clients.title",
    lead: "clients.lead",
    empty: "clients.empty",
    create: "clients.create",
    heads: &["field.name", "clients.type", "clients.redirects"],
};

pub(crate) fn show(call: &Call) -> Outcome {
    page(call, FIRST)
}

pub(crate) fn create(call: &Call) -> Outcome {
    if !once::is_first(call) {
        return CLIENTS.again(call);
    }
    or_again(attempt(call), |again| page(call, again))
}

fn attempt(call: &Call) -> Outcome {
    let kind = match call.form.get("type") {
        "confidential" => ClientKind::Confidential,
        _ => ClientKind::Public,
    };
    let new = NewClient {
        name: call.form.get("name").to_owned(),
        kind,
        redirects: call.form.lines("redirect_uris"),
        scopes: chosen_scopes(call),
    };
    let account = call.account_id()?;
    let acting = call.acting()?;
    let created = acting.create_client(account, &new, call.random(), call.random())?;
    made(call, "clients.created", &created)
}

fn made(call: &Call, title: &'static str, created: &CreatedClient) -> Outcome {
    let body = html! {
        p { (call.t("clients.id_text")) }
        span.legend { "client_id" }
        code.secret data-secret="client-id" { (created.client.public_id) }
        @if let Some(secret) = &created.secret {
            span.legend { "client_secret" }
            code.secret data-secret="client-secret" { (secret) }
            p { (call.t("clients.secret_once")) }
        }
    };
    CLIENTS.made(call, title, body)
}

pub(crate) fn show_one(call: &Call) -> Outcome {
    one(call, FIRST)
}

pub(crate) fn change(call: &Call) -> Outcome {
    let wanted = ClientChange {
        name: Some(call.form.get("name").to_owned()),
        redirects: Some(call.form.lines("redirect_uris")),
        scopes: Some(chosen_scopes(call)),
    };
    let outcome = (|| {
        let acting = call.acting()?;
        acting.update_client(call.account_id()?, call.number("client")?, &wanted)?;
        Ok(call.go_saying(&CLIENTS.address(call)?, "saved"))
    })();
    or_again(outcome, |again| one(call, again))
}

pub(crate) fn ask_rotate(call: &Call) -> Outcome {
    let client = client(call)?;
    if client.kind != ClientKind::Confidential {
        return Err(Failure::NotFound);
    }
    let text = call.say("clients.rotate_text", &[("name", &client.name)]);
    let back = format!("{}/{}", CLIENTS.address(call)?, client.id);
    sure(call, "clients.rotate_title", &text, "clients.rotate", &back)
}

pub(crate) fn rotate(call: &Call) -> Outcome {
    if !once::is_first(call) {
        return CLIENTS.again(call);
    }
    let acting = call.acting()?;
    let id = client(call)?.id;
    let rotated = acting.rotate_client_secret(call.account_id()?, id, call.random());
    match rotated.map_err(Failure::from) {
        Ok(rotated) => made(call, "clients.rotated", &rotated),
        // Only what has a secret gets another one.
        Err(Failure::Invalid(_)) => Err(Failure::NotFound),
        Err(failure) => Err(failure),
    }
}

pub(crate) fn ask_delete(call: &Call) -> Outcome {
    let client = client(call)?;
    let text = call.say("clients.delete_text", &[("name", &client.name)]);
    let base = CLIENTS.address(call)?;
    sure(call, "clients.delete_title", &text, "clients.delete", &base)
}

pub(crate) fn delete(call: &Call) -> Outcome {
    let id = call.number("client")?;
    call.acting()?.delete_client(call.account_id()?, id)?;
    Ok(call.go_saying(&CLIENTS.address(call)?, "client_deleted"))
}

pub(crate) fn ask_disconnect(call: &Call) -> Outcome {
    let id = call.number("grant")?;
    let grants = call.site.accounts.grants(call.account_id()?, call.now)?;
    let grant = grants.into_iter().find(|grant| grant.id == id);
    let grant = grant.ok_or(Failure::NotFound)?;
    let text = call.say("clients.disconnect_text", &[("name", &grant.client_name)]);
    let base = CLIENTS.address(call)?;
    sure(
        call,
        "clients.disconnect_title",
        &text,
        "clients.disconnect",
        &base,
    )
}

/// Ends what an app may do in the account.
pub(crate) fn disconnect(call: &Call) -> Outcome {
    let grant = call.number("grant")?;
    call.acting()?.revoke_grant(call.account_id()?, grant)?;
    Ok(call.go_saying(&CLIENTS.address(call)?, "app_disconnected"))
}

fn client(call: &Call) -> Result<Client, Failure> {
    let id = call.number("client")?;
    Ok(call.site.accounts.client(call.account_id()?, id)?)
}

fn page(call: &Call, again: Again<'_>) -> Outcome {
    let account = call.account_id()?;
    let clients = call.site.accounts.clients(account)?;
    let mut grants = call.site.accounts.grants(account, call.now)?;
    grants.reverse();
    let inputs = |fields: &Fields<'_>| {
        let kinds = ["public", "confidential"]
            .map(|kind| (kind.to_owned(), call.word("client_type", kind).to_owned()));
        Ok(html! {
            (name_field(fields, ""))
            (fields.select("type", "clients.type", Some("clients.type_hint"), "public", &kinds))
            (redirects_field(fields, ""))
            (scope_checks(call, fields, call.role()?, afsa_accounts::Scopes::default()))
        })
    };
    let more = connected(call, &grants)?;
    CLIENTS.list(
        call,
        again,
        &clients,
        |client| row(call, client),
        more,
        inputs,
    )
}

fn row<'a>(call: &Call, client: &'a Client) -> Result<Row<'a>, Failure> {
    Ok(Row {
        id: client.id,
        name: &client.name,
        badge: None,
        below: html! { code { (client.public_id) } },
        cells: vec![
            html! { span.badge { (call.word("client_type_short", client.kind.name())) } },
            html! { @for redirect in &client.redirects { span.small { (redirect) } } },
        ],
        over: None,
    })
}

/// The apps that people let into the account.
fn connected(call: &Call, grants: &[Grant]) -> Result<Markup, Failure> {
    let account = call.account()?;
    let base = CLIENTS.address(call)?;
    let (shown, links) = paged_by(call, "apps", grants, &base);
    Ok(html! {
        section.card {
            h2 { (call.t("clients.connected")) }
            @if grants.is_empty() {
                p.muted { (call.t("clients.none_connected")) }
            } @else {
                div.table { table.stack {
                    thead { tr {
                        th { (call.t("field.name")) }
                        th { (call.t("clients.by")) }
                        th { (call.t("list.used")) }
                        th { span.unseen { (call.t("list.actions")) } }
                    } }
                    tbody {
                        @for grant in shown {
                            tr {
                                td {
                                    bdi { (grant.client_name) }
                                    span.small.muted { (grant.scopes) }
                                    span.small.muted { (grant.place) }
                                }
                                td data-label=(call.t("clients.by")) { (grant.email) }
                                td data-label=(call.t("list.used")) {
                                    (moment_or_never(call, grant.last_used, account))
                                }
                                td.actions {
                                    a.button.danger.little
                                        href=(format!("{base}/apps/{}/disconnect", grant.id)) {
                                        (call.t("clients.disconnect"))
                                        span.unseen { " " (grant.client_name) }
                                    }
                                }
                            }
                        }
                    }
                } }
                (links)
            }
        }
    })
}

fn one(call: &Call, again: Again<'_>) -> Outcome {
    let client = client(call)?;
    let has_secret = client.kind == ClientKind::Confidential;
    let shown = Shown {
        id: client.id,
        name: &client.name,
        facts: html! {
            dt { "client_id" } dd { code { (client.public_id) } }
            dt { (call.t("clients.type")) } dd { (call.word("client_type", client.kind.name())) }
            dt { (call.t("account.created")) } dd { (made_at(call, client.created_at)?) }
        },
        acts: if has_secret {
            &[
                ("secret", "clients.rotate", "quiet"),
                ("delete", "clients.delete", "danger"),
            ]
        } else {
            &[("delete", "clients.delete", "danger")]
        },
    };
    CLIENTS.one(call, again, &shown, |fields| {
        Ok(html! {
            (name_field(fields, &client.name))
            (redirects_field(fields, &client.redirects.join("\n")))
            (scope_checks(call, fields, call.role()?, client.scopes))
        })
    })
}

fn name_field(fields: &Fields<'_>, value: &str) -> Markup {
    fields.input(Input {
        name: "name",
        label: "field.name",
        value,
        hint: Some("clients.name_hint"),
        ..Input::default()
    })
}

fn redirects_field(fields: &Fields<'_>, lines: &str) -> Markup {
    fields.lines(
        "redirect_uris",
        "clients.redirects",
        "clients.redirects_hint",
        lines,
    )
}
