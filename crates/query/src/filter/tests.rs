use std::sync::Arc;

use afsa_store::Test;

use super::*;
use crate::fraction::Fraction;
use crate::request::Scalar;
use Scalar::{Number, Text};

fn condition(operator: &str, field: &str, values: &[Scalar]) -> FilterNode {
    FilterNode::Condition(FilterCondition {
        operator: operator.to_owned(),
        field: field.to_owned(),
        values: values.to_vec(),
        ..FilterCondition::default()
    })
}

fn text(value: &str) -> Scalar {
    Text(value.to_owned())
}

#[test]
fn operators_become_tests() {
    let check = |operator: &str, field: &str, values: &[Scalar], expect: Test, negated: bool| {
        let filter = check_filter(&condition(operator, field, values), "match").unwrap();
        let Filter::Condition(condition) = filter else {
            panic!("{filter:?}")
        };
        assert_eq!(condition.test, expect, "{operator} {field}");
        assert_eq!(condition.negated, negated, "{operator} {field}");
        assert_eq!(condition.dimension.to_string(), field);
        assert!(condition.case_sensitive);
    };
    let texts = |values: &[&str]| values.iter().map(|value| Arc::from(*value)).collect();
    let either = [text("FR"), text("BE")];
    check(
        "is",
        "country",
        &either,
        Test::Is(texts(&["FR", "BE"])),
        false,
    );
    check(
        "is_not",
        "country",
        &either,
        Test::Is(texts(&["FR", "BE"])),
        true,
    );
    check(
        "contains",
        "page",
        &[text("/a")],
        Test::Contains(texts(&["/a"])),
        false,
    );
    check(
        "contains_not",
        "page",
        &[text("/a")],
        Test::Contains(texts(&["/a"])),
        true,
    );
    check(
        "starts_with",
        "page",
        &[text("/a")],
        Test::StartsWith(texts(&["/a"])),
        false,
    );
    check(
        "ends_with",
        "page",
        &[text("/a")],
        Test::EndsWith(texts(&["/a"])),
        false,
    );
    check(
        "matches",
        "page",
        &[text("^/a+$")],
        Test::Matches(texts(&["^/a+$"])),
        false,
    );
    check(
        "matches_not",
        "page",
        &[text("a|b")],
        Test::Matches(texts(&["a|b"])),
        true,
    );
    check("is_set", "campaign", &[], Test::IsSet, false);
    check("is_not_set", "campaign", &[], Test::IsSet, true);
    check(
        "is",
        "user_id",
        &[Number(42.0)],
        Test::Is(texts(&["42"])),
        false,
    );
    check(
        "is",
        "visit_number",
        &[Number(1.0), text("2")],
        Test::NumberIs(vec![1, 2]),
        false,
    );
    check(
        "is_not",
        "hour_of_day",
        &[Number(0.0)],
        Test::NumberIs(vec![0]),
        true,
    );
    let between = |least, most| Test::NumberBetween { least, most };
    let beyond = |above, below| Test::NumberBeyond { above, below };
    let two_and_five = [Number(2.0), Number(5.0)];
    check(
        "between",
        "day_of_week",
        &two_and_five,
        between(Some(2.0), Some(5.0)),
        false,
    );
    check(
        "ge",
        "visit_number",
        &[Number(2.0)],
        between(Some(2.0), None),
        false,
    );
    check(
        "le",
        "visit_number",
        &[Number(2.0)],
        between(None, Some(2.0)),
        false,
    );
    check(
        "gt",
        "visit_number",
        &[Number(2.5)],
        beyond(Some(2.5), None),
        false,
    );
    check(
        "lt",
        "list_position",
        &[Number(2.0)],
        beyond(None, Some(2.0)),
        false,
    );
}

