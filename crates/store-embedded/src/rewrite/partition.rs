//! One partition: its hits by visitor, ascending, divided further if it is too large.

use std::cmp::Reverse;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use afsa_model::{Cut, DAY, Hit, Timestamp, VisitorKey};
use afsa_store::{Arrival, EventKey, Identity};
use hashbrown::{HashMap, HashSet};

use super::records::{Record, RecordFile, Records, identity_of, raw_at};
use super::spill::PARTITION_BITS;
use crate::codec::{DecodeError, Decoder, Reader, SharedBlocks};
use crate::error::{Context, Error};
use crate::fingerprint::{KEPT_BITS, fingerprint_key};
use crate::part::prefix_of;

/// Larger files are divided before they are read.
const LARGEST_FILE: u64 = 64 << 20;

/// Each division is by so many bits.
const DIVISION_BITS: u8 = 4;

/// A file of hits whose visitors begin with the same so many bits.
#[derive(Clone)]
pub(super) struct PartitionFile {
    pub path: PathBuf,
    pub bits: u8,
    /// What its contexts' numbers mean.
    blocks: Arc<SharedBlocks>,
}

impl PartitionFile {
    pub fn new(path: PathBuf, blocks: Arc<SharedBlocks>) -> PartitionFile {
        PartitionFile {
            path,
            blocks,
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
        let mut records = Records::open(&self.path, &self.blocks)?;
        while let Some(record) = records.next_raw()? {
            let identity = identity_of(record)
                .map_err(|error| Error::damaged(&self.path, error.to_string()))?;
            let lead = match identity {
                Some(Identity::Fingerprint(print)) => VisitorKey(print),
                Some(Identity::Visitor(visitor) | Identity::User(visitor)) => visitor,
                Some(Identity::Cookieless { today, .. }) => today,
                Some(Identity::Nobody) => VisitorKey::NOBODY,
                None => continue,
            };
            let at = prefix_of(lead, bits) as usize % (1 << DIVISION_BITS);
            if let Some(file) = files.get_mut(at) {
                file.put(record)?;
            }
        }
        let paths = files.into_iter().map(RecordFile::finish);
        let divisions = paths
            .map(|path| {
                Ok(PartitionFile {
                    path: path?,
                    bits,
                    blocks: self.blocks.clone(),
                })
            })
            .collect::<Result<_, Error>>()?;
        fs::remove_file(&self.path).context("remove", &self.path)?;
        Ok(divisions)
    }

    /// Its hits by visitor, without those whose event `is_double`.
    pub fn load(
        &self,
        visit_timeout: i64,
        is_double: &dyn Fn(EventKey) -> Result<bool, Error>,
    ) -> Result<Loaded, Error> {
        let mut loaded = Loaded {
            path: self.path.clone(),
            bytes: fs::read(&self.path).context("read", &self.path)?,
            decoder: Decoder::of_shared(self.blocks.clone()),
            hits: Vec::new(),
            next: 0,
            others: HashMap::new(),
        };
        let mut prints: HashMap<u128, Vec<Hit>> = HashMap::new();
        let mut offset = 0;
        while offset < loaded.bytes.len() {
            let read = raw_at(&loaded.bytes, offset);
            let (arrival, next) = read.map_err(|error| loaded.damaged(error))?;
            offset = next;
            let Some(arrival) = arrival else { continue };
            if let Some(event) = arrival.event
                && is_double(event)?
            {
                continue;
            }
            let visitor = match arrival.identity {
                Identity::Visitor(visitor) | Identity::User(visitor) => visitor,
                Identity::Cookieless { today, .. } => today,
                Identity::Nobody => VisitorKey::NOBODY,
                Identity::Fingerprint(print) => {
                    let hit = loaded.decoder.hit(&mut Reader::new(arrival.hit));
                    let hit = hit.map_err(|error| loaded.damaged(error))?;
                    prints.entry(print).or_default().push(hit);
                    continue;
                }
            };
            let at = next - arrival.hit.len();
            loaded.hits.push((visitor, at, next));
        }
        loaded.hits.sort_unstable();
        for (print, hits) in prints {
            for (visitor, mut hit) in chained(print, hits, visit_timeout) {
                hit.visitor = visitor;
                loaded.add(visitor, [hit]);
            }
        }
        Ok(loaded)
    }
}

/// The hits of a partition by visitor. They are decoded visitor by visitor: as objects all of
/// them would take several times the memory of their bytes.
pub(super) struct Loaded {
    path: PathBuf,
    bytes: Vec<u8>,
    decoder: Decoder,
    /// The visitor of each hit, and where in the bytes it lies, ascending.
    hits: Vec<(VisitorKey, usize, usize)>,
    /// The first hit not handed out yet.
    next: usize,
    /// Hits that came from elsewhere, or whose visitor only they all together told.
    others: HashMap<VisitorKey, Vec<Hit>>,
}

impl Loaded {
    /// Adds hits of a visitor.
    pub fn add(&mut self, visitor: VisitorKey, hits: impl IntoIterator<Item = Hit>) {
        self.others.entry(visitor).or_default().extend(hits);
    }

