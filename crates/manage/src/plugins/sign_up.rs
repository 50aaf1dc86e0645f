//! Making an account from within a shop, and going back there with its number.
//!
//! The shop's wishes stand in the address of the page, which the person is brought back to after
//! signing in; nothing is kept of them before he agrees. Where he goes back to is shown to him, and
//! can only be the site that he makes the account for.

use afsa_accounts::oauth::RedirectAddress;
use afsa_accounts::people::{Membership, MembershipChoice, Right};
use afsa_accounts::{AccountChange, Part};
use afsa_model::AccountId;
use axum::http::StatusCode;
use axum::response::Response;
use maud::html;

use super::address;
use crate::answer::Outcome;
use crate::call::Call;
use crate::failure::Failure;
use crate::fields::{Fields, Input, form};
use crate::pages::home::may_create;
use crate::pages::parts::{Again, FIRST};

/// Characters of a state.
const LONGEST_STATE: usize = 500;
/// Characters of whatever else a shop tells.
const LONGEST_WISH: usize = 200;
/// Accounts that can be chosen from.
const MOST_CHOICES: u32 = 200;

/// What a shop asks for, checked.
struct Wish {
    site: RedirectAddress,
    back: RedirectAddress,
    state: String,
}

pub(super) fn show(call: &Call) -> Outcome {
    page(call, FIRST)
}

pub(super) fn take(call: &Call) -> Outcome {
    let Some(wish) = wish(call) else {
        return Ok(nowhere(call));
    };
    let account = match call.form.get("account") {
        "new" => match made(call, &wish) {
            Ok(account) => account,
            Err(Failure::Invalid(faults)) => {
                return page(call, (StatusCode::UNPROCESSABLE_ENTITY, &faults));
            }
            Err(failure) => return Err(failure),
        },
        chosen => {
            let chosen: AccountId = chosen.parse().map_err(|_| Failure::NotFound)?;
            // Whom a shop may be bound to is for those to say who let apps in.
            let role = call.site.accounts.role(chosen, call.person()?.id)?;
            let is_own = role.is_some_and(|role| role.may(Right::ManageAccess));
            // The operator is an owner of every account, also of those that aren't there.
            let account = call.site.accounts.account(chosen)?;
            is_own.then_some(account.id).ok_or(Failure::NotFound)?
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
    if !may_create(call)? {
        return Err(Failure::Forbidden);
    }
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

/// Accounts that a shop may be bound to by this person: all, or those that are found by the text.
fn own_accounts(call: &Call, search: &str) -> Result<Vec<Membership>, Failure> {
    let choice = MembershipChoice {
        search,
        right: Some(Right::ManageAccess),
        part: Part {
            offset: 0,
            limit: MOST_CHOICES,
        },
    };
    let own = call.site.accounts.accounts_of(call.person()?.id, &choice)?;
    Ok(own.rows)
}

fn page(call: &Call, (status, faults): Again<'_>) -> Outcome {
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
    // Accounts that are of this site already are what is most likely meant.
    let mut own = own_accounts(call, wish.site.host().unwrap_or_default())?;
    own.retain(|own| address(&own.account.url).is_some_and(|url| url.host() == wish.site.host()));
    let chosen = own
        .first()
        .map_or("new".to_owned(), |own| own.account.id.to_string());
    let of_site: Vec<AccountId> = own.iter().map(|own| own.account.id).collect();
    own.extend(
        own_accounts(call, "")?
            .into_iter()
            .filter(|own| !of_site.contains(&own.account.id)),
    );
    let new = may_create(call)?.then(|| ("new".to_owned(), call.t("shop.new").to_owned()));
    if own.is_empty() && new.is_none() {
        return Ok(refused(call, StatusCode::FORBIDDEN, "shop.none"));
    }
    let mut choices: Vec<(String, String)> = new.into_iter().collect();
    choices.extend(own.iter().map(|own| {
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

fn nowhere(call: &Call) -> Response {
    refused(call, StatusCode::BAD_REQUEST, "shop.nowhere")
}

/// A request that leads nowhere is told, and sent back to nobody.
fn refused(call: &Call, status: StatusCode, message: &'static str) -> Response {
    let title = call.t("shop.title");
    let body = html! {
        h1 { (title) }
        div.note.bad role="alert" { p { (call.t(message)) } }
    };
    call.page_with(status, title, body)
}
