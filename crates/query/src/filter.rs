//! From filters as written to filters that a backend takes, and conditions on rows.

use std::sync::Arc;

use afsa_store::{Condition, ConditionScope, Dimension, Filter, Test};

use crate::catalogue::{Breakdown, Metric, dimension_names, metric_names};
use crate::fault::{Faults, QueryError, shortened};
use crate::fraction::{Figure, Fraction};
use crate::request::{FilterCondition, FilterNode, Scalar};

/// How deep filters may nest; a condition alone has depth 1.
pub const MAX_DEPTH: usize = 16;
/// How many conditions a filter may have.
pub const MAX_CONDITIONS: usize = 1_000;
/// How many values all conditions of a filter may list together.
pub const MAX_VALUES: usize = 10_000;
/// How long a value may be, in bytes.
pub const MAX_VALUE_LENGTH: usize = 2_048;
/// How many regular expressions a filter may have.
pub const MAX_EXPRESSIONS: usize = 100;
/// What one compiled regular expression may take, in bytes.
const MAX_EXPRESSION_SIZE: usize = 1 << 20;

const OPERATORS: [&str; 15] = [
    "is",
    "is_not",
    "contains",
    "contains_not",
    "starts_with",
    "ends_with",
    "matches",
    "matches_not",
    "gt",
    "ge",
    "lt",
    "le",
    "between",
    "is_set",
    "is_not_set",
];
const NUMBER_OPERATORS: [&str; 9] = [
    "is",
    "is_not",
    "gt",
    "ge",
    "lt",
    "le",
    "between",
    "is_set",
    "is_not_set",
];
const TEXT_OPERATORS: [&str; 10] = [
    "is",
    "is_not",
    "contains",
    "contains_not",
    "starts_with",
    "ends_with",
    "matches",
    "matches_not",
    "is_set",
    "is_not_set",
];

/// A condition on a metric: chooses rows of the answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Having {
    pub metric: &'static Metric,
    pub test: FigureTest,
    pub negated: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum FigureTest {
    Is(Vec<Fraction>),
    /// Ends included.
    Between(Option<Fraction>, Option<Fraction>),
    Above(Fraction),
    Below(Fraction),
    IsSet,
}

impl Having {
    /// A figure without value meets only the negations.
    pub fn holds(&self, figure: Figure) -> bool {
        let met = figure.is_some_and(|figure| match &self.test {
            FigureTest::Is(values) => values.contains(&figure),
            FigureTest::Between(least, most) => {
                least.is_none_or(|least| figure >= least) && most.is_none_or(|most| figure <= most)
            }
            FigureTest::Above(bound) => figure > *bound,
            FigureTest::Below(bound) => figure < *bound,
            FigureTest::IsSet => true,
        });
        met != self.negated
    }
}

/// Checks a filter that is stored for later: of visits or hits, without conditions on metrics.
pub fn check_filter(node: &FilterNode) -> Result<Filter, QueryError> {
    let mut faults = Faults::default();
    let mut checker = Checker::new(&mut faults);
    let filter = checker.visits_filter(node, Place::top("filters"));
    match filter {
        Some(filter) if faults.is_empty() => Ok(filter),
        _ => Err(QueryError::Faults(faults.into_vec())),
    }
}

/// Where in the request a filter stands.
#[derive(Clone)]
pub(crate) struct Place {
    parameter: &'static str,
    pointer: String,
    depth: usize,
}

impl Place {
    pub fn top(parameter: &'static str) -> Place {
        Place {
            parameter,
            pointer: format!("/{parameter}"),
            depth: 1,
        }
    }

    /// One level deeper than it is written, because it is put under an `and`.
    pub fn wrapped(parameter: &'static str) -> Place {
        Place {
            depth: 2,
            ..Place::top(parameter)
        }
    }

    fn inside(&self, index: usize) -> Place {
        Place {
            parameter: self.parameter,
            pointer: format!("{}/{index}", self.pointer),
            depth: self.depth + 1,
        }
    }

    fn at(&self, index: usize) -> String {
        format!("{}/{index}", self.pointer)
    }
}

/// Counts what the bounds count, over all filters of a request.
pub(crate) struct Checker<'a> {
    faults: &'a mut Faults,
    conditions: usize,
    values: usize,
    expressions: usize,
}

impl<'a> Checker<'a> {
    pub fn new(faults: &'a mut Faults) -> Checker<'a> {
        Checker {
            faults,
            conditions: 0,
            values: 0,
            expressions: 0,
        }
    }

    /// A filter that may have conditions on metrics at its top or under its topmost `and`.
    pub fn rows_filter(
        &mut self,
        node: &FilterNode,
        place: Place,
        having: &mut Vec<Having>,
    ) -> Vec<Filter> {
        let parts = match node {
            FilterNode::And(parts) => parts.as_slice(),
            single => std::slice::from_ref(single),
        };
        let is_list = matches!(node, FilterNode::And(_));
        if parts.is_empty() {
            self.nothing_joined(&place);
        }
        let mut filters = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            let place = if is_list {
                place.inside(index + 1)
            } else {
                place.clone()
            };
            match part {
                FilterNode::Condition(condition) if Metric::by_name(&condition.field).is_some() => {
                    having.extend(self.having(condition, &place));
                }
                part => filters.extend(self.visits_filter(part, place)),
            }
            if self.is_full() {
                break;
            }
        }
        filters
    }

