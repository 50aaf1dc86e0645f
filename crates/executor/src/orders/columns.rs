//! Orders as tables beside those of their image.

use std::hash::{BuildHasher, Hash};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use afsa_model::{TimeRange, Timestamp, VisitorKey};
use afsa_store::{Dimension, Measure, Order, Sale, Sales};
use hashbrown::{DefaultHashBuilder, HashMap};

use super::amounts::Exact;
use super::customers::Customers;
use super::facts::{Facts, Money};
use super::gather::LastPage;
use super::values;
use crate::bits::Bits;
use crate::image::{Amounts, Budget, Codes, Instants, Offsets, Pinned, Thing, Vocabulary};
use crate::names::{Names, ToldName};

/// The orders of the scenes of one part, by scene, time and arrival; their rows, refunds and rows
/// of refunds beside them, in the order of their orders.
pub(crate) struct PartOrders {
    facts: Arc<Facts>,
    tables: Arc<[OrderTable; 4]>,
    /// When the scenes of the part began; there are none for orders of no visit.
    starts: Option<Arc<Instants>>,
    /// Customers' first orders.
    first: Arc<Bits>,
    codes: Mutex<HashMap<CodesKey, Arc<Codes>>>,
    coupons: Mutex<Option<Arc<Coupons>>>,
    amounts: Mutex<HashMap<Measure, OrderAmounts>>,
    told_names: Mutex<Option<Arc<Vec<ToldName>>>>,
    by_id: OnceLock<Vec<(u64, u32)>>,
    by_customer: OnceLock<Vec<(u32, u32)>>,
    repeated: OnceLock<Arc<Bits>>,
    ordered: OnceLock<Arc<Bits>>,
    cancelled: OnceLock<Bits>,
    /// What it takes of the bound on memory.
    budget: Option<Arc<Budget>>,
    pinned: Mutex<Vec<Pinned>>,
}

/// With the version of the names, where products are shown by them.
type CodesKey = (Thing, Dimension, u64);

/// Orders, or things that orders have.
pub(crate) struct OrderTable {
    pub(crate) offsets: Offsets,
    /// The order of each.
    pub(crate) order_of: Vec<u32>,
    times: Moments,
}

enum Moments {
    Own(Instants),
    /// They were when their order was.
    OfOrders,
}

/// The coupons of each order: its own and its rows', each once; null where there is none.
pub(crate) struct Coupons {
    pub(crate) starts: Vec<u32>,
    pub(crate) codes: Vec<u32>,
}

/// What the things that a measure counts add to it.
#[derive(Clone)]
pub(crate) enum OrderAmounts {
    Money(Arc<Exact>),
    /// As numbers of milliseconds, visits or millionths of a piece.
    Numbers(Arc<Amounts>),
    /// 1 for these.
    These(Arc<Bits>),
}

impl Coupons {
    pub(crate) fn of(&self, order: usize) -> &[u32] {
        &self.codes[self.starts[order] as usize..self.starts[order + 1] as usize]
    }
}

impl OrderTable {
    /// `things` tells how many things of the table an order has.
    fn new(
        scenes: usize,
        facts: &Facts,
        times: Moments,
        things: impl Fn(usize) -> usize,
    ) -> OrderTable {
        let mut has = Bits::zeros(scenes);
        let (mut starts, mut order_of) = (Vec::new(), Vec::new());
        for order in 0..facts.len() {
            let (before, count) = (order_of.len(), things(order));
            if count == 0 {
                continue;
            }
            let scene = facts.scene(order);
            if !has.get(scene) {
                has.set(scene);
                starts.push(before as u32);
            }
            order_of.resize(before + count, order as u32);
        }
        starts.push(order_of.len() as u32);
        order_of.shrink_to_fit();
        OrderTable {
            offsets: Offsets::sparse(has, starts),
            order_of,
            times,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.order_of.len()
    }

    fn bytes(&self) -> usize {
        let times = match &self.times {
            Moments::Own(times) => times.bytes(),
            Moments::OfOrders => 0,
        };
        self.offsets.bytes() + self.order_of.len() * 4 + times
    }
}

impl OrderAmounts {
    /// Of what was made for it.
    fn bytes(&self) -> usize {
        match self {
            OrderAmounts::Numbers(numbers) => numbers.bytes(),
            OrderAmounts::Money(_) | OrderAmounts::These(_) => 0,
        }
    }
}

impl PartOrders {
    /// `facts` stand by scene, time and arrival; `starts` are those of the part's scenes.
    pub(super) fn new(
        scenes: usize,
        starts: Option<Arc<Instants>>,
        facts: Facts,
        customers: &Customers,
        budget: Option<Arc<Budget>>,
    ) -> PartOrders {
        let own = |times: Vec<i64>| Moments::Own(Instants::from_values(times));
        let of_orders = (0..facts.len())
            .map(|order| facts.moment(order).0.0)
            .collect();
        let refunds = facts.refunds().iter();
        let of_refunds = refunds.clone().map(|refund| refund.time.0).collect();
        let rows = |refund: usize| facts.refunds()[refund].rows.len();
        let of_refund_rows = refunds
            .flat_map(|refund| std::iter::repeat_n(refund.time.0, refund.rows.len()))
            .collect();
        let table =
            |times, things: &dyn Fn(usize) -> usize| OrderTable::new(scenes, &facts, times, things);
        let tables = [
            table(own(of_orders), &|_| 1),
            table(Moments::OfOrders, &|order| facts.rows_of(order).len()),
            table(own(of_refunds), &|order| facts.refunds_of(order).len()),
            table(own(of_refund_rows), &|order| {
                facts.refunds_of(order).map(rows).sum()
            }),
        ];
        PartOrders::of(Arc::new(facts), Arc::new(tables), starts, customers, budget)
    }

