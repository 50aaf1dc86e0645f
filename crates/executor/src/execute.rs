//! From a question to its answer.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use afsa_model::AccountSettings;
use afsa_store::{Dimension, Groups, Measure, Page, Paged, Question, StoreError, Traffic, Value};
use rayon::prelude::*;

use crate::filter::{Judge, Left, Name, judge_all};
use crate::found::{Found, QuestionKey, Settled};
use crate::image::Vocabulary;
use crate::key::{Axes, Meaning};
use crate::names::Names;
use crate::orders::{Customers, Orders, PartOrders};
use crate::pass::{Cells, Partial, Pass, is_told_beside, load};
use crate::shard::Stretch;
use crate::told::Told;
use crate::world::{Needs, Place, World, vocabulary_of};
use crate::{OrdersCell, Shard};

/// Answers a question over all shards of an account.
///
/// `orders` is kept by the caller from question to question, as long as it is asked of the same
/// account. A shard keeps what was found in it: it is counted once for a question.
///
/// # Errors
/// If data can't be read or is damaged, if a regular expression doesn't compile, or if the answer
/// would have more groups than memory should hold.
pub fn execute(
    shards: &[Arc<Shard>],
    orders: &OrdersCell,
    settings: &AccountSettings,
    question: &Question,
) -> Result<Groups, StoreError> {
    answer(shards, orders, settings, question, true, |told| {
        told.groups()
    })
}

/// The groups of a page of the answer, as [`afsa_store::Snapshot::page`] tells: only these are made
/// of what was counted.
///
/// # Errors
/// As [`execute`].
pub fn execute_page(
    shards: &[Arc<Shard>],
    orders: &OrdersCell,
    settings: &AccountSettings,
    question: &Question,
    page: &Page,
) -> Result<Paged, StoreError> {
    let take = |told: &Told| told.page(page);
    answer(shards, orders, settings, question, true, take)
}

/// The groups of known keys, as [`afsa_store::Snapshot::of_keys`] tells.
///
/// # Errors
/// As [`execute`].
pub fn execute_of_keys(
    shards: &[Arc<Shard>],
    orders: &OrdersCell,
    settings: &AccountSettings,
    question: &Question,
    keys: &[Vec<Value>],
) -> Result<Groups, StoreError> {
    let take = |told: &Told| told.of_keys(keys);
    answer(shards, orders, settings, question, true, take)
}

/// As [`execute`], but counts everything anew and keeps nothing that is found: for measuring.
///
/// # Errors
/// As [`execute`].
pub fn execute_anew(
    shards: &[Arc<Shard>],
    orders: &OrdersCell,
    settings: &AccountSettings,
    question: &Question,
) -> Result<Groups, StoreError> {
    answer(shards, orders, settings, question, false, |told| {
        told.groups()
    })
}

/// `take` makes of what was counted what is wanted of it.
fn answer<T>(
    shards: &[Arc<Shard>],
    orders: &OrdersCell,
    settings: &AccountSettings,
    question: &Question,
    keeps: bool,
    take: impl FnOnce(&Told) -> T,
) -> Result<T, StoreError> {
    // A measure that is asked for twice is counted once.
    let mut measures: Vec<Measure> = Vec::new();
    for measure in &question.measures {
        if !measures.contains(measure) {
            measures.push(*measure);
        }
    }
    let basis = Basis::of(shards, orders, settings, question, Needs::of(question))?;
    let key = if keeps {
        QuestionKey::of(question, &measures, &basis.needs)
    } else {
        None
    };
    let counting = Counting {
        question,
        measures: &measures,
        basis: &basis,
    };
    let shelf = shards.iter().find_map(|shard| shard.images().first());
    let shelf = shelf.map(|image| orders.settled(image.budget()));
    let settled = shelf
        .zip(key.as_ref())
        .and_then(|(shelf, key)| shelf.find::<Settled>(key));
    if let Some(settled) = settled.filter(|settled| settled.still_holds(&basis)) {
        return counting.told(&settled, take);
    }
    let mut found: Vec<Option<Arc<Found>>> = basis
        .places
        .iter()
        .map(|place| {
            let found = place.shard.found()?.find::<Found>(key.as_ref()?);
            found.filter(|it| it.still_holds(place, &basis))
        })
        .collect();
    // Who has which visits is told by all shards together.
    let is_together = basis.needs.visitors && basis.lone.len() > 0;
    if is_together {
        found.fill(None);
    }
    let settled = Arc::new(counting.answer(found, key.as_ref())?);
    if let Some((shelf, key)) = shelf.zip(key)
        && settled.is_kept()
    {
        shelf.put(key, settled.clone());
    }
    counting.told(&settled, take)
}

/// Everything that a question is answered with.
pub(crate) struct Basis {
    pub(crate) needs: Needs,
    pub(crate) places: Vec<Place>,
    pub(crate) lone: Arc<PartOrders>,
    pub(crate) customers: Arc<Customers>,
    pub(crate) names: Option<Arc<Names>>,
    vocabulary: Arc<Vocabulary>,
}

