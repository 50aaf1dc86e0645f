//! The log: what is written and synced before a hit is acknowledged.
//!
//! Files `<number>.log` hold frames, each for one account and numbered without end. A file is
//! never reopened for writing: each start begins a new one with its first frame. It is removed
//! when every account with frames in it has them in segments.

mod frame;
mod recovery;
#[cfg(test)]
mod simulation;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use afsa_model::AccountId;
use hashbrown::HashMap;

use crate::disk::{AppendFile, Disk};
use crate::error::{Context, Error};

pub(crate) use frame::{Frame, put_frame};
pub use recovery::Finding;
pub(crate) use recovery::{check_file, recover};

/// What every log file begins with.
pub(crate) const HEADER: &[u8; 8] = b"afsalog\x01";

/// A file that has grown beyond this is followed by another.
const LONGEST_FILE: u64 = 16 << 20;

/// Why an append failed.
#[derive(Debug)]
pub(crate) enum AppendError {
    /// The disk is full: nothing was taken, the next try may succeed.
    Full(Error),
    /// Nobody knows what is on disk: nothing must be acknowledged from now on.
    Broken(Error),
}

/// The end of the log that is written to.
pub(crate) struct Log {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    open: Option<OpenFile>,
    next_number: u64,
    longest_file: u64,
    files: BTreeMap<u64, Coverage>,
}

struct OpenFile {
    number: u64,
    path: PathBuf,
    file: Box<dyn AppendFile>,
    length: u64,
}

/// What a file holds: its length and the last frame of each account in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Coverage {
    pub length: u64,
    pub last: HashMap<AccountId, u64>,
}

impl Log {
    /// Goes on after what `recover` found.
    pub fn after(disk: Arc<dyn Disk>, folder: &Path, files: BTreeMap<u64, Coverage>) -> Log {
        let next_number = files.keys().next_back().map_or(1, |last| last + 1);
        Log {
            disk,
            folder: folder.to_owned(),
            open: None,
            next_number,
            longest_file: LONGEST_FILE,
            files,
        }
    }

    /// Writes and syncs frames, all or none. `last` tells the last of them for each account.
    pub fn append(&mut self, frames: &[u8], last: &[(AccountId, u64)]) -> Result<(), AppendError> {
        if self
            .open
            .as_ref()
            .is_some_and(|open| open.length > self.longest_file)
        {
            self.open = None;
        }
        if self.open.is_none() {
            self.open = Some(self.begin_file()?);
        }
        let Some(open) = self.open.as_mut() else {
            return Ok(());
        };
        if let Err(error) = open.file.append(frames) {
            return Err(
                match is_disk_full(&error) && open.file.truncate(open.length).is_ok() {
                    true => AppendError::Full(Error::io("append to", &open.path, error)),
                    false => AppendError::Broken(Error::io("append to", &open.path, error)),
                },
            );
        }
        open.file
            .sync()
            .map_err(|error| AppendError::Broken(Error::io("sync", &open.path, error)))?;
        open.length += frames.len() as u64;
        let coverage = self.files.entry(open.number).or_default();
        coverage.length = open.length;
        coverage.last.extend(last.iter().copied());
        Ok(())
    }

    fn begin_file(&mut self) -> Result<OpenFile, AppendError> {
        let number = self.next_number;
        let path = self.folder.join(file_name(number));
        let begin = || -> io::Result<Box<dyn AppendFile>> {
            let mut file = self.disk.create(&path)?;
            file.append(HEADER)?;
            file.sync()?;
            self.disk.sync_folder(&self.folder)?;
            Ok(file)
        };
        match begin() {
            Ok(file) => {
                self.next_number += 1;
                Ok(OpenFile {
                    number,
                    path,
                    file,
                    length: HEADER.len() as u64,
                })
            }
            // The file has no frame, so the next try may well begin it again.
            Err(error) if is_disk_full(&error) => {
                Err(AppendError::Full(Error::io("create", &path, error)))
            }
            Err(error) => Err(AppendError::Broken(Error::io("create", &path, error))),
        }
    }

    /// Bytes of all files.
    pub fn length(&self) -> u64 {
        self.files.values().map(|coverage| coverage.length).sum()
    }

    /// The accounts that the oldest files wait for, until what remains is at most `bound` bytes.
    pub fn holders(&self, bound: u64, flushed: &dyn Fn(AccountId) -> u64) -> Vec<AccountId> {
        let mut excess = self.length().saturating_sub(bound);
        let mut holders = Vec::new();
        for coverage in self.files.values() {
            if excess == 0 {
                break;
            }
            let waiting = coverage
                .last
                .iter()
                .filter(|(account, last)| flushed(**account) < **last);
            holders.extend(waiting.map(|(account, _)| *account));
            excess = excess.saturating_sub(coverage.length);
        }
        holders.sort_unstable();
        holders.dedup();
        holders
    }

    /// Removes the files whose frames are all in segments. The file that is written to is
    /// followed by another if it is among them and worth it.
    pub fn remove_covered(&mut self, flushed: &dyn Fn(AccountId) -> u64) -> Result<(), Error> {
        let is_covered = |coverage: &Coverage| {
            coverage
                .last
                .iter()
                .all(|(account, last)| flushed(*account) >= *last)
        };
        let current = self.open.as_ref().map(|open| open.number);
        let covered: Vec<u64> = self
            .files
            .iter()
            .filter(|(number, coverage)| {
                is_covered(coverage)
                    && (Some(**number) != current || coverage.length > self.longest_file / 4)
            })
            .map(|(number, _)| *number)
            .collect();
        for number in &covered {
            if Some(*number) == current {
                self.open = None;
            }
            let path = self.folder.join(file_name(*number));
            self.disk.remove(&path).context("remove", &path)?;
            self.files.remove(number);
        }
        if !covered.is_empty() {
            self.disk
                .sync_folder(&self.folder)
                .context("sync", &self.folder)?;
        }
        Ok(())
    }
}

pub(crate) fn file_name(number: u64) -> String {
    format!("{number:012}.log")
}

/// The number of the log file of this name.
pub(crate) fn file_number(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".log")?;
    if digits.len() != 12 {
        None
    } else {
        digits.parse().ok()
    }
}

fn is_disk_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}
