//! What an account's data looks like at one moment: shards of images for questions, and the same
//! visits for whoever reads them one by one.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use afsa_executor::{Budget, Image, OrdersCell, Shard, Vocabulary, execute};
use afsa_model::{AccountId, AccountSettings, Hit, Timestamp, Visit, VisitorKey};
use afsa_segments::{ColumnSource, Cuts, Tables};
use afsa_store::{Activity, Groups, Question, Snapshot, StoreError};

use crate::error::Error;
use crate::hot::{FROZEN, PartId, TierInUse};
use crate::manifest::Manifest;
use crate::part::{Part, SplitParts};
use crate::rows::{VisitorRows, hits_of_visits, rows_before};
use crate::settle::State;
use crate::tier::{Tier, row_numbers};

/// What was made for earlier views and may serve the next.
#[derive(Default)]
pub(crate) struct Shown {
    vocabulary: Arc<Vocabulary>,
    orders: Arc<OrdersCell>,
    view: Option<Arc<View>>,
    /// By part, with the number of its dead that they leave out.
    parts: HashMap<PartId, (usize, Vec<Source>)>,
    shards: BTreeMap<u64, Arc<Shard>>,
}

impl Shown {
    /// Forgets what was made of parts that are no more.
    pub fn forget(&mut self) {
        self.view = None;
        self.parts.clear();
    }

    pub fn forget_view(&mut self) {
        self.view = None;
    }
}

/// Some visits of one shard, the dead left out.
#[derive(Clone)]
pub(crate) struct Source {
    prefix: u64,
    image: Arc<Image>,
    rows: Rows,
    dead: Arc<HashSet<VisitorKey>>,
    dead_rows: Arc<Vec<VisitorRows>>,
    removed_before: Option<Timestamp>,
}

#[derive(Clone)]
enum Rows {
    Part(Part),
    Tables(Arc<Tables>),
}

/// Everything of one account at one moment.
pub(crate) struct View {
    account: AccountId,
    settings: AccountSettings,
    shards: Vec<Arc<Shard>>,
    orders: Arc<OrdersCell>,
    sources: Vec<Source>,
    stored_bytes: u64,
}

impl State {
    /// The account's data as it is now.
    pub fn view(&mut self, manifest: &Manifest, budget: &Arc<Budget>) -> Result<Arc<View>, Error> {
        self.settle(manifest)?;
        if self.hot.dirty.is_empty()
            && let Some(view) = &self.shown.view
        {
            return Ok(view.clone());
        }
        self.encode_dirty(budget)?;
        let bits = self.row.bits;
        let mut sources = Vec::new();
        for part in self.parts.clone() {
            if part.is_sound() {
                sources.extend(self.sources_of(&part, budget)?);
            }
        }
        if let Some(frozen) = &self.frozen {
            let pulled = self.hot.pulled.get(&FROZEN);
            for tier in &frozen.hot.tiers {
                let mut dead = HashSet::clone(&tier.dead);
                dead.extend(pulled.into_iter().flatten());
                sources.extend(sources_of_tier(&tier.tier, Arc::new(dead), bits)?);
            }
        }
        for tier in &self.hot.tiers {
            sources.extend(sources_of_tier(&tier.tier, tier.dead.clone(), bits)?);
        }
        let mut images: BTreeMap<u64, Vec<Arc<Image>>> = BTreeMap::new();
        for source in &sources {
            images
                .entry(source.prefix)
                .or_default()
                .push(source.image.clone());
        }
        let mut shards = BTreeMap::new();
        for (prefix, images) in images {
            let known = self.shown.shards.remove(&prefix).filter(|shard| {
                shard.images().len() == images.len()
                    && shard
                        .images()
                        .iter()
                        .zip(&images)
                        .all(|(old, new)| Arc::ptr_eq(old, new))
            });
            shards.insert(
                prefix,
                known.unwrap_or_else(|| Arc::new(Shard::new(images))),
            );
        }
        self.shown.shards = shards;
        let frozen_bytes = self
            .frozen
            .as_ref()
            .map_or(0, |frozen| frozen.hot.log_bytes);
        let view = Arc::new(View {
            account: self.row.account,
            settings: self.settings.clone(),
            shards: self.shown.shards.values().cloned().collect(),
            orders: self.shown.orders.clone(),
            sources,
            stored_bytes: self.parts.iter().map(Part::bytes).sum::<u64>()
                + self.hot.log_bytes
                + frozen_bytes,
        });
        self.shown.view = Some(view.clone());
        Ok(view)
    }

