//! Counting in bulk, where each thing has one key and each key a place of its own.

use afsa_store::StoreError;

use super::averages::Average;
use super::bound::Bound;
use super::cells::Cells;
use super::tally::{CHUNK, Tally};
use super::weight::Weight;
use super::whole;
use crate::bits::Bits;
use crate::image::{Codes, Moments, Visitors};
use crate::part::{Part, Times};
use crate::shard::Stretch;

/// Room for one chunk, used again for the next.
#[derive(Default)]
pub(crate) struct Room {
    pub(super) tally: Tally,
    /// The parts of keys of all things that come of their scenes.
    keys: Vec<u32>,
}

/// Counts the visits of a stretch that are `selected`.
pub(crate) fn visits(
    part: &Part,
    stretch: Stretch,
    selected: &Bits,
    bound: &Bound,
    weights: &[(usize, Weight)],
    cells: &mut Cells,
    tally: &mut Tally,
) -> Result<(), StoreError> {
    let Some(image) = &part.image else {
        return Ok(());
    };
    let visitors = image.visitors()?;
    if bound.is_whole() {
        whole_visits(&visitors, stretch, selected, weights, cells);
        return Ok(());
    }
    let mut from = stretch.from;
    while from < stretch.to {
        let to = (from / CHUNK * CHUNK + CHUNK).min(stretch.to);
        if selected.any_in(from, to) {
            tally.choose(selected, from, to);
            add_visit_keys(bound, tally);
            let begun = begun(&visitors, stretch, from, to);
            cells.visitor = tally.number_visitors(cells.visitor, to - from, begun);
            for (measure, weight) in weights {
                match weight {
                    Weight::Visitor => tally.add_visitors(*measure, cells),
                    weight => tally.add(*measure, weight, cells),
                }
            }
        } else {
            cells.visitor = passed(cells.visitor, &visitors, stretch, from, to);
        }
        from = to;
    }
    Ok(())
}

/// The words of the visits that begin a visitor's, but that of a visitor who only goes on.
pub(super) fn begun(
    visitors: &Visitors,
    stretch: Stretch,
    from: usize,
    to: usize,
) -> impl Iterator<Item = (usize, u64)> {
    let words = visitors.first.window(from, to);
    words.map(move |(row, word)| {
        let goes_on = stretch.continues && row == stretch.from;
        (row, if goes_on { word & !1 } else { word })
    })
}

/// The number of the last visitor of these visits, where the one before them is `visitor`.
fn passed(visitor: u32, visitors: &Visitors, stretch: Stretch, from: usize, to: usize) -> u32 {
    let begun = begun(visitors, stretch, from, to).map(|(_, word)| word.count_ones());
    visitor.wrapping_add(begun.sum())
}

/// Counts all selected visits of a stretch in one group.
fn whole_visits(
    visitors: &Visitors,
    stretch: Stretch,
    selected: &Bits,
    weights: &[(usize, Weight)],
    cells: &mut Cells,
) {
    let (from, to) = (stretch.from, stretch.to);
    let last = passed(cells.visitor, visitors, stretch, from, to);
    for (measure, weight) in weights {
        if !matches!(weight, Weight::Visitor) {
            whole::add(*measure, weight, selected, from, to, cells);
            continue;
        }
        let visitor = cells.visitor;
        let Some((stamps, counts)) = cells.visitors(*measure) else {
            continue;
        };
        let mut is_pending = stamps[0] != visitor;
        let words = begun(visitors, stretch, from, to).zip(selected.window(from, to));
        let words = words.map(|((row, begun), (_, selected))| {
            let rows = (64 - row % 64).min(to - row);
            (rows, begun, selected)
        });
        counts[0] += whole::distinct(&mut is_pending, words);
        // Whoever isn't counted yet has another number than the one who was counted last.
        stamps[0] = if is_pending {
            last.wrapping_sub(1)
        } else {
            last
        };
    }
    cells.visitor = last;
}

/// Counts the things that are `selected`.
pub(crate) fn things(
    selected: &Bits,
    bound: &Bound,
    is_of_visit: bool,
    weights: &[(usize, Weight)],
    cells: &mut Cells,
    room: &mut Room,
) {
    let len = bound.table.len();
    let (mut averages, weights) = Average::find(weights, cells);
    if bound.is_whole() {
        for average in &averages {
            average.add_whole(selected, cells);
        }
        for (measure, weight) in weights {
            whole::add(*measure, weight, selected, 0, len, cells);
        }
        return;
    }
    each_chunk(selected, bound, is_of_visit, room, |tally| {
        for (measure, weight) in &weights {
            tally.add(*measure, weight, cells);
        }
        for average in &mut averages {
            average.add(tally, cells);
        }
    });
    for average in &mut averages {
        average.settle(cells);
    }
}

/// Has the customers of the `selected` orders count in their groups.
pub(crate) fn customers(
    selected: &Bits,
    bound: &Bound,
    customers: &Codes,
    cells: &mut Cells,
    room: &mut Room,
) -> Result<(), StoreError> {
    let mut done = Ok(());
    each_chunk(selected, bound, false, room, |tally| {
        if done.is_ok() {
            done = tally.note_customers(customers, cells);
        }
    });
    done
}

/// Gives the `selected` things with their groups, chunk by chunk.
fn each_chunk(
    selected: &Bits,
    bound: &Bound,
    is_of_visit: bool,
    room: &mut Room,
    mut each: impl FnMut(&mut Tally),
) {
    let len = bound.table.len();
    let offsets = bound.table.offsets();
    let scenes_matter = !bound.visit.is_empty() || !bound.moment.is_empty();
    let Room { keys, tally } = room;
    let mut from = 0;
    while from < len {
        let to = (from + CHUNK).min(len);
        if selected.any_in(from, to) {
            tally.choose(selected, from, to);
            for (stride, codes) in &bound.own {
                tally.add_codes(*stride, codes);
            }
            if scenes_matter {
                keys.clear();
                keys.resize(to - from, 0);
                offsets.each_with_things(from, to, |scene, things| {
                    let keys = &mut keys[things.start - from..things.end - from];
                    add_scene_keys(bound, is_of_visit, scene, things.start, keys);
                });
                for (key, row) in tally.keys.iter_mut().zip(&tally.rows) {
                    *key += keys[*row as usize];
                }
            }
            each(tally);
        }
        from = to;
    }
}

/// Adds the parts of keys that come of the scene of these things, the first of which is `at`.
fn add_scene_keys(bound: &Bound, is_of_visit: bool, scene: usize, at: usize, keys: &mut [u32]) {
    let of_visit = bound
        .visit
        .iter()
        .map(|(stride, codes)| *stride as u32 * codes.get(scene));
    let of_visit: u32 = of_visit.sum();
    keys.iter_mut().for_each(|key| *key += of_visit);
    if !bound.moment.is_empty() {
        add_moments(bound, is_of_visit, scene, at, keys);
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

/// Gives each chosen visit its group.
pub(super) fn add_visit_keys(bound: &Bound, tally: &mut Tally) {
    for (stride, codes) in &bound.visit {
        tally.add_codes(*stride, codes);
    }
    let Tally {
        first, rows, keys, ..
    } = tally;
    for (stride, clock) in &bound.moment {
        let stride = *stride as u32;
        match &bound.times {
            Times::Scenes(starts) => clock.add_scaled_of(starts, *first, rows, stride, keys),
            times => {
                for (row, key) in rows.iter().zip(keys.iter_mut()) {
                    let scene = *first + *row as usize;
                    *key += stride * clock.code(times.get(scene, scene));
                }
            }
        }
    }
}
