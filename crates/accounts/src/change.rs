//! Changes of an account, checked as a whole.

use std::net::IpAddr;
use std::sync::Arc;

use afsa_model::{HOUR, MINUTE};
use iso_currency::Currency;

use crate::{Account, EcommerceLevel, Error, FieldFault};

/// Characters of a name.
const NAME_LENGTH: usize = 200;
/// Characters of an address.
const URL_LENGTH: usize = 2_000;
/// Bytes of a filter that is kept.
pub(crate) const FILTER_LENGTH: usize = 64 << 10;
/// Entries of one list of settings.
const LIST_LENGTH: usize = 200;
/// Characters of one entry.
const ENTRY_LENGTH: usize = 255;

/// What is to change of an account; `None` leaves a field as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AccountChange {
    pub name: Option<String>,
    pub url: Option<String>,
    /// An IANA name.
    pub timezone: Option<String>,
    /// ISO 4217.
    pub currency: Option<String>,
    /// BCP 47.
    pub language: Option<String>,
    pub ecommerce: Option<EcommerceLevel>,
    /// 0–4.
    pub dropped_address_bytes: Option<i64>,
    /// 5–240.
    pub visit_timeout_minutes: Option<i64>,
    /// 1–720.
    pub order_window_hours: Option<i64>,
    pub kept_parameters: Option<Vec<String>>,
    pub internal_hosts: Option<Vec<String>>,
    pub excluded_addresses: Option<Vec<String>>,
    pub excluded_roles: Option<Vec<String>>,
    /// 1–1200; `Some(None)` keeps hits for ever.
    pub retention_months: Option<Option<i64>>,
}

impl AccountChange {
    /// What is wrong with the change, were it made to this account.
    pub fn faults(&self, account: &Account) -> Vec<FieldFault> {
        match self.applied_to(account) {
            Err(Error::Invalid(faults)) => faults,
            _ => Vec::new(),
        }
    }

    /// The account as it will be, or every fault.
    pub(crate) fn applied_to(&self, account: &Account) -> Result<Account, Error> {
        let mut changed = account.clone();
        let mut faults = Faults::default();
        let settings = &mut changed.settings;
        if let Some(name) = &self.name {
            changed.name = name.trim().to_owned();
        }
        faults.check_text("name", &changed.name, NAME_LENGTH);
        if let Some(url) = &self.url {
            changed.url = url.trim().to_owned();
        }
        faults.check_text("url", &changed.url, URL_LENGTH);
        if !changed.url.is_empty() && !is_web_address(&changed.url) {
            faults.add(
                "url",
                "malformed",
                "must be an address with http:// or https:// and a host",
            );
        }
        if let Some(timezone) = &self.timezone {
            match jiff::tz::db().get(timezone) {
                Ok(zone) => settings.timezone = zone.iana_name().unwrap_or(timezone).into(),
                Err(_) => faults.add(
                    "timezone",
                    "unknown_value",
                    "must be the IANA name of a time zone, such as Europe/Paris",
                ),
            }
        }
        if let Some(currency) = &self.currency {
            let code = currency.to_ascii_uppercase();
            match Currency::from_code(&code) {
                Some(_) => settings.currency = code.into(),
                None => faults.add(
                    "currency",
                    "unknown_value",
                    "must be the ISO 4217 code of a currency, such as EUR",
                ),
            }
        }
        if let Some(language) = &self.language {
            if is_language_tag(language) {
                changed.language = language.clone();
            } else {
                faults.add(
                    "language",
                    "malformed",
                    "must be a BCP 47 tag, such as en or fr-CA",
                );
            }
        }
        if let Some(level) = self.ecommerce {
            changed.ecommerce = level;
        }
        if let Some(bytes) = self.dropped_address_bytes
            && faults.check_range("privacy.dropped_address_bytes", bytes, 0, 4)
        {
            settings.address_policy.dropped_bytes = bytes as u8;
        }
        if let Some(minutes) = self.visit_timeout_minutes
            && faults.check_range("settings.visit_timeout_minutes", minutes, 5, 240)
        {
            settings.visit_timeout = minutes * MINUTE;
        }
        if let Some(hours) = self.order_window_hours
            && faults.check_range("settings.order_window_hours", hours, 1, 720)
        {
            settings.order_window = hours * HOUR;
        }
        if let Some(months) = self.retention_months {
            settings.retention_months = months
                .filter(|months| faults.check_range("settings.retention_months", *months, 1, 1200))
                .map(|months| months as u32);
        }
        faults.take_list(
            "settings.kept_parameters",
            &self.kept_parameters,
            &mut settings.kept_parameters,
            "must be the name of a query parameter",
            |entry| !entry.contains(['&', '=', '#', '?']),
        );
        faults.take_list(
            "settings.internal_hosts",
            &self.internal_hosts,
            &mut settings.internal_hosts,
            "must be a host name, without scheme, port or path",
            is_host,
        );
        faults.take_list(
            "settings.excluded_addresses",
            &self.excluded_addresses,
            &mut settings.excluded_addresses,
            "must be an address or a network, such as 192.0.2.0/24",
            is_network,
        );
        faults.take_list(
            "settings.excluded_roles",
            &self.excluded_roles,
            &mut settings.excluded_roles,
            "must be the name of a role",
            |_| true,
        );
        if faults.0.is_empty() {
            Ok(changed)
        } else {
            Err(Error::Invalid(faults.0))
        }
    }
}

