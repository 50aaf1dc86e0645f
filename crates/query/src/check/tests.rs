use afsa_store::Dimension;

use super::*;
use crate::axis::Interval;
use crate::catalogue::Breakdown;
use crate::fault::FaultKind;
use crate::request::{FilterCondition, Scalar, Segment};

/// 2026-11-22T12:00:00Z, a Sunday.
const NOW: Timestamp = Timestamp(1_795_348_800_000);

fn planned(request: &Request) -> Result<Plan, QueryError> {
    planned_at(request, NOW)
}

fn planned_at(request: &Request, now: Timestamp) -> Result<Plan, QueryError> {
    let settings = AccountSettings {
        timezone: "Europe/Paris".into(),
        ..Default::default()
    };
    let goals = [Goal {
        name: "signed up".into(),
        filter: Filter::Condition(afsa_store::Condition {
            dimension: Dimension::Page,
            test: afsa_store::Test::Is(vec!["/welcome".into()]),
            negated: false,
            scope: afsa_store::ConditionScope::Hit,
            case_sensitive: true,
        }),
        once_per_visit: true,
    }];
    let activity = Activity {
        first_hit: Some(Timestamp(1_700_000_000_000)),
        ..Default::default()
    };
    plan(
        request,
        &Context {
            settings: &settings,
            now,
            activity,
            goals: &goals,
        },
    )
}

