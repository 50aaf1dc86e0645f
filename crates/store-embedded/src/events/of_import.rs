//! The event keys of an import under way.

use std::sync::Arc;

use afsa_store::EventKey;

use super::{KeySet, Known, Run};
use crate::error::Error;

/// Keys that are kept in memory before they are written to a run.
const MOST_KEYS: usize = 2_000_000;

/// Words of the filter: 64 MB, of which a small import touches but a few pages. A hundred million
/// keys find five bits each.
const FILTER_WORDS: usize = 1 << 23;
/// Words of one cache line.
const LINE: usize = 8;

/// Which keys the import has brought, and which the account had before.
#[derive(Default)]
pub(crate) struct KeysOfImport {
    /// Lets every key through that the import has brought, and few others: one look for most
    /// keys, however many runs there are. Made when the first key comes.
    filter: Vec<u64>,
    newest: KeySet,
    runs: Vec<Arc<Run>>,
}

impl KeysOfImport {
    /// Takes a key, and tells whether it came before: in the import, or by what is `known` of the
    /// account.
    pub fn is_double(&mut self, key: EventKey, known: &Known) -> Result<bool, Error> {
        let may_be_here = self.note(key);
        let is_here = may_be_here && (self.newest.contains(&key) || is_in(&self.runs, key)?);
        if is_here || known.newest.contains(&key) || is_in(&known.runs, key)? {
            return Ok(true);
        }
        self.newest.insert(key);
        Ok(false)
    }

    /// Has the filter let the key through from now on; tells whether it did before.
    fn note(&mut self, key: EventKey) -> bool {
        if self.filter.is_empty() {
            self.filter = vec![0; FILTER_WORDS];
        }
        // The highest bits choose the line, the lowest the bits within it.
        let hash = key.0.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let line = (hash >> 44) as usize % (FILTER_WORDS / LINE) * LINE;
        let mut was_there = true;
        for probe in 0..4 {
            let bit = (hash >> (probe * 9)) as usize % (LINE * 64);
            if let Some(word) = self.filter.get_mut(line + bit / 64) {
                was_there &= *word >> (bit % 64) & 1 == 1;
                *word |= 1 << (bit % 64);
            }
        }
        was_there
    }

    /// Whether so many keys are in memory that they had better go to a run.
    pub fn are_many(&self) -> bool {
        self.newest.len() > MOST_KEYS
    }

    /// Hands over the keys that are in memory, ascending; a run is to take their place.
    pub fn drain(&mut self) -> Vec<EventKey> {
        let mut keys: Vec<EventKey> = self.newest.drain().collect();
        keys.sort_unstable();
        keys
    }

    pub fn add_run(&mut self, run: Arc<Run>) {
        self.runs.push(run);
    }

    pub fn runs(&self) -> &[Arc<Run>] {
        &self.runs
    }

    pub fn take_runs(&mut self) -> Vec<Arc<Run>> {
        std::mem::take(&mut self.runs)
    }
}

/// Whether any of the runs holds the key.
pub(crate) fn is_in(runs: &[Arc<Run>], key: EventKey) -> Result<bool, Error> {
    for run in runs {
        if run.contains(key)? {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::{EventIndex, write_run};

    #[test]
    fn tells_doubles_of_memory_runs_and_account() {
        let folder = tempfile::tempdir().unwrap();
        let mut account = EventIndex::default();
        account.extend([EventKey(1), EventKey(2)].into_iter());
        let mut keys = KeysOfImport::default();
        let check = |keys: &mut KeysOfImport, key: u64, expect: bool| {
            let known = account.known([EventKey(key)].into_iter());
            assert_eq!(
                keys.is_double(EventKey(key), &known).unwrap(),
                expect,
                "{key}"
            );
        };
        check(&mut keys, 1, true);
        check(&mut keys, 1, true);
        for key in 10..20_000 {
            check(&mut keys, key, false);
        }
        check(&mut keys, 10, true);
        let drained = keys.drain();
        assert_eq!(drained, (10..20_000).map(EventKey).collect::<Vec<_>>());
        let path = folder.path().join("1.run");
        let count = drained.len();
        write_run(&path, count, drained.into_iter().map(Ok)).unwrap();
        keys.add_run(Arc::new(Run::new(1, 7, count as u64, path)));
        for key in 10..20_000 {
            check(&mut keys, key, true);
        }
        check(&mut keys, 20_000, false);
        check(&mut keys, 20_000, true);
        check(&mut keys, 2, true);
    }
}
