//! Filters as plain data, checked already.

use std::sync::Arc;

use crate::Dimension;

/// Chooses visits, or with [`ConditionScope::Hit`] anywhere in it, the things themselves.
///
/// A condition of scope visit holds if the visit has a thing of the dimension's kind that meets
/// its test (`page` and its like: a page view; `dimensionN`: any hit); negated, if it has none.
/// Things of no visit are judged as if alone in one.
///
/// A filter with a condition of scope hit is judged for each thing of a visit: conditions of scope
/// visit by the visit, those of scope hit by the thing's own values (a page view has no product:
/// it never meets a condition on one, and meets its negation). What fails is taken out of the
/// visit before anything is counted or joined; a visit of which nothing is left is left out.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// All of them; of none: everything.
    And(Vec<Filter>),
    /// Any of them; of none: nothing.
    Or(Vec<Filter>),
    Not(Box<Filter>),
    Condition(Condition),
    /// The visitor has a visit, begun in the question's range, that the filter chooses.
    VisitorHas(Box<Filter>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    pub dimension: Dimension,
    pub test: Test,
    /// Turns the outcome round: `is_not`, `contains_not`, `matches_not`, `is_not_set`.
    pub negated: bool,
    pub scope: ConditionScope,
    /// For tests on text.
    pub case_sensitive: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConditionScope {
    #[default]
    Visit,
    Hit,
}

/// A test of one value; null fails every one. Lists mean any of.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    Is(Vec<Arc<str>>),
    Contains(Vec<Arc<str>>),
    StartsWith(Vec<Arc<str>>),
    EndsWith(Vec<Arc<str>>),
    /// Regular expressions of the `regex` crate, known to compile, unanchored.
    Matches(Vec<Arc<str>>),
    /// Of numbers.
    NumberIs(Vec<i64>),
    /// Of numbers, ends included.
    NumberBetween {
        least: Option<f64>,
        most: Option<f64>,
    },
    /// Of numbers, ends excluded.
    NumberBeyond {
        above: Option<f64>,
        below: Option<f64>,
    },
    IsSet,
}

impl Filter {
    /// Whether any condition has scope hit: then things are judged, not visits.
    pub fn judges_things(&self) -> bool {
        match self {
            Filter::And(parts) | Filter::Or(parts) => parts.iter().any(Filter::judges_things),
            Filter::Not(part) => part.judges_things(),
            Filter::Condition(condition) => condition.scope == ConditionScope::Hit,
            // The inner filter judges other visits: it is answered for the visitor as a whole.
            Filter::VisitorHas(_) => false,
        }
    }
}
