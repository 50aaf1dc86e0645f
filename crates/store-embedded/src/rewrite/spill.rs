//! Hits set down by visitor, so that any number of them can be cut with the memory of few.

use std::fs;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use afsa_model::VisitorKey;
use afsa_store::{Arrival, Identity};

use super::records::{RecordFile, put_arrival_record, put_link_record};
use crate::codec::{SharedBlocks, SharedContexts};
use crate::disk::{Disk, remove_folder};
use crate::error::{Context, Error};
use crate::part::prefix_of;

/// Partitions by the leading bits of the visitor key.
pub(super) const PARTITION_BITS: u8 = 6;

/// Files by user.
const USER_FILES: usize = 16;

/// Where hits wait to be cut. Dropped, it takes its folder with it.
pub(super) struct Spill {
    pub folder: PathBuf,
    /// By visitor, ascending.
    partitions: Vec<RecordFile>,
    /// Hits of nobody, in turn beside each partition; made when the first comes.
    nobody: Vec<Option<RecordFile>>,
    /// By user: hits that told only him, and who was seen as him.
    users: Vec<RecordFile>,
    /// Hits of which only their order in time tells which day's key they have.
    cookieless: RecordFile,
    contexts: SharedContexts,
    /// Room for the record that is being made.
    scratch: Vec<u8>,
    pub hits: u64,
}

/// The files of a partition of a spill that takes no more.
pub(super) struct Partition {
    pub visitors: PathBuf,
    pub nobody: Option<PathBuf>,
}

impl Spill {
    pub fn create(disk: &dyn Disk, folder: PathBuf) -> Result<Spill, Error> {
        remove_folder(disk, &folder);
        fs::create_dir_all(&folder).context("make", &folder)?;
        let files = |kind: &str, count: usize| -> Result<Vec<RecordFile>, Error> {
            (0..count)
                .map(|at| RecordFile::create(folder.join(format!("{kind}{at:02}"))))
                .collect()
        };
        Ok(Spill {
            partitions: files("visitors", 1 << PARTITION_BITS)?,
            nobody: (0..1 << PARTITION_BITS).map(|_| None).collect(),
            users: files("users", USER_FILES)?,
            cookieless: RecordFile::create(folder.join("cookieless"))?,
            folder,
            contexts: SharedContexts::default(),
            scratch: Vec::new(),
            hits: 0,
        })
    }

    /// Sets an arrival down where the next step looks for it.
    pub fn put(&mut self, arrival: &Arrival) -> Result<(), Error> {
        self.hits += 1;
        let mut record = std::mem::take(&mut self.scratch);
        record.clear();
        put_arrival_record(&mut record, arrival, &mut self.contexts);
        let file = match (arrival.identity, &arrival.hit.user) {
            (Identity::User(_), Some(user)) => self.user_file(user),
            (Identity::User(own), None) => self.partition(own),
            (Identity::Cookieless { .. }, _) => Ok(&mut self.cookieless),
            (Identity::Fingerprint(print), _) => self.partition(VisitorKey(print)),
            (Identity::Nobody, _) => self.nobody_file(arrival.hit.sequence),
            (Identity::Visitor(visitor), _) => self.partition(visitor),
        };
        let done = file.and_then(|file| file.put(&record));
        self.scratch = record;
        done
    }

    /// Notes that the hit told both its visitor and its user, if it did.
    pub fn put_link(&mut self, arrival: &Arrival) -> Result<(), Error> {
        let hit = &arrival.hit;
        if let (Identity::Visitor(visitor), Some(user), false) =
            (arrival.identity, &hit.user, hit.by_user)
        {
            let mut record = Vec::new();
            put_link_record(&mut record, user, (hit.time, hit.sequence), visitor);
            self.user_file(user)?.put(&record)?;
        }
        Ok(())
    }

    /// What the contexts' numbers in the files mean.
    pub fn blocks(&self) -> Arc<SharedBlocks> {
        self.contexts.blocks().clone()
    }

    fn partition(&mut self, visitor: VisitorKey) -> Result<&mut RecordFile, Error> {
        let at = prefix_of(visitor, PARTITION_BITS) as usize;
        let folder = &self.folder;
        self.partitions.get_mut(at).ok_or_else(|| no_such(folder))
    }

    fn nobody_file(&mut self, sequence: u64) -> Result<&mut RecordFile, Error> {
        let at = (sequence % (1 << PARTITION_BITS)) as usize;
        let folder = &self.folder;
        let file = self.nobody.get_mut(at).ok_or_else(|| no_such(folder))?;
        match file {
            Some(file) => Ok(file),
            None => Ok(file.insert(RecordFile::create(folder.join(format!("nobody{at:02}")))?)),
        }
    }

    fn user_file(&mut self, user: &Arc<str>) -> Result<&mut RecordFile, Error> {
        let at =
            BuildHasherDefault::<DefaultHasher>::default().hash_one(user) as usize % USER_FILES;
        let folder = &self.folder;
        self.users.get_mut(at).ok_or_else(|| no_such(folder))
    }

    /// The files by user, for reading; later ones are begun anew.
    pub fn take_users(&mut self) -> Result<Vec<PathBuf>, Error> {
        self.users.drain(..).map(RecordFile::finish).collect()
    }

    /// The file of cookieless hits, for reading.
    pub fn take_cookieless(&mut self) -> Result<PathBuf, Error> {
        let next = RecordFile::create(self.folder.join("cookieless-next"))?;
        std::mem::replace(&mut self.cookieless, next).finish()
    }

    pub fn finish(mut self) -> Result<Vec<Partition>, Error> {
        let files = self.partitions.drain(..).zip(self.nobody.drain(..));
        let partitions = files.map(|(visitors, nobody)| {
            Ok(Partition {
                visitors: visitors.finish()?,
                nobody: nobody.map(RecordFile::finish).transpose()?,
            })
        });
        partitions.collect()
    }
}

fn no_such(folder: &Path) -> Error {
    Error::damaged(folder, "a hit beyond the partitions")
}
