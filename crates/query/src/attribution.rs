//! Which visits an order, or a conversion of a goal, is owed to, and how much of it each.
//!
//! An order's touches are the visits of its visitor that had begun when it was made, no longer
//! before than the lookback. A [`Model`] gives each a weight; the order, its revenue and its net
//! revenue are split by these weights in integers, so that the parts of an order add up to it
//! exactly, and all rows to the whole. Conversions of a goal are shared out alike.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use afsa_model::{DAY, Decimal, Timestamp};
use afsa_store::{
    Condition, ConditionScope, Dimension, Filter, Goal, JourneyEnd, JourneyVisit, Journeys, Kind,
    Measure, Question, Snapshot, StoreError, Test, Value,
};
use rayon::prelude::*;

use crate::fraction::{Figure, Fraction};
use crate::selection::Selection;

/// Parts that a conversion is counted in: every number up to twenty divides it, so that even shares
/// of most are exact.
const CONVERSION: i128 = 232_792_560 * 1_000_000;
/// The channel of visits of which nothing tells where they came from.
const DIRECT: &str = "Direct";
/// Fewer orders than these aren't worth a task of their own.
const ORDERS_OF_A_TASK: usize = 4_096;
/// The weight of the latest visit under time decay; each half-life before halves it.
const LATEST: u64 = 1 << 32;

/// How an order is shared out among the visits before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Model {
    First,
    Last,
    /// The latest visit whose channel is known and not Direct; where there is none, the latest.
    LastNonDirect,
    /// The same to each.
    Linear,
    /// Two fifths to the first and the last each, a fifth to those between; of two, half to each.
    Position,
    /// Half as much with each half-life that a visit began earlier.
    TimeDecay,
}

/// Conversions of a goal, which are shared out in place of orders.
#[derive(Clone, Debug, PartialEq)]
pub struct GoalConversions {
    pub goal: Goal,
    /// What each is worth, in the account's currency.
    pub value: Option<Decimal>,
}

/// What is asked of attribution.
#[derive(Clone, Debug, PartialEq)]
pub struct Attributing {
    /// `None` for orders.
    pub goal: Option<GoalConversions>,
    /// At least one, each once.
    pub models: Vec<Model>,
    /// Of the visit.
    pub dimensions: Vec<Dimension>,
    /// How long before an order a visit may have begun, in milliseconds; `None` for any time.
    pub lookback: Option<i64>,
    /// Of time decay, in milliseconds, above 0.
    pub half_life: i64,
}

/// Parts of orders and of their money, or of conversions and their value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Credit {
    /// In parts of which 232,792,560,000,000 are one.
    conversions: i128,
    /// In 10⁻¹² of the account's currency; the value of a goal's conversions.
    pub revenue: i128,
    /// Likewise.
    pub net_revenue: i128,
}

/// What is owed to the visits with these values.
#[derive(Clone, Debug, PartialEq)]
pub struct AttributionRow {
    pub keys: Vec<Value>,
    /// One for each model.
    pub credits: Vec<Credit>,
}

/// What all orders are owed to. `rows` add up to `total`, for each model.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribution {
    /// By the conversions of the first model, most first; ties by the keys, null last.
    pub rows: Vec<AttributionRow>,
    pub total: Credit,
}

/// What of an order belongs to a period, and where the way to it ended.
#[derive(Clone, Copy, Debug)]
pub struct Owed {
    pub end: JourneyEnd,
    pub credit: Credit,
}

impl Model {
    pub const ALL: [Model; 6] = [
        Model::First,
        Model::Last,
        Model::LastNonDirect,
        Model::Linear,
        Model::Position,
        Model::TimeDecay,
    ];
    /// The names of all models, as the API spells them.
    pub const NAMES: [&str; 6] = [
        "first",
        "last",
        "last_non_direct",
        "linear",
        "position",
        "time_decay",
    ];

