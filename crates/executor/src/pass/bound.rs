//! The columns of one part that a pass reads.

use std::sync::Arc;

use afsa_store::{Dimension, Kind, StoreError};

use super::fact::{Counted, Source, tables_of};
use super::joined::JoinedVisits;
use crate::bits::Bits;
use crate::filter::{Left, THINGS};
use crate::image::{Codes, Thing};
use crate::key::{Axes, Clock};
use crate::orders::Coupons;
use crate::part::{Part, Table, Times};
use crate::world::World;

/// Columns with the strides of their dimensions.
pub(crate) type Scaled<T> = Vec<(u128, Arc<T>)>;

/// Where a pass finds the parts of keys, in one part of the data.
pub(crate) struct Bound {
    pub(crate) table: Table,
    pub(crate) times: Times,
    pub(crate) visit: Scaled<Codes>,
    pub(crate) moment: Scaled<Clock>,
    pub(crate) own: Scaled<Codes>,
    pub(crate) own_rows: Scaled<Codes>,
    pub(crate) own_coupons: Option<(u128, Arc<Coupons>)>,
    pub(crate) own_goals: Option<u128>,
    pub(crate) joined: Vec<Joined>,
}

/// What gives the values of joined dimensions of one kind.
pub(crate) struct Joined {
    pub(crate) tables: Vec<JoinedTable>,
}

pub(crate) struct JoinedTable {
    pub(crate) table: Table,
    pub(crate) codes: Scaled<Codes>,
    pub(crate) coupons: Option<(u128, Arc<Coupons>)>,
    /// The same for all things of the table: of what converted, the goal.
    pub(crate) constant: u128,
    /// The things that are joined; `None` for all.
    pub(crate) left: Option<Bits>,
}

/// Loads every column that gives values of the dimensions, so that all codes are known before
/// keys are made of them.
pub(crate) fn load(world: &World, part: &Part, counted: Counted) -> Result<(), StoreError> {
    let dimensions = &world.question.dimensions;
    for dimension in dimensions {
        match Source::of(*dimension, counted, dimensions) {
            Source::Visit => drop(part.codes(Thing::Scene, *dimension)?),
            Source::Own => drop(part.codes(counted.thing(), *dimension)?),
            Source::OwnRows => drop(part.codes(Thing::OrderRow, *dimension)?),
            Source::OwnCoupons => drop(part.orders.coupons(&part.vocabulary)),
            Source::Joined(Kind::Order) if *dimension == Dimension::Coupon => {
                drop(part.orders.coupons(&part.vocabulary));
            }
            Source::Joined(kind) => {
                for thing in tables_of(kind) {
                    part.codes(*thing, *dimension)?;
                }
            }
            Source::Moment | Source::OwnGoals | Source::Beside => {}
        }
    }
    Ok(())
}

impl Bound {
    pub(crate) fn new(
        world: &World,
        number: usize,
        counted: Counted,
        axes: &Axes,
        left: &Left,
    ) -> Result<Bound, StoreError> {
        let part = &world.parts[number];
        let thing = counted.thing();
        let times = if counted.is_of_visit() {
            Thing::Scene
        } else {
            thing
        };
        let mut bound = Bound {
            table: part.table(thing)?,
            times: part.times(times)?,
            visit: Vec::new(),
            moment: Vec::new(),
            own: Vec::new(),
            own_rows: Vec::new(),
            own_coupons: None,
            own_goals: None,
            joined: Vec::new(),
        };
        let dimensions = &world.question.dimensions;
        let mut by_kind: Vec<(Kind, Vec<(Dimension, u128)>)> = Vec::new();
        for (dimension, axis) in dimensions.iter().zip(&axes.axes) {
            let stride = axis.stride;
            match Source::of(*dimension, counted, dimensions) {
                Source::Visit => bound
                    .visit
                    .push((stride, part.codes(Thing::Scene, *dimension)?)),
                Source::Moment => {
                    if let Some(clock) = world.clocks.get(dimension) {
                        bound.moment.push((stride, clock.clone()));
                    }
                }
                Source::Own => bound.own.push((stride, part.codes(thing, *dimension)?)),
                Source::OwnRows => {
                    bound
                        .own_rows
                        .push((stride, part.codes(Thing::OrderRow, *dimension)?));
                }
                Source::OwnCoupons => {
                    bound.own_coupons = Some((
                        bound.own_coupons.map_or(0, |(before, _)| before) + stride,
                        part.orders.coupons(&part.vocabulary),
                    ));
                }
                Source::Beside => {}
                Source::OwnGoals => {
                    bound.own_goals = Some(bound.own_goals.unwrap_or(0) + stride);
                }
                Source::Joined(kind) => {
                    match by_kind.iter_mut().find(|(known, _)| *known == kind) {
                        Some((_, dimensions)) => dimensions.push((*dimension, stride)),
                        None => by_kind.push((kind, vec![(*dimension, stride)])),
                    }
                }
            }
        }
        for (kind, dimensions) in by_kind {
            bound
                .joined
                .push(Joined::new(world, number, kind, &dimensions, left)?);
        }
        Ok(bound)
    }

