//! What customers ever did, over the orders of all images.

use afsa_model::Timestamp;

use super::amounts::Exact;
use super::facts::Facts;

/// Customers by their codes: people's, and those of excluded traffic, who are others.
///
/// Cancelled orders are as if never made.
#[derive(Clone)]
pub(crate) struct Customers([Known; 2]);

/// In step, by code.
#[derive(Clone)]
struct Known {
    orders: Vec<u32>,
    value: Exact,
    /// When the first order was made, and its place in the order of arrival.
    first: Vec<Moment>,
}

type Moment = (Timestamp, u64);

/// What is known of one customer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Customer {
    /// How many orders he ever made; 0 for one who isn't known.
    pub(crate) orders: u32,
    /// What they came to, less refunds.
    pub(crate) value: i128,
    pub(crate) first: Moment,
}

impl Customer {
    pub(super) const NOBODY: Customer = Customer {
        orders: 0,
        value: 0,
        first: (Timestamp(i64::MAX), u64::MAX),
    };

    /// Adds one of his orders.
    pub(super) fn note(&mut self, facts: &Facts, order: usize) {
        if facts.is_cancelled(order) {
            return;
        }
        self.orders = self.orders.saturating_add(1);
        self.value = self.value.saturating_add(facts.value(order));
        self.first = self.first.min(facts.moment(order));
    }
}

impl Default for Customers {
    fn default() -> Customers {
        let nobody = || Known {
            orders: Vec::new(),
            value: Exact::with_capacity(0),
            first: Vec::new(),
        };
        Customers([nobody(), nobody()])
    }
}

impl Customers {
    pub(super) fn of<'a>(facts: impl Iterator<Item = &'a Facts>) -> Customers {
        let mut customers = Customers::default();
        for facts in facts {
            for order in 0..facts.len() {
                let (code, is_excluded) = (facts.customer(order).code, facts.is_excluded(order));
                let mut customer = customers.get(code, is_excluded);
                customer.note(facts, order);
                customers.set(code, is_excluded, customer);
            }
        }
        customers
    }

    pub(super) fn bytes(&self) -> usize {
        let bytes =
            |known: &Known| known.orders.len() * (4 + size_of::<Moment>()) + known.value.bytes();
        self.0.iter().map(bytes).sum()
    }

    pub(crate) fn get(&self, code: u32, is_excluded: bool) -> Customer {
        let known = &self.0[usize::from(is_excluded)];
        let code = code as usize;
        let Some(orders) = known.orders.get(code) else {
            return Customer::NOBODY;
        };
        Customer {
            orders: *orders,
            value: known.value.amount(code),
            first: known.first[code],
        }
    }

    pub(super) fn set(&mut self, code: u32, is_excluded: bool, customer: Customer) {
        let known = &mut self.0[usize::from(is_excluded)];
        let code = code as usize;
        while known.orders.len() <= code {
            known.orders.push(0);
            known.value.push(Some(0));
            known.first.push(Customer::NOBODY.first);
        }
        known.orders[code] = customer.orders;
        known.value.set(code, Some(customer.value));
        known.first[code] = customer.first;
    }

    /// Whether it is its customer's first order that isn't cancelled.
    pub(super) fn is_first(&self, facts: &Facts, order: usize) -> bool {
        let customer = self.get(facts.customer(order).code, facts.is_excluded(order));
        !facts.is_cancelled(order) && customer.first == facts.moment(order)
    }
}
