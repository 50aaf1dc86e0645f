//! The accounts that a person reaches.

use maud::html;

use crate::answer::Outcome;
use crate::call::Call;

pub(crate) fn show(call: &Call) -> Outcome {
    let memberships = call.site.accounts.accounts_of(call.person()?.id)?;
    let body = html! {
        h1 { (call.t("home.title")) }
        @if memberships.is_empty() {
            div.card.empty {
                h2 { (call.t("home.empty_title")) }
                p { (call.t("home.empty")) }
            }
        }
        ul.tiles {
            @for membership in &memberships {
                @let account = &membership.account;
                li {
                    a.tile href=(format!("/manage/accounts/{}", account.id)) {
                        strong { (account.name) }
                        span.muted.small { (account.url) }
                    }
                }
            }
        }
    };
    Ok(call.page(call.t("home.title"), body))
}
