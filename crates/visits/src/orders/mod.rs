//! What became of orders, from everything that was ever told of them: their money, states, refunds,
//! customers and visits.

mod customers;
mod money;
mod refunds;

use std::collections::HashMap;
use std::sync::Arc;

use afsa_model::{
    AccountSettings, Exclusion, Hit, HitKind, OrderFields, OrderState, PageContext, Product,
    Purchase, Text, Timestamp, VisitorKey,
};

pub use customers::add as add_customers;
use money::Exchange;
pub use money::with_defaults;

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

    /// The user told by the latest of the visitor's hits, by time and then by sequence, that told
    /// one and came no later than this.
    fn user_by(&self, visitor: VisitorKey, time: Timestamp, sequence: u64) -> Text;
}

/// Who buys.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Customer {
    /// The user that the visitor was last known as when he ordered.
    User(Arc<str>),
    /// A visitor of whom no user was known by then.
    Visitor(VisitorKey),
    /// Nothing tells who it was: a customer of this order only.
    Unknown(Arc<str>),
}

impl Customer {
    /// The user of whom this is the label.
    pub fn of_user_label(label: &Arc<str>) -> Customer {
        Customer::User(match label.strip_prefix("user:") {
            Some(user) if is_label(user) => user.into(),
            _ => label.clone(),
        })
    }

    /// A text that no two customers share: the user as told, else `visitor:` and the key, else
    /// `order:` and the order's id. A user who is called like one of these is told as `user:`.
    pub fn label(&self) -> Arc<str> {
        match self {
            Customer::User(user) => {
                if is_label(user) {
                    format!("user:{user}").into()
                } else {
                    user.clone()
                }
            }
            Customer::Visitor(key) => format!("visitor:{:032x}", key.0).into(),
            Customer::Unknown(order) => format!("order:{order}").into(),
        }
    }
}

fn is_label(text: &str) -> bool {
    let prefixes = ["user:", "visitor:", "order:"];
    prefixes.iter().any(|prefix| text.starts_with(prefix))
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
    /// The start of the visitor's visit that the order belongs to.
    pub visit: Option<Timestamp>,
    /// The visit's; of an order without one, its purchase's.
    pub exclusion: Option<Exclusion>,
    /// The page that told the purchase.
    pub page: Option<Arc<PageContext>>,
    /// Latest told.
    pub state: OrderState,
    /// Every state told, by time; it begins with the purchase's where nothing was told before it.
    pub history: Vec<(Timestamp, OrderState)>,
    /// As sent.
    pub fields: OrderFields,
    /// The total: with tax and shipping, before refunds.
    pub revenue: Option<i128>,
    pub tax: Option<i128>,
    pub shipping: Option<i128>,
    /// Shipping without its tax.
    pub shipping_net: Option<i128>,
    /// What coupons took off.
    pub discount: Option<i128>,
    /// What was bought; price and quantity always present here.
    pub rows: Vec<Product>,
    /// Price × quantity of each row.
    pub row_amounts: Vec<Option<i128>>,
    /// Those that gave something back, by time, then by arrival.
    pub refunds: Vec<OrderRefund>,
    /// Whether it is the customer's first order that isn't cancelled.
    pub is_first: bool,
    /// How many orders that aren't cancelled the customer ever made.
    pub customer_orders: u32,
    /// What they came to, less refunds.
    pub customer_value: i128,
    /// When the customer made the first of them.
    pub customer_since: Option<Timestamp>,
    /// Milliseconds from the start of the visitor's first known visit; `None` where there was none
    /// before.
    pub since_first_visit: Option<i64>,
    /// The visitor's visits so far, the order's included.
    pub visits_so_far: Option<u32>,
    /// Milliseconds from the start of the visitor's latest visit with a campaign.
    pub since_campaign: Option<i64>,
}

/// Something given back.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderRefund {
    pub time: Timestamp,
    pub sequence: u64,
    /// At the order's rate.
    pub amount: Option<i128>,
    /// What came back, quantities capped at what was left, prices present; empty where only money
    /// was named.
    pub rows: Vec<Product>,
    /// Price × quantity of each row, at the order's rate.
    pub row_amounts: Vec<Option<i128>>,
}

impl Order {
    /// Whether it is as if never made.
    pub fn is_cancelled(&self) -> bool {
        self.state == OrderState::Cancelled
    }

    /// Everything given back, in 10⁻¹² of the account's currency.
    pub fn refunded(&self) -> i128 {
        let amounts = self.refunds.iter().filter_map(|refund| refund.amount);
        amounts.fold(0, i128::saturating_add)
    }

    /// The total in 10⁻¹² of the order's own currency: as sent, else the sum of the rows.
    pub fn total_as_sent(&self) -> i128 {
        money::total(&self.fields, &self.rows)
    }

    /// Whether the money could be turned into the account's currency.
    pub fn is_converted(&self) -> bool {
        self.revenue.is_some()
    }
}

/// Resolves every order of an account, sorted by time, then by arrival. The order in which hits are
/// given doesn't matter.
///
/// The earliest purchase of an id counts; its visit is the one that it lies in, else the visit open
/// at its moment, else the latest that began within the order window before it. Its state is the
/// latest that was told by it or by an order status. Refunds are dated by themselves and never come
/// to more than the order. States and refunds of ids that nothing was bought under wait for it.
pub fn resolve<'a>(
    hits: impl IntoIterator<Item = OrderHit<'a>>,
    people: &dyn People,
    settings: &AccountSettings,
) -> Vec<Order> {
    let mut orders = resolve_each(hits, people, settings);
    orders.sort_by_key(|order| (order.time, order.sequence));
    add_customers(orders.iter_mut());
    orders
}

