//! The log on a simulated disk that loses its power after any operation.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use afsa_model::AccountId;
use afsa_store::Arrival;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::{AppendError, Log, put_frame, recover};
use crate::disk::{AppendFile, Disk};
use crate::samples::arrival;

/// What a file is after a power cut and what it would be without.
#[derive(Clone, Default)]
struct Bytes {
    synced: Vec<u8>,
    written: Vec<u8>,
}

/// Files whose names are durable, and files as they are called now.
#[derive(Clone, Default)]
struct Files {
    contents: Vec<Bytes>,
    durable: BTreeMap<PathBuf, usize>,
    current: BTreeMap<PathBuf, usize>,
    /// Operations left until the power goes.
    left: u64,
    /// Bytes left until the disk is full.
    room: u64,
}

#[derive(Clone)]
struct Simulated(Arc<Mutex<Files>>);

struct SimulatedFile(Arc<Mutex<Files>>, usize);

fn power_cut() -> io::Error {
    io::Error::other("power cut")
}

impl Files {
    fn spend(&mut self) -> io::Result<()> {
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(power_cut()),
        }
    }

    /// What is found when the power comes back: of what was not synced some is kept, some torn,
    /// some lost, and of names that were not synced some came through.
    fn after_power_cut(&self, random: &mut StdRng) -> Files {
        let mut names = self.durable.clone();
        for (path, file) in &self.current {
            if !names.contains_key(path) && random.random() {
                names.insert(path.clone(), *file);
            }
        }
        names.retain(|path, _| self.current.contains_key(path) || random.random());
        let contents = self.contents.iter().map(|bytes| {
            let mut found = bytes.synced.clone();
            match random.random_range(0..4) {
                0 => {}
                1 => found = bytes.written.clone(),
                2 if bytes.written.len() > found.len() => {
                    let length = random.random_range(found.len()..=bytes.written.len());
                    found = bytes.written.get(..length).unwrap_or_default().to_vec();
                }
                _ => {
                    // Pages arrived in another order: some of them are still zero.
                    let synced = found.len();
                    found = bytes.written.clone();
                    for page in found.get_mut(synced..).unwrap_or_default().chunks_mut(64) {
                        if random.random() {
                            page.fill(0);
                        }
                    }
                }
            }
            Bytes {
                synced: found.clone(),
                written: found,
            }
        });
        Files {
            contents: contents.collect(),
            durable: names.clone(),
            current: names,
            left: u64::MAX,
            room: u64::MAX,
        }
    }
}

impl Disk for Simulated {
    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let files = self.0.lock().unwrap();
        let names = files
            .current
            .keys()
            .filter_map(|path| path.strip_prefix(folder).ok());
        Ok(names.map(|name| name.display().to_string()).collect())
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn AppendFile>> {
        let mut files = self.0.lock().unwrap();
        files.spend()?;
        let file = files.contents.len();
        files.contents.push(Bytes::default());
        files.current.insert(path.to_owned(), file);
        Ok(Box::new(SimulatedFile(self.0.clone(), file)))
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let files = self.0.lock().unwrap();
        let file = files.current.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(files.contents[*file].written.clone())
    }

    fn truncate(&self, path: &Path, length: u64) -> io::Result<()> {
        let mut files = self.0.lock().unwrap();
        files.spend()?;
        let file = *files.current.get(path).ok_or(io::ErrorKind::NotFound)?;
        files.contents[file].written.truncate(length as usize);
        files.contents[file].synced = files.contents[file].written.clone();
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut files = self.0.lock().unwrap();
        files.spend()?;
        let file = files.current.remove(from).ok_or(io::ErrorKind::NotFound)?;
        files.current.insert(to.to_owned(), file);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut files = self.0.lock().unwrap();
        files.spend()?;
        files.current.remove(path);
        Ok(())
    }

    fn remove_folder(&self, _: &Path) -> io::Result<()> {
        unreachable!("the log has no folders")
    }

    fn sync_folder(&self, _: &Path) -> io::Result<()> {
        let mut files = self.0.lock().unwrap();
        files.spend()?;
        files.durable = files.current.clone();
        Ok(())
    }
}

impl AppendFile for SimulatedFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut files = self.0.lock().unwrap();
        let whole = files.spend().is_ok();
        let room = files.room.min(bytes.len() as u64);
        files.room -= room;
        // A write that is cut short has written a part.
        let taken = if whole {
            room as usize
        } else {
            room as usize / 2
        };
        files.contents[self.1]
            .written
            .extend_from_slice(&bytes[..taken]);
        if !whole {
            return Err(power_cut());
        }
        if taken < bytes.len() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut files = self.0.lock().unwrap();
        files.spend()?;
        let bytes = &mut files.contents[self.1];
        bytes.synced = bytes.written.clone();
        Ok(())
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        let mut files = self.0.lock().unwrap();
        files.spend()?;
        files.contents[self.1].written.truncate(length as usize);
        Ok(())
    }
}

/// Everything that was sent, and how much of it was acknowledged.
#[derive(Default)]
struct Ledger {
    sent: BTreeMap<u64, Vec<Arrival>>,
    acknowledged: Vec<u64>,
}

