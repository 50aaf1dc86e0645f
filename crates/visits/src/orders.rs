//! What became of orders, from everything that was ever told of them.

use std::collections::HashMap;
use std::sync::Arc;

use afsa_model::{
    AccountSettings, Decimal, Exclusion, Hit, HitKind, OrderFields, OrderState, PageContext,
    Product, Purchase, Text, Timestamp, VisitorKey,
};

/// A purchase, refund or order status as stored, with the visit it lies in.
#[derive(Clone, Debug)]
pub struct OrderHit<'a> {
    pub hit: &'a Hit,
    /// The start of the visit of `hit.visitor` that holds the hit, where one does.
    pub visit: Option<Timestamp>,
}

/// When a visit was, and whether it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VisitSpan {
    pub start: Timestamp,
    pub end: Timestamp,
    pub exclusion: Option<Exclusion>,
}

/// One purchase, by account and order id, for ever.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    pub id: Arc<str>,
    /// Of the earliest purchase (ties: first to come), which is the one that counts.
    pub time: Timestamp,
    pub sequence: u64,
    pub visitor: VisitorKey,
    pub user: Text,
    /// The start of the visitor's visit that the order belongs to.
    pub visit: Option<Timestamp>,
    /// The visit's; of an order without one, its purchase's.
    pub exclusion: Option<Exclusion>,
    /// The page that told the purchase.
    pub page: Option<Arc<PageContext>>,
    /// Latest told.
    pub state: OrderState,
    /// As sent.
    pub fields: OrderFields,
    /// Total in 10⁻¹² of the account's currency; `None` where no rate is known.
    pub revenue: Option<i128>,
    /// What was bought; price and quantity always present here.
    pub rows: Vec<Product>,
}

/// Resolves every order of an account. `visits_of` gives a visitor's visits by start.
///
/// The earliest purchase of an id counts; its visit is the one that it lies in, else the visit open
/// at its moment, else the latest that began within the order window before it. Its state is the
/// latest that was told by it or by an order status; refunds and purchases of the same id that came
/// later in time change nothing here. The outcome is sorted by time, then by arrival.
pub fn resolve<'a>(
    hits: impl IntoIterator<Item = OrderHit<'a>>,
    visits_of: &dyn Fn(VisitorKey) -> Vec<VisitSpan>,
    settings: &AccountSettings,
) -> Vec<Order> {
    let mut told: HashMap<&'a str, Told<'a>> = HashMap::new();
    for order_hit in hits {
        let order_id = match &order_hit.hit.kind {
            HitKind::Purchase(purchase) => &purchase.order.id,
            HitKind::OrderStatus(status) => &status.order.id,
            _ => continue,
        };
        let Some(order_id) = order_id else { continue };
        told.entry(order_id).or_default().note(order_hit);
    }
    let mut orders: Vec<Order> = told
        .into_iter()
        .filter_map(|(id, told)| told.order(id, visits_of, settings))
        .collect();
    orders.sort_by_key(|order| (order.time, order.sequence));
    orders
}

/// What was told of one order id so far.
#[derive(Default)]
struct Told<'a> {
    purchase: Option<(OrderHit<'a>, &'a Purchase)>,
    /// The latest order status.
    status: Option<(Timestamp, u64, OrderState)>,
}

impl<'a> Told<'a> {
    fn note(&mut self, order_hit: OrderHit<'a>) {
        let hit = order_hit.hit;
        match &hit.kind {
            HitKind::Purchase(purchase) => {
                let is_earlier = self.purchase.as_ref().is_none_or(|(known, _)| {
                    (hit.time, hit.sequence) < (known.hit.time, known.hit.sequence)
                });
                if is_earlier {
                    self.purchase = Some((order_hit, purchase));
                }
            }
            HitKind::OrderStatus(status) => {
                let Some(state) = status.order.state else {
                    return;
                };
                let is_later = self
                    .status
                    .is_none_or(|(time, sequence, _)| (time, sequence) < (hit.time, hit.sequence));
                if is_later {
                    self.status = Some((hit.time, hit.sequence, state));
                }
            }
            _ => {}
        }
    }

