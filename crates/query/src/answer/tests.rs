use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use afsa_model::{AccountId, AccountSettings, Hit, Timestamp, Visit};
use afsa_store::{
    Activity, CartHistory, CartPage, CheckoutFunnel, Filter, JourneyEnd, Journeys, Measure, Order,
    Question, Sales, Test,
};

use super::*;
use crate::request::{FilterCondition, FilterNode, Request, Scalar};
use crate::{Context, plan};

/// 2026-11-22T12:00:00Z, a Sunday.
const NOW: Timestamp = Timestamp(1_795_348_800_000);
const HOUR: i64 = afsa_model::HOUR;
const DAY: i64 = afsa_model::DAY;

/// A visit that knows just enough to be counted.
#[derive(Clone)]
struct Fact {
    start: Timestamp,
    visitor: u32,
    country: Option<&'static str>,
    device: &'static str,
    bounced: bool,
    /// In 10⁻¹² of the currency.
    revenue: i128,
}

/// Visits in memory; answers questions on a few measures and dimensions.
#[derive(Default)]
struct Memory(Vec<Fact>);

impl Memory {
    fn matches(fact: &Fact, filter: &Filter) -> bool {
        match filter {
            Filter::And(parts) => parts.iter().all(|part| Memory::matches(fact, part)),
            Filter::Or(parts) => parts.iter().any(|part| Memory::matches(fact, part)),
            Filter::Not(part) => !Memory::matches(fact, part),
            Filter::VisitorHas(_) => panic!("not a question for this store"),
            Filter::Condition(condition) => {
                let value = match condition.dimension {
                    Dimension::Country => fact.country,
                    Dimension::Device => Some(fact.device),
                    other => panic!("no {other} here"),
                };
                let met = match &condition.test {
                    Test::Is(values) => {
                        value.is_some_and(|value| values.iter().any(|v| **v == *value))
                    }
                    Test::IsSet => value.is_some(),
                    other => panic!("no {other:?} here"),
                };
                met != condition.negated
            }
        }
    }

    fn key(fact: &Fact, question: &Question) -> Vec<Value> {
        let value = |dimension: &Dimension| match dimension {
            Dimension::Country => fact.country.map_or(Value::Null, |c| Value::Text(c.into())),
            Dimension::Device => Value::Text(fact.device.into()),
            Dimension::HourOfDay => Value::Number(question.zone.hour_of_day(fact.start)),
            Dimension::DayOfWeek => Value::Number(question.zone.day_of_week(fact.start)),
            Dimension::Time(axis) => {
                let starts = &question.time_axes[usize::from(*axis)];
                let bucket = starts.partition_point(|start| *start <= fact.start) - 1;
                Value::Number(bucket as i64)
            }
            // Asked for by itself where money is: every order is in the account's.
            Dimension::Currency => Value::Null,
            other => panic!("no {other} here"),
        };
        question.dimensions.iter().map(value).collect()
    }

    fn number(facts: &[&Fact], measure: Measure) -> i128 {
        match measure {
            Measure::Visits => facts.len() as i128,
            Measure::Visitors => facts
                .iter()
                .map(|fact| fact.visitor)
                .collect::<BTreeSet<_>>()
                .len() as i128,
            Measure::Bounces => facts.iter().filter(|fact| fact.bounced).count() as i128,
            Measure::Orders => facts.iter().filter(|fact| fact.revenue > 0).count() as i128,
            Measure::Revenue => facts.iter().map(|fact| fact.revenue).sum(),
            // Asked for by itself where money is.
            Measure::Refunds => 0,
            other => panic!("no {other:?} here"),
        }
    }
}

impl Snapshot for Memory {
    fn account(&self) -> AccountId {
        AccountId(3)
    }

    fn aggregate(&self, question: &Question) -> Result<Groups, StoreError> {
        let mut groups: BTreeMap<Vec<Value>, Vec<&Fact>> = BTreeMap::new();
        if question.dimensions.is_empty() {
            groups.insert(Vec::new(), Vec::new());
        }
        for fact in &self.0 {
            let kept = question
                .filter
                .as_ref()
                .is_none_or(|filter| Memory::matches(fact, filter));
            if kept && question.range.contains(fact.start) {
                groups
                    .entry(Memory::key(fact, question))
                    .or_default()
                    .push(fact);
            }
        }
        let group = |(key, facts): (Vec<Value>, Vec<&Fact>)| Group {
            key,
            numbers: question
                .measures
                .iter()
                .map(|m| Memory::number(&facts, *m))
                .collect(),
        };
        Ok(Groups {
            rows: groups.into_iter().map(group).collect(),
        })
    }

