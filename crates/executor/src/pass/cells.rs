//! The numbers of each group in the making.

use afsa_store::{Measure, StoreError, Unit};
use hashbrown::{HashMap, HashSet};

use crate::bits::Bits;
use crate::image::LumpSum;
use crate::orders::Customer;

use super::customers::MetCustomers;

/// Numbers of the measures of a question, by group. Each thread fills its own.
pub(crate) struct Cells {
    /// Positions of groups by key; keys are positions themselves where `None`.
    index: Option<HashMap<u128, u32>>,
    pub(crate) numbers: Vec<Numbers>,
    /// For distinct visitors: the last one who was counted in each group. Visits are walked over
    /// visitor by visitor, so a visitor who isn't the last one is a new one.
    stamps: Vec<u32>,
    /// The current visitor, numbered through all that this thread walks over, from 1.
    pub(crate) visitor: u32,
    /// For things that count once a group and visit: the last visit that was counted.
    pub(crate) marks: Vec<u32>,
    pub(crate) mark: u32,
    groups: usize,
    has_many: bool,
    /// Campaigns that are paid as a whole, by key: none is paid twice in a group, whichever
    /// thread met it.
    lump_sums: HashSet<(u128, LumpSum)>,
    /// Each customer counts once in a group, whichever thread met him.
    customers: MetCustomers,
    /// Where the key tells the customer: which keys were met, and where the code is in them.
    customer_keys: Option<(Bits, CustomerAxis)>,
}

/// Where keys have the code of their customer: its stride, and how many codes there are.
pub(crate) type CustomerAxis = (u128, u128);

/// One measure's numbers.
pub(crate) enum Numbers {
    Counts(Vec<u64>),
    /// As long as all of them fit.
    Sums(Vec<i64>),
    Wide(Vec<i128>),
}

impl Numbers {
    fn new(measure: Measure, groups: usize) -> Numbers {
        match measure.unit() {
            Unit::Count => Numbers::Counts(vec![0; groups]),
            _ => Numbers::Sums(vec![0; groups]),
        }
    }

    fn grow(&mut self, groups: usize) {
        match self {
            Numbers::Counts(counts) => counts.resize(groups, 0),
            Numbers::Sums(sums) => sums.resize(groups, 0),
            Numbers::Wide(sums) => sums.resize(groups, 0),
        }
    }

    #[inline]
    pub(crate) fn add(&mut self, group: usize, amount: i128) {
        match self {
            Numbers::Counts(counts) => counts[group] = counts[group].wrapping_add(amount as u64),
            Numbers::Sums(sums) => {
                let sum = i64::try_from(amount).ok();
                match sum.and_then(|amount| sums[group].checked_add(amount)) {
                    Some(sum) => sums[group] = sum,
                    None => {
                        let wide = sums.iter().map(|sum| i128::from(*sum));
                        *self = Numbers::Wide(wide.collect());
                        self.add(group, amount);
                    }
                }
            }
            Numbers::Wide(sums) => sums[group] = sums[group].saturating_add(amount),
        }
    }

    /// Adds an amount to each of these groups, in step.
    pub(crate) fn add_each(&mut self, mut amounts: impl Iterator<Item = (usize, i64)>) {
        if let Numbers::Sums(sums) = self {
            for (group, amount) in amounts.by_ref() {
                let Some(sum) = sums[group].checked_add(amount) else {
                    self.add(group, amount.into());
                    break;
                };
                sums[group] = sum;
            }
        }
        amounts.for_each(|(group, amount)| self.add(group, amount.into()));
    }

    /// Tells of all groups from the first on, 64 in a word, which have anything.
    fn mark(&self, words: &mut [u64]) {
        match self {
            Numbers::Counts(counts) => mark(words, counts),
            Numbers::Sums(sums) => mark(words, sums),
            Numbers::Wide(sums) => mark(words, sums),
        }
    }

    /// The numbers of these groups, which are 0 from now on.
    fn take(&mut self, groups: &[(u128, usize)]) -> Numbers {
        match self {
            Numbers::Counts(counts) => {
                let taken = groups
                    .iter()
                    .map(|(_, at)| std::mem::take(&mut counts[*at]));
                Numbers::Counts(taken.collect())
            }
            Numbers::Sums(sums) => {
                let taken = groups.iter().map(|(_, at)| std::mem::take(&mut sums[*at]));
                Numbers::Sums(taken.collect())
            }
            Numbers::Wide(sums) => {
                let taken = groups.iter().map(|(_, at)| std::mem::take(&mut sums[*at]));
                Numbers::Wide(taken.collect())
            }
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Numbers::Counts(counts) => counts.len() * 8,
            Numbers::Sums(sums) => sums.len() * 8,
            Numbers::Wide(sums) => sums.len() * 16,
        }
    }

