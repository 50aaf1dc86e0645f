//! One segment on disk, as the store uses it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use afsa_executor::{Budget, Image, Vocabulary};
use afsa_model::{Cut, Hit, Timestamp, VisitorKey};
use afsa_segments::{Segment, SegmentError, SegmentFile, SegmentFiles};
use hashbrown::HashMap;

use crate::bloom::Bloom;
use crate::disk::{Disk, remove_folder};
use crate::error::Error;
use crate::manifest::SegmentRow;
use crate::rows::{VisitorColumns, VisitorRows};
use crate::tier::Tier;

/// A segment with what the manifest says of it. Clones share what is loaded.
#[derive(Clone)]
pub(crate) struct Part {
    pub row: SegmentRow,
    pub shared: Arc<Shared>,
}

/// What is loaded of a segment when it is first needed.
pub(crate) struct Shared {
    pub folder: PathBuf,
    disk: Arc<dyn Disk>,
    files: SegmentFiles,
    segment: OnceLock<Segment>,
    /// Why it can't be used, once that is known.
    damage: OnceLock<SegmentError>,
    visitors: OnceLock<Bloom>,
    rows: Mutex<HashMap<VisitorKey, VisitorRows>>,
    image: Mutex<Option<Image>>,
    /// For segments that hold more than one shard: their visits by shard, in memory.
    split: Mutex<Option<SplitParts>>,
    is_replaced: AtomicBool,
}

/// A segment's visits divided by so many bits.
#[derive(Clone)]
pub(crate) struct SplitParts {
    pub bits: u8,
    pub removed_before: Option<Timestamp>,
    pub tier: Arc<Tier>,
}

impl Part {
    pub fn new(row: SegmentRow, folder: PathBuf, disk: Arc<dyn Disk>) -> Part {
        let files = row.files.iter().map(|file| SegmentFile {
            name: file.name.clone(),
            length: file.length,
            crc32: file.checksum,
        });
        let shared = Shared {
            folder,
            disk,
            files: SegmentFiles {
                files: files.collect(),
            },
            segment: OnceLock::new(),
            damage: OnceLock::new(),
            visitors: OnceLock::new(),
            rows: Mutex::default(),
            image: Mutex::default(),
            split: Mutex::default(),
            is_replaced: AtomicBool::new(false),
        };
        Part {
            row,
            shared: Arc::new(shared),
        }
    }

    /// Whether the segment can be read. One that can't is told once and left out of everything;
    /// its files stay where they are.
    pub fn is_sound(&self) -> bool {
        self.shared.segment().is_ok()
    }

    pub fn is_dead(&self, visitor: VisitorKey) -> bool {
        self.row.dead.binary_search(&visitor).is_ok()
    }

    /// Whether hits within `gap` milliseconds of the segment's first to last may lie in the range.
    pub fn is_near(&self, first: Timestamp, last: Timestamp, gap: i64) -> bool {
        self.row.first_hit.plus(-gap) <= last && first <= self.row.last_hit.plus(gap)
    }

    pub fn may_hold(&self, visitor: VisitorKey) -> Result<bool, Error> {
        let bits = u32::from(self.row.bits);
        if prefix_of(visitor, bits as u8) != self.row.prefix {
            return Ok(false);
        }
        Ok(self.shared.visitors()?.may_contain(folded(visitor)))
    }

    /// The hits of those of the visitors (ascending) who are here and not dead. Where damage is
    /// found only now, the segment is set apart, and nobody is here.
    pub fn hits_of(&self, visitors: &[VisitorKey]) -> Result<Vec<(VisitorKey, Vec<Hit>)>, Error> {
        match self.read_hits_of(visitors) {
            Err(error) if self.shared.sets_apart(&error) => Ok(Vec::new()),
            done => done,
        }
    }

    fn read_hits_of(&self, visitors: &[VisitorKey]) -> Result<Vec<(VisitorKey, Vec<Hit>)>, Error> {
        let found = self.shared.segment()?.visitors(visitors)?;
        let living = found
            .into_iter()
            .map(|(visitor, cut)| (visitor, hits_of_cut(self.without_removed(cut))));
        Ok(living.collect())
    }

    /// Leaves out what ended before the instant of the last removal.
    pub fn without_removed(&self, mut cut: Cut) -> Cut {
        if let Some(before) = self.row.removed_before {
            cut.visits.retain(|visit| visit.end >= before);
            cut.loose.retain(|hit| hit.time >= before);
        }
        cut
    }

    /// Bytes on disk.
    pub fn bytes(&self) -> u64 {
        self.row.files.iter().map(|file| file.length).sum()
    }
}

