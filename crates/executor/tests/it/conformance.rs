//! A backend whose snapshots are images: the reference store keeps the hits, the executor answers.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use afsa_executor::{
    Budget, Image, OrdersCell, Shard, Vocabulary, execute, execute_of_keys, execute_page,
};
use afsa_model::{AccountId, AccountSettings, Cut, Hit, Timestamp, Visit, VisitorKey};
use afsa_segments::encode;
use afsa_store::conformance::{Backend, Suite, cases};
use afsa_store::reference::ReferenceStore;
use afsa_store::{
    Activity, Arrival, CartHistory, CartPage, CheckoutFunnel, Dimension, Groups, ImportSession,
    JourneyEnd, Journeys, Order, Page, Paged, Question, Reply, Sales, Snapshot, Store, StoreError,
    Undo, Value,
};

#[test]
fn answers_as_the_reference_does() {
    check(TIGHT);
}

#[test]
fn answers_as_the_reference_does_with_all_that_it_keeps() {
    check(AMPLE);
}

/// `AFSA_TEST_WORLDS` sets how many worlds to try.
fn check(bound: usize) {
    let worlds = std::env::var("AFSA_TEST_WORLDS")
        .ok()
        .and_then(|told| told.parse().ok());
    let suite = Suite {
        worlds: worlds.unwrap_or(12),
        questions: 60,
        ..Suite::default()
    };
    match suite.run(&mut Images::bounded(bound)) {
        Ok(summary) => {
            assert!(summary.answered * 2 > summary.questions, "{summary:?}");
        }
        Err(failure) => panic!("{failure}"),
    }
}

#[test]
fn meets_the_named_cases() {
    let checked = cases::check(&mut Images::bounded(TIGHT)).unwrap();
    assert!(checked > 0);
}

/// A store whose snapshots are images. Clones share their data.
#[derive(Clone, Default)]
struct Images {
    store: ReferenceStore,
    settings: Arc<Mutex<BTreeMap<AccountId, AccountSettings>>>,
    bound: usize,
}

impl Images {
    fn bounded(bound: usize) -> Images {
        Images {
            bound,
            ..Images::default()
        }
    }
}

impl Backend for Images {
    fn fresh(&mut self) -> Arc<dyn Store> {
        *self = Images::bounded(self.bound);
        Arc::new(self.clone())
    }

    fn reopen(&mut self) -> Option<Arc<dyn Store>> {
        Some(Arc::new(self.clone()))
    }
}

impl Store for Images {
    fn configure(&self, account: AccountId, settings: &AccountSettings) {
        self.settings
            .lock()
            .unwrap()
            .insert(account, settings.clone());
        self.store.configure(account, settings);
    }

    fn submit(&self, account: AccountId, arrivals: Vec<Arrival>, reply: Reply) {
        self.store.submit(account, arrivals, reply);
    }

    fn latest_activity(&self, account: AccountId, visitor: VisitorKey) -> Option<Timestamp> {
        self.store.latest_activity(account, visitor)
    }

    fn begin_import(
        &self,
        account: AccountId,
        import: u32,
    ) -> Result<Box<dyn ImportSession>, StoreError> {
        self.store.begin_import(account, import)
    }

    fn undo_import(&self, account: AccountId, import: u32) -> Result<Undo, StoreError> {
        self.store.undo_import(account, import)
    }

    fn snapshot(&self, account: AccountId) -> Result<Arc<dyn Snapshot>, StoreError> {
        let snapshot = self.store.snapshot(account)?;
        let settings = self
            .settings
            .lock()
            .unwrap()
            .get(&account)
            .cloned()
            .unwrap_or_default();
        let (shards, budget) = shards(&*snapshot, self.bound)?;
        let orders = OrdersCell::default();
        Ok(Arc::new(ImageSnapshot {
            snapshot,
            settings,
            shards,
            orders,
            budget,
            bound: self.bound,
        }))
    }

