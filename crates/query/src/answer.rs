//! From what a backend answers to a finished table.

use std::collections::HashMap;

use afsa_store::{
    Dimension, Group, Groups, Page, PageOrder, Paged, Question, Snapshot, StoreError, Value,
};

use crate::axis::Axis;
use crate::exchange;
use crate::fault::QueryError;
use crate::fill::fill;
use crate::fraction::{Figure, Fraction};
use crate::plan::{Column, OrderBy, Plan};

/// A finished table.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The dimensions, then the metrics.
    pub columns: Vec<Column>,
    pub rows: Vec<Row>,
    /// The whole under the filter, whatever rows are chosen of it; where asked for.
    pub totals: Option<Row>,
    /// How many rows there are before `limit` and `offset`.
    pub total_rows: u64,
    /// What the asker should know beside the figures.
    pub warnings: Vec<String>,
}

/// One row of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// One for each dimension; time as the text of its bucket. None for totals.
    pub keys: Vec<Value>,
    /// One for each metric, in the metric's unit.
    pub values: Vec<Figure>,
    /// The same of the comparison, where one is asked for.
    pub previous: Option<Vec<Figure>>,
    /// (now − then) / then, where a comparison is asked for.
    pub change: Option<Vec<Figure>>,
}

/// What a backend answered to each of the plan's questions.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// Those of the page in their order.
    pub rows: Groups,
    /// How many rows there are before `limit` and `offset`.
    pub total_rows: u64,
    pub totals: Option<Groups>,
    pub previous_rows: Option<Groups>,
    pub previous_totals: Option<Groups>,
}

/// Asks a snapshot everything that the plan needs, and finishes the table.
pub fn answer(plan: &Plan, snapshot: &dyn Snapshot) -> Result<Answer, QueryError> {
    let ask = |question: &Option<_>| -> Result<Option<Groups>, StoreError> {
        question
            .as_ref()
            .map(|question| snapshot.aggregate(question))
            .transpose()
    };
    let questions = &plan.questions;
    let totals = ask(&questions.totals)?;
    let Paged { rows, total } = plan.rows(snapshot, totals.as_ref())?;
    let keys: Vec<Vec<Value>> = rows.iter().map(|row| row.key.clone()).collect();
    let of_rows = |question: &Question| snapshot.of_keys(question, &keys);
    let answers = Answers {
        rows: Groups { rows },
        total_rows: total,
        totals,
        previous_rows: questions.previous_rows.as_ref().map(of_rows).transpose()?,
        previous_totals: ask(&questions.previous_totals)?,
    };
    let mut answer = plan.finish(answers)?;
    answer.warnings.extend(exchange::warnings(plan, snapshot)?);
    answer.warnings.extend(snapshot.warnings());
    Ok(answer)
}

impl Plan {
    /// The rows of the page, in order.
    fn rows(&self, snapshot: &dyn Snapshot, totals: Option<&Groups>) -> Result<Paged, QueryError> {
        let question = &self.questions.rows;
        let zeros = vec![0; question.measures.len()];
        if self.dimensions.is_empty() {
            let mut rows = snapshot.aggregate(question)?.rows;
            check_groups(question, &rows)?;
            if rows.is_empty() {
                let (key, numbers) = (Vec::new(), zeros.clone());
                rows.push(Group { key, numbers });
            }
            let whole = self.whole(totals, &rows, &zeros);
            return Ok(self.with_page(&whole, false, |page| page.of(rows)));
        }
        let whole = self.whole(totals, &[], &zeros);
        if !self.include.empty {
            return Ok(self.with_page(&whole, true, |page| snapshot.page(question, page))?);
        }
        let mut rows = snapshot.aggregate(question)?.rows;
        check_groups(question, &rows)?;
        rows.retain(|row| row.numbers.iter().any(|number| *number != 0));
        fill(self, &mut rows)?;
        Ok(self.with_page(&whole, false, |page| page.of(rows)))
    }

