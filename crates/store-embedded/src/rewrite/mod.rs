//! Cutting any number of hits anew, together with what is stored of their visitors.
//!
//! Hits are set down in partition files by visitor. Then those that told only a user, or are
//! cookieless, get their visitor; the partitions are cut one by one together with stored hits of
//! the same visitors, encoded and written as segments; and one transaction of the manifest puts
//! these in the place of what they hold. Imports and their undoing work this way.

mod cookieless;
mod partition;
mod people;
mod records;
mod spill;
mod write;

use std::sync::Arc;

use afsa_model::{Hit, VisitorKey};
use afsa_store::{Arrival, EventKey, Identity};
use afsa_visits::Rules;
use hashbrown::{HashMap, HashSet};

use crate::account::Account;
use crate::disk::remove_folder;
use crate::engine::{Engine, IMPORTS};
use crate::error::Error;
use crate::events::Run;
use crate::hot::PartId;
use crate::merge::{HITS_PER_VISIT, bits_for, weight};
use crate::part::Part;
use crate::people::Person;
use partition::ascending_without;
use spill::Spill;

/// Hits that are being set down.
pub(crate) struct Rewrite {
    spill: Spill,
}

/// What is to change together with the visits.
#[derive(Default)]
pub(crate) struct Also {
    pub added_import: Option<u32>,
    pub removed_import: Option<u32>,
    pub added_runs: Vec<Arc<Run>>,
    pub removed_runs: Vec<u64>,
}

/// A rewriting whose hits are all there.
struct Finishing<'a> {
    engine: &'a Engine,
    account: &'a Account,
    spill: Spill,
    parts: Vec<Part>,
    rules: Rules,
    bits: u8,
    /// Visitors whose hits were taken out of parts.
    pulled: HashMap<PartId, HashSet<VisitorKey>>,
    /// Everything was taken out of all parts.
    replaces_all: bool,
    people: Vec<(Arc<str>, Person)>,
    /// Cookieless keys that follow each other: key, next key, its day.
    chains: Vec<(VisitorKey, VisitorKey, i64)>,
}

impl Rewrite {
    /// Begins to set hits down. `name` is used by no other rewriting at the same time.
    pub fn begin(engine: &Engine, name: &str) -> Result<Rewrite, Error> {
        let folder = engine.options.folder.join(IMPORTS).join(name);
        Ok(Rewrite {
            spill: Spill::create(&*engine.disk, folder)?,
        })
    }

    pub fn folder(&self) -> std::path::PathBuf {
        self.spill.folder.clone()
    }

    /// Takes a new hit.
    pub fn put(&mut self, arrival: &Arrival) -> Result<(), Error> {
        self.spill.put_link(arrival)?;
        self.spill.put(arrival)
    }

    /// Takes a hit that was stored before; what it tells of people is known.
    pub fn put_stored(&mut self, hit: Hit) -> Result<(), Error> {
        self.spill.put(&stored(hit))
    }

    /// Cuts, writes, and makes visible. The caller holds the account's maintenance lock and has
    /// flushed; `pulled` says whose hits it has taken out of which parts, `anew` which people are
    /// known by the hits set down alone.
    #[expect(
        clippy::too_many_arguments,
        reason = "each is told once, by two callers"
    )]
    pub fn finish(
        self,
        engine: &Engine,
        account: &Account,
        pulled: HashMap<PartId, HashSet<VisitorKey>>,
        anew: &HashSet<Arc<str>>,
        is_double: &(dyn Fn(EventKey) -> Result<bool, Error> + Sync),
        also: Also,
        progress: &dyn Fn(f64),
    ) -> Result<(), Error> {
        let (parts, rules, bits) = {
            let state = account.state();
            let sound = state.parts.iter().filter(|part| part.is_sound());
            (
                sound.cloned().collect::<Vec<_>>(),
                state.rules(),
                state.row.bits,
            )
        };
        let stored: u64 = parts.iter().map(|part| weight(&part.row)).sum();
        let visits = stored + self.spill.hits / HITS_PER_VISIT;
        let wanted = bits_for(visits, engine.options.visits_per_shard);
        let is_whole = account.state().parts.len() == parts.len();
        let divides = is_whole && wanted > bits;
        let folder = self.folder();
        let mut finishing = Finishing {
            engine,
            account,
            spill: self.spill,
            parts,
            rules,
            bits: if divides { wanted } else { bits },
            pulled,
            replaces_all: divides,
            people: Vec::new(),
            chains: Vec::new(),
        };
        finishing.resolve_people(anew)?;
        finishing.resolve_cookieless()?;
        if divides {
            finishing.pull_everything()?;
        }
        progress(0.1);
        let done = finishing.write(is_double, also, progress);
        remove_folder(&*engine.disk, &folder);
        done
    }
}

fn stored(hit: Hit) -> Arrival {
    let identity = match hit.visitor {
        VisitorKey::NOBODY => Identity::Nobody,
        visitor => Identity::Visitor(visitor),
    };
    Arrival {
        identity,
        event: None,
        hit,
    }
}

impl Finishing<'_> {
    /// Takes the hits of these visitors out of all parts. `change` may give them another visitor.
    fn pull(
        &mut self,
        visitors: &[VisitorKey],
        mut take: impl FnMut(Hit, &mut Spill) -> Result<(), Error>,
    ) -> Result<(), Error> {
        for part in &self.parts {
            let gone = self.pulled.entry(part.row.id).or_default();
            let mut here = Vec::new();
            for visitor in ascending_without(visitors.iter().copied(), gone) {
                if !part.is_dead(visitor) && part.may_hold(visitor)? {
                    here.push(visitor);
                }
            }
            if here.is_empty() {
                continue;
            }
            for (_, hits) in part.hits_of(&here)? {
                for hit in hits {
                    take(hit, &mut self.spill)?;
                }
            }
            gone.extend(here);
        }
        Ok(())
    }

    fn pull_everything(&mut self) -> Result<(), Error> {
        for part in &self.parts {
            let gone = self.pulled.entry(part.row.id).or_default();
            for item in part.shared.segment()?.cuts() {
                let (visitor, cut) = item?;
                if part.is_dead(visitor) || gone.contains(&visitor) {
                    continue;
                }
                for hit in crate::part::hits_of_cut(part.without_removed(cut)) {
                    self.spill.put(&stored(hit))?;
                }
            }
        }
        Ok(())
    }
}
