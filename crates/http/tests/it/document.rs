//! The published document, as tests read it.

use std::cell::RefCell;
use std::collections::HashMap;

use jsonschema::Validator;
use serde_json::{Value, json};

/// One operation of the document with a request that it accepts.
#[derive(Clone)]
pub struct Described {
    pub id: String,
    pub method: String,
    /// With its placeholders.
    pub template: String,
    /// With its placeholders filled by their examples, and no parameters.
    pub path: String,
    pub scope: Option<String>,
    /// Speaks OAuth, which has tests of its own.
    pub is_protocol: bool,
    pub body: Option<(String, Value)>,
    pub responses: Value,
}

/// Every operation, the account's number standing in for the placeholder.
pub fn operations(account: u32) -> Vec<Described> {
    let document = afsa_http::openapi_document();
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let mut filled = path.clone();
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                if parameter["in"] == "path" {
                    let name = parameter["name"].as_str().unwrap();
                    let value = match &parameter["example"] {
                        _ if name == "account_id" => account.to_string(),
                        Value::String(text) => text.clone(),
                        other => other.to_string(),
                    };
                    filled = filled.replace(&format!("{{{name}}}"), &value);
                }
            }
            let description = operation["description"].as_str().unwrap();
            let scope = description
                .split_once("Needs the scope `")
                .map(|(_, rest)| rest.split_once('`').unwrap().0.to_owned());
            let security = &operation["security"];
            let is_protocol = security[0] == json!({"client": []});
            assert_eq!(
                scope.is_some(),
                *security != json!([]) && !is_protocol,
                "{path}"
            );
            let body = operation["requestBody"]["content"]
                .as_object()
                .map(|content| {
                    let (media, described) = content.iter().next().unwrap();
                    (media.clone(), described["example"].clone())
                });
            operations.push(Described {
                id: operation["operationId"].as_str().unwrap().into(),
                method: method.to_uppercase(),
                template: path.clone(),
                path: filled,
                scope,
                is_protocol,
                body,
                responses: operation["responses"].clone(),
            });
        }
    }
    operations
}

/// Checks values against schemas of the document.
pub struct Schemas {
    document: Value,
    /// By the text of their schema: making one takes long.
    validators: RefCell<HashMap<String, Validator>>,
}

impl Schemas {
    pub fn new() -> Schemas {
        let document = as_json_schema(afsa_http::openapi_document());
        Schemas {
            document,
            validators: RefCell::default(),
        }
    }

    pub fn check(&self, schema: &Value, value: &Value, what: &str) {
        let mut validators = self.validators.borrow_mut();
        let validator = validators.entry(schema.to_string()).or_insert_with(|| {
            let mut schema = as_json_schema(schema.clone());
            schema["components"] = self.document["components"].clone();
            jsonschema::draft4::new(&schema).unwrap()
        });
        let errors: Vec<String> = validator
            .iter_errors(value)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{what}: {errors:#?}\n{value:#}");
    }
}

/// OpenAPI 3.0 says `nullable` where JSON Schema says that null is one of the types.
fn as_json_schema(value: Value) -> Value {
    match value {
        Value::Array(list) => list.into_iter().map(as_json_schema).collect(),
        Value::Object(mut object) => {
            let is_nullable = object.remove("nullable") == Some(Value::Bool(true));
            let inner: Value = object
                .into_iter()
                .map(|(name, value)| (name, as_json_schema(value)))
                .collect();
            if is_nullable {
                json!({"anyOf": [{"type": "null"}, inner]})
            } else {
                inner
            }
        }
        other => other,
    }
}

#[test]
fn the_document_that_is_checked_in_is_the_one_that_is_served() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi/afsa.json");
    let mut text = serde_json::to_string_pretty(&afsa_http::openapi_document()).unwrap();
    text.push('\n');
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        kept == text,
        "openapi/afsa.json is out of date: run the tests with UPDATE=1"
    );
}

#[test]
fn operations_are_described_whole() {
    let operations = operations(1);
    let mut ids: Vec<&str> = operations
        .iter()
        .map(|operation| operation.id.as_str())
        .collect();
    ids.sort_unstable();
    let count = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), count, "ids are unique");
    for operation in &operations {
        let responses = operation.responses.as_object().unwrap();
        assert!(
            responses.keys().any(|status| status.starts_with('2')),
            "{}",
            operation.id
        );
        let last = if operation.is_protocol { "401" } else { "500" };
        for (status, response) in responses {
            let content = response["content"].as_object().into_iter().flatten();
            for (media, content) in content.filter(|_| status.starts_with('2')) {
                // Recorded, or written where nothing can be; of columns in binary there is none.
                let has_example = content["examples"].is_object() || !content["example"].is_null();
                let is_binary = media == "application/vnd.apache.parquet";
                assert!(has_example != is_binary, "{} {media}", operation.id);
            }
        }
        for status in ["400", last] {
            assert!(responses.contains_key(status), "{} {status}", operation.id);
        }
        if operation.scope.is_some() {
            for status in ["401", "403", "429", "503"] {
                assert!(responses.contains_key(status), "{} {status}", operation.id);
            }
        }
    }
}

#[test]
fn examples_meet_their_schemas() {
    let document = afsa_http::openapi_document();
    let schemas = Schemas::new();
    let mut checked = 0;
    let mut check = |content: &Value, what: &str| {
        for (media, described) in content.as_object().into_iter().flatten() {
            let examples = described["examples"].as_object().into_iter().flatten();
            let examples = examples.map(|(_, example)| &example["value"]);
            for example in examples.chain(described.get("example")) {
                schemas.check(&described["schema"], example, &format!("{what} {media}"));
                checked += 1;
            }
        }
    };
    for methods in document["paths"].as_object().unwrap().values() {
        for operation in methods.as_object().unwrap().values() {
            let id = operation["operationId"].as_str().unwrap();
            check(&operation["requestBody"]["content"], id);
            for response in operation["responses"].as_object().unwrap().values() {
                check(&response["content"], id);
            }
        }
    }
    for (name, response) in document["components"]["responses"].as_object().unwrap() {
        check(&response["content"], name);
    }
    assert!(checked > 40, "{checked}");
}
