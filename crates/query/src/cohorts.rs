//! Customers by the month of their first order, and what became of them.
//!
//! A customer belongs to the month, in the selection's zone, of the first order that he ever made.
//! The months of the selection's period have a cohort each; whoever ordered first before the
//! period is in none. What is told of a cohort is told of the orders that the selection chooses,
//! month by month up to the period's end.

use afsa_store::{Sale, Sales, Snapshot};

use crate::axis::{Axis, Interval};
use crate::fault::{MAX_COHORTS, QueryError};
use crate::fraction::{Figure, Fraction};
use crate::selection::Selection;

/// Units of money in one of the account's currency.
const ONE: i128 = 1_000_000_000_000;

/// The customers of one month.
#[derive(Clone, Debug, PartialEq)]
pub struct Cohort {
    /// `2026-10`.
    pub month: String,
    /// Distinct customers of the chosen orders whose first order ever lies in the month.
    pub customers: u64,
    /// The month itself, then each that follows, up to the period's end.
    pub months: Vec<CohortMonth>,
}

/// What the customers of a cohort did in one month. Money is in 10⁻¹² of the account's currency.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CohortMonth {
    /// Distinct customers who ordered.
    pub customers: u64,
    pub orders: u64,
    pub revenue: i128,
    /// Revenue − tax − shipping without its tax − what was given back in the month.
    pub net_revenue: i128,
    /// What they paid, less refunds, from the first month to the end of this.
    pub value: i128,
}

impl Cohort {
    /// `months` have the value of the month alone.
    fn of(month: String, customers: u64, mut months: Vec<CohortMonth>) -> Cohort {
        let mut value = 0_i128;
        for told in &mut months {
            value = value.saturating_add(told.value);
            told.value = value;
        }
        Cohort {
            month,
            customers,
            months,
        }
    }

    /// The value of a month for each customer of the cohort, in the account's currency.
    pub fn value_per_customer(&self, month: &CohortMonth) -> Figure {
        Fraction::new(month.value, i128::from(self.customers).saturating_mul(ONE))
    }

    /// The share of the cohort's customers who ordered in the month.
    pub fn retention(&self, month: &CohortMonth) -> Figure {
        Fraction::new(month.customers.into(), self.customers.into())
    }
}

/// The cohorts of a selection, by month; months in which nobody bought for the first time have
/// one of nobody. A period of more than [`MAX_COHORTS`] months is [`QueryError::TooManyCohorts`].
pub fn cohorts(selection: &Selection, snapshot: &dyn Snapshot) -> Result<Vec<Cohort>, QueryError> {
    let axis = Axis::new(Interval::Month, selection.range, &selection.zone);
    if axis.buckets.len() > MAX_COHORTS {
        return Err(QueryError::TooManyCohorts(axis.buckets.len()));
    }
    let sales = snapshot.sales(&selection.question)?;
    Ok(of_sales(&sales, selection, &axis))
}

fn of_sales(sales: &Sales, selection: &Selection, axis: &Axis) -> Vec<Cohort> {
    let starts = axis.starts();
    let month_of = |instant| {
        starts
            .partition_point(|start| *start <= instant)
            .checked_sub(1)
    };
    let mut cohorts: Vec<Vec<CohortMonth>> = (0..starts.len())
        .map(|first| vec![CohortMonth::default(); starts.len() - first])
        .collect();
    // Who ordered when: the customer, the month of his first order, and the month of this one.
    let mut seen: Vec<(u32, u32, u32)> = Vec::with_capacity(sales.sales.len());
    for sale in &sales.sales {
        let since = sale.customer_since;
        if !selection.range.contains(since) {
            continue;
        }
        let (Some(first), Some(ordered)) = (month_of(since), month_of(sale.time)) else {
            continue;
        };
        let ordered = ordered.saturating_sub(first);
        let Some(months) = cohorts.get_mut(first) else {
            continue;
        };
        seen.push((sale.customer, first as u32, ordered as u32));
        if let Some(told) = months.get_mut(ordered) {
            told.note_sale(sale);
        }
        for (time, amount) in sales.refunds_of(sale) {
            // Told as given back before there was an order, it counts from its first month on.
            let month = month_of(*time).unwrap_or(0).saturating_sub(first);
            if let Some(told) = months.get_mut(month).filter(|_| *time < selection.range.to) {
                told.note_refund(*amount);
            }
        }
    }
    seen.sort_unstable();
    seen.dedup();
    let mut sizes = vec![0_u64; cohorts.len()];
    let mut last = None;
    for (customer, first, ordered) in seen {
        let first = first as usize;
        if last != Some(customer) {
            sizes[first] += 1;
        }
        last = Some(customer);
        cohorts[first][ordered as usize].customers += 1;
    }
    let labels = axis.buckets.iter().map(|bucket| bucket.label.clone());
    labels
        .zip(cohorts)
        .zip(sizes)
        .map(|((month, months), customers)| Cohort::of(month, customers, months))
        .collect()
}

impl CohortMonth {
    fn note_sale(&mut self, sale: &Sale) {
        self.orders += 1;
        self.revenue = self.revenue.saturating_add(sale.revenue);
        let net = sale.revenue.saturating_sub(sale.costs);
        self.net_revenue = self.net_revenue.saturating_add(net);
        self.value = self.value.saturating_add(sale.revenue);
    }

    fn note_refund(&mut self, amount: i128) {
        self.net_revenue = self.net_revenue.saturating_sub(amount);
        self.value = self.value.saturating_sub(amount);
    }
}

#[cfg(test)]
mod tests;
