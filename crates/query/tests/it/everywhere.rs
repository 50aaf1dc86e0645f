//! Everything that can be asked of a metric, asked of every metric.

use afsa_model::{AccountSettings, Event, HitKind, Origin, ProductAction, text};
use afsa_query::{
    Answer, Figure, FilterCondition, FilterNode, METRICS, Metric, Request, Row, Scalar,
};
use afsa_store::conformance::draft::{Draft, decimal, product};

use super::money::Dice;
use super::shop::{DAY_MINUTES, ask_stored, list, stored, week};

/// Two weeks of a shop in which everything happens: the week before the asked one, and it.
fn drafts() -> Vec<Draft> {
    let mut dice = Dice(5);
    let mut drafts = Vec::new();
    for number in 0..60_u64 {
        let visitor = 1 + number % 40;
        let minute = (dice.below(14) - 7) * DAY_MINUTES + dice.below(DAY_MINUTES);
        let country = dice.one_of(&["FR", "BE", "DE", ""]);
        let ball = || vec![product("ball", "20", "2"), product("pen", "1.5", "1")];
        let action = |at: i64, action: ProductAction| {
            let draft = Draft::products(minute + at, visitor, action, &[]).at("/ball");
            draft.product_hit(|hit| hit.products = ball())
        };
        let method = dice.one_of(&["cpc", "cps", "cpspercent", "total", ""]);
        let cost = dice.one_of(&["1", "0.25", "12.5"]);
        let page = Draft::page_view(minute, visitor, "/").country(country);
        drafts.push(page.hit(|hit| {
            let origin = Origin {
                campaign: text(if method.is_empty() { "" } else { "spring" }),
                cost_method: text(method),
                cost: decimal(cost),
                ..Origin::default()
            };
            hit.origin = Some(origin.into());
        }));
        let event = Event {
            category: text("video"),
            ..Event::default()
        };
        if dice.below(3) == 0 {
            drafts.push(Draft::new(minute + 1, visitor, HitKind::Event(Box::new(event))).at("/"));
            drafts.push(Draft::engagement(minute + 1, visitor, 20, 50).at("/"));
        }
        for (at, step) in [
            ProductAction::Impression,
            ProductAction::Click,
            ProductAction::Detail,
            ProductAction::Add,
            ProductAction::Remove,
            ProductAction::Checkout,
        ]
        .into_iter()
        .enumerate()
        {
            if dice.below(2) == 0 {
                drafts.push(action(2 + at as i64, step));
            }
        }
        if dice.below(3) == 0 {
            drafts.push(
                Draft::promotion(minute + 9, visitor, ProductAction::PromotionView, "spring")
                    .at("/"),
            );
            drafts.push(
                Draft::promotion(minute + 9, visitor, ProductAction::PromotionClick, "spring")
                    .at("/"),
            );
        }
        if dice.below(2) == 0 {
            let id = format!("o{number}");
            let tax = decimal(dice.one_of(&["0", "3.3", "7"]));
            let order = Draft::purchase(minute + 10, visitor, &id, ball()).at("/thanks");
            drafts.push(order.order(|order| {
                order.tax = tax;
                order.shipping = decimal("2.5");
                order.coupon_value = tax;
            }));
            match dice.below(4) {
                0 => drafts.push(Draft::refund(minute + 3 * DAY_MINUTES, visitor, &id)),
                1 => drafts.push(Draft::order_status(
                    minute + 11,
                    visitor,
                    &id,
                    afsa_model::OrderState::Cancelled,
                )),
                _ => {}
            }
        }
    }
    drafts
}

/// The metric beside `visits`, so that no row is left out for being nothing.
fn request(metric: &Metric, dimensions: &str) -> Request {
    let metrics = if metric.name == "visits" {
        "visits".to_owned()
    } else {
        format!("visits,{}", metric.name)
    };
    Request {
        limit: Some(10_000),
        ..week(dimensions, &metrics)
    }
}

