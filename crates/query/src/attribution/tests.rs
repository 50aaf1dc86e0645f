use std::sync::Arc;

use afsa_model::{AccountId, AccountSettings, HitKind, OrderState, Origin, text};
use afsa_store::conformance::draft::{Draft, MONDAY, decimal};
use afsa_store::reference::ReferenceStore;
use afsa_store::{Snapshot, Store};

use super::*;
use crate::check::Context;
use crate::request::{FilterNode, Request};
use crate::selection::select;

/// Units of money in one of the account's currency.
const ONE: i128 = 1_000_000_000_000;
const DAY_MINUTES: i64 = 24 * 60;

fn shop(drafts: Vec<Draft>) -> Arc<dyn Snapshot> {
    let store = ReferenceStore::new();
    let account = AccountId(1);
    let arrivals = drafts.into_iter().map(|draft| draft.0).collect();
    store.submit(
        account,
        arrivals,
        Box::new(|outcome| drop(outcome.unwrap())),
    );
    store.snapshot(account).unwrap()
}

fn chosen(snapshot: &dyn Snapshot, from: &str, to: &str, filter: Option<FilterNode>) -> Selection {
    let request = Request {
        from: Some(from.into()),
        to: Some(to.into()),
        filters: filter,
        ..Request::default()
    };
    let context = Context {
        settings: &AccountSettings::default(),
        now: MONDAY,
        activity: snapshot.activity().unwrap(),
        goals: &[],
    };
    select(&request, &context).unwrap()
}

/// A refund of so much.
fn given_back(minute: i64, visitor: u64, id: &str, revenue: &str) -> Draft {
    let revenue = decimal(revenue);
    Draft::refund(minute, visitor, id).hit(|hit| {
        if let HitKind::Refund(refund) = &mut hit.kind {
            refund.order.revenue = revenue;
        }
    })
}

/// A page view that came by a channel.
fn came_by(minute: i64, visitor: u64, channel: &str) -> Draft {
    Draft::page_view(minute, visitor, "/").hit(|hit| {
        hit.origin = Some(Arc::new(Origin {
            channel: text(channel),
            // Each is a campaign of its own, so that it starts a visit.
            campaign: text(&format!("{minute}")),
            ..Origin::default()
        }));
    })
}

fn attributing(model: Model, dimensions: Vec<Dimension>) -> Attributing {
    Attributing {
        goal: None,
        models: vec![model],
        dimensions,
        lookback: Some(days(90)),
        half_life: days(7),
    }
}

#[test]
fn models_share_out_an_order() {
    let check = |visits: &[(i64, &str)], model: Model, expect: &[(&str, &str)]| {
        let mut drafts: Vec<Draft> = visits
            .iter()
            .map(|(day, channel)| came_by(day * DAY_MINUTES, 1, channel))
            .collect();
        drafts.push(Draft::purchase(14 * DAY_MINUTES + 5, 1, "o", vec![]).revenue("100"));
        let snapshot = shop(drafts);
        let selection = chosen(&*snapshot, "2026-03-30", "2026-05-01", None);
        let asked = attributing(model, vec![Dimension::Channel]);
        let found = attribution(&selection, &asked, &*snapshot).unwrap();
        let told: Vec<(String, String)> = found
            .rows
            .iter()
            .map(|row| {
                let key = match &row.keys[0] {
                    Value::Text(channel) => channel.to_string(),
                    _ => "∅".to_owned(),
                };
                let revenue = Fraction::new(row.credits[0].revenue, ONE).unwrap();
                (key, format!("{}", revenue.rounded(3).unwrap()))
            })
            .collect();
        let expect: Vec<(String, String)> = expect
            .iter()
            .map(|(key, revenue)| ((*key).to_owned(), (*revenue).to_owned()))
            .collect();
        assert_eq!(told, expect, "{model} of {visits:?}");
    };
    use Model::*;
    let three = [(0, "Email"), (7, "Paid Search"), (14, "Direct")];
    check(&three, First, &[("Email", "100000")]);
    check(&three, Last, &[("Direct", "100000")]);
    check(&three, LastNonDirect, &[("Paid Search", "100000")]);
    check(
        &three,
        Linear,
        // Thirds are not told alike to the last place: the last has what is left over.
        &[
            ("Direct", "33333"),
            ("Email", "33333"),
            ("Paid Search", "33333"),
        ],
    );
    check(
        &three,
        Position,
        &[
            ("Direct", "40000"),
            ("Email", "40000"),
            ("Paid Search", "20000"),
        ],
    );
    check(
        &three,
        TimeDecay,
        &[
            ("Direct", "57143"),
            ("Paid Search", "28571"),
            ("Email", "14286"),
        ],
    );
    let two = [(7, "Email"), (14, "Direct")];
    check(&two, Position, &[("Direct", "50000"), ("Email", "50000")]);
    let one = [(14, "Direct")];
    for model in Model::ALL {
        check(&one, model, &[("Direct", "100000")]);
        check(&[], model, &[("∅", "100000")]);
    }
    check(
        &[(0, "Email"), (3, "Display"), (7, "Display"), (14, "Email")],
        Position,
        &[("Email", "80000"), ("Display", "20000")],
    );
    check(
        &[(0, "Direct"), (14, "Direct")],
        LastNonDirect,
        &[("Direct", "100000")],
    );
    // Of the one visit of a day, and of none from before the lookback.
    check(
        &[(-77, "Email"), (14, "Direct")],
        First,
        &[("Direct", "100000")],
    );
}

