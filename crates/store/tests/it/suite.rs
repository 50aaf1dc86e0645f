//! The suite against the reference itself, and against stores that are wrong in one way.

use std::sync::Arc;

use afsa_model::{AccountId, AccountSettings, Timestamp, VisitorKey};
use afsa_store::conformance::{Backend, InMemory, Suite, cases};
use afsa_store::reference::ReferenceStore;
use afsa_store::{Arrival, ImportSession, Outcome, Reply, Snapshot, Store, StoreError, Undo};

#[test]
fn the_reference_passes_its_own_suite() {
    let suite = Suite {
        seed: 77,
        worlds: 100,
        questions: 50,
        ..Suite::default()
    };
    let summary = suite
        .run(&mut InMemory::default())
        .unwrap_or_else(|failure| panic!("{failure}"));
    assert_eq!(summary.questions, 5_000);
    assert!(
        summary.groups > 5_000,
        "most questions should be answered with something: {summary:?}"
    );
}

/// What a wrong store does wrong.
#[derive(Clone, Copy, Debug)]
enum Fault {
    LosesLastOfBatch,
    ForgetsEventKeysWhenReopened,
    MixesAccounts,
    KeepsUndone,
    LosesTiesOrder,
    ForgetsUnfinishedImportsToo,
}

#[derive(Clone)]
struct Wrong {
    fault: Fault,
    store: ReferenceStore,
    generation: u64,
}

impl Wrong {
    fn account(&self, account: AccountId) -> AccountId {
        match self.fault {
            Fault::MixesAccounts => AccountId(1),
            _ => account,
        }
    }

    fn changed(&self, mut arrivals: Vec<Arrival>) -> Vec<Arrival> {
        match self.fault {
            Fault::LosesLastOfBatch if arrivals.len() > 3 => {
                arrivals.pop();
            }
            Fault::ForgetsEventKeysWhenReopened => {
                for event in arrivals
                    .iter_mut()
                    .filter_map(|arrival| arrival.event.as_mut())
                {
                    event.0 ^= self.generation;
                }
            }
            Fault::LosesTiesOrder => arrivals.reverse(),
            _ => {}
        }
        arrivals
    }
}

impl Store for Wrong {
    fn configure(&self, account: AccountId, settings: &AccountSettings) {
        self.store.configure(self.account(account), settings);
    }

    fn submit(&self, account: AccountId, arrivals: Vec<Arrival>, reply: Reply) {
        let count = arrivals.len();
        // It lies about what it did.
        let lie = move |outcomes: Result<Vec<Outcome>, StoreError>| {
            reply(outcomes.map(|mut outcomes| {
                outcomes.resize(count, Outcome::Accepted);
                outcomes
            }));
        };
        self.store
            .submit(self.account(account), self.changed(arrivals), Box::new(lie));
    }

    fn latest_activity(&self, account: AccountId, visitor: VisitorKey) -> Option<Timestamp> {
        self.store.latest_activity(account, visitor)
    }

    fn begin_import(
        &self,
        account: AccountId,
        import: u32,
    ) -> Result<Box<dyn ImportSession>, StoreError> {
        let session = self.store.begin_import(self.account(account), import)?;
        Ok(match self.fault {
            Fault::ForgetsUnfinishedImportsToo => Box::new(Eager(Some(session))),
            _ => session,
        })
    }

    fn undo_import(&self, account: AccountId, import: u32) -> Result<Undo, StoreError> {
        match self.fault {
            Fault::KeepsUndone => Ok(Undo { hits: 3 }),
            _ => self.store.undo_import(account, import),
        }
    }

    fn snapshot(&self, account: AccountId) -> Result<Arc<dyn Snapshot>, StoreError> {
        self.store.snapshot(self.account(account))
    }

    fn remove_before(&self, account: AccountId, before: Timestamp) -> Result<(), StoreError> {
        self.store.remove_before(account, before)
    }

    fn maintain(&self) -> Result<(), StoreError> {
        self.store.maintain()
    }
}

/// Finishes imports that were given up.
struct Eager(Option<Box<dyn ImportSession>>);

impl ImportSession for Eager {
    fn push(&mut self, arrivals: Vec<Arrival>) -> Result<Vec<Outcome>, StoreError> {
        self.0.as_mut().unwrap().push(arrivals)
    }

    fn finish(mut self: Box<Self>, progress: &dyn Fn(f64)) -> Result<(), StoreError> {
        self.0.take().unwrap().finish(progress)
    }
}

impl Drop for Eager {
    fn drop(&mut self) {
        if let Some(session) = self.0.take() {
            session.finish(&|_| {}).unwrap();
        }
    }
}

impl Backend for Wrong {
    fn fresh(&mut self) -> Arc<dyn Store> {
        self.store = ReferenceStore::new();
        self.generation = 0;
        Arc::new(self.clone())
    }

    fn reopen(&mut self) -> Option<Arc<dyn Store>> {
        self.generation += 1;
        Some(Arc::new(self.clone()))
    }
}

#[test]
fn wrong_stores_are_found_out_with_a_small_world() {
    let check = |fault: Fault, most_steps: usize| {
        let mut wrong = Wrong {
            fault,
            store: ReferenceStore::new(),
            generation: 0,
        };
        let suite = Suite {
            seed: 5,
            worlds: 60,
            questions: 20,
            ..Suite::default()
        };
        let failure = suite
            .run(&mut wrong)
            .expect_err(&format!("{fault:?} passes"));
        let steps = failure.steps.len();
        assert!(
            steps <= most_steps,
            "{fault:?} shows in {steps} steps:\n{failure}"
        );
    };
    check(Fault::LosesLastOfBatch, 5);
    check(Fault::ForgetsEventKeysWhenReopened, 6);
    check(Fault::MixesAccounts, 3);
    check(Fault::KeepsUndone, 3);
    check(Fault::LosesTiesOrder, 4);
    check(Fault::ForgetsUnfinishedImportsToo, 4);
}

#[test]
fn the_reference_answers_the_written_cases() {
    let asked = cases::check(&mut InMemory::default()).unwrap_or_else(|wrong| panic!("{wrong}"));
    assert!(asked > 150, "only {asked} questions were asked");
}

#[test]
fn the_written_cases_find_wrong_stores_out() {
    for fault in [
        Fault::LosesLastOfBatch,
        Fault::LosesTiesOrder,
        Fault::ForgetsEventKeysWhenReopened,
    ] {
        let mut wrong = Wrong {
            fault,
            store: ReferenceStore::new(),
            generation: 0,
        };
        assert!(cases::check(&mut wrong).is_err(), "{fault:?} passes");
    }
}
