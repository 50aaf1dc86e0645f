//! Links that show an account to whoever has them.

use afsa_accounts::FieldFault;
use afsa_accounts::people::{Share, ShareChange};
use axum::http::StatusCode;
use maud::{Markup, html};

use super::parts::{chosen_expiry, expiry_field, moment, moment_or_never, or_again, paged, sure};
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
    let password = call.form.get("password");
    let draft = ShareChange {
        name: Some(call.form.get("name").to_owned()),
        password: (!password.is_empty()).then(|| Some(password.to_owned())),
        expires_at: chosen_expiry(call).map(Some),
    };
    let account = call.account_id()?;
    let acting = call.acting()?;
    let created = acting.create_share(account, &draft, call.random(), call.random())?;
    let title = call.t("shares.created");
    let link = call.link(&format!("/dashboard.php?accesskey={}", created.text));
    let body = html! {
        h1 { (title) }
        p.lead { (call.t("shares.once")) }
        div.card {
            span.legend { (created.share.name) }
            code.secret data-secret="share" { (link) }
            p.muted { (call.t("shares.api")) " " code { "POST /v1/shares/open" } }
            a.button href=(address(call)?) { (call.t("keys.kept")) }
        }
    };
    Ok(call.page(title, body))
}

pub(crate) fn ask_revoke(call: &Call) -> Outcome {
    let id = call.number("share")?;
    let share = call.site.accounts.share(call.account_id()?, id)?;
    let base = address(call)?;
    let text = call.say("shares.revoke_text", &[("name", &share.name)]);
    let action = format!("{base}/{id}/revoke");
    let title = call.t("shares.revoke_title");
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
    let id = call.number("share")?;
    call.acting()?.revoke_share(call.account_id()?, id)?;
    Ok(call.go_saying(&address(call)?, "share_revoked"))
}

fn address(call: &Call) -> Result<String, Failure> {
    Ok(format!("/manage/accounts/{}/shares", call.account_id()?))
}

fn page(call: &Call, status: StatusCode, faults: &[FieldFault]) -> Outcome {
    let base = address(call)?;
    let mut shares = call.site.accounts.shares(call.account_id()?)?;
    shares.reverse();
    shares.sort_by_key(|share| share.revoked_at.is_some());
    let fields = Fields::new(call, faults);
    let title = call.t("side.shares");
    let (shown, links) = paged(call, &shares, &base);
    let body = html! {
        h1 { (title) }
        p.lead { (call.t("shares.lead")) }
        (fields.summary())
        @if shares.is_empty() {
            div.card.empty { p { (call.t("shares.empty")) } }
        } @else {
            section.card {
                div.table { table.stack {
                    thead { tr {
                        th { (call.t("field.name")) }
                        th { (call.t("list.used")) }
                        th { (call.t("field.expires")) }
                        th { span.unseen { (call.t("list.actions")) } }
                    } }
                    tbody { @for share in shown { (row(call, share, &base)?) } }
                } }
                (links)
            }
        }
        section.card {
            h2 { (call.t("shares.create")) }
            (form(call, &base, html! {
                (fields.input(Input {
                    name: "name",
                    label: "field.name",
                    hint: Some("shares.name_hint"),
                    ..Input::default()
                }))
                (fields.input(Input {
                    name: "password",
                    label: "shares.password",
                    kind: "password",
                    hint: Some("shares.password_hint"),
                    autocomplete: "new-password",
                    is_required: false,
                    ..Input::default()
                }))
                (expiry_field(call, &fields))
                button.button type="submit" { (call.t("shares.create")) }
            }))
        }
    };
    Ok(call.page_with(status, title, body))
}

fn row(call: &Call, share: &Share, base: &str) -> Result<Markup, Failure> {
    let account = call.account()?;
    let is_over = share.expires_at.is_some_and(|expiry| expiry <= call.now);
    Ok(html! {
        tr {
            td {
                (share.name)
                @if share.has_password { " " span.badge { (call.t("shares.has_password")) } }
                span.small.muted { (moment(call, share.created_at, Some(account))) }
            }
            td data-label=(call.t("list.used")) { (moment_or_never(call, share.last_used, account)) }
            td data-label=(call.t("field.expires")) {
                (moment_or_never(call, share.expires_at, account))
            }
            td.actions {
                @if share.revoked_at.is_some() {
                    span.badge.bad { (call.t("list.revoked")) }
                } @else if is_over {
                    span.badge.bad { (call.t("list.expired")) }
                } @else {
                    a.button.danger.little href=(format!("{base}/{}/revoke", share.id)) {
                        (call.t("keys.revoke"))
                    }
                }
            }
        }
    })
}
