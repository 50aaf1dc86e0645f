//! What settings need that isn't kept with them: offsets of the zone, rates of exchange.

use std::collections::HashMap;
use std::sync::{Arc, MutexGuard, PoisonError};

use afsa_model::{AccountId, ExchangeRates, ZoneOffsets};
use rusqlite::Connection;

use crate::account::Kept;
use crate::own_rates::read_all;
use crate::{Account, Accounts, Error};

/// Offsets of a zone at all times, by its IANA name.
type Zones = fn(&str) -> ZoneOffsets;

/// What is worked out once and shared by all settings that are read.
pub(crate) struct Completion {
    zones: Zones,
    rates: Arc<ExchangeRates>,
    known_zones: HashMap<Arc<str>, ZoneOffsets>,
    /// Rates of accounts that have own ones, by how often these were changed.
    known_rates: HashMap<AccountId, (i64, Arc<ExchangeRates>)>,
}

impl Default for Completion {
    fn default() -> Completion {
        Completion {
            zones: |_| ZoneOffsets::default(),
            rates: Arc::default(),
            known_zones: HashMap::new(),
            known_rates: HashMap::new(),
        }
    }
}

impl Accounts {
    /// From now on settings are read with what this says of their zones; until then all of them
    /// are in UTC. Each zone is asked for once.
    pub fn use_zones(&self, zones: Zones) {
        let mut completion = self.completion();
        completion.zones = zones;
        completion.known_zones.clear();
    }

    /// From now on settings are read with these rates, which all accounts share, and over them the
    /// account's own; until then only own rates count.
    pub fn use_rates(&self, rates: Arc<ExchangeRates>) {
        let mut completion = self.completion();
        completion.rates = rates;
        completion.known_rates.clear();
    }

    /// The account with whole settings.
    pub(crate) fn completed(&self, connection: &Connection, kept: Kept) -> Result<Account, Error> {
        let Kept {
            mut account,
            rates_version,
        } = kept;
        let mut completion = self.completion();
        account.settings.zone = completion.zone(&account.settings.timezone);
        account.settings.rates = completion.rates(connection, account.id, rates_version)?;
        Ok(account)
    }

    fn completion(&self) -> MutexGuard<'_, Completion> {
        // Whatever a panic left undone here is worked out again.
        self.completion
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Completion {
    fn zone(&mut self, name: &Arc<str>) -> ZoneOffsets {
        if let Some(known) = self.known_zones.get(name) {
            return known.clone();
        }
        let offsets = (self.zones)(name);
        self.known_zones.insert(name.clone(), offsets.clone());
        offsets
    }

    fn rates(
        &mut self,
        connection: &Connection,
        account: AccountId,
        version: i64,
    ) -> Result<Arc<ExchangeRates>, Error> {
        // An account that never had own rates.
        if version == 0 {
            return Ok(self.rates.clone());
        }
        if let Some((known, rates)) = self.known_rates.get(&account)
            && *known == version
        {
            return Ok(rates.clone());
        }
        let own = read_all(connection, account)?;
        let rates = if own.is_empty() {
            self.rates.clone()
        } else {
            Arc::new(self.rates.with_own(own))
        };
        self.known_rates.insert(account, (version, rates.clone()));
        Ok(rates)
    }
}
