//! Laws that the reference keeps, which were not thought of when it was written down.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use afsa_model::{AccountId, AccountSettings, Exclusion, HitKind, MINUTE, Visit, VisitorKey, text};

use super::compare::{Normal, contents, normal};
use super::questions::{self, Words};
use super::rng::Rng;
use super::traffic::{self, Profile};
use crate::reference::Reference;
use crate::{
    Arrival, Condition, ConditionScope, CostMethod, Dimension, Fact, Filter, Kind, Measure,
    Question, Snapshot, Test, Traffic, Value,
};

const WORLDS: u64 = 25;
const ACCOUNT: AccountId = AccountId(1);

fn settings() -> AccountSettings {
    AccountSettings::default()
}

fn arrivals(rng: &mut Rng) -> Vec<Arrival> {
    let people = rng.between(1, 10) as u64;
    let timeout = 30 * MINUTE;
    let is_shop = rng.percent(40);
    traffic::arrivals(
        rng,
        Profile {
            visit_timeout: timeout,
            people,
            plain_identities: false,
            excluded: 20,
            is_shop,
        },
    )
}

/// The hits as if they had come in this order.
fn world(mut arrivals: Vec<Arrival>) -> Reference {
    for (sequence, arrival) in (1..).zip(&mut arrivals) {
        arrival.hit.sequence = sequence;
    }
    Reference::new(ACCOUNT, &arrivals, &settings())
}

fn worlds() -> impl Iterator<Item = (Rng, Reference)> {
    (0..WORLDS).map(|seed| {
        let mut rng = Rng::new(seed);
        let mut arrivals = arrivals(&mut rng);
        if seed % 2 == 0 {
            without_lump_sums(&mut arrivals);
        }
        let world = world(arrivals);
        (rng, world)
    })
}

/// Has each click paid where the campaign was paid as a whole.
fn without_lump_sums(arrivals: &mut [Arrival]) {
    let origins = arrivals
        .iter_mut()
        .filter_map(|arrival| arrival.hit.origin.as_mut());
    for origin in origins.filter(|origin| origin.cost_method.as_deref() == Some("total")) {
        Arc::make_mut(origin).cost_method = text("cpc");
    }
}

fn answer(world: &Reference, question: &Question) -> Normal {
    normal(&world.aggregate(question).unwrap(), question).unwrap()
}

fn sum(one: &Normal, other: &Normal) -> Normal {
    let mut sum = one.clone();
    for (key, numbers) in other {
        let total = sum
            .entry(key.clone())
            .or_insert_with(|| vec![0; numbers.len()]);
        for (total, number) in total.iter_mut().zip(numbers) {
            *total += number;
        }
    }
    sum
}

/// Whether its numbers add up over disjoint sets of visits. Lump sums are once in each.
fn adds_up(measure: Measure, world: &Reference) -> bool {
    let is_lump = |visit: &Visit| {
        CostMethod::of(&visit.origin).is_some_and(|(method, _)| method == CostMethod::Total)
    };
    match measure {
        Measure::Visitors | Measure::Buyers | Measure::RepeatBuyers | Measure::LifetimeValue => {
            false
        }
        Measure::VisitCost => !world.visits().iter().any(is_lump),
        _ => true,
    }
}

fn judges_things(question: &Question) -> bool {
    question.filter.as_ref().is_some_and(Filter::judges_things)
}

#[test]
fn a_filter_and_its_negation_make_the_whole() {
    let mut compared = 0;
    for (mut rng, world) in worlds() {
        let words = Words::of(&world, &[]);
        for _ in 0..40 {
            let mut question = questions::question(&mut rng, &words);
            question
                .measures
                .retain(|measure| adds_up(*measure, &world));
            if judges_things(&question) {
                // What is joined, and visits, may be on both sides; things are on one.
                question
                    .dimensions
                    .retain(|dimension| matches!(dimension.kind(), Kind::Visit | Kind::Time));
                question.measures.retain(|measure| {
                    measure.fact() != Fact::Visit && *measure != Measure::ProductsSold
                });
            }
            let Some(filter) = question.filter.clone() else {
                continue;
            };
            let chosen = answer(&world, &question);
            let negation = Some(Filter::Not(Box::new(filter)));
            let others = answer(
                &world,
                &Question {
                    filter: negation,
                    ..question.clone()
                },
            );
            let all = answer(
                &world,
                &Question {
                    filter: None,
                    ..question.clone()
                },
            );
            assert_eq!(sum(&chosen, &others), all, "{question:#?}");
            compared += usize::from(!chosen.is_empty() && !others.is_empty());
        }
    }
    assert!(compared > 50, "{compared}");
}

