//! What became of orders, from everything that was ever told of them: their money, states, refunds,
//! customers and visits.

use std::collections::HashMap;
use std::sync::Arc;

use afsa_model::{
    AccountSettings, Decimal, Exclusion, Hit, HitKind, OrderFields, OrderState, PageContext,
    Product, Purchase, Text, Timestamp, VisitorKey,
};

use crate::rates::ExchangeRates;

/// A purchase, refund or order status as stored, with the visit it lies in.
#[derive(Clone, Debug)]
pub struct OrderHit<'a> {
    pub hit: &'a Hit,
    /// The start of the visit of `hit.visitor` that holds the hit, where one does.
    pub visit: Option<Timestamp>,
}

/// When a visit was, whether it counts, and whether a campaign brought it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VisitSpan {
    pub start: Timestamp,
    pub end: Timestamp,
    pub exclusion: Option<Exclusion>,
    pub has_campaign: bool,
}

/// What has to be known of the visitors who have orders.
pub trait People {
    /// The visitor's visits by start.
    fn visits(&self, visitor: VisitorKey) -> Vec<VisitSpan>;

    /// (time, sequence, user) of the visitor's hits that told a user, ascending.
    fn users(&self, visitor: VisitorKey) -> Vec<(Timestamp, u64, Arc<str>)>;
}

/// What decides about money and windows.
#[derive(Clone, Copy)]
pub struct Terms<'a> {
    pub settings: &'a AccountSettings,
    pub rates: &'a ExchangeRates,
    /// The day of an instant in the account's zone, counted from 1970-01-01.
    pub day_of: &'a dyn Fn(Timestamp) -> i32,
}

/// Who buys.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Customer {
    /// The user that the visitor was last known as when he ordered.
    User(Arc<str>),
    /// A visitor whom no user was known of by then.
    Visitor(VisitorKey),
    /// Nothing tells who it was: a customer of this order only.
    Unknown(Arc<str>),
}

/// One purchase, by account and order id, for ever. Money is in 10⁻¹² of the account's currency;
/// `None` where no rate is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    pub id: Arc<str>,
    /// Of the earliest purchase (ties: first to come), which is the one that counts.
    pub time: Timestamp,
    pub sequence: u64,
    pub visitor: VisitorKey,
    pub customer: Customer,
    pub visit: Option<Timestamp>,
    /// The visit's; of an order without one, its purchase's.
    pub exclusion: Option<Exclusion>,
    /// The page that told the purchase.
    pub page: Option<Arc<PageContext>>,
    /// Latest told.
    pub state: OrderState,
    /// Every state told, by time, the purchase's first.
    pub history: Vec<(Timestamp, OrderState)>,
    /// As sent.
    pub fields: OrderFields,
    pub revenue: Option<i128>,
    pub tax: Option<i128>,
    pub shipping: Option<i128>,
    /// Shipping without its tax.
    pub shipping_net: Option<i128>,
    pub discount: Option<i128>,
    /// What was bought; price and quantity always present here.
    pub rows: Vec<Product>,
    /// Price × quantity of each row.
    pub row_amounts: Vec<Option<i128>>,
    /// Those that gave something back, by time.
    pub refunds: Vec<OrderRefund>,
    /// Whether it is the customer's first order that isn't cancelled.
    pub is_first: bool,
    /// How many orders that aren't cancelled the customer ever made.
    pub customer_orders: u32,
    /// What they came to, less refunds.
    pub customer_value: i128,
    /// Milliseconds from the visitor's first known visit; `None` without a visit before.
    pub since_first_visit: Option<i64>,
    /// The visitor's visits so far, the order's included.
    pub visits_so_far: Option<u32>,
    /// Milliseconds from his latest visit with a campaign.
    pub since_campaign: Option<i64>,
}

