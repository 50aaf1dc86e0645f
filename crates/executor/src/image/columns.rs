//! What is kept between questions, by key, and how it is let go again.

use std::any::Any;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use afsa_store::{Dimension, StoreError};
use hashbrown::HashMap;

use super::budget::Budget;
use super::things::Thing;

/// Names everything that an image can load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ColumnKey {
    Layout,
    Starts,
    Span,
    Durations,
    Excluded,
    Exclusions,
    Bounces,
    Visitors,
    LoneVisitors,
    Things(Thing),
    Inhabited(Thing),
    Moments(Thing),
    Actions(Thing),
    Codes(Thing, Dimension),
    HitUsers,
    Campaigns,
    CartSteps,
    /// Products by names of this version.
    Named(u64),
    TimeOnPage,
    ScrollDepth,
    Costs,
    ClickCosts,
    LumpSums,
}

/// Something loaded that knows its size.
pub(crate) trait Loaded: Any + Send + Sync {
    fn bytes(&self) -> usize;
}

/// Things loaded or worked out, by key, as long as the budget has room for them.
pub(crate) struct Shelf<K> {
    slots: Mutex<HashMap<K, Arc<Slot>>>,
    budget: Arc<Budget>,
    most: usize,
}

/// Something that the budget can take things from.
pub(super) trait Holder: Send + Sync {
    fn by_last_use(&self) -> Vec<(u64, Arc<Slot>)>;
}

impl<K: Clone + Eq + Hash + Send + 'static> Shelf<K> {
    /// A shelf of at most so many things: what was used least recently makes room for new ones.
    pub(crate) fn new(budget: &Arc<Budget>, most: usize) -> Arc<Shelf<K>> {
        let shelf = Arc::new(Shelf {
            slots: Mutex::new(HashMap::new()),
            budget: budget.clone(),
            most,
        });
        let holder: Arc<dyn Holder> = shelf.clone();
        budget.add_holder(&holder);
        shelf
    }

    /// What is kept under this key; makes it if it isn't there. Who asks meanwhile waits for it.
    pub(crate) fn get<T: Loaded>(
        &self,
        key: K,
        make: impl FnOnce() -> Result<T, StoreError>,
    ) -> Result<Arc<T>, StoreError> {
        let slot = self.slot(key);
        let made = {
            let mut held = slot.held.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(held) = &*held
                && let Ok(value) = held.value.clone().downcast::<T>()
            {
                return Ok(value);
            }
            let value = Arc::new(make()?);
            *held = Some(Held::new(value.clone(), &self.budget));
            value
        };
        self.budget.make_room();
        Ok(made)
    }

    /// What is kept under this key, if anything is.
    pub(crate) fn find<T: Loaded>(&self, key: &K) -> Option<Arc<T>> {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = slots.get(key)?.clone();
        drop(slots);
        slot.last_use.store(self.budget.tick(), Ordering::Relaxed);
        let held = slot.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.as_ref()?.value.clone().downcast::<T>().ok()
    }

    /// Keeps this under the key from now on.
    pub(crate) fn put<T: Loaded>(&self, key: K, value: Arc<T>) {
        let slot = self.slot(key);
        let held = Held::new(value, &self.budget);
        let before = slot
            .held
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .replace(held);
        drop(before);
        self.budget.make_room();
    }

    /// Bytes that are kept.
    pub(crate) fn bytes(&self) -> usize {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.values().map(|slot| slot.bytes()).sum()
    }

    /// Lets everything go that no question holds.
    pub(crate) fn release(&self) {
        for (_, slot) in self.by_last_use() {
            slot.release();
        }
    }

    fn slot(&self, key: K) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= self.most && !slots.contains_key(&key) {
            let oldest = slots
                .iter()
                .min_by_key(|(_, slot)| slot.last_use.load(Ordering::Relaxed))
                .map(|(key, _)| key.clone());
            oldest.and_then(|oldest| slots.remove(&oldest));
        }
        let slot = slots.entry(key).or_default().clone();
        slot.last_use.store(self.budget.tick(), Ordering::Relaxed);
        slot
    }
}

impl<K: Send> Holder for Shelf<K> {
    fn by_last_use(&self) -> Vec<(u64, Arc<Slot>)> {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots
            .values()
            .map(|slot| (slot.last_use.load(Ordering::Relaxed), slot.clone()))
            .collect()
    }
}

#[derive(Default)]
pub(super) struct Slot {
    held: Mutex<Option<Held>>,
    last_use: AtomicU64,
}

/// Something kept; its bytes count for as long as this lives.
struct Held {
    value: Arc<dyn Any + Send + Sync>,
    bytes: usize,
    budget: Arc<Budget>,
}

impl Held {
    fn new<T: Loaded>(value: Arc<T>, budget: &Arc<Budget>) -> Held {
        let bytes = value.bytes();
        budget.took(bytes);
        Held {
            value,
            bytes,
            budget: budget.clone(),
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.budget.gave(self.bytes);
    }
}

impl Slot {
    /// Lets go of what is held, unless it is being made this moment.
    pub(super) fn release(&self) {
        let held = self.held.try_lock().ok().and_then(|mut held| held.take());
        drop(held);
    }

    fn bytes(&self) -> usize {
        self.held
            .try_lock()
            .ok()
            .and_then(|held| held.as_ref().map(|it| it.bytes))
            .unwrap_or(0)
    }
}
