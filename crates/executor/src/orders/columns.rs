//! Orders as tables beside those of their image.

use std::hash::{BuildHasher, Hash};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use afsa_store::{Customer, Dimension, Measure, Order};
use hashbrown::{DefaultHashBuilder, HashMap};

use super::amounts::{self, Exact};
use super::values;
use crate::bits::Bits;
use crate::image::{Codes, Instants, Offsets, Thing, Vocabulary};
use crate::names::{Names, ToldName};

/// An order and the scene that it belongs to.
#[derive(Clone, PartialEq)]
pub(crate) struct Placed {
    pub(crate) scene: usize,
    pub(crate) order: Arc<Order>,
    /// The row of its purchase among the hits, where it lies in the same scene.
    pub(crate) hit: Option<u32>,
    /// The site's own dimensions of its purchase.
    pub(crate) custom: Vec<(u8, Arc<str>)>,
}

/// The orders of the scenes of one part, by scene, time and arrival; their rows, refunds and rows
/// of refunds beside them, in the order of their orders.
pub(crate) struct PartOrders {
    placed: Vec<Placed>,
    tables: [OrderTable; 4],
    row_starts: Vec<u32>,
    codes: Mutex<HashMap<CodesKey, Arc<Codes>>>,
    coupons: Mutex<Option<Arc<Coupons>>>,
    amounts: Mutex<HashMap<Measure, Arc<Exact>>>,
    told_names: Mutex<Option<Arc<Vec<ToldName>>>>,
    by_id: OnceLock<Vec<(u64, u32)>>,
    by_customer: OnceLock<Vec<(u64, u32)>>,
    ordered: OnceLock<Bits>,
    cancelled: OnceLock<Bits>,
}

/// With the version of the names, where products are shown by them.
type CodesKey = (Thing, Dimension, u64);

/// Orders, or things that orders have.
pub(crate) struct OrderTable {
    pub(crate) offsets: Offsets,
    /// The order of each.
    pub(crate) order_of: Vec<u32>,
    pub(crate) times: Instants,
}

/// The coupons of each order: its own and its rows', each once; null where there is none.
pub(crate) struct Coupons {
    pub(crate) starts: Vec<u32>,
    pub(crate) codes: Vec<u32>,
}

impl Coupons {
    pub(crate) fn of(&self, order: usize) -> &[u32] {
        &self.codes[self.starts[order] as usize..self.starts[order + 1] as usize]
    }
}

impl OrderTable {
    /// `times_of` adds the time of each thing that an order has.
    fn new(
        scenes: usize,
        placed: &[Placed],
        times_of: impl Fn(&Order, &mut Vec<i64>),
    ) -> OrderTable {
        let mut has = Bits::zeros(scenes);
        let (mut starts, mut order_of, mut times) = (Vec::new(), Vec::new(), Vec::new());
        for (at, placed) in placed.iter().enumerate() {
            let before = times.len();
            times_of(&placed.order, &mut times);
            if times.len() == before {
                continue;
            }
            if !has.get(placed.scene) {
                has.set(placed.scene);
                starts.push(before as u32);
            }
            order_of.resize(times.len(), at as u32);
        }
        starts.push(times.len() as u32);
        OrderTable {
            offsets: Offsets::sparse(has, starts),
            order_of,
            times: Instants::from_values(times),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.order_of.len()
    }
}

impl PartOrders {
    pub(crate) fn new(scenes: usize, mut placed: Vec<Placed>) -> PartOrders {
        placed.sort_by_key(|it| (it.scene, it.order.time, it.order.sequence));
        let orders = OrderTable::new(scenes, &placed, |order, times| times.push(order.time.0));
        let rows = OrderTable::new(scenes, &placed, |order, times| {
            times.extend(order.rows.iter().map(|_| order.time.0));
        });
        let refunds = OrderTable::new(scenes, &placed, |order, times| {
            times.extend(order.refunds.iter().map(|refund| refund.time.0));
        });
        let refund_rows = OrderTable::new(scenes, &placed, |order, times| {
            for refund in &order.refunds {
                times.extend(refund.rows.iter().map(|_| refund.time.0));
            }
        });
        let mut row_starts = vec![0];
        let mut end = 0;
        for placed in &placed {
            end += placed.order.rows.len() as u32;
            row_starts.push(end);
        }
        PartOrders {
            placed,
            tables: [orders, rows, refunds, refund_rows],
            row_starts,
            codes: Mutex::default(),
            coupons: Mutex::default(),
            amounts: Mutex::default(),
            told_names: Mutex::default(),
            by_id: OnceLock::new(),
            by_customer: OnceLock::new(),
            ordered: OnceLock::new(),
            cancelled: OnceLock::new(),
        }
    }

    /// The orders that are cancelled.
    pub(crate) fn cancelled(&self) -> &Bits {
        self.cancelled
            .get_or_init(|| Bits::from_fn(self.len(), |order| self.is_cancelled(order)))
    }

