//! The store on a disk that fails: what a life that breaks off at any step leaves to the next.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, mpsc};

use afsa_model::{AccountId, Hit, Visit};
use afsa_store::conformance::draft::{Draft, MONDAY};
use afsa_store::{Outcome, Store, StoreError};
use tempfile::TempDir;

use crate::disk::{AppendFile, Disk, RealDisk};
use crate::{EmbeddedStore, Options, verify};

const ACCOUNT: AccountId = AccountId(1);
const IMPORT: u32 = 7;

pub(crate) fn submit(
    store: &EmbeddedStore,
    account: AccountId,
    drafts: Vec<Draft>,
) -> Result<Vec<Outcome>, StoreError> {
    let (sender, receiver) = mpsc::channel();
    let arrivals = drafts.into_iter().map(|draft| draft.0).collect();
    let reply = move |outcomes| sender.send(outcomes).unwrap();
    store.submit(account, arrivals, Box::new(reply));
    receiver.recv().unwrap()
}

/// Which operations fail.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// All from this one on: the process has died. What it was writing is torn.
    Death(u64),
    /// So many from this one on find the disk full.
    Full(u64, u64),
}

/// The file system, with a fault.
#[derive(Clone)]
struct Faulty {
    fault: Fault,
    done: Arc<Mutex<u64>>,
}

impl Faulty {
    fn new(fault: Fault) -> Faulty {
        Faulty {
            fault,
            done: Arc::default(),
        }
    }

    fn done(&self) -> u64 {
        *self.done.lock().unwrap()
    }

    /// Counts an operation; where it fails, says so.
    fn spend(&self) -> io::Result<()> {
        let mut done = self.done.lock().unwrap();
        *done += 1;
        match self.fault {
            Fault::Death(at) if *done > at => Err(io::Error::other("the process is dead")),
            Fault::Full(from, count) if *done > from && *done <= from + count => {
                Err(io::ErrorKind::StorageFull.into())
            }
            _ => Ok(()),
        }
    }

    fn is_dying(&self) -> bool {
        matches!(self.fault, Fault::Death(at) if self.done() == at + 1)
    }
}

impl Disk for Faulty {
    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        RealDisk.list(folder)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn AppendFile>> {
        self.spend()?;
        let file = RealDisk.create(path)?;
        Ok(Box::new(FaultyFile {
            disk: self.clone(),
            file,
        }))
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        RealDisk.read(path)
    }

    fn truncate(&self, path: &Path, length: u64) -> io::Result<()> {
        self.spend()?;
        RealDisk.truncate(path, length)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.spend()?;
        RealDisk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.spend()?;
        RealDisk.remove(path)
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        let spent = self.spend();
        if self.is_dying() {
            // Half of the files are gone already.
            for entry in fs::read_dir(path)?.step_by(2) {
                let _ = fs::remove_file(entry?.path());
            }
        }
        spent?;
        RealDisk.remove_folder(path)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.spend()?;
        RealDisk.sync_folder(folder)
    }

    fn before(&self, path: &Path) -> io::Result<()> {
        let spent = self.spend();
        let is_segment = path
            .parent()
            .is_some_and(|parent| parent.ends_with("segments"));
        if self.is_dying() && !path.exists() {
            // What was being written is there, torn.
            if is_segment {
                fs::create_dir(path)?;
                fs::write(path.join("visits.parquet"), b"PAR1")?;
            } else {
                fs::write(path, b"afsaevt")?;
            }
        }
        spent
    }

    fn after(&self, _: &Path) -> io::Result<()> {
        match self.fault {
            Fault::Death(_) => self.spend(),
            Fault::Full(..) => Ok(()),
        }
    }
}

struct FaultyFile {
    disk: Faulty,
    file: Box<dyn AppendFile>,
}

impl AppendFile for FaultyFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let spent = self.disk.spend();
        if spent.is_err() {
            // A write that is cut short has written a part.
            self.file
                .append(bytes.get(..bytes.len() / 2).unwrap_or_default())?;
        }
        spent?;
        self.file.append(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        // A full disk shows at writes: what was written finds room when it is synced.
        if matches!(self.disk.fault, Fault::Death(_)) {
            self.disk.spend()?;
        }
        self.file.sync()
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        if matches!(self.disk.fault, Fault::Death(_)) {
            self.disk.spend()?;
        }
        self.file.truncate(length)
    }
}

