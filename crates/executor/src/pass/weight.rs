//! What each counted thing adds to a measure.

use std::sync::Arc;

use afsa_model::ProductAction;
use afsa_store::{Measure, StoreError};

use crate::bits::Bits;
use crate::filter::Left;
use crate::image::{Amounts, Codes, LumpSums, Thing};
use crate::orders::{Carts, Exact, OrderAmounts};
use crate::part::{Part, scenes_of};
use crate::world::World;

/// A measure of one part: what the thing of each row adds.
pub(crate) enum Weight {
    One,
    /// Its visitor, once a group.
    Visitor,
    /// 1 for these.
    If(Bits),
    /// What is known, as a number.
    Amount(Arc<Amounts>),
    /// 1 where something is known.
    Known(Arc<Amounts>),
    /// 1 for things of this action.
    Action(Arc<Codes>, u32),
    Exact(Arc<Exact>),
    /// 1 for each product of an order, once a group.
    Sold {
        skus: Arc<Codes>,
        /// The rows whose product has another row in its order.
        repeated: Arc<Bits>,
    },
    /// The campaign that is paid as a whole, once a group.
    LumpSum(Arc<LumpSums>),
    /// The customer, once a group.
    Customer(Arc<Codes>),
}

impl Weight {
    pub(crate) fn new(
        measure: Measure,
        world: &World,
        number: usize,
        left: &Left,
    ) -> Result<Weight, StoreError> {
        use Measure::*;
        let part = &world.parts[number];
        let image = part.image.as_ref();
        let nothing = || Weight::If(Bits::zeros(part.scenes));
        Ok(match measure {
            Visits | Entries | Exits | PageViews | Events | Conversions | Orders
            | CancelledOrders | Refunds => Weight::One,
            Visitors => Weight::Visitor,
            NewVisitors => part
                .ranks
                .as_ref()
                .map_or_else(nothing, |it| Weight::If(it.first.clone())),
            Bounces => match image {
                Some(image) => {
                    let mut bounces = Bits::clone(&*image.bounces()?);
                    bounces.and_not(part.orders.ordered());
                    Weight::If(bounces)
                }
                None => nothing(),
            },
            VisitDuration => {
                image.map_or_else(|| Ok(nothing()), |it| it.durations().map(Weight::Amount))?
            }
            UniquePageViews => Weight::If(having(part, Thing::PageView, left)?),
            ConvertedVisits => Weight::If(converted(world, number, left)?),
            OrderedVisits => Weight::If(ordered(part, left.of(Thing::Order))),
            // What is paid as a whole is told by `lump_sums`.
            VisitCost => {
                image.map_or_else(|| Ok(nothing()), |it| it.click_costs().map(Weight::Amount))?
            }
            TimeOnPage => {
                image.map_or_else(|| Ok(nothing()), |it| it.time_on_page().map(Weight::Amount))?
            }
            TimeOnPageKnown => {
                image.map_or_else(|| Ok(nothing()), |it| it.time_on_page().map(Weight::Known))?
            }
            ScrollDepth => {
                image.map_or_else(|| Ok(nothing()), |it| it.scroll_depth().map(Weight::Amount))?
            }
            ScrollDepthKnown => {
                image.map_or_else(|| Ok(nothing()), |it| it.scroll_depth().map(Weight::Known))?
            }
            Impressions => action(part, Thing::Product, ProductAction::Impression)?,
            Clicks => action(part, Thing::Product, ProductAction::Click)?,
            DetailViews => action(part, Thing::Product, ProductAction::Detail)?,
            CartAdds => action(part, Thing::Product, ProductAction::Add)?,
            CartRemoves => action(part, Thing::Product, ProductAction::Remove)?,
            Checkouts => action(part, Thing::Product, ProductAction::Checkout)?,
            PromotionViews => action(part, Thing::Promotion, ProductAction::PromotionView)?,
            PromotionClicks => action(part, Thing::Promotion, ProductAction::PromotionClick)?,
            OrderCost => {
                let costs = costs_of_orders(part)?.into_iter().map(Some);
                Weight::Exact(Arc::new(Exact::collect(costs)))
            }
            Revenue
            | Tax
            | Shipping
            | ShippingNet
            | Discount
            | NewBuyers
            | DaysToPurchase
            | DaysToPurchaseKnown
            | VisitsToPurchase
            | VisitsToPurchaseKnown
            | DaysSinceCampaign
            | DaysSinceCampaignKnown
            | Units
            | ProductRevenue
            | RefundAmount
            | RefundedUnits
            | ProductRefundAmount => match part.orders.amounts(measure) {
                OrderAmounts::Money(amounts) => Weight::Exact(amounts),
                OrderAmounts::Numbers(numbers) if is_known(measure) => Weight::Known(numbers),
                OrderAmounts::Numbers(numbers) => Weight::Amount(numbers),
                OrderAmounts::These(these) => Weight::If(Bits::clone(&these)),
            },
            // Customers are counted once a group, whichever of their orders lie in it.
            Buyers | RepeatBuyers | LifetimeValue => Weight::Amount(Arc::new(Amounts::Nothing)),
            Carts => of_carts(part, |carts| &carts.held_something),
            AbandonedCarts => of_carts(part, |carts| &carts.abandoned),
            CheckoutVisits => of_carts(part, |carts| &carts.checkout),
            AbandonedCheckouts => of_carts(part, |carts| &carts.abandoned_checkout),
            ProductsSold => {
                let skus = part.codes(Thing::OrderRow, afsa_store::Dimension::ProductSku)?;
                let repeated = part.orders.repeated(&skus);
                Weight::Sold { skus, repeated }
            }
        })
    }