    fn orders(
        &self,
        _: &Question,
        _: &mut dyn FnMut(Order) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        Ok(())
    }

    fn sales(&self, _: &Question) -> Result<Sales, StoreError> {
        Ok(Sales::default())
    }

    fn conversions(&self, _: &Question) -> Result<Vec<JourneyEnd>, StoreError> {
        Ok(Vec::new())
    }

    fn journeys(&self, _: &[JourneyEnd], _: &[Dimension]) -> Result<Journeys, StoreError> {
        Ok(Journeys::default())
    }

    fn checkout(&self, _: &Question) -> Result<CheckoutFunnel, StoreError> {
        Ok(CheckoutFunnel::default())
    }

    fn carts(&self, _: &Question, _: &CartPage) -> Result<Vec<CartHistory>, StoreError> {
        Ok(Vec::new())
    }

    fn activity(&self) -> Result<Activity, StoreError> {
        Ok(Activity::default())
    }

    fn for_each_visit(
        &self,
        _: &mut dyn FnMut(&Visit),
        _: &mut dyn FnMut(&Hit),
    ) -> Result<(), StoreError> {
        Ok(())
    }
}

fn fact(days_ago: i64, visitor: u32, country: Option<&'static str>) -> Fact {
    Fact {
        start: NOW.plus(-days_ago * DAY),
        visitor,
        country,
        device: "desktop",
        bounced: false,
        revenue: 0,
    }
}

/// Some hundred visits of two weeks, spread without any order, the same every time.
fn many() -> Memory {
    let mut state = 7_u64;
    let mut next = move |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let facts = (0..700).map(|_| Fact {
        start: NOW.plus(-((next(14 * 24) as i64) * HOUR)),
        visitor: next(200) as u32,
        country: [Some("FR"), Some("BE"), Some("DE"), Some("ÉÉ"), None][next(5) as usize],
        device: ["desktop", "smartphone", "tablet"][next(3) as usize],
        bounced: next(3) == 0,
        revenue: if next(9) == 0 {
            i128::from(next(50_000)) * 10_i128.pow(10)
        } else {
            0
        },
    });
    Memory(facts.collect())
}

fn asked(request: &Request, snapshot: &Memory) -> Answer {
    let settings = AccountSettings {
        timezone: "Europe/Paris".into(),
        ..Default::default()
    };
    let context = Context {
        settings: &settings,
        now: NOW,
        activity: Activity::default(),
        goals: &[],
    };
    let plan = plan(request, &context).unwrap();
    answer(&plan, snapshot).unwrap()
}

fn request(dimensions: &str, metrics: &str) -> Request {
    let list = |text: &str| {
        Some(
            text.split(',')
                .filter(|part| !part.is_empty())
                .map(str::to_owned)
                .collect(),
        )
    };
    Request {
        period: Some("7d".to_owned()),
        dimensions: list(dimensions),
        metrics: list(metrics),
        ..Request::default()
    }
}

fn shown(answer: &Answer) -> Vec<String> {
    answer.rows.iter().map(show_row).collect()
}

/// `FR 3 0.5 | 2 null | 0.5 null`
fn show_row(row: &Row) -> String {
    let keys = row.keys.iter().map(|key| match key {
        Value::Text(text) => text.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Null => "null".to_owned(),
    });
    let figures = |figures: &[Figure]| {
        let shown = |figure: &Figure| {
            figure.map_or("null".to_owned(), |figure| figure.to_f64().to_string())
        };
        figures.iter().map(shown).collect::<Vec<_>>().join(" ")
    };
    let mut parts: Vec<String> = keys.collect();
    parts.push(figures(&row.values));
    for more in [&row.previous, &row.change].into_iter().flatten() {
        parts.push(format!("| {}", figures(more)));
    }
    parts.join(" ")
}

