//! The embedded store: hits on disk before anyone is told so, visits as segments, questions
//! answered of both.
//!
//! A hit goes to the [log](crate#the-log), then is *hot*: in memory by visitor. A *snapshot* cuts
//! the hot visitors and lays them over the *segments*. `maintain` writes hot visitors into
//! segments and merges small ones; the *manifest* says what of all files is visible.
//!
//! ```
//! use afsa_model::AccountId;
//! use afsa_store::{Question, Store};
//! use afsa_store_embedded::{EmbeddedStore, Options};
//!
//! let folder = tempfile::tempdir()?;
//! let store = EmbeddedStore::open(Options::new(folder.path()))?;
//! let snapshot = store.snapshot(AccountId(1))?;
//! assert_eq!(snapshot.activity()?.hits, 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The log
//! One thread writes it. Everything that waits is written together and shares one sync.
//!
//! # The folder
//! `manifest.sqlite`, `log/`, `segments/`, `events/` (sorted runs of event keys), `imports/`
//! (partition files of imports under way) and `lock`. What the manifest doesn't list is removed at
//! the next start.

mod account;
mod bloom;
mod codec;
mod database;
mod disk;
mod engine;
mod error;
mod events;
#[cfg(test)]
mod faults;
mod fingerprint;
mod flush;
mod hot;
mod import;
mod log;
mod maintain;
mod manifest;
mod merge;
mod part;
mod people;
mod remove;
mod rewrite;
mod rows;
mod runs;
#[cfg(test)]
mod samples;
mod settle;
mod show;
mod store;
mod tier;
mod verify;
mod view;
mod writer;

use std::path::{Path, PathBuf};

pub use database::{open_for_reading, verify_database};
pub use error::Error;
pub use log::Finding;
pub use store::EmbeddedStore;
pub use verify::{Report, verify};

/// How to open a store.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where everything is kept; made if it isn't there.
    pub folder: PathBuf,
    /// Bytes of loaded columns that may stay in memory.
    pub memory: usize,
    /// Hits of an account in memory beyond which `maintain` writes them to a segment.
    pub most_hot_hits: usize,
    /// About so many visits of an account make a shard at least: imports divide it so, and an
    /// account whose shards have grown sixfold is divided again.
    pub visits_per_shard: u64,
    /// Bytes of log beyond which `maintain` writes what the oldest files hold.
    pub most_log_bytes: u64,
}

impl Options {
    /// A store in this folder, with bounds that suit a machine with 2 GB.
    pub fn new(folder: impl AsRef<Path>) -> Options {
        Options {
            folder: folder.as_ref().to_owned(),
            memory: 1 << 30,
            most_hot_hits: 100_000,
            visits_per_shard: 150_000,
            most_log_bytes: 64 << 20,
        }
    }
}
