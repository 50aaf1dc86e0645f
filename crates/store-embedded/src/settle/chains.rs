//! Cookieless hits: they keep yesterday's key while a visit of that key is under way.
//!
//! That is for a first stretch of the day without a gap longer than the timeout. Each hit makes
//! the stretch be measured anew where the key of the day before has hits near. A late hit of the
//! day before does so too, as long as memory knows which key followed its own; after a start it
//! knows that of hits in the log only, and such a hit no longer brings the chain of the next day
//! to itself.

use afsa_model::{DAY, Hit, Timestamp, VisitorKey};
use hashbrown::HashMap;

use super::State;
use super::pull::Reach;
use crate::error::Error;

/// Cookieless keys that follow each other.
#[derive(Default)]
pub(super) struct Chains {
    /// By the key of the day before: the day's key and the day.
    pub(super) next: HashMap<VisitorKey, (VisitorKey, i64)>,
    /// Keys of a day before whose stretch is to be measured anew, with the first and last time
    /// of the hits that make it so.
    pub(super) due: HashMap<VisitorKey, (Timestamp, Timestamp)>,
}

impl State {
    pub(super) fn chain(&mut self, hit: &Hit, today: VisitorKey, yesterday: VisitorKey) {
        let day = hit.time.0.div_euclid(DAY);
        self.chains.next.insert(yesterday, (today, day));
        let due = self
            .chains
            .due
            .entry(yesterday)
            .or_insert((hit.time, hit.time));
        *due = (due.0.min(hit.time), due.1.max(hit.time));
        // The hit may be one that a visit of the next day goes on from.
        if self.chains.next.contains_key(&today) {
            self.chains
                .due
                .insert(today, (Timestamp::MIN, Timestamp::MAX));
        }
    }

    /// Measures for how long hits of a day kept the key of the day before.
    pub(super) fn measure_chains(&mut self) -> Result<bool, Error> {
        let mut measured = Vec::new();
        for (yesterday, (first, last)) in self.chains.due.clone() {
            if let Some((today, day)) = self.chains.next.get(&yesterday).copied()
                && self.may_be_active(yesterday, first, last)?
            {
                measured.push((yesterday, today, day));
            } else {
                self.chains.due.remove(&yesterday);
            }
        }
        let keys: Vec<VisitorKey> = measured
            .iter()
            .flat_map(|(yesterday, today, _)| [*yesterday, *today])
            .collect();
        let mut changed = self.pull(&keys, Reach::All)?;
        for (yesterday, today, day) in measured {
            let midnight = Timestamp(day.saturating_mul(DAY));
            let next_midnight = midnight.plus(DAY);
            let of_day = |hit: &Hit| midnight <= hit.time && hit.time < next_midnight;
            let mut hits: Vec<(Timestamp, u64, bool, bool, VisitorKey)> = Vec::new();
            for key in [yesterday, today] {
                let entry = self.hot.visitors.get(&key);
                let ours = entry
                    .into_iter()
                    .flat_map(|entry| &entry.hits)
                    .map(|hit| &hit.hit);
                hits.extend(
                    ours.filter(|hit| key == yesterday && hit.time < midnight || of_day(hit))
                        .map(|hit| {
                            let (opens, prolongs) = (hit.opens_visit(), hit.prolongs_visit());
                            (hit.time, hit.sequence, opens, prolongs, key)
                        }),
                );
            }
            hits.sort_unstable();
            let mut latest: Option<Timestamp> = None;
            let mut moves: HashMap<u64, VisitorKey> = HashMap::new();
            for (time, sequence, opens, prolongs, key) in hits {
                let is_under_way =
                    latest.is_some_and(|last| time.since(last) <= self.settings.visit_timeout);
                let belongs = if time < midnight || is_under_way {
                    yesterday
                } else {
                    today
                };
                if belongs == yesterday && (opens || prolongs && is_under_way) {
                    latest = Some(time);
                }
                if belongs != key {
                    moves.insert(sequence, belongs);
                }
            }
            for key in [yesterday, today] {
                for mut moved in self.hot.take(key, |hit| {
                    moves
                        .get(&hit.sequence)
                        .is_some_and(|belongs| *belongs != key)
                }) {
                    changed = true;
                    moved.hit.visitor = if key == yesterday { today } else { yesterday };
                    self.hot.add(moved);
                }
            }
            self.chains.due.remove(&yesterday);
        }
        Ok(changed)
    }

    /// Whether the visitor may have hits no more than a timeout away from these times.
    fn may_be_active(
        &self,
        visitor: VisitorKey,
        first: Timestamp,
        last: Timestamp,
    ) -> Result<bool, Error> {
        let frozen = self.frozen.as_ref().map(|frozen| &frozen.hot);
        if self.hot.visitors.contains_key(&visitor)
            || frozen.is_some_and(|hot| hot.visitors.contains_key(&visitor))
        {
            return Ok(true);
        }
        for part in &self.parts {
            if part.is_near(first, last, self.settings.visit_timeout)
                && !part.is_dead(visitor)
                && part.is_sound()
                && part.may_hold(visitor)?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Which cookieless key followed which, as far as is remembered: key, next key, its day.
    pub fn known_chains(&self) -> Vec<(VisitorKey, VisitorKey, i64)> {
        let chains = self.chains.next.iter();
        chains
            .map(|(yesterday, (today, day))| (*yesterday, *today, *day))
            .collect()
    }

    /// Notes which cookieless keys followed which in hits that didn't come through memory.
    pub fn note_chains(&mut self, chains: impl Iterator<Item = (VisitorKey, VisitorKey, i64)>) {
        self.chains
            .next
            .extend(chains.map(|(yesterday, today, day)| (yesterday, (today, day))));
    }
}
