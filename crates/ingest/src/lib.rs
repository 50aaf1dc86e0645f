//! From decoded hits to the store: enrichment, identities, exclusion, and import jobs.
//!
//! A [`Pipeline`] turns one decoded hit into the arrival that a store takes; the client's address
//! ends here. [`Collector`] takes batches live and answers once they are durable; [`Imports`] runs
//! jobs over history and keeps their ledger; [`import::run`] is one such job.
//!
//! Time, randomness, keys and accounts are handed in ([`Clock`], [`Keys`], [`Accounts`]).

mod account;
mod behaviour;
mod collect;
pub mod import;
mod imports;
mod keys;
mod pipeline;

pub use account::{AccountContext, Accounts};
pub use collect::{Collector, Receipt};
pub use import::{Format, Tally};
pub use imports::{ImportError, ImportRecord, ImportState, Imports, Reason};
pub use keys::{Clock, Keys};
pub use pipeline::{Moment, Pipeline};
