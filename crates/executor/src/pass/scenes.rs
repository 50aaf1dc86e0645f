//! Counting things visit by visit, where nothing of the things themselves is asked.

use afsa_model::{TimeRange, Timestamp};

use super::bound::Bound;
use super::cells::{Cells, Numbers};
use super::fact::Counted;
use super::flat::add_visit_keys;
use super::select::{Inside, end_of};
use super::tally::{CHUNK, Tally};
use super::weight::Weight;
use super::whole;
use crate::bits::{Bits, ones};
use crate::image::{Moments, Offsets};
use crate::part::Times;

/// Counts the things of scenes by the keys of their scenes: how many a scene has says its offsets.
/// Where keys hold moments, a scene within one bucket is looked at only at its ends.
pub(crate) fn things(
    inside: &Inside,
    range: TimeRange,
    bound: &Bound,
    weights: &[(usize, Weight)],
    cells: &mut Cells,
    tally: &mut Tally,
) {
    let offsets = bound.table.offsets();
    for (measure, _) in weights {
        let whole = match offsets.inhabited() {
            Some(inhabited) => {
                let mut whole = inhabited.clone();
                whole.and(&inside.whole);
                std::borrow::Cow::Owned(whole)
            }
            None => std::borrow::Cow::Borrowed(&inside.whole),
        };
        if bound.is_whole() {
            cells.numbers[*measure].add(0, how_many(&whole, offsets) as i128);
        } else if bound.moment.is_empty() {
            add_scenes(*measure, &whole, bound, cells, tally);
        } else {
            add_whole(*measure, &whole, bound, cells, tally);
        }
        let Numbers::Counts(counts) = &mut cells.numbers[*measure] else {
            continue;
        };
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

/// How many things these scenes have together: neighbours are asked only where the first one's
/// begin and where the last one's end.
fn how_many(scenes: &Bits, offsets: &Offsets) -> usize {
    let in_word = |(row, word): (usize, u64)| {
        let begin = |bits: u64, after: usize| -> usize {
            ones(bits).map(|bit| offsets.begin(row + bit + after)).sum()
        };
        begin(word & !(word >> 1), 1) - begin(word & !(word << 1), 0)
    };
    scenes.window(0, scenes.len()).map(in_word).sum()
}

/// Adds how many things each of these scenes has, whose keys hold no moments.
fn add_scenes(measure: usize, whole: &Bits, bound: &Bound, cells: &mut Cells, tally: &mut Tally) {
    let offsets = bound.table.offsets();
    let mut from = 0;
    while from < whole.len() {
        let to = (from + CHUNK).min(whole.len());
        if whole.any_in(from, to) {
            tally.choose(whole, from, to);
            add_visit_keys(bound, tally);
            match offsets {
                Offsets::Dense(starts) => {
                    let (begins, ends) = (&starts[from..to], &starts[from + 1..=to]);
                    let things = |row: usize| u64::from(ends[row] - begins[row]);
                    tally.add_numbers(measure, cells, things);
                }
                Offsets::Sparse { .. } => {
                    let things = |row: usize| offsets.of(from + row).len() as u64;
                    tally.add_numbers(measure, cells, things);
                }
            }
        }
        from = to;
    }
}

/// Adds the things of these scenes by keys that hold moments.
fn add_whole(measure: usize, whole: &Bits, bound: &Bound, cells: &mut Cells, tally: &mut Tally) {
    let Numbers::Counts(counts) = &mut cells.numbers[measure] else {
        return;
    };
    let offsets = bound.table.offsets();
    let mut codes = Vec::new();
    let mut from = 0;
    while from < whole.len() {
        let to = (from + CHUNK).min(whole.len());
        if whole.any_in(from, to) {
            tally.choose(whole, from, to);
            for (stride, codes) in &bound.visit {
                tally.add_codes(*stride, codes);
            }
            let chosen = tally.rows.iter().map(|row| from + *row as usize);
            if let ([(stride, clock)], Times::Things(starts, moments)) =
                (bound.moment.as_slice(), &bound.times)
                && let Moments::After(after) = &**moments
            {
                codes.clear();
                codes.resize(tally.rows.len(), 0);
                clock.add_scaled_of(starts, from, &tally.rows, 1, &mut codes);
                for (scene, (key, code)) in chosen.zip(tally.keys.iter().zip(&codes)) {
                    let things = offsets.of(scene);
                    let Some(last) = things.clone().last() else {
                        continue;
                    };
                    let last = starts.get(scene).saturating_add(i64::from(after[last]));
                    if clock.end_of(*code).is_some_and(|end| last < end) {
                        counts[(key + *stride as u32 * code) as usize] += things.len() as u64;
                    } else {
                        add_scene(bound, scene, *key, counts);
                    }
                }
            } else {
                for (scene, key) in chosen.zip(&tally.keys) {
                    add_scene(bound, scene, *key, counts);
                }
            }
        }
        from = to;
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

/// Counts the first or last page views of visits, of which each has one.
pub(crate) fn ends(
    counted: Counted,
    visits: &Bits,
    bound: &Bound,
    weights: &[(usize, Weight)],
    cells: &mut Cells,
    tally: &mut Tally,
) {
    let offsets = bound.table.offsets();
    if bound.is_whole() {
        for (measure, weight) in weights {
            whole::add(*measure, weight, visits, 0, visits.len(), cells);
        }
        return;
    }
    let mut ends: Vec<u32> = Vec::new();
    let mut from = 0;
    while from < visits.len() {
        let to = (from + CHUNK).min(visits.len());
        if visits.any_in(from, to) {
            tally.choose(visits, from, to);
            add_visit_keys(bound, tally);
            if !bound.own.is_empty() {
                ends.clear();
                let ends_of = |row: &u32| end_of(counted, offsets, from + *row as usize);
                ends.extend(tally.rows.iter().map(|row| ends_of(row) as u32));
                for (stride, codes) in &bound.own {
                    codes.add_scaled_of(0, &ends, *stride as u32, &mut tally.keys);
                }
            }
            for (measure, weight) in weights {
                tally.add(*measure, weight, cells);
            }
        }
        from = to;
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