/// What may become of a hit that was sent.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    There,
    Gone,
    /// Nobody was told.
    Open,
}

/// Every hit that was sent, by its number, which is its page and its event key.
#[derive(Default)]
struct Ledger {
    live: BTreeMap<u64, Fate>,
    imported: BTreeMap<u64, Fate>,
}

/// Hits before this minute are removed in the end.
const REMOVED: u64 = 30;

/// Few visitors, so that late hits and imports meet what is stored; some hits tell users, some
/// only users, some nobody.
fn view(number: u64) -> Draft {
    let page = format!("/{number}");
    let minute = (number * 17 % 1_000) as i64;
    let draft = match number % 5 {
        0 => Draft::page_view(minute, 0, &page),
        1 => Draft::page_view(minute, 1, &page).by_user("anna"),
        2 => Draft::page_view(minute, 1 + number % 4, &page).user("anna"),
        _ => Draft::page_view(minute, 1 + number % 4, &page),
    };
    draft.event_key(number)
}

fn is_removed(number: u64) -> bool {
    number * 17 % 1_000 < REMOVED
}

/// A store's whole life, up to the first failure unless it `retries`.
struct Life<'a> {
    store: &'a EmbeddedStore,
    ledger: &'a mut Ledger,
    retries: bool,
}

impl Life<'_> {
    fn live(&mut self) -> Result<(), StoreError> {
        for round in 0..2 {
            self.submit(round * 20..round * 20 + 20)?;
            self.again(|life| life.store.maintain())?;
        }
        self.import(1_000..1_040)?;
        self.submit(80..100)?;
        self.undo()?;
        self.submit(100..110)?;
        self.remove()
    }

    /// Does it until it succeeds, if a failure isn't the end. In between everything can be seen.
    fn again<T>(
        &mut self,
        mut work: impl FnMut(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        for _ in 0..20 {
            let done = work(self);
            if done.is_ok() || !self.retries {
                return done;
            }
            check(self.store, self.ledger);
        }
        work(self)
    }

    fn submit(&mut self, numbers: std::ops::Range<u64>) -> Result<(), StoreError> {
        self.ledger
            .live
            .extend(numbers.clone().map(|number| (number, Fate::Open)));
        self.again(|life| submit(life.store, ACCOUNT, numbers.clone().map(view).collect()))?;
        self.ledger
            .live
            .extend(numbers.map(|number| (number, Fate::There)));
        Ok(())
    }

    fn import(&mut self, numbers: std::ops::Range<u64>) -> Result<(), StoreError> {
        let all = |fate| numbers.clone().map(move |number| (number, fate));
        self.ledger.imported.extend(all(Fate::Open));
        self.again(|life| {
            let mut session = life.store.begin_import(ACCOUNT, IMPORT)?;
            let outcomes = session.push(numbers.clone().map(|number| view(number).0).collect())?;
            assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Accepted));
            session.finish(&|_| {})
        })?;
        self.ledger.imported.extend(all(Fate::There));
        Ok(())
    }

    fn undo(&mut self) -> Result<(), StoreError> {
        self.set_imported(Fate::Open);
        self.again(|life| life.store.undo_import(ACCOUNT, IMPORT))?;
        self.set_imported(Fate::Gone);
        Ok(())
    }

    fn remove(&mut self) -> Result<(), StoreError> {
        let before = MONDAY.plus(REMOVED as i64 * afsa_model::MINUTE);
        for (number, fate) in &mut self.ledger.live {
            if is_removed(*number) {
                *fate = Fate::Open;
            }
        }
        self.again(|life| life.store.remove_before(ACCOUNT, before))
    }

    fn set_imported(&mut self, fate: Fate) {
        self.ledger.imported.values_mut().for_each(|it| *it = fate);
    }
}

/// How often each page was found.
fn pages(store: &EmbeddedStore) -> BTreeMap<u64, u64> {
    let mut pages = BTreeMap::new();
    let mut see = |hit: &Hit| {
        let page = hit
            .page
            .as_ref()
            .and_then(|page| page.page.clone())
            .unwrap();
        *pages.entry(page[1..].parse().unwrap()).or_default() += 1;
    };
    let mut of_visits = Vec::new();
    store
        .snapshot(ACCOUNT)
        .unwrap()
        .for_each_visit(
            &mut |visit: &Visit| of_visits.extend(visit.hits.iter().cloned()),
            &mut see,
        )
        .unwrap();
    of_visits.iter().for_each(see);
    pages
}

