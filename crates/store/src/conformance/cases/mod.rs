//! Cases with their numbers written down, a ruling of the definitions each.

mod costs;
mod filters;
mod goals;
mod identities;
mod joins;
mod orders;
mod products;
mod shops;
mod visits;

use std::sync::Arc;

use afsa_model::{AccountId, AccountSettings, MINUTE, TimeRange, Timestamp};

use super::compare::{self, Normal};
use super::draft::{Draft, MONDAY};
use super::{Backend, play};
use crate::{
    Arrival, Condition, ConditionScope, Dimension, Filter, Measure, Question, Store, Test, Value,
};

/// Asks everything of the backend; tells how many questions it answered rightly, or all that it
/// answered wrongly.
///
/// The hits of each case come once all together, and once one by one with maintenance and
/// reopening between.
pub fn check(backend: &mut dyn Backend) -> Result<usize, String> {
    let mut asked = 0;
    let mut wrong = String::new();
    for case in all() {
        for one_by_one in [false, true] {
            match case.play(backend, one_by_one) {
                Ok(questions) => asked += questions,
                Err(difference) => {
                    let way = if one_by_one { "one by one" } else { "at once" };
                    wrong.push_str(&format!("{} ({way}): {difference}\n", case.name));
                }
            }
        }
    }
    if wrong.is_empty() {
        Ok(asked)
    } else {
        Err(wrong)
    }
}

fn all() -> Vec<Case> {
    [
        visits::cases(),
        joins::cases(),
        filters::cases(),
        orders::cases(),
        costs::cases(),
        products::cases(),
        shops::cases(),
        goals::cases(),
        identities::cases(),
    ]
    .concat()
}

/// Some hits, and questions with their answers.
#[derive(Clone)]
struct Case {
    name: &'static str,
    settings: AccountSettings,
    arrivals: Vec<Arrival>,
    /// Come by imports, one after the other, before the others.
    imported: Vec<Vec<Arrival>>,
    asked: Vec<(Question, Normal)>,
}

fn case(name: &'static str, drafts: impl IntoIterator<Item = Draft>) -> Case {
    Case {
        name,
        settings: AccountSettings::default(),
        arrivals: drafts.into_iter().map(|draft| draft.0).collect(),
        imported: Vec::new(),
        asked: Vec::new(),
    }
}

impl Case {
    fn settings(mut self, change: impl FnOnce(&mut AccountSettings)) -> Case {
        change(&mut self.settings);
        self
    }

    fn imported(mut self, drafts: impl IntoIterator<Item = Draft>) -> Case {
        let arrivals = drafts.into_iter().map(|draft| draft.0).collect();
        self.imported.push(arrivals);
        self
    }

    /// Expects these groups. In a key `∅` is null and `#3` the number 3.
    fn expect(mut self, question: Question, groups: &[(&[&str], &[i128])]) -> Case {
        let value = |text: &&str| match text.strip_prefix('#').map(str::parse) {
            _ if *text == "∅" => Value::Null,
            Some(Ok(number)) => Value::Number(number),
            _ => Value::Text((*text).into()),
        };
        let group = |(key, numbers): &(&[&str], &[i128])| {
            (key.iter().map(value).collect(), numbers.to_vec())
        };
        let is_zero = |(_, numbers): &&(&[&str], &[i128])| numbers.iter().all(|n| *n == 0);
        let normal = groups
            .iter()
            .filter(|group| !is_zero(group))
            .map(group)
            .collect();
        self.asked.push((question, normal));
        self
    }

    fn play(&self, backend: &mut dyn Backend, one_by_one: bool) -> Result<usize, String> {
        let account = AccountId(7);
        let mut store = backend.fresh();
        store.configure(account, &self.settings);
        self.import(store.as_ref(), account)
            .map_err(|error| error.to_string())?;
        let batches: Vec<&[Arrival]> = if one_by_one {
            self.arrivals.chunks(1).collect()
        } else {
            vec![&self.arrivals]
        };
        for (number, batch) in batches.iter().enumerate() {
            play::submit(store.as_ref(), account, batch.to_vec())
                .map_err(|error| error.to_string())?;
            if one_by_one && number % 3 == 0 {
                store.maintain().map_err(|error| error.to_string())?;
            }
            if one_by_one && number % 4 == 1 {
                drop(store);
                store = backend.reopen().ok_or("the backend gave no store back")?;
                store.configure(account, &self.settings);
            }
        }
        let snapshot = store.snapshot(account).map_err(|error| error.to_string())?;
        for (question, expected) in &self.asked {
            let groups = snapshot
                .aggregate(question)
                .map_err(|error| error.to_string())?;
            let found = compare::normal(&groups, question)?;
            if let Some(difference) = compare::difference(expected, &found) {
                return Err(format!(
                    "{:?} by {:?}\n{difference}",
                    question.measures, question.dimensions
                ));
            }
        }
        Ok(self.asked.len())
    }

    fn import(&self, store: &dyn Store, account: AccountId) -> Result<(), crate::StoreError> {
        for (number, arrivals) in (1..).zip(&self.imported) {
            let mut session = store.begin_import(account, number)?;
            session.push(arrivals.clone())?;
            session.finish(&|_| {})?;
        }
        Ok(())
    }
}

/// Measures by dimensions, over all time.
fn ask(measures: &[Measure], dimensions: &[Dimension]) -> Question {
    Question {
        measures: measures.to_vec(),
        dimensions: dimensions.to_vec(),
        ..Question::default()
    }
}

impl Question {
    /// From a minute to another, counted from [`MONDAY`].
    fn within(self, from: i64, to: i64) -> Question {
        let range = TimeRange {
            from: minute(from),
            to: minute(to),
        };
        Question {
            range: range.into(),
            ..self
        }
    }

    fn only(self, filter: Filter) -> Question {
        Question {
            filter: Some(filter),
            ..self
        }
    }
}

fn minute(minute: i64) -> Timestamp {
    MONDAY.plus(minute * MINUTE)
}

/// The visit has one of these.
fn is(dimension: Dimension, values: &[&str]) -> Filter {
    Filter::Condition(Condition {
        dimension,
        test: Test::Is(values.iter().map(|value| Arc::from(*value)).collect()),
        negated: false,
        scope: ConditionScope::Visit,
        case_sensitive: true,
    })
}

/// The visit has none of these.
fn is_not(dimension: Dimension, values: &[&str]) -> Filter {
    changed(is(dimension, values), |condition| condition.negated = true)
}

/// The same with scope hit.
fn hit(filter: Filter) -> Filter {
    changed(filter, |condition| condition.scope = ConditionScope::Hit)
}

fn changed(filter: Filter, change: impl FnOnce(&mut Condition)) -> Filter {
    match filter {
        Filter::Condition(mut condition) => {
            change(&mut condition);
            Filter::Condition(condition)
        }
        other => other,
    }
}

/// So many of the unit of money or of a quantity.
const ONE: i128 = 1_000_000_000_000;
