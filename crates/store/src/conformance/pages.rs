//! Whether two snapshots tell the same pages of an answer, and the same of known keys.

use std::cmp::Ordering;

use super::compare::{self, Normal};
use super::rng::Rng;
use crate::{Groups, Page, PageOrder, Question, Snapshot, StoreError, Value};

/// Fewer values than there are groups, so that many are equal and stand by their keys.
const COARSE: i128 = 3;

/// Asks both for pages in an order that `number` decides; tells the first difference.
pub(super) fn difference(
    right: &dyn Snapshot,
    tried: &dyn Snapshot,
    question: &Question,
    number: usize,
) -> Result<Option<String>, StoreError> {
    let mut rng = Rng::new(number as u64);
    let measure = rng.below(question.measures.len().max(1));
    let is_coarse = rng.percent(50);
    let figure = move |numbers: &[i128]| {
        let number = numbers.get(measure).copied().unwrap_or(0);
        if is_coarse {
            number.rem_euclid(COARSE)
        } else {
            number
        }
    };
    let ascending = |one: &[i128], other: &[i128]| figure(one).cmp(&figure(other));
    let descending = |one: &[i128], other: &[i128]| figure(other).cmp(&figure(one));
    let equal = |_: &[i128], _: &[i128]| Ordering::Equal;
    let mut order = Vec::new();
    for _ in 0..rng.below(3) {
        order.push(match rng.below(4) {
            0 => PageOrder::Numbers(&ascending),
            1 => PageOrder::Numbers(&descending),
            2 => PageOrder::Numbers(&equal),
            _ => PageOrder::Dimension {
                place: rng.below(question.dimensions.len().max(1)),
                descending: rng.percent(50),
            },
        });
    }
    let keeps_all = rng.percent(70);
    let keeps = move |numbers: &[i128]| {
        numbers.iter().any(|number| *number != 0) && (keeps_all || figure(numbers) != 0)
    };
    let page = Page {
        keeps: &keeps,
        order,
        offset: *rng.pick(&[0, 0, 0, 1, 5]),
        limit: *rng.pick(&[0, 1, 2, 3, 10, 1_000]),
    };
    let (expected, found) = (right.page(question, &page)?, tried.page(question, &page)?);
    if expected != found {
        return Ok(Some(format!(
            "rows {}.. of a page, at most {}, expected\n  {expected:?}\nfound\n  {found:?}",
            page.offset, page.limit
        )));
    }
    let mut keys: Vec<Vec<Value>> = expected.rows.into_iter().map(|row| row.key).collect();
    let mut other_range = question.clone();
    other_range.range = Default::default();
    // One that isn't there.
    keys.push(vec![
        Value::Text("no such value".into());
        question.dimensions.len()
    ]);
    let (expected, found) = (
        right.of_keys(&other_range, &keys)?,
        tried.of_keys(&other_range, &keys)?,
    );
    let difference = compare::difference(&something(expected), &something(found));
    Ok(difference.map(|difference| format!("of known keys:\n{difference}")))
}

/// By key, without groups of nothing but 0.
fn something(groups: Groups) -> Normal {
    let rows = groups.rows.into_iter();
    let told = rows.filter(|row| row.numbers.iter().any(|number| *number != 0));
    told.map(|row| (row.key, row.numbers)).collect()
}
