//! Adding up where there is but one group: nothing is looked up, and bits are counted in words.

use super::cells::{Cells, Numbers};
use super::tally::known;
use super::weight::Weight;
use crate::bits::{Bits, ones};
use crate::image::Amounts;

/// Adds what the selected rows of `from..to` weigh to the only group.
pub(super) fn add(
    measure: usize,
    weight: &Weight,
    selected: &Bits,
    from: usize,
    to: usize,
    cells: &mut Cells,
) {
    let numbers = &mut cells.numbers[measure];
    let total = match weight {
        Weight::One => selected.count_in(from, to).into(),
        Weight::If(bits) => {
            let both = bits.window(from, to).zip(selected.window(from, to));
            both.map(|((_, one), (_, other))| u64::from((one & other).count_ones()))
                .sum()
        }
        Weight::Known(amounts) => match &**amounts {
            Amounts::U8(all) => sum(all, selected, from, to, |it| (it != u8::MAX).into()),
            Amounts::U32(all) => sum(all, selected, from, to, |it| (it != u32::MAX).into()),
            Amounts::I64(all) => sum(all, selected, from, to, |it| (it != i64::MIN).into()),
            Amounts::Nothing => 0,
        },
        Weight::Amount(amounts) => match &**amounts {
            Amounts::U8(all) => sum(all, selected, from, to, |it| known(it, u8::MAX)),
            Amounts::U32(all) => sum(all, selected, from, to, |it| known(it, u32::MAX)),
            Amounts::Nothing => 0,
            // Amounts of odd data may be too great for sums of 64 bits, or below 0.
            Amounts::I64(_) => return add_each(numbers, weight, selected, from, to),
        },
        weight => return add_each(numbers, weight, selected, from, to),
    };
    numbers.add(0, total.into());
}

fn add_each(numbers: &mut Numbers, weight: &Weight, selected: &Bits, from: usize, to: usize) {
    let amounts = selected.ones_in(from, to).map(|row| weight.amount(row));
    numbers.add(0, amounts.fold(0, i128::saturating_add));
}

/// The sum of a number, less than 2³², of each selected row.
fn sum<A: Copy>(
    all: &[A],
    selected: &Bits,
    from: usize,
    to: usize,
    number: impl Fn(A) -> u64,
) -> u64 {
    let mut total = 0;
    each_word(all, selected, from, to, number, &mut |sum| total += sum);
    total
}

/// Gives the sums of a number of the selected rows, up to 64 at a time.
#[inline]
pub(super) fn each_word<A: Copy>(
    all: &[A],
    selected: &Bits,
    from: usize,
    to: usize,
    number: impl Fn(A) -> u64,
    each: &mut impl FnMut(u64),
) {
    for (row, word) in selected.window(from, to) {
        let here = &all[row..(row + 64).min(to)];
        each(if word == u64::MAX {
            here.iter().map(|it| number(*it)).sum()
        } else {
            ones(word).map(|bit| number(here[bit])).sum()
        });
    }
}

/// Counts the visitors of whom a visit is selected. `is_pending` tells whether the one whose visits
/// go on hasn't been counted yet, and is told so of the last one. `words` are those of the visits
/// that begin a visitor's and of those that are selected, in step, each with how many rows it has.
pub(super) fn distinct(
    is_pending: &mut bool,
    words: impl Iterator<Item = (usize, u64, u64)>,
) -> u64 {
    let mut found = 0;
    for (rows, begun, selected) in words {
        // Addition carries from each visitor's begin over the visits that aren't selected to his
        // first that is: a carry that comes to a selected visit has found a new visitor there.
        let passed = !selected & crate::bits::low_ones(rows);
        let (sum, over) = passed.overflowing_add(begun & passed);
        let (sum, over_again) = sum.overflowing_add(u64::from(*is_pending));
        found += u64::from((selected & (begun | sum)).count_ones());
        // Visits past the last row would stop the carry; there it has come to rest one bit further.
        *is_pending = if rows == 64 {
            over || over_again
        } else {
            sum >> rows & 1 == 1
        };
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distinct_visitors_agree_with_plain_counting() {
        let mut state = 7_u64;
        let mut random = move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            state >> 33
        };
        for rarity in [1, 2, 5, 60] {
            for pending in [false, true] {
                let rows: Vec<(bool, bool)> = (0..1_000)
                    .map(|_| (random() % 3 == 0, random() % rarity == 0))
                    .collect();
                let (mut is_pending, mut found) = (pending, 0);
                for (begun, selected) in &rows {
                    is_pending |= *begun;
                    found += u64::from(is_pending && *selected);
                    is_pending &= !*selected;
                }
                let mut at = 0;
                let words = std::iter::from_fn(|| {
                    let rows = &rows[at..rows.len().min(at + 1 + (at * 7 + 63) % 64)];
                    at += rows.len();
                    let word = |of: fn(&(bool, bool)) -> bool| {
                        let bits = rows.iter().enumerate();
                        bits.fold(0, |word, (at, row)| word | u64::from(of(row)) << at)
                    };
                    let words = (rows.len(), word(|row| row.0), word(|row| row.1));
                    (!rows.is_empty()).then_some(words)
                });
                let mut carried = pending;
                assert_eq!(distinct(&mut carried, words), found, "{rarity} {pending}");
                assert_eq!(carried, is_pending, "{rarity} {pending}");
            }
        }
    }
}
