//! What the pipeline must know of an account.

use std::sync::Arc;

use afsa_enrich::AccountRules;
use afsa_model::{AccountId, AccountSettings};

/// An account as hits meet it.
#[derive(Clone, Debug)]
pub struct AccountContext {
    pub id: AccountId,
    pub settings: AccountSettings,
    /// The account's own host, for log lines that name none.
    pub default_host: Arc<str>,
    /// Whether addresses of log lines begin with https.
    pub is_https: bool,
    pub rules: AccountRules,
}

impl AccountContext {
    /// `url` is the site's address, with or without scheme.
    pub fn new(id: AccountId, settings: AccountSettings, url: &str) -> AccountContext {
        let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        // Settings are checked where they are changed; what is unreadable all the same excludes
        // nobody, and the rest of the rules holds.
        let (rules, _) = AccountRules::new(&settings);
        AccountContext {
            id,
            settings,
            default_host: host.to_ascii_lowercase().into(),
            is_https: !scheme.eq_ignore_ascii_case("http"),
            rules,
        }
    }
}

/// Finds accounts.
pub trait Accounts: Send + Sync {
    /// `None` where there is no such account.
    fn context(&self, account: AccountId) -> Option<Arc<AccountContext>>;
}
