//! Everything that one question is asked of.

use std::collections::BTreeSet;
use std::sync::Arc;

use afsa_model::{TimeRange, Timestamp};
use afsa_store::{
    Condition, ConditionScope, Dimension, Filter, Kind, Measure, Question, StoreError,
};
use hashbrown::HashMap;
use rayon::prelude::*;

use crate::Shard;
use crate::goals::{Converted, converted};
use crate::image::{Codes, Ranks, Vocabulary};
use crate::key::{Clock, Meaning};
use crate::names::Names;
use crate::orders::{Carts, PartOrders};
use crate::part::Part;

/// The parts of the shards that are counted, and what is worked out once for all of them.
pub(crate) struct World<'q> {
    pub(crate) question: &'q Question,
    pub(crate) shards: Vec<Arc<Shard>>,
    /// The images of all shards in their order, then the orders of no visit.
    pub(crate) parts: Vec<Part>,
    pub(crate) clocks: HashMap<Dimension, Arc<Clock>>,
    pub(crate) goals: Vec<Converted>,
    goal_names: Arc<[Arc<str>]>,
    vocabulary: Arc<Vocabulary>,
    greatest_rank: u32,
}

/// A shard with what was worked out for each of its images.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) shard: Arc<Shard>,
    pub(crate) orders: Vec<Arc<PartOrders>>,
    /// Where the question needs them.
    pub(crate) carts: Vec<Option<Arc<Carts>>>,
}

/// The vocabulary that all images of an account share.
///
/// # Errors
/// If they don't.
pub(crate) fn vocabulary_of(shards: &[Arc<Shard>]) -> Result<Arc<Vocabulary>, StoreError> {
    let images = || shards.iter().flat_map(|shard| shard.images());
    let vocabulary = images().next().map(|image| image.vocabulary().clone());
    let vocabulary = vocabulary.unwrap_or_default();
    if images().any(|image| !Arc::ptr_eq(image.vocabulary(), &vocabulary)) {
        let problem = "the images of an account don't share one vocabulary";
        return Err(StoreError::Internal(problem.into()));
    }
    Ok(vocabulary)
}

impl<'q> World<'q> {
    /// `lone` are the orders of no visit.
    pub(crate) fn new(
        shards: Vec<Place>,
        lone: Arc<PartOrders>,
        names: Option<Arc<Names>>,
        vocabulary: Arc<Vocabulary>,
        needs: &Needs,
        question: &'q Question,
    ) -> Result<World<'q>, StoreError> {
        let orders = shards.iter().flat_map(|it| it.orders.clone());
        let carts = shards.iter().flat_map(|it| it.carts.clone());
        let (orders, carts): (Vec<_>, Vec<_>) = (orders.collect(), carts.collect());
        let shards: Vec<Arc<Shard>> = shards.into_iter().map(|it| it.shard).collect();
        let images = || shards.iter().flat_map(|shard| shard.images());
        let ranks: Vec<Option<Arc<Ranks>>> = if needs.ranks {
            let by_shard: Vec<_> = shards
                .par_iter()
                .map(|shard| shard.ranks())
                .collect::<Result<_, _>>()?;
            by_shard
                .iter()
                .flat_map(|ranks| ranks.iter().cloned().map(Some))
                .collect()
        } else {
            vec![None; images().count()]
        };
        let days: Vec<Option<Arc<Codes>>> = if needs.days {
            let by_shard: Vec<_> = shards
                .par_iter()
                .map(|shard| shard.days())
                .collect::<Result<_, _>>()?;
            by_shard
                .iter()
                .flat_map(|days| days.iter().cloned().map(Some))
                .collect()
        } else {
            vec![None; images().count()]
        };
        let greatest_rank = ranks
            .iter()
            .flatten()
            .map(|ranks| ranks.greatest)
            .max()
            .unwrap_or(0);
        let visitors = ranks.into_iter().zip(days);
        let bought = orders.into_iter().zip(carts);
        let numbered: Vec<_> = images().zip(visitors).zip(bought).collect();
        let mut parts: Vec<Part> = numbered
            .into_par_iter()
            .map(|((image, (ranks, days)), (orders, carts))| {
                let layout = image.layout()?;
                Ok(Part {
                    image: Some(image.clone()),
                    orders,
                    ranks,
                    days,
                    carts,
                    names: names.clone(),
                    vocabulary: vocabulary.clone(),
                    visits: layout.visits,
                    scenes: layout.scenes(),
                })
            })
            .collect::<Result<_, StoreError>>()?;
        parts.push(Part {
            image: None,
            ranks: None,
            days: None,
            carts: None,
            names: names.clone(),
            vocabulary: vocabulary.clone(),
            visits: 0,
            scenes: lone.len(),
            orders: lone,
        });
        let names: BTreeSet<Arc<str>> = question
            .goals
            .iter()
            .map(|goal| goal.name.clone())
            .collect();
        let is_counted = parts.iter().any(|part| part.scenes > 0);
        let mut world = World {
            question,
            shards,
            parts,
            clocks: needs.clocks(question, is_counted),
            goals: Vec::new(),
            goal_names: names.into_iter().collect(),
            vocabulary,
            greatest_rank,
        };
        if needs.goals {
            world.goals = converted(&world)?;
        }
        Ok(world)
    }

    /// What the codes of a dimension stand for.
    pub(crate) fn meaning(&self, dimension: Dimension) -> Meaning {
        match dimension {
            Dimension::VisitorType => Meaning::VisitorType,
            Dimension::VisitNumber => Meaning::VisitNumber(self.greatest_rank),
            Dimension::Goal => Meaning::Goals(self.goal_names.clone()),
            _ => match self.clocks.get(&dimension) {
                Some(clock) => Meaning::Clock(clock.clone()),
                None => Meaning::Words(self.vocabulary.of(dimension)),
            },
        }
    }

    /// The code of a goal's name.
    pub(crate) fn goal_code(&self, name: &Arc<str>) -> u32 {
        self.goal_names
            .binary_search(name)
            .map_or(0, |at| at as u32 + 1)
    }
}

