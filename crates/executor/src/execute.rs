//! From a question to its answer.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use afsa_model::{AccountSettings, Decimal};
use afsa_store::{Group, Groups, Measure, Question, StoreError};
use rayon::prelude::*;

use crate::filter::{Judge, Left, Name, judge_all};
use crate::found::{Found, QuestionKey};
use crate::image::Vocabulary;
use crate::key::{Axes, Meaning};
use crate::orders::{Orders, PartOrders};
use crate::pass::{Cells, Partial, Pass, load};
use crate::shard::Stretch;
use crate::world::{Needs, World, vocabulary_of};
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
    answer(shards, orders, settings, question, true)
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
    answer(shards, orders, settings, question, false)
}

fn answer(
    shards: &[Arc<Shard>],
    orders: &OrdersCell,
    settings: &AccountSettings,
    question: &Question,
    keeps: bool,
) -> Result<Groups, StoreError> {
    // A measure that is asked for twice is counted once.
    let mut measures: Vec<Measure> = Vec::new();
    for measure in &question.measures {
        if !measures.contains(measure) {
            measures.push(*measure);
        }
    }
    let needs = Needs::of(question);
    let vocabulary = vocabulary_of(shards)?;
    let orders = if needs.orders {
        orders.get(shards, settings)?
    } else {
        let images = shards.iter().map(|shard| shard.images().len());
        Arc::new(Orders::none(images.sum()))
    };
    let key = if keeps {
        QuestionKey::of(question, &measures, &needs)
    } else {
        None
    };
    let places = places(shards, &orders);
    let mut found: Vec<Option<Arc<Found>>> = places
        .iter()
        .map(|(shard, orders)| {
            shard
                .found()?
                .find::<Found>(key.as_ref()?)
                .filter(|it| it.still_holds(orders))
        })
        .collect();
    // Who has which visits is told by all shards together.
    let is_together = needs.visitors && orders.lone.len() > 0;
    if is_together {
        found.fill(None);
    }
    let counting = Counting {
        question,
        measures: &measures,
        needs: &needs,
        vocabulary,
        lone: orders.lone.clone(),
    };
    counting.answer(&places, found, key)
}

type Place = (Arc<Shard>, Vec<Arc<PartOrders>>);

/// Each shard with the orders of its images.
fn places(shards: &[Arc<Shard>], orders: &Orders) -> Vec<Place> {
    let mut orders = orders.parts.iter().cloned();
    let place = |shard: &Arc<Shard>| {
        let images = shard.images().len();
        (shard.clone(), orders.by_ref().take(images).collect())
    };
    shards.iter().map(place).collect()
}

struct Counting<'q> {
    question: &'q Question,
    measures: &'q [Measure],
    needs: &'q Needs,
    vocabulary: Arc<Vocabulary>,
    lone: Arc<PartOrders>,
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
        places: &[Place],
        mut found: Vec<Option<Arc<Found>>>,
        key: Option<QuestionKey>,
    ) -> Result<Groups, StoreError> {
        let stale: Vec<usize> = (0..found.len()).filter(|at| found[*at].is_none()).collect();
        let shards = stale.iter().map(|at| places[*at].clone()).collect();
        let (lone, vocabulary) = (self.lone.clone(), self.vocabulary.clone());
        let world = World::new(shards, lone, vocabulary, self.needs, self.question)?;
        let mut mixed = None;
        if !stale.is_empty() || self.lone.len() > 0 || found.is_empty() {
            let counted = self.count(&world)?;
            for (at, partial) in stale.into_iter().zip(counted.partials) {
                let Some(partial) = partial else { continue };
                let (shard, orders) = &places[at];
                let fresh = Found::new(partial, counted.codes.clone(), orders, self.needs);
                let fresh = Arc::new(fresh);
                if let (Some(shelf), Some(key)) = (shard.found(), &key)
                    && fresh.is_kept()
                {
                    shelf.put(key.clone(), fresh.clone());
                }
                found[at] = Some(fresh);
            }
            if let Some(lone) = counted.lone {
                let lone = Found::new(lone, counted.codes.clone(), &[], self.needs);
                found.push(Some(Arc::new(lone)));
            }
            mixed = Some((counted.codes, counted.mixed));
        }
        let found: Vec<Arc<Found>> = found.into_iter().flatten().collect();
        self.merge(&world, &found, mixed)
    }

    fn meanings(&self, world: &World) -> Vec<Meaning> {
        let dimensions = self.question.dimensions.iter();
        dimensions
            .map(|dimension| world.meaning(*dimension))
            .collect()
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
            let mut cells = cells.unwrap_or_else(|| Cells::new(self.measures, axes.keys));
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
        let lone = if self.lone.len() > 0 {
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

    fn merge(
        &self,
        world: &World,
        found: &[Arc<Found>],
        mixed: Option<(Vec<u32>, Vec<Cells>)>,
    ) -> Result<Groups, StoreError> {
        let meanings = self.meanings(world);
        // Codes that came since something was found make room for more keys.
        let mut codes: Vec<u32> = meanings.iter().map(Meaning::codes).collect();
        for found in found {
            for (codes, known) in codes.iter_mut().zip(&found.codes) {
                *codes = (*codes).max(*known);
            }
        }
        let axes = Axes::with_codes(meanings, &codes).ok_or_else(too_many_keys)?;
        let (counted_under, mut mixed) = mixed.unwrap_or_default();
        let mut all = match mixed.pop() {
            Some(cells) if counted_under == codes => cells,
            other => {
                mixed.extend(other);
                Cells::new(self.measures, axes.keys)
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
        if self.question.dimensions.is_empty() {
            all.group(0)?;
        }
        Ok(self.groups(&axes, &all))
    }

    fn groups(&self, axes: &Axes, cells: &Cells) -> Groups {
        let position = |measure| self.measures.iter().position(|it| it == measure);
        let columns: Vec<usize> = self.question.measures.iter().filter_map(position).collect();
        let is_said = |group| self.question.dimensions.is_empty() || cells.has_any(group);
        let rows = cells
            .groups()
            .filter(|(_, group)| is_said(*group))
            .map(|(key, group)| Group {
                key: axes.values(key),
                numbers: columns
                    .iter()
                    .map(|column| {
                        in_unit(self.measures[*column], cells.numbers[*column].get(group))
                    })
                    .collect(),
            });
        Groups {
            rows: rows.collect(),
        }
    }
}

/// What visits cost is added up in millionths, as it is told.
fn in_unit(measure: Measure, number: i128) -> i128 {
    match measure {
        Measure::VisitCost => number.saturating_mul(i128::from(Decimal::SCALE)),
        _ => number,
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
