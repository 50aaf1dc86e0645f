//! Reading the log after a start.
//!
//! A write that a crash cut short leaves a torn tail in the last file: it was never acknowledged
//! and is cut off. Damage anywhere else is reported with file and offset; the damaged file is set
//! apart under another name and a copy of its good frames takes its place, so that the next start
//! finds nothing wrong.

use std::collections::BTreeMap;
use std::path::Path;

use afsa_model::AccountId;
use rayon::prelude::*;

use super::frame::{self, Frame, PREFIX};
use super::{Coverage, HEADER, file_name, file_number};
use crate::codec::Decoder;
use crate::disk::Disk;
use crate::error::{Context, Error};

/// Something wrong in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Path relative to the store's folder, or as it was given.
    pub file: String,
    /// Byte offset, where one is known.
    pub offset: Option<u64>,
    pub problem: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.offset {
            Some(offset) => write!(
                formatter,
                "{} at byte {offset}: {}",
                self.file, self.problem
            ),
            None => write!(formatter, "{}: {}", self.file, self.problem),
        }
    }
}

/// What the log holds.
#[derive(Debug, Default)]
pub(crate) struct Recovered {
    /// Frames that `wanted` asked for, in the order in which they were written.
    pub frames: Vec<Frame>,
    pub files: BTreeMap<u64, Coverage>,
    /// The highest number of any frame.
    pub last_frame: u64,
    pub findings: Vec<Finding>,
}

/// Reads every file, repairing what a crash or a disk has left.
pub(crate) fn recover(
    disk: &dyn Disk,
    folder: &Path,
    wanted: &(dyn Fn(AccountId, u64) -> bool + Sync),
) -> Result<Recovered, Error> {
    let mut numbers: Vec<u64> = disk
        .list(folder)
        .context("list", folder)?
        .iter()
        .filter_map(|name| file_number(name))
        .collect();
    numbers.sort_unstable();
    let last = numbers.last().copied();
    let scans: Vec<Result<Scan, Error>> = numbers
        .par_iter()
        .map(|number| {
            let path = folder.join(file_name(*number));
            let bytes = disk.read(&path).context("read", &path)?;
            let scan = scan(&bytes, &path, wanted);
            repair(disk, folder, *number, Some(*number) == last, &bytes, &scan)?;
            Ok(scan)
        })
        .collect();
    let mut recovered = Recovered::default();
    for (number, scan) in numbers.into_iter().zip(scans) {
        let scan = scan?;
        recovered.last_frame = recovered.last_frame.max(scan.last_frame);
        recovered.frames.extend(scan.frames);
        recovered.findings.extend(scan.findings);
        recovered.files.insert(number, scan.coverage);
    }
    Ok(recovered)
}

/// What is wrong with a log file, changing nothing. `is_last` excuses a torn tail.
pub(crate) fn check_file(bytes: &[u8], path: &Path, is_last: bool) -> Vec<Finding> {
    let scan = scan(bytes, path, &|_, _| true);
    let mut findings = scan.findings;
    if scan.end < bytes.len() && !is_last {
        findings.push(torn_tail(path, scan.end, bytes.len()));
    }
    findings
}

#[derive(Default)]
struct Scan {
    frames: Vec<Frame>,
    coverage: Coverage,
    last_frame: u64,
    /// Damage with good frames behind it, or frames that cannot be decoded.
    findings: Vec<Finding>,
    /// Spans of good frames.
    good: Vec<(usize, usize)>,
    /// Where the last good frame ends.
    end: usize,
}

fn scan(bytes: &[u8], path: &Path, wanted: &dyn Fn(AccountId, u64) -> bool) -> Scan {
    let mut scan = Scan::default();
    let mut decoder = Decoder::default();
    let mut offset = HEADER.len();
    let file = path.display().to_string();
    if !bytes.starts_with(HEADER) && bytes.len() > HEADER.len() {
        scan.findings.push(Finding {
            file: file.clone(),
            offset: Some(0),
            problem: "no log of a known version begins here".into(),
        });
    }
    scan.end = offset.min(bytes.len());
    while offset < bytes.len() {
        let Some(payload) = frame::payload_at(bytes, offset) else {
            let Some(next) = next_frame(bytes, offset + 1) else {
                break;
            };
            scan.findings.push(Finding {
                file: file.clone(),
                offset: Some(offset as u64),
                problem: format!("{} bytes are not what was written", next - offset),
            });
            offset = next;
            continue;
        };
        let end = offset + PREFIX + payload.len();
        match take(payload, &mut decoder, wanted, &mut scan) {
            Ok(()) => scan.good.push((offset, end)),
            Err(error) => scan.findings.push(Finding {
                file: file.clone(),
                offset: Some(offset as u64),
                problem: format!("a frame that cannot be read: {error}"),
            }),
        }
        offset = end;
        scan.end = end;
    }
    scan.coverage.length = scan.end as u64;
    scan
}

fn take(
    payload: &[u8],
    decoder: &mut Decoder,
    wanted: &dyn Fn(AccountId, u64) -> bool,
    scan: &mut Scan,
) -> Result<(), crate::codec::DecodeError> {
    let (account, number) = frame::head(payload)?;
    if wanted(account, number) {
        scan.frames.push(frame::decode(payload, decoder)?);
    }
    scan.last_frame = scan.last_frame.max(number);
    let last = scan.coverage.last.entry(account).or_default();
    *last = number.max(*last);
    Ok(())
}

/// The next offset at which a whole frame stands.
fn next_frame(bytes: &[u8], from: usize) -> Option<usize> {
    (from..bytes.len().saturating_sub(PREFIX))
        .find(|offset| frame::payload_at(bytes, *offset).is_some())
}

fn repair(
    disk: &dyn Disk,
    folder: &Path,
    number: u64,
    is_last: bool,
    bytes: &[u8],
    scan: &Scan,
) -> Result<(), Error> {
    let path = folder.join(file_name(number));
    let has_tail = scan.end < bytes.len();
    if scan.findings.is_empty() && (is_last || !has_tail) {
        if has_tail {
            tracing::warn!(finding = %torn_tail(&path, scan.end, bytes.len()), "log tail cut off");
            disk.truncate(&path, scan.end as u64)
                .context("truncate", &path)?;
        }
        return Ok(());
    }
    for finding in &scan.findings {
        tracing::error!(%finding, "log damaged");
    }
    if has_tail {
        tracing::error!(finding = %torn_tail(&path, scan.end, bytes.len()), "log damaged");
    }
    // The copy of the good frames is whole before it takes the name; the damaged file gets a
    // second name first by a copy of its bytes, so that at no moment neither exists.
    let aside = folder.join(format!("{}.damaged", file_name(number)));
    write_whole(disk, folder, &aside, bytes)?;
    let mut good = HEADER.to_vec();
    for (start, end) in &scan.good {
        good.extend_from_slice(bytes.get(*start..*end).unwrap_or_default());
    }
    write_whole(disk, folder, &path, &good)
}

fn write_whole(disk: &dyn Disk, folder: &Path, path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let temporary = path.with_extension("new");
    let mut file = disk.create(&temporary).context("create", &temporary)?;
    file.append(bytes).context("write", &temporary)?;
    file.sync().context("sync", &temporary)?;
    disk.rename(&temporary, path)
        .context("rename", &temporary)?;
    disk.sync_folder(folder).context("sync", folder)
}

fn torn_tail(path: &Path, end: usize, length: usize) -> Finding {
    Finding {
        file: path.display().to_string(),
        offset: Some(end as u64),
        problem: format!("the last {} bytes are no whole frame", length - end),
    }
}
