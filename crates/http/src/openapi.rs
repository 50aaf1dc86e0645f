//! The OpenAPI 3.0.3 document, made of the table of operations.

use std::sync::LazyLock;

use afsa_accounts::Scope;
use axum::body::Bytes;
use serde_json::{Map, Value, json};

use crate::operation::{BodyRule, Handler, Operation};
use crate::operations::TAGS;
use crate::problem::{Problem, Word};
use crate::protocol::FORM;
use crate::schemas;

/// Where the document is served.
pub(crate) const PATH: &str = "/assets/openapi/v1/afsa.json";

/// What each operation answered to the demonstration's owner, by its id and the media type.
const RECORDED: &str = include_str!(concat!(env!("OUT_DIR"), "/examples.json"));

/// What clients of OAuth may be answered beside what they asked for.
const OAUTH_STATUSES: [u16; 5] = [400, 401, 403, 413, 429];

/// The document's text. It is made when somebody first asks for it: most servers never are.
pub(crate) static TEXT: LazyLock<Bytes> = LazyLock::new(|| openapi_document().to_string().into());

/// The document as it is checked in and served.
pub fn openapi_document() -> Value {
    document(&Operation::all())
}

fn document(operations: &[Operation]) -> Value {
    let recorded: Value = serde_json::from_str(RECORDED).unwrap_or_default();
    let mut paths = Map::new();
    for operation in operations {
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.method.as_str().to_ascii_lowercase()] =
            described(operation, &recorded[operation.id]);
    }
    let tags: Vec<Value> = TAGS
        .iter()
        .map(|(name, text)| json!({"name": name, "description": text}))
        .collect();
    json!({
        "openapi": "3.0.3",
        "info": {
            "title": "afsa",
            "version": "1.0.0",
            "description": "Web and e-commerce analytics on a server of one's own: statistics, \
                accounts, and hits to collect.",
            "contact": {"name": "The operator of this server"},
            "license": {
                "name": "MIT OR Apache-2.0",
                "url": "https://www.apache.org/licenses/LICENSE-2.0",
            },
        },
        "servers": [{"url": "/", "description": "This server"}],
        "tags": tags,
        "paths": paths,
        "components": {
            "schemas": schemas::all(),
            "responses": problem_responses(operations),
            "headers": headers(),
            "securitySchemes": {
                "api_key": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-API-Key",
                    "description": "An API key: the account's number, a hyphen, and the secret.",
                },
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API key or an access token in the header Authorization.",
                },
                "oauth2": oauth2(),
                "client": {
                    "type": "http",
                    "scheme": "basic",
                    "description": "Id and secret of an OAuth client. They may stand in the form \
                        instead; clients without a secret send their id alone.",
                },
            },
        },
    })
}

fn described(operation: &Operation, recorded: &Value) -> Value {
    let mut described = json!({
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": description(operation),
    });
    let parameters: Vec<Value> = operation
        .parameters
        .iter()
        .map(|parameter| {
            let mut described = json!({
                "name": parameter.name,
                "in": if parameter.in_path { "path" } else { "query" },
                "required": parameter.is_required,
                "description": parameter.description,
                "schema": parameter.schema,
                "example": parameter.example,
            });
            // Lists stand in one parameter, separated by commas.
            if parameter.schema["type"] == "array" {
                described["style"] = "form".into();
                described["explode"] = false.into();
            }
            described
        })
        .collect();
    if !parameters.is_empty() {
        described["parameters"] = parameters.into();
    }
    if let Some(content) = content(&operation.body) {
        described["requestBody"] = json!({"required": true, "content": content});
    }
    described["responses"] = responses(operation, recorded);
    described["security"] = security(operation);
    described
}

fn oauth2() -> Value {
    let scopes: Map<String, Value> = Scope::ALL
        .into_iter()
        .map(|scope| (scope.name().to_owned(), scope.purpose().into()))
        .collect();
    json!({
        "type": "oauth2",
        "description": "The code flow, with PKCE (S256) for public clients. The person chooses the \
            account; at /v1/auth/{account_id}/ the address names it. /api/token/ does the same as \
            /v1/token.",
        "flows": {"authorizationCode": {
            "authorizationUrl": "/api/authorize",
            "tokenUrl": "/v1/token",
            "refreshUrl": "/v1/token",
            "scopes": scopes,
        }},
    })
}

