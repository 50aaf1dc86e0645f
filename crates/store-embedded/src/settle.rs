//! Bringing an account's memory in order: whose each new hit is, and which stored hits must be
//! cut anew together with it.
//!
//! **Pulling.** A visitor's hits fall apart into groups with gaps longer than the visit timeout
//! between them; no hit changes what is cut of another group. So stored hits of a visitor matter
//! only if their segment's first to last hit comes within the timeout of his hits in memory. Then
//! all his hits of that segment are taken into memory, which may bring further segments within
//! reach, until none is left. They stay in their segment, dead, until memory is written out.
//!
//! **Users.** A hit that told only its user belongs to the visitor last known as this user. When
//! a hit changes who was known when, the hits of all visitors concerned are pulled and such hits
//! go where they belong now.
//!
//! **Cookieless hits** keep yesterday's key while a visit of that key is under way, that is for a
//! first stretch of the day without a gap longer than the timeout. Each hit makes the stretch be
//! measured anew where the key of the day before has hits near. A late hit of the day before does
//! so too, as long as memory knows which key followed its own; after a start it knows that of
//! hits in the log only, and such a hit no longer brings the chain of the next day to itself.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use afsa_model::{AccountSettings, DAY, Hit, Timestamp, VisitorKey};
use afsa_store::{Arrival, Identity};
use afsa_visits::Rules;

use crate::error::Error;
use crate::fingerprint::fingerprint_key;
use crate::hot::{FROZEN, Frozen, Hot, HotHit};
use crate::manifest::{AccountRow, Manifest};
use crate::part::Part;
use crate::people::{Noted, Person};
use crate::view::Shown;

/// So many people, or links between cookieless keys, are remembered between flushes.
const MOST_REMEMBERED: usize = 100_000;

/// What an account has in memory and knows of its disk, behind one lock.
pub(crate) struct State {
    pub row: AccountRow,
    pub settings: AccountSettings,
    pub parts: Vec<Part>,
    pub hot: Hot,
    pub frozen: Option<Frozen>,
    pub people: HashMap<Arc<str>, Person>,
    /// People that the manifest doesn't know as they are here.
    pub noted: HashSet<Arc<str>>,
    relink: HashSet<Arc<str>>,
    unclear: HashSet<Arc<str>>,
    chains: Chains,
    /// Hits that wait to be placed, in the order of their arrival.
    pub waiting: VecDeque<Arrival>,
    /// Grows when parts are replaced or memory is put together anew.
    pub epoch: u64,
    /// What was shown last, until something changes.
    pub shown: Shown,
}

/// Cookieless keys that follow each other.
#[derive(Default)]
struct Chains {
    /// By the key of the day before: the day's key and the day.
    next: HashMap<VisitorKey, (VisitorKey, i64)>,
    /// Keys of a day before whose stretch is to be measured anew, with the first and last time
    /// of the hits that make it so.
    due: HashMap<VisitorKey, (Timestamp, Timestamp)>,
}

/// Which stored hits of a visitor are wanted.
#[derive(Clone, Copy)]
enum Reach {
    /// Those that come near his hits in memory.
    Near,
    All,
}

impl State {
    pub fn new(row: AccountRow, parts: Vec<Part>) -> State {
        State {
            row,
            settings: AccountSettings::default(),
            parts,
            hot: Hot {
                covers: row.flushed,
                ..Hot::default()
            },
            frozen: None,
            people: HashMap::new(),
            noted: HashSet::new(),
            relink: HashSet::new(),
            unclear: HashSet::new(),
            chains: Chains::default(),
            waiting: VecDeque::new(),
            epoch: 0,
            shown: Shown::default(),
        }
    }

    pub fn rules(&self) -> Rules {
        Rules::from(&self.settings)
    }

    /// Cuts what is in memory by other settings from now on.
    pub fn configure(&mut self, settings: &AccountSettings) -> bool {
        if self.settings == *settings {
            return false;
        }
        self.settings = settings.clone();
        self.hot.dirty.extend(self.hot.visitors.keys());
        true
    }

    /// Puts a hit where it belongs as far as memory knows; the rest comes afterwards.
    fn place(&mut self, manifest: &Manifest, arrival: &Arrival) -> Result<(), Error> {
        let identity = arrival.identity;
        let mut hit = arrival.hit.clone();
        hit.by_user = matches!(identity, Identity::User(_));
        hit.visitor = match identity {
            Identity::Visitor(visitor) => {
                if let Some(user) = hit.user.clone() {
                    self.note(manifest, &user, &hit, visitor)?;
                }
                visitor
            }
            Identity::User(own) => self.known_as(manifest, &hit, own)?,
            Identity::Cookieless { today, yesterday } => {
                self.chain(&hit, today, yesterday);
                today
            }
            Identity::Fingerprint(print) => {
                fingerprint_key(print, hit.import, hit.time.0.div_euclid(DAY))
            }
            Identity::Nobody => VisitorKey::NOBODY,
        };
        self.hot.add(HotHit {
            hit,
            told: Some(identity),
        });
        Ok(())
    }

