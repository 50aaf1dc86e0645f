//! The checkout as a funnel.

use std::cmp::Reverse;
use std::collections::HashMap;

use afsa_accounts::Scope;
use afsa_query::Fraction;
use afsa_store::{CheckoutFunnel, CheckoutStep};
use axum::http::Method;
use futures_util::FutureExt;
use serde_json::{Map, Value, json};

use super::listed::Listed;
use super::selecting;
use crate::answer::{Cell, Column, Format, Listing};
use crate::fields::Fields;
use crate::operation::{Answer, BodyRule, Handler, Operation};
use crate::problem::{Problem, Word};
use crate::question::Subject;
use crate::schemas::{self, count, nullable, number, pair, text, whole, with};
use crate::selected;

const DEFAULT_PERIOD: &str = "30d";
/// Steps, and options of each, that an answer tells: numbers and texts are anybody's.
const MOST_TOLD: usize = 1_000;

/// What a table tells of a step; the options are a list.
const FIGURES: [(&str, Cell); 6] = [
    ("visits", Cell::Whole),
    ("entries", Cell::Whole),
    ("returns", Cell::Whole),
    ("continued", Cell::Whole),
    ("dropouts", Cell::Whole),
    ("dropout_rate", Cell::Number),
];

pub(super) const FUNNEL: Listed = Listed {
    name: "checkout",
    path: "/v1/stats/checkout",
    scope: Scope::StatsRead,
    find: list,
};

pub(super) fn operations() -> Vec<Operation> {
    let mut parameters = selecting::parameters(DEFAULT_PERIOD);
    parameters.extend(selecting::comparing());
    parameters.push(selecting::format());
    vec![Operation {
        id: "getCheckout",
        method: Method::GET,
        path: FUNNEL.path,
        tag: "Statistics",
        summary: "The checkout, step by step",
        description: "How far the visits that began in the period came in the checkout, where \
            they came in, came back and left, and which options they chose, those chosen most \
            first; up to a thousand steps and options. Who ordered until the \
            order window's end dropped out nowhere.",
        parameters,
        body: BodyRule::None,
        answer: described(),
        words: vec![Word::Unprocessable],
        handler: Handler::Question(FUNNEL.scope, |call| FUNNEL.answer(call).boxed()),
    }]
}

fn list(subject: &Subject, fields: Fields<'_>, format: Format) -> Result<Listing, Problem> {
    let selection = subject.select(fields, DEFAULT_PERIOD, true)?;
    let funnel = subject.snapshot.checkout(&selection.question)?;
    let compared = selection.comparison.as_ref();
    let previous = compared
        .map(|compared| subject.snapshot.checkout(&compared.question))
        .transpose()?;
    let named = subject
        .authorized
        .with_accounts(|accounts, account| accounts.checkout_steps(account))?;
    let labels: HashMap<i64, String> = named
        .into_iter()
        .map(|step| (step.number, step.label))
        .collect();
    let none = CheckoutStep::default();
    let rows = funnel.steps.iter().take(MOST_TOLD).map(|(number, step)| {
        let label = labels.get(&i64::from(*number)).cloned();
        let mut row = Map::from_iter([
            ("step".to_owned(), Value::from(*number)),
            ("label".to_owned(), label.into()),
        ]);
        row.extend(step_figures(step));
        let then = previous
            .as_ref()
            .map(|previous| step_figures(previous.steps.get(number).unwrap_or(&none)));
        match then {
            Some(then) if matches!(format, Format::Csv | Format::Parquet) => {
                let then = then.into_iter();
                row.extend(then.map(|(name, value)| (previous_name(&name), value)));
            }
            Some(then) => {
                row.insert("previous".into(), then.into());
            }
            None => {}
        }
        row
    });
    let rows = rows.collect();
    let mut totals = totals(&funnel);
    if let Some(previous) = &previous {
        totals.insert("previous".into(), self::totals(previous).into());
    }
    let mut meta = selected::meta(subject, &selection)?;
    meta.insert("total_rows".into(), funnel.steps.len().into());
    let zone = &selection.zone;
    for (name, end) in [
        ("compare_from", compared.map(|it| it.range.from)),
        ("compare_to", compared.map(|it| it.range.to)),
    ] {
        meta.insert(name.into(), end.map(|end| zone.format(end)).into());
    }
    let mut columns = Column::all(&[("step", Cell::Whole), ("label", Cell::Text)]);
    columns.extend(Column::all(&FIGURES));
    if previous.is_some() {
        let previous = FIGURES.map(|(name, cell)| Column::new(previous_name(name), cell));
        columns.extend(previous);
    }
    Ok(Listing {
        name: "checkout",
        columns,
        rows,
        beside: Map::from_iter([
            ("totals".to_owned(), totals.into()),
            ("meta".to_owned(), meta.into()),
            ("query".to_owned(), selected::echo(&selection).into()),
        ]),
    })
}

