//! The accounts that a person reaches, and making one more.

use afsa_accounts::people::{Membership, MembershipChoice};
use afsa_accounts::{Account, AccountChange};
use afsa_model::Timestamp;
use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::parts::{Again, FIRST, moment, number, or_again};
use super::search;
use super::settings::{currency_field, timezone_field};
use crate::answer::Outcome;
use crate::call::Call;
use crate::failure::Failure;
use crate::fields::{Fields, Input, form};
use crate::site::SignUp;

pub(crate) fn show(call: &Call) -> Outcome {
    let found = search::accounts(call, MembershipChoice::default())?;
    let tiles = found
        .rows
        .iter()
        .map(|membership| tile(call, membership))
        .collect::<Result<Vec<Markup>, Failure>>()?;
    let body = html! {
        (confirm_first(call)?)
        (trouble(call)?)
        div.head {
            div { h1 { (call.t("home.title")) } }
            @if may_create(call)? {
                a.button href="/manage/accounts/new" { (call.t("home.create")) }
            }
        }
        (found.field(call))
        @if found.is_none() {
            div.card.empty {
                h2 { (call.t("home.empty_title")) }
                @if may_create(call)? {
                    p { (call.t("home.empty_create")) }
                    a.button href="/manage/accounts/new" { (call.t("home.create")) }
                } @else {
                    p { (call.t("home.empty")) }
                }
            }
        } @else {
            ul.tiles { @for tile in &tiles { li { (tile) } } }
            (found.links(call))
        }
    };
    Ok(call.page(call.t("home.title"), body))
}

fn tile(call: &Call, membership: &Membership) -> Result<Markup, Failure> {
    let account = &membership.account;
    let today = hits_today(call, account)?;
    Ok(html! {
        a.tile href=(format!("/manage/accounts/{}", account.id)) {
            strong { bdi { (account.name) } }
            span.muted.small { (account.url) }
            dl {
                div {
                    dt { (call.t("home.hits_today")) }
                    dd { (number(call, today)) }
                }
                div {
                    dt { (call.t("home.role")) }
                    dd { (call.word("role", membership.role.name())) }
                }
            }
        }
    })
}

/// Hits taken since midnight of the account's zone.
pub(crate) fn hits_today(call: &Call, account: &Account) -> Result<u64, Failure> {
    let zone = TimeZone::get(&account.settings.timezone).unwrap_or(TimeZone::UTC);
    let midnight = jiff::Timestamp::from_millisecond(call.now.0)
        .and_then(|now| now.to_zoned(zone).start_of_day())
        .map_or(call.now, |start| {
            Timestamp(start.timestamp().as_millisecond())
        });
    let end = Timestamp(i64::MAX);
    Ok(call.site.accounts.hits_since(account.id, midnight, end)?)
}

/// Reminds whoever has not shown yet that his e-mail is his.
fn confirm_first(call: &Call) -> Result<Markup, Failure> {
    let person = call.person()?;
    Ok(html! {
        @if person.confirmed_at.is_none() {
            div.note.warn {
                p { (call.say("confirm.first", &[("email", &person.email)])) }
                (form(call, "/manage/confirm/send", html! {
                    button.button.quiet.little type="submit" { (call.t("confirm.again")) }
                }))
            }
        }
    })
}

/// Tells the operator that letters don't leave, or where they go without a mail server.
fn trouble(call: &Call) -> Result<Markup, Failure> {
    if !call.person()?.is_operator {
        return Ok(html! {});
    }
    Ok(html! {
        @if let Some(trouble) = call.site.mailer.trouble() {
            @let since = trouble.date.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
            @let at = Timestamp(i64::try_from(since.as_millis()).unwrap_or(0));
            div.note.bad role="alert" {
                p { (call.t("home.mail_trouble")) " " (moment(call, at, None)) }
                p.code { (trouble.what) }
            }
        } @else if let Some(folder) = call.site.mailer.outbox() {
            div.note { p.small.muted { (call.t("home.outbox")) " " code { (folder.display()) } } }
        }
    })
}

/// Where everybody may sign up, everybody may have accounts; else the operator makes them.
pub(crate) fn may_create(call: &Call) -> Result<bool, Failure> {
    let person = call.person()?;
    let is_known = person.confirmed_at.is_some();
    Ok(person.is_operator || (call.site.sign_up == SignUp::Open && is_known))
}

pub(crate) fn show_create(call: &Call) -> Outcome {
    if !may_create(call)? {
        return Err(Failure::Forbidden);
    }
    create_page(call, FIRST)
}

pub(crate) fn create(call: &Call) -> Outcome {
    if !may_create(call)? {
        return Err(Failure::Forbidden);
    }
    let text = |name: &str| Some(call.form.get(name).to_owned());
    let draft = AccountChange {
        name: text("name"),
        url: text("url"),
        timezone: text("timezone"),
        currency: text("currency"),
        language: Some(call.language.tag().to_owned()),
        ..AccountChange::default()
    };
    let outcome = call
        .acting()?
        .create_account(&draft)
        .map_err(Failure::from)
        .map(|account| {
            call.go_saying(
                &format!("/manage/accounts/{}/snippet", account.id),
                "account_created",
            )
        });
    or_again(outcome, |again| create_page(call, again))
}

fn create_page(call: &Call, (status, faults): Again<'_>) -> Outcome {
    let fields = Fields::new(call, faults);
    let title = call.t("home.create");
    let body = html! {
        p.crumb { a href="/manage" { (call.t("home.title")) } }
        h1 { (title) }
        p.lead { (call.t("home.create_lead")) }
        (fields.summary())
        div.card {
            (form(call, "/manage/accounts/new", html! {
                (fields.input(Input {
                    name: "name",
                    label: "settings.name",
                    is_first: true,
                    ..Input::default()
                }))
                (fields.input(Input {
                    name: "url",
                    label: "settings.url",
                    kind: "url",
                    hint: Some("settings.url_hint"),
                    ..Input::default()
                }))
                (timezone_field(&fields, "Europe/Paris"))
                (currency_field(&fields, "EUR"))
                button.button type="submit" { (call.t("home.create")) }
            }))
        }
    };
    Ok(call.page_with(status, title, body))
}
