//! One partition: its hits by visitor, ascending, divided further if it is too large.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use afsa_model::{Cut, DAY, Hit, Timestamp, VisitorKey};
use afsa_store::{Arrival, EventKey, Identity};

use super::records::{Record, RecordFile, Records, for_each_record};
use super::spill::PARTITION_BITS;
use crate::error::{Context, Error};
use crate::fingerprint::{KEPT_BITS, fingerprint_key};
use crate::part::prefix_of;

/// Larger files are divided before they are read: hits take about three times as much in memory.
const LARGEST_FILE: u64 = 96 << 20;

/// Each division is by so many bits.
const DIVISION_BITS: u8 = 4;

/// A file of hits whose visitors begin with the same so many bits.
#[derive(Clone)]
pub(super) struct PartitionFile {
    pub path: PathBuf,
    pub bits: u8,
}

impl PartitionFile {
    pub fn new(path: PathBuf) -> PartitionFile {
        PartitionFile {
            path,
            bits: PARTITION_BITS,
        }
    }

    /// Its divisions, ascending, if it is too large to be read at once.
    pub fn divided(&self) -> Result<Option<Vec<PartitionFile>>, Error> {
        let length = fs::metadata(&self.path)
            .context("look at", &self.path)?
            .len();
        let bits = self.bits + DIVISION_BITS;
        if length <= LARGEST_FILE || u32::from(bits) > KEPT_BITS {
            return Ok(None);
        }
        self.divide(bits).map(Some)
    }

    fn divide(&self, bits: u8) -> Result<Vec<PartitionFile>, Error> {
        let name = self.path.display();
        let mut files: Vec<RecordFile> = (0..1 << DIVISION_BITS)
            .map(|at| RecordFile::create(PathBuf::from(format!("{name}-{at:02}"))))
            .collect::<Result<_, _>>()?;
        for_each_record(&self.path, |record| {
            let Record::Arrival(arrival) = record else {
                return Ok(());
            };
            let lead = match arrival.identity {
                Identity::Fingerprint(print) => VisitorKey(print),
                Identity::Visitor(visitor) | Identity::User(visitor) => visitor,
                Identity::Cookieless { today, .. } => today,
                Identity::Nobody => VisitorKey::NOBODY,
            };
            let at = prefix_of(lead, bits) as usize % (1 << DIVISION_BITS);
            match files.get_mut(at) {
                Some(file) => file.put(&arrival),
                None => Ok(()),
            }
        })?;
        let paths = files.into_iter().map(RecordFile::finish);
        let divisions = paths
            .map(|path| Ok(PartitionFile { path: path?, bits }))
            .collect::<Result<_, Error>>()?;
        fs::remove_file(&self.path).context("remove", &self.path)?;
        Ok(divisions)
    }

    /// Its hits by visitor, without those whose event `is_double`.
    pub fn load(
        &self,
        visit_timeout: i64,
        is_double: &dyn Fn(EventKey) -> Result<bool, Error>,
    ) -> Result<HashMap<VisitorKey, Vec<Hit>>, Error> {
        let mut visitors: HashMap<VisitorKey, Vec<Hit>> = HashMap::new();
        let mut prints: HashMap<u128, Vec<Hit>> = HashMap::new();
        let mut put = |visitor: VisitorKey, mut hit: Hit| {
            hit.visitor = visitor;
            visitors.entry(visitor).or_default().push(hit);
        };
        for_each_record(&self.path, |record| {
            let Record::Arrival(Arrival {
                identity,
                event,
                hit,
            }) = record
            else {
                return Ok(());
            };
            if let Some(event) = event
                && is_double(event)?
            {
                return Ok(());
            }
            match identity {
                Identity::Visitor(visitor) | Identity::User(visitor) => put(visitor, hit),
                Identity::Cookieless { today, .. } => put(today, hit),
                Identity::Nobody => put(VisitorKey::NOBODY, hit),
                Identity::Fingerprint(print) => prints.entry(print).or_default().push(hit),
            }
            Ok(())
        })?;
        for (print, hits) in prints {
            for (visitor, hit) in chained(print, hits, visit_timeout) {
                put(visitor, hit);
            }
        }
        Ok(visitors)
    }
}

/// Hits of nobody that are handed over at once.
const NOBODY_AT_ONCE: usize = 16_384;

/// The hits of nobody in a file, some at a time, without those whose event `is_double`.
pub(super) fn nobody_in<'a>(
    path: &'a Path,
    is_double: &'a dyn Fn(EventKey) -> Result<bool, Error>,
) -> impl Iterator<Item = Result<Cut, Error>> + 'a {
    let (mut records, mut failure) = match Records::open(path) {
        Ok(records) => (Some(records), None),
        Err(error) => (None, Some(error)),
    };
    std::iter::from_fn(move || {
        if let Some(error) = failure.take() {
            return Some(Err(error));
        }
        let mut loose = Vec::new();
        for record in records.as_mut()?.take(NOBODY_AT_ONCE) {
            let Arrival { event, hit, .. } = match record {
                Ok(Record::Arrival(arrival)) => arrival,
                Ok(Record::Link { .. }) => continue,
                Err(error) => return Some(Err(error)),
            };
            match event.map_or(Ok(false), is_double) {
                Ok(true) => {}
                Ok(false) => loose.push(Hit {
                    visitor: VisitorKey::NOBODY,
                    ..hit
                }),
                Err(error) => return Some(Err(error)),
            }
        }
        let visits = Vec::new();
        match records.as_ref().is_some_and(Records::is_at_end) && loose.is_empty() {
            true => None,
            false => Some(Ok(Cut { visits, loose })),
        }
    })
}

/// The hits of a fingerprint by the day on which their chain began: it goes on over midnight
/// while a visit is under way.
fn chained(print: u128, mut hits: Vec<Hit>, visit_timeout: i64) -> Vec<(VisitorKey, Hit)> {
    hits.sort_by_key(|hit| (hit.time, hit.sequence));
    let mut chain: Option<i64> = None;
    let mut latest: Option<Timestamp> = None;
    let mut keyed = Vec::with_capacity(hits.len());
    for hit in hits {
        let day = hit.time.0.div_euclid(DAY);
        let is_under_way = latest.is_some_and(|last| hit.time.since(last) <= visit_timeout);
        let began = match chain {
            Some(began) if began == day || is_under_way => began,
            _ => {
                latest = None;
                day
            }
        };
        let goes_on = latest.is_some_and(|last| hit.time.since(last) <= visit_timeout);
        chain = Some(began);
        if hit.opens_visit() || hit.prolongs_visit() && goes_on {
            latest = Some(hit.time);
        }
        keyed.push((fingerprint_key(print, hit.import, began), hit));
    }
    keyed
}

/// Those of the visitors who are in neither set, ascending.
pub(super) fn ascending_without(
    visitors: impl Iterator<Item = VisitorKey>,
    gone: &HashSet<VisitorKey>,
) -> Vec<VisitorKey> {
    let mut left: Vec<VisitorKey> = visitors.filter(|visitor| !gone.contains(visitor)).collect();
    left.sort_unstable();
    left.dedup();
    left
}

/// Removes a file that was read to its end.
pub(super) fn discard(path: &Path) {
    // The whole folder goes later anyway; this only frees the room early.
    let _ = fs::remove_file(path);
}