    /// Of each visitor the times of the first and the last hit.
    pub fn spans(&self) -> Result<HashMap<VisitorKey, (Timestamp, Timestamp)>, Error> {
        let mut spans: HashMap<VisitorKey, (Timestamp, Timestamp)> = HashMap::new();
        let mut widen = |visitor: VisitorKey, time: Timestamp| {
            let span = spans.entry(visitor).or_insert((time, time));
            *span = (time.min(span.0), time.max(span.1));
        };
        for (visitor, from, to) in &self.hits {
            let bytes = self.bytes.get(*from..*to).unwrap_or_default();
            let time = Decoder::time(Reader::new(bytes));
            widen(*visitor, time.map_err(|error| self.damaged(error))?);
        }
        for (visitor, hits) in &self.others {
            hits.iter().for_each(|hit| widen(*visitor, hit.time));
        }
        Ok(spans)
    }

    /// Every visitor with his hits, ascending by key.
    pub fn into_visitors(mut self) -> impl Iterator<Item = Result<(VisitorKey, Vec<Hit>), Error>> {
        let mut others: Vec<(VisitorKey, Vec<Hit>)> = self.others.drain().collect();
        others.sort_unstable_by_key(|(visitor, _)| Reverse(*visitor));
        std::iter::from_fn(move || {
            let of_bytes = self.hits.get(self.next).map(|(visitor, ..)| *visitor);
            let of_others = others.last().map(|(visitor, _)| *visitor);
            let visitor = match (of_bytes, of_others) {
                (Some(one), Some(other)) => one.min(other),
                (one, other) => one.or(other)?,
            };
            let mut hits = match of_others == Some(visitor) {
                true => others.pop().map(|(_, hits)| hits).unwrap_or_default(),
                false => Vec::new(),
            };
            Some(self.decode(visitor, &mut hits).map(|()| (visitor, hits)))
        })
    }

    /// Decodes the visitor's hits, which are the next ones if there are any.
    fn decode(&mut self, visitor: VisitorKey, into: &mut Vec<Hit>) -> Result<(), Error> {
        let left = self.hits.get(self.next..).unwrap_or_default();
        let count = left.iter().take_while(|(of, ..)| *of == visitor).count();
        into.reserve_exact(count);
        for at in self.next..self.next + count {
            let Some((_, from, to)) = self.hits.get(at).copied() else {
                break;
            };
            let bytes = self.bytes.get(from..to);
            let hit = self
                .decoder
                .hit(&mut Reader::new(bytes.unwrap_or_default()));
            let hit = hit.map_err(|error| self.damaged(error))?;
            into.push(Hit { visitor, ..hit });
        }
        self.next += count;
        Ok(())
    }

    fn damaged(&self, error: DecodeError) -> Error {
        Error::damaged(&self.path, error.to_string())
    }
}

/// Hits of nobody that are handed over at once.
const NOBODY_AT_ONCE: usize = 16_384;

/// The hits of nobody in a file, some at a time, without those whose event `is_double`.
pub(super) fn nobody_in<'a>(
    path: &'a Path,
    blocks: &Arc<SharedBlocks>,
    is_double: &'a dyn Fn(EventKey) -> Result<bool, Error>,
) -> impl Iterator<Item = Result<Cut, Error>> + 'a {
    let (mut records, mut failure) = match Records::open(path, blocks) {
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
