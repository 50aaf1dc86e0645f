//! From a request to a plan.

use std::sync::Arc;

use afsa_model::{AccountSettings, TimeRange, Timestamp};
use afsa_store::{Activity, Dimension, Filter, Goal, Measure, Question, ZoneOffsets};

use crate::axis::{Axis, Interval};
use crate::catalogue::{Breakdown, Formula, Metric, dimension_names, metric_names};
use crate::fault::{Faults, QueryError, nearest};
use crate::filter::{Checker, Having, Place};
use crate::period::{Asked, Clock};
use crate::plan::{Include, Operation, OrderBy, OrderTerm, Plan, Questions, position};
use crate::reports::{REPORTS, Report};
use crate::request::{FilterNode, Request};
use crate::span::Span;
use crate::zone::Zone;

/// How many metrics a request may ask for.
pub const MAX_METRICS: usize = 20;
/// How many dimensions a request may ask for.
pub const MAX_DIMENSIONS: usize = 4;
/// How many rows an answer may have.
pub const MAX_LIMIT: i64 = 10_000;
/// How many rows an answer has where nobody says.
pub const DEFAULT_LIMIT: i64 = 100;
/// The metrics of requests that name none.
pub const DEFAULT_METRICS: &[&str] = &["visitors", "visits", "pageviews"];
/// The words that `include` takes.
pub const INCLUDES: [&str; 4] = ["totals", "total_rows", "empty", "today"];

/// What a request is understood by.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    pub settings: &'a AccountSettings,
    pub now: Timestamp,
    /// Of the snapshot that will answer; decides what `all` is.
    pub activity: Activity,
    pub goals: &'a [Goal],
}

/// Checks a request and plans its questions. Everything that is wrong is told at once, as
/// [`QueryError::Faults`].
pub fn plan(request: &Request, context: &Context) -> Result<Plan, QueryError> {
    let mut faults = Faults::default();
    let plan = understood(request, context, &mut faults);
    match plan {
        Some(plan) if faults.is_empty() => Ok(plan),
        _ => Err(QueryError::Faults(faults.into_vec())),
    }
}

/// Goes on after a fault as long as there is something left to check.
fn understood(request: &Request, context: &Context, faults: &mut Faults) -> Option<Plan> {
    let report = named_report(request, faults);
    let zone = zone(request, context.settings, faults);
    let (include, include_today) = include(request, faults);

    let clock = Clock {
        now: context.now,
        zone: &zone,
        activity: context.activity,
    };
    let default_period = report.and_then(|report| report.period);
    let names_period = request.period.is_some() || request.from.is_some() || request.to.is_some();
    let asked = Asked {
        period: if names_period {
            request.period.as_deref()
        } else {
            default_period
        },
        from: request.from.as_deref(),
        to: request.to.as_deref(),
        include_today,
    };
    let span = clock.period(&asked, faults);
    let comparison = span.as_ref().and_then(|span| {
        clock.comparison(
            span,
            request.compare.as_deref(),
            request.compare_from.as_deref(),
            request.compare_to.as_deref(),
            faults,
        )
    });

    let metrics = metrics(request, report, faults);
    let mut dimensions = dimensions(request, report, faults);
    let asked_interval = interval(request, &mut dimensions, faults);
    if dimensions.len() > MAX_DIMENSIONS {
        let detail = format!("an answer has at most {MAX_DIMENSIONS} dimensions, time included");
        faults.invalid("dimensions", "/dimensions", detail, Vec::new());
    }

    let mut having = Vec::new();
    let (written, filter) = filters(request, report, &mut having, faults);
    let order = order(request, report, &metrics, &dimensions, faults);
    let limit = number("limit", request.limit, DEFAULT_LIMIT, MAX_LIMIT, faults);
    let offset = number("offset", request.offset, 0, i64::from(u32::MAX), faults);

    let span = span?;
    let interval = fitting_interval(
        asked_interval,
        &dimensions,
        report,
        &span,
        comparison,
        &zone,
        faults,
    );
    if !faults.is_empty() {
        return None;
    }
    let parts = Parts {
        zone,
        span,
        comparison,
        interval,
        metrics,
        dimensions,
        having,
        filter,
        order,
        limit,
        offset,
        include,
    };
    let request = parts.request(request, written);
    parts.plan(request, report, context)
}

