//! What was worked out of orders, beside what hits told of them.

use std::ops::Range;
use std::sync::Arc;

use afsa_model::{Exclusion, OrderState, Timestamp, VisitorKey};
use afsa_store::{Customer, Order, OrderRefund, Value};
use afsa_visits::orders::with_defaults;
use hashbrown::HashMap;

use super::amounts::Exact;
use super::gather::{LastPage, ToldOrders};

/// What was worked out of one order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fact {
    pub(crate) scene: u32,
    /// Its purchase, among those that `source` told.
    pub(crate) source: u32,
    pub(crate) hit: u32,
    /// Whether the purchase lies in the same scene.
    pub(crate) is_told_there: bool,
    pub(crate) exclusion: Option<Exclusion>,
    pub(crate) state: OrderState,
    pub(crate) customer: CustomerCode,
    /// In the order of [`Money`].
    pub(crate) money: [Option<i128>; MONEY],
    pub(crate) since_first_visit: Option<i64>,
    pub(crate) visits_so_far: Option<i64>,
    pub(crate) since_campaign: Option<i64>,
    pub(crate) row_amounts: Vec<Option<i128>>,
    pub(crate) refunds: Vec<OrderRefund>,
    /// Where it is anything but the one state that it has, from the purchase on.
    pub(crate) history: Option<Vec<(Timestamp, OrderState)>>,
}

/// Who bought: a code of `Dimension::Customer`, and how that label came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CustomerCode {
    pub(crate) code: u32,
    pub(crate) kind: CustomerKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum CustomerKind {
    User,
    Visitor,
    Unknown,
}

impl CustomerKind {
    pub(crate) fn of(customer: &Customer) -> CustomerKind {
        match customer {
            Customer::User(_) => CustomerKind::User,
            Customer::Visitor(_) => CustomerKind::Visitor,
            Customer::Unknown(_) => CustomerKind::Unknown,
        }
    }
}

/// Amounts that each order has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Money {
    Revenue,
    Tax,
    Shipping,
    ShippingNet,
    Discount,
}

pub(crate) const MONEY: usize = 5;

impl Fact {
    /// Of an order whose purchase is this hit of this source. Its rows, fields and page were told
    /// by the hit, its time and id too; what its customer ever did is left to all his orders.
    pub(crate) fn of(order: Order, (source, hit): (u32, u32), customer: u32) -> Fact {
        let is_plain = order.history == [(order.time, order.state)];
        Fact {
            scene: 0,
            source,
            hit,
            is_told_there: false,
            exclusion: order.exclusion,
            state: order.state,
            customer: CustomerCode {
                code: customer,
                kind: CustomerKind::of(&order.customer),
            },
            money: [
                order.revenue,
                order.tax,
                order.shipping,
                order.shipping_net,
                order.discount,
            ],
            since_first_visit: order.since_first_visit,
            visits_so_far: order.visits_so_far.map(i64::from),
            since_campaign: order.since_campaign,
            row_amounts: order.row_amounts,
            refunds: order.refunds,
            history: (!is_plain).then_some(order.history),
        }
    }
}

/// Facts of many orders, as columns.
pub(crate) struct Facts {
    /// What told them.
    sources: Vec<Arc<ToldOrders>>,
    source: Vec<u32>,
    hits: Vec<u32>,
    scenes: Vec<u32>,
    flags: Vec<Flags>,
    customers: Vec<CustomerCode>,
    money: [Arc<Exact>; MONEY],
    since_first_visit: Vec<i64>,
    visits_so_far: Vec<i64>,
    since_campaign: Vec<i64>,
    row_starts: Vec<u32>,
    row_amounts: Arc<Exact>,
    refund_starts: Vec<u32>,
    refunds: Vec<OrderRefund>,
    histories: HashMap<u32, Vec<(Timestamp, OrderState)>>,
}

#[derive(Clone, Copy)]
struct Flags {
    is_told_there: bool,
    exclusion: Option<Exclusion>,
    state: OrderState,
}

/// Stands for a number of which nothing is known.
const NOTHING: i64 = i64::MIN;

