//! Which day's key cookieless hits have: they keep yesterday's while a visit of it is under way.

use afsa_model::{DAY, Hit, Timestamp, VisitorKey};
use afsa_store::{Arrival, Identity};
use hashbrown::{HashMap, HashSet};

use super::Finishing;
use super::partition::discard;
use super::records::{Record, for_each_record};
use crate::error::Error;

/// What decides about one hit.
struct Seen {
    time: Timestamp,
    sequence: u64,
    opens: bool,
    prolongs: bool,
    today: VisitorKey,
    /// `None` where the hit was stored and nothing is known of the day before.
    yesterday: Option<VisitorKey>,
}

impl Seen {
    fn of(hit: &Hit, today: VisitorKey, yesterday: Option<VisitorKey>) -> Seen {
        Seen {
            time: hit.time,
            sequence: hit.sequence,
            opens: hit.opens_visit(),
            prolongs: hit.prolongs_visit(),
            today,
            yesterday,
        }
    }
}

impl Finishing<'_> {
    /// Gives cookieless hits their key, together with the stored hits of the same keys: those are
    /// of two days at most, for older ones there is no key that lives.
    pub(super) fn resolve_cookieless(&mut self) -> Result<(), Error> {
        let blocks = self.spill.blocks();
        let file = self.spill.take_cookieless()?;
        let timeout = self.rules.visit_timeout;
        let mut seen: Vec<Seen> = Vec::new();
        // By the key of a day: that of the day before, and the day.
        let mut before: HashMap<VisitorKey, (VisitorKey, i64)> = HashMap::new();
        let mut after: HashMap<VisitorKey, (VisitorKey, i64)> = HashMap::new();
        let mut keys: HashSet<VisitorKey> = HashSet::new();
        for_each_record(&file, &blocks, |record| {
            let Record::Arrival(Arrival { identity, hit, .. }) = record else {
                return Ok(());
            };
            let Identity::Cookieless { today, yesterday } = identity else {
                return Ok(());
            };
            let day = hit.time.0.div_euclid(DAY);
            before.insert(today, (yesterday, day));
            after.insert(yesterday, (today, day));
            keys.extend([today, yesterday]);
            seen.push(Seen::of(&hit, today, Some(yesterday)));
            Ok(())
        })?;
        self.chains = after
            .iter()
            .map(|(key, (next, day))| (*key, *next, *day))
            .collect();
        for (yesterday, today, day) in self.account.state().known_chains() {
            if keys.contains(&yesterday) || keys.contains(&today) {
                keys.extend([yesterday, today]);
                before.insert(today, (yesterday, day));
                after.insert(yesterday, (today, day));
            }
        }
        let mut stored: Vec<Hit> = Vec::new();
        let pulled: Vec<VisitorKey> = keys.into_iter().collect();
        self.pull(&pulled, |hit, _| {
            stored.push(hit);
            Ok(())
        })?;
        for hit in &stored {
            let day = hit.time.0.div_euclid(DAY);
            let kept = after
                .get(&hit.visitor)
                .filter(|(_, next_day)| *next_day == day);
            seen.push(match (kept, before.get(&hit.visitor)) {
                (Some((today, _)), _) => Seen::of(hit, *today, Some(hit.visitor)),
                (None, Some((yesterday, own_day))) if *own_day == day => {
                    Seen::of(hit, hit.visitor, Some(*yesterday))
                }
                _ => Seen::of(hit, hit.visitor, None),
            });
        }
        let kept = keeping(seen, timeout);
        for_each_record(&file, &blocks, |record| {
            let Record::Arrival(Arrival {
                identity,
                event,
                mut hit,
            }) = record
            else {
                return Ok(());
            };
            let Identity::Cookieless { today, yesterday } = identity else {
                return Ok(());
            };
            hit.visitor = if kept.contains_key(&hit.sequence) {
                yesterday
            } else {
                today
            };
            self.spill.hits -= 1;
            self.spill.put(&Arrival {
                identity: Identity::Visitor(hit.visitor),
                event,
                hit,
            })
        })?;
        discard(&file);
        for mut hit in stored {
            let day = hit.time.0.div_euclid(DAY);
            if let Some(yesterday) = kept.get(&hit.sequence) {
                hit.visitor = *yesterday;
            } else if let Some((today, next_day)) = after.get(&hit.visitor)
                && *next_day == day
            {
                hit.visitor = *today;
            }
            self.spill.put(&super::stored(hit))?;
        }
        Ok(())
    }
}

/// The hits, by sequence, that keep yesterday's key, with that key.
fn keeping(mut seen: Vec<Seen>, timeout: i64) -> HashMap<u64, VisitorKey> {
    seen.sort_unstable_by_key(|seen| (seen.time, seen.sequence));
    let mut latest: HashMap<VisitorKey, Timestamp> = HashMap::new();
    let mut kept = HashMap::new();
    for hit in seen {
        let is_under_way = |latest: &HashMap<VisitorKey, Timestamp>, visitor: VisitorKey| {
            latest
                .get(&visitor)
                .is_some_and(|last| hit.time.since(*last) <= timeout)
        };
        let keeps = hit
            .yesterday
            .filter(|yesterday| is_under_way(&latest, *yesterday));
        let visitor = keeps.unwrap_or(hit.today);
        if hit.opens || hit.prolongs && is_under_way(&latest, visitor) {
            latest.insert(visitor, hit.time);
        }
        if keeps.is_some() {
            kept.insert(hit.sequence, visitor);
        }
    }
    kept
}
