//! A request that was found to be fine, on its way to a plan.

use afsa_model::TimeRange;
use afsa_store::{Filter, Measure, Traffic};

use crate::axis::{Axis, Interval};
use crate::catalogue::{Breakdown, Metric};
use crate::check::Context;
use crate::check::asking::{Asking, numbered};
use crate::check::columns::shared;
use crate::check::order::NamedTerm;
use crate::exchange::Exchange;
use crate::filter::Having;
use crate::plan::{Include, Operation, OrderBy, OrderTerm, Plan, Questions, position};
use crate::reports::Report;
use crate::request::{FilterNode, Request};
use crate::span::Span;
use crate::zone::Zone;

/// Everything that a request was found to say.
pub(super) struct Parts {
    pub zone: Zone,
    pub span: Span,
    pub comparison: Option<Span>,
    pub interval: Option<Interval>,
    pub metrics: Vec<&'static Metric>,
    pub dimensions: Vec<Breakdown>,
    pub having: Vec<Having>,
    pub filter: Option<Filter>,
    pub order: Vec<NamedTerm>,
    pub limit: usize,
    pub offset: usize,
    pub include: Include,
    pub traffic: Traffic,
}

impl Parts {
    /// The request that says all of it by itself.
    pub fn request(&self, sent: &Request, written: Option<FilterNode>) -> Request {
        let (from, to) = self.ends(&self.span);
        let ends = sent
            .compare_from
            .is_some()
            .then_some(self.comparison)
            .flatten();
        let (compare_from, compare_to) = ends.map(|span| self.ends(&span)).unzip();
        let words = [
            ("totals", self.include.totals),
            ("total_rows", self.include.total_rows),
            ("empty", self.include.empty),
        ];
        let order = self.order.iter().map(|(name, descending)| {
            format!("{name}:{}", if *descending { "desc" } else { "asc" })
        });
        Request {
            report: None,
            period: None,
            from: Some(from),
            to: Some(to),
            timezone: Some(self.zone.name().to_owned()),
            compare: sent.compare.clone(),
            compare_from,
            compare_to,
            interval: self.interval.map(|interval| interval.to_string()),
            metrics: Some(
                self.metrics
                    .iter()
                    .map(|metric| metric.name.to_owned())
                    .collect(),
            ),
            dimensions: Some(self.dimensions.iter().map(Breakdown::to_string).collect()),
            filters: written,
            segment: sent.segment.clone(),
            order_by: Some(order.collect()),
            limit: i64::try_from(self.limit).ok(),
            offset: i64::try_from(self.offset).ok(),
            include: Some(
                words
                    .iter()
                    .filter(|(_, on)| *on)
                    .map(|(word, _)| (*word).to_owned())
                    .collect(),
            ),
            traffic: (self.traffic == Traffic::Excluded).then(|| "excluded".to_owned()),
        }
    }

    /// As requests write them: days where it is whole days.
    fn ends(&self, span: &Span) -> (String, String) {
        match span.days {
            Some((first, last)) => (first.to_string(), last.to_string()),
            None => (
                self.zone.format(span.range.from),
                self.zone.format(span.range.to),
            ),
        }
    }

    pub fn plan(
        self,
        request: Request,
        report: Option<&Report>,
        context: &Context,
    ) -> Option<Plan> {
        let Compiled {
            measures,
            operations,
            having,
            order,
        } = self.compiled()?;
        let comparison = self.comparison.map(|span| span.range);
        let axes = self.axes(self.span.range);
        let comparison_axes = comparison.map(|range| self.axes(range)).unwrap_or_default();

        let asking = Asking {
            measures,
            dimensions: numbered(&self.dimensions),
            filter: self.filter,
            zone: &self.zone,
            goals: context.goals,
            traffic: self.traffic,
        };
        let ordered_by = order.iter().filter_map(|term| match &term.by {
            OrderBy::Dimension(_) => None,
            OrderBy::Metric(_, operation) => Some(operation),
        });
        let shares_whole = operations
            .iter()
            .chain(having.iter().map(|(operation, _)| operation))
            .chain(ordered_by)
            .any(Operation::shares_whole);
        let needs_totals = (self.include.totals || shares_whole) && !self.dimensions.is_empty();
        let questions = Questions {
            rows: asking.rows(self.span.range, &axes),
            totals: needs_totals.then(|| asking.totals(self.span.range)),
            previous_rows: comparison.map(|range| asking.rows(range, &comparison_axes)),
            previous_totals: comparison
                .filter(|_| needs_totals)
                .map(|range| asking.totals(range)),
        };
        let mut warnings = Vec::new();
        if asking.asks_goals() && context.goals.is_empty() {
            warnings.push("the account has no goals, so nothing converts".to_owned());
        }
        let own_zone = &context.settings.timezone;
        if Zone::by_name(own_zone).is_none() {
            warnings.push(format!(
                "the account's time zone `{own_zone}` is unknown; UTC stands in for it"
            ));
        }
        Some(Plan {
            request,
            report: report.map(|report| report.name),
            currency: context.settings.currency.clone(),
            exchange: Exchange::of(context.settings, context.activity),
            now: context.now,
            range: self.span.range,
            comparison,
            interval: self.interval,
            axes,
            comparison_axes,
            limit: self.limit,
            offset: self.offset,
            include: self.include,
            questions,
            warnings,
            operations,
            having,
            order,
            dimensions: self.dimensions,
            metrics: self.metrics,
            zone: self.zone,
        })
    }

    /// `None` where a share has nothing to be a share of, which was told before.
    fn compiled(&self) -> Option<Compiled> {
        let first = shared(&self.metrics);
        let mut measures = Vec::new();
        let mut operations = Vec::new();
        for metric in &self.metrics {
            operations.push(Operation::of(metric, first, &mut measures)?);
        }
        let mut having = Vec::new();
        for condition in &self.having {
            let operation = Operation::of(condition.metric, first, &mut measures)?;
            having.push((operation, condition.clone()));
        }
        let mut order = Vec::new();
        for (name, descending) in &self.order {
            let by = match Metric::by_name(name) {
                Some(metric) => {
                    OrderBy::Metric(metric, Operation::of(metric, first, &mut measures)?)
                }
                None => OrderBy::Dimension(self.position(name)?),
            };
            order.push(OrderTerm {
                by,
                descending: *descending,
            });
        }
        if self.include.empty {
            // Tells which values there are, whatever is counted.
            position(Measure::Visits, &mut measures);
        }
        Some(Compiled {
            measures,
            operations,
            having,
            order,
        })
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.dimensions
            .iter()
            .position(|dimension| dimension.to_string() == name)
    }

    /// One for each dimension of time.
    fn axes(&self, range: TimeRange) -> Vec<Axis> {
        let intervals = self
            .dimensions
            .iter()
            .filter_map(|dimension| match dimension {
                Breakdown::By(_) => None,
                Breakdown::Time => self.interval,
                Breakdown::TimeIn(interval) => Some(*interval),
            });
        intervals
            .map(|interval| Axis::new(interval, range, &self.zone))
            .collect()
    }
}

/// What is to be measured, and what is to be made of it.
struct Compiled {
    measures: Vec<Measure>,
    operations: Vec<Operation>,
    having: Vec<(Operation, Having)>,
    order: Vec<OrderTerm>,
}