    /// No orders.
    pub(super) fn none() -> PartOrders {
        PartOrders::new(0, None, Facts::new(Vec::new()), &Customers::default(), None)
    }

    /// The same orders, of customers of whom something else is known.
    pub(super) fn with_customers(&self, customers: &Customers) -> PartOrders {
        let (facts, tables) = (self.facts.clone(), self.tables.clone());
        let budget = self.budget.clone();
        PartOrders::of(facts, tables, self.starts.clone(), customers, budget)
    }

    fn of(
        facts: Arc<Facts>,
        tables: Arc<[OrderTable; 4]>,
        starts: Option<Arc<Instants>>,
        customers: &Customers,
        budget: Option<Arc<Budget>>,
    ) -> PartOrders {
        let first = Bits::from_fn(facts.len(), |order| customers.is_first(&facts, order));
        let of_tables: usize = tables.iter().map(OrderTable::bytes).sum();
        let bytes = facts.bytes() + of_tables;
        let orders = PartOrders {
            facts,
            tables,
            starts,
            first: Arc::new(first),
            codes: Mutex::default(),
            coupons: Mutex::default(),
            amounts: Mutex::default(),
            told_names: Mutex::default(),
            by_id: OnceLock::new(),
            by_customer: OnceLock::new(),
            repeated: OnceLock::new(),
            ordered: OnceLock::new(),
            cancelled: OnceLock::new(),
            budget,
            pinned: Mutex::default(),
        };
        orders.pin(bytes);
        orders
    }

    /// Takes so much of the bound on memory.
    fn pin(&self, bytes: usize) {
        if let Some(budget) = self.budget.as_ref().filter(|_| bytes > 0) {
            let pinned = Pinned::new(budget, bytes);
            lock(&self.pinned).push(pinned);
        }
    }

    pub(super) fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The orders that are cancelled.
    pub(crate) fn cancelled(&self) -> &Bits {
        self.cancelled
            .get_or_init(|| Bits::from_fn(self.len(), |order| self.is_cancelled(order)))
    }

    /// The scenes with an order that isn't cancelled.
    pub(crate) fn ordered(&self) -> &Arc<Bits> {
        self.ordered.get_or_init(|| {
            let mut scenes = Bits::zeros(self.table(Thing::Order).offsets.scenes());
            for order in 0..self.len() {
                if !self.is_cancelled(order) {
                    scenes.set(self.facts.scene(order));
                }
            }
            Arc::new(scenes)
        })
    }

    /// The rows whose product has another row in its order; `skus` tell the products of all rows.
    pub(crate) fn repeated(&self, skus: &Codes) -> Arc<Bits> {
        let repeated = self.repeated.get_or_init(|| {
            let mut repeated = Bits::zeros(skus.len());
            let mut products: Vec<(u32, usize)> = Vec::new();
            for order in 0..self.len() {
                products.clear();
                products.extend(self.rows_of(order).map(|row| (skus.get(row), row)));
                products.sort_unstable();
                for same in products.chunk_by(|(one, _), (other, _)| one == other) {
                    if same.len() > 1 {
                        same.iter().for_each(|(_, row)| repeated.set(*row));
                    }
                }
            }
            Arc::new(repeated)
        });
        repeated.clone()
    }

    /// Customers' first orders.
    pub(crate) fn first(&self) -> &Bits {
        &self.first
    }

    /// How many orders there are.
    pub(crate) fn len(&self) -> usize {
        self.facts.len()
    }

    /// The table of things of this kind; of those that orders don't have, the orders themselves.
    pub(crate) fn table(&self, thing: Thing) -> &OrderTable {
        let [orders, rows, refunds, refund_rows] = &*self.tables;
        match thing {
            Thing::OrderRow => rows,
            Thing::Refund => refunds,
            Thing::RefundRow => refund_rows,
            _ => orders,
        }
    }

