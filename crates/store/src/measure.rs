//! The primitive numbers that metrics are made of.

/// A count or a sum, exact. `docs/metrics.md` says how metrics follow from measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// Visits that began in the range.
    Visits,
    /// Distinct visitors of these visits.
    Visitors,
    /// Of these visits, those that are the first ever of their visitor.
    NewVisitors,
    Bounces,
    /// Sum of milliseconds from first to last prolonging hit.
    VisitDuration,
    /// Visits that have an entry page; by page: that began on it.
    Entries,
    /// Visits that have an exit page; by page: that ended on it.
    Exits,
    /// Visits with a page view; by page: in which it was seen.
    UniquePageViews,
    /// Visits with at least one conversion (at any time).
    ConvertedVisits,
    PageViews,
    /// Sum of milliseconds over page views where known.
    TimeOnPage,
    /// Page views whose time is known.
    TimeOnPageKnown,
    /// Sum of per cents over page views where known.
    ScrollDepth,
    ScrollDepthKnown,
    Events,
    /// Page views, events or orders that match a goal; one that matches two is one.
    Conversions,
    /// Product rows by action.
    Impressions,
    Clicks,
    DetailViews,
    CartAdds,
    CartRemoves,
    Checkouts,
    PromotionViews,
    PromotionClicks,
    /// Orders that are not cancelled.
    Orders,
    /// Sum of the orders' totals in the account's currency.
    Revenue,
    /// Sum of quantities of ordered rows.
    Units,
    /// Distinct pairs of product and order.
    ProductsSold,
    /// Sum of price × quantity of ordered rows.
    ProductRevenue,
    /// Sum of what the orders say of tax.
    Tax,
    /// Sum of the orders' shipping with its tax.
    Shipping,
    /// Sum of the orders' shipping without its tax.
    ShippingNet,
    /// Sum of what coupons took off the orders.
    Discount,
    CancelledOrders,
    /// Distinct customers of the orders.
    Buyers,
    /// Distinct customers whose first order ever is among the orders.
    NewBuyers,
    /// Distinct customers of the orders who made two or more ever.
    RepeatBuyers,
    /// Sum, over the distinct customers of the orders, of all that they ever paid, less refunds.
    LifetimeValue,
    /// Sum of milliseconds from the visitor's first visit to the order, where one is known.
    DaysToPurchase,
    DaysToPurchaseKnown,
    /// Sum of the visitor's visits up to the order, where any is known.
    VisitsToPurchase,
    VisitsToPurchaseKnown,
    /// Sum of milliseconds from the visitor's latest visit with a campaign, where there is one.
    DaysSinceCampaign,
    DaysSinceCampaignKnown,
    /// Refunds that gave something back.
    Refunds,
    /// Sum of what they gave back.
    RefundAmount,
    /// Sum of quantities that came back.
    RefundedUnits,
    /// Sum of price × quantity of what came back.
    ProductRefundAmount,
    /// Visits whose cart held something at any moment.
    Carts,
    /// Visits whose cart held something at their end, and whose visitor made no order from its last
    /// change until the order window's end.
    AbandonedCarts,
    /// Visits with a checkout action.
    CheckoutVisits,
    /// Those whose visitor made no order from the first such action until the window's end.
    AbandonedCheckouts,
    /// Visits with an order that is not cancelled.
    OrderedVisits,
    /// What the campaigns of visits cost that are paid by the click or as a whole: the sum of
    /// what each visit's click cost, and of the lump sums of the campaigns that have a visit in
    /// the group, each once. So it doesn't add up over groups.
    VisitCost,
    /// Sum of what the campaigns cost that are paid by the order or a share of it: for each order
    /// by the campaign of the visit it belongs to.
    OrderCost,
}

/// The thing that a measure counts: its moment decides the period, its visit the joins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fact {
    /// Belongs to the moment the visit started.
    Visit,
    /// The visit's first page view, at the moment the visit started.
    EntryPageView,
    /// The visit's last page view, at the moment the visit started.
    ExitPageView,
    PageView,
    Event,
    /// A page view, event or order that meets a goal.
    Conversion,
    /// A product in an action that is no order.
    ProductRow,
    Promotion,
    Order,
    /// A product in an order.
    OrderRow,
    /// An order that is cancelled.
    CancelledOrder,
    /// Something given back of an order, at its own moment: it has what its order has, and of
    /// products the order's.
    Refund,
    /// A product that came back.
    RefundRow,
}

