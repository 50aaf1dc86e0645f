//! Bringing an account's memory in order: whose each new hit is, and which stored hits must be
//! cut anew together with it.
//!
//! A new hit is placed where it belongs as far as memory knows (`users` and `chains` tell how);
//! then stored hits that come near are pulled into memory (`pull`), which may tell more of users
//! and chains, until nothing changes.

mod chains;
mod pull;
mod users;

use std::collections::VecDeque;
use std::sync::Arc;

use afsa_model::{AccountSettings, DAY, VisitorKey};
use afsa_store::{Arrival, Identity};
use afsa_visits::Rules;
use hashbrown::{HashMap, HashSet};

use crate::error::Error;
use crate::fingerprint::fingerprint_key;
use crate::hot::{Frozen, Hot, HotHit};
use crate::manifest::{AccountRow, Manifest};
use crate::part::Part;
use crate::people::Person;
use crate::show::Shown;
use chains::Chains;
use pull::Reach;
pub(crate) use users::tells_both;

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
        // A rate or a currency doesn't move the ends of visits.
        let cuts_otherwise = Rules::from(&self.settings) != Rules::from(settings);
        self.settings = settings.clone();
        if cuts_otherwise {
            self.hot.dirty.extend(self.hot.visitors.keys());
        }
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
