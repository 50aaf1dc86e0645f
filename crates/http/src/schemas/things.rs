//! Goals, segments and keys of an account.

use afsa_accounts::Scope;
use serde_json::{Value, json};

use super::{instant, nullable, pair, parts, reference, text, whole, with, words};

pub(super) fn schemas() -> Vec<(String, Value)> {
    let id = json!({"type": "integer", "format": "int64"});
    let scopes = json!({"type": "array", "items": words(&Scope::ALL.map(Scope::name))});
    let key = json!({
        "id": id,
        "name": text(),
        "scopes": scopes,
        "created_at": instant(),
        "expires_at": nullable(instant()),
        "revoked_at": nullable(instant()),
        "last_used_at": nullable(instant()),
    });
    let created_key = with(
        key.clone(),
        "key",
        with(text(), "description", "The key, shown this once."),
    );
    let value = json!({"type": "string", "nullable": true, "description": "A fixed value in the account's currency."});
    vec![
        pair(
            "Goal",
            whole(json!({
                "id": id,
                "name": text(),
                "match": reference("Filter"),
                "value": value,
                "once_per_visit": {"type": "boolean"},
                "created_at": instant(),
            })),
        ),
        pair(
            "GoalChange",
            parts(json!({
                "name": text(),
                "match": reference("Filter"),
                "value": value,
                "once_per_visit": {"type": "boolean"},
            })),
        ),
        pair(
            "Segment",
            whole(json!({
                "id": id,
                "name": text(),
                "filters": reference("Filter"),
                "created_at": instant(),
            })),
        ),
        pair(
            "SegmentChange",
            parts(json!({"name": text(), "filters": reference("Filter")})),
        ),
        pair("Key", whole(key)),
        pair("CreatedKey", whole(created_key)),
        pair(
            "NewKey",
            json!({
                "type": "object",
                "required": ["name", "scopes"],
                "properties": {"name": text(), "scopes": scopes, "expires_at": nullable(instant())},
            }),
        ),
        pair("KeyChange", parts(json!({"name": text()}))),
    ]
}
