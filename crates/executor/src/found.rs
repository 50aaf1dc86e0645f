//! What was found in one shard for one question, kept as long as nothing in the shard changes.

use std::sync::{Arc, Weak};

use afsa_model::{TimeRange, Timestamp};
use afsa_store::{Dimension, Measure, Question, Traffic};

use crate::image::Loaded;
use crate::orders::PartOrders;
use crate::pass::Partial;
use crate::world::Needs;

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
    /// The orders of each image, where the question needs any.
    orders: Option<Vec<Weak<PartOrders>>>,
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
        orders: &[Arc<PartOrders>],
        needs: &Needs,
    ) -> Found {
        let orders = needs
            .orders
            .then(|| orders.iter().map(Arc::downgrade).collect());
        Found {
            partial,
            codes,
            orders,
        }
    }

    /// Whether the images had the same orders.
    pub(crate) fn still_holds(&self, orders: &[Arc<PartOrders>]) -> bool {
        self.orders.as_ref().is_none_or(|known| {
            known.len() == orders.len()
                && known
                    .iter()
                    .zip(orders)
                    .all(|(one, other)| one.as_ptr() == Arc::as_ptr(other))
        })
    }

    pub(crate) fn is_kept(&self) -> bool {
        self.bytes() <= GREATEST
    }
}

impl Loaded for Found {
    fn bytes(&self) -> usize {
        self.partial.bytes() + 256
    }
}
