//! Orders, one by one.

mod described;
mod shown;

use std::sync::Arc;

use afsa_accounts::Scope;
use afsa_model::Timestamp;
use afsa_store::{Condition, ConditionScope, Dimension, Filter, Order, Question, Test, Traffic};
use axum::http::Method;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::FutureExt;
use serde_json::{Map, json};

use super::listed::Listed;
use super::{account_id_in_query, selecting, stats};
use crate::answer::{Format, Listing};
use crate::fields::Fields;
use crate::operation::{Answer, BodyRule, Call, Handler, Operation, Parameter};
use crate::problem::{Problem, Word};
use crate::question::Subject;
use crate::selected::{self, Telling};
use crate::{reply, schemas};
use shown::{LISTED, TOLD, Way};

pub(crate) use described::schemas;

/// How many orders a page may have.
const MOST_LISTED: i64 = 1_000;
const STATES: [&str; 3] = ["pending", "completed", "cancelled"];

pub(super) const LIST: Listed = Listed {
    name: "orders",
    path: "/v1/orders",
    scope: Scope::OrdersRead,
    find: list,
};

pub(crate) fn operations() -> Vec<Operation> {
    let mut listing = selecting::parameters("all");
    listing.extend([
        Parameter::in_query(
            "state",
            "Only orders in this state.",
            json!({"type": "string", "enum": STATES}),
            "completed",
        ),
        Parameter::in_query(
            "customer",
            "Only orders of this customer, as the orders tell it.",
            json!({"type": "string"}),
            "customer-17",
        ),
        selecting::limit(MOST_LISTED),
        selecting::cursor(),
        selecting::format(),
    ]);
    let mut reading = vec![
        Parameter::in_path(
            "id",
            "The order's id as the shop told it, encoded for an address: `A/1` is `A%2F1`.",
            json!({"type": "string"}),
            described::ID,
        ),
        account_id_in_query(),
    ];
    reading.extend(
        stats::question_parameters()
            .into_iter()
            .filter(|it| it.name == "timezone"),
    );
    vec![
        Operation {
            id: "listOrders",
            method: Method::GET,
            path: LIST.path,
            tag: "Orders and products",
            summary: "List orders",
            description: "Orders, newest first, cancelled ones too. Period and filters choose as in \
                questions; without a period, all. A page goes on where the one before ended, \
                whatever came in between; the header Link names it.",
            parameters: listing,
            body: BodyRule::None,
            answer: described::list_answer(),
            words: vec![Word::Unprocessable],
            handler: Handler::Question(LIST.scope, |call| LIST.answer(call).boxed()),
        },
        Operation {
            id: "getOrder",
            method: Method::GET,
            path: "/v1/orders/{id}",
            tag: "Orders and products",
            summary: "Read an order",
            description: "The order with its items, refunds, states, its visit, and the visits and \
                campaign on the way to it.",
            parameters: reading,
            body: BodyRule::None,
            answer: Answer::json("The order.", schemas::reference("Order")),
            words: Vec::new(),
            handler: Handler::Question(Scope::OrdersRead, |call| read(call).boxed()),
        },
    ]
}

/// Where a page ended: time and id of its last order.
struct Cursor {
    time: Timestamp,
    id: String,
}

impl Cursor {
    fn read(text: &str) -> Option<Cursor> {
        let plain = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let (time, id) = plain.split_once('.')?;
        Some(Cursor {
            time: Timestamp(time.parse().ok()?),
            id: id.to_owned(),
        })
    }

    fn after(order: &Order) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}.{}", order.time.0, order.id))
    }
}

