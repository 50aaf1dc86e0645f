//! What was found for one question, in one shard or in all of them, kept as long as nothing there
//! changes.

use std::sync::{Arc, Weak};

use afsa_model::{TimeRange, Timestamp};
use afsa_store::{Dimension, Measure, Question, Traffic};

use crate::Shard;
use crate::execute::Basis;
use crate::image::Loaded;
use crate::names::Names;
use crate::orders::{Carts, Customers, PartOrders};
use crate::pass::{Cells, Partial};
use crate::world::{Needs, Place};

/// A question by its content.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct QuestionKey {
    range: TimeRange,
    traffic: Traffic,
    measures: Vec<Measure>,
    dimensions: Vec<Dimension>,
    time_axes: Vec<Arc<[Timestamp]>>,
    zone: Arc<[(Timestamp, i32)]>,
    /// The filter and goals, written out.
    conditions: Arc<str>,
}

/// What was found in a shard, with what it was found under.
pub(crate) struct Found {
    pub(crate) partial: Partial,
    /// How many codes each dimension had, of which the keys are made.
    pub(crate) codes: Vec<u32>,
    under: Under,
}

/// What was found in all shards, added up.
///
/// Shards with many groups, or with customers who occur in several, take longer to add up than to
/// ask.
pub(crate) struct Settled {
    pub(crate) cells: Cells,
    /// How many codes each dimension had, of which the keys are made.
    pub(crate) codes: Vec<u32>,
    shards: Vec<(Weak<Shard>, Under)>,
    /// The orders of no visit and the customers, where the question needs any.
    orders: Option<(Weak<PartOrders>, Weak<Customers>)>,
}

/// What lies beside the images of one shard, as far as a question needs it.
#[derive(Default)]
struct Under {
    /// Of each image.
    orders: Option<Vec<Weak<PartOrders>>>,
    carts: Option<Vec<Weak<Carts>>>,
    names: Option<Weak<Names>>,
}

/// Conditions longer than this are not kept.
const LONGEST_CONDITIONS: usize = 64 << 10;
/// Greater answers are found anew, so that one of them doesn't drive all others out.
const GREATEST: usize = 8 << 20;
/// The same of answers that were added up.
const GREATEST_SETTLED: usize = 64 << 20;

impl QuestionKey {
    /// `measures` are those of the question, each once. `None` where the question is too long.
    pub(crate) fn of(
        question: &Question,
        measures: &[Measure],
        needs: &Needs,
    ) -> Option<QuestionKey> {
        let goals = if needs.goals {
            question.goals.as_slice()
        } else {
            &[]
        };
        let conditions = match (&question.filter, goals) {
            (None, []) => String::new(),
            conditions => format!("{conditions:?}"),
        };
        (conditions.len() <= LONGEST_CONDITIONS).then(|| QuestionKey {
            range: *question.range,
            traffic: question.traffic,
            measures: measures.to_vec(),
            dimensions: question.dimensions.clone(),
            time_axes: question.time_axes.clone(),
            zone: question.zone.0.clone(),
            conditions: conditions.into(),
        })
    }
}

impl Found {
    pub(crate) fn new(partial: Partial, codes: Vec<u32>, place: &Place, basis: &Basis) -> Found {
        Found {
            partial,
            codes,
            under: Under::of(place, basis),
        }
    }

    /// Of the orders of no visit, which aren't kept.
    pub(crate) fn of_lone(partial: Partial, codes: Vec<u32>) -> Found {
        Found {
            partial,
            codes,
            under: Under::default(),
        }
    }

    /// Whether the images had the same orders and carts, and products the same names.
    pub(crate) fn still_holds(&self, place: &Place, basis: &Basis) -> bool {
        self.under.still_holds(place, basis)
    }

    pub(crate) fn is_kept(&self) -> bool {
        self.bytes() <= GREATEST
    }
}

impl Settled {
    pub(crate) fn new(cells: Cells, codes: Vec<u32>, basis: &Basis) -> Settled {
        let shard = |place: &Place| (Arc::downgrade(&place.shard), Under::of(place, basis));
        let orders = || {
            (
                Arc::downgrade(&basis.lone),
                Arc::downgrade(&basis.customers),
            )
        };
        Settled {
            cells,
            codes,
            shards: basis.places.iter().map(shard).collect(),
            orders: basis.needs.orders.then(orders),
        }
    }

    /// Whether nothing is other than it was.
    pub(crate) fn still_holds(&self, basis: &Basis) -> bool {
        let is_same = |((shard, under), place): (&(Weak<Shard>, Under), &Place)| {
            shard.as_ptr() == Arc::as_ptr(&place.shard) && under.still_holds(place, basis)
        };
        let orders = self.orders.as_ref();
        self.shards.len() == basis.places.len()
            && self.shards.iter().zip(&basis.places).all(is_same)
            && orders.is_none_or(|(lone, customers)| {
                lone.as_ptr() == Arc::as_ptr(&basis.lone)
                    && customers.as_ptr() == Arc::as_ptr(&basis.customers)
            })
    }

    pub(crate) fn is_kept(&self) -> bool {
        self.bytes() <= GREATEST_SETTLED
    }
}

impl Under {
    fn of(place: &Place, basis: &Basis) -> Under {
        let orders = || place.orders.iter().map(Arc::downgrade).collect();
        let carts = || place.carts.iter().flatten().map(Arc::downgrade).collect();
        Under {
            orders: basis.needs.orders.then(orders),
            carts: basis.needs.carts.then(carts),
            names: basis.names.as_ref().map(Arc::downgrade),
        }
    }

    fn still_holds(&self, place: &Place, basis: &Basis) -> bool {
        let has_names = match (&self.names, &basis.names) {
            (Some(known), Some(names)) => known.as_ptr() == Arc::as_ptr(names),
            (known, names) => known.is_none() && names.is_none(),
        };
        has_names
            && are_same(self.orders.as_deref(), place.orders.iter())
            && are_same(self.carts.as_deref(), place.carts.iter().flatten())
    }
}

/// Whether these are the very same; nothing known is nothing to compare.
fn are_same<'a, T: 'a>(
    known: Option<&[Weak<T>]>,
    others: impl Iterator<Item = &'a Arc<T>>,
) -> bool {
    let is_same = |(known, other): (&Weak<T>, &Arc<T>)| known.as_ptr() == Arc::as_ptr(other);
    known.is_none_or(|known| {
        let others: Vec<&Arc<T>> = others.collect();
        known.len() == others.len() && known.iter().zip(others).all(is_same)
    })
}

impl Loaded for Settled {
    fn bytes(&self) -> usize {
        self.cells.bytes() + self.shards.len() * 64 + 256
    }
}

impl Loaded for Found {
    fn bytes(&self) -> usize {
        self.partial.bytes() + 256
    }
}
