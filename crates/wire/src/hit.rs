//! What every dialect decodes to.

use std::net::IpAddr;
use std::sync::Arc;

use afsa_model::{HitKind, Text, Timestamp, Custom};

/// A hit as sent, checked, before anything was looked up.
#[derive(Clone, Debug, PartialEq)]
pub struct DecodedHit {
    pub event_id: Text,
    /// `None`: now.
    pub time: Option<Timestamp>,
    pub visitor_id: Text,
    /// Never empty, never "0".
    pub user_id: Text,
    pub user_role: Text,
    /// Used for place, exclusion and the cookieless identity, then dropped; never stored.
    pub address: Option<IpAddr>,
    pub user_agent: Text,
    pub language: Text,
    pub screen: Text,
    pub viewport: Text,
    pub cms: Text,
    /// The whole address of the page, as sent.
    pub location: Text,
    /// Keep query and anchor of the location, but for the campaign's parameters.
    pub allow_anchor: bool,
    pub referrer: Text,
    pub title: Text,
    pub content_groups: [Text; 5],
    pub custom: Option<Box<Custom>>,
    /// A finding of the dialect that the hit is no person's (a log line that asked for robots.txt).
    pub is_robot: bool,
    pub kind: HitKind,
}

/// Why a hit was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The field at fault (`order.revenue`, `products[2].price`), empty for the hit as a whole.
    pub field: String,
    /// A fixed word: `malformed`, `missing`, `wrong_type`, `unknown_value`, `out_of_range`,
    /// `too_long`, `too_deep`, `ignored`.
    pub error: &'static str,
    /// A sentence that says what would be allowed.
    pub detail: String,
}

/// A text that many hits share.
pub type Shared = Arc<str>;
