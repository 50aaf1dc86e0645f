//! Conditions on metrics.

use crate::catalogue::Metric;
use crate::fraction::{Figure, Fraction};

/// A condition on a metric: chooses rows of the answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Having {
    pub metric: &'static Metric,
    pub test: FigureTest,
    pub negated: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum FigureTest {
    Is(Vec<Fraction>),
    /// Ends included.
    Between(Option<Fraction>, Option<Fraction>),
    Above(Fraction),
    Below(Fraction),
    IsSet,
}

impl Having {
    /// A figure without value meets only the negations.
    pub fn holds(&self, figure: Figure) -> bool {
        let met = figure.is_some_and(|figure| match &self.test {
            FigureTest::Is(values) => values.contains(&figure),
            FigureTest::Between(least, most) => {
                least.is_none_or(|least| figure >= least) && most.is_none_or(|most| figure <= most)
            }
            FigureTest::Above(bound) => figure > *bound,
            FigureTest::Below(bound) => figure < *bound,
            FigureTest::IsSet => true,
        });
        met != self.negated
    }
}
