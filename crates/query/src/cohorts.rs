//! Customers by the month of their first order, and what became of them.
//!
//! A customer belongs to the month, in the selection's zone, of the first order that he ever made.
//! The months of the selection's period have a cohort each; whoever ordered first before the
//! period is in none. What is told of a cohort is told of the orders that the selection chooses,
//! month by month up to the period's end.

use std::collections::HashSet;
use std::sync::Arc;

use afsa_store::{Customer, Order, Snapshot};

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
    let orders = snapshot.orders(&selection.question)?;
    Ok(of_orders(&orders, selection, &axis))
}

fn of_orders(orders: &[Arc<Order>], selection: &Selection, axis: &Axis) -> Vec<Cohort> {
    let starts = axis.starts();
    let month_of = |instant| {
        starts
            .partition_point(|start| *start <= instant)
            .checked_sub(1)
    };
    let mut cohorts: Vec<Gathered> = (0..starts.len())
        .map(|first| Gathered::of(starts.len() - first))
        .collect();
    for order in orders.iter().filter(|order| !order.is_cancelled()) {
        let since = order.customer_since.unwrap_or(order.time);
        if !selection.range.contains(since) {
            continue;
        }
        let (Some(first), Some(ordered)) = (month_of(since), month_of(order.time)) else {
            continue;
        };
        let Some(cohort) = cohorts.get_mut(first) else {
            continue;
        };
        cohort.note_order(order, ordered.saturating_sub(first));
        for refund in &order.refunds {
            // Told as given back before there was an order, it counts from its first month on.
            if refund.time < selection.range.to {
                let month = month_of(refund.time).unwrap_or(0).saturating_sub(first);
                cohort.note_refund(refund.amount.unwrap_or(0), month);
            }
        }
    }
    let labels = axis.buckets.iter().map(|bucket| bucket.label.clone());
    labels
        .zip(cohorts)
        .map(|(month, cohort)| cohort.told(month))
        .collect()
}

/// What was found of a cohort so far.
struct Gathered {
    everyone: HashSet<Customer>,
    /// Of each month: who ordered, and the figures, whose value is that of the month alone.
    months: Vec<(HashSet<Customer>, CohortMonth)>,
}

impl Gathered {
    fn of(months: usize) -> Gathered {
        Gathered {
            everyone: HashSet::new(),
            months: vec![Default::default(); months],
        }
    }

    fn note_order(&mut self, order: &Order, month: usize) {
        self.everyone.insert(order.customer.clone());
        let Some((customers, told)) = self.months.get_mut(month) else {
            return;
        };
        customers.insert(order.customer.clone());
        let revenue = order.revenue.unwrap_or(0);
        let costs = order.tax.unwrap_or(0);
        let costs = costs.saturating_add(order.shipping_net.unwrap_or(0));
        told.orders += 1;
        told.revenue = told.revenue.saturating_add(revenue);
        told.net_revenue = told
            .net_revenue
            .saturating_add(revenue.saturating_sub(costs));
        told.value = told.value.saturating_add(revenue);
    }

    fn note_refund(&mut self, amount: i128, month: usize) {
        if let Some((_, told)) = self.months.get_mut(month) {
            told.net_revenue = told.net_revenue.saturating_sub(amount);
            told.value = told.value.saturating_sub(amount);
        }
    }

    fn told(self, month: String) -> Cohort {
        let mut value = 0_i128;
        let months = self.months.into_iter().map(|(customers, mut told)| {
            value = value.saturating_add(told.value);
            told.customers = customers.len() as u64;
            told.value = value;
            told
        });
        Cohort {
            month,
            customers: self.everyone.len() as u64,
            months: months.collect(),
        }
    }
}

#[cfg(test)]
mod tests;