/// Resolves the orders that these hits tell, each by itself and in no particular order: what their
/// customers ever did is left to [`add_customers`]. All hits of an order must be among them.
pub fn resolve_each<'a>(
    hits: impl IntoIterator<Item = OrderHit<'a>>,
    people: &dyn People,
    settings: &AccountSettings,
) -> Vec<Order> {
    let mut told: HashMap<&'a str, Told<'a>> = HashMap::new();
    for order_hit in hits {
        if let Some(order_id) = order_id(order_hit.hit) {
            told.entry(order_id).or_default().note(order_hit);
        }
    }
    told.into_iter()
        .filter_map(|(id, told)| told.order(id, people, settings))
        .collect()
}

/// The order that a purchase, refund or order status speaks of.
pub fn order_id(hit: &Hit) -> Option<&Arc<str>> {
    match &hit.kind {
        HitKind::Purchase(purchase) => purchase.order.id.as_ref(),
        HitKind::OrderStatus(status) => status.order.id.as_ref(),
        HitKind::Refund(refund) => refund.order.id.as_ref(),
        _ => None,
    }
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
                let state = status.order.state;
                self.states
                    .extend(state.map(|state| (hit.time, hit.sequence, state)));
            }
            HitKind::Refund(_) => self.refunds.push(hit),
            _ => {}
        }
    }

    fn order(mut self, id: &str, people: &dyn People, settings: &AccountSettings) -> Option<Order> {
        let (OrderHit { hit, visit }, purchase) = self.purchase.take()?;
        let spans = if hit.visitor == VisitorKey::NOBODY {
            Vec::new()
        } else {
            people.visits(hit.visitor)
        };
        let span = match visit {
            Some(start) => spans
                .iter()
                .filter(|span| span.start == start)
                .find(|span| span.exclusion.is_some() == hit.exclusion.is_some())
                .copied(),
            None => visit_at(hit.time, &spans, settings),
        };
        let exclusion = span.map_or(hit.exclusion, |span| span.exclusion);
        let history = self.history(hit, purchase.order.state);
        let rows: Vec<Product> = purchase.products.iter().map(money::with_defaults).collect();
        let exchange = Exchange::of(&purchase.order, hit.time, settings);
        let total = money::total(&purchase.order, &rows);
        let (shipping, shipping_net) = money::shipping(&purchase.order);
        let way = Way::of(hit.time, exclusion, &spans);
        Some(Order {
            id: id.into(),
            time: hit.time,
            sequence: hit.sequence,
            visitor: hit.visitor,
            customer: customers::of(id, hit, people),
            visit: span.map(|span| span.start),
            exclusion,
            page: hit.page.clone(),
            state: history
                .last()
                .map_or(OrderState::Completed, |(_, state)| *state),
            history,
            revenue: exchange.converted(total),
            tax: exchange.converted(money::tax(&purchase.order)),
            shipping: exchange.converted(shipping),
            shipping_net: exchange.converted(shipping_net),
            discount: exchange.converted(money::whole(purchase.order.coupon_value)),
            row_amounts: exchange.of_rows(&rows),
            refunds: refunds::of(&mut self.refunds, total, &rows, &exchange),
            fields: purchase.order.clone(),
            rows,
            is_first: false,
            customer_orders: 0,
            customer_value: 0,
            customer_since: None,
            since_first_visit: way.first.map(|first| hit.time.since(first)),
            visits_so_far: (way.visits > 0).then_some(way.visits),
            since_campaign: way.campaign.map(|latest| hit.time.since(latest)),
        })
    }

    /// Every state by time, then by arrival. A purchase that tells none is completed from its own
    /// time on, unless a state was told before.
    fn history(&mut self, purchase: &Hit, own: Option<OrderState>) -> Vec<(Timestamp, OrderState)> {
        let (time, sequence) = (purchase.time, purchase.sequence);
        self.states.extend(own.map(|state| (time, sequence, state)));
        self.states
            .sort_by_key(|(time, sequence, _)| (*time, *sequence));
        let told = self.states.iter();
        let mut history: Vec<_> = told.map(|(time, _, state)| (*time, *state)).collect();
        let begins_later = self
            .states
            .first()
            .is_none_or(|(first, arrival, _)| (*first, *arrival) > (time, sequence));
        if own.is_none() && begins_later {
            history.insert(0, (time, OrderState::Completed));
        }
        history
    }
}

/// How the visitor came to order.
struct Way {
    first: Option<Timestamp>,
    visits: u32,
    campaign: Option<Timestamp>,
}

impl Way {
    /// Over the visits of the order's own traffic that had begun when it was made.
    fn of(time: Timestamp, exclusion: Option<Exclusion>, spans: &[VisitSpan]) -> Way {
        let before = || {
            let is_meant = move |span: &&VisitSpan| {
                span.start <= time && span.exclusion.is_some() == exclusion.is_some()
            };
            spans.iter().filter(is_meant)
        };
        let campaigns = before().filter(|span| span.has_campaign);
        Way {
            first: before().map(|span| span.start).min(),
            visits: u32::try_from(before().count()).unwrap_or(u32::MAX),
            campaign: campaigns.map(|span| span.start).max(),
        }
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