impl Facts {
    /// None yet, of what these told.
    pub(super) fn new(sources: Vec<Arc<ToldOrders>>) -> Facts {
        Facts {
            sources,
            source: Vec::new(),
            hits: Vec::new(),
            scenes: Vec::new(),
            flags: Vec::new(),
            customers: Vec::new(),
            money: std::array::from_fn(|_| Arc::new(Exact::with_capacity(0))),
            since_first_visit: Vec::new(),
            visits_so_far: Vec::new(),
            since_campaign: Vec::new(),
            row_starts: vec![0],
            row_amounts: Arc::new(Exact::with_capacity(0)),
            refund_starts: vec![0],
            refunds: Vec::new(),
            histories: HashMap::new(),
        }
    }

    /// These of other facts, each given by the number of its facts and its place among them.
    pub(super) fn gather(from: &[&Facts], places: &[(u32, u32)]) -> Facts {
        let mut sources: Vec<Arc<ToldOrders>> = Vec::new();
        let mut place_of = |source: &Arc<ToldOrders>| {
            let known = sources.iter().position(|known| Arc::ptr_eq(known, source));
            known.unwrap_or_else(|| {
                sources.push(source.clone());
                sources.len() - 1
            }) as u32
        };
        let mut used: Vec<Vec<Option<u32>>> = Vec::new();
        used.extend(from.iter().map(|facts| vec![None; facts.sources.len()]));
        for (facts, row) in places {
            let source = from[*facts as usize].source[*row as usize] as usize;
            let place = &mut used[*facts as usize][source];
            if place.is_none() {
                *place = Some(place_of(&from[*facts as usize].sources[source]));
            }
        }
        let mut gathered = Facts::new(sources);
        gathered.reserve(places.len());
        for (facts, row) in places {
            let (used, facts, row) = (&used[*facts as usize], from[*facts as usize], *row as usize);
            let source = used[facts.source[row] as usize].unwrap_or(0);
            gathered.push_row(facts, row, source);
        }
        gathered.shrink();
        gathered
    }

    fn reserve(&mut self, len: usize) {
        self.source.reserve_exact(len);
        self.hits.reserve_exact(len);
        self.scenes.reserve_exact(len);
        self.flags.reserve_exact(len);
        self.customers.reserve_exact(len);
        self.since_first_visit.reserve_exact(len);
        self.visits_so_far.reserve_exact(len);
        self.since_campaign.reserve_exact(len);
        self.row_starts.reserve_exact(len);
        self.refund_starts.reserve_exact(len);
        for money in &mut self.money {
            *money = Arc::new(Exact::with_capacity(len));
        }
    }

    fn shrink(&mut self) {
        Arc::make_mut(&mut self.row_amounts).shrink();
        self.refunds.shrink_to_fit();
    }

    pub(super) fn push(&mut self, fact: Fact) {
        let order = self.len() as u32;
        self.source.push(fact.source);
        self.hits.push(fact.hit);
        self.scenes.push(fact.scene);
        self.flags.push(Flags {
            is_told_there: fact.is_told_there,
            exclusion: fact.exclusion,
            state: fact.state,
        });
        self.customers.push(fact.customer);
        for (column, amount) in self.money.iter_mut().zip(fact.money) {
            Arc::make_mut(column).push(amount);
        }
        self.since_first_visit
            .push(fact.since_first_visit.unwrap_or(NOTHING));
        self.visits_so_far
            .push(fact.visits_so_far.unwrap_or(NOTHING));
        self.since_campaign
            .push(fact.since_campaign.unwrap_or(NOTHING));
        let amounts = Arc::make_mut(&mut self.row_amounts);
        fact.row_amounts.into_iter().for_each(|it| amounts.push(it));
        self.row_starts.push(amounts.len() as u32);
        self.refunds.extend(fact.refunds);
        self.refund_starts.push(self.refunds.len() as u32);
        if let Some(history) = fact.history {
            self.histories.insert(order, history);
        }
    }

