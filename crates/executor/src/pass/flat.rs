//! Counting in bulk, where each thing has one key and each key a place of its own.

use afsa_store::StoreError;

use super::bound::Bound;
use super::cells::{Cells, Numbers};
use super::weight::Weight;
use crate::bits::{Bits, low_ones, ones};
use crate::image::{Amounts, Codes, Moments, Offsets};
use crate::part::{Part, Table, Times};
use crate::shard::Stretch;

/// Scenes or things worked on at once: their keys stay in the nearest cache.
const CHUNK: usize = 2_048;

/// Room for one chunk, used again for the next.
#[derive(Default)]
pub(crate) struct Chunk {
    /// The group of each row. Unless rows are few, those of rows that aren't counted are nowhere.
    keys: Vec<u32>,
    /// Where few rows are counted, these, from the chunk's begin on.
    few: Option<Vec<u32>>,
    /// How many rows are counted.
    counted: usize,
    /// There is but one group.
    is_whole: bool,
}

/// Counts the visits of a stretch that are `selected`.
pub(crate) fn visits(
    part: &Part,
    stretch: Stretch,
    selected: &Bits,
    bound: &Bound,
    weights: &[(usize, Weight)],
    cells: &mut Cells,
    chunk: &mut Chunk,
) -> Result<(), StoreError> {
    let Some(image) = &part.image else {
        return Ok(());
    };
    let visitors = image.visitors()?;
    let first = &visitors.first;
    if stretch.continues && first.get(stretch.from) {
        // The visitor is numbered already; passing over his first visit here numbers him anew.
        cells.visitor = cells.visitor.wrapping_sub(1);
    }
    chunk.is_whole = bound.is_whole();
    let mut from = stretch.from;
    while from < stretch.to {
        let to = (from / CHUNK * CHUNK + CHUNK).min(stretch.to);
        let visitor = cells.visitor;
        if chunk.count(selected, from, to) {
            visit_keys(bound, from, to, &mut chunk.keys);
            chunk.choose(selected, from, cells.nowhere());
            for (measure, weight) in weights {
                match weight {
                    Weight::Visitor => {
                        distinct_visitors(*measure, visitor, first, selected, from, chunk, cells);
                    }
                    weight => add(&mut cells.numbers[*measure], weight, selected, from, chunk),
                }
            }
        }
        cells.visitor = visitor.wrapping_add(first.count_in(from, to));
        from = to;
    }
    Ok(())
}

/// Counts the things that are `selected`.
pub(crate) fn things(
    part: &Part,
    selected: &Bits,
    bound: &Bound,
    is_of_visit: bool,
    weights: &[(usize, Weight)],
    cells: &mut Cells,
    chunk: &mut Chunk,
) {
    let offsets = bound.table.offsets();
    let scenes_matter = !bound.visit.is_empty() || !bound.moment.is_empty();
    chunk.is_whole = bound.is_whole();
    let mut scene = 0;
    let mut from = 0;
    while from < bound.table.len() {
        let to = (from + CHUNK).min(bound.table.len());
        if chunk.count(selected, from, to) {
            chunk.keys.clear();
            chunk.keys.resize(to - from, 0);
            for (stride, codes) in &bound.own {
                codes.add_scaled(from, *stride as u32, &mut chunk.keys);
            }
            if scenes_matter {
                scene = crate::part::scene_of(from, offsets, scene, part.scenes);
                add_scene_keys(bound, offsets, is_of_visit, scene, from, &mut chunk.keys);
            }
            chunk.choose(selected, from, cells.nowhere());
            for (measure, weight) in weights {
                add(&mut cells.numbers[*measure], weight, selected, from, chunk);
            }
        }
        from = to;
    }
}

/// Adds the parts of keys that come of the scenes of things, from the first `scene` on.
fn add_scene_keys(
    bound: &Bound,
    offsets: &Offsets,
    is_of_visit: bool,
    mut scene: usize,
    from: usize,
    keys: &mut [u32],
) {
    let to = from + keys.len();
    let mut at = from;
    while at < to {
        let end = offsets.begin(scene + 1).min(to);
        if end <= at {
            scene += 1;
            continue;
        }
        let of_visit: u32 = bound
            .visit
            .iter()
            .map(|(stride, codes)| *stride as u32 * codes.get(scene))
            .sum();
        let keys = &mut keys[at - from..end - from];
        keys.iter_mut().for_each(|key| *key += of_visit);
        if !bound.moment.is_empty() {
            add_moments(bound, is_of_visit, scene, at, keys);
        }
        at = end;
        scene += 1;
    }
}

