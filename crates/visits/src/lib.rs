//! From hits to visits and orders, as pure functions: the same hits give the same visits and
//! orders in whatever order they came.
//!
//! [`cut`] takes the hits of one visitor; [`orders::resolve`] takes what was ever told of orders;
//! [`identity`] says which visitor a hit belongs to. No clock, no randomness, no store.

mod cut;
mod derive;
pub mod identity;
pub mod orders;
pub mod rates;

pub use cut::{LONGEST_VISIT, MOST_HITS, Rules, cut};
