//! Customers over time, and by what they are worth.

use afsa_accounts::Scope;
use afsa_query::{Cohort, Rfm, RfmGroup, RfmSums, Selection, cohorts, rfm};
use axum::http::Method;
use futures_util::FutureExt;
use serde_json::{Map, Value, json};

use super::listed::Listed;
use super::selecting;
use crate::answer::{Cell, Column, Format, Listing};
use crate::fields::Fields;
use crate::operation::{Answer, BodyRule, Handler, Operation, Parameter};
use crate::problem::{Problem, Word};
use crate::question::Subject;
use crate::schemas::{self, count, money, nullable, number, pair, text, whole, with};
use crate::selected::{self, Telling};

const DEFAULT_PERIOD: &str = "12mo";

/// A table of cohorts has a row for each of their months.
const COHORT_COLUMNS: [(&str, Cell); 9] = [
    ("month", Cell::Text),
    ("cohort_customers", Cell::Whole),
    ("months_after", Cell::Whole),
    ("customers", Cell::Whole),
    ("retention_rate", Cell::Number),
    ("orders", Cell::Whole),
    ("revenue", Cell::Money),
    ("net_revenue", Cell::Money),
    ("value_per_customer", Cell::Money),
];

const GROUP_COLUMNS: [(&str, Cell); 10] = [
    ("recency", Cell::Whole),
    ("frequency", Cell::Whole),
    ("monetary", Cell::Whole),
    ("customers", Cell::Whole),
    ("orders", Cell::Whole),
    ("revenue", Cell::Money),
    ("value", Cell::Money),
    ("value_per_customer", Cell::Money),
    ("orders_per_customer", Cell::Number),
    ("days_since_order", Cell::Number),
];

pub(super) const COHORTS: Listed = Listed {
    name: "cohorts",
    path: "/v1/stats/customers/cohorts",
    scope: Scope::StatsRead,
    find: list_cohorts,
};

pub(super) const RFM: Listed = Listed {
    name: "rfm",
    path: "/v1/stats/customers/rfm",
    scope: Scope::StatsRead,
    find: list_groups,
};

fn parameters() -> Vec<Parameter> {
    let mut parameters = selecting::parameters(DEFAULT_PERIOD);
    parameters.push(selecting::format());
    parameters
}

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation {
            id: "getCustomerCohorts",
            method: Method::GET,
            path: COHORTS.path,
            tag: "Statistics",
            summary: "Customers by the month of their first order",
            description: "For each month of the period the customers whose first order ever lies \
                in it, and month by month what they bought up to the period's end. Whoever \
                ordered first before the period is in no cohort.",
            parameters: parameters(),
            body: BodyRule::None,
            answer: described_cohorts(),
            words: vec![Word::Unprocessable],
            handler: Handler::Question(COHORTS.scope, |call| COHORTS.answer(call).boxed()),
        },
        Operation {
            id: "getCustomerRfm",
            method: Method::GET,
            path: RFM.path,
            tag: "Statistics",
            summary: "Customers by recency, frequency and money",
            description: "The customers of the period's orders in groups by three scores from 1 \
                to 5, 5 the best: how lately they ordered, how often, and for how much. A score is \
                one more than five times the share of customers who are strictly worse, rounded \
                down, so that equal customers are never parted.",
            parameters: parameters(),
            body: BodyRule::None,
            answer: described_groups(),
            words: vec![Word::Unprocessable],
            handler: Handler::Question(RFM.scope, |call| RFM.answer(call).boxed()),
        },
    ]
}

fn list_cohorts(subject: &Subject, fields: Fields<'_>, format: Format) -> Result<Listing, Problem> {
    let selection = subject.select(fields, DEFAULT_PERIOD, false)?;
    let found = cohorts(&selection, &*subject.snapshot)?;
    let telling = Telling::of(&selection);
    let rows = match format {
        Format::Csv | Format::Parquet => found
            .iter()
            .flat_map(|cohort| month_rows(cohort, &telling))
            .collect(),
        _ => found
            .iter()
            .map(|cohort| cohort_to_json(cohort, &telling))
            .collect(),
    };
    Ok(Listing {
        name: "cohorts",
        columns: Column::all(&COHORT_COLUMNS),
        rows,
        beside: beside(subject, &selection)?,
    })
}

fn list_groups(subject: &Subject, fields: Fields<'_>, _format: Format) -> Result<Listing, Problem> {
    let selection = subject.select(fields, DEFAULT_PERIOD, false)?;
    let Rfm { groups, total } = rfm(&selection, &*subject.snapshot)?;
    let telling = Telling::of(&selection);
    let rows = groups.iter().map(|group| group_to_json(group, &telling));
    let mut beside = beside(subject, &selection)?;
    beside.insert("totals".into(), sums_to_json(&total, &telling).into());
    Ok(Listing {
        name: "rfm",
        columns: Column::all(&GROUP_COLUMNS),
        rows: rows.collect(),
        beside,
    })
}

fn beside(subject: &Subject, selection: &Selection) -> Result<Map<String, Value>, Problem> {
    Ok(Map::from_iter([
        (
            "meta".to_owned(),
            selected::meta(subject, selection)?.into(),
        ),
        ("query".to_owned(), selected::echo(selection).into()),
    ]))
}

