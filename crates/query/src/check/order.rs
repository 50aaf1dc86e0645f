//! In which order an answer has its rows.

use crate::catalogue::{Breakdown, Metric, metric_names};
use crate::check::{MAX_DIMENSIONS, MAX_METRICS};
use crate::fault::Faults;
use crate::reports::Report;
use crate::request::Request;

/// An order as asked for or by default: name of a column, and whether it descends.
pub(super) type NamedTerm = (String, bool);

pub(super) fn order(
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
