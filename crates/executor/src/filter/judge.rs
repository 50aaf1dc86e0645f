//! A filter, compiled, and what it leaves of each part.

use std::sync::Arc;

use afsa_store::{Condition, ConditionScope, Dimension, Filter, Kind, StoreError, Value};
use rayon::prelude::*;

use super::check::Check;
use super::name::Name;
use crate::bits::Bits;
use crate::image::{Chosen, Codes, SelectionKey, Thing};
use crate::key::Meaning;
use crate::part::{Part, scenes_of, things_of};
use crate::world::World;

/// What is counted, joined and judged, in tables of its own.
pub(crate) const THINGS: [Thing; 8] = [
    Thing::PageView,
    Thing::Event,
    Thing::Product,
    Thing::Promotion,
    Thing::Order,
    Thing::OrderRow,
    Thing::Refund,
    Thing::RefundRow,
];

/// A filter with its tests ready and its visitors found.
pub(crate) enum Judge {
    All(Vec<Judge>),
    Any(Vec<Judge>),
    Not(Box<Judge>),
    Condition {
        dimension: Dimension,
        check: Check,
        negated: bool,
        scope: ConditionScope,
    },
    /// The scenes of the chosen visitors, for each part.
    Visitors(Vec<Bits>),
}

/// What a filter left of one part.
pub(crate) struct Left {
    pub(crate) scenes: Arc<Bits>,
    /// Where things were judged: those left, in the order of [`THINGS`].
    pub(crate) things: Option<[Bits; 8]>,
    /// Where an image alone decides what is left: the name under which it keeps that.
    pub(crate) name: Option<Name>,
}

impl Left {
    /// The things of this kind that are left; `None` if all of the scenes left are.
    pub(crate) fn of(&self, thing: Thing) -> Option<&Bits> {
        let at = THINGS.iter().position(|it| *it == thing)?;
        self.things.as_ref().map(|things| &things[at])
    }
}

impl Judge {
    /// With `hit_scope`, all conditions are taken to be of scope hit, as in goals.
    ///
    /// # Errors
    /// If a regular expression doesn't compile or data can't be read.
    pub(crate) fn new(
        filter: &Filter,
        world: &World,
        hit_scope: bool,
    ) -> Result<Judge, StoreError> {
        let all = |parts: &[Filter]| {
            parts
                .iter()
                .map(|part| Judge::new(part, world, hit_scope))
                .collect::<Result<_, _>>()
        };
        Ok(match filter {
            Filter::And(parts) => Judge::All(all(parts)?),
            Filter::Or(parts) => Judge::Any(all(parts)?),
            Filter::Not(part) => Judge::Not(Box::new(Judge::new(part, world, hit_scope)?)),
            Filter::Condition(condition) => Judge::condition(condition, hit_scope)?,
            // The inner filter judges visits as it says, also within a goal.
            Filter::VisitorHas(inner) => {
                let judge = Judge::new(inner, world, false)?;
                Judge::Visitors(super::visitors::find(&judge, world)?)
            }
        })
    }

    fn condition(condition: &Condition, hit_scope: bool) -> Result<Judge, StoreError> {
        Ok(Judge::Condition {
            dimension: condition.dimension,
            check: Check::new(&condition.test, condition.case_sensitive)?,
            negated: condition.negated,
            scope: if hit_scope {
                ConditionScope::Hit
            } else {
                condition.scope
            },
        })
    }

    /// Whether any condition has scope hit: then things are judged, not visits.
    pub(crate) fn judges_things(&self) -> bool {
        match self {
            Judge::All(parts) | Judge::Any(parts) => parts.iter().any(Judge::judges_things),
            Judge::Not(part) => part.judges_things(),
            Judge::Condition { scope, .. } => *scope == ConditionScope::Hit,
            Judge::Visitors(_) => false,
        }
    }

    /// What is left of a part of its living scenes.
    pub(crate) fn judge(
        &self,
        world: &World,
        number: usize,
        living: &Bits,
    ) -> Result<Left, StoreError> {
        if !self.judges_things() {
            let mut scenes = self.scenes(world, number)?;
            scenes.and(living);
            return Ok(Left {
                scenes: Arc::new(scenes),
                things: None,
                name: None,
            });
        }
        let part = &world.parts[number];
        let mut scenes = Bits::zeros(part.scenes);
        let mut things: [Bits; 8] = Default::default();
        for (thing, left) in THINGS.into_iter().zip(&mut things) {
            let table = part.table(thing)?;
            *left = self.things(world, number, thing)?;
            left.and(&things_of(living, table.offsets(), table.len()));
            scenes.or(&scenes_of(left, table.offsets(), part.scenes));
        }
        Ok(Left {
            scenes: Arc::new(scenes),
            things: Some(things),
            name: None,
        })
    }