    /// Copies a row of others, of what this source here told.
    fn push_row(&mut self, from: &Facts, row: usize, source: u32) {
        let order = self.len() as u32;
        self.source.push(source);
        self.hits.push(from.hits[row]);
        self.scenes.push(from.scenes[row]);
        self.flags.push(from.flags[row]);
        self.customers.push(from.customers[row]);
        for (column, other) in self.money.iter_mut().zip(&from.money) {
            Arc::make_mut(column).push(other.get(row));
        }
        self.since_first_visit.push(from.since_first_visit[row]);
        self.visits_so_far.push(from.visits_so_far[row]);
        self.since_campaign.push(from.since_campaign[row]);
        let amounts = Arc::make_mut(&mut self.row_amounts);
        from.rows_of(row)
            .for_each(|it| amounts.push(from.row_amounts.get(it)));
        self.row_starts.push(amounts.len() as u32);
        self.refunds
            .extend_from_slice(&from.refunds[from.refunds_of(row)]);
        self.refund_starts.push(self.refunds.len() as u32);
        if let Some(history) = from.histories.get(&(row as u32)) {
            self.histories.insert(order, history.clone());
        }
    }

    pub(super) fn bytes(&self) -> usize {
        // What there is one of for each order, but money.
        const AN_ORDER: usize =
            4 + 4 + 4 + size_of::<Flags>() + size_of::<CustomerCode>() + 3 * 8 + 2 * 4;
        let money: usize = self.money.iter().map(|money| money.bytes()).sum();
        let rows = self.refunds.iter().map(|refund| refund.rows.len());
        let refunded = rows.sum::<usize>() * size_of::<afsa_model::Product>();
        self.len() * AN_ORDER
            + money
            + self.row_amounts.bytes()
            + self.refunds.len() * size_of::<OrderRefund>()
            + refunded
            + self.histories.len() * 64
    }

    /// Numbers the scenes as the orders stand, where each stands alone in one.
    pub(super) fn stand_alone(&mut self) {
        self.scenes = (0..self.len() as u32).collect();
    }

    pub(crate) fn len(&self) -> usize {
        self.source.len()
    }

    pub(super) fn fact(&self, order: usize) -> Fact {
        let known = |number: i64| (number != NOTHING).then_some(number);
        let flags = self.flags[order];
        Fact {
            scene: self.scenes[order],
            source: self.source[order],
            hit: self.hits[order],
            is_told_there: flags.is_told_there,
            exclusion: flags.exclusion,
            state: flags.state,
            customer: self.customers[order],
            money: std::array::from_fn(|at| self.money[at].get(order)),
            since_first_visit: known(self.since_first_visit[order]),
            visits_so_far: known(self.visits_so_far[order]),
            since_campaign: known(self.since_campaign[order]),
            row_amounts: self
                .rows_of(order)
                .map(|row| self.row_amounts.get(row))
                .collect(),
            refunds: self.refunds[self.refunds_of(order)].to_vec(),
            history: self.histories.get(&(order as u32)).cloned(),
        }
    }

    /// Whether a fact of others says the same, of the same purchase; of which scene doesn't matter
    /// where orders stand alone.
    pub(super) fn is_same(&self, order: usize, others: &Facts, other: usize, alone: bool) -> bool {
        let (one, other_fact) = (self.fact(order), others.fact(other));
        let scene = if alone { one.scene } else { other_fact.scene };
        let source = one.source;
        let is_told_by_same = Arc::ptr_eq(self.told(order).0, others.told(other).0);
        is_told_by_same
            && one
                == Fact {
                    source,
                    scene,
                    ..other_fact
                }
    }

    /// What told its purchase, and which hit of it.
    #[inline]
    pub(crate) fn told(&self, order: usize) -> (&Arc<ToldOrders>, usize) {
        let source = self.source[order] as usize;
        (&self.sources[source], self.hits[order] as usize)
    }

    pub(crate) fn sources(&self) -> &[Arc<ToldOrders>] {
        &self.sources
    }

    /// The number of what told its purchase among the sources, and which hit of it.
    #[inline]
    pub(super) fn told_by(&self, order: usize) -> (usize, usize) {
        (self.source[order] as usize, self.hits[order] as usize)
    }

    pub(crate) fn scene(&self, order: usize) -> usize {
        self.scenes[order] as usize
    }

    pub(crate) fn is_told_there(&self, order: usize) -> bool {
        self.flags[order].is_told_there
    }

    pub(crate) fn state(&self, order: usize) -> OrderState {
        self.flags[order].state
    }

    pub(crate) fn is_cancelled(&self, order: usize) -> bool {
        self.state(order) == OrderState::Cancelled
    }

    pub(crate) fn is_excluded(&self, order: usize) -> bool {
        self.flags[order].exclusion.is_some()
    }

