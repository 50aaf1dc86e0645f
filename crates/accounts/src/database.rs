//! The file: opening, migrating, and who may use which connection.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use afsa_model::Timestamp;
use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use crate::completion::Completion;
use crate::people::{self, Hashing};
use crate::usage::Taken;
use crate::{Error, key, oauth, usage};

/// Every step from an empty file to the present, in order. Steps are only ever added.
const MIGRATIONS: [(&str, &str); 6] = [
    (
        "0001_accounts",
        include_str!("../migrations/0001_accounts.sql"),
    ),
    ("0002_usage", include_str!("../migrations/0002_usage.sql")),
    ("0003_shops", include_str!("../migrations/0003_shops.sql")),
    ("0004_people", include_str!("../migrations/0004_people.sql")),
    ("0005_oauth", include_str!("../migrations/0005_oauth.sql")),
    ("0006_looks", include_str!("../migrations/0006_looks.sql")),
];

/// How long a statement waits for another process to let go of the file.
const PATIENCE: Duration = Duration::from_secs(10);

/// The accounts of an installation.
pub struct Accounts {
    /// Never waits for a write to reach the disk, so a request is not slowed by another's change.
    reading: Mutex<Connection>,
    writing: Mutex<Connection>,
    /// When keys were last used, not yet written.
    pub(crate) uses: Mutex<HashMap<i64, Timestamp>>,
    /// Hits that were taken, not yet written.
    pub(crate) hits: Mutex<Taken>,
    pub(crate) completion: Mutex<Completion>,
    /// When grants of apps were last used, not yet written.
    pub(crate) grant_uses: Mutex<HashMap<i64, Timestamp>>,
    /// When sessions were last seen, not yet written.
    pub(crate) seen: Mutex<HashMap<i64, Timestamp>>,
    pub(crate) hashing: Hashing,
}

impl Accounts {
    /// Opens the file, which is made where there is none, and brings it up to date.
    pub fn open(path: &Path) -> Result<Accounts, Error> {
        Accounts::connect(|| Connection::open(path))
    }

    /// Accounts that are gone when dropped.
    pub fn in_memory() -> Result<Accounts, Error> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let address = format!("file:afsa-accounts-{number}?mode=memory&cache=shared");
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_URI;
        let accounts = Accounts::connect(|| Connection::open_with_flags(&address, flags))?;
        // Connections that share a memory lock whole tables instead of seeing the past.
        accounts
            .read()
            .pragma_update(None, "read_uncommitted", true)?;
        Ok(accounts)
    }

    fn connect(open: impl Fn() -> rusqlite::Result<Connection>) -> Result<Accounts, Error> {
        let mut writing = prepared(open()?)?;
        migrate(&mut writing)?;
        let reading = prepared(open()?)?;
        reading.pragma_update(None, "query_only", true)?;
        Ok(Accounts {
            reading: Mutex::new(reading),
            writing: Mutex::new(writing),
            uses: Mutex::default(),
            hits: Mutex::default(),
            completion: Mutex::default(),
            grant_uses: Mutex::default(),
            seen: Mutex::default(),
            hashing: Hashing::default(),
        })
    }

    /// A number that is another one after each change of the file, by this process or others, and
    /// cheap to ask for.
    pub fn version(&self) -> Result<i64, Error> {
        Ok(self
            .read()
            .pragma_query_value(None, "data_version", |row| row.get(0))?)
    }

    /// Writes when keys, apps and sessions were last used and how many hits were taken. Noting these costs
    /// a write to the disk, so it is left to whoever runs the program to do it now and then. What could not
    /// be written stays noted.
    pub fn write_notes(&self, now: Timestamp) -> Result<(), Error> {
        let mut connection = self.write();
        oauth::forget(&connection, now)?;
        let grant_uses = std::mem::take(
            &mut *self
                .grant_uses
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
        let uses = std::mem::take(&mut *self.uses.lock().unwrap_or_else(PoisonError::into_inner));
        let hits = std::mem::take(&mut *self.taken());
        let seen = std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner));
        if uses.is_empty() && grant_uses.is_empty() && hits.is_empty() && seen.is_empty() {
            return Ok(());
        }
        let written = (|| {
            let transaction = connection.transaction()?;
            key::write_uses(&transaction, &uses)?;
            oauth::write_uses(&transaction, &grant_uses)?;
            people::write_seen(&transaction, &seen)?;
            usage::write(&transaction, &hits, now)?;
            Ok(transaction.commit()?)
        })();
        if written.is_err() {
            note_later(&self.uses, uses);
            note_later(&self.grant_uses, grant_uses);
            note_later(&self.seen, seen);
            self.note_hits_again(hits);
        }
        written
    }

    fn note_hits_again(&self, hits: Taken) {
        let mut noted_hits = self.taken();
        for (quarter, count) in hits {
            let noted = noted_hits.entry(quarter).or_default();
            *noted = noted.saturating_add(count);
        }
    }

    pub(crate) fn read(&self) -> MutexGuard<'_, Connection> {
        // A panic elsewhere leaves no half-done state behind: SQLite rolls it back.
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> MutexGuard<'_, Connection> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Copies everything to a new file, while others go on reading and writing.
    pub fn back_up(&self, path: &Path) -> Result<(), Error> {
        self.read()
            .backup("main", path, None::<fn(rusqlite::backup::Progress)>)?;
        Ok(())
    }
}

