//! What the pipeline must know of an account.

use std::sync::Arc;

use afsa_model::{AccountId, AccountSettings};

/// An account as hits meet it.
#[derive(Clone, Debug)]
pub struct AccountContext {
    pub id: AccountId,
    pub settings: AccountSettings,
    /// The account's own hosts, for log lines that name none.
    pub default_host: Arc<str>,
}

/// Finds accounts.
pub trait Accounts: Send + Sync {
    /// `None` where there is no such account.
    fn context(&self, account: AccountId) -> Option<Arc<AccountContext>>;
}