fn faults(request: &Request) -> Vec<crate::Fault> {
    match planned(request) {
        Err(QueryError::Faults(faults)) => faults,
        other => panic!("{request:?} gave {other:?}"),
    }
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn list(text: &str) -> Option<Vec<String>> {
    Some(
        text.split(',')
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect(),
    )
}

#[test]
fn plans_print_every_question() {
    let check = |request: Request, expect: &str| {
        assert_eq!(
            planned(&request).unwrap().to_string().trim(),
            expect.trim(),
            "{request:?}"
        );
    };
    check(
        Request::default(),
        "
rows
  measure Visitors, Visits, PageViews
  from 2026-10-23T00:00:00+02:00 to 2026-11-22T00:00:00+01:00
show visitors, visits, pageviews
rows 0 to 100
",
    );
    check(
        Request {
            report: some("countries"),
            compare: some("previous_period"),
            period: some("7d"),
            include: list("totals"),
            ..Request::default()
        },
        "
rows
  measure Visitors, Visits, PageViews, Bounces
  by country
  from 2026-11-15T00:00:00+01:00 to 2026-11-22T00:00:00+01:00
totals
  measure Visitors, Visits, PageViews, Bounces
  from 2026-11-15T00:00:00+01:00 to 2026-11-22T00:00:00+01:00
previous rows
  measure Visitors, Visits, PageViews, Bounces
  by country
  from 2026-11-08T00:00:00+01:00 to 2026-11-15T00:00:00+01:00
previous totals
  measure Visitors, Visits, PageViews, Bounces
  from 2026-11-08T00:00:00+01:00 to 2026-11-15T00:00:00+01:00
show visitors, visits, pageviews, bounce_rate, percentage
order visitors descending
rows 0 to 100
",
    );
    check(
        Request {
            dimensions: list("buyer_type"),
            metrics: list("net_revenue,percentage,days_to_purchase,visit_duration,repeat_rate"),
            order_by: list("cost_per_new_buyer"),
            period: some("7d"),
            ..Request::default()
        },
        "
rows
  measure Revenue, Tax, ShippingNet, RefundAmount, DaysToPurchase, DaysToPurchaseKnown, VisitDuration, \
         Visits, RepeatBuyers, Buyers, VisitCost, OrderCost, NewBuyers
  by buyer_type
  from 2026-11-15T00:00:00+01:00 to 2026-11-22T00:00:00+01:00
totals
  measure Revenue, Tax, ShippingNet, RefundAmount, DaysToPurchase, DaysToPurchaseKnown, VisitDuration, \
         Visits, RepeatBuyers, Buyers, VisitCost, OrderCost, NewBuyers
  from 2026-11-15T00:00:00+01:00 to 2026-11-22T00:00:00+01:00
show net_revenue, percentage, days_to_purchase, visit_duration, repeat_rate
order cost_per_new_buyer descending
rows 0 to 100
",
    );
    check(
        Request {
            dimensions: list("hour_of_day,time:week,time"),
            metrics: list("conversion_rate,returning_visitors"),
            period: some("month"),
            filters: Some(FilterNode::And(vec![
                FilterNode::Or(vec![
                    FilterNode::is("country", &["FR", "BE"]),
                    FilterNode::Not(Box::new(FilterNode::is_set("campaign"))),
                ]),
                FilterNode::VisitorHasNot(Box::new(FilterNode::is("page", &["/cart"]))),
                FilterNode::Condition(FilterCondition {
                    operator: "gt".to_owned(),
                    field: "orders".to_owned(),
                    values: vec![Scalar::Number(2.0)],
                    ..FilterCondition::default()
                }),
            ])),
            segment: Some(Segment {
                id: "7".to_owned(),
                filter: FilterNode::Condition(FilterCondition {
                    operator: "contains_not".to_owned(),
                    field: "event_label".to_owned(),
                    values: vec![Scalar::Text("x".to_owned())],
                    case_sensitive: Some(false),
                    scope: Some("hit".to_owned()),
                }),
            }),
            order_by: list("time:week:desc,revenue,hour_of_day"),
            include: list("empty"),
            limit: Some(10),
            offset: Some(20),
            ..Request::default()
        },
        "
rows
  measure ConvertedVisits, Visits, Visitors, NewVisitors, Orders, Revenue
  by hour_of_day, time#0, time#1
  from 2026-11-01T00:00:00+01:00 to 2026-11-23T00:00:00+01:00
  time#0: 4 buckets from 2026-10-26T00:00:00+01:00
  time#1: 22 buckets from 2026-11-01T00:00:00+01:00
  clock of Europe/Paris
  goal \"signed up\" once a visit: page is [\"/welcome\"] in the hit
  where ((country is [\"FR\", \"BE\"] or not (campaign is set)) and not (visitor has (page is \
         [\"/cart\"])) and not event_label contains [\"x\"] in any case in the hit)
show conversion_rate, returning_visitors
having orders above 2
order time:week descending, revenue descending, hour_of_day
rows 20 to 30, empty ones too
",
    );
}

#[test]
fn every_report_can_be_asked() {
    for report in REPORTS {
        for compare in [None, some("previous_period"), some("year_over_year")] {
            let request = Request {
                report: some(report.name),
                compare,
                ..Request::default()
            };
            let plan = planned(&request).unwrap();
            assert_eq!(plan.report, Some(report.name));
            assert_eq!(plan.dimensions.len(), report.dimensions.len());
            assert!(
                plan.dimensions.is_empty() || !plan.order.is_empty(),
                "{}",
                report.name
            );
        }
    }
}

#[test]
fn the_echo_gives_the_same_plan_at_any_time() {
    let later = NOW.plus(1_000_000_000_000);
    let check = |request: Request| {
        let plan = planned(&request).unwrap();
        let again = planned_at(&plan.request, later).unwrap();
        assert_eq!(
            again,
            Plan {
                report: None,
                now: later,
                ..plan.clone()
            },
            "{request:?}"
        );
        assert_eq!(again.request, plan.request);
    };
    check(Request::default());
    let asked = |report: &str, period: &str| Request {
        report: some(report),
        period: some(period),
        compare: some("previous_period_match_day_of_week"),
        ..Request::default()
    };
    for report in REPORTS {
        check(asked(report.name, "30d"));
    }
    for period in crate::PERIODS {
        check(asked("visits", period));
    }
    check(Request {
        report: some("clicks"),
        period: some("30d"),
        interval: some("week"),
        timezone: some("pacific/apia"),
        compare_from: some("2026-10-01"),
        compare_to: some("2026-10-02T05:30:00.123Z"),
        include: list("today,empty,totals"),
        filters: Some(FilterNode::Or(vec![
            FilterNode::is("country", &["FR"]),
            FilterNode::is_set("goal"),
        ])),
        order_by: list("events"),
        limit: Some(0),
        ..Request::default()
    });
}

#[test]
fn faults_are_told_all_at_once() {
    let request = Request {
        period: some("fortnight"),
        timezone: some("Europe/Pari"),
        compare: some("yesterday"),
        interval: some("decade"),
        metrics: list("visits,vistors,visits,country"),
        dimensions: list("contry,visits,page,page"),
        filters: Some(FilterNode::is("contry", &["FR"])),
        segment: Some(Segment {
            id: "7".to_owned(),
            filter: FilterNode::is("visits", &["1"]),
        }),
        order_by: list("visits:down,nothing,city"),
        limit: Some(10_001),
        offset: Some(-1),
        include: list("everything"),
        report: some("page"),
        ..Request::default()
    };
    let pointers: Vec<String> = faults(&request)
        .into_iter()
        .map(|fault| fault.pointer)
        .collect();
    let expect = [
        "/report",
        "/timezone",
        "/include/0",
        "/period",
        "/metrics/1",
        "/metrics/2",
        "/metrics/3",
        "/dimensions/0",
        "/dimensions/1",
        "/dimensions/3",
        "/interval",
        "/filters/1",
        "/segment/1",
        "/order_by/0",
        "/order_by/1",
        "/order_by/2",
        "/limit",
        "/offset",
    ];
    assert_eq!(pointers, expect);
}

#[test]
fn faults_suggest_what_was_meant() {
    let check = |request: Request, parameter: &str, allowed: &str| {
        let faults = faults(&request);
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert_eq!(faults[0].parameter, parameter);
        assert!(
            faults[0].allowed.iter().any(|word| word == allowed),
            "{:?}",
            faults[0].allowed
        );
        if !allowed.is_empty() && faults[0].kind == FaultKind::Invalid {
            let hint = format!("did you mean `{allowed}`?");
            assert!(faults[0].detail.ends_with(&hint), "{}", faults[0].detail);
        }
    };
    let base = Request::default;
    check(
        Request {
            metrics: list("bounces_rate"),
            ..base()
        },
        "metrics",
        "bounce_rate",
    );
    check(
        Request {
            dimensions: list("times"),
            ..base()
        },
        "dimensions",
        "time",
    );
    check(
        Request {
            dimensions: list("time:days"),
            ..base()
        },
        "dimensions",
        "time:day",
    );
    check(
        Request {
            period: some("30D"),
            ..base()
        },
        "period",
        "30d",
    );
    check(
        Request {
            report: some("countrys"),
            ..base()
        },
        "report",
        "countries",
    );
    check(
        Request {
            timezone: some("Europe/Pariss"),
            ..base()
        },
        "timezone",
        "Europe/Paris",
    );
    check(
        Request {
            interval: some("hours"),
            ..base()
        },
        "interval",
        "hour",
    );
    check(
        Request {
            include: list("total"),
            ..base()
        },
        "include",
        "totals",
    );
    check(
        Request {
            compare: some("year_on_year"),
            ..base()
        },
        "compare",
        "year_over_year",
    );
    check(
        Request {
            order_by: list("visits:desc."),
            ..base()
        },
        "order_by",
        "desc",
    );
}

#[test]
fn what_has_no_reading_is_told_apart() {
    let check = |request: Request, parameter: &str| {
        let faults = faults(&request);
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert_eq!(
            (faults[0].parameter, faults[0].kind),
            (parameter, FaultKind::NoReading)
        );
        assert!(QueryError::Faults(faults).has_no_reading());
    };
    let base = Request::default;
    check(
        Request {
            metrics: list("percentage"),
            ..base()
        },
        "metrics",
    );
    check(
        Request {
            metrics: list("percentage,bounce_rate,visits"),
            ..base()
        },
        "metrics",
    );
    check(
        Request {
            order_by: list("country"),
            ..base()
        },
        "order_by",
    );
    check(
        Request {
            interval: some("day"),
            dimensions: list("time:week"),
            ..base()
        },
        "interval",
    );
    check(
        Request {
            period: some("yesterday"),
            include: list("today"),
            ..base()
        },
        "include",
    );
    let share = |order_by: &str| Request {
        metrics: list("bounce_rate"),
        order_by: list(order_by),
        dimensions: list("country"),
        ..base()
    };
    check(share("percentage"), "metrics");
    assert!(planned(&share("visits")).is_ok());
    assert!(
        planned(&Request {
            metrics: list("percentage,visits"),
            ..base()
        })
        .is_ok()
    );
}

#[test]
fn intervals_fit_their_periods() {
    let check = |period: &str, interval: &str, expect: Result<usize, &str>| {
        let request = Request {
            period: some(period),
            interval: some(interval),
            dimensions: list("country"),
            ..Request::default()
        };
        match expect {
            Ok(buckets) => {
                let plan = planned(&request).unwrap();
                assert_eq!(plan.axes[0].buckets.len(), buckets, "{period} {interval}");
                assert_eq!(plan.dimensions[0], Breakdown::Time);
            }
            Err(parameter) => assert_eq!(faults(&request)[0].parameter, parameter),
        }
    };
    check("today", "minute", Ok(1_440));
    check("24h", "hour", Ok(24));
    check("realtime", "minute", Ok(30));
    check("7d", "hour", Ok(168));
    check("7d", "minute", Err("interval"));
    check("year", "day", Ok(326));
    check("year", "quarter", Ok(4));
    let centuries = Request {
        from: some("1970-01-01"),
        to: some("2199-12-31"),
        interval: some("hour"),
        ..Request::default()
    };
    assert_eq!(faults(&centuries)[0].parameter, "interval");
    assert!(faults(&centuries)[0].allowed.contains(&"year".to_owned()));
    let by_week = planned(&Request {
        interval: some("week"),
        ..centuries
    })
    .unwrap();
    assert_eq!(by_week.axes[0].buckets.len(), 12_002);
    let uneven = Request {
        period: some("today"),
        interval: some("minute"),
        compare_from: some("2020-01-01"),
        compare_to: some("2025-01-01"),
        ..Request::default()
    };
    assert_eq!(faults(&uneven)[0].parameter, "interval");
}

#[test]
fn a_reports_interval_gives_way_to_its_period() {
    let plan = planned(&Request {
        report: some("realtime"),
        period: some("30d"),
        ..Request::default()
    });
    assert_eq!(plan.unwrap().interval, Some(Interval::Day));
    let plan = planned(&Request {
        report: some("realtime"),
        ..Request::default()
    });
    assert_eq!(plan.unwrap().interval, Some(Interval::Minute));
}

#[test]
fn tables_are_ordered_by_default() {
    let check = |report: Option<&str>, dimensions: &str, metrics: &str, expect: &str| {
        let request = Request {
            report: report.map(str::to_owned),
            dimensions: (!dimensions.is_empty()).then(|| list(dimensions)).flatten(),
            metrics: (!metrics.is_empty()).then(|| list(metrics)).flatten(),
            ..Request::default()
        };
        let plan = planned(&request).unwrap();
        assert_eq!(
            plan.request.order_by.unwrap().join(","),
            expect,
            "{request:?}"
        );
    };
    check(None, "", "", "");
    check(None, "country", "", "visitors:desc");
    check(
        None,
        "country,city",
        "bounce_rate,visits",
        "bounce_rate:desc",
    );
    check(None, "country,time", "", "time:asc");
    check(
        None,
        "hour_of_day,time:week",
        "",
        "hour_of_day:asc,time:week:asc",
    );
    check(Some("loyalty"), "", "", "visit_number:asc");
    check(Some("loyalty"), "", "events", "visit_number:asc");
    check(Some("loyalty"), "country", "events", "events:desc");
    check(Some("weekdays"), "", "", "day_of_week:asc");
    check(Some("days_to_purchase"), "", "", "purchase_days:asc");
    check(Some("visits_to_purchase"), "", "", "purchase_visits:asc");
    check(Some("visits_to_purchase"), "country", "", "orders:desc");
    check(None, "purchase_days", "net_revenue", "net_revenue:desc");
    check(Some("refunds"), "", "", "refund_amount:desc");
    check(Some("carts"), "", "", "time:asc");
}

#[test]
fn sizes_are_bounded() {
    let many = |count: usize, name: &str| Some(vec![name.to_owned(); count]);
    let base = Request::default;
    let check = |request: Request, parameter: &str| {
        let faults = faults(&request);
        assert!(
            faults.iter().any(|fault| fault.parameter == parameter),
            "{faults:?}"
        );
        assert!(faults.len() <= 100);
    };
    check(
        Request {
            metrics: many(1_000_000, "x"),
            ..base()
        },
        "metrics",
    );
    check(
        Request {
            metrics: Some(Vec::new()),
            ..base()
        },
        "metrics",
    );
    check(
        Request {
            dimensions: list("country,city,page,os,browser"),
            ..base()
        },
        "dimensions",
    );
    check(
        Request {
            dimensions: list("country,city,page,os"),
            interval: some("day"),
            ..base()
        },
        "dimensions",
    );
    check(
        Request {
            order_by: many(1_000_000, "visits"),
            ..base()
        },
        "order_by",
    );
    check(
        Request {
            include: many(1_000_000, "x"),
            ..base()
        },
        "include",
    );
    check(
        Request {
            limit: Some(i64::MIN),
            offset: Some(i64::MAX),
            ..base()
        },
        "limit",
    );
}

#[test]
fn an_account_without_goals_is_told() {
    let settings = AccountSettings::default();
    let context = Context {
        settings: &settings,
        now: NOW,
        activity: Activity::default(),
        goals: &[],
    };
    let warnings = |metrics: &str| {
        let request = Request {
            metrics: list(metrics),
            ..Request::default()
        };
        plan(&request, &context).unwrap().warnings.len()
    };
    assert_eq!((warnings("visits"), warnings("conversions")), (0, 1));
}

#[test]
fn an_account_without_a_zone_is_told() {
    let settings = AccountSettings {
        timezone: "Mars/Olympus".into(),
        ..Default::default()
    };
    let context = Context {
        settings: &settings,
        now: NOW,
        activity: Activity::default(),
        goals: &[],
    };
    let plan = plan(&Request::default(), &context).unwrap();
    assert_eq!(plan.zone, Zone::utc());
    assert_eq!(plan.warnings.len(), 1);
}

/// Draws requests of good and bad words, the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) as usize % count
    }

    fn word(&mut self, words: &[&str]) -> Option<String> {
        match self.below(3) {
            0 => words
                .get(self.below(words.len()))
                .map(|word| (*word).to_owned()),
            _ => None,
        }
    }

    fn words(&mut self, words: &[&str]) -> Option<Vec<String>> {
        let count = self.below(4);
        (count > 0).then(|| (0..count).filter_map(|_| self.word(words)).collect())
    }

    fn filter(&mut self, depth: usize) -> FilterNode {
        let fields = [
            "country",
            "page",
            "visit_number",
            "visits",
            "time",
            "x",
            "goal",
        ];
        let operators = [
            "is", "is_not", "matches", "gt", "between", "is_set", "contains", "",
        ];
        let scalars = [
            Scalar::Null,
            Scalar::Boolean(true),
            Scalar::Number(3.0),
            Scalar::Number(f64::INFINITY),
            Scalar::Text("(a".to_owned()),
            Scalar::Text("é".to_owned()),
        ];
        match self.below(if depth > 3 { 2 } else { 7 }) {
            2 => FilterNode::And((0..self.below(3)).map(|_| self.filter(depth + 1)).collect()),
            3 => FilterNode::Or((0..self.below(3)).map(|_| self.filter(depth + 1)).collect()),
            4 => FilterNode::Not(Box::new(self.filter(depth + 1))),
            5 => FilterNode::VisitorHas(Box::new(self.filter(depth + 1))),
            _ => FilterNode::Condition(FilterCondition {
                operator: operators[self.below(operators.len())].to_owned(),
                field: fields[self.below(fields.len())].to_owned(),
                values: (0..self.below(3))
                    .map(|_| scalars[self.below(scalars.len())].clone())
                    .collect(),
                case_sensitive: [None, Some(false)][self.below(2)],
                scope: self.word(&["hit", "visit", "x"]),
            }),
        }
    }

    fn request(&mut self) -> Request {
        let moments = [
            "2026-10-25",
            "2026-10-25T02:30:00+02:00",
            "2026-12-31",
            "1969-01-01",
            "",
        ];
        let zones = ["Europe/Paris", "Pacific/Apia", "Asia/Kathmandu", "x"];
        let names = [
            "country",
            "time",
            "time:week",
            "page",
            "visits",
            "hour_of_day",
            "x",
            "goal",
        ];
        let metrics = [
            "visits",
            "bounce_rate",
            "percentage",
            "revenue",
            "conversions",
            "é",
        ];
        let orders = [
            "visits:asc",
            "country",
            "percentage",
            "time:week:desc",
            ":",
            "x:asc",
        ];
        Request {
            report: self.word(&["clicks", "realtime", "loyalty", "x"]),
            period: self.word(&["7d", "all", "realtime", "last_year", "x"]),
            from: self.word(&moments),
            to: self.word(&moments),
            timezone: self.word(&zones),
            compare: self.word(&["previous_period", "year_over_year", "x"]),
            compare_from: self.word(&moments),
            compare_to: self.word(&moments),
            interval: self.word(&["minute", "hour", "quarter", "x"]),
            metrics: self.words(&metrics),
            dimensions: self.words(&names),
            filters: (self.below(3) == 0).then(|| self.filter(1)),
            segment: None,
            order_by: self.words(&orders),
            limit: [None, Some(5), Some(-5)][self.below(3)],
            offset: [None, Some(5), Some(i64::MAX)][self.below(3)],
            include: self.words(&["totals", "empty", "today", "x"]),
            traffic: self.word(&["people", "excluded"]),
        }
    }
}

#[test]
fn whatever_is_asked_is_planned_or_its_faults_are_told() {
    let mut dice = Dice(1);
    let (mut planned_count, mut refused) = (0, 0);
    for _ in 0..3_000 {
        let request = dice.request();
        match planned(&request) {
            Ok(plan) => {
                planned_count += 1;
                let again = planned(&plan.request).unwrap();
                assert_eq!(
                    again,
                    Plan {
                        report: None,
                        ..plan
                    },
                    "{request:?}"
                );
            }
            Err(QueryError::Faults(faults)) => {
                refused += 1;
                assert!(!faults.is_empty(), "{request:?}");
            }
            Err(other) => panic!("{other} for {request:?}"),
        }
    }
    assert!(
        planned_count > 20 && refused > 1_000,
        "{planned_count} {refused}"
    );
}
