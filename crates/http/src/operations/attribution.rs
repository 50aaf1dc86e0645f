//! Which visits orders and conversions are owed to.

use afsa_accounts::Scope;
use afsa_query::{
    Attributing, Attribution, Credit, GoalConversions, MAX_DIMENSIONS, Model, attribution, days,
};
use afsa_store::Dimension;
use axum::http::Method;
use axum::response::Response;
use futures_util::FutureExt;
use serde_json::{Map, Value, json};

use super::listed::Listed;
use super::{account_id_in_query, selecting};
use crate::answer::{Cell, Column, Format, Listing, key_to_json};
use crate::fields::{Fields, Place};
use crate::operation::{Answer, BodyRule, Call, Handler, Operation};
use crate::problem::{Problem, Word};
use crate::question::Subject;
use crate::schemas::{self, count, money, nullable, number, pair, text, texts, whole, with};
use crate::selected::{self, Telling};

/// How many rows an answer may have.
const MOST_ROWS: i64 = 10_000;
const DEFAULT_PERIOD: &str = "30d";
const DEFAULT_MODEL: Model = Model::LastNonDirect;
const LONGEST_LOOKBACK: i64 = 365;

pub(super) const ATTRIBUTION: Listed = Listed {
    name: "attribution",
    path: "/v1/stats/attribution",
    scope: Scope::StatsRead,
    find: list,
};

pub(super) fn operations() -> Vec<Operation> {
    vec![Operation {
        id: "postAttribution",
        method: Method::POST,
        path: ATTRIBUTION.path,
        tag: "Statistics",
        summary: "Share orders or conversions out among the visits before them",
        description: "Orders of the period, their revenue and net revenue, by dimensions of the \
            visits on the way to them. With `goal` it is the conversions of that goal and their \
            value. A model says how much of an order each visit is worth; several stand beside \
            each other. The parts add up exactly to `totals`, which are what any question says of \
            the same period and filters. Orders with no known visit stand in the row of nulls.",
        parameters: vec![account_id_in_query(), selecting::format()],
        body: BodyRule::Document {
            schema: schemas::reference("AttributionQuestion"),
            example: json!({
                "period": "30d",
                "models": ["first", "last_non_direct", "time_decay"],
                "dimensions": ["channel"],
                "lookback_days": 30,
            }),
            or_form: false,
        },
        answer: described_answer(),
        words: vec![Word::Unprocessable],
        handler: Handler::Question(ATTRIBUTION.scope, |call| answer(call).boxed()),
    }]
}

async fn answer(call: Call) -> Result<Response, Problem> {
    let server = call.server.clone();
    let answering = move || {
        let mut parameters = call.parameter_fields();
        parameters.given("account_id");
        let format = Listing::format(&mut parameters);
        let found = parameters.into_faults();
        let Value::Object(document) = call.document() else {
            let detail = "The body must be a JSON object.";
            return Err(Problem::new(Word::InvalidRequest, detail));
        };
        let mut fields = Fields::new(document, Place::Body(String::new()));
        fields.faults.extend(found);
        fields.text("account_id");
        let named = Listing::format(&mut fields);
        let format = named
            .or(format)
            .unwrap_or_else(|| Format::accepted(&call.headers));
        let subject = Subject::of(call.authorized.clone(), call.now)?;
        list(&subject, fields, format)?.response(format)
    };
    server.gate.run(&server.limits, answering).await
}

fn list(subject: &Subject, mut fields: Fields<'_>, format: Format) -> Result<Listing, Problem> {
    let (attributing, asked) = read(subject, &mut fields);
    let limit = selected::limit(&mut fields, MOST_ROWS);
    let selection = subject.select(fields, DEFAULT_PERIOD, false)?;
    let found = attribution(&selection, &attributing, &*subject.snapshot)?;

    let telling = Telling::of(&selection);
    let credits = |credits: &[Credit]| {
        let models = attributing.models.iter().zip(credits);
        models
            .map(|(model, credit)| {
                let told = Value::from(told(credit, &found, &attributing, &telling));
                (model.name().to_owned(), told)
            })
            .collect::<Map<String, Value>>()
    };
    let rows = found.rows.iter().take(limit).map(|row| {
        let keys = attributing.dimensions.iter().zip(&row.keys);
        let mut shown: Map<String, Value> = keys
            .map(|(dimension, key)| (dimension.to_string(), key_to_json(key)))
            .collect();
        shown.insert("models".into(), credits(&row.credits).into());
        if format != Format::Json {
            flatten(&mut shown);
        }
        shown
    });
    let rows: Vec<Map<String, Value>> = rows.collect();
    let mut meta = selected::meta(subject, &selection)?;
    meta.insert("total_rows".into(), found.rows.len().into());
    meta.insert("limit".into(), limit.into());
    let mut echo = selected::echo(&selection);
    echo.extend(asked);
    Ok(Listing {
        name: "attribution",
        columns: columns(&attributing),
        rows,
        beside: Map::from_iter([
            (
                "totals".to_owned(),
                told(&found.total, &found, &attributing, &telling).into(),
            ),
            ("meta".to_owned(), meta.into()),
            ("query".to_owned(), echo.into()),
        ]),
    })
}

