//! The questions of a plan.

use std::sync::Arc;

use afsa_model::{TimeRange, Timestamp, ZoneOffsets};
use afsa_store::{Dimension, Filter, Goal, Measure, Question, Traffic};

use crate::axis::Axis;
use crate::catalogue::Breakdown;
use crate::zone::Zone;

/// As a backend names them: dimensions of time are numbered.
pub(super) fn numbered(dimensions: &[Breakdown]) -> Vec<Dimension> {
    let mut axes = 0..;
    dimensions
        .iter()
        .map(|dimension| match dimension {
            Breakdown::By(dimension) => *dimension,
            Breakdown::Time | Breakdown::TimeIn(_) => {
                Dimension::Time(axes.next().unwrap_or(u8::MAX))
            }
        })
        .collect()
}

/// What all questions of a plan have in common.
pub(super) struct Asking<'a> {
    pub measures: Vec<Measure>,
    pub dimensions: Vec<Dimension>,
    pub filter: Option<Filter>,
    pub zone: &'a Zone,
    pub goals: &'a [Goal],
    pub traffic: Traffic,
}

impl Asking<'_> {
    pub fn rows(&self, range: TimeRange, axes: &[Axis]) -> Question {
        Question {
            dimensions: self.dimensions.clone(),
            time_axes: axes
                .iter()
                .map(Axis::starts)
                .collect::<Vec<Arc<[Timestamp]>>>(),
            zone: self.offsets(range, true),
            goals: self.goals(true),
            ..self.totals(range)
        }
    }

    pub fn totals(&self, range: TimeRange) -> Question {
        Question {
            range: range.into(),
            measures: self.measures.clone(),
            dimensions: Vec::new(),
            filter: self.filter.clone(),
            time_axes: Vec::new(),
            zone: self.offsets(range, false),
            goals: self.goals(false),
            traffic: self.traffic,
        }
    }

    /// Only where they are used, so that equal questions are told to be equal.
    fn offsets(&self, range: TimeRange, with_dimensions: bool) -> ZoneOffsets {
        let is_clock =
            |dimension: Dimension| matches!(dimension, Dimension::HourOfDay | Dimension::DayOfWeek);
        let used = self
            .filter
            .as_ref()
            .is_some_and(|filter| names(filter, &is_clock))
            || with_dimensions && self.dimensions.iter().any(|dimension| is_clock(*dimension));
        if used {
            self.zone.offsets(range)
        } else {
            ZoneOffsets::default()
        }
    }

    fn goals(&self, with_dimensions: bool) -> Vec<Goal> {
        let used =
            self.measures_goals() || with_dimensions && self.dimensions.contains(&Dimension::Goal);
        if used {
            self.goals.to_vec()
        } else {
            Vec::new()
        }
    }

    pub fn asks_goals(&self) -> bool {
        self.measures_goals() || self.dimensions.contains(&Dimension::Goal)
    }

    fn measures_goals(&self) -> bool {
        let is_goal = |dimension: Dimension| dimension == Dimension::Goal;
        self.measures
            .iter()
            .any(|measure| matches!(measure, Measure::Conversions | Measure::ConvertedVisits))
            || self
                .filter
                .as_ref()
                .is_some_and(|filter| names(filter, &is_goal))
    }
}

/// Whether the filter has a condition on such a dimension.
fn names(filter: &Filter, is_such: &dyn Fn(Dimension) -> bool) -> bool {
    match filter {
        Filter::And(parts) | Filter::Or(parts) => parts.iter().any(|part| names(part, is_such)),
        Filter::Not(part) | Filter::VisitorHas(part) => names(part, is_such),
        Filter::Condition(condition) => is_such(condition.dimension),
    }
}
