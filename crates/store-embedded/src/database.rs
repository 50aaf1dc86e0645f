//! SQLite files, read and checked without writing anything beside them.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use crate::error::Error;
use crate::log::Finding;

/// Opens a file that no process has open for reading alone, in a folder that may be read-only.
///
/// # Errors
/// Where it isn't there, or changes lie beside it that can't be read without writing.
pub fn open_for_reading(path: &Path) -> Result<Connection, Error> {
    let bytes = match fs::metadata(path) {
        Ok(metadata) => metadata.len(),
        Err(error) => return Err(Error::io("look at", path, error)),
    };
    if bytes == 0 {
        return Err(Error::damaged(path, "it is empty"));
    }
    let has_changes = fs::metadata(beside(path, "-wal")).is_ok_and(|journal| journal.len() > 0);
    if has_changes && !beside(path, "-shm").exists() {
        let problem = "a former run left changes beside it that can't be read without its -shm file: \
            start the server once";
        return Err(Error::damaged(path, problem));
    }
    // Without changes beside it, SQLite is told that nobody writes, and needs no file of its own.
    let way = if has_changes {
        "mode=ro&readonly_shm=1"
    } else {
        "mode=ro&immutable=1"
    };
    let address = format!("file:{}?{way}", escaped(path));
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    Ok(Connection::open_with_flags(address, flags)?)
}

/// Checks a SQLite file: its pages, its indexes, its constraints, and that every row that is named
/// by another is there.
pub fn verify_database(path: &Path) -> Vec<Finding> {
    let finding = |offset, problem: String| Finding {
        file: path.display().to_string(),
        offset,
        problem,
    };
    let problems = open_for_reading(path).and_then(|connection| problems(&connection));
    match problems {
        Ok(problems) => problems
            .into_iter()
            .map(|problem| finding(problem.offset, problem.text))
            .collect(),
        Err(Error::Damaged { problem, .. }) => vec![finding(None, problem)],
        Err(Error::Manifest(error)) => vec![finding(None, error.to_string())],
        Err(error) => vec![finding(None, error.to_string())],
    }
}

pub(crate) struct DatabaseProblem {
    pub offset: Option<u64>,
    pub text: String,
}

/// What SQLite itself finds wrong.
pub(crate) fn problems(connection: &Connection) -> Result<Vec<DatabaseProblem>, Error> {
    let page_size: u64 = connection
        .pragma_query_value(None, "page_size", |row| row.get::<_, i64>(0))?
        .try_into()
        .unwrap_or(0);
    let mut problems = Vec::new();
    let mut statement = connection.prepare("PRAGMA integrity_check")?;
    let lines = statement.query_map([], |row| row.get::<_, String>(0))?;
    for line in lines {
        // What the check stumbles over comes last, after what it has found.
        let told = line.unwrap_or_else(|error| error.to_string());
        for text in told.lines() {
            if text == "ok" || text.starts_with("***") {
                continue;
            }
            problems.push(DatabaseProblem {
                offset: page_of(text).map(|page| page.saturating_sub(1) * page_size),
                text: text.to_owned(),
            });
        }
    }
    // Rows can't be looked for in pages that are damaged.
    if !problems.is_empty() {
        return Ok(problems);
    }
    let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
    let rows = statement.query_map([], |row| {
        let (table, id): (String, Option<i64>) = (row.get(0)?, row.get(1)?);
        let parent: String = row.get(2)?;
        let id = id.map_or_else(String::new, |id| format!(" {id}"));
        Ok(format!(
            "row{id} of {table} names one of {parent} that isn't there"
        ))
    })?;
    for text in rows {
        let text = text?;
        problems.push(DatabaseProblem { offset: None, text });
    }
    Ok(problems)
}

/// The page that a line of the check speaks of: `Tree 5 page 7 cell 0: …`.
fn page_of(line: &str) -> Option<u64> {
    let (_, rest) = line
        .split_once("page ")
        .or_else(|| line.split_once("Page "))?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// The path as it stands in an address.
fn escaped(path: &Path) -> String {
    let mut escaped = String::new();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' => {
                escaped.push(char::from(*byte));
            }
            other => escaped.push_str(&format!("%{other:02x}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with(name: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        let connection = Connection::open(&path).unwrap();
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL;
                 CREATE TABLE parents (id INTEGER PRIMARY KEY) STRICT;
                 CREATE TABLE children (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parents(id)) STRICT;
                 WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 5000)
                 INSERT INTO parents SELECT x FROM n;
                 INSERT INTO children SELECT id, id FROM parents;",
            )
            .unwrap();
        (folder, path)
    }

    fn names(folder: &Path) -> Vec<String> {
        crate::engine::names_in(folder).unwrap()
    }

    #[test]
    fn a_sound_file_is_read_without_a_trace() {
        let (folder, path) = folder_with("a%2f b?c#d.sqlite");
        assert_eq!(names(folder.path()).len(), 1);
        assert_eq!(verify_database(&path), []);
        assert_eq!(names(folder.path()).len(), 1, "nothing is left beside it");
    }

    #[test]
    fn what_a_killed_process_left_is_read_too() {
        let (folder, path) = folder_with("kept.sqlite");
        let connection = Connection::open(&path).unwrap();
        connection
            .execute_batch("PRAGMA foreign_keys = OFF; INSERT INTO children VALUES (9000, 9000)")
            .unwrap();
        // A copy taken now is what a kill would have left.
        let copy = tempfile::tempdir().unwrap();
        for name in names(folder.path()) {
            fs::copy(folder.path().join(&name), copy.path().join(&name)).unwrap();
        }
        let copied = copy.path().join("kept.sqlite");
        let findings = verify_database(&copied);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!(
            findings[0].problem,
            "row 9000 of children names one of parents that isn't there"
        );
        fs::remove_file(copy.path().join("kept.sqlite-shm")).unwrap();
        let findings = verify_database(&copied);
        assert!(findings[0].problem.contains("-shm"), "{findings:?}");
    }

    #[test]
    fn damage_is_named_with_its_place() {
        let (_folder, path) = folder_with("torn.sqlite");
        let whole = fs::read(&path).unwrap();
        let check = |bytes: &[u8], expect: &str| {
            fs::write(&path, bytes).unwrap();
            let findings = verify_database(&path);
            let told = format!("{findings:?}");
            assert!(told.contains(expect), "{told}");
            findings.into_iter().find_map(|finding| finding.offset)
        };
        let mut flipped = whole.clone();
        flipped[3 * 4096 + 4] ^= 0xff;
        assert_eq!(check(&flipped, "torn.sqlite"), Some(3 * 4096));
        check(&whole[..whole.len() / 2], "malformed");
        check(
            b"no database, but long enough to be looked at",
            "not a database",
        );
        check(b"", "it is empty");
        fs::remove_file(&path).unwrap();
        assert_eq!(verify_database(&path).len(), 1);
    }
}
