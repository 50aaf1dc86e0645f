//! Counting.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use afsa_model::{ProductAction, Text, Timestamp, VisitorKey};

use super::Reference;
use super::judge::{Judge, note_goals};
use super::scene::{Scene, Sort, Thing, scenes};
use super::values;
use crate::{Dimension, Group, Groups, Kind, Measure, Question, StoreError, Value};

/// Answers a question over all of an account.
pub(super) fn answer(data: &Reference, question: &Question) -> Result<Groups, StoreError> {
    let mut scenes = scenes(data, question.traffic);
    note_goals(&mut scenes, question)?;
    if let Some(filter) = &question.filter {
        let judge = Judge::new(filter, question, &scenes)?;
        let judges_things = filter.judges_things();
        scenes.retain_mut(
            |scene| match judge.verdict(question, scene, judges_things) {
                Some(kept) => {
                    scene.kept = kept;
                    if judges_things {
                        leave_hits_of_kept_things(scene);
                    }
                    true
                }
                None => false,
            },
        );
    }
    let mut cells: BTreeMap<Vec<Value>, Vec<Cell>> = BTreeMap::new();
    if question.dimensions.is_empty() {
        cells.insert(Vec::new(), empty_cells(question));
    }
    for (column, measure) in question.measures.iter().enumerate() {
        for scene in &scenes {
            for counted in counted(*measure, scene) {
                if !question.range.contains(counted.moment) {
                    continue;
                }
                for key in keys(question, scene, &counted) {
                    let cells = cells.entry(key).or_insert_with(|| empty_cells(question));
                    cells[column].add(&counted.amount);
                }
            }
        }
    }
    let rows = cells
        .into_iter()
        .map(|(key, cells)| Group {
            key,
            numbers: cells.iter().map(Cell::number).collect(),
        })
        .collect();
    Ok(Groups { rows })
}

/// A filter that judges things keeps page views, events, rows, promotions and orders; every other
/// hit is gone, and `dimensionN` is told only by hits of which something is kept.
fn leave_hits_of_kept_things(scene: &mut Scene) {
    let kept: BTreeSet<u64> = scene
        .kept_things()
        .map(|(_, thing)| thing.hit().sequence)
        .collect();
    scene.hits.retain(|hit| kept.contains(&hit.sequence));
}

/// One thing that a measure counts.
struct Counted {
    moment: Timestamp,
    /// `None`: the visit.
    thing: Option<usize>,
    /// Counted as a conversion, so that its goals are its own.
    converts: bool,
    amount: Amount,
}

enum Amount {
    Sum(i128),
    Visitor(VisitorKey),
    /// A product of an order. Rows that name no product are one nameless product of their order.
    Sold {
        order: Arc<str>,
        product: Text,
    },
}

fn counted(measure: Measure, scene: &Scene) -> Vec<Counted> {
    use Measure::*;
    let of_visit = |is_counted: bool, amount: Amount| {
        let counted = is_counted && scene.visit.is_some();
        let counted = counted.then_some(Counted {
            moment: scene.moment,
            thing: None,
            converts: false,
            amount,
        });
        counted.into_iter().collect()
    };
    let of_page = |page_view: Option<usize>| {
        let counted = scene.visit.is_some() && scene.is_kept(page_view);
        let counted = counted.then_some(Counted {
            moment: scene.moment,
            thing: page_view,
            converts: false,
            amount: Amount::Sum(1),
        });
        counted.into_iter().collect()
    };
    let any = |is_meant: &dyn Fn(usize, &Thing) -> bool| {
        scene
            .kept_things()
            .any(|(index, thing)| is_meant(index, thing))
    };
    let duration = || scene.visit.map_or(0, |visit| visit.end.since(visit.start));
    match measure {
        Visits => of_visit(true, Amount::Sum(1)),
        Visitors => of_visit(true, Amount::Visitor(scene.visitor)),
        NewVisitors => of_visit(scene.number == 1, Amount::Sum(1)),
        Bounces => of_visit(scene.is_bounce, Amount::Sum(1)),
        VisitDuration => of_visit(true, Amount::Sum(duration().into())),
        UniquePageViews => {
            let seen = any(&|_, thing| thing.sort() == Sort::PageView);
            of_visit(seen, Amount::Sum(1))
        }
        ConvertedVisits => of_visit(any(&|index, _| converts(scene, index)), Amount::Sum(1)),
        OrderedVisits => {
            let ordered = any(&|_, thing| thing.sort() == Sort::Order && !thing.is_cancelled());
            of_visit(ordered, Amount::Sum(1))
        }
        Entries => of_page(scene.entry),
        Exits => of_page(scene.exit),
        _ => scene
            .kept_things()
            .filter_map(|(index, thing)| {
                Some(Counted {
                    moment: thing.time(),
                    thing: Some(index),
                    converts: measure == Conversions,
                    amount: amount_of_thing(measure, scene, index, thing)?,
                })
            })
            .collect(),
    }
}