    /// The scenes with an order that isn't cancelled.
    pub(crate) fn ordered(&self) -> &Bits {
        self.ordered.get_or_init(|| {
            let mut scenes = Bits::zeros(self.table(Thing::Order).offsets.scenes());
            for (order, placed) in self.placed.iter().enumerate() {
                if !self.is_cancelled(order) {
                    scenes.set(placed.scene);
                }
            }
            scenes
        })
    }

    /// How many orders there are.
    pub(crate) fn len(&self) -> usize {
        self.placed.len()
    }

    /// The table of things of this kind; of those that orders don't have, the orders themselves.
    pub(crate) fn table(&self, thing: Thing) -> &OrderTable {
        let [orders, rows, refunds, refund_rows] = &self.tables;
        match thing {
            Thing::OrderRow => rows,
            Thing::Refund => refunds,
            Thing::RefundRow => refund_rows,
            _ => orders,
        }
    }

    /// The orders of this part with their scenes.
    pub(crate) fn placed(&self) -> &[Placed] {
        &self.placed
    }

    /// The orders of a scene; none where this part has no orders at all.
    pub(crate) fn of_scene(&self, scene: usize) -> std::ops::Range<usize> {
        if self.placed.is_empty() {
            return 0..0;
        }
        self.table(Thing::Order).offsets.of(scene)
    }

    /// The order of this id.
    pub(crate) fn find(&self, id: &str) -> Option<usize> {
        let index = self
            .by_id
            .get_or_init(|| self.index(|order| hash_of(&*order.id)));
        let mut found = places_of(index, hash_of(id));
        found.find(|order| *self.order(*order).id == *id)
    }

    /// The orders of a customer.
    pub(crate) fn of_customer<'a>(
        &'a self,
        customer: &'a Customer,
    ) -> impl Iterator<Item = usize> + 'a {
        let index = self
            .by_customer
            .get_or_init(|| self.index(|order| hash_of(&order.customer)));
        let found = places_of(index, hash_of(customer));
        found.filter(|order| self.order(*order).customer == *customer)
    }

    fn index(&self, hash_of: impl Fn(&Order) -> u64) -> Vec<(u64, u32)> {
        let hashes = self.orders().map(|order| hash_of(order));
        let mut index: Vec<(u64, u32)> = hashes.zip(0..).collect();
        index.sort_unstable();
        index
    }

    pub(crate) fn order(&self, order: usize) -> &Arc<Order> {
        &self.placed[order].order
    }

    pub(crate) fn orders(&self) -> impl Iterator<Item = &Arc<Order>> {
        self.placed.iter().map(|placed| &placed.order)
    }

    /// The order that the thing at this place of its table is, or is of.
    pub(crate) fn order_of(&self, thing: Thing, at: usize) -> usize {
        self.table(thing).order_of[at] as usize
    }

    /// The row of its purchase among the hits, where it lies in the same scene.
    pub(crate) fn hit_of(&self, order: usize) -> Option<usize> {
        self.placed[order].hit.map(|hit| hit as usize)
    }

    pub(crate) fn is_cancelled(&self, order: usize) -> bool {
        self.order(order).is_cancelled()
    }

    pub(crate) fn rows_of(&self, order: usize) -> std::ops::Range<usize> {
        self.row_starts[order] as usize..self.row_starts[order + 1] as usize
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
            None => values::codes(&self.placed, thing, dimension, vocabulary),
        };
        let codes = Arc::new(codes);
        let mut kept = lock(&self.codes);
        // Names of an earlier version are asked for no more.
        kept.retain(|(thing_kept, kept, version), _| {
            (*thing_kept, *kept) != (thing, dimension) || *version == key.2
        });
        kept.entry(key).or_insert(codes).clone()
    }

    /// What the things that a measure counts add to it.
    pub(crate) fn amounts(&self, measure: Measure) -> Arc<Exact> {
        if let Some(known) = lock(&self.amounts).get(&measure) {
            return known.clone();
        }
        let orders = self.orders().map(|order| &**order);
        let amounts = Arc::new(amounts::amounts(measure, orders));
        lock(&self.amounts)
            .entry(measure)
            .or_insert(amounts)
            .clone()
    }

    pub(crate) fn coupons(&self, vocabulary: &Vocabulary) -> Arc<Coupons> {
        let mut kept = lock(&self.coupons);
        kept.get_or_insert_with(|| Arc::new(values::coupons(&self.placed, vocabulary)))
            .clone()
    }

    /// What the rows of the orders called their products last.
    pub(crate) fn told_names(&self, vocabulary: &Vocabulary) -> Arc<Vec<ToldName>> {
        let mut kept = lock(&self.told_names);
        kept.get_or_insert_with(|| Arc::new(values::told_names(&self.placed, vocabulary)))
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