    /// Cuts and encodes the visitors whose hits have changed. Tiers that are not much larger than
    /// the new one are made one with it, so that there are few, and each visitor is encoded anew
    /// as often as memory doubles.
    pub fn encode_dirty(&mut self, budget: &Arc<Budget>) -> Result<(), Error> {
        if self.hot.dirty.is_empty() {
            return Ok(());
        }
        let size = |visitors: &mut dyn Iterator<Item = &VisitorKey>| -> usize {
            let entries = visitors.filter_map(|visitor| self.hot.visitors.get(visitor));
            entries.map(|entry| entry.hits.len()).sum()
        };
        let mut fresh: HashSet<VisitorKey> = self.hot.dirty.clone();
        let mut hits = size(&mut fresh.iter());
        let mut kept = self.hot.tiers.len();
        while let Some(tier) = kept
            .checked_sub(1)
            .and_then(|last| self.hot.tiers.get(last))
        {
            if hits as u64 * 2 < tier.tier.hits {
                break;
            }
            let living = tier.tier.visitors.difference(&tier.dead);
            let added: Vec<VisitorKey> = living
                .filter(|visitor| !fresh.contains(*visitor))
                .copied()
                .collect();
            hits += size(&mut added.iter());
            fresh.extend(added);
            kept -= 1;
        }
        let mut visitors: Vec<VisitorKey> = fresh.into_iter().collect();
        visitors.sort_unstable();
        visitors.retain(|visitor| {
            self.hot
                .visitors
                .get(visitor)
                .is_some_and(|entry| !entry.hits.is_empty())
        });
        let rules = self.rules();
        let cuts = visitors
            .iter()
            .map(|visitor| Ok((*visitor, self.hot.cut(*visitor, rules))));
        let tier = Tier::encode(cuts, self.row.bits, &self.shown.vocabulary, budget)?;
        self.hot.tiers.truncate(kept);
        for older in &mut self.hot.tiers {
            let dying: Vec<VisitorKey> = self
                .hot
                .dirty
                .intersection(&older.tier.visitors)
                .copied()
                .collect();
            if dying.iter().any(|visitor| !older.dead.contains(visitor)) {
                Arc::make_mut(&mut older.dead).extend(dying);
            }
        }
        if !tier.slices.is_empty() {
            self.hot.tiers.push(TierInUse {
                tier: Arc::new(tier),
                dead: Arc::default(),
            });
        }
        self.hot.dirty.clear();
        self.shown.view = None;
        Ok(())
    }

    /// Visitors of the part whose visits lie elsewhere now.
    pub fn dead_of(&self, part: &Part) -> HashSet<VisitorKey> {
        let mut dead: HashSet<VisitorKey> = part.row.dead.iter().copied().collect();
        let frozen = self
            .frozen
            .iter()
            .filter_map(|it| it.hot.pulled.get(&part.row.id));
        let pulled = frozen.chain(self.hot.pulled.get(&part.row.id));
        pulled.for_each(|visitors| dead.extend(visitors));
        dead
    }

    fn sources_of(&mut self, part: &Part, budget: &Arc<Budget>) -> Result<Vec<Source>, Error> {
        let dead = self.dead_of(part);
        if let Some((count, sources)) = self.shown.parts.get(&part.row.id)
            && *count == dead.len()
        {
            return Ok(sources.clone());
        }
        let count = dead.len();
        let bits = self.row.bits;
        let sources = if part.row.bits == bits {
            vec![self.source_of_shard(part, dead, budget)?]
        } else {
            let split = self.split(part, budget)?;
            sources_of_tier(&split.tier, Arc::new(dead), bits)?
        };
        self.shown
            .parts
            .insert(part.row.id, (count, sources.clone()));
        Ok(sources)
    }

    fn source_of_shard(
        &self,
        part: &Part,
        dead: HashSet<VisitorKey>,
        budget: &Arc<Budget>,
    ) -> Result<Source, Error> {
        let rows = part.shared.rows_of(dead.iter().copied())?;
        let (mut visits, mut loose) = row_numbers(&rows);
        if let Some(before) = part.row.removed_before {
            let (more_visits, more_loose) = rows_before(part.shared.segment()?, before)?;
            visits.extend(more_visits);
            loose.extend(more_loose);
        }
        let image = part
            .shared
            .image((&visits, &loose), &self.shown.vocabulary, budget)?;
        Ok(Source {
            prefix: part.row.prefix,
            image: Arc::new(image),
            rows: Rows::Part(part.clone()),
            dead: Arc::new(dead),
            dead_rows: Arc::new(rows),
            removed_before: part.row.removed_before,
        })
    }

    /// The visits of a small segment that spans several shards, divided in memory until a merge
    /// divides them on disk.
    fn split(&self, part: &Part, budget: &Arc<Budget>) -> Result<SplitParts, Error> {
        let mut split = part.shared.split();
        let bits = self.row.bits;
        if let Some(known) = split.as_ref()
            && (known.bits, known.removed_before) == (bits, part.row.removed_before)
        {
            return Ok(known.clone());
        }
        let cuts = part.shared.segment()?.cuts().map(|item| {
            let (visitor, cut) = item?;
            Ok((visitor, part.without_removed(cut)))
        });
        let tier = Arc::new(Tier::encode(cuts, bits, &self.shown.vocabulary, budget)?);
        let made = SplitParts {
            bits,
            removed_before: part.row.removed_before,
            tier,
        };
        *split = Some(made.clone());
        Ok(made)
    }
}

