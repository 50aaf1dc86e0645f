//! The schemas that the document names, and examples that several operations share.

use afsa_accounts::{EcommerceLevel, Scope};
use afsa_query::{Breakdown, DimensionType, MAX_LIMIT, METRICS, MetricUnit, PERIODS, TRAFFICS};
use serde_json::{Map, Value, json};

use crate::operations;
use crate::problem::Word;

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
    all.extend(problem());
    all.extend(account());
    all.extend(account_things());
    all.extend(statistics());
    all.extend(collecting());
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

fn problem() -> Vec<(String, Value)> {
    let error = words(&Word::ALL.map(Word::text));
    vec![
        pair(
            "Problem",
            json!({
                "type": "object",
                "description": "What went wrong (RFC 9457).",
                "required": ["type", "title", "status", "detail", "error", "error_description"],
                "properties": {
                    "type": text(),
                    "title": text(),
                    "status": {"type": "integer"},
                    "detail": text(),
                    "instance": text(),
                    "error": error,
                    "error_description": text(),
                    "errors": {"type": "array", "items": reference("Fault")},
                },
            }),
        ),
        pair(
            "Fault",
            json!({
                "type": "object",
                "description": "One fault of what was sent.",
                "required": ["error", "detail"],
                "properties": {
                    "pointer": with(text(), "description", "JSON Pointer into the body."),
                    "parameter": with(text(), "description", "Name of a parameter."),
                    "error": text(),
                    "detail": text(),
                    "allowed": texts(),
                },
            }),
        ),
    ]
}

fn account() -> Vec<(String, Value)> {
    let settings = json!({
        "visit_timeout_minutes": {"type": "integer", "minimum": 5, "maximum": 240},
        "order_window_hours": {"type": "integer", "minimum": 1, "maximum": 720},
        "kept_parameters": texts(),
        "internal_hosts": texts(),
        "excluded_addresses": texts(),
        "excluded_roles": texts(),
        "retention_months": {"type": "integer", "minimum": 1, "maximum": 1200, "nullable": true},
    });
    let ecommerce = json!({
        "enabled": {"type": "boolean"},
        "level": words(&EcommerceLevel::ALL.map(EcommerceLevel::name)),
    });
    let privacy = json!({
        "dropped_address_bytes": {
            "type": "integer",
            "minimum": 0,
            "maximum": 4,
            "description": "Bytes of an IPv4 address that are dropped before anything is made of it; \
                IPv6 loses twice as many groups.",
        },
    });
    let plan = whole(json!({
        "id": {"type": "integer"},
        "name": text(),
        "trial": {"type": "boolean"},
        "start_date": instant(),
        "end_date": nullable(instant()),
    }));
    let usage = whole(json!({
        "hits_today": with(
            count(),
            "description",
            "Hits that arrived since midnight in the account's zone, live and by imports; \
                duplicates and rejected ones apart.",
        ),
        "hits_this_month": with(
            count(),
            "description",
            "The same since the first of the month.",
        ),
        "visits_this_month": count(),
        "hits": with(count(), "description", "All hits stored."),
        "visits": with(count(), "description", "All visits stored."),
        "stored_bytes": count(),
    }));
    vec![
        pair(
            "Account",
            whole(json!({
                "id": {"type": "string", "pattern": "^[0-9]{8}$"},
                "number": {"type": "integer", "minimum": 1},
                "name": text(),
                "url": text(),
                "timezone": text(),
                "currency": text(),
                "language": text(),
                "created_at": instant(),
                "first_hit_at": nullable(instant()),
                "last_hit_at": nullable(instant()),
                "plan": plan,
                "ecommerce": whole(ecommerce.clone()),
                "privacy": whole(privacy.clone()),
                "settings": whole(settings.clone()),
                "usage": usage,
            })),
        ),
        pair(
            "AccountChange",
            with(
                parts(json!({
                    "name": text(),
                    "url": text(),
                    "timezone": text(),
                    "currency": text(),
                    "language": text(),
                    "ecommerce": parts(ecommerce),
                    "privacy": parts(privacy),
                    "settings": parts(settings),
                })),
                "additionalProperties",
                false,
            ),
        ),
    ]
}