/// Notes again what could not be written.
fn note_later(noted: &Mutex<HashMap<i64, Timestamp>>, unwritten: HashMap<i64, Timestamp>) {
    let mut noted = noted.lock().unwrap_or_else(PoisonError::into_inner);
    for (id, at) in unwritten {
        let noted = noted.entry(id).or_insert(at);
        *noted = (*noted).max(at);
    }
}

/// Has the journal be a write-ahead log. Where others open a new or copied file in the same moment,
/// SQLite doesn't wait for them but says at once that it is locked, so it is asked again.
fn enter_wal(connection: &Connection) -> Result<(), Error> {
    const PAUSE: Duration = Duration::from_millis(10);
    let mut waited = Duration::ZERO;
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && waited < PATIENCE =>
            {
                std::thread::sleep(PAUSE);
                waited += PAUSE;
            }
            done => return Ok(done?),
        }
    }
}

fn prepared(connection: Connection) -> Result<Connection, Error> {
    connection.busy_timeout(PATIENCE)?;
    enter_wal(&connection)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // What is deleted is overwritten: a destroyed daily key must not linger in free pages.
    connection.pragma_update(None, "secure_delete", true)?;
    // SQLite by itself knows capitals of ASCII alone.
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("folded", 1, flags, |values| {
        Ok(folded(values.get_raw(0).as_str().unwrap_or_default()))
    })?;
    Ok(connection)
}

/// A text as it is searched for.
pub(crate) fn folded(text: &str) -> String {
    text.trim().to_lowercase()
}

fn migrate(connection: &mut Connection) -> Result<(), Error> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(
        "CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT",
    )?;
    let done: usize = transaction.query_row(
        "SELECT coalesce(max(number), 0) FROM migrations",
        [],
        |row| {
            row.get::<_, i64>(0)
                .map(|number| usize::try_from(number).unwrap_or(usize::MAX))
        },
    )?;
    if done > MIGRATIONS.len() {
        return Err(Error::TooNew {
            found: done,
            known: MIGRATIONS.len(),
        });
    }
    for (index, (name, statements)) in MIGRATIONS.iter().enumerate().skip(done) {
        transaction.execute_batch(statements)?;
        transaction.execute(
            "INSERT INTO migrations (number, name) VALUES (?1, ?2)",
            (i64::try_from(index + 1).unwrap_or(i64::MAX), name),
        )?;
    }
    transaction.commit()?;
    Ok(())
}
