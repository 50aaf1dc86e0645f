//! The order of rows.

use std::cmp::Ordering;

use afsa_store::{Group, Value};

use crate::plan::{OrderBy, OrderTerm};

/// Compares rows by each term in turn, then by their dimensions, so that no two are equal.
pub(crate) fn compare(
    left: &Group,
    right: &Group,
    terms: &[OrderTerm],
    whole: &[i128],
) -> Ordering {
    for term in terms {
        let ordering = match &term.by {
            OrderBy::Dimension(index) => {
                let (left, right) = (left.key.get(*index), right.key.get(*index));
                nothing_last(left.and_then(known), right.and_then(known), term.descending)
            }
            OrderBy::Metric(_, operation) => {
                let figure = |group: &Group| operation.figure(&group.numbers, whole);
                nothing_last(figure(left), figure(right), term.descending)
            }
        };
        if ordering != Ordering::Equal {
            return ordering;
        }
    }
    compare_keys(&left.key, &right.key)
}

fn compare_keys(left: &[Value], right: &[Value]) -> Ordering {
    let pairs = left.iter().zip(right);
    let ordering = |(left, right): (&Value, &Value)| nothing_last(known(left), known(right), false);
    pairs
        .map(ordering)
        .find(|ordering| *ordering != Ordering::Equal)
        .unwrap_or(Ordering::Equal)
}

/// Text compares by code points, as its bytes do.
fn known(value: &Value) -> Option<&Value> {
    (*value != Value::Null).then_some(value)
}

/// What has no value comes last, whichever the direction.
fn nothing_last<T: Ord>(left: Option<T>, right: Option<T>, descending: bool) -> Ordering {
    match (left, right) {
        (Some(left), Some(right)) if descending => right.cmp(&left),
        (Some(left), Some(right)) => left.cmp(&right),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}
