//! What can be asked for: every metric and dimension by name.

mod dimensions;
mod metrics;

use std::fmt;

use afsa_store::{Dimension, Kind, Measure};

use crate::axis::Interval;

pub use metrics::METRICS;

/// A figure that reports show.
#[derive(Debug)]
pub struct Metric {
    pub name: &'static str,
    pub description: &'static str,
    pub unit: MetricUnit,
    pub scope: Scope,
    pub formula: Formula,
}

/// What a metric's figures mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricUnit {
    /// A whole number of things.
    Count,
    /// In the account's currency.
    Money,
    /// A fraction of 1.
    Rate,
    Seconds,
    /// Of 24 hours, with their fraction.
    Days,
    /// 0–100.
    Percent,
    /// Any other number.
    Number,
}

/// What a metric or dimension is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Visit,
    Hit,
    Product,
    Promotion,
    Order,
    Time,
    /// Of the answer: made of its other figures.
    Answer,
}

/// How a metric follows from measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Formula {
    Sum(Term),
    /// The first without the second.
    Difference(Term, Term),
    /// The first over the second; without value where that is 0. Means are ratios too.
    Ratio(Term, Term),
    /// The share of the whole of the request's first other metric.
    Share,
}

/// Measures of one unit that are added up, at least one.
pub type Term = &'static [Measure];

impl PartialEq for Metric {
    fn eq(&self, other: &Metric) -> bool {
        self.name == other.name
    }
}

impl Metric {
    pub fn by_name(name: &str) -> Option<&'static Metric> {
        METRICS.iter().find(|metric| metric.name == name)
    }

    /// What a backend must be asked for.
    pub fn measures(&self) -> Vec<Measure> {
        match self.formula {
            Formula::Sum(term) => term.to_vec(),
            Formula::Difference(left, right) | Formula::Ratio(left, right) => {
                [left, right].concat()
            }
            Formula::Share => Vec::new(),
        }
    }

    /// Whether its rows are parts of a whole, so that they have a share in it.
    pub fn has_whole(&self) -> bool {
        matches!(self.formula, Formula::Sum(_) | Formula::Difference(..))
    }

    /// The metrics of which one must stand beside this one, where that is needed. Any metric goes
    /// with any dimension.
    pub fn needs_beside(&self) -> Vec<&'static str> {
        if self.formula != Formula::Share {
            return Vec::new();
        }
        METRICS
            .iter()
            .filter(|metric| metric.has_whole())
            .map(|metric| metric.name)
            .collect()
    }
}

/// A column by which figures are broken down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Breakdown {
    /// Anything but `Dimension::Time`.
    By(Dimension),
    /// `time`, in the interval of the request.
    Time,
    /// `time:day` and its like.
    TimeIn(Interval),
}

/// What values of a dimension are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DimensionType {
    Text,
    Number,
    /// Text that names a stretch of time, by its start.
    Time,
}

impl Breakdown {
    /// Everything that figures can be broken down by, in the order of the documentation.
    pub fn all() -> Vec<Breakdown> {
        let mut all: Vec<Breakdown> = Dimension::all().into_iter().map(Breakdown::By).collect();
        all.push(Breakdown::Time);
        all.extend(Interval::ALL.map(Breakdown::TimeIn));
        all
    }

    pub fn by_name(name: &str) -> Option<Breakdown> {
        if name == "time" {
            return Some(Breakdown::Time);
        }
        match name.strip_prefix("time:") {
            Some(interval) => Interval::by_name(interval).map(Breakdown::TimeIn),
            None => Dimension::by_name(name).map(Breakdown::By),
        }
    }

    pub fn value_type(self) -> DimensionType {
        match self {
            Breakdown::By(dimension) if dimension.is_number() => DimensionType::Number,
            Breakdown::By(_) => DimensionType::Text,
            Breakdown::Time | Breakdown::TimeIn(_) => DimensionType::Time,
        }
    }

