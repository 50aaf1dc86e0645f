//! What the fuzz targets assert: the promises that the tests of the parsers assert as well.
//!
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run collect_json -- -max_total_time=60` runs one of them with a
//! stable compiler, from the folder above this one.

#[path = "../crates/wire/tests/it/soundness.rs"]
pub mod soundness;