#[test]
fn decay_halves_with_each_half_life() {
    let check = |age: i64, half_life: i64, expect: f64| {
        let found = decayed(age, half_life) as f64 / LATEST as f64;
        assert!((found - expect).abs() < 1e-8, "{age} {half_life}: {found}");
    };
    check(0, 7, 1.0);
    check(7, 7, 0.5);
    check(21, 7, 0.125);
    check(1, 2, 0.5_f64.sqrt());
    check(days(1), days(7), 0.5_f64.powf(1.0 / 7.0));
    check(days(10), days(7), 0.5_f64.powf(10.0 / 7.0));
    check(i64::MAX, 1, 0.0);
    check(-5, 7, 1.0);
    assert_eq!(decayed(i64::MAX, 1), 1);
    assert_eq!(decayed(0, 0), LATEST);
}

#[test]
fn even_shares_are_exact() {
    for count in 1..=20 {
        let credit = Credit {
            conversions: CONVERSION,
            ..Credit::default()
        };
        for part in 0..count {
            let share = credit.between(part, part + 1, count);
            assert_eq!(
                share.conversions(),
                Fraction::new(1, count as i128),
                "{count}"
            );
        }
    }
}

#[test]
fn parts_of_any_amount_add_up_to_it() {
    for amount in [0, 1, -1, 7, -7, ONE, i128::MAX, i128::MIN + 1, -ONE - 1] {
        for whole in [1_u128, 3, 7, 1 << 40] {
            let marks = [0, whole / 3, whole / 2, whole];
            let credit = Credit {
                conversions: CONVERSION,
                revenue: amount,
                net_revenue: amount,
            };
            let mut sum = Credit::default();
            for pair in marks.windows(2) {
                sum.add(credit.between(pair[0], pair[1], whole));
            }
            assert_eq!(sum, credit, "{amount} of {whole}");
        }
    }
}

/// Numbers that look random, the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn minute(&mut self) -> i64 {
        self.below(60 * 24 * 60) as i64
    }
}

fn random_shop(seed: u64) -> Vec<Draft> {
    let mut numbers = Numbers(seed);
    let channels = ["Direct", "Email", "Paid Search", ""];
    let mut drafts = Vec::new();
    for visitor in 1..=4 {
        for _ in 0..numbers.below(6) {
            let channel = channels[numbers.below(4) as usize];
            drafts.push(came_by(numbers.minute(), visitor, channel));
        }
        for order in 0..numbers.below(4) {
            let id = format!("{visitor}-{order}");
            let minute = numbers.minute();
            let cents = format!("{}.{:02}", numbers.below(500), numbers.below(100));
            let purchase = Draft::purchase(minute, visitor, &id, vec![]).revenue(&cents);
            let tax = decimal("1.07");
            drafts.push(purchase.order(|order| order.tax = tax));
            match numbers.below(4) {
                0 => drafts.push(Draft::refund(numbers.minute(), visitor, &id)),
                1 => drafts.push(given_back(numbers.minute(), visitor, &id, "3.33")),
                2 => {
                    let state = OrderState::Cancelled;
                    drafts.push(Draft::order_status(minute + 9, visitor, &id, state));
                }
                _ => {}
            }
        }
    }
    drafts
}

