//! Passes over the parts: one for each fact, for all of its measures.

mod averages;
mod bound;
mod cells;
mod customers;
mod fact;
mod flat;
mod general;
mod joined;
mod scenes;
mod select;
mod tally;
mod weight;
mod whole;

use std::sync::Arc;

use afsa_store::{Dimension, Measure, StoreError};

pub(crate) use bound::load;
pub(crate) use cells::{Cells, Partial};
pub(crate) use fact::{Counted, is_told_beside};
pub(crate) use select::things;

use crate::bits::Bits;
use crate::filter::Left;
use crate::image::{Codes, LumpSums, Thing};
use crate::key::Axes;
use crate::part::Table;
use crate::shard::Stretch;
use crate::world::World;
use bound::Bound;
use general::{Buffers, General};
use select::Inside;
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
            let number = first_part + at;
            let is_dense = cells.is_dense();
            readies.push(Ready::new(self, world, number, left, axes, is_dense)?);
        }
        if self.counted == Counted::Visit {
            for stretch in stretches {
                readies[stretch.image].visits(world, *stretch, cells)?;
            }
            for ready in &mut readies {
                ready.lump_sums(world, cells)?;
            }
            return Ok(());
        }
        for ready in &mut readies {
            ready.things(world, cells)?;
            ready.customers(world, cells)?;
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
    /// What counts a campaign instead of each visit.
    lump_sums: Option<(usize, Arc<LumpSums>)>,
    /// What counts customers instead of each order.
    customers: Option<(usize, Arc<Codes>)>,
    selected: Selected,
    buffers: Buffers,
    room: flat::Room,
    joined: joined::JoinedChunk,
}

/// What to count.
enum Selected {
    Nothing,
    Visits(Arc<Bits>),
    /// The first or last page views of these visits.
    EndsOf(Arc<Bits>),
    /// The things of these scenes, of which nothing of their own is asked.
    ThingsOf(Arc<Inside>),
    Things(Arc<Bits>),
}

impl Ready {
    fn new(
        pass: &Pass,
        world: &World,
        number: usize,
        left: &Left,
        axes: &Axes,
        is_dense: bool,
    ) -> Result<Ready, StoreError> {
        let part = &world.parts[number];
        let counted = pass.counted;
        let bound = Bound::new(world, number, counted, axes, left)?;
        let is_bulk = is_dense && bound.is_flat() && left.things.is_none();
        let of_things = || select::things(world, number, counted, &bound.table, left);
        let selected = match (counted, &part.image) {
            (Counted::Visit, _) => Selected::Visits(select::visits(world, part, left)?),
            (Counted::Entry | Counted::Exit, _) => {
                let mut visits = Bits::clone(&*select::visits(world, part, left)?);
                if let Some(image) = &part.image {
                    visits.and(&*image.inhabited(Thing::PageView)?);
                }
                let visits = Arc::new(visits);
                if is_bulk {
                    Selected::EndsOf(visits)
                } else {
                    let ends = select::ends_of_visits(counted, &bound.table, &visits, left);
                    Selected::Things(Arc::new(ends))
                }
            }
            (Counted::Thing(_), Some(image))
                if is_bulk
                    && bound.own.is_empty()
                    && matches!(bound.table, Table::Image(_))
                    && pass
                        .measures
                        .iter()
                        .all(|(_, measure)| Weight::is_one(*measure)) =>
            {
                Selected::ThingsOf(select::inside(world, image, left)?)
            }
            _ => Selected::Things(of_things()?),
        };
        let mut ready = Ready {
            number,
            counted,
            bound,
            weights: Vec::new(),
            lump_sums: None,
            customers: None,
            selected,
            buffers: Buffers::default(),
            room: flat::Room::default(),
            joined: joined::JoinedChunk::default(),
        };
        if !ready.selected.is_any() {
            ready.selected = Selected::Nothing;
            return Ok(ready);
        }
        for (position, measure) in &pass.measures {
            let weight = Weight::new(*measure, world, number, left)?;
            ready.weights.push((*position, weight));
            if let Some(sums) = Weight::lump_sums(*measure, part)? {
                ready.lump_sums = Some((*position, sums));
            }
            if Weight::is_of_customers(*measure) {
                let codes = part.codes(Thing::Order, Dimension::Customer)?;
                ready.customers = Some((*position, codes));
            }
        }
        Ok(ready)
    }

