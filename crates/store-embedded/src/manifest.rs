//! The manifest: what of the files on disk is visible. One SQLite file; every change of what is
//! visible is one transaction.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use afsa_model::{AccountId, Timestamp, VisitorKey};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::database::{DatabaseProblem, open_for_reading, problems};
use crate::error::Error;
use crate::people::Person;

/// The version of the folder's form.
const FORMAT: i64 = 1;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS accounts (
    account INTEGER PRIMARY KEY,
    bits INTEGER NOT NULL,
    next_sequence INTEGER NOT NULL,
    flushed INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS segments (
    id INTEGER PRIMARY KEY,
    account INTEGER NOT NULL,
    bits INTEGER NOT NULL,
    prefix INTEGER NOT NULL,
    visits INTEGER NOT NULL,
    hits INTEGER NOT NULL,
    first_hit INTEGER NOT NULL,
    last_hit INTEGER NOT NULL,
    imports BLOB NOT NULL,
    removed_before INTEGER,
    dead BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS files (
    segment INTEGER NOT NULL REFERENCES segments(id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    length INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    PRIMARY KEY (segment, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS event_runs (
    id INTEGER PRIMARY KEY,
    account INTEGER NOT NULL,
    import INTEGER NOT NULL,
    keys INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS imports (
    account INTEGER NOT NULL,
    import INTEGER NOT NULL,
    PRIMARY KEY (account, import)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS people (
    account INTEGER NOT NULL,
    user TEXT NOT NULL,
    person BLOB NOT NULL,
    PRIMARY KEY (account, user)
) STRICT, WITHOUT ROWID;
";

/// A file of a segment as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileRow {
    pub name: String,
    pub length: u64,
    pub checksum: u32,
}

/// A segment: part of one account's visits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SegmentRow {
    pub id: u64,
    pub account: AccountId,
    /// It holds the visitors whose keys begin with the `bits` bits of `prefix`.
    pub bits: u8,
    pub prefix: u64,
    pub visits: u64,
    pub hits: u64,
    pub first_hit: Timestamp,
    pub last_hit: Timestamp,
    /// Imports that brought hits of it, ascending.
    pub imports: Vec<u32>,
    /// What ended before this is gone.
    pub removed_before: Option<Timestamp>,
    /// Visitors whose visits were taken out, ascending.
    pub dead: Arc<Vec<VisitorKey>>,
    pub files: Vec<FileRow>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AccountRow {
    pub account: AccountId,
    /// Its shards are told apart by so many leading bits of the visitor key.
    pub bits: u8,
    pub next_sequence: u64,
    /// Frames of the account up to this number are in segments.
    pub flushed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RunRow {
    pub id: u64,
    pub account: AccountId,
    pub import: u32,
    pub keys: u64,
}

/// Everything that is small enough to be known from the start.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub accounts: Vec<AccountRow>,
    pub segments: Vec<SegmentRow>,
    pub runs: Vec<RunRow>,
    pub imports: Vec<(AccountId, u32)>,
}

/// A change of what is visible of one account.
#[derive(Debug)]
pub(crate) struct Change {
    pub account: AccountRow,
    pub added_segments: Vec<SegmentRow>,
    pub removed_segments: Vec<u64>,
    /// Complete new lists.
    pub dead: Vec<(u64, Arc<Vec<VisitorKey>>)>,
    pub removed_before: Vec<(u64, Timestamp)>,
    pub added_runs: Vec<RunRow>,
    pub removed_runs: Vec<u64>,
    pub added_import: Option<u32>,
    pub removed_import: Option<u32>,
    pub people: Vec<(Arc<str>, Person)>,
}

impl Change {
    pub fn of(account: AccountRow) -> Change {
        Change {
            account,
            added_segments: Vec::new(),
            removed_segments: Vec::new(),
            dead: Vec::new(),
            removed_before: Vec::new(),
            added_runs: Vec::new(),
            removed_runs: Vec::new(),
            added_import: None,
            removed_import: None,
            people: Vec::new(),
        }
    }
}

/// Refuses what a later version wrote.
fn check_format(connection: &Connection, path: &Path) -> Result<(), Error> {
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found > FORMAT {
        let path = path.display().to_string();
        return Err(Error::TooNew {
            path,
            found,
            known: FORMAT,
        });
    }
    Ok(())
}

pub(crate) struct Manifest {
    connection: Mutex<Connection>,
}

impl Manifest {
    pub fn open(path: &Path) -> Result<Manifest, Error> {
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        check_format(&connection, path)?;
        connection.execute_batch(SCHEMA)?;
        connection.pragma_update(None, "user_version", FORMAT)?;
        Ok(Manifest {
            connection: Mutex::new(connection),
        })
    }

    /// Opens one that no process has open, for reading alone.
    pub fn open_for_reading(path: &Path) -> Result<Manifest, Error> {
        let connection = open_for_reading(path)?;
        check_format(&connection, path)?;
        Ok(Manifest {
            connection: Mutex::new(connection),
        })
    }

    /// What SQLite itself finds wrong with the file.
    pub fn check(&self) -> Result<Vec<DatabaseProblem>, Error> {
        problems(&self.lock())
    }

    pub fn load(&self) -> Result<Contents, Error> {
        let connection = self.lock();
        let mut contents = Contents::default();
        let mut statement =
            connection.prepare("SELECT account, bits, next_sequence, flushed FROM accounts")?;
        let accounts = statement.query_map([], |row| {
            Ok(AccountRow {
                account: AccountId(row.get(0)?),
                bits: row.get(1)?,
                next_sequence: row.get::<_, i64>(2)? as u64,
                flushed: row.get::<_, i64>(3)? as u64,
            })
        })?;
        contents.accounts = accounts.collect::<Result<_, _>>()?;
        let mut statement = connection.prepare(
            "SELECT id, account, bits, prefix, visits, hits, first_hit, last_hit, imports,
                    removed_before, dead FROM segments ORDER BY id",
        )?;
        let segments = statement.query_map([], |row| {
            Ok(SegmentRow {
                id: row.get::<_, i64>(0)? as u64,
                account: AccountId(row.get(1)?),
                bits: row.get(2)?,
                prefix: row.get::<_, i64>(3)? as u64,
                visits: row.get::<_, i64>(4)? as u64,
                hits: row.get::<_, i64>(5)? as u64,
                first_hit: Timestamp(row.get(6)?),
                last_hit: Timestamp(row.get(7)?),
                imports: numbers_of(&row.get::<_, Vec<u8>>(8)?),
                removed_before: row.get::<_, Option<i64>>(9)?.map(Timestamp),
                dead: Arc::new(keys_of(&row.get::<_, Vec<u8>>(10)?)),
                files: Vec::new(),
            })
        })?;
        contents.segments = segments.collect::<Result<_, _>>()?;
        let mut statement =
            connection.prepare("SELECT name, length, checksum FROM files WHERE segment = ?1")?;
        for segment in &mut contents.segments {
            let files = statement.query_map([segment.id as i64], |row| {
                Ok(FileRow {
                    name: row.get(0)?,
                    length: row.get::<_, i64>(1)? as u64,
                    checksum: row.get(2)?,
                })
            })?;
            segment.files = files.collect::<Result<_, _>>()?;
        }
        let mut statement =
            connection.prepare("SELECT id, account, import, keys FROM event_runs ORDER BY id")?;
        let runs = statement.query_map([], |row| {
            Ok(RunRow {
                id: row.get::<_, i64>(0)? as u64,
                account: AccountId(row.get(1)?),
                import: row.get(2)?,
                keys: row.get::<_, i64>(3)? as u64,
            })
        })?;
        contents.runs = runs.collect::<Result<_, _>>()?;
        let mut statement = connection.prepare("SELECT account, import FROM imports")?;
        let imports = statement.query_map([], |row| Ok((AccountId(row.get(0)?), row.get(1)?)))?;
        contents.imports = imports.collect::<Result<_, _>>()?;
        Ok(contents)
    }

    /// Makes the change durable and visible to whoever opens the manifest: all of it or nothing.
    pub fn commit(&self, change: &Change) -> Result<(), Error> {
        let mut connection = self.lock();
        let transaction = connection.transaction()?;
        apply(&transaction, change)?;
        transaction.commit()?;
        Ok(())
    }

    /// Who was known as the user.
    pub fn person(&self, account: AccountId, user: &str) -> Result<Option<Person>, Error> {
        let connection = self.lock();
        let mut statement = connection
            .prepare_cached("SELECT person FROM people WHERE account = ?1 AND user = ?2")?;
        let bytes: Option<Vec<u8>> = statement
            .query_row(params![account.0, user], |row| row.get(0))
            .optional()?;
        bytes
            .map(|bytes| {
                Person::from_bytes(&bytes).map_err(|error| Error::Damaged {
                    path: "manifest.sqlite".into(),
                    problem: format!("person of account {account}: {error}"),
                })
            })
            .transpose()
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn apply(transaction: &Transaction<'_>, change: &Change) -> Result<(), Error> {
    let row = change.account;
    let account = row.account.0;
    transaction.execute(
        "INSERT INTO accounts (account, bits, next_sequence, flushed) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (account) DO UPDATE SET
             bits = ?2, next_sequence = max(next_sequence, ?3), flushed = max(flushed, ?4)",
        params![
            account,
            row.bits,
            row.next_sequence as i64,
            row.flushed as i64
        ],
    )?;
    for id in &change.removed_segments {
        transaction.execute("DELETE FROM segments WHERE id = ?1", [*id as i64])?;
    }
    for segment in &change.added_segments {
        transaction.execute(
            "INSERT INTO segments (id, account, bits, prefix, visits, hits, first_hit, last_hit,
                 imports, removed_before, dead)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            params![
                segment.id as i64,
                segment.account.0,
                segment.bits,
                segment.prefix as i64,
                segment.visits as i64,
                segment.hits as i64,
                segment.first_hit.0,
                segment.last_hit.0,
                bytes_of_numbers(&segment.imports),
                segment.removed_before.map(|time| time.0),
                bytes_of_keys(&segment.dead),
            ],
        )?;
        for file in &segment.files {
            transaction.execute(
                "INSERT INTO files (segment, name, length, checksum) VALUES (?1, ?2, ?3, ?4)",
                params![
                    segment.id as i64,
                    file.name,
                    file.length as i64,
                    file.checksum
                ],
            )?;
        }
    }
    for (id, dead) in &change.dead {
        transaction.execute(
            "UPDATE segments SET dead = ?2 WHERE id = ?1",
            params![*id as i64, bytes_of_keys(dead)],
        )?;
    }
    for (id, before) in &change.removed_before {
        transaction.execute(
            "UPDATE segments SET removed_before = max(coalesce(removed_before, ?2), ?2)
             WHERE id = ?1",
            params![*id as i64, before.0],
        )?;
    }
    for id in &change.removed_runs {
        transaction.execute("DELETE FROM event_runs WHERE id = ?1", [*id as i64])?;
    }
    for run in &change.added_runs {
        transaction.execute(
            "INSERT INTO event_runs (id, account, import, keys) VALUES (?1, ?2, ?3, ?4)",
            params![run.id as i64, run.account.0, run.import, run.keys as i64],
        )?;
    }
    if let Some(import) = change.removed_import {
        transaction.execute(
            "DELETE FROM imports WHERE account = ?1 AND import = ?2",
            params![account, import],
        )?;
    }
    if let Some(import) = change.added_import {
        transaction.execute(
            "INSERT OR IGNORE INTO imports (account, import) VALUES (?1, ?2)",
            params![account, import],
        )?;
    }
    let mut statement = transaction.prepare_cached(
        "INSERT OR REPLACE INTO people (account, user, person) VALUES (?1, ?2, ?3)",
    )?;
    for (user, person) in &change.people {
        statement.execute(params![account, user.as_ref(), person.to_bytes()])?;
    }
    Ok(())
}

fn bytes_of_keys(keys: &[VisitorKey]) -> Vec<u8> {
    keys.iter().flat_map(|key| key.0.to_be_bytes()).collect()
}

fn keys_of(bytes: &[u8]) -> Vec<VisitorKey> {
    let chunks = bytes.as_chunks::<16>().0.iter();
    chunks
        .map(|chunk| VisitorKey(u128::from_be_bytes(*chunk)))
        .collect()
}

fn bytes_of_numbers(numbers: &[u32]) -> Vec<u8> {
    numbers
        .iter()
        .flat_map(|number| number.to_be_bytes())
        .collect()
}

fn numbers_of(bytes: &[u8]) -> Vec<u32> {
    let chunks = bytes.as_chunks::<4>().0.iter();
    chunks.map(|chunk| u32::from_be_bytes(*chunk)).collect()
}
