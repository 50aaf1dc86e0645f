//! The schemas that the document names, and examples that several operations share.

mod accounts;
mod collecting;
mod problems;
mod statistics;
mod things;

pub(crate) use statistics::question_property;

use serde_json::{Map, Value, json};

use crate::operations;

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
    all.extend(operations::schemas());
    all.into()
}

pub(crate) fn text() -> Value {
    json!({"type": "string"})
}

pub(crate) fn texts() -> Value {
    json!({"type": "array", "items": text()})
}

pub(crate) fn count() -> Value {
    json!({"type": "integer", "format": "int64", "minimum": 0})
}

pub(crate) fn instant() -> Value {
    json!({"type": "string", "format": "date-time"})
}

/// Null is one of the words where these are listed: `nullable` alone doesn't make it one.
pub(crate) fn nullable(mut schema: Value) -> Value {
    schema["nullable"] = true.into();
    if let Some(Value::Array(words)) = schema.get_mut("enum") {
        words.push(Value::Null);
    }
    schema
}

/// An account by its number.
pub(crate) fn account_id() -> Value {
    json!({"type": "string", "pattern": "^0{0,7}[1-9][0-9]{0,7}$", "maxLength": 8})
}

/// A place in a list.
pub(crate) fn offset() -> Value {
    json!({"type": "integer", "format": "int64", "minimum": 0, "maximum": u32::MAX})
}

pub(crate) fn words(words: &[&str]) -> Value {
    json!({"type": "string", "enum": words})
}

/// Text with the digits of its currency.
pub(crate) fn money() -> Value {
    json!({"type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)?$"})
}

pub(crate) fn number() -> Value {
    json!({"type": "number"})
}

/// An object that may hold anything.
pub(crate) fn open() -> Value {
    json!({"type": "object", "additionalProperties": {}})
}

/// `meta` of an answer that is made of a period and filters, with what else it says.
pub(crate) fn selection_meta(others: Value) -> Value {
    let mut meta = json!({
        "account_id": text(),
        "from": instant(),
        "to": instant(),
        "timezone": text(),
        "currency": text(),
        "as_of": instant(),
        "warnings": texts(),
    });
    if let (Some(meta), Value::Object(others)) = (meta.as_object_mut(), others) {
        meta.extend(others);
    }
    whole(meta)
}

/// Tables beside JSON.
pub(crate) fn table_media() -> [(&'static str, Value); 3] {
    let binary = json!({"type": "string", "format": "binary"});
    [
        ("text/csv", text()),
        ("application/x-ndjson", text()),
        ("application/vnd.apache.parquet", binary),
    ]
}

/// An object all of whose properties are always there.
pub(crate) fn whole(properties: Value) -> Value {
    let required: Vec<&String> = properties
        .as_object()
        .into_iter()
        .flat_map(Map::keys)
        .collect();
    json!({"type": "object", "required": required, "properties": properties})
}

/// An object any of whose properties may be there.
pub(crate) fn parts(properties: Value) -> Value {
    json!({"type": "object", "properties": properties})
}

/// What a sender may say: nothing else, any of it left out or null, which says nothing.
pub(crate) fn sayings(properties: Value) -> Value {
    let Value::Object(properties) = properties else {
        return json!({});
    };
    let properties: Map<String, Value> = properties
        .into_iter()
        .map(|(name, schema)| (name, or_null(schema)))
        .collect();
    json!({"type": "object", "properties": properties, "additionalProperties": false})
}

/// The same, where these must be said.
pub(crate) fn sayings_with(properties: Value, required: &[&str]) -> Value {
    let mut schema = sayings(properties.clone());
    for name in required {
        schema["properties"][name] = properties[name].clone();
    }
    schema["required"] = json!(required);
    schema
}

/// Null goes with a type alone. Beside a reference nothing else counts, so that it has to stand
/// within; those that are said are filters, which are lists.
fn or_null(mut schema: Value) -> Value {
    if schema.get("$ref").is_some() {
        return json!({"type": "array", "items": {}, "allOf": [schema], "nullable": true});
    }
    if let Some(alternative) = schema.pointer_mut("/oneOf/0") {
        *alternative = nullable(alternative.take());
        return schema;
    }
    // What may be anything may be null.
    if schema.get("type").is_none() {
        return schema;
    }
    nullable(schema)
}

pub(crate) fn with(mut schema: Value, name: &str, value: impl Into<Value>) -> Value {
    schema[name] = value.into();
    schema
}

pub(crate) fn pair(name: &str, schema: Value) -> (String, Value) {
    (name.to_owned(), schema)
}
