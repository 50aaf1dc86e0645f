//! From bytes to hits or reasons: one module a dialect. Knows no clock, network or store.

mod hit;

pub use hit::{DecodedHit, Rejection};
