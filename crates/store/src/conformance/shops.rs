//! Whether two snapshots tell the same of orders and checkouts.

use std::sync::Arc;

use afsa_model::{Timestamp, VisitorKey};

use super::compare;
use crate::{
    CartHistory, CartPage, Customer, Dimension, Order, Question, Snapshot, StoreError, Value,
};

/// What journeys are asked by: texts and numbers of the visit.
const OF_VISITS: [Dimension; 3] = [
    Dimension::Channel,
    Dimension::Campaign,
    Dimension::VisitNumber,
];

/// Everything that is told of the orders and checkouts that a question chooses, as sorted texts.
pub(super) fn told(
    snapshot: &dyn Snapshot,
    question: &Question,
) -> Result<Vec<String>, StoreError> {
    let orders = snapshot.orders(question)?;
    let is_sorted = orders.is_sorted_by_key(|order| (order.time, order.sequence));
    let journeys = snapshot.journeys(&orders, &OF_VISITS)?;
    let mut told = vec![format!(
        "in order: {is_sorted}, {} journeys",
        journeys.orders.len()
    )];
    for (order, visits) in orders.iter().zip(&journeys.orders) {
        let values = |place: u32| {
            journeys
                .values
                .get(place as usize)
                .map_or(&[][..], Vec::as_slice)
        };
        let mut visits: Vec<(Timestamp, &[Value])> = visits
            .iter()
            .map(|visit| (visit.start, values(visit.values)))
            .collect();
        visits.sort();
        told.push(format!(
            "{} by {visits:?}",
            compare::told(&anonymous(order))
        ));
    }
    told.sort();
    told.push(compare::told(&snapshot.checkout(question)?));
    told.extend(carts(snapshot, question)?);
    Ok(told)
}

/// The carts, all at once and page by page, by start: visitors that began at one instant stand in
/// an order that is each backend's own.
fn carts(snapshot: &dyn Snapshot, question: &Question) -> Result<Vec<String>, StoreError> {
    let question = &Question {
        dimensions: OF_VISITS.to_vec(),
        ..question.clone()
    };
    let mut all: Vec<CartHistory> = Vec::new();
    for abandoned in [true, false] {
        let whole = CartPage {
            abandoned: Some(abandoned),
            before: None,
            limit: usize::MAX,
        };
        all.extend(snapshot.carts(question, &whole)?);
    }
    let place = |cart: &CartHistory| (cart.start, cart.visitor);
    all.sort_by_key(|cart| std::cmp::Reverse(place(cart)));
    let mut paged: Vec<CartHistory> = Vec::new();
    loop {
        let page = CartPage {
            abandoned: None,
            before: paged.last().map(place),
            limit: 3,
        };
        let carts = snapshot.carts(question, &page)?;
        if carts.is_empty() {
            break;
        }
        paged.extend(carts);
    }
    let mut told: Vec<String> = paged
        .iter()
        .map(|cart| {
            let is_known = all.contains(cart);
            let start = cart.start;
            let abandoned = cart.is_abandoned;
            format!(
                "cart of {start:?}, abandoned: {abandoned}, {is_known}: {:?} {:?}",
                cart.values, cart.changes
            )
        })
        .collect();
    told.sort();
    told.push(format!("{} carts, {} by pages", all.len(), paged.len()));
    Ok(told)
}

/// Without keys of visitors and sequences, which are each backend's own.
fn anonymous(order: &Arc<Order>) -> Order {
    let mut order = Order::clone(order);
    order.sequence = 0;
    order.visitor = VisitorKey::NOBODY;
    if let Customer::Visitor(key) = &mut order.customer {
        *key = VisitorKey::NOBODY;
    }
    for refund in &mut order.refunds {
        refund.sequence = 0;
    }
    order
}
