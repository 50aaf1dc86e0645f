//! What is asked of a backend, and what is to be made of its answers.

use std::sync::Arc;

use afsa_model::{DAY, TimeRange, Timestamp};
use afsa_store::{Measure, Question, Unit};

use crate::axis::{Axis, Interval};
use crate::catalogue::{Breakdown, DimensionType, Formula, Metric, MetricUnit, Term};
use crate::exchange::Exchange;
use crate::filter::Having;
use crate::fraction::{Figure, Fraction};
use crate::request::Request;
use crate::zone::Zone;

/// A request that was understood. It prints as text that shows every question.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The request with every default filled in and every relative word resolved: planned again,
    /// at whatever time, it gives the same plan.
    pub request: Request,
    /// The named report that it started from.
    pub report: Option<&'static str>,
    pub zone: Zone,
    /// ISO 4217 code of what money is told in.
    pub currency: Arc<str>,
    pub now: Timestamp,
    pub range: TimeRange,
    pub comparison: Option<TimeRange>,
    /// Of the dimension `time`, where it is asked for.
    pub interval: Option<Interval>,
    pub dimensions: Vec<Breakdown>,
    pub metrics: Vec<&'static Metric>,
    /// One for each dimension of time, numbered as the questions number them.
    pub axes: Vec<Axis>,
    pub comparison_axes: Vec<Axis>,
    pub limit: usize,
    pub offset: usize,
    pub include: Include,
    pub questions: Questions,
    /// What the asker should know beside the figures.
    pub warnings: Vec<String>,
    pub(crate) exchange: Exchange,
    /// One for each metric.
    pub(crate) operations: Vec<Operation>,
    pub(crate) having: Vec<(Operation, Having)>,
    pub(crate) order: Vec<OrderTerm>,
}

/// Everything that a backend is asked, in the order of [`Questions::list`].
#[derive(Clone, Debug, PartialEq)]
pub struct Questions {
    pub rows: Question,
    /// The whole, asked by itself because distinct visitors of rows do not sum. `None` where there
    /// is no use for it, or the row is the whole.
    pub totals: Option<Question>,
    pub previous_rows: Option<Question>,
    pub previous_totals: Option<Question>,
}

/// What is in an answer beside its rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Include {
    pub totals: bool,
    pub total_rows: bool,
    pub empty: bool,
}

/// A column of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub column_type: ColumnType,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    Dimension(DimensionType),
    Metric(MetricUnit),
}

impl Plan {
    /// The columns of the answer: the dimensions, then the metrics.
    pub fn columns(&self) -> Vec<Column> {
        let dimensions = self.dimensions.iter().map(|dimension| Column {
            name: dimension.to_string(),
            column_type: ColumnType::Dimension(dimension.value_type()),
        });
        let metrics = self.metrics.iter().map(|metric| Column {
            name: metric.name.to_owned(),
            column_type: ColumnType::Metric(metric.unit),
        });
        dimensions.chain(metrics).collect()
    }
}

impl Questions {
    /// All that are asked.
    pub fn list(&self) -> Vec<&Question> {
        let others = [&self.totals, &self.previous_rows, &self.previous_totals];
        std::iter::once(&self.rows)
            .chain(others.into_iter().flatten())
            .collect()
    }
}

/// A formula over the positions of measures in the question.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Operation {
    Sum(Operand),
    Difference(Operand, Operand),
    Ratio(Operand, Operand),
    /// Of the whole.
    Share(Box<Operation>),
}

/// Measures of the question, added up.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Operand {
    positions: Vec<usize>,
    /// How many of the measures' units make one of the metric's.
    scale: i128,
}

impl Operand {
    fn number(&self, numbers: &[i128]) -> i128 {
        let number = |position: &usize| numbers.get(*position).copied().unwrap_or(0);
        self.positions
            .iter()
            .map(number)
            .fold(0, i128::saturating_add)
    }

    fn figure(&self, number: i128) -> Figure {
        Fraction::new(number, self.scale)
    }
}

impl Operation {
    /// The operation of a metric, its measures added to those of the question. `first` is the
    /// metric whose whole is shared; `None` if there is none.
    pub fn of(
        metric: &Metric,
        first: Option<&'static Metric>,
        measures: &mut Vec<Measure>,
    ) -> Option<Operation> {
        let mut operand = |term: Term| operand(term, metric.unit, measures);
        Some(match metric.formula {
            Formula::Sum(term) => Operation::Sum(operand(term)),
            Formula::Difference(left, right) => {
                Operation::Difference(operand(left), operand(right))
            }
            Formula::Ratio(left, right) => Operation::Ratio(operand(left), operand(right)),
            Formula::Share => Operation::Share(Box::new(Operation::of(first?, None, measures)?)),
        })
    }

    /// Whether figures can only be told once the whole is known.
    pub fn shares_whole(&self) -> bool {
        matches!(self, Operation::Share(_))
    }

    /// The figure of a row (or a whole) in the whole.
    pub fn figure(&self, numbers: &[i128], whole: &[i128]) -> Figure {
        match self {
            Operation::Sum(operand) => operand.figure(operand.number(numbers)),
            Operation::Difference(left, right) => {
                left.figure(left.number(numbers).saturating_sub(right.number(numbers)))
            }
            Operation::Ratio(left, right) if right.scale == 1 => {
                let divisor = right.number(numbers).checked_mul(left.scale)?;
                Fraction::new(left.number(numbers), divisor)
            }
            Operation::Ratio(left, right) => left
                .figure(left.number(numbers))?
                .divided_by(right.figure(right.number(numbers))?),
            Operation::Share(part) => part
                .figure(numbers, whole)?
                .divided_by(part.figure(whole, whole)?),
        }
    }
}

fn operand(term: Term, unit: MetricUnit, measures: &mut Vec<Measure>) -> Operand {
    let scale = match term.first().map(|measure| measure.unit()) {
        None | Some(Unit::Count | Unit::Percent) => 1,
        Some(Unit::Milliseconds) if unit == MetricUnit::Days => DAY.into(),
        Some(Unit::Milliseconds) => 1_000,
        Some(Unit::Money | Unit::Quantity) => 1_000_000_000_000,
    };
    let positions = term.iter().map(|measure| position(*measure, measures));
    Operand {
        positions: positions.collect(),
        scale,
    }
}

/// Where the measure stands among those of the question, where it is put if it is not there yet.
pub(crate) fn position(measure: Measure, measures: &mut Vec<Measure>) -> usize {
    measures
        .iter()
        .position(|known| *known == measure)
        .unwrap_or_else(|| {
            measures.push(measure);
            measures.len() - 1
        })
}

/// One criterion of the order of rows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OrderTerm {
    pub by: OrderBy,
    pub descending: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum OrderBy {
    /// The dimension of this position.
    Dimension(usize),
    Metric(&'static Metric, Operation),
}