fn converts(scene: &Scene, index: usize) -> bool {
    scene
        .goals
        .get(index)
        .is_some_and(|goals| !goals.is_empty())
}

/// What one thing adds to a measure that counts things; `None` if it isn't counted.
///
/// Money of an order for whose currency no rate is known is left out, in its rows as in its total;
/// the order and its units count.
fn amount_of_thing(measure: Measure, scene: &Scene, index: usize, thing: &Thing) -> Option<Amount> {
    use Measure::*;
    if thing.is_cancelled() {
        return None;
    }
    let one = |is_counted: bool| is_counted.then_some(1_i128);
    let sum = match (measure, thing) {
        (Conversions, _) => one(converts(scene, index)),
        (PageViews, Thing::PageView { .. }) | (Events, Thing::Event { .. }) => Some(1),
        (TimeOnPage, Thing::PageView { measures, .. }) => measures.time_on_page.map(i128::from),
        (TimeOnPageKnown, Thing::PageView { measures, .. }) => one(measures.time_on_page.is_some()),
        (ScrollDepth, Thing::PageView { measures, .. }) => measures.scroll_depth.map(i128::from),
        (ScrollDepthKnown, Thing::PageView { measures, .. }) => {
            one(measures.scroll_depth.is_some())
        }
        (
            _,
            Thing::ProductRow {
                action,
                product: Some(_),
                ..
            },
        ) => one(row_action(measure) == Some(action.action)),
        (_, Thing::Promotion { action, .. }) => {
            one(promotion_action(measure) == Some(action.action))
        }
        (Orders, Thing::Order { .. }) => Some(1),
        (Revenue, Thing::Order { order, .. }) => Some(order.revenue.unwrap_or(0)),
        (Units, Thing::OrderRow { product, .. }) => Some(
            product
                .quantity
                .unwrap_or_default()
                .times(afsa_model::Decimal::ONE),
        ),
        (ProductRevenue, Thing::OrderRow { order, product, .. }) => {
            let price = product.price.unwrap_or_default();
            let product_revenue = price.times(product.quantity.unwrap_or_default());
            Some(if order.revenue.is_some() {
                product_revenue
            } else {
                0
            })
        }
        (ProductsSold, Thing::OrderRow { order, product, .. }) => {
            return Some(Amount::Sold {
                order: order.id.clone(),
                product: product.id.clone().or_else(|| product.name.clone()),
            });
        }
        _ => None,
    };
    sum.map(Amount::Sum)
}

fn row_action(measure: Measure) -> Option<ProductAction> {
    match measure {
        Measure::Impressions => Some(ProductAction::Impression),
        Measure::Clicks => Some(ProductAction::Click),
        Measure::DetailViews => Some(ProductAction::Detail),
        Measure::CartAdds => Some(ProductAction::Add),
        Measure::CartRemoves => Some(ProductAction::Remove),
        Measure::Checkouts => Some(ProductAction::Checkout),
        _ => None,
    }
}

fn promotion_action(measure: Measure) -> Option<ProductAction> {
    match measure {
        Measure::PromotionViews => Some(ProductAction::PromotionView),
        Measure::PromotionClicks => Some(ProductAction::PromotionClick),
        _ => None,
    }
}

