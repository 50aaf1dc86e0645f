//! Who bought.

use std::collections::HashMap;

use afsa_model::{Hit, Timestamp, VisitorKey};

use super::{Customer, Order, People};

/// The user last told by the visitor's hits up to the purchase, the purchase's own included.
pub(super) fn of(id: &str, purchase: &Hit, people: &dyn People) -> Customer {
    if let Some(user) = &purchase.user {
        return Customer::User(user.clone());
    }
    if purchase.visitor == VisitorKey::NOBODY {
        return Customer::Unknown(id.into());
    }
    match people.user_by(purchase.visitor, purchase.time, purchase.sequence) {
        Some(user) => Customer::User(user),
        None => Customer::Visitor(purchase.visitor),
    }
}

/// What all orders of a customer came to.
struct Known {
    orders: u32,
    value: i128,
    since: Timestamp,
}

/// Tells each order what its customer ever did; the orders stand by time, then by arrival, and all
/// of a customer must be among them.
///
/// Cancelled orders are as if never made; orders of excluded traffic have customers of their own.
pub fn add<'a>(orders: impl IntoIterator<Item = &'a mut Order>) {
    let mut customers: HashMap<(Customer, bool), Known> = HashMap::new();
    let mut told: Vec<&mut Order> = orders.into_iter().collect();
    for order in &mut told {
        order.is_first = false;
        if order.is_cancelled() {
            continue;
        }
        let key = (order.customer.clone(), order.exclusion.is_some());
        let known = customers.entry(key).or_insert(Known {
            orders: 0,
            value: 0,
            since: order.time,
        });
        order.is_first = known.orders == 0;
        known.orders = known.orders.saturating_add(1);
        let value = order.revenue.unwrap_or(0).saturating_sub(order.refunded());
        known.value = known.value.saturating_add(value);
    }
    for order in told {
        let key = (order.customer.clone(), order.exclusion.is_some());
        let known = customers.get(&key);
        order.customer_orders = known.map_or(0, |known| known.orders);
        order.customer_value = known.map_or(0, |known| known.value);
        order.customer_since = known.map(|known| known.since);
    }
}
