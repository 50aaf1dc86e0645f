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
    pub const ALL: [Measure; 32] = [
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
        Measure::OrderedVisits,
        Measure::VisitCost,
        Measure::OrderCost,
    ];

    /// The thing that the measure counts.
    pub fn fact(self) -> Fact {
        use Measure::*;
        match self {
            Visits | Visitors | NewVisitors | Bounces | VisitDuration | UniquePageViews
            | ConvertedVisits | OrderedVisits | VisitCost => Fact::Visit,
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
            Orders | Revenue | OrderCost => Fact::Order,
            Units | ProductsSold | ProductRevenue => Fact::OrderRow,
        }
    }

    /// What its number means.
    pub fn unit(self) -> Unit {
        use Measure::*;
        match self {
            VisitDuration | TimeOnPage => Unit::Milliseconds,
            ScrollDepth => Unit::Percent,
            Revenue | ProductRevenue | VisitCost | OrderCost => Unit::Money,
            Units => Unit::Quantity,
            _ => Unit::Count,
        }
    }
}
