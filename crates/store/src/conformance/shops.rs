//! Whether two snapshots tell the same of orders and checkouts.

use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::sync::Arc;

use afsa_model::{Timestamp, VisitorKey};

use super::compare;
use crate::{
    CartHistory, CartPage, Customer, Dimension, JourneyEnd, Measure, Order, Question, Snapshot,
    StoreError, Value,
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
    let orders = orders(snapshot, question)?;
    let place = |order: &Order| (order.time, order.id.clone());
    let is_sorted = orders.is_sorted_by(|one, other| place(one) > place(other));
    let ends: Vec<JourneyEnd> = orders.iter().map(JourneyEnd::from).collect();
    let mut told = vec![format!("in order: {is_sorted}")];
    for (order, way) in orders.iter().zip(ways(snapshot, &ends)?) {
        told.push(format!("{} {way}", compare::told(&anonymous(order))));
    }
    told.extend(conversions(snapshot, question)?);
    told.extend(sales(snapshot, question, &orders)?);
    told.sort();
    told.push(compare::told(&snapshot.checkout(question)?));
    told.extend(carts(snapshot, question)?);
    Ok(told)
}

/// The visits on the way to each of the ends.
fn ways(snapshot: &dyn Snapshot, ends: &[JourneyEnd]) -> Result<Vec<String>, StoreError> {
    let journeys = snapshot.journeys(ends, &OF_VISITS)?;
    assert_eq!(journeys.counts.len(), ends.len(), "ways and ends");
    let values = |place: u32| {
        let values = journeys.values.get(place as usize);
        values.map_or(&[][..], Vec::as_slice)
    };
    let way = |number: usize| {
        let visits = journeys.to(number).iter();
        let mut visits: Vec<(Timestamp, &[Value])> = visits
            .map(|visit| (visit.start, values(visit.values)))
            .collect();
        visits.sort();
        format!("by {visits:?}")
    };
    Ok((0..ends.len()).map(way).collect())
}

/// What converts, which is as much as is counted.
fn conversions(snapshot: &dyn Snapshot, question: &Question) -> Result<Vec<String>, StoreError> {
    let ends = snapshot.conversions(question)?;
    let counted = snapshot.aggregate(&Question {
        measures: vec![Measure::Conversions],
        dimensions: Vec::new(),
        ..question.clone()
    })?;
    let counted: i128 = counted.rows.iter().flat_map(|group| &group.numbers).sum();
    assert_eq!(ends.len() as i128, counted, "conversions");
    let told = |(end, way): (&JourneyEnd, String)| {
        format!("converted at {:?}, {} {way}", end.time, end.is_excluded)
    };
    Ok(ends.iter().zip(ways(snapshot, &ends)?).map(told).collect())
}

/// All orders, which those of the first pages are the first of.
fn orders(snapshot: &dyn Snapshot, question: &Question) -> Result<Vec<Order>, StoreError> {
    let first = |count: usize| {
        let mut orders = Vec::new();
        snapshot.orders(question, &mut |order| {
            orders.push(order);
            if orders.len() < count {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })?;
        Ok(orders)
    };
    let all = first(usize::MAX)?;
    for count in [1, 3] {
        let page = first(count)?;
        let expected = &all[..count.min(all.len())];
        assert_eq!(page, expected, "the first {count} orders");
    }
    Ok(all)
}

/// What is told of sales, with the customers by what else is known of their orders: their numbers
/// are each backend's own.
fn sales(
    snapshot: &dyn Snapshot,
    question: &Question,
    orders: &[Order],
) -> Result<Vec<String>, StoreError> {
    let sales = snapshot.sales(question)?;
    let by_id: HashMap<&Arc<str>, &Order> = orders.iter().map(|it| (&it.id, it)).collect();
    let mut customers: HashMap<u32, BTreeSet<&Customer>> = HashMap::new();
    let mut told = Vec::new();
    for sale in &sales.sales {
        let order = by_id.get(&sale.id);
        let customer = order.map(|order| &order.customer);
        let (is_whose, is_end) = (
            sale.customer < sales.customers,
            order.is_some_and(|order| JourneyEnd::from(*order) == sale.end()),
        );
        customers.entry(sale.customer).or_default().extend(customer);
        told.push(format!(
            "sale {} of {:?} since {:?}: {} {} {:?} {is_whose} {is_end}",
            sale.id,
            sale.time,
            sale.customer_since,
            sale.revenue,
            sale.costs,
            sales.refunds_of(sale),
        ));
    }
    let distinct: BTreeSet<&Customer> = customers.values().flatten().copied().collect();
    told.push(format!(
        "{} customers, each with a number of his own: {}",
        customers.len(),
        distinct.len() == customers.len() && customers.values().all(|its| its.len() == 1)
    ));
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
fn anonymous(order: &Order) -> Order {
    let mut order = order.clone();
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