    fn note(
        &mut self,
        manifest: &Manifest,
        user: &Arc<str>,
        hit: &Hit,
        visitor: VisitorKey,
    ) -> Result<(), Error> {
        let person = self.person(manifest, user)?;
        match person.note((hit.time, hit.sequence), visitor) {
            Noted::Same => {}
            Noted::Changed if person.own.is_none() => {}
            Noted::Changed => {
                self.relink.insert(user.clone());
            }
            Noted::Unclear => {
                self.unclear.insert(user.clone());
            }
        }
        self.noted.insert(user.clone());
        Ok(())
    }

    fn known_as(
        &mut self,
        manifest: &Manifest,
        hit: &Hit,
        own: VisitorKey,
    ) -> Result<VisitorKey, Error> {
        let Some(user) = &hit.user else {
            return Ok(own);
        };
        let person = self.person(manifest, user)?;
        let known = person.at(hit.time).unwrap_or(own);
        if person.own != Some(own) {
            person.own = Some(own);
            self.noted.insert(user.clone());
        }
        Ok(known)
    }

    fn person(&mut self, manifest: &Manifest, user: &Arc<str>) -> Result<&mut Person, Error> {
        if !self.people.contains_key(user) {
            let frozen = self.frozen.iter().flat_map(|frozen| &frozen.people);
            let being_flushed = frozen
                .into_iter()
                .find(|(other, _)| other == user)
                .map(|(_, person)| person);
            let person = match being_flushed {
                Some(person) => person.clone(),
                None => manifest.person(self.row.account, user)?.unwrap_or_default(),
            };
            self.people.insert(user.clone(), person);
        }
        Ok(self.people.entry(user.clone()).or_default())
    }

