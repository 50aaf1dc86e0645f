//! Fewer, larger segments.
//!
//! In each shard a segment is larger than all smaller ones together, or it is merged with them: so
//! each hit is written anew as often as the shard doubles, and a shard has few segments. Segments
//! with many dead or expired visits are written anew without them. An account whose shards have
//! become too large is divided further, and what was flushed of all shards together is divided
//! among them when it is worth it.

use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::iter::Peekable;

use afsa_model::{Cut, VisitorKey};
use afsa_segments::{Cuts, encode};

use crate::account::Account;
use crate::engine::Engine;
use crate::error::Error;
use crate::manifest::{Change, SegmentRow};
use crate::part::{Part, prefix_of};
use crate::rows::VisitorColumns;

/// A shard with so many times more visits than it need have is divided.
const MOST_GROWTH: u64 = 6;

/// At most 64 shards.
const MOST_BITS: u8 = 6;

/// Before hits are cut: about so many make a visit.
pub(crate) const HITS_PER_VISIT: u64 = 5;

/// What to write anew, and into how many shards.
struct Plan {
    parts: Vec<Part>,
    bits: u8,
}

impl Plan {
    /// The shards that are written, ascending.
    fn prefixes(&self) -> Vec<u64> {
        match self.parts.first() {
            // All are of one shard, and stay in it.
            Some(first) if first.row.bits == self.bits => vec![first.row.prefix],
            _ => (0..1 << self.bits).collect(),
        }
    }
}

impl Engine {
    /// Merges until nothing is worth it. The caller holds the account's maintenance lock and has
    /// nothing frozen.
    pub fn merge(&self, account: &Account) -> Result<(), Error> {
        // Every merge makes the segments fewer or larger; the bound is for the unforeseen.
        for _ in 0..1_000 {
            let (parts, bits) = {
                let state = account.state();
                if state.frozen.is_some() {
                    return Ok(());
                }
                (state.parts.clone(), state.row.bits)
            };
            let Some(plan) = plan(&parts, bits, self.options.visits_per_shard) else {
                return Ok(());
            };
            self.rewrite(account, plan)?;
        }
        Ok(())
    }

    fn rewrite(&self, account: &Account, plan: Plan) -> Result<(), Error> {
        let mut merged = Vec::new();
        let prefixes = plan.prefixes();
        let mut visitors = Merged::of(&plan.parts)?.peekable();
        let mut nobody = plan.parts.iter().flat_map(nobody_of).peekable();
        let mut share = 0;
        for part in &plan.parts {
            share += count_of_nobody(part)?;
        }
        share = share.div_ceil(prefixes.len().max(1));
        for prefix in prefixes {
            let failure = Cell::new(None);
            let or_fail = |item: Result<(VisitorKey, Cut), Error>| match item {
                Ok(item) => Some(item),
                Err(error) => {
                    failure.set(Some(error));
                    None
                }
            };
            let mut taken = 0;
            let share_of_nobody = std::iter::from_fn(|| {
                let cut = nobody.next_if(|_| taken < share)?;
                or_fail(cut.map(|cut| {
                    taken += cut.loose.len();
                    (VisitorKey::NOBODY, cut)
                }))
            });
            let is_here = |item: &Result<(VisitorKey, Cut), Error>| match item {
                Ok((visitor, _)) => prefix_of(*visitor, plan.bits) == prefix,
                Err(_) => true,
            };
            let shard = std::iter::from_fn(|| or_fail(visitors.next_if(is_here)?));
            let tables = encode(share_of_nobody.chain(shard))?;
            if let Some(error) = failure.take() {
                return Err(error);
            }
            merged.extend(self.write_segment(account, &tables, plan.bits, prefix)?);
        }
        let mut state = account.state();
        let mut row = state.row;
        row.bits = plan.bits;
        row.next_sequence = account.sequences_end();
        let mut change = Change::of(row);
        change.added_segments = merged.iter().map(|part| part.row.clone()).collect();
        change.removed_segments = plan.parts.iter().map(|part| part.row.id).collect();
        self.commit(&change)?;
        state.row = row;
        state.replace_parts(&change.removed_segments, merged);
        Ok(())
    }
}

fn plan(parts: &[Part], bits: u8, per_shard: u64) -> Option<Plan> {
    let sound: Vec<&Part> = parts.iter().filter(|part| part.is_sound()).collect();
    // A division needs all of the account, so one damaged segment puts it off.
    if sound.len() == parts.len() {
        let visits: u64 = parts.iter().map(|part| weight(&part.row)).sum();
        let wanted = bits_for(visits, per_shard);
        if bits < wanted && visits >> bits > per_shard.saturating_mul(MOST_GROWTH) {
            return Some(Plan {
                parts: parts.to_vec(),
                bits: wanted,
            });
        }
    }
    let (undivided, divided): (Vec<&Part>, Vec<&Part>) =
        sound.into_iter().partition(|part| part.row.bits < bits);
    let undivided_hits: u64 = undivided.iter().map(|part| part.row.hits).sum();
    let divided_hits: u64 = divided.iter().map(|part| part.row.hits).sum();
    if !undivided.is_empty() && undivided_hits > divided_hits / 16 {
        return Some(Plan {
            parts: undivided.into_iter().cloned().collect(),
            bits,
        });
    }
    let mut prefixes: Vec<u64> = divided.iter().map(|part| part.row.prefix).collect();
    prefixes.sort_unstable();
    prefixes.dedup();
    for prefix in prefixes {
        let shard = divided.iter().filter(|part| part.row.prefix == prefix);
        if let Some(chosen) = in_shard(shard.map(|part| Part::clone(part)).collect()) {
            return Some(Plan {
                parts: chosen,
                bits,
            });
        }
    }
    in_shard(undivided.into_iter().cloned().collect()).map(|parts| Plan { parts, bits: 0 })
}