    /// The scenes of a part that a filter without conditions of scope hit chooses.
    pub(crate) fn scenes(&self, world: &World, number: usize) -> Result<Bits, StoreError> {
        let part = &world.parts[number];
        match self {
            Judge::All(judges) => combine(judges, part.scenes, true, |it| it.scenes(world, number)),
            Judge::Any(judges) => {
                combine(judges, part.scenes, false, |it| it.scenes(world, number))
            }
            Judge::Not(judge) => {
                let mut scenes = judge.scenes(world, number)?;
                scenes.not();
                Ok(scenes)
            }
            Judge::Visitors(scenes) => Ok(scenes[number].clone()),
            Judge::Condition {
                dimension,
                check,
                negated,
                ..
            } => {
                let mut scenes = meets_in_scene(world, number, *dimension, check)?;
                if *negated {
                    scenes.not();
                }
                Ok(scenes)
            }
        }
    }

    /// The things of a part that the filter chooses, of whatever scenes.
    pub(crate) fn things(
        &self,
        world: &World,
        number: usize,
        thing: Thing,
    ) -> Result<Bits, StoreError> {
        let part = &world.parts[number];
        let table = part.table(thing)?;
        if !self.judges_things() {
            let scenes = self.scenes(world, number)?;
            return Ok(things_of(&scenes, table.offsets(), table.len()));
        }
        match self {
            Judge::All(judges) => combine(judges, table.len(), true, |it| {
                it.things(world, number, thing)
            }),
            Judge::Any(judges) => combine(judges, table.len(), false, |it| {
                it.things(world, number, thing)
            }),
            Judge::Not(judge) => {
                let mut things = judge.things(world, number, thing)?;
                things.not();
                Ok(things)
            }
            Judge::Visitors(_) => Ok(Bits::zeros(table.len())),
            Judge::Condition {
                dimension,
                check,
                negated,
                ..
            } => {
                let mut things = meets(world, number, thing, *dimension, check)?;
                if *negated {
                    things.not();
                }
                Ok(things)
            }
        }
    }
}

/// What a filter, or none, left of every part. `name` is that of the filter, where it has one.
pub(crate) fn judge_all(
    judge: Option<&Judge>,
    name: Option<&Name>,
    world: &World,
) -> Result<Vec<Left>, StoreError> {
    (0..world.parts.len())
        .into_par_iter()
        .map(|number| left_of(judge, name, world, number))
        .collect()
}

fn left_of(
    judge: Option<&Judge>,
    name: Option<&Name>,
    world: &World,
    number: usize,
) -> Result<Left, StoreError> {
    let (part, traffic) = (&world.parts[number], world.question.traffic);
    let judged = || match judge {
        Some(judge) => judge.judge(world, number, &*part.living(traffic)?),
        None => Ok(Left {
            scenes: part.living(traffic)?,
            things: None,
            name: None,
        }),
    };
    let (Some(image), Some(name), Some(_)) = (&part.image, name, judge) else {
        let name = name.filter(|_| part.image.is_some()).cloned();
        return Ok(Left { name, ..judged()? });
    };
    let key = SelectionKey {
        chosen: Chosen::Scenes,
        traffic,
        filter: name.0.clone(),
    };
    let scenes = image
        .selections()
        .get(key, || Ok(Bits::clone(&judged()?.scenes)))?;
    Ok(Left {
        scenes,
        things: None,
        name: Some(name.clone()),
    })
}

fn combine(
    judges: &[Judge],
    len: usize,
    all: bool,
    bits_of: impl Fn(&Judge) -> Result<Bits, StoreError>,
) -> Result<Bits, StoreError> {
    let mut combined = if all {
        Bits::ones(len)
    } else {
        Bits::zeros(len)
    };
    for judge in judges {
        let bits = bits_of(judge)?;
        if all {
            combined.and(&bits)
        } else {
            combined.or(&bits)
        }
    }
    Ok(combined)
}

