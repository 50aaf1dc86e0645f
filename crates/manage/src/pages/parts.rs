//! What several pages show in the same way.

use afsa_accounts::people::Role;
use afsa_accounts::{Account, FieldFault, Scope, Scopes};
use afsa_model::{DAY, Timestamp};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::tz::TimeZone;
use maud::{Markup, html};

use crate::answer::Outcome;
use crate::call::Call;
use crate::failure::Failure;
use crate::fields::{Fields, Input, form};
use crate::words::Language;

/// Things on one page of a list.
pub(crate) const PAGE: usize = 25;

/// Shows a form again with what is wrong, where that is why it failed.
pub(crate) fn or_again(
    outcome: Outcome,
    again: impl FnOnce(StatusCode, &[FieldFault]) -> Outcome,
) -> Outcome {
    match outcome {
        Err(Failure::Invalid(faults)) => again(StatusCode::UNPROCESSABLE_ENTITY, &faults),
        other => other,
    }
}

/// Asks before something that can't be taken back.
pub(crate) fn sure(
    call: &Call,
    title: &str,
    text: &str,
    action: &str,
    button: &str,
    back: &str,
) -> Response {
    let body = html! {
        h1 { (title) }
        div.card {
            p { (text) }
            (form(call, action, html! {
                div.row {
                    button.button.danger type="submit" { (button) }
                    a.button.quiet href=(back) { (call.t("form.cancel")) }
                }
            }))
        }
    };
    call.page(title, body)
}

/// A moment in the account's zone, or in UTC.
pub(crate) fn moment(call: &Call, at: Timestamp, account: Option<&Account>) -> Markup {
    let zone = account.map_or("UTC", |account| &*account.settings.timezone);
    let Ok(instant) = jiff::Timestamp::from_millisecond(at.0) else {
        return html! {};
    };
    let zoned = instant.to_zoned(TimeZone::get(zone).unwrap_or(TimeZone::UTC));
    let key = format!("m{}", zoned.month());
    let month = call.word("month", &key);
    let text = format!(
        "{} {month} {}, {:02}:{:02}",
        zoned.day(),
        zoned.year(),
        zoned.hour(),
        zoned.minute()
    );
    html! { time datetime=(instant.to_string()) title=(zone) { (text) } }
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

/// Which part of a list is shown, and the way to the others.
pub(crate) fn paged<'a, T>(call: &Call, things: &'a [T], path: &str) -> (&'a [T], Markup) {
    let pages = things.len().div_ceil(PAGE).max(1);
    let page = call.page_number().min(pages);
    let start = (page - 1) * PAGE;
    let shown = things.get(start..).unwrap_or_default();
    let shown = shown.get(..PAGE).unwrap_or(shown);
    let of = call.say(
        "list.page",
        &[("page", &page.to_string()), ("pages", &pages.to_string())],
    );
    let links = html! {
        @if pages > 1 {
            nav.pages aria-label=(call.t("list.pages")) {
                span {
                    @if page > 1 {
                        a href=(format!("{path}?page={}", page - 1)) rel="prev" { (call.t("list.before")) }
                    }
                }
                span.muted { (of) }
                span {
                    @if page < pages {
                        a href=(format!("{path}?page={}", page + 1)) rel="next" { (call.t("list.after")) }
                    }
                }
            }
        }
    };
    (shown, links)
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

/// When something shall expire: so many days from now, or never.
pub(crate) fn expiry_field(call: &Call, fields: &Fields<'_>) -> Markup {
    let choices: Vec<(String, String)> = ["", "7", "30", "90", "365"]
        .into_iter()
        .map(|days| {
            let shown = match days {
                "" => call.t("list.never").to_owned(),
                days => call.say("field.days", &[("days", days)]),
            };
            (days.to_owned(), shown)
        })
        .collect();
    fields.select("expires", "field.expires", None, "", &choices)
}

pub(crate) fn chosen_expiry(call: &Call) -> Option<Timestamp> {
    let days: i64 = call.form.get("expires").parse().ok()?;
    Some(call.now.plus(days.clamp(1, 3_650) * DAY))
}

/// Languages that people may read.
pub(crate) fn languages() -> Vec<(String, String)> {
    Language::ALL
        .into_iter()
        .map(|language| (language.tag().to_owned(), language.own_name().to_owned()))
        .collect()
}