    pub fn scope(self) -> Scope {
        let Breakdown::By(dimension) = self else {
            return Scope::Time;
        };
        match dimension.kind() {
            Kind::Visit => Scope::Visit,
            Kind::PageView | Kind::AnyHit | Kind::Event | Kind::Goal => Scope::Hit,
            Kind::ProductRow => Scope::Product,
            Kind::Promotion => Scope::Promotion,
            Kind::Order => Scope::Order,
            Kind::Time => Scope::Time,
        }
    }

    pub fn description(self) -> String {
        match self {
            Breakdown::By(dimension) => dimensions::describe(dimension),
            Breakdown::Time => {
                "Time in the interval asked for, else in one that fits the length of the period"
                    .to_owned()
            }
            Breakdown::TimeIn(interval) => format!("Time by {interval}"),
        }
    }

    /// Whether its rows run forward in time unless another order is asked for.
    pub(crate) fn is_time(self) -> bool {
        self.scope() == Scope::Time
    }
}

impl fmt::Display for Breakdown {
    /// The name that requests use.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Breakdown::By(dimension) => dimension.fmt(formatter),
            Breakdown::Time => formatter.write_str("time"),
            Breakdown::TimeIn(interval) => write!(formatter, "time:{interval}"),
        }
    }
}

/// The names of all metrics.
pub(crate) fn metric_names() -> Vec<String> {
    METRICS
        .iter()
        .map(|metric| metric.name.to_owned())
        .collect()
}

/// The names of all dimensions.
pub(crate) fn dimension_names() -> Vec<String> {
    Breakdown::all().iter().map(Breakdown::to_string).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_found_again_and_mean_one_thing() {
        let mut names = HashSet::new();
        for metric in METRICS {
            assert_eq!(Metric::by_name(metric.name), Some(metric));
            assert!(
                names.insert(metric.name.to_owned()),
                "{} twice",
                metric.name
            );
            assert!(!metric.description.is_empty());
        }
        for breakdown in Breakdown::all() {
            assert_eq!(Breakdown::by_name(&breakdown.to_string()), Some(breakdown));
            assert!(names.insert(breakdown.to_string()), "{breakdown} twice");
            assert!(!breakdown.description().is_empty());
        }
        for name in [
            "",
            "time:",
            "time:fortnight",
            "time#0",
            "Country",
            "dimension21",
        ] {
            assert_eq!(Breakdown::by_name(name), None, "{name:?}");
        }
    }

    #[test]
    fn every_measure_is_in_some_metric() {
        let used: HashSet<Measure> = METRICS.iter().flat_map(Metric::measures).collect();
        for measure in Measure::ALL {
            assert!(used.contains(&measure), "{measure:?}");
        }
    }

    #[test]
    fn units_fit_the_measures() {
        use afsa_store::Unit;
        for metric in METRICS {
            let units: Vec<Unit> = metric.measures().into_iter().map(Measure::unit).collect();
            match metric.unit {
                MetricUnit::Count => assert!(units.iter().all(|unit| *unit == Unit::Count)),
                MetricUnit::Money => assert_eq!(units[0], Unit::Money, "{}", metric.name),
                MetricUnit::Seconds | MetricUnit::Days => {
                    assert_eq!(units[0], Unit::Milliseconds, "{}", metric.name);
                }
                MetricUnit::Percent => assert_eq!(units[0], Unit::Percent),
                MetricUnit::Rate => assert!(!metric.has_whole()),
                // Money over money is a plain number.
                MetricUnit::Number => assert_eq!(
                    units[0] == Unit::Money,
                    units.last() == Some(&Unit::Money),
                    "{}",
                    metric.name
                ),
            }
            let terms = match metric.formula {
                Formula::Sum(term) => vec![term],
                Formula::Difference(left, right) | Formula::Ratio(left, right) => vec![left, right],
                Formula::Share => Vec::new(),
            };
            for term in terms {
                let unit = |measure: &Measure| measure.unit();
                let is_one_unit = term.windows(2).all(|pair| unit(&pair[0]) == unit(&pair[1]));
                assert!(is_one_unit && !term.is_empty(), "{}", metric.name);
            }
        }
    }
}