fn named_report(request: &Request, faults: &mut Faults) -> Option<&'static Report> {
    let name = request.report.as_deref()?;
    let report = Report::by_name(name);
    if report.is_none() {
        let allowed = REPORTS
            .iter()
            .map(|report| report.name.to_owned())
            .collect();
        faults.unknown("report", "/report", "report", name, allowed);
    }
    report
}

fn zone(request: &Request, settings: &AccountSettings, faults: &mut Faults) -> Zone {
    let Some(name) = request.timezone.as_deref() else {
        return Zone::by_name(&settings.timezone).unwrap_or_else(Zone::utc);
    };
    if let Some(zone) = Zone::by_name(name) {
        return zone;
    }
    let names: Vec<String> = Zone::names().collect();
    let near = nearest(name, names.iter().map(String::as_str)).map(str::to_owned);
    let allowed: Vec<String> = near.into_iter().collect();
    faults.unknown("timezone", "/timezone", "time zone", name, allowed);
    Zone::utc()
}

fn include(request: &Request, faults: &mut Faults) -> (Include, bool) {
    let mut include = Include::default();
    let mut today = false;
    for (index, word) in request.include.iter().flatten().enumerate().take(100) {
        match word.as_str() {
            "totals" => include.totals = true,
            "total_rows" => include.total_rows = true,
            "empty" => include.empty = true,
            "today" => today = true,
            other => {
                let allowed = INCLUDES.map(str::to_owned).to_vec();
                faults.unknown(
                    "include",
                    format!("/include/{index}"),
                    "inclusion",
                    other,
                    allowed,
                );
            }
        }
    }
    (include, today)
}

fn metrics(
    request: &Request,
    report: Option<&Report>,
    faults: &mut Faults,
) -> Vec<&'static Metric> {
    let Some(names) = &request.metrics else {
        let names = report.map_or(DEFAULT_METRICS, |report| report.metrics);
        return names
            .iter()
            .filter_map(|name| Metric::by_name(name))
            .collect();
    };
    if names.is_empty() || names.len() > MAX_METRICS {
        let detail = format!(
            "an answer has 1 to {MAX_METRICS} metrics, not {}",
            names.len()
        );
        faults.invalid("metrics", "/metrics", detail, metric_names());
    }
    let mut metrics: Vec<&'static Metric> = Vec::new();
    for (index, name) in names.iter().enumerate().take(MAX_METRICS) {
        let pointer = format!("/metrics/{index}");
        match Metric::by_name(name) {
            Some(metric) if metrics.contains(&metric) => {
                let detail = format!("`{name}` is asked for twice");
                faults.invalid("metrics", pointer, detail, Vec::new());
            }
            Some(metric) => metrics.push(metric),
            None if Breakdown::by_name(name).is_some() => {
                let detail = format!("`{name}` is a dimension, not a metric");
                faults.invalid("metrics", pointer, detail, metric_names());
            }
            None => faults.unknown("metrics", pointer, "metric", name, metric_names()),
        }
    }
    check_share(&metrics, faults);
    metrics
}

