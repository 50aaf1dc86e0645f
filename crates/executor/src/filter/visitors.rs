//! Visitors who have a visit of some kind.

use afsa_model::Timestamp;
use afsa_store::StoreError;
use rayon::prelude::*;

use super::judge::{Judge, judge_all};
use crate::bits::Bits;
use crate::part::Part;
use crate::world::World;

/// For each part, the scenes of visitors who have a visit, begun in the question's range, that the
/// filter chooses, among his visits of the question's traffic.
pub(super) fn find(judge: &Judge, world: &World) -> Result<Vec<Bits>, StoreError> {
    let chosen = chosen_visits(judge, world)?;
    // From here on a set holds positions of visitors, not visits.
    let mut visitors: Vec<Bits> = world
        .parts
        .par_iter()
        .zip(&chosen)
        .map(|(part, visits)| visitors_of(part, visits))
        .collect::<Result<_, _>>()?;
    let mut first_part = 0;
    for shard in &world.shards {
        for (_, places) in &shard.walk()?.shared {
            let is_chosen = places
                .iter()
                .any(|(image, at)| visitors[first_part + image].get(*at));
            for (image, at) in places.iter().filter(|_| is_chosen) {
                visitors[first_part + image].set(*at);
            }
        }
        first_part += shard.images().len();
    }
    (0..world.parts.len())
        .into_par_iter()
        .map(|number| scenes_of_visitors(world, number, &visitors))
        .collect()
}

fn chosen_visits(judge: &Judge, world: &World) -> Result<Vec<Bits>, StoreError> {
    let range = *world.question.range;
    let mut chosen = Vec::with_capacity(world.parts.len());
    for (part, left) in world.parts.iter().zip(judge_all(Some(judge), None, world)?) {
        let mut visits = Bits::clone(&left.scenes);
        if let Some(image) = &part.image {
            let starts = image.starts()?;
            let begun = Bits::from_fn(part.scenes, |scene| {
                scene < part.visits && range.contains(Timestamp(starts.get(scene)))
            });
            visits.and(&begun);
        }
        chosen.push(visits);
    }
    Ok(chosen)
}

fn visitors_of(part: &Part, visits: &Bits) -> Result<Bits, StoreError> {
    let Some(image) = &part.image else {
        return Ok(Bits::default());
    };
    let visitors = image.visitors()?;
    Ok(Bits::from_fn(visitors.keys.len(), |position| {
        let run = visitors.run(position);
        visits.any_in(run.start, run.end)
    }))
}

fn scenes_of_visitors(world: &World, number: usize, chosen: &[Bits]) -> Result<Bits, StoreError> {
    let part = &world.parts[number];
    let mut scenes = Bits::zeros(part.scenes);
    if let Some(image) = &part.image {
        let visitors = image.visitors()?;
        for position in chosen[number].ones_in(0, visitors.keys.len()) {
            let run = visitors.run(position);
            scenes.set_range(run.start, run.end);
        }
    }
    // What stands alone may be of a visitor of any part.
    for scene in part.visits..part.scenes {
        let key = part.lone_visitor(scene)?;
        for (other, chosen) in world.parts.iter().zip(chosen) {
            let Some(image) = &other.image else { continue };
            let visitors = image.visitors()?;
            if let Ok(position) = visitors.keys.binary_search(&key)
                && chosen.get(position)
            {
                scenes.set(scene);
            }
        }
    }
    Ok(scenes)
}