fn list(subject: &Subject, mut fields: Fields<'_>, _format: Format) -> Result<Listing, Problem> {
    let state = fields.text("state");
    if let Some(state) = state.as_deref().filter(|state| !STATES.contains(state)) {
        selected::unknown_word(&mut fields, "state", state, STATES);
    }
    let customer = fields.text("customer");
    let limit = selected::limit(&mut fields, MOST_LISTED);
    let cursor = selected::cursor(&mut fields, Cursor::read);
    let selection = subject.select(fields, "all", false)?;

    let mut orders = subject.snapshot.orders(&selection.question)?;
    // Ids are unique, so that time and id are a place that no order can move.
    orders.sort_by(|left, right| (right.time, &right.id).cmp(&(left.time, &left.id)));
    let is_meant = |order: &&Arc<Order>| {
        let is_further = cursor
            .as_ref()
            .is_none_or(|cursor| (order.time, &*order.id) < (cursor.time, cursor.id.as_str()));
        is_further
            && state
                .as_ref()
                .is_none_or(|state| *state == shown::state_name(order.state))
            && customer
                .as_ref()
                .is_none_or(|it| **it == *order.customer.label())
    };
    let mut meant = orders.iter().filter(is_meant);
    let page: Vec<Arc<Order>> = meant.by_ref().take(limit).cloned().collect();
    let next = page.last().filter(|_| meant.next().is_some());
    let next = next.map(|last| Cursor::after(last));

    let journeys = subject.snapshot.journeys(&page, &LISTED)?;
    let telling = Telling::of(&selection);
    let rows = page.iter().zip(&journeys.orders).map(|(order, visits)| {
        let way = Way {
            visits,
            journeys: &journeys,
            dimensions: &LISTED,
        };
        shown::listed(order, &way, &telling, &selection.currency)
    });
    let mut meta = selected::meta(subject, &selection)?;
    meta.insert("limit".into(), limit.into());
    meta.insert("next_cursor".into(), next.clone().into());
    let mut echo = selected::echo(&selection);
    for (name, value) in [("state", &state), ("customer", &customer)] {
        if let Some(value) = value {
            echo.insert(name.into(), value.as_str().into());
        }
    }
    Ok(Listing {
        name: "orders",
        columns: shown::COLUMNS.map(str::to_owned).to_vec(),
        rows: rows.collect(),
        beside: Map::from_iter([
            ("meta".to_owned(), meta.into()),
            ("query".to_owned(), echo.into()),
        ]),
    })
}

async fn read(call: Call) -> Result<Response, Problem> {
    let server = call.server.clone();
    let answering = move || {
        let id = call.path.get("id").cloned().unwrap_or_default();
        let mut fields = call.parameter_fields();
        fields.given("account_id");
        let subject = Subject::of(call.authorized.clone(), call.now)?;
        let selection = subject.select(fields, "all", false)?;
        let Some(order) = order(&subject, &id)? else {
            return Err(selected::no_such("order", &id));
        };
        let journeys = subject
            .snapshot
            .journeys(std::slice::from_ref(&order), &TOLD)?;
        let way = Way {
            visits: journeys.orders.first().map_or(&[], Vec::as_slice),
            journeys: &journeys,
            dimensions: &TOLD,
        };
        let telling = Telling::of(&selection);
        let whole = shown::whole(&order, &way, &telling, &selection.currency);
        Ok(reply::json(&whole.into()))
    };
    server.gate.run(&server.limits, answering).await
}

/// The order of this id, whoever made it and whenever.
fn order(subject: &Subject, id: &str) -> Result<Option<Arc<Order>>, Problem> {
    for traffic in [Traffic::People, Traffic::Excluded] {
        let question = Question {
            filter: Some(Filter::Condition(Condition {
                dimension: Dimension::OrderId,
                test: Test::Is(vec![id.into()]),
                negated: false,
                scope: ConditionScope::Hit,
                case_sensitive: true,
            })),
            traffic,
            ..Question::default()
        };
        let orders = subject.snapshot.orders(&question)?;
        if let Some(order) = orders.into_iter().find(|order| *order.id == *id) {
            return Ok(Some(order));
        }
    }
    Ok(None)
}
