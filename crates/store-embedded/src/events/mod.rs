//! Which event keys an account has seen: the newest in memory, all others in sorted runs on disk.

mod merge;
mod run;

use std::collections::HashSet;
use std::sync::Arc;

use afsa_store::EventKey;

use crate::error::Error;

pub(crate) use merge::{merged, worth_merging};
pub(crate) use run::{Run, write_run};

/// The event keys of one account.
#[derive(Default)]
pub(crate) struct EventIndex {
    /// Of hits that only the log and memory hold.
    newest: HashSet<EventKey>,
    /// What is on its way into a run.
    flushing: Arc<Vec<EventKey>>,
    runs: Vec<Arc<Run>>,
    /// Keys that an import is just making durable: hits that carry them must wait until it is
    /// known whether they are doubles.
    undecided: Vec<Arc<Run>>,
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

    /// Whether the key came since the last flush.
    pub fn is_newest(&self, key: EventKey) -> bool {
        self.newest.contains(&key) || self.flushing.binary_search(&key).is_ok()
    }

    pub fn insert(&mut self, key: EventKey) {
        self.newest.insert(key);
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