impl Basis {
    pub(crate) fn of(
        shards: &[Arc<Shard>],
        cell: &OrdersCell,
        settings: &AccountSettings,
        question: &Question,
        mut needs: Needs,
    ) -> Result<Basis, StoreError> {
        // What became of carts and what products are called is told by orders too.
        needs.orders |= needs.carts || needs.names;
        let vocabulary = vocabulary_of(shards)?;
        let images = shards.iter().map(|shard| shard.images().len()).sum();
        let orders = if needs.orders {
            cell.get(shards, settings)?
        } else {
            Arc::new(Orders::none(images))
        };
        let carts = if needs.carts {
            let carts = cell.carts(shards, settings)?;
            carts.into_iter().map(Some).collect()
        } else {
            vec![None; images]
        };
        let names = if needs.names {
            Some(cell.names(shards, settings, question.traffic, &vocabulary)?)
        } else {
            None
        };
        let (mut parts, mut carts) = (orders.parts.iter().cloned(), carts.into_iter());
        let place = |shard: &Arc<Shard>| {
            let images = shard.images().len();
            Place {
                shard: shard.clone(),
                orders: parts.by_ref().take(images).collect(),
                carts: carts.by_ref().take(images).collect(),
            }
        };
        Ok(Basis {
            places: shards.iter().map(place).collect(),
            lone: orders.lone.clone(),
            customers: orders.customers.clone(),
            names,
            vocabulary,
            needs,
        })
    }

    pub(crate) fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// The world of these places.
    pub(crate) fn world<'q>(
        &self,
        places: Vec<Place>,
        question: &'q Question,
    ) -> Result<World<'q>, StoreError> {
        let (lone, names) = (self.lone.clone(), self.names.clone());
        World::new(
            places,
            lone,
            names,
            self.vocabulary.clone(),
            &self.needs,
            question,
        )
    }

    /// The world of everything.
    pub(crate) fn whole_world<'q>(&self, question: &'q Question) -> Result<World<'q>, StoreError> {
        self.world(self.places.clone(), question)
    }
}

struct Counting<'q> {
    question: &'q Question,
    measures: &'q [Measure],
    basis: &'q Basis,
}

/// What was counted of some shards.
struct Counted {
    /// How many codes each dimension has, of which keys are made.
    codes: Vec<u32>,
    /// One for each shard; `None` where it is among `mixed`.
    partials: Vec<Option<Partial>>,
    /// Of the orders of no visit.
    lone: Option<Partial>,
    /// Of shards with so many groups that they were counted together.
    mixed: Vec<Cells>,
}

