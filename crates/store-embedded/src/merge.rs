//! Fewer, larger segments.
//!
//! In each shard a segment is larger than all smaller ones together, or it is merged with them: so
//! each hit is written anew as often as the shard doubles, and a shard has few segments. Segments
//! with many dead or expired visits are written anew without them. An account whose shards have
//! become too large is divided further, and what was flushed of all shards together is divided
//! among them when it is worth it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::iter::Peekable;

use afsa_model::{Cut, VisitorKey};
use afsa_segments::{Cuts, encode};

use crate::account::Account;
use crate::engine::Engine;
use crate::error::Error;
use crate::manifest::Change;
use crate::part::{Part, prefix_of};

/// A shard with so many times more visits than it need have is divided.
const MOST_GROWTH: u64 = 6;

/// At most 64 shards.
const MOST_BITS: u8 = 6;

/// What to write anew, and into how many shards.
struct Plan {
    parts: Vec<Part>,
    bits: u8,
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
        let mut visitors = Merged::of(&plan.parts)?.peekable();
        while let Some(first) = visitors.peek() {
            let prefix = match first {
                Ok((visitor, _)) => prefix_of(*visitor, plan.bits),
                Err(_) => 0,
            };
            let mut failure = None;
            let shard = std::iter::from_fn(|| {
                let is_here = |item: &Result<(VisitorKey, Cut), Error>| match item {
                    Ok((visitor, _)) => prefix_of(*visitor, plan.bits) == prefix,
                    Err(_) => true,
                };
                match visitors.next_if(is_here)? {
                    Ok(item) => Some(item),
                    Err(error) => {
                        failure = Some(error);
                        None
                    }
                }
            });
            let tables = encode(shard)?;
            if let Some(error) = failure {
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
        self.manifest.commit(&change)?;
        state.row = row;
        state.replace_parts(&change.removed_segments, merged);
        Ok(())
    }
}

fn plan(parts: &[Part], bits: u8, per_shard: u64) -> Option<Plan> {
    let sound: Vec<&Part> = parts.iter().filter(|part| part.is_sound()).collect();
    // A division needs all of the account, so one damaged segment puts it off.
    if sound.len() == parts.len() {
        let visits: u64 = parts.iter().map(|part| part.row.visits).sum();
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

/// How many bits divide so many visits well.
pub(crate) fn bits_for(visits: u64, per_shard: u64) -> u8 {
    let shards = (visits / per_shard.max(1)).max(1);
    (shards.ilog2() as u8).min(MOST_BITS)
}

/// The living visitors of several segments, ascending by key.
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