    pub(crate) fn customer(&self, order: usize) -> CustomerCode {
        self.customers[order]
    }

    pub(crate) fn money(&self, money: Money) -> &Arc<Exact> {
        &self.money[money as usize]
    }

    pub(crate) fn row_amounts(&self) -> &Arc<Exact> {
        &self.row_amounts
    }

    pub(crate) fn since_first_visit(&self) -> impl Iterator<Item = Option<i64>> + Clone {
        known(&self.since_first_visit)
    }

    pub(crate) fn visits_so_far(&self) -> impl Iterator<Item = Option<i64>> + Clone {
        known(&self.visits_so_far)
    }

    pub(crate) fn since_campaign(&self) -> impl Iterator<Item = Option<i64>> + Clone {
        known(&self.since_campaign)
    }

    #[inline]
    pub(crate) fn rows_of(&self, order: usize) -> Range<usize> {
        self.row_starts[order] as usize..self.row_starts[order + 1] as usize
    }

    pub(crate) fn refunds_of(&self, order: usize) -> Range<usize> {
        self.refund_starts[order] as usize..self.refund_starts[order + 1] as usize
    }

    /// Of all orders, in their order.
    pub(crate) fn refunds(&self) -> &[OrderRefund] {
        &self.refunds
    }

    /// When it was made, and its place in the order of arrival.
    pub(crate) fn moment(&self, order: usize) -> (Timestamp, u64) {
        let (told, hit) = self.told(order);
        (Timestamp(told.time(hit)), told.sequence(hit))
    }

    pub(crate) fn visitor(&self, order: usize) -> VisitorKey {
        let (told, hit) = self.told(order);
        told.visitor(hit)
    }

    pub(crate) fn id(&self, order: usize) -> &str {
        let (told, hit) = self.told(order);
        told.id.get(hit).unwrap_or("")
    }

    /// What it is worth to its customer's.
    pub(super) fn value(&self, order: usize) -> i128 {
        let refunds = self.refunds[self.refunds_of(order)].iter();
        let amounts = refunds.filter_map(|refund| refund.amount);
        let refunded = amounts.fold(0, i128::saturating_add);
        let revenue = self.money(Money::Revenue).amount(order);
        revenue.saturating_sub(refunded)
    }

    /// The whole order but what its customer ever did. `label` is its customer's, and `visit` began
    /// where it belongs to one.
    pub(super) fn order(
        &self,
        order: usize,
        label: &Value,
        visit: Option<Timestamp>,
        last_page: &mut LastPage,
    ) -> Order {
        let (told, hit) = self.told(order);
        let fields = told.fields(hit);
        let id = fields.id.clone().unwrap_or_default();
        let visitor = told.visitor(hit);
        let rows = told
            .items
            .of(hit)
            .map(|row| with_defaults(&told.items.product(row)));
        let fact = self.fact(order);
        let time = Timestamp(told.time(hit));
        let [revenue, tax, shipping, shipping_net, discount] = fact.money;
        Order {
            time,
            sequence: told.sequence(hit),
            visitor,
            customer: match (fact.customer.kind, label) {
                (CustomerKind::User, Value::Text(label)) => Customer::of_user_label(label),
                (CustomerKind::Visitor, _) => Customer::Visitor(visitor),
                _ => Customer::Unknown(id.clone()),
            },
            id,
            visit,
            exclusion: fact.exclusion,
            page: told.page_of(hit, last_page),
            state: fact.state,
            history: fact.history.unwrap_or_else(|| vec![(time, fact.state)]),
            fields,
            revenue,
            tax,
            shipping,
            shipping_net,
            discount,
            rows: rows.collect(),
            row_amounts: fact.row_amounts,
            refunds: fact.refunds,
            is_first: false,
            customer_orders: 0,
            customer_value: 0,
            customer_since: None,
            since_first_visit: fact.since_first_visit,
            visits_so_far: fact.visits_so_far.and_then(|it| u32::try_from(it).ok()),
            since_campaign: fact.since_campaign,
        }
    }
}

fn known(numbers: &[i64]) -> impl Iterator<Item = Option<i64>> + Clone {
    numbers
        .iter()
        .map(|number| (*number != NOTHING).then_some(*number))
}
