//! Import jobs: received to a spool file, run one after the other, remembered in a ledger.
//!
//! A job survives a restart: what was received whole is run again from its spool file, what was
//! cut off while it was received is `failed`. A job whose data reached the store just before a
//! crash is found there and only its ledger entry is completed.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use afsa_model::{AccountId, Timestamp};
use afsa_store::{Store, StoreError};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::import::{self, ReasonTally, RunError, Source};
use crate::pipeline::Moment;
use crate::{Accounts, Clock, Format, Keys, Pipeline, Tally};

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportState {
    /// Being received, waiting, or under way.
    Running,
    /// In the figures.
    Done,
    /// Nothing of it is stored.
    Failed,
    /// Was in the figures and was taken out again.
    Undone,
}

impl ImportState {
    pub fn word(self) -> &'static str {
        match self {
            ImportState::Running => "running",
            ImportState::Done => "done",
            ImportState::Failed => "failed",
            ImportState::Undone => "undone",
        }
    }

    fn of(word: &str) -> ImportState {
        match word {
            "running" => ImportState::Running,
            "done" => ImportState::Done,
            "undone" => ImportState::Undone,
            _ => ImportState::Failed,
        }
    }
}

/// Why lines were not taken. Details of a reason that are too many to be told apart stand together.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    /// `order.id: missing`, `asset` …
    pub reason: String,
    pub count: u64,
    /// The first such line, counted from 1.
    pub first_line: u64,
    pub detail: String,
}

/// A job as the ledger has it.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportRecord {
    pub id: u32,
    pub format: Format,
    pub state: ImportState,
    pub created_at: Timestamp,
    pub finished_at: Option<Timestamp>,
    /// Lines.
    pub read: u64,
    pub accepted: u64,
    pub duplicates: u64,
    pub rejected: u64,
    pub skipped: u64,
    /// 0–1.
    pub progress: f64,
    /// Why it failed.
    pub error: Option<String>,
    /// Most frequent first.
    pub reasons: Vec<Reason>,
}

