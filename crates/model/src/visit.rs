//! Visits: the hits of one visitor with no long gap between them.

use std::sync::Arc;

use crate::{Client, Exclusion, Hit, Origin, Text, Timestamp};

/// The identity of a visitor in one account: 128 bits of a keyed hash of what told it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VisitorKey(pub u128);

impl VisitorKey {
    /// Nothing told whose hit it was; such hits belong to no visit.
    pub const NOBODY: VisitorKey = VisitorKey(0);
}

/// A visit with all its hits. Everything but `hits` is derived of them by the `visits` crate.
#[derive(Clone, Debug, PartialEq)]
pub struct Visit {
    pub visitor: VisitorKey,
    /// The time of its first hit.
    pub start: Timestamp,
    /// The time of the last hit that prolonged it.
    pub end: Timestamp,
    /// Of the first hit with a location or a referrer, as a whole.
    pub origin: Arc<Origin>,
    /// Each field of the first hit that told it.
    pub client: Arc<Client>,
    pub hostname: Text,
    /// Of the last hit that told.
    pub user: Text,
    pub role: Text,
    pub entry_page: Text,
    pub exit_page: Text,
    pub exclusion: Option<Exclusion>,
    /// Exactly one interactive hit and no cart change. It counts as a bounce unless an order that
    /// isn't cancelled belongs to the visit, which only `visits::orders` can tell.
    pub is_bounce: bool,
    /// By time, then by arrival.
    pub hits: Vec<Hit>,
    /// One for each page view of `hits`, in their order.
    pub page_views: Vec<PageViewMeasures>,
}

/// What was worked out for one page view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PageViewMeasures {
    /// Milliseconds that it was visible; `None` where nobody knows.
    pub time_on_page: Option<i64>,
    /// 0–100, the deepest part seen.
    pub scroll_depth: Option<u8>,
}

/// What the hits of one visitor came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cut {
    /// By start.
    pub visits: Vec<Visit>,
    /// Hits that lie in no visit, by time, then by arrival: orders, refunds and states sent by
    /// servers, and what would have prolonged a visit had one been open.
    pub loose: Vec<Hit>,
}
