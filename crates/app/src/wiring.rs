//! What the crates below are handed: the system's time and randomness, keys, accounts.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use afsa_accounts::Accounts;
use afsa_ingest::{AccountContext, Clock, Keys};
use afsa_model::{AccountId, DAY, Timestamp};

/// What enters the program from outside, handed to whoever needs it.
#[derive(Clone)]
pub struct Outside {
    pub clock: Arc<dyn afsa_http::Clock>,
    pub randomness: Arc<dyn afsa_http::Randomness>,
}

impl Outside {
    /// The system's time and randomness.
    pub fn of_system() -> Outside {
        Outside {
            clock: Arc::new(HttpClock::default()),
            randomness: Arc::new(SystemRandomness),
        }
    }
}

impl Clock for Outside {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// The system's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    // The one place where the time of day enters the program.
    #[allow(clippy::disallowed_methods)]
    fn now(&self) -> Timestamp {
        let since_1970 = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
    }
}

/// Fresh bytes from the operating system.
pub fn random_bytes() -> [u8; 32] {
    let mut bytes = [0; 32];
    // Without randomness there are no secrets: nothing sensible can go on.
    #[allow(clippy::expect_used)]
    getrandom::fill(&mut bytes).expect("the operating system gives no random bytes");
    bytes
}

/// Secrets from the accounts' file, with those of the days at hand in memory.
pub struct Keyring {
    accounts: Arc<Accounts>,
    outside: Outside,
    lasting: [u8; 32],
    days: Mutex<HashMap<i64, [u8; 32]>>,
}

impl Keyring {
    pub fn open(
        accounts: Arc<Accounts>,
        outside: Outside,
    ) -> Result<Keyring, afsa_accounts::Error> {
        let lasting = accounts.secret("hits", outside.randomness.bytes())?;
        Ok(Keyring {
            accounts,
            outside,
            lasting,
            days: Mutex::default(),
        })
    }

    /// Destroys the keys of all days before yesterday.
    pub fn destroy_old(&self) -> Result<(), afsa_accounts::Error> {
        let oldest = self.today() - 1;
        self.days
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|day, _| *day >= oldest);
        self.accounts.destroy_daily_keys_before(oldest)
    }

    fn today(&self) -> i64 {
        self.outside.now().0.div_euclid(DAY)
    }
}

impl Keys for Keyring {
    fn day_key(&self, day: i64) -> Option<[u8; 32]> {
        let today = self.today();
        // A hit may be dated some minutes ahead; yesterday's key is used but never made anew.
        if !(today - 1..=today + 1).contains(&day) {
            return None;
        }
        let mut days = self.days.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = days.get(&day) {
            return Some(*key);
        }
        let key = if day < today {
            self.accounts.existing_daily_key(day).ok().flatten()
        } else {
            self.accounts
                .daily_key(day, self.outside.randomness.bytes())
                .ok()
        };
        match key {
            Some(key) => days.insert(day, key),
            None => {
                tracing::warn!(day, "there is no key for cookieless visitors of this day");
                None
            }
        };
        key
    }

    fn lasting_key(&self) -> [u8; 32] {
        self.lasting
    }

    fn random(&self) -> [u8; 32] {
        self.outside.randomness.bytes()
    }
}

/// Accounts as the pipeline meets them.
pub struct Directory(pub Arc<Accounts>);

impl afsa_ingest::Accounts for Directory {
    fn context(&self, account: AccountId) -> Option<Arc<AccountContext>> {
        let account = self.0.account(account).ok()?;
        Some(Arc::new(AccountContext::new(
            account.id,
            account.settings,
            &account.url,
        )))
    }
}

/// The routes' clock.
pub struct HttpClock(std::time::Instant);

impl Default for HttpClock {
    // Durations of requests are measured from the program's start.
    #[allow(clippy::disallowed_methods)]
    fn default() -> HttpClock {
        HttpClock(std::time::Instant::now())
    }
}

impl afsa_http::Clock for HttpClock {
    fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    fn elapsed(&self) -> std::time::Duration {
        self.0.elapsed()
    }
}

/// The routes' randomness.
pub struct SystemRandomness;

impl afsa_http::Randomness for SystemRandomness {
    fn bytes(&self) -> [u8; 32] {
        random_bytes()
    }
}
