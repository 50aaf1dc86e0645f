//! What the routes need of whoever takes hits.

use std::io;
use std::net::IpAddr;

use afsa_model::{AccountId, Timestamp};
use axum::body::Bytes;
use futures_util::future::BoxFuture;

/// Takes hits, live and as imports. The bytes are decoded behind this trait.
pub trait Collector: Send + Sync {
    /// Takes the good hits of a batch. Once it answers, those that it accepted are on disk.
    fn collect(
        &self,
        account: AccountId,
        peer: Peer,
        form: HitForm,
        body: Bytes,
    ) -> BoxFuture<'_, Result<Receipt, CollectError>>;

    /// Begins an import, whose data is written as it comes: plain, gzip or zstd.
    fn begin_import(
        &self,
        account: AccountId,
        form: ImportForm,
    ) -> Result<Box<dyn Upload>, CollectError>;

    fn import(&self, account: AccountId, id: u32) -> Result<Import, CollectError>;

    /// Newest first, and how many there are.
    fn imports(
        &self,
        account: AccountId,
        limit: u32,
        offset: u32,
    ) -> Result<(Vec<Import>, u64), CollectError>;

    /// Takes everything of an import out again.
    fn undo_import(&self, account: AccountId, id: u32) -> Result<Import, CollectError>;

    /// Whether hits are taken at present.
    fn is_ready(&self) -> bool;
}

/// The data of an import on its way in. Dropped unfinished, the import has failed.
pub trait Upload: Send {
    /// May block.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Everything came: the import begins. May block.
    fn finish(self: Box<Self>) -> Result<Import, CollectError>;
}

/// Who sent a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peer {
    pub address: Option<IpAddr>,
    pub user_agent: Option<String>,
}

/// How a batch is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HitForm {
    Json,
    NdJson,
}

/// How the data of an import is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportForm {
    NdJson,
    /// Lines of a web server's log.
    Combined,
}

/// What became of a batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Receipt {
    pub accepted: u64,
    pub duplicates: u64,
    pub rejected: Vec<RejectedHit>,
}

/// A hit that was not taken.
#[derive(Clone, Debug, PartialEq)]
pub struct RejectedHit {
    /// Its place in the batch, from 0.
    pub index: usize,
    /// The field at fault; empty for the hit as a whole.
    pub field: String,
    /// A fixed word.
    pub error: String,
    pub detail: String,
}

/// An import as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    pub id: u32,
    pub form: ImportForm,
    pub state: ImportState,
    pub created_at: Timestamp,
    pub finished_at: Option<Timestamp>,
    /// Lines read so far.
    pub read: u64,
    pub accepted: u64,
    pub duplicates: u64,
    pub rejected: u64,
    /// Lines that are no hits and no faults, such as pictures in a log.
    pub skipped: u64,
    /// A fraction of 1.
    pub progress: f64,
    /// Why it failed.
    pub error: Option<String>,
    /// Why lines were not taken, most frequent first.
    pub reasons: Vec<ImportReason>,
}

/// Why lines of an import were not taken.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportReason {
    pub reason: String,
    pub count: u64,
    /// The first such line, from 1.
    pub first_line: u64,
    pub detail: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportState {
    Running,
    Done,
    Failed,
    Undone,
}

/// Why nothing was taken, or an import could not be dealt with.
#[derive(Clone, Debug, PartialEq)]
pub enum CollectError {
    /// The batch as a whole cannot be read; the text says why.
    Unreadable(String),
    /// More hits than a batch may hold; the number is what it may.
    TooMany(usize),
    /// Nothing was taken, the same may be sent again.
    Unavailable(String),
    NoSuchImport,
    /// The import is not in a state for this; the text says why.
    Conflict(String),
    Failed(String),
}