/// What one of a measure's numbers means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Count,
    Milliseconds,
    /// 10⁻¹² of the account's currency.
    Money,
    /// 10⁻¹² of a piece.
    Quantity,
    Percent,
}

impl Measure {
    pub const ALL: [Measure; 55] = [
        Measure::Visits,
        Measure::Visitors,
        Measure::NewVisitors,
        Measure::Bounces,
        Measure::VisitDuration,
        Measure::Entries,
        Measure::Exits,
        Measure::UniquePageViews,
        Measure::ConvertedVisits,
        Measure::PageViews,
        Measure::TimeOnPage,
        Measure::TimeOnPageKnown,
        Measure::ScrollDepth,
        Measure::ScrollDepthKnown,
        Measure::Events,
        Measure::Conversions,
        Measure::Impressions,
        Measure::Clicks,
        Measure::DetailViews,
        Measure::CartAdds,
        Measure::CartRemoves,
        Measure::Checkouts,
        Measure::PromotionViews,
        Measure::PromotionClicks,
        Measure::Orders,
        Measure::Revenue,
        Measure::Units,
        Measure::ProductsSold,
        Measure::ProductRevenue,
        Measure::Tax,
        Measure::Shipping,
        Measure::ShippingNet,
        Measure::Discount,
        Measure::CancelledOrders,
        Measure::Buyers,
        Measure::NewBuyers,
        Measure::RepeatBuyers,
        Measure::LifetimeValue,
        Measure::DaysToPurchase,
        Measure::DaysToPurchaseKnown,
        Measure::VisitsToPurchase,
        Measure::VisitsToPurchaseKnown,
        Measure::DaysSinceCampaign,
        Measure::DaysSinceCampaignKnown,
        Measure::Refunds,
        Measure::RefundAmount,
        Measure::RefundedUnits,
        Measure::ProductRefundAmount,
        Measure::Carts,
        Measure::AbandonedCarts,
        Measure::CheckoutVisits,
        Measure::AbandonedCheckouts,
        Measure::OrderedVisits,
        Measure::VisitCost,
        Measure::OrderCost,
    ];

    /// The thing that the measure counts.
    pub fn fact(self) -> Fact {
        use Measure::*;
        match self {
            Visits | Visitors | NewVisitors | Bounces | VisitDuration | UniquePageViews
            | ConvertedVisits | OrderedVisits | VisitCost | Carts | AbandonedCarts
            | CheckoutVisits | AbandonedCheckouts => Fact::Visit,
            Entries => Fact::EntryPageView,
            Exits => Fact::ExitPageView,
            PageViews | TimeOnPage | TimeOnPageKnown | ScrollDepth | ScrollDepthKnown => {
                Fact::PageView
            }
            Events => Fact::Event,
            Conversions => Fact::Conversion,
            Impressions | Clicks | DetailViews | CartAdds | CartRemoves | Checkouts => {
                Fact::ProductRow
            }
            PromotionViews | PromotionClicks => Fact::Promotion,
            Orders
            | Revenue
            | OrderCost
            | Tax
            | Shipping
            | ShippingNet
            | Discount
            | Buyers
            | NewBuyers
            | RepeatBuyers
            | LifetimeValue
            | DaysToPurchase
            | DaysToPurchaseKnown
            | VisitsToPurchase
            | VisitsToPurchaseKnown
            | DaysSinceCampaign
            | DaysSinceCampaignKnown => Fact::Order,
            CancelledOrders => Fact::CancelledOrder,
            Refunds | RefundAmount => Fact::Refund,
            RefundedUnits | ProductRefundAmount => Fact::RefundRow,
            Units | ProductsSold | ProductRevenue => Fact::OrderRow,
        }
    }

    /// What its number means.
    pub fn unit(self) -> Unit {
        use Measure::*;
        match self {
            VisitDuration | TimeOnPage | DaysToPurchase | DaysSinceCampaign => Unit::Milliseconds,
            ScrollDepth => Unit::Percent,
            Revenue | ProductRevenue | VisitCost | OrderCost | Tax | Shipping | ShippingNet
            | Discount | LifetimeValue | RefundAmount | ProductRefundAmount => Unit::Money,
            Units | RefundedUnits => Unit::Quantity,
            _ => Unit::Count,
        }
    }
}