fn security(operation: &Operation) -> Value {
    match operation.handler {
        Handler::Public(_) => json!([]),
        // Beside clients, keys and tokens may ask about those of their account.
        Handler::Protocol(_) if operation.id == "introspectToken" => json!([
            {"client": []},
            {},
            {"api_key": []},
            {"bearer": []},
            {"oauth2": [Scope::AccountRead.name()]},
        ]),
        Handler::Protocol(_) => json!([{"client": []}, {}]),
        Handler::Account(scope, _) | Handler::Question(scope, _) => json!([
            {"api_key": []},
            {"bearer": []},
            {"oauth2": [scope.name()]},
        ]),
    }
}

fn description(operation: &Operation) -> String {
    match operation.scope() {
        None if matches!(operation.handler, Handler::Protocol(_)) => {
            operation.description.to_owned()
        }
        None => format!("{} Needs no credential.", operation.description),
        Some(scope) => format!("{} Needs the scope `{scope}`.", operation.description),
    }
}

fn content(body: &BodyRule) -> Option<Value> {
    Some(match body {
        BodyRule::None => return None,
        BodyRule::Document {
            schema,
            example,
            or_form,
        } => {
            let mut content = json!({"application/json": {"schema": schema, "example": example}});
            if *or_form {
                // As PHP writes it: actions[top][report]=pages.
                content["application/x-www-form-urlencoded"] = json!({
                    "schema": schema,
                    "example": example,
                    "encoding": {"actions": {"style": "deepObject", "explode": true}},
                });
            }
            content
        }
        BodyRule::Form { schema, example } => {
            json!({FORM: {"schema": schema, "example": example}})
        }
        BodyRule::Hits { schema, example } => json!({
            "application/json": {"schema": schema, "example": example},
            // Each line is a hit or is rejected by itself, so no body is wrong as a whole.
            "application/x-ndjson": {
                "schema": {},
                "example": "{\"type\":\"pageview\",\"location\":\"https://shop.example.com/\"}\n",
            },
        }),
        BodyRule::Upload => json!({
            "application/octet-stream": {
                "schema": {"type": "string", "format": "binary", "minLength": 1},
                "example": "{\"type\":\"pageview\",\"timestamp\":\"2026-10-30T12:00:00Z\",\
                    \"location\":\"https://shop.example.com/\"}\n",
            },
        }),
    })
}

fn responses(operation: &Operation, recorded: &Value) -> Value {
    let mut responses = Map::new();
    let mut answer = json!({"description": operation.answer.description});
    if !operation.answer.media.is_empty() {
        let content: Map<String, Value> = operation
            .answer
            .media
            .iter()
            .map(|(media, schema)| {
                let mut described = json!({"schema": schema});
                let recorded = &recorded[*media];
                if recorded.is_object() {
                    described["examples"] = json!({"demonstration": {
                        "summary": recorded["request"],
                        "value": recorded["answer"],
                    }});
                } else if let Some(example) = &operation.answer.example {
                    described["example"] = example.clone();
                }
                ((*media).to_owned(), described)
            })
            .collect();
        answer["content"] = content.into();
    }
    if operation.scope().is_some() {
        answer["headers"] = json!({
            "RateLimit": {"$ref": "#/components/headers/RateLimit"},
            "RateLimit-Policy": {"$ref": "#/components/headers/RateLimitPolicy"},
        });
    }
    responses.insert(operation.answer.status.as_u16().to_string(), answer);
    if matches!(operation.handler, Handler::Protocol(_)) {
        let refused = json!({"$ref": "#/components/responses/OAuthRefused"});
        for status in OAUTH_STATUSES {
            responses.insert(status.to_string(), refused.clone());
        }
        return responses.into();
    }
    for status in statuses(operation) {
        let name = response_name(status);
        let response = json!({"$ref": format!("#/components/responses/{name}")});
        responses.insert(status.to_string(), response);
    }
    responses.into()
}

