//! Counting.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use afsa_model::{Decimal, ProductAction, Text, Timestamp, VisitorKey};

use afsa_visits::orders::{Customer, Order};

use super::Reference;
use super::judge::{Judge, note_goals};
use super::keys::keys;
use super::scene::{Scene, Sort, Thing, scenes};
use crate::{CostMethod, Group, Groups, JourneyEnd, Measure, Question, StoreError, Traffic, Value};

/// Answers a question over all of an account.
pub(super) fn answer(data: &Reference, question: &Question) -> Result<Groups, StoreError> {
    let scenes = chosen(data, question)?;
    let mut cells: BTreeMap<Vec<Value>, Vec<Cell>> = BTreeMap::new();
    if question.dimensions.is_empty() {
        cells.insert(Vec::new(), empty_cells(question));
    }
    for (column, measure) in question.measures.iter().enumerate() {
        for scene in &scenes {
            for counted in counted(*measure, scene) {
                if !question.range.contains(counted.moment) {
                    continue;
                }
                for key in keys(question, scene, &counted) {
                    let cells = cells.entry(key).or_insert_with(|| empty_cells(question));
                    cells[column].add(&counted.amount);
                }
            }
        }
    }
    let rows = cells
        .into_iter()
        .map(|(key, cells)| Group {
            key,
            numbers: cells.iter().map(Cell::number).collect(),
        })
        .collect();
    Ok(Groups { rows })
}

pub(super) fn conversions(
    data: &Reference,
    question: &Question,
) -> Result<Vec<JourneyEnd>, StoreError> {
    let mut conversions = Vec::new();
    for scene in chosen(data, question)? {
        let counted = counted(Measure::Conversions, &scene).into_iter();
        let in_range = counted.filter(|counted| question.range.contains(counted.moment));
        conversions.extend(in_range.map(|counted| JourneyEnd {
            visitor: match counted.thing.and_then(|index| scene.things.get(index)) {
                Some(Thing::Order { order, .. }) => order.visitor,
                _ => scene.visitor,
            },
            time: counted.moment,
            is_excluded: question.traffic == Traffic::Excluded,
        }));
    }
    Ok(conversions)
}

/// The scenes of the question's traffic that its filter leaves, with what it leaves of each.
pub(super) fn chosen<'a>(
    data: &'a Reference,
    question: &Question,
) -> Result<Vec<Scene<'a>>, StoreError> {
    let mut scenes = scenes(data, question.traffic);
    note_goals(&mut scenes, question)?;
    if let Some(filter) = &question.filter {
        let judge = Judge::new(filter, question, &scenes)?;
        let judges_things = filter.judges_things();
        scenes.retain_mut(
            |scene| match judge.verdict(question, scene, judges_things) {
                Some(kept) => {
                    scene.kept = kept;
                    if judges_things {
                        leave_hits_of_kept_things(scene);
                    }
                    true
                }
                None => false,
            },
        );
    }
    Ok(scenes)
}

/// A filter that judges things keeps page views, events, rows, promotions and orders; every other
/// hit is gone, and `dimensionN` is told only by hits of which something is kept. A refund keeps its
/// visit, but no hit of it.
fn leave_hits_of_kept_things(scene: &mut Scene) {
    let kept: BTreeSet<u64> = scene
        .kept_things()
        .filter(|(_, thing)| !thing.is_refund())
        .map(|(_, thing)| thing.hit().sequence)
        .collect();
    scene.hits.retain(|hit| kept.contains(&hit.sequence));
}

/// One thing that a measure counts.
pub(super) struct Counted {
    pub moment: Timestamp,
    /// `None`: the visit.
    pub thing: Option<usize>,
    /// Counted as a conversion, so that its goals are its own.
    pub converts: bool,
    amount: Amount,
}

enum Amount {
    Sum(i128),
    Visitor(VisitorKey),
    /// A product of an order. Rows that name no product are one nameless product of their order.
    Sold {
        order: Arc<str>,
        product: Text,
    },
    /// What a campaign costs in all.
    LumpSum(Campaign, Decimal),
    /// A customer, with what he counts for.
    Customer(Customer, i128),
}

/// Source, medium, name and id.
type Campaign = [Text; 4];

