//! From a request to a plan.

mod asking;
mod columns;
mod order;
mod parts;

use afsa_model::{AccountSettings, Timestamp};
use afsa_store::{Activity, Filter, Goal, Traffic};

use crate::check::columns::{check_share, dimensions, fitting_interval, interval, metrics};
use crate::check::order::order;
use crate::check::parts::Parts;
use crate::fault::{Faults, QueryError, nearest};
use crate::filter::{Checker, Having, Place};
use crate::period::{Asked, Clock};
use crate::plan::{Include, Plan};
use crate::reports::{REPORTS, Report};
use crate::request::{FilterNode, Request};
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

/// Whose visits may be asked for: those in the figures, or what is recorded apart.
pub const TRAFFICS: [&str; 2] = ["people", "excluded"];

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
    let traffic = traffic(request, faults);

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
        let named = request.dimensions.as_ref().map_or(0, Vec::len);
        if named > MAX_DIMENSIONS {
            faults.invalid("dimensions", "/dimensions", detail, Vec::new());
        } else {
            // It is the interval beside them that makes them too many.
            faults.no_reading("dimensions", "/dimensions", detail, Vec::new());
        }
    }

    let mut having = Vec::new();
    let filter = filters(request, report, &mut having, faults);
    let order = order(request, report, &metrics, &dimensions, faults);
    if faults.is_empty() {
        check_share(&metrics, &having, &order, faults);
    }
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
        traffic,
    };
    let request = parts.request(request, written(request, report));
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

fn traffic(request: &Request, faults: &mut Faults) -> Traffic {
    match request.traffic.as_deref() {
        None | Some("people") => Traffic::People,
        Some("excluded") => Traffic::Excluded,
        Some(other) => {
            let allowed = TRAFFICS.map(str::to_owned).to_vec();
            faults.unknown("traffic", "/traffic", "traffic", other, allowed);
            Traffic::People
        }
    }
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

/// The filters of the report, the request and its segment, as one.
fn filters(
    request: &Request,
    report: Option<&Report>,
    having: &mut Vec<Having>,
    faults: &mut Faults,
) -> Option<Filter> {
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
    if checked.len() > 1 {
        Some(Filter::And(checked))
    } else {
        checked.pop()
    }
}

/// The filters of the report and the request, as a request writes them.
fn written(request: &Request, report: Option<&Report>) -> Option<FilterNode> {
    match (report.and_then(Report::filter), request.filters.clone()) {
        (Some(own), Some(sent)) => Some(own.and(sent)),
        (own, sent) => own.or(sent),
    }
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

#[cfg(test)]
mod tests;
