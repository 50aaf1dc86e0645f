//! Customers by how lately, how often and for how much they bought.
//!
//! Each customer of the chosen orders has three figures as of the period's end: when he ordered
//! last, how many orders he made, and what they came to, less what was given back by then. For
//! each figure he gets a score from 1 to 5: one more than five times the share of the customers
//! who are strictly worse, rounded down. Who has the same figure has the same score, however many
//! they are; the best has 5 where a fifth or less shares the top.

use std::collections::BTreeMap;

use afsa_model::{DAY, Timestamp};
use afsa_store::{Sales, Snapshot, StoreError};

use crate::fraction::{Figure, Fraction};
use crate::selection::Selection;

/// Units of money in one of the account's currency.
const ONE: i128 = 1_000_000_000_000;
/// How many scores there are.
const SCORES: u64 = 5;

/// Scores from 1 to 5, 5 the best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scores {
    pub recency: u8,
    pub frequency: u8,
    pub monetary: u8,
}

/// The customers of one combination of scores.
#[derive(Clone, Debug, PartialEq)]
pub struct RfmGroup {
    pub scores: Scores,
    pub sums: RfmSums,
}

/// Sums over customers. Money is in 10⁻¹² of the account's currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RfmSums {
    pub customers: u64,
    pub orders: u64,
    pub revenue: i128,
    /// Revenue less what was given back by the period's end.
    pub value: i128,
    /// Milliseconds from the last order to the period's end.
    pub since_last: i128,
}

/// All groups that have customers, the best first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rfm {
    pub groups: Vec<RfmGroup>,
    pub total: RfmSums,
}

impl RfmSums {
    pub fn revenue(&self) -> Figure {
        Fraction::new(self.revenue, ONE)
    }

    pub fn value(&self) -> Figure {
        Fraction::new(self.value, ONE)
    }

    /// Value for each customer, in the account's currency.
    pub fn mean_value(&self) -> Figure {
        Fraction::new(self.value, i128::from(self.customers).saturating_mul(ONE))
    }

    /// Orders for each customer.
    pub fn mean_orders(&self) -> Figure {
        Fraction::new(self.orders.into(), self.customers.into())
    }

    /// Days of 24 hours from the last order to the period's end, for each customer.
    pub fn mean_days(&self) -> Figure {
        let customers = i128::from(self.customers);
        Fraction::new(self.since_last, customers.saturating_mul(DAY.into()))
    }

    fn add(&mut self, other: &RfmSums) {
        self.customers += other.customers;
        self.orders += other.orders;
        self.revenue = self.revenue.saturating_add(other.revenue);
        self.value = self.value.saturating_add(other.value);
        self.since_last = self.since_last.saturating_add(other.since_last);
    }
}

/// The groups of the customers of a selection.
pub fn rfm(selection: &Selection, snapshot: &dyn Snapshot) -> Result<Rfm, StoreError> {
    let sales = snapshot.sales(&selection.question)?;
    Ok(of_sales(&sales, selection.range.to))
}

fn of_sales(sales: &Sales, end: Timestamp) -> Rfm {
    let mut customers = vec![RfmSums::default(); sales.customers as usize];
    for sale in &sales.sales {
        let refunds = sales.refunds_of(sale).iter();
        let given_back = refunds
            .filter(|(time, _)| *time < end)
            .fold(0_i128, |sum, (_, amount)| sum.saturating_add(*amount));
        let since = i128::from(end.since(sale.time));
        let sums = &mut customers[sale.customer as usize];
        if sums.orders == 0 || since < sums.since_last {
            sums.since_last = since;
        }
        sums.customers = 1;
        sums.orders += 1;
        sums.revenue = sums.revenue.saturating_add(sale.revenue);
        let value = sale.revenue.saturating_sub(given_back);
        sums.value = sums.value.saturating_add(value);
    }
    customers.retain(|sums| sums.orders > 0);
    let recency = Ranks::of(customers.iter().map(|sums| -sums.since_last));
    let frequency = Ranks::of(customers.iter().map(|sums| sums.orders.into()));
    let monetary = Ranks::of(customers.iter().map(|sums| sums.value));
    let mut groups: BTreeMap<Scores, RfmSums> = BTreeMap::new();
    let mut total = RfmSums::default();
    for sums in &customers {
        let scores = Scores {
            recency: recency.score(-sums.since_last),
            frequency: frequency.score(sums.orders.into()),
            monetary: monetary.score(sums.value),
        };
        groups.entry(scores).or_default().add(sums);
        total.add(sums);
    }
    let groups = groups.into_iter().rev();
    Rfm {
        groups: groups
            .map(|(scores, sums)| RfmGroup { scores, sums })
            .collect(),
        total,
    }
}

/// Where the scores of a figure begin; more is better. A value has a score more for each of these
/// marks that it is above.
struct Ranks([Option<i128>; SCORES as usize - 1]);

impl Ranks {
    fn of(values: impl Iterator<Item = i128>) -> Ranks {
        let mut values: Vec<i128> = values.collect();
        let all = values.len() as u64;
        let mut above = 0;
        Ranks(std::array::from_fn(|_| {
            above += 1;
            // As many as these have to be worse. So the last of them, by rank, is.
            let worse = all.saturating_mul(above).div_ceil(SCORES);
            let last = usize::try_from(worse).ok()?.checked_sub(1)?;
            let (_, mark, _) = (last < values.len()).then(|| values.select_nth_unstable(last))?;
            Some(*mark)
        }))
    }

    fn score(&self, value: i128) -> u8 {
        let above = self.0.iter().flatten().filter(|mark| **mark < value);
        above.fold(1, |score, _| score + 1)
    }
}

#[cfg(test)]
mod tests;
