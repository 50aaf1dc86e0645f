//! Counting visits by things that are joined to them, in bulk: each visit once a key.

use std::sync::Arc;

use afsa_store::StoreError;

use super::bound::Bound;
use super::cells::Cells;
use super::flat::{add_visit_keys, begun};
use super::tally::{CHUNK, Tally};
use super::weight::Weight;
use crate::bits::Bits;
use crate::image::Codes;
use crate::part::{Part, Table};
use crate::shard::Stretch;

/// The things of one table, each of which has one key.
pub(crate) struct JoinedVisits<'a> {
    pub(crate) table: &'a Table,
    pub(crate) codes: &'a [(u128, Arc<Codes>)],
    pub(crate) left: Option<&'a Bits>,
}

/// Room for a chunk of joined visits, used again for the next.
#[derive(Default)]
pub(crate) struct JoinedChunk {
    scenes: Tally,
    thing_keys: Vec<u32>,
    /// Each visit in each of its groups.
    tally: Tally,
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
        let mut from = stretch.from;
        while from < stretch.to {
            let to = (from + CHUNK / 4).min(stretch.to);
            let begun = begun(&visitors, stretch, from, to);
            let tally = &mut chunk.tally;
            cells.visitor = tally.number_visitors(cells.visitor, to - from, begun);
            if selected.any_in(from, to) {
                chunk.scenes.choose(selected, from, to);
                add_visit_keys(bound, &mut chunk.scenes);
                self.join(from, to, cells, chunk);
                for (measure, weight) in weights {
                    match weight {
                        Weight::Visitor => chunk.tally.add_visitors(*measure, cells),
                        weight => chunk.tally.add(*measure, weight, cells),
                    }
                }
            }
            from = to;
        }
        Ok(())
    }

    /// The keys of things from `first` on, 0 where nothing is joined.
    fn keys(&self, first: usize, end: usize, keys: &mut Vec<u32>) {
        keys.clear();
        keys.resize(end - first, 0);
        for (stride, codes) in self.codes {
            codes.add_scaled(first, *stride as u32, keys);
        }
        if let Some(left) = self.left {
            for (thing, key) in (first..).zip(keys) {
                *key *= u32::from(left.get(thing));
            }
        }
    }

    /// Finds the groups of the chosen scenes, each once a scene.
    fn join(&self, from: usize, to: usize, cells: &mut Cells, chunk: &mut JoinedChunk) {
        let offsets = self.table.offsets();
        let (first, end) = (offsets.begin(from), offsets.begin(to));
        self.keys(first, end, &mut chunk.thing_keys);
        let Tally { rows, keys, .. } = &mut chunk.tally;
        // A scene without things has a group all the same.
        let most = (end - first) + chunk.scenes.rows.len();
        rows.resize(most, 0);
        keys.resize(most, 0);
        let (rows, keys, marks) = (&mut rows[..], &mut keys[..], &mut cells.marks[..]);
        let mut found = 0;
        for (row, scene_key) in chunk.scenes.rows.iter().zip(&chunk.scenes.keys) {
            let things = offsets.of(from + *row as usize);
            cells.mark += 1;
            let mut any = 0;
            for key in &chunk.thing_keys[things.start - first..things.end - first] {
                // Each is written down; what isn't new or isn't joined is written over.
                let group = scene_key + key;
                rows[found] = *row;
                keys[found] = group;
                let mark = &mut marks[group as usize];
                found += usize::from((*key != 0) & (*mark != cells.mark));
                *mark = cells.mark;
                any |= key;
            }
            if any == 0 {
                rows[found] = *row;
                keys[found] = *scene_key;
                found += 1;
            }
        }
        chunk.tally.first = from;
        chunk.tally.rows.truncate(found);
        chunk.tally.keys.truncate(found);
    }
}