#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("there is no import {0}")]
    NotFound(u32),
    #[error("the account has {0} imports that are not done yet, which must end first")]
    TooMany(u32),
    #[error("import {0} is {1}, only one that is done can be undone")]
    NotDone(u32, &'static str),
    #[error("the ledger of imports: {0}")]
    Ledger(#[from] rusqlite::Error),
    #[error("the spool file: {0}")]
    Spool(#[from] std::io::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Runs jobs in a thread of its own and answers for them.
pub struct Imports {
    shared: Arc<Shared>,
    queue: Mutex<Option<Sender<(AccountId, u32)>>>,
    worker: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    ledger: Mutex<Connection>,
    spool: PathBuf,
    store: Arc<dyn Store>,
    pipeline: Arc<Pipeline>,
    accounts: Arc<dyn Accounts>,
    clock: Arc<dyn Clock>,
    keys: Arc<dyn Keys>,
    taken: Arc<dyn Fn(AccountId, u64) + Send + Sync>,
}

/// Imports of one account that are received, waiting or under way.
const MOST_RUNNING: u32 = 16;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS imports (
    account INTEGER NOT NULL, id INTEGER NOT NULL, format TEXT NOT NULL, state TEXT NOT NULL,
    received INTEGER NOT NULL DEFAULT 0, created_at INTEGER NOT NULL, finished_at INTEGER,
    read INTEGER NOT NULL DEFAULT 0, accepted INTEGER NOT NULL DEFAULT 0,
    duplicates INTEGER NOT NULL DEFAULT 0, rejected INTEGER NOT NULL DEFAULT 0,
    skipped INTEGER NOT NULL DEFAULT 0, progress REAL NOT NULL DEFAULT 0, error TEXT,
    PRIMARY KEY (account, id)
) STRICT;
CREATE TABLE IF NOT EXISTS reasons (
    account INTEGER NOT NULL, import INTEGER NOT NULL, reason TEXT NOT NULL,
    count INTEGER NOT NULL, first_line INTEGER NOT NULL, detail TEXT NOT NULL,
    PRIMARY KEY (account, import, reason)
) STRICT;
";

/// Reasons were kept with one detail each at first.
const DETAILS: &str = "
CREATE TABLE reasons_by_detail (
    account INTEGER NOT NULL, import INTEGER NOT NULL, reason TEXT NOT NULL,
    count INTEGER NOT NULL, first_line INTEGER NOT NULL, detail TEXT NOT NULL,
    PRIMARY KEY (account, import, reason, detail)
) STRICT;
INSERT INTO reasons_by_detail SELECT * FROM reasons;
DROP TABLE reasons;
ALTER TABLE reasons_by_detail RENAME TO reasons;
PRAGMA user_version = 1;
";

impl Imports {
    /// Opens the ledger and spool in this folder and takes up what a former run left. `taken` is
    /// told how many hits came by each import that is done, once.
    pub fn open(
        folder: &Path,
        store: Arc<dyn Store>,
        pipeline: Arc<Pipeline>,
        accounts: Arc<dyn Accounts>,
        clock: Arc<dyn Clock>,
        keys: Arc<dyn Keys>,
        taken: Arc<dyn Fn(AccountId, u64) + Send + Sync>,
    ) -> Result<Imports, ImportError> {
        let spool = folder.join("spool");
        std::fs::create_dir_all(&spool)?;
        let ledger = open_ledger(&folder.join("imports.sqlite"))?;
        let shared = Shared {
            ledger: Mutex::new(ledger),
            spool,
            store,
            pipeline,
            accounts,
            clock,
            keys,
            taken,
        };
        let unfinished = shared.take_up()?;
        let shared = Arc::new(shared);
        let (queue, jobs) = channel();
        for job in unfinished {
            // The receiver lives in this scope, so nothing can fail here.
            let _ = queue.send(job);
        }
        let worker = std::thread::Builder::new()
            .name("imports".to_owned())
            .spawn({
                let shared = shared.clone();
                move || shared.work(&jobs)
            })?;
        Ok(Imports {
            shared,
            queue: Mutex::new(Some(queue)),
            worker: Mutex::new(Some(worker)),
        })
    }

    /// Begins a job: its id, and the file that its data has to be written to. An account has only
    /// so many under way and waiting, since each takes its room on the disk.
    pub fn receive(
        &self,
        account: AccountId,
        format: Format,
    ) -> Result<(u32, PathBuf), ImportError> {
        let running: u32 = self.shared.ledger().query_row(
            "SELECT count(*) FROM imports WHERE account = ?1 AND state = 'running'",
            [account.0],
            |row| row.get(0),
        )?;
        if running >= MOST_RUNNING {
            return Err(ImportError::TooMany(running));
        }
        let id = self.begin(account, format)?;
        Ok((id, self.shared.spool_file(account, id)))
    }

    fn begin(&self, account: AccountId, format: Format) -> Result<u32, ImportError> {
        let ledger = self.shared.ledger();
        let id: u32 = ledger.query_row(
            "INSERT INTO imports (account, id, format, state, created_at)
             VALUES (?1, 1 + coalesce((SELECT max(id) FROM imports WHERE account = ?1), 0), ?2,
                     'running', ?3)
             RETURNING id",
            params![account.0, format.word(), self.shared.clock.now().0],
            |row| row.get(0),
        )?;
        Ok(id)
    }

    /// Everything was written to the file: makes it durable and queues the job.
    pub fn received(&self, account: AccountId, id: u32) -> Result<ImportRecord, ImportError> {
        File::open(self.shared.spool_file(account, id))?.sync_all()?;
        File::open(&self.shared.spool)?.sync_all()?;
        self.shared.ledger().execute(
            "UPDATE imports SET received = 1 WHERE account = ?1 AND id = ?2",
            params![account.0, id],
        )?;
        if let Some(queue) = lock(&self.queue).as_ref() {
            let _ = queue.send((account, id));
        }
        self.get(account, id)
    }

    /// The data didn't come whole: the job has failed.
    pub fn abandon(&self, account: AccountId, id: u32, why: &str) -> Result<(), ImportError> {
        let _ = std::fs::remove_file(self.shared.spool_file(account, id));
        self.shared.end(
            account,
            id,
            &Tally::default(),
            ImportState::Failed,
            Some(why),
        )
    }

    /// Runs a job over data that the caller reads, in the caller's thread.
    pub fn run_here(
        &self,
        account: AccountId,
        format: Format,
        input: &mut (dyn std::io::BufRead + Send),
        progress: &(dyn Fn(&Tally, Option<f64>) + Sync),
    ) -> Result<ImportRecord, ImportError> {
        let id = self.begin(account, format)?;
        self.shared.run(account, id, format, input, progress)?;
        self.get(account, id)
    }

    pub fn get(&self, account: AccountId, id: u32) -> Result<ImportRecord, ImportError> {
        self.shared
            .get(account, id)?
            .ok_or(ImportError::NotFound(id))
    }

    /// Newest first, and how many there are.
    pub fn list(
        &self,
        account: AccountId,
        limit: u32,
        offset: u32,
    ) -> Result<(Vec<ImportRecord>, u64), ImportError> {
        let ids: Vec<u32> = {
            let ledger = self.shared.ledger();
            let mut statement = ledger.prepare(
                "SELECT id FROM imports WHERE account = ?1 ORDER BY id DESC LIMIT ?2 OFFSET ?3",
            )?;
            let rows = statement.query_map(params![account.0, limit, offset], |row| row.get(0))?;
            rows.collect::<Result<_, _>>()?
        };
        let total = self.shared.ledger().query_row(
            "SELECT count(*) FROM imports WHERE account = ?1",
            [account.0],
            |row| row.get::<_, i64>(0),
        )?;
        let records = ids
            .into_iter()
            .filter_map(|id| self.shared.get(account, id).transpose())
            .collect::<Result<_, _>>()?;
        Ok((records, u64::try_from(total).unwrap_or(0)))
    }

    /// Takes a job that is done out of the figures again.
    pub fn undo(&self, account: AccountId, id: u32) -> Result<ImportRecord, ImportError> {
        let record = self.get(account, id)?;
        match record.state {
            ImportState::Undone => return Ok(record),
            ImportState::Done => {}
            state => return Err(ImportError::NotDone(id, state.word())),
        }
        match self.shared.store.undo_import(account, id) {
            // An import of nothing but refused lines leaves nothing to take out.
            Ok(_) | Err(StoreError::NoSuchImport) => {}
            Err(error) => return Err(error.into()),
        }
        self.shared.ledger().execute(
            "UPDATE imports SET state = 'undone', finished_at = ?3 WHERE account = ?1 AND id = ?2",
            params![account.0, id, self.shared.clock.now().0],
        )?;
        self.get(account, id)
    }

    /// Lets the job under way end, and waits for it.
    pub fn close(&self) {
        drop(lock(&self.queue).take());
        if let Some(worker) = lock(&self.worker).take() {
            let _ = worker.join();
        }
    }
}

fn open_ledger(path: &Path) -> Result<Connection, ImportError> {
    let mut ledger = Connection::open(path)?;
    ledger.pragma_update(None, "journal_mode", "WAL")?;
    let transaction = ledger.transaction()?;
    transaction.execute_batch(SCHEMA)?;
    let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version < 1 {
        transaction.execute_batch(DETAILS)?;
    }
    transaction.commit()?;
    Ok(ledger)
}

impl Shared {
    fn ledger(&self) -> MutexGuard<'_, Connection> {
        lock(&self.ledger)
    }

    fn spool_file(&self, account: AccountId, id: u32) -> PathBuf {
        self.spool.join(format!("{account}-{id}"))
    }

    /// Fails what was never received whole; gives what is still to run.
    fn take_up(&self) -> Result<Vec<(AccountId, u32)>, ImportError> {
        let jobs: Vec<(AccountId, u32, bool)> = {
            let ledger = self.ledger();
            let mut statement = ledger.prepare(
                "SELECT account, id, received FROM imports WHERE state = 'running'
                 ORDER BY created_at, id",
            )?;
            let rows = statement.query_map([], |row| {
                Ok((AccountId(row.get(0)?), row.get(1)?, row.get(2)?))
            })?;
            rows.collect::<Result<_, _>>()?
        };
        let mut unfinished = Vec::new();
        for (account, id, is_received) in jobs {
            if is_received {
                unfinished.push((account, id));
                continue;
            }
            let tally = self.get(account, id)?.map(tally_of).unwrap_or_default();
            // One that was run where its data was read is whole if the store has it.
            if let Err(StoreError::ImportExists(_)) = self.store.begin_import(account, id) {
                self.succeed(account, id, &tally)?;
            } else {
                let why = "the program stopped before everything was received";
                self.end(account, id, &tally, ImportState::Failed, Some(why))?;
            }
        }
        Ok(unfinished)
    }

    fn work(&self, jobs: &Receiver<(AccountId, u32)>) {
        for (account, id) in jobs {
            if let Err(error) = self.run_spooled(account, id) {
                tracing::error!(%account, import = id, %error, "an import could not be run");
                let _ = self.end(
                    account,
                    id,
                    &Tally::default(),
                    ImportState::Failed,
                    Some(&error.to_string()),
                );
            }
        }
    }

    fn run_spooled(&self, account: AccountId, id: u32) -> Result<(), ImportError> {
        let Some(record) = self.get(account, id)? else {
            return Ok(());
        };
        let path = self.spool_file(account, id);
        let file = File::open(&path)?;
        let mut input = import::decompressed(file)?;
        self.run(account, id, record.format, input.as_mut(), &|_, _| {})?;
        std::fs::remove_file(&path)?;
        Ok(())
    }

    fn run(
        &self,
        account: AccountId,
        id: u32,
        format: Format,
        input: &mut (dyn std::io::BufRead + Send),
        progress: &(dyn Fn(&Tally, Option<f64>) + Sync),
    ) -> Result<(), ImportError> {
        let Some(context) = self.accounts.context(account) else {
            let why = "the account is gone";
            return self.end(
                account,
                id,
                &Tally::default(),
                ImportState::Failed,
                Some(why),
            );
        };
        let moment = Moment::import(self.clock.now(), self.keys.random());
        let noted = |tally: &Tally, fraction: Option<f64>| {
            progress(tally, fraction);
            // Reading is told by lines; the end of it is about where the work is half done.
            let share = fraction.map_or(0.0, |fraction| 0.5 + fraction / 2.0);
            if let Err(error) = self.note(account, id, tally, share) {
                tracing::warn!(%account, import = id, %error, "progress could not be noted");
            }
        };
        let source = Source {
            pipeline: &self.pipeline,
            account: &context,
            format,
            moment,
        };
        let outcome = import::run(self.store.as_ref(), id, &source, input, &noted);
        match outcome {
            Ok(tally) => self.succeed(account, id, &tally),
            Err(RunError::Store(StoreError::ImportExists(_))) => {
                let tally = self.get(account, id)?.map(tally_of).unwrap_or_default();
                self.succeed(account, id, &tally)
            }
            Err(error) => {
                tracing::warn!(%account, import = id, %error, "an import failed");
                let tally = self.get(account, id)?.map(tally_of).unwrap_or_default();
                self.end(
                    account,
                    id,
                    &tally,
                    ImportState::Failed,
                    Some(&error.to_string()),
                )
            }
        }
    }

    fn note(
        &self,
        account: AccountId,
        id: u32,
        tally: &Tally,
        progress: f64,
    ) -> Result<(), ImportError> {
        let mut ledger = self.ledger();
        let transaction = ledger.transaction()?;
        transaction.execute(
            "UPDATE imports SET read = ?3, accepted = ?4, duplicates = ?5, rejected = ?6,
                    skipped = ?7, progress = ?8
             WHERE account = ?1 AND id = ?2",
            params![
                account.0,
                id,
                tally.read as i64,
                tally.accepted as i64,
                tally.duplicates as i64,
                tally.rejected as i64,
                tally.skipped as i64,
                progress
            ],
        )?;
        for ((reason, detail), tally) in &tally.reasons {
            transaction.execute(
                "INSERT OR REPLACE INTO reasons VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    account.0,
                    id,
                    reason,
                    tally.count as i64,
                    tally.first_line as i64,
                    detail
                ],
            )?;
        }
        transaction.commit()?;
        Ok(())
    }

    fn succeed(&self, account: AccountId, id: u32, tally: &Tally) -> Result<(), ImportError> {
        self.end(account, id, tally, ImportState::Done, None)?;
        (self.taken)(account, tally.accepted);
        Ok(())
    }

    fn end(
        &self,
        account: AccountId,
        id: u32,
        tally: &Tally,
        state: ImportState,
        error: Option<&str>,
    ) -> Result<(), ImportError> {
        let progress = if state == ImportState::Done { 1.0 } else { 0.0 };
        self.note(account, id, tally, progress)?;
        self.ledger().execute(
            "UPDATE imports SET state = ?3, error = ?4, finished_at = ?5
             WHERE account = ?1 AND id = ?2",
            params![account.0, id, state.word(), error, self.clock.now().0],
        )?;
        Ok(())
    }

    fn get(&self, account: AccountId, id: u32) -> Result<Option<ImportRecord>, ImportError> {
        let ledger = self.ledger();
        let record = ledger
            .query_row(
                "SELECT id, format, state, created_at, finished_at, read, accepted, duplicates,
                        rejected, skipped, progress, error
                 FROM imports WHERE account = ?1 AND id = ?2",
                params![account.0, id],
                record,
            )
            .optional()?;
        let Some(mut record) = record else {
            return Ok(None);
        };
        let mut statement = ledger.prepare(
            "SELECT reason, count, first_line, detail FROM reasons
             WHERE account = ?1 AND import = ?2 ORDER BY count DESC, reason, detail",
        )?;
        let rows = statement.query_map(params![account.0, id], |row| {
            Ok(Reason {
                reason: row.get(0)?,
                count: count(row, 1)?,
                first_line: count(row, 2)?,
                detail: row.get(3)?,
            })
        })?;
        record.reasons = rows.collect::<Result<_, _>>()?;
        Ok(Some(record))
    }
}

fn record(row: &Row<'_>) -> rusqlite::Result<ImportRecord> {
    Ok(ImportRecord {
        id: row.get(0)?,
        format: if row.get::<_, String>(1)? == "combined" {
            Format::Combined
        } else {
            Format::Ndjson
        },
        state: ImportState::of(&row.get::<_, String>(2)?),
        created_at: Timestamp(row.get(3)?),
        finished_at: row.get::<_, Option<i64>>(4)?.map(Timestamp),
        read: count(row, 5)?,
        accepted: count(row, 6)?,
        duplicates: count(row, 7)?,
        rejected: count(row, 8)?,
        skipped: count(row, 9)?,
        progress: row.get(10)?,
        error: row.get(11)?,
        reasons: Vec::new(),
    })
}

fn count(row: &Row<'_>, index: usize) -> rusqlite::Result<u64> {
    Ok(u64::try_from(row.get::<_, i64>(index)?).unwrap_or(0))
}

fn tally_of(record: ImportRecord) -> Tally {
    let reasons: BTreeMap<(String, String), ReasonTally> = record
        .reasons
        .into_iter()
        .map(|reason| {
            let Reason {
                reason,
                count,
                first_line,
                detail,
            } = reason;
            ((reason, detail), ReasonTally { count, first_line })
        })
        .collect();
    Tally {
        read: record.read,
        accepted: record.accepted,
        duplicates: record.duplicates,
        rejected: record.rejected,
        skipped: record.skipped,
        reasons,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
