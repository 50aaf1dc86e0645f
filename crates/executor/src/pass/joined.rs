//! Counting visits by things that are joined to them.

use std::sync::Arc;

use afsa_store::StoreError;

use super::bound::Bound;
use super::cells::{Cells, Numbers};
use super::flat::visit_keys;
use super::weight::Weight;
use crate::bits::{Bits, ones};
use crate::image::{Codes, Firsts};
use crate::part::{Part, Table};
use crate::shard::Stretch;

/// Scenes worked on at once: the keys of their things stay in the nearest cache.
const CHUNK: usize = 512;

/// Counts visits by things of one table that are joined to them: each visit once a key.
pub(crate) struct JoinedVisits<'a> {
    pub(crate) table: &'a Table,
    pub(crate) codes: &'a [(u128, Arc<Codes>)],
    pub(crate) left: Option<&'a Bits>,
    /// Where all things of the table are joined by one dimension: which count.
    pub(crate) firsts: Option<Arc<Firsts>>,
}

/// Room for a chunk of joined visits, used again for the next.
#[derive(Default)]
pub(crate) struct JoinedChunk {
    scene_keys: Vec<u32>,
    thing_keys: Vec<u32>,
    /// The visitor of each scene of the chunk.
    visitors: Vec<u32>,
    /// Group and scene (from the chunk's begin) of everything that is counted.
    counted: Vec<(u32, u32)>,
}

impl JoinedVisits<'_> {
    #[allow(clippy::too_many_arguments)]
    pub(crate) fn count(
        &self,
        part: &Part,
        stretch: Stretch,
        selected: &Bits,
        bound: &Bound,
        weights: &[(usize, Weight)],
        cells: &mut Cells,
        chunk: &mut JoinedChunk,
    ) -> Result<(), StoreError> {
        let Some(image) = &part.image else {
            return Ok(());
        };
        let visitors = image.visitors()?;
        let offsets = self.table.offsets();
        let mut from = stretch.from;
        while from < stretch.to {
            let to = (from + CHUNK).min(stretch.to);
            visit_keys(bound, from, to, &mut chunk.scene_keys);
            let (first, end) = (offsets.begin(from), offsets.begin(to));
            chunk.thing_keys.clear();
            chunk.thing_keys.resize(end - first, 0);
            for (stride, codes) in self.codes {
                codes.add_scaled(first, *stride as u32, &mut chunk.thing_keys);
            }
            chunk.visitors.clear();
            chunk.counted.clear();
            let mut begin = first;
            for scene in from..to {
                let things = begin..offsets.begin(scene + 1);
                begin = things.end;
                if visitors.first.get(scene) && !(stretch.continues && scene == stretch.from) {
                    cells.visitor += 1;
                }
                chunk.visitors.push(cells.visitor);
                if !selected.get(scene) {
                    continue;
                }
                match &self.firsts {
                    Some(firsts) => {
                        chunk.add_firsts(firsts, scene - from, scene, things, first);
                    }
                    None => {
                        cells.mark += 1;
                        self.add_scene(scene - from, things, first, cells, chunk);
                    }
                }
            }
            for (measure, weight) in weights {
                chunk.add(*measure, weight, from, cells);
            }
            from = to;
        }
        Ok(())
    }

    /// Notes the groups of one scene, numbered from the chunk's begin as its things from `first`.
    fn add_scene(
        &self,
        scene: usize,
        things: std::ops::Range<usize>,
        first: usize,
        cells: &mut Cells,
        chunk: &mut JoinedChunk,
    ) {
        let scene_key = chunk.scene_keys[scene];
        let mut is_joined = false;
        let keys = &chunk.thing_keys[things.start - first..things.end - first];
        for (thing, key) in things.zip(keys.iter().copied()) {
            if key == 0 || self.left.is_some_and(|left| !left.get(thing)) {
                continue;
            }
            is_joined = true;
            let group = scene_key + key;
            let mark = &mut cells.marks[group as usize];
            if *mark != cells.mark {
                *mark = cells.mark;
                chunk.counted.push((group, scene as u32));
            }
        }
        if !is_joined {
            chunk.counted.push((scene_key, scene as u32));
        }
    }
}

impl JoinedChunk {
    /// Notes the groups of one scene, number `at` of the chunk, whose things are numbered from
    /// `first` on.
    fn add_firsts(
        &mut self,
        firsts: &Firsts,
        at: usize,
        scene: usize,
        things: std::ops::Range<usize>,
        first: usize,
    ) {
        let scene_key = self.scene_keys[at];
        if firsts.bare.get(scene) {
            self.counted.push((scene_key, at as u32));
            return;
        }
        let keys = &self.thing_keys[things.start - first..things.end - first];
        for (row, word) in firsts.first.window(things.start, things.end) {
            let keys = &keys[row - things.start..];
            let here = ones(word).map(|bit| (scene_key + keys[bit], at as u32));
            self.counted.extend(here);
        }
    }

    fn add(&self, measure: usize, weight: &Weight, from: usize, cells: &mut Cells) {
        match weight {
            Weight::Visitor => {
                let Some((stamps, counts)) = cells.visitors(measure) else {
                    return;
                };
                for (group, scene) in &self.counted {
                    let visitor = self.visitors[*scene as usize];
                    let stamp = &mut stamps[*group as usize];
                    counts[*group as usize] += u64::from(*stamp != visitor);
                    *stamp = visitor;
                }
            }
            weight => match (&mut cells.numbers[measure], weight) {
                (Numbers::Counts(counts), Weight::One) => {
                    self.counted
                        .iter()
                        .for_each(|(group, _)| counts[*group as usize] += 1);
                }
                (numbers, weight) => {
                    for (group, scene) in &self.counted {
                        numbers.add(*group as usize, weight.amount(from + *scene as usize));
                    }
                }
            },
        }
    }
}
