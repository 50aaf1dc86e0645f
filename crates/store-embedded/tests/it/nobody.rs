//! Hits that tell nothing of whose they are: any number of them, all of one key.

use afsa_model::AccountId;
use afsa_store::conformance::draft::Draft;
use afsa_store::{Measure, Question, Store};
use afsa_store_embedded::{EmbeddedStore, Options, verify};

use crate::backend::{InFolder, submit};

const ACCOUNT: AccountId = AccountId(1);
const IMPORTED: u64 = 200_000;

fn lone(number: u64) -> Draft {
    Draft::page_view(number as i64 % 100_000, 0, "/lone").event_key(number)
}

/// Hits, and page views by what questions say.
fn counts(store: &EmbeddedStore) -> (u64, i128) {
    let snapshot = store.snapshot(ACCOUNT).unwrap();
    let question = Question {
        measures: vec![Measure::PageViews, Measure::Visits],
        ..Question::default()
    };
    let groups = snapshot.aggregate(&question).unwrap();
    assert_eq!(groups.rows[0].numbers[1], visits(store));
    (snapshot.activity().unwrap().hits, groups.rows[0].numbers[0])
}

fn visits(store: &EmbeddedStore) -> i128 {
    i128::from(store.snapshot(ACCOUNT).unwrap().activity().unwrap().visits)
}

#[test]
fn any_number_comes_lives_and_leaves() {
    let folder = InFolder::new(|options: &mut Options| {
        options.most_hot_hits = 5_000;
        options.visits_per_shard = 5_000;
    });
    let store = folder.open();
    let both = |count| (count, i128::from(count));
    // Live: each snapshot adds what is new.
    for round in 0..12 {
        let numbers = round * 1_000..(round + 1) * 1_000;
        let mut drafts: Vec<Draft> = numbers.map(lone).collect();
        drafts.push(Draft::page_view(round as i64, 1 + round % 3, "/a"));
        submit(&store, ACCOUNT, drafts).unwrap();
        assert_eq!(counts(&store), both((round + 1) * 1_001));
        store.maintain().unwrap();
    }
    let live = 12 * 1_001;
    let mut session = store.begin_import(ACCOUNT, 1).unwrap();
    for from in (0..IMPORTED).step_by(10_000) {
        let numbers = 1_000_000 + from..1_000_000 + from + 10_000;
        session
            .push(numbers.map(|number| lone(number).0).collect())
            .unwrap();
    }
    session.finish(&|_| {}).unwrap();
    assert_eq!(counts(&store), both(live + IMPORTED));
    drop(store);
    assert_eq!(verify(folder.folder.path()).unwrap().findings, []);
    let store = folder.open();
    assert_eq!(counts(&store), both(live + IMPORTED));
    // More live hits lie over the import's when it goes.
    submit(&store, ACCOUNT, (500_000..506_000).map(lone).collect()).unwrap();
    store.maintain().unwrap();
    assert_eq!(store.undo_import(ACCOUNT, 1).unwrap().hits, IMPORTED);
    assert_eq!(counts(&store), both(live + 6_000));
    drop(store);
    let store = folder.open();
    assert_eq!(counts(&store), both(live + 6_000));
    drop(store);
    assert_eq!(verify(folder.folder.path()).unwrap().findings, []);
}
