//! Filters as JSON: `["and", ["is", "country", ["FR", "BE"]], ["gt", "visits", 10]]`.

use afsa_query::{FilterCondition, FilterNode, Scalar};
use serde_json::{Map, Value, json};

use crate::document;
use crate::problem::{Fault, MOST_FAULTS};

/// No filter nests deeper; what is deeper is not looked at. `query` tells where its own, lower
/// bound is passed.
const DEEPEST: usize = 32;
/// Characters of a filter that comes as a text.
const LONGEST: usize = 1 << 20;

/// Reads a filter that was sent as JSON, or as a text that holds it. `pointer` says where it
/// stands. What it names and compares is checked by `query`, not here.
pub(crate) fn parse(value: &Value, pointer: &str) -> Result<FilterNode, Vec<Fault>> {
    let mut faults = Vec::new();
    let filter = match value {
        Value::String(text) if text.len() <= LONGEST => {
            let inner = document::parse(text.as_bytes(), pointer)?;
            node(&inner, pointer, 1, &mut faults)
        }
        other => node(other, pointer, 1, &mut faults),
    };
    match filter {
        Some(filter) if faults.is_empty() => Ok(filter),
        _ => Err(faults),
    }
}

/// The JSON that [`parse`] reads back to the same filter.
pub(crate) fn to_json(filter: &FilterNode) -> Value {
    let many = |word: &str, parts: &[FilterNode]| {
        std::iter::once(word.into())
            .chain(parts.iter().map(to_json))
            .collect()
    };
    match filter {
        FilterNode::And(parts) => many("and", parts),
        FilterNode::Or(parts) => many("or", parts),
        FilterNode::Not(part) => json!(["not", to_json(part)]),
        FilterNode::VisitorHas(part) => json!(["visitor_has", to_json(part)]),
        FilterNode::VisitorHasNot(part) => json!(["visitor_has_not", to_json(part)]),
        FilterNode::Condition(condition) => condition_to_json(condition),
    }
}

fn condition_to_json(condition: &FilterCondition) -> Value {
    let mut parts: Vec<Value> = vec![
        condition.operator.as_str().into(),
        condition.field.as_str().into(),
    ];
    let mut options = Map::new();
    if let Some(sensitive) = condition.case_sensitive {
        options.insert("case_sensitive".into(), sensitive.into());
    }
    if let Some(scope) = &condition.scope {
        options.insert("scope".into(), scope.as_str().into());
    }
    if !condition.values.is_empty() || !options.is_empty() {
        parts.push(condition.values.iter().map(scalar_to_json).collect());
    }
    if !options.is_empty() {
        parts.push(options.into());
    }
    parts.into()
}

fn scalar_to_json(scalar: &Scalar) -> Value {
    match scalar {
        Scalar::Null => Value::Null,
        Scalar::Boolean(truth) => (*truth).into(),
        // Whole numbers are written as such, so that they are read back without a point.
        Scalar::Number(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
            (*number as i64).into()
        }
        Scalar::Number(number) => (*number).into(),
        Scalar::Text(text) => text.as_str().into(),
    }
}

fn node(value: &Value, pointer: &str, depth: usize, faults: &mut Vec<Fault>) -> Option<FilterNode> {
    if depth > DEEPEST {
        return wrong(faults, pointer, "too_deep", "filters do not nest this deep");
    }
    let Some((Value::String(word), rest)) = value.as_array().and_then(|list| list.split_first())
    else {
        let detail =
            "a filter is a list that begins with an operator: [\"is\", \"country\", [\"FR\"]]";
        return wrong(faults, pointer, "wrong_type", detail);
    };
    let is_many = matches!(word.as_str(), "and" | "or");
    let is_single = matches!(word.as_str(), "not" | "visitor_has" | "visitor_has_not");
    if !is_many && !is_single {
        return condition(word, rest, pointer, faults);
    }
    if is_single && rest.len() != 1 {
        let detail = format!("{word} takes one filter");
        return wrong(faults, pointer, "wrong_type", &detail);
    }
    let read: Vec<Option<FilterNode>> = rest
        .iter()
        .enumerate()
        .map(|(index, part)| node(part, &format!("{pointer}/{}", index + 1), depth + 1, faults))
        .collect();
    let mut parts = read.into_iter().collect::<Option<Vec<FilterNode>>>()?;
    match word.as_str() {
        "and" => Some(FilterNode::And(parts)),
        "or" => Some(FilterNode::Or(parts)),
        "not" => parts.pop().map(|part| FilterNode::Not(Box::new(part))),
        "visitor_has" => parts
            .pop()
            .map(|part| FilterNode::VisitorHas(Box::new(part))),
        _ => parts
            .pop()
            .map(|part| FilterNode::VisitorHasNot(Box::new(part))),
    }
}

