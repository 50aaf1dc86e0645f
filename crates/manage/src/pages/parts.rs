//! What several pages show in the same way.

use afsa_accounts::people::Role;
use afsa_accounts::{Account, FieldFault, Scope, Scopes};
use afsa_model::{DAY, Timestamp};
use axum::http::StatusCode;
use jiff::tz::TimeZone;
use maud::{Markup, html};

use crate::answer::Outcome;
use crate::call::Call;
use crate::failure::Failure;
use crate::fields::{Fields, Input, fault, form};
use crate::once;
use crate::words::Language;

/// Things on one page of a list.
pub(crate) const PAGE: usize = 25;

/// How a page with a form is shown: with which status, and what is wrong with what was sent.
pub(crate) type Again<'a> = (StatusCode, &'a [FieldFault]);

/// For the first time, before anything was sent.
pub(crate) const FIRST: Again<'static> = (StatusCode::OK, &[]);

/// Shows a form again with what is wrong, where that is why it failed.
pub(crate) fn or_again(outcome: Outcome, again: impl FnOnce(Again<'_>) -> Outcome) -> Outcome {
    match outcome {
        Err(Failure::Invalid(faults)) => again((StatusCode::UNPROCESSABLE_ENTITY, &faults)),
        other => other,
    }
}

/// Asks before something that can't be taken back; the answer goes to the same address.
pub(crate) fn sure(
    call: &Call,
    title: &'static str,
    text: &str,
    button: &'static str,
    back: &str,
) -> Outcome {
    let action = call.target.split('?').next().unwrap_or_default();
    let title = call.t(title);
    let body = html! {
        h1 { (title) }
        div.card {
            p { bdi { (text) } }
            (form(call, action, html! {
                (once::field(call))
                div.row {
                    button.button.danger type="submit" { (call.t(button)) }
                    a.button.quiet href=(back) { (call.t("form.cancel")) }
                }
            }))
        }
    };
    Ok(call.page(title, body))
}

/// A moment in the account's zone, or in UTC.
pub(crate) fn moment(call: &Call, at: Timestamp, account: Option<&Account>) -> Markup {
    let zone = zone_of(account);
    let text = moment_text(call, at, account);
    match jiff::Timestamp::from_millisecond(at.0) {
        Ok(instant) => html! { time datetime=(instant.to_string()) title=(zone) { (text) } },
        Err(_) => html! {},
    }
}

fn zone_of(account: Option<&Account>) -> &str {
    account.map_or("UTC", |account| &*account.settings.timezone)
}

fn moment_text(call: &Call, at: Timestamp, account: Option<&Account>) -> String {
    let Ok(instant) = jiff::Timestamp::from_millisecond(at.0) else {
        return String::new();
    };
    let zoned = instant.to_zoned(TimeZone::get(zone_of(account)).unwrap_or(TimeZone::UTC));
    let month = format!("m{}", zoned.month());
    format!(
        "{} {} {}, {:02}:{:02}",
        zoned.day(),
        call.word("month", &month),
        zoned.year(),
        zoned.hour(),
        zoned.minute()
    )
}

/// A moment, or that there was none.
pub(crate) fn moment_or_never(call: &Call, at: Option<Timestamp>, account: &Account) -> Markup {
    match at {
        Some(at) => moment(call, at, Some(account)),
        None => html! { span.muted { (call.t("list.never")) } },
    }
}

/// A number with the spaces or commas of the language.
pub(crate) fn number(call: &Call, number: u64) -> String {
    let digits = number.to_string();
    let separator = match call.language {
        Language::English => ',',
        Language::French => '\u{202f}',
    };
    let mut text = String::with_capacity(digits.len() * 2);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}

/// Which part of the list of a page is shown, and the way to the others.
pub(crate) fn paged<'a, T>(call: &Call, things: &'a [T], path: &str) -> (&'a [T], Markup) {
    paged_by(call, "page", things, path)
}

/// The same of another list of the page, whose parts the address names by this.
pub(crate) fn paged_by<'a, T>(
    call: &Call,
    name: &'static str,
    things: &'a [T],
    path: &str,
) -> (&'a [T], Markup) {
    let pages = things.len().div_ceil(PAGE).max(1);
    let page = call.page_number(name).min(pages);
    let start = (page - 1) * PAGE;
    let shown = things.get(start..).unwrap_or_default();
    let shown = shown.get(..PAGE).unwrap_or(shown);
    let links = page_links(call, &format!("{path}?{name}="), page, pages);
    (shown, links)
}