/// What a table calls a figure of the period that is compared with.
fn previous_name(figure: &str) -> String {
    format!("previous_{figure}")
}

fn step_figures(step: &CheckoutStep) -> Map<String, Value> {
    let mut options: Vec<_> = step.options.iter().collect();
    // Those of equal visits stay in the order of their texts.
    options.sort_by_key(|(_, visits)| Reverse(**visits));
    let options = options.into_iter().take(MOST_TOLD);
    let options = options.map(|(option, visits)| json!({"option": &**option, "visits": visits}));
    Map::from_iter([
        ("visits".to_owned(), step.visits.into()),
        ("entries".to_owned(), step.entries.into()),
        ("returns".to_owned(), step.returns.into()),
        (
            "continued".to_owned(),
            step.visits.saturating_sub(step.dropouts).into(),
        ),
        ("dropouts".to_owned(), step.dropouts.into()),
        ("dropout_rate".to_owned(), share(step.dropouts, step.visits)),
        ("options".to_owned(), options.collect()),
    ])
}

fn totals(funnel: &CheckoutFunnel) -> Map<String, Value> {
    Map::from_iter([
        ("visits".to_owned(), funnel.visits.into()),
        ("ordered".to_owned(), funnel.ordered.into()),
        (
            "completion_rate".to_owned(),
            share(funnel.ordered, funnel.visits),
        ),
    ])
}

fn share(part: u64, whole: u64) -> Value {
    selected::number(Fraction::new(part.into(), whole.into()))
}

pub(super) fn schemas() -> Vec<(String, Value)> {
    let rate = || with(nullable(number()), "description", "A fraction of 1.");
    let figures = json!({
        "visits": with(count(), "description", "Visits that came to the step."),
        "entries": with(count(), "description", "Visits whose first step it was."),
        "returns": with(count(), "description", "How often visits came back from another step."),
        "continued": with(count(), "description", "Visits that went on or ordered."),
        "dropouts": with(
            count(),
            "description",
            "Visits whose last step it was and whose visitor didn't order.",
        ),
        "dropout_rate": rate(),
        "options": {"type": "array", "items": whole(json!({"option": text(), "visits": count()}))},
    });
    let mut step = whole(figures.clone());
    step["properties"]["step"] = count();
    step["properties"]["label"] = with(
        nullable(text()),
        "description",
        "The account's name for it.",
    );
    step["properties"]["previous"] = schemas::reference("CheckoutFigures");
    let totals = json!({"visits": count(), "ordered": count(), "completion_rate": rate()});
    let mut compared = whole(totals.clone());
    compared["properties"]["previous"] = whole(totals);
    vec![
        pair("CheckoutFigures", whole(figures)),
        pair("CheckoutFunnelStep", step),
        pair(
            "CheckoutAnswer",
            whole(json!({
                "data": {"type": "array", "items": schemas::reference("CheckoutFunnelStep")},
                "totals": compared,
                "meta": schemas::selection_meta(json!({
                    "total_rows": count(),
                    "compare_from": nullable(schemas::instant()),
                    "compare_to": nullable(schemas::instant()),
                })),
                "query": schemas::open(),
            })),
        ),
    ]
}

fn described() -> Answer {
    let schema = schemas::reference("CheckoutAnswer");
    let mut answer = Answer::json("The steps, by number.", schema);
    answer.media.extend(schemas::table_media());
    answer
}
