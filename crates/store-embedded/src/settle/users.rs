//! Hits that told only their user: they belong to the visitor last known as this user.
//!
//! When a hit changes who was known when, the hits of all visitors concerned are pulled and such
//! hits go where they belong now.

use std::sync::Arc;

use afsa_model::{Hit, VisitorKey};
use hashbrown::HashSet;

use super::State;
use super::pull::Reach;
use crate::error::Error;
use crate::hot::HotHit;
use crate::manifest::Manifest;
use crate::people::{Noted, Person};

impl State {
    pub(super) fn note(
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

    pub(super) fn known_as(
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

    /// Works out anew who was known as those users of whom single hits couldn't tell.
    pub(super) fn clear_up(&mut self) -> Result<bool, Error> {
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
    pub(super) fn relink(&mut self) -> Result<bool, Error> {
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
}

/// Whether the hit links a visitor with this user.
pub(crate) fn tells_both(hit: &Hit, user: &Arc<str>) -> bool {
    !hit.by_user && hit.visitor != VisitorKey::NOBODY && hit.user.as_ref() == Some(user)
}