    pub(crate) fn get(&self, group: usize) -> i128 {
        match self {
            Numbers::Counts(counts) => counts[group].into(),
            Numbers::Sums(sums) => sums[group].into(),
            Numbers::Wide(sums) => sums[group],
        }
    }
}

/// The groups that were found in some part of the data, and their numbers, in step.
pub(crate) struct Partial {
    keys: Vec<u128>,
    numbers: Vec<Numbers>,
    lump_sums: Vec<(u128, LumpSum)>,
    customers: MetCustomers,
    /// Those whom their keys tell.
    customers_of_keys: Vec<(u128, u32)>,
}

impl Partial {
    pub(crate) fn bytes(&self) -> usize {
        self.keys.len() * 16
            + self.numbers.iter().map(Numbers::bytes).sum::<usize>()
            + self.lump_sums.len() * size_of::<(u128, LumpSum)>()
            + self.customers.bytes()
            + self.customers_of_keys.len() * size_of::<(u128, u32)>()
    }
}

/// What the numbers of one thread may take where each key has a place.
const DENSE_BYTES: u128 = 64 << 20;
/// The same where there are no more keys than scenes, so that most places will be taken.
const CROWDED_BYTES: u128 = 256 << 20;
/// Fewer groups than these are kept as they are.
const FEW_GROUPS: usize = 64;
/// More groups of one shard than these are not taken out to be kept.
const MANY_GROUPS: u32 = 100_000;
/// More groups than these are refused: the answer alone would take gigabytes.
pub(super) const MOST_GROUPS: usize = 16_000_000;

impl Cells {
    /// Whether every key is to have a place of its own.
    fn are_dense(measures: &[Measure], keys: u128, scenes: usize) -> bool {
        let bytes = keys.saturating_mul(8 + 8 * measures.len() as u128);
        bytes <= DENSE_BYTES || (keys <= scenes as u128 && bytes <= CROWDED_BYTES)
    }

    /// For the things of so many scenes.
    pub(crate) fn new(
        measures: &[Measure],
        keys: u128,
        scenes: usize,
        customer_axis: Option<CustomerAxis>,
    ) -> Cells {
        let is_dense = Cells::are_dense(measures, keys, scenes);
        let groups = if is_dense { keys as usize } else { 0 };
        Cells {
            index: (!is_dense).then(HashMap::new),
            numbers: measures
                .iter()
                .map(|measure| Numbers::new(*measure, groups))
                .collect(),
            stamps: vec![0; groups],
            visitor: 0,
            marks: vec![0; groups],
            mark: 0,
            groups,
            has_many: false,
            lump_sums: HashSet::new(),
            customers: MetCustomers::default(),
            customer_keys: customer_axis
                .filter(|_| is_dense)
                .map(|axis| (Bits::zeros(groups), axis)),
        }
    }

    /// Whether keys are positions themselves.
    pub(crate) fn is_dense(&self) -> bool {
        self.index.is_none()
    }

    /// How many groups there are, where keys are positions; else of how many something is known.
    pub(crate) fn groups_so_far(&self) -> usize {
        self.groups
    }

    /// The position of a key's group.
    ///
    /// # Errors
    /// If there are too many groups.
    pub(crate) fn group(&mut self, key: u128) -> Result<usize, StoreError> {
        let Some(index) = &mut self.index else {
            return Ok(key as usize);
        };
        if let Some(group) = index.get(&key) {
            return Ok(*group as usize);
        }
        if self.groups >= MOST_GROUPS {
            return Err(StoreError::TooLarge(format!(
                "more than {MOST_GROUPS} groups"
            )));
        }
        index.insert(key, self.groups as u32);
        self.groups += 1;
        if self.stamps.len() < self.groups {
            let room = (self.groups * 2).max(256);
            self.stamps.resize(room, 0);
            self.marks.resize(room, 0);
            self.numbers
                .iter_mut()
                .for_each(|numbers| numbers.grow(room));
        }
        Ok(self.groups - 1)
    }