    fn order(
        self,
        id: &str,
        visits_of: &dyn Fn(VisitorKey) -> Vec<VisitSpan>,
        settings: &AccountSettings,
    ) -> Option<Order> {
        let (OrderHit { hit, visit }, purchase) = self.purchase?;
        let own_state = purchase
            .order
            .state
            .map(|state| (hit.time, hit.sequence, state));
        let state = own_state
            .into_iter()
            .chain(self.status)
            .max_by_key(|(time, sequence, _)| (*time, *sequence))
            .map_or(OrderState::Completed, |(_, _, state)| state);
        let spans = if hit.visitor == VisitorKey::NOBODY {
            Vec::new()
        } else {
            visits_of(hit.visitor)
        };
        let span = match visit {
            Some(start) => {
                let same_traffic =
                    |span: &&VisitSpan| span.exclusion.is_some() == hit.exclusion.is_some();
                spans
                    .iter()
                    .filter(|span| span.start == start)
                    .find(same_traffic)
                    .copied()
            }
            None => visit_at(hit.time, &spans, settings),
        };
        let rows: Vec<Product> = purchase.products.iter().map(with_defaults).collect();
        Some(Order {
            id: id.into(),
            time: hit.time,
            sequence: hit.sequence,
            visitor: hit.visitor,
            user: hit.user.clone(),
            visit: span.map(|span| span.start),
            exclusion: span.map_or(hit.exclusion, |span| span.exclusion),
            page: hit.page.clone(),
            state,
            revenue: revenue(&purchase.order, &rows, settings),
            fields: purchase.order.clone(),
            rows,
        })
    }
}

/// The visit that an order sent by a server belongs to: the one open at its moment, else the
/// latest that began within the order window before it. Visits that count go before excluded ones.
fn visit_at(time: Timestamp, spans: &[VisitSpan], settings: &AccountSettings) -> Option<VisitSpan> {
    let suits = |span: &VisitSpan| {
        time.since(span.end) <= settings.visit_timeout
            || time.since(span.start) <= settings.order_window
    };
    let latest = |is_excluded: bool| {
        spans
            .iter()
            .filter(|span| span.exclusion.is_some() == is_excluded && span.start <= time)
            .max_by_key(|span| span.start)
            .filter(|span| suits(span))
            .copied()
    };
    latest(false).or_else(|| latest(true))
}

fn with_defaults(product: &Product) -> Product {
    Product {
        price: product.price.or(Some(Decimal::ZERO)),
        quantity: product.quantity.or(Some(Decimal::ONE)),
        ..product.clone()
    }
}

fn revenue(order: &OrderFields, rows: &[Product], settings: &AccountSettings) -> Option<i128> {
    let is_own_currency = order
        .currency
        .as_deref()
        .is_none_or(|currency| currency.eq_ignore_ascii_case(&settings.currency));
    if !is_own_currency {
        return None;
    }
    Some(match order.revenue {
        Some(revenue) => revenue.times(Decimal::ONE),
        None => rows
            .iter()
            .map(|row| {
                row.price
                    .unwrap_or_default()
                    .times(row.quantity.unwrap_or_default())
            })
            // Prices and quantities are anybody's: sums of them stop at the ends of what fits.
            .fold(0, i128::saturating_add),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_total_is_too_large() {
        let check = |price: i64, quantity: i64, rows: usize, expect: i128| {
            let row = Product {
                price: Some(Decimal::from_micros(price)),
                quantity: Some(Decimal::from_micros(quantity)),
                ..Product::default()
            };
            let total = revenue(
                &OrderFields::default(),
                &vec![row; rows],
                &AccountSettings::default(),
            );
            assert_eq!(total, Some(expect), "{rows} × {quantity} × {price}");
        };
        check(3, 5, 4, 60);
        check(i64::MAX, i64::MAX, 3, i128::MAX);
        check(i64::MIN, i64::MAX, 3, i128::MIN);
    }
}
