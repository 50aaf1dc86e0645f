//! Counting things visit by visit, where nothing of the things themselves is asked.

use afsa_model::{TimeRange, Timestamp};

use super::bound::Bound;
use super::cells::{Cells, Numbers};
use super::fact::Counted;
use super::flat::visit_keys;
use super::select::{Inside, end_of};
use super::weight::Weight;
use crate::bits::Bits;
use crate::image::{Moments, Offsets};
use crate::part::Times;

/// Scenes worked on at once.
const CHUNK: usize = 2_048;

/// Counts the things of scenes by the keys of their scenes: how many a scene has says its offsets.
/// Where keys hold moments, a scene within one bucket is looked at only at its ends.
pub(crate) fn things(
    inside: &Inside,
    range: TimeRange,
    bound: &Bound,
    weights: &[(usize, Weight)],
    cells: &mut Cells,
    keys: &mut Vec<u32>,
) {
    let offsets = bound.table.offsets();
    for (measure, _) in weights {
        let Numbers::Counts(counts) = &mut cells.numbers[*measure] else {
            continue;
        };
        let whole = match offsets.inhabited() {
            Some(inhabited) => {
                let mut whole = inhabited.clone();
                whole.and(&inside.whole);
                std::borrow::Cow::Owned(whole)
            }
            None => std::borrow::Cow::Borrowed(&inside.whole),
        };
        if bound.is_whole() {
            let things = whole
                .runs()
                .map(|run| offsets.begin(run.end) - offsets.begin(run.start));
            counts[0] += things.sum::<usize>() as u64;
        } else {
            add_whole(&whole, bound, counts, keys);
        }
        for scene in inside.partly.ones_in(0, inside.partly.len()) {
            for thing in offsets.of(scene) {
                let moment = bound.times.get(scene, thing);
                if range.contains(Timestamp(moment)) {
                    counts[(key_of(bound, scene) + key_at(bound, moment)) as usize] += 1;
                }
            }
        }
    }
}

fn add_whole(whole: &Bits, bound: &Bound, counts: &mut [u64], keys: &mut Vec<u32>) {
    let offsets = bound.table.offsets();
    let mut codes = Vec::new();
    let mut from = 0;
    while from < whole.len() {
        let to = (from + CHUNK).min(whole.len());
        let selected = whole.count_in(from, to) as usize;
        if selected > 0 {
            keys.clear();
            keys.resize(to - from, 0);
            for (stride, codes) in &bound.visit {
                codes.add_scaled(from, *stride as u32, keys);
            }
            if bound.moment.is_empty() {
                add_chunk(whole, offsets, from, selected, keys, counts);
            } else if let ([(stride, clock)], Times::Things(starts, moments)) =
                (bound.moment.as_slice(), &bound.times)
                && let Moments::After(after) = &**moments
            {
                codes.clear();
                codes.resize(to - from, 0);
                clock.add_scaled(starts, from, 1, &mut codes);
                for scene in whole.ones_in(from, to) {
                    let things = offsets.of(scene);
                    let (key, code) = (keys[scene - from], codes[scene - from]);
                    let Some(last) = things.clone().last() else {
                        continue;
                    };
                    let last = starts.get(scene).saturating_add(i64::from(after[last]));
                    if clock.end_of(code).is_some_and(|end| last < end) {
                        counts[(key + *stride as u32 * code) as usize] += things.len() as u64;
                    } else {
                        add_scene(bound, scene, key, counts);
                    }
                }
            } else {
                for scene in whole.ones_in(from, to) {
                    add_scene(bound, scene, keys[scene - from], counts);
                }
            }
        }
        from = to;
    }
}

fn add_chunk(
    whole: &Bits,
    offsets: &Offsets,
    from: usize,
    selected: usize,
    keys: &[u32],
    counts: &mut [u64],
) {
    let to = from + keys.len();
    if let (Offsets::Dense(starts), true) = (offsets, selected * 4 > keys.len()) {
        let mut keys = keys;
        let mut bounds = &starts[from..=to];
        for (row, word) in whole.window(from, to) {
            let (here, rest) = keys.split_at(keys.len().min(64 - row % 64));
            for (at, (key, bounds)) in here.iter().zip(bounds.windows(2)).enumerate() {
                let is_in = word >> at & 1;
                counts[*key as usize] += u64::from(bounds[1] - bounds[0]) * is_in;
            }
            bounds = &bounds[here.len()..];
            keys = rest;
        }
        return;
    }
    for scene in whole.ones_in(from, to) {
        counts[keys[scene - from] as usize] += offsets.of(scene).len() as u64;
    }
}

/// Counts the things of a scene by their moments; they stand in the order of their times.
fn add_scene(bound: &Bound, scene: usize, key: u32, counts: &mut [u64]) {
    let things = bound.table.offsets().of(scene);
    let Some(last) = things.clone().last() else {
        return;
    };
    let moment = |thing| bound.times.get(scene, thing);
    let at = key_at(bound, moment(things.start));
    let is_one = last == things.start
        || bound.moment.iter().all(|(_, clock)| clock.never_falls())
            && at == key_at(bound, moment(last));
    if is_one {
        counts[(key + at) as usize] += things.len() as u64;
        return;
    }
    for thing in things {
        counts[(key + key_at(bound, moment(thing))) as usize] += 1;
    }
}

/// Counts the first or last page views of visits.
pub(crate) fn ends(
    counted: Counted,
    visits: &Bits,
    bound: &Bound,
    weights: &[(usize, Weight)],
    cells: &mut Cells,
    keys: &mut Vec<u32>,
) {
    let offsets = bound.table.offsets();
    for (measure, _) in weights {
        let Numbers::Counts(counts) = &mut cells.numbers[*measure] else {
            continue;
        };
        let mut from = 0;
        while from < visits.len() {
            let to = (from + CHUNK).min(visits.len());
            if visits.any_in(from, to) {
                visit_keys(bound, from, to, keys);
                for visit in visits.ones_in(from, to) {
                    let Some(row) = end_of(counted, offsets, visit) else {
                        continue;
                    };
                    let own = bound
                        .own
                        .iter()
                        .map(|(stride, codes)| *stride as u32 * codes.get(row));
                    counts[(keys[visit - from] + own.sum::<u32>()) as usize] += 1;
                }
            }
            from = to;
        }
    }
}

fn key_of(bound: &Bound, scene: usize) -> u32 {
    bound
        .visit
        .iter()
        .map(|(stride, codes)| *stride as u32 * codes.get(scene))
        .sum()
}

fn key_at(bound: &Bound, moment: i64) -> u32 {
    bound
        .moment
        .iter()
        .map(|(stride, clock)| *stride as u32 * clock.code(moment))
        .sum()
}