    fn chain(&mut self, hit: &Hit, today: VisitorKey, yesterday: VisitorKey) {
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

    /// Places what waits, then resolves and pulls until nothing changes. After an error everything
    /// is as sound as before, and the rest is done the next time.
    pub fn settle(&mut self, manifest: &Manifest) -> Result<(), Error> {
        while let Some(arrival) = self.waiting.pop_front() {
            if let Err(error) = self.place(manifest, &arrival) {
                self.waiting.push_front(arrival);
                return Err(error);
            }
        }
        loop {
            let dirty: Vec<VisitorKey> = self.hot.dirty.iter().copied().collect();
            let mut changed = self.pull(&dirty, Reach::Near)?;
            changed |= self.clear_up()?;
            changed |= self.relink()?;
            changed |= self.measure_chains()?;
            if !changed {
                return Ok(());
            }
        }
    }

    fn pull(&mut self, visitors: &[VisitorKey], reach: Reach) -> Result<bool, Error> {
        let mut pulled_any = false;
        let gap = self.settings.visit_timeout;
        for index in 0..self.parts.len() {
            let Some(part) = self.parts.get(index).cloned() else {
                continue;
            };
            let mut wanted = Vec::new();
            for visitor in visitors {
                if self.wants(&part, *visitor, reach, gap) && part.is_sound() {
                    wanted.push(*visitor);
                }
            }
            let mut here = Vec::new();
            for visitor in wanted {
                if part.may_hold(visitor)? {
                    here.push(visitor);
                }
            }
            if here.is_empty() {
                continue;
            }
            here.sort_unstable();
            for (_, hits) in part.hits_of(&here)? {
                pulled_any |= !hits.is_empty();
                hits.into_iter()
                    .for_each(|hit| self.hot.add(HotHit { hit, told: None }));
            }
            self.hot.pulled.entry(part.row.id).or_default().extend(here);
        }
        pulled_any |= self.pull_frozen(visitors);
        Ok(pulled_any)
    }

    fn wants(&self, part: &Part, visitor: VisitorKey, reach: Reach, gap: i64) -> bool {
        if visitor == VisitorKey::NOBODY {
            // Hits of no visit change nothing for each other.
            return false;
        }
        let is_near = match (reach, self.hot.visitors.get(&visitor)) {
            (Reach::All, _) => true,
            (Reach::Near, Some(entry)) => part.is_near(entry.first, entry.last, gap),
            (Reach::Near, None) => false,
        };
        is_near
            && !self.hot.has_pulled(part.row.id, visitor)
            && !part.is_dead(visitor)
            && !self
                .frozen
                .as_ref()
                .is_some_and(|it| it.hot.has_pulled(part.row.id, visitor))
    }

    fn pull_frozen(&mut self, visitors: &[VisitorKey]) -> bool {
        let Some(frozen) = &self.frozen else {
            return false;
        };
        let mut pulled_any = false;
        for visitor in visitors {
            if *visitor == VisitorKey::NOBODY || self.hot.has_pulled(FROZEN, *visitor) {
                continue;
            }
            let Some(entry) = frozen.hot.visitors.get(visitor) else {
                continue;
            };
            let hits: Vec<Hit> = entry.hits.iter().map(|hit| hit.hit.clone()).collect();
            pulled_any |= !hits.is_empty();
            hits.into_iter()
                .for_each(|hit| self.hot.add(HotHit { hit, told: None }));
            self.hot.pulled.entry(FROZEN).or_default().insert(*visitor);
        }
        pulled_any
    }

    /// Works out anew who was known as those users of whom single hits couldn't tell.
    fn clear_up(&mut self) -> Result<bool, Error> {
        let mut changed = false;
        for user in self.unclear.clone() {
            let Some(person) = self.people.get(&user) else {
                continue;
            };
            let visitors: HashSet<VisitorKey> = person.visitors().collect();
            let own = person.own;
            // Of a visitor who isn't among them yet, the hit in memory that was not noted tells.
            let linked = |hit: &&HotHit| tells_both(&hit.hit, &user);
            let of_memory = self.hot.visitors.values().flat_map(|entry| &entry.hits);
            let mut visitors: Vec<VisitorKey> = of_memory
                .filter(linked)
                .map(|hit| hit.hit.visitor)
                .chain(visitors)
                .collect();
            visitors.sort_unstable();
            visitors.dedup();
            changed |= self.pull(&visitors, Reach::All)?;
            let entries = visitors.iter().filter_map(|key| self.hot.visitors.get(key));
            let links = entries
                .flat_map(|entry| &entry.hits)
                .filter(linked)
                .map(|hit| ((hit.hit.time, hit.hit.sequence), hit.hit.visitor));
            let person = Person::of(own, links.collect());
            if own.is_some() {
                self.relink.insert(user.clone());
            }
            self.noted.insert(user.clone());
            self.people.insert(user.clone(), person);
            self.unclear.remove(&user);
        }
        Ok(changed)
    }

    /// Brings hits that told only their user to whom they belong now.
    fn relink(&mut self) -> Result<bool, Error> {
        let mut changed = false;
        for user in self.relink.clone() {
            let Some(person) = self.people.get(&user).cloned() else {
                continue;
            };
            let Some(own) = person.own else { continue };
            let mut visitors: Vec<VisitorKey> = person.visitors().chain([own]).collect();
            visitors.sort_unstable();
            visitors.dedup();
            changed |= self.pull(&visitors, Reach::All)?;
            for visitor in visitors {
                let belongs = |hit: &Hit| person.at(hit.time).unwrap_or(own);
                let strays = self.hot.take(visitor, |hit| {
                    hit.by_user && hit.user.as_ref() == Some(&user) && belongs(hit) != visitor
                });
                for mut stray in strays {
                    changed = true;
                    stray.hit.visitor = belongs(&stray.hit);
                    self.hot.add(stray);
                }
            }
            self.relink.remove(&user);
        }
        Ok(changed)
    }

    /// Measures for how long hits of a day kept the key of the day before.
    fn measure_chains(&mut self) -> Result<bool, Error> {
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

    /// Sets what is in memory apart to be written, and begins anew.
    pub fn freeze(&mut self, events: Arc<Vec<afsa_store::EventKey>>) {
        let people = &self.people;
        let noted = self.noted.drain();
        let people = noted.filter_map(|user| Some((user.clone(), people.get(&user)?.clone())));
        let people = people.collect();
        let covers = self.hot.covers;
        let hot = std::mem::replace(
            &mut self.hot,
            Hot {
                covers,
                ..Hot::default()
            },
        );
        self.frozen = Some(Frozen {
            hot,
            people,
            events,
        });
        if self.people.len() > MOST_REMEMBERED {
            self.people.clear();
        }
        if self.chains.next.len() > MOST_REMEMBERED {
            self.chains = Chains::default();
        }
    }

    /// After parts were replaced by others: puts memory together anew of the hits that came
    /// through the log, so that everything pulled is pulled from where it is now.
    pub fn rebuild(&mut self) {
        self.epoch += 1;
        self.shown.forget();
        self.people.clear();
        self.noted.clear();
        self.relink.clear();
        self.unclear.clear();
        for hot in self.hot.dissolve().into_iter().rev() {
            if let Some(identity) = hot.told {
                self.waiting.push_front(Arrival {
                    identity,
                    event: None,
                    hit: hot.hit,
                });
            }
        }
    }
}

/// Whether the hit links a visitor with this user.
pub(crate) fn tells_both(hit: &Hit, user: &Arc<str>) -> bool {
    !hit.by_user && hit.visitor != VisitorKey::NOBODY && hit.user.as_ref() == Some(user)
}

impl State {
    /// Puts parts in the place of others, and memory together anew.
    pub fn replace_parts(&mut self, removed: &[u64], added: Vec<Part>) {
        self.parts.retain(|part| {
            let stays = !removed.contains(&part.row.id);
            if !stays {
                part.shared.replace();
            }
            stays
        });
        self.parts.extend(added);
        self.rebuild();
    }
}
