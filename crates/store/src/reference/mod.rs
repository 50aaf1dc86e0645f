//! The naive executor that defines what is right: every question is answered by walking over
//! everything, with sets and lists, in the words of the definitions.
//!
//! `identity` says whose each hit is, `visits` cuts them and resolves the orders, a `Scene` lays out
//! one visit with its things, `judge` takes out what a filter doesn't choose, and `answer` counts
//! what is left under the `keys` made of `values`. Nothing here is made to be fast.

mod answer;
mod identity;
mod judge;
mod keys;
mod names;
mod scene;
mod shop;
mod store;
mod values;

use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::sync::Arc;

use afsa_model::{AccountId, AccountSettings, Hit, Text, Timestamp, Visit, VisitorKey};
use afsa_visits::orders::{self, Order, OrderHit, People, VisitSpan};
use afsa_visits::{Rules, cut};

use crate::{
    Activity, Arrival, CartHistory, CartPage, CheckoutFunnel, Dimension, Groups, JourneyEnd,
    Journeys, Question, Sales, Snapshot, StoreError, Traffic, Value,
};

pub use store::ReferenceStore;

/// All of an account at one moment: its visits, its hits of no visit and its orders.
#[derive(Clone, Debug)]
pub struct Reference {
    account: AccountId,
    visits: Vec<Visit>,
    loose: Vec<Hit>,
    orders: Vec<Arc<Order>>,
    /// Milliseconds after a visit's end in which an order still saves its cart.
    order_window: i64,
}

impl Reference {
    /// Works everything out of all arrivals of the account, in whatever order they stand. Their
    /// hits have `sequence` and `import` set; `visitor` and `by_user` follow here.
    pub fn new(account: AccountId, arrivals: &[Arrival], settings: &AccountSettings) -> Reference {
        let hits = identity::resolve(arrivals, settings.visit_timeout);
        let mut by_visitor: HashMap<VisitorKey, Vec<Hit>> = HashMap::new();
        for hit in hits {
            by_visitor.entry(hit.visitor).or_default().push(hit);
        }
        let (mut visits, mut loose) = (Vec::new(), Vec::new());
        for hits in by_visitor.into_values() {
            let cut = cut(hits, Rules::from(settings));
            visits.extend(cut.visits);
            loose.extend(cut.loose);
        }
        visits.sort_by_key(|visit| {
            let first = visit.hits.first().map(|hit| hit.sequence);
            (visit.visitor, visit.start, first)
        });
        loose.sort_by_key(|hit| (hit.time, hit.sequence));
        let orders = resolve_orders(&visits, &loose, settings);
        Reference {
            account,
            visits,
            loose,
            orders,
            order_window: settings.order_window,
        }
    }

    /// Every visit, by visitor and start.
    pub fn visits(&self) -> &[Visit] {
        &self.visits
    }

    /// Every hit of no visit, by time and arrival.
    pub fn loose(&self) -> &[Hit] {
        &self.loose
    }

    /// Every value, null left out, that the dimension has in the visits of people and in what was
    /// excluded: as a question without goals would list them.
    pub fn values_of(&self, dimension: Dimension) -> Vec<Value> {
        let question = Question::default();
        let values: BTreeSet<Value> = [Traffic::People, Traffic::Excluded]
            .into_iter()
            .flat_map(|traffic| scene::scenes(self, traffic))
            .flat_map(|scene| values::of_scene(&question, &scene, dimension))
            .filter(|value| *value != Value::Null)
            .collect();
        values.into_iter().collect()
    }

    /// Every order, cancelled ones too, by time and arrival.
    pub fn orders(&self) -> &[Arc<Order>] {
        &self.orders
    }
}

impl Snapshot for Reference {
    fn account(&self) -> AccountId {
        self.account
    }

    fn aggregate(&self, question: &Question) -> Result<Groups, StoreError> {
        answer::answer(self, question)
    }

    fn orders(
        &self,
        question: &Question,
        each: &mut dyn FnMut(Order) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        shop::orders(self, question, each)
    }

    fn sales(&self, question: &Question) -> Result<Sales, StoreError> {
        shop::sales(self, question)
    }

    fn conversions(&self, question: &Question) -> Result<Vec<JourneyEnd>, StoreError> {
        answer::conversions(self, question)
    }

    fn journeys(
        &self,
        ends: &[JourneyEnd],
        dimensions: &[Dimension],
    ) -> Result<Journeys, StoreError> {
        Ok(shop::journeys(self, ends, dimensions))
    }

    fn checkout(&self, question: &Question) -> Result<CheckoutFunnel, StoreError> {
        shop::checkout(self, question)
    }

    fn carts(&self, question: &Question, page: &CartPage) -> Result<Vec<CartHistory>, StoreError> {
        shop::carts(self, question, page)
    }

    fn activity(&self) -> Result<Activity, StoreError> {
        let hits = || {
            self.visits
                .iter()
                .flat_map(|visit| &visit.hits)
                .chain(&self.loose)
        };
        Ok(Activity {
            first_hit: hits().map(|hit| hit.time).min(),
            last_hit: hits().map(|hit| hit.time).max(),
            hits: hits().count() as u64,
            visits: self.visits.len() as u64,
            stored_bytes: 0,
        })
    }

    fn for_each_visit(
        &self,
        visit: &mut dyn FnMut(&Visit),
        loose: &mut dyn FnMut(&Hit),
    ) -> Result<(), StoreError> {
        self.visits.iter().for_each(visit);
        self.loose.iter().for_each(loose);
        Ok(())
    }
}

fn resolve_orders(visits: &[Visit], loose: &[Hit], settings: &AccountSettings) -> Vec<Arc<Order>> {
    let within = visits.iter().flat_map(|visit| {
        let start: Option<Timestamp> = Some(visit.start);
        visit
            .hits
            .iter()
            .map(move |hit| OrderHit { hit, visit: start })
    });
    let outside = loose.iter().map(|hit| OrderHit { hit, visit: None });
    let everyone = Everyone { visits, loose };
    let orders = orders::resolve(within.chain(outside), &everyone, settings);
    orders.into_iter().map(Arc::new).collect()
}

/// The visitors of an account.
struct Everyone<'a> {
    visits: &'a [Visit],
    loose: &'a [Hit],
}

impl People for Everyone<'_> {
    fn visits(&self, visitor: VisitorKey) -> Vec<VisitSpan> {
        let own = self.visits.iter().filter(|visit| visit.visitor == visitor);
        own.map(|visit| VisitSpan {
            start: visit.start,
            end: visit.end,
            exclusion: visit.exclusion,
            has_campaign: visit.origin.has_campaign(),
        })
        .collect()
    }

    fn user_by(&self, visitor: VisitorKey, time: Timestamp, sequence: u64) -> Text {
        let hits = self.visits.iter().flat_map(|visit| &visit.hits);
        hits.chain(self.loose)
            .filter(|hit| hit.visitor == visitor && hit.user.is_some())
            .filter(|hit| (hit.time, hit.sequence) <= (time, sequence))
            .max_by_key(|hit| (hit.time, hit.sequence))
            .and_then(|hit| hit.user.clone())
    }
}
