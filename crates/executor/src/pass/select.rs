//! Which visits and things a pass counts.

use std::sync::Arc;

use afsa_model::{TimeRange, Timestamp};
use afsa_store::StoreError;

use super::fact::Counted;
use crate::bits::Bits;
use crate::filter::Left;
use crate::image::{Chosen, Image, Loaded, Offsets, SelectionKey};
use crate::part::{Part, Table, Times, things_of};
use crate::world::World;

/// Scenes whose things lie in a range, as far as that can be told without looking into them. What
/// lies in an image is never later than its visit's end.
pub(crate) struct Inside {
    /// All of their things lie in it.
    pub(crate) whole: Bits,
    /// Those that began in it and end after it, or began before it and end in it or after.
    pub(crate) partly: Bits,
}

impl Loaded for Inside {
    fn bytes(&self) -> usize {
        self.whole.bytes() + self.partly.bytes()
    }
}

/// The visits that are left and began in the question's range.
pub(crate) fn visits(world: &World, part: &Part, left: &Left) -> Result<Arc<Bits>, StoreError> {
    let Some(image) = &part.image else {
        return Ok(Arc::new(Bits::zeros(part.scenes)));
    };
    let range = *world.question.range;
    keep(image, world, left, Chosen::Visits(range), || {
        let mut visits = image.starts()?.within(range);
        visits.and(&left.scenes);
        for lone in part.visits..part.scenes {
            visits.clear(lone);
        }
        Ok(visits)
    })
}

/// The scenes left that lie in the question's range, and those that do partly.
pub(crate) fn inside(world: &World, image: &Image, left: &Left) -> Result<Arc<Inside>, StoreError> {
    let range = *world.question.range;
    keep(image, world, left, Chosen::Inside(range), || {
        let mut whole = image.starts()?.within(range);
        let mut partly = partly_inside(image, &whole, range)?;
        whole.and(&left.scenes);
        partly.and(&left.scenes);
        whole.and_not(&partly);
        Ok(Inside { whole, partly })
    })
}

/// Has the image keep what it alone decides.
fn keep<T: Loaded>(
    image: &Image,
    world: &World,
    left: &Left,
    chosen: Chosen,
    choose: impl FnOnce() -> Result<T, StoreError>,
) -> Result<Arc<T>, StoreError> {
    let Some(name) = &left.name else {
        return Ok(Arc::new(choose()?));
    };
    let key = SelectionKey {
        chosen,
        traffic: world.question.traffic,
        filter: name.0.clone(),
    };
    image.selections().get(key, choose)
}

/// The first or last page view of each of these visits, which have one, if it is left.
pub(crate) fn ends_of_visits(counted: Counted, table: &Table, visits: &Bits, left: &Left) -> Bits {
    let offsets = table.offsets();
    let mut ends = Bits::zeros(table.len());
    for visit in visits.ones_in(0, visits.len()) {
        ends.set(end_of(counted, offsets, visit));
    }
    if let Some(things) = left.of(counted.thing()) {
        ends.and(things);
    }
    ends
}

/// The first or last page view of a visit that has one.
#[inline]
pub(crate) fn end_of(counted: Counted, offsets: &Offsets, visit: usize) -> usize {
    if counted == Counted::Entry {
        offsets.begin(visit)
    } else {
        offsets.begin(visit + 1) - 1
    }
}

/// The things of a table in the question's range: left, not of cancelled orders unless these are
/// counted, and converted where conversions are.
pub(crate) fn things(
    world: &World,
    number: usize,
    counted: Counted,
    table: &Table,
    left: &Left,
) -> Result<Arc<Bits>, StoreError> {
    let part = &world.parts[number];
    let in_range = match (&part.image, table) {
        (Some(image), Table::Image(_)) => {
            let chosen = Chosen::Things(counted.thing(), *world.question.range);
            keep(image, world, left, chosen, || {
                in_image(world, part, image, counted, table, left)
            })?
        }
        _ => Arc::new(in_orders(world, part, counted, table, left)?),
    };
    let is_done = left.things.is_none()
        && matches!(table, Table::Image(_))
        && !matches!(counted, Counted::Conversion(_));
    if is_done {
        return Ok(in_range);
    }
    let mut things = Bits::clone(&in_range);
    if let Some(left) = left.of(counted.thing()) {
        things.and(left);
    }
    if let Table::Orders(orders, thing) = table {
        let cancelled = orders.cancelled();
        if counted == Counted::CancelledOrder {
            things.and(cancelled);
        } else if cancelled.any() {
            things.and_not(&orders.things_of(*thing, cancelled));
        }
    }
    if let Counted::Conversion(thing) = counted {
        let mut converted = Bits::zeros(table.len());
        for goal in world.goals.iter().filter(|goal| goal.thing == thing) {
            converted.or(&goal.parts[number]);
        }
        things.and(&converted);
    }
    Ok(Arc::new(things))
}

/// Orders, or what they have, of scenes left, whose own moment lies in the range.
fn in_orders(
    world: &World,
    part: &Part,
    counted: Counted,
    table: &Table,
    left: &Left,
) -> Result<Bits, StoreError> {
    let range = *world.question.range;
    let offsets = table.offsets();
    let mut things = things_of(&left.scenes, offsets, table.len());
    match part.times(counted.thing())? {
        Times::Orders(orders, thing) => things.and(&orders.within(thing, range)),
        times => {
            offsets.each_with_things(0, table.len(), |scene, these| {
                for thing in these {
                    if !range.contains(Timestamp(times.get(scene, thing))) {
                        things.clear(thing);
                    }
                }
            });
        }
    }
    Ok(things)
}

/// Things of an image, of scenes left, whose own moment lies in the range.
fn in_image(
    world: &World,
    part: &Part,
    image: &Image,
    counted: Counted,
    table: &Table,
    left: &Left,
) -> Result<Bits, StoreError> {
    let range = *world.question.range;
    let offsets = table.offsets();
    let inside = inside(world, image, left)?;
    let mut things = things_of(&inside.whole, offsets, table.len());
    if inside.partly.any() {
        let times = part.times(counted.thing())?;
        for scene in inside.partly.ones_in(0, part.scenes) {
            for thing in offsets.of(scene) {
                if range.contains(Timestamp(times.get(scene, thing))) {
                    things.set(thing);
                }
            }
        }
    }
    Ok(things)
}

/// The scenes that lie partly in the range; `begun` began in it.
fn partly_inside(image: &Image, begun: &Bits, range: TimeRange) -> Result<Bits, StoreError> {
    let scenes = image.layout()?.scenes();
    let span = image.span()?;
    let is_apart = span.last < range.from.0 || range.to.0 <= span.first;
    if is_apart || (range.from.0 <= span.first && span.last < range.to.0) {
        return Ok(Bits::zeros(scenes));
    }
    let (starts, durations) = (image.starts()?, image.durations()?);
    // Whatever began longer ago than the longest visit lasted has ended.
    let mut partly = Bits::zeros(scenes);
    for edge in [range.from, range.to] {
        let near = starts.within(TimeRange {
            from: Timestamp(edge.0.saturating_sub(span.longest)),
            to: edge,
        });
        for scene in near.ones_in(0, scenes) {
            let end = starts.get(scene);
            let end = end.saturating_add(durations.get(scene).unwrap_or(0));
            let is_over = if begun.get(scene) {
                end < range.to.0
            } else {
                end < range.from.0 || starts.get(scene) >= range.from.0
            };
            if !is_over {
                partly.set(scene);
            }
        }
    }
    Ok(partly)
}
