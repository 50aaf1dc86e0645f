//! The only way to an account's data: a value that says who may reach it.

use std::sync::{Arc, Mutex, PoisonError};

use afsa_accounts::people::ShareOpening;
use afsa_accounts::{Account, Accounts, Acting, Principal, Scope, Scopes};
use afsa_model::{AccountId, Timestamp};
use afsa_store::{Snapshot, Store, StoreCondition};

use crate::problem::{Problem, Word};
use crate::{Collector, Randomness};

/// The data of all accounts. It is private to this module: whoever wants to read or write has to
/// come by an [`Authorized`] first.
pub(crate) struct Backends {
    accounts: Arc<Accounts>,
    store: Arc<dyn Store>,
    collector: Arc<dyn Collector>,
    randomness: Arc<dyn Randomness>,
    /// Held while settings are changed in the accounts and then in the store, so that the last
    /// change is the last in both.
    changing: Mutex<()>,
}

impl Backends {
    pub(crate) fn new(
        accounts: Arc<Accounts>,
        store: Arc<dyn Store>,
        collector: Arc<dyn Collector>,
        randomness: Arc<dyn Randomness>,
    ) -> Backends {
        Backends {
            accounts,
            store,
            collector,
            randomness,
            changing: Mutex::default(),
        }
    }

    /// Who holds this credential.
    pub(crate) fn authenticate(
        &self,
        credential: Option<&str>,
        now: Timestamp,
    ) -> Result<Principal, Problem> {
        let Some(credential) = credential else {
            return Err(Problem::access_denied(
                "Send an API key, as Authorization: Bearer or as X-API-Key.",
            ));
        };
        Ok(self.accounts.authenticate(credential, now)?)
    }

    /// Lets a principal into its account. `asked` are the accounts that the request names, which
    /// must all be that one.
    pub(crate) fn authorize(
        self: &Arc<Self>,
        principal: Principal,
        scope: Scope,
        asked: &[AccountId],
    ) -> Result<Authorized, Problem> {
        if asked.iter().any(|account| *account != principal.account) {
            return Err(Problem::forbidden());
        }
        if !principal.scopes.contains(scope) {
            return Err(Problem::insufficient_scope(scope));
        }
        Ok(Authorized {
            backends: self.clone(),
            principal,
        })
    }

    /// Runs a step of OAuth. Clients and tokens show by themselves what they may reach.
    pub(crate) fn with_oauth<T>(
        &self,
        step: impl FnOnce(&Accounts) -> Result<T, afsa_accounts::Error>,
    ) -> Result<T, afsa_accounts::Error> {
        step(&self.accounts)
    }

    /// Opens a share for whoever has its key.
    pub(crate) fn open_share(
        &self,
        key: &str,
        password: Option<&str>,
        now: Timestamp,
    ) -> Result<ShareOpening, Problem> {
        let random = self.random_bytes();
        Ok(self.accounts.open_share(key, password, now, random)?)
    }

    /// Whether hits are taken and accounts can be read.
    pub(crate) fn is_ready(&self) -> bool {
        self.collector.is_ready() && self.accounts.accounts().is_ok()
    }

    /// What is wrong with the store as a whole.
    pub(crate) fn condition(&self) -> StoreCondition {
        self.store.condition()
    }

    pub(crate) fn random_bytes(&self) -> [u8; 32] {
        self.randomness.bytes()
    }
}

/// Leave to act in one account. Every way to data goes through it, so there is none that forgets
/// to ask whose data it is.
#[derive(Clone)]
pub(crate) struct Authorized {
    backends: Arc<Backends>,
    principal: Principal,
}

impl Authorized {
    pub(crate) fn principal(&self) -> Principal {
        self.principal
    }

    /// Refuses to let others do what the credential may not do itself; `detail` says what for.
    pub(crate) fn require_own(&self, given: Scopes, detail: &str) -> Result<(), Problem> {
        if self.principal.scopes.includes(given) {
            return Ok(());
        }
        Err(Problem::new(Word::InsufficientScope, detail))
    }

    pub(crate) fn account(&self) -> Result<Account, Problem> {
        Ok(self.backends.accounts.account(self.principal.account)?)
    }

    pub(crate) fn snapshot(&self) -> Result<Arc<dyn Snapshot>, Problem> {
        Ok(self.backends.store.snapshot(self.principal.account)?)
    }

    /// Runs a step on the accounts, handing it the one account that it may touch.
    pub(crate) fn with_accounts<T>(
        &self,
        step: impl FnOnce(&Accounts, AccountId) -> Result<T, afsa_accounts::Error>,
    ) -> Result<T, Problem> {
        Ok(step(&self.backends.accounts, self.principal.account)?)
    }

    /// Runs a step that changes something, as whoever holds the credential.
    pub(crate) fn change<T>(
        &self,
        now: Timestamp,
        step: impl FnOnce(&Acting<'_>, AccountId) -> Result<T, afsa_accounts::Error>,
    ) -> Result<T, Problem> {
        let actor = self.principal.credential.into();
        let acting = self.backends.accounts.acting(actor, now);
        Ok(step(&acting, self.principal.account)?)
    }

    /// Runs a step that changes what the account's settings are made of, and makes them known to
    /// the store.
    pub(crate) fn change_settings<T>(
        &self,
        now: Timestamp,
        step: impl FnOnce(&Acting<'_>, AccountId) -> Result<T, afsa_accounts::Error>,
    ) -> Result<T, Problem> {
        let changing = self.backends.changing.lock();
        let _one_at_a_time = changing.unwrap_or_else(PoisonError::into_inner);
        let changed = self.change(now, step)?;
        let account = self.account()?;
        self.backends
            .store
            .configure(self.principal.account, &account.settings);
        Ok(changed)
    }

    /// Whoever takes hits, with the one account that they may be taken for.
    pub(crate) fn collector(&self) -> (&dyn Collector, AccountId) {
        (&*self.backends.collector, self.principal.account)
    }

    pub(crate) fn random_bytes(&self) -> [u8; 32] {
        self.backends.random_bytes()
    }
}