/// What a question needs worked out before it can be answered.
#[derive(Default)]
pub(crate) struct Needs {
    pub(crate) orders: bool,
    pub(crate) carts: bool,
    /// What products are called.
    pub(crate) names: bool,
    ranks: bool,
    days: bool,
    pub(crate) goals: bool,
    /// Other visits of a visitor, who may be known to the orders of no visit.
    pub(crate) visitors: bool,
    times: BTreeSet<Dimension>,
}

impl Needs {
    pub(crate) fn of(question: &Question) -> Needs {
        use Measure::*;
        let mut needs = Needs::default();
        for measure in &question.measures {
            match measure {
                NewVisitors => needs.ranks = true,
                Bounces | OrderedVisits => needs.orders = true,
                Carts | AbandonedCarts | CheckoutVisits | AbandonedCheckouts => needs.carts = true,
                Conversions | ConvertedVisits => needs.goals = true,
                _ => {}
            }
            use afsa_store::Fact::{CancelledOrder, Order, OrderRow, Refund, RefundRow};
            let of_orders = [Order, OrderRow, CancelledOrder, Refund, RefundRow];
            needs.orders |= of_orders.contains(&measure.fact());
        }
        for dimension in &question.dimensions {
            needs.dimension(*dimension);
        }
        if let Some(filter) = &question.filter {
            needs.filter(filter);
        }
        if needs.goals {
            for goal in &question.goals {
                needs.filter(&goal.filter);
            }
        }
        needs
    }

    fn filter(&mut self, filter: &Filter) {
        self.visitors |= asks_for_visitors(filter);
        for_each_condition(filter, &mut |condition| {
            self.dimension(condition.dimension);
            // Where things are judged, what is left of a visit may be nothing but an order.
            self.orders |= condition.scope == ConditionScope::Hit;
        });
    }

    fn dimension(&mut self, dimension: Dimension) {
        match dimension.kind() {
            Kind::Order | Kind::ProductRow => self.orders = true,
            Kind::Goal => self.goals = true,
            Kind::Time => {
                self.times.insert(dimension);
            }
            _ => {}
        }
        self.ranks |= matches!(dimension, Dimension::VisitorType | Dimension::VisitNumber);
        self.names |= dimension == Dimension::Product;
        self.days |= dimension == Dimension::DaysSinceLastVisit;
    }

    /// Clocks that only tell what codes stand for need no tables.
    fn clocks(&self, question: &Question, is_counted: bool) -> HashMap<Dimension, Arc<Clock>> {
        let range = if is_counted {
            *question.range
        } else {
            let nothing = Timestamp(0);
            TimeRange {
                from: nothing,
                to: nothing,
            }
        };
        let clock = |dimension: &Dimension| {
            let clock = match dimension {
                Dimension::HourOfDay => Clock::hour_of_day(question.zone.clone(), range),
                Dimension::DayOfWeek => Clock::day_of_week(question.zone.clone(), range),
                Dimension::Time(axis) => {
                    let axis = question.time_axes.get(usize::from(*axis)).cloned();
                    Clock::axis(axis.unwrap_or_else(|| Arc::new([])))
                }
                _ => return None,
            };
            Some((*dimension, Arc::new(clock)))
        };
        self.times.iter().filter_map(clock).collect()
    }
}

fn asks_for_visitors(filter: &Filter) -> bool {
    match filter {
        Filter::And(parts) | Filter::Or(parts) => parts.iter().any(asks_for_visitors),
        Filter::Not(part) => asks_for_visitors(part),
        Filter::VisitorHas(_) => true,
        Filter::Condition(_) => false,
    }
}

/// Also those of filters within `visitor_has`.
pub(crate) fn for_each_condition<'f>(filter: &'f Filter, each: &mut dyn FnMut(&'f Condition)) {
    match filter {
        Filter::And(parts) | Filter::Or(parts) => {
            parts.iter().for_each(|part| for_each_condition(part, each));
        }
        Filter::Not(part) | Filter::VisitorHas(part) => for_each_condition(part, each),
        Filter::Condition(condition) => each(condition),
    }
}