fn account_things() -> Vec<(String, Value)> {
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

fn statistics() -> Vec<(String, Value)> {
    let meta = whole(json!({
        "account_id": text(),
        "report": nullable(text()),
        "from": instant(),
        "to": instant(),
        "compare_from": nullable(instant()),
        "compare_to": nullable(instant()),
        "timezone": text(),
        "interval": nullable(text()),
        "currency": text(),
        "total_rows": count(),
        "limit": count(),
        "offset": count(),
        "as_of": instant(),
        "warnings": texts(),
    }));
    let report = whole(json!({
        "name": text(),
        "section": text(),
        "description": text(),
        "period": nullable(text()),
        "interval": nullable(text()),
        "dimensions": texts(),
        "metrics": texts(),
        "filters": {
            "type": "array",
            "nullable": true,
            "description": "The report's own filter.",
            "items": {},
        },
        "order_by": texts(),
    }));
    vec![
        pair(
            "Filter",
            json!({
                "type": "array",
                "description": "An operator with what it applies to: [\"is\", \"country\", [\"FR\"]], \
                    [\"and\", filter, filter], [\"not\", filter].",
                "minItems": 1,
                "items": {},
            }),
        ),
        pair(
            "Question",
            with(parts(question_properties()), "additionalProperties", false),
        ),
        pair("Figures", parts(metric_properties().into())),
        pair("Row", {
            let mut properties = dimension_properties();
            properties.extend(metric_properties());
            properties.insert("previous".into(), reference("Figures"));
            properties.insert("change".into(), reference("Changes"));
            parts(properties.into())
        }),
        pair("Totals", {
            let mut properties = metric_properties();
            properties.insert("previous".into(), reference("Figures"));
            properties.insert("change".into(), reference("Changes"));
            nullable(parts(properties.into()))
        }),
        pair(
            "Changes",
            json!({
                "type": "object",
                "description": "Relative change of each metric: (now − then) / then.",
                "additionalProperties": {"type": "number", "nullable": true},
            }),
        ),
        pair(
            "StatisticsAnswer",
            json!({
                "type": "object",
                "required": ["data", "totals", "meta", "query"],
                "properties": {
                    "data": {"type": "array", "items": reference("Row")},
                    "totals": reference("Totals"),
                    "meta": meta,
                    "query": reference("Question"),
                },
            }),
        ),
        pair("Report", report),
        pair(
            "Metadata",
            whole(json!({
                "metrics": {"type": "array", "items": whole(json!({
                    "name": text(),
                    "type": words(&["number", "string"]),
                    "unit": words(&["count", "money", "rate", "seconds", "percent", "number"]),
                    "scope": text(),
                    "description": text(),
                    "needs_one_of": texts(),
                }))},
                "dimensions": {"type": "array", "items": whole(json!({
                    "name": text(),
                    "type": words(&["string", "integer", "time"]),
                    "scope": text(),
                    "description": text(),
                }))},
                "periods": texts(),
                "intervals": texts(),
                "include": texts(),
                "traffic": texts(),
                "formats": texts(),
            })),
        ),
        pair(
            "Batch",
            json!({
                "type": "object",
                "required": ["actions"],
                "properties": {
                    "account_id": text(),
                    "client_id": text(),
                    "actions": {
                        "type": "object",
                        "description": "Actions by names of the sender's choosing.",
                        "maxProperties": 50,
                        "additionalProperties": reference("Action"),
                    },
                },
            }),
        ),
        pair("Action", {
            let mut properties = question_properties();
            properties["query"] = reference("Question");
            properties["action"] = words(&["account_infos"]);
            parts(properties)
        }),
        pair(
            "BatchAnswer",
            whole(json!({
                "performed_actions": {
                    "type": "object",
                    "description": "For each action its answer, the account, or a problem.",
                    "additionalProperties": {"type": "object", "additionalProperties": {}},
                },
            })),
        ),
    ]
}

fn question_properties() -> Value {
    json!({
        "account_id": text(),
        "report": text(),
        "period": words(&PERIODS),
        "from": text(),
        "to": text(),
        "timezone": text(),
        "compare": text(),
        "compare_from": text(),
        "compare_to": text(),
        "interval": text(),
        "metrics": texts(),
        "dimensions": texts(),
        "filters": reference("Filter"),
        "segment": text(),
        "order_by": texts(),
        "limit": {"type": "integer", "minimum": 0, "maximum": MAX_LIMIT},
        "offset": {"type": "integer", "minimum": 0},
        "include": texts(),
        "traffic": words(&TRAFFICS),
        "format": text(),
    })
}

fn metric_properties() -> Map<String, Value> {
    METRICS
        .iter()
        .map(|metric| {
            let schema = match metric.unit {
                MetricUnit::Money => {
                    json!({"type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)?$", "nullable": true})
                }
                MetricUnit::Count => {
                    json!({"type": "integer", "format": "int64", "nullable": true})
                }
                _ => json!({"type": "number", "nullable": true}),
            };
            let description = format!(
                "{} ({}).",
                metric.description,
                operations::unit_name(metric.unit)
            );
            pair(metric.name, with(schema, "description", description))
        })
        .collect()
}

fn dimension_properties() -> Map<String, Value> {
    Breakdown::all()
        .into_iter()
        .map(|dimension| {
            let kind = match dimension.value_type() {
                DimensionType::Number => "integer",
                DimensionType::Text | DimensionType::Time => "string",
            };
            let description = format!("{}.", dimension.description());
            let schema = json!({"type": kind, "nullable": true, "description": description});
            (dimension.to_string(), schema)
        })
        .collect()
}

fn collecting() -> Vec<(String, Value)> {
    let reason = whole(json!({
        "reason": text(),
        "count": count(),
        "first_line": count(),
        "detail": text(),
    }));
    let kinds = [
        "pageview",
        "event",
        "engagement",
        "product",
        "purchase",
        "refund",
        "order_status",
        "visitor",
        "timing",
        "exception",
    ];
    vec![
        pair(
            "HitBatch",
            json!({
                "type": "object",
                "required": ["hits"],
                "properties": {
                    "hits": {"type": "array", "maxItems": 1000, "items": reference("Hit")},
                },
            }),
        ),
        pair(
            "Hit",
            json!({
                "type": "object",
                "description": "One thing that happened. Which further fields it may have depends on \
                    its type; unknown ones are left aside.",
                "required": ["type"],
                "properties": {
                    "type": words(&kinds),
                    "event_id": with(text(), "description", "Unique; the same id again is counted once."),
                    "timestamp": with(instant(), "description", "When it happened; now by default."),
                    "visitor_id": text(),
                    "user_id": text(),
                    "user_role": text(),
                    "ip": text(),
                    "user_agent": text(),
                    "language": text(),
                    "location": text(),
                    "referrer": text(),
                    "title": text(),
                },
                "additionalProperties": {},
            }),
        ),
        pair(
            "Receipt",
            whole(json!({
                "accepted": count(),
                "duplicates": count(),
                "rejected": {"type": "array", "items": whole(json!({
                    "index": with(count(), "description", "Place in the batch, from 0."),
                    "field": with(text(), "description", "The field at fault; empty for the hit as a whole."),
                    "error": text(),
                    "detail": text(),
                }))},
            })),
        ),
        pair(
            "Import",
            whole(json!({
                "id": {"type": "integer"},
                "format": words(&["ndjson", "combined"]),
                "state": words(&["running", "done", "failed", "undone"]),
                "created_at": instant(),
                "finished_at": nullable(instant()),
                "read": count(),
                "accepted": count(),
                "duplicates": count(),
                "rejected": count(),
                "skipped": with(count(), "description", "Lines that are no hits and no faults."),
                "progress": {"type": "number", "minimum": 0, "maximum": 1},
                "error": nullable(text()),
                "reasons": {"type": "array", "items": reason},
            })),
        ),
        pair(
            "ImportList",
            whole(json!({
                "data": {"type": "array", "items": reference("Import")},
                "meta": whole(json!({"total_rows": count(), "limit": count(), "offset": count()})),
            })),
        ),
    ]
}

pub(crate) fn account_example() -> Value {
    json!({
        "id": "00000003",
        "number": 3,
        "name": "A shop",
        "url": "https://shop.example.com/",
        "timezone": "Europe/Paris",
        "currency": "EUR",
        "language": "fr",
        "created_at": "2026-01-02T09:00:00Z",
        "first_hit_at": "2026-01-02T09:30:00Z",
        "last_hit_at": "2026-11-02T10:00:00Z",
        "plan": {
            "id": 4,
            "name": "Self-hosted",
            "trial": false,
            "start_date": "2026-01-02T09:00:00Z",
            "end_date": null,
        },
        "ecommerce": {"enabled": true, "level": "advanced"},
        "privacy": {"dropped_address_bytes": 1},
        "settings": {
            "visit_timeout_minutes": 30,
            "order_window_hours": 24,
            "kept_parameters": ["id"],
            "internal_hosts": ["pay.example.com"],
            "excluded_addresses": ["192.0.2.0/24"],
            "excluded_roles": ["editor"],
            "retention_months": 25,
        },
        "usage": {
            "hits_today": 1_500,
            "hits_this_month": 45_000,
            "visits_this_month": 9_000,
            "hits": 1_000_000,
            "visits": 200_000,
            "stored_bytes": 15_000_000,
        },
    })
}

pub(crate) fn answer_example() -> Value {
    json!({
        "data": [{
            "country": "FR",
            "visitors": 120,
            "visits": 150,
            "previous": {"visitors": 100, "visits": 140},
            "change": {"visitors": 0.2, "visits": 0.07142857142857142},
        }],
        "totals": {"visitors": 640, "visits": 900},
        "meta": {
            "account_id": "00000003",
            "report": "countries",
            "from": "2026-10-01T00:00:00+02:00",
            "to": "2026-10-31T00:00:00+01:00",
            "compare_from": "2026-09-01T00:00:00+02:00",
            "compare_to": "2026-10-01T00:00:00+02:00",
            "timezone": "Europe/Paris",
            "interval": null,
            "currency": "EUR",
            "total_rows": 31,
            "limit": 100,
            "offset": 0,
            "as_of": "2026-11-02T10:00:00.123Z",
            "warnings": [],
        },
        "query": {
            "from": "2026-10-01",
            "to": "2026-10-30",
            "timezone": "Europe/Paris",
            "compare": "previous_period",
            "metrics": ["visitors", "visits"],
            "dimensions": ["country"],
            "order_by": ["visitors:desc"],
            "limit": 100,
            "offset": 0,
        },
    })
}
