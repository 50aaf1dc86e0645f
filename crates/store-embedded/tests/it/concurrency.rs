//! Many threads at once, with a ledger of what each was told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use afsa_model::AccountId;
use afsa_store::conformance::draft::Draft;
use afsa_store::{Dimension, Measure, Outcome, Question, Snapshot, Store, Value};
use afsa_store_embedded::{EmbeddedStore, Options, verify};

use crate::backend::{InFolder, submit};

const ACCOUNTS: [AccountId; 2] = [AccountId(1), AccountId(2)];
const SUBMISSIONS: u64 = 40;
const IMPORTS: u32 = 6;
const IMPORTED: u64 = 30;

/// What must and what may be found of one account.
#[derive(Clone, Default)]
struct Ledger {
    /// Pages of hits that were acknowledged, or whose import has ended.
    must: BTreeSet<u64>,
    /// Also those that are just being sent, imported or taken out.
    may: BTreeSet<u64>,
}

/// Few visitors, some of whose hits tell users, only users or nobody, so that hits of all threads
/// meet; pages of two accounts differ.
fn view(account: AccountId, number: u64) -> Draft {
    let page = format!("/{}/{number}", account.0);
    let minute = (number * 37 % 3_000) as i64;
    let visitor = 1 + number % 9;
    let draft = match number % 7 {
        0 => Draft::page_view(minute, 0, &page),
        1 => Draft::page_view(minute, visitor, &page).by_user("anna"),
        2 | 3 => Draft::page_view(minute, visitor, &page).user("anna"),
        _ => Draft::page_view(minute, visitor, &page),
    };
    draft.event_key(number)
}

/// How often each page was viewed. Panics if one is another account's.
fn pages(account: AccountId, snapshot: &dyn Snapshot) -> BTreeMap<u64, i128> {
    let question = Question {
        measures: vec![Measure::PageViews],
        dimensions: vec![Dimension::Page],
        ..Question::default()
    };
    let groups = snapshot.aggregate(&question).unwrap();
    let rows = groups.rows.iter().map(|group| {
        let [Value::Text(page)] = &group.key[..] else {
            panic!("{group:?} has no page")
        };
        let number = page.strip_prefix(&format!("/{}/", account.0)).unwrap();
        (number.parse().unwrap(), group.numbers[0])
    });
    rows.collect()
}

fn check(account: AccountId, store: &EmbeddedStore, ledger: &Mutex<Ledger>) {
    let must = ledger.lock().unwrap().must.clone();
    let snapshot = store.snapshot(account).unwrap();
    let may = ledger.lock().unwrap().may.clone();
    let pages = pages(account, &*snapshot);
    for (number, count) in &pages {
        assert_eq!(*count, 1, "{number} counts more than once");
        assert!(
            may.contains(number),
            "{number} was never sent, or taken out"
        );
    }
    // What was taken out while the snapshot was made may be in it or not.
    for number in must.intersection(&ledger.lock().unwrap().must) {
        assert!(pages.contains_key(number), "{number} is lost");
    }
    assert_eq!(snapshot.activity().unwrap().hits, pages.len() as u64);
}

fn submit_all(account: AccountId, store: &EmbeddedStore, ledger: &Mutex<Ledger>, lane: u64) {
    for submission in 0..SUBMISSIONS {
        let from = lane * 100_000 + submission * 5;
        let numbers: Vec<u64> = (from..from + 5).collect();
        ledger.lock().unwrap().may.extend(&numbers);
        let views = || {
            numbers
                .iter()
                .map(|number| view(account, *number))
                .collect()
        };
        let outcomes = submit(store, account, views()).unwrap();
        assert_eq!(outcomes, [Outcome::Accepted; 5]);
        ledger.lock().unwrap().must.extend(&numbers);
        if submission % 4 == 0 {
            let outcomes = submit(store, account, views()).unwrap();
            assert_eq!(outcomes, [Outcome::Duplicate; 5]);
        }
    }
}

/// Every other import is taken out again.
fn import_all(account: AccountId, store: &EmbeddedStore, ledger: &Mutex<Ledger>) {
    for import in 1..=IMPORTS {
        let from = 1_000_000 * u64::from(import);
        let numbers: Vec<u64> = (from..from + IMPORTED).collect();
        ledger.lock().unwrap().may.extend(&numbers);
        let mut session = store.begin_import(account, import).unwrap();
        for chunk in numbers.chunks(10) {
            let arrivals = chunk.iter().map(|number| view(account, *number).0);
            session.push(arrivals.collect()).unwrap();
        }
        session.finish(&|_| {}).unwrap();
        ledger.lock().unwrap().must.extend(&numbers);
        if import % 2 == 0 {
            ledger
                .lock()
                .unwrap()
                .must
                .retain(|number| !numbers.contains(number));
            let undone = store.undo_import(account, import).unwrap();
            assert_eq!(undone.hits, IMPORTED);
        }
    }
}

#[test]
fn threads_lose_nothing_and_see_what_was_acknowledged() {
    let folder = InFolder::new(|options: &mut Options| {
        options.most_hot_hits = 20;
        options.visits_per_shard = 60;
    });
    let store = folder.open();
    let ledgers = [Mutex::<Ledger>::default(), Mutex::default()];
    let at_work = AtomicUsize::new(0);
    thread::scope(|scope| {
        let store = &*store;
        let at_work = &at_work;
        for (account, ledger) in ACCOUNTS.into_iter().zip(&ledgers) {
            at_work.fetch_add(3, Ordering::SeqCst);
            for lane in 0..2 {
                scope.spawn(move || {
                    let _done = Done(at_work);
                    submit_all(account, store, ledger, lane);
                });
            }
            scope.spawn(move || {
                let _done = Done(at_work);
                import_all(account, store, ledger);
            });
            scope.spawn(move || {
                while at_work.load(Ordering::SeqCst) > 0 {
                    check(account, store, ledger);
                }
            });
        }
        scope.spawn(move || {
            while at_work.load(Ordering::SeqCst) > 0 {
                store.maintain().unwrap();
            }
        });
    });
    let exact = |store: &EmbeddedStore| {
        for (account, ledger) in ACCOUNTS.into_iter().zip(&ledgers) {
            check(account, store, ledger);
            let found = pages(account, &*store.snapshot(account).unwrap());
            let found: BTreeSet<u64> = found.into_keys().collect();
            assert_eq!(found, ledger.lock().unwrap().must);
        }
    };
    exact(&store);
    drop(store);
    exact(&folder.open());
    assert_eq!(verify(folder.folder.path()).unwrap().findings, []);
}

/// Says that a thread is through, also when it panics.
struct Done<'a>(&'a AtomicUsize);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