#[test]
fn rates_are_ratios_and_null_over_nothing() {
    let mut bounced = fact(1, 1, Some("FR"));
    bounced.bounced = true;
    bounced.revenue = 16_130_000_000_000;
    let memory = Memory(vec![bounced, fact(1, 2, Some("FR")), fact(2, 2, None)]);
    let metrics = "visits,visitors,bounce_rate,revenue,average_order_value,percentage";
    let answer = asked(&request("country", metrics), &memory);
    let third = 1.0 / 3.0;
    assert_eq!(
        shown(&answer),
        [
            format!("FR 2 2 0.5 16.13 16.13 {}", 2.0 * third),
            format!("null 1 1 0 0 null {third}"),
        ]
    );
    assert_eq!(answer.totals, None);
    assert_eq!(answer.total_rows, 2);
}

#[test]
fn without_dimensions_there_is_one_row() {
    let request = Request {
        include: Some(vec!["totals".to_owned()]),
        compare: Some("previous_period".to_owned()),
        ..request("", "visits,bounce_rate,percentage")
    };
    let answer = asked(&request, &Memory::default());
    assert_eq!(
        shown(&answer),
        ["0 null null | 0 null null | null null null"]
    );
    assert_eq!(answer.totals.as_ref(), answer.rows.first());
    let answer = asked(&request, &Memory(vec![fact(1, 1, None), fact(8, 1, None)]));
    assert_eq!(shown(&answer), ["1 0 1 | 1 0 1 | 0 null 0"]);
}

#[test]
fn rows_of_nothing_are_left_out_unless_asked_for() {
    let memory = Memory(vec![fact(1, 1, Some("FR")), fact(2, 2, Some("BE"))]);
    let plain = request("country", "bounces");
    assert_eq!(shown(&asked(&plain, &memory)), Vec::<String>::new());
    let empty = |request: Request| Request {
        include: Some(vec!["empty".to_owned()]),
        ..request
    };
    assert_eq!(shown(&asked(&empty(plain), &memory)), ["BE 0", "FR 0"]);

    let by_day = shown(&asked(&request("time", "visits,bounce_rate"), &memory));
    assert_eq!(by_day, ["2026-11-20 1 0", "2026-11-21 1 0"]);
    let by_day = shown(&asked(
        &empty(request("time", "visits,bounce_rate")),
        &memory,
    ));
    assert_eq!(by_day.len(), 7);
    assert_eq!(by_day[0], "2026-11-15 0 null");
    assert_eq!(by_day[6], "2026-11-21 1 0");

    let both = shown(&asked(
        &empty(request("country,day_of_week,time", "visits")),
        &memory,
    ));
    assert_eq!(both.len(), 2 * 7 * 7);
    assert_eq!(both[0], "BE 1 2026-11-15 0");
    assert_eq!(
        shown(&asked(
            &empty(request("hour_of_day", "visits")),
            &Memory::default()
        ))
        .len(),
        24
    );
    let nowhere = asked(
        &empty(request("country,time", "visits")),
        &Memory::default(),
    );
    assert_eq!(nowhere.rows, Vec::new());
}

#[test]
fn too_many_empty_rows_are_refused() {
    let settings = AccountSettings::default();
    let context = Context {
        settings: &settings,
        now: NOW,
        activity: Activity::default(),
        goals: &[],
    };
    let request = Request {
        period: Some("90d".to_owned()),
        include: Some(vec!["empty".to_owned()]),
        ..request("time:hour,hour_of_day,day_of_week,time:day", "visits")
    };
    let plan = plan(&request, &context).unwrap();
    let error = answer(&plan, &Memory::default()).unwrap_err();
    assert!(matches!(error, QueryError::TooManyRows(rows) if rows == 2_160 * 24 * 7 * 90));
}

#[test]
fn comparison_meets_by_key_and_time_by_position() {
    let memory = Memory(vec![
        fact(1, 1, Some("FR")),
        fact(1, 2, Some("FR")),
        fact(2, 2, Some("BE")),
        fact(8, 1, Some("FR")),
        fact(8, 1, Some("DE")),
    ]);
    let compared = |dimensions: &str, compare: &str| {
        let compare = Some(compare.to_owned());
        shown(&asked(
            &Request {
                compare,
                ..request(dimensions, "visits,bounce_rate")
            },
            &memory,
        ))
    };
    assert_eq!(
        compared("country", "previous_period"),
        ["FR 2 0 | 1 0 | 1 null", "BE 1 0 | 0 null | null null"]
    );
    assert_eq!(
        compared("time", "previous_period"),
        [
            "2026-11-20 1 0 | 0 null | null null",
            "2026-11-21 2 0 | 2 0 | 0 null"
        ]
    );
    let shorter = Request {
        compare_from: Some("2026-11-09".to_owned()),
        compare_to: Some("2026-11-14".to_owned()),
        ..request("time", "visits")
    };
    // The seventh day has nothing to be compared with; the sixth is the 14th.
    assert_eq!(
        shown(&asked(&shorter, &memory)),
        ["2026-11-20 1 | 2 | -0.5", "2026-11-21 2 | null | null"]
    );
}

