//! Cutting visits.

use afsa_model::{AccountSettings, Cut, Hit};

/// What decides where visits end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Milliseconds; a gap of exactly this continues.
    pub visit_timeout: i64,
}

impl From<&AccountSettings> for Rules {
    fn from(settings: &AccountSettings) -> Rules {
        Rules { visit_timeout: settings.visit_timeout }
    }
}

/// Cuts the hits of one visitor, given in any order, into visits.
pub fn cut(mut hits: Vec<Hit>, rules: Rules) -> Cut {
    let _ = rules;
    hits.sort_by_key(|hit| (hit.time, hit.sequence));
    Cut { visits: Vec::new(), loose: hits }
}