/// Something given back.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderRefund {
    pub time: Timestamp,
    pub sequence: u64,
    /// At the order's rate.
    pub amount: Option<i128>,
    /// What came back, quantities capped at what was left; empty where money alone was named.
    pub rows: Vec<Product>,
}

/// Resolves every order of an account, sorted by time, then by arrival. The order in which hits are
/// given doesn't matter.
pub fn resolve<'a>(
    hits: impl IntoIterator<Item = OrderHit<'a>>,
    people: &dyn People,
    terms: Terms<'_>,
) -> Vec<Order> {
    let mut told: HashMap<&'a str, Told<'a>> = HashMap::new();
    for order_hit in hits {
        let order_id = match &order_hit.hit.kind {
            HitKind::Purchase(purchase) => &purchase.order.id,
            HitKind::OrderStatus(status) => &status.order.id,
            HitKind::Refund(refund) => &refund.order.id,
            _ => continue,
        };
        let Some(order_id) = order_id else { continue };
        told.entry(order_id).or_default().note(order_hit);
    }
    let mut orders: Vec<Order> =
        told.into_iter().filter_map(|(id, told)| told.order(id, people, terms)).collect();
    orders.sort_by_key(|order| (order.time, order.sequence));
    add_customers(&mut orders);
    orders
}

/// What was told of one order id so far.
#[derive(Default)]
struct Told<'a> {
    purchase: Option<(OrderHit<'a>, &'a Purchase)>,
    states: Vec<(Timestamp, u64, OrderState)>,
    refunds: Vec<&'a Hit>,
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
                let state = status.order.state.map(|state| (hit.time, hit.sequence, state));
                self.states.extend(state);
            }
            HitKind::Refund(_) => self.refunds.push(hit),
            _ => {}
        }
    }

    fn order(mut self, id: &str, people: &dyn People, terms: Terms<'_>) -> Option<Order> {
        let (OrderHit { hit, visit }, purchase) = self.purchase?;
        let spans =
            if hit.visitor == VisitorKey::NOBODY { vec![] } else { people.visits(hit.visitor) };
        let span = match visit {
            Some(start) => spans
                .iter()
                .filter(|span| span.start == start)
                .find(|span| span.exclusion.is_some() == hit.exclusion.is_some())
                .copied(),
            None => visit_at(hit.time, &spans, terms.settings),
        };
        let exclusion = span.map_or(hit.exclusion, |span| span.exclusion);
        let before = spans
            .iter()
            .filter(|known| {
                known.start <= hit.time && known.exclusion.is_some() == exclusion.is_some()
            })
            .collect::<Vec<_>>();
        let exchange = Exchange::of(&purchase.order, hit.time, terms);
        let rows: Vec<Product> = purchase.products.iter().map(with_defaults).collect();
        let total = total(&purchase.order, &rows);
        let shipping = shipping(&purchase.order);
        self.states.extend(purchase.order.state.map(|state| (hit.time, hit.sequence, state)));
        self.states.sort_by_key(|(time, sequence, _)| (*time, *sequence));
        let mut history: Vec<(Timestamp, OrderState)> =
            self.states.iter().map(|(time, _, state)| (*time, *state)).collect();
        if purchase.order.state.is_none() && history.iter().all(|(time, _)| *time > hit.time) {
            history.insert(0, (hit.time, OrderState::Completed));
        }
        let state = history.last().map_or(OrderState::Completed, |(_, state)| *state);
        Some(Order {
            id: id.into(),
            time: hit.time,
            sequence: hit.sequence,
            visitor: hit.visitor,
            customer: customer(id, hit, people),
            visit: span.map(|span| span.start),
            exclusion,
            page: hit.page.clone(),
            state,
            history,
            revenue: exchange.converted(total),
            tax: exchange.converted(tax(&purchase.order)),
            shipping: exchange.converted(shipping.0),
            shipping_net: exchange.converted(shipping.1),
            discount: exchange.converted(whole(purchase.order.coupon_value)),
            row_amounts: rows.iter().map(|row| exchange.converted(amount(row))).collect(),
            refunds: refunds(&mut self.refunds, total, &rows, &exchange),
            fields: purchase.order.clone(),
            rows,
            is_first: false,
            customer_orders: 0,
            customer_value: 0,
            since_first_visit: before
                .iter()
                .map(|span| span.start)
                .min()
                .map(|first| hit.time.since(first)),
            visits_so_far: (!before.is_empty())
                .then(|| u32::try_from(before.len()).unwrap_or(u32::MAX)),
            since_campaign: before
                .iter()
                .filter(|span| span.has_campaign)
                .map(|span| span.start)
                .max()
                .map(|latest| hit.time.since(latest)),
        })
    }
}