fn sources_of_tier(
    tier: &Arc<Tier>,
    dead: Arc<HashSet<VisitorKey>>,
    bits: u8,
) -> Result<Vec<Source>, Error> {
    let mut sources = Vec::with_capacity(tier.slices.len());
    for slice in &tier.slices {
        let (image, rows) = slice.image(&dead, bits)?;
        sources.push(Source {
            prefix: slice.prefix,
            image,
            rows: Rows::Tables(slice.tables.clone()),
            dead: dead.clone(),
            dead_rows: rows,
            removed_before: None,
        });
    }
    Ok(sources)
}

impl Source {
    fn cuts(&self) -> Result<Cuts<'_>, Error> {
        Ok(match &self.rows {
            Rows::Part(part) => part.shared.segment()?.cuts(),
            Rows::Tables(tables) => tables.cuts(),
        })
    }

    fn for_each(
        &self,
        visit: &mut dyn FnMut(&Visit),
        loose: &mut dyn FnMut(&Hit),
    ) -> Result<(), Error> {
        for item in self.cuts()? {
            let (visitor, mut cut) = item?;
            if self.dead.contains(&visitor) {
                continue;
            }
            if let Rows::Part(part) = &self.rows {
                cut = part.without_removed(cut);
            }
            cut.visits.iter().for_each(&mut *visit);
            cut.loose.iter().for_each(&mut *loose);
        }
        Ok(())
    }

    fn activity(&self) -> Result<Activity, Error> {
        if self.removed_before.is_some() {
            return self.counted_activity();
        }
        let (source, visits, hits, first, last): (&dyn ColumnSource, _, _, _, _) = match &self.rows
        {
            Rows::Part(part) => {
                let row = &part.row;
                let (first, last) = (Some(row.first_hit), Some(row.last_hit));
                (part.shared.segment()?, row.visits, row.hits, first, last)
            }
            Rows::Tables(tables) => {
                let summary = tables.summary();
                let (first, last) = (summary.first_hit, summary.last_hit);
                (&**tables, summary.visits, summary.hits, first, last)
            }
        };
        let mut activity = Activity {
            first_hit: first,
            last_hit: last,
            hits,
            visits,
            stored_bytes: 0,
        };
        if self
            .dead_rows
            .iter()
            .any(|rows| !rows.visits.is_empty() || !rows.loose.is_empty())
        {
            let (dead_visits, dead_loose) = row_numbers(&self.dead_rows);
            let hits = hits_of_visits(source, dead_visits.iter().copied())?;
            activity.visits = activity.visits.saturating_sub(dead_visits.len() as u64);
            activity.hits = activity.hits.saturating_sub(hits + dead_loose.len() as u64);
            if activity.hits == 0 {
                (activity.first_hit, activity.last_hit) = (None, None);
            }
        }
        Ok(activity)
    }

    fn counted_activity(&self) -> Result<Activity, Error> {
        let mut visits = 0;
        let mut times: Vec<Timestamp> = Vec::new();
        let mut hits = 0;
        let mut loose = Vec::new();
        let mut see = |time: Timestamp| {
            hits += 1;
            match times.as_mut_slice() {
                [first, last] => (*first, *last) = (time.min(*first), time.max(*last)),
                _ => times = vec![time, time],
            }
        };
        self.for_each(
            &mut |visit| {
                visits += 1;
                visit.hits.iter().for_each(|hit| see(hit.time));
            },
            &mut |hit| loose.push(hit.time),
        )?;
        loose.into_iter().for_each(&mut see);
        Ok(Activity {
            first_hit: times.first().copied(),
            last_hit: times.last().copied(),
            hits,
            visits,
            stored_bytes: 0,
        })
    }
}

impl Snapshot for View {
    fn account(&self) -> AccountId {
        self.account
    }

    fn aggregate(&self, question: &Question) -> Result<Groups, StoreError> {
        execute(&self.shards, &self.orders, &self.settings, question)
    }

    fn activity(&self) -> Result<Activity, StoreError> {
        let mut whole = Activity {
            stored_bytes: self.stored_bytes,
            ..Activity::default()
        };
        for source in &self.sources {
            let part = source.activity()?;
            whole.first_hit = [whole.first_hit, part.first_hit]
                .into_iter()
                .flatten()
                .min();
            whole.last_hit = whole.last_hit.max(part.last_hit);
            whole.hits += part.hits;
            whole.visits += part.visits;
        }
        Ok(whole)
    }

    fn for_each_visit(
        &self,
        visit: &mut dyn FnMut(&Visit),
        loose: &mut dyn FnMut(&Hit),
    ) -> Result<(), StoreError> {
        for source in &self.sources {
            source.for_each(visit, loose)?;
        }
        Ok(())
    }
}