    pub fn name(self) -> &'static str {
        match self {
            Model::First => "first",
            Model::Last => "last",
            Model::LastNonDirect => "last_non_direct",
            Model::Linear => "linear",
            Model::Position => "position",
            Model::TimeDecay => "time_decay",
        }
    }

    /// What each touch weighs, by start. Some weight is above 0 where there is a touch.
    fn weights(self, touches: &[Touch], half_life: i64) -> Vec<u64> {
        let count = touches.len();
        let only = |place: usize| {
            let weight = |index| u64::from(index == place);
            (0..count).map(weight).collect()
        };
        let last = count.saturating_sub(1);
        match self {
            Model::First => only(0),
            Model::Last => only(last),
            Model::LastNonDirect => {
                let told = touches.iter().rposition(|touch| !touch.is_direct);
                only(told.unwrap_or(last))
            }
            Model::Linear => vec![1; count],
            Model::Position if count <= 2 => vec![1; count],
            Model::Position => {
                let between = count as u64 - 2;
                let is_end = |index: usize| index == 0 || index == last;
                let weight = |index| if is_end(index) { 2 * between } else { 1 };
                (0..count).map(weight).collect()
            }
            Model::TimeDecay => {
                let latest = touches.last().map_or(Timestamp(0), |touch| touch.start);
                let weight = |touch: &Touch| decayed(latest.since(touch.start), half_life);
                touches.iter().map(weight).collect()
            }
        }
    }
}

impl fmt::Display for Model {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Model {
    type Err = ();

    fn from_str(name: &str) -> Result<Model, ()> {
        let mut all = Model::ALL.into_iter();
        all.find(|model| model.name() == name).ok_or(())
    }
}

impl Attributing {
    /// The names of what orders can be shared out by.
    pub fn dimension_names() -> Vec<String> {
        let all = Dimension::all().into_iter();
        all.filter(|dimension| dimension.kind() == Kind::Visit)
            .map(|dimension| dimension.to_string())
            .collect()
    }

    /// The dimension of the visit of this name.
    pub fn dimension(name: &str) -> Option<Dimension> {
        Dimension::by_name(name).filter(|dimension| dimension.kind() == Kind::Visit)
    }
}

impl Credit {
    /// How many orders or conversions it is, a fraction where some are shared.
    pub fn conversions(&self) -> Figure {
        Fraction::new(self.conversions, CONVERSION)
    }

    /// Their share in all.
    pub fn share_in(&self, total: &Credit) -> Figure {
        Fraction::whole(self.conversions).divided_by(Fraction::whole(total.conversions))
    }

    fn add(&mut self, other: Credit) {
        self.conversions = self.conversions.saturating_add(other.conversions);
        self.revenue = self.revenue.saturating_add(other.revenue);
        self.net_revenue = self.net_revenue.saturating_add(other.net_revenue);
    }

