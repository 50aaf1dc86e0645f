//! Filters whose outcome for an image is the image's own, so that it can keep it.

use std::sync::Arc;

use afsa_store::{Condition, ConditionScope, Dimension, Filter, Kind};

/// Names a filter, or that there is none, among what an image keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name(pub(crate) Option<Arc<str>>);

/// Names longer than these bytes would take more room than they save time.
const LONGEST: usize = 4_096;

impl Name {
    /// `None` where more than the image decides: orders, other visits of the visitor, goals or the
    /// zone of the question; or where single things are judged.
    pub(crate) fn of(filter: Option<&Filter>) -> Option<Name> {
        let Some(filter) = filter else {
            return Some(Name(None));
        };
        if !is_of_image(filter) {
            return None;
        }
        let text = format!("{filter:?}");
        (text.len() <= LONGEST).then(|| Name(Some(text.into())))
    }
}

fn is_of_image(filter: &Filter) -> bool {
    match filter {
        Filter::And(parts) | Filter::Or(parts) => parts.iter().all(is_of_image),
        Filter::Not(part) => is_of_image(part),
        Filter::Condition(condition) => condition_is_of_image(condition),
        Filter::VisitorHas(_) => false,
    }
}

fn condition_is_of_image(condition: &Condition) -> bool {
    let is_of_image = match condition.dimension.kind() {
        Kind::Visit => !matches!(
            condition.dimension,
            Dimension::VisitorType | Dimension::VisitNumber | Dimension::DaysSinceLastVisit
        ),
        Kind::PageView | Kind::AnyHit | Kind::Event | Kind::Promotion => true,
        Kind::Goal | Kind::ProductRow | Kind::Order | Kind::Time => false,
    };
    is_of_image && condition.scope == ConditionScope::Visit
}
