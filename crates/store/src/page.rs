//! The first groups of an answer in an order, and groups of which the keys are known: what a page
//! of a table needs of an answer that may have a million groups.

use std::cmp::Ordering;
use std::collections::HashSet;

use crate::{Group, Groups, Value};

/// Which groups of an answer are wanted, and in which order. What is asked of numbers is the
/// asker's affair, so that rates, which are quotients of them, are compared by value.
pub struct Page<'a> {
    /// Whether a group of these numbers counts at all. Never if all of them are 0, as groups of
    /// nothing may be left out of an answer.
    pub keeps: &'a (dyn Fn(&[i128]) -> bool + Sync),
    /// Each term in turn. Groups that are equal by all of them stand by their keys, ascending.
    pub order: Vec<PageOrder<'a>>,
    /// How many groups come before the first that is wanted.
    pub offset: usize,
    pub limit: usize,
}

/// One criterion of the order of groups.
#[derive(Clone, Copy)]
pub enum PageOrder<'a> {
    /// By their numbers.
    Numbers(&'a (dyn Fn(&[i128], &[i128]) -> Ordering + Sync)),
    /// By the value of the dimension at this place among the question's; null is last either way.
    Dimension { place: usize, descending: bool },
}

/// Some groups of an answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Paged {
    /// In the order asked for.
    pub rows: Vec<Group>,
    /// How many groups there are before `offset` and `limit`.
    pub total: u64,
}

impl Page<'_> {
    /// The wanted ones of all groups of an answer.
    pub fn of(&self, mut rows: Vec<Group>) -> Paged {
        rows.retain(|row| (self.keeps)(&row.numbers));
        let total = rows.len() as u64;
        let end = self.offset.saturating_add(self.limit);
        let order = |left: &Group, right: &Group| self.compare(left, right);
        if end < rows.len() {
            // Of many rows only the first few are wanted in order.
            rows.select_nth_unstable_by(end, order);
            rows.truncate(end);
        }
        rows.sort_unstable_by(order);
        Paged {
            rows: rows.split_off(self.offset.min(rows.len())),
            total,
        }
    }

    /// No two groups of an answer are equal.
    fn compare(&self, left: &Group, right: &Group) -> Ordering {
        for term in &self.order {
            let ordering = match term {
                PageOrder::Numbers(compare) => compare(&left.numbers, &right.numbers),
                PageOrder::Dimension { place, descending } => {
                    match (left.key.get(*place), right.key.get(*place)) {
                        (Some(left), Some(right)) => in_direction(left, right, *descending),
                        _ => Ordering::Equal,
                    }
                }
            };
            if ordering != Ordering::Equal {
                return ordering;
            }
        }
        left.key.cmp(&right.key)
    }
}

/// The groups of these keys.
pub(crate) fn of_keys(groups: Groups, keys: &[Vec<Value>]) -> Groups {
    let keys: HashSet<&[Value]> = keys.iter().map(Vec::as_slice).collect();
    let mut rows = groups.rows;
    rows.retain(|row| keys.contains(row.key.as_slice()));
    Groups { rows }
}

/// Text by code points, as its bytes compare; null last in both directions.
pub fn in_direction(left: &Value, right: &Value, descending: bool) -> Ordering {
    match (left, right) {
        (Value::Null, _) | (_, Value::Null) => left.cmp(right),
        _ if descending => right.cmp(left),
        _ => left.cmp(right),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: Option<&str>, numbers: [i128; 2]) -> Group {
        Group {
            key: vec![name.map_or(Value::Null, |name| Value::Text(name.into()))],
            numbers: numbers.to_vec(),
        }
    }

    #[test]
    fn a_page_is_a_stretch_of_the_whole_order() {
        let rows = vec![
            row(Some("b"), [2, 0]),
            row(None, [2, 5]),
            row(Some("é"), [1, 5]),
            row(Some("a"), [2, 5]),
            row(Some("nothing"), [0, 0]),
            row(Some("c"), [7, 1]),
        ];
        let by_number = |at: usize| move |one: &[i128], other: &[i128]| other[at].cmp(&one[at]);
        let (first, second) = (by_number(0), by_number(1));
        let by_name = |descending| PageOrder::Dimension {
            place: 0,
            descending,
        };
        let keeps = |numbers: &[i128]| numbers.iter().any(|number| *number != 0);
        let check = |order: Vec<PageOrder>, expect: [Option<&str>; 5]| {
            for offset in 0..7 {
                for limit in 0..7 {
                    let page = Page {
                        keeps: &keeps,
                        order: order.clone(),
                        offset,
                        limit,
                    };
                    let found = page.of(rows.clone());
                    let names = expect.iter().skip(offset).take(limit);
                    let names: Vec<Value> =
                        names.map(|it| row(*it, [0; 2]).key.remove(0)).collect();
                    let found_names: Vec<Value> =
                        found.rows.iter().map(|row| row.key[0].clone()).collect();
                    assert_eq!(found_names, names, "{offset} {limit}");
                    assert_eq!(found.total, 5);
                }
            }
        };
        let (a, b, c, e) = (Some("a"), Some("b"), Some("c"), Some("é"));
        check(vec![PageOrder::Numbers(&first)], [c, a, b, None, e]);
        check(
            vec![PageOrder::Numbers(&second), PageOrder::Numbers(&first)],
            [a, None, e, c, b],
        );
        check(vec![by_name(false)], [a, b, c, e, None]);
        check(vec![by_name(true)], [e, c, b, a, None]);
        check(vec![], [a, b, c, e, None]);
    }
}
