//! Orders, the ways to them, and checkouts.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use afsa_model::{Decimal, HitKind, Product, ProductAction};
use afsa_visits::checkout::CheckoutAction;
use afsa_visits::orders::{Customer, Order};

use super::Reference;
use super::answer::chosen;
use super::scene::{Scene, Thing, scenes};
use super::values::of_visit;
use crate::{
    CartChange, CartChangeKind, CartHistory, CartItem, CartPage, CheckoutFunnel, Dimension,
    JourneyEnd, JourneyVisit, Journeys, Question, Sale, Sales, StoreError, Traffic, Value,
};

/// The orders that a question chooses, latest first.
fn chosen_orders(data: &Reference, question: &Question) -> Result<Vec<Arc<Order>>, StoreError> {
    let scenes = chosen(data, question)?;
    let is_kept = |order: &Arc<Order>| {
        let kept = scenes.iter().flat_map(Scene::kept_things);
        let mut orders = kept.filter_map(|(_, thing)| match thing {
            Thing::Order { order, .. } => Some(*order),
            _ => None,
        });
        orders.any(|kept| kept.id == order.id)
    };
    let of_range = |order: &&Arc<Order>| question.range.contains(order.time);
    let found = data.orders().iter().filter(of_range);
    let mut found: Vec<Arc<Order>> = found.filter(|order| is_kept(order)).cloned().collect();
    found.sort_by(|one, other| (other.time, &other.id).cmp(&(one.time, &one.id)));
    Ok(found)
}

pub(super) fn orders(
    data: &Reference,
    question: &Question,
    each: &mut dyn FnMut(Order) -> ControlFlow<()>,
) -> Result<(), StoreError> {
    let found = chosen_orders(data, question)?;
    let _ = found.iter().try_for_each(|order| each(Order::clone(order)));
    Ok(())
}

pub(super) fn sales(data: &Reference, question: &Question) -> Result<Sales, StoreError> {
    let mut sales = Sales::default();
    let mut customers: BTreeMap<Customer, u32> = BTreeMap::new();
    for order in chosen_orders(data, question)? {
        if order.is_cancelled() {
            continue;
        }
        let number = customers.len() as u32;
        let given_back = order.refunds.iter();
        let from = sales.refunds.len() as u32;
        let told = given_back.map(|refund| (refund.time, refund.amount.unwrap_or(0)));
        sales.refunds.extend(told);
        let [tax, shipping] = [order.tax, order.shipping_net].map(|cost| cost.unwrap_or(0));
        sales.sales.push(Sale {
            id: order.id.clone(),
            time: order.time,
            visitor: order.visitor,
            is_excluded: order.exclusion.is_some(),
            customer: *customers.entry(order.customer.clone()).or_insert(number),
            customer_since: order.customer_since.unwrap_or(order.time),
            revenue: order.revenue.unwrap_or(0),
            costs: tax.saturating_add(shipping),
            refunds: from..sales.refunds.len() as u32,
        });
    }
    sales.customers = customers.len() as u32;
    Ok(sales)
}

pub(super) fn journeys(
    data: &Reference,
    ends: &[JourneyEnd],
    dimensions: &[Dimension],
) -> Journeys {
    let [people, excluded] =
        [Traffic::People, Traffic::Excluded].map(|traffic| scenes(data, traffic));
    let mut journeys = Journeys::default();
    for end in ends {
        let scenes = if end.is_excluded { &excluded } else { &people };
        let mut visits = Vec::new();
        for scene in scenes {
            let is_before =
                scene.visit.is_some() && scene.visitor == end.visitor && scene.moment <= end.time;
            if !is_before {
                continue;
            }
            let told = dimensions.iter();
            let values: Vec<Value> = told.map(|dimension| of_visit(scene, *dimension)).collect();
            visits.push(JourneyVisit {
                start: scene.moment,
                values: place_of(values, &mut journeys.values),
            });
        }
        visits.sort_by_key(|visit| visit.start);
        journeys.visits.extend(visits);
        journeys.counts.push(journeys.visits.len());
    }
    journeys
}

fn place_of(values: Vec<Value>, known: &mut Vec<Vec<Value>>) -> u32 {
    let place = known.iter().position(|other| *other == values);
    place.unwrap_or_else(|| {
        known.push(values);
        known.len() - 1
    }) as u32
}

pub(super) fn checkout(
    data: &Reference,
    question: &Question,
) -> Result<CheckoutFunnel, StoreError> {
    let mut funnel = CheckoutFunnel::default();
    for scene in chosen(data, question)? {
        let Some(visit) = scene.visit else { continue };
        if !question.range.contains(visit.start) {
            continue;
        }
        let actions = visit.hits.iter().filter_map(|hit| match &hit.kind {
            HitKind::Product(action) => match action.action {
                ProductAction::Checkout => {
                    Some(CheckoutAction::Step(action.step, action.option.clone()))
                }
                ProductAction::CheckoutOption => {
                    Some(CheckoutAction::Choice(action.step, action.option.clone()))
                }
                _ => None,
            },
            _ => None,
        });
        funnel.add(actions, !scene.cart.abandoned_checkout);
    }
    Ok(funnel)
}

pub(super) fn carts(
    data: &Reference,
    question: &Question,
    page: &CartPage,
) -> Result<Vec<CartHistory>, StoreError> {
    let mut carts = Vec::new();
    for scene in chosen(data, question)? {
        let Some(visit) = scene.visit else { continue };
        let is_asked = page
            .abandoned
            .is_none_or(|abandoned| abandoned == scene.cart.abandoned_cart);
        if scene.cart.had_cart && is_asked && question.range.contains(visit.start) {
            carts.push(CartHistory {
                visitor: visit.visitor,
                start: visit.start,
                values: question
                    .dimensions
                    .iter()
                    .map(|dimension| of_visit(&scene, *dimension))
                    .collect(),
                is_abandoned: scene.cart.abandoned_cart,
                changes: scene
                    .things
                    .iter()
                    .filter_map(|it| change(&scene, it))
                    .collect(),
            });
        }
    }
    page.cut(&mut carts, |cart| (cart.start, cart.visitor));
    Ok(carts)
}

/// What a thing did to its visit's cart.
fn change(scene: &Scene, thing: &Thing) -> Option<CartChange> {
    let item = |product: &Product| CartItem {
        sku: product.sku().cloned(),
        product: scene.names.shown(product),
        variant: product.variant.clone(),
        quantity: product.quantity.unwrap_or(Decimal::ONE),
        price: product.price,
        currency: product.currency.clone(),
    };
    let kind = match thing {
        Thing::ProductRow {
            action, product, ..
        } => match action.action {
            ProductAction::Add => CartChangeKind::Added(item((*product)?)),
            ProductAction::Remove => CartChangeKind::Removed(item((*product)?)),
            _ => return None,
        },
        Thing::Order { order, .. } if !order.is_cancelled() => {
            CartChangeKind::Ordered(order.id.clone())
        }
        _ => return None,
    };
    Some(CartChange {
        time: thing.time(),
        kind,
    })
}
