//! Questions and their answers.

use afsa_query::{Breakdown, DimensionType, MAX_LIMIT, METRICS, MetricUnit, PERIODS, TRAFFICS};
use serde_json::{Map, Value, json};

use super::{count, instant, nullable, pair, parts, reference, text, texts, whole, with, words};
use crate::operations;

pub(super) fn schemas() -> Vec<(String, Value)> {
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
                    "unit": words(&["count", "money", "rate", "seconds", "days", "percent", "number"]),
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
                    "client_api": text(),
                    "context": {"description": "What the sender knows already; not read."},
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