    /// `None` where something is wrong, which is noted.
    pub fn visits_filter(&mut self, node: &FilterNode, place: Place) -> Option<Filter> {
        if place.depth > MAX_DEPTH {
            let detail = format!("filters nest to a depth of {MAX_DEPTH}, not deeper");
            self.faults
                .invalid(place.parameter, place.pointer, detail, Vec::new());
            return None;
        }
        match node {
            FilterNode::And(parts) => self.parts(parts, &place).map(Filter::And),
            FilterNode::Or(parts) => self.parts(parts, &place).map(Filter::Or),
            FilterNode::Not(part) => Some(negated(self.visits_filter(part, place.inside(1))?)),
            FilterNode::VisitorHas(part) => {
                let part = self.visits_filter(part, place.inside(1))?;
                Some(Filter::VisitorHas(Box::new(part)))
            }
            FilterNode::VisitorHasNot(part) => {
                let part = self.visits_filter(part, place.inside(1))?;
                Some(negated(Filter::VisitorHas(Box::new(part))))
            }
            FilterNode::Condition(condition) => {
                self.condition(condition, &place).map(Filter::Condition)
            }
        }
    }

    fn parts(&mut self, parts: &[FilterNode], place: &Place) -> Option<Vec<Filter>> {
        if parts.is_empty() {
            self.nothing_joined(place);
            return None;
        }
        let mut filters = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            filters.push(self.visits_filter(part, place.inside(index + 1)));
            if self.is_full() {
                break;
            }
        }
        filters.into_iter().collect()
    }

    fn nothing_joined(&mut self, place: &Place) {
        let detail = "`and` and `or` need at least one filter";
        self.faults
            .invalid(place.parameter, place.pointer.as_str(), detail, Vec::new());
    }

    fn condition(&mut self, condition: &FilterCondition, place: &Place) -> Option<Condition> {
        self.count(condition, place)?;
        let dimension = self.dimension(condition, place);
        let operator = self.operator(condition, dimension.map(Dimension::is_number), place);
        let scope = self.scope(condition, place);
        let (dimension, operator) = (dimension?, operator?);
        let test = match operator {
            "is_set" | "is_not_set" => self.no_values(condition, place).map(|()| Test::IsSet),
            _ if dimension.is_number() => self.number_test(operator, condition, place),
            _ => self.text_test(operator, condition, place),
        };
        Some(Condition {
            dimension,
            test: test?,
            negated: is_negation(operator),
            scope: scope?,
            case_sensitive: condition.case_sensitive.unwrap_or(true),
        })
    }

    fn having(&mut self, condition: &FilterCondition, place: &Place) -> Option<Having> {
        self.count(condition, place)?;
        let metric = Metric::by_name(&condition.field)?;
        let operator = self.operator(condition, Some(true), place);
        if condition.scope.is_some() || condition.case_sensitive.is_some() {
            let detail = "conditions on metrics choose rows: they have neither scope nor case";
            self.faults
                .invalid(place.parameter, place.at(3), detail, Vec::new());
        }
        let operator = operator?;
        if matches!(operator, "is_set" | "is_not_set") {
            self.no_values(condition, place)?;
            let negated = is_negation(operator);
            return Some(Having {
                metric,
                test: FigureTest::IsSet,
                negated,
            });
        }
        let numbers = self.numbers(condition, place)?;
        let exact: Vec<Fraction> = numbers.iter().copied().map(Fraction::from).collect();
        let test = match (operator, exact.as_slice()) {
            ("is" | "is_not", _) => FigureTest::Is(exact),
            ("between", [least, most]) => FigureTest::Between(Some(*least), Some(*most)),
            ("gt", [bound]) => FigureTest::Above(*bound),
            ("lt", [bound]) => FigureTest::Below(*bound),
            ("ge", [bound]) => FigureTest::Between(Some(*bound), None),
            ("le", [bound]) => FigureTest::Between(None, Some(*bound)),
            _ => return self.wrong_count(operator, place),
        };
        Some(Having {
            metric,
            test,
            negated: is_negation(operator),
        })
    }

    fn number_test(
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

    fn text_test(
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

    fn count(&mut self, condition: &FilterCondition, place: &Place) -> Option<()> {
        self.conditions += 1;
        if self.conditions > MAX_CONDITIONS {
            if self.conditions == MAX_CONDITIONS + 1 {
                let detail = format!("a request has at most {MAX_CONDITIONS} conditions");
                self.faults
                    .invalid(place.parameter, place.pointer.as_str(), detail, Vec::new());
            }
            return None;
        }
        self.values = self.values.saturating_add(condition.values.len());
        if self.values > MAX_VALUES {
            let detail = format!("the conditions of a request list at most {MAX_VALUES} values");
            self.faults
                .invalid(place.parameter, place.at(2), detail, Vec::new());
            return None;
        }
        Some(())
    }

    fn is_full(&self) -> bool {
        self.conditions > MAX_CONDITIONS || self.values > MAX_VALUES
    }

    fn dimension(&mut self, condition: &FilterCondition, place: &Place) -> Option<Dimension> {
        let pointer = place.at(1);
        match Breakdown::by_name(&condition.field) {
            Some(Breakdown::By(dimension)) => return Some(dimension),
            Some(_) => self.faults.no_reading(
                place.parameter,
                pointer,
                "time is chosen by `period` or by `from` and `to`; filters take the hour of the \
                 day and the day of the week",
                vec!["hour_of_day".to_owned(), "day_of_week".to_owned()],
            ),
            None if Metric::by_name(&condition.field).is_some() => self.faults.no_reading(
                place.parameter,
                pointer,
                format!(
                    "conditions on metrics, as on `{}`, choose rows of the answer: they stand at \
                     the top of a request's filter or under its topmost `and`",
                    condition.field
                ),
                filterable_names(),
            ),
            None => {
                let mut allowed = filterable_names();
                allowed.extend(metric_names());
                self.faults.unknown(
                    place.parameter,
                    pointer,
                    "dimension or metric",
                    &condition.field,
                    allowed,
                );
            }
        }
        None
    }

    /// `is_number` is `None` where the field is unknown.
    fn operator(
        &mut self,
        condition: &FilterCondition,
        is_number: Option<bool>,
        place: &Place,
    ) -> Option<&'static str> {
        let name = condition.operator.as_str();
        let fitting: &[&'static str] = match is_number {
            Some(true) => &NUMBER_OPERATORS,
            Some(false) => &TEXT_OPERATORS,
            None => &OPERATORS,
        };
        if let Some(operator) = fitting.iter().find(|operator| **operator == name) {
            return Some(operator);
        }
        let allowed = fitting
            .iter()
            .map(|operator| (*operator).to_owned())
            .collect();
        if OPERATORS.contains(&name) {
            let kind = if is_number == Some(true) {
                "numbers"
            } else {
                "text"
            };
            let detail = format!(
                "`{name}` doesn't fit `{}`, which is {kind}",
                condition.field
            );
            self.faults
                .invalid(place.parameter, place.at(0), detail, allowed);
        } else {
            self.faults
                .unknown(place.parameter, place.at(0), "operator", name, allowed);
        }
        None
    }

    fn scope(&mut self, condition: &FilterCondition, place: &Place) -> Option<ConditionScope> {
        match condition.scope.as_deref() {
            None | Some("visit") => Some(ConditionScope::Visit),
            Some("hit") => Some(ConditionScope::Hit),
            Some(other) => {
                let allowed = vec!["visit".to_owned(), "hit".to_owned()];
                let pointer = format!("{}/scope", place.at(3));
                self.faults
                    .unknown(place.parameter, pointer, "scope", other, allowed);
                None
            }
        }
    }

    fn no_values(&mut self, condition: &FilterCondition, place: &Place) -> Option<()> {
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

    fn numbers(&mut self, condition: &FilterCondition, place: &Place) -> Option<Vec<f64>> {
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

    fn wrong_count<T>(&mut self, operator: &str, place: &Place) -> Option<T> {
        let detail = match operator {
            "between" => "`between` takes two numbers".to_owned(),
            _ => format!("`{operator}` takes one number"),
        };
        self.faults
            .invalid(place.parameter, place.at(2), detail, Vec::new());
        None
    }
}

fn negated(filter: Filter) -> Filter {
    Filter::Not(Box::new(filter))
}

fn is_negation(operator: &str) -> bool {
    matches!(
        operator,
        "is_not" | "contains_not" | "matches_not" | "is_not_set"
    )
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

fn filterable_names() -> Vec<String> {
    let is_time_axis = |name: &String| name == "time" || name.starts_with("time:");
    dimension_names()
        .into_iter()
        .filter(|name| !is_time_axis(name))
        .collect()
}

/// Everything that is wrong with a filter, for tests of other modules too.
#[cfg(test)]
pub(crate) fn faults_of(node: &FilterNode) -> Vec<crate::Fault> {
    let mut faults = Faults::default();
    let mut having = Vec::new();
    Checker::new(&mut faults).rows_filter(node, Place::top("filters"), &mut having);
    faults.into_vec()
}

#[cfg(test)]
mod tests;