    fn remove_before(&self, account: AccountId, before: Timestamp) -> Result<(), StoreError> {
        self.store.remove_before(account, before)
    }

    fn maintain(&self) -> Result<(), StoreError> {
        self.store.maintain()
    }
}

struct ImageSnapshot {
    snapshot: Arc<dyn Snapshot>,
    settings: AccountSettings,
    shards: Vec<Arc<Shard>>,
    orders: OrdersCell,
    budget: Arc<Budget>,
    bound: usize,
}

impl Snapshot for ImageSnapshot {
    fn account(&self) -> AccountId {
        self.snapshot.account()
    }

    fn aggregate(&self, question: &Question) -> Result<Groups, StoreError> {
        let ask = || execute(&self.shards, &self.orders, &self.settings, question);
        let groups = ask()?;
        // Asked again, it is answered by what was kept, if there was room.
        assert_eq!(sorted(ask()?), sorted(groups.clone()), "{question:?}");
        assert!(
            self.budget.used() <= self.bound,
            "{} bytes are loaded",
            self.budget.used()
        );
        Ok(groups)
    }

    fn page(&self, question: &Question, page: &Page) -> Result<Paged, StoreError> {
        execute_page(&self.shards, &self.orders, &self.settings, question, page)
    }

    fn of_keys(&self, question: &Question, keys: &[Vec<Value>]) -> Result<Groups, StoreError> {
        execute_of_keys(&self.shards, &self.orders, &self.settings, question, keys)
    }

    fn orders(
        &self,
        question: &Question,
        each: &mut dyn FnMut(Order) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let (shards, cell) = (&self.shards, &self.orders);
        afsa_executor::orders(shards, cell, &self.settings, question, each)
    }

    fn sales(&self, question: &Question) -> Result<Sales, StoreError> {
        let (shards, cell) = (&self.shards, &self.orders);
        afsa_executor::sales(shards, cell, &self.settings, question)
    }

    fn conversions(&self, question: &Question) -> Result<Vec<JourneyEnd>, StoreError> {
        let (shards, cell) = (&self.shards, &self.orders);
        afsa_executor::conversions(shards, cell, &self.settings, question)
    }

    fn journeys(
        &self,
        ends: &[JourneyEnd],
        dimensions: &[Dimension],
    ) -> Result<Journeys, StoreError> {
        let (shards, cell) = (&self.shards, &self.orders);
        afsa_executor::journeys(shards, cell, &self.settings, ends, dimensions)
    }

    fn checkout(&self, question: &Question) -> Result<CheckoutFunnel, StoreError> {
        afsa_executor::checkout(&self.shards, &self.orders, &self.settings, question)
    }

    fn carts(&self, question: &Question, page: &CartPage) -> Result<Vec<CartHistory>, StoreError> {
        afsa_executor::carts(&self.shards, &self.orders, &self.settings, question, page)
    }

    fn activity(&self) -> Result<Activity, StoreError> {
        self.snapshot.activity()
    }

    fn for_each_visit(
        &self,
        visit: &mut dyn FnMut(&Visit),
        loose: &mut dyn FnMut(&Hit),
    ) -> Result<(), StoreError> {
        self.snapshot.for_each_visit(visit, loose)
    }
}

pub(crate) fn sorted(mut groups: Groups) -> Groups {
    groups.rows.sort_by(|one, other| one.key.cmp(&other.key));
    groups
}

const SHARDS: u64 = 2;
const IMAGES: u64 = 3;
/// Little enough that columns are dropped and loaded again all the time.
const TIGHT: usize = 2_000;
/// Enough for everything.
const AMPLE: usize = 1 << 30;

/// What one image gets of one visitor: visits and loose hits, each dead or not.
#[derive(Default)]
struct Share {
    visits: Vec<(Visit, bool)>,
    loose: Vec<(Hit, bool)>,
}