    /// Counts the current visitor in a group, once.
    #[inline]
    pub(crate) fn count_visitor(&mut self, measure: usize, group: usize) {
        if self.stamps[group] != self.visitor {
            self.stamps[group] = self.visitor;
            self.numbers[measure].add(group, 1);
        }
    }

    /// The stamps and numbers of a measure of visitors, for loops of their own.
    pub(crate) fn visitors(&mut self, measure: usize) -> Option<(&mut [u32], &mut [u64])> {
        match &mut self.numbers[measure] {
            Numbers::Counts(counts) => Some((&mut self.stamps, counts)),
            Numbers::Sums(_) | Numbers::Wide(_) => None,
        }
    }

    /// Takes out what was found, but where so many groups are looked up that they had better stay
    /// together with what else will be found.
    pub(crate) fn take_unless_many(&mut self) -> Option<Partial> {
        if self.has_many {
            return None;
        }
        if self.groups <= MANY_GROUPS as usize {
            return Some(self.take());
        }
        let found = self.found();
        self.has_many = found.count_in(0, self.groups) > MANY_GROUPS;
        (!self.has_many).then(|| self.take_found(&found))
    }

    /// Whether groups were left here.
    pub(crate) fn has_many(&self) -> bool {
        self.has_many
    }

    /// Takes out all groups that have anything; what is left is as new.
    pub(crate) fn take(&mut self) -> Partial {
        self.take_found(&self.found())
    }

    fn take_found(&mut self, found: &Bits) -> Partial {
        let found: Vec<(u128, usize)> = match &self.index {
            Some(index) => {
                let groups = index.iter().map(|(key, group)| (*key, *group as usize));
                groups.filter(|(_, group)| found.get(*group)).collect()
            }
            None => {
                let groups = found.ones_in(0, found.len());
                groups.map(|group| (group as u128, group)).collect()
            }
        };
        let numbers = self
            .numbers
            .iter_mut()
            .map(|numbers| numbers.take(&found))
            .collect();
        if let Some(index) = &mut self.index {
            index.clear();
            self.groups = 0;
        }
        Partial {
            keys: found.into_iter().map(|(key, _)| key).collect(),
            numbers,
            lump_sums: self.lump_sums.drain().collect(),
            customers: std::mem::take(&mut self.customers),
            customers_of_keys: self.take_customers_of_keys(),
        }
    }

    /// Has a campaign paid in a key's group, once.
    ///
    /// # Errors
    /// If there are too many.
    pub(crate) fn note_lump_sum(&mut self, key: u128, sum: LumpSum) -> Result<(), StoreError> {
        if self.lump_sums.len() >= MOST_GROUPS {
            return Err(StoreError::TooLarge(format!(
                "more than {MOST_GROUPS} campaigns in groups"
            )));
        }
        self.lump_sums.insert((key, sum));
        Ok(())
    }

    /// Adds what campaigns cost as a whole to a measure, in millionths, once everything is found.
    pub(crate) fn settle_lump_sums(&mut self, measure: usize) -> Result<(), StoreError> {
        for (key, sum) in std::mem::take(&mut self.lump_sums) {
            let group = self.group(key)?;
            self.numbers[measure].add(group, sum.price.into());
        }
        Ok(())
    }

    /// Has a customer count in a key's group, once.
    ///
    /// # Errors
    /// If there are too many.
    pub(crate) fn note_customer(&mut self, key: u128, code: u32) -> Result<(), StoreError> {
        if let Some((met, _)) = &mut self.customer_keys {
            met.set(key as usize);
            return Ok(());
        }
        if !self.customers.insert(key, code) {
            return Err(StoreError::TooLarge(format!(
                "more than {MOST_GROUPS} customers in groups"
            )));
        }
        Ok(())
    }

    /// The customers whom keys tell, with their keys.
    fn take_customers_of_keys(&mut self) -> Vec<(u128, u32)> {
        let Some((met, (stride, codes))) = &mut self.customer_keys else {
            return Vec::new();
        };
        let code = |key: usize| (key as u128 / *stride % *codes) as u32;
        let keys = met.ones_in(0, met.len());
        let customers = keys.map(|key| (key as u128, code(key))).collect();
        *met = Bits::zeros(met.len());
        customers
    }

