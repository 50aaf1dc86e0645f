//! Single conditions.

use afsa_store::{Condition, ConditionScope, Dimension, Test};

use super::{Checker, FigureTest, Having, Place};
use crate::catalogue::{Breakdown, Metric, dimension_names, metric_names};
use crate::fraction::Fraction;
use crate::request::FilterCondition;

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

impl Checker<'_> {
    pub(super) fn condition(
        &mut self,
        condition: &FilterCondition,
        place: &Place,
    ) -> Option<Condition> {
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

    pub(super) fn having(&mut self, condition: &FilterCondition, place: &Place) -> Option<Having> {
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
}

fn is_negation(operator: &str) -> bool {
    matches!(
        operator,
        "is_not" | "contains_not" | "matches_not" | "is_not_set"
    )
}

fn filterable_names() -> Vec<String> {
    let is_time_axis = |name: &String| name == "time" || name.starts_with("time:");
    dimension_names()
        .into_iter()
        .filter(|name| !is_time_axis(name))
        .collect()
}
