//! Segments of an account: filters kept under a name.

use afsa_accounts::{Scope, Segment, SegmentChange};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use futures_util::FutureExt;
use serde_json::{Value, json};

use super::{account_id_in_path, id_in_path};
use crate::fields::Fields;
use crate::operation::{Answer, BodyRule, Call, Handler, Operation};
use crate::problem::{Problem, Word};
use crate::{question, reply, schemas};

pub(crate) fn operations() -> Vec<Operation> {
    let base = |id, method, path, summary, description, handler| Operation {
        id,
        method,
        path,
        tag: "Account things",
        summary,
        description,
        parameters: vec![account_id_in_path()],
        body: BodyRule::None,
        answer: Answer::json("The segment.", schemas::reference("Segment"), example()),
        words: Vec::new(),
        handler,
    };
    let of_one = || vec![account_id_in_path(), id_in_path("The id of the segment.")];
    let body = || BodyRule::Document {
        schema: schemas::reference("SegmentChange"),
        example: json!({"name": "From France", "filters": ["is", "country", ["FR"]]}),
        or_form: false,
    };
    const ALL: &str = "/v1/accounts/{account_id}/segments";
    const ONE: &str = "/v1/accounts/{account_id}/segments/{id}";
    vec![
        Operation {
            answer: Answer::json(
                "The segments.",
                schemas::list_of("Segment"),
                json!({"data": [example()]}),
            ),
            ..base(
                "listSegments",
                Method::GET,
                ALL,
                "List segments",
                "The filters that the account keeps.",
                Handler::Account(Scope::AccountRead, |call| list(call).boxed()),
            )
        },
        Operation {
            body: body(),
            answer: Answer::json("The segment.", schemas::reference("Segment"), example())
                .with_status(StatusCode::CREATED),
            words: vec![Word::Conflict],
            ..base(
                "createSegment",
                Method::POST,
                ALL,
                "Create a segment",
                "Keeps a filter, so that questions can name it by its id.",
                Handler::Account(Scope::AccountWrite, |call| create(call).boxed()),
            )
        },
        Operation {
            parameters: of_one(),
            ..base(
                "getSegment",
                Method::GET,
                ONE,
                "Read a segment",
                "The segment with its filter.",
                Handler::Account(Scope::AccountRead, |call| read(call).boxed()),
            )
        },
        Operation {
            parameters: of_one(),
            body: body(),
            words: vec![Word::Conflict],
            ..base(
                "updateSegment",
                Method::PATCH,
                ONE,
                "Change a segment",
                "Changes the fields that are sent.",
                Handler::Account(Scope::AccountWrite, |call| update(call).boxed()),
            )
        },
        Operation {
            parameters: of_one(),
            answer: Answer::empty("It is gone."),
            ..base(
                "deleteSegment",
                Method::DELETE,
                ONE,
                "Delete a segment",
                "Questions that name it are refused from now on.",
                Handler::Account(Scope::AccountWrite, |call| delete(call).boxed()),
            )
        },
    ]
}

async fn list(call: Call) -> Result<Response, Problem> {
    let segments = call
        .authorized
        .with_accounts(|accounts, id| accounts.segments(id))?;
    let segments = segments
        .iter()
        .map(to_json)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(reply::json(&json!({"data": segments})))
}

async fn read(call: Call) -> Result<Response, Problem> {
    let id = call.id("id")?;
    let segment = call
        .authorized
        .with_accounts(|accounts, account| accounts.segment(account, id))?;
    Ok(reply::json(&to_json(&segment)?))
}

async fn create(call: Call) -> Result<Response, Problem> {
    let draft = change(call.document(), true)?;
    let (authorized, now) = (call.authorized.clone(), call.now);
    let writing = move || {
        authorized.with_accounts(|accounts, account| accounts.create_segment(account, &draft, now))
    };
    let segment = call.server.gate.run(&call.server.limits, writing).await?;
    Ok(reply::with_status(
        StatusCode::CREATED,
        reply::json(&to_json(&segment)?),
    ))
}

async fn update(call: Call) -> Result<Response, Problem> {
    let id = call.id("id")?;
    let change = change(call.document(), false)?;
    let authorized = call.authorized.clone();
    let writing = move || {
        authorized.with_accounts(|accounts, account| accounts.update_segment(account, id, &change))
    };
    let segment = call.server.gate.run(&call.server.limits, writing).await?;
    Ok(reply::json(&to_json(&segment)?))
}

async fn delete(call: Call) -> Result<Response, Problem> {
    let id = call.id("id")?;
    let authorized = call.authorized.clone();
    let writing =
        move || authorized.with_accounts(|accounts, account| accounts.delete_segment(account, id));
    call.server.gate.run(&call.server.limits, writing).await?;
    Ok(reply::empty())
}

fn change(body: &Value, is_new: bool) -> Result<SegmentChange, Problem> {
    let mut fields = Fields::of_body(body)?;
    let name = fields.text("name");
    let filters = question::stored_filter(&mut fields, "filters");
    let change = SegmentChange { name, filters };
    fields.finish_with(change.faults(is_new))?;
    Ok(change)
}

fn to_json(segment: &Segment) -> Result<Value, Problem> {
    let filters: Value = serde_json::from_str(&segment.filters).map_err(Problem::internal)?;
    Ok(json!({
        "id": segment.id,
        "name": segment.name,
        "filters": filters,
        "created_at": reply::instant(segment.created_at),
    }))
}

fn example() -> Value {
    json!({
        "id": 1,
        "name": "From France",
        "filters": ["is", "country", ["FR"]],
        "created_at": "2026-10-01T08:00:00Z",
    })
}