/// The scenes that have a thing of the dimension's kind that meets the test.
fn meets_in_scene(
    world: &World,
    number: usize,
    dimension: Dimension,
    check: &Check,
) -> Result<Bits, StoreError> {
    let things: &[Thing] = match dimension.kind() {
        Kind::Visit | Kind::Time => {
            return meets(world, number, Thing::Scene, dimension, check);
        }
        Kind::PageView => &[Thing::PageView],
        Kind::AnyHit => &[Thing::Hit],
        Kind::Event => &[Thing::Event],
        Kind::ProductRow => &[Thing::Product, Thing::OrderRow],
        Kind::Promotion => &[Thing::Promotion],
        Kind::Order => &[Thing::Order],
        Kind::Goal => &THINGS,
    };
    let part = &world.parts[number];
    let mut scenes = Bits::zeros(part.scenes);
    for thing in things {
        let table = part.table(*thing)?;
        let met = meets(world, number, *thing, dimension, check)?;
        scenes.or(&scenes_of(&met, table.offsets(), part.scenes));
    }
    Ok(scenes)
}

/// The things that have a value of the dimension themselves that meets the test.
fn meets(
    world: &World,
    number: usize,
    thing: Thing,
    dimension: Dimension,
    check: &Check,
) -> Result<Bits, StoreError> {
    let part = &world.parts[number];
    let table = part.table(thing)?;
    match (dimension.kind(), thing) {
        (Kind::Visit, Thing::Scene) => {
            let codes = part.codes(Thing::Scene, dimension)?;
            Ok(test(&codes, &check.outcomes(&world.meaning(dimension))))
        }
        (Kind::Visit, _) => {
            let scenes = meets(world, number, Thing::Scene, dimension, check)?;
            Ok(things_of(&scenes, table.offsets(), table.len()))
        }
        (Kind::Time, _) => meets_time(world, part, thing, dimension, check),
        (Kind::Goal, _) => {
            let mut met = Bits::zeros(table.len());
            for (goal, converted) in world.question.goals.iter().zip(&world.goals) {
                if check.meets(&Value::Text(goal.name.clone())) && converted.thing == thing {
                    met.or(&converted.parts[number]);
                }
            }
            Ok(met)
        }
        // A refund has what its order has.
        (Kind::Order | Kind::ProductRow | Kind::PageView | Kind::AnyHit, Thing::Refund) => {
            let orders = meets(world, number, Thing::Order, dimension, check)?;
            Ok(Bits::from_fn(table.len(), |refund| {
                orders.get(part.orders.order_of(thing, refund))
            }))
        }
        (Kind::Order, Thing::Order) if dimension == Dimension::Coupon => {
            let coupons = part.orders.coupons(&part.vocabulary);
            let outcomes = check.outcomes(&world.meaning(dimension));
            Ok(Bits::from_fn(table.len(), |order| {
                coupons
                    .of(order)
                    .iter()
                    .any(|code| outcomes[*code as usize])
            }))
        }
        (Kind::ProductRow, Thing::Order) => {
            let codes = part.codes(Thing::OrderRow, dimension)?;
            let outcomes = check.outcomes(&world.meaning(dimension));
            Ok(Bits::from_fn(table.len(), |order| {
                part.orders
                    .rows_of(order)
                    .any(|row| outcomes[codes.get(row) as usize])
            }))
        }
        _ => {
            let codes = part.codes(thing, dimension)?;
            Ok(test(&codes, &check.outcomes(&world.meaning(dimension))))
        }
    }
}

fn meets_time(
    world: &World,
    part: &Part,
    thing: Thing,
    dimension: Dimension,
    check: &Check,
) -> Result<Bits, StoreError> {
    let table = part.table(thing)?;
    let mut met = Bits::zeros(table.len());
    let Some(clock) = world.clocks.get(&dimension) else {
        return Ok(met);
    };
    let outcomes = check.outcomes(&Meaning::Clock(clock.clone()));
    let times = part.times(thing)?;
    for scene in 0..part.scenes {
        for row in table.offsets().of(scene) {
            if outcomes[clock.code(times.get(scene, row)) as usize] {
                met.set(row);
            }
        }
    }
    Ok(met)
}

fn test(codes: &Codes, outcomes: &[bool]) -> Bits {
    // A table with a place for every byte needs no check of bounds.
    match codes {
        Codes::Null(len) => Bits::zeros(*len),
        Codes::U8(codes) => {
            let mut wide = [false; 256];
            for (wide, outcome) in wide.iter_mut().zip(outcomes) {
                *wide = *outcome;
            }
            Bits::from_fn(codes.len(), |row| wide[usize::from(codes[row])])
        }
        Codes::U16(codes) => Bits::from_fn(codes.len(), |row| outcomes[usize::from(codes[row])]),
        Codes::U32(codes) => Bits::from_fn(codes.len(), |row| outcomes[codes[row] as usize]),
    }
}