#[test]
fn rows_add_up_to_what_the_plain_figures_say() {
    let mut with_credit = 0;
    for seed in 0..150 {
        let snapshot = shop(random_shop(seed));
        let filter = (seed % 3 == 0).then(|| FilterNode::is("channel", &["Email"]));
        let selection = chosen(&*snapshot, "2026-04-10", "2026-05-10", filter);
        let asked = Attributing {
            goal: None,
            models: Model::ALL.to_vec(),
            dimensions: vec![Dimension::Channel, Dimension::Campaign],
            lookback: [None, Some(days(30)), Some(days(3))][seed as usize % 3],
            half_life: days(1 + seed as i64 % 9),
        };
        let found = attribution(&selection, &asked, &*snapshot).unwrap();
        for place in 0..asked.models.len() {
            let mut sum = Credit::default();
            for row in &found.rows {
                assert!(row.credits[place].conversions >= 0);
                sum.add(row.credits[place]);
            }
            assert_eq!(sum, found.total, "seed {seed}, {}", asked.models[place]);
        }
        use Measure::*;
        let plain = Question {
            measures: vec![Orders, Revenue, Tax, ShippingNet, RefundAmount],
            ..selection.question.clone()
        };
        let plain = &snapshot.aggregate(&plain).unwrap().rows[0].numbers;
        let expect = Credit {
            conversions: plain[0] * CONVERSION,
            revenue: plain[1],
            net_revenue: plain[1] - plain[2] - plain[3] - plain[4],
        };
        assert_eq!(found.total, expect, "seed {seed}");
        with_credit += usize::from(found.rows.len() > 1);
    }
    assert!(with_credit > 30, "{with_credit}");
}

#[test]
fn conversions_of_a_goal_are_shared_out_in_place_of_orders() {
    let goal = |name: &str, page: &str, once_per_visit: bool| Goal {
        name: name.into(),
        filter: Filter::Condition(Condition {
            dimension: Dimension::Page,
            test: Test::Is(vec![page.into()]),
            negated: false,
            scope: ConditionScope::Hit,
            case_sensitive: true,
        }),
        once_per_visit,
    };
    let snapshot = shop(vec![
        came_by(0, 1, "Email"),
        came_by(DAY_MINUTES, 1, "Paid Search"),
        Draft::page_view(DAY_MINUTES + 1, 1, "/thanks"),
        Draft::page_view(DAY_MINUTES + 2, 1, "/thanks"),
        came_by(2 * DAY_MINUTES, 2, "Email"),
        Draft::page_view(2 * DAY_MINUTES + 1, 2, "/other"),
        Draft::purchase(2 * DAY_MINUTES + 2, 2, "o", vec![]).revenue("100"),
    ]);
    let check = |goal: Goal, filter: Option<FilterNode>, expect: &[(&str, i128)]| {
        let selection = chosen(&*snapshot, "2026-03-30", "2026-05-01", filter);
        let asked = Attributing {
            goal: Some(GoalConversions {
                goal: goal.clone(),
                value: decimal("2.50"),
            }),
            ..attributing(Model::First, vec![Dimension::Channel])
        };
        let found = attribution(&selection, &asked, &*snapshot).unwrap();
        let mut told = Vec::new();
        for row in &found.rows {
            let Value::Text(channel) = &row.keys[0] else {
                panic!("{row:?}");
            };
            let count = row.credits[0].conversions / CONVERSION;
            assert_eq!(row.credits[0].revenue, count * 5 * ONE / 2);
            told.push((&**channel, count));
        }
        assert_eq!(told, expect, "{goal:?}");
        let counted = Question {
            measures: vec![Measure::Conversions],
            goals: vec![goal],
            ..selection.question.clone()
        };
        let counted = snapshot.aggregate(&counted).unwrap().rows[0].numbers[0];
        assert_eq!(found.total.conversions, counted * CONVERSION);
    };
    check(goal("Thanks", "/thanks", false), None, &[("Email", 2)]);
    check(goal("Thanks", "/thanks", true), None, &[("Email", 1)]);
    check(goal("Other", "/other", true), None, &[("Email", 1)]);
    check(goal("None", "/none", true), None, &[]);
    let by_search = || Some(FilterNode::is("channel", &["Paid Search"]));
    check(
        goal("Thanks", "/thanks", true),
        by_search(),
        &[("Email", 1)],
    );
    check(goal("Other", "/other", true), by_search(), &[]);
}