/// One number in the making.
#[derive(Default)]
struct Cell {
    sum: i128,
    visitors: BTreeSet<VisitorKey>,
    sold: BTreeSet<(Arc<str>, Text)>,
}

fn empty_cells(question: &Question) -> Vec<Cell> {
    question.measures.iter().map(|_| Cell::default()).collect()
}

impl Cell {
    fn add(&mut self, amount: &Amount) {
        match amount {
            Amount::Sum(sum) => self.sum = self.sum.saturating_add(*sum),
            Amount::Visitor(visitor) => {
                self.visitors.insert(*visitor);
            }
            Amount::Sold { order, product } => {
                self.sold.insert((order.clone(), product.clone()));
            }
        }
    }

    fn number(&self) -> i128 {
        self.sum + self.visitors.len() as i128 + self.sold.len() as i128
    }
}

/// Where the values of one dimension of a counted thing come from. Dimensions of one source meet
/// in one thing of it; different sources are combined each with each.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    /// The thing's, its visit's or its moment's one value.
    Single,
    /// The rows of the counted order.
    OwnRows,
    /// The coupons of the counted order and of its rows, whichever row the other values are of.
    OwnCoupons,
    /// The goals of the counted conversion.
    OwnGoals,
    /// Things of a kind in the visit.
    Joined(Kind),
}

/// Every combination of values under which the thing counts.
///
/// A tuple of nothing but null counts only where there is no other, for an order's own rows as for
/// joined things: the null row holds that in which nothing is set. Things of no visit are joined
/// with nothing, so they have null there.
fn keys(question: &Question, scene: &Scene, counted: &Counted) -> Vec<Vec<Value>> {
    let sort = counted
        .thing
        .and_then(|index| scene.things.get(index))
        .map_or(Sort::Visit, Thing::sort);
    let mut sources: BTreeMap<Source, Vec<usize>> = BTreeMap::new();
    for (position, dimension) in question.dimensions.iter().enumerate() {
        let source = source(*dimension, sort, counted.converts, &question.dimensions);
        sources.entry(source).or_default().push(position);
    }
    let mut keys = vec![vec![Value::Null; question.dimensions.len()]];
    for (source, positions) in sources {
        let dimensions: Vec<Dimension> = positions
            .iter()
            .map(|position| question.dimensions[*position])
            .collect();
        let mut tuples: BTreeSet<Vec<Value>> =
            tuples(question, scene, counted, source, &dimensions)
                .into_iter()
                .collect();
        let nothing = vec![Value::Null; dimensions.len()];
        if tuples.is_empty() {
            tuples.insert(nothing);
        } else if tuples.len() > 1 {
            tuples.remove(&nothing);
        }
        keys = keys
            .iter()
            .flat_map(|key| tuples.iter().map(|tuple| filled_in(key, &positions, tuple)))
            .collect();
    }
    keys
}

fn filled_in(key: &[Value], positions: &[usize], tuple: &[Value]) -> Vec<Value> {
    let mut filled = key.to_vec();
    for (position, value) in positions.iter().zip(tuple) {
        filled[*position] = value.clone();
    }
    filled
}

/// `beside` are all dimensions of the question.
fn source(dimension: Dimension, sort: Sort, converts: bool, beside: &[Dimension]) -> Source {
    let stands_beside = |kind: Kind| beside.iter().any(|dimension| dimension.kind() == kind);
    let is_of_order = sort == Sort::Order;
    match dimension.kind() {
        Kind::Visit | Kind::Time => Source::Single,
        Kind::PageView | Kind::AnyHit if matches!(sort, Sort::PageView | Sort::Event) => {
            Source::Single
        }
        Kind::PageView | Kind::AnyHit if stands_beside(Kind::Event) => Source::Joined(Kind::Event),
        Kind::AnyHit if stands_beside(Kind::PageView) => Source::Joined(Kind::PageView),
        Kind::Event if sort == Sort::Event => Source::Single,
        Kind::Goal if converts => Source::OwnGoals,
        Kind::ProductRow if is_of_order => Source::OwnRows,
        Kind::ProductRow if matches!(sort, Sort::ProductRow | Sort::OrderRow) => Source::Single,
        Kind::Promotion if sort == Sort::Promotion => Source::Single,
        Kind::Order if is_of_order && dimension == Dimension::Coupon => Source::OwnCoupons,
        Kind::Order if is_of_order || sort == Sort::OrderRow => Source::Single,
        kind => Source::Joined(kind),
    }
}

