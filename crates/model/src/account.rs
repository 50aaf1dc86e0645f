//! Accounts: one site or shop each.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::{ExchangeRates, HOUR, MINUTE, ZoneOffsets};

/// The number of an account; shown as eight digits, accepted with or without leading zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(pub u32);

impl fmt::Display for AccountId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:08}", self.0)
    }
}

/// The text is not one to eight digits greater than zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseAccountIdError;

impl fmt::Display for ParseAccountIdError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an account is one to eight digits, greater than 0")
    }
}

impl std::error::Error for ParseAccountIdError {}

impl FromStr for AccountId {
    type Err = ParseAccountIdError;

    fn from_str(input: &str) -> Result<AccountId, ParseAccountIdError> {
        if input.is_empty() || input.len() > 8 || !input.bytes().all(|b| b.is_ascii_digit()) {
            return Err(ParseAccountIdError);
        }
        match input.parse() {
            Ok(0) | Err(_) => Err(ParseAccountIdError),
            Ok(number) => Ok(AccountId(number)),
        }
    }
}

/// How much of a client's address may leave memory: nothing ever reaches the disk but the place
/// and the cookieless identity that were worked out of what this leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressPolicy {
    /// Bytes of an IPv4 address set to zero, from its end (0–4); IPv6 loses twice as many groups.
    pub dropped_bytes: u8,
}

/// What decides how an account's hits become figures.
#[derive(Clone, Debug, PartialEq)]
pub struct AccountSettings {
    /// IANA name of the zone in which days are told.
    pub timezone: Arc<str>,
    /// Its offsets from UTC at all times, worked out by whoever reads the settings: days decide
    /// about rates of exchange.
    pub zone: ZoneOffsets,
    /// ISO 4217 code in which money is summed.
    pub currency: Arc<str>,
    /// By which other currencies become the account's.
    pub rates: Arc<ExchangeRates>,
    /// A gap longer than this ends a visit, in milliseconds (5–240 minutes).
    pub visit_timeout: i64,
    /// How long after a visit an order may still be its own, in milliseconds.
    pub order_window: i64,
    /// Query parameters that stay in `page`.
    pub kept_parameters: Vec<Arc<str>>,
    /// Hosts beside the page's own whose links are no referrers.
    pub internal_hosts: Vec<Arc<str>>,
    /// Addresses or networks (CIDR) of the account's own people.
    pub excluded_addresses: Vec<Arc<str>>,
    /// Roles of the account's own people.
    pub excluded_roles: Vec<Arc<str>>,
    /// Months after which hits are removed; `None` keeps them.
    pub retention_months: Option<u32>,
    pub address_policy: AddressPolicy,
}

impl Default for AccountSettings {
    fn default() -> AccountSettings {
        AccountSettings {
            timezone: "UTC".into(),
            zone: ZoneOffsets::default(),
            currency: "EUR".into(),
            rates: Arc::default(),
            visit_timeout: 30 * MINUTE,
            order_window: 24 * HOUR,
            kept_parameters: Vec::new(),
            internal_hosts: Vec::new(),
            excluded_addresses: Vec::new(),
            excluded_roles: Vec::new(),
            retention_months: None,
            address_policy: AddressPolicy { dropped_bytes: 1 },
        }
    }
}
