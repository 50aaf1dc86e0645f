//! Many questions at once, on one snapshot of the data.

use std::collections::HashSet;

use afsa_accounts::{Credential, Scope};
use afsa_query::ColumnType;
use afsa_store::Value as Key;
use axum::http::Method;
use axum::response::Response;
use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use futures_util::FutureExt;
use rayon::prelude::*;
use serde_json::{Map, Value, json};

use super::accounts;
use super::listed::{self, Listed};
use crate::authorized::Authorized;
use crate::fields::{Fields, Place};
use crate::operation::{Answer, BodyRule, Call, Handler, Operation};
use crate::problem::{Fault, Problem};
use crate::question::Subject;
use crate::{answer, document, reply, schemas};

const MOST_ACTIONS: usize = 50;

/// The action that tells of the account.
const ACCOUNT: &str = "account_infos";

/// Bytes of one encoded action.
const LONGEST_ACTION: usize = 1 << 20;

/// Dimensions whose values are ids of the site's own.
const OWN_IDS: [&str; 2] = ["user_id", "product_sku"];

/// Padding comes with some encoders and not with others.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

pub(crate) fn operations() -> Vec<Operation> {
    vec![Operation {
        id: "postBatch",
        method: Method::POST,
        path: "/v1/stats/batch",
        tag: "Statistics",
        summary: "Many questions at once",
        description: "Up to 50 actions under names of the sender's choosing, answered side by side \
            on one snapshot of the data. An action is a report with its parameters, a query, \
            account_infos, or one of orders, products, carts, checkout, attribution, cohorts and \
            rfm with the parameters of that operation but its format, for which the credential \
            needs the operation's scope; as a form, an action may also be its JSON in base64url. An action that \
            fails carries its own error, the others are answered.",
        parameters: Vec::new(),
        body: BodyRule::Document {
            schema: schemas::reference("Batch"),
            example: json!({
                "actions": {
                    "top": {"report": "pages", "period": "7d", "limit": 10},
                    "mine": {"query": {"metrics": ["visits"], "dimensions": ["time"]}},
                    "ways": {"action": "attribution", "models": ["first"], "period": "30d"},
                    "me": {"action": "account_infos"},
                },
            }),
            or_form: true,
        },
        answer: Answer::json(
            "One entry for each action.",
            schemas::reference("BatchAnswer"),
        ),
        words: Vec::new(),
        handler: Handler::Account(Scope::StatsRead, |call| perform(call).boxed()),
    }]
}

async fn perform(call: Call) -> Result<Response, Problem> {
    let actions = actions(call.document(), call.is_form())?;
    let named = call.document().get("client_id");
    let named = named.filter(|named| !named.is_null()).cloned();
    let (authorized, now) = (call.authorized.clone(), call.now);
    let answering = move || {
        if let Some(named) = &named {
            check_client(&authorized, named)?;
        }
        let subject = Subject::of(authorized, now)?;
        let performed: Vec<Value> = actions
            .par_iter()
            .map(|(uid, action)| performed(&subject, uid, action))
            .collect();
        let uids = actions.into_iter().map(|(uid, _)| uid);
        let performed: Map<String, Value> = uids.zip(performed).collect();
        Ok(reply::json(&json!({"performed_actions": performed})))
    };
    call.server.gate.run(&call.server.limits, answering).await
}

/// A client that names itself beside its token has to be the one that the token was given to. Keys
/// and shares are nobody's in particular, so beside them a name means nothing.
fn check_client(authorized: &Authorized, named: &Value) -> Result<(), Problem> {
    let Credential::Token { client, .. } = authorized.principal().credential else {
        return Ok(());
    };
    let known = match named {
        Value::String(name) => {
            authorized.with_accounts(|accounts, _| accounts.client_named(name))?
        }
        _ => None,
    };
    if known.is_some_and(|known| known.id == client) {
        return Ok(());
    }
    // Never access_denied, which makes a plug-in throw a token away that is another's.
    let fault = Fault {
        pointer: Some("/client_id".into()),
        error: "contradiction".into(),
        detail: "client_id is not the client that the token was given to".into(),
        ..Fault::default()
    };
    Err(Problem::of_faults(vec![fault]))
}

/// The actions in their order. In forms a list counts as a map by position, as these turn one into
/// the other.
fn actions(document: &Value, is_form: bool) -> Result<Vec<(String, Value)>, Problem> {
    let mut fields = Fields::of_body(document)?;
    // Clients that hold a token name themselves beside it.
    fields.given("account_id");
    for name in ["client_id", "client_api"] {
        fields.text(name);
    }
    let mut actions: Vec<(String, Value)> = match fields.value("actions") {
        Some(Value::Object(actions)) => actions
            .iter()
            .map(|(uid, action)| (uid.clone(), action.clone()))
            .collect(),
        Some(Value::Array(actions)) if is_form => actions
            .iter()
            .enumerate()
            .map(|(index, action)| (index.to_string(), action.clone()))
            .collect(),
        Some(_) => {
            fields.fault(
                "actions",
                "wrong_type",
                "actions must be an object",
                Vec::new(),
            );
            Vec::new()
        }
        None => {
            fields.fault("actions", "missing", "there are no actions", Vec::new());
            Vec::new()
        }
    };
    if is_form {
        for (_, action) in &mut actions {
            mend(action);
        }
        // Pages of shops tell what they know already, and may add fields of their own, which go
        // through them to here.
        fields.tolerate(|name| !name.starts_with("actions["));
    }
    if actions.len() > MOST_ACTIONS {
        let detail = format!(
            "a batch has at most {MOST_ACTIONS} actions, not {}",
            actions.len()
        );
        fields.fault("actions", "too_long", detail, Vec::new());
    }
    fields.finish()?;
    Ok(actions)
}

