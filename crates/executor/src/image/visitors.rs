//! Whose visits they are, which visit of his each one is, and how long after the one before.

use std::sync::Arc;

use afsa_model::{DAY, Timestamp, VisitorKey};

use crate::bits::Bits;

use super::codes::Codes;
use super::columns::Loaded;
use super::moments::Instants;
use super::vocabulary::Numbered;

/// The visitors of an image, ascending, each with the run of his visits.
pub(crate) struct Visitors {
    pub(crate) keys: Vec<VisitorKey>,
    /// Where each one's visits begin, and the end.
    pub(crate) starts: Vec<u32>,
    /// The visits that begin a run.
    pub(crate) first: Bits,
}

impl Visitors {
    /// From the visitor of each visit, ascending.
    pub(crate) fn from_keys(visits: usize, keys: impl Iterator<Item = VisitorKey>) -> Visitors {
        let mut visitors = Visitors {
            keys: Vec::new(),
            starts: Vec::new(),
            first: Bits::zeros(visits),
        };
        for (visit, key) in keys.enumerate() {
            if visitors.keys.last() != Some(&key) {
                visitors.keys.push(key);
                visitors.starts.push(visit as u32);
                visitors.first.set(visit);
            }
        }
        visitors.starts.push(visits as u32);
        visitors.keys.shrink_to_fit();
        visitors.starts.shrink_to_fit();
        visitors
    }

    /// The visits of the visitor at this position.
    pub(crate) fn run(&self, position: usize) -> std::ops::Range<usize> {
        self.starts[position] as usize..self.starts[position + 1] as usize
    }

    /// Whose visit it is.
    pub(crate) fn of_visit(&self, visit: usize) -> Option<VisitorKey> {
        let after = self
            .starts
            .partition_point(|start| *start as usize <= visit);
        self.keys.get(after.checked_sub(1)?).copied()
    }

    /// The visits of this visitor; none where he isn't here.
    pub(crate) fn visits_of(&self, key: VisitorKey) -> std::ops::Range<usize> {
        // Most images lie in shards of other keys.
        if self.keys.first().is_none_or(|first| key < *first) || self.keys.last() < Some(&key) {
            return 0..0;
        }
        match self.keys.binary_search(&key) {
            Ok(position) => self.run(position),
            Err(_) => 0..0,
        }
    }
}

impl Loaded for Visitors {
    fn bytes(&self) -> usize {
        self.keys.len() * 16 + self.starts.len() * 4 + self.first.bytes()
    }
}

/// Which visit of its visitor each visit is. Only visits of the same traffic are counted along.
pub(crate) struct Ranks {
    /// 1 for the first, 0 for scenes that are no visit.
    pub(crate) numbers: Arc<Codes>,
    /// 1 for the first ([`NEW`]), 2 for later ones ([`RETURNING`]), 0 for scenes that are no visit.
    pub(crate) types: Arc<Codes>,
    pub(crate) first: Bits,
    pub(crate) greatest: u32,
}

pub(crate) const NEW: u32 = 1;
pub(crate) const RETURNING: u32 = 2;

impl Ranks {
    /// Ranks within one image. `dead` visits have none.
    pub(crate) fn within(
        visitors: &Visitors,
        scenes: usize,
        excluded: &Bits,
        dead: Option<&Bits>,
    ) -> Ranks {
        let visits = visitors.first.len();
        let (mut people, mut others) = (0, 0);
        let mut numbers = Vec::with_capacity(scenes);
        for visit in 0..visits {
            if visitors.first.get(visit) {
                (people, others) = (0, 0);
            }
            if dead.is_some_and(|dead| dead.get(visit)) {
                numbers.push(0);
                continue;
            }
            let number = if excluded.get(visit) {
                &mut others
            } else {
                &mut people
            };
            *number += 1;
            numbers.push(*number);
        }
        numbers.resize(scenes, 0);
        Ranks::of(numbers)
    }

    /// These ranks with those of some visits replaced.
    pub(crate) fn with(&self, patches: &[(u32, u32)]) -> Ranks {
        Ranks::of(patched(&self.numbers, patches))
    }

    fn of(numbers: Vec<u32>) -> Ranks {
        let greatest = numbers.iter().copied().max().unwrap_or(0);
        let types = numbers.iter().map(|number| (*number).min(RETURNING));
        Ranks {
            types: Arc::new(Codes::collect(greatest.min(RETURNING), types)),
            first: Bits::from_fn(numbers.len(), |scene| numbers[scene] == NEW),
            numbers: Arc::new(Codes::collect(greatest, numbers.into_iter())),
            greatest,
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.first.bytes() + self.numbers.bytes() + self.types.bytes()
    }
}

/// Tells days from visits, given by start: those from the visitor's visit before, of those of the
/// same traffic.
#[derive(Default)]
pub(crate) struct LastVisits {
    person: Option<i64>,
    other: Option<i64>,
}

impl LastVisits {
    /// The code of the days that lie before this visit; null for the first.
    pub(crate) fn code(&mut self, start: i64, is_excluded: bool, words: &mut Numbered) -> u32 {
        let last = if is_excluded {
            &mut self.other
        } else {
            &mut self.person
        };
        match last.replace(start) {
            Some(before) => words.code_of_number(Timestamp(start).since(Timestamp(before)) / DAY),
            None => 0,
        }
    }
}

/// The days since the visit before of each visit's visitor within one image, as codes. `dead`
/// visits have none.
pub(crate) fn days_within(
    visitors: &Visitors,
    starts: &Instants,
    scenes: usize,
    excluded: &Bits,
    dead: Option<&Bits>,
    words: &mut Numbered,
) -> Codes {
    let mut last = LastVisits::default();
    let mut codes = vec![0; scenes];
    for (visit, code) in codes.iter_mut().enumerate().take(visitors.first.len()) {
        if visitors.first.get(visit) {
            last = LastVisits::default();
        }
        if !dead.is_some_and(|dead| dead.get(visit)) {
            *code = last.code(starts.get(visit), excluded.get(visit), words);
        }
    }
    collected(codes)
}

/// These codes with those of some visits replaced.
pub(crate) fn with_patches(codes: &Codes, patches: &[(u32, u32)]) -> Codes {
    collected(patched(codes, patches))
}

fn patched(codes: &Codes, patches: &[(u32, u32)]) -> Vec<u32> {
    let mut codes: Vec<u32> = (0..codes.len()).map(|scene| codes.get(scene)).collect();
    for (visit, code) in patches {
        codes[*visit as usize] = *code;
    }
    codes
}

fn collected(codes: Vec<u32>) -> Codes {
    let greatest = codes.iter().copied().max().unwrap_or(0);
    Codes::collect(greatest, codes.into_iter())
}
