//! Which customers were met in which groups.

use hashbrown::HashSet;

use super::cells::MOST_GROUPS;
use crate::bits::ones;

/// Customers by the key of their group and their code, each once.
#[derive(Default)]
pub(super) struct MetCustomers {
    /// A bit each for small codes under small keys, key by key.
    bits: Vec<u64>,
    others: HashSet<(u128, u32)>,
}

/// Codes below this, under keys below the other, have a bit each: 32 MB at most.
const CODES: usize = 1 << 20;
const KEYS: u128 = 1 << 8;
/// Of one key.
const WORDS: usize = CODES / 64;

impl MetCustomers {
    /// Answers whether there was room for him.
    pub(super) fn insert(&mut self, key: u128, code: u32) -> bool {
        if key >= KEYS || code as usize >= CODES {
            let has_room = self.others.len() < MOST_GROUPS;
            if has_room {
                self.others.insert((key, code));
            }
            return has_room;
        }
        let at = key as usize * WORDS + code as usize / 64;
        if self.bits.len() <= at {
            self.bits.resize(at + 1, 0);
        }
        self.bits[at] |= 1 << (code % 64);
        true
    }

    /// Takes those of others too, whose keys are these here; answers whether that could be done in
    /// whole words.
    pub(super) fn absorb(
        &mut self,
        others: &MetCustomers,
        key_here: impl Fn(u128) -> u128,
    ) -> bool {
        let keys = || (0..).zip(others.bits.chunks(WORDS));
        if !others.others.is_empty() || keys().any(|(key, _)| key_here(key) >= KEYS) {
            return false;
        }
        for (key, words) in keys() {
            let from = key_here(key) as usize * WORDS;
            if self.bits.len() < from + words.len() {
                self.bits.resize(from + words.len(), 0);
            }
            let here = &mut self.bits[from..from + words.len()];
            here.iter_mut()
                .zip(words)
                .for_each(|(word, other)| *word |= other);
        }
        true
    }

    /// All of them.
    pub(super) fn each(&self) -> impl Iterator<Item = (u128, u32)> + '_ {
        let of_bits = self.bits.iter().enumerate().flat_map(|(at, word)| {
            let (key, first) = ((at / WORDS) as u128, (at % WORDS * 64) as u32);
            ones(*word).map(move |bit| (key, first + bit as u32))
        });
        of_bits.chain(self.others.iter().copied())
    }

    pub(super) fn bytes(&self) -> usize {
        self.bits.len() * 8 + self.others.len() * 40
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_met_once_wherever_he_was_met() {
        let met = |all: &[(u128, u32)]| {
            let mut customers = MetCustomers::default();
            all.iter()
                .for_each(|(key, code)| assert!(customers.insert(*key, *code)));
            customers
        };
        let told = |customers: &MetCustomers| {
            let mut all: Vec<(u128, u32)> = customers.each().collect();
            all.sort_unstable();
            all
        };
        let few = [(0, 0), (0, 63), (3, 64), (3, 1_000_000), (255, 7)];
        let odd = [(256, 1), (1 << 90, 2), (2, CODES as u32), (0, u32::MAX)];
        assert_eq!(told(&met(&[few, few].concat())), few);
        let mut all = [&few[..], &odd].concat();
        all.sort_unstable();
        assert_eq!(told(&met(&all)), all);

        let mut here = met(&[(0, 5), (6, 9)]);
        assert!(here.absorb(&met(&[(0, 5), (3, 64)]), |key| key * 2));
        assert_eq!(told(&here), [(0, 5), (6, 9), (6, 64)]);
        assert!(!here.absorb(&met(&odd), |key| key));
        assert!(!here.absorb(&met(&few), |key| key + KEYS));
    }
}