    fn visits(
        &mut self,
        world: &World,
        stretch: Stretch,
        cells: &mut Cells,
    ) -> Result<(), StoreError> {
        let Selected::Visits(selected) = &self.selected else {
            // Whoever has a visit here only goes on elsewhere under a number of his own.
            cells.visitor = cells.visitor.wrapping_add(u32::from(!stretch.continues));
            return Ok(());
        };
        let (part, weights, bound) = (&world.parts[self.number], &self.weights, &self.bound);
        if cells.is_dense() && bound.is_flat() {
            let tally = &mut self.room.tally;
            return flat::visits(part, stretch, selected, bound, weights, cells, tally);
        }
        if cells.is_dense()
            && let Some(joined) = bound.joined_visits()
        {
            let chunk = &mut self.joined;
            return joined.count(part, stretch, selected, bound, weights, cells, chunk);
        }
        let selected = selected.clone();
        let mut buffers = std::mem::take(&mut self.buffers);
        let done = self
            .general(world, cells, &mut buffers)
            .visits(stretch, &selected);
        self.buffers = buffers;
        done
    }

    /// Counts the campaigns that are paid as a whole, of the selected visits.
    fn lump_sums(&mut self, world: &World, cells: &mut Cells) -> Result<(), StoreError> {
        let (Some((measure, sums)), Selected::Visits(selected)) = (&self.lump_sums, &self.selected)
        else {
            return Ok(());
        };
        let mut visits = Bits::clone(selected);
        for visit in selected.ones_in(0, selected.len()) {
            if sums.codes.get(visit) == 0 {
                visits.clear(visit);
            }
        }
        let weights = [(*measure, Weight::LumpSum(sums.clone()))];
        let mut buffers = std::mem::take(&mut self.buffers);
        let mut general = self.general(world, cells, &mut buffers);
        general.weights = &weights;
        let done = general.things(&visits);
        self.buffers = buffers;
        done
    }

    /// Counts the customers of the selected orders.
    fn customers(&mut self, world: &World, cells: &mut Cells) -> Result<(), StoreError> {
        let (Some((measure, codes)), Selected::Things(orders)) = (&self.customers, &self.selected)
        else {
            return Ok(());
        };
        if cells.is_dense() && self.bound.is_flat() {
            let room = &mut self.room;
            return flat::customers(orders, &self.bound, codes, cells, room);
        }
        let (weights, orders) = (
            [(*measure, Weight::Customer(codes.clone()))],
            orders.clone(),
        );
        let mut buffers = std::mem::take(&mut self.buffers);
        let mut general = self.general(world, cells, &mut buffers);
        general.weights = &weights;
        let done = general.things(&orders);
        self.buffers = buffers;
        done
    }

    fn things(&mut self, world: &World, cells: &mut Cells) -> Result<(), StoreError> {
        let (bound, weights) = (&self.bound, &self.weights);
        let things = match &self.selected {
            Selected::Nothing | Selected::Visits(_) => return Ok(()),
            Selected::EndsOf(visits) => {
                let tally = &mut self.room.tally;
                scenes::ends(self.counted, visits, bound, weights, cells, tally);
                return Ok(());
            }
            Selected::ThingsOf(inside) => {
                let range = *world.question.range;
                let tally = &mut self.room.tally;
                scenes::things(inside, range, bound, weights, cells, tally);
                return Ok(());
            }
            Selected::Things(things) => things.clone(),
        };
        if cells.is_dense() && bound.is_flat() {
            let (of_visit, room) = (self.counted.is_of_visit(), &mut self.room);
            flat::things(&things, bound, of_visit, weights, cells, room);
            return self.sold(world, &things, cells);
        }
        let mut buffers = std::mem::take(&mut self.buffers);
        let done = self.general(world, cells, &mut buffers).things(&things);
        self.buffers = buffers;
        done
    }

    /// Counts as sold the rows of products that come more than once in their order: they count once
    /// a group. All others were counted by themselves.
    fn sold(&mut self, world: &World, rows: &Bits, cells: &mut Cells) -> Result<(), StoreError> {
        let is_sold = |(_, weight): &&(usize, Weight)| matches!(weight, Weight::Sold { .. });
        let Some((measure, Weight::Sold { skus, repeated })) = self.weights.iter().find(is_sold)
        else {
            return Ok(());
        };
        let (skus, repeated) = (skus.clone(), repeated.clone());
        let mut rows = rows.clone();
        rows.and(&repeated);
        let weights = [(*measure, Weight::Sold { skus, repeated })];
        let mut buffers = std::mem::take(&mut self.buffers);
        let mut general = self.general(world, cells, &mut buffers);
        general.weights = &weights;
        let done = general.things(&rows);
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

impl Selected {
    fn is_any(&self) -> bool {
        match self {
            Selected::Nothing => false,
            Selected::Visits(rows) | Selected::EndsOf(rows) | Selected::Things(rows) => rows.any(),
            Selected::ThingsOf(inside) => inside.whole.any() || inside.partly.any(),
        }
    }
}
