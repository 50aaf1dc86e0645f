//! Goals of an account.

use afsa_accounts::{Goal, GoalChange, Scope};
use afsa_model::Decimal;
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
        answer: Answer::json("The goal.", schemas::reference("Goal"), example()),
        words: Vec::new(),
        handler,
    };
    let of_one = || vec![account_id_in_path(), id_in_path("The id of the goal.")];
    let body = || BodyRule::Document {
        schema: schemas::reference("GoalChange"),
        example: json!({"name": "Sign-up", "match": ["is", "page", ["/thanks"]], "once_per_visit": true}),
        or_form: false,
    };
    const ALL: &str = "/v1/accounts/{account_id}/goals";
    const ONE: &str = "/v1/accounts/{account_id}/goals/{id}";
    vec![
        Operation {
            answer: Answer::json(
                "The goals.",
                schemas::list_of("Goal"),
                json!({"data": [example()]}),
            ),
            ..base(
                "listGoals",
                Method::GET,
                ALL,
                "List goals",
                "What the account counts as conversions.",
                Handler::Account(Scope::AccountRead, |call| list(call).boxed()),
            )
        },
        Operation {
            body: body(),
            answer: Answer::json("The goal.", schemas::reference("Goal"), example())
                .with_status(StatusCode::CREATED),
            words: vec![Word::Conflict],
            ..base(
                "createGoal",
                Method::POST,
                ALL,
                "Create a goal",
                "A goal counts from now on for all time, also for what was collected before.",
                Handler::Account(Scope::AccountWrite, |call| create(call).boxed()),
            )
        },
        Operation {
            parameters: of_one(),
            ..base(
                "getGoal",
                Method::GET,
                ONE,
                "Read a goal",
                "The goal with the filter that it matches.",
                Handler::Account(Scope::AccountRead, |call| read(call).boxed()),
            )
        },
        Operation {
            parameters: of_one(),
            body: body(),
            words: vec![Word::Conflict],
            ..base(
                "updateGoal",
                Method::PATCH,
                ONE,
                "Change a goal",
                "Changes the fields that are sent.",
                Handler::Account(Scope::AccountWrite, |call| update(call).boxed()),
            )
        },
        Operation {
            parameters: of_one(),
            answer: Answer::empty("It is gone."),
            ..base(
                "deleteGoal",
                Method::DELETE,
                ONE,
                "Delete a goal",
                "Its conversions are in no figure any more.",
                Handler::Account(Scope::AccountWrite, |call| delete(call).boxed()),
            )
        },
    ]
}

async fn list(call: Call) -> Result<Response, Problem> {
    let goals = call
        .authorized
        .with_accounts(|accounts, id| accounts.goals(id))?;
    let goals = goals.iter().map(to_json).collect::<Result<Vec<_>, _>>()?;
    Ok(reply::json(&json!({"data": goals})))
}

async fn read(call: Call) -> Result<Response, Problem> {
    let id = call.id("id")?;
    let goal = call
        .authorized
        .with_accounts(|accounts, account| accounts.goal(account, id))?;
    Ok(reply::json(&to_json(&goal)?))
}

async fn create(call: Call) -> Result<Response, Problem> {
    let draft = change(call.document(), true)?;
    let (authorized, now) = (call.authorized.clone(), call.now);
    let writing = move || {
        authorized.with_accounts(|accounts, account| accounts.create_goal(account, &draft, now))
    };
    let goal = call.server.gate.run(&call.server.limits, writing).await?;
    Ok(reply::with_status(
        StatusCode::CREATED,
        reply::json(&to_json(&goal)?),
    ))
}

async fn update(call: Call) -> Result<Response, Problem> {
    let id = call.id("id")?;
    let change = change(call.document(), false)?;
    let authorized = call.authorized.clone();
    let writing = move || {
        authorized.with_accounts(|accounts, account| accounts.update_goal(account, id, &change))
    };
    let goal = call.server.gate.run(&call.server.limits, writing).await?;
    Ok(reply::json(&to_json(&goal)?))
}

async fn delete(call: Call) -> Result<Response, Problem> {
    let id = call.id("id")?;
    let authorized = call.authorized.clone();
    let writing =
        move || authorized.with_accounts(|accounts, account| accounts.delete_goal(account, id));
    call.server.gate.run(&call.server.limits, writing).await?;
    Ok(reply::empty())
}

fn change(body: &Value, is_new: bool) -> Result<GoalChange, Problem> {
    let mut fields = Fields::of_body(body)?;
    let name = fields.text("name");
    let once_per_visit = fields.truth("once_per_visit");
    let matches = question::stored_filter(&mut fields, "match");
    let value = match fields.given("value") {
        None => None,
        Some(Value::Null) => Some(None),
        Some(_) => fields
            .text("value")
            .and_then(|text| match text.parse::<Decimal>() {
                Ok(value) => Some(Some(value)),
                Err(error) => {
                    fields.fault(
                        "value",
                        "malformed",
                        format!("value is {error}"),
                        Vec::new(),
                    );
                    None
                }
            }),
    };
    let change = GoalChange {
        name,
        matches,
        value,
        once_per_visit,
    };
    fields.finish_with(change.faults(is_new))?;
    Ok(change)
}

fn to_json(goal: &Goal) -> Result<Value, Problem> {
    let matches: Value = serde_json::from_str(&goal.matches).map_err(Problem::internal)?;
    Ok(json!({
        "id": goal.id,
        "name": goal.name,
        "match": matches,
        "value": goal.value.map(|value| value.to_string()),
        "once_per_visit": goal.once_per_visit,
        "created_at": reply::instant(goal.created_at),
    }))
}

fn example() -> Value {
    json!({
        "id": 1,
        "name": "Sign-up",
        "match": ["is", "page", ["/thanks"]],
        "value": "2.5",
        "once_per_visit": true,
        "created_at": "2026-10-01T08:00:00Z",
    })
}
