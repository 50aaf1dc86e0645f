//! What every dialect decodes to.

use std::fmt;
use std::net::IpAddr;

use afsa_model::{Custom, HitKind, Text, Timestamp};

/// A hit as sent, checked, before anything was looked up.
///
/// No text holds a control character (blanks stand in their place) or nothing but blanks.
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
    /// The id of a purchase may be [`DecodedHit::GENERATED_ORDER_ID`].
    pub kind: HitKind,
}

impl DecodedHit {
    /// Stands as the id of an order whose sender asked for a generated one (`-1`, `0` or `auto`).
    pub const GENERATED_ORDER_ID: &str = "auto";

    /// A hit of this kind that tells nothing else.
    pub fn of_kind(kind: HitKind) -> DecodedHit {
        DecodedHit {
            event_id: None,
            time: None,
            visitor_id: None,
            user_id: None,
            user_role: None,
            address: None,
            user_agent: None,
            language: None,
            screen: None,
            viewport: None,
            cms: None,
            location: None,
            allow_anchor: false,
            referrer: None,
            title: None,
            content_groups: [const { None }; 5],
            custom: None,
            is_robot: false,
            kind,
        }
    }
}

/// Why a hit was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Rejection {
    /// The field at fault (`order.revenue`, `products[2].price`), empty for the hit as a whole.
    pub field: String,
    /// A fixed word: `malformed`, `missing`, `wrong_type`, `unknown_value`, `out_of_range`,
    /// `too_long`, `too_many`, `too_deep`, `ignored`.
    pub error: &'static str,
    /// Says what would be allowed, and names the hit's other faults. Holds nothing of what was
    /// sent.
    pub detail: String,
}

impl Rejection {
    /// Of the hit as a whole.
    pub(crate) fn whole(error: &'static str, detail: impl Into<String>) -> Rejection {
        Rejection {
            field: String::new(),
            error,
            detail: detail.into(),
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() {
            write!(formatter, "{}: {}", self.error, self.detail)
        } else {
            write!(
                formatter,
                "{} ({}): {}",
                self.field, self.error, self.detail
            )
        }
    }
}