fn figure(row: &Row) -> Figure {
    *row.values.last().unwrap()
}

fn only(operator: &str, metric: &Metric, bound: Option<f64>) -> FilterNode {
    FilterNode::Condition(FilterCondition {
        operator: operator.to_owned(),
        field: metric.name.to_owned(),
        values: bound.map(Scalar::Number).into_iter().collect(),
        ..FilterCondition::default()
    })
}

#[test]
fn every_metric_can_be_chosen_ordered_compared_and_totalled_by() {
    let settings = AccountSettings::default();
    let reference = stored(&drafts(), &settings);
    let asked = |request: &Request| ask_stored(&reference, &settings, request);
    let keys = |answer: &Answer| -> Vec<_> {
        let mut keys: Vec<_> = answer.rows.iter().map(|row| row.keys.clone()).collect();
        keys.sort();
        keys
    };
    for metric in METRICS {
        let name = metric.name;
        let table = request(metric, "country,time");
        let all = asked(&Request {
            include: list("totals"),
            ..table.clone()
        });
        assert!(all.rows.len() > 10, "{name}");

        let whole = asked(&request(metric, ""));
        assert_eq!(
            all.totals.as_ref().unwrap().values,
            whole.rows[0].values,
            "{name}"
        );
        if !["conversions", "conversion_rate"].contains(&name) {
            let says = |row: &Row| figure(row).is_some_and(|figure| !figure.is_zero());
            assert!(whole.rows.iter().any(says), "nothing happened: {name}");
        }

        let (is, is_not) = ("is_set", "is_not_set");
        let has = |row: &&Row| figure(row).is_some();
        let count = |operator: &str, bound: Option<f64>| {
            let filters = Some(only(operator, metric, bound));
            let chosen = asked(&Request {
                filters,
                ..table.clone()
            });
            chosen.rows.len()
        };
        let with_value = all.rows.iter().filter(has).count();
        assert_eq!(count(is, None), with_value, "{name}");
        assert_eq!(count(is_not, None), all.rows.len() - with_value, "{name}");
        let bound = 0.5;
        let above = |row: &&Row| figure(row).is_some_and(|it| it > bound.into());
        let expect = all.rows.iter().filter(above).count();
        assert_eq!(count("gt", Some(bound)), expect, "{name}");
        assert_eq!(count("le", Some(bound)), with_value - expect, "{name}");

        for (direction, descends) in [("asc", false), ("desc", true)] {
            let ordered = asked(&Request {
                order_by: Some(vec![format!("{name}:{direction}")]),
                ..table.clone()
            });
            assert_eq!(keys(&ordered), keys(&all), "{name}");
            for pair in ordered.rows.windows(2) {
                let in_order = match (figure(&pair[0]), figure(&pair[1])) {
                    (Some(before), Some(after)) if descends => before >= after,
                    (Some(before), Some(after)) => before <= after,
                    (before, after) => before.is_some() || after.is_none(),
                };
                assert!(in_order, "{name}:{direction} {pair:?}");
            }
        }

        let compared = asked(&Request {
            compare: Some("previous_period".to_owned()),
            include: list("totals,empty"),
            ..request(metric, "country")
        });
        let before = asked(&Request {
            from: Some("2026-03-23".to_owned()),
            to: Some("2026-03-29".to_owned()),
            include: list("totals"),
            ..request(metric, "country")
        });
        let totals = (compared.totals.unwrap(), before.totals.unwrap());
        assert_eq!(totals.0.previous.as_ref(), Some(&totals.1.values), "{name}");
        for row in &compared.rows {
            let then = before.rows.iter().find(|then| then.keys == row.keys);
            let then = then.expect("every country was seen in both weeks");
            assert_eq!(row.previous.as_ref(), Some(&then.values), "{name}");
        }

        let filled = asked(&Request {
            include: list("empty"),
            ..request(metric, "time:hour")
        });
        assert_eq!(filled.rows.len(), 7 * 24, "{name}");
    }
}
