//! Rows with the group of each, and the loops that add up what they weigh.

use afsa_store::StoreError;

use super::cells::{Cells, Numbers};
use super::weight::Weight;
use crate::bits::{Bits, low_ones, ones};
use crate::image::{Amounts, Codes};
use crate::orders::{Exact, NOTHING};

/// Rows or things worked on at once: their keys stay in the nearest cache.
pub(super) const CHUNK: usize = 2_048;

/// Among so few groups neighbours often share one, and each addition would wait for the one
/// before; sums that take turns need not.
const FEW_GROUPS: usize = 256;
const TURNS: usize = 4;

/// What is counted of a chunk. Its room is used again for the next chunk.
#[derive(Default)]
pub(crate) struct Tally {
    /// The row that `rows` are told from.
    pub(super) first: usize,
    /// What is counted, a row as often as it is in groups.
    pub(super) rows: Vec<u32>,
    /// The group of each, in step with `rows`.
    pub(super) keys: Vec<u32>,
    /// The visitor of each row of the chunk, also of those that aren't counted.
    pub(super) visitors: Vec<u32>,
    sums: Vec<[u64; TURNS]>,
}

impl Tally {
    /// Takes the `selected` of these rows; they have no groups yet.
    pub(super) fn choose(&mut self, selected: &Bits, from: usize, to: usize) {
        self.first = from;
        self.rows.resize(to - from, 0);
        let rows = &mut self.rows[..];
        let mut end = 0;
        for (row, word) in selected.window(from, to) {
            let begin = (row - from) as u32;
            let here = (64 - row % 64).min(to - row);
            if word == low_ones(here) {
                let chosen = rows[end..end + here].iter_mut();
                (begin..)
                    .zip(chosen)
                    .for_each(|(row, chosen)| *chosen = row);
                end += here;
                continue;
            }
            for bit in ones(word) {
                rows[end] = begin + bit as u32;
                end += 1;
            }
        }
        self.rows.truncate(end);
        self.keys.clear();
        self.keys.resize(end, 0);
    }

    /// Adds parts of keys that come of these codes.
    pub(super) fn add_codes(&mut self, stride: u128, codes: &Codes) {
        let (first, stride) = (self.first, stride as u32);
        // Whole chunks are read one by one, which is faster.
        let are_neighbours = self.rows.last().map(|row| *row as usize + 1) == Some(self.rows.len());
        if are_neighbours {
            codes.add_scaled(first, stride, &mut self.keys);
        } else {
            codes.add_scaled_of(first, &self.rows, stride, &mut self.keys);
        }
    }

    /// Numbers the visitor of each row on from `visitor`, the one before them; tells the last.
    /// `begun` are the words of the rows that begin a visitor's.
    pub(super) fn number_visitors(
        &mut self,
        mut visitor: u32,
        rows: usize,
        begun: impl Iterator<Item = (usize, u64)>,
    ) -> u32 {
        self.visitors.resize(rows, 0);
        let mut numbers = self.visitors.as_mut_slice();
        for (row, word) in begun {
            let (here, rest) = numbers.split_at_mut(numbers.len().min(64 - row % 64));
            for (at, number) in here.iter_mut().enumerate() {
                visitor = visitor.wrapping_add((word >> at & 1) as u32);
                *number = visitor;
            }
            numbers = rest;
        }
        visitor
    }

    /// Counts each visitor once in a group; all rows must have their numbers.
    pub(super) fn add_visitors(&mut self, measure: usize, cells: &mut Cells) {
        let groups = cells.groups_so_far();
        let Some((stamps, counts)) = cells.visitors(measure) else {
            return;
        };
        let (rows, visitors) = (&self.rows, &self.visitors);
        let is_new = |at: usize, key: usize| {
            let visitor = visitors[rows[at] as usize];
            let stamp = &mut stamps[key];
            let is_new = *stamp != visitor;
            *stamp = visitor;
            is_new.into()
        };
        let add = |key: usize, count: u64| counts[key] += count;
        add_up(&self.keys, groups, &mut self.sums, is_new, add);
    }