/// A model's figures by the names of [`figures`].
fn told(
    credit: &Credit,
    found: &Attribution,
    attributing: &Attributing,
    telling: &Telling,
) -> Map<String, Value> {
    let has_value = |it: &GoalConversions| it.value.is_some();
    let told = |name: &str| match name {
        "revenue" => telling.money(credit.revenue),
        "net_revenue" => telling.money(credit.net_revenue),
        "value" if attributing.goal.as_ref().is_some_and(has_value) => {
            telling.money(credit.revenue)
        }
        "value" => Value::Null,
        "share" => selected::number(credit.share_in(&found.total)),
        _ => selected::number(credit.conversions()),
    };
    let figures = figures(attributing).iter();
    figures
        .map(|(name, _)| ((*name).to_owned(), told(name)))
        .collect()
}

/// What is told of orders, or of a goal.
fn figures(attributing: &Attributing) -> &'static [(&'static str, Cell)] {
    match attributing.goal {
        None => &[
            ("orders", Cell::Number),
            ("revenue", Cell::Money),
            ("net_revenue", Cell::Money),
            ("share", Cell::Number),
        ],
        Some(_) => &[
            ("conversions", Cell::Number),
            ("value", Cell::Money),
            ("share", Cell::Number),
        ],
    }
}

/// The figures of each model as columns of their own: `first_orders`.
fn flatten(row: &mut Map<String, Value>) {
    let Some(Value::Object(models)) = row.remove("models") else {
        return;
    };
    for (model, figures) in models {
        for (name, value) in figures.as_object().into_iter().flatten() {
            row.insert(format!("{model}_{name}"), value.clone());
        }
    }
}

fn columns(attributing: &Attributing) -> Vec<Column> {
    let dimensions = attributing.dimensions.iter();
    let mut columns: Vec<Column> = dimensions.map(|it| Column::of(*it)).collect();
    for model in &attributing.models {
        let figures = figures(attributing).iter();
        columns.extend(figures.map(|(name, cell)| Column::new(format!("{model}_{name}"), *cell)));
    }
    columns
}

/// What is asked, and the same with its defaults filled in, as a document says it.
fn read(subject: &Subject, fields: &mut Fields<'_>) -> (Attributing, Map<String, Value>) {
    let id = fields.integer("goal");
    let goal = id.and_then(|id| subject.goal(id));
    if let (Some(id), None) = (id, &goal) {
        fields.fault_of_meaning("goal", "unknown_value", format!("there is no goal {id}"));
    }
    let models = models(fields);
    let dimensions = dimensions(fields);
    let (lookback, told_lookback) = lookback(fields);
    let half_life = fields.integer("half_life_days").unwrap_or(7);
    if !(1..=LONGEST_LOOKBACK).contains(&half_life) {
        let detail = format!("half_life_days must lie between 1 and {LONGEST_LOOKBACK}");
        fields.fault("half_life_days", "out_of_range", detail, Vec::new());
    }
    let names = models.iter().map(|model| model.name());
    let asked = json!({
        "goal": id,
        "models": names.collect::<Vec<_>>(),
        "dimensions": dimensions.iter().map(Dimension::to_string).collect::<Vec<_>>(),
        "lookback_days": told_lookback,
        "half_life_days": half_life,
    });
    let attributing = Attributing {
        goal,
        models,
        dimensions,
        lookback,
        half_life: days(half_life),
    };
    match asked {
        Value::Object(asked) => (attributing, asked),
        _ => (attributing, Map::new()),
    }
}

fn models(fields: &mut Fields<'_>) -> Vec<Model> {
    let one = fields.text("model");
    let several = fields.texts("models");
    let (field, names) = match (one, several) {
        (Some(_), Some(_)) => {
            let detail = "model and models are two ways to say the same; send one";
            fields.fault_of_meaning("model", "invalid_value", detail);
            return vec![DEFAULT_MODEL];
        }
        (Some(one), None) => ("model", vec![one]),
        (None, Some(several)) => ("models", several),
        (None, None) => return vec![DEFAULT_MODEL],
    };
    let mut models = Vec::new();
    for name in names.iter().take(100) {
        match name.parse() {
            Ok(model) if !models.contains(&model) => models.push(model),
            Ok(_) => {}
            Err(()) => selected::unknown_word(fields, field, name, Model::NAMES),
        }
    }
    if names.is_empty() {
        let allowed = Model::NAMES.map(str::to_owned).to_vec();
        fields.fault(field, "invalid_value", "name at least one model", allowed);
    }
    models
}

