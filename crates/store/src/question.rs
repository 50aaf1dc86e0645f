//! A question to a backend, and its answer.

use std::sync::Arc;

use afsa_model::{TimeRange, Timestamp, ZoneOffsets};

use crate::{Dimension, Filter, Measure};

/// Measures by dimensions, for one account (which is the snapshot's, not the question's).
///
/// For each counted thing: its moment must lie in `range`, the filter must keep it, and it counts
/// once under each combination of values that it has. Dimensions of its own kind give its own
/// values, dimensions of the visit its visit's, dimensions of time its own moment's; dimensions of
/// another kind give every distinct value (or tuple of values, for several of one kind) that the
/// things of that kind in its visit have, at whatever time. Tuples of nothing but null count only
/// where the visit has no other. Things of no visit have null there.
///
/// Which dimensions are a thing's own: of page views (also as entry or exit): `page`,
/// `page_title`, `content_group*`, `dimensionN`; of events: these and `event_*`; of conversions:
/// those of the page view, event or order that converted, and `goal`; of product rows: `product…`,
/// `brand`, `category*`, `variant`, `list*`, `checkout*`; of promotions: `promotion*`; of orders:
/// `affiliation`, `currency`, `order_id`, `order_state`, `coupon`, `customer`, `buyer_type`,
/// `purchase_*` and those of its rows (an order has every distinct tuple of its rows); of order
/// rows: those of product rows and of their order. Refunds have what their orders have, and the
/// rows of refunds what rows of orders have.
///
/// Where things of kind event are joined (an `event_*` stands among the dimensions and the counted
/// thing is no event), `page`, `page_title`, `content_group*` and `dimensionN` are joined by the
/// same event, unless they are the thing's own. Where `page`, `page_title` or `content_group*`
/// stands beside `dimensionN` and no event dimension does, both are joined by page views.
/// `dimensionN` without these is joined by any hit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Question {
    pub range: TimeRangeOrAll,
    pub measures: Vec<Measure>,
    /// At most four.
    pub dimensions: Vec<Dimension>,
    pub filter: Option<Filter>,
    /// For `Dimension::Time(i)`: starts of buckets, ascending; the first is at or before the
    /// range's start, the last bucket is open to the right. Shared with whoever formats.
    pub time_axes: Vec<Arc<[Timestamp]>>,
    /// For `hour_of_day` and `day_of_week`.
    pub zone: ZoneOffsets,
    /// For conversions and `Dimension::Goal`.
    pub goals: Vec<Goal>,
    pub traffic: Traffic,
}

/// A range whose default is all time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimeRangeOrAll(pub TimeRange);

impl Default for TimeRangeOrAll {
    fn default() -> TimeRangeOrAll {
        TimeRangeOrAll(TimeRange::ALL)
    }
}

impl std::ops::Deref for TimeRangeOrAll {
    type Target = TimeRange;
    fn deref(&self) -> &TimeRange {
        &self.0
    }
}

impl From<TimeRange> for TimeRangeOrAll {
    fn from(range: TimeRange) -> TimeRangeOrAll {
        TimeRangeOrAll(range)
    }
}

/// A stored goal: a filter whose conditions are all judged with scope hit.
#[derive(Clone, Debug, PartialEq)]
pub struct Goal {
    pub name: Arc<str>,
    /// Matches events if it names an `event_*`, orders if it names a dimension of orders or
    /// products, else page views.
    pub filter: Filter,
    /// Only the first match in a visit counts.
    pub once_per_visit: bool,
}

/// Whose visits are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Traffic {
    /// Visits that no exclusion keeps out of the figures.
    #[default]
    People,
    /// Robots, monitors, referrer spam and the account's own people.
    Excluded,
}

/// One value of a dimension.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    Text(Arc<str>),
    Number(i64),
    /// Nothing is known; sorts last.
    Null,
}

/// The answer to a question, in no particular order. Without dimensions it is one group, also
/// where nothing was counted; with dimensions, groups whose numbers are all 0 may be left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Groups {
    pub rows: Vec<Group>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// One for each dimension asked.
    pub key: Vec<Value>,
    /// One for each measure asked, in the measure's unit.
    pub numbers: Vec<i128>,
}
