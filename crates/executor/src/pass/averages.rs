//! Sums with the number of rows that they are of, which averages are made of, added in one go.

use std::sync::Arc;

use super::cells::Cells;
use super::tally::Tally;
use super::weight::Weight;
use super::whole;
use crate::bits::Bits;
use crate::image::Amounts;

/// An amount that is both summed and counted where it is known, as positions of measures.
pub(super) struct Average {
    sum: usize,
    known: usize,
    amounts: Arc<Amounts>,
    /// Of each group what isn't in the cells yet: the sum below, how many are known above.
    groups: Vec<u64>,
    /// How many rows these are of.
    rows: usize,
}

/// One row that is known; what lies below holds the sum of [`MOST_ROWS`] amounts below 2³².
const ONE: u64 = 1 << 48;
const MOST_ROWS: usize = 65_535;
/// Among more groups than these, going over them all costs more than adding in one go saves.
const MOST_GROUPS: usize = 16_384;

impl Average {
    /// Finds amounts that are summed and counted; gives them and all other weights.
    pub(super) fn find<'w>(
        weights: &'w [(usize, Weight)],
        cells: &Cells,
    ) -> (Vec<Average>, Vec<&'w (usize, Weight)>) {
        let mut others: Vec<&(usize, Weight)> = weights.iter().collect();
        let mut averages = Vec::new();
        if cells.groups_so_far() > MOST_GROUPS {
            return (averages, others);
        }
        for (sum, weight) in weights {
            let Weight::Amount(amounts) = weight else {
                continue;
            };
            if !matches!(**amounts, Amounts::U8(_) | Amounts::U32(_)) {
                continue;
            }
            let known = weights.iter().find_map(|(known, weight)| match weight {
                Weight::Known(others) if Arc::ptr_eq(amounts, others) => Some(*known),
                _ => None,
            });
            let Some(known) = known else { continue };
            others.retain(|(measure, _)| measure != sum && *measure != known);
            averages.push(Average {
                sum: *sum,
                known,
                amounts: amounts.clone(),
                groups: vec![0; cells.groups_so_far()],
                rows: 0,
            });
        }
        (averages, others)
    }

    /// Adds the rows of a tally.
    pub(super) fn add(&mut self, tally: &Tally, cells: &mut Cells) {
        if self.rows + tally.rows.len() > MOST_ROWS {
            self.settle(cells);
        }
        self.rows += tally.rows.len();
        let groups = &mut self.groups;
        match &*self.amounts {
            Amounts::U8(all) => add(tally, all, u8::MAX, groups),
            Amounts::U32(all) => add(tally, all, u32::MAX, groups),
            Amounts::I64(_) | Amounts::Nothing => {}
        }
    }

    /// Brings what was added to the cells.
    pub(super) fn settle(&mut self, cells: &mut Cells) {
        self.rows = 0;
        for (group, packed) in self.groups.iter_mut().enumerate() {
            if *packed != 0 {
                cells.numbers[self.sum].add(group, (*packed % ONE).into());
                cells.numbers[self.known].add(group, (*packed / ONE).into());
                *packed = 0;
            }
        }
    }

    /// Adds all selected rows to the only group.
    pub(super) fn add_whole(&self, selected: &Bits, cells: &mut Cells) {
        let (mut sum, mut known) = (0, 0);
        let mut add = |packed: u64| {
            sum += packed % ONE;
            known += packed / ONE;
        };
        let to = selected.len();
        match &*self.amounts {
            Amounts::U8(all) => {
                whole::each_word(all, selected, 0, to, |it| packed(it, u8::MAX), &mut add);
            }
            Amounts::U32(all) => {
                whole::each_word(all, selected, 0, to, |it| packed(it, u32::MAX), &mut add);
            }
            Amounts::I64(_) | Amounts::Nothing => {}
        }
        cells.numbers[self.sum].add(0, sum.into());
        cells.numbers[self.known].add(0, known.into());
    }
}

#[inline]
fn packed<A: Copy + PartialEq + Into<u64>>(amount: A, nothing: A) -> u64 {
    if amount == nothing {
        0
    } else {
        amount.into() + ONE
    }
}

fn add<A: Copy + PartialEq + Into<u64>>(tally: &Tally, all: &[A], nothing: A, groups: &mut [u64]) {
    let all = &all[tally.first..];
    for (row, key) in tally.rows.iter().zip(&tally.keys) {
        groups[*key as usize] += packed(all[*row as usize], nothing);
    }
}

#[cfg(test)]
mod tests {
    use afsa_store::Measure;

    use super::*;

    #[test]
    fn many_great_amounts_are_summed_and_counted() {
        const CHUNK: usize = super::super::tally::CHUNK;
        let len = 3 * MOST_ROWS;
        let check = |amounts: Amounts| {
            let selected = Bits::from_fn(len, |row| row % 7 != 0);
            let chosen = || selected.ones_in(0, len).filter_map(|row| amounts.get(row));
            let expect = [
                chosen().map(i128::from).sum::<i128>(),
                chosen().count() as i128,
            ];
            let shared = Arc::new(amounts.clone());
            let weights = [
                (0, Weight::Amount(shared.clone())),
                (1, Weight::Known(shared.clone())),
            ];
            let measures = [Measure::TimeOnPage, Measure::TimeOnPageKnown];
            let mut cells = Cells::new(&measures, 1, 0, None);
            let (mut averages, others) = Average::find(&weights, &cells);
            assert!(others.is_empty());
            averages[0].add_whole(&selected, &mut cells);
            assert_eq!([0, 1].map(|at| cells.numbers[at].get(0)), expect);
            let mut cells = Cells::new(&measures, 1, 0, None);
            let mut tally = Tally::default();
            for from in (0..len).step_by(CHUNK) {
                tally.choose(&selected, from, (from + CHUNK).min(len));
                averages[0].add(&tally, &mut cells);
            }
            averages[0].settle(&mut cells);
            assert_eq!([0, 1].map(|at| cells.numbers[at].get(0)), expect);
        };
        check(Amounts::U8(
            (0..len).map(|row| [254, 255, 3][row % 3]).collect(),
        ));
        check(Amounts::U32(
            (0..len)
                .map(|row| u32::MAX - (row % 5 < 4) as u32)
                .collect(),
        ));
    }
}
