//! What converts, one by one.

use std::sync::Arc;

use afsa_model::{AccountSettings, Timestamp, VisitorKey};
use afsa_store::{JourneyEnd, Measure, Question, StoreError, Traffic};
use rayon::prelude::*;

use crate::execute::Basis;
use crate::filter::Left;
use crate::part::{Part, Table, scene_of};
use crate::pass::{Counted, things};
use crate::shop::lefts;
use crate::world::{Needs, World};
use crate::{OrdersCell, Shard};

/// What converts for the goals of a question, as [`afsa_store::Snapshot::conversions`] tells.
///
/// # Errors
/// As [`crate::execute`].
pub fn conversions(
    shards: &[Arc<Shard>],
    cell: &OrdersCell,
    settings: &AccountSettings,
    question: &Question,
) -> Result<Vec<JourneyEnd>, StoreError> {
    let question = Question {
        measures: vec![Measure::Conversions],
        dimensions: Vec::new(),
        ..question.clone()
    };
    let basis = Basis::of(shards, cell, settings, &question, Needs::of(&question))?;
    let world = basis.whole_world(&question)?;
    let lefts = lefts(&world)?;
    let found: Vec<Vec<JourneyEnd>> = lefts
        .par_iter()
        .enumerate()
        .map(|(number, left)| of_part(&world, number, left))
        .collect::<Result<_, StoreError>>()?;
    Ok(found.concat())
}

fn of_part(world: &World, number: usize, left: &Left) -> Result<Vec<JourneyEnd>, StoreError> {
    let part = &world.parts[number];
    let mut found = Vec::new();
    for counted in Counted::of(Measure::Conversions) {
        let thing = counted.thing();
        if !world.goals.iter().any(|goal| goal.thing == thing) {
            continue;
        }
        let table = part.table(thing)?;
        let converted = things(world, number, counted, &table, left)?;
        let times = part.times(thing)?;
        let mut visitors = VisitorsOf::new(part, &table);
        for thing in converted.ones_in(0, converted.len()) {
            let (scene, visitor) = visitors.of(thing)?;
            found.push(JourneyEnd {
                visitor,
                time: Timestamp(times.get(scene, thing)),
                is_excluded: world.question.traffic == Traffic::Excluded,
            });
        }
    }
    Ok(found)
}

/// Whose the things of a table are, asked in their order.
struct VisitorsOf<'a> {
    part: &'a Part,
    table: &'a Table,
    scene: usize,
    /// Among the part's visitors.
    position: usize,
}

impl<'a> VisitorsOf<'a> {
    fn new(part: &'a Part, table: &'a Table) -> VisitorsOf<'a> {
        VisitorsOf {
            part,
            table,
            scene: 0,
            position: 0,
        }
    }

    /// The scene that a thing lies in, and its visitor.
    fn of(&mut self, thing: usize) -> Result<(usize, VisitorKey), StoreError> {
        self.scene = scene_of(thing, self.table.offsets(), self.scene, self.part.scenes);
        let visitor = match (self.table, &self.part.image) {
            (Table::Orders(orders, _), _) => orders.visitor(thing),
            (Table::Image(_), Some(image)) if self.scene < self.part.visits => {
                let visitors = image.visitors()?;
                while visitors.run(self.position).end <= self.scene {
                    self.position += 1;
                }
                visitors.keys[self.position]
            }
            (Table::Image(_), _) => self.part.lone_visitor(self.scene)?,
        };
        Ok((self.scene, visitor))
    }
}
