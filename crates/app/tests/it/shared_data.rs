//! Real data with known answers, read where it lies; never part of the project.

use std::path::PathBuf;

use serde_json::Value;

use crate::program::skip;

/// The file of the test data, if it is there. `AFSA_TEST_DATA` names the folder.
pub fn file(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("AFSA_TEST_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")),
        PathBuf::from,
    );
    let path = folder.join(name);
    if path.exists() {
        return Some(path);
    }
    skip(&format!(
        "{name} is not among the test data in {}",
        folder.display()
    ));
    None
}

pub fn json(name: &str) -> Option<Value> {
    let text = std::fs::read_to_string(file(name)?).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}
