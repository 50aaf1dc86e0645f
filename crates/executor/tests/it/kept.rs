//! What shards keep of answers, while what lies beside them changes.

use std::sync::Arc;

use afsa_executor::{Budget, Image, OrdersCell, Shard, Vocabulary, execute, execute_anew};
use afsa_model::{AccountSettings, Cut, VisitorKey};
use afsa_segments::encode;
use afsa_store::conformance::draft::{Draft, product};
use afsa_store::{Dimension, Measure, Question};
use afsa_visits::{Rules, cut};

use crate::conformance::sorted;

/// An image comes in one of two shards, with new words and orders, and what is kept of the other
/// goes on being right.
#[test]
fn what_is_kept_holds_while_images_come_and_go() {
    use Dimension as D;
    use Measure::*;
    let visitor = |number: u64| VisitorKey(u128::from(number));
    let (mut sequence, mut orders) = (0, 0);
    let mut cut_of = |key: VisitorKey, from: i64, page: &str| -> (VisitorKey, Cut) {
        let mut hits = vec![
            Draft::page_view(from, 1, page),
            Draft::page_view(from + 9, 1, "/b"),
        ];
        if sequence % 4 == 0 {
            orders += 1;
            hits.push(Draft::purchase(
                from + 12,
                1,
                &format!("order {orders}"),
                vec![product("hat", "12.50", "2")],
            ));
        }
        let hits = hits.into_iter().map(|draft| {
            sequence += 1;
            let mut hit = draft.0.hit;
            (hit.visitor, hit.sequence) = (key, sequence);
            hit
        });
        (
            key,
            cut(hits.collect(), Rules::from(&AccountSettings::default())),
        )
    };
    let vocabulary = Arc::new(Vocabulary::default());
    let budget = Budget::new(1 << 30);
    let image = |cuts: Vec<(VisitorKey, Cut)>| {
        let tables = Arc::new(encode(cuts).unwrap());
        Arc::new(Image::new(tables, &[], &[], &vocabulary, &budget).unwrap())
    };
    let resting = image((1..9).map(|it| cut_of(visitor(it), 100, "/a")).collect());
    let other = image((20..29).map(|it| cut_of(visitor(it), 300, "/c")).collect());
    let other = Arc::new(Shard::new(vec![other]));
    let cell = OrdersCell::default();
    let settings = AccountSettings::default();
    let questions: Vec<Question> = [
        (vec![Visits, Visitors, PageViews], vec![D::Page]),
        (
            vec![Visits, Bounces, Revenue, Orders],
            vec![D::EntryPage, D::VisitNumber],
        ),
        (
            vec![Visitors, Visits, PageViews, NewVisitors, Revenue],
            vec![],
        ),
        (vec![Visits], vec![D::VisitorType, D::OrderId]),
        (vec![Visits, Visitors], vec![D::HourOfDay]),
    ]
    .into_iter()
    .map(|(measures, dimensions)| Question {
        measures,
        dimensions,
        ..Question::default()
    })
    .collect();
    let mut images = vec![resting];
    for round in 0..6 {
        let shards = [Arc::new(Shard::new(images.clone())), other.clone()];
        for question in &questions {
            for _ in 0..2 {
                let kept = execute(&shards, &cell, &settings, question).unwrap();
                let cell = OrdersCell::default();
                let anew = execute_anew(&shards, &cell, &settings, question).unwrap();
                assert!(!kept.rows.is_empty(), "{question:?}");
                assert_eq!(sorted(kept), sorted(anew), "{round}: {question:?}");
            }
        }
        let page = format!("/new {round}");
        let times = 600 * (round + 1);
        images.push(image(vec![
            cut_of(visitor(3), times, &page),
            cut_of(visitor(11), times, &page),
        ]));
    }
}
