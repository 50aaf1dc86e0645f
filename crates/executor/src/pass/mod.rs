//! Passes over the parts: one for each fact, for all of its measures.

mod bound;
mod cells;
mod fact;
mod general;
mod select;
mod weight;

use afsa_store::{Measure, StoreError};

pub(crate) use bound::load;
pub(crate) use cells::Cells;
pub(crate) use fact::Counted;

use crate::filter::Left;
use crate::key::Axes;
use crate::shard::Stretch;
use crate::world::World;
use bound::Bound;
use general::{Buffers, General};
use weight::Weight;

/// The measures of one fact, with their positions among the question's.
pub(crate) struct Pass {
    pub(crate) counted: Counted,
    pub(crate) measures: Vec<(usize, Measure)>,
}

impl Pass {
    /// The passes that a question's measures need.
    pub(crate) fn all(measures: &[Measure]) -> Vec<Pass> {
        let mut passes: Vec<Pass> = Vec::new();
        for (position, measure) in measures.iter().enumerate() {
            for counted in Counted::of(*measure) {
                match passes.iter_mut().find(|pass| pass.counted == counted) {
                    Some(pass) => pass.measures.push((position, *measure)),
                    None => {
                        passes.push(Pass { counted, measures: vec![(position, *measure)] });
                    }
                }
            }
        }
        passes
    }

    /// Counts what this pass counts in the parts that begin at `first_part`, as `stretches` tell
    /// for visits; these are of parts from there on.
    pub(crate) fn count(
        &self,
        world: &World,
        first_part: usize,
        lefts: &[Left],
        stretches: &[Stretch],
        axes: &Axes,
        cells: &mut Cells,
    ) -> Result<(), StoreError> {
        let mut readies = Vec::with_capacity(lefts.len());
        for (at, left) in lefts.iter().enumerate() {
            readies.push(Ready::new(self, world, first_part + at, left, axes)?);
        }
        if self.counted == Counted::Visit {
            for stretch in stretches {
                readies[stretch.image].visits(world, *stretch, cells)?;
            }
            return Ok(());
        }
        for ready in &mut readies {
            ready.things(world, cells)?;
        }
        Ok(())
    }
}

/// A pass with all that it reads of one part.
struct Ready {
    number: usize,
    counted: Counted,
    bound: Bound,
    weights: Vec<(usize, Weight)>,
    /// The visits or things to count.
    selected: crate::bits::Bits,
    buffers: Buffers,
}

impl Ready {
    fn new(
        pass: &Pass,
        world: &World,
        number: usize,
        left: &Left,
        axes: &Axes,
    ) -> Result<Ready, StoreError> {
        let part = &world.parts[number];
        let counted = pass.counted;
        let bound = Bound::new(world, number, counted, axes, left)?;
        let selected = match counted {
            Counted::Visit => select::visits(world, part, left)?,
            Counted::Entry | Counted::Exit => {
                let visits = select::visits(world, part, left)?;
                select::ends_of_visits(counted, &bound.table, &visits, left)
            }
            _ => select::things(world, number, counted, &bound.table, left)?,
        };
        let mut weights = Vec::with_capacity(pass.measures.len());
        for (position, measure) in &pass.measures {
            weights.push((*position, Weight::new(*measure, world, number, left)?));
        }
        Ok(Ready { number, counted, bound, weights, selected, buffers: Buffers::default() })
    }

    fn visits(
        &mut self,
        world: &World,
        stretch: Stretch,
        cells: &mut Cells,
    ) -> Result<(), StoreError> {
        let mut general = General {
            world,
            number: self.number,
            counted: self.counted,
            bound: &self.bound,
            weights: &self.weights,
            cells,
            buffers: std::mem::take(&mut self.buffers),
        };
        general.visits(stretch, &self.selected)?;
        self.buffers = general.buffers;
        Ok(())
    }

    fn things(&mut self, world: &World, cells: &mut Cells) -> Result<(), StoreError> {
        let mut general = General {
            world,
            number: self.number,
            counted: self.counted,
            bound: &self.bound,
            weights: &self.weights,
            cells,
            buffers: std::mem::take(&mut self.buffers),
        };
        general.things(&self.selected)?;
        self.buffers = general.buffers;
        Ok(())
    }
}
