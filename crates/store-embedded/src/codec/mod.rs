//! Arrivals as bytes: what the log and the partition files of imports hold.
//!
//! Numbers are of variable length, texts have their length before them, and contexts that repeat
//! from hit to hit (client, origin, page) are blocks whose bytes the [`Decoder`] looks up, so that
//! equal ones are decoded once and shared. Every payload begins with [`VERSION`].

mod bytes;
mod decode;
mod encode;
mod shared;
#[cfg(test)]
mod tests;

pub use bytes::DecodeError;
pub(crate) use bytes::{Reader, put_i64, put_u64};
pub(crate) use decode::Decoder;
pub(crate) use encode::{put_arrival, put_arrival_with};
pub(crate) use shared::{SharedBlocks, SharedContexts};

/// The version of the form that is written. Readers know every version up to it.
pub(crate) const VERSION: u8 = 1;
