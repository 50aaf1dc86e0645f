//! Visits laid out as lists of the things in them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use afsa_model::{
    Hit, HitKind, OrderState, PageViewMeasures, Product, ProductHit, Promotion, Timestamp, Visit,
    VisitorKey,
};
use afsa_visits::orders::Order;

use super::Reference;
use crate::Traffic;

/// A visit, or one hit of no visit as if alone in one.
pub(super) struct Scene<'a> {
    /// `None`: a hit of no visit.
    pub visit: Option<&'a Visit>,
    /// 1 for the visitor's first visit among those of the same traffic; 0 of no visit.
    pub number: i64,
    /// When the visitor's visit before began, of those of the same traffic.
    pub visit_before: Option<Timestamp>,
    pub visitor: VisitorKey,
    /// The visit's start; of a hit of no visit its own time.
    pub moment: Timestamp,
    /// By time, then by arrival, rows after the order they belong to.
    pub things: Vec<Thing<'a>>,
    /// Every hit that lies in the visit, also those that are no thing (`timing`, `engagement`,
    /// `visitor`, repeated purchases): what `dimensionN` looks at. The purchase of an order that
    /// was sent from outside of the visit isn't among them. Emptied of all that is no thing, or
    /// has no kept one, when things are judged.
    pub hits: Vec<&'a Hit>,
    /// The first and last page view among `things`.
    pub entry: Option<usize>,
    pub exit: Option<usize>,
    /// Whether it is a bounce, its orders included (cancelled ones are as if never made).
    pub is_bounce: bool,
    /// Indexes of the goals that each of `things` converted for.
    pub goals: Vec<Vec<usize>>,
    /// Which of `things` the filter left.
    pub kept: Vec<bool>,
}

/// What is counted, joined and judged.
#[derive(Clone, Copy)]
pub(super) enum Thing<'a> {
    PageView {
        hit: &'a Hit,
        measures: PageViewMeasures,
    },
    Event {
        hit: &'a Hit,
    },
    /// A product in an action that is no order. Without a product: an action of no products, which
    /// is joined and judged by its list, step and option, and counted never.
    ProductRow {
        hit: &'a Hit,
        action: &'a ProductHit,
        product: Option<&'a Product>,
    },
    Promotion {
        hit: &'a Hit,
        action: &'a ProductHit,
        promotion: &'a Promotion,
    },
    /// Cancelled orders stand here too: they can be joined and judged by, and are counted never.
    Order {
        hit: &'a Hit,
        order: &'a Order,
    },
    OrderRow {
        hit: &'a Hit,
        order: &'a Order,
        product: &'a Product,
    },
}

/// The kinds of [`Thing`]s, and the visit itself, as far as they decide which dimensions are own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Visit,
    PageView,
    Event,
    ProductRow,
    Promotion,
    Order,
    OrderRow,
}

impl<'a> Thing<'a> {
    /// The hit that told it; of orders the purchase.
    pub fn hit(&self) -> &'a Hit {
        match self {
            Thing::PageView { hit, .. }
            | Thing::Event { hit, .. }
            | Thing::ProductRow { hit, .. }
            | Thing::Promotion { hit, .. }
            | Thing::Order { hit, .. }
            | Thing::OrderRow { hit, .. } => hit,
        }
    }

    pub fn sort(&self) -> Sort {
        match self {
            Thing::PageView { .. } => Sort::PageView,
            Thing::Event { .. } => Sort::Event,
            Thing::ProductRow { .. } => Sort::ProductRow,
            Thing::Promotion { .. } => Sort::Promotion,
            Thing::Order { .. } => Sort::Order,
            Thing::OrderRow { .. } => Sort::OrderRow,
        }
    }

    pub fn time(&self) -> Timestamp {
        self.hit().time
    }

    /// Whether it is an order, or of one, that is as if never made.
    pub fn is_cancelled(&self) -> bool {
        match self {
            Thing::Order { order, .. } | Thing::OrderRow { order, .. } => {
                order.state == OrderState::Cancelled
            }
            _ => false,
        }
    }
}

impl<'a> Scene<'a> {
    /// The things that the filter left.
    pub fn kept_things(&self) -> impl Iterator<Item = (usize, &Thing<'a>)> {
        self.things
            .iter()
            .enumerate()
            .filter(|(index, _)| self.kept.get(*index) == Some(&true))
    }

    pub fn is_kept(&self, index: Option<usize>) -> bool {
        index.is_some_and(|index| self.kept.get(index) == Some(&true))
    }

