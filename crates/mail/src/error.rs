//! What can go wrong.

use std::path::PathBuf;

/// Why a letter or a mailer is none, or why a letter was not carried.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address of the server can't be understood; the text says what would do. Never holds the
    /// password.
    #[error("{0}")]
    ServerAddress(String),
    #[error("{address:?} is no e-mail address")]
    Address { address: String },
    #[error("the letter can't be written: {0}")]
    Letter(#[from] lettre::error::Error),
    /// Too many letters are waiting.
    #[error("too many letters are waiting for the mail server")]
    Full,
    #[error("the mailer is closed")]
    Closed,
    #[error("the mail server: {0}")]
    Server(#[from] lettre::transport::smtp::Error),
    #[error("the folder {folder}: {error}", folder = .folder.display())]
    Folder {
        folder: PathBuf,
        error: std::io::Error,
    },
}

impl Error {
    /// Whether the same letter would be refused again.
    pub(crate) fn is_final(&self) -> bool {
        match self {
            Error::Server(error) => error.is_permanent(),
            Error::Folder { .. } => false,
            _ => true,
        }
    }
}
