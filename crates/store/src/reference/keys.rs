//! The combinations of values under which a thing counts.

use std::collections::{BTreeMap, BTreeSet};

use super::answer::Counted;
use super::scene::{Scene, Sort, Thing};
use super::values;
use crate::{Dimension, Kind, Question, Value};

/// Every combination of values under which the thing counts.
///
/// A tuple of nothing but null counts only where there is no other, for an order's own rows as for
/// joined things: the null row holds that in which nothing is set. Things of no visit are joined
/// with nothing, so they have null there.
pub(super) fn keys(question: &Question, scene: &Scene, counted: &Counted) -> Vec<Vec<Value>> {
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

/// Where the values of one dimension of a counted thing come from. Dimensions of one source meet
/// in one thing of it; different sources are combined each with each.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    /// The thing's, its visit's or its moment's one value.
    Single,
    /// The rows of the counted order, or of the order of the counted refund.
    OwnRows,
    /// The coupons of the counted order and of its rows, whichever row the other values are of.
    OwnCoupons,
    /// The goals of the counted conversion.
    OwnGoals,
    /// Things of a kind in the visit.
    Joined(Kind),
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
    let is_of_order = matches!(sort, Sort::Order | Sort::Refund);
    let is_of_row = matches!(sort, Sort::OrderRow | Sort::RefundRow);
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
        Kind::ProductRow if is_of_row || sort == Sort::ProductRow => Source::Single,
        Kind::Promotion if sort == Sort::Promotion => Source::Single,
        Kind::Order if is_of_order && dimension == Dimension::Coupon => Source::OwnCoupons,
        Kind::Order if is_of_order || is_of_row => Source::Single,
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
        (Source::OwnRows, Some(Thing::Order { order, .. } | Thing::Refund { order, .. })) => order
            .rows
            .iter()
            .map(|row| each(&|dimension| values::of_row(&scene.names, Some(row), None, dimension)))
            .collect(),
        (Source::OwnCoupons, Some(Thing::Order { order, .. } | Thing::Refund { order, .. })) => {
            values::coupons(order)
                .into_iter()
                .map(|coupon| each(&|_| coupon.clone()))
                .collect()
        }
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
