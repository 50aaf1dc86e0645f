//! Questions and their answers.

use afsa_query::{
    Breakdown, Comparison, DimensionType, INCLUDES, Interval, MAX_DIMENSIONS, MAX_LIMIT,
    MAX_METRICS, METRICS, MetricUnit, PERIODS, REPORTS, TRAFFICS,
};
use serde_json::{Map, Value, json};

use super::{
    account_id, count, instant, nullable, offset, pair, parts, reference, sayings, sayings_with,
    text, texts, whole, with, words,
};
use crate::answer::Format;
use crate::{operations, question};

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
        pair("Question", sayings(question_properties())),
        pair(
            "MetricName",
            words(&METRICS.iter().map(|metric| metric.name).collect::<Vec<_>>()),
        ),
        pair("DimensionName", {
            let names: Vec<String> = Breakdown::all().iter().map(ToString::to_string).collect();
            json!({"type": "string", "enum": names})
        }),
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
            sayings_with(
                json!({
                    "account_id": {
                        "description": "The account, as text or number.",
                        "oneOf": [
                            account_id(),
                            {"type": "integer", "minimum": 1, "maximum": 99_999_999},
                        ],
                    },
                    "client_id": with(
                        text(),
                        "description",
                        "Beside a token the client that it was given to.",
                    ),
                    "client_api": text(),
                    "actions": {
                        "type": "object",
                        "description": "Actions by names of the sender's choosing.",
                        "maxProperties": 50,
                        "additionalProperties": reference("Action"),
                    },
                }),
                &["actions"],
            ),
        ),
        pair(
            "Action",
            json!({
                "description": "A report by its name with what a Question may say beside it, \
                    {\"query\": Question}, {\"action\": \"account_infos\"}, or {\"action\": \
                    \"orders\"} and so on with the operation's parameters; or that as JSON in \
                    base64url. What is wrong with an action is told in its place of the answer.",
                "example": {"report": "pages", "period": "7d", "limit": 10},
            }),
        ),
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
    let mut properties = json!({
        "account_id": account_id(),
        "report": words(&REPORTS.iter().map(|report| report.name).collect::<Vec<_>>()),
    });
    for name in question::FIELDS {
        properties[name] = question_property(name);
    }
    properties["format"] = words(&Format::NAMES);
    properties
}

/// What a part of a question may be, in a body; as a parameter it is the same, but for filters,
/// which are a text there.
pub(crate) fn question_property(name: &str) -> Value {
    match name {
        "period" => words(&PERIODS),
        "compare" => words(&Comparison::ALL.map(Comparison::name)),
        "interval" => words(&Interval::ALL.map(Interval::name)),
        "traffic" => words(&TRAFFICS),
        "metrics" => json!({
            "type": "array",
            "minItems": 1,
            "maxItems": MAX_METRICS,
            "items": reference("MetricName"),
        }),
        "dimensions" => json!({
            "type": "array",
            "maxItems": MAX_DIMENSIONS,
            "items": reference("DimensionName"),
        }),
        "filters" => reference("Filter"),
        "order_by" => texts(),
        "limit" => json!({"type": "integer", "minimum": 0, "maximum": MAX_LIMIT}),
        "offset" => offset(),
        "include" => json!({
            "type": "array",
            "items": words(&INCLUDES),
        }),
        // Days, instants, zones, segments.
        _ => text(),
    }
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