fn dimensions(fields: &mut Fields<'_>) -> Vec<Dimension> {
    let Some(names) = fields.texts("dimensions") else {
        return vec![Dimension::Channel];
    };
    let mut dimensions = Vec::new();
    for name in names.iter().take(100) {
        match Attributing::dimension(name) {
            Some(dimension) if !dimensions.contains(&dimension) => dimensions.push(dimension),
            Some(_) => {
                let detail = format!("{name} may be named once");
                fields.fault_of_meaning("dimensions", "repeated", detail);
            }
            None => {
                let allowed = Attributing::dimension_names();
                selected::unknown_word(fields, "dimensions", name, allowed);
            }
        }
    }
    if !(1..=MAX_DIMENSIONS).contains(&names.len()) {
        let detail = format!("name between 1 and {MAX_DIMENSIONS} dimensions");
        fields.fault("dimensions", "out_of_range", detail, Vec::new());
    }
    dimensions
}

/// In milliseconds, and as it is echoed.
fn lookback(fields: &mut Fields<'_>) -> (Option<i64>, Value) {
    let is_all =
        matches!(fields.value("lookback_days"), Some(Value::String(text)) if text == "all");
    if is_all {
        return (None, "all".into());
    }
    let lookback = fields.integer("lookback_days").unwrap_or(90);
    if !(1..=LONGEST_LOOKBACK).contains(&lookback) {
        let detail = format!("lookback_days must lie between 1 and {LONGEST_LOOKBACK}, or be all");
        fields.fault("lookback_days", "out_of_range", detail, Vec::new());
    }
    (Some(days(lookback)), lookback.into())
}

pub(super) fn schemas() -> Vec<(String, Value)> {
    let mut properties = selecting::properties(DEFAULT_PERIOD);
    let others = json!({
        "goal": {
            "type": "integer",
            "description": "The id of a goal, whose conversions are shared out in place of orders.",
        },
        "model": schemas::words(&Model::NAMES),
        "models": {
            "type": "array",
            "minItems": 1,
            "items": schemas::words(&Model::NAMES),
        },
        "dimensions": {
            "type": "array",
            "description": "Of the visit; channel if none is named.",
            "minItems": 1,
            "maxItems": MAX_DIMENSIONS,
            "items": {"type": "string", "enum": Attributing::dimension_names()},
        },
        "lookback_days": {
            "description": "How long before an order a visit may have begun: 1 to 365, or all.",
            "oneOf": [
                {"type": "integer", "minimum": 1, "maximum": LONGEST_LOOKBACK},
                {"type": "string", "enum": ["all"]},
            ],
            "default": 90,
        },
        "half_life_days": {
            "type": "integer",
            "description": "Of time_decay.",
            "minimum": 1,
            "maximum": LONGEST_LOOKBACK,
            "default": 7,
        },
        "limit": {"type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": 100},
        "format": {"type": "string", "enum": Format::NAMES},
    });
    if let (Some(properties), Value::Object(others)) = (properties.as_object_mut(), others) {
        properties.extend(others);
    }
    let question = schemas::sayings(properties);
    let of_goals = |schema: Value| with(schema, "description", "Of a goal.");
    let of_orders = |schema: Value| with(schema, "description", "Of orders.");
    let credit = json!({
        "type": "object",
        "required": ["share"],
        "properties": {
            "orders": of_orders(number()),
            "revenue": of_orders(nullable(money())),
            "net_revenue": of_orders(nullable(money())),
            "conversions": of_goals(number()),
            "value": of_goals(nullable(money())),
            "share": with(nullable(number()), "description", "Of all rows."),
        },
    });
    let row = json!({
        "type": "object",
        "description": "The dimensions that were asked for, and the figures of each model.",
        "required": ["models"],
        "properties": {
            "models": {"type": "object", "additionalProperties": schemas::reference("Credit")},
        },
        "additionalProperties": {},
    });
    vec![
        pair("AttributionQuestion", question),
        pair("Credit", credit),
        pair("AttributionRow", row),
        pair(
            "AttributionAnswer",
            whole(json!({
                "data": {"type": "array", "items": schemas::reference("AttributionRow")},
                "totals": schemas::reference("Credit"),
                "meta": schemas::selection_meta(json!({
                    "total_rows": count(),
                    "limit": count(),
                })),
                "query": whole(json!({
                    "from": text(),
                    "to": text(),
                    "timezone": text(),
                    "goal": nullable(count()),
                    "models": texts(),
                    "dimensions": texts(),
                    "lookback_days": {},
                    "half_life_days": count(),
                })),
            })),
        ),
    ]
}

fn described_answer() -> Answer {
    let schema = schemas::reference("AttributionAnswer");
    let mut answer = Answer::json("The orders, shared out.", schema);
    answer.media.extend(schemas::table_media());
    answer
}
