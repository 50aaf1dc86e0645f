//! From partition files to segments, and into the manifest.

use std::sync::Arc;

use afsa_model::{Cut, Hit, VisitorKey};
use afsa_segments::encode;
use afsa_store::EventKey;
use afsa_visits::Rules;
use hashbrown::{HashMap, HashSet};
use rayon::prelude::*;

use super::partition::{Loaded, PartitionFile, discard, nobody_in};
use super::spill::{PARTITION_BITS, Partition};
use super::{Also, Finishing};
use crate::account::Account;
use crate::codec::SharedBlocks;
use crate::engine::Engine;
use crate::error::Error;
use crate::hot::PartId;
use crate::manifest::Change;
use crate::part::Part;
use crate::people::Person;
use crate::runs::run_row;

impl Finishing<'_> {
    /// Cuts and writes what is set down, and makes it visible.
    pub(super) fn write(
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
            blocks: self.spill.blocks(),
        };
        let spilled = self.spill.finish()?;
        let per_shard = 1 << (PARTITION_BITS - self.bits.min(PARTITION_BITS));
        let shards: Vec<(u64, &[Partition])> = (0_u64..).zip(spilled.chunks(per_shard)).collect();
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
    engine.commit(&change)?;
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

/// Visitors with their hits, ascending.
type Visitors = Box<dyn Iterator<Item = Result<(VisitorKey, Vec<Hit>), Error>>>;

/// What every shard is written with.
struct Job<'a> {
    engine: &'a Engine,
    account: &'a Account,
    parts: Vec<Part>,
    rules: Rules,
    pulled: &'a HashMap<PartId, HashSet<VisitorKey>>,
    is_double: &'a (dyn Fn(EventKey) -> Result<bool, Error> + Sync),
    /// What contexts' numbers in the files mean.
    blocks: Arc<SharedBlocks>,
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
        partitions: &[Partition],
    ) -> Result<Written, Error> {
        let mut waiting: Vec<PartitionFile> = partitions
            .iter()
            .rev()
            .map(|partition| PartitionFile::new(partition.visitors.clone(), self.blocks.clone()))
            .collect();
        let mut nobody_failure = None;
        let files = partitions.iter().filter_map(|it| it.nobody.as_deref());
        let mut nobody = files.flat_map(|file| nobody_in(file, &self.blocks, self.is_double));
        let of_nobody = std::iter::from_fn(|| match nobody.next()? {
            Ok(cut) => Some((VisitorKey::NOBODY, cut)),
            Err(error) => {
                nobody_failure = Some(error);
                None
            }
        });
        let mut loaded: Visitors = Box::new(std::iter::empty());
        let mut pulled = HashMap::new();
        let mut failure = None;
        let cuts = std::iter::from_fn(|| {
            loop {
                match loaded.next() {
                    Some(Ok((visitor, hits))) => {
                        return Some((visitor, afsa_visits::cut(hits, self.rules)));
                    }
                    Some(Err(error)) => {
                        failure = Some(error);
                        return None;
                    }
                    None => {}
                }
                let file = waiting.pop()?;
                match self.next_of(file, &mut waiting, &mut pulled) {
                    Ok(visitors) => loaded = visitors,
                    Err(error) => {
                        failure = Some(error);
                        return None;
                    }
                }
            }
        });
        let cuts = cuts.filter(|(_, cut): &(VisitorKey, Cut)| *cut != Cut::default());
        let tables = encode(of_nobody.chain(cuts))?;
        if let Some(error) = nobody_failure.or(failure) {
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
    ) -> Result<Visitors, Error> {
        if let Some(divisions) = file.divided()? {
            waiting.extend(divisions.into_iter().rev());
            return Ok(Box::new(std::iter::empty()));
        }
        let mut loaded = file.load(self.rules.visit_timeout, self.is_double)?;
        discard(&file.path);
        if !self.parts.is_empty() {
            self.pull_near(&mut loaded, pulled)?;
        }
        Ok(Box::new(loaded.into_visitors()))
    }

    /// Takes stored hits that come near the loaded ones along; `settle` tells why that suffices.
    fn pull_near(
        &self,
        loaded: &mut Loaded,
        pulled: &mut HashMap<PartId, HashSet<VisitorKey>>,
    ) -> Result<(), Error> {
        let gap = self.rules.visit_timeout;
        let mut spans = loaded.spans()?;
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
                    loaded.add(visitor, hits);
                }
                gone.extend(here);
            }
            if !pulled_any {
                return Ok(());
            }
        }
    }
}