#[test]
fn order_is_by_exact_values_then_by_dimensions_with_nothing_last() {
    let orders = |dimensions: &str, metrics: &str, order: &[&str]| {
        let order_by = Some(order.iter().map(|term| (*term).to_owned()).collect());
        let answer = asked(
            &Request {
                order_by,
                ..request(dimensions, metrics)
            },
            &ordered(),
        );
        answer
            .rows
            .iter()
            .map(|row| show_row(row).replace(" 0", ""))
            .collect::<Vec<String>>()
    };
    assert_eq!(
        orders("country", "visits", &[]),
        ["B 1", "Z 2", "a 1", "é 1", "null 1"]
    );
    assert_eq!(orders("country", "visits", &["visits"])[0], "Z 2");
    assert_eq!(orders("country", "visits", &["visits:asc"])[4], "Z 2");
    assert_eq!(
        orders("country", "visits", &["country:desc"]),
        ["é 1", "a 1", "Z 2", "B 1", "null 1"]
    );
    // By a metric that is not shown, null last in both directions.
    let by_value = |term: &str| orders("country", "visits", &[term]);
    assert_eq!(
        by_value("average_order_value:asc"),
        ["a 1", "Z 2", "B 1", "é 1", "null 1"]
    );
    assert_eq!(
        by_value("average_order_value"),
        ["B 1", "Z 2", "a 1", "é 1", "null 1"]
    );
}

/// Order values that floating point does not tell apart: 1/3 of a price against its rounding.
fn ordered() -> Memory {
    let sold = |country, revenue| Fact {
        revenue,
        ..fact(1, 1, Some(country))
    };
    let whole = 3 * 10_i128.pow(27);
    Memory(vec![
        sold("Z", whole + 1),
        sold("Z", whole),
        sold("B", whole + 1),
        sold("a", whole),
        fact(1, 1, Some("é")),
        fact(1, 1, None),
    ])
}

#[test]
fn conditions_on_metrics_choose_rows_but_not_the_whole() {
    let over = |metric: &str, bound: f64| {
        let filters = Some(FilterNode::Condition(FilterCondition {
            operator: "gt".to_owned(),
            field: metric.to_owned(),
            values: vec![Scalar::Number(bound)],
            ..FilterCondition::default()
        }));
        let include = Some(vec!["totals".to_owned()]);
        let memory = Memory(vec![
            fact(1, 1, None),
            fact(1, 2, Some("FR")),
            fact(1, 2, Some("FR")),
        ]);
        let request = Request {
            filters,
            include,
            ..request("country", "visits,percentage")
        };
        let answer = asked(&request, &memory);
        (
            shown(&answer),
            answer.total_rows,
            show_row(&answer.totals.unwrap()),
        )
    };
    let two_thirds = 2.0 / 3.0;
    let expect = (vec![format!("FR 2 {two_thirds}")], 1, "3 1".to_owned());
    assert_eq!(over("visits", 1.0), expect);
    assert_eq!(over("percentage", 0.5), expect);
    // Not shown among the metrics.
    assert_eq!(over("visitors", 1.0), (Vec::new(), 0, "3 1".to_owned()));
}