/// A share needs something that it is the share of.
fn check_share(metrics: &[&'static Metric], faults: &mut Faults) {
    let Some(share) = metrics
        .iter()
        .find(|metric| metric.formula == Formula::Share)
    else {
        return;
    };
    let allowed = || {
        share
            .needs_beside()
            .into_iter()
            .map(str::to_owned)
            .collect()
    };
    let detail = match shared(metrics) {
        Some(first) if first.has_whole() => return,
        Some(first) => format!(
            "`{}` has no share: its rows are no parts of a whole. The first metric beside `{}` \
             must be a count or a sum",
            first.name, share.name
        ),
        None => format!(
            "`{}` is the share of another metric, which must be named too",
            share.name
        ),
    };
    faults.no_reading("metrics", "/metrics", detail, allowed());
}

/// The metric that `percentage` is the share of.
fn shared(metrics: &[&'static Metric]) -> Option<&'static Metric> {
    metrics
        .iter()
        .find(|metric| metric.formula != Formula::Share)
        .copied()
}

fn dimensions(request: &Request, report: Option<&Report>, faults: &mut Faults) -> Vec<Breakdown> {
    let Some(names) = &request.dimensions else {
        let names = report.map_or(&[][..], |report| report.dimensions);
        return names
            .iter()
            .filter_map(|name| Breakdown::by_name(name))
            .collect();
    };
    let mut dimensions = Vec::new();
    for (index, name) in names.iter().enumerate().take(MAX_DIMENSIONS + 1) {
        let pointer = format!("/dimensions/{index}");
        match Breakdown::by_name(name) {
            Some(dimension) if dimensions.contains(&dimension) => {
                let detail = format!("`{name}` is asked for twice");
                faults.invalid("dimensions", pointer, detail, Vec::new());
            }
            Some(dimension) => dimensions.push(dimension),
            None if Metric::by_name(name).is_some() => {
                let detail = format!("`{name}` is a metric, not a dimension");
                faults.invalid("dimensions", pointer, detail, dimension_names());
            }
            None => faults.unknown("dimensions", pointer, "dimension", name, dimension_names()),
        }
    }
    dimensions
}

/// The interval that is asked for. It asks for time too: where no dimension of time is named, `time`
/// comes first.
fn interval(
    request: &Request,
    dimensions: &mut Vec<Breakdown>,
    faults: &mut Faults,
) -> Option<Interval> {
    let name = request.interval.as_deref()?;
    let Some(interval) = Interval::by_name(name) else {
        let allowed = Interval::ALL.map(|known| known.name().to_owned()).to_vec();
        faults.unknown("interval", "/interval", "interval", name, allowed);
        return None;
    };
    let own = dimensions
        .iter()
        .find(|dimension| matches!(dimension, Breakdown::TimeIn(_)));
    if !dimensions.contains(&Breakdown::Time) {
        if let Some(own) = own {
            let detail = format!(
                "`interval` is the interval of `time`, which is not asked for; `{own}` has its own"
            );
            faults.no_reading("interval", "/interval", detail, Vec::new());
        } else {
            dimensions.insert(0, Breakdown::Time);
        }
    }
    Some(interval)
}

/// The interval of `time`, where it is among the dimensions, checked with every other interval
/// that is asked for.
fn fitting_interval(
    asked: Option<Interval>,
    dimensions: &[Breakdown],
    report: Option<&Report>,
    span: &Span,
    comparison: Option<Span>,
    zone: &Zone,
    faults: &mut Faults,
) -> Option<Interval> {
    let ranges = [Some(span.range), comparison.map(|span| span.range)];
    let fits = |interval: Interval| ranges.iter().flatten().all(|range| interval.fits(*range));
    let mut check = |parameter: &'static str, pointer: String, interval: Interval| {
        if fits(interval) {
            return;
        }
        let detail = match interval {
            Interval::Minute => "periods of up to 25 hours are told by minutes".to_owned(),
            _ => format!("the period is too long to be told by {interval}s"),
        };
        let allowed = Interval::ALL
            .into_iter()
            .filter(|known| fits(*known))
            .map(|known| known.to_string());
        faults.invalid(parameter, pointer, detail, allowed.collect());
    };
    for (index, dimension) in dimensions.iter().enumerate() {
        if let Breakdown::TimeIn(interval) = dimension {
            check("dimensions", format!("/dimensions/{index}"), *interval);
        }
    }
    if !dimensions.contains(&Breakdown::Time) {
        return None;
    }
    if let Some(asked) = asked {
        check("interval", "/interval".to_owned(), asked);
        return Some(asked);
    }
    let usual = report
        .and_then(|report| report.interval)
        .and_then(Interval::by_name);
    usual
        .filter(|usual| fits(*usual))
        .or(Some(Interval::for_range(span.range, zone)))
}

/// The filter as written, report's and request's together, and as checked, the segment's too.
fn filters(
    request: &Request,
    report: Option<&Report>,
    having: &mut Vec<Having>,
    faults: &mut Faults,
) -> (Option<FilterNode>, Option<Filter>) {
    let mut checker = Checker::new(faults);
    let own = report.and_then(Report::filter);
    let mut checked = Vec::new();
    if let Some(own) = &own {
        checked.extend(checker.rows_filter(own, Place::top("report"), having));
    }
    if let Some(sent) = &request.filters {
        // Under the report's filter it is one deeper, unless it is a list that is joined.
        let deeper = own.is_some() && !matches!(sent, FilterNode::And(_));
        let place = if deeper {
            Place::wrapped("filters")
        } else {
            Place::top("filters")
        };
        checked.extend(checker.rows_filter(sent, place, having));
    }
    if let Some(segment) = &request.segment {
        checked.extend(checker.visits_filter(&segment.filter, Place::top("segment")));
    }
    let written = match (own, request.filters.clone()) {
        (Some(own), Some(sent)) => Some(own.and(sent)),
        (own, sent) => own.or(sent),
    };
    let filter = if checked.len() > 1 {
        Some(Filter::And(checked))
    } else {
        checked.pop()
    };
    (written, filter)
}

/// An order as asked for or by default: name of a column, and whether it descends.
type NamedTerm = (String, bool);

fn order(
    request: &Request,
    report: Option<&Report>,
    metrics: &[&'static Metric],
    dimensions: &[Breakdown],
    faults: &mut Faults,
) -> Vec<NamedTerm> {
    let Some(terms) = &request.order_by else {
        return default_order(report, metrics, dimensions);
    };
    let most = MAX_METRICS + MAX_DIMENSIONS;
    if terms.len() > most {
        let detail = format!("an order has at most {most} terms");
        faults.invalid("order_by", "/order_by", detail, Vec::new());
    }
    let mut order = Vec::new();
    for (index, term) in terms.iter().enumerate().take(most) {
        let pointer = format!("/order_by/{index}");
        let (name, direction) = split_term(term);
        let is_metric = Metric::by_name(name).is_some();
        let is_asked = dimensions
            .iter()
            .any(|dimension| dimension.to_string() == name);
        if !is_metric && !is_asked {
            let mut allowed: Vec<String> = dimensions.iter().map(Breakdown::to_string).collect();
            allowed.extend(metric_names());
            if Breakdown::by_name(name).is_some() {
                let detail = format!("rows can't be ordered by `{name}`, which they don't have");
                faults.no_reading("order_by", pointer, detail, allowed);
            } else {
                faults.unknown("order_by", pointer, "column", name, allowed);
            }
            continue;
        }
        match direction {
            None => order.push((name.to_owned(), is_metric)),
            Some("asc") => order.push((name.to_owned(), false)),
            Some("desc") => order.push((name.to_owned(), true)),
            Some(other) => {
                let allowed = vec!["asc".to_owned(), "desc".to_owned()];
                faults.unknown("order_by", pointer, "direction", other, allowed);
            }
        }
    }
    order
}

/// Name and direction; names may have colons of their own, as `time:day`.
fn split_term(term: &str) -> (&str, Option<&str>) {
    let is_name =
        |name: &str| Breakdown::by_name(name).is_some() || Metric::by_name(name).is_some();
    match term.rsplit_once(':') {
        Some((name, direction)) if !is_name(term) => (name, Some(direction)),
        _ => (term, None),
    }
}

fn default_order(
    report: Option<&Report>,
    metrics: &[&'static Metric],
    dimensions: &[Breakdown],
) -> Vec<NamedTerm> {
    let terms: Vec<(&str, Option<&str>)> = report
        .into_iter()
        .flat_map(|report| report.order_by)
        .map(|term| split_term(term))
        .collect();
    let has = |name: &str| {
        metrics.iter().any(|metric| metric.name == name)
            || dimensions
                .iter()
                .any(|dimension| dimension.to_string() == name)
    };
    if !terms.is_empty() && terms.iter().all(|(name, _)| has(name)) {
        let descends = |direction: &Option<&str>| *direction == Some("desc");
        return terms
            .iter()
            .map(|(name, way)| ((*name).to_owned(), descends(way)))
            .collect();
    }
    let times = dimensions.iter().filter(|dimension| dimension.is_time());
    let times: Vec<NamedTerm> = times.map(|time| (time.to_string(), false)).collect();
    if !times.is_empty() || dimensions.is_empty() {
        return times;
    }
    metrics
        .first()
        .map(|metric| (metric.name.to_owned(), true))
        .into_iter()
        .collect()
}

fn number(
    parameter: &'static str,
    asked: Option<i64>,
    default: i64,
    most: i64,
    faults: &mut Faults,
) -> usize {
    let number = asked.unwrap_or(default);
    if !(0..=most).contains(&number) {
        let detail = format!("`{parameter}` is 0 to {most}, not {number}");
        faults.invalid(parameter, format!("/{parameter}"), detail, Vec::new());
    }
    usize::try_from(number).unwrap_or(0)
}

/// Everything that a request was found to say.
struct Parts {
    zone: Zone,
    span: Span,
    comparison: Option<Span>,
    interval: Option<Interval>,
    metrics: Vec<&'static Metric>,
    dimensions: Vec<Breakdown>,
    having: Vec<Having>,
    filter: Option<Filter>,
    order: Vec<NamedTerm>,
    limit: usize,
    offset: usize,
    include: Include,
}

impl Parts {
    /// The request that says all of it by itself.
    fn request(&self, sent: &Request, written: Option<FilterNode>) -> Request {
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

    fn plan(self, request: Request, report: Option<&Report>, context: &Context) -> Option<Plan> {
        let first = shared(&self.metrics);
        let mut measures = Vec::new();
        let mut operation = |metric: &Metric| Operation::of(metric, first, &mut measures);
        let operations: Option<Vec<Operation>> = self
            .metrics
            .iter()
            .map(|metric| operation(metric))
            .collect();
        let having: Option<Vec<(Operation, Having)>> = self
            .having
            .into_iter()
            .map(|having| Some((operation(having.metric)?, having)))
            .collect();
        let order: Option<Vec<OrderTerm>> = self
            .order
            .iter()
            .map(|(name, descending)| {
                let by = match Metric::by_name(name) {
                    Some(metric) => OrderBy::Metric(metric, operation(metric)?),
                    None => OrderBy::Dimension(
                        self.dimensions
                            .iter()
                            .position(|dimension| dimension.to_string() == *name)?,
                    ),
                };
                Some(OrderTerm {
                    by,
                    descending: *descending,
                })
            })
            .collect();
        if self.include.empty {
            // Tells which values there are, whatever is counted.
            position(Measure::Visits, &mut measures);
        }
        let (operations, having, order) = (operations?, having?, order?);

        let intervals: Vec<Interval> = self
            .dimensions
            .iter()
            .filter_map(|dimension| match dimension {
                Breakdown::By(_) => None,
                Breakdown::Time => self.interval,
                Breakdown::TimeIn(interval) => Some(*interval),
            })
            .collect();
        let axes = |range: TimeRange| -> Vec<Axis> {
            intervals
                .iter()
                .map(|interval| Axis::new(*interval, range, &self.zone))
                .collect()
        };
        let comparison = self.comparison.map(|span| span.range);
        let axes_now = axes(self.span.range);
        let axes_then = comparison.map(axes).unwrap_or_default();

        let asking = Asking {
            measures,
            dimensions: numbered(&self.dimensions),
            filter: self.filter,
            zone: &self.zone,
            goals: context.goals,
        };
        let shares = |operation: &Operation| matches!(operation, Operation::Share(_));
        let needs_whole = self.include.totals
            || operations.iter().any(shares)
            || having.iter().any(|(operation, _)| shares(operation))
            || order
                .iter()
                .any(|term| matches!(&term.by, OrderBy::Metric(_, operation) if shares(operation)));
        let needs_totals = needs_whole && !self.dimensions.is_empty();
        let questions = Questions {
            rows: asking.rows(self.span.range, &axes_now),
            totals: needs_totals.then(|| asking.totals(self.span.range)),
            previous_rows: comparison.map(|range| asking.rows(range, &axes_then)),
            previous_totals: comparison
                .filter(|_| needs_totals)
                .map(|range| asking.totals(range)),
        };
        let mut warnings = Vec::new();
        if asking.asks_goals() && context.goals.is_empty() {
            warnings.push("the account has no goals, so nothing converts".to_owned());
        }
        Some(Plan {
            request,
            report: report.map(|report| report.name),
            currency: context.settings.currency.clone(),
            now: context.now,
            range: self.span.range,
            comparison,
            interval: self.interval,
            axes: axes_now,
            comparison_axes: axes_then,
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
}

/// As a backend names them: dimensions of time are numbered.
fn numbered(dimensions: &[Breakdown]) -> Vec<Dimension> {
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
struct Asking<'a> {
    measures: Vec<Measure>,
    dimensions: Vec<Dimension>,
    filter: Option<Filter>,
    zone: &'a Zone,
    goals: &'a [Goal],
}

impl Asking<'_> {
    fn rows(&self, range: TimeRange, axes: &[Axis]) -> Question {
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

    fn totals(&self, range: TimeRange) -> Question {
        Question {
            range: range.into(),
            measures: self.measures.clone(),
            dimensions: Vec::new(),
            filter: self.filter.clone(),
            time_axes: Vec::new(),
            zone: self.offsets(range, false),
            goals: self.goals(false),
            traffic: Default::default(),
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

    fn asks_goals(&self) -> bool {
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

#[cfg(test)]
mod tests;