    /// What lies between two marks of a scale from 0 to `whole`.
    fn between(&self, from: u128, to: u128, whole: u128) -> Credit {
        if from == 0 && to == whole {
            return *self;
        }
        let part = |amount: i128| {
            let up_to = |mark: u128| scaled(amount, mark, whole);
            up_to(to).saturating_sub(up_to(from))
        };
        Credit {
            conversions: part(self.conversions),
            revenue: part(self.revenue),
            net_revenue: part(self.net_revenue),
        }
    }
}

/// Shares out the orders of a selection, or the conversions of a goal. The total is exactly what a question for `orders`,
/// `revenue` and `net_revenue` of the same period and filters says; so refunds made in the period
/// of orders from before it are among it, owed to the touches of their order.
pub fn attribution(
    selection: &Selection,
    attributing: &Attributing,
    snapshot: &dyn Snapshot,
) -> Result<Attribution, StoreError> {
    let owed = match &attributing.goal {
        Some(goal) => converted(&selection.question, goal, snapshot)?,
        None => owed(&selection.question, snapshot)?,
    };
    let ends: Vec<JourneyEnd> = owed.iter().map(|owed| owed.end).collect();
    let mut dimensions = attributing.dimensions.clone();
    dimensions.push(Dimension::Channel);
    let journeys = snapshot.journeys(&ends, &dimensions)?;
    Ok(attribute(&owed, &journeys, attributing))
}

/// The conversions of a goal that the question chooses.
fn converted(
    question: &Question,
    GoalConversions { goal, value }: &GoalConversions,
    snapshot: &dyn Snapshot,
) -> Result<Vec<Owed>, StoreError> {
    let mut question = question.clone();
    // Where the filter speaks of goals, all of them are there already.
    if !question.goals.contains(goal) {
        question.goals.push(goal.clone());
    }
    let of_goal = Filter::Condition(Condition {
        dimension: Dimension::Goal,
        test: Test::Is(vec![goal.name.clone()]),
        negated: false,
        scope: ConditionScope::Hit,
        case_sensitive: true,
    });
    question.filter = Some(match question.filter.take() {
        Some(filter) => Filter::And(vec![filter, of_goal]),
        None => of_goal,
    });
    let value = value.map_or(0, |value| value.times(Decimal::ONE));
    let credit = Credit {
        conversions: CONVERSION,
        revenue: value,
        net_revenue: value,
    };
    let ends = snapshot.conversions(&question)?.into_iter();
    Ok(ends.map(|end| Owed { end, credit }).collect())
}

/// The orders of which something belongs to the question's period, each with that.
fn owed(question: &Question, snapshot: &dyn Snapshot) -> Result<Vec<Owed>, StoreError> {
    let refunds = Question {
        measures: vec![Measure::RefundAmount],
        dimensions: vec![Dimension::OrderId],
        ..question.clone()
    };
    let mut refunded: HashMap<Arc<str>, i128> = HashMap::new();
    for group in snapshot.aggregate(&refunds)?.rows {
        if let ([Value::Text(id)], [amount]) = (&group.key[..], &group.numbers[..])
            && *amount != 0
        {
            refunded.insert(id.clone(), *amount);
        }
    }
    let mut owed: Vec<Owed> = Vec::new();
    for sale in &snapshot.sales(question)?.sales {
        let given_back = refunded.remove(&sale.id).unwrap_or(0);
        let costs = sale.costs.saturating_add(given_back);
        owed.push(Owed {
            end: sale.end(),
            credit: Credit {
                conversions: CONVERSION,
                revenue: sale.revenue,
                net_revenue: sale.revenue.saturating_sub(costs),
            },
        });
    }
    if refunded.is_empty() {
        return Ok(owed);
    }
    let before = Question {
        range: Default::default(),
        filter: Some(Filter::Condition(Condition {
            dimension: Dimension::OrderId,
            test: Test::Is(refunded.keys().cloned().collect()),
            negated: false,
            scope: ConditionScope::Hit,
            case_sensitive: true,
        })),
        ..question.clone()
    };
    for sale in &snapshot.sales(&before)?.sales {
        let Some(given_back) = refunded.remove(&sale.id) else {
            continue;
        };
        owed.push(Owed {
            end: sale.end(),
            credit: Credit {
                net_revenue: given_back.saturating_neg(),
                ..Credit::default()
            },
        });
    }
    Ok(owed)
}

/// Shares out orders by their journeys, whose values are those of the dimensions and then the
/// channel. An order of no touch is owed to nothing known: null in every dimension.
pub fn attribute(owed: &[Owed], journeys: &Journeys, attributing: &Attributing) -> Attribution {
    let keys = Keys::of(journeys, attributing.dimensions.len());
    let nothing = || Shares::of(keys.rows.len(), attributing.models.len());
    // Orders by the million are shared out side by side; each task has rows of its own, so there
    // are no more tasks than can run.
    let threads = rayon::current_num_threads().max(1);
    let of_a_task = owed.len().div_ceil(threads).max(ORDERS_OF_A_TASK);
    let Shares { credits, total } = owed
        .par_chunks(of_a_task)
        .enumerate()
        .map(|(task, owed)| {
            let mut shares = nothing();
            for (index, owed) in (task * of_a_task..).zip(owed) {
                shares.add_order(owed, journeys.to(index), &keys, attributing);
            }
            shares
        })
        .reduce(nothing, Shares::with);
    let mut rows: Vec<AttributionRow> = keys
        .rows
        .into_iter()
        .zip(credits)
        .map(|(keys, credits)| AttributionRow { keys, credits })
        .filter(|row| {
            row.credits
                .iter()
                .any(|credit| *credit != Credit::default())
        })
        .collect();
    let first = |row: &AttributionRow| row.credits.first().map(|credit| credit.conversions);
    rows.sort_by(|left, right| {
        let by_orders = first(right).cmp(&first(left));
        // Null is the greatest value there is, so it comes last.
        by_orders.then_with(|| left.keys.cmp(&right.keys))
    });
    Attribution { rows, total }
}

/// What rows are owed of some of the orders.
struct Shares {
    /// By row, then by model.
    credits: Vec<Vec<Credit>>,
    total: Credit,
}

impl Shares {
    fn of(rows: usize, models: usize) -> Shares {
        Shares {
            credits: vec![vec![Credit::default(); models]; rows],
            total: Credit::default(),
        }
    }

    fn add_order(
        &mut self,
        Owed { end, credit }: &Owed,
        journey: &[JourneyVisit],
        keys: &Keys,
        attributing: &Attributing,
    ) {
        self.total.add(*credit);
        let touches = keys.touches(journey, end.time, attributing.lookback);
        for (place, model) in attributing.models.iter().enumerate() {
            if touches.is_empty() {
                self.credits[Keys::NOTHING][place].add(*credit);
                continue;
            }
            let weights = model.weights(&touches, attributing.half_life);
            let whole = weights.iter().map(|weight| u128::from(*weight)).sum();
            let mut mark = 0;
            for (touch, weight) in touches.iter().zip(weights) {
                if weight == 0 {
                    continue;
                }
                let end = mark + u128::from(weight);
                self.credits[touch.row][place].add(credit.between(mark, end, whole));
                mark = end;
            }
        }
    }

