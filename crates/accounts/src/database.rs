//! The file: opening, migrating, and who may use which connection.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use afsa_model::Timestamp;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::Error;

/// Every step from an empty file to the present, in order. Steps are only ever added.
const MIGRATIONS: [(&str, &str); 1] = [(
    "0001_accounts",
    include_str!("../migrations/0001_accounts.sql"),
)];

/// How long a statement waits for another process to let go of the file.
const PATIENCE: Duration = Duration::from_secs(10);

/// The accounts of an installation.
pub struct Accounts {
    /// Never waits for a write to reach the disk, so a request is not slowed by another's change.
    reading: Mutex<Connection>,
    writing: Mutex<Connection>,
    /// When keys were last used, not yet written.
    pub(crate) uses: Mutex<HashMap<i64, Timestamp>>,
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
        })
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

fn prepared(connection: Connection) -> Result<Connection, Error> {
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // What is deleted is overwritten: a destroyed daily key must not linger in free pages.
    connection.pragma_update(None, "secure_delete", true)?;
    Ok(connection)
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