#[derive(Default)]
pub(crate) struct Faults(pub(crate) Vec<FieldFault>);

impl Faults {
    pub(crate) fn add(
        &mut self,
        field: &'static str,
        error: &'static str,
        detail: impl Into<String>,
    ) {
        self.0.push(FieldFault {
            field,
            error,
            detail: detail.into(),
        });
    }

    /// Neither empty nor too long, and free of control characters.
    pub(crate) fn check_text(&mut self, field: &'static str, text: &str, length: usize) {
        if text.trim().is_empty() {
            self.add(field, "missing", "must not be empty");
        } else if text.chars().count() > length {
            self.add(
                field,
                "too_long",
                format!("must be at most {length} characters"),
            );
        } else if text.chars().any(char::is_control) {
            self.add(field, "malformed", "must not hold control characters");
        }
    }

    pub(crate) fn check_range(
        &mut self,
        field: &'static str,
        value: i64,
        least: i64,
        most: i64,
    ) -> bool {
        let fits = (least..=most).contains(&value);
        if !fits {
            self.add(
                field,
                "out_of_range",
                format!("must lie between {least} and {most}"),
            );
        }
        fits
    }

    fn take_list(
        &mut self,
        field: &'static str,
        given: &Option<Vec<String>>,
        into: &mut Vec<Arc<str>>,
        rule: &str,
        is_fit: impl Fn(&str) -> bool,
    ) {
        let Some(given) = given else { return };
        if given.len() > LIST_LENGTH {
            self.add(
                field,
                "too_long",
                format!("must have at most {LIST_LENGTH} entries"),
            );
            return;
        }
        let mut taken: Vec<Arc<str>> = Vec::with_capacity(given.len());
        for entry in given.iter().map(|entry| entry.trim()) {
            let is_plain = !entry.is_empty()
                && entry.chars().count() <= ENTRY_LENGTH
                && !entry.chars().any(char::is_control);
            if !is_plain || !is_fit(entry) {
                let shown: String = entry.chars().take(80).collect();
                self.add(field, "malformed", format!("{shown:?} {rule}"));
            } else if !taken.iter().any(|other| &**other == entry) {
                taken.push(entry.into());
            }
        }
        *into = taken;
    }
}

fn is_web_address(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else {
        return false;
    };
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return false;
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (authority, "80"),
    };
    let literal = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let is_known_host = match literal {
        Some(literal) => literal.parse::<std::net::Ipv6Addr>().is_ok(),
        None => is_host(host),
    };
    is_known_host && port.parse::<u16>().is_ok() && !text.contains(char::is_whitespace)
}

/// Letters of any script are allowed: hosts are compared as they are sent.
fn is_host(text: &str) -> bool {
    text.len() <= 253
        && text.split('.').all(|label| {
            !label.is_empty()
                && label
                    .chars()
                    .all(|c| c.is_alphanumeric() || c == '-' || c == '_')
        })
}

fn is_network(text: &str) -> bool {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, length.parse().ok()),
        None => (text, Some(0)),
    };
    match (address.parse::<IpAddr>(), length) {
        (Ok(IpAddr::V4(_)), Some(length)) => length <= 32_u8,
        (Ok(IpAddr::V6(_)), Some(length)) => length <= 128_u8,
        _ => false,
    }
}

fn is_language_tag(text: &str) -> bool {
    let mut parts = text.split('-');
    let is_part = |part: &str, least: usize| {
        (least..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    parts.next().is_some_and(|language| {
        is_part(language, 2) && language.bytes().all(|b| b.is_ascii_alphabetic())
    }) && parts.all(|part| is_part(part, 1))
        && text.len() <= 35
}

/// A text with these could show itself as another: on the page that asks for consent, or in a list of
/// members.
pub(crate) fn turns_text(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{061C}' | '\u{00AD}')
}