    /// Adds what each row weighs to its group.
    pub(super) fn add(&mut self, measure: usize, weight: &Weight, cells: &mut Cells) {
        let first = self.first;
        match weight {
            Weight::One => self.add_numbers(measure, cells, |_| 1),
            Weight::If(bits) => {
                self.add_numbers(measure, cells, |row| bits.get(first + row).into());
            }
            Weight::Known(amounts) => match &**amounts {
                Amounts::U8(all) => {
                    let all = &all[first..];
                    self.add_numbers(measure, cells, |row| (all[row] != u8::MAX).into());
                }
                Amounts::U32(all) => {
                    let all = &all[first..];
                    self.add_numbers(measure, cells, |row| (all[row] != u32::MAX).into());
                }
                Amounts::I64(all) => {
                    let all = &all[first..];
                    self.add_numbers(measure, cells, |row| (all[row] != i64::MIN).into());
                }
                Amounts::Nothing => {}
            },
            Weight::Amount(amounts) => match &**amounts {
                Amounts::U8(all) => {
                    let all = &all[first..];
                    self.add_numbers(measure, cells, |row| known(all[row], u8::MAX));
                }
                Amounts::U32(all) => {
                    let all = &all[first..];
                    self.add_numbers(measure, cells, |row| known(all[row], u32::MAX));
                }
                Amounts::Nothing => {}
                // Amounts of odd data may be too great for sums of 64 bits, or below 0.
                Amounts::I64(_) => self.add_amounts(measure, weight, cells),
            },
            Weight::Exact(amounts) => match &**amounts {
                Exact::Narrow(all) => {
                    let rows = self.rows.iter().map(|row| all[first + *row as usize]);
                    let keys = self.keys.iter().map(|key| *key as usize);
                    let known = keys.zip(rows).filter(|(_, amount)| *amount != NOTHING);
                    cells.numbers[measure].add_each(known);
                }
                Exact::Wide(_) => self.add_amounts(measure, weight, cells),
            },
            weight => self.add_amounts(measure, weight, cells),
        }
    }

    /// Has the customer of each row count in its group.
    pub(super) fn note_customers(
        &self,
        customers: &Codes,
        cells: &mut Cells,
    ) -> Result<(), StoreError> {
        let mut rows = self.rows.iter().zip(&self.keys);
        rows.try_for_each(|(row, key)| {
            let customer = customers.get(self.first + *row as usize);
            cells.note_customer((*key).into(), customer)
        })
    }

    fn add_amounts(&self, measure: usize, weight: &Weight, cells: &mut Cells) {
        let numbers = &mut cells.numbers[measure];
        for (row, key) in self.rows.iter().zip(&self.keys) {
            numbers.add(*key as usize, weight.amount(self.first + *row as usize));
        }
    }

    /// Adds a number of each row, less than 2³² each, to its group.
    pub(super) fn add_numbers(
        &mut self,
        measure: usize,
        cells: &mut Cells,
        number: impl Fn(usize) -> u64,
    ) {
        let groups = cells.groups_so_far();
        let (keys, rows) = (&self.keys, &self.rows[..self.keys.len()]);
        let number = |at: usize, _| number(rows[at] as usize);
        match &mut cells.numbers[measure] {
            Numbers::Counts(counts) => {
                let add = |key: usize, sum| counts[key] += sum;
                add_up(keys, groups, &mut self.sums, number, add);
            }
            sums => {
                let add = |key: usize, sum: u64| sums.add(key, sum.into());
                add_up(keys, groups, &mut self.sums, number, add);
            }
        }
    }
}

/// An amount, or 0 where it is the one that stands for `nothing`.
#[inline]
pub(super) fn known<A: Copy + PartialEq + Into<u64>>(amount: A, nothing: A) -> u64 {
    if amount == nothing { 0 } else { amount.into() }
}

/// Adds the numbers of all keys, given by position and key, to their groups. No chunk is so long
/// that numbers below 2³² pass 64 bits.
#[inline]
fn add_up(
    keys: &[u32],
    groups: usize,
    sums: &mut Vec<[u64; TURNS]>,
    mut number: impl FnMut(usize, usize) -> u64,
    mut add: impl FnMut(usize, u64),
) {
    if groups > FEW_GROUPS || keys.len() < groups * TURNS {
        for (at, key) in keys.iter().enumerate() {
            add(*key as usize, number(at, *key as usize));
        }
        return;
    }
    sums.clear();
    sums.resize(groups, [0; TURNS]);
    let sums = sums.as_mut_slice();
    let mut at = 0;
    for keys in keys.chunks(TURNS) {
        for (turn, key) in keys.iter().enumerate() {
            sums[*key as usize][turn] += number(at + turn, *key as usize);
        }
        at += keys.len();
    }
    for (key, sums) in sums.iter().enumerate() {
        add(key, sums.iter().sum());
    }
}