#[test]
fn negating_a_condition_is_negating_a_filter() {
    for (mut rng, world) in worlds() {
        let words = Words::of(&world, &[]);
        for _ in 0..20 {
            let question = questions::question(&mut rng, &words);
            let Some(Filter::Condition(condition)) = question.filter.clone() else {
                continue;
            };
            let negated = Condition {
                negated: !condition.negated,
                ..condition.clone()
            };
            let negated = Some(Filter::Condition(negated));
            let not = Some(Filter::Not(Box::new(Filter::Condition(condition))));
            assert_eq!(
                answer(
                    &world,
                    &Question {
                        filter: negated,
                        ..question.clone()
                    }
                ),
                answer(
                    &world,
                    &Question {
                        filter: not,
                        ..question.clone()
                    }
                ),
            );
        }
    }
}

#[test]
fn the_order_of_arrival_does_not_matter() {
    for seed in 0..WORLDS {
        let mut rng = Rng::new(seed);
        let mut arrivals = arrivals(&mut rng);
        // Hits of one instant do keep the order of arrival, so each has its own.
        for (number, arrival) in (0..).zip(&mut arrivals) {
            arrival.hit.time = arrival.hit.time.plus(number);
        }
        let one = world(arrivals.clone());
        rng.shuffle(&mut arrivals);
        let other = world(arrivals);
        assert_eq!(contents(&one).unwrap(), contents(&other).unwrap());
        let words = Words::of(&one, &[]);
        for _ in 0..20 {
            let question = questions::question(&mut rng, &words);
            assert_eq!(
                answer(&one, &question),
                answer(&other, &question),
                "{question:#?}"
            );
        }
    }
}

#[test]
fn parts_sum_to_totals() {
    for (mut rng, world) in worlds() {
        let words = Words::of(&world, &[]);
        for _ in 0..40 {
            let mut question = questions::question(&mut rng, &words);
            question
                .measures
                .retain(|measure| adds_up(*measure, &world));
            question
                .dimensions
                .retain(|dimension| matches!(dimension.kind(), Kind::Visit | Kind::Time));
            let parts = answer(&world, &question);
            question.dimensions.clear();
            let total = answer(&world, &question);
            let mut summed = Normal::new();
            for numbers in parts.into_values() {
                summed = sum(&summed, &Normal::from([(Vec::new(), numbers)]));
            }
            assert_eq!(summed, total, "{question:#?}");
        }
    }
}

/// What orders have one value of divides them, their rows and their refunds.
#[test]
fn orders_sum_over_what_they_have_one_value_of() {
    use Dimension::*;
    let of_orders = [
        Affiliation,
        Currency,
        OrderId,
        OrderState,
        Customer,
        BuyerType,
        PurchaseDays,
        PurchaseVisits,
        Country,
        Campaign,
        HourOfDay,
    ];
    let is_of_orders = |measure: &Measure| {
        use Fact::{CancelledOrder, Order, OrderRow, Refund, RefundRow};
        let of_orders = [Order, CancelledOrder, OrderRow, Refund, RefundRow];
        of_orders.contains(&measure.fact())
    };
    let mut compared = 0;
    for (mut rng, world) in worlds() {
        let words = Words::of(&world, &[]);
        let measures = Measure::ALL.into_iter().filter(is_of_orders);
        let measures: Vec<Measure> = measures
            .filter(|measure| adds_up(*measure, &world))
            .collect();
        for _ in 0..20 {
            let mut question = questions::question(&mut rng, &words);
            question.measures = measures.clone();
            question.dimensions = vec![*rng.pick(&of_orders)];
            if rng.percent(50) {
                question.dimensions.push(*rng.pick(&of_orders));
            }
            let parts = answer(&world, &question);
            question.dimensions.clear();
            let total = answer(&world, &question);
            let mut summed = Normal::new();
            for numbers in parts.into_values() {
                summed = sum(&summed, &Normal::from([(Vec::new(), numbers)]));
            }
            assert_eq!(summed, total, "{question:#?}");
            compared += usize::from(!total.is_empty());
        }
    }
    assert!(compared > 100, "{compared}");
}

