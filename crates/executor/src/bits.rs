//! Sets of row numbers, one bit a row.

/// A set of the rows `0..len`. Bits past `len` in the last word are always 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bits {
    words: Vec<u64>,
    len: usize,
}

impl Bits {
    pub(crate) fn zeros(len: usize) -> Bits {
        Bits {
            words: vec![0; len.div_ceil(64)],
            len,
        }
    }

    pub(crate) fn ones(len: usize) -> Bits {
        let mut bits = Bits {
            words: vec![u64::MAX; len.div_ceil(64)],
            len,
        };
        bits.trim();
        bits
    }

    /// The rows for which `test` holds.
    pub(crate) fn from_fn(len: usize, mut test: impl FnMut(usize) -> bool) -> Bits {
        let words = (0..len).step_by(64).map(|row| {
            let mut flags = [0; 64];
            for (flag, at) in flags.iter_mut().zip(row..len) {
                *flag = test(at).into();
            }
            packed(&flags)
        });
        Bits {
            words: words.collect(),
            len,
        }
    }

    /// The rows for whose values `test` holds: faster than [`Bits::from_fn`], as many values are
    /// compared at once.
    pub(crate) fn of_values<T: Copy>(values: &[T], test: impl Fn(T) -> bool) -> Bits {
        let words = values.chunks(64).map(|values| {
            let mut flags = [0; 64];
            for (flag, value) in flags.iter_mut().zip(values) {
                *flag = test(*value).into();
            }
            packed(&flags)
        });
        Bits {
            words: words.collect(),
            len: values.len(),
        }
    }

    /// The rows that `fill` puts into words of 64, of which all are 0 before.
    pub(crate) fn from_words(len: usize, fill: impl FnOnce(&mut [u64])) -> Bits {
        let mut bits = Bits::zeros(len);
        fill(&mut bits.words);
        bits.trim();
        bits
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(crate) fn get(&self, row: usize) -> bool {
        self.words
            .get(row / 64)
            .is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    /// Puts a row into the set; rows past the end are ignored.
    pub(crate) fn set(&mut self, row: usize) {
        if row < self.len {
            self.words[row / 64] |= 1 << (row % 64);
        }
    }

    /// Takes a row out of the set; rows past the end are ignored.
    pub(crate) fn clear(&mut self, row: usize) {
        if row < self.len {
            self.words[row / 64] &= !(1 << (row % 64));
        }
    }

    /// Puts all rows of `from..to` into the set.
    pub(crate) fn set_range(&mut self, from: usize, to: usize) {
        let to = to.min(self.len);
        let mut row = from;
        while row < to {
            let end = (row / 64 * 64 + 64).min(to);
            self.words[row / 64] |= low_ones(end - row) << (row % 64);
            row = end;
        }
    }

    pub(crate) fn and(&mut self, other: &Bits) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word &= other;
        }
    }

