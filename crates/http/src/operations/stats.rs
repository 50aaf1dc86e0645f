//! Questions about what was collected.

use afsa_accounts::Scope;
use afsa_query::{
    Breakdown, DEFAULT_LIMIT, DEFAULT_PERIOD, DimensionType, INCLUDES, Interval, METRICS,
    MetricUnit, PERIODS, REPORTS, Report, TRAFFICS,
};
use axum::http::Method;
use axum::response::Response;
use futures_util::FutureExt;
use serde_json::{Value, json};

use super::account_id_in_query;
use crate::answer::{self, Format};
use crate::fields::{Fields, Place};
use crate::operation::{Answer, BodyRule, Call, Handler, Operation, Parameter, Received};
use crate::problem::{Problem, Word};
use crate::question::{self, Subject};
use crate::{filters, reply, schemas};

pub(crate) fn operations() -> Vec<Operation> {
    let base = |id, method, path, summary, description, handler| Operation {
        id,
        method,
        path,
        tag: "Statistics",
        summary,
        description,
        parameters: vec![account_id_in_query()],
        body: BodyRule::None,
        answer: table_answer(),
        words: Vec::new(),
        handler,
    };
    let asking = || {
        let mut parameters = vec![account_id_in_query()];
        parameters.extend(question_parameters());
        parameters.push(format_parameter());
        parameters
    };
    vec![
        Operation {
            answer: Answer::json("The named reports.", schemas::list_of("Report")),
            ..base(
                "listReports",
                Method::GET,
                "/v1/stats/reports",
                "List named reports",
                "Questions with defaults that have a name.",
                Handler::Account(Scope::StatsRead, |_| {
                    let data: Vec<Value> = REPORTS.iter().map(report_to_json).collect();
                    async move { Ok(reply::json(&json!({"data": data}))) }.boxed()
                }),
            )
        },
        Operation {
            answer: Answer::json(
                "Everything that can be asked for.",
                schemas::reference("Metadata"),
            ),
            ..base(
                "getMetadata",
                Method::GET,
                "/v1/stats/metadata",
                "Metrics and dimensions",
                "Every metric and dimension with its type and meaning. Any metric goes with any \
                 dimension; what a metric needs beside it is named.",
                Handler::Account(Scope::StatsRead, |_| {
                    async move { Ok(reply::json(&metadata())) }.boxed()
                }),
            )
        },
        Operation {
            parameters: {
                let names: Vec<&str> = REPORTS.iter().map(|report| report.name).collect();
                let mut parameters = vec![Parameter::in_path(
                    "report",
                    "The name of the report.",
                    json!({"type": "string", "enum": names}),
                    "countries",
                )];
                parameters.extend(asking());
                parameters
            },
            words: vec![Word::Unprocessable],
            ..base(
                "getReport",
                Method::GET,
                "/v1/stats/{report}",
                "A named report",
                "The report; each parameter replaces a default of it, and filters are added to its own.",
                Handler::Question(Scope::StatsRead, |call| report(call).boxed()),
            )
        },
        Operation {
            parameters: asking(),
            words: vec![Word::Unprocessable],
            ..base(
                "getQuery",
                Method::GET,
                "/v1/stats/query",
                "Any question, as parameters",
                "Metrics by dimensions of a period, filtered, compared, ordered and paged.",
                Handler::Question(Scope::StatsRead, |call| by_parameters(call).boxed()),
            )
        },
        Operation {
            parameters: vec![account_id_in_query(), format_parameter()],
            body: BodyRule::Document {
                schema: schemas::reference("Question"),
                example: question_example(),
                or_form: false,
            },
            words: vec![Word::Unprocessable],
            ..base(
                "postQuery",
                Method::POST,
                "/v1/stats/query",
                "Any question, as a document",
                "The same as with GET, for questions too long for an address.",
                Handler::Question(Scope::StatsRead, |call| by_document(call).boxed()),
            )
        },
    ]
}

