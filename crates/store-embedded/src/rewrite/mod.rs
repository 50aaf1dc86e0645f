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

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use afsa_model::{Cut, Hit, Timestamp, VisitorKey};
use afsa_segments::encode;
use afsa_store::{Arrival, EventKey, Identity};
use afsa_visits::Rules;
use rayon::prelude::*;

use crate::account::Account;
use crate::engine::{Engine, IMPORTS};
use crate::error::Error;
use crate::events::Run;
use crate::flush::run_row;
use crate::hot::PartId;
use crate::manifest::Change;
use crate::merge::bits_for;
use crate::part::{Part, remove_folder};
use crate::people::Person;
use partition::{PartitionFile, ascending_without, discard};
use spill::{PARTITION_BITS, Spill};

/// Before hits are cut: about so many make a visit.
const HITS_PER_VISIT: u64 = 5;

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
            spill: Spill::create(folder)?,
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
        let stored: u64 = parts.iter().map(|part| part.row.visits).sum();
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
        remove_folder(&folder);
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

    fn write(
        mut self,
        is_double: &(dyn Fn(EventKey) -> Result<bool, Error> + Sync),
        also: Also,
        progress: &dyn Fn(f64),
    ) -> Result<(), Error> {
        let people = std::mem::take(&mut self.people);
        let chains = std::mem::take(&mut self.chains);
        let pulled = std::mem::take(&mut self.pulled);
        let job = Job {
            engine: self.engine,
            account: self.account,
            parts: if self.replaces_all {
                Vec::new()
            } else {
                self.parts.clone()
            },
            rules: self.rules,
            pulled: &pulled,
            is_double,
        };
        let partitions = self.spill.finish()?.partitions;
        let per_shard = 1 << (PARTITION_BITS - self.bits.min(PARTITION_BITS));
        let shards: Vec<(u64, &[std::path::PathBuf])> =
            (0_u64..).zip(partitions.chunks(per_shard)).collect();
        let (mut added, mut newly_pulled) = (Vec::new(), Vec::new());
        let at_once = rayon::current_num_threads().max(1);
        for (index, group) in shards.chunks(at_once).enumerate() {
            let written: Vec<Result<Written, Error>> = group
                .par_iter()
                .map(|(prefix, files)| job.write_shard(self.bits, *prefix, files))
                .collect();
            for written in written {
                let written = written?;
                added.extend(written.part);
                newly_pulled.push(written.pulled);
            }
            let done = ((index + 1) * at_once).min(shards.len()) as f64 / shards.len() as f64;
            progress(0.1 + 0.89 * done);
        }
        let mut pulled = pulled;
        for (part, visitors) in newly_pulled.into_iter().flatten() {
            pulled.entry(part).or_default().extend(visitors);
        }
        let removed: Vec<PartId> = match self.replaces_all {
            true => self.parts.iter().map(|part| part.row.id).collect(),
            false => Vec::new(),
        };
        commit(
            self.engine,
            self.account,
            self.bits,
            added,
            removed,
            pulled,
            people,
            also,
        )?;
        self.account.state().note_chains(chains.into_iter());
        progress(1.0);
        Ok(())
    }
}

#[expect(clippy::too_many_arguments, reason = "the parts of one transaction")]
fn commit(
    engine: &Engine,
    account: &Account,
    bits: u8,
    added: Vec<Part>,
    removed: Vec<PartId>,
    pulled: HashMap<PartId, HashSet<VisitorKey>>,
    people: Vec<(Arc<str>, Person)>,
    also: Also,
) -> Result<(), Error> {
    let mut state = account.state();
    let mut row = state.row;
    row.bits = bits;
    row.next_sequence = account.sequences_end();
    let mut change = Change::of(row);
    change.added_segments = added.iter().map(|part| part.row.clone()).collect();
    change.removed_segments = removed;
    for part in &state.parts {
        let taken = pulled.get(&part.row.id).filter(|taken| !taken.is_empty());
        if let Some(taken) = taken
            && !change.removed_segments.contains(&part.row.id)
        {
            let mut dead: Vec<VisitorKey> = part.row.dead.iter().chain(taken).copied().collect();
            dead.sort_unstable();
            dead.dedup();
            change.dead.push((part.row.id, Arc::new(dead)));
        }
    }
    change.people = people;
    change.added_import = also.added_import;
    change.removed_import = also.removed_import;
    change.added_runs = also
        .added_runs
        .iter()
        .map(|run| run_row(account, run))
        .collect();
    change.removed_runs = also.removed_runs;
    engine.manifest.commit(&change)?;
    for part in &mut state.parts {
        if let Some((_, dead)) = change.dead.iter().find(|(id, _)| *id == part.row.id) {
            part.row.dead = dead.clone();
        }
    }
    state.row = row;
    state.replace_parts(&change.removed_segments, added);
    account
        .events()
        .replace(&change.removed_runs, also.added_runs);
    Ok(())
}

