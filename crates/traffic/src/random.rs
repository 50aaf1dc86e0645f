//! A small generator of pseudo-random numbers: splitmix64, the same on every machine.

pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// 0 up to, not including, 1.
    pub fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub fn chance(&mut self, probability: f64) -> bool {
        self.fraction() < probability
    }

    /// 0 up to, not including, `end`; 0 for an end of 0.
    pub fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }

    /// Exponentially distributed with this mean.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.fraction()).ln()
    }

    /// Small numbers far more often than large ones, below `end`.
    pub fn skewed(&mut self, end: u64) -> u64 {
        let fraction = self.fraction();
        ((end as f64).powf(fraction) - 1.0).max(0.0) as u64
    }

    /// One of the entries, as often as its weight says.
    pub fn weighted<'a, T>(&mut self, entries: &'a [(u32, T)]) -> &'a T {
        let total: u64 = entries.iter().map(|(weight, _)| u64::from(*weight)).sum();
        let mut at = self.below(total);
        for (weight, entry) in entries {
            if at < u64::from(*weight) {
                return entry;
            }
            at -= u64::from(*weight);
        }
        // The loop ends before, for any positive weights.
        &entries[entries.len() - 1].1
    }
}

/// The same number for the same inputs: what must not change between the visits of a visitor.
pub fn fixed(of: u64, salt: u64) -> u64 {
    Random::new(of ^ salt.wrapping_mul(0xd6e8_feb8_6659_fd93)).next()
}
