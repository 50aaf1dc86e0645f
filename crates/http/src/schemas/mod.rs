//! The schemas that the document names, and examples that several operations share.

mod accounts;
mod collecting;
mod problems;
mod statistics;
mod things;

pub(crate) use accounts::account_example;
pub(crate) use statistics::answer_example;

use serde_json::{Map, Value, json};

pub(crate) fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// `{"data": [ … ]}`.
pub(crate) fn list_of(name: &str) -> Value {
    json!({
        "type": "object",
        "required": ["data"],
        "properties": {"data": {"type": "array", "items": reference(name)}},
    })
}

/// Everything under `components/schemas`.
pub(crate) fn all() -> Value {
    let mut all = Map::new();
    all.extend(problems::schemas());
    all.extend(accounts::schemas());
    all.extend(things::schemas());
    all.extend(statistics::schemas());
    all.extend(collecting::schemas());
    all.into()
}

fn text() -> Value {
    json!({"type": "string"})
}

fn texts() -> Value {
    json!({"type": "array", "items": text()})
}

fn count() -> Value {
    json!({"type": "integer", "format": "int64", "minimum": 0})
}

fn instant() -> Value {
    json!({"type": "string", "format": "date-time"})
}

fn nullable(mut schema: Value) -> Value {
    schema["nullable"] = true.into();
    schema
}

fn words(words: &[&str]) -> Value {
    json!({"type": "string", "enum": words})
}

/// An object all of whose properties are always there.
fn whole(properties: Value) -> Value {
    let required: Vec<&String> = properties
        .as_object()
        .into_iter()
        .flat_map(Map::keys)
        .collect();
    json!({"type": "object", "required": required, "properties": properties})
}

/// An object any of whose properties may be there.
fn parts(properties: Value) -> Value {
    json!({"type": "object", "properties": properties})
}

fn with(mut schema: Value, name: &str, value: impl Into<Value>) -> Value {
    schema[name] = value.into();
    schema
}

fn pair(name: &str, schema: Value) -> (String, Value) {
    (name.to_owned(), schema)
}
