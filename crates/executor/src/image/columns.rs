//! What an image has loaded, by key, and how it is let go again.

use std::any::Any;
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
    ToldOrders,
    Bounces,
    Visitors,
    LoneVisitors,
    Things(Thing),
    Moments(Thing),
    Actions(Thing),
    Codes(Thing, Dimension),
    TimeOnPage,
    ScrollDepth,
}

/// Something loaded that knows its size.
pub(crate) trait Loaded: Any + Send + Sync {
    fn bytes(&self) -> usize;
}

/// The loaded columns of one image.
pub(crate) struct Columns {
    slots: Mutex<HashMap<ColumnKey, Arc<Slot>>>,
    budget: Arc<Budget>,
}

impl Columns {
    pub(super) fn new(budget: Arc<Budget>) -> Arc<Columns> {
        let columns = Arc::new(Columns {
            slots: Mutex::new(HashMap::new()),
            budget: budget.clone(),
        });
        budget.add_holder(&columns);
        columns
    }

    /// What is loaded under this key; loads it if it isn't. Who asks meanwhile waits for it.
    pub(super) fn get<T: Loaded>(
        &self,
        key: ColumnKey,
        load: impl FnOnce() -> Result<T, StoreError>,
    ) -> Result<Arc<T>, StoreError> {
        let slot = {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            slots.entry(key).or_default().clone()
        };
        slot.last_use.store(self.budget.tick(), Ordering::Relaxed);
        let loaded = {
            let mut held = slot.held.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(held) = &*held
                && let Ok(value) = held.value.clone().downcast::<T>()
            {
                return Ok(value);
            }
            let value = Arc::new(load()?);
            let bytes = value.bytes();
            self.budget.took(bytes);
            if let Some(before) = held.replace(Held {
                value: value.clone(),
                bytes,
            }) {
                self.budget.gave(before.bytes);
            }
            value
        };
        self.budget.make_room();
        Ok(loaded)
    }

    /// Bytes that are loaded.
    pub(super) fn bytes(&self) -> usize {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.values().map(|slot| slot.bytes()).sum()
    }

    /// Lets everything go that no question holds.
    pub(super) fn release(&self) {
        for (_, slot) in self.by_last_use() {
            slot.release(&self.budget);
        }
    }

    pub(super) fn by_last_use(&self) -> Vec<(u64, Arc<Slot>)> {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots
            .values()
            .map(|slot| (slot.last_use.load(Ordering::Relaxed), slot.clone()))
            .collect()
    }
}

impl Drop for Columns {
    fn drop(&mut self) {
        self.release();
    }
}

#[derive(Default)]
pub(super) struct Slot {
    held: Mutex<Option<Held>>,
    last_use: AtomicU64,
}

struct Held {
    value: Arc<dyn Any + Send + Sync>,
    bytes: usize,
}

impl Slot {
    /// Lets go of what is held, unless it is being loaded this moment.
    pub(super) fn release(&self, budget: &Budget) {
        if let Ok(mut held) = self.held.try_lock()
            && let Some(held) = held.take()
        {
            budget.gave(held.bytes);
        }
    }

    fn bytes(&self) -> usize {
        self.held
            .try_lock()
            .ok()
            .and_then(|held| held.as_ref().map(|it| it.bytes))
            .unwrap_or(0)
    }
}
