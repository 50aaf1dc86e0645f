//! The visits on the way to orders.

use std::sync::Arc;

use afsa_model::AccountSettings;
use afsa_store::{Dimension, JourneyEnd, JourneyVisit, Journeys, Question, StoreError};
use hashbrown::HashMap;
use rayon::prelude::*;

use crate::execute::Basis;
use crate::image::{Codes, Thing};
use crate::orders::Everyone;
use crate::world::Needs;
use crate::{OrdersCell, Shard};

/// How many ends one task follows.
const ENDS: usize = 8_192;

/// The visits on the way to some ends, as [`afsa_store::Snapshot::journeys`] tells.
///
/// # Errors
/// As [`crate::execute`].
pub fn journeys(
    shards: &[Arc<Shard>],
    cell: &OrdersCell,
    settings: &AccountSettings,
    ends: &[JourneyEnd],
    dimensions: &[Dimension],
) -> Result<Journeys, StoreError> {
    let question = Question {
        dimensions: dimensions.to_vec(),
        ..Question::default()
    };
    let basis = Basis::of(shards, cell, settings, &question, Needs::of(&question))?;
    let world = basis.whole_world(&question)?;
    let parts = || world.parts.iter().filter(|part| part.image.is_some());
    let images: Vec<_> = parts().filter_map(|part| part.image.as_ref()).collect();
    let everyone = Everyone::of(&images)?;
    let mut columns: Vec<Vec<Arc<Codes>>> = Vec::with_capacity(images.len());
    for part in parts() {
        let codes = dimensions.iter().map(|it| part.codes(Thing::Scene, *it));
        columns.push(codes.collect::<Result<_, _>>()?);
    }
    let stretches: Vec<Stretch> = ends
        .par_chunks(ENDS)
        .map(|ends| Stretch::of(ends, &everyone, &columns))
        .collect();

    let meanings: Vec<_> = dimensions.iter().map(|it| world.meaning(*it)).collect();
    let mut journeys = Journeys::default();
    let mut places: HashMap<Vec<u32>, u32> = HashMap::new();
    for stretch in stretches {
        // What the stretch counted for itself, by all others' count.
        let mut numbers = vec![0; stretch.known.len()];
        for (codes, number) in stretch.known {
            let told = meanings.iter().zip(&codes);
            let values = || told.map(|(meaning, code)| meaning.value(*code)).collect();
            let fresh = journeys.values.len() as u32;
            let place = *places.entry(codes.clone()).or_insert(fresh);
            if place == fresh {
                journeys.values.push(values());
            }
            numbers[number as usize] = place;
        }
        let before = journeys.visits.len();
        let visits = stretch.visits.into_iter();
        journeys.visits.extend(visits.map(|visit| JourneyVisit {
            values: numbers[visit.values as usize],
            ..visit
        }));
        let counts = stretch.counts.into_iter();
        journeys.counts.extend(counts.map(|count| before + count));
    }
    Ok(journeys)
}

/// The ways to some of the ends, with places in values that are its own.
#[derive(Default)]
struct Stretch {
    known: HashMap<Vec<u32>, u32>,
    visits: Vec<JourneyVisit>,
    counts: Vec<usize>,
}

impl Stretch {
    fn of(ends: &[JourneyEnd], everyone: &Everyone, columns: &[Vec<Arc<Codes>>]) -> Stretch {
        let mut stretch = Stretch::default();
        let mut codes: Vec<u32> = Vec::new();
        let mut found = Vec::new();
        for end in ends {
            everyone.visits_into(end.visitor, &mut found);
            for (span, (image, scene)) in found.drain(..) {
                let is_before = span.start <= end.time;
                if !is_before || span.exclusion.is_some() != end.is_excluded {
                    continue;
                }
                codes.clear();
                codes.extend(columns[image].iter().map(|codes| codes.get(scene)));
                let fresh = stretch.known.len() as u32;
                let known = stretch.known.entry_ref(codes.as_slice());
                stretch.visits.push(JourneyVisit {
                    start: span.start,
                    values: *known.or_insert(fresh),
                });
            }
            stretch.counts.push(stretch.visits.len());
        }
        stretch
    }
}