impl Counting<'_> {
    fn answer(
        &self,
        mut found: Vec<Option<Arc<Found>>>,
        key: Option<&QuestionKey>,
    ) -> Result<Settled, StoreError> {
        let stale: Vec<usize> = (0..found.len()).filter(|at| found[*at].is_none()).collect();
        let Basis { places, lone, .. } = self.basis;
        let shards = stale.iter().map(|at| places[*at].clone()).collect();
        let world = self.basis.world(shards, self.question)?;
        let mut mixed = None;
        if !stale.is_empty() || lone.len() > 0 || found.is_empty() {
            let counted = self.count(&world)?;
            for (at, partial) in stale.into_iter().zip(counted.partials) {
                let Some(partial) = partial else { continue };
                let place = &places[at];
                let codes = counted.codes.clone();
                let fresh = Arc::new(Found::new(partial, codes, place, self.basis));
                if let (Some(shelf), Some(key)) = (place.shard.found(), key)
                    && fresh.is_kept()
                {
                    shelf.put(key.clone(), fresh.clone());
                }
                found[at] = Some(fresh);
            }
            if let Some(lone) = counted.lone {
                found.push(Some(Arc::new(Found::of_lone(lone, counted.codes.clone()))));
            }
            mixed = Some((counted.codes, counted.mixed));
        }
        let found: Vec<Arc<Found>> = found.into_iter().flatten().collect();
        self.merge(&world, &found, mixed)
    }

    /// Takes what is wanted out of what was found.
    fn told<T>(&self, settled: &Settled, take: impl FnOnce(&Told) -> T) -> Result<T, StoreError> {
        let world = self.basis.world(Vec::new(), self.question)?;
        let axes = Axes::with_codes(self.meanings(&world), &settled.codes);
        Ok(take(&Told {
            question: self.question,
            measures: self.measures,
            axes: &axes.ok_or_else(too_many_keys)?,
            cells: &settled.cells,
        }))
    }

    fn meanings(&self, world: &World) -> Vec<Meaning> {
        let dimensions = &self.question.dimensions;
        let sku = dimensions
            .iter()
            .position(|it| *it == Dimension::ProductSku);
        let meaning = |dimension: &Dimension| {
            let names = self.basis.names.as_ref().zip(sku);
            match (world.meaning(*dimension), names) {
                (Meaning::Words(words), Some((names, sku)))
                    if is_told_beside(*dimension, dimensions) =>
                {
                    let names = names.clone();
                    Meaning::Called { sku, names, words }
                }
                (meaning, _) => meaning,
            }
        };
        dimensions.iter().map(meaning).collect()
    }

    fn count(&self, world: &World) -> Result<Counted, StoreError> {
        let judge = match &self.question.filter {
            Some(filter) => Some(Judge::new(filter, world, false)?),
            None => None,
        };
        let name = Name::of(self.question.filter.as_ref());
        let lefts = judge_all(judge.as_ref(), name.as_ref(), world)?;
        let passes = Pass::all(self.measures);
        world.parts.par_iter().try_for_each(|part| {
            passes
                .iter()
                .try_for_each(|pass| load(world, part, pass.counted))
        })?;
        let axes = Axes::new(self.meanings(world)).ok_or_else(too_many_keys)?;
        let scenes = world.parts.iter().map(|part| part.scenes).sum();
        let mut first_part = 0;
        let tasks: Vec<Task> = world
            .shards
            .iter()
            .map(|shard| {
                let parts = first_part..first_part + shard.images().len();
                first_part = parts.end;
                Task {
                    parts,
                    shard: Some(shard),
                }
            })
            .collect();
        // Each thread goes on with cells that another task has left, so that there are no more of
        // them than threads.
        let idle: Mutex<Vec<Cells>> = Mutex::new(Vec::new());
        let done = |task: &Task| -> Result<Option<Partial>, StoreError> {
            let idle = || idle.lock().unwrap_or_else(PoisonError::into_inner);
            let cells = idle().pop();
            let mut cells = cells.unwrap_or_else(|| self.cells(&axes, scenes));
            task.count(world, &lefts, &passes, &axes, &mut cells)?;
            let partial = cells.take_unless_many();
            idle().push(cells);
            Ok(partial)
        };
        let partials = tasks.par_iter().map(done).collect::<Result<_, _>>()?;
        let lone = Task {
            parts: first_part..first_part + 1,
            shard: None,
        };
        let lone = if self.basis.lone.len() > 0 {
            done(&lone)?
        } else {
            None
        };
        let mut mixed = idle.into_inner().unwrap_or_else(PoisonError::into_inner);
        mixed.retain(Cells::has_many);
        Ok(Counted {
            codes: axes.codes(),
            partials,
            lone,
            mixed,
        })
    }

    fn cells(&self, axes: &Axes, scenes: usize) -> Cells {
        let mut dimensions = self.question.dimensions.iter();
        let customer = dimensions.position(|it| *it == Dimension::Customer);
        let axis = customer.and_then(|place| axes.place(place));
        Cells::new(self.measures, axes.keys, scenes, axis)
    }

    fn merge(
        &self,
        world: &World,
        found: &[Arc<Found>],
        mixed: Option<(Vec<u32>, Vec<Cells>)>,
    ) -> Result<Settled, StoreError> {
        let meanings = self.meanings(world);
        // Codes that came since something was found make room for more keys.
        let mut codes: Vec<u32> = meanings.iter().map(Meaning::codes).collect();
        for found in found {
            for (codes, known) in codes.iter_mut().zip(&found.codes) {
                *codes = (*codes).max(*known);
            }
        }
        let axes = Axes::with_codes(meanings, &codes).ok_or_else(too_many_keys)?;
        let scenes = world.parts.iter().map(|part| part.scenes).sum();
        let (counted_under, mut mixed) = mixed.unwrap_or_default();
        let mut all = match mixed.pop() {
            Some(cells) if counted_under == codes => cells,
            other => {
                mixed.extend(other);
                self.cells(&axes, scenes)
            }
        };
        for cells in &mut mixed {
            all.absorb(&cells.take(), |key| axes.key_from(key, &counted_under))?;
        }
        for found in found {
            if found.codes == codes {
                all.absorb(&found.partial, |key| key)?;
            } else {
                all.absorb(&found.partial, |key| axes.key_from(key, &found.codes))?;
            }
        }
        if let Some(cost) = self
            .measures
            .iter()
            .position(|it| *it == Measure::VisitCost)
        {
            all.settle_lump_sums(cost)?;
        }
        let is_excluded = self.question.traffic == Traffic::Excluded;
        let customers = |code| self.basis.customers.get(code, is_excluded);
        all.settle_customers(self.measures, customers)?;
        if self.question.dimensions.is_empty() {
            all.group(0)?;
        }
        Ok(Settled::new(all.settled(), codes, self.basis))
    }
}

/// A shard's parts, or the one of orders of no visit.
struct Task<'w> {
    parts: Range<usize>,
    shard: Option<&'w Arc<Shard>>,
}

impl Task<'_> {
    fn count(
        &self,
        world: &World,
        lefts: &[Left],
        passes: &[Pass],
        axes: &Axes,
        cells: &mut Cells,
    ) -> Result<(), StoreError> {
        let walk = self.shard.map(|shard| shard.walk()).transpose()?;
        let stretches: &[Stretch] = walk.as_ref().map_or(&[], |walk| &walk.stretches);
        let (first, lefts) = (self.parts.start, &lefts[self.parts.clone()]);
        for pass in passes {
            pass.count(world, first, lefts, stretches, axes, cells)?;
        }
        Ok(())
    }
}

fn too_many_keys() -> StoreError {
    StoreError::TooLarge("more combinations than can be numbered".into())
}