#[test]
fn pages_put_together_are_the_whole_table() {
    let memory = many();
    for dimensions in [
        "country",
        "country,device",
        "time,country",
        "hour_of_day",
        "device,time:hour",
    ] {
        let base = Request {
            compare: Some("previous_period".to_owned()),
            order_by: Some(vec!["bounce_rate".to_owned()]),
            include: Some(vec!["totals".to_owned()]),
            ..request(dimensions, "visits,visitors,bounce_rate,revenue,percentage")
        };
        let whole = asked(
            &Request {
                limit: Some(10_000),
                ..base.clone()
            },
            &memory,
        );
        assert_eq!(whole.rows.len() as u64, whole.total_rows);
        for size in [2, 31] {
            let mut rows = Vec::new();
            while rows.len() < whole.rows.len() {
                let offset = Some(rows.len() as i64);
                let page = asked(
                    &Request {
                        limit: Some(size),
                        offset,
                        ..base.clone()
                    },
                    &memory,
                );
                assert_eq!(
                    (page.total_rows, &page.totals),
                    (whole.total_rows, &whole.totals)
                );
                assert!(!page.rows.is_empty() && page.rows.len() <= size as usize);
                rows.extend(page.rows);
            }
            assert_eq!(rows, whole.rows, "{dimensions} by {size}");
        }
        let beyond = asked(
            &Request {
                offset: Some(i64::from(u32::MAX)),
                ..base
            },
            &memory,
        );
        assert_eq!(
            (beyond.rows.len(), beyond.total_rows),
            (0, whole.total_rows)
        );
    }
}

#[test]
fn parts_sum_to_the_whole_and_visitors_do_not() {
    let memory = many();
    let request = Request {
        include: Some(vec!["totals".to_owned()]),
        ..request("country", "visits,percentage,revenue,visitors")
    };
    let answer = asked(&request, &memory);
    let totals = answer.totals.unwrap().values;
    let sum = |metric: usize| -> Vec<Fraction> {
        answer
            .rows
            .iter()
            .filter_map(|row| row.values[metric])
            .collect()
    };
    let added = |metric: usize| -> f64 { sum(metric).iter().map(|part| part.to_f64()).sum() };
    assert_eq!(added(0), totals[0].unwrap().to_f64());
    assert!((added(1) - 1.0).abs() < 1e-12);
    assert!((added(2) - totals[2].unwrap().to_f64()).abs() < 1e-6);
    assert!(added(3) > totals[3].unwrap().to_f64());
}

#[test]
fn a_filter_and_its_negation_make_the_whole() {
    let memory = many();
    let visits = |filters: Option<FilterNode>| {
        let answer = asked(
            &Request {
                filters,
                ..request("", "visits")
            },
            &memory,
        );
        answer.rows[0].values[0].unwrap().numerator()
    };
    for filter in [
        FilterNode::is("country", &["FR", "ÉÉ"]),
        FilterNode::is_set("country"),
        FilterNode::Or(vec![
            FilterNode::is("device", &["tablet"]),
            FilterNode::is("country", &["BE"]),
        ]),
    ] {
        let negated = FilterNode::Not(Box::new(filter.clone()));
        assert_eq!(visits(Some(filter)) + visits(Some(negated)), visits(None));
    }
}

#[test]
fn many_at_once_are_as_each_alone() {
    let memory: Arc<dyn Snapshot> = Arc::new(many());
    let settings = AccountSettings::default();
    let context = Context {
        settings: &settings,
        now: NOW,
        activity: Activity::default(),
        goals: &[],
    };
    let plans: Vec<Plan> = ["country", "device", "time", "hour_of_day,country", ""]
        .iter()
        .map(|dimensions| plan(&request(dimensions, "visitors,bounce_rate"), &context).unwrap())
        .collect();
    let alone: Vec<Answer> = plans
        .iter()
        .map(|plan| answer(plan, memory.as_ref()).unwrap())
        .collect();
    let together: Vec<Answer> = std::thread::scope(|scope| {
        let threads: Vec<_> = plans
            .iter()
            .map(|plan| scope.spawn(|| answer(plan, memory.as_ref()).unwrap()))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert_eq!(together, alone);
}

#[test]
fn a_store_that_answers_something_else_is_found_out() {
    let settings = AccountSettings::default();
    let context = Context {
        settings: &settings,
        now: NOW,
        activity: Activity::default(),
        goals: &[],
    };
    let plan = plan(&request("country", "visits"), &context).unwrap();
    let group = |key: Vec<Value>, numbers: Vec<i128>| Answers {
        rows: Groups {
            rows: vec![Group { key, numbers }],
        },
        ..Answers::default()
    };
    let is_refused = |answers: Answers| plan.finish(answers).is_err();
    assert!(is_refused(group(Vec::new(), vec![1])));
    assert!(is_refused(group(vec![Value::Null], Vec::new())));
    assert!(!is_refused(group(vec![Value::Null], vec![1])));
    let unasked = Answers {
        totals: Some(Groups::default()),
        ..group(vec![Value::Null], vec![1])
    };
    assert!(is_refused(unasked));
}
