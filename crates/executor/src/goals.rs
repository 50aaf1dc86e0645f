//! Which things convert.

use afsa_store::{Filter, Goal, Kind, StoreError};
use rayon::prelude::*;

use crate::bits::Bits;
use crate::filter::Judge;
use crate::image::Thing;
use crate::part::things_of;
use crate::world::World;

/// What converts for one goal. It is a property of things in their whole visit, whatever the
/// question's filter takes out.
pub(crate) struct Converted {
    pub(crate) thing: Thing,
    /// For each part, the things that converted.
    pub(crate) parts: Vec<Bits>,
}

/// What converts for each goal of the question. Within a goal's filter no goal is met, which is
/// why the world has none yet.
pub(crate) fn converted(world: &World) -> Result<Vec<Converted>, StoreError> {
    world
        .question
        .goals
        .iter()
        .map(|goal| converted_for(goal, world))
        .collect()
}

fn converted_for(goal: &Goal, world: &World) -> Result<Converted, StoreError> {
    let judge = Judge::new(&goal.filter, world, true)?;
    let thing = thing_that_converts(&goal.filter);
    let parts = (0..world.parts.len())
        .into_par_iter()
        .map(|number| {
            let part = &world.parts[number];
            let table = part.table(thing)?;
            let offsets = table.offsets();
            let living = part.living(world.question.traffic)?;
            let mut things = judge.things(world, number, thing)?;
            things.and(&things_of(&living, offsets, table.len()));
            if thing == Thing::Order {
                for order in 0..part.orders.len() {
                    if part.orders.is_cancelled(order) {
                        things.clear(order);
                    }
                }
            }
            Ok(if goal.once_per_visit {
                first_of_each_scene(&things, offsets)
            } else {
                things
            })
        })
        .collect::<Result<_, StoreError>>()?;
    Ok(Converted { thing, parts })
}

fn first_of_each_scene(things: &Bits, offsets: &crate::image::Offsets) -> Bits {
    let mut first = Bits::zeros(things.len());
    let scenes = offsets.scenes();
    let (mut scene, mut end) = (0, 0);
    for thing in things.ones_in(0, things.len()) {
        if thing < end {
            continue;
        }
        scene = crate::part::scene_of(thing, offsets, scene, scenes);
        end = offsets.begin(scene + 1);
        first.set(thing);
    }
    first
}

/// Events if a condition names an `event_*`, orders if one names an order or a product, else page
/// views. What a visitor must have done besides doesn't decide it.
fn thing_that_converts(filter: &Filter) -> Thing {
    let mut kinds = Vec::new();
    add_kinds(filter, &mut kinds);
    if kinds.contains(&Kind::Event) {
        Thing::Event
    } else if kinds.contains(&Kind::Order) || kinds.contains(&Kind::ProductRow) {
        Thing::Order
    } else {
        Thing::PageView
    }
}

fn add_kinds(filter: &Filter, kinds: &mut Vec<Kind>) {
    match filter {
        Filter::And(parts) | Filter::Or(parts) => {
            parts.iter().for_each(|part| add_kinds(part, kinds));
        }
        Filter::Not(part) => add_kinds(part, kinds),
        Filter::Condition(condition) => kinds.push(condition.dimension.kind()),
        Filter::VisitorHas(_) => {}
    }
}