    /// Adds what customers count for to the measures that are of them, once everything is found.
    pub(crate) fn settle_customers(
        &mut self,
        measures: &[Measure],
        known: impl Fn(u32) -> Customer,
    ) -> Result<(), StoreError> {
        let of_keys = self.take_customers_of_keys();
        let others = std::mem::take(&mut self.customers);
        for (key, code) in of_keys.into_iter().chain(others.each()) {
            let customer = known(code);
            let group = self.group(key)?;
            for (measure, numbers) in measures.iter().zip(&mut self.numbers) {
                match measure {
                    Measure::Buyers => numbers.add(group, 1),
                    Measure::RepeatBuyers => numbers.add(group, (customer.orders >= 2).into()),
                    Measure::LifetimeValue => numbers.add(group, customer.value),
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// Adds what was found elsewhere; `key_here` tells where its keys belong.
    pub(crate) fn absorb(
        &mut self,
        partial: &Partial,
        key_here: impl Fn(u128) -> u128,
    ) -> Result<(), StoreError> {
        for (at, key) in partial.keys.iter().enumerate() {
            let group = self.group(key_here(*key))?;
            for (mine, other) in self.numbers.iter_mut().zip(&partial.numbers) {
                mine.add(group, other.get(at));
            }
        }
        for (key, sum) in &partial.lump_sums {
            self.note_lump_sum(key_here(*key), *sum)?;
        }
        for (key, code) in &partial.customers_of_keys {
            self.note_customer(key_here(*key), *code)?;
        }
        if self.customer_keys.is_none() && self.customers.absorb(&partial.customers, &key_here) {
            return Ok(());
        }
        for (key, code) in partial.customers.each() {
            self.note_customer(key_here(key), code)?;
        }
        Ok(())
    }

    /// All groups and numbers, to be read only, in as little room as they need.
    pub(crate) fn settled(mut self) -> Cells {
        let settled = |index, numbers, groups| Cells {
            index,
            numbers,
            groups,
            stamps: Vec::new(),
            visitor: 0,
            marks: Vec::new(),
            mark: 0,
            has_many: false,
            lump_sums: HashSet::new(),
            customers: MetCustomers::default(),
            customer_keys: None,
        };
        let found = self.found();
        let count = found.count_in(0, found.len()) as usize;
        // An entry of the index takes as much as a few numbers, and the one group of a question
        // without dimensions is there even if it has nothing.
        if !self.is_dense() || self.groups < FEW_GROUPS || count.saturating_mul(4) > self.groups {
            return settled(self.index, self.numbers, self.groups);
        }
        let places: Vec<(u128, usize)> = self.groups_with_any().collect();
        let numbers = self.numbers.iter_mut();
        let numbers = numbers.map(|numbers| numbers.take(&places)).collect();
        let keys = places.iter().map(|(key, _)| *key);
        settled(Some(keys.zip(0..).collect()), numbers, count)
    }

    pub(crate) fn bytes(&self) -> usize {
        let index = self.index.as_ref().map_or(0, HashMap::capacity);
        index * 32 + self.numbers.iter().map(Numbers::bytes).sum::<usize>()
    }

    /// The position of a key's group, if there is one.
    pub(crate) fn find(&self, key: u128) -> Option<usize> {
        match &self.index {
            Some(index) => index.get(&key).map(|group| *group as usize),
            None => Some(key as usize).filter(|group| *group < self.groups),
        }
    }

    /// Keys and positions of the groups that have anything.
    pub(crate) fn groups_with_any(&self) -> Box<dyn Iterator<Item = (u128, usize)> + '_> {
        match &self.index {
            Some(index) => {
                let groups = index.iter().map(|(key, group)| (*key, *group as usize));
                Box::new(groups.filter(|(_, group)| self.has_any(*group)))
            }
            None => {
                let found = self.found();
                let groups = (0..found.len()).filter(move |group| found.get(*group));
                Box::new(groups.map(|group| (group as u128, group)))
            }
        }
    }

    /// The positions of groups that have anything.
    fn found(&self) -> Bits {
        Bits::from_words(self.groups, |words| {
            self.numbers.iter().for_each(|numbers| numbers.mark(words));
        })
    }

    /// Whether any number of the group isn't 0.
    pub(crate) fn has_any(&self, group: usize) -> bool {
        self.numbers.iter().any(|numbers| numbers.get(group) != 0)
    }
}

fn mark<N: Copy + Default + PartialEq>(words: &mut [u64], numbers: &[N]) {
    for (word, numbers) in words.iter_mut().zip(numbers.chunks(64)) {
        for (at, number) in numbers.iter().enumerate() {
            *word |= u64::from(*number != N::default()) << at;
        }
    }
}