fn counted(measure: Measure, scene: &Scene) -> Vec<Counted> {
    use Measure::*;
    let of_visit = |is_counted: bool, amount: Amount| {
        let counted = is_counted && scene.visit.is_some();
        let counted = counted.then_some(Counted {
            moment: scene.moment,
            thing: None,
            converts: false,
            amount,
        });
        counted.into_iter().collect()
    };
    let of_page = |page_view: Option<usize>| {
        let counted = scene.visit.is_some() && scene.is_kept(page_view);
        let counted = counted.then_some(Counted {
            moment: scene.moment,
            thing: page_view,
            converts: false,
            amount: Amount::Sum(1),
        });
        counted.into_iter().collect()
    };
    let any = |is_meant: &dyn Fn(usize, &Thing) -> bool| {
        scene
            .kept_things()
            .any(|(index, thing)| is_meant(index, thing))
    };
    let duration = || scene.visit.map_or(0, |visit| visit.end.since(visit.start));
    match measure {
        Visits => of_visit(true, Amount::Sum(1)),
        Visitors => of_visit(true, Amount::Visitor(scene.visitor)),
        NewVisitors => of_visit(scene.number == 1, Amount::Sum(1)),
        Bounces => of_visit(scene.is_bounce, Amount::Sum(1)),
        VisitDuration => of_visit(true, Amount::Sum(duration().into())),
        UniquePageViews => {
            let seen = any(&|_, thing| thing.sort() == Sort::PageView);
            of_visit(seen, Amount::Sum(1))
        }
        ConvertedVisits => of_visit(any(&|index, _| converts(scene, index)), Amount::Sum(1)),
        OrderedVisits => {
            let ordered = any(&|_, thing| thing.sort() == Sort::Order && !thing.is_cancelled());
            of_visit(ordered, Amount::Sum(1))
        }
        VisitCost => of_visit(true, cost_of_visit(scene)),
        Carts => of_visit(scene.cart.had_cart, Amount::Sum(1)),
        AbandonedCarts => of_visit(scene.cart.abandoned_cart, Amount::Sum(1)),
        CheckoutVisits => of_visit(scene.cart.had_checkout, Amount::Sum(1)),
        AbandonedCheckouts => of_visit(scene.cart.abandoned_checkout, Amount::Sum(1)),
        Entries => of_page(scene.entry),
        Exits => of_page(scene.exit),
        _ => scene
            .kept_things()
            .filter_map(|(index, thing)| {
                Some(Counted {
                    moment: thing.time(),
                    thing: Some(index),
                    converts: measure == Conversions,
                    amount: amount_of_thing(measure, scene, index, thing)?,
                })
            })
            .collect(),
    }
}

/// A visit costs what its own origin tells.
fn cost_of_visit(scene: &Scene) -> Amount {
    let origin = scene.visit.map(|visit| &*visit.origin);
    let Some((origin, (method, price))) =
        origin.and_then(|origin| Some((origin, CostMethod::of(origin)?)))
    else {
        return Amount::Sum(0);
    };
    match method {
        CostMethod::Click => Amount::Sum(price.times(Decimal::ONE)),
        CostMethod::Total => {
            let campaign = [
                &origin.campaign_source,
                &origin.campaign_medium,
                &origin.campaign,
                &origin.campaign_id,
            ];
            Amount::LumpSum(campaign.map(Text::clone), price)
        }
        CostMethod::Order | CostMethod::OrderPercent => Amount::Sum(0),
    }
}

/// An order costs what the origin of its visit tells; without a visit, nothing.
fn cost_of_order(scene: &Scene, revenue: i128) -> i128 {
    scene
        .visit
        .and_then(|visit| CostMethod::of(&visit.origin))
        .map_or(0, |(method, price)| method.cost_of_order(price, revenue))
}

fn converts(scene: &Scene, index: usize) -> bool {
    scene
        .goals
        .get(index)
        .is_some_and(|goals| !goals.is_empty())
}

/// What one thing adds to a measure that counts things; `None` if it isn't counted.
///
/// Money of an order for whose currency no rate is known is left out, in its rows as in its total;
/// the order and its units count.
fn amount_of_thing(measure: Measure, scene: &Scene, index: usize, thing: &Thing) -> Option<Amount> {
    use Measure::*;
    if thing.is_cancelled() {
        let is_counted = measure == CancelledOrders && thing.sort() == Sort::Order;
        return is_counted.then_some(Amount::Sum(1));
    }
    if let Thing::Order { order, .. } = thing
        && let Some(amount) = amount_of_order(measure, order)
    {
        return amount;
    }
    let one = |is_counted: bool| is_counted.then_some(1_i128);
    let sum = match (measure, thing) {
        (Conversions, _) => one(converts(scene, index)),
        (PageViews, Thing::PageView { .. }) | (Events, Thing::Event { .. }) => Some(1),
        (TimeOnPage, Thing::PageView { measures, .. }) => measures.time_on_page.map(i128::from),
        (TimeOnPageKnown, Thing::PageView { measures, .. }) => one(measures.time_on_page.is_some()),
        (ScrollDepth, Thing::PageView { measures, .. }) => measures.scroll_depth.map(i128::from),
        (ScrollDepthKnown, Thing::PageView { measures, .. }) => {
            one(measures.scroll_depth.is_some())
        }
        (
            _,
            Thing::ProductRow {
                action,
                product: Some(_),
                ..
            },
        ) => one(row_action(measure) == Some(action.action)),
        (_, Thing::Promotion { action, .. }) => {
            one(promotion_action(measure) == Some(action.action))
        }
        (Orders, Thing::Order { .. }) => Some(1),
        (Revenue, Thing::Order { order, .. }) => Some(order.revenue.unwrap_or(0)),
        (OrderCost, Thing::Order { order, .. }) => {
            Some(cost_of_order(scene, order.revenue.unwrap_or(0)))
        }
        (Units, Thing::OrderRow { product, .. }) => {
            Some(product.quantity.unwrap_or_default().times(Decimal::ONE))
        }
        (ProductRevenue, Thing::OrderRow { amount, .. }) => Some(amount.unwrap_or(0)),
        (Refunds, Thing::Refund { .. }) => Some(1),
        (RefundAmount, Thing::Refund { refund, .. }) => Some(refund.amount.unwrap_or(0)),
        (RefundedUnits, Thing::RefundRow { product, .. }) => {
            Some(product.quantity.unwrap_or_default().times(Decimal::ONE))
        }
        (ProductRefundAmount, Thing::RefundRow { amount, .. }) => Some(amount.unwrap_or(0)),
        (ProductsSold, Thing::OrderRow { order, product, .. }) => {
            return Some(Amount::Sold {
                order: order.id.clone(),
                product: product.sku().cloned(),
            });
        }
        _ => None,
    };
    sum.map(Amount::Sum)
}

