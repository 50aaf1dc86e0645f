//! Counting scene by scene, whatever the dimensions are.

use afsa_store::StoreError;

use super::bound::{Bound, JoinedTable};
use super::cells::Cells;
use super::fact::Counted;
use super::weight::Weight;
use crate::bits::Bits;
use crate::image::Thing;
use crate::part::scene_of;
use crate::shard::Stretch;
use crate::world::World;

/// One pass over one part, for the measures of one fact.
pub(crate) struct General<'a> {
    pub(crate) world: &'a World<'a>,
    pub(crate) number: usize,
    pub(crate) counted: Counted,
    pub(crate) bound: &'a Bound,
    /// Positions among the question's measures.
    pub(crate) weights: &'a [(usize, Weight)],
    pub(crate) cells: &'a mut Cells,
    pub(crate) buffers: &'a mut Buffers,
}

/// Room for the keys of one thing, used again for the next.
#[derive(Default)]
pub(crate) struct Buffers {
    /// Combinations of what is joined; the same for all things of a scene.
    joined: Vec<u128>,
    keys: Vec<u128>,
    set: Vec<u128>,
    product: Vec<u128>,
    /// What was counted as sold in the latest order: measure, group and product.
    sold: Vec<(usize, usize, u32)>,
    sold_in: usize,
}

impl General<'_> {
    /// Counts the visits of a stretch that are `selected`.
    pub(crate) fn visits(&mut self, stretch: Stretch, selected: &Bits) -> Result<(), StoreError> {
        let Some(image) = &self.world.parts[self.number].image else {
            return Ok(());
        };
        let visitors = image.visitors()?;
        for scene in stretch.from..stretch.to {
            if visitors.first.get(scene) && !(stretch.continues && scene == stretch.from) {
                self.cells.visitor += 1;
            }
            if selected.get(scene) {
                self.join(scene);
                self.count(scene, scene)?;
            }
        }
        Ok(())
    }

    /// Counts these things of the fact's table.
    pub(crate) fn things(&mut self, things: &Bits) -> Result<(), StoreError> {
        let scenes = self.world.parts[self.number].scenes;
        let mut current = None;
        for thing in things.ones_in(0, things.len()) {
            let scene = scene_of(
                thing,
                self.bound.table.offsets(),
                current.unwrap_or(0),
                scenes,
            );
            if current != Some(scene) {
                self.join(scene);
                current = Some(scene);
            }
            self.count(scene, thing)?;
        }
        Ok(())
    }

    /// Works out the combinations of joined values of a scene.
    fn join(&mut self, scene: usize) {
        let Buffers {
            joined,
            set,
            product,
            ..
        } = &mut *self.buffers;
        joined.clear();
        joined.push(0);
        let is_visit = scene < self.world.parts[self.number].visits;
        for source in &self.bound.joined {
            set.clear();
            // Things of no visit are joined with nothing.
            if is_visit {
                source
                    .tables
                    .iter()
                    .for_each(|table| add_tuples(table, scene, set));
            }
            multiply(joined, set, product);
        }
    }

    /// Counts one thing under each of its keys.
    fn count(&mut self, scene: usize, thing: usize) -> Result<(), StoreError> {
        let bound = self.bound;
        let moment_of = if self.counted.is_of_visit() {
            scene
        } else {
            thing
        };
        let mut key: u128 = 0;
        key += bound
            .visit
            .iter()
            .map(|(stride, it)| stride * u128::from(it.get(scene)))
            .sum::<u128>();
        key += bound
            .own
            .iter()
            .map(|(stride, it)| stride * u128::from(it.get(thing)))
            .sum::<u128>();
        if !bound.moment.is_empty() {
            let moment = bound.times.get(scene, moment_of);
            let codes = bound
                .moment
                .iter()
                .map(|(stride, it)| stride * u128::from(it.code(moment)));
            key += codes.sum::<u128>();
        }
        let Buffers {
            joined,
            keys,
            set,
            product,
            sold,
            sold_in,
        } = &mut *self.buffers;
        keys.clear();
        keys.extend(joined.iter().map(|joined| key + joined));
        if !bound.own_rows.is_empty() {
            set.clear();
            let orders = &self.world.parts[self.number].orders;
            let order = orders.order_of(self.counted.thing(), thing);
            for row in orders.rows_of(order) {
                set.push(
                    bound
                        .own_rows
                        .iter()
                        .map(|(stride, it)| stride * u128::from(it.get(row)))
                        .sum(),
                );
            }
            multiply(keys, set, product);
        }
        if let Some((stride, coupons)) = &bound.own_coupons {
            set.clear();
            let orders = &self.world.parts[self.number].orders;
            let order = orders.order_of(self.counted.thing(), thing);
            set.extend(
                coupons
                    .of(order)
                    .iter()
                    .map(|code| stride * u128::from(*code)),
            );
            multiply(keys, set, product);
        }
        if let Some(stride) = bound.own_goals {
            set.clear();
            for (goal, converted) in self.world.question.goals.iter().zip(&self.world.goals) {
                if converted.thing == self.counted.thing()
                    && converted.parts[self.number].get(thing)
                {
                    set.push(stride * u128::from(self.world.goal_code(&goal.name)));
                }
            }
            multiply(keys, set, product);
        }
        for key in keys.iter() {
            let group = self.cells.group(*key)?;
            for (measure, weight) in self.weights {
                match weight {
                    Weight::Visitor => self.cells.count_visitor(*measure, group),
                    Weight::Sold { skus, .. } => {
                        // The rows of an order are neighbours, so what was sold before in the same
                        // order is all that needs to be remembered.
                        let orders = &self.world.parts[self.number].orders;
                        let order = orders.order_of(Thing::OrderRow, thing);
                        if *sold_in != order {
                            *sold_in = order;
                            sold.clear();
                        }
                        let product = (*measure, group, skus.get(thing));
                        if !sold.contains(&product) {
                            sold.push(product);
                            self.cells.numbers[*measure].add(group, 1);
                        }
                    }
                    Weight::LumpSum(sums) => {
                        let at = (sums.codes.get(thing) as usize).checked_sub(1);
                        if let Some(sum) = at.and_then(|at| sums.sums.get(at)) {
                            self.cells.note_lump_sum(*key, *sum)?;
                        }
                    }
                    Weight::Customer(codes) => {
                        self.cells.note_customer(*key, codes.get(thing))?;
                    }
                    weight => self.cells.numbers[*measure].add(group, weight.amount(thing)),
                }
            }
        }
        Ok(())
    }
}

