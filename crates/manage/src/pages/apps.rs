//! The apps that somebody let in himself: also whoever may not see an account's apps finds his own
//! in his profile, and lets them out again.

use afsa_accounts::oauth::Grant;
use maud::{Markup, html};

use super::parts::{moment_or_never, paged_by, sure};
use crate::answer::Outcome;
use crate::call::Call;
use crate::failure::Failure;

const PROFILE: &str = "/manage/profile";

/// The section of the profile, where there is something to show.
pub(super) fn section(call: &Call) -> Result<Markup, Failure> {
    let mut grants = call.site.accounts.grants_by(call.person()?.id, call.now)?;
    grants.reverse();
    let (shown, links) = paged_by(call, "apps", &grants, PROFILE);
    Ok(html! {
        @if !grants.is_empty() {
            section.card {
                h2 { (call.t("apps.title")) }
                div.table { table.stack {
                    thead { tr {
                        th { (call.t("field.name")) }
                        th { (call.t("apps.account")) }
                        th { (call.t("list.used")) }
                        th { span.unseen { (call.t("list.actions")) } }
                    } }
                    tbody { @for grant in shown { (row(call, grant)?) } }
                } }
                (links)
            }
        }
    })
}

fn row(call: &Call, grant: &Grant) -> Result<Markup, Failure> {
    let account = call.site.accounts.account(grant.account)?;
    Ok(html! {
        tr {
            td {
                bdi { (grant.client_name) }
                span.small.muted { (grant.scopes) }
                span.small.muted { (grant.place) }
            }
            td data-label=(call.t("apps.account")) {
                bdi { (account.name) }
                span.small.muted { (account.id) }
            }
            td data-label=(call.t("list.used")) {
                (moment_or_never(call, grant.last_used, &account))
            }
            td.actions {
                a.button.danger.little href=(format!("{PROFILE}/apps/{}/disconnect", grant.id)) {
                    (call.t("clients.disconnect"))
                    span.unseen { " " (grant.client_name) }
                }
            }
        }
    })
}

pub(crate) fn ask_disconnect(call: &Call) -> Outcome {
    let grant = own(call)?;
    let account = call.site.accounts.account(grant.account)?;
    let values = [
        ("name", grant.client_name.as_str()),
        ("account", &account.name),
    ];
    let text = call.say("apps.disconnect_text", &values);
    sure(
        call,
        "clients.disconnect_title",
        &text,
        "clients.disconnect",
        PROFILE,
    )
}

pub(crate) fn disconnect(call: &Call) -> Outcome {
    let grant = own(call)?;
    call.acting()?.revoke_grant(grant.account, grant.id)?;
    Ok(call.go_saying(PROFILE, "app_disconnected"))
}

fn own(call: &Call) -> Result<Grant, Failure> {
    let id = call.number("grant")?;
    let grants = call.site.accounts.grants_by(call.person()?.id, call.now)?;
    let grant = grants.into_iter().find(|grant| grant.id == id);
    grant.ok_or(Failure::NotFound)
}
