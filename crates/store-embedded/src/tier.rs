//! Visits in memory, as columns: what of an account is in no segment yet.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use afsa_executor::{Budget, Image, Vocabulary};
use afsa_model::{Cut, VisitorKey};
use afsa_segments::{Tables, encode};

use crate::error::Error;
use crate::part::prefix_of;
use crate::rows::{VisitorColumns, VisitorRows};

/// Some visitors' visits, cut and encoded, divided by shard. Never changed: who is cut anew is
/// dead here and lies in a newer tier.
pub(crate) struct Tier {
    pub slices: Vec<Slice>,
    pub visitors: HashSet<VisitorKey>,
    pub hits: u64,
}

/// The visitors of one shard.
pub(crate) struct Slice {
    pub prefix: u64,
    pub tables: Arc<Tables>,
    /// As it was asked for last.
    image: Mutex<Living>,
}

/// An image without the dead.
struct Living {
    dead: HashSet<VisitorKey>,
    image: Arc<Image>,
    dead_rows: Arc<Vec<VisitorRows>>,
}

impl Tier {
    /// Encodes visitors, ascending by key.
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
        };
        let mut cuts = cuts.peekable();
        loop {
            let prefix = match cuts.next_if(Result::is_err) {
                Some(Err(error)) => return Err(error),
                _ => match cuts.peek() {
                    Some(Ok((visitor, _))) => prefix_of(*visitor, bits),
                    _ => return Ok(tier),
                },
            };
            let mut slice = Vec::new();
            while let Some(Ok(item)) = cuts.next_if(|item| {
                item.as_ref()
                    .is_ok_and(|(visitor, _)| prefix_of(*visitor, bits) == prefix)
            }) {
                tier.visitors.insert(item.0);
                slice.push(item);
            }
            let tables = Arc::new(encode(slice)?);
            tier.hits += tables.summary().hits;
            let image = Image::new(tables.clone(), &[], &[], vocabulary, budget)
                .map_err(Error::Question)?;
            let whole = Living {
                dead: HashSet::new(),
                image: Arc::new(image),
                dead_rows: Arc::default(),
            };
            tier.slices.push(Slice {
                prefix,
                tables,
                image: Mutex::new(whole),
            });
        }
    }
}

impl Slice {
    /// Its image without the dead, and their rows.
    pub fn image(
        &self,
        dead: &HashSet<VisitorKey>,
        bits: u8,
    ) -> Result<(Arc<Image>, Arc<Vec<VisitorRows>>), Error> {
        let mut living = self.image.lock().unwrap_or_else(PoisonError::into_inner);
        let here = dead
            .iter()
            .filter(|visitor| prefix_of(**visitor, bits) == self.prefix);
        let here: HashSet<VisitorKey> = here.copied().collect();
        if living.dead != here {
            let columns = VisitorColumns::read(&*self.tables)?;
            let rows: Vec<VisitorRows> = here
                .iter()
                .map(|visitor| columns.rows_of(*visitor))
                .collect();
            let (visits, loose) = row_numbers(&rows);
            let image = living
                .image
                .with_dead(&visits, &loose)
                .map_err(Error::Question)?;
            *living = Living {
                dead: here,
                image: Arc::new(image),
                dead_rows: Arc::new(rows),
            };
        }
        Ok((living.image.clone(), living.dead_rows.clone()))
    }
}

/// Single row numbers of visits and of loose hits.
pub(crate) fn row_numbers(rows: &[VisitorRows]) -> (Vec<u32>, Vec<u32>) {
    let visits = rows.iter().flat_map(|rows| rows.visits.clone()).collect();
    let loose = rows.iter().flat_map(|rows| rows.loose.clone()).collect();
    (visits, loose)
}
