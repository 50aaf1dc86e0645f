//! Bloom filters over keys that are hashes already.

/// Says of a key that it may be in a set, or that it surely isn't: about one in a hundred of the
/// others is let through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bloom {
    words: Vec<u64>,
}

const BITS_PER_KEY: usize = 10;
const PROBES: u64 = 7;

impl Bloom {
    pub fn with_room_for(keys: usize) -> Bloom {
        let bits = keys.saturating_mul(BITS_PER_KEY).max(64);
        Bloom {
            words: vec![0; bits.div_ceil(64)],
        }
    }

    pub fn insert(&mut self, key: u64) {
        for probe in 0..PROBES {
            let bit = self.bit(key, probe);
            if let Some(word) = self.words.get_mut(bit / 64) {
                *word |= 1 << (bit % 64);
            }
        }
    }

    pub fn may_contain(&self, key: u64) -> bool {
        (0..PROBES).all(|probe| {
            let bit = self.bit(key, probe);
            self.words
                .get(bit / 64)
                .is_some_and(|word| word & (1 << (bit % 64)) != 0)
        })
    }

    fn bit(&self, key: u64, probe: u64) -> usize {
        let step = (key.rotate_left(32) ^ 0x9e37_79b9_7f4a_7c15) | 1;
        let hash = key
            .wrapping_mul(0xff51_afd7_ed55_8ccd)
            .wrapping_add(probe.wrapping_mul(step));
        let bits = self.words.len() as u128 * 64;
        ((u128::from(hash) * bits) >> 64) as usize
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        self.words
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect()
    }

    pub fn from_bytes(bytes: &[u8]) -> Bloom {
        let words = bytes
            .as_chunks::<8>()
            .0
            .iter()
            .map(|chunk| u64::from_le_bytes(*chunk));
        Bloom {
            words: words.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lets_all_members_through_and_few_others() {
        let key = |number: u64| number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (number << 40);
        let mut bloom = Bloom::with_room_for(10_000);
        (0..10_000).for_each(|number| bloom.insert(key(number)));
        assert!((0..10_000).all(|number| bloom.may_contain(key(number))));
        let wrong = (10_000..110_000)
            .filter(|number| bloom.may_contain(key(*number)))
            .count();
        assert!(wrong < 3_000, "{wrong} of 100,000");
        assert_eq!(Bloom::from_bytes(&bloom.to_bytes()), bloom);
    }
}
