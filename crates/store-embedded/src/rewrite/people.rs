//! Whose the hits are that told only their user.

use std::sync::Arc;

use afsa_model::{Hit, VisitorKey};
use afsa_store::{Arrival, EventKey, Identity};
use hashbrown::{HashMap, HashSet};

use super::Finishing;
use super::partition::discard;
use super::records::{Record, for_each_record};
use crate::error::Error;
use crate::people::{Moment, Noted, Person};
use crate::settle::tells_both;

/// What was set down of one user.
#[derive(Default)]
struct Told {
    own: Option<VisitorKey>,
    links: Vec<(Moment, VisitorKey)>,
    hits: Vec<(Hit, Option<EventKey>)>,
}

impl Finishing<'_> {
    /// Gives hits that told only their user to whoever was known as him by everything that is set
    /// down and, but for users of `anew`, by what was known before. Stored hits of the kind that
    /// belong to another visitor now are pulled.
    pub(super) fn resolve_people(&mut self, anew: &HashSet<Arc<str>>) -> Result<(), Error> {
        let mut met: HashSet<Arc<str>> = HashSet::new();
        let mut moved: HashMap<Arc<str>, Person> = HashMap::new();
        let blocks = self.spill.blocks();
        for file in self.spill.take_users()? {
            let mut users: HashMap<Arc<str>, Told> = HashMap::new();
            for_each_record(&file, &blocks, |record| {
                match record {
                    Record::Link {
                        user,
                        moment,
                        visitor,
                    } => {
                        users.entry(user).or_default().links.push((moment, visitor));
                    }
                    Record::Arrival(Arrival {
                        identity,
                        hit,
                        event,
                    }) => {
                        let (Identity::User(own), Some(user)) = (identity, hit.user.clone()) else {
                            return Ok(());
                        };
                        let told = users.entry(user).or_default();
                        told.own = Some(own);
                        told.hits.push((hit, event));
                    }
                }
                Ok(())
            })?;
            met.extend(users.keys().filter(|user| anew.contains(*user)).cloned());
            self.resolve_users(users, anew, &mut moved)?;
            discard(&file);
        }
        self.pull_moved(&moved)?;
        for user in anew.difference(&met) {
            let known = self
                .engine
                .manifest
                .person(self.account.id, user)?
                .unwrap_or_default();
            self.people
                .push((user.clone(), Person::of(known.own, Vec::new())));
        }
        Ok(())
    }

    /// Adds to `moved` who was known otherwise as users that stored hits told alone.
    fn resolve_users(
        &mut self,
        users: HashMap<Arc<str>, Told>,
        anew: &HashSet<Arc<str>>,
        moved: &mut HashMap<Arc<str>, Person>,
    ) -> Result<(), Error> {
        for (user, told) in users {
            let known = self
                .engine
                .manifest
                .person(self.account.id, &user)?
                .unwrap_or_default();
            let told_person = Person::of(told.own.or(known.own), told.links.clone());
            let person = if anew.contains(&user) {
                told_person
            } else {
                self.joined(&user, &known, told_person, &told)?
            };
            if known.own.is_some() && person != known && !anew.contains(&user) {
                moved.insert(user.clone(), person.clone());
            }
            for (mut hit, event) in told.hits {
                let own = told.own.unwrap_or_default();
                hit.visitor = person.at(hit.time).unwrap_or(own);
                hit.by_user = true;
                self.spill.hits -= 1;
                let identity = Identity::Visitor(hit.visitor);
                self.spill.put(&Arrival {
                    identity,
                    event,
                    hit,
                })?;
            }
            self.people.push((user, person));
        }
        Ok(())
    }

    /// What was known and what is told now, as one.
    fn joined(
        &self,
        user: &Arc<str>,
        known: &Person,
        told_person: Person,
        told: &Told,
    ) -> Result<Person, Error> {
        let mut joined = known.clone();
        if joined.note_all(&told_person) != Noted::Unclear {
            return Ok(joined);
        }
        let mut visitors: Vec<VisitorKey> = known.visitors().collect();
        visitors.sort_unstable();
        visitors.dedup();
        let mut links = told.links.clone();
        for part in &self.parts {
            let living = visitors.iter().filter(|visitor| !part.is_dead(**visitor));
            let living: Vec<VisitorKey> = living.copied().collect();
            for (visitor, hits) in part.hits_of(&living)? {
                let telling = hits.iter().filter(|hit| tells_both(hit, user));
                links.extend(telling.map(|hit| ((hit.time, hit.sequence), visitor)));
            }
        }
        Ok(Person::of(told_person.own, links))
    }

    /// Pulls everyone who may have hits of these users, and gives such hits to whom they belong.
    /// All users at once: a visitor is pulled only once, and may have hits of several of them.
    fn pull_moved(&mut self, moved: &HashMap<Arc<str>, Person>) -> Result<(), Error> {
        let visitors: Vec<VisitorKey> = moved
            .values()
            .flat_map(|person| person.visitors().chain(person.own))
            .collect();
        if visitors.is_empty() {
            return Ok(());
        }
        self.pull(&visitors, |mut hit, spill| {
            let user = hit.user.as_ref().filter(|_| hit.by_user);
            if let Some(person) = user.and_then(|user| moved.get(user)) {
                hit.visitor = person.at(hit.time).or(person.own).unwrap_or(hit.visitor);
            }
            spill.put(&super::stored(hit))
        })
    }
}
