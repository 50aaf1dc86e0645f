//! Customers over time, and by what they are worth.

use afsa_accounts::Scope;
use afsa_query::{Cohort, Rfm, RfmGroup, RfmSums, Selection, cohorts, rfm};
use axum::http::Method;
use axum::response::Response;
use futures_util::FutureExt;
use serde_json::{Map, Value, json};

use super::selecting;
use crate::operation::{Answer, BodyRule, Call, Handler, Operation};
use crate::problem::{Problem, Word};
use crate::question::Subject;
use crate::reply;
use crate::schemas::{self, count, money, nullable, number, pair, text, whole, with};
use crate::selected::{self, Telling};

const DEFAULT_PERIOD: &str = "12mo";

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation {
            id: "getCustomerCohorts",
            method: Method::GET,
            path: "/v1/stats/customers/cohorts",
            tag: "Statistics",
            summary: "Customers by the month of their first order",
            description: "For each month of the period the customers whose first order ever lies \
                in it, and month by month what they bought up to the period's end. Whoever \
                ordered first before the period is in no cohort.",
            parameters: selecting::parameters(DEFAULT_PERIOD),
            body: BodyRule::None,
            answer: Answer::json(
                "The cohorts, by month.",
                schemas::reference("CohortsAnswer"),
                cohorts_example(),
            ),
            words: vec![Word::Unprocessable],
            handler: Handler::Question(Scope::StatsRead, |call| {
                answer(call, |subject, selection| {
                    let found = cohorts(selection, &*subject.snapshot)?;
                    let telling = Telling::of(selection);
                    let rows = found.iter().map(|cohort| cohort_to_json(cohort, &telling));
                    Ok(Map::from_iter([("data".to_owned(), rows.collect())]))
                })
                .boxed()
            }),
        },
        Operation {
            id: "getCustomerRfm",
            method: Method::GET,
            path: "/v1/stats/customers/rfm",
            tag: "Statistics",
            summary: "Customers by recency, frequency and money",
            description: "The customers of the period's orders in groups by three scores from 1 \
                to 5, 5 the best: how lately they ordered, how often, and for how much. A score is \
                one more than five times the share of customers who are strictly worse, rounded \
                down, so that equal customers are never parted.",
            parameters: selecting::parameters(DEFAULT_PERIOD),
            body: BodyRule::None,
            answer: Answer::json(
                "The groups, the best first.",
                schemas::reference("RfmAnswer"),
                rfm_example(),
            ),
            words: vec![Word::Unprocessable],
            handler: Handler::Question(Scope::StatsRead, |call| {
                answer(call, |subject, selection| {
                    let Rfm { groups, total } = rfm(selection, &*subject.snapshot)?;
                    let telling = Telling::of(selection);
                    let rows = groups.iter().map(|group| group_to_json(group, &telling));
                    Ok(Map::from_iter([
                        ("data".to_owned(), rows.collect()),
                        ("totals".to_owned(), sums_to_json(&total, &telling).into()),
                    ]))
                })
                .boxed()
            }),
        },
    ]
}

/// What finds `data` and `totals`.
type Find = fn(&Subject, &Selection) -> Result<Map<String, Value>, Problem>;

/// The answer that `find` makes of a selection, with what it is about.
async fn answer(call: Call, find: Find) -> Result<Response, Problem> {
    let server = call.server.clone();
    let answering = move || {
        let mut fields = call.parameter_fields();
        fields.given("account_id");
        let subject = Subject::of(call.authorized.clone(), call.now)?;
        let selection = subject.select(fields, DEFAULT_PERIOD, false)?;
        let mut document = find(&subject, &selection)?;
        document.insert("meta".into(), selected::meta(&subject, &selection)?.into());
        document.insert("query".into(), selected::echo(&selection).into());
        Ok(reply::json(&document.into()))
    };
    server.gate.run(&server.limits, answering).await
}

fn cohort_to_json(cohort: &Cohort, telling: &Telling) -> Value {
    let months = cohort.months.iter().enumerate().map(|(after, month)| {
        json!({
            "months_after": after,
            "customers": month.customers,
            "retention_rate": selected::number(cohort.retention(month)),
            "orders": month.orders,
            "revenue": telling.money(month.revenue),
            "net_revenue": telling.money(month.net_revenue),
            "value_per_customer": telling.money_figure(cohort.value_per_customer(month)),
        })
    });
    json!({
        "month": cohort.month,
        "customers": cohort.customers,
        "months": months.collect::<Vec<Value>>(),
    })
}

fn group_to_json(group: &RfmGroup, telling: &Telling) -> Value {
    let scores = group.scores;
    let mut told = Map::from_iter([
        ("recency".to_owned(), Value::from(scores.recency)),
        ("frequency".to_owned(), scores.frequency.into()),
        ("monetary".to_owned(), scores.monetary.into()),
    ]);
    told.extend(sums_to_json(&group.sums, telling));
    told.into()
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

fn meta_example() -> Value {
    json!({
        "account_id": "00000003",
        "from": "2026-09-01T00:00:00+02:00",
        "to": "2026-11-01T00:00:00+01:00",
        "timezone": "Europe/Paris",
        "currency": "EUR",
        "as_of": "2026-11-02T10:00:00.123Z",
        "warnings": [],
    })
}

fn cohorts_example() -> Value {
    let month = |after: u32, customers: u32, rate: f64, net: &str, value: &str| {
        json!({
            "months_after": after,
            "customers": customers,
            "retention_rate": rate,
            "orders": customers,
            "revenue": "400.00",
            "net_revenue": net,
            "value_per_customer": value,
        })
    };
    json!({
        "data": [
            {"month": "2026-09", "customers": 10, "months": [
                month(0, 10, 1.0, "300.00", "40.00"),
                month(1, 4, 0.4, "310.00", "78.00"),
            ]},
            {"month": "2026-10", "customers": 8, "months": [month(0, 8, 1.0, "300.00", "50.00")]},
        ],
        "meta": meta_example(),
        "query": {"from": "2026-09-01", "to": "2026-10-31", "timezone": "Europe/Paris"},
    })
}

fn rfm_example() -> Value {
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
    json!({
        "data": [group],
        "totals": sums,
        "meta": meta_example(),
        "query": {"from": "2026-09-01", "to": "2026-10-31", "timezone": "Europe/Paris"},
    })
}