/// Spreads a snapshot over images, visit by visit. Some images also get dead rows of visits that
/// another one has.
fn shards(
    snapshot: &dyn Snapshot,
    bound: usize,
) -> Result<(Vec<Arc<Shard>>, Arc<Budget>), StoreError> {
    let mut shares: BTreeMap<(u64, u64), BTreeMap<VisitorKey, Share>> = BTreeMap::new();
    let mut visits = Vec::new();
    let mut loose = Vec::new();
    snapshot.for_each_visit(&mut |visit| visits.push(visit.clone()), &mut |hit| {
        loose.push(hit.clone())
    })?;
    visits.sort_by_key(|visit| (visit.visitor, visit.start, visit.hits[0].sequence));
    loose.sort_by_key(|hit| (hit.visitor, hit.time, hit.sequence));
    for visit in visits {
        let (shard, mixed) = mix(visit.visitor, visit.hits[0].sequence);
        for image in 0..IMAGES {
            let is_alive = mixed % IMAGES == image;
            if is_alive || (mixed >> 8) % IMAGES == image {
                let share = shares.entry((shard, image)).or_default();
                let share = share.entry(visit.visitor).or_default();
                share.visits.push((visit.clone(), is_alive));
            }
        }
    }
    for hit in loose {
        let (shard, mixed) = mix(hit.visitor, hit.sequence);
        for image in 0..IMAGES {
            let is_alive = mixed % IMAGES == image;
            if is_alive || (mixed >> 8) % IMAGES == image {
                let share = shares.entry((shard, image)).or_default();
                let share = share.entry(hit.visitor).or_default();
                share.loose.push((hit.clone(), is_alive));
            }
        }
    }
    let vocabulary = Arc::new(Vocabulary::default());
    let budget = Budget::new(bound);
    let mut shards = Vec::new();
    for shard in 0..SHARDS {
        let mut images = Vec::new();
        for image in 0..IMAGES {
            let share = shares.remove(&(shard, image)).unwrap_or_default();
            images.push(Arc::new(make_image(share, &vocabulary, &budget)?));
        }
        shards.push(Arc::new(Shard::new(images)));
    }
    Ok((shards, budget))
}

fn make_image(
    shares: BTreeMap<VisitorKey, Share>,
    vocabulary: &Arc<Vocabulary>,
    budget: &Arc<Budget>,
) -> Result<Image, StoreError> {
    let (mut dead_visits, mut dead_loose) = (Vec::new(), Vec::new());
    let all_visits = || shares.values().flat_map(|share| &share.visits);
    for (row, (_, is_alive)) in all_visits().enumerate() {
        if !is_alive {
            dead_visits.push(row as u32);
        }
    }
    let hits: usize = all_visits().map(|(visit, _)| visit.hits.len()).sum();
    for (at, (_, is_alive)) in shares.values().flat_map(|share| &share.loose).enumerate() {
        if !is_alive {
            dead_loose.push((hits + at) as u32);
        }
    }
    let cuts: Vec<(VisitorKey, Cut)> = shares
        .into_iter()
        .map(|(key, share)| {
            let visits = share.visits.into_iter().map(|(visit, _)| visit).collect();
            let loose = share.loose.into_iter().map(|(hit, _)| hit).collect();
            (key, Cut { visits, loose })
        })
        .collect();
    let tables = encode(cuts).map_err(|error| StoreError::Internal(error.to_string()))?;
    Image::new(
        Arc::new(tables),
        &dead_visits,
        &dead_loose,
        vocabulary,
        budget,
    )
}

/// The shard of a visitor, and a number that spreads his visits.
fn mix(visitor: VisitorKey, sequence: u64) -> (u64, u64) {
    let scattered = |number: u64| {
        let number = (number ^ (number >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        number ^ (number >> 29)
    };
    (
        scattered(visitor.0 as u64) % SHARDS,
        scattered(sequence) % 65_536,
    )
}