#[test]
fn faults_say_where_and_what_instead() {
    let check = |node: FilterNode, pointer: &str, detail: &str| {
        let faults = faults_of(&node);
        assert_eq!(faults.len(), 1, "{node:?} {faults:?}");
        assert_eq!(faults[0].pointer, pointer, "{node:?}");
        assert!(faults[0].detail.contains(detail), "{}", faults[0].detail);
    };
    let fine = || condition("is", "country", &[text("FR")]);
    check(
        condition("is", "contry", &[text("FR")]),
        "/filters/1",
        "did you mean `country`?",
    );
    check(
        condition("equals", "country", &[text("FR")]),
        "/filters/0",
        "no operator `equals`",
    );
    check(
        condition("gt", "country", &[Number(1.0)]),
        "/filters/0",
        "which is text",
    );
    check(
        condition("contains", "visit_number", &[text("1")]),
        "/filters/0",
        "which is numbers",
    );
    check(
        condition("is", "country", &[]),
        "/filters/2",
        "needs a text",
    );
    check(
        condition("is", "country", &[text("")]),
        "/filters/2",
        "`is_not_set`",
    );
    check(
        condition("is", "country", &[text("FR"), Scalar::Null]),
        "/filters/2/1",
        "null",
    );
    check(
        condition("is", "country", &[Scalar::Boolean(true)]),
        "/filters/2",
        "not true",
    );
    check(
        condition("is_set", "country", &[text("FR")]),
        "/filters/2",
        "takes no values",
    );
    check(
        condition("matches", "page", &[text("(")]),
        "/filters/2",
        "unclosed group",
    );
    check(
        condition("matches", "page", &[text(r"\w{9999}{99}")]),
        "/filters/2",
        "too large",
    );
    check(
        condition("is", "page", &[text(&"a".repeat(3_000))]),
        "/filters/2",
        "2048 bytes",
    );
    check(
        condition("between", "visit_number", &[Number(1.0)]),
        "/filters/2",
        "two numbers",
    );
    check(
        condition("gt", "visit_number", &[Number(1.0), Number(2.0)]),
        "/filters/2",
        "one number",
    );
    check(
        condition("is", "visit_number", &[Number(1.5)]),
        "/filters/2",
        "whole numbers",
    );
    check(
        condition("is", "visit_number", &[text("first")]),
        "/filters/2",
        "not `first`",
    );
    check(
        condition("gt", "visits", &[Number(f64::NAN)]),
        "/filters/2",
        "takes a number",
    );
    check(
        condition("contains", "visits", &[text("1")]),
        "/filters/0",
        "doesn't fit `visits`",
    );
    check(
        condition("is", "time", &[text("2026")]),
        "/filters/1",
        "`period`",
    );
    check(FilterNode::And(Vec::new()), "/filters", "at least one");
    check(FilterNode::Or(Vec::new()), "/filters", "at least one");
    check(
        FilterNode::And(vec![
            fine(),
            FilterNode::Not(Box::new(FilterNode::Or(Vec::new()))),
        ]),
        "/filters/2/1",
        "at least one",
    );
    let metric = || condition("gt", "visits", &[Number(5.0)]);
    check(
        FilterNode::Or(vec![fine(), metric()]),
        "/filters/2/1",
        "topmost `and`",
    );
    check(
        FilterNode::Not(Box::new(metric())),
        "/filters/1/1",
        "topmost `and`",
    );
    check(
        FilterNode::And(vec![FilterNode::And(vec![metric()])]),
        "/filters/1/1/1",
        "topmost `and`",
    );
    check(
        FilterNode::VisitorHas(Box::new(metric())),
        "/filters/1/1",
        "topmost `and`",
    );
    let scoped = FilterCondition {
        operator: "is_set".to_owned(),
        field: "page".to_owned(),
        scope: Some("session".to_owned()),
        ..FilterCondition::default()
    };
    check(
        FilterNode::Condition(scoped),
        "/filters/3/scope",
        "no scope `session`",
    );
}

