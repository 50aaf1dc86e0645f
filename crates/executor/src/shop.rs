//! Orders one by one, checkouts and carts.

use std::ops::ControlFlow;
use std::sync::Arc;

use afsa_model::{AccountSettings, Timestamp};
use afsa_store::{CartHistory, CartPage, CheckoutFunnel, Order, Question, Sales, StoreError};
use hashbrown::HashMap;
use rayon::prelude::*;

use crate::bits::Bits;
use crate::execute::Basis;
use crate::filter::{Judge, Left, judge_all};
use crate::image::Thing;
use crate::orders::{CartReader, LastPage};
use crate::part::things_of;
use crate::world::{Needs, World};
use crate::{OrdersCell, Shard};

/// How many orders are told before more of them are put in order.
const FIRST_ORDERS: usize = 4_096;

/// Tells the orders that a question chooses, as [`afsa_store::Snapshot::orders`] does.
///
/// # Errors
/// As [`crate::execute`], all of them before the first order is told.
pub fn orders(
    shards: &[Arc<Shard>],
    cell: &OrdersCell,
    settings: &AccountSettings,
    question: &Question,
    each: &mut dyn FnMut(Order) -> ControlFlow<()>,
) -> Result<(), StoreError> {
    let question = plain(question);
    let basis = Basis::of(shards, cell, settings, &question, needs_orders(&question))?;
    let world = basis.whole_world(&question)?;
    let chosen = chosen_orders(&world, &question)?;
    let mut places: Vec<(Timestamp, u32, u32)> = Vec::new();
    for (number, (part, kept)) in (0..).zip(world.parts.iter().zip(&chosen)) {
        let moment = |order| part.orders.moment(order).0;
        let kept = kept.ones_in(0, kept.len());
        places.extend(kept.map(|order| (moment(order), number, order as u32)));
    }
    let orders_of = |number: u32| &world.parts[number as usize].orders;
    let id = |(_, number, order): &(_, u32, u32)| orders_of(*number).id(*order as usize);
    let latest_first = |one: &(Timestamp, u32, u32), other: &(Timestamp, u32, u32)| {
        (other.0.cmp(&one.0)).then_with(|| id(other).cmp(id(one)))
    };
    // Whoever asks for a page wants few, so that no more than a few are sorted at first.
    let (mut last_page, mut told, mut sorted) = (LastPage::default(), 0, 0);
    while told < places.len() {
        if told == sorted {
            let more = (places.len() - sorted).min(FIRST_ORDERS.max(sorted * 8));
            let rest = &mut places[sorted..];
            if more < rest.len() {
                rest.select_nth_unstable_by(more, latest_first);
            }
            rest[..more].par_sort_unstable_by(latest_first);
            sorted += more;
        }
        let (_, number, order) = places[told];
        let orders = orders_of(number);
        let vocabulary = basis.vocabulary();
        let order = orders.order(order as usize, &basis.customers, vocabulary, &mut last_page);
        if each(order).is_break() {
            break;
        }
        told += 1;
    }
    Ok(())
}

/// The orders that a question chooses, as [`afsa_store::Snapshot::sales`] tells.
///
/// # Errors
/// As [`crate::execute`].
pub fn sales(
    shards: &[Arc<Shard>],
    cell: &OrdersCell,
    settings: &AccountSettings,
    question: &Question,
) -> Result<Sales, StoreError> {
    let question = plain(question);
    let basis = Basis::of(shards, cell, settings, &question, needs_orders(&question))?;
    let world = basis.whole_world(&question)?;
    let chosen = chosen_orders(&world, &question)?;
    let parts: Vec<Sales> = world
        .parts
        .par_iter()
        .zip(chosen)
        .map(|(part, kept)| part.orders.sales(&kept, &basis.customers))
        .collect();
    let mut whole = Sales::default();
    whole
        .sales
        .reserve(parts.iter().map(|it| it.sales.len()).sum());
    for part in parts {
        let before = whole.refunds.len() as u32;
        whole.refunds.extend(part.refunds);
        whole.sales.extend(part.sales.into_iter().map(|mut sale| {
            sale.refunds = sale.refunds.start + before..sale.refunds.end + before;
            sale
        }));
        whole.customers = whole.customers.max(part.customers);
    }
    Ok(whole)
}

fn needs_orders(question: &Question) -> Needs {
    let mut needs = Needs::of(question);
    needs.orders = true;
    needs
}

/// Those of each part's orders that the question chooses.
fn chosen_orders(world: &World, question: &Question) -> Result<Vec<Bits>, StoreError> {
    let lefts = lefts(world)?;
    let chosen = world.parts.par_iter().zip(&lefts).map(|(part, left)| {
        let table = part.orders.table(Thing::Order);
        let mut kept = things_of(&left.scenes, &table.offsets, table.len());
        if let Some(left) = left.of(Thing::Order) {
            kept.and(left);
        }
        kept.and(&part.orders.within(Thing::Order, *question.range));
        kept
    });
    Ok(chosen.collect())
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
pub(crate) fn lefts(world: &World) -> Result<Vec<Left>, StoreError> {
    let filter = world.question.filter.as_ref();
    let judge = filter
        .map(|filter| Judge::new(filter, world, false))
        .transpose()?;
    judge_all(judge.as_ref(), None, world)
}
