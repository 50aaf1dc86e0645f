//! Answers questions over columns in memory.
mod bits;
mod execute;
mod filter;
mod goals;
mod image;
mod key;
mod orders;
mod part;
mod pass;
mod shard;
mod world;

pub use execute::execute;
pub use image::{Budget, Image, Vocabulary};
pub use orders::OrdersCell;
pub use shard::Shard;