    /// Gives what a backend chooses rows by. Rows that say nothing are left out where
    /// `says_something`, and those that conditions on metrics don't choose.
    fn with_page<T>(
        &self,
        whole: &[i128],
        says_something: bool,
        take: impl FnOnce(&Page) -> T,
    ) -> T {
        let says = |numbers: &[i128]| {
            let figures = self.operations.iter().map(|it| it.figure(numbers, whole));
            figures.flatten().any(|figure| !figure.is_zero())
        };
        let is_chosen = |numbers: &[i128]| {
            self.having
                .iter()
                .all(|(operation, having)| having.holds(operation.figure(numbers, whole)))
        };
        let keeps = |numbers: &[i128]| (!says_something || says(numbers)) && is_chosen(numbers);
        let comparisons: Vec<_> = self
            .order
            .iter()
            .map(|term| {
                move |left: &[i128], right: &[i128]| term.compare_numbers(left, right, whole)
            })
            .collect();
        let terms = self.order.iter().zip(&comparisons);
        let order = terms.map(|(term, comparison)| match &term.by {
            OrderBy::Metric(..) => PageOrder::Numbers(comparison),
            OrderBy::Dimension(place) => PageOrder::Dimension {
                place: *place,
                descending: term.descending,
            },
        });
        take(&Page {
            keeps: &keeps,
            order: order.collect(),
            offset: self.offset,
            limit: self.limit,
        })
    }

    /// Makes the table of the answers to the plan's questions.
    pub fn finish(&self, answers: Answers) -> Result<Answer, QueryError> {
        self.check_shape(&answers)?;
        let page = answers.rows.rows;
        let zeros = vec![0; self.questions.rows.measures.len()];
        let whole = self.whole(answers.totals.as_ref(), &page, &zeros);

        let previous = answers.previous_rows.map(|groups| {
            let previous_whole = self.whole(answers.previous_totals.as_ref(), &groups.rows, &zeros);
            (self.previous_numbers(&page, groups, &zeros), previous_whole)
        });
        let totals = self.include.totals.then(|| {
            let then = previous
                .as_ref()
                .map(|(_, whole)| (whole.as_slice(), whole.as_slice()));
            self.row(Vec::new(), &whole, &whole, then)
        });
        let rows = page
            .iter()
            .enumerate()
            .map(|(index, group)| {
                let row = self.row(self.shown(&group.key), &group.numbers, &whole, None);
                match &previous {
                    None => row,
                    Some((numbers, previous_whole)) => {
                        let numbers = numbers.get(index).and_then(Option::as_deref);
                        self.compared(row, numbers.map(|numbers| (numbers, &previous_whole[..])))
                    }
                }
            })
            .collect();
        Ok(Answer {
            columns: self.columns(),
            rows,
            totals,
            total_rows: answers.total_rows,
            warnings: self.warnings.clone(),
        })
    }

    /// The numbers of the whole: what totals say, or the only row.
    fn whole(&self, totals: Option<&Groups>, rows: &[Group], zeros: &[i128]) -> Vec<i128> {
        let only = if self.dimensions.is_empty() {
            rows.first()
        } else {
            None
        };
        let whole = totals.and_then(|totals| totals.rows.first()).or(only);
        whole.map_or_else(|| zeros.to_vec(), |group| group.numbers.clone())
    }

    /// For each row of the page the numbers of the comparison under the same key, time by position.
    /// Nothing was where nothing is told; `None` where the comparison has no such stretch of time.
    fn previous_numbers(
        &self,
        page: &[Group],
        groups: Groups,
        zeros: &[i128],
    ) -> Vec<Option<Vec<i128>>> {
        let mut found: HashMap<&[Value], Option<Vec<i128>>> =
            page.iter().map(|row| (row.key.as_slice(), None)).collect();
        for group in groups.rows {
            if let Some(numbers) = found.get_mut(group.key.as_slice()) {
                *numbers = Some(group.numbers);
            }
        }
        page.iter()
            .map(|row| {
                if !self.is_in_comparison(&row.key) {
                    return None;
                }
                let numbers = found.get_mut(row.key.as_slice()).and_then(Option::take);
                Some(numbers.unwrap_or_else(|| zeros.to_vec()))
            })
            .collect()
    }

