//! Visits laid out as lists of the things in them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use afsa_model::{
    Decimal, Hit, HitKind, PageViewMeasures, Product, ProductAction, ProductHit, Promotion,
    Timestamp, Visit, VisitorKey,
};
use afsa_visits::cart::{CartOutcome, CartStep, Moment, outcome};
use afsa_visits::orders::{Order, OrderRefund};

use super::Reference;
use super::names::ProductNames;
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
    /// What became of the visit's cart.
    pub cart: CartOutcome,
    /// Shared by all scenes.
    pub names: Rc<ProductNames>,
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
        /// Price × quantity, where the order's money could be converted.
        amount: Option<i128>,
    },
    /// Something given back: counted at its own moment, joined by never.
    Refund {
        hit: &'a Hit,
        order: &'a Order,
        refund: &'a OrderRefund,
    },
    RefundRow {
        hit: &'a Hit,
        order: &'a Order,
        refund: &'a OrderRefund,
        product: &'a Product,
        amount: Option<i128>,
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
    Refund,
    RefundRow,
}

impl<'a> Thing<'a> {
    /// The hit that told it; of orders and their refunds the purchase.
    pub fn hit(&self) -> &'a Hit {
        match self {
            Thing::PageView { hit, .. }
            | Thing::Event { hit, .. }
            | Thing::ProductRow { hit, .. }
            | Thing::Promotion { hit, .. }
            | Thing::Order { hit, .. }
            | Thing::OrderRow { hit, .. }
            | Thing::Refund { hit, .. }
            | Thing::RefundRow { hit, .. } => hit,
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
            Thing::Refund { .. } => Sort::Refund,
            Thing::RefundRow { .. } => Sort::RefundRow,
        }
    }

    pub fn time(&self) -> Timestamp {
        self.moment().0
    }

    /// Its time, and its place in the order of arrival.
    fn moment(&self) -> Moment {
        match self {
            Thing::Refund { refund, .. } | Thing::RefundRow { refund, .. } => {
                (refund.time, refund.sequence)
            }
            _ => (self.hit().time, self.hit().sequence),
        }
    }

    /// The order that it is, or is of.
    pub fn order(&self) -> Option<&'a Order> {
        match self {
            Thing::Order { order, .. }
            | Thing::OrderRow { order, .. }
            | Thing::Refund { order, .. }
            | Thing::RefundRow { order, .. } => Some(order),
            _ => None,
        }
    }

    /// Whether it is an order, or of one, that is as if never made.
    pub fn is_cancelled(&self) -> bool {
        self.order().is_some_and(Order::is_cancelled)
    }

    /// Whether it lies in its visit: refunds come at any time after.
    pub fn is_refund(&self) -> bool {
        matches!(self, Thing::Refund { .. } | Thing::RefundRow { .. })
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
            cart: CartOutcome::default(),
            names: Rc::default(),
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
            add_order(&mut self.things, hit, order);
        }
        self.things.sort_by_key(Thing::moment);
        let is_page_view = |thing: &Thing| thing.sort() == Sort::PageView;
        self.entry = self.things.iter().position(is_page_view);
        self.exit = self.things.iter().rposition(is_page_view);
        let has_order = orders.iter().any(|(_, order)| !order.is_cancelled());
        self.is_bounce = self.visit.is_some_and(|visit| visit.is_bounce) && !has_order;
        self.goals = vec![Vec::new(); self.things.len()];
        self.kept = vec![true; self.things.len()];
        self
    }
}

fn add_order<'a>(things: &mut Vec<Thing<'a>>, hit: &'a Hit, order: &'a Order) {
    things.push(Thing::Order { hit, order });
    let rows = order.rows.iter().zip(&order.row_amounts);
    things.extend(rows.map(|(product, amount)| Thing::OrderRow {
        hit,
        order,
        product,
        amount: *amount,
    }));
    for refund in &order.refunds {
        things.push(Thing::Refund { hit, order, refund });
        let rows = refund.rows.iter().zip(&refund.row_amounts);
        things.extend(rows.map(|(product, amount)| Thing::RefundRow {
            hit,
            order,
            refund,
            product,
            amount: *amount,
        }));
    }
}

/// Follows the cart of a visit; `ordered` are the moments of its visitor's orders of this traffic
/// that aren't cancelled.
fn cart_of(visit: &Visit, own: &[(&Hit, &Order)], ordered: &[Moment], window: i64) -> CartOutcome {
    let mut steps = Vec::new();
    for hit in &visit.hits {
        let HitKind::Product(action) = &hit.kind else {
            continue;
        };
        let moment = (hit.time, hit.sequence);
        let step: fn((_, _), _) -> _ = match action.action {
            ProductAction::Add => CartStep::Add,
            ProductAction::Remove => CartStep::Remove,
            ProductAction::Checkout => {
                steps.push((moment, CartStep::Checkout));
                continue;
            }
            _ => continue,
        };
        for product in &action.products {
            let item = (product.sku(), product.variant.as_ref());
            let quantity = product.quantity.unwrap_or(Decimal::ONE);
            steps.push((moment, step(item, quantity)));
        }
    }
    let orders = own.iter().filter(|(_, order)| !order.is_cancelled());
    steps.extend(orders.map(|(_, order)| ((order.time, order.sequence), CartStep::Order)));
    steps.sort_by_key(|(moment, _)| *moment);
    outcome(steps, ordered, visit.end.plus(window))
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
    let mut ordered: HashMap<VisitorKey, Vec<Moment>> = HashMap::new();
    for order in &data.orders {
        let Some(hit) = hit_of.get(&order.sequence).copied() else {
            continue;
        };
        if !order.is_cancelled() && asked(order.exclusion.is_some()) {
            let moments = ordered.entry(order.visitor).or_default();
            moments.push((order.time, order.sequence));
        }
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
        let own = orders_of.get(&index).map_or(&[][..], Vec::as_slice);
        let ordered = ordered.get(&visit.visitor).map_or(&[][..], Vec::as_slice);
        scene.cart = cart_of(visit, own, ordered, data.order_window);
        scenes.push(scene.fill(own));
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
    let names = Rc::new(ProductNames::of(&scenes));
    for scene in &mut scenes {
        scene.names = names.clone();
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