    /// Where visits are joined with things of one table, each of which has one key.
    pub(crate) fn joined_visits(&self) -> Option<JoinedVisits<'_>> {
        let [Joined { tables }] = self.joined.as_slice() else {
            return None;
        };
        let [joined] = tables.as_slice() else {
            return None;
        };
        if joined.coupons.is_some() || joined.constant != 0 {
            return None;
        }
        Some(JoinedVisits {
            table: &joined.table,
            codes: &joined.codes,
            left: joined.left.as_ref(),
        })
    }

    /// Whether there is but one key for everything.
    pub(crate) fn is_whole(&self) -> bool {
        self.is_flat() && self.visit.is_empty() && self.moment.is_empty() && self.own.is_empty()
    }

    /// Whether each thing has just one key.
    pub(crate) fn is_flat(&self) -> bool {
        self.own_rows.is_empty()
            && self.own_coupons.is_none()
            && self.own_goals.is_none()
            && self.joined.is_empty()
    }
}

impl Joined {
    fn new(
        world: &World,
        number: usize,
        kind: Kind,
        dimensions: &[(Dimension, u128)],
        left: &Left,
    ) -> Result<Joined, StoreError> {
        let part = &world.parts[number];
        if kind == Kind::Goal {
            let stride = dimensions.iter().map(|(_, stride)| stride).sum();
            return Joined::goals(world, number, stride, left);
        }
        let mut tables = Vec::new();
        for thing in tables_of(kind) {
            let mut codes = Vec::new();
            let mut coupons = None;
            for (dimension, stride) in dimensions {
                if *thing == Thing::Order && *dimension == Dimension::Coupon {
                    let before = coupons.map_or(0, |(before, _)| before);
                    coupons = Some((before + stride, part.orders.coupons(&part.vocabulary)));
                } else {
                    codes.push((*stride, part.codes(*thing, *dimension)?));
                }
            }
            let left = match thing {
                Thing::Hit => hits_left(part, left)?,
                _ => left.of(*thing).cloned(),
            };
            let table = part.table(*thing)?;
            tables.push(JoinedTable {
                table,
                codes,
                coupons,
                constant: 0,
                left,
            });
        }
        Ok(Joined { tables })
    }

    /// Goals of everything that converted and is left.
    fn goals(
        world: &World,
        number: usize,
        stride: u128,
        left: &Left,
    ) -> Result<Joined, StoreError> {
        let mut tables = Vec::new();
        for (goal, converted) in world.question.goals.iter().zip(&world.goals) {
            let mut things = converted.parts[number].clone();
            if let Some(left) = left.of(converted.thing) {
                things.and(left);
            }
            tables.push(JoinedTable {
                table: world.parts[number].table(converted.thing)?,
                codes: Vec::new(),
                coupons: None,
                constant: stride * u128::from(world.goal_code(&goal.name)),
                left: Some(things),
            });
        }
        Ok(Joined { tables })
    }
}

/// Where things were judged, the hits of which something is left.
fn hits_left(part: &Part, left: &Left) -> Result<Option<Bits>, StoreError> {
    let Some(things) = &left.things else {
        return Ok(None);
    };
    // Hits of no visit are joined with nothing.
    let Some(image) = &part.image else {
        return Ok(None);
    };
    let mut hits = Bits::zeros(image.layout()?.hits);
    for (thing, left) in THINGS.into_iter().zip(things) {
        match thing {
            // A refund keeps its visit, but no hit of it.
            Thing::Refund | Thing::RefundRow => {}
            Thing::Order | Thing::OrderRow => {
                for at in left.ones_in(0, left.len()) {
                    let order = part.orders.order_of(thing, at);
                    if let Some(hit) = part.orders.hit_of(order) {
                        hits.set(hit);
                    }
                }
            }
            _ => {
                let things = image.things(thing)?;
                let rows = if things.hit_rows.is_empty() {
                    &things.rows
                } else {
                    &things.hit_rows
                };
                for at in left.ones_in(0, left.len()) {
                    if let Some(hit) = rows.get(at) {
                        hits.set(*hit as usize);
                    }
                }
            }
        }
    }
    Ok(Some(hits))
}