/// Adds the parts of keys that come of the moments of things of one scene, from thing `at` on.
fn add_moments(bound: &Bound, is_of_visit: bool, scene: usize, at: usize, keys: &mut [u32]) {
    for (stride, clock) in &bound.moment {
        let stride = *stride as u32;
        if let (Times::Things(starts, moments), false) = (&bound.times, is_of_visit)
            && let Moments::After(after) = &**moments
        {
            let start = starts.get(scene);
            let after = &after[at..at + keys.len()];
            // Things stand in the order of their times, so that those between two of one bucket
            // are of that bucket, too.
            if let (true, [first, .., last]) = (clock.never_falls(), after) {
                let code = clock.code(start + i64::from(*first));
                if code == clock.code(start + i64::from(*last)) {
                    keys.iter_mut().for_each(|key| *key += stride * code);
                    continue;
                }
            }
            for (key, after) in keys.iter_mut().zip(after) {
                *key += stride * clock.code(start + i64::from(*after));
            }
            continue;
        }
        for (thing, key) in (at..).zip(keys.iter_mut()) {
            let of = if is_of_visit { scene } else { thing };
            *key += stride * clock.code(bound.times.get(scene, of));
        }
    }
}

/// Counts visits by things of one table that are joined to them: each visit once a key.
pub(crate) struct JoinedVisits<'a> {
    pub(crate) table: &'a Table,
    pub(crate) codes: &'a [(u128, std::sync::Arc<Codes>)],
    pub(crate) left: Option<&'a Bits>,
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
            let to = (from + CHUNK / 4).min(stretch.to);
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
                if selected.get(scene) {
                    cells.mark += 1;
                    self.add_scene(scene - from, things, first, cells, chunk);
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

/// The parts of keys that come of visits and of the moments they began, for visits `from..to`.
pub(super) fn visit_keys(bound: &Bound, from: usize, to: usize, keys: &mut Vec<u32>) {
    keys.clear();
    keys.resize(to - from, 0);
    for (stride, codes) in &bound.visit {
        codes.add_scaled(from, *stride as u32, keys);
    }
    for (stride, clock) in &bound.moment {
        match &bound.times {
            Times::Scenes(starts) => clock.add_scaled(starts, from, *stride as u32, keys),
            times => {
                for (scene, key) in (from..to).zip(keys.iter_mut()) {
                    *key += *stride as u32 * clock.code(times.get(scene, scene));
                }
            }
        }
    }
}

impl Chunk {
    /// Begins with rows of which some are selected; tells whether any is.
    fn count(&mut self, selected: &Bits, from: usize, to: usize) -> bool {
        self.counted = selected.count_in(from, to) as usize;
        self.counted > 0
    }

    /// Lets only selected rows count, once all have their keys.
    fn choose(&mut self, selected: &Bits, from: usize, nowhere: u32) {
        let rows = self.keys.len();
        self.few = None;
        if self.counted == rows {
            return;
        }
        if self.counted * 4 < rows {
            let few = selected.ones_in(from, from + rows);
            self.few = Some(few.map(|row| (row - from) as u32).collect());
            return;
        }
        for (row, word) in selected.window(from, from + rows) {
            let row = row - from;
            let end = (row + 64 - (row + from) % 64).min(rows);
            if word == low_ones(end - row) {
                continue;
            }
            for (at, key) in self.keys[row..end].iter_mut().enumerate() {
                *key = if word >> at & 1 == 1 { *key } else { nowhere };
            }
        }
    }

    fn is_full(&self) -> bool {
        self.counted == self.keys.len()
    }
}

/// Adds what the selected rows of a chunk weigh to the groups of their keys.
fn add(numbers: &mut Numbers, weight: &Weight, selected: &Bits, from: usize, chunk: &Chunk) {
    let keys = &chunk.keys;
    let to = from + keys.len();
    match (numbers, weight) {
        (Numbers::Counts(counts), Weight::One) if chunk.is_whole => {
            counts[0] += chunk.counted as u64;
        }
        (Numbers::Counts(counts), Weight::One) => match &chunk.few {
            Some(few) => few
                .iter()
                .for_each(|row| counts[keys[*row as usize] as usize] += 1),
            None => keys.iter().for_each(|key| counts[*key as usize] += 1),
        },
        (Numbers::Counts(counts), Weight::If(bits)) if chunk.is_whole => {
            let both = bits.window(from, to).zip(selected.window(from, to));
            counts[0] += both
                .map(|((_, one), (_, other))| u64::from((one & other).count_ones()))
                .sum::<u64>();
        }
        (Numbers::Counts(counts), Weight::If(bits)) => match &chunk.few {
            Some(few) => {
                for row in few {
                    let row = *row as usize;
                    counts[keys[row] as usize] += u64::from(bits.get(from + row));
                }
            }
            None => {
                let mut keys = keys.as_slice();
                for (row, word) in bits.window(from, to) {
                    let (here, rest) = keys.split_at(keys.len().min(64 - row % 64));
                    for (at, key) in here.iter().enumerate() {
                        counts[*key as usize] += word >> at & 1;
                    }
                    keys = rest;
                }
            }
        },
        (Numbers::Counts(counts), Weight::Known(amounts)) => match &**amounts {
            Amounts::U8(amounts) => chunk.add_known(&amounts[from..], u8::MAX, counts),
            Amounts::U32(amounts) => chunk.add_known(&amounts[from..], u32::MAX, counts),
            Amounts::I64(amounts) => chunk.add_known(&amounts[from..], i64::MIN, counts),
            Amounts::Nothing => {}
        },
        (Numbers::Sums(sums), Weight::Amount(amounts)) => match &**amounts {
            Amounts::U8(amounts) => chunk.add_amounts(&amounts[from..], u8::MAX, sums),
            Amounts::U32(amounts) => chunk.add_amounts(&amounts[from..], u32::MAX, sums),
            Amounts::Nothing => {}
            // Amounts of odd data may be too great for sums of 64 bits.
            Amounts::I64(_) => {
                for row in selected.ones_in(from, to) {
                    let sum = &mut sums[keys[row - from] as usize];
                    *sum = sum.saturating_add(weight.amount(row));
                }
            }
        },
        (numbers, weight) => {
            for row in selected.ones_in(from, to) {
                numbers.add(keys[row - from] as usize, weight.amount(row));
            }
        }
    }
}

impl Chunk {
    /// Adds the amounts of the rows, from the chunk's begin on, but those that are `nothing`.
    fn add_amounts<A: Copy + PartialEq + Into<u64>>(
        &self,
        amounts: &[A],
        nothing: A,
        sums: &mut [i128],
    ) {
        let known = |amount: A| if amount == nothing { 0 } else { amount.into() };
        match &self.few {
            Some(few) => {
                for row in few {
                    let row = *row as usize;
                    sums[self.keys[row] as usize] += i128::from(known(amounts[row]));
                }
            }
            None if self.is_whole => {
                let rows = self.keys.iter().zip(amounts);
                let total: u64 = if self.is_full() {
                    rows.map(|(_, amount)| known(*amount)).sum()
                } else {
                    rows.map(|(key, amount)| if *key == 0 { known(*amount) } else { 0 })
                        .sum()
                };
                sums[0] += i128::from(total);
            }
            None => {
                for (key, amount) in self.keys.iter().zip(amounts) {
                    sums[*key as usize] += i128::from(known(*amount));
                }
            }
        }
    }

    /// Counts the rows whose amount isn't `nothing`.
    fn add_known<A: Copy + PartialEq>(&self, amounts: &[A], nothing: A, counts: &mut [u64]) {
        match &self.few {
            Some(few) => {
                for row in few {
                    let row = *row as usize;
                    counts[self.keys[row] as usize] += u64::from(amounts[row] != nothing);
                }
            }
            None if self.is_whole => {
                let rows = self.keys.iter().zip(amounts);
                counts[0] += rows
                    .map(|(key, amount)| u64::from((*key == 0) & (*amount != nothing)))
                    .sum::<u64>();
            }
            None => {
                for (key, amount) in self.keys.iter().zip(amounts) {
                    counts[*key as usize] += u64::from(*amount != nothing);
                }
            }
        }
    }
}

/// Counts the visitors of the selected visits of a chunk in the groups of their keys, once each.
/// `visitor` is the number of the one before; `first` begins each one's visits.
fn distinct_visitors(
    measure: usize,
    mut visitor: u32,
    first: &Bits,
    selected: &Bits,
    from: usize,
    chunk: &Chunk,
    cells: &mut Cells,
) {
    let Some((stamps, counts)) = cells.visitors(measure) else {
        return;
    };
    let mut keys = chunk.keys.as_slice();
    let to = from + keys.len();
    let words = first.window(from, to).zip(selected.window(from, to));
    for ((row, begun), (_, selected)) in words {
        let (here, rest) = keys.split_at(keys.len().min(64 - row % 64));
        keys = rest;
        if selected == 0 {
            visitor = visitor.wrapping_add(begun.count_ones());
        } else if chunk.is_whole {
            // Nothing is looked up, and the last visitor stays in a register.
            let mut last = stamps[0];
            let mut found = 0;
            for at in 0..here.len() {
                visitor = visitor.wrapping_add((begun >> at & 1) as u32);
                let is_new = selected >> at & 1 == 1 && last != visitor;
                found += u64::from(is_new);
                last = if is_new { visitor } else { last };
            }
            stamps[0] = last;
            counts[0] += found;
        } else if chunk.few.is_some() {
            for at in ones(selected) {
                let number = visitor.wrapping_add((begun & low_ones(at + 1)).count_ones());
                let key = here[at] as usize;
                counts[key] += u64::from(stamps[key] != number);
                stamps[key] = number;
            }
            visitor = visitor.wrapping_add(begun.count_ones());
        } else {
            for (at, key) in here.iter().enumerate() {
                visitor = visitor.wrapping_add((begun >> at & 1) as u32);
                let stamp = &mut stamps[*key as usize];
                counts[*key as usize] += u64::from(*stamp != visitor);
                *stamp = visitor;
            }
        }
    }
}
