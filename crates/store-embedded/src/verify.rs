//! Checking a store's folder from end to end, writing nothing.

use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::sync::Arc;

use hashbrown::HashSet;

use crate::disk::RealDisk;
use crate::engine::{EVENTS, LOG, MANIFEST, SEGMENTS, names_in, run_path, segment_folder};
use crate::error::{Context, Error};
use crate::events::Run;
use crate::log::{Finding, check_file, file_name, file_number};
use crate::manifest::Manifest;
use crate::part::Part;

/// What [`verify`] has looked at and found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub segments: u64,
    pub hits: u64,
    pub event_runs: u64,
    pub log_files: u64,
    /// Everything that is not as it was written, by file and offset. None: all is well.
    pub findings: Vec<Finding>,
}

/// Reads everything in the folder of a store that is not open: the manifest, each segment with its
/// checksums, references and order, each run of event keys, each frame of the log, and whether
/// the manifest and the folder list the same files.
///
/// # Errors
/// If the manifest can't be read at all, or [`Error::Locked`] while the store is open.
pub fn verify(folder: &Path) -> Result<Report, Error> {
    let mut report = Report::default();
    let _lock = lock_for_reading(folder)?;
    let path = folder.join(MANIFEST);
    let manifest = Manifest::open_for_reading(&path)?;
    for problem in manifest.check()? {
        report.findings.push(Finding {
            file: path.display().to_string(),
            offset: problem.offset,
            problem: problem.text,
        });
    }
    let contents = manifest.load()?;
    let mut listed = HashSet::new();
    for row in contents.segments {
        report.segments += 1;
        report.hits += row.hits;
        let path = segment_folder(folder, row.id);
        listed.insert(path.clone());
        if let Err(error) = Part::new(row, path, Arc::new(RealDisk)).shared.verify() {
            report.add_error(&error);
        }
    }
    for row in contents.runs {
        report.event_runs += 1;
        let path = run_path(folder, row.id);
        listed.insert(path.clone());
        let run = Run::new(row.id, row.import, row.keys, path);
        let read = run
            .keys()
            .and_then(|mut keys| keys.try_for_each(|key| key.map(drop)));
        if let Err(error) = read {
            report.add_error(&error);
        }
    }
    for kind in [SEGMENTS, EVENTS] {
        for name in names_in(&folder.join(kind))? {
            let path = folder.join(kind).join(name);
            if !listed.contains(&path) {
                report.add(
                    &path.display().to_string(),
                    "no manifest lists it; the next start removes it",
                );
            }
        }
    }
    verify_log(&folder.join(LOG), &mut report)?;
    Ok(report)
}

/// Keeps the store from being opened meanwhile. Whoever has it open moves files about.
fn lock_for_reading(folder: &Path) -> Result<Option<File>, Error> {
    let Ok(file) = File::open(folder.join("lock")) else {
        return Ok(None);
    };
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Err(Error::Locked(folder.display().to_string())),
        // Where files can't be locked, nobody could have opened the store.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(Some(file)),
    }
}

fn verify_log(folder: &Path, report: &mut Report) -> Result<(), Error> {
    let mut numbers = Vec::new();
    for name in names_in(folder)? {
        match file_number(&name) {
            Some(number) => numbers.push(number),
            None => report.add(
                &folder.join(&name).display().to_string(),
                "was set apart, or is not the store's",
            ),
        }
    }
    numbers.sort_unstable();
    for number in &numbers {
        report.log_files += 1;
        let path = folder.join(file_name(*number));
        let bytes = fs::read(&path).context("read", &path)?;
        report
            .findings
            .extend(check_file(&bytes, &path, Some(number) == numbers.last()));
    }
    Ok(())
}

impl Report {
    fn add(&mut self, file: &str, problem: impl Into<String>) {
        self.findings.push(Finding {
            file: file.into(),
            offset: None,
            problem: problem.into(),
        });
    }

    fn add_error(&mut self, error: &Error) {
        let (file, problem) = match error {
            Error::Damaged { path, problem } => (path.clone(), problem.clone()),
            Error::Segment(afsa_segments::SegmentError::Damaged { path, problem }) => {
                (path.clone(), problem.clone())
            }
            other => (String::from("store"), other.to_string()),
        };
        self.add(&file, problem);
    }
}
