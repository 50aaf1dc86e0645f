//! The order of rows.

use std::cmp::Ordering;

use crate::plan::{OrderBy, OrderTerm};

impl OrderTerm {
    /// Compares rows by their numbers; those without value come last, whichever the direction.
    pub(crate) fn compare_numbers(
        &self,
        left: &[i128],
        right: &[i128],
        whole: &[i128],
    ) -> Ordering {
        let OrderBy::Metric(_, operation) = &self.by else {
            return Ordering::Equal;
        };
        let figure = |numbers: &[i128]| operation.figure(numbers, whole);
        match (figure(left), figure(right)) {
            (Some(left), Some(right)) if self.descending => right.cmp(&left),
            (Some(left), Some(right)) => left.cmp(&right),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        }
    }
}