impl Shared {
    /// The segment, its files' checksums compared when it is first asked for.
    pub fn segment(&self) -> Result<&Segment, Error> {
        if let Some(damage) = self.damage.get() {
            return Err(Error::Segment(damage.clone()));
        }
        if let Some(segment) = self.segment.get() {
            return Ok(segment);
        }
        match Segment::open(&self.folder).and_then(|segment| {
            segment.check(&self.files)?;
            Ok(segment)
        }) {
            Ok(segment) => Ok(self.segment.get_or_init(|| segment)),
            Err(error) => {
                self.set_apart(error.clone());
                Err(Error::Segment(error))
            }
        }
    }

    /// Why the segment is left out, if it is.
    pub fn damage(&self) -> Option<&SegmentError> {
        self.damage.get()
    }

    /// Leaves the segment out of everything from now on if the error means that it is damaged.
    pub fn sets_apart(&self, error: &Error) -> bool {
        match error {
            Error::Segment(error @ SegmentError::Damaged { .. }) => {
                self.set_apart(error.clone());
                true
            }
            _ => false,
        }
    }

    /// Compares the files with their checksums once more; they may have changed since.
    pub fn check_again(&self) {
        if let Some(segment) = self.segment.get()
            && let Err(error) = segment.check(&self.files)
        {
            self.set_apart(error);
        }
    }

    fn set_apart(&self, error: SegmentError) {
        self.damage.get_or_init(|| {
            tracing::error!(%error, "a damaged segment is left out of all figures");
            error
        });
    }

    pub fn split(&self) -> MutexGuard<'_, Option<SplitParts>> {
        self.split.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Checks everything about the files and what is in them.
    pub fn verify(&self) -> Result<(), Error> {
        Ok(Segment::open(&self.folder)?.verify(&self.files)?)
    }

    /// The image of all rows; what is loaded of it is shared by all that are made of it.
    pub fn image(
        &self,
        dead: (&[u32], &[u32]),
        vocabulary: &Arc<Vocabulary>,
        budget: &Arc<Budget>,
    ) -> Result<Image, Error> {
        let segment = self.segment()?;
        let mut image = self.image.lock().unwrap_or_else(PoisonError::into_inner);
        let whole = match image.as_ref() {
            Some(whole) => whole,
            None => {
                let source = Arc::new(segment.clone());
                let made =
                    Image::new(source, &[], &[], vocabulary, budget).map_err(Error::Question)?;
                image.insert(made)
            }
        };
        whole.with_dead(dead.0, dead.1).map_err(Error::Question)
    }

    /// The rows of these visitors, in their order.
    pub fn rows_of(
        &self,
        visitors: impl Iterator<Item = VisitorKey>,
    ) -> Result<Vec<VisitorRows>, Error> {
        let mut known = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let mut columns = None;
        let mut rows = Vec::new();
        for visitor in visitors {
            if let Some(found) = known.get(&visitor) {
                rows.push(found.clone());
                continue;
            }
            let columns = match &columns {
                Some(columns) => columns,
                None => &*columns.insert(VisitorColumns::read(self.segment()?)?),
            };
            let found = columns.rows_of(visitor);
            known.insert(visitor, found.clone());
            rows.push(found);
        }
        Ok(rows)
    }

    fn visitors(&self) -> Result<&Bloom, Error> {
        if let Some(visitors) = self.visitors.get() {
            return Ok(visitors);
        }
        let columns = VisitorColumns::read(self.segment()?)?;
        let mut keys: Vec<VisitorKey> = columns.keys().collect();
        keys.dedup();
        let mut bloom = Bloom::with_room_for(keys.len());
        keys.into_iter().for_each(|key| bloom.insert(folded(key)));
        Ok(self.visitors.get_or_init(|| bloom))
    }

    /// Nothing refers to the segment any more but snapshots: its files go with the last of them.
    pub fn replace(&self) {
        self.is_replaced.store(true, Ordering::Release);
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if self.is_replaced.load(Ordering::Acquire) {
            remove_folder(&*self.disk, &self.folder);
        }
    }
}

pub(crate) fn hits_of_cut(cut: Cut) -> Vec<Hit> {
    let mut hits = cut.loose;
    hits.extend(cut.visits.into_iter().flat_map(|visit| visit.hits));
    hits
}

/// The leading bits of the key.
pub(crate) fn prefix_of(visitor: VisitorKey, bits: u8) -> u64 {
    if bits == 0 {
        0
    } else {
        (visitor.0 >> (128 - u32::from(bits.min(64)))) as u64
    }
}

fn folded(visitor: VisitorKey) -> u64 {
    (visitor.0 >> 64) as u64 ^ visitor.0 as u64
}