    /// When a thing of this kind was, in milliseconds since 1970.
    #[inline]
    pub(crate) fn time(&self, thing: Thing, at: usize) -> i64 {
        let table = self.table(thing);
        match &table.times {
            Moments::Own(times) => times.get(at),
            Moments::OfOrders => self.time(Thing::Order, table.order_of[at] as usize),
        }
    }

    /// The things of this kind that were in the range.
    pub(crate) fn within(&self, thing: Thing, range: TimeRange) -> Bits {
        match &self.table(thing).times {
            Moments::Own(times) => times.within(range),
            Moments::OfOrders => self.things_of(thing, &self.within(Thing::Order, range)),
        }
    }

    /// The things of this kind that these orders have.
    pub(crate) fn things_of(&self, thing: Thing, orders: &Bits) -> Bits {
        let mut things = Bits::zeros(self.table(thing).len());
        if thing == Thing::OrderRow {
            for run in orders.runs() {
                things.set_range(self.row_start(run.start), self.row_start(run.end));
            }
            return things;
        }
        for (at, order) in self.table(thing).order_of.iter().enumerate() {
            if orders.get(*order as usize) {
                things.set(at);
            }
        }
        things
    }

    /// Where the rows of an order begin; of the one past the last, the end.
    fn row_start(&self, order: usize) -> usize {
        match order.checked_sub(1) {
            Some(before) => self.rows_of(before).end,
            None => 0,
        }
    }

    /// The orders of a scene; none where this part has no orders at all.
    pub(crate) fn of_scene(&self, scene: usize) -> std::ops::Range<usize> {
        if self.len() == 0 {
            return 0..0;
        }
        self.table(Thing::Order).offsets.of(scene)
    }

    /// The order of this id.
    pub(super) fn find(&self, id: &str) -> Option<usize> {
        let index = self.by_id.get_or_init(|| {
            let hash = |order| {
                let (told, hit) = self.facts.told(order);
                told.id_hash(hit)
            };
            let mut index: Vec<(u64, u32)> = (0..self.len()).map(hash).zip(0..).collect();
            index.sort_unstable();
            index
        });
        let mut found = places_of(index, hash_of(id));
        found.find(|order| self.facts.id(*order) == id)
    }

    /// The orders of a customer, by the code of his label.
    pub(super) fn of_customer(&self, customer: u32) -> impl Iterator<Item = usize> + '_ {
        let index = self.by_customer.get_or_init(|| {
            let codes = (0..self.len()).map(|order| self.facts.customer(order).code);
            let mut index: Vec<(u32, u32)> = codes.zip(0..).collect();
            index.sort_unstable();
            index
        });
        let from = index.partition_point(|(code, _)| *code < customer);
        let same = index[from..]
            .iter()
            .take_while(move |(code, _)| *code == customer);
        same.map(|(_, order)| *order as usize)
    }

    /// When it was made, and its place in the order of arrival.
    pub(crate) fn moment(&self, order: usize) -> (Timestamp, u64) {
        self.facts.moment(order)
    }

    pub(crate) fn id(&self, order: usize) -> &str {
        self.facts.id(order)
    }

    pub(crate) fn visitor(&self, order: usize) -> VisitorKey {
        self.facts.visitor(order)
    }

    pub(crate) fn is_excluded(&self, order: usize) -> bool {
        self.facts.is_excluded(order)
    }

    /// The order as a whole.
    pub(crate) fn order(
        &self,
        order: usize,
        customers: &Customers,
        vocabulary: &Vocabulary,
        last_page: &mut LastPage,
    ) -> Order {
        let starts = self.starts.as_ref();
        let visit = starts.map(|starts| Timestamp(starts.get(self.facts.scene(order))));
        let code = self.facts.customer(order).code;
        let labels = vocabulary.of(Dimension::Customer);
        let labels = labels.read();
        let whole = self
            .facts
            .order(order, labels.value_of(code), visit, last_page);
        let customer = customers.get(code, self.is_excluded(order));
        Order {
            is_first: self.first.get(order),
            customer_orders: customer.orders,
            customer_value: customer.value,
            customer_since: (customer.orders > 0).then_some(customer.first.0),
            ..whole
        }
    }

