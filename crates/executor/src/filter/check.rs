//! Tests of single values.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use afsa_store::{StoreError, Test, Value};
use hashbrown::HashSet;
use regex::{Regex, RegexBuilder};

use crate::key::Meaning;

/// A test of the values of one dimension, each of which it looks at only once.
pub(crate) struct Check {
    kind: CheckKind,
    outcomes: Mutex<Arc<Vec<bool>>>,
}

enum CheckKind {
    Is {
        wanted: HashSet<String>,
        case_sensitive: bool,
    },
    Text {
        compare: fn(&str, &str) -> bool,
        wanted: Vec<String>,
        case_sensitive: bool,
    },
    Matches(Vec<Regex>),
    Number(Test),
    IsSet,
}

impl Check {
    /// # Errors
    /// If a regular expression doesn't compile.
    pub(crate) fn new(test: &Test, case_sensitive: bool) -> Result<Check, StoreError> {
        let text = |compare: fn(&str, &str) -> bool, wanted: &[Arc<str>]| CheckKind::Text {
            compare,
            wanted: wanted
                .iter()
                .map(|text| folded(text, case_sensitive).into_owned())
                .collect(),
            case_sensitive,
        };
        let kind = match test {
            Test::Is(wanted) => {
                let wanted = wanted.iter().map(|text| folded(text, case_sensitive));
                CheckKind::Is {
                    wanted: wanted.map(Cow::into_owned).collect(),
                    case_sensitive,
                }
            }
            Test::Contains(wanted) => text(|value, wanted| value.contains(wanted), wanted),
            Test::StartsWith(wanted) => text(|value, wanted| value.starts_with(wanted), wanted),
            Test::EndsWith(wanted) => text(|value, wanted| value.ends_with(wanted), wanted),
            Test::Matches(patterns) => {
                let compile = |pattern: &Arc<str>| {
                    RegexBuilder::new(pattern)
                        .case_insensitive(!case_sensitive)
                        .build()
                        .map_err(|error| StoreError::Internal(error.to_string()))
                };
                CheckKind::Matches(patterns.iter().map(compile).collect::<Result<_, _>>()?)
            }
            Test::IsSet => CheckKind::IsSet,
            numeric => CheckKind::Number(numeric.clone()),
        };
        Ok(Check {
            kind,
            outcomes: Mutex::default(),
        })
    }

    /// Whether the value of each code meets the test.
    pub(crate) fn outcomes(&self, meaning: &Meaning) -> Arc<Vec<bool>> {
        let mut outcomes = self.outcomes.lock().unwrap_or_else(PoisonError::into_inner);
        let known = outcomes.len() as u32;
        if known >= meaning.codes() {
            return outcomes.clone();
        }
        let outcomes = &mut *outcomes;
        if let CheckKind::Is {
            wanted,
            case_sensitive: true,
        } = &self.kind
        {
            // The few values that are wanted are looked up, instead of looking at all there are.
            let mut found = vec![false; meaning.codes() as usize];
            for text in wanted {
                let code = meaning.code(&Value::Text(text.as_str().into()));
                if let Some(outcome) = code.and_then(|code| found.get_mut(code as usize)) {
                    *outcome = true;
                }
            }
            *outcomes = Arc::new(found);
        } else {
            let values = meaning.values_from(known);
            Arc::make_mut(outcomes).extend(values.iter().map(|value| self.meets(value)));
        }
        outcomes.clone()
    }

    /// Null meets nothing; tests of text fail numbers, and tests of numbers text.
    pub(crate) fn meets(&self, value: &Value) -> bool {
        match (&self.kind, value) {
            (_, Value::Null) => false,
            (CheckKind::IsSet, _) => true,
            (
                CheckKind::Is {
                    wanted,
                    case_sensitive,
                },
                Value::Text(text),
            ) => wanted.contains(&*folded(text, *case_sensitive)),
            (
                CheckKind::Text {
                    compare,
                    wanted,
                    case_sensitive,
                },
                Value::Text(text),
            ) => {
                let text = folded(text, *case_sensitive);
                wanted.iter().any(|wanted| compare(&text, wanted))
            }
            (CheckKind::Matches(patterns), Value::Text(text)) => {
                patterns.iter().any(|pattern| pattern.is_match(text))
            }
            (CheckKind::Number(test), Value::Number(number)) => number_meets(test, *number),
            _ => false,
        }
    }
}

/// Where case doesn't matter, Unicode's lower case stands on both sides.
fn folded(text: &str, case_sensitive: bool) -> Cow<'_, str> {
    if case_sensitive {
        text.into()
    } else {
        text.to_lowercase().into()
    }
}

fn number_meets(test: &Test, number: i64) -> bool {
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