/// The visit that an order sent by a server belongs to: the one open at its moment, else the
/// latest that began within the order window before it. Visits that count go before excluded ones.
fn visit_at(
    time: Timestamp,
    spans: &[VisitSpan],
    settings: &AccountSettings,
) -> Option<VisitSpan> {
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

/// The user last told by the visitor's hits up to the purchase, the purchase's own included.
fn customer(id: &str, hit: &Hit, people: &dyn People) -> Customer {
    if let Some(user) = &hit.user {
        return Customer::User(user.clone());
    }
    if hit.visitor == VisitorKey::NOBODY {
        return Customer::Unknown(id.into());
    }
    let users = people.users(hit.visitor);
    let known = users
        .iter()
        .rev()
        .find(|(time, sequence, _)| (*time, *sequence) <= (hit.time, hit.sequence));
    match known {
        Some((_, _, user)) => Customer::User(user.clone()),
        None => Customer::Visitor(hit.visitor),
    }
}

/// Cancelled orders are as if never made; excluded ones have customers of their own.
fn add_customers(orders: &mut [Order]) {
    struct Known {
        orders: u32,
        value: i128,
    }
    let mut customers: HashMap<(Customer, bool), Known> = HashMap::new();
    for order in orders.iter_mut() {
        let key = (order.customer.clone(), order.exclusion.is_some());
        let known = customers.entry(key).or_insert(Known { orders: 0, value: 0 });
        if order.state == OrderState::Cancelled {
            continue;
        }
        order.is_first = known.orders == 0;
        known.orders += 1;
        known.value += order.revenue.unwrap_or(0);
        known.value -= order.refunds.iter().filter_map(|refund| refund.amount).sum::<i128>();
    }
    for order in orders {
        let key = (order.customer.clone(), order.exclusion.is_some());
        if let Some(known) = customers.get(&key) {
            order.customer_orders = known.orders;
            order.customer_value = known.value;
        }
    }
}

/// From the order's currency to the account's, at the rate of the order's day.
struct Exchange<'a> {
    currency: &'a str,
    day: i32,
    terms: Terms<'a>,
}

impl<'a> Exchange<'a> {
    fn of(order: &'a OrderFields, time: Timestamp, terms: Terms<'a>) -> Exchange<'a> {
        let currency = order.currency.as_deref().unwrap_or(&terms.settings.currency);
        Exchange { currency, day: (terms.day_of)(time), terms }
    }

    fn converted(&self, amount: i128) -> Option<i128> {
        self.terms.rates.converted(amount, self.currency, &self.terms.settings.currency, self.day)
    }
}

