//! What was counted, and what is told of it: all groups, the first in an order, or known ones.

use std::cmp::Ordering;

use afsa_model::Decimal;
use afsa_store::{Group, Groups, Measure, Page, PageOrder, Paged, Question, Value, in_direction};

use crate::key::Axes;
use crate::pass::Cells;

/// The cells of all shards, and how their keys and numbers are understood.
pub(crate) struct Told<'a> {
    pub(crate) question: &'a Question,
    /// Of the cells: those of the question, each once.
    pub(crate) measures: &'a [Measure],
    pub(crate) axes: &'a Axes,
    pub(crate) cells: &'a Cells,
}

/// A group by its key and its position among the cells.
type Place = (u128, usize);

/// Fewer groups than these aren't worth being cut down before they are sorted.
const FEW: usize = 1_024;

impl Told<'_> {
    pub(crate) fn groups(&self) -> Groups {
        let columns = self.columns();
        let rows = self.said().map(|place| self.group(place, &columns));
        Groups {
            rows: rows.collect(),
        }
    }

    /// Only the groups of the page are made; of all others no more than their numbers is looked at.
    pub(crate) fn page(&self, page: &Page) -> Paged {
        let columns = self.columns();
        let end = page.offset.saturating_add(page.limit);
        // Once there are twice as many as are wanted, the worse half goes, and whatever is worse
        // than the rest is let go at once.
        let room = end.saturating_mul(2).max(FEW);
        let mut ranking = Ranking {
            told: self,
            page,
            columns: &columns,
            left: vec![0; columns.len()],
            right: vec![0; columns.len()],
        };
        let mut best: Vec<Place> = Vec::new();
        let mut worst: Option<Place> = None;
        let mut total = 0;
        for place in self.said() {
            self.numbers(place.1, &columns, &mut ranking.left);
            if !(page.keeps)(&ranking.left) {
                continue;
            }
            total += 1;
            if worst.is_some_and(|worst| ranking.compare(place, worst) == Ordering::Greater) {
                continue;
            }
            best.push(place);
            if best.len() >= room {
                ranking.keep_first(&mut best, end);
                worst = best
                    .iter()
                    .copied()
                    .max_by(|one, other| ranking.compare(*one, *other));
            }
        }
        ranking.keep_first(&mut best, end);
        best.sort_unstable_by(|one, other| ranking.compare(*one, *other));
        let wanted = best.into_iter().skip(page.offset);
        Paged {
            rows: wanted.map(|place| self.group(place, &columns)).collect(),
            total,
        }
    }

    pub(crate) fn of_keys(&self, keys: &[Vec<Value>]) -> Groups {
        let columns = self.columns();
        let keys = keys.iter().filter_map(|key| self.axes.key_of(key));
        let mut places: Vec<Place> = keys
            .filter_map(|key| Some((key, self.cells.find(key)?)))
            .collect();
        places.sort_unstable();
        places.dedup();
        let said = places.into_iter().filter(|(_, group)| self.is_said(*group));
        Groups {
            rows: said.map(|place| self.group(place, &columns)).collect(),
        }
    }

    /// Where the question's measures are among the cells'.
    fn columns(&self) -> Vec<usize> {
        let position = |measure| self.measures.iter().position(|it| it == measure);
        self.question.measures.iter().filter_map(position).collect()
    }

    fn said(&self) -> Box<dyn Iterator<Item = Place> + '_> {
        match self.question.dimensions.as_slice() {
            // Without dimensions there is one group, also where nothing was counted.
            [] => Box::new(std::iter::once((0, 0)).filter(|_| self.cells.find(0).is_some())),
            _ => self.cells.groups_with_any(),
        }
    }

    fn is_said(&self, group: usize) -> bool {
        self.question.dimensions.is_empty() || self.cells.has_any(group)
    }

    fn numbers(&self, group: usize, columns: &[usize], numbers: &mut [i128]) {
        for (number, column) in numbers.iter_mut().zip(columns) {
            *number = in_unit(
                self.measures[*column],
                self.cells.numbers[*column].get(group),
            );
        }
    }

    fn group(&self, (key, group): Place, columns: &[usize]) -> Group {
        let mut numbers = vec![0; columns.len()];
        self.numbers(group, columns, &mut numbers);
        Group {
            key: self.axes.values(key),
            numbers,
        }
    }
}

/// Compares groups by what a page asks.
struct Ranking<'a> {
    told: &'a Told<'a>,
    page: &'a Page<'a>,
    columns: &'a [usize],
    left: Vec<i128>,
    right: Vec<i128>,
}

impl Ranking<'_> {
    fn compare(&mut self, left: Place, right: Place) -> Ordering {
        let Ranking { told, columns, .. } = *self;
        told.numbers(left.1, columns, &mut self.left);
        told.numbers(right.1, columns, &mut self.right);
        for term in &self.page.order {
            let ordering = match term {
                PageOrder::Numbers(compare) => compare(&self.left, &self.right),
                PageOrder::Dimension { place, descending } => {
                    self.by_dimension(*place, left, right, *descending)
                }
            };
            if ordering != Ordering::Equal {
                return ordering;
            }
        }
        let dimensions = 0..told.question.dimensions.len();
        let mut by_keys = dimensions.map(|place| self.by_dimension(place, left, right, false));
        by_keys
            .find(|ordering| *ordering != Ordering::Equal)
            .unwrap_or(Ordering::Equal)
    }

    fn by_dimension(&self, place: usize, left: Place, right: Place, descending: bool) -> Ordering {
        let compare = |one: &Value, other: &Value| in_direction(one, other, descending);
        self.told.axes.compare(place, left.0, right.0, compare)
    }

    /// Leaves the first few, in no order.
    fn keep_first(&mut self, places: &mut Vec<Place>, few: usize) {
        if few < places.len() {
            places.select_nth_unstable_by(few, |one, other| self.compare(*one, *other));
            places.truncate(few);
        }
    }
}

/// What visits cost and how much was sold are added up in millionths, as they are told.
fn in_unit(measure: Measure, number: i128) -> i128 {
    match measure {
        Measure::VisitCost | Measure::Units | Measure::RefundedUnits => {
            number.saturating_mul(i128::from(Decimal::SCALE))
        }
        _ => number,
    }
}
