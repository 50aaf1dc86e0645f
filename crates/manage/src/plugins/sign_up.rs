//! Making an account from within a shop, and going back there with its number.
//!
//! The shop's wishes stand in the address of the page, which the person is brought back to after
//! signing in; nothing is kept of them before he agrees. Where he goes back to is shown to him, and
//! can only be the site that he makes the account for.

use afsa_accounts::oauth::RedirectAddress;
use afsa_accounts::people::{Membership, Right};
use afsa_accounts::{AccountChange, FieldFault};
use afsa_model::AccountId;
use axum::http::StatusCode;
use axum::response::Response;
use maud::html;

use super::address;
use crate::answer::Outcome;
use crate::call::Call;
use crate::failure::Failure;
use crate::fields::{Fields, Input, form};

/// Characters of a state.
const LONGEST_STATE: usize = 500;
/// Characters of whatever else a shop tells.
const LONGEST_WISH: usize = 200;
/// Accounts that can be chosen from.
const MOST_CHOICES: usize = 200;

/// What a shop asks for, checked.
struct Wish {
    site: RedirectAddress,
    back: RedirectAddress,
    state: String,
}

pub(super) fn show(call: &Call) -> Outcome {
    page(call, StatusCode::OK, &[])
}

pub(super) fn take(call: &Call) -> Outcome {
    let Some(wish) = wish(call) else {
        return Ok(nowhere(call));
    };
    let account = match call.form.get("account") {
        "new" => match made(call, &wish) {
            Ok(account) => account,
            Err(Failure::Invalid(faults)) => {
                return page(call, StatusCode::UNPROCESSABLE_ENTITY, &faults);
            }
            Err(failure) => return Err(failure),
        },
        chosen => {
            let chosen: AccountId = chosen.parse().map_err(|_| Failure::NotFound)?;
            // Whom a shop may be bound to is for those to say who let apps in.
            let own = own_accounts(call)?;
            let is_own = own.iter().any(|own| own.account.id == chosen);
            is_own.then_some(chosen).ok_or(Failure::NotFound)?
        }
    };
    let back = wish.back.with_answer(&[
        ("afsa_action", "account_created"),
        ("afsa_account_id", &account.to_string()),
        ("afsa_state", &wish.state),
    ]);
    Ok(call.lead_on(&back))
}

fn made(call: &Call, wish: &Wish) -> Result<AccountId, Failure> {
    let text = |name: &str| call.form.text(name).map(str::to_owned);
    let draft = AccountChange {
        name: Some(call.form.get("name").trim().to_owned()),
        url: Some(wish.site.as_str().to_owned()),
        timezone: text("timezone"),
        currency: text("currency"),
        language: text("language"),
        ..AccountChange::default()
    };
    Ok(call.acting()?.create_account(&draft)?.id)
}

/// What the address of the page says, if a browser can be sent back: only to the site itself.
fn wish(call: &Call) -> Option<Wish> {
    let site = address(call.query.get("siteurl").trim())?;
    let back = address(call.query.get("afsa_return_url").trim())?;
    let state = call.query.get("afsa_state");
    let is_state = state.len() <= LONGEST_STATE && !state.chars().any(char::is_control);
    (site.origin() == back.origin() && is_state).then(|| Wish {
        site,
        back,
        state: state.to_owned(),
    })
}

/// A wish that is told in one line.
fn told(call: &Call, name: &str) -> String {
    let plain = call.query.get(name).chars().filter(|c| !c.is_control());
    let short: String = plain.take(LONGEST_WISH).collect();
    short.trim().to_owned()
}

fn own_accounts(call: &Call) -> Result<Vec<Membership>, Failure> {
    let mut own = call.site.accounts.accounts_of(call.person()?.id)?;
    own.retain(|membership| membership.role.may(Right::ManageAccess));
    Ok(own)
}

fn page(call: &Call, status: StatusCode, faults: &[FieldFault]) -> Outcome {
    let Some(wish) = wish(call) else {
        return Ok(nowhere(call));
    };
    let fields = Fields::new(call, faults);
    let mut name = told(call, "sitename");
    if name.is_empty() {
        name = wish.site.host().unwrap_or_default().to_owned();
    }
    let currency = told(call, "currency").to_uppercase();
    let (timezone, language) = (told(call, "tz"), told(call, "sitelang"));
    let own = own_accounts(call)?;
    // An account that is of this site already is what is most likely meant.
    let of_site = own
        .iter()
        .find(|own| address(&own.account.url).is_some_and(|url| url.host() == wish.site.host()));
    let chosen = of_site.map_or("new".to_owned(), |own| own.account.id.to_string());
    let mut choices = vec![("new".to_owned(), call.t("shop.new").to_owned())];
    choices.extend(own.iter().take(MOST_CHOICES).map(|own| {
        let account = &own.account;
        let shown = format!("{} · {} · {}", account.name, account.url, account.id);
        (account.id.to_string(), shown)
    }));
    let title = call.t("shop.title");
    let origin = wish.back.origin();
    let body = html! {
        h1 { (title) }
        p.lead { (call.say("shop.lead", &[("site", wish.site.as_str())])) }
        (fields.summary())
        div.card {
            (form(call, &call.target, html! {
                (fields.select("account", "shop.account", None, &chosen, &choices))
                (fields.input(Input {
                    name: "name", label: "shop.name", value: &name, ..Input::default()
                }))
                div.field {
                    span.legend { (call.t("shop.url")) }
                    bdi { (wish.site.as_str()) }
                }
                (fields.input(Input {
                    name: "timezone", label: "shop.timezone", value: &timezone,
                    hint: Some("shop.timezone_hint"), is_required: false, ..Input::default()
                }))
                (fields.input(Input {
                    name: "currency", label: "shop.currency", value: &currency,
                    is_required: false, is_short: true, ..Input::default()
                }))
                (fields.input(Input {
                    name: "language", label: "shop.language", value: &language,
                    is_required: false, is_short: true, ..Input::default()
                }))
                p { (call.say("shop.back", &[("origin", &origin)])) }
                button.button.wide type="submit" { (call.t("shop.go")) }
            }))
        }
    };
    Ok(call.page_with(status, title, body))
}

/// A request that leads nowhere is told, and sent back to nobody.
fn nowhere(call: &Call) -> Response {
    let title = call.t("shop.title");
    let body = html! {
        h1 { (title) }
        div.note.bad role="alert" { p { (call.t("shop.nowhere")) } }
    };
    call.page_with(StatusCode::BAD_REQUEST, title, body)
}
