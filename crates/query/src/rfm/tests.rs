use afsa_model::{AccountId, HitKind};
use afsa_store::conformance::draft::{Draft, MONDAY, decimal};
use afsa_store::reference::ReferenceStore;
use afsa_store::{Question, Store};

use super::*;

fn bought(day: i64, visitor: u64, id: usize, revenue: &str) -> Draft {
    Draft::purchase(day * 24 * 60, visitor, &id.to_string(), vec![]).revenue(revenue)
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

fn found(drafts: Vec<Draft>) -> Rfm {
    let store = ReferenceStore::new();
    let arrivals = drafts.into_iter().map(|draft| draft.0).collect();
    store.submit(
        AccountId(1),
        arrivals,
        Box::new(|outcome| drop(outcome.unwrap())),
    );
    let snapshot = store.snapshot(AccountId(1)).unwrap();
    let sales = snapshot.sales(&Question::default()).unwrap();
    of_sales(&sales, MONDAY.plus(100 * DAY))
}

fn told(rfm: &Rfm) -> Vec<([u8; 3], u64)> {
    let scores = |group: &RfmGroup| {
        let Scores {
            recency,
            frequency,
            monetary,
        } = group.scores;
        ([recency, frequency, monetary], group.sums.customers)
    };
    rfm.groups.iter().map(scores).collect()
}

#[test]
fn fifths_get_a_score_each() {
    let drafts: Vec<Draft> = (0..10)
        .map(|number| {
            bought(
                number,
                number as u64 + 1,
                number as usize,
                &format!("{}", 90 - number),
            )
        })
        .collect();
    let found = found(drafts);
    // The later, the less; all ordered once.
    let expect = [[5, 1, 1], [4, 1, 2], [3, 1, 3], [2, 1, 4], [1, 1, 5]];
    assert_eq!(told(&found), expect.map(|scores| (scores, 2)));
    assert_eq!(found.total.customers, 10);
    assert_eq!(found.groups[0].sums.mean_days(), Fraction::new(183, 2));
    assert_eq!(found.groups[0].sums.mean_value(), Fraction::new(163, 2));
}

#[test]
fn whoever_has_the_same_has_the_same_score() {
    let mut drafts: Vec<Draft> = (0..7)
        .map(|number| bought(3, number + 1, number as usize, "10"))
        .collect();
    drafts.push(bought(3, 1, 90, "10"));
    let found = found(drafts);
    // Six who are alike in everything, and one who ordered twice on that day.
    assert_eq!(told(&found), [([1, 5, 5], 1), ([1, 1, 1], 6)]);
    assert_eq!(found.groups[0].sums.mean_orders(), Some(Fraction::whole(2)));
}

#[test]
fn money_is_what_was_kept() {
    let drafts = vec![
        bought(1, 1, 1, "100"),
        given_back(2 * 24 * 60, 1, "1", "90"),
        bought(1, 2, 2, "50"),
        // Given back after the end, so it is there as of the end.
        Draft::refund(200 * 24 * 60, 2, "2"),
    ];
    let found = found(drafts);
    assert_eq!(told(&found), [([1, 1, 3], 1), ([1, 1, 1], 1)]);
    assert_eq!(found.total.value, 60 * ONE);
    assert_eq!(found.total.revenue, 150 * ONE);
}

#[test]
fn of_nobody_there_is_nothing() {
    assert_eq!(found(Vec::new()), Rfm::default());
    assert_eq!(Rfm::default().total.mean_value(), None);
}
