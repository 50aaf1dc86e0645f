//! What the fuzz targets assert: the promises that the tests of the parsers assert as well.

#[path = "../crates/wire/tests/it/soundness.rs"]
pub mod soundness;