/// The segments of a shard that are worth merging.
fn in_shard(mut parts: Vec<Part>) -> Option<Vec<Part>> {
    parts.sort_unstable_by_key(|part| Reverse(part.row.hits));
    let mut smaller: u64 = parts.iter().map(|part| part.row.hits).sum();
    for (index, part) in parts.iter().enumerate() {
        smaller -= part.row.hits;
        if smaller * 2 >= part.row.hits && index + 1 < parts.len() {
            return Some(parts.split_off(index));
        }
    }
    parts
        .into_iter()
        .find(is_mostly_gone)
        .map(|part| vec![part])
}

/// Whether about an eighth of the segment's visits are dead or expired.
fn is_mostly_gone(part: &Part) -> bool {
    let row = &part.row;
    let is_expired = row.removed_before.is_some_and(|before| {
        let span = row.last_hit.since(row.first_hit);
        before.since(row.first_hit) > span / 8
    });
    is_expired || row.dead.len() as u64 * 8 > row.visits
}

/// A segment's visits; where many hits lie in none, as many as these would come to.
pub(crate) fn weight(row: &SegmentRow) -> u64 {
    row.visits.max(row.hits / HITS_PER_VISIT)
}

/// How many bits divide so many visits well.
pub(crate) fn bits_for(visits: u64, per_shard: u64) -> u8 {
    let shards = (visits / per_shard.max(1)).max(1);
    (shards.ilog2() as u8).min(MOST_BITS)
}

/// A segment's living hits of nobody, some at a time.
pub(crate) fn nobody_of(part: &Part) -> impl Iterator<Item = Result<Cut, Error>> + '_ {
    let segment = match part.is_dead(VisitorKey::NOBODY) {
        true => None,
        false => Some(part.shared.segment()),
    };
    let (cuts, failure) = match segment {
        None => (None, None),
        Some(Ok(segment)) => (Some(segment.cuts()), None),
        Some(Err(error)) => (None, Some(Err(error))),
    };
    let of_nobody = cuts.into_iter().flatten().map_while(|item| match item {
        Ok((VisitorKey::NOBODY, cut)) => Some(Ok(part.without_removed(cut))),
        Ok(_) => None,
        Err(error) => Some(Err(error.into())),
    });
    failure.into_iter().chain(of_nobody)
}

fn count_of_nobody(part: &Part) -> Result<usize, Error> {
    let columns = VisitorColumns::read(part.shared.segment()?)?;
    Ok(columns.rows_of(VisitorKey::NOBODY).loose.len())
}

/// The living visitors of several segments, ascending by key, without nobody.
pub(crate) struct Merged<'a> {
    streams: Vec<Peekable<Stream<'a>>>,
    /// The next visitor of each stream.
    next: BinaryHeap<Reverse<(VisitorKey, usize)>>,
    failure: Option<Error>,
}

struct Stream<'a> {
    part: &'a Part,
    cuts: Cuts<'a>,
}

impl Iterator for Stream<'_> {
    type Item = Result<(VisitorKey, Cut), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.cuts.next()? {
                Err(error) => return Some(Err(error.into())),
                Ok((VisitorKey::NOBODY, _)) => {}
                Ok((visitor, _)) if self.part.is_dead(visitor) => {}
                Ok((visitor, cut)) => {
                    let cut = self.part.without_removed(cut);
                    if !cut.visits.is_empty() || !cut.loose.is_empty() {
                        return Some(Ok((visitor, cut)));
                    }
                }
            }
        }
    }
}

impl<'a> Merged<'a> {
    pub fn of(parts: &'a [Part]) -> Result<Merged<'a>, Error> {
        let mut merged = Merged {
            streams: Vec::new(),
            next: BinaryHeap::new(),
            failure: None,
        };
        for part in parts {
            let cuts = part.shared.segment()?.cuts();
            merged.streams.push(Stream { part, cuts }.peekable());
            merged.look_ahead(merged.streams.len() - 1);
        }
        Ok(merged)
    }

    fn look_ahead(&mut self, index: usize) {
        let Some(stream) = self.streams.get_mut(index) else {
            return;
        };
        match stream.peek() {
            Some(Ok((visitor, _))) => self.next.push(Reverse((*visitor, index))),
            Some(Err(_)) => {
                if let Some(Err(error)) = stream.next() {
                    self.failure = Some(error);
                }
            }
            None => {}
        }
    }
}

impl Iterator for Merged<'_> {
    type Item = Result<(VisitorKey, Cut), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(error) = self.failure.take() {
            self.next.clear();
            return Some(Err(error));
        }
        let Reverse((visitor, index)) = self.next.pop()?;
        let mut cut = match self.streams.get_mut(index)?.next()? {
            Ok((_, cut)) => cut,
            Err(error) => return Some(Err(error)),
        };
        self.look_ahead(index);
        while let Some(Reverse((other, index))) = self.next.peek().copied() {
            if other != visitor {
                break;
            }
            self.next.pop();
            if let Some(Ok((_, more))) = self.streams.get_mut(index).and_then(|it| it.next()) {
                join(&mut cut, more);
            }
            self.look_ahead(index);
        }
        if let Some(error) = self.failure.take() {
            self.next.clear();
            return Some(Err(error));
        }
        Some(Ok((visitor, cut)))
    }
}

/// Two cuts of one visitor that don't touch each other, as one.
fn join(cut: &mut Cut, more: Cut) {
    cut.visits.extend(more.visits);
    cut.visits
        .sort_by_key(|visit| (visit.start, visit.hits.first().map(|hit| hit.sequence)));
    cut.loose.extend(more.loose);
    cut.loose.sort_by_key(|hit| (hit.time, hit.sequence));
}
