//! Which columns an answer has.

use crate::axis::Interval;
use crate::catalogue::{Breakdown, Formula, Metric, dimension_names, metric_names};
use crate::check::order::NamedTerm;
use crate::check::{DEFAULT_METRICS, MAX_DIMENSIONS, MAX_METRICS};
use crate::fault::Faults;
use crate::filter::Having;
use crate::reports::Report;
use crate::request::Request;
use crate::span::Span;
use crate::zone::Zone;

pub(super) fn metrics(
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
                faults.no_reading("metrics", pointer, detail, Vec::new());
            }
            Some(metric) => metrics.push(metric),
            None if Breakdown::by_name(name).is_some() => {
                let detail = format!("`{name}` is a dimension, not a metric");
                faults.invalid("metrics", pointer, detail, metric_names());
            }
            None => faults.unknown("metrics", pointer, "metric", name, metric_names()),
        }
    }
    metrics
}

/// A share needs something that it is the share of, wherever in the request it is named.
pub(super) fn check_share(
    metrics: &[&'static Metric],
    conditions: &[Having],
    order: &[NamedTerm],
    faults: &mut Faults,
) {
    let conditions = conditions.iter().map(|having| having.metric);
    let order = order.iter().filter_map(|(name, _)| Metric::by_name(name));
    let mut named = metrics.iter().copied().chain(conditions).chain(order);
    let Some(share) = named.find(|metric| metric.formula == Formula::Share) else {
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
pub(super) fn shared(metrics: &[&'static Metric]) -> Option<&'static Metric> {
    metrics
        .iter()
        .find(|metric| metric.formula != Formula::Share)
        .copied()
}

pub(super) fn dimensions(
    request: &Request,
    report: Option<&Report>,
    faults: &mut Faults,
) -> Vec<Breakdown> {
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
                faults.no_reading("dimensions", pointer, detail, Vec::new());
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
pub(super) fn interval(
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
pub(super) fn fitting_interval(
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
        faults.no_reading(parameter, pointer, detail, allowed.collect());
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