    fn with(mut self, others: Shares) -> Shares {
        self.total.add(others.total);
        let rows = self.credits.iter_mut().zip(others.credits);
        let cells = rows.flat_map(|(mine, others)| mine.iter_mut().zip(others));
        cells.for_each(|(mine, other)| mine.add(other));
        self
    }
}

/// A visit that an order may be owed to.
struct Touch {
    start: Timestamp,
    is_direct: bool,
    /// Its place among the rows.
    row: usize,
}

/// The distinct keys of rows, and which of them each of a journey's values is.
struct Keys {
    rows: Vec<Vec<Value>>,
    /// By place in [`Journeys::values`]: the row, and whether the channel is Direct.
    places: Vec<(usize, bool)>,
}

impl Keys {
    /// The row of what is owed to nothing known.
    const NOTHING: usize = 0;

    fn of(journeys: &Journeys, width: usize) -> Keys {
        let mut rows = vec![vec![Value::Null; width]];
        let mut known: HashMap<Vec<Value>, usize> = HashMap::from([(rows[0].clone(), 0)]);
        let mut places = Vec::with_capacity(journeys.values.len());
        for values in &journeys.values {
            let key: Vec<Value> = values.iter().take(width).cloned().collect();
            let row = *known.entry(key).or_insert_with_key(|key| {
                rows.push(key.clone());
                rows.len() - 1
            });
            let is_direct = match values.last() {
                Some(Value::Text(channel)) => &**channel == DIRECT,
                _ => true,
            };
            places.push((row, is_direct));
        }
        Keys { rows, places }
    }

    fn touches(
        &self,
        journey: &[JourneyVisit],
        ordered: Timestamp,
        lookback: Option<i64>,
    ) -> Vec<Touch> {
        let is_recent = |visit: &&JourneyVisit| {
            lookback.is_none_or(|lookback| ordered.since(visit.start) <= lookback)
        };
        let touch = |visit: &JourneyVisit| {
            let place = self.places.get(visit.values as usize);
            let (row, is_direct) = place.copied().unwrap_or((Keys::NOTHING, true));
            Touch {
                start: visit.start,
                is_direct,
                row,
            }
        };
        journey.iter().filter(is_recent).map(touch).collect()
    }
}

/// `amount` × `mark` / `whole`, rounded down, for marks up to the whole.
fn scaled(amount: i128, mark: u128, whole: u128) -> i128 {
    let (Ok(mark), Ok(whole)) = (i128::try_from(mark), i128::try_from(whole)) else {
        return 0;
    };
    if mark == whole {
        return amount;
    }
    // The rest is below the whole, which is a sum of weights: its products are small.
    let times = amount.div_euclid(whole).saturating_mul(mark);
    times.saturating_add(amount.rem_euclid(whole) * mark / whole)
}

/// [`LATEST`] × 2^(−age / half-life), rounded down, at least 1: a visit that counts is never
/// worth nothing. Integers throughout, so every machine says the same.
fn decayed(age: i64, half_life: i64) -> u64 {
    let (age, half_life) = (age.max(0), half_life.max(1));
    let halvings = u32::try_from(age / half_life).unwrap_or(u32::MAX);
    let mut rest = u128::try_from(age % half_life).unwrap_or(0);
    let half_life = u128::try_from(half_life).unwrap_or(1);
    let mut product: u128 = 1 << 62;
    for root in ROOTS {
        rest *= 2;
        if rest >= half_life {
            rest -= half_life;
            product = (product * root) >> 62;
        }
    }
    let weight = (product * u128::from(LATEST)) >> 62;
    let weight = weight.checked_shr(halvings).unwrap_or(0);
    u64::try_from(weight).unwrap_or(LATEST).max(1)
}

/// 2^(−1/2), 2^(−1/4), … for each binary place of a fraction, as 62 bits after the point.
const ROOTS: [u128; 40] = {
    let mut roots = [0; 40];
    let mut root: u128 = 1 << 61;
    let mut place = 0;
    while place < roots.len() {
        root = (root << 62).isqrt();
        roots[place] = root;
        place += 1;
    }
    roots
};

/// A lookback or half-life of so many days.
pub fn days(days: i64) -> i64 {
    days.saturating_mul(DAY)
}

#[cfg(test)]
mod tests;