/// What each refund gave back, in the order of their times: never more than is left of the total,
/// nor more pieces than are left of a row.
fn refunds(
    hits: &mut [&Hit],
    total: i128,
    rows: &[Product],
    exchange: &Exchange<'_>,
) -> Vec<OrderRefund> {
    hits.sort_by_key(|hit| (hit.time, hit.sequence));
    let mut left = total.max(0);
    let mut left_quantities: Vec<i64> =
        rows.iter().map(|row| row.quantity.unwrap_or_default().micros()).collect();
    let mut refunds = Vec::new();
    for hit in hits {
        let HitKind::Refund(refund) = &hit.kind else { continue };
        let mut came_back = Vec::new();
        let mut by_rows = 0;
        for named in &refund.products {
            by_rows += taken_back(named, rows, &mut left_quantities, &mut came_back);
        }
        let amount = match refund.order.revenue {
            Some(revenue) => revenue.times(Decimal::ONE),
            None if refund.products.is_empty() => left,
            None => by_rows,
        };
        let amount = amount.clamp(0, left);
        if amount == 0 {
            continue;
        }
        left -= amount;
        refunds.push(OrderRefund {
            time: hit.time,
            sequence: hit.sequence,
            amount: exchange.converted(amount),
            rows: came_back,
        });
    }
    refunds
}

/// Takes the quantity that a refund names from the rows of its product; gives the money that it
/// comes to and notes what came back.
fn taken_back(
    named: &Product,
    rows: &[Product],
    left: &mut [i64],
    came_back: &mut Vec<Product>,
) -> i128 {
    let mut wanted = named.quantity.unwrap_or(Decimal::ONE).micros();
    let mut amount = 0;
    for (row, left) in rows.iter().zip(left) {
        if wanted <= 0 || !is_same_product(named, row) {
            continue;
        }
        let taken = wanted.min(*left);
        if taken <= 0 {
            continue;
        }
        *left -= taken;
        wanted -= taken;
        let quantity = Decimal::from_micros(taken);
        let price = named.price.or(row.price).unwrap_or_default();
        amount += price.times(quantity);
        came_back.push(Product { price: Some(price), quantity: Some(quantity), ..row.clone() });
    }
    amount
}

/// By id where both have one, else by name; by variant only where the refund tells one.
fn is_same_product(named: &Product, sold: &Product) -> bool {
    let same = match (&named.id, &sold.id) {
        (Some(named), Some(sold)) => named == sold,
        _ => named.name.is_some() && named.name == sold.name,
    };
    same && named.variant.as_ref().is_none_or(|variant| sold.variant.as_ref() == Some(variant))
}

fn with_defaults(product: &Product) -> Product {
    Product {
        price: product.price.or(Some(Decimal::ZERO)),
        quantity: product.quantity.or(Some(Decimal::ONE)),
        ..product.clone()
    }
}

fn amount(row: &Product) -> i128 {
    row.price.unwrap_or_default().times(row.quantity.unwrap_or_default())
}

fn whole(value: Option<Decimal>) -> i128 {
    value.unwrap_or_default().times(Decimal::ONE)
}

fn total(order: &OrderFields, rows: &[Product]) -> i128 {
    match order.revenue {
        Some(revenue) => revenue.times(Decimal::ONE),
        None => rows.iter().map(amount).sum(),
    }
}

/// As sent, else the taxes of goods and shipping.
fn tax(order: &OrderFields) -> i128 {
    match order.tax {
        Some(_) => whole(order.tax),
        None => whole(order.revenue_tax) + whole(order.shipping_tax),
    }
}

/// With its tax, and without.
fn shipping(order: &OrderFields) -> (i128, i128) {
    let gross = match order.shipping {
        Some(_) => whole(order.shipping),
        None => whole(order.shipping_net) + whole(order.shipping_tax),
    };
    let net = match order.shipping_net {
        Some(_) => whole(order.shipping_net),
        None => gross - whole(order.shipping_tax),
    };
    (gross, net)
}

/// A text of the order as the account names it; for whoever shows orders.
impl Order {
    /// Everything given back, in the account's currency.
    pub fn refunded(&self) -> i128 {
        self.refunds.iter().filter_map(|refund| refund.amount).sum()
    }

    /// The user who bought, where one was known.
    pub fn user(&self) -> Text {
        match &self.customer {
            Customer::User(user) => Some(user.clone()),
            Customer::Visitor(_) | Customer::Unknown(_) => None,
        }
    }
}