    /// These orders but for cancelled ones, as figures need them. The customers' numbers are codes of
    /// the vocabulary.
    pub(crate) fn sales(&self, orders: &Bits, customers: &Customers) -> Sales {
        let facts = &self.facts;
        let amount = |money: Money, order| facts.money(money).amount(order);
        let mut part = Sales::default();
        for order in orders.ones_in(0, orders.len()) {
            if facts.is_cancelled(order) {
                continue;
            }
            let customer = facts.customer(order).code;
            part.customers = part.customers.max(customer.saturating_add(1));
            let is_excluded = facts.is_excluded(order);
            let from = part.refunds.len() as u32;
            let refunds = facts.refunds()[facts.refunds_of(order)].iter();
            let told = refunds.map(|refund| (refund.time, refund.amount.unwrap_or(0)));
            part.refunds.extend(told);
            let [tax, shipping] = [Money::Tax, Money::ShippingNet].map(|it| amount(it, order));
            part.sales.push(Sale {
                id: facts.id(order).into(),
                time: facts.moment(order).0,
                visitor: facts.visitor(order),
                is_excluded,
                customer,
                customer_since: customers.get(customer, is_excluded).first.0,
                revenue: amount(Money::Revenue, order),
                costs: tax.saturating_add(shipping),
                refunds: from..part.refunds.len() as u32,
            });
        }
        part
    }

    /// The order that the thing at this place of its table is, or is of.
    pub(crate) fn order_of(&self, thing: Thing, at: usize) -> usize {
        self.table(thing).order_of[at] as usize
    }

    /// The row of its purchase among the hits, where it lies in the same scene.
    pub(crate) fn hit_of(&self, order: usize) -> Option<usize> {
        let (told, hit) = self.facts.told(order);
        let is_there = self.facts.is_told_there(order);
        is_there.then(|| told.row(hit) as usize)
    }

    pub(crate) fn is_cancelled(&self, order: usize) -> bool {
        self.facts.is_cancelled(order)
    }

    pub(crate) fn rows_of(&self, order: usize) -> std::ops::Range<usize> {
        self.facts.rows_of(order)
    }

    /// What it came to, in 10⁻¹² of the account's currency.
    pub(crate) fn revenue(&self, order: usize) -> i128 {
        self.facts.money(Money::Revenue).amount(order)
    }

    /// The codes of a dimension that orders, or what they have, have one value of. `names` are
    /// there where products are shown by them.
    pub(crate) fn codes(
        &self,
        thing: Thing,
        dimension: Dimension,
        vocabulary: &Vocabulary,
        names: Option<&Names>,
    ) -> Arc<Codes> {
        let names = names.filter(|_| dimension == Dimension::Product);
        let key = (thing, dimension, names.map_or(0, |names| names.version()));
        if let Some(known) = lock(&self.codes).get(&key) {
            return known.clone();
        }
        let codes = match names {
            Some(names) => names.codes(&self.codes(thing, Dimension::ProductSku, vocabulary, None)),
            None => values::codes(self, thing, dimension, vocabulary),
        };
        self.pin(codes.bytes());
        let codes = Arc::new(codes);
        let mut kept = lock(&self.codes);
        // Names of an earlier version are asked for no more.
        kept.retain(|(thing_kept, kept, version), _| {
            (*thing_kept, *kept) != (thing, dimension) || *version == key.2
        });
        kept.entry(key).or_insert(codes).clone()
    }

    /// What the things that a measure counts add to it, of measures that add up.
    pub(crate) fn amounts(&self, measure: Measure) -> OrderAmounts {
        if let Some(known) = lock(&self.amounts).get(&measure) {
            return known.clone();
        }
        let amounts = values::amounts(self, measure);
        self.pin(amounts.bytes());
        lock(&self.amounts)
            .entry(measure)
            .or_insert(amounts)
            .clone()
    }

    pub(super) fn first_orders(&self) -> &Arc<Bits> {
        &self.first
    }

    pub(crate) fn coupons(&self, vocabulary: &Vocabulary) -> Arc<Coupons> {
        let mut kept = lock(&self.coupons);
        kept.get_or_insert_with(|| Arc::new(values::coupons(&self.facts, vocabulary)))
            .clone()
    }

    /// What the rows of the orders called their products last.
    pub(crate) fn told_names(&self, vocabulary: &Vocabulary) -> Arc<Vec<ToldName>> {
        let mut kept = lock(&self.told_names);
        kept.get_or_insert_with(|| Arc::new(values::told_names(self, vocabulary)))
            .clone()
    }
}

/// The same for the same value as long as the process lives; it decides nothing but speed.
pub(super) fn hash_of<T: Hash + ?Sized>(value: &T) -> u64 {
    static HASHER: OnceLock<DefaultHashBuilder> = OnceLock::new();
    HASHER
        .get_or_init(DefaultHashBuilder::default)
        .hash_one(value)
}

/// What an index of hashes has under this one.
pub(super) fn places_of(index: &[(u64, u32)], hash: u64) -> impl Iterator<Item = usize> + '_ {
    let from = index.partition_point(|(known, _)| *known < hash);
    let same = index[from..]
        .iter()
        .take_while(move |(known, _)| *known == hash);
    same.map(|(_, place)| *place as usize)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
