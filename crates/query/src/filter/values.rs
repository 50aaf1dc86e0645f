//! What conditions compare with.

use std::sync::Arc;

use afsa_store::Test;

use super::{Checker, MAX_EXPRESSIONS, MAX_VALUE_LENGTH, Place};
use crate::fault::shortened;
use crate::request::{FilterCondition, Scalar};

/// What one compiled regular expression may take, in bytes.
const MAX_EXPRESSION_SIZE: usize = 1 << 18;

impl Checker<'_> {
    pub(super) fn number_test(
        &mut self,
        operator: &str,
        condition: &FilterCondition,
        place: &Place,
    ) -> Option<Test> {
        let numbers = self.numbers(condition, place)?;
        let between = |least, most| Some(Test::NumberBetween { least, most });
        let beyond = |above, below| Some(Test::NumberBeyond { above, below });
        match (operator, numbers.as_slice()) {
            ("is" | "is_not", _) => {
                let whole: Option<Vec<i64>> = numbers.iter().map(|number| whole(*number)).collect();
                if whole.is_none() {
                    let detail = format!("`{}` has whole numbers only", condition.field);
                    self.faults
                        .invalid(place.parameter, place.at(2), detail, Vec::new());
                }
                whole.map(Test::NumberIs)
            }
            ("between", [least, most]) => between(Some(*least), Some(*most)),
            ("ge", [bound]) => between(Some(*bound), None),
            ("le", [bound]) => between(None, Some(*bound)),
            ("gt", [bound]) => beyond(Some(*bound), None),
            ("lt", [bound]) => beyond(None, Some(*bound)),
            _ => self.wrong_count(operator, place),
        }
    }

    pub(super) fn text_test(
        &mut self,
        operator: &str,
        condition: &FilterCondition,
        place: &Place,
    ) -> Option<Test> {
        let texts = self.texts(condition, place)?;
        match operator {
            "is" | "is_not" => Some(Test::Is(texts)),
            "contains" | "contains_not" => Some(Test::Contains(texts)),
            "starts_with" => Some(Test::StartsWith(texts)),
            "ends_with" => Some(Test::EndsWith(texts)),
            _ => {
                let case_sensitive = condition.case_sensitive.unwrap_or(true);
                self.expressions(&texts, case_sensitive, place)?;
                Some(Test::Matches(texts))
            }
        }
    }

    fn expressions(
        &mut self,
        expressions: &[Arc<str>],
        case_sensitive: bool,
        place: &Place,
    ) -> Option<()> {
        let mut fine = true;
        for (index, expression) in expressions.iter().enumerate() {
            self.expressions += 1;
            if self.expressions > MAX_EXPRESSIONS {
                let detail = format!("a request has at most {MAX_EXPRESSIONS} regular expressions");
                self.faults
                    .invalid(place.parameter, place.at(2), detail, Vec::new());
                return None;
            }
            let compiled = regex::RegexBuilder::new(expression)
                .case_insensitive(!case_sensitive)
                .size_limit(MAX_EXPRESSION_SIZE)
                .nest_limit(50)
                .build();
            if let Err(error) = compiled {
                let reason = match error {
                    regex::Error::CompiledTooBig(_) => "it becomes too large".to_owned(),
                    // The last line says what is wrong, those before draw where.
                    other => other
                        .to_string()
                        .lines()
                        .last()
                        .unwrap_or_default()
                        .to_owned(),
                };
                let detail = format!(
                    "`{}` is no regular expression that can be used: {reason}",
                    shortened(expression)
                );
                let pointer = value_pointer(place, index, expressions.len());
                self.faults
                    .invalid(place.parameter, pointer, detail, Vec::new());
                fine = false;
            }
        }
        fine.then_some(())
    }

    pub(super) fn no_values(&mut self, condition: &FilterCondition, place: &Place) -> Option<()> {
        if condition.values.is_empty() {
            return Some(());
        }
        let detail = format!("`{}` takes no values", condition.operator);
        self.faults
            .invalid(place.parameter, place.at(2), detail, Vec::new());
        None
    }

    fn texts(&mut self, condition: &FilterCondition, place: &Place) -> Option<Vec<Arc<str>>> {
        self.each_value(condition, place, "a text", |value| match value {
            Scalar::Text(text) if !text.is_empty() && text.len() <= MAX_VALUE_LENGTH => {
                Some(text.as_str().into())
            }
            // Ids are often written as numbers.
            Scalar::Number(number) => whole(*number).map(|whole| whole.to_string().into()),
            _ => None,
        })
    }

    pub(super) fn numbers(
        &mut self,
        condition: &FilterCondition,
        place: &Place,
    ) -> Option<Vec<f64>> {
        self.each_value(condition, place, "a number", |value| match value {
            Scalar::Number(number) => number.is_finite().then_some(*number),
            // Forms have texts only.
            Scalar::Text(text) => text.parse().ok().filter(|number: &f64| number.is_finite()),
            _ => None,
        })
    }

    fn each_value<T>(
        &mut self,
        condition: &FilterCondition,
        place: &Place,
        expected: &str,
        read: impl Fn(&Scalar) -> Option<T>,
    ) -> Option<Vec<T>> {
        if condition.values.is_empty() {
            let detail = format!("`{}` needs {expected} to compare with", condition.operator);
            self.faults
                .invalid(place.parameter, place.at(2), detail, Vec::new());
            return None;
        }
        let values: Vec<Option<T>> = condition.values.iter().map(read).collect();
        for (index, value) in condition.values.iter().enumerate() {
            if values.get(index).is_some_and(Option::is_some) {
                continue;
            }
            let reason = match value {
                Scalar::Null => "null is found by `is_not_set`".to_owned(),
                Scalar::Text(text) if text.is_empty() => {
                    "empty text is null, which is found by `is_not_set`".to_owned()
                }
                Scalar::Text(text) if text.len() > MAX_VALUE_LENGTH => {
                    format!("values have at most {MAX_VALUE_LENGTH} bytes")
                }
                Scalar::Text(text) => format!("not `{}`", shortened(text)),
                Scalar::Number(number) => format!("not {number}"),
                Scalar::Boolean(boolean) => format!("not {boolean}"),
            };
            let detail = format!("`{}` takes {expected}: {reason}", condition.operator);
            let pointer = value_pointer(place, index, condition.values.len());
            self.faults
                .invalid(place.parameter, pointer, detail, Vec::new());
        }
        values.into_iter().collect()
    }

    pub(super) fn wrong_count<T>(&mut self, operator: &str, place: &Place) -> Option<T> {
        let detail = match operator {
            "between" => "`between` takes two numbers".to_owned(),
            _ => format!("`{operator}` takes one number"),
        };
        self.faults
            .invalid(place.parameter, place.at(2), detail, Vec::new());
        None
    }
}

/// A value that was sent alone has no place of its own.
fn value_pointer(place: &Place, index: usize, count: usize) -> String {
    if count == 1 {
        place.at(2)
    } else {
        format!("{}/{index}", place.at(2))
    }
}

/// Whole numbers that floating point tells apart.
fn whole(number: f64) -> Option<i64> {
    const LAST: f64 = 9_007_199_254_740_991.0;
    (number.fract() == 0.0 && number.abs() <= LAST).then_some(number as i64)
}