async fn report(call: Call) -> Result<Response, Problem> {
    let name = call.path.get("report").cloned().unwrap_or_default();
    let Some(report) = Report::by_name(&name) else {
        return Err(unknown_report(&name));
    };
    answer_parameters(call, Some(report.name)).await
}

async fn by_parameters(call: Call) -> Result<Response, Problem> {
    answer_parameters(call, None).await
}

async fn answer_parameters(call: Call, report: Option<&'static str>) -> Result<Response, Problem> {
    let server = call.server.clone();
    let answering = move || {
        let mut fields = call.parameter_fields();
        fields.given("account_id");
        let format = fields.word("format", &Format::NAMES);
        let format = format.unwrap_or_else(|| Format::accepted(&call.headers));
        let subject = Subject::of(call.authorized.clone(), call.now)?;
        let answered = subject.answer(fields, report)?;
        answer::response(&subject, &answered, report, format)
    };
    server.gate.run(&server.limits, answering).await
}

async fn by_document(call: Call) -> Result<Response, Problem> {
    let server = call.server.clone();
    let answering = move || {
        let mut parameters = call.parameter_fields();
        parameters.given("account_id");
        let format: Option<Format> = parameters.word("format", &Format::NAMES);
        let found = parameters.into_faults();
        let Received::Document(Value::Object(document)) = &call.body else {
            return Err(Problem::new(
                Word::InvalidRequest,
                "The body must be a JSON object.",
            ));
        };
        let mut fields = Fields::new(document, Place::Body(String::new()));
        fields.faults.extend(found);
        fields.text("account_id");
        let named: Option<Format> = fields.word("format", &Format::NAMES);
        let name = fields.text("report");
        let format = named
            .or(format)
            .unwrap_or_else(|| Format::accepted(&call.headers));
        let subject = Subject::of(call.authorized.clone(), call.now)?;
        let answered = subject.answer(fields, name.as_deref())?;
        answer::response(&subject, &answered, answered.plan.report, format)
    };
    server.gate.run(&server.limits, answering).await
}

fn unknown_report(name: &str) -> Problem {
    let mut problem = Problem::new(
        Word::NotFound,
        format!(
            "There is no report {}; see /v1/stats/reports.",
            crate::fields::shown(name)
        ),
    );
    problem.faults.push(crate::problem::Fault {
        parameter: Some("report".into()),
        error: "unknown_value".into(),
        detail: problem.detail.clone(),
        allowed: REPORTS
            .iter()
            .map(|report| report.name.to_owned())
            .collect(),
        ..crate::problem::Fault::default()
    });
    problem
}

fn table_answer() -> Answer {
    let schema = schemas::reference("StatisticsAnswer");
    let mut answer = Answer::json("The table.", schema);
    answer.media.extend(schemas::table_media());
    answer
}

/// Every part of a question as a parameter, in the order of [`question::FIELDS`].
pub(super) fn question_parameters() -> Vec<Parameter> {
    question::FIELDS
        .into_iter()
        .map(question_parameter)
        .collect()
}

