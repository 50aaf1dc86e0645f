//! What a start finds of what was acknowledged, also in damaged folders.

use std::fs;
use std::path::PathBuf;

use afsa_model::AccountId;
use afsa_store::conformance::draft::Draft;
use afsa_store::{Dimension, Measure, Outcome, Question, Store, StoreError};
use afsa_store_embedded::{EmbeddedStore, Error, Options, verify};

use crate::backend::{self, InFolder};

const ACCOUNT: AccountId = AccountId(1);

fn submit(store: &EmbeddedStore, drafts: Vec<Draft>) -> Result<Vec<Outcome>, StoreError> {
    backend::submit(store, ACCOUNT, drafts)
}

fn hits(store: &EmbeddedStore) -> u64 {
    store.snapshot(ACCOUNT).unwrap().activity().unwrap().hits
}

fn view(minute: i64) -> Draft {
    Draft::page_view(minute, 1, "/a").event_key(minute as u64)
}

fn flushing() -> InFolder {
    InFolder::new(|options| options.most_hot_hits = 0)
}

fn files(folder: &InFolder, kind: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.folder.path().join(kind)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path)
            } else {
                found.push(path)
            }
        }
    }
    found.sort();
    found
}

fn flip(path: &PathBuf, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 0x10;
    fs::write(path, bytes).unwrap();
}

#[test]
fn one_process_at_a_time() {
    let folder = flushing();
    let open = folder.open();
    let second = EmbeddedStore::open(Options::new(folder.folder.path()));
    assert!(matches!(second, Err(Error::Locked(_))));
    drop(open);
    folder.open();
}

#[test]
fn events_are_known_from_the_log_and_from_runs() {
    let folder = flushing();
    let store = folder.open();
    assert_eq!(
        submit(&store, vec![view(1), view(1)]).unwrap(),
        [Outcome::Accepted, Outcome::Duplicate]
    );
    drop(store);
    let store = folder.open();
    assert_eq!(submit(&store, vec![view(1)]).unwrap(), [Outcome::Duplicate]);
    store.maintain().unwrap();
    assert_eq!(
        submit(&store, vec![view(1), view(2)]).unwrap(),
        [Outcome::Duplicate, Outcome::Accepted]
    );
    drop(store);
    let store = folder.open();
    assert_eq!(
        submit(&store, vec![view(1), view(2)]).unwrap(),
        [Outcome::Duplicate; 2]
    );
    assert_eq!(hits(&store), 2);
}

#[test]
fn a_healthy_folder_has_no_findings_and_orphans_are_told_then_removed() {
    let folder = flushing();
    let store = folder.open();
    submit(&store, (1..50).map(view).collect()).unwrap();
    store.maintain().unwrap();
    submit(&store, (50..60).map(view).collect()).unwrap();
    drop(store);
    let report = verify(folder.folder.path()).unwrap();
    assert_eq!(report.findings, []);
    assert_eq!(
        (report.segments, report.hits, report.event_runs),
        (1, 49, 1)
    );
    let orphan = folder.folder.path().join("segments/000000000999");
    fs::create_dir(&orphan).unwrap();
    assert_eq!(verify(folder.folder.path()).unwrap().findings.len(), 1);
    folder.open();
    assert!(!orphan.exists());
}

#[test]
fn a_torn_tail_costs_only_itself() {
    let folder = flushing();
    let store = folder.open();
    submit(&store, vec![view(1)]).unwrap();
    submit(&store, vec![view(2)]).unwrap();
    drop(store);
    let log = files(&folder, "log").remove(0);
    let bytes = fs::read(&log).unwrap();
    fs::write(&log, &bytes[..bytes.len() - 1]).unwrap();
    let store = folder.open();
    assert_eq!(hits(&store), 1);
    assert_eq!(
        submit(&store, vec![view(1), view(2)]).unwrap(),
        [Outcome::Duplicate, Outcome::Accepted]
    );
}

#[test]
fn a_damaged_log_is_told_set_apart_and_found_once() {
    let folder = flushing();
    let store = folder.open();
    for minute in 1..5 {
        submit(&store, vec![view(minute)]).unwrap();
    }
    drop(store);
    let log = files(&folder, "log").remove(0);
    flip(&log, 40);
    let report = verify(folder.folder.path()).unwrap();
    assert_eq!(report.findings.len(), 1, "{report:?}");
    assert_eq!(report.findings[0].offset, Some(8));
    let store = folder.open();
    assert_eq!(store.findings(), report.findings);
    assert_eq!(hits(&store), 3);
    drop(store);
    assert_eq!(folder.open().findings(), []);
    assert_eq!(files(&folder, "log").len(), 2);
}

