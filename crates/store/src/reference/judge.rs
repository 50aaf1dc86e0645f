//! What a filter leaves of visits and things.

use std::collections::BTreeSet;
use std::sync::Arc;

use afsa_model::VisitorKey;
use regex::{Regex, RegexBuilder};

use super::scene::{Scene, Sort, visitors};
use super::values;
use crate::{
    Condition, ConditionScope, Dimension, Filter, Goal, Kind, Question, StoreError, Test, Value,
};

/// A filter with its regular expressions compiled and its visitors found.
pub(super) enum Judge {
    All(Vec<Judge>),
    Any(Vec<Judge>),
    Not(Box<Judge>),
    Condition {
        dimension: Dimension,
        check: Check,
        negated: bool,
        scope: ConditionScope,
    },
    /// The visitors who have such a visit.
    VisitorIs(BTreeSet<VisitorKey>),
}

impl Judge {
    /// `scenes` are all those of the question's traffic, unfiltered: a visitor is looked for among
    /// his visits of that traffic. Inside, the other filter has its own scopes.
    pub fn new(
        filter: &Filter,
        question: &Question,
        scenes: &[Scene],
    ) -> Result<Judge, StoreError> {
        let all = |parts: &[Filter]| {
            parts
                .iter()
                .map(|part| Judge::new(part, question, scenes))
                .collect::<Result<_, _>>()
        };
        Ok(match filter {
            Filter::And(parts) => Judge::All(all(parts)?),
            Filter::Or(parts) => Judge::Any(all(parts)?),
            Filter::Not(part) => Judge::Not(Box::new(Judge::new(part, question, scenes)?)),
            Filter::Condition(condition) => Judge::Condition {
                dimension: condition.dimension,
                check: Check::new(condition)?,
                negated: condition.negated,
                scope: condition.scope,
            },
            Filter::VisitorHas(inner) => {
                let judge = Judge::new(inner, question, scenes)?;
                let judges_things = inner.judges_things();
                let has_begun = |scene: &&Scene| question.range.contains(scene.moment);
                let is_chosen =
                    |scene: &&Scene| judge.verdict(question, scene, judges_things).is_some();
                Judge::VisitorIs(visitors(scenes.iter().filter(has_begun).filter(is_chosen)))
            }
        })
    }

    /// Which of the scene's things are left; `None` where the scene itself is left out.
    ///
    /// Where things are judged, a scene in which none is left is left out, also one that had none
    /// to begin with.
    pub fn verdict(
        &self,
        question: &Question,
        scene: &Scene,
        judges_things: bool,
    ) -> Option<Vec<bool>> {
        if !judges_things {
            return self
                .holds(question, scene, None)
                .then(|| vec![true; scene.things.len()]);
        }
        let kept: Vec<bool> = (0..scene.things.len())
            .map(|index| self.holds(question, scene, Some(index)))
            .collect();
        kept.contains(&true).then_some(kept)
    }

    fn holds(&self, question: &Question, scene: &Scene, thing: Option<usize>) -> bool {
        match self {
            Judge::All(parts) => parts.iter().all(|part| part.holds(question, scene, thing)),
            Judge::Any(parts) => parts.iter().any(|part| part.holds(question, scene, thing)),
            Judge::Not(part) => !part.holds(question, scene, thing),
            Judge::VisitorIs(visitors) => visitors.contains(&scene.visitor),
            Judge::Condition {
                dimension,
                check,
                negated,
                scope,
            } => {
                let values = match (scope, thing) {
                    (ConditionScope::Hit, Some(index)) => {
                        values::of_thing(question, scene, index, *dimension)
                    }
                    _ => values::of_scene(question, scene, *dimension),
                };
                values.iter().any(|value| check.meets(value)) != *negated
            }
        }
    }
}

/// A test, ready to be made.
pub(super) enum Check {
    /// Lower-cased texts where case doesn't matter.
    Text {
        test: fn(&str, &str) -> bool,
        wanted: Vec<String>,
        case_sensitive: bool,
    },
    Matches(Vec<Regex>),
    Number(Test),
    IsSet,
}

impl Check {
    fn new(condition: &Condition) -> Result<Check, StoreError> {
        let case_sensitive = condition.case_sensitive;
        let text = |test: fn(&str, &str) -> bool, wanted: &[Arc<str>]| Check::Text {
            test,
            wanted: wanted
                .iter()
                .map(|text| folded(text, case_sensitive))
                .collect(),
            case_sensitive,
        };
        Ok(match &condition.test {
            Test::Is(wanted) => text(|value, wanted| value == wanted, wanted),
            Test::Contains(wanted) => text(|value, wanted| value.contains(wanted), wanted),
            Test::StartsWith(wanted) => text(|value, wanted| value.starts_with(wanted), wanted),
            Test::EndsWith(wanted) => text(|value, wanted| value.ends_with(wanted), wanted),
            Test::Matches(patterns) => Check::Matches(
                patterns
                    .iter()
                    .map(|pattern| {
                        RegexBuilder::new(pattern)
                            .case_insensitive(!case_sensitive)
                            .build()
                            .map_err(|error| StoreError::Internal(error.to_string()))
                    })
                    .collect::<Result<_, _>>()?,
            ),
            Test::IsSet => Check::IsSet,
            numeric => Check::Number(numeric.clone()),
        })
    }

