//! What isn't as it was written is said, never served, and never a panic.

use std::fs;
use std::path::Path;

use afsa_segments::{Segment, SegmentFiles, encode, write};

use crate::random::Random;

/// Visits as the `visits` crate cuts them: sorted, and none ends before it starts.
fn written(folder: &Path) -> SegmentFiles {
    let files = write(&encode(Random(5).cuts(30)).unwrap(), folder).unwrap();
    Segment::open(folder).unwrap().verify(&files).unwrap();
    files
}

#[test]
fn a_flipped_bit_is_found_in_every_file() {
    let folder = tempfile::tempdir().unwrap();
    let files = written(folder.path());
    let segment = Segment::open(folder.path()).unwrap();
    for file in &files.files {
        let path = folder.path().join(&file.name);
        let sound = fs::read(&path).unwrap();
        for at in [0, sound.len() / 2, sound.len() - 1] {
            let mut bytes = sound.clone();
            bytes[at] ^= 0x10;
            fs::write(&path, &bytes).unwrap();
            let error = segment.check(&files).unwrap_err().to_string();
            assert!(
                error.contains(&file.name) && error.contains("checksum"),
                "{error}"
            );
        }
        fs::write(&path, &sound[..sound.len() - 1]).unwrap();
        let error = segment.check(&files).unwrap_err().to_string();
        assert!(
            error.contains(&file.name) && error.contains("bytes long"),
            "{error}"
        );
        fs::remove_file(&path).unwrap();
        assert!(
            segment
                .check(&files)
                .unwrap_err()
                .to_string()
                .contains("open")
        );
        fs::write(&path, &sound).unwrap();
        segment.check(&files).unwrap();
    }
}

#[test]
fn an_unlisted_file_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let mut files = written(folder.path());
    files.files.pop();
    let error = Segment::open(folder.path())
        .unwrap()
        .check(&files)
        .unwrap_err()
        .to_string();
    assert!(error.contains("isn't listed"), "{error}");
}

#[test]
fn a_file_of_another_segment_is_found() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    written(folder.path());
    write(&encode(Random(6).cuts(9)).unwrap(), other.path()).unwrap();
    for name in ["visits.parquet", "hits.parquet", "items.parquet"] {
        let own = fs::read(folder.path().join(name)).unwrap();
        fs::copy(other.path().join(name), folder.path().join(name)).unwrap();
        let segment = Segment::open(folder.path()).unwrap();
        // Whoever lies with a matching checksum is found out by the contents.
        let error = segment
            .verify(&listed(folder.path()))
            .unwrap_err()
            .to_string();
        assert!(error.contains(".parquet"), "{error}");
        fs::write(folder.path().join(name), own).unwrap();
    }
}

/// The files of a folder as they are now.
fn listed(folder: &Path) -> SegmentFiles {
    let mut files = SegmentFiles::default();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        files.files.push(afsa_segments::SegmentFile {
            name: path.file_name().unwrap().to_string_lossy().into_owned(),
            length: bytes.len() as u64,
            crc32: crc32fast::hash(&bytes),
        });
    }
    files
}

#[test]
fn what_is_no_segment_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let check = |bytes: &[u8]| {
        fs::write(folder.path().join("visits.parquet"), bytes).unwrap();
        Segment::open(folder.path()).unwrap_err().to_string()
    };
    for bytes in [&b""[..], b"PAR1", b"PAR1\xff\xff\xff\x7fPAR1", &[0; 4096]] {
        assert!(check(bytes).contains("visits.parquet"));
    }
}