    /// Whether each thing that is counted adds 1, whatever it is.
    pub(crate) fn is_one(measure: Measure) -> bool {
        use Measure::*;
        matches!(
            measure,
            Visits
                | Entries
                | Exits
                | PageViews
                | Events
                | Conversions
                | Orders
                | CancelledOrders
                | Refunds
        )
    }

    /// The campaigns that are paid as a whole, and the visits of a part that they brought; `None`
    /// where there are none or nothing is asked of them.
    pub(crate) fn lump_sums(
        measure: Measure,
        part: &Part,
    ) -> Result<Option<Arc<LumpSums>>, StoreError> {
        match &part.image {
            Some(image) if measure == Measure::VisitCost => {
                Ok(Some(image.lump_sums()?).filter(|it| !it.sums.is_empty()))
            }
            _ => Ok(None),
        }
    }

    /// Whether it counts customers.
    pub(crate) fn is_of_customers(measure: Measure) -> bool {
        use Measure::*;
        matches!(measure, Buyers | RepeatBuyers | LifetimeValue)
    }

    /// What the thing of this row adds, of what adds up.
    #[inline]
    pub(crate) fn amount(&self, row: usize) -> i128 {
        match self {
            Weight::One => 1,
            Weight::If(bits) => bits.get(row).into(),
            Weight::Amount(amounts) => amounts.get(row).unwrap_or(0).into(),
            Weight::Known(amounts) => amounts.get(row).is_some().into(),
            Weight::Action(codes, action) => (codes.get(row) == *action).into(),
            Weight::Exact(amounts) => amounts.amount(row),
            // Those that have others beside them are counted by themselves.
            Weight::Sold { repeated, .. } => (!repeated.get(row)).into(),
            Weight::Visitor | Weight::LumpSum(_) | Weight::Customer(_) => 0,
        }
    }
}

/// Whether it counts where a number is known that another measure sums.
fn is_known(measure: Measure) -> bool {
    use Measure::*;
    matches!(
        measure,
        DaysToPurchaseKnown | VisitsToPurchaseKnown | DaysSinceCampaignKnown
    )
}

fn action(part: &Part, thing: Thing, action: ProductAction) -> Result<Weight, StoreError> {
    Ok(match &part.image {
        Some(image) => Weight::Action(image.actions(thing)?, u32::from(action as u8)),
        None => Weight::Amount(Arc::new(Amounts::Nothing)),
    })
}

/// Scenes of which this is so.
fn of_carts(part: &Part, chosen: impl Fn(&Carts) -> &Bits) -> Weight {
    Weight::If(match &part.carts {
        Some(carts) => chosen(carts).clone(),
        None => Bits::zeros(part.scenes),
    })
}

/// What each order costs by the campaign of its visit; without a visit, nothing.
fn costs_of_orders(part: &Part) -> Result<Vec<i128>, StoreError> {
    let orders = &part.orders;
    let mut amounts = vec![0; orders.len()];
    let Some(image) = part.image.as_ref().filter(|_| orders.len() > 0) else {
        return Ok(amounts);
    };
    let costs = image.costs()?;
    let offsets = &orders.table(Thing::Order).offsets;
    offsets.each_with_things(0, amounts.len(), |scene, these| {
        // Hits of no visit have no campaign here, so that their scenes cost nothing.
        let Some((method, price)) = costs.of(scene) else {
            return;
        };
        for order in these {
            amounts[order] = method.cost_of_order(price, orders.revenue(order));
        }
    });
    Ok(amounts)
}

/// Scenes with an order, of those left, that isn't cancelled.
fn ordered(part: &Part, left: Option<&Bits>) -> Bits {
    let orders = &part.orders;
    let Some(left) = left else {
        return Bits::clone(orders.ordered());
    };
    let mut counted = left.clone();
    counted.and_not(orders.cancelled());
    scenes_of(&counted, &orders.table(Thing::Order).offsets, part.scenes)
}

/// Scenes with a thing, of those left.
fn having(part: &Part, thing: Thing, left: &Left) -> Result<Bits, StoreError> {
    match (left.of(thing), &part.image) {
        (Some(things), _) => {
            let table = part.table(thing)?;
            Ok(scenes_of(things, table.offsets(), part.scenes))
        }
        (None, Some(image)) => Ok(Bits::clone(&*image.inhabited(thing)?)),
        (None, None) => Ok(Bits::zeros(part.scenes)),
    }
}

/// Scenes with a conversion, of the things left.
fn converted(world: &World, number: usize, left: &Left) -> Result<Bits, StoreError> {
    let part = &world.parts[number];
    let mut scenes = Bits::zeros(part.scenes);
    for goal in &world.goals {
        let mut things = goal.parts[number].clone();
        if let Some(left) = left.of(goal.thing) {
            things.and(left);
        }
        let table = part.table(goal.thing)?;
        scenes.or(&scenes_of(&things, table.offsets(), part.scenes));
    }
    Ok(scenes)
}
