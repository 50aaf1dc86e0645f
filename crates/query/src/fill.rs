//! Rows for stretches of time in which nothing was.

use std::collections::HashSet;

use afsa_store::{Group, Value};

use crate::catalogue::Breakdown;
use crate::fault::{MAX_FILLED_ROWS, QueryError};
use crate::plan::Plan;
use afsa_store::Dimension;

/// Adds a row of zeros for every bucket, hour of the day and day of the week that is not there yet,
/// beside each combination of the other dimensions that is.
pub(crate) fn fill(plan: &Plan, rows: &mut Vec<Group>) -> Result<(), QueryError> {
    let choices = choices(plan);
    if choices.iter().all(Option::is_none) {
        return Ok(());
    }
    let zeros = vec![0; plan.questions.rows.measures.len()];
    // What stands in the other dimensions, with null where time will stand.
    let mut patterns: Vec<Vec<Value>> = Vec::new();
    let mut seen = HashSet::new();
    for row in rows.iter() {
        let pattern: Vec<Value> = row
            .key
            .iter()
            .zip(&choices)
            .map(|(value, choice)| {
                if choice.is_some() {
                    Value::Null
                } else {
                    value.clone()
                }
            })
            .collect();
        if seen.insert(pattern.clone()) {
            patterns.push(pattern);
        }
    }
    if patterns.is_empty() && choices.iter().all(Option::is_some) {
        patterns.push(vec![Value::Null; choices.len()]);
    }
    let count = choices
        .iter()
        .flatten()
        .fold(patterns.len() as u128, |count, (from, to)| {
            count * (to - from).max(0) as u128
        });
    if count > MAX_FILLED_ROWS {
        return Err(QueryError::TooManyRows(count));
    }
    for (index, choice) in choices.iter().enumerate() {
        let Some((from, to)) = *choice else { continue };
        let filled = patterns.iter().flat_map(|pattern| {
            (from..to).map(move |number| {
                let mut pattern = pattern.clone();
                if let Some(value) = pattern.get_mut(index) {
                    *value = Value::Number(number);
                }
                pattern
            })
        });
        patterns = filled.collect();
    }
    let present: HashSet<Vec<Value>> = rows.iter().map(|row| row.key.clone()).collect();
    let absent = patterns.into_iter().filter(|key| !present.contains(key));
    rows.extend(absent.map(|key| Group {
        key,
        numbers: zeros.clone(),
    }));
    Ok(())
}

/// For each dimension that can be filled, its numbers: from, and up to but without.
fn choices(plan: &Plan) -> Vec<Option<(i64, i64)>> {
    let mut axes = plan.axes.iter();
    plan.dimensions
        .iter()
        .map(|dimension| match dimension {
            Breakdown::Time | Breakdown::TimeIn(_) => axes
                .next()
                .map(|axis| (0, i64::try_from(axis.buckets.len()).unwrap_or(i64::MAX))),
            Breakdown::By(Dimension::HourOfDay) => Some((0, 24)),
            Breakdown::By(Dimension::DayOfWeek) => Some((1, 8)),
            Breakdown::By(_) => None,
        })
        .collect()
}