    fn new(visit: Option<&'a Visit>, first: &'a Hit, hits: Vec<&'a Hit>) -> Scene<'a> {
        Scene {
            visit,
            number: 0,
            visit_before: None,
            visitor: visit.map_or(first.visitor, |visit| visit.visitor),
            moment: visit.map_or(first.time, |visit| visit.start),
            things: Vec::new(),
            hits,
            entry: None,
            exit: None,
            is_bounce: false,
            goals: Vec::new(),
            kept: Vec::new(),
        }
    }

    /// Lays out the things of its hits and of these orders.
    fn fill(mut self, orders: &[(&'a Hit, &'a Order)]) -> Scene<'a> {
        let mut page_views = self.visit.map_or(&[][..], |visit| &visit.page_views).iter();
        for hit in &self.hits {
            let measures = match hit.kind {
                HitKind::PageView => page_views.next().copied().unwrap_or_default(),
                _ => PageViewMeasures::default(),
            };
            add_things(&mut self.things, hit, measures);
        }
        for (hit, order) in orders {
            self.things.push(Thing::Order { hit, order });
            let row = |product| Thing::OrderRow {
                hit,
                order,
                product,
            };
            self.things.extend(order.rows.iter().map(row));
        }
        self.things
            .sort_by_key(|thing| (thing.time(), thing.hit().sequence));
        let is_page_view = |thing: &Thing| thing.sort() == Sort::PageView;
        self.entry = self.things.iter().position(is_page_view);
        self.exit = self.things.iter().rposition(is_page_view);
        let has_order = orders
            .iter()
            .any(|(_, order)| order.state != OrderState::Cancelled);
        self.is_bounce = self.visit.is_some_and(|visit| visit.is_bounce) && !has_order;
        self.goals = vec![Vec::new(); self.things.len()];
        self.kept = vec![true; self.things.len()];
        self
    }
}

fn add_things<'a>(things: &mut Vec<Thing<'a>>, hit: &'a Hit, measures: PageViewMeasures) {
    match &hit.kind {
        HitKind::PageView => things.push(Thing::PageView { hit, measures }),
        HitKind::Event(_) => things.push(Thing::Event { hit }),
        HitKind::Product(action) => {
            let row = |product| Thing::ProductRow {
                hit,
                action,
                product,
            };
            things.extend(action.products.iter().map(|product| row(Some(product))));
            let tells_of_itself =
                action.step.is_some() || action.option.is_some() || action.list.is_some();
            if action.products.is_empty() && tells_of_itself {
                things.push(row(None));
            }
            let promotion = |promotion| Thing::Promotion {
                hit,
                action,
                promotion,
            };
            things.extend(action.promotions.iter().map(promotion));
        }
        _ => {}
    }
}

/// Every visit and every thing of no visit of this traffic.
///
/// An order goes with its visit, so it is excluded traffic if the visit is; without a visit, if its
/// purchase is. Visits are numbered among the visitor's visits of the same traffic.
pub(super) fn scenes(data: &Reference, traffic: Traffic) -> Vec<Scene<'_>> {
    let asked = |is_excluded: bool| is_excluded == (traffic == Traffic::Excluded);
    let all_hits = || {
        data.visits
            .iter()
            .flat_map(|visit| &visit.hits)
            .chain(&data.loose)
    };
    let hit_of: HashMap<u64, &Hit> = all_hits().map(|hit| (hit.sequence, hit)).collect();
    let mut orders_of: BTreeMap<usize, Vec<(&Hit, &Order)>> = BTreeMap::new();
    let mut lone_orders = Vec::new();
    for order in &data.orders {
        let Some(hit) = hit_of.get(&order.sequence).copied() else {
            continue;
        };
        match visit_of(order, &data.visits) {
            Some(index) => orders_of.entry(index).or_default().push((hit, order)),
            None => lone_orders.push((hit, order)),
        }
    }
    let mut scenes = Vec::new();
    let mut latest: HashMap<VisitorKey, (i64, Timestamp)> = HashMap::new();
    for (index, visit) in data.visits.iter().enumerate() {
        let (true, Some(first)) = (asked(visit.exclusion.is_some()), visit.hits.first()) else {
            continue;
        };
        let before = latest.get(&visit.visitor).copied();
        let number = before.map_or(1, |(number, _)| number + 1);
        latest.insert(visit.visitor, (number, visit.start));
        let mut scene = Scene::new(Some(visit), first, visit.hits.iter().collect());
        scene.number = number;
        scene.visit_before = before.map(|(_, start)| start);
        scenes.push(scene.fill(orders_of.get(&index).map_or(&[], Vec::as_slice)));
    }
    for hit in data
        .loose
        .iter()
        .filter(|hit| asked(hit.exclusion.is_some()))
    {
        let scene = Scene::new(None, hit, vec![hit]).fill(&[]);
        if !scene.things.is_empty() {
            scenes.push(scene);
        }
    }
    for (hit, order) in lone_orders {
        if asked(order.exclusion.is_some()) {
            scenes.push(Scene::new(None, hit, vec![hit]).fill(&[(hit, order)]));
        }
    }
    scenes
}

/// Position of the order's visit. Of visits that began in one instant it is the one that holds the
/// purchase, else the last.
fn visit_of(order: &Order, visits: &[Visit]) -> Option<usize> {
    let start = order.visit?;
    let candidates = || {
        visits.iter().enumerate().filter(move |(_, visit)| {
            visit.visitor == order.visitor
                && visit.start == start
                && visit.exclusion.is_some() == order.exclusion.is_some()
        })
    };
    let holds = |visit: &Visit| visit.hits.iter().any(|hit| hit.sequence == order.sequence);
    candidates()
        .find(|(_, visit)| holds(visit))
        .or_else(|| candidates().next_back())
        .map(|(index, _)| index)
}

/// Visitors of these scenes' visits; [`VisitorKey::NOBODY`] has none.
pub(super) fn visitors<'s>(scenes: impl Iterator<Item = &'s Scene<'s>>) -> BTreeSet<VisitorKey> {
    scenes
        .filter(|scene| scene.visit.is_some())
        .map(|scene| scene.visitor)
        .collect()
}

/// The text `new` or `returning`.
pub(super) fn visitor_type(number: i64) -> &'static str {
    if number == 1 { "new" } else { "returning" }
}