/// What an order that isn't cancelled adds to a measure of nothing but orders; the outer `None` if
/// it is none.
fn amount_of_order(measure: Measure, order: &Order) -> Option<Option<Amount>> {
    use Measure::*;
    let sum = |amount: i128| Some(Amount::Sum(amount));
    let money = |amount: Option<i128>| sum(amount.unwrap_or(0));
    let customer = |amount: i128| Some(Amount::Customer(order.customer.clone(), amount));
    let known = |is_known: bool| is_known.then_some(Amount::Sum(1));
    Some(match measure {
        Tax => money(order.tax),
        Shipping => money(order.shipping),
        ShippingNet => money(order.shipping_net),
        Discount => money(order.discount),
        Buyers => customer(1),
        NewBuyers => known(order.is_first),
        RepeatBuyers if order.customer_orders < 2 => None,
        RepeatBuyers => customer(1),
        LifetimeValue => customer(order.customer_value),
        DaysToPurchase => order.since_first_visit.and_then(|since| sum(since.into())),
        DaysToPurchaseKnown => known(order.since_first_visit.is_some()),
        VisitsToPurchase => order.visits_so_far.and_then(|visits| sum(visits.into())),
        VisitsToPurchaseKnown => known(order.visits_so_far.is_some()),
        DaysSinceCampaign => order.since_campaign.and_then(|since| sum(since.into())),
        DaysSinceCampaignKnown => known(order.since_campaign.is_some()),
        _ => return None,
    })
}

fn row_action(measure: Measure) -> Option<ProductAction> {
    match measure {
        Measure::Impressions => Some(ProductAction::Impression),
        Measure::Clicks => Some(ProductAction::Click),
        Measure::DetailViews => Some(ProductAction::Detail),
        Measure::CartAdds => Some(ProductAction::Add),
        Measure::CartRemoves => Some(ProductAction::Remove),
        Measure::Checkouts => Some(ProductAction::Checkout),
        _ => None,
    }
}

fn promotion_action(measure: Measure) -> Option<ProductAction> {
    match measure {
        Measure::PromotionViews => Some(ProductAction::PromotionView),
        Measure::PromotionClicks => Some(ProductAction::PromotionClick),
        _ => None,
    }
}

/// One number in the making.
#[derive(Default)]
struct Cell {
    sum: i128,
    visitors: BTreeSet<VisitorKey>,
    sold: BTreeSet<(Arc<str>, Text)>,
    lump_sums: BTreeSet<(Campaign, Decimal)>,
    customers: BTreeMap<Customer, i128>,
}

fn empty_cells(question: &Question) -> Vec<Cell> {
    question.measures.iter().map(|_| Cell::default()).collect()
}

impl Cell {
    fn add(&mut self, amount: &Amount) {
        match amount {
            Amount::Sum(sum) => self.sum = self.sum.saturating_add(*sum),
            Amount::Visitor(visitor) => {
                self.visitors.insert(*visitor);
            }
            Amount::Sold { order, product } => {
                self.sold.insert((order.clone(), product.clone()));
            }
            Amount::LumpSum(campaign, price) => {
                self.lump_sums.insert((campaign.clone(), *price));
            }
            Amount::Customer(customer, amount) => {
                self.customers.insert(customer.clone(), *amount);
            }
        }
    }

    fn number(&self) -> i128 {
        let counted = self.visitors.len() as i128 + self.sold.len() as i128;
        let lump_sums = self.lump_sums.iter();
        let customers = self.customers.values().copied();
        lump_sums
            .map(|(_, price)| price.times(Decimal::ONE))
            .chain(customers)
            .fold(self.sum.saturating_add(counted), i128::saturating_add)
    }
}
