//! What the server says of itself.

use afsa_store::StoreCondition;
use axum::http::{Method, StatusCode};
use futures_util::FutureExt;
use serde_json::json;

use crate::operation::{Answer, BodyRule, Handler, Operation, PublicCall};
use crate::problem::{Problem, Word};
use crate::{openapi, reply};

const VERSION: &str = "1.0.0";

pub(crate) fn operations() -> Vec<Operation> {
    let word = |value: &str| json!({"type": "string", "enum": [value]});
    let state = json!({
        "type": "object",
        "required": ["status"],
        "properties": {"status": word("ok")},
    });
    let readiness = json!({
        "type": "object",
        "required": ["status", "notes"],
        "properties": {
            "status": {"type": "string", "enum": ["ok", "degraded"]},
            "notes": {"type": "array", "items": {"type": "string"}},
        },
    });
    vec![
        get(
            "getApi",
            "/v1",
            "What this is",
            "Name and version of the API and where it is documented.",
            Answer::json(
                "Name and version.",
                json!({
                    "type": "object",
                    "required": ["name", "version", "documentation", "openapi"],
                    "properties": {
                        "name": {"type": "string"},
                        "version": {"type": "string"},
                        "documentation": {"type": "string"},
                        "openapi": {"type": "string"},
                    },
                }),
            ),
            |_| async { Ok(reply::json(&index())) }.boxed(),
        ),
        get(
            "getOpenApiDocument",
            openapi::PATH,
            "This document",
            "The OpenAPI document of this server, from which clients can be generated.",
            Answer::json(
                "An OpenAPI 3.0.3 document.",
                json!({
                    "type": "object",
                    "required": ["openapi", "info", "paths"],
                    "properties": {
                        "openapi": word("3.0.3"),
                        "info": {"type": "object"},
                        "paths": {"type": "object"},
                    },
                }),
            )
            .with_example(json!({"openapi": "3.0.3", "info": {}, "paths": {}})),
            |_| {
                async {
                    Ok(reply::typed(
                        "application/json",
                        openapi::TEXT.clone().into(),
                    ))
                }
                .boxed()
            },
        ),
        get(
            "getLiveness",
            "/health/live",
            "Whether the server runs",
            "Answers as long as the process does.",
            Answer::json("It runs.", state.clone()),
            |_| async { Ok(reply::json(&json!({"status": "ok"}))) }.boxed(),
        ),
        Operation {
            words: vec![Word::Overloaded],
            ..get(
                "getReadiness",
                "/health/ready",
                "Whether the server takes hits and questions",
                "For balancers: 503 tells them to send requests elsewhere for now. A server that \
                 answers but lacks something says degraded, and what.",
                Answer::json("It does.", readiness),
                |call: PublicCall| {
                    async move {
                        if call.server.backends.is_ready() {
                            let condition = call.server.backends.condition();
                            return Ok(reply::json(&ready(condition)));
                        }
                        Err(Problem::overloaded(
                            "Hits or accounts are out of reach at present.",
                        ))
                    }
                    .boxed()
                },
            )
        },
        get(
            "getMetrics",
            "/metrics",
            "Counters for Prometheus",
            "Requests by operation and status with their durations, and the store's condition; \
             nothing about any account.",
            Answer {
                status: StatusCode::OK,
                description: "The text exposition format.",
                media: vec![("text/plain", json!({"type": "string"}))],
                example: None,
            },
            |call: PublicCall| {
                async move {
                    let condition = call.server.backends.condition();
                    let text = call.server.metrics.to_text(condition);
                    Ok(reply::typed(
                        "text/plain; version=0.0.4; charset=utf-8",
                        text.into(),
                    ))
                }
                .boxed()
            },
        ),
    ]
}

fn get(
    id: &'static str,
    path: &'static str,
    summary: &'static str,
    description: &'static str,
    answer: Answer,
    run: fn(PublicCall) -> crate::operation::Outcome,
) -> Operation {
    Operation {
        id,
        method: Method::GET,
        path,
        tag: "System",
        summary,
        description,
        parameters: Vec::new(),
        body: BodyRule::None,
        answer,
        words: Vec::new(),
        handler: Handler::Public(run),
    }
}

/// Names no file: anybody may ask.
fn ready(condition: StoreCondition) -> serde_json::Value {
    let mut notes = Vec::new();
    if condition.damaged_files > 0 {
        notes.push(format!(
            "{} stored files are damaged and left out of answers; the log and afsa verify name them",
            condition.damaged_files
        ));
    }
    if condition.refuses_hits {
        notes.push("a write failed: no hits are taken until a restart".to_owned());
    }
    let status = if notes.is_empty() { "ok" } else { "degraded" };
    json!({"status": status, "notes": notes})
}

fn index() -> serde_json::Value {
    json!({
        "name": "afsa",
        "version": VERSION,
        "documentation": "/docs",
        "openapi": openapi::PATH,
    })
}
