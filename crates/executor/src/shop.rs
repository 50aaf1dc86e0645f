//! Orders, the ways to them, and checkouts.

use std::sync::Arc;

use afsa_model::{AccountSettings, Timestamp};
use afsa_store::{
    CartHistory, CartPage, CheckoutFunnel, Dimension, JourneyVisit, Journeys, Order, Question,
    StoreError, Value,
};
use hashbrown::HashMap;
use rayon::prelude::*;

use crate::bits::Bits;
use crate::execute::Basis;
use crate::filter::{Judge, Left, judge_all};
use crate::image::{Codes, Thing};
use crate::orders::{CartReader, Everyone, LastPage};
use crate::part::things_of;
use crate::world::{Needs, World};
use crate::{OrdersCell, Shard};

/// The orders that a question chooses, as [`afsa_store::Snapshot::orders`] tells.
///
/// # Errors
/// As [`crate::execute`].
pub fn orders(
    shards: &[Arc<Shard>],
    cell: &OrdersCell,
    settings: &AccountSettings,
    question: &Question,
) -> Result<Vec<Arc<Order>>, StoreError> {
    let question = plain(question);
    let mut needs = Needs::of(&question);
    needs.orders = true;
    let basis = Basis::of(shards, cell, settings, &question, needs)?;
    let world = basis.whole_world(&question)?;
    let lefts = lefts(&world)?;
    let mut chosen: Vec<(Timestamp, u64, usize, usize)> = Vec::new();
    for (number, (part, left)) in world.parts.iter().zip(&lefts).enumerate() {
        let table = part.orders.table(Thing::Order);
        let mut kept = things_of(&left.scenes, &table.offsets, table.len());
        if let Some(left) = left.of(Thing::Order) {
            kept.and(left);
        }
        kept.and(&part.orders.within(Thing::Order, *question.range));
        chosen.extend(kept.ones_in(0, kept.len()).map(|order| {
            let (time, sequence) = part.orders.moment(order);
            (time, sequence, number, order)
        }));
    }
    chosen.par_sort_unstable();
    let found =
        chosen
            .par_iter()
            .map_init(LastPage::default, |last_page, (_, _, number, order)| {
                let orders = &world.parts[*number].orders;
                Arc::new(orders.order(*order, &basis.customers, basis.vocabulary(), last_page))
            });
    Ok(found.collect())
}

/// The visits on the way to orders, as [`afsa_store::Snapshot::journeys`] tells.
///
/// # Errors
/// As [`crate::execute`].
pub fn journeys(
    shards: &[Arc<Shard>],
    cell: &OrdersCell,
    settings: &AccountSettings,
    orders: &[Arc<Order>],
    dimensions: &[Dimension],
) -> Result<Journeys, StoreError> {
    let question = Question {
        dimensions: dimensions.to_vec(),
        ..Question::default()
    };
    let basis = Basis::of(shards, cell, settings, &question, Needs::of(&question))?;
    let world = basis.whole_world(&question)?;
    let images: Vec<_> = world
        .parts
        .iter()
        .filter_map(|it| it.image.as_ref())
        .collect();
    let everyone = Everyone::of(&images)?;
    let mut columns: Vec<Vec<Arc<Codes>>> = Vec::with_capacity(images.len());
    for part in world.parts.iter().take(images.len()) {
        let codes = dimensions.iter().map(|it| part.codes(Thing::Scene, *it));
        columns.push(codes.collect::<Result<_, _>>()?);
    }
    let meanings: Vec<_> = dimensions.iter().map(|it| world.meaning(*it)).collect();
    let mut journeys = Journeys::default();
    let mut places: HashMap<Vec<u32>, u32> = HashMap::new();
    for order in orders {
        let mut visits = Vec::new();
        for (span, (image, scene)) in everyone.visits_of(order.visitor) {
            let is_before = span.start <= order.time;
            if !is_before || span.exclusion.is_some() != order.exclusion.is_some() {
                continue;
            }
            let codes: Vec<u32> = columns[image]
                .iter()
                .map(|codes| codes.get(scene))
                .collect();
            let values = *places.entry_ref(codes.as_slice()).or_insert_with(|| {
                let told = meanings.iter().zip(&codes);
                let values: Vec<Value> = told.map(|(meaning, code)| meaning.value(*code)).collect();
                journeys.values.push(values);
                journeys.values.len() as u32 - 1
            });
            visits.push(JourneyVisit {
                start: span.start,
                values,
            });
        }
        journeys.orders.push(visits);
    }
    Ok(journeys)
}

