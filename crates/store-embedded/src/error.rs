//! What can go wrong in the embedded store.

use std::io;
use std::path::Path;

use afsa_segments::SegmentError;
use afsa_store::StoreError;

/// Why the store could not be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process serves the folder.
    #[error("{0} is in use by another process")]
    Locked(String),
    /// The folder was written by a later version.
    #[error("{path} has format {found}, this program knows formats up to {known}")]
    TooNew {
        path: String,
        found: i64,
        known: i64,
    },
    /// What is on disk is not what was written.
    #[error("{path}: {problem}")]
    Damaged { path: String, problem: String },
    #[error("{operation} {path}: {source}")]
    Io {
        operation: &'static str,
        path: String,
        source: io::Error,
    },
    #[error("manifest: {0}")]
    Manifest(#[from] rusqlite::Error),
    #[error(transparent)]
    Segment(#[from] SegmentError),
    /// A question to columns in memory failed.
    #[error(transparent)]
    Question(StoreError),
    /// What was asked doesn't fit to what there is.
    #[error("{0}")]
    Unfit(String),
    /// An import of this number was finished before.
    #[error("import {0} is stored already")]
    ImportExists(u32),
    /// There is no such finished import.
    #[error("no such import")]
    NoSuchImport,
    /// The store has stopped taking hits after a failed write, or is overloaded or closing.
    #[error("{0}")]
    Unavailable(String),
}

impl Error {
    pub(crate) fn io(operation: &'static str, path: &Path, source: io::Error) -> Error {
        Error::Io {
            operation,
            path: path.display().to_string(),
            source,
        }
    }

    pub(crate) fn damaged(path: &Path, problem: impl Into<String>) -> Error {
        Error::Damaged {
            path: path.display().to_string(),
            problem: problem.into(),
        }
    }
}

impl From<Error> for StoreError {
    fn from(error: Error) -> StoreError {
        match error {
            Error::Damaged { .. } | Error::Segment(SegmentError::Damaged { .. }) => {
                StoreError::Damaged(error.to_string())
            }
            Error::Io {
                operation,
                ref path,
                ref source,
            } => StoreError::Io(format!("{operation} {path}"), source.to_string()),
            Error::Manifest(ref source) => StoreError::Io("manifest".into(), source.to_string()),
            Error::Unavailable(problem) => StoreError::Unavailable(problem),
            Error::Question(error) => error,
            Error::ImportExists(import) => StoreError::ImportExists(import),
            Error::NoSuchImport => StoreError::NoSuchImport,
            other => StoreError::Internal(other.to_string()),
        }
    }
}

/// Names what was tried on what when it fails.
pub(crate) trait Context<T> {
    fn context(self, operation: &'static str, path: &Path) -> Result<T, Error>;
}

impl<T> Context<T> for io::Result<T> {
    fn context(self, operation: &'static str, path: &Path) -> Result<T, Error> {
        self.map_err(|source| Error::io(operation, path, source))
    }
}
