//! Segments of every version that was ever written stay readable.

use std::path::PathBuf;

use afsa_segments::{FORMAT_VERSION, Segment, encode, write};

use crate::random::Random;

fn folder(version: u32) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/samples/v{version}"))
}

#[test]
fn version_1() {
    let segment = Segment::open(&folder(1)).unwrap();
    let read: Vec<_> = segment.cuts().collect::<Result<_, _>>().unwrap();
    let expected = std::fs::read_to_string(folder(1).join("cuts.txt")).unwrap();
    assert_eq!(format!("{read:#?}\n"), expected);
}

/// Makes the sample of the present version, once: `cargo test -p afsa-segments -- --ignored`.
#[test]
#[ignore = "writes into the source tree"]
fn make_sample() {
    let folder = folder(FORMAT_VERSION);
    assert!(!folder.exists(), "a sample is never written anew");
    let cuts = Random(2026).cuts(6);
    write(&encode(cuts.clone()).unwrap(), &folder).unwrap();
    std::fs::write(folder.join("cuts.txt"), format!("{cuts:#?}\n")).unwrap();
}