#[test]
fn a_damaged_segment_is_named_left_out_and_kept() {
    let folder = flushing();
    let store = folder.open();
    submit(&store, (1..50).map(view).collect()).unwrap();
    store.maintain().unwrap();
    drop(store);
    let before = files(&folder, "segments");
    for (turn, file) in before.iter().enumerate() {
        let good = fs::read(file).unwrap();
        flip(file, good.len() / 2);
        let report = verify(folder.folder.path()).unwrap();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        assert!(
            report
                .findings
                .iter()
                .any(|finding| finding.file.contains(&name)),
            "{report:?}"
        );
        let store = folder.open();
        // What the log holds goes on being served, and taken.
        assert_eq!(hits(&store), turn as u64);
        submit(&store, vec![view(10_000 + turn as i64)]).unwrap();
        drop(store);
        fs::write(file, good).unwrap();
    }
    assert_eq!(files(&folder, "segments"), before);
    assert_eq!(hits(&folder.open()), 49 + before.len() as u64);
}

#[test]
fn a_segment_that_is_damaged_while_it_is_open_is_set_apart_when_it_is_used() {
    const OTHER: AccountId = AccountId(2);
    let folder = flushing();
    let store = folder.open();
    let count = |account: AccountId| store.snapshot(account).unwrap().activity().unwrap().hits;
    for account in [ACCOUNT, OTHER] {
        backend::submit(&store, account, (1..50).map(view).collect()).unwrap();
        store.maintain().unwrap();
        // Its checksums are compared now, and hold.
        assert_eq!(count(account), 49);
    }
    let pages = Question {
        measures: vec![Measure::PageViews],
        dimensions: vec![Dimension::Page],
        ..Question::default()
    };
    // The older segment is the first account's.
    let damaged = files(&folder, "segments").remove(0);
    fs::write(&damaged, b"PAR1 no more").unwrap();
    let asked = store.snapshot(ACCOUNT).unwrap().aggregate(&pages);
    assert!(matches!(asked, Err(StoreError::Damaged(_))), "{asked:?}");
    // From then on everything goes on without it.
    let findings = store.findings();
    assert_eq!(findings.len(), 1);
    let segment = damaged.parent().unwrap().display().to_string();
    assert!(findings[0].file.starts_with(&segment), "{findings:?}");
    assert_eq!(count(ACCOUNT), 0);
    submit(&store, vec![view(60), view(7)]).unwrap();
    store.maintain().unwrap();
    assert_eq!(count(ACCOUNT), 1);
    assert!(store.snapshot(ACCOUNT).unwrap().aggregate(&pages).is_ok());
    assert!(store.snapshot(OTHER).unwrap().aggregate(&pages).is_ok());
    assert_eq!(count(OTHER), 49);
    assert!(damaged.exists());
}

#[test]
fn damaged_event_keys_are_named_and_keep_no_hit_from_being_taken() {
    let folder = flushing();
    let store = folder.open();
    submit(&store, (1..50).map(view).collect()).unwrap();
    store.maintain().unwrap();
    drop(store);
    let run = files(&folder, "events").remove(0);
    flip(&run, 30);
    let store = folder.open();
    submit(&store, vec![view(60)]).unwrap();
    let findings = store.findings();
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(findings[0].file, run.display().to_string());
    store.maintain().unwrap();
    assert_eq!(hits(&store), 50);
    assert!(run.exists());
}

#[test]
fn a_folder_that_lost_its_manifest_keeps_its_files() {
    for is_emptied in [true, false] {
        let folder = flushing();
        let store = folder.open();
        submit(&store, (0..5).map(view).collect()).unwrap();
        store.maintain().unwrap();
        drop(store);
        let before = files(&folder, "segments");
        assert!(!before.is_empty());
        let manifest = folder.folder.path().join("manifest.sqlite");
        if is_emptied {
            fs::write(&manifest, "").unwrap();
        } else {
            fs::remove_file(&manifest).unwrap();
        }
        let opened = EmbeddedStore::open(Options::new(folder.folder.path()));
        assert!(matches!(opened, Err(Error::Damaged { .. })));
        assert_eq!(files(&folder, "segments"), before);
    }
}