    /// Tests of text fail numbers, and tests of numbers text.
    fn meets(&self, value: &Value) -> bool {
        match (self, value) {
            (_, Value::Null) => false,
            (Check::IsSet, _) => true,
            (
                Check::Text {
                    test,
                    wanted,
                    case_sensitive,
                },
                Value::Text(text),
            ) => {
                let value = folded(text, *case_sensitive);
                wanted.iter().any(|wanted| test(&value, wanted))
            }
            (Check::Matches(patterns), Value::Text(text)) => {
                patterns.iter().any(|pattern| pattern.is_match(text))
            }
            (Check::Number(test), Value::Number(number)) => meets_number(test, *number),
            _ => false,
        }
    }
}

/// Case that doesn't matter is taken away by Unicode's lower case, on both sides.
fn folded(text: &str, case_sensitive: bool) -> String {
    if case_sensitive {
        text.to_owned()
    } else {
        text.to_lowercase()
    }
}

fn meets_number(test: &Test, number: i64) -> bool {
    let value = number as f64;
    match test {
        Test::NumberIs(wanted) => wanted.contains(&number),
        Test::NumberBetween { least, most } => {
            least.is_none_or(|least| value >= least) && most.is_none_or(|most| value <= most)
        }
        Test::NumberBeyond { above, below } => {
            above.is_none_or(|above| value > above) && below.is_none_or(|below| value < below)
        }
        _ => false,
    }
}

/// Notes at every scene which of its things convert for which goal.
///
/// Converting is a property of the thing in its whole visit: it doesn't depend on what the
/// question's filter takes out, so that the conversions of a filter and its negation make the
/// whole. No goal is met inside of a goal's own filter. Cancelled orders don't convert.
pub(super) fn note_goals(scenes: &mut [Scene], question: &Question) -> Result<(), StoreError> {
    let mut converted: Vec<(usize, usize, usize)> = Vec::new();
    for (number, goal) in question.goals.iter().enumerate() {
        let judge = Judge::new(&with_hit_scope(&goal.filter), question, scenes)?;
        let sort = sort_that_converts(goal);
        for (place, scene) in scenes.iter().enumerate() {
            let matches = scene
                .things
                .iter()
                .enumerate()
                .filter(|(_, thing)| thing.sort() == sort && !thing.is_cancelled())
                .filter(|(index, _)| judge.holds(question, scene, Some(*index)))
                .map(|(index, _)| (place, index, number));
            let most = if goal.once_per_visit { 1 } else { usize::MAX };
            converted.extend(matches.take(most));
        }
    }
    for (place, index, number) in converted {
        if let Some(goals) = scenes
            .get_mut(place)
            .and_then(|scene| scene.goals.get_mut(index))
        {
            goals.push(number);
        }
    }
    Ok(())
}

/// Events if a condition names an `event_*`, orders if one names an order or a product, else page
/// views. What a visitor must have done besides doesn't decide it.
fn sort_that_converts(goal: &Goal) -> Sort {
    let mut kinds = Vec::new();
    add_kinds(&goal.filter, &mut kinds);
    if kinds.contains(&Kind::Event) {
        Sort::Event
    } else if kinds.contains(&Kind::Order) || kinds.contains(&Kind::ProductRow) {
        Sort::Order
    } else {
        Sort::PageView
    }
}

fn add_kinds(filter: &Filter, kinds: &mut Vec<Kind>) {
    match filter {
        Filter::And(parts) | Filter::Or(parts) => {
            parts.iter().for_each(|part| add_kinds(part, kinds));
        }
        Filter::Not(part) => add_kinds(part, kinds),
        Filter::Condition(condition) => kinds.push(condition.dimension.kind()),
        Filter::VisitorHas(_) => {}
    }
}

fn with_hit_scope(filter: &Filter) -> Filter {
    let all = |parts: &[Filter]| parts.iter().map(with_hit_scope).collect();
    match filter {
        Filter::And(parts) => Filter::And(all(parts)),
        Filter::Or(parts) => Filter::Or(all(parts)),
        Filter::Not(part) => Filter::Not(Box::new(with_hit_scope(part))),
        Filter::Condition(condition) => Filter::Condition(Condition {
            scope: ConditionScope::Hit,
            ..condition.clone()
        }),
        Filter::VisitorHas(_) => filter.clone(),
    }
}
