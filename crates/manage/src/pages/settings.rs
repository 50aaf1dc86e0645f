//! What an owner sets: the site, privacy and retention, who is left out.

use std::sync::Arc;

use afsa_accounts::{Account, AccountChange, EcommerceLevel, FieldFault};
use afsa_model::{HOUR, MINUTE};
use maud::{Markup, html};

use super::parts::{Again, FIRST, languages, or_again};
use crate::answer::Outcome;
use crate::call::Call;
use crate::failure::Failure;
use crate::fields::{Fields, Input, fault, form};

/// A page of settings: how it is shown, and what it changes.
struct Page {
    path: &'static str,
    title: &'static str,
    lead: &'static str,
    fields: fn(&Call, &Account, &Fields<'_>) -> Markup,
    change: fn(&Call) -> Result<AccountChange, Vec<FieldFault>>,
}

const SITE: Page = Page {
    path: "settings",
    title: "side.settings",
    lead: "settings.lead",
    fields: site_fields,
    change: site_change,
};
const PRIVACY: Page = Page {
    path: "privacy",
    title: "side.privacy",
    lead: "privacy.lead",
    fields: privacy_fields,
    change: privacy_change,
};
const EXCLUSIONS: Page = Page {
    path: "exclusions",
    title: "side.exclusions",
    lead: "exclusions.lead",
    fields: exclusion_fields,
    change: exclusion_change,
};

pub(crate) fn show_site(call: &Call) -> Outcome {
    SITE.show(call, FIRST)
}

pub(crate) fn set_site(call: &Call) -> Outcome {
    SITE.set(call)
}

pub(crate) fn show_privacy(call: &Call) -> Outcome {
    PRIVACY.show(call, FIRST)
}

pub(crate) fn set_privacy(call: &Call) -> Outcome {
    PRIVACY.set(call)
}

pub(crate) fn show_exclusions(call: &Call) -> Outcome {
    EXCLUSIONS.show(call, FIRST)
}

pub(crate) fn set_exclusions(call: &Call) -> Outcome {
    EXCLUSIONS.set(call)
}

impl Page {
    fn address(&self, account: &Account) -> String {
        format!("/manage/accounts/{}/{}", account.id, self.path)
    }

    fn show(&self, call: &Call, (status, faults): Again<'_>) -> Outcome {
        let account = call.account()?;
        let fields = Fields::new(call, faults);
        let title = call.t(self.title);
        let body = html! {
            h1 { (title) }
            p.lead { (call.t(self.lead)) }
            (fields.summary())
            div.card {
                (form(call, &self.address(account), html! {
                    ((self.fields)(call, account, &fields))
                    button.button type="submit" { (call.t("form.save")) }
                }))
            }
        };
        Ok(call.page_with(status, title, body))
    }

