//! Parameters of operations that choose what they tell of as questions do.

use serde_json::{Value, json};

use super::{account_id_in_query, stats};
use crate::answer::Format;
use crate::operation::Parameter;
use crate::schemas;

/// What a selection may say, without a comparison.
const FIELDS: [&str; 8] = [
    "period", "from", "to", "timezone", "filters", "segment", "include", "traffic",
];
const COMPARING: [&str; 3] = ["compare", "compare_from", "compare_to"];

/// The account, and what chooses.
pub(super) fn parameters(default_period: &'static str) -> Vec<Parameter> {
    let mut parameters = vec![account_id_in_query()];
    let named = stats::question_parameters().into_iter();
    for mut parameter in named.filter(|parameter| FIELDS.contains(&parameter.name)) {
        if parameter.name == "period" {
            parameter.schema["default"] = default_period.into();
            parameter.example = default_period.into();
        }
        if parameter.name == "include" {
            parameter.description = "today, for periods of days that would end with yesterday.";
            parameter.schema["items"] = schemas::words(&["today"]);
            parameter.example = json!(["today"]);
        }
        parameters.push(parameter);
    }
    parameters
}

/// What a selection may be compared with.
pub(super) fn comparing() -> Vec<Parameter> {
    let named = stats::question_parameters().into_iter();
    named
        .filter(|parameter| COMPARING.contains(&parameter.name))
        .collect()
}

/// The same as properties of a body.
pub(super) fn properties(default_period: &'static str) -> Value {
    let mut properties = json!({"account_id": schemas::account_id()});
    for name in FIELDS {
        properties[name] = schemas::question_property(name);
    }
    properties["period"]["default"] = default_period.into();
    properties["include"]["items"] = schemas::words(&["today"]);
    properties["traffic"]["default"] = "people".into();
    properties
}

pub(super) fn limit(most: i64) -> Parameter {
    Parameter::in_query(
        "limit",
        "How many to list.",
        json!({"type": "integer", "minimum": 1, "maximum": most, "default": 100}),
        100,
    )
}

pub(super) fn cursor() -> Parameter {
    Parameter::in_query(
        "cursor",
        "Where to go on: next_cursor of the page before, as it stands.",
        json!({"type": "string"}),
        "MTc5MzM2MjkwMDAwMC5BLzE",
    )
}

pub(super) fn format() -> Parameter {
    Parameter::in_query(
        "format",
        "How the answer is written, in place of what the header Accept says.",
        json!({"type": "string", "enum": Format::NAMES}),
        "json",
    )
}
