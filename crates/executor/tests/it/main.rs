//! The executor against the reference, on random worlds cut into images at random.

mod conformance;
mod kept;
