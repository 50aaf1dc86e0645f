//! Apps of an account, and apps that were let into it.

use afsa_accounts::FieldFault;
use afsa_accounts::oauth::{Client, ClientKind, NewClient};
use axum::http::StatusCode;
use maud::{Markup, html};

use super::parts::{chosen_scopes, moment_or_never, or_again, paged, scope_checks, sure};
use crate::answer::Outcome;
use crate::call::Call;
use crate::failure::Failure;
use crate::fields::{Fields, Input, form};

pub(crate) fn show(call: &Call) -> Outcome {
    page(call, StatusCode::OK, &[])
}

pub(crate) fn create(call: &Call) -> Outcome {
    or_again(attempt(call), |status, faults| page(call, status, faults))
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
    let title = call.t("clients.created");
    let body = html! {
        h1 { (title) }
        div.card {
            p { (call.t("clients.id_text")) }
            span.legend { "client_id" }
            code.secret data-secret="client-id" { (created.client.public_id) }
            @if let Some(secret) = &created.secret {
                span.legend { "client_secret" }
                code.secret data-secret="client-secret" { (secret) }
                p { (call.t("clients.secret_once")) }
            }
            a.button href=(address(call)?) { (call.t("keys.kept")) }
        }
    };
    Ok(call.page(title, body))
}

pub(crate) fn ask_delete(call: &Call) -> Outcome {
    let id = call.number("client")?;
    let client = call.site.accounts.client(call.account_id()?, id)?;
    let base = address(call)?;
    let text = call.say("clients.delete_text", &[("name", &client.name)]);
    let action = format!("{base}/{id}/delete");
    let title = call.t("clients.delete_title");
    Ok(sure(
        call,
        title,
        &text,
        &action,
        call.t("clients.delete"),
        &base,
    ))
}

pub(crate) fn delete(call: &Call) -> Outcome {
    let id = call.number("client")?;
    call.acting()?.delete_client(call.account_id()?, id)?;
    Ok(call.go_saying(&address(call)?, "client_deleted"))
}

/// Ends what an app may do in the account.
pub(crate) fn disconnect(call: &Call) -> Outcome {
    let grant = call.number("grant")?;
    call.acting()?.revoke_grant(call.account_id()?, grant)?;
    Ok(call.go_saying(&address(call)?, "app_disconnected"))
}

fn address(call: &Call) -> Result<String, Failure> {
    Ok(format!("/manage/accounts/{}/clients", call.account_id()?))
}

fn page(call: &Call, status: StatusCode, faults: &[FieldFault]) -> Outcome {
    let base = address(call)?;
    let account = call.account()?;
    let clients = call.site.accounts.clients(account.id)?;
    let grants = call.site.accounts.grants(account.id, call.now)?;
    let fields = Fields::new(call, faults);
    let title = call.t("clients.title");
    let (shown, links) = paged(call, &clients, &base);
    let kinds = ["public", "confidential"]
        .map(|kind| (kind.to_owned(), call.word("client_type", kind).to_owned()));
    let body = html! {
        h1 { (title) }
        p.lead { (call.t("clients.lead")) }
        (fields.summary())
        @if clients.is_empty() {
            div.card.empty { p { (call.t("clients.empty")) } }
        } @else {
            section.card {
                div.table { table.stack {
                    tbody { @for client in shown { (row(call, client, &base)) } }
                } }
                (links)
            }
        }
        section.card {
            h2 { (call.t("clients.connected")) }
            @if grants.is_empty() {
                p.muted { (call.t("clients.none_connected")) }
            } @else {
                div.table { table.stack { tbody {
                    @for grant in &grants {
                        tr {
                            td {
                                (grant.client_name)
                                span.small.muted { (grant.scopes) }
                            }
                            td data-label=(call.t("list.used")) {
                                (moment_or_never(call, grant.last_used, account))
                            }
                            td.actions {
                                (form(call, &format!("{base}/apps/{}/disconnect", grant.id), html! {
                                    button.button.danger.little type="submit" {
                                        (call.t("clients.disconnect"))
                                    }
                                }))
                            }
                        }
                    }
                } } }
            }
        }
        section.card {
            h2 { (call.t("clients.create")) }
            (form(call, &base, html! {
                (fields.input(Input {
                    name: "name",
                    label: "field.name",
                    hint: Some("clients.name_hint"),
                    ..Input::default()
                }))
                (fields.select("type", "clients.type", Some("clients.type_hint"), "public", &kinds))
                (fields.lines("redirect_uris", "clients.redirects", "clients.redirects_hint", ""))
                (scope_checks(call, &fields, call.role()?, afsa_accounts::Scopes::default()))
                button.button type="submit" { (call.t("clients.create")) }
            }))
        }
    };
    Ok(call.page_with(status, title, body))
}

fn row(call: &Call, client: &Client, base: &str) -> Markup {
    html! {
        tr {
            td {
                (client.name)
                span.small.muted { code { (client.public_id) } }
            }
            td { span.badge { (call.word("client_type_short", client.kind.name())) } }
            td {
                @for redirect in &client.redirects { span.small { (redirect) } }
            }
            td.actions {
                a.button.danger.little href=(format!("{base}/{}/delete", client.id)) {
                    (call.t("clients.delete"))
                }
            }
        }
    }
}
