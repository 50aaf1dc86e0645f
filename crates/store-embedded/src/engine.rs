//! The store's inside: everything that its threads share.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use afsa_executor::Budget;
use afsa_model::AccountId;
use hashbrown::HashMap;
use rayon::prelude::*;

use crate::Options;
use crate::account::Account;
use crate::disk::{Disk, remove_folder};
use crate::error::{Context, Error};
use crate::events::Run;
use crate::log::{self, Finding, Frame, Log};
use crate::manifest::{AccountRow, Change, Contents, Manifest};
use crate::part::Part;

pub(crate) const MANIFEST: &str = "manifest.sqlite";
pub(crate) const LOG: &str = "log";
pub(crate) const SEGMENTS: &str = "segments";
pub(crate) const EVENTS: &str = "events";
pub(crate) const IMPORTS: &str = "imports";

pub(crate) struct Engine {
    pub options: Options,
    pub disk: Arc<dyn Disk>,
    pub manifest: Manifest,
    pub budget: Arc<Budget>,
    accounts: RwLock<HashMap<AccountId, Arc<Account>>>,
    log: Mutex<Log>,
    next_id: AtomicU64,
    /// A write of the log failed in a way that leaves unknown what is on disk.
    pub is_broken: AtomicBool,
    /// The last write of the log found no room.
    pub is_full: AtomicBool,
}

/// A store that was just opened, with what was found wrong and where frames go on.
pub(crate) struct Opened {
    pub engine: Engine,
    pub next_frame: u64,
    pub findings: Vec<Finding>,
}

impl Engine {
    /// Reads the manifest, removes what no manifest lists, and reads the log behind it.
    pub fn open(options: Options, disk: Arc<dyn Disk>) -> Result<Opened, Error> {
        let folder = options.folder.clone();
        for name in [LOG, SEGMENTS, EVENTS, IMPORTS] {
            let path = folder.join(name);
            fs::create_dir_all(&path).context("make", &path)?;
        }
        refuse_lost_manifest(&folder)?;
        let manifest = Manifest::open(&folder.join(MANIFEST))?;
        let contents = manifest.load()?;
        remove_orphans(&*disk, &folder, &contents)?;
        let last_id = contents.segments.iter().map(|segment| segment.id);
        let last_id = last_id
            .chain(contents.runs.iter().map(|run| run.id))
            .max()
            .unwrap_or(0);
        let accounts = accounts_of(&disk, &folder, contents);
        let log_folder = folder.join(LOG);
        let flushed = |account: AccountId| accounts.get(&account).map_or(0, |it| it.flushed());
        let recovered = log::recover(&*disk, &log_folder, &|account, frame| {
            frame > flushed(account)
        })?;
        let last_flushed = accounts
            .values()
            .map(|account| account.flushed())
            .max()
            .unwrap_or(0);
        let engine = Engine {
            budget: Budget::new(options.memory),
            options,
            disk: disk.clone(),
            manifest,
            accounts: RwLock::new(accounts),
            log: Mutex::new(Log::after(disk, &log_folder, recovered.files)),
            next_id: AtomicU64::new(last_id + 1),
            is_broken: AtomicBool::new(false),
            is_full: AtomicBool::new(false),
        };
        let hits: usize = recovered
            .frames
            .iter()
            .map(|frame| frame.arrivals.len())
            .sum();
        tracing::info!(frames = recovered.frames.len(), hits, "log read");
        let mut by_account: HashMap<AccountId, Vec<Frame>> = HashMap::new();
        for frame in recovered.frames {
            by_account.entry(frame.account).or_default().push(frame);
        }
        Vec::from_iter(by_account)
            .into_par_iter()
            .for_each(|(account, frames)| engine.account(account).take_recovered(frames));
        let next_frame = recovered.last_frame.max(last_flushed) + 1;
        Ok(Opened {
            engine,
            next_frame,
            findings: recovered.findings,
        })
    }