/// A group of visits by a dimension holds just the visits that a condition on its value chooses,
/// and the null group those in which the dimension isn't set.
#[test]
fn groups_of_visits_are_what_conditions_choose() {
    let condition = |dimension: Dimension, test: Test, negated: bool| {
        let scope = ConditionScope::Visit;
        Filter::Condition(Condition {
            dimension,
            test,
            negated,
            scope,
            case_sensitive: true,
        })
    };
    let mut compared = 0;
    for (mut rng, world) in worlds() {
        let words = Words::of(&world, &[]);
        let model = questions::question(&mut rng, &words);
        let traffic = model.traffic;
        for dimension in Dimension::all() {
            let measures = vec![
                Measure::Visits,
                Measure::Visitors,
                Measure::NewVisitors,
                Measure::Bounces,
                Measure::VisitDuration,
                Measure::OrderedVisits,
                Measure::ConvertedVisits,
                Measure::VisitCost,
                Measure::Carts,
                Measure::AbandonedCarts,
                Measure::CheckoutVisits,
                Measure::AbandonedCheckouts,
            ];
            let question = Question {
                measures,
                traffic,
                goals: model.goals.clone(),
                dimensions: vec![dimension],
                ..Question::default()
            };
            for (key, numbers) in answer(&world, &question) {
                let filter = match &key[0] {
                    Value::Null => condition(dimension, Test::IsSet, true),
                    Value::Text(text) => condition(dimension, Test::Is(vec![text.clone()]), false),
                    Value::Number(number) => {
                        condition(dimension, Test::NumberIs(vec![*number]), false)
                    }
                };
                let chosen = Question {
                    filter: Some(filter),
                    dimensions: Vec::new(),
                    ..question.clone()
                };
                assert_eq!(
                    answer(&world, &chosen),
                    Normal::from([(Vec::new(), numbers)]),
                    "{chosen:?}"
                );
                compared += 1;
            }
        }
    }
    assert!(compared > 1_000, "{compared}");
}

#[test]
fn plain_counts_equal_those_made_directly() {
    for (mut rng, world) in worlds() {
        let words = Words::of(&world, &[]);
        let range = questions::question(&mut rng, &words).range;
        let mut visitors: BTreeMap<Value, BTreeSet<VisitorKey>> = BTreeMap::new();
        let mut views = 0;
        let is_persons = |exclusion: Option<Exclusion>| exclusion.is_none();
        for visit in world
            .visits()
            .iter()
            .filter(|visit| is_persons(visit.exclusion))
        {
            if range.contains(visit.start) {
                let country = visit
                    .client
                    .country
                    .clone()
                    .map_or(Value::Null, Value::Text);
                visitors.entry(country).or_default().insert(visit.visitor);
            }
        }
        let hits = world
            .visits()
            .iter()
            .flat_map(|visit| &visit.hits)
            .chain(world.loose());
        for hit in hits.filter(|hit| is_persons(hit.exclusion) && range.contains(hit.time)) {
            views += i128::from(matches!(hit.kind, HitKind::PageView));
        }
        let by_country = Question {
            range,
            measures: vec![Measure::Visitors],
            dimensions: vec![Dimension::Country],
            traffic: Traffic::People,
            ..Question::default()
        };
        let expected: Normal = visitors
            .into_iter()
            .map(|(country, visitors)| (vec![country], vec![visitors.len() as i128]))
            .collect();
        assert_eq!(answer(&world, &by_country), expected);
        let page_views = Question {
            range,
            measures: vec![Measure::PageViews],
            ..Question::default()
        };
        let found = answer(&world, &page_views);
        assert_eq!(
            found.values().map(|numbers| numbers[0]).sum::<i128>(),
            views
        );
    }
}

/// No total is larger with more dimensions beside, nor smaller: every counted thing has at least
/// one key, and distinct visitors never outnumber visits.
#[test]
fn every_counted_thing_has_a_key() {
    for (mut rng, world) in worlds() {
        let words = Words::of(&world, &[]);
        for _ in 0..20 {
            let mut question = questions::question(&mut rng, &words);
            question.measures = vec![Measure::Visitors, Measure::Visits, Measure::Orders];
            let groups = answer(&world, &question);
            for numbers in groups.values() {
                assert!(numbers[0] <= numbers[1], "{question:#?}");
            }
            let counted = |column: usize| groups.values().map(|numbers| numbers[column]).sum();
            let (visits, orders): (i128, i128) = (counted(1), counted(2));
            question.dimensions.clear();
            for numbers in answer(&world, &question).values() {
                assert!(
                    numbers[1] <= visits && numbers[2] <= orders,
                    "{question:#?}"
                );
            }
        }
    }
}