    fn is_in_comparison(&self, key: &[Value]) -> bool {
        let is_there = |(dimension, value): (&Dimension, &Value)| match (dimension, value) {
            (Dimension::Time(axis), Value::Number(bucket)) => {
                label(&self.comparison_axes, *axis, *bucket).is_some()
            }
            _ => true,
        };
        self.questions.rows.dimensions.iter().zip(key).all(is_there)
    }

    /// `then` is the numbers of the comparison and of its whole.
    fn row(
        &self,
        keys: Vec<Value>,
        numbers: &[i128],
        whole: &[i128],
        then: Option<(&[i128], &[i128])>,
    ) -> Row {
        let values = self.figures(numbers, whole);
        let row = Row {
            keys,
            values,
            previous: None,
            change: None,
        };
        if then.is_some() {
            self.compared(row, then)
        } else {
            row
        }
    }

    fn compared(&self, row: Row, then: Option<(&[i128], &[i128])>) -> Row {
        let previous = match then {
            Some((numbers, whole)) => self.figures(numbers, whole),
            None => vec![None; self.operations.len()],
        };
        let change = |(now, then): (&Figure, &Figure)| Fraction::change_from((*now)?, (*then)?);
        let change = row.values.iter().zip(&previous).map(change).collect();
        Row {
            previous: Some(previous),
            change: Some(change),
            ..row
        }
    }

    fn figures(&self, numbers: &[i128], whole: &[i128]) -> Vec<Figure> {
        self.operations
            .iter()
            .map(|operation| operation.figure(numbers, whole))
            .collect()
    }

    /// The key as it is shown: buckets by their labels.
    fn shown(&self, key: &[Value]) -> Vec<Value> {
        let shown = |(dimension, value): (&Dimension, &Value)| match (dimension, value) {
            (Dimension::Time(axis), Value::Number(bucket)) => label(&self.axes, *axis, *bucket)
                .map_or(Value::Null, |label| Value::Text(label.into())),
            _ => value.clone(),
        };
        self.questions
            .rows
            .dimensions
            .iter()
            .zip(key)
            .map(shown)
            .collect()
    }

    /// A backend that answers something else than was asked must not become wrong figures.
    fn check_shape(&self, answers: &Answers) -> Result<(), StoreError> {
        let pairs = [
            (Some(&self.questions.rows), Some(&answers.rows)),
            (self.questions.totals.as_ref(), answers.totals.as_ref()),
            (
                self.questions.previous_rows.as_ref(),
                answers.previous_rows.as_ref(),
            ),
            (
                self.questions.previous_totals.as_ref(),
                answers.previous_totals.as_ref(),
            ),
        ];
        for pair in pairs {
            match pair {
                (Some(question), Some(groups)) => check_groups(question, &groups.rows)?,
                (None, None) => {}
                _ => return Err(answers_something_else()),
            }
        }
        Ok(())
    }
}

fn check_groups(question: &Question, rows: &[Group]) -> Result<(), StoreError> {
    let fits = rows.iter().all(|group| {
        group.key.len() == question.dimensions.len()
            && group.numbers.len() == question.measures.len()
    });
    if fits {
        return Ok(());
    }
    Err(answers_something_else())
}

fn answers_something_else() -> StoreError {
    StoreError::Internal("the store answered something else than it was asked".to_owned())
}

/// The label of a bucket; `None` if the axis has no such.
fn label(axes: &[Axis], axis: u8, bucket: i64) -> Option<&str> {
    let buckets = &axes.get(usize::from(axis))?.buckets;
    buckets
        .get(usize::try_from(bucket).ok()?)
        .map(|bucket| bucket.label.as_str())
}

#[cfg(test)]
mod tests;
