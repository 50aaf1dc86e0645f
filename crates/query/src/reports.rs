//! Named reports: requests with their defaults filled in.

mod table;

use crate::request::{FilterCondition, FilterNode, Scalar};

pub use table::REPORTS;

/// A question that has a name. Each of its parts but its filter is a default that a request may
/// replace; what a request filters by is added to the report's own filter.
#[derive(Debug)]
pub struct Report {
    pub name: &'static str,
    pub section: Section,
    pub description: &'static str,
    pub period: Option<&'static str>,
    pub interval: Option<&'static str>,
    pub dimensions: &'static [&'static str],
    pub metrics: &'static [&'static str],
    /// All of them.
    pub filters: &'static [ReportFilter],
    /// Empty: the order that every table has.
    pub order_by: &'static [&'static str],
}

/// Where a report stands in menus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    Audience,
    Content,
    Acquisition,
    Place,
    Technology,
    Behaviour,
    Ecommerce,
}

/// What a report is about, where not about everything.
#[derive(Clone, Copy, Debug)]
pub enum ReportFilter {
    /// Visits in which the dimension has a value.
    Visits(&'static str),
    /// Only the hits and orders themselves in which it has one.
    Hits(&'static str),
    /// Only the hits themselves whose value is one of these, in any case.
    HitsThatAre(&'static str, &'static [&'static str]),
}

impl Report {
    pub fn by_name(name: &str) -> Option<&'static Report> {
        REPORTS.iter().find(|report| report.name == name)
    }

    /// The report's own filter, if it has one.
    pub fn filter(&self) -> Option<FilterNode> {
        let mut nodes: Vec<FilterNode> = self.filters.iter().map(ReportFilter::node).collect();
        if nodes.len() > 1 {
            Some(FilterNode::And(nodes))
        } else {
            nodes.pop()
        }
    }
}

impl ReportFilter {
    fn node(&self) -> FilterNode {
        let (field, values, scope) = match *self {
            ReportFilter::Visits(field) => (field, &[][..], None),
            ReportFilter::Hits(field) => (field, &[][..], Some("hit")),
            ReportFilter::HitsThatAre(field, values) => (field, values, Some("hit")),
        };
        let operator = if values.is_empty() { "is_set" } else { "is" };
        FilterNode::Condition(FilterCondition {
            operator: operator.to_owned(),
            field: field.to_owned(),
            values: values
                .iter()
                .map(|value| Scalar::Text((*value).to_owned()))
                .collect(),
            case_sensitive: (!values.is_empty()).then_some(false),
            scope: scope.map(str::to_owned),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::catalogue::{Breakdown, Metric};

    #[test]
    fn reports_are_made_of_what_there_is() {
        let mut names = HashSet::new();
        for report in REPORTS {
            assert!(names.insert(report.name), "{} twice", report.name);
            assert!(!report.description.is_empty(), "{}", report.name);
            for name in report.dimensions {
                assert!(
                    Breakdown::by_name(name).is_some(),
                    "{}: {name}",
                    report.name
                );
            }
            for name in report.metrics {
                assert!(Metric::by_name(name).is_some(), "{}: {name}", report.name);
            }
            if let Some(filter) = report.filter() {
                assert_eq!(
                    crate::filter::faults_of(&filter),
                    Vec::new(),
                    "{}",
                    report.name
                );
            }
        }
    }
}