#[test]
fn all_faults_are_told_at_once() {
    let node = FilterNode::And(vec![
        condition("is", "contry", &[]),
        condition("iss", "country", &[text("FR")]),
        FilterNode::Or(vec![condition("gt", "page", &[text("x")])]),
    ]);
    let pointers: Vec<String> = faults_of(&node)
        .into_iter()
        .map(|fault| fault.pointer)
        .collect();
    assert_eq!(pointers, ["/filters/1/1", "/filters/2/0", "/filters/3/1/0"]);
}

#[test]
fn conditions_on_metrics_choose_rows() {
    let node = FilterNode::And(vec![
        condition("is", "country", &[text("FR")]),
        condition("ge", "bounce_rate", &[Number(0.1)]),
    ]);
    let mut faults = Faults::default();
    let mut having = Vec::new();
    let filters = Checker::new(&mut faults).rows_filter(&node, Place::top("filters"), &mut having);
    assert!(faults.is_empty());
    assert_eq!((filters.len(), having.len()), (1, 1));
    let check = |numerator: i128, denominator: i128, expect: bool| {
        assert_eq!(
            having[0].holds(Fraction::new(numerator, denominator)),
            expect
        );
    };
    check(1, 10, true);
    check(10_i128.pow(30) - 1, 10_i128.pow(31), false);
    check(1, 0, false);
    assert!(check_filter(&node, "match").is_err());
}

#[test]
fn figures_without_value_meet_only_negations() {
    let check = |operator: &str, values: &[Scalar], null: bool, five: bool| {
        let mut faults = Faults::default();
        let mut having = Vec::new();
        let node = condition(operator, "visits", values);
        Checker::new(&mut faults).rows_filter(&node, Place::top("filters"), &mut having);
        assert!(faults.is_empty(), "{operator}");
        assert_eq!(having[0].holds(None), null, "{operator} null");
        assert_eq!(
            having[0].holds(Some(Fraction::whole(5))),
            five,
            "{operator} 5"
        );
    };
    check("is", &[Number(5.0), Number(6.0)], false, true);
    check("is_not", &[Number(5.0)], true, false);
    check("is_not", &[Number(6.0)], true, true);
    check("gt", &[Number(5.0)], false, false);
    check("ge", &[Number(5.0)], false, true);
    check("lt", &[Number(5.0)], false, false);
    check("le", &[text("5")], false, true);
    check("between", &[Number(4.0), Number(5.0)], false, true);
    check("is_set", &[], false, true);
    check("is_not_set", &[], true, false);
}

#[test]
fn filters_of_any_size_are_bounded() {
    let nested = |depth: usize| {
        (1..depth).fold(condition("is_set", "country", &[]), |node, _| {
            FilterNode::Not(Box::new(node))
        })
    };
    assert_eq!(faults_of(&nested(MAX_DEPTH)).len(), 0);
    assert_eq!(faults_of(&nested(MAX_DEPTH + 1)).len(), 1);
    assert_eq!(faults_of(&nested(1_000)).len(), 1);

    let wide = |count: usize, node: FilterNode| FilterNode::Or(vec![node; count]);
    let simple = condition("is_set", "country", &[]);
    assert_eq!(faults_of(&wide(MAX_CONDITIONS, simple.clone())).len(), 0);
    assert_eq!(
        faults_of(&wide(MAX_CONDITIONS + 1, simple.clone())).len(),
        1
    );
    assert_eq!(faults_of(&wide(100_000, simple)).len(), 1);

    let list = condition("is", "page", &vec![text("/a"); MAX_VALUES]);
    assert_eq!(faults_of(&list).len(), 0);
    assert_eq!(
        faults_of(&FilterNode::And(vec![list.clone(), list])).len(),
        1
    );

    let expression = condition("matches", "page", &[text("a+")]);
    assert_eq!(
        faults_of(&wide(MAX_EXPRESSIONS, expression.clone())).len(),
        0
    );
    assert_eq!(faults_of(&wide(MAX_EXPRESSIONS + 1, expression)).len(), 1);

    assert_eq!(
        faults_of(&wide(900, condition("is", "nothing", &[]))).len(),
        100
    );
}
