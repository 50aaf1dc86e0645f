//! A bounded memory of what was worked out before, shared by threads.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Mutex, PoisonError};

const SHARDS: usize = 16;

/// Values by hash. Each shard has two generations: values enter and are found again in the young
/// one; when that is full it becomes the old one, and what nobody asked for since is forgotten.
/// That comes close to forgetting the least recently used and costs one look-up.
pub(crate) struct Cache<V> {
    shards: Vec<Mutex<Generations<V>>>,
    /// Values in one generation of one shard.
    capacity: usize,
}

struct Generations<V> {
    young: HashMap<u64, V, AsItIs>,
    old: HashMap<u64, V, AsItIs>,
}

/// Keys are good hashes already.
type AsItIs = BuildHasherDefault<Identity>;

#[derive(Default)]
struct Identity(u64);

impl Hasher for Identity {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl<V: Clone> Cache<V> {
    /// Holds at least `values` and at most twice as many.
    pub fn new(values: usize) -> Cache<V> {
        let empty = || {
            Mutex::new(Generations {
                young: HashMap::default(),
                old: HashMap::default(),
            })
        };
        Cache {
            shards: (0..SHARDS).map(|_| empty()).collect(),
            capacity: values.div_ceil(SHARDS).max(1),
        }
    }

    /// The value remembered under `hash` (of a keyed hasher, so that nobody can send values that
    /// all collide), if `is_it` says that it is the one sought (hashes
    /// collide), else the one made now. Making happens outside of any lock.
    pub fn get_or_make(
        &self,
        hash: u64,
        is_it: impl Fn(&V) -> bool,
        make: impl FnOnce() -> V,
    ) -> V {
        // The map takes the low bits, so the high ones choose the shard.
        let shard = &self.shards[(hash >> 32) as usize % SHARDS];
        {
            let mut generations = shard.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(value) = generations.young.get(&hash)
                && is_it(value)
            {
                return value.clone();
            }
            if let Some(value) = generations.old.remove(&hash)
                && is_it(&value)
            {
                generations.insert(hash, value.clone(), self.capacity);
                return value;
            }
        }
        let value = make();
        let mut generations = shard.lock().unwrap_or_else(PoisonError::into_inner);
        generations.insert(hash, value.clone(), self.capacity);
        value
    }
}

impl<V> Generations<V> {
    fn insert(&mut self, hash: u64, value: V, capacity: usize) {
        if self.young.len() >= capacity {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(hash, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_is_used_and_stays_bounded() {
        let cache = Cache::<u64>::new(SHARDS * 4);
        let mut made_favourite = 0;
        for round in 0..10_000_u64 {
            // All in one shard, which holds at most two generations of four.
            cache.get_or_make(round + 1, |value| *value == round + 1, || round + 1);
            cache.get_or_make(
                0,
                |value| *value == 0,
                || {
                    made_favourite += 1;
                    0
                },
            );
        }
        assert_eq!(made_favourite, 1);
        let kept: usize = cache
            .shards
            .iter()
            .map(|shard| {
                let generations = shard.lock().unwrap();
                generations.young.len() + generations.old.len()
            })
            .sum();
        assert!(kept <= 8, "{kept}");
    }

    #[test]
    fn a_collision_is_not_taken_for_the_value() {
        let cache = Cache::<&str>::new(4);
        assert_eq!(cache.get_or_make(7, |value| *value == "a", || "a"), "a");
        assert_eq!(cache.get_or_make(7, |value| *value == "b", || "b"), "b");
        assert_eq!(cache.get_or_make(7, |value| *value == "b", || "c"), "b");
    }
}
