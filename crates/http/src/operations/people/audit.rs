//! The audit log of an account.

use std::str::FromStr;

use afsa_accounts::people::{Action, AuditChoice, AuditEntry, AuditState};
use afsa_accounts::{Actor, Scope};
use axum::http::Method;
use axum::http::header::LINK;
use axum::response::Response;
use futures_util::FutureExt;
use serde_json::{Value, json};

use super::operation;
use crate::operation::{Answer, Call, Handler, Operation, Parameter};
use crate::operations::listed::next_link;
use crate::operations::{account_id_in_path, selecting};
use crate::problem::Problem;
use crate::schemas::{count, instant, nullable, pair, reference, text, whole, with, words};
use crate::{reply, selected};

const MOST_LISTED: i64 = 1_000;
const KINDS: [&str; 6] = ["person", "key", "app", "share", "command_line", "system"];

pub(super) fn operations() -> Vec<Operation> {
    let action = Parameter::in_query(
        "action",
        "Only entries of this action.",
        words(&actions()),
        "key.created",
    );
    let limit = Parameter::in_query(
        "limit",
        "How many to list.",
        json!({"type": "integer", "minimum": 1, "maximum": MOST_LISTED, "default": 100}),
        100,
    );
    vec![
        Operation {
            parameters: vec![
                account_id_in_path(),
                action,
                limit,
                Parameter {
                    example: "41".into(),
                    ..selecting::cursor()
                },
            ],
            ..operation(
                [
                    "listAudit",
                    "Who did what",
                    "What was changed in the account, newest first. Entries are never changed or \
                     deleted, and each holds a hash of the one before.",
                ],
                Method::GET,
                "/v1/accounts/{account_id}/audit",
                Answer::json("The entries.", reference("AuditEntryList")),
                Handler::Account(Scope::AccountWrite, |call| list(call).boxed()),
            )
        },
        operation(
            [
                "verifyAudit",
                "Verify the audit log",
                "Follows the account's entries from the first to the last and compares each with \
                 its hash. Whoever notes `head` elsewhere can tell later that no entry up to it \
                 was changed.",
            ],
            Method::GET,
            "/v1/accounts/{account_id}/audit/verify",
            Answer::json("Whether all is as it was written.", reference("AuditState")),
            Handler::Account(Scope::AccountWrite, |call| verify(call).boxed()),
        ),
    ]
}

pub(super) fn schemas() -> Vec<(String, Value)> {
    let hash = || json!({"type": "string", "pattern": "^[0-9a-f]{64}$"});
    let actor = whole(json!({
        "type": words(&KINDS),
        "id": with(
            nullable(json!({"type": "integer", "format": "int64"})),
            "description",
            "The id of the person, key, app's grant or share.",
        ),
    }));
    vec![
        pair(
            "AuditEntry",
            whole(json!({
                "id": with(count(), "description", "Its number in the account, without a gap."),
                "at": instant(),
                "actor": actor,
                "action": text(),
                "subject": with(text(), "description", "What it was done to, such as `key 4`."),
                "detail": text(),
                "hash": hash(),
            })),
        ),
        pair(
            "AuditEntryList",
            whole(json!({
                "data": {"type": "array", "items": reference("AuditEntry")},
                "meta": whole(json!({"limit": count(), "next_cursor": nullable(text())})),
            })),
        ),
        pair(
            "AuditState",
            whole(json!({
                "is_whole": {"type": "boolean"},
                "entries": count(),
                "head": with(hash(), "description", "The hash of the last entry."),
                "fault": nullable(whole(json!({
                    "entry": with(count(), "description", "The first that is not as it was."),
                    "detail": text(),
                }))),
            })),
        ),
    ]
}

fn actions() -> Vec<&'static str> {
    Action::ALL.iter().map(|action| action.name()).collect()
}

async fn list(call: Call) -> Result<Response, Problem> {
    let mut fields = call.parameter_fields();
    let action = fields.word("action", &actions());
    let limit = selected::limit(&mut fields, MOST_LISTED);
    let before = selected::cursor(&mut fields, |text| u64::from_str(text).ok());
    fields.finish()?;
    let choice = AuditChoice { action, before };
    let authorized = call.authorized.clone();
    // One more tells whether there is another page.
    let asked = u32::try_from(limit + 1).unwrap_or(u32::MAX);
    let reading = move || {
        authorized.with_accounts(|accounts, account| accounts.audit(Some(account), choice, asked))
    };
    let mut entries = call.server.gate.run(&call.server.limits, reading).await?;
    let is_more = entries.len() > limit;
    entries.truncate(limit);
    let next = entries.last().filter(|_| is_more);
    let next = next.map(|last| last.id.to_string());
    let mut response = reply::json(&json!({
        "data": entries.iter().map(to_json).collect::<Vec<_>>(),
        "meta": {"limit": limit, "next_cursor": next},
    }));
    let account = call.authorized.principal().account;
    let path = format!("/v1/accounts/{account}/audit");
    if let Some(link) = next.and_then(|next| next_link(&path, &call.parameters, &next)) {
        response.headers_mut().insert(LINK, link);
    }
    Ok(response)
}

async fn verify(call: Call) -> Result<Response, Problem> {
    let authorized = call.authorized.clone();
    let verifying =
        move || authorized.with_accounts(|accounts, account| accounts.verify_audit(Some(account)));
    let state = call.server.gate.run(&call.server.limits, verifying).await?;
    Ok(reply::json(&state_json(&state)))
}

fn to_json(entry: &AuditEntry) -> Value {
    // Somebody who cannot be read is still shown, by the kind that he says he is.
    let (kind, id) = match entry.actor.parse() {
        Ok(Actor::Person(id)) => ("person", Some(id)),
        Ok(Actor::Key(id)) => ("key", Some(id)),
        Ok(Actor::App(id)) => ("app", Some(id)),
        Ok(Actor::Share(id)) => ("share", Some(id)),
        Ok(Actor::CommandLine) => ("command_line", None),
        Ok(Actor::System) | Err(()) => ("system", None),
    };
    json!({
        "id": entry.id,
        "at": reply::instant(entry.at),
        "actor": {"type": kind, "id": id},
        "action": entry.action,
        "subject": entry.subject,
        "detail": entry.detail,
        "hash": hex(&entry.hash),
    })
}

fn state_json(state: &AuditState) -> Value {
    let fault = state.fault.as_ref().map(|fault| {
        json!({
            "entry": fault.entry,
            "detail": format!("Entry {} {}.", fault.entry, fault.what),
        })
    });
    json!({
        "is_whole": fault.is_none(),
        "entries": state.entries,
        "head": hex(&state.head),
        "fault": fault,
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
