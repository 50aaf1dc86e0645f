//! Runs of event keys: written, merged, removed.

use std::sync::Arc;

use afsa_store::EventKey;

use crate::account::Account;
use crate::disk::remove_file;
use crate::engine::Engine;
use crate::error::{Context, Error};
use crate::events::{Run, merged, worth_merging, write_run};
use crate::manifest::{Change, RunRow};

impl Engine {
    /// Writes keys, ascending and distinct, to a run that nothing lists yet. `room` is about how
    /// many they are.
    pub fn write_keys(
        &self,
        import: u32,
        room: usize,
        keys: impl Iterator<Item = Result<EventKey, Error>>,
    ) -> Result<Arc<Run>, Error> {
        let id = self.next_id();
        let path = self.run_path(id);
        let write = || {
            self.disk.before(&path).context("write", &path)?;
            let count = write_run(&path, room, keys)?;
            if let Some(folder) = path.parent() {
                self.disk.sync_folder(folder).context("sync", folder)?;
            }
            Ok(count)
        };
        match write() {
            Ok(count) => Ok(Arc::new(Run::new(id, import, count, path))),
            Err(error) => {
                remove_file(&*self.disk, &path);
                Err(error)
            }
        }
    }

    /// Merges runs until nothing is worth it. The caller holds the account's maintenance lock.
    pub fn merge_runs(&self, account: &Account) -> Result<(), Error> {
        loop {
            let mut sound = Vec::new();
            for run in account.events().runs().to_vec() {
                if run.is_sound()? {
                    sound.push(run);
                }
            }
            let Some(chosen) = worth_merging(&sound) else {
                return Ok(());
            };
            let import = chosen.first().map_or(0, |run| run.import);
            let keys: u64 = chosen.iter().map(|run| run.keys).sum();
            let run = self.write_keys(import, keys as usize, merged(&chosen)?)?;
            let mut row = account.state().row;
            row.next_sequence = account.sequences_end();
            let mut change = Change::of(row);
            change.added_runs = vec![run_row(account, &run)];
            change.removed_runs = chosen.iter().map(|run| run.id).collect();
            self.commit(&change)?;
            account.events().replace(&change.removed_runs, vec![run]);
            for run in chosen {
                remove_file(&*self.disk, &run.path);
            }
        }
    }
}

pub(crate) fn run_row(account: &Account, run: &Run) -> RunRow {
    RunRow {
        id: run.id,
        account: account.id,
        import: run.import,
        keys: run.keys,
    }
}

#[cfg(test)]
mod tests {
    use afsa_model::AccountId;
    use afsa_store::conformance::draft::Draft;
    use afsa_store::{Outcome, Store};

    use crate::faults::submit;
    use crate::{EmbeddedStore, Options};

    const ACCOUNT: AccountId = AccountId(1);

    #[test]
    fn runs_stay_few_and_know_every_key() {
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            most_hot_hits: 0,
            ..Options::new(folder.path())
        };
        let view = |key: u64| Draft::page_view(key as i64, key % 7 + 1, "/a").event_key(key);
        let store = EmbeddedStore::open(options.clone()).unwrap();
        for flush in 0..200 {
            submit(&store, ACCOUNT, vec![view(flush * 2), view(flush * 2 + 1)]).unwrap();
            store.maintain().unwrap();
            let (runs, files) = runs_and_files(&store, folder.path());
            assert!(runs <= 9, "{runs} runs after flush {flush}");
            assert_eq!(files, runs, "after flush {flush}");
        }
        let mut session = store.begin_import(ACCOUNT, 1).unwrap();
        let imported = (399..1_000).map(|key| view(key).0).collect();
        let outcomes = session.push(imported).unwrap();
        assert_eq!(outcomes[..2], [Outcome::Duplicate, Outcome::Accepted]);
        session.finish(&|_| {}).unwrap();
        submit(&store, ACCOUNT, vec![view(5_000)]).unwrap();
        store.maintain().unwrap();
        drop(store);
        let store = EmbeddedStore::open(options).unwrap();
        let outcomes = submit(&store, ACCOUNT, (0..1_001).map(view).collect()).unwrap();
        let mut expect = vec![Outcome::Duplicate; 1_000];
        expect.push(Outcome::Accepted);
        assert_eq!(outcomes, expect);
        // The import's keys lie apart, so that it can be undone.
        store.undo_import(ACCOUNT, 1).unwrap();
        let outcomes = submit(&store, ACCOUNT, (399..401).map(view).collect()).unwrap();
        assert_eq!(outcomes, [Outcome::Duplicate, Outcome::Accepted]);
    }

    fn runs_and_files(store: &EmbeddedStore, folder: &std::path::Path) -> (usize, usize) {
        let account = store.engine().account(ACCOUNT);
        let runs = account.events().runs().len();
        (
            runs,
            std::fs::read_dir(folder.join("events")).unwrap().count(),
        )
    }
}