const FOLDER: &str = "log";
const ACCOUNT: AccountId = AccountId(1);

/// Opens what is there, looks whether it is what it must be, and writes on until something fails.
fn live(files: &Arc<Mutex<Files>>, ledger: &mut Ledger, random: &mut StdRng, at_most: u64) {
    let disk = Simulated(files.clone());
    let folder = Path::new(FOLDER);
    let Ok(recovered) = recover(&disk, folder, &|_, _| true) else {
        return;
    };
    let found: Vec<u64> = recovered.frames.iter().map(|frame| frame.number).collect();
    for number in &ledger.acknowledged {
        assert!(
            found.contains(number),
            "acknowledged frame {number} is gone"
        );
    }
    let mut distinct = found.clone();
    distinct.dedup();
    assert_eq!(distinct, found, "a frame is there twice, or out of order");
    for frame in &recovered.frames {
        assert_eq!(
            Some(&frame.arrivals),
            ledger.sent.get(&frame.number),
            "frame {}",
            frame.number
        );
    }
    let mut number = recovered
        .last_frame
        .max(ledger.sent.keys().max().copied().unwrap_or(0));
    let mut log = Log::after(Arc::new(disk), folder, recovered.files);
    log.longest_file = 2_000;
    for _ in 0..at_most {
        let mut frames = Vec::new();
        let from = number + 1;
        for _ in 0..random.random_range(1..4) {
            number += 1;
            let arrivals: Vec<Arrival> = (0..random.random_range(1..3))
                .map(|_| arrival(random))
                .collect();
            put_frame(&mut frames, ACCOUNT, number, &arrivals);
            ledger.sent.insert(number, arrivals);
        }
        match log.append(&frames, &[(ACCOUNT, number)]) {
            Ok(()) => ledger.acknowledged.extend(from..=number),
            Err(AppendError::Full(_)) => {
                let mut files = files.lock().unwrap();
                files.room = files.room.max(random.random_range(0..5_000));
            }
            Err(AppendError::Broken(_)) => return,
        }
    }
}

#[test]
fn nothing_acknowledged_is_lost_and_nothing_comes_from_nowhere() {
    let mut states = 0;
    for seed in 0..60 {
        let mut random = StdRng::seed_from_u64(seed);
        for operations in 0..60 {
            let files = Files {
                left: operations,
                room: u64::MAX,
                ..Files::default()
            };
            let files = Arc::new(Mutex::new(files));
            let mut ledger = Ledger::default();
            live(&files, &mut ledger, &mut random, 20);
            // A second life whose repairs are cut short as well, then a third to look at it.
            for _ in 0..2 {
                let after = files.lock().unwrap().after_power_cut(&mut random);
                *files.lock().unwrap() = after;
                files.lock().unwrap().left = random.random_range(0..30);
                live(&files, &mut ledger, &mut random, 5);
                states += 1;
            }
            let after = files.lock().unwrap().after_power_cut(&mut random);
            *files.lock().unwrap() = after;
            live(&files, &mut ledger, &mut random, 0);
            states += 1;
        }
    }
    assert!(states > 10_000, "{states} states");
}

#[test]
fn a_full_disk_refuses_and_takes_again_when_there_is_room() {
    for room in 0..400 {
        let mut random = StdRng::seed_from_u64(room);
        let files = Files {
            left: u64::MAX,
            room: room * 10,
            ..Files::default()
        };
        let files = Arc::new(Mutex::new(files));
        let mut ledger = Ledger::default();
        live(&files, &mut ledger, &mut random, 12);
        let after = files.lock().unwrap().after_power_cut(&mut random);
        *files.lock().unwrap() = after;
        live(&files, &mut ledger, &mut random, 3);
        assert!(!ledger.acknowledged.is_empty());
    }
}

#[test]
fn damage_in_the_middle_is_told_set_apart_and_costs_only_itself() {
    let mut random = StdRng::seed_from_u64(5);
    let files = Files {
        left: u64::MAX,
        room: u64::MAX,
        ..Files::default()
    };
    let files = Arc::new(Mutex::new(files));
    let mut ledger = Ledger::default();
    live(&files, &mut ledger, &mut random, 3);
    let path = Path::new(FOLDER).join(super::file_name(1));
    {
        let mut files = files.lock().unwrap();
        let file = files.current[&path];
        files.contents[file].written[20] ^= 4;
    }
    let disk = Simulated(files.clone());
    let recovered = recover(&disk, Path::new(FOLDER), &|_, _| true).unwrap();
    assert_eq!(recovered.frames.len(), ledger.sent.len() - 1);
    assert_eq!(recovered.findings.len(), 1);
    assert_eq!(
        recovered.findings[0].offset,
        Some(super::HEADER.len() as u64)
    );
    assert!(
        disk.list(Path::new(FOLDER))
            .unwrap()
            .iter()
            .any(|name| name.ends_with(".damaged"))
    );
    let again = recover(&disk, Path::new(FOLDER), &|_, _| true).unwrap();
    assert_eq!(again.frames, recovered.frames);
    assert_eq!(again.findings, []);
}
