//! What shards keep of answers, while what lies beside them changes.

use std::ops::ControlFlow;
use std::sync::Arc;

use afsa_executor::{Budget, Image, OrdersCell, Shard, Vocabulary, execute, execute_anew, orders};
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

/// Images come, go and lose rows, with orders, refunds, states, carts and users of the same few
/// people: what is resolved anew in part is what is resolved from the beginning.
#[test]
fn orders_resolved_in_part_are_those_resolved_as_a_whole() {
    use Dimension as D;
    use Measure::*;
    let settings = AccountSettings::default();
    let questions = [
        (
            vec![
                Orders,
                Revenue,
                RefundAmount,
                Buyers,
                RepeatBuyers,
                LifetimeValue,
                NewBuyers,
            ],
            vec![],
        ),
        (
            vec![Orders, CancelledOrders, Refunds],
            vec![D::OrderId, D::Customer, D::BuyerType],
        ),
        (
            vec![
                Carts,
                AbandonedCarts,
                CheckoutVisits,
                AbandonedCheckouts,
                Bounces,
            ],
            vec![D::EntryPage],
        ),
        (
            vec![Units, RefundedUnits, CartAdds],
            vec![D::ProductSku, D::Product],
        ),
        (
            vec![VisitsToPurchase, DaysToPurchase],
            vec![D::PurchaseVisits],
        ),
    ]
    .map(|(measures, dimensions)| Question {
        measures,
        dimensions,
        ..Question::default()
    });
    let mut compared = 0;
    for seed in 1..=24 {
        let mut people = People {
            state: seed,
            sequence: 0,
        };
        let vocabulary = Arc::new(Vocabulary::default());
        let budget = Budget::new(1 << 30);
        let cell = OrdersCell::default();
        let mut images: Vec<Arc<Image>> = Vec::new();
        for round in 0..14 {
            match people.below(8) {
                0 if images.len() > 1 => {
                    let at = people.below(images.len() as u64) as usize;
                    images.remove(at);
                }
                1 | 2 if !images.is_empty() => {
                    let at = people.below(images.len() as u64) as usize;
                    let visits: Vec<u32> = (0..4).filter(|_| people.below(3) == 0).collect();
                    let loose: Vec<u32> = (0..24).filter(|_| people.below(6) == 0).collect();
                    images[at] = Arc::new(images[at].with_dead(&visits, &loose).unwrap());
                }
                _ => {
                    let tables = Arc::new(encode(people.cuts()).unwrap());
                    let image = Image::new(tables, &[], &[], &vocabulary, &budget);
                    images.push(Arc::new(image.unwrap()));
                }
            }
            let shards = [Arc::new(Shard::new(images.clone()))];
            // Not every state is asked for everything, so that some are passed over.
            for question in questions.iter().filter(|_| people.below(3) > 0) {
                let fresh = OrdersCell::default();
                let kept = execute(&shards, &cell, &settings, question).unwrap();
                let anew = execute_anew(&shards, &fresh, &settings, question).unwrap();
                compared += kept.rows.len();
                assert_eq!(sorted(kept), sorted(anew), "{seed}, {round}: {question:?}");
            }
            let all = Question::default();
            let told = |cell: &OrdersCell| {
                let mut told = Vec::new();
                let mut each = |order| {
                    told.push(order);
                    ControlFlow::Continue(())
                };
                orders(&shards, cell, &settings, &all, &mut each).unwrap();
                told
            };
            assert_eq!(told(&cell), told(&OrdersCell::default()), "{seed}, {round}");
        }
    }
    assert!(compared > 1_000, "{compared}");
}

/// A few visitors of a shop, at random.
struct People {
    state: u64,
    sequence: u64,
}

impl People {
    fn below(&mut self, bound: u64) -> u64 {
        // A linear congruence is random enough for this.
        let next = self.state.wrapping_mul(6_364_136_223_846_793_005);
        self.state = next.wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) % bound.max(1)
    }

    fn cuts(&mut self) -> Vec<(VisitorKey, Cut)> {
        let mut keys: Vec<u64> = (1..=7).filter(|_| self.below(3) == 0).collect();
        keys.push(9);
        let mut cuts = Vec::new();
        for key in keys {
            let key = VisitorKey(key.into());
            let hits: Vec<_> = (0..1 + self.below(6)).map(|_| self.hit(key)).collect();
            cuts.push((key, cut(hits, Rules::from(&AccountSettings::default()))));
        }
        cuts
    }

    fn hit(&mut self, visitor: VisitorKey) -> afsa_model::Hit {
        use afsa_model::{OrderState, ProductAction};
        let minute = self.below(4 * 24 * 60) as i64;
        let id = format!("order {}", self.below(9));
        let rows = vec![product("hat", "12.50", "2"), product("ball", "1", "3")];
        let draft = match self.below(9) {
            0 | 1 => Draft::purchase(minute, 1, &id, rows),
            2 => Draft::purchase(minute, 1, &id, rows).at("/thanks"),
            3 => Draft::refund(minute, 1, &id),
            4 => {
                let states = [
                    OrderState::Cancelled,
                    OrderState::Pending,
                    OrderState::Completed,
                ];
                Draft::order_status(minute, 1, &id, states[self.below(3) as usize])
            }
            5 => Draft::products(minute, 1, ProductAction::Add, &["hat"]),
            6 => Draft::products(minute, 1, ProductAction::Checkout, &["hat"]),
            _ => Draft::page_view(minute, 1, "/a"),
        };
        let draft = if self.below(4) == 0 {
            draft.user(["ann", "bob"][self.below(2) as usize])
        } else {
            draft
        };
        self.sequence += 1;
        let mut hit = draft.0.hit;
        (hit.visitor, hit.sequence) = (visitor, self.sequence);
        hit
    }
}