/// The way to the other pages of a list; an address ends with the page's number.
pub(crate) fn page_links(call: &Call, address: &str, page: usize, pages: usize) -> Markup {
    let (at, of) = (page.to_string(), pages.to_string());
    let link = |page: usize| format!("{address}{page}");
    html! {
        @if pages > 1 {
            nav.pages aria-label=(call.t("list.pages")) {
                span {
                    @if page > 1 {
                        a href=(link(page - 1)) rel="prev" { (call.t("list.before")) }
                    }
                }
                span.muted { (call.say("list.page", &[("page", &at), ("pages", &of)])) }
                span {
                    @if page < pages {
                        a href=(link(page + 1)) rel="next" { (call.t("list.after")) }
                    }
                }
            }
        }
    }
}

/// The name and the password of somebody who makes himself known.
pub(crate) fn name_field(fields: &Fields<'_>, value: &str, is_first: bool) -> Markup {
    fields.input(Input {
        name: "name",
        label: "field.your_name",
        value,
        autocomplete: "name",
        is_first,
        ..Input::default()
    })
}

pub(crate) fn new_password_field(fields: &Fields<'_>, is_first: bool) -> Markup {
    fields.input(Input {
        name: "password",
        label: "field.new_password",
        kind: "password",
        hint: Some("field.new_password_hint"),
        autocomplete: "new-password",
        is_first,
        ..Input::default()
    })
}

/// The present password, asked for before something grave.
pub(crate) fn current_field(fields: &Fields<'_>, is_first: bool) -> Markup {
    fields.input(Input {
        name: "current",
        label: "field.current_password",
        kind: "password",
        autocomplete: "current-password",
        is_first,
        ..Input::default()
    })
}

/// Whether it was told; whoever asks bounds how often.
pub(crate) fn own_password(call: &Call) -> Result<(), Failure> {
    let person = call.person()?.id;
    let password = call.form.get("current");
    if call.site.accounts.is_password(person, password)? {
        return Ok(());
    }
    let wrong = fault("current", "wrong", "is not your password");
    Err(Failure::Invalid(vec![wrong]))
}

/// An e-mail by which somebody signs in.
pub(crate) fn email_field(fields: &Fields<'_>, is_first: bool) -> Markup {
    fields.input(Input {
        name: "email",
        label: "field.email",
        kind: "email",
        autocomplete: "username",
        is_first,
        ..Input::default()
    })
}

/// Scopes to choose from: those that the person's own role has.
pub(crate) fn scope_checks(call: &Call, fields: &Fields<'_>, role: Role, chosen: Scopes) -> Markup {
    let choices: Vec<_> = role
        .scopes()
        .iter()
        .map(|scope| {
            let meaning = call
                .word("scope", &scope.name().replace(':', "_"))
                .to_owned();
            (scope.name().to_owned(), scope.name().to_owned(), meaning)
        })
        .collect();
    let chosen: Vec<&str> = chosen.iter().map(Scope::name).collect();
    fields.checks("scopes", "field.scopes", &chosen, &choices)
}

/// The scopes that a form names; others than there are count for nothing.
pub(crate) fn chosen_scopes(call: &Call) -> Scopes {
    let chosen = call.form.values("scopes");
    chosen
        .filter_map(|name| name.parse::<Scope>().ok())
        .collect()
}

/// When something shall expire: so many days from now, never, or when it does already.
pub(crate) fn expiry_field(
    call: &Call,
    fields: &Fields<'_>,
    present: Option<Option<Timestamp>>,
) -> Markup {
    let kept = present.map(|present| {
        let at = present.map(|at| moment_text(call, at, call.account().ok()));
        let at = at.unwrap_or_else(|| call.t("list.never").to_owned());
        (KEPT.to_owned(), call.say("field.kept", &[("value", &at)]))
    });
    let days = ["", "7", "30", "90", "365"].into_iter().map(|days| {
        let shown = match days {
            "" => call.t("list.never").to_owned(),
            days => call.say("field.days", &[("days", days)]),
        };
        (days.to_owned(), shown)
    });
    let value = if kept.is_some() { KEPT } else { "" };
    let choices: Vec<(String, String)> = kept.into_iter().chain(days).collect();
    fields.select("expires", "field.expires", None, value, &choices)
}

const KEPT: &str = "kept";

/// What is chosen of [`expiry_field`]; `None` where it stays as it is.
pub(crate) fn chosen_expiry(call: &Call) -> Option<Option<Timestamp>> {
    match call.form.get("expires") {
        KEPT => None,
        days => {
            let days = days.parse().ok();
            Some(days.map(|days: i64| call.now.plus(days.clamp(1, 3_650) * DAY)))
        }
    }
}

/// Languages that people may read.
pub(crate) fn languages() -> Vec<(String, String)> {
    Language::ALL
        .into_iter()
        .map(|language| (language.tag().to_owned(), language.own_name().to_owned()))
        .collect()
}
