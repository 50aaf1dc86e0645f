//! Which visits and things a pass counts.

use afsa_model::Timestamp;
use afsa_store::StoreError;

use super::fact::Counted;
use crate::bits::Bits;
use crate::filter::Left;
use crate::image::Image;
use crate::part::{Part, Table, things_of};
use crate::world::World;

/// The visits that are left and began in the question's range.
pub(crate) fn visits(world: &World, part: &Part, left: &Left) -> Result<Bits, StoreError> {
    let Some(image) = &part.image else {
        return Ok(Bits::zeros(part.scenes));
    };
    let mut visits = image.starts()?.within(*world.question.range);
    visits.and(&left.scenes);
    for lone in part.visits..part.scenes {
        visits.clear(lone);
    }
    Ok(visits)
}

/// The first or last page view of each of these visits, if it is left.
pub(crate) fn ends_of_visits(counted: Counted, table: &Table, visits: &Bits, left: &Left) -> Bits {
    let offsets = table.offsets();
    let mut ends = Bits::zeros(table.len());
    for visit in visits.ones_in(0, visits.len()) {
        let page_views = offsets.of(visit);
        if !page_views.is_empty() {
            let is_entry = counted == Counted::Entry;
            ends.set(if is_entry {
                page_views.start
            } else {
                page_views.end - 1
            });
        }
    }
    if let Some(things) = left.of(counted.thing()) {
        ends.and(things);
    }
    ends
}

/// The things of a table in the question's range: left, not of cancelled orders, and converted
/// where conversions are counted.
pub(crate) fn things(
    world: &World,
    number: usize,
    counted: Counted,
    table: &Table,
    left: &Left,
) -> Result<Bits, StoreError> {
    let part = &world.parts[number];
    let mut things = in_range(world, part, counted, table, left)?;
    if let Some(left) = left.of(counted.thing()) {
        things.and(left);
    }
    let orders = &part.orders;
    if !matches!(table, Table::Image(_)) {
        for order in (0..orders.len()).filter(|order| orders.is_cancelled(*order)) {
            match table {
                Table::OrderRows(_) => orders.rows_of(order).for_each(|row| things.clear(row)),
                _ => things.clear(order),
            }
        }
    }
    if let Counted::Conversion(thing) = counted {
        let mut converted = Bits::zeros(table.len());
        for goal in world.goals.iter().filter(|goal| goal.thing == thing) {
            converted.or(&goal.parts[number]);
        }
        things.and(&converted);
    }
    Ok(things)
}

/// Things of scenes left whose own moment lies in the range. What lies in an image is never later
/// than its visit's end, so that most visits needn't be looked into.
fn in_range(
    world: &World,
    part: &Part,
    counted: Counted,
    table: &Table,
    left: &Left,
) -> Result<Bits, StoreError> {
    let range = *world.question.range;
    let offsets = table.offsets();
    let (Some(image), Table::Image(_)) = (&part.image, table) else {
        let mut things = things_of(&left.scenes, offsets, table.len());
        let mut scenes = left.scenes.clone();
        if let Some(inhabited) = offsets.inhabited() {
            scenes.and(inhabited);
        }
        let times = part.times(counted.thing())?;
        for scene in scenes.ones_in(0, part.scenes) {
            for thing in offsets.of(scene) {
                if !range.contains(Timestamp(times.get(scene, thing))) {
                    things.clear(thing);
                }
            }
        }
        return Ok(things);
    };
    let mut begun = image.starts()?.within(range);
    let mut straddling = straddling(image, &begun, world)?;
    begun.and(&left.scenes);
    straddling.and(&left.scenes);
    begun.and_not(&straddling);
    let mut things = things_of(&begun, offsets, table.len());
    if straddling.any() {
        let times = part.times(counted.thing())?;
        for scene in straddling.ones_in(0, part.scenes) {
            for thing in offsets.of(scene) {
                if range.contains(Timestamp(times.get(scene, thing))) {
                    things.set(thing);
                }
            }
        }
    }
    Ok(things)
}

/// Visits that lie partly in the question's range: those that began in it and end after it, or
/// began before it and end in it or after.
fn straddling(image: &Image, begun: &Bits, world: &World) -> Result<Bits, StoreError> {
    let range = *world.question.range;
    let layout = image.layout()?;
    let span = image.span()?;
    if range.from.0 <= span.first && span.last < range.to.0 {
        return Ok(Bits::zeros(layout.scenes()));
    }
    let (starts, durations) = (image.starts()?, image.durations()?);
    Ok(Bits::from_fn(layout.scenes(), |scene| {
        let start = starts.get(scene);
        let end = start.saturating_add(durations.get(scene).unwrap_or(0));
        if begun.get(scene) {
            end >= range.to.0
        } else {
            start < range.from.0 && end >= range.from.0
        }
    }))
}
