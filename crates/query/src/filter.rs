//! From filters as written to filters that a backend takes, and conditions on rows.

mod condition;
mod having;
mod values;

use afsa_store::Filter;

use crate::catalogue::Metric;
use crate::fault::{Faults, QueryError};
use crate::request::{FilterCondition, FilterNode};

pub(crate) use having::{FigureTest, Having};

/// How deep filters may nest; a condition alone has depth 1.
pub const MAX_DEPTH: usize = 16;
/// How many conditions a filter may have.
pub const MAX_CONDITIONS: usize = 1_000;
/// How many values all conditions of a filter may list together.
pub const MAX_VALUES: usize = 10_000;
/// How long a value may be, in bytes.
pub const MAX_VALUE_LENGTH: usize = 2_048;
/// How many regular expressions a filter may have.
pub const MAX_EXPRESSIONS: usize = 50;

/// Checks a filter that is stored for later, a segment's or a goal's: of visits or hits, without
/// conditions on metrics. Faults name `parameter`.
pub fn check_filter(node: &FilterNode, parameter: &'static str) -> Result<Filter, QueryError> {
    let mut faults = Faults::default();
    let mut checker = Checker::new(&mut faults);
    let filter = checker.visits_filter(node, Place::top(parameter));
    match filter {
        Some(filter) if faults.is_empty() => Ok(filter),
        _ => Err(QueryError::Faults(faults.into_vec())),
    }
}

/// Where in the request a filter stands.
#[derive(Clone)]
pub(crate) struct Place {
    parameter: &'static str,
    pointer: String,
    depth: usize,
}

impl Place {
    pub fn top(parameter: &'static str) -> Place {
        Place {
            parameter,
            pointer: format!("/{parameter}"),
            depth: 1,
        }
    }

    /// One level deeper than it is written, because it is put under an `and`.
    pub fn wrapped(parameter: &'static str) -> Place {
        Place {
            depth: 2,
            ..Place::top(parameter)
        }
    }

    fn inside(&self, index: usize) -> Place {
        Place {
            parameter: self.parameter,
            pointer: format!("{}/{index}", self.pointer),
            depth: self.depth + 1,
        }
    }

    fn at(&self, index: usize) -> String {
        format!("{}/{index}", self.pointer)
    }
}

/// Counts what the bounds count, over all filters of a request.
pub(crate) struct Checker<'a> {
    faults: &'a mut Faults,
    conditions: usize,
    values: usize,
    expressions: usize,
}

impl<'a> Checker<'a> {
    pub fn new(faults: &'a mut Faults) -> Checker<'a> {
        Checker {
            faults,
            conditions: 0,
            values: 0,
            expressions: 0,
        }
    }

    /// A filter that may have conditions on metrics at its top or under its topmost `and`.
    pub fn rows_filter(
        &mut self,
        node: &FilterNode,
        place: Place,
        having: &mut Vec<Having>,
    ) -> Vec<Filter> {
        let parts = match node {
            FilterNode::And(parts) => parts.as_slice(),
            single => std::slice::from_ref(single),
        };
        let is_list = matches!(node, FilterNode::And(_));
        if parts.is_empty() {
            self.nothing_joined(&place);
        }
        let mut filters = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            let place = if is_list {
                place.inside(index + 1)
            } else {
                place.clone()
            };
            match part {
                FilterNode::Condition(condition) if Metric::by_name(&condition.field).is_some() => {
                    having.extend(self.having(condition, &place));
                }
                part => filters.extend(self.visits_filter(part, place)),
            }
            if self.is_full() {
                break;
            }
        }
        filters
    }

    /// `None` where something is wrong, which is noted.
    pub fn visits_filter(&mut self, node: &FilterNode, place: Place) -> Option<Filter> {
        if place.depth > MAX_DEPTH {
            let detail = format!("filters nest to a depth of {MAX_DEPTH}, not deeper");
            self.faults
                .invalid(place.parameter, place.pointer, detail, Vec::new());
            return None;
        }
        match node {
            FilterNode::And(parts) => self.parts(parts, &place).map(Filter::And),
            FilterNode::Or(parts) => self.parts(parts, &place).map(Filter::Or),
            FilterNode::Not(part) => Some(negated(self.visits_filter(part, place.inside(1))?)),
            FilterNode::VisitorHas(part) => {
                let part = self.visits_filter(part, place.inside(1))?;
                Some(Filter::VisitorHas(Box::new(part)))
            }
            FilterNode::VisitorHasNot(part) => {
                let part = self.visits_filter(part, place.inside(1))?;
                Some(negated(Filter::VisitorHas(Box::new(part))))
            }
            FilterNode::Condition(condition) => {
                self.condition(condition, &place).map(Filter::Condition)
            }
        }
    }

    fn parts(&mut self, parts: &[FilterNode], place: &Place) -> Option<Vec<Filter>> {
        if parts.is_empty() {
            self.nothing_joined(place);
            return None;
        }
        let mut filters = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            filters.push(self.visits_filter(part, place.inside(index + 1)));
            if self.is_full() {
                break;
            }
        }
        filters.into_iter().collect()
    }

    fn nothing_joined(&mut self, place: &Place) {
        let detail = "`and` and `or` need at least one filter";
        self.faults
            .invalid(place.parameter, place.pointer.as_str(), detail, Vec::new());
    }

    fn count(&mut self, condition: &FilterCondition, place: &Place) -> Option<()> {
        self.conditions += 1;
        if self.conditions > MAX_CONDITIONS {
            if self.conditions == MAX_CONDITIONS + 1 {
                let detail = format!("a request has at most {MAX_CONDITIONS} conditions");
                self.faults
                    .invalid(place.parameter, place.pointer.as_str(), detail, Vec::new());
            }
            return None;
        }
        self.values = self.values.saturating_add(condition.values.len());
        if self.values > MAX_VALUES {
            let detail = format!("the conditions of a request list at most {MAX_VALUES} values");
            self.faults
                .invalid(place.parameter, place.at(2), detail, Vec::new());
            return None;
        }
        Some(())
    }

    fn is_full(&self) -> bool {
        self.conditions > MAX_CONDITIONS || self.values > MAX_VALUES
    }
}

fn negated(filter: Filter) -> Filter {
    Filter::Not(Box::new(filter))
}

/// Everything that is wrong with a filter, for tests of other modules too.
#[cfg(test)]
pub(crate) fn faults_of(node: &FilterNode) -> Vec<crate::Fault> {
    let mut faults = Faults::default();
    let mut having = Vec::new();
    Checker::new(&mut faults).rows_filter(node, Place::top("filters"), &mut having);
    faults.into_vec()
}

#[cfg(test)]
mod tests;