    pub(crate) fn and_not(&mut self, other: &Bits) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word &= !other;
        }
    }

    pub(crate) fn or(&mut self, other: &Bits) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word |= other;
        }
    }

    pub(crate) fn not(&mut self) {
        for word in &mut self.words {
            *word = !*word;
        }
        self.trim();
    }

    pub(crate) fn any(&self) -> bool {
        self.words.iter().any(|word| *word != 0)
    }

    /// Whether the set has a row of `from..to`.
    pub(crate) fn any_in(&self, from: usize, to: usize) -> bool {
        self.window(from, to).any(|(_, word)| word != 0)
    }

    /// How many of the rows `from..to` are in the set.
    #[inline]
    pub(crate) fn count_in(&self, from: usize, to: usize) -> u32 {
        self.window(from, to)
            .map(|(_, word)| word.count_ones())
            .sum()
    }

    /// The rows of `from..to` as (first row, up to 64 bits from there on), in order.
    #[inline]
    pub(crate) fn window(&self, from: usize, to: usize) -> impl Iterator<Item = (usize, u64)> + '_ {
        let to = to.min(self.len);
        let mut row = from;
        std::iter::from_fn(move || {
            if row >= to {
                return None;
            }
            let end = (row / 64 * 64 + 64).min(to);
            let word = self.words[row / 64] >> (row % 64) & low_ones(end - row);
            let first = row;
            row = end;
            Some((first, word))
        })
    }

    /// The members within `from..to`, ascending.
    pub(crate) fn ones_in(&self, from: usize, to: usize) -> impl Iterator<Item = usize> + '_ {
        self.window(from, to)
            .flat_map(|(first, word)| ones(word).map(move |bit| first + bit))
    }

    /// The longest ranges of neighbouring members, ascending.
    pub(crate) fn runs(&self) -> impl Iterator<Item = std::ops::Range<usize>> + '_ {
        let mut row = 0;
        std::iter::from_fn(move || {
            let start = self.next(row, 0)?;
            let end = self.next(start, u64::MAX).unwrap_or(self.len);
            row = end;
            Some(start..end)
        })
    }

    /// The first row from `from` on whose bit, turned round by `turn`, is set.
    fn next(&self, from: usize, turn: u64) -> Option<usize> {
        let mut at = from / 64;
        let mut word = (self.words.get(at)? ^ turn) & !low_ones(from % 64);
        while word == 0 {
            at += 1;
            word = self.words.get(at)? ^ turn;
        }
        let row = at * 64 + word.trailing_zeros() as usize;
        (row < self.len).then_some(row)
    }

    pub(crate) fn words(&self) -> &[u64] {
        &self.words
    }

    pub(crate) fn bytes(&self) -> usize {
        self.words.len() * 8
    }

    fn trim(&mut self) {
        if !self.len.is_multiple_of(64)
            && let Some(last) = self.words.last_mut()
        {
            *last &= low_ones(self.len % 64);
        }
    }
}

/// A word of flags that are 0 or 1, the first the lowest bit.
#[inline]
fn packed(flags: &[u8; 64]) -> u64 {
    // The product brings each byte's flag to its place among the highest eight bits.
    const PLACES: u64 = 0x0102_0408_1020_4080;
    let (eights, _) = flags.as_chunks::<8>();
    let bytes = eights
        .iter()
        .map(|eight| u64::from_le_bytes(*eight).wrapping_mul(PLACES) >> 56);
    bytes.rev().fold(0, |word, byte| word << 8 | byte)
}

/// A word whose lowest `count` (at most 64) bits are set.
#[inline]
pub(crate) fn low_ones(count: usize) -> u64 {
    if count >= 64 {
        u64::MAX
    } else {
        (1 << count) - 1
    }
}

/// The numbers of the bits that are set in a word, ascending.
#[inline]
pub(crate) fn ones(word: u64) -> impl Iterator<Item = usize> {
    Ones(word)
}

struct Ones(u64);

impl Iterator for Ones {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        if self.0 == 0 {
            return None;
        }
        let bit = self.0.trailing_zeros() as usize;
        self.0 &= self.0 - 1;
        Some(bit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_plain_flags() {
        for len in [0, 1, 63, 64, 65, 200] {
            let flags: Vec<bool> = (0..len).map(|row| row % 3 == 0 || row % 7 == 2).collect();
            let bits = Bits::from_fn(len, |row| flags[row]);
            assert_eq!(Bits::of_values(&flags, |flag| flag), bits, "{len}");
            for (from, to) in [(0, len), (1, len), (5, 70), (64, 128), (len, len + 9)] {
                let expect: Vec<usize> = (from..to.min(len)).filter(|row| flags[*row]).collect();
                assert_eq!(
                    bits.ones_in(from, to).collect::<Vec<_>>(),
                    expect,
                    "{len} {from} {to}"
                );
                assert_eq!(bits.any_in(from, to), !expect.is_empty());
                assert_eq!(bits.count_in(from, to) as usize, expect.len());
                let mut ranged = Bits::zeros(len);
                ranged.set_range(from, to);
                assert_eq!(ranged, Bits::from_fn(len, |row| (from..to).contains(&row)));
            }
            let from_runs: Vec<usize> = bits.runs().flatten().collect();
            assert_eq!(from_runs, bits.ones_in(0, len).collect::<Vec<_>>(), "{len}");
            assert_eq!(
                Bits::ones(len).runs().collect::<Vec<_>>().len(),
                usize::from(len > 0)
            );
            let mut turned = bits.clone();
            turned.not();
            assert_eq!(turned, Bits::from_fn(len, |row| !flags[row]));
            turned.or(&bits);
            assert_eq!(turned, Bits::ones(len));
        }
    }
}