/// Combines each key with each tuple, where a tuple of nothing but null counts only if there is no
/// other.
fn multiply(keys: &mut Vec<u128>, tuples: &mut Vec<u128>, product: &mut Vec<u128>) {
    tuples.sort_unstable();
    tuples.dedup();
    let tuples = match tuples.as_slice() {
        [0, others @ ..] if !others.is_empty() => others,
        all => all,
    };
    if matches!(tuples, [] | [0]) {
        return;
    }
    product.clear();
    product.extend(
        keys.iter()
            .flat_map(|key| tuples.iter().map(move |tuple| key + tuple)),
    );
    std::mem::swap(keys, product);
}

fn add_tuples(joined: &JoinedTable, scene: usize, tuples: &mut Vec<u128>) {
    for thing in joined.table.offsets().of(scene) {
        if joined.left.as_ref().is_some_and(|left| !left.get(thing)) {
            continue;
        }
        let tuple: u128 = joined
            .codes
            .iter()
            .map(|(stride, it)| stride * u128::from(it.get(thing)))
            .sum();
        let tuple = joined.constant + tuple;
        match &joined.coupons {
            None => tuples.push(tuple),
            Some((stride, coupons)) => {
                let coupons = coupons.of(thing).iter();
                tuples.extend(coupons.map(|coupon| tuple + stride * u128::from(*coupon)));
            }
        }
    }
}
