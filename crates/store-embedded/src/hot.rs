//! The hits of an account that are in memory.

use std::sync::Arc;

use afsa_model::{Cut, Hit, Timestamp, VisitorKey};
use afsa_store::{EventKey, Identity};
use afsa_visits::Rules;
use hashbrown::{HashMap, HashSet};

use crate::people::Person;
use crate::tier::Tier;

/// A part that hits are pulled from: a segment by its id, or what is being flushed.
pub(crate) type PartId = u64;

/// Stands for what is being flushed; no segment has this id.
pub(crate) const FROZEN: PartId = 0;

/// Hits by visitor, with what follows of them.
#[derive(Default)]
pub(crate) struct Hot {
    pub visitors: HashMap<VisitorKey, HotVisitor>,
    /// Hits of nobody, in the order of their arrival. They lie in no visit and concern no other
    /// hit, so they are never pulled or moved, and are written but once.
    pub nobody: Vec<HotHit>,
    /// Visitors whose hits have changed since they were last cut.
    pub dirty: HashSet<VisitorKey>,
    /// Visitors whose stored hits were taken into memory. They are dead where they came from as
    /// long as memory has them; the manifest learns it when they are written anew.
    pub pulled: HashMap<PartId, HashSet<VisitorKey>>,
    /// Hits that came through the log.
    pub logged: usize,
    /// All of the account's frames up to this number are here or in segments.
    pub covers: u64,
    /// Bytes of the log that hold them.
    pub log_bytes: u64,
    pub tiers: Vec<TierInUse>,
}

#[derive(Clone)]
pub(crate) struct TierInUse {
    pub tier: Arc<Tier>,
    /// Visitors of it that were cut anew since.
    pub dead: Arc<HashSet<VisitorKey>>,
    /// So many hits of nobody are in this tier and those before it.
    pub nobody: usize,
}

pub(crate) struct HotVisitor {
    pub hits: Vec<HotHit>,
    pub first: Timestamp,
    pub last: Timestamp,
}

#[derive(Clone)]
pub(crate) struct HotHit {
    pub hit: Hit,
    /// Who it said it comes from; `None` for hits that were pulled from a segment.
    pub told: Option<Identity>,
}

/// Hot hits on their way into a segment. Nothing is added to them.
pub(crate) struct Frozen {
    pub hot: Hot,
    pub people: Vec<(Arc<str>, Person)>,
    pub events: Arc<Vec<EventKey>>,
}

impl Hot {
    pub fn add(&mut self, hit: HotHit) {
        let (visitor, time) = (hit.hit.visitor, hit.hit.time);
        self.logged += usize::from(hit.told.is_some());
        if visitor == VisitorKey::NOBODY {
            self.nobody.push(hit);
            return;
        }
        let entry = self.visitors.entry(visitor).or_insert_with(|| HotVisitor {
            hits: Vec::new(),
            first: time,
            last: time,
        });
        entry.first = entry.first.min(time);
        entry.last = entry.last.max(time);
        entry.hits.push(hit);
        self.dirty.insert(visitor);
    }

    /// Whether everything is in a tier as it is now.
    pub fn is_encoded(&self) -> bool {
        self.dirty.is_empty() && self.nobody.len() == self.tiers.last().map_or(0, |it| it.nobody)
    }

    pub fn is_empty(&self) -> bool {
        self.visitors.is_empty() && self.nobody.is_empty()
    }

    /// Takes hits of a visitor out that `leaves` chooses.
    pub fn take(&mut self, visitor: VisitorKey, leaves: impl Fn(&Hit) -> bool) -> Vec<HotHit> {
        let Some(entry) = self.visitors.get_mut(&visitor) else {
            return Vec::new();
        };
        let taken: Vec<HotHit> = entry.hits.extract_if(.., |hit| leaves(&hit.hit)).collect();
        if !taken.is_empty() {
            self.logged -= taken.iter().filter(|hit| hit.told.is_some()).count();
            self.dirty.insert(visitor);
        }
        taken
    }

    /// Forgets everything that was made of the logged hits, and gives them back as they came.
    pub fn dissolve(&mut self) -> Vec<HotHit> {
        let visitors = std::mem::take(&mut self.visitors);
        let mut hits: Vec<HotHit> = visitors
            .into_values()
            .flat_map(|visitor| visitor.hits)
            .chain(std::mem::take(&mut self.nobody))
            .filter(|hit| hit.told.is_some())
            .collect();
        hits.sort_unstable_by_key(|hit| hit.hit.sequence);
        *self = Hot {
            covers: self.covers,
            log_bytes: self.log_bytes,
            ..Hot::default()
        };
        hits
    }

    pub fn cut(&self, visitor: VisitorKey, rules: Rules) -> Cut {
        let Some(entry) = self.visitors.get(&visitor) else {
            return Cut::default();
        };
        let hits = entry.hits.iter().map(|hit| hit.hit.clone()).collect();
        afsa_visits::cut(hits, rules)
    }

    /// The hits of nobody from this one on.
    pub fn cut_nobody(&self, from: usize) -> Cut {
        let hits = self.nobody.get(from..).unwrap_or_default().iter();
        Cut {
            visits: Vec::new(),
            loose: hits.map(|hit| hit.hit.clone()).collect(),
        }
    }

    pub fn has_pulled(&self, part: PartId, visitor: VisitorKey) -> bool {
        self.pulled
            .get(&part)
            .is_some_and(|visitors| visitors.contains(&visitor))
    }

    /// Visitors that have hits here, ascending.
    pub fn sorted_visitors(&self) -> Vec<VisitorKey> {
        let occupied = self
            .visitors
            .iter()
            .filter(|(_, entry)| !entry.hits.is_empty());
        let mut visitors: Vec<VisitorKey> = occupied.map(|(visitor, _)| *visitor).collect();
        visitors.sort_unstable();
        visitors
    }
}