fn condition(
    operator: &str,
    rest: &[Value],
    pointer: &str,
    faults: &mut Vec<Fault>,
) -> Option<FilterNode> {
    let (field, values, options) = match rest {
        [field] => (field, None, None),
        [field, values] => (field, Some(values), None),
        [field, values, options] => (field, Some(values), Some(options)),
        _ => {
            let detail = "a condition is [operator, name, values, options]";
            return wrong(faults, pointer, "wrong_type", detail);
        }
    };
    let field = match field {
        Value::String(field) => field.clone(),
        _ => {
            let detail = "the second element names a dimension or metric";
            return wrong(faults, &format!("{pointer}/1"), "wrong_type", detail);
        }
    };
    let values = match values {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(list)) => list
            .iter()
            .enumerate()
            .map(|(index, value)| scalar(value, &format!("{pointer}/2/{index}"), faults))
            .collect::<Option<_>>()?,
        Some(single) => vec![scalar(single, &format!("{pointer}/2"), faults)?],
    };
    let mut condition = FilterCondition {
        operator: operator.to_owned(),
        field,
        values,
        ..FilterCondition::default()
    };
    if let Some(options) = options {
        read_options(options, &format!("{pointer}/3"), &mut condition, faults)?;
    }
    Some(FilterNode::Condition(condition))
}

fn read_options(
    options: &Value,
    pointer: &str,
    condition: &mut FilterCondition,
    faults: &mut Vec<Fault>,
) -> Option<()> {
    let Value::Object(options) = options else {
        return wrong(faults, pointer, "wrong_type", "options are an object");
    };
    for (name, value) in options {
        match (name.as_str(), value) {
            ("case_sensitive", Value::Bool(sensitive)) => {
                condition.case_sensitive = Some(*sensitive);
            }
            // Forms know texts alone.
            ("case_sensitive", Value::String(text)) if text == "true" || text == "1" => {
                condition.case_sensitive = Some(true);
            }
            ("case_sensitive", Value::String(text)) if text == "false" || text == "0" => {
                condition.case_sensitive = Some(false);
            }
            ("scope", Value::String(scope)) => condition.scope = Some(scope.clone()),
            _ => {
                let detail = "options are case_sensitive (true or false) and scope (visit or hit)";
                return wrong(faults, pointer, "unknown_parameter", detail);
            }
        }
    }
    Some(())
}

fn scalar(value: &Value, pointer: &str, faults: &mut Vec<Fault>) -> Option<Scalar> {
    match value {
        Value::Null => Some(Scalar::Null),
        Value::Bool(truth) => Some(Scalar::Boolean(*truth)),
        Value::Number(number) => number.as_f64().map(Scalar::Number),
        Value::String(text) => Some(Scalar::Text(text.clone())),
        Value::Array(_) | Value::Object(_) => {
            wrong(faults, pointer, "wrong_type", "values are texts or numbers")
        }
    }
}

fn wrong<T>(faults: &mut Vec<Fault>, pointer: &str, error: &str, detail: &str) -> Option<T> {
    if faults.len() >= MOST_FAULTS {
        return None;
    }
    faults.push(Fault {
        pointer: Some(pointer.to_owned()),
        error: error.into(),
        detail: detail.into(),
        ..Fault::default()
    });
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_the_same() {
        let check = |filter: Value| {
            let read = parse(&filter, "/filters").unwrap();
            assert_eq!(to_json(&read), filter);
            let text = Value::String(filter.to_string());
            assert_eq!(parse(&text, "/filters").unwrap(), read);
        };
        check(json!(["is", "country", ["FR", "BE"]]));
        check(json!(["is_set", "country"]));
        check(json!(["is", "visit_number", [1, 2.5, -3]]));
        check(json!(["is", "country", [null]]));
        check(json!(["contains", "page", ["/a"], {"case_sensitive": false, "scope": "hit"}]));
        check(json!([
            "and",
            ["or", ["not", ["is_set", "page"]]],
            ["visitor_has", ["is_set", "page"]]
        ]));
        check(json!(["visitor_has_not", ["is_not_set", "os"]]));
        check(json!(["nonsense", "nonsense", ["nonsense"]]));
        check(json!(["and"]));
    }

    #[test]
    fn a_value_alone_is_a_list_of_one() {
        let alone = parse(&json!(["gt", "visits", 10]), "/filters").unwrap();
        assert_eq!(
            alone,
            parse(&json!(["gt", "visits", [10]]), "/filters").unwrap()
        );
    }

    #[test]
    fn faults_tell_where_they_are() {
        let deep = (0..40).fold(json!(["is_set", "os"]), |inner, _| json!(["not", inner]));
        let check = |filter: Value, expect: &[&str]| {
            let faults = parse(&filter, "/filters").unwrap_err();
            let told: Vec<&str> = faults
                .iter()
                .map(|fault| fault.pointer.as_deref().unwrap_or("-"))
                .collect();
            assert_eq!(told, expect, "{filter}");
        };
        check(json!({}), &["/filters"]);
        check(json!([]), &["/filters"]);
        check(json!([1, 2]), &["/filters"]);
        check(json!("[1,"), &["/filters"]);
        check(json!(["is"]), &["/filters"]);
        check(json!(["is", 3]), &["/filters/1"]);
        check(json!(["is", "os", [[]]]), &["/filters/2/0"]);
        check(json!(["is", "os", [], {"scope": 1}]), &["/filters/3"]);
        check(json!(["is", "os", [], 1]), &["/filters/3"]);
        check(
            json!(["not", ["is_set", "os"], ["is_set", "os"]]),
            &["/filters"],
        );
        check(
            json!(["and", ["is", 3], [], ["is_set", "os"]]),
            &["/filters/1/1", "/filters/2"],
        );
        check(deep, &[&format!("/filters{}", "/1".repeat(32))]);
    }
}