fn performed(subject: &Subject, uid: &str, action: &Value) -> Value {
    let pointer = format!("/actions/{}", uid.replace('~', "~0").replace('/', "~1"));
    let outcome = match action {
        Value::String(text) => {
            decoded(text, &pointer).and_then(|action| perform_one(subject, uid, &action, pointer))
        }
        action => perform_one(subject, uid, action, pointer),
    };
    outcome.unwrap_or_else(|problem| problem.to_json(None))
}

/// An action that is a text: JSON in base64url, which passes unharmed through whatever shops do to
/// forms, or JSON as it is.
fn decoded(text: &str, pointer: &str) -> Result<Value, Problem> {
    let is_short = text.len() <= LONGEST_ACTION;
    let bytes = if !is_short {
        None
    } else if text.trim_start().starts_with('{') {
        Some(text.as_bytes().to_vec())
    } else {
        BASE64.decode(text).ok()
    };
    let Some(bytes) = bytes else {
        let detail = "an action that is a text must be JSON, best in base64url";
        return Err(at(pointer.to_owned(), "malformed", detail));
    };
    document::parse(&bytes, pointer).map_err(Problem::of_faults)
}

/// Takes away what shops put before the quotes of JSON in a field of a form.
fn mend(action: &mut Value) {
    match action {
        Value::String(text) => unslash(text),
        Value::Object(action) => {
            if let Some(query) = action.get_mut("query") {
                mend(query);
            }
            if let Some(Value::String(text)) = action.get_mut("filters") {
                unslash(text);
            }
        }
        _ => {}
    }
}

/// WordPress adds a backslash before each quote and backslash of a form. No JSON begins with a
/// backslash after its brackets, so where there is one, it was added.
fn unslash(text: &mut String) {
    let after_brackets = text.trim_start_matches(['[', '{', ' ', '\t', '\r', '\n']);
    if after_brackets.len() == text.len() || !after_brackets.starts_with("\\\"") {
        return;
    }
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => plain.extend(characters.next()),
            other => plain.push(other),
        }
    }
    *text = plain;
}

fn perform_one(
    subject: &Subject,
    uid: &str,
    action: &Value,
    pointer: String,
) -> Result<Value, Problem> {
    // An empty object becomes an empty list on its way through PHP.
    let empty = Map::new();
    let action = match action {
        Value::Object(action) => action,
        Value::Array(list) if list.is_empty() => &empty,
        _ => {
            let detail = "an action must be an object: a report, a query or another action";
            return Err(at(pointer, "wrong_type", detail));
        }
    };
    let mut fields = Fields::of_texts(action, Place::Body(pointer.clone()));
    if let Some(query) = fields.value("query") {
        let Value::Object(query) = query else {
            return Err(at(
                format!("{pointer}/query"),
                "wrong_type",
                "query must be an object",
            ));
        };
        fields.finish()?;
        let mut fields = Fields::of_texts(query, Place::Body(format!("{pointer}/query")));
        let report = fields.text("report");
        return answered(subject, fields, report.as_deref());
    }
    if let Some(report) = fields.text("report") {
        return answered(subject, fields, Some(&report));
    }
    let name = match fields.text("action") {
        Some(name) => name,
        None if uid == "account_infos" || uid.starts_with("account_infos:") => ACCOUNT.to_owned(),
        None => String::new(),
    };
    if let Some(listed) = Listed::named(&name) {
        return listed.perform(subject, fields);
    }
    if name != ACCOUNT {
        let allowed = listed::ALL.iter().map(|listed| listed.name);
        let allowed: Vec<&str> = [ACCOUNT].into_iter().chain(allowed).collect();
        let detail = format!(
            "an action names a report, holds a query, or is one of {}",
            allowed.join(", ")
        );
        return Err(at(pointer, "unknown_value", &detail));
    }
    fields.finish()?;
    accounts::infos(subject)
}

/// The answer as it would be alone, and under `metas.custom` the site's own ids that it tells:
/// shops read these, to add the names and pictures that only they know.
fn answered(subject: &Subject, fields: Fields<'_>, report: Option<&str>) -> Result<Value, Problem> {
    let answered = subject.answer(fields, report)?;
    let mut document = answer::document(subject, &answered, answered.plan.report);
    let custom = own_ids(&answered.answer);
    if !custom.is_empty() {
        document["metas"] = json!({"custom": custom});
    }
    Ok(document)
}

/// A list for each dimension that tells ids of the site, which may be empty; shops stop at a null.
fn own_ids(answer: &afsa_query::Answer) -> Map<String, Value> {
    let dimensions = answer
        .columns
        .iter()
        .filter(|column| matches!(column.column_type, ColumnType::Dimension(_)));
    let mut custom = Map::new();
    for (index, column) in dimensions.enumerate() {
        if OWN_IDS.contains(&column.name.as_str()) {
            let mut seen = HashSet::new();
            let ids = answer.rows.iter().filter_map(|row| row.keys.get(index));
            let ids = ids.filter(|id| **id != Key::Null && seen.insert(*id));
            custom.insert(column.name.clone(), ids.map(answer::key_to_json).collect());
        }
    }
    custom
}

fn at(pointer: String, error: &str, detail: &str) -> Problem {
    let fault = Fault {
        pointer: Some(pointer),
        error: error.into(),
        detail: detail.into(),
        ..Fault::default()
    };
    Problem::of_faults(vec![fault])
}
