//! Which event keys an account has seen: the newest in memory, all others in sorted runs on disk.

mod merge;
mod of_import;
mod run;

use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use afsa_store::EventKey;
use hashbrown::HashSet;

use crate::error::Error;

pub(crate) use merge::{merged, worth_merging};
pub(crate) use of_import::{KeysOfImport, is_in};
pub(crate) use run::{Run, write_run};

/// Event keys in memory.
pub(crate) type KeySet = HashSet<EventKey, BuildHasherDefault<KeyHasher>>;

/// Event keys are keyed hashes already, so that nobody can choose ones that collide; multiplying
/// spreads those of tests, too.
#[derive(Default)]
pub(crate) struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(self.0.rotate_left(8) ^ u64::from(*byte));
        }
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The event keys of one account.
#[derive(Default)]
pub(crate) struct EventIndex {
    /// Of hits that only the log and memory hold.
    newest: KeySet,
    /// What is on its way into a run.
    flushing: Arc<Vec<EventKey>>,
    runs: Vec<Arc<Run>>,
    /// Keys that an import is just making durable: hits that carry them must wait until it is
    /// known whether they are doubles.
    undecided: Vec<Arc<Run>>,
}

/// What an account knows of some keys at one moment.
#[derive(Default)]
pub(crate) struct Known {
    /// Those of them that only the log and memory hold.
    pub newest: KeySet,
    /// All others that came before are in these, if anywhere.
    pub runs: Vec<Arc<Run>>,
}

/// What is known of an event key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Never,
    Before,
    /// An import that holds it is ending just now.
    Undecided,
}

impl EventIndex {
    pub fn new(runs: Vec<Arc<Run>>) -> EventIndex {
        EventIndex {
            runs,
            ..EventIndex::default()
        }
    }

    pub fn look_up(&self, key: EventKey) -> Result<Seen, Error> {
        if self.newest.contains(&key) || self.flushing.binary_search(&key).is_ok() {
            return Ok(Seen::Before);
        }
        for run in self.runs.iter().rev() {
            if run.contains(key)? {
                return Ok(Seen::Before);
            }
        }
        for run in &self.undecided {
            if run.contains(key)? {
                return Ok(Seen::Undecided);
            }
        }
        Ok(Seen::Never)
    }

    /// What is known of these keys, as far as memory tells: runs may have to be read, which must
    /// not keep the writer waiting.
    pub fn known(&self, keys: impl Iterator<Item = EventKey>) -> Known {
        let runs = self.runs.iter().rev().chain(&self.undecided);
        Known {
            newest: keys.filter(|key| self.is_newest(*key)).collect(),
            runs: runs.cloned().collect(),
        }
    }

    /// Whether the key came since the last flush.
    pub fn is_newest(&self, key: EventKey) -> bool {
        self.newest.contains(&key) || self.flushing.binary_search(&key).is_ok()
    }

    /// Makes room for so many more keys.
    pub fn reserve(&mut self, keys: usize) {
        self.newest.reserve(keys);
    }

    /// Takes the keys of durable hits.
    pub fn extend(&mut self, keys: impl Iterator<Item = EventKey>) {
        self.newest.extend(keys);
    }

    /// Sets the newest keys apart, sorted, for a run. They stay known.
    pub fn freeze(&mut self) -> Arc<Vec<EventKey>> {
        let mut keys: Vec<EventKey> = self.flushing.iter().copied().collect();
        keys.extend(self.newest.drain());
        keys.sort_unstable();
        self.flushing = Arc::new(keys);
        self.flushing.clone()
    }

    /// The run that holds what `freeze` set apart is durable.
    pub fn thaw(&mut self, run: Option<Arc<Run>>) {
        self.flushing = Arc::default();
        self.runs.extend(run);
    }

    /// The account's runs; newer ones last.
    pub fn runs(&self) -> &[Arc<Run>] {
        &self.runs
    }

    pub fn set_undecided(&mut self, runs: Vec<Arc<Run>>) {
        self.undecided = runs;
    }

    pub fn replace(&mut self, removed: &[u64], added: Vec<Arc<Run>>) {
        self.runs.retain(|run| !removed.contains(&run.id));
        self.runs.extend(added);
        self.runs.sort_by_key(|run| run.id);
    }
}
