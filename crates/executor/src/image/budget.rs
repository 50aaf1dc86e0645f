//! A bound on the memory of what is kept between questions, shared by all images and shards.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::columns::Holder;

/// How many bytes of columns, choices of rows and counts may be kept between questions, over all
/// images that were made with it.
///
/// What was used least recently is dropped first; what orders take can't be dropped, and leaves less
/// for columns. A question never fails for want of room: the
/// columns that it holds live until it ends, and are loaded anew when they are next asked for.
pub struct Budget {
    limit: usize,
    used: AtomicUsize,
    pinned: AtomicUsize,
    ticks: AtomicU64,
    holders: Mutex<Vec<Weak<dyn Holder>>>,
}

impl Budget {
    /// A bound of so many bytes.
    pub fn new(limit: usize) -> Arc<Budget> {
        Arc::new(Budget {
            limit,
            used: AtomicUsize::new(0),
            pinned: AtomicUsize::new(0),
            ticks: AtomicU64::new(0),
            holders: Mutex::new(Vec::new()),
        })
    }

    /// Bytes that are kept and could be dropped.
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// A number greater than every one before: the order of uses.
    pub(super) fn tick(&self) -> u64 {
        self.ticks.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn add_holder(&self, holder: &Arc<dyn Holder>) {
        let mut holders = self.holders.lock().unwrap_or_else(PoisonError::into_inner);
        holders.retain(|holder| holder.strong_count() > 0);
        holders.push(Arc::downgrade(holder));
    }

    pub(super) fn took(&self, bytes: usize) {
        self.used.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn gave(&self, bytes: usize) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Drops what was used least recently until the bound holds. An eighth more is freed than
    /// needed, so that the next columns to be loaded don't each look through all images.
    pub(super) fn make_room(&self) {
        // A quarter is left to columns at least: without any, each question would read them anew.
        let pinned = self.pinned.load(Ordering::Relaxed);
        let limit = self.limit.saturating_sub(pinned).max(self.limit / 4);
        if self.used() <= limit {
            return;
        }
        let holders: Vec<Arc<dyn Holder>> = {
            let holders = self.holders.lock().unwrap_or_else(PoisonError::into_inner);
            holders.iter().filter_map(Weak::upgrade).collect()
        };
        let mut loaded: Vec<_> = holders
            .iter()
            .flat_map(|holder| holder.by_last_use())
            .collect();
        loaded.sort_unstable_by_key(|(last_use, _)| *last_use);
        for (_, slot) in loaded {
            if self.used() <= limit - limit / 8 {
                return;
            }
            slot.release();
        }
    }
}

/// Bytes that can't be dropped as long as this is held.
pub(crate) struct Pinned {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Pinned {
    pub(crate) fn new(budget: &Arc<Budget>, bytes: usize) -> Pinned {
        budget.pinned.fetch_add(bytes, Ordering::Relaxed);
        budget.make_room();
        Pinned {
            budget: budget.clone(),
            bytes,
        }
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        self.budget.pinned.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
