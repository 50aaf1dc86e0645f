//! From a question to its answer.

use std::sync::{Arc, Mutex, PoisonError};

use afsa_model::AccountSettings;
use afsa_store::{Group, Groups, Measure, Question, StoreError};
use rayon::prelude::*;

use crate::filter::{Judge, Left, Name, judge_all};
use crate::key::Axes;
use crate::pass::{Cells, Pass, load};
use crate::shard::Stretch;
use crate::world::World;
use crate::{OrdersCell, Shard};

/// Answers a question over all shards of an account.
///
/// `orders` is kept by the caller from question to question, as long as it is asked of the same
/// account.
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
    // A measure that is asked for twice is counted once.
    let mut measures: Vec<Measure> = Vec::new();
    for measure in &question.measures {
        if !measures.contains(measure) {
            measures.push(*measure);
        }
    }
    let world = World::new(shards, orders, settings, question)?;
    let judge = match &question.filter {
        Some(filter) => Some(Judge::new(filter, &world, false)?),
        None => None,
    };
    let name = Name::of(question.filter.as_ref());
    let lefts = judge_all(judge.as_ref(), name.as_ref(), &world)?;
    let passes = Pass::all(&measures);
    world.parts.par_iter().try_for_each(|part| {
        passes
            .iter()
            .try_for_each(|pass| load(&world, part, pass.counted))
    })?;
    let meanings = question
        .dimensions
        .iter()
        .map(|dimension| world.meaning(*dimension))
        .collect();
    let axes = Axes::new(meanings)
        .ok_or_else(|| StoreError::TooLarge("more combinations than can be numbered".into()))?;
    let cells = count(&world, &lefts, &measures, &passes, &axes)?;
    let position = |measure| measures.iter().position(|it| it == measure);
    let columns: Vec<usize> = question.measures.iter().filter_map(position).collect();
    let rows = cells
        .groups()
        .filter(|(_, group)| question.dimensions.is_empty() || cells.has_any(*group))
        .map(|(key, group)| Group {
            key: axes.values(key),
            numbers: columns
                .iter()
                .map(|column| cells.numbers[*column].get(group))
                .collect(),
        })
        .collect();
    Ok(Groups { rows })
}

/// A shard's parts, or the one of orders of no visit.
struct Task {
    first_part: usize,
    parts: usize,
    shard: Option<Arc<Shard>>,
}

fn count(
    world: &World,
    lefts: &[Left],
    measures: &[Measure],
    passes: &[Pass],
    axes: &Axes,
) -> Result<Cells, StoreError> {
    let mut tasks = Vec::new();
    let mut first_part = 0;
    for shard in world.shards {
        let parts = shard.images().len();
        tasks.push(Task {
            first_part,
            parts,
            shard: Some(shard.clone()),
        });
        first_part += parts;
    }
    tasks.push(Task {
        first_part,
        parts: 1,
        shard: None,
    });
    // Each thread goes on with cells that another task has left, so that there are no more of
    // them than threads.
    let idle: Mutex<Vec<Cells>> = Mutex::new(Vec::new());
    let pop = || idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
    tasks.par_iter().try_for_each(|task| {
        let mut cells = pop().unwrap_or_else(|| Cells::new(measures, axes.keys));
        let lefts = &lefts[task.first_part..task.first_part + task.parts];
        for pass in passes {
            let walk = match &task.shard {
                Some(shard) => Some(shard.walk()?),
                None => None,
            };
            let stretches: &[Stretch] = walk.as_ref().map_or(&[], |walk| &walk.stretches);
            pass.count(world, task.first_part, lefts, stretches, axes, &mut cells)?;
        }
        idle.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(cells);
        Ok::<(), StoreError>(())
    })?;
    let mut all = pop().unwrap_or_else(|| Cells::new(measures, axes.keys));
    while let Some(cells) = pop() {
        all.absorb(&cells)?;
    }
    if world.question.dimensions.is_empty() {
        all.group(0)?;
    }
    Ok(all)
}
