//! What is counted together, and where each dimension's values come from.

use afsa_store::{Dimension, Fact, Kind, Measure};

use crate::image::Thing;

/// What a pass counts. Measures of one fact are counted in one pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Counted {
    Visit,
    /// The first page view of a visit.
    Entry,
    /// The last one.
    Exit,
    Thing(Thing),
    /// Orders that are cancelled; all others are those that aren't, and what is of them.
    CancelledOrder,
    /// Those of the things that converted.
    Conversion(Thing),
}

impl Counted {
    /// What a measure counts; conversions may be page views, events and orders.
    pub(crate) fn of(measure: Measure) -> Vec<Counted> {
        match measure.fact() {
            Fact::Visit => vec![Counted::Visit],
            Fact::EntryPageView => vec![Counted::Entry],
            Fact::ExitPageView => vec![Counted::Exit],
            Fact::PageView => vec![Counted::Thing(Thing::PageView)],
            Fact::Event => vec![Counted::Thing(Thing::Event)],
            Fact::Conversion => [Thing::PageView, Thing::Event, Thing::Order]
                .map(Counted::Conversion)
                .to_vec(),
            Fact::ProductRow => vec![Counted::Thing(Thing::Product)],
            Fact::Promotion => vec![Counted::Thing(Thing::Promotion)],
            Fact::Order => vec![Counted::Thing(Thing::Order)],
            Fact::OrderRow => vec![Counted::Thing(Thing::OrderRow)],
            Fact::CancelledOrder => vec![Counted::CancelledOrder],
            Fact::Refund => vec![Counted::Thing(Thing::Refund)],
            Fact::RefundRow => vec![Counted::Thing(Thing::RefundRow)],
        }
    }

    /// The table that the counted things lie in.
    pub(crate) fn thing(self) -> Thing {
        match self {
            Counted::Visit => Thing::Scene,
            Counted::Entry | Counted::Exit => Thing::PageView,
            Counted::Thing(thing) | Counted::Conversion(thing) => thing,
            Counted::CancelledOrder => Thing::Order,
        }
    }

    /// Whether it is told of visits: then it belongs to the moment the visit began.
    pub(crate) fn is_of_visit(self) -> bool {
        matches!(self, Counted::Visit | Counted::Entry | Counted::Exit)
    }
}

/// Where the values of one dimension of a counted thing come from. Dimensions of one source meet
/// in one thing of it; different sources are combined each with each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    /// The one value of the visit.
    Visit,
    /// The one value of the moment.
    Moment,
    /// The one value of the thing itself.
    Own,
    /// The rows of the counted order, or of the order of the counted refund.
    OwnRows,
    /// The coupons of the counted order and its rows, whichever row the other values are of.
    OwnCoupons,
    /// The goals of the counted conversion.
    OwnGoals,
    /// Things of a kind in the visit.
    Joined(Kind),
    /// Another dimension, which tells it.
    Beside,
}

impl Source {
    /// `beside` are all dimensions of the question.
    pub(crate) fn of(dimension: Dimension, counted: Counted, beside: &[Dimension]) -> Source {
        let stands_beside = |kind: Kind| beside.iter().any(|dimension| dimension.kind() == kind);
        let thing = counted.thing();
        let is_of_order = matches!(thing, Thing::Order | Thing::Refund);
        let is_of_row = matches!(thing, Thing::OrderRow | Thing::RefundRow);
        let converts = matches!(counted, Counted::Conversion(_));
        match dimension.kind() {
            _ if is_told_beside(dimension, beside) => Source::Beside,
            Kind::Visit => Source::Visit,
            Kind::Time => Source::Moment,
            Kind::PageView | Kind::AnyHit if matches!(thing, Thing::PageView | Thing::Event) => {
                Source::Own
            }
            Kind::PageView | Kind::AnyHit if stands_beside(Kind::Event) => {
                Source::Joined(Kind::Event)
            }
            Kind::AnyHit if stands_beside(Kind::PageView) => Source::Joined(Kind::PageView),
            Kind::Event if thing == Thing::Event => Source::Own,
            Kind::Goal if converts => Source::OwnGoals,
            Kind::ProductRow if is_of_order => Source::OwnRows,
            Kind::ProductRow if is_of_row || thing == Thing::Product => Source::Own,
            Kind::Promotion if thing == Thing::Promotion => Source::Own,
            Kind::Order if is_of_order && dimension == Dimension::Coupon => Source::OwnCoupons,
            Kind::Order if is_of_order || is_of_row => Source::Own,
            kind => Source::Joined(kind),
        }
    }
}

/// Whether another dimension of the question tells this one: a product is called the same wherever
/// it stands.
pub(crate) fn is_told_beside(dimension: Dimension, beside: &[Dimension]) -> bool {
    dimension == Dimension::Product && beside.contains(&Dimension::ProductSku)
}

/// The tables in which things of a joined kind lie.
pub(crate) fn tables_of(kind: Kind) -> &'static [Thing] {
    match kind {
        Kind::PageView => &[Thing::PageView],
        Kind::AnyHit => &[Thing::Hit],
        Kind::Event => &[Thing::Event],
        Kind::ProductRow => &[Thing::Product, Thing::OrderRow],
        Kind::Promotion => &[Thing::Promotion],
        Kind::Order => &[Thing::Order],
        Kind::Goal | Kind::Visit | Kind::Time => &[],
    }
}