/// The checkouts of the visits that a question chooses, as [`afsa_store::Snapshot::checkout`]
/// tells.
///
/// # Errors
/// As [`crate::execute`].
pub fn checkout(
    shards: &[Arc<Shard>],
    cell: &OrdersCell,
    settings: &AccountSettings,
    question: &Question,
) -> Result<CheckoutFunnel, StoreError> {
    let question = plain(question);
    let mut needs = Needs::of(&question);
    needs.carts = true;
    let basis = Basis::of(shards, cell, settings, &question, needs)?;
    let world = basis.whole_world(&question)?;
    let lefts = lefts(&world)?;
    let funnels: Vec<CheckoutFunnel> = world
        .parts
        .par_iter()
        .zip(&lefts)
        .map(|(part, left)| {
            let (Some(image), Some(carts)) = (&part.image, &part.carts) else {
                return Ok(CheckoutFunnel::default());
            };
            let starts = image.starts()?;
            let mut visits = Bits::from_fn(part.scenes, |scene| {
                scene < part.visits && question.range.contains(Timestamp(starts.get(scene)))
            });
            visits.and(&left.scenes);
            Ok(image.cart_steps()?.funnel(&visits, carts))
        })
        .collect::<Result<_, StoreError>>()?;
    let mut whole = CheckoutFunnel::default();
    funnels.into_iter().for_each(|part| whole.absorb(part));
    Ok(whole)
}

/// The carts of the visits that a question chooses, as [`afsa_store::Snapshot::carts`] tells.
///
/// # Errors
/// As [`crate::execute`].
pub fn carts(
    shards: &[Arc<Shard>],
    cell: &OrdersCell,
    settings: &AccountSettings,
    question: &Question,
    page: &CartPage,
) -> Result<Vec<CartHistory>, StoreError> {
    let question = Question {
        measures: Vec::new(),
        ..question.clone()
    };
    let mut needs = Needs::of(&question);
    (needs.carts, needs.names) = (true, true);
    let basis = Basis::of(shards, cell, settings, &question, needs)?;
    let world = basis.whole_world(&question)?;
    let lefts = lefts(&world)?;
    // Only those of the page are read whole.
    let mut places = Vec::new();
    for (number, (part, left)) in world.parts.iter().zip(&lefts).enumerate() {
        let (Some(image), Some(carts)) = (&part.image, &part.carts) else {
            continue;
        };
        let (starts, visitors) = (image.starts()?, image.visitors()?);
        let mut kept = carts.held_something.clone();
        kept.and(&left.scenes);
        let mut position = 0;
        for scene in kept.ones_in(0, part.visits) {
            let start = Timestamp(starts.get(scene));
            let is_abandoned = carts.abandoned.get(scene);
            let is_asked = page.abandoned.is_none_or(|asked| asked == is_abandoned);
            if !is_asked || !question.range.contains(start) {
                continue;
            }
            while visitors.run(position).end <= scene {
                position += 1;
            }
            places.push((start, visitors.keys[position], number, scene, is_abandoned));
        }
    }
    page.cut(&mut places, |(start, visitor, ..)| (*start, *visitor));
    let mut readers: HashMap<usize, CartReader> = HashMap::new();
    let mut carts = Vec::with_capacity(places.len());
    for (start, visitor, number, scene, is_abandoned) in places {
        let reader = match readers.entry(number) {
            hashbrown::hash_map::Entry::Occupied(known) => known.into_mut(),
            hashbrown::hash_map::Entry::Vacant(new) => {
                new.insert(CartReader::of(&world.parts[number], &world)?)
            }
        };
        carts.push(CartHistory {
            visitor,
            start,
            values: reader.values(scene),
            is_abandoned,
            changes: reader.changes(scene),
        });
    }
    Ok(carts)
}

/// What such a question is made of: nothing is counted and nothing broken down.
fn plain(question: &Question) -> Question {
    Question {
        measures: Vec::new(),
        dimensions: Vec::new(),
        ..question.clone()
    }
}

/// What the question's filter leaves of each part.
fn lefts(world: &World) -> Result<Vec<Left>, StoreError> {
    let filter = world.question.filter.as_ref();
    let judge = filter
        .map(|filter| Judge::new(filter, world, false))
        .transpose()?;
    judge_all(judge.as_ref(), None, world)
}
