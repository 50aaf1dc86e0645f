//! What was found in one shard for one question, kept as long as nothing in the shard changes.

use std::sync::{Arc, Weak};

use afsa_model::{TimeRange, Timestamp};
use afsa_store::{Dimension, Measure, Question, Traffic};

use crate::image::Loaded;
use crate::names::Names;
use crate::orders::{Carts, PartOrders};
use crate::pass::Partial;
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

/// What was found, with what it was found under.
pub(crate) struct Found {
    pub(crate) partial: Partial,
    /// How many codes each dimension had, of which the keys are made.
    pub(crate) codes: Vec<u32>,
    /// Of each image, where the question needs any.
    orders: Option<Vec<Weak<PartOrders>>>,
    carts: Option<Vec<Weak<Carts>>>,
    names: Option<Weak<Names>>,
}

/// Conditions longer than this are not kept.
const LONGEST_CONDITIONS: usize = 64 << 10;
/// Greater answers are found anew, so that one of them doesn't drive all others out.
const GREATEST: usize = 8 << 20;

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
    pub(crate) fn new(
        partial: Partial,
        codes: Vec<u32>,
        place: &Place,
        names: Option<&Arc<Names>>,
        needs: &Needs,
    ) -> Found {
        let orders = || place.orders.iter().map(Arc::downgrade).collect();
        let carts = || place.carts.iter().flatten().map(Arc::downgrade).collect();
        Found {
            partial,
            codes,
            orders: needs.orders.then(orders),
            carts: needs.carts.then(carts),
            names: names.map(Arc::downgrade),
        }
    }

    /// Of the orders of no visit, which aren't kept.
    pub(crate) fn of_lone(partial: Partial, codes: Vec<u32>) -> Found {
        Found {
            partial,
            codes,
            orders: None,
            carts: None,
            names: None,
        }
    }

    /// Whether the images had the same orders and carts, and products the same names.
    pub(crate) fn still_holds(&self, place: &Place, names: Option<&Arc<Names>>) -> bool {
        let has_names = match (&self.names, names) {
            (Some(known), Some(names)) => known.as_ptr() == Arc::as_ptr(names),
            (known, names) => known.is_none() && names.is_none(),
        };
        has_names
            && are_same(self.orders.as_deref(), place.orders.iter())
            && are_same(self.carts.as_deref(), place.carts.iter().flatten())
    }

    pub(crate) fn is_kept(&self) -> bool {
        self.bytes() <= GREATEST
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

impl Loaded for Found {
    fn bytes(&self) -> usize {
        self.partial.bytes() + 256
    }
}
