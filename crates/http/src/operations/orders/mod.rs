//! Orders, one by one.

mod described;
mod shown;

use std::ops::ControlFlow;

use afsa_accounts::Scope;
use afsa_model::{TimeRange, Timestamp};
use afsa_store::{
    Condition, ConditionScope, Dimension, Filter, JourneyEnd, Order, Question, Test, Traffic,
};
use axum::http::Method;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::FutureExt;
use serde_json::{Map, json};

use super::listed::Listed;
use super::{account_id_in_query, selecting, stats};
use crate::answer::{Column, Format, Listing};
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
    let narrow = [
        (Dimension::OrderState, state.as_deref()),
        (Dimension::Customer, customer.as_deref()),
    ];

    let (page, next) = page(subject, &selection.question, &narrow, cursor, limit)?;
    let ends: Vec<JourneyEnd> = page.iter().map(JourneyEnd::from).collect();
    let journeys = subject.snapshot.journeys(&ends, &LISTED)?;
    let telling = Telling::of(&selection);
    let rows = page.iter().enumerate().map(|(number, order)| {
        let way = Way {
            visits: journeys.to(number),
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
        columns: Column::all(&shown::COLUMNS),
        rows: rows.collect(),
        beside: Map::from_iter([
            ("meta".to_owned(), meta.into()),
            ("query".to_owned(), echo.into()),
        ]),
    })
}

/// The orders of a page with these values, and the place behind it where it isn't the last.
fn page(
    subject: &Subject,
    question: &Question,
    narrow: &[(Dimension, Option<&str>)],
    cursor: Option<Cursor>,
    limit: usize,
) -> Result<(Vec<Order>, Option<String>), Problem> {
    let is = |(dimension, value): &(Dimension, Option<&str>)| Some(has(*dimension, (*value)?));
    let mut question = question.clone();
    let filters = question.filter.into_iter();
    let filters: Vec<Filter> = filters.chain(narrow.iter().filter_map(is)).collect();
    question.filter = (!filters.is_empty()).then_some(Filter::And(filters));
    if let Some(cursor) = &cursor {
        question.range = TimeRange {
            from: question.range.from,
            to: question.range.to.min(cursor.time.plus(1)),
        }
        .into();
    }
    let mut page: Vec<Order> = Vec::new();
    let mut has_more = false;
    subject.snapshot.orders(&question, &mut |order| {
        // Ids are unique, so that time and id are a place that no order can move.
        let is_further = cursor
            .as_ref()
            .is_none_or(|cursor| (order.time, &*order.id) < (cursor.time, cursor.id.as_str()));
        if !is_further {
            return ControlFlow::Continue(());
        }
        if page.len() == limit {
            has_more = true;
            return ControlFlow::Break(());
        }
        page.push(order);
        ControlFlow::Continue(())
    })?;
    let last = page.last().filter(|_| has_more);
    let next = last.map(Cursor::after);
    Ok((page, next))
}

/// Orders of this value.
fn has(dimension: Dimension, value: &str) -> Filter {
    Filter::Condition(Condition {
        dimension,
        test: Test::Is(vec![value.into()]),
        negated: false,
        scope: ConditionScope::Hit,
        case_sensitive: true,
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
        let end = JourneyEnd::from(&order);
        let journeys = subject.snapshot.journeys(&[end], &TOLD)?;
        let way = Way {
            visits: journeys.to(0),
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
fn order(subject: &Subject, id: &str) -> Result<Option<Order>, Problem> {
    let mut found = None;
    for traffic in [Traffic::People, Traffic::Excluded] {
        let question = Question {
            filter: Some(has(Dimension::OrderId, id)),
            traffic,
            ..Question::default()
        };
        subject.snapshot.orders(&question, &mut |order| {
            found = Some(order);
            ControlFlow::Break(())
        })?;
        if found.is_some() {
            break;
        }
    }
    Ok(found)
}
