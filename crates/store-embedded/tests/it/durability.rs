//! What a start finds of what was acknowledged, also in damaged folders.

use std::fs;
use std::path::PathBuf;
use std::sync::mpsc;

use afsa_model::AccountId;
use afsa_store::conformance::draft::Draft;
use afsa_store::{Outcome, Store, StoreError};
use afsa_store_embedded::{EmbeddedStore, Error, Options, verify};

use crate::backend::InFolder;

const ACCOUNT: AccountId = AccountId(1);

fn submit(store: &EmbeddedStore, drafts: Vec<Draft>) -> Result<Vec<Outcome>, StoreError> {
    let (sender, receiver) = mpsc::channel();
    let arrivals = drafts.into_iter().map(|draft| draft.0).collect();
    let reply = move |outcomes| sender.send(outcomes).unwrap();
    store.submit(ACCOUNT, arrivals, Box::new(reply));
    receiver.recv().unwrap()
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