fn question_parameter(name: &'static str) -> Parameter {
    let (description, example): (&'static str, Value) = match name {
        "period" => (
            "A period by name; not beside from and to. Periods of days and months end with \
             yesterday, unless today is included.",
            "30d".into(),
        ),
        "from" => (
            "The first day, or an instant in RFC 3339.",
            "2026-10-01".into(),
        ),
        "to" => (
            "The last day (included), or an instant (excluded).",
            "2026-10-31".into(),
        ),
        "timezone" => (
            "An IANA zone in place of the account's.",
            "Europe/Paris".into(),
        ),
        "compare" => ("A period to compare with.", "previous_period".into()),
        "compare_from" => ("The first day of the comparison.", "2026-09-01".into()),
        "compare_to" => ("The last day of the comparison.", "2026-09-30".into()),
        "interval" => ("What the dimension time is told in.", "day".into()),
        "metrics" => (
            "Names of up to 20 metrics, separated by commas.",
            json!(["visitors", "visits"]),
        ),
        "dimensions" => (
            "Names of up to 4 dimensions, separated by commas.",
            json!(["country"]),
        ),
        "filters" => (
            "A filter as JSON, such as [\"is\",\"country\",[\"FR\",\"BE\"]].",
            "[\"is\",\"country\",[\"FR\",\"BE\"]]".into(),
        ),
        "segment" => (
            "The id of a stored segment, which is added to the filters.",
            "1".into(),
        ),
        "order_by" => (
            "Names with :asc or :desc, separated by commas; metrics descend and dimensions \
             ascend by default.",
            json!(["visitors:desc"]),
        ),
        "limit" => ("How many rows to answer.", 100.into()),
        "offset" => ("How many rows to leave out before.", 0.into()),
        "traffic" => (
            "Whose visits are asked for: people's, or those recorded apart: robots, monitors, \
             referrer spam, the account's own people.",
            "people".into(),
        ),
        _ => (
            "Words separated by commas: totals, total_rows, empty (also rows with nothing in \
             them), today (for periods of days).",
            json!(["totals", "total_rows"]),
        ),
    };
    let mut schema = match name {
        // JSON in an address is a text.
        "filters" => json!({"type": "string", "pattern": "^\\s*\\["}),
        _ => schemas::question_property(name),
    };
    let default = match name {
        "period" => DEFAULT_PERIOD.into(),
        "limit" => DEFAULT_LIMIT.into(),
        "offset" => 0.into(),
        "traffic" => "people".into(),
        _ => Value::Null,
    };
    if !default.is_null() {
        schema["default"] = default;
    }
    Parameter::in_query(name, description, schema, example)
}

fn format_parameter() -> Parameter {
    Parameter::in_query(
        "format",
        "How the answer is written, in place of what the header Accept says.",
        json!({"type": "string", "enum": Format::NAMES}),
        "json",
    )
}

fn question_example() -> Value {
    json!({
        "period": "30d",
        "metrics": ["visitors", "visits"],
        "dimensions": ["country"],
        "filters": ["is", "device", ["desktop"]],
        "order_by": ["visitors:desc"],
        "limit": 10,
        "include": ["totals", "total_rows"],
    })
}

fn report_to_json(report: &Report) -> Value {
    json!({
        "name": report.name,
        "section": format!("{:?}", report.section).to_lowercase(),
        "description": report.description,
        "period": report.period,
        "interval": report.interval,
        "dimensions": report.dimensions,
        "metrics": report.metrics,
        "filters": report.filter().map(|filter| filters::to_json(&filter)),
        "order_by": report.order_by,
    })
}

pub(crate) fn unit_name(unit: MetricUnit) -> &'static str {
    match unit {
        MetricUnit::Count => "count",
        MetricUnit::Money => "money",
        MetricUnit::Rate => "rate",
        MetricUnit::Seconds => "seconds",
        MetricUnit::Days => "days",
        MetricUnit::Percent => "percent",
        MetricUnit::Number => "number",
    }
}

fn metadata() -> Value {
    let metrics: Vec<Value> = METRICS
        .iter()
        .map(|metric| {
            json!({
                "name": metric.name,
                "type": if metric.unit == MetricUnit::Money { "string" } else { "number" },
                "unit": unit_name(metric.unit),
                "scope": format!("{:?}", metric.scope).to_lowercase(),
                "description": metric.description,
                "needs_one_of": metric.needs_beside(),
            })
        })
        .collect();
    let dimensions: Vec<Value> = Breakdown::all()
        .into_iter()
        .map(|dimension| {
            json!({
                "name": dimension.to_string(),
                "type": match dimension.value_type() {
                    DimensionType::Text => "string",
                    DimensionType::Number => "integer",
                    DimensionType::Time => "time",
                },
                "scope": format!("{:?}", dimension.scope()).to_lowercase(),
                "description": dimension.description(),
            })
        })
        .collect();
    json!({
        "metrics": metrics,
        "dimensions": dimensions,
        "periods": PERIODS,
        "intervals": Interval::ALL.map(Interval::name),
        "include": INCLUDES,
        "traffic": TRAFFICS,
        "formats": Format::NAMES,
    })
}
