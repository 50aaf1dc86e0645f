//! Passes over the parts: one for each fact, for all of its measures.

mod bound;
mod cells;
mod fact;
mod flat;
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
                        passes.push(Pass {
                            counted,
                            measures: vec![(position, *measure)],
                        });
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
    chunk: flat::Chunk,
    joined: flat::JoinedChunk,
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
        Ok(Ready {
            number,
            counted,
            bound,
            weights,
            selected,
            buffers: Buffers::default(),
            chunk: flat::Chunk::default(),
            joined: flat::JoinedChunk::default(),
        })
    }

    fn visits(
        &mut self,
        world: &World,
        stretch: Stretch,
        cells: &mut Cells,
    ) -> Result<(), StoreError> {
        let (part, weights) = (&world.parts[self.number], &self.weights);
        if cells.is_dense() && self.bound.is_flat() {
            let (selected, bound) = (&self.selected, &self.bound);
            return flat::visits(
                part,
                stretch,
                selected,
                bound,
                weights,
                cells,
                &mut self.chunk,
            );
        }
        if cells.is_dense()
            && let Some(joined) = self.bound.joined_visits()
        {
            let (selected, bound) = (&self.selected, &self.bound);
            return joined.count(
                part,
                stretch,
                selected,
                bound,
                weights,
                cells,
                &mut self.joined,
            );
        }
        let mut buffers = std::mem::take(&mut self.buffers);
        let done = self
            .general(world, cells, &mut buffers)
            .visits(stretch, &self.selected);
        self.buffers = buffers;
        done
    }

    fn things(&mut self, world: &World, cells: &mut Cells) -> Result<(), StoreError> {
        let is_sold = self
            .weights
            .iter()
            .any(|(_, weight)| matches!(weight, Weight::Sold(_)));
        if cells.is_dense() && self.bound.is_flat() && !is_sold {
            let (part, of_visit) = (&world.parts[self.number], self.counted.is_of_visit());
            let (selected, bound) = (&self.selected, &self.bound);
            let chunk = &mut self.chunk;
            flat::things(part, selected, bound, of_visit, &self.weights, cells, chunk);
            return Ok(());
        }
        let mut buffers = std::mem::take(&mut self.buffers);
        let done = self
            .general(world, cells, &mut buffers)
            .things(&self.selected);
        self.buffers = buffers;
        done
    }

    fn general<'a>(
        &'a self,
        world: &'a World<'a>,
        cells: &'a mut Cells,
        buffers: &'a mut Buffers,
    ) -> General<'a> {
        General {
            world,
            number: self.number,
            counted: self.counted,
            bound: &self.bound,
            weights: &self.weights,
            cells,
            buffers,
        }
    }
}
