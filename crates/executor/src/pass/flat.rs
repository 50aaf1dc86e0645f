//! Counting in bulk, where each thing has one key and each key a place of its own.

use afsa_store::StoreError;

use super::bound::Bound;
use super::cells::{Cells, Numbers};
use super::weight::Weight;
use crate::bits::{Bits, low_ones};
use crate::image::{Amounts, Codes, Moments, Offsets};
use crate::part::{Part, Table, Times};
use crate::shard::Stretch;

/// Scenes or things worked on at once: their keys stay in the nearest cache.
const CHUNK: usize = 2_048;

/// Room for one chunk, used again for the next.
#[derive(Default)]
pub(crate) struct Chunk {
    keys: Vec<u32>,
    /// Rows of the chunk that are counted, counted from its begin.
    rows: Vec<u32>,
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
    if stretch.continues && visitors.first.get(stretch.from) {
        // The visitor is numbered already; passing over his first visit here numbers him anew.
        cells.visitor = cells.visitor.wrapping_sub(1);
    }
    let mut from = stretch.from;
    while from < stretch.to {
        let to = (from / CHUNK * CHUNK + CHUNK).min(stretch.to);
        let window = || selected.window(from, to);
        let counted: usize = window().map(|(_, word)| word.count_ones() as usize).sum();
        if counted > 0 {
            visit_keys(bound, from, to, &mut chunk.keys);
            chunk.take_rows(selected, from, to, counted);
        }
        let has_visitors = weights
            .iter()
            .any(|(_, weight)| matches!(weight, Weight::Visitor));
        let visitor = cells.visitor;
        for (measure, weight) in weights.iter().filter(|_| counted > 0) {
            match weight {
                Weight::Visitor => {
                    cells.visitor = visitor;
                    distinct_visitors(
                        *measure,
                        &visitors.first,
                        selected,
                        from,
                        to,
                        &chunk.keys,
                        cells,
                    );
                }
                weight => add(&mut cells.numbers[*measure], weight, from, chunk),
            }
        }
        if counted == 0 || !has_visitors {
            let begun = visitors.first.window(from, to);
            let begun: u32 = begun.map(|(_, word)| word.count_ones()).sum();
            cells.visitor = visitor.wrapping_add(begun);
        }
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
    let mut scene = 0;
    let mut from = 0;
    while from < bound.table.len() {
        let to = (from + CHUNK).min(bound.table.len());
        let counted = selected
            .window(from, to)
            .map(|(_, word)| word.count_ones() as usize)
            .sum();
        if counted > 0 {
            chunk.keys.clear();
            chunk.keys.resize(to - from, 0);
            chunk.take_rows(selected, from, to, counted);
            if counted * 2 < to - from {
                for row in &chunk.rows {
                    let of = |(stride, codes): &(u128, std::sync::Arc<Codes>)| {
                        *stride as u32 * codes.get(from + *row as usize)
                    };
                    chunk.keys[*row as usize] = bound.own.iter().map(of).sum();
                }
            } else {
                for (stride, codes) in &bound.own {
                    codes.add_scaled(from, *stride as u32, &mut chunk.keys);
                }
            }
            if scenes_matter {
                scene = crate::part::scene_of(from, offsets, scene, part.scenes);
                add_scene_keys(bound, offsets, is_of_visit, scene, from, &mut chunk.keys);
            }
            for (measure, weight) in weights {
                add(&mut cells.numbers[*measure], weight, from, chunk);
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

fn visit_keys(bound: &Bound, from: usize, to: usize, keys: &mut Vec<u32>) {
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
    fn take_rows(&mut self, selected: &Bits, from: usize, to: usize, counted: usize) {
        self.rows.clear();
        if counted == to - from {
            self.rows.extend(0..counted as u32);
        } else {
            self.rows
                .extend(selected.ones_in(from, to).map(|row| (row - from) as u32));
        }
    }
}

/// Adds what the rows of a chunk weigh to the groups of their keys.
fn add(numbers: &mut Numbers, weight: &Weight, from: usize, chunk: &Chunk) {
    let keys = &chunk.keys;
    match (numbers, weight) {
        (Numbers::Counts(counts), Weight::One) if counts.len() == 1 => {
            counts[0] += chunk.rows.len() as u64;
        }
        (Numbers::Counts(counts), Weight::One) => {
            if chunk.rows.len() == keys.len() {
                keys.iter().for_each(|key| counts[*key as usize] += 1);
            } else {
                chunk
                    .rows
                    .iter()
                    .for_each(|row| counts[keys[*row as usize] as usize] += 1);
            }
        }
        (Numbers::Counts(counts), Weight::If(bits))
            if counts.len() == 1 && chunk.rows.len() == keys.len() =>
        {
            let window = bits.window(from, from + keys.len());
            counts[0] += window
                .map(|(_, word)| u64::from(word.count_ones()))
                .sum::<u64>();
        }
        (Numbers::Counts(counts), Weight::If(bits)) => {
            for row in &chunk.rows {
                let row = *row as usize;
                counts[keys[row] as usize] += u64::from(bits.get(from + row));
            }
        }
        (Numbers::Counts(counts), Weight::Known(amounts)) => match &**amounts {
            Amounts::U8(amounts) => chunk.add_known(&amounts[from..], u8::MAX, counts),
            Amounts::U32(amounts) => chunk.add_known(&amounts[from..], u32::MAX, counts),
            Amounts::I64(amounts) => chunk.add_known(&amounts[from..], i64::MIN, counts),
            Amounts::Nothing => {}
        },
        (Numbers::Sums(sums), Weight::Amount(amounts)) => match &**amounts {
            Amounts::U8(amounts) => chunk.add_amounts(&amounts[from..], u8::MAX, sums),
            Amounts::U32(amounts) => chunk.add_amounts(&amounts[from..], u32::MAX, sums),
            // Amounts of odd data may be too great for sums of 64 bits.
            Amounts::I64(_) | Amounts::Nothing => {
                for row in &chunk.rows {
                    let row = *row as usize;
                    let sum = &mut sums[keys[row] as usize];
                    *sum = sum.saturating_add(weight.amount(from + row));
                }
            }
        },
        (numbers, weight) => {
            for row in &chunk.rows {
                let row = *row as usize;
                numbers.add(keys[row] as usize, weight.amount(from + row));
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
        let known = |row: usize| {
            if amounts[row] == nothing {
                0
            } else {
                amounts[row].into()
            }
        };
        if let [sum] = sums {
            let total: u64 = if self.rows.len() == self.keys.len() {
                (0..self.keys.len()).map(known).sum()
            } else {
                self.rows.iter().map(|row| known(*row as usize)).sum()
            };
            *sum += i128::from(total);
            return;
        }
        for row in &self.rows {
            let row = *row as usize;
            sums[self.keys[row] as usize] += i128::from(known(row));
        }
    }

    /// Counts the rows whose amount isn't `nothing`.
    fn add_known<A: Copy + PartialEq>(&self, amounts: &[A], nothing: A, counts: &mut [u64]) {
        for row in &self.rows {
            let row = *row as usize;
            counts[self.keys[row] as usize] += u64::from(amounts[row] != nothing);
        }
    }
}

/// Counts the visitors of the selected visits of a chunk in the groups of their keys, once each.
fn distinct_visitors(
    measure: usize,
    first: &Bits,
    selected: &Bits,
    from: usize,
    to: usize,
    keys: &[u32],
    cells: &mut Cells,
) {
    let mut visitor = cells.visitor;
    let Some((stamps, counts)) = cells.visitors(measure) else {
        return;
    };
    let words = first.window(from, to).zip(selected.window(from, to));
    for ((row, begun), (_, selected)) in words {
        let keys = &keys[row - from..(row - from + 64).min(keys.len())];
        let width = (to - row).min(64 - row % 64);
        let keys = &keys[..width];
        if selected == 0 {
            visitor = visitor.wrapping_add(begun.count_ones());
        } else if let ([stamp], [count]) = (&mut *stamps, &mut *counts) {
            // Without dimensions nothing is looked up, and the last visitor stays in a register.
            let mut last = *stamp;
            let mut found = 0;
            for at in 0..width {
                visitor = visitor.wrapping_add((begun >> at & 1) as u32);
                let is_new = selected >> at & 1 == 1 && last != visitor;
                found += u64::from(is_new);
                last = if is_new { visitor } else { last };
            }
            *stamp = last;
            *count += found;
        } else if selected == low_ones(width) {
            for (at, key) in keys.iter().enumerate() {
                visitor = visitor.wrapping_add((begun >> at & 1) as u32);
                let stamp = &mut stamps[*key as usize];
                counts[*key as usize] += u64::from(*stamp != visitor);
                *stamp = visitor;
            }
        } else {
            for (at, key) in keys.iter().enumerate() {
                visitor = visitor.wrapping_add((begun >> at & 1) as u32);
                if selected >> at & 1 == 1 {
                    let stamp = &mut stamps[*key as usize];
                    counts[*key as usize] += u64::from(*stamp != visitor);
                    *stamp = visitor;
                }
            }
        }
    }
    cells.visitor = visitor;
}