/// The statuses of all problems that the operation may answer with, ascending.
fn statuses(operation: &Operation) -> Vec<u16> {
    if matches!(operation.handler, Handler::Protocol(_)) {
        return Vec::new();
    }
    let mut words = vec![Word::InvalidRequest, Word::Internal];
    if operation.scope().is_some() {
        words.extend([
            Word::AccessDenied,
            Word::Forbidden,
            Word::RateLimited,
            Word::Overloaded,
        ]);
    }
    let names_something = |parameter: &crate::operation::Parameter| {
        parameter.in_path && parameter.name != "account_id"
    };
    if operation.parameters.iter().any(names_something) {
        words.push(Word::NotFound);
    }
    let is_asked = |parameter: &crate::operation::Parameter| {
        !parameter.in_path && parameter.name != "account_id"
    };
    if operation.parameters.iter().any(is_asked) {
        words.push(Word::Unprocessable);
    }
    match operation.body {
        BodyRule::None => {}
        BodyRule::Document { .. } => words.push(Word::Unprocessable),
        _ => {}
    }
    match operation.body {
        BodyRule::None => {}
        BodyRule::Document { .. }
        | BodyRule::Form { .. }
        | BodyRule::Hits { .. }
        | BodyRule::Upload => {
            words.extend([Word::PayloadTooLarge, Word::UnsupportedMediaType]);
        }
    }
    words.extend(operation.words.iter().copied());
    let mut statuses: Vec<u16> = words.iter().map(|word| word.status().as_u16()).collect();
    statuses.sort_unstable();
    statuses.dedup();
    statuses
}

fn problem_responses(operations: &[Operation]) -> Value {
    let used: Vec<u16> = operations.iter().flat_map(statuses).collect();
    let mut responses = Map::new();
    for word in Word::ALL {
        let status = word.status().as_u16();
        if !used.contains(&status) {
            continue;
        }
        let examples: Map<String, Value> = Word::ALL
            .into_iter()
            .filter(|other| other.status().as_u16() == status)
            .map(|other| {
                let problem = Problem::new(other, format!("{}.", other.title()));
                (
                    other.text().to_owned(),
                    json!({"value": problem.to_json(Some("/v1/accounts"))}),
                )
            })
            .collect();
        let mut response = json!({
            "description": format!("{}.", word.title()),
            "content": {"application/problem+json": {
                "schema": schemas::reference("Problem"),
                "examples": examples,
            }},
        });
        if [Word::RateLimited, Word::Overloaded].contains(&word) {
            response["headers"] = json!({
                "Retry-After": {"$ref": "#/components/headers/RetryAfter"},
            });
        }
        responses.entry(response_name(status)).or_insert(response);
    }
    responses.insert(
        "OAuthRefused".into(),
        json!({
            "description": "The client doesn't get what it asked for.",
            "content": {"application/json": {
                "schema": schemas::reference("OAuthError"),
                "example": {"error": "invalid_grant", "error_description": "the code has expired"},
            }},
        }),
    );
    responses.into()
}

fn response_name(status: u16) -> String {
    let word = Word::ALL
        .into_iter()
        .find(|word| word.status().as_u16() == status);
    let text = word.map_or("other", Word::text);
    text.split('_')
        .map(|part| {
            let (first, rest) = part.split_at(part.len().min(1));
            format!("{}{rest}", first.to_ascii_uppercase())
        })
        .collect()
}

fn headers() -> Value {
    json!({
        "RateLimit": {
            "description": "For each policy how many requests are left (r), and in how many seconds \
                there is one more (t).",
            "schema": {"type": "string"},
            "example": "\"address\";r=5999;t=1, \"credential\";r=1199;t=1, \"account\";r=11999;t=1",
        },
        "RateLimitPolicy": {
            "description": "The policies that the request came under: how many requests (q) a window \
                of seconds (w) has for its credential, its sender's address and its account.",
            "schema": {"type": "string"},
            "example": "\"address\";q=6000;w=60, \"credential\";q=1200;w=60, \"account\";q=12000;w=60",
        },
        "RetryAfter": {
            "description": "In how many seconds the same request may be sent again.",
            "schema": {"type": "integer", "minimum": 1},
            "example": 1,
        },
    })
}