fn tuples(
    question: &Question,
    scene: &Scene,
    counted: &Counted,
    source: Source,
    dimensions: &[Dimension],
) -> Vec<Vec<Value>> {
    let each = |value_of: &dyn Fn(Dimension) -> Value| tuple(dimensions, value_of);
    let own = counted.thing.and_then(|index| scene.things.get(index));
    match (source, own) {
        (Source::Single, _) => {
            vec![each(&|dimension| {
                single(question, scene, counted, dimension)
            })]
        }
        (Source::OwnRows, Some(Thing::Order { order, .. })) => order
            .rows
            .iter()
            .map(|row| each(&|dimension| values::of_row(Some(row), None, dimension)))
            .collect(),
        (Source::OwnCoupons, Some(Thing::Order { order, .. })) => values::coupons(order)
            .into_iter()
            .map(|coupon| each(&|_| coupon.clone()))
            .collect(),
        (Source::OwnGoals, _) => {
            let goals = counted
                .thing
                .map(|index| values::goal_names(question, scene, index));
            goals
                .into_iter()
                .flatten()
                .map(|goal| each(&|_| goal.clone()))
                .collect()
        }
        (Source::Joined(kind), _) if scene.visit.is_some() => {
            joined_tuples(question, scene, kind, dimensions)
        }
        _ => Vec::new(),
    }
}

fn tuple(dimensions: &[Dimension], value_of: &dyn Fn(Dimension) -> Value) -> Vec<Value> {
    dimensions
        .iter()
        .map(|dimension| value_of(*dimension))
        .collect()
}

/// The one value of the visit, the moment or the counted thing itself.
fn single(question: &Question, scene: &Scene, counted: &Counted, dimension: Dimension) -> Value {
    match (dimension.kind(), counted.thing) {
        (Kind::Visit, _) => values::of_visit(scene, dimension),
        (Kind::Time, _) => values::of_moment(question, counted.moment, dimension),
        (_, Some(index)) => values::of_thing(question, scene, index, dimension)
            .into_iter()
            .next()
            .unwrap_or(Value::Null),
        (_, None) => Value::Null,
    }
}

fn joined_tuples(
    question: &Question,
    scene: &Scene,
    kind: Kind,
    dimensions: &[Dimension],
) -> Vec<Vec<Value>> {
    let each = |value_of: &dyn Fn(Dimension) -> Value| tuple(dimensions, value_of);
    if kind == Kind::AnyHit {
        let of_hit = |hit| each(&|dimension| values::of_hit(hit, dimension));
        return scene.hits.iter().map(|hit| of_hit(hit)).collect();
    }
    let mut tuples = Vec::new();
    for (index, thing) in scene.kept_things() {
        match thing {
            _ if !values::is_of_kind(thing, kind) => {}
            _ if kind == Kind::Goal => {
                let goals = values::goal_names(question, scene, index);
                tuples.extend(goals.into_iter().map(|goal| each(&|_| goal.clone())));
            }
            Thing::Order { order, .. } => {
                tuples.extend(values::coupons(order).into_iter().map(|coupon| {
                    each(&|dimension| match dimension {
                        Dimension::Coupon => coupon.clone(),
                        _ => values::of_order(order, dimension),
                    })
                }));
            }
            _ => tuples.push(each(&|dimension| {
                values::of_thing(question, scene, index, dimension)
                    .into_iter()
                    .next()
                    .unwrap_or(Value::Null)
            })),
        }
    }
    tuples
}
