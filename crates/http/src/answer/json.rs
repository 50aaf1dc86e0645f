//! Tables as JSON.

use afsa_query::{Answer, ColumnType, Figure, MetricUnit, Plan, Row};
use afsa_store::Value as Key;
use serde_json::{Map, Value, json};

use super::figure::{digits_of, to_json};
use crate::question::{Answered, Subject, echo};
use crate::reply;

/// The whole answer: rows, totals, what they are about, and the question as it was understood.
pub(crate) fn document(subject: &Subject, answered: &Answered, report: Option<&str>) -> Value {
    let Answered { plan, answer } = answered;
    let digits = digits_of(&plan.currency);
    let rows: Vec<Value> = answer
        .rows
        .iter()
        .map(|row| row_to_json(answer, row, digits))
        .collect();
    let totals = answer
        .totals
        .as_ref()
        .map(|row| row_to_json(answer, row, digits));
    json!({
        "data": rows,
        "totals": totals,
        "meta": meta(subject, plan, answer, report),
        "query": echo(&plan.request),
    })
}

/// One row a line, nothing else.
pub(crate) fn lines(answered: &Answered) -> String {
    let digits = digits_of(&answered.plan.currency);
    let mut lines = String::new();
    for row in &answered.answer.rows {
        lines.push_str(&row_to_json(&answered.answer, row, digits).to_string());
        lines.push('\n');
    }
    lines
}

fn meta(subject: &Subject, plan: &Plan, answer: &Answer, report: Option<&str>) -> Value {
    let zone = &plan.zone;
    json!({
        "account_id": subject.account.id.to_string(),
        "report": report,
        "from": zone.format(plan.range.from),
        "to": zone.format(plan.range.to),
        "compare_from": plan.comparison.map(|range| zone.format(range.from)),
        "compare_to": plan.comparison.map(|range| zone.format(range.to)),
        "timezone": zone.name(),
        "interval": plan.interval.map(|interval| interval.name()),
        "currency": &*plan.currency,
        "total_rows": answer.total_rows,
        "limit": plan.limit,
        "offset": plan.offset,
        "as_of": reply::instant(plan.now),
        "warnings": answer.warnings,
    })
}

fn row_to_json(answer: &Answer, row: &Row, digits: u32) -> Value {
    let mut object = Map::new();
    let is_row = !row.keys.is_empty();
    let mut keys = row.keys.iter();
    for column in &answer.columns {
        if matches!(column.column_type, ColumnType::Dimension(_)) && is_row {
            object.insert(
                column.name.clone(),
                keys.next().map_or(Value::Null, key_to_json),
            );
        }
    }
    insert_figures(&mut object, answer, &row.values, digits);
    if let Some(previous) = &row.previous {
        let mut then = Map::new();
        insert_figures(&mut then, answer, previous, digits);
        object.insert("previous".into(), then.into());
    }
    if let Some(change) = &row.change {
        let changes = metrics(answer)
            .zip(change)
            .map(|((name, _), figure)| (name.clone(), to_json(*figure, MetricUnit::Rate, 0)));
        object.insert("change".into(), changes.collect::<Map<_, _>>().into());
    }
    object.into()
}

fn insert_figures(
    object: &mut Map<String, Value>,
    answer: &Answer,
    figures: &[Figure],
    digits: u32,
) {
    for ((name, unit), figure) in metrics(answer).zip(figures) {
        object.insert(name.clone(), to_json(*figure, unit, digits));
    }
}

fn metrics(answer: &Answer) -> impl Iterator<Item = (&String, MetricUnit)> {
    answer
        .columns
        .iter()
        .filter_map(|column| match column.column_type {
            ColumnType::Metric(unit) => Some((&column.name, unit)),
            ColumnType::Dimension(_) => None,
        })
}

/// A value of a dimension.
pub(crate) fn key_to_json(key: &Key) -> Value {
    match key {
        Key::Text(text) => (&**text).into(),
        Key::Number(number) => (*number).into(),
        Key::Null => Value::Null,
    }
}
