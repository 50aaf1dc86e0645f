//! A store in memory that keeps arrivals and nothing else.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use afsa_model::{AccountId, AccountSettings, Timestamp, VisitorKey};

use super::Reference;
use crate::{Arrival, EventKey, ImportSession, Outcome, Reply, Snapshot, Store, StoreError, Undo};

/// Keeps every arrival of every account in memory, and works everything out anew for each
/// snapshot. Clones share their data.
///
/// Rulings: event keys of hits that [`Store::remove_before`] took out stay known, so that what was
/// removed doesn't come back; those of an undone import are forgotten with it. A hit of an import
/// whose event key came live before the import was finished is left out.
#[derive(Clone, Default)]
pub struct ReferenceStore {
    accounts: Arc<Mutex<BTreeMap<AccountId, Data>>>,
}

#[derive(Default)]
struct Data {
    settings: AccountSettings,
    arrivals: Vec<Arrival>,
    /// With the import that brought each.
    events: HashMap<EventKey, u32>,
    imports: HashMap<u32, ImportState>,
    last_sequence: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ImportState {
    Begun,
    Finished,
}

impl Data {
    /// Sets what the store sets of a hit.
    fn stamped(&mut self, mut arrival: Arrival, import: u32) -> Arrival {
        self.last_sequence += 1;
        arrival.hit.sequence = self.last_sequence;
        arrival.hit.import = import;
        arrival
    }

    fn reference(&self, account: AccountId) -> Reference {
        Reference::new(account, &self.arrivals, &self.settings)
    }
}

impl ReferenceStore {
    pub fn new() -> ReferenceStore {
        ReferenceStore::default()
    }

    fn with<T>(&self, account: AccountId, work: impl FnOnce(&mut Data) -> T) -> T {
        work(lock(&self.accounts).entry(account).or_default())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store for ReferenceStore {
    fn configure(&self, account: AccountId, settings: &AccountSettings) {
        self.with(account, |data| data.settings = settings.clone());
    }

    fn submit(&self, account: AccountId, arrivals: Vec<Arrival>, reply: Reply) {
        let outcomes = self.with(account, |data| {
            let mut outcomes = Vec::with_capacity(arrivals.len());
            for arrival in arrivals {
                let seen = arrival
                    .event
                    .is_some_and(|event| data.events.contains_key(&event));
                if seen {
                    outcomes.push(Outcome::Duplicate);
                    continue;
                }
                data.events.extend(arrival.event.map(|event| (event, 0)));
                let arrival = data.stamped(arrival, 0);
                data.arrivals.push(arrival);
                outcomes.push(Outcome::Accepted);
            }
            outcomes
        });
        reply(Ok(outcomes));
    }

    fn latest_activity(&self, account: AccountId, visitor: VisitorKey) -> Option<Timestamp> {
        let reference = self.with(account, |data| data.reference(account));
        let visits = reference
            .visits()
            .iter()
            .filter(|visit| visit.visitor == visitor);
        visits.map(|visit| visit.end).max()
    }

    fn begin_import(
        &self,
        account: AccountId,
        import: u32,
    ) -> Result<Box<dyn ImportSession>, StoreError> {
        self.with(account, |data| {
            if import == 0 || data.imports.contains_key(&import) {
                return Err(StoreError::Internal(format!(
                    "import {import} was there before"
                )));
            }
            data.imports.insert(import, ImportState::Begun);
            Ok(())
        })?;
        Ok(Box::new(ReferenceImport {
            store: self.clone(),
            account,
            import,
            taken: Vec::new(),
            events: HashSet::new(),
        }))
    }

    fn undo_import(&self, account: AccountId, import: u32) -> Result<Undo, StoreError> {
        self.with(account, |data| {
            if data.imports.get(&import) != Some(&ImportState::Finished) {
                return Err(StoreError::NoSuchImport);
            }
            data.imports.remove(&import);
            data.events.retain(|_, brought_by| *brought_by != import);
            let before = data.arrivals.len();
            data.arrivals.retain(|arrival| arrival.hit.import != import);
            Ok(Undo {
                hits: (before - data.arrivals.len()) as u64,
            })
        })
    }

    fn snapshot(&self, account: AccountId) -> Result<Arc<dyn Snapshot>, StoreError> {
        Ok(Arc::new(self.with(account, |data| data.reference(account))))
    }

    fn remove_before(&self, account: AccountId, before: Timestamp) -> Result<(), StoreError> {
        self.with(account, |data| {
            let reference = data.reference(account);
            let ended = reference.visits().iter().filter(|visit| visit.end < before);
            let loose = reference.loose().iter().filter(|hit| hit.time < before);
            let removed: HashSet<u64> = ended
                .flat_map(|visit| &visit.hits)
                .chain(loose)
                .map(|hit| hit.sequence)
                .collect();
            data.arrivals
                .retain(|arrival| !removed.contains(&arrival.hit.sequence));
        });
        Ok(())
    }

    fn maintain(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

struct ReferenceImport {
    store: ReferenceStore,
    account: AccountId,
    import: u32,
    taken: Vec<Arrival>,
    events: HashSet<EventKey>,
}

impl ImportSession for ReferenceImport {
    fn push(&mut self, arrivals: Vec<Arrival>) -> Result<Vec<Outcome>, StoreError> {
        let mut outcomes = Vec::with_capacity(arrivals.len());
        for arrival in arrivals {
            let (import, event) = (self.import, arrival.event);
            let taken = self.store.with(self.account, |data| {
                let is_new = event.is_none_or(|event| {
                    !data.events.contains_key(&event) && self.events.insert(event)
                });
                is_new.then(|| data.stamped(arrival, import))
            });
            outcomes.push(if taken.is_some() {
                Outcome::Accepted
            } else {
                Outcome::Duplicate
            });
            self.taken.extend(taken);
        }
        Ok(outcomes)
    }

    fn finish(mut self: Box<Self>, progress: &dyn Fn(f64)) -> Result<(), StoreError> {
        let taken = std::mem::take(&mut self.taken);
        self.store.with(self.account, |data| {
            for arrival in taken {
                if arrival
                    .event
                    .is_some_and(|event| data.events.contains_key(&event))
                {
                    continue;
                }
                data.events
                    .extend(arrival.event.map(|event| (event, self.import)));
                data.arrivals.push(arrival);
            }
            data.imports.insert(self.import, ImportState::Finished);
        });
        progress(1.0);
        Ok(())
    }
}

impl Drop for ReferenceImport {
    fn drop(&mut self) {
        self.store.with(self.account, |data| {
            if data.imports.get(&self.import) == Some(&ImportState::Begun) {
                data.imports.remove(&self.import);
            }
        });
    }
}
