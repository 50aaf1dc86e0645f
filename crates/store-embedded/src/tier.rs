//! Visits in memory, as columns: what of an account is in no segment yet.

use std::sync::{Arc, Mutex, PoisonError};

use afsa_executor::{Budget, Image, Vocabulary};
use afsa_model::{Cut, VisitorKey};
use afsa_segments::{Tables, encode};
use hashbrown::{HashMap, HashSet};

use crate::error::Error;
use crate::part::prefix_of;
use crate::rows::{VisitorColumns, VisitorRows};

/// Hits of nobody that a shard gets at least, where there are so many.
const LEAST_SHARE: usize = 1_000;

/// Some visitors' visits, cut and encoded, divided by shard. Never changed: who is cut anew is
/// dead here and lies in a newer tier.
pub(crate) struct Tier {
    pub slices: Vec<Slice>,
    /// Nobody isn't among them.
    pub visitors: HashSet<VisitorKey>,
    pub hits: u64,
    shown: Mutex<Shown>,
}

/// The visitors of one shard.
pub(crate) struct Slice {
    pub prefix: u64,
    pub tables: Arc<Tables>,
}

/// As the tier was asked for last.
struct Shown {
    dead: Arc<HashSet<VisitorKey>>,
    /// In the order of the slices.
    living: Vec<Living>,
}

/// A slice without the dead.
#[derive(Clone)]
pub(crate) struct Living {
    pub image: Arc<Image>,
    pub dead_rows: Arc<Vec<VisitorRows>>,
}

impl Tier {
    /// Encodes visitors, ascending by key. Hits of nobody, which come first, are spread over all
    /// shards.
    pub fn encode(
        cuts: impl Iterator<Item = Result<(VisitorKey, Cut), Error>>,
        bits: u8,
        vocabulary: &Arc<Vocabulary>,
        budget: &Arc<Budget>,
    ) -> Result<Tier, Error> {
        let mut tier = Tier {
            slices: Vec::new(),
            visitors: HashSet::new(),
            hits: 0,
            shown: Mutex::new(Shown {
                dead: Arc::default(),
                living: Vec::new(),
            }),
        };
        let mut living = Vec::new();
        let mut cuts = cuts.peekable();
        let mut nobody = Vec::new();
        while let Some(Ok((_, cut))) =
            cuts.next_if(|item| matches!(item, Ok((VisitorKey::NOBODY, _))))
        {
            nobody.extend(cut.loose);
        }
        let share = nobody.len().div_ceil(1 << bits).max(LEAST_SHARE);
        for prefix in 0..1 << bits {
            let mut slice = Vec::new();
            if !nobody.is_empty() {
                let loose = nobody.split_off(nobody.len().saturating_sub(share));
                let visits = Vec::new();
                slice.push((VisitorKey::NOBODY, Cut { visits, loose }));
            }
            let is_here = |item: &Result<(VisitorKey, Cut), Error>| match item {
                Ok((visitor, _)) => prefix_of(*visitor, bits) == prefix,
                Err(_) => true,
            };
            while let Some(item) = cuts.next_if(is_here) {
                let (visitor, cut) = item?;
                tier.visitors.insert(visitor);
                slice.push((visitor, cut));
            }
            if slice.is_empty() {
                continue;
            }
            let tables = Arc::new(encode(slice)?);
            tier.hits += tables.summary().hits;
            let image = Image::new(tables.clone(), &[], &[], vocabulary, budget)
                .map_err(Error::Question)?;
            living.push(Living {
                image: Arc::new(image),
                dead_rows: Arc::default(),
            });
            tier.slices.push(Slice { prefix, tables });
        }
        tier.shown = Mutex::new(Shown {
            dead: Arc::default(),
            living,
        });
        Ok(tier)
    }

    /// Its slices without the dead. Usually few have died since the last time: only theirs are
    /// looked at.
    pub fn living(&self, dead: &Arc<HashSet<VisitorKey>>, bits: u8) -> Result<Vec<Living>, Error> {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if Arc::ptr_eq(&shown.dead, dead) {
            return Ok(shown.living.clone());
        }
        let mut died: Vec<VisitorKey> = dead.difference(&shown.dead).copied().collect();
        let are_more = shown.dead.len() + died.len() == dead.len();
        if !are_more {
            died = dead.iter().copied().collect();
        }
        let mut by_prefix: HashMap<u64, Vec<VisitorKey>> = HashMap::new();
        for visitor in died {
            // Nobody's hits are in every slice.
            let everywhere = visitor == VisitorKey::NOBODY;
            let own = prefix_of(visitor, bits);
            let slices = self.slices.iter().map(|slice| slice.prefix);
            for prefix in slices.filter(|prefix| everywhere || *prefix == own) {
                by_prefix.entry(prefix).or_default().push(visitor);
            }
        }
        let mut all = shown.living.clone();
        for (slice, living) in self.slices.iter().zip(&mut all) {
            let died = by_prefix.remove(&slice.prefix).unwrap_or_default();
            if died.is_empty() && (are_more || living.dead_rows.is_empty()) {
                continue;
            }
            let columns = VisitorColumns::read(&*slice.tables)?;
            let mut rows = match are_more {
                true => Vec::clone(&living.dead_rows),
                false => Vec::new(),
            };
            rows.extend(died.into_iter().map(|visitor| columns.rows_of(visitor)));
            let (visits, loose) = row_numbers(&rows);
            let image = living.image.with_dead(&visits, &loose);
            *living = Living {
                image: Arc::new(image.map_err(Error::Question)?),
                dead_rows: Arc::new(rows),
            };
        }
        *shown = Shown {
            dead: dead.clone(),
            living: all.clone(),
        };
        Ok(all)
    }
}

/// Single row numbers of visits and of loose hits.
pub(crate) fn row_numbers(rows: &[VisitorRows]) -> (Vec<u32>, Vec<u32>) {
    let visits = rows.iter().flat_map(|rows| rows.visits.clone()).collect();
    let loose = rows.iter().flat_map(|rows| rows.loose.clone()).collect();
    (visits, loose)
}