fn cohort_to_json(cohort: &Cohort, telling: &Telling) -> Map<String, Value> {
    Map::from_iter([
        ("month".to_owned(), cohort.month.clone().into()),
        ("customers".to_owned(), cohort.customers.into()),
        (
            "months".to_owned(),
            months_to_json(cohort, telling).map(Value::from).collect(),
        ),
    ])
}

/// A row for each month of the cohort, as a table tells them.
fn month_rows(cohort: &Cohort, telling: &Telling) -> impl Iterator<Item = Map<String, Value>> {
    months_to_json(cohort, telling).map(|mut row| {
        row.insert("month".into(), cohort.month.clone().into());
        row.insert("cohort_customers".into(), cohort.customers.into());
        row
    })
}

fn months_to_json(cohort: &Cohort, telling: &Telling) -> impl Iterator<Item = Map<String, Value>> {
    cohort.months.iter().enumerate().map(|(after, month)| {
        let value_per_customer = telling.money_figure(cohort.value_per_customer(month));
        let told = [
            ("months_after", after.into()),
            ("customers", month.customers.into()),
            ("retention_rate", selected::number(cohort.retention(month))),
            ("orders", month.orders.into()),
            ("revenue", telling.money(month.revenue)),
            ("net_revenue", telling.money(month.net_revenue)),
            ("value_per_customer", value_per_customer),
        ];
        Map::from_iter(told.map(|(name, value)| (name.to_owned(), value)))
    })
}

fn group_to_json(group: &RfmGroup, telling: &Telling) -> Map<String, Value> {
    let scores = group.scores;
    let mut told = Map::from_iter([
        ("recency".to_owned(), Value::from(scores.recency)),
        ("frequency".to_owned(), scores.frequency.into()),
        ("monetary".to_owned(), scores.monetary.into()),
    ]);
    told.extend(sums_to_json(&group.sums, telling));
    told
}

fn sums_to_json(sums: &RfmSums, telling: &Telling) -> Map<String, Value> {
    Map::from_iter([
        ("customers".to_owned(), sums.customers.into()),
        ("orders".to_owned(), sums.orders.into()),
        ("revenue".to_owned(), telling.money_figure(sums.revenue())),
        ("value".to_owned(), telling.money_figure(sums.value())),
        (
            "value_per_customer".to_owned(),
            telling.money_figure(sums.mean_value()),
        ),
        (
            "orders_per_customer".to_owned(),
            selected::number(sums.mean_orders()),
        ),
        (
            "days_since_order".to_owned(),
            selected::number(sums.mean_days()),
        ),
    ])
}

pub(super) fn schemas() -> Vec<(String, Value)> {
    let month = whole(json!({
        "months_after": with(count(), "description", "0 for the month of the first order."),
        "customers": with(count(), "description", "Those who ordered in the month."),
        "retention_rate": with(nullable(number()), "description", "Of the cohort's customers."),
        "orders": count(),
        "revenue": nullable(money()),
        "net_revenue": nullable(money()),
        "value_per_customer": with(
            nullable(money()),
            "description",
            "What they paid up to the month's end, less refunds, for each of the cohort.",
        ),
    }));
    let sums = json!({
        "customers": count(),
        "orders": count(),
        "revenue": nullable(money()),
        "value": with(nullable(money()), "description", "Revenue less refunds."),
        "value_per_customer": nullable(money()),
        "orders_per_customer": nullable(number()),
        "days_since_order": with(
            nullable(number()),
            "description",
            "Mean days from the last order to the period's end.",
        ),
    });
    let score = || json!({"type": "integer", "minimum": 1, "maximum": 5});
    let mut group = json!({"recency": score(), "frequency": score(), "monetary": score()});
    if let (Some(group), Some(sums)) = (group.as_object_mut(), sums.as_object()) {
        group.extend(sums.clone());
    }
    let meta = schemas::selection_meta(json!({}));
    vec![
        pair(
            "Cohort",
            whole(json!({
                "month": text(),
                "customers": count(),
                "months": {"type": "array", "items": month},
            })),
        ),
        pair(
            "CohortsAnswer",
            whole(json!({
                "data": {"type": "array", "items": schemas::reference("Cohort")},
                "meta": meta.clone(),
                "query": schemas::open(),
            })),
        ),
        pair("RfmGroup", whole(group)),
        pair(
            "RfmAnswer",
            whole(json!({
                "data": {"type": "array", "items": schemas::reference("RfmGroup")},
                "totals": whole(sums),
                "meta": meta,
                "query": schemas::open(),
            })),
        ),
    ]
}

fn described_cohorts() -> Answer {
    let schema = schemas::reference("CohortsAnswer");
    let mut answer = Answer::json("The cohorts, by month.", schema);
    answer.media.extend(schemas::table_media());
    answer
}

fn described_groups() -> Answer {
    let sums = json!({
        "customers": 12,
        "orders": 40,
        "revenue": "2000.00",
        "value": "1900.00",
        "value_per_customer": "158.33",
        "orders_per_customer": 3.3333333333333335,
        "days_since_order": 4.5,
    });
    let mut group = json!({"recency": 5, "frequency": 5, "monetary": 5});
    if let (Some(group), Some(sums)) = (group.as_object_mut(), sums.as_object()) {
        group.extend(sums.clone());
    }
    let schema = schemas::reference("RfmAnswer");
    let mut answer = Answer::json("The groups, the best first.", schema);
    answer.media.extend(schemas::table_media());
    answer
}
