//! Putting a view together: hot visitors that have changed are cut and encoded, and laid over the
//! segments. What was made for earlier views serves the next.

use std::collections::BTreeMap;
use std::sync::Arc;

use afsa_executor::{Budget, Image, OrdersCell, Shard, Vocabulary};
use afsa_model::VisitorKey;
use hashbrown::{HashMap, HashSet};

use crate::error::Error;
use crate::hot::{FROZEN, PartId, TierInUse};
use crate::manifest::Manifest;
use crate::part::{Part, SplitParts};
use crate::rows::rows_before;
use crate::settle::State;
use crate::tier::{Tier, row_numbers};
use crate::view::{Rows, Source, View};

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

impl State {
    /// The account's data as it is now.
    pub fn view(&mut self, manifest: &Manifest, budget: &Arc<Budget>) -> Result<Arc<View>, Error> {
        self.settle(manifest)?;
        if self.hot.is_encoded()
            && let Some(view) = &self.shown.view
            && view.is_sound()
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
            missing_hits: (self.parts.iter())
                .filter(|part| part.shared.damage().is_some())
                .map(|part| part.row.hits)
                .sum(),
        });
        self.shown.view = Some(view.clone());
        Ok(view)
    }

    /// Cuts and encodes the visitors whose hits have changed. Tiers that are not much larger than
    /// the new one are made one with it, so that there are few, and each visitor is encoded anew
    /// as often as memory doubles.
    pub fn encode_dirty(&mut self, budget: &Arc<Budget>) -> Result<(), Error> {
        if self.hot.is_encoded() {
            return Ok(());
        }
        let size = |visitors: &mut dyn Iterator<Item = &VisitorKey>| -> usize {
            let entries = visitors.filter_map(|visitor| self.hot.visitors.get(visitor));
            entries.map(|entry| entry.hits.len()).sum()
        };
        let mut fresh: HashSet<VisitorKey> = self.hot.dirty.clone();
        let mut hits = size(&mut fresh.iter());
        let mut kept = self.hot.tiers.len();
        // Hits of nobody are never cut anew: a tier has them until it is made one with others.
        let nobody_before = |kept: usize| {
            let before = kept
                .checked_sub(1)
                .and_then(|last| self.hot.tiers.get(last));
            before.map_or(0, |tier| tier.nobody)
        };
        hits += self.hot.nobody.len() - nobody_before(kept);
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
            hits += tier.nobody - nobody_before(kept);
        }
        let nobody = (VisitorKey::NOBODY, self.hot.cut_nobody(nobody_before(kept)));
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
        let cuts = std::iter::once(Ok(nobody)).chain(cuts);
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
                nobody: self.hot.nobody.len(),
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
    let living = tier.living(&dead, bits)?;
    let sources = tier
        .slices
        .iter()
        .zip(living)
        .map(|(slice, living)| Source {
            prefix: slice.prefix,
            image: living.image,
            rows: Rows::Tables(slice.tables.clone()),
            dead: dead.clone(),
            dead_rows: living.dead_rows,
            removed_before: None,
        });
    Ok(sources.collect())
}