    fn set(&self, call: &Call) -> Outcome {
        let account = call.account()?;
        let outcome = (self.change)(call)
            .map_err(|mut faults| {
                faults.dedup();
                Failure::Invalid(faults)
            })
            .and_then(|change| Ok(call.acting()?.update_account(account.id, &change)?))
            .map(|_| call.go_saying(&self.address(account), "saved"));
        or_again(outcome, |again| self.show(call, again))
    }
}

fn site_fields(call: &Call, account: &Account, fields: &Fields<'_>) -> Markup {
    let settings = &account.settings;
    let minutes = (settings.visit_timeout / MINUTE).to_string();
    let hours = (settings.order_window / HOUR).to_string();
    let levels: Vec<(String, String)> = EcommerceLevel::ALL
        .into_iter()
        .map(|level| {
            let shown = call.word("ecommerce", level.name());
            (level.name().to_owned(), shown.to_owned())
        })
        .collect();
    html! {
        (fields.input(Input {
            name: "name",
            label: "settings.name",
            value: &account.name,
            ..Input::default()
        }))
        (fields.input(Input {
            name: "url",
            label: "settings.url",
            kind: "url",
            value: &account.url,
            hint: Some("settings.url_hint"),
            ..Input::default()
        }))
        (timezone_field(fields, &settings.timezone))
        (currency_field(fields, &settings.currency))
        (fields.select("language", "settings.language", None, &account.language, &languages()))
        (fields.select("ecommerce", "settings.ecommerce", None, account.ecommerce.name(), &levels))
        (fields.input(Input {
            name: "settings.visit_timeout_minutes",
            label: "settings.visit_timeout",
            kind: "number",
            value: &minutes,
            hint: Some("settings.visit_timeout_hint"),
            is_short: true,
            ..Input::default()
        }))
        (fields.input(Input {
            name: "settings.order_window_hours",
            label: "settings.order_window",
            kind: "number",
            value: &hours,
            hint: Some("settings.order_window_hint"),
            is_short: true,
            ..Input::default()
        }))
        (fields.lines("settings.kept_parameters", "settings.kept_parameters_label",
            "settings.kept_parameters_hint", &joined(&settings.kept_parameters)))
        (fields.lines("settings.internal_hosts", "settings.internal_hosts_label",
            "settings.internal_hosts_hint", &joined(&settings.internal_hosts)))
    }
}

fn site_change(call: &Call) -> Result<AccountChange, Vec<FieldFault>> {
    let text = |name: &str| Some(call.form.get(name).to_owned());
    let minutes = whole(call, "settings.visit_timeout_minutes");
    let hours = whole(call, "settings.order_window_hours");
    let language = call.form.text("language").map(str::to_owned);
    let (minutes, hours) = both(minutes, hours)?;
    Ok(AccountChange {
        name: text("name"),
        url: text("url"),
        timezone: text("timezone"),
        currency: text("currency"),
        language,
        ecommerce: call.form.get("ecommerce").parse().ok(),
        visit_timeout_minutes: Some(minutes),
        order_window_hours: Some(hours),
        kept_parameters: Some(call.form.lines("settings.kept_parameters")),
        internal_hosts: Some(call.form.lines("settings.internal_hosts")),
        ..AccountChange::default()
    })
}

fn privacy_fields(call: &Call, account: &Account, fields: &Fields<'_>) -> Markup {
    let settings = &account.settings;
    let dropped = settings.address_policy.dropped_bytes.to_string();
    let choices: Vec<(String, String)> = ["0", "1", "2", "3", "4"]
        .into_iter()
        .map(|bytes| (bytes.to_owned(), call.word("dropped", bytes).to_owned()))
        .collect();
    let months = settings.retention_months.map(|months| months.to_string());
    html! {
        (fields.select("privacy.dropped_address_bytes", "privacy.dropped",
            Some("privacy.dropped_hint"), &dropped, &choices))
        (fields.input(Input {
            name: "settings.retention_months",
            label: "privacy.retention",
            kind: "number",
            value: months.as_deref().unwrap_or_default(),
            hint: Some("privacy.retention_hint"),
            is_required: false,
            is_short: true,
            ..Input::default()
        }))
    }
}

fn privacy_change(call: &Call) -> Result<AccountChange, Vec<FieldFault>> {
    const RETENTION: &str = "settings.retention_months";
    let dropped = whole(call, "privacy.dropped_address_bytes");
    let months = match call.form.text(RETENTION) {
        None => Ok(None),
        Some(_) => whole(call, RETENTION).map(Some),
    };
    let (dropped, months) = both(dropped, months)?;
    Ok(AccountChange {
        dropped_address_bytes: Some(dropped),
        retention_months: Some(months),
        ..AccountChange::default()
    })
}

fn exclusion_fields(_: &Call, account: &Account, fields: &Fields<'_>) -> Markup {
    let settings = &account.settings;
    html! {
        (fields.lines("settings.excluded_addresses", "exclusions.addresses",
            "exclusions.addresses_hint", &joined(&settings.excluded_addresses)))
        (fields.lines("settings.excluded_roles", "exclusions.roles",
            "exclusions.roles_hint", &joined(&settings.excluded_roles)))
    }
}

fn exclusion_change(call: &Call) -> Result<AccountChange, Vec<FieldFault>> {
    Ok(AccountChange {
        excluded_addresses: Some(call.form.lines("settings.excluded_addresses")),
        excluded_roles: Some(call.form.lines("settings.excluded_roles")),
        ..AccountChange::default()
    })
}

pub(crate) fn timezone_field(fields: &Fields<'_>, value: &str) -> Markup {
    html! {
        (fields.input(Input {
            name: "timezone",
            label: "settings.timezone",
            value,
            hint: Some("settings.timezone_hint"),
            list: Some("zones"),
            ..Input::default()
        }))
        datalist #zones {
            @for zone in jiff::tz::db().available() {
                option value=(zone.as_str()) {}
            }
        }
    }
}

pub(crate) fn currency_field(fields: &Fields<'_>, value: &str) -> Markup {
    fields.input(Input {
        name: "currency",
        label: "settings.currency",
        value,
        hint: Some("settings.currency_hint"),
        is_short: true,
        ..Input::default()
    })
}

fn joined(entries: &[Arc<str>]) -> String {
    entries.join("\n")
}

/// A whole number of a field.
fn whole(call: &Call, name: &'static str) -> Result<i64, FieldFault> {
    let number = call.form.get(name).trim().parse();
    number.map_err(|_| fault(name, "no_number", "must be a whole number"))
}

/// Both, or what is wrong with each.
fn both<A, B>(
    first: Result<A, FieldFault>,
    second: Result<B, FieldFault>,
) -> Result<(A, B), Vec<FieldFault>> {
    match (first, second) {
        (Ok(first), Ok(second)) => Ok((first, second)),
        (Err(first), Err(second)) => Err(vec![first, second]),
        (Err(fault), Ok(_)) | (Ok(_), Err(fault)) => Err(vec![fault]),
    }
}