/// What is there is what must be there and nothing else, each once; an import is there whole or
/// not at all.
fn check(store: &EmbeddedStore, ledger: &Ledger) {
    let pages = pages(store);
    for (number, count) in &pages {
        assert_eq!(*count, 1, "{number} counts twice");
        let fate = ledger.live.get(number).or(ledger.imported.get(number));
        assert!(
            matches!(fate, Some(Fate::There | Fate::Open)),
            "{number} is there, but {fate:?}"
        );
    }
    for (number, fate) in ledger.live.iter().chain(&ledger.imported) {
        assert!(
            *fate != Fate::There || pages.contains_key(number),
            "{number} is lost"
        );
    }
    let imported = ledger.imported.keys();
    let found = imported.filter(|number| pages.contains_key(number)).count();
    assert!(
        found == 0 || found == ledger.imported.len(),
        "{found} of {} imported hits",
        ledger.imported.len()
    );
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    fn options(&self) -> Options {
        Options {
            most_hot_hits: 0,
            visits_per_shard: 60,
            ..Options::new(self.0.path())
        }
    }

    fn open_on(&self, fault: Fault) -> (Faulty, Result<EmbeddedStore, crate::Error>) {
        let disk = Faulty::new(fault);
        let store = EmbeddedStore::open_on(Arc::new(disk.clone()), self.options());
        (disk, store)
    }

    /// Opens it on a sound disk and looks whether everything is as it must be, goes on to be so,
    /// and is known.
    fn check(&self, ledger: &Ledger, with_upkeep: bool) {
        let store = EmbeddedStore::open(self.options()).unwrap();
        assert_eq!(store.findings(), []);
        check(&store, ledger);
        let found = pages(&store);
        if with_upkeep {
            store.maintain().unwrap();
            assert_eq!(pages(&store), found, "after upkeep");
        }
        let sent: Vec<u64> = ledger
            .live
            .iter()
            .chain(&ledger.imported)
            .map(|(number, _)| *number)
            .collect();
        let again = sent.iter().map(|number| view(*number)).collect();
        let outcomes = submit(&store, ACCOUNT, again).unwrap();
        for (number, outcome) in sent.iter().zip(outcomes) {
            assert!(
                !found.contains_key(number) || outcome == Outcome::Duplicate,
                "{number} is taken again"
            );
        }
        let all = pages(&store);
        for number in sent {
            let count = all.get(&number).copied().unwrap_or_default();
            assert!(
                count == 1 || is_removed(number) && count == 0,
                "{number}: {count}"
            );
        }
        drop(store);
        assert_eq!(verify(self.0.path()).unwrap().findings, []);
    }
}

#[test]
fn a_death_at_any_step_loses_nothing_and_doubles_nothing() {
    let mut lives = 0;
    for at in 0.. {
        let folder = Folder::new();
        let mut ledger = Ledger::default();
        let (disk, opened) = folder.open_on(Fault::Death(at));
        let finished = opened.is_ok_and(|store| {
            let mut life = Life {
                store: &store,
                ledger: &mut ledger,
                retries: false,
            };
            life.live().is_ok()
        });
        // A second life may die while it clears up after the first.
        let (_, second) = folder.open_on(Fault::Death(at % 5));
        drop(second);
        folder.check(&ledger, at % 4 == 0);
        lives += 1;
        if finished && disk.done() <= at {
            break;
        }
    }
    assert!(lives > 50, "{lives} lives");
}

#[test]
fn a_full_disk_keeps_nothing_from_being_seen_and_costs_nothing() {
    for from in (0..).step_by(3) {
        let folder = Folder::new();
        let mut ledger = Ledger::default();
        let (disk, opened) = folder.open_on(Fault::Full(from, 3 + from % 2));
        let Ok(store) = opened else { continue };
        let mut life = Life {
            store: &store,
            ledger: &mut ledger,
            retries: true,
        };
        life.live().unwrap();
        assert!(!store.is_broken());
        check(&store, &ledger);
        drop(store);
        folder.check(&ledger, true);
        if disk.done() <= from {
            break;
        }
    }
}
