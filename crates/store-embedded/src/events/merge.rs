//! Fewer, larger runs.
//!
//! Each run has more keys than all smaller ones together, or it is merged with them: so a key is
//! written anew as often as the account doubles. Keys of each import stay apart, because undoing
//! it drops them.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::sync::Arc;

use afsa_store::EventKey;

use super::run::{Keys, Run};
use crate::error::Error;

/// Runs of one import, or of live hits, that are worth making one.
pub(crate) fn worth_merging(runs: &[Arc<Run>]) -> Option<Vec<Arc<Run>>> {
    let imports: BTreeSet<u32> = runs.iter().map(|run| run.import).collect();
    imports.into_iter().find_map(|import| {
        let of_import = runs.iter().filter(|run| run.import == import);
        let mut largest_first: Vec<Arc<Run>> = of_import.cloned().collect();
        largest_first.sort_unstable_by_key(|run| Reverse(run.keys));
        let mut smaller: u64 = largest_first.iter().map(|run| run.keys).sum();
        let first = largest_first.iter().position(|run| {
            smaller -= run.keys;
            smaller > 0 && smaller * 2 >= run.keys
        })?;
        Some(largest_first.split_off(first))
    })
}

/// The keys of all runs, ascending and each once.
pub(crate) fn merged(
    runs: &[Arc<Run>],
) -> Result<impl Iterator<Item = Result<EventKey, Error>>, Error> {
    let mut merged = Merged {
        streams: Vec::new(),
        next: BinaryHeap::new(),
        previous: None,
    };
    for run in runs {
        merged.streams.push(run.keys()?);
        merged.read_on(merged.streams.len() - 1)?;
    }
    Ok(merged)
}

struct Merged<'a> {
    streams: Vec<Keys<'a>>,
    /// The next key of each stream that isn't at its end.
    next: BinaryHeap<Reverse<(EventKey, usize)>>,
    previous: Option<EventKey>,
}

impl Merged<'_> {
    fn read_on(&mut self, index: usize) -> Result<(), Error> {
        if let Some(key) = self.streams.get_mut(index).and_then(Iterator::next) {
            self.next.push(Reverse((key?, index)));
        }
        Ok(())
    }
}

impl Iterator for Merged<'_> {
    type Item = Result<EventKey, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Reverse((key, index)) = self.next.pop()?;
            if let Err(error) = self.read_on(index) {
                self.next.clear();
                return Some(Err(error));
            }
            if self.previous.replace(key) != Some(key) {
                return Some(Ok(key));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::write_run;

    #[test]
    fn merges_what_has_grown_alike_and_keeps_imports_apart() {
        let check = |runs: &[(u32, u64)], expect: &[u64]| {
            let runs: Vec<Arc<Run>> = (1..)
                .zip(runs)
                .map(|(id, (import, keys))| Arc::new(Run::new(id, *import, *keys, "".into())))
                .collect();
            let chosen = worth_merging(&runs).unwrap_or_default();
            let mut ids: Vec<u64> = chosen.iter().map(|run| run.id).collect();
            ids.sort_unstable();
            assert_eq!(ids, expect, "{runs:?}");
        };
        check(&[], &[]);
        check(&[(0, 5)], &[]);
        check(&[(0, 5), (0, 5)], &[1, 2]);
        check(&[(0, 5), (1, 5), (2, 5)], &[]);
        check(&[(0, 100), (0, 5), (0, 2)], &[]);
        check(&[(0, 100), (0, 5), (0, 4)], &[2, 3]);
        check(&[(0, 100), (3, 9), (3, 9), (0, 50)], &[1, 4]);
    }

    #[test]
    fn holds_each_key_once() {
        let folder = tempfile::tempdir().unwrap();
        let written = |id: u64, keys: &[u64]| {
            let path = folder.path().join(format!("{id}.run"));
            let keys = keys.iter().map(|key| Ok(EventKey(*key)));
            let count = write_run(&path, 4, keys).unwrap();
            Arc::new(Run::new(id, 0, count, path))
        };
        let runs = [
            written(1, &[1, 5, u64::MAX]),
            written(2, &[]),
            written(3, &[0, 5, 6]),
        ];
        let keys = merged(&runs).unwrap().map(|key| key.unwrap().0);
        assert_eq!(keys.collect::<Vec<_>>(), [0, 1, 5, 6, u64::MAX]);
    }
}
