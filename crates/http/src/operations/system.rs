//! What the server says of itself.

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
                index(),
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
                json!({"openapi": "3.0.3", "info": {}, "paths": {}}),
            ),
            |call: PublicCall| {
                let document = call.server.document.clone();
                async { Ok(reply::typed("application/json", document.into())) }.boxed()
            },
        ),
        get(
            "getLiveness",
            "/health/live",
            "Whether the server runs",
            "Answers as long as the process does.",
            Answer::json("It runs.", state.clone(), json!({"status": "ok"})),
            |_| async { Ok(reply::json(&json!({"status": "ok"}))) }.boxed(),
        ),
        Operation {
            words: vec![Word::Overloaded],
            ..get(
                "getReadiness",
                "/health/ready",
                "Whether the server takes hits and questions",
                "For balancers: 503 tells them to send requests elsewhere for now.",
                Answer::json("It does.", state, json!({"status": "ok"})),
                |call: PublicCall| {
                    async move {
                        if call.server.backends.is_ready() {
                            return Ok(reply::json(&json!({"status": "ok"})));
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
            "Requests by operation and status with their durations; nothing about any account.",
            Answer {
                status: StatusCode::OK,
                description: "The text exposition format.",
                media: vec![(
                    "text/plain",
                    json!({"type": "string"}),
                    json!(
                        "afsa_http_request_duration_seconds_count{operation=\"collectHits\",status=\"200\"} 3\n"
                    ),
                )],
            },
            |call: PublicCall| {
                async move {
                    let text = call.server.metrics.to_text();
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

fn index() -> serde_json::Value {
    json!({
        "name": "afsa",
        "version": VERSION,
        "documentation": "/docs",
        "openapi": openapi::PATH,
    })
}