    /// The account, made when it is first spoken of.
    pub fn account(&self, id: AccountId) -> Arc<Account> {
        let known = self
            .accounts
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&id)
            .cloned();
        known.unwrap_or_else(|| {
            let mut accounts = self
                .accounts
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            let fresh = || {
                let row = AccountRow {
                    account: id,
                    bits: 0,
                    next_sequence: 1,
                    flushed: 0,
                };
                Arc::new(Account::new(row, Vec::new(), Vec::new(), Vec::new()))
            };
            accounts.entry(id).or_insert_with(fresh).clone()
        })
    }

    /// Every account, ascending.
    pub fn accounts(&self) -> Vec<Arc<Account>> {
        let accounts = self.accounts.read().unwrap_or_else(PoisonError::into_inner);
        let mut accounts: Vec<Arc<Account>> = accounts.values().cloned().collect();
        accounts.sort_unstable_by_key(|account| account.id);
        accounts
    }

    pub fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a change of what is visible. After an error nobody knows whether the next start will
    /// find it, so files that it speaks of must stay: what no manifest lists is removed then.
    pub fn commit(&self, change: &Change) -> Result<(), Error> {
        let path = self.options.folder.join(MANIFEST);
        self.disk.before(&path).context("change", &path)?;
        self.manifest.commit(change)?;
        self.disk.after(&path).context("change", &path)
    }

    /// A number for a segment or a run that none had before.
    pub fn next_id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }

    pub fn segment_folder(&self, id: u64) -> PathBuf {
        segment_folder(&self.options.folder, id)
    }

    pub fn run_path(&self, id: u64) -> PathBuf {
        run_path(&self.options.folder, id)
    }
}

pub(crate) fn segment_folder(folder: &Path, id: u64) -> PathBuf {
    folder.join(SEGMENTS).join(format!("{id:012}"))
}

pub(crate) fn run_path(folder: &Path, id: u64) -> PathBuf {
    folder.join(EVENTS).join(format!("{id:012}.run"))
}

fn accounts_of(
    disk: &Arc<dyn Disk>,
    folder: &Path,
    contents: Contents,
) -> HashMap<AccountId, Arc<Account>> {
    let mut parts: HashMap<AccountId, Vec<Part>> = HashMap::new();
    for row in contents.segments {
        let path = segment_folder(folder, row.id);
        parts
            .entry(row.account)
            .or_default()
            .push(Part::new(row, path, disk.clone()));
    }
    let mut runs: HashMap<AccountId, Vec<Arc<Run>>> = HashMap::new();
    for row in contents.runs {
        let run = Run::new(row.id, row.import, row.keys, run_path(folder, row.id));
        runs.entry(row.account).or_default().push(Arc::new(run));
    }
    let mut imports: HashMap<AccountId, Vec<u32>> = HashMap::new();
    for (account, import) in contents.imports {
        imports.entry(account).or_default().push(import);
    }
    let accounts = contents.accounts.into_iter().map(|row| {
        let id = row.account;
        let account = Account::new(
            row,
            parts.remove(&id).unwrap_or_default(),
            runs.remove(&id).unwrap_or_default(),
            imports.remove(&id).unwrap_or_default(),
        );
        (id, Arc::new(account))
    });
    accounts.collect()
}

/// Without a manifest every segment would be an orphan: a folder that has lost it keeps its files and
/// isn't opened.
fn refuse_lost_manifest(folder: &Path) -> Result<(), Error> {
    let path = folder.join(MANIFEST);
    if fs::metadata(&path).is_ok_and(|metadata| metadata.len() > 0) {
        return Ok(());
    }
    for name in [SEGMENTS, EVENTS] {
        let files = folder.join(name);
        if fs::read_dir(&files)
            .context("list", &files)?
            .next()
            .is_some()
        {
            let problem =
                "the manifest is lost, but what it listed is there: put back a copy of it";
            return Err(Error::damaged(&path, problem));
        }
    }
    Ok(())
}

/// Removes what was written for a change that never became visible.
fn remove_orphans(disk: &dyn Disk, folder: &Path, contents: &Contents) -> Result<(), Error> {
    for name in names_in(&folder.join(IMPORTS))? {
        remove_folder(disk, &folder.join(IMPORTS).join(name));
    }
    for name in names_in(&folder.join(SEGMENTS))? {
        let id: Option<u64> = name.parse().ok();
        let is_listed = contents
            .segments
            .iter()
            .any(|segment| Some(segment.id) == id);
        if !is_listed {
            remove_folder(disk, &folder.join(SEGMENTS).join(name));
        }
    }
    for name in names_in(&folder.join(EVENTS))? {
        let id: Option<u64> = name
            .strip_suffix(".run")
            .and_then(|digits| digits.parse().ok());
        let is_listed = contents.runs.iter().any(|run| Some(run.id) == id);
        if !is_listed {
            let path = folder.join(EVENTS).join(name);
            disk.remove(&path).context("remove", &path)?;
        }
    }
    Ok(())
}

pub(crate) fn names_in(folder: &Path) -> Result<Vec<String>, Error> {
    let entries = fs::read_dir(folder).context("list", folder)?;
    let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    names
        .collect::<std::io::Result<_>>()
        .context("list", folder)
}