/// What every shard is written with.
struct Job<'a> {
    engine: &'a Engine,
    account: &'a Account,
    parts: Vec<Part>,
    rules: Rules,
    pulled: &'a HashMap<PartId, HashSet<VisitorKey>>,
    is_double: &'a (dyn Fn(EventKey) -> Result<bool, Error> + Sync),
}

struct Written {
    part: Option<Part>,
    pulled: HashMap<PartId, HashSet<VisitorKey>>,
}

impl Job<'_> {
    fn write_shard(
        &self,
        bits: u8,
        prefix: u64,
        files: &[std::path::PathBuf],
    ) -> Result<Written, Error> {
        let mut waiting: Vec<PartitionFile> = files
            .iter()
            .rev()
            .map(|path| PartitionFile::new(path.clone()))
            .collect();
        let mut loaded: std::vec::IntoIter<(VisitorKey, Vec<Hit>)> = Vec::new().into_iter();
        let mut pulled = HashMap::new();
        let mut failure = None;
        let cuts = std::iter::from_fn(|| {
            loop {
                if let Some((visitor, hits)) = loaded.next() {
                    return Some((visitor, afsa_visits::cut(hits, self.rules)));
                }
                let file = waiting.pop()?;
                match self.next_of(file, &mut waiting, &mut pulled) {
                    Ok(visitors) => loaded = visitors.into_iter(),
                    Err(error) => {
                        failure = Some(error);
                        return None;
                    }
                }
            }
        });
        let tables = encode(cuts.filter(|(_, cut): &(VisitorKey, Cut)| *cut != Cut::default()))?;
        if let Some(error) = failure {
            return Err(error);
        }
        let part = self
            .engine
            .write_segment(self.account, &tables, bits, prefix)?;
        Ok(Written { part, pulled })
    }

    /// The visitors of the file, ascending; none if it was divided instead.
    fn next_of(
        &self,
        file: PartitionFile,
        waiting: &mut Vec<PartitionFile>,
        pulled: &mut HashMap<PartId, HashSet<VisitorKey>>,
    ) -> Result<Vec<(VisitorKey, Vec<Hit>)>, Error> {
        if let Some(divisions) = file.divided()? {
            waiting.extend(divisions.into_iter().rev());
            return Ok(Vec::new());
        }
        let mut visitors = file.load(self.rules.visit_timeout, self.is_double)?;
        self.pull_near(&mut visitors, pulled)?;
        discard(&file.path);
        let mut visitors: Vec<(VisitorKey, Vec<Hit>)> = visitors.into_iter().collect();
        visitors.sort_unstable_by_key(|(visitor, _)| *visitor);
        Ok(visitors)
    }

    /// Takes stored hits that come near the loaded ones along; `settle` tells why that suffices.
    fn pull_near(
        &self,
        visitors: &mut HashMap<VisitorKey, Vec<Hit>>,
        pulled: &mut HashMap<PartId, HashSet<VisitorKey>>,
    ) -> Result<(), Error> {
        let gap = self.rules.visit_timeout;
        let mut spans: HashMap<VisitorKey, (Timestamp, Timestamp)> = HashMap::new();
        for (visitor, hits) in visitors
            .iter()
            .filter(|(key, _)| **key != VisitorKey::NOBODY)
        {
            let times = hits.iter().map(|hit| hit.time);
            if let (Some(first), Some(last)) = (times.clone().min(), times.max()) {
                spans.insert(*visitor, (first, last));
            }
        }
        loop {
            let mut pulled_any = false;
            for part in &self.parts {
                let before = self.pulled.get(&part.row.id);
                let gone = pulled.entry(part.row.id).or_default();
                let mut here = Vec::new();
                for (visitor, (first, last)) in &spans {
                    if part.is_near(*first, *last, gap)
                        && !gone.contains(visitor)
                        && !before.is_some_and(|before| before.contains(visitor))
                        && !part.is_dead(*visitor)
                        && part.may_hold(*visitor)?
                    {
                        here.push(*visitor);
                    }
                }
                if here.is_empty() {
                    continue;
                }
                here.sort_unstable();
                for (visitor, hits) in part.hits_of(&here)? {
                    pulled_any |= !hits.is_empty();
                    for hit in &hits {
                        spans.entry(visitor).and_modify(|(first, last)| {
                            *first = hit.time.min(*first);
                            *last = hit.time.max(*last);
                        });
                    }
                    visitors.entry(visitor).or_default().extend(hits);
                }
                gone.extend(here);
            }
            if !pulled_any {
                return Ok(());
            }
        }
    }
}
