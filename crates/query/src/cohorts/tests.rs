use afsa_model::{AccountId, AccountSettings, HitKind, OrderState};
use afsa_store::Store;
use afsa_store::conformance::draft::{Draft, MONDAY, decimal};
use afsa_store::reference::ReferenceStore;

use super::*;
use crate::check::Context;
use crate::request::Request;
use crate::selection::select;

const DAY: i64 = 24 * 60;

/// Minute 0 is the start of 30 March 2026, so April begins after two days and May after 32.
fn found(drafts: Vec<Draft>, from: &str, to: &str) -> Vec<Cohort> {
    let store = ReferenceStore::new();
    let arrivals = drafts.into_iter().map(|draft| draft.0).collect();
    store.submit(
        AccountId(1),
        arrivals,
        Box::new(|outcome| drop(outcome.unwrap())),
    );
    let snapshot = store.snapshot(AccountId(1)).unwrap();
    let request = Request {
        from: Some(from.into()),
        to: Some(to.into()),
        ..Request::default()
    };
    let context = Context {
        settings: &AccountSettings::default(),
        now: MONDAY,
        activity: snapshot.activity().unwrap(),
        goals: &[],
    };
    let selection = select(&request, &context).unwrap();
    cohorts(&selection, &*snapshot).unwrap()
}

fn bought(day: i64, visitor: u64, id: &str, revenue: &str) -> Draft {
    Draft::purchase(day * DAY, visitor, id, vec![]).revenue(revenue)
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

/// (customers, orders, revenue, value), money in whole units.
fn told(cohort: &Cohort) -> Vec<(u64, u64, i128, i128)> {
    let month = |month: &CohortMonth| {
        (
            month.customers,
            month.orders,
            month.revenue / ONE,
            month.value / ONE,
        )
    };
    cohort.months.iter().map(month).collect()
}

#[test]
fn customers_stay_in_the_month_of_their_first_order() {
    let drafts = vec![
        // Before the period: in no cohort, whatever he buys later.
        bought(0, 9, "old", "5"),
        bought(40, 9, "old again", "5"),
        bought(3, 1, "a1", "10"),
        bought(4, 1, "a2", "20"),
        bought(5, 2, "b1", "40"),
        bought(33, 1, "a3", "30"),
        bought(34, 3, "c1", "7"),
        given_back(35 * DAY, 2, "b1", "15"),
        bought(70, 2, "b2", "1"),
        // As if never made.
        bought(2, 3, "c0", "99"),
        Draft::order_status(2 * DAY + 1, 3, "c0", OrderState::Cancelled),
    ];
    let found = found(drafts, "2026-04-01", "2026-06-30");
    let months: Vec<&str> = found.iter().map(|cohort| cohort.month.as_str()).collect();
    assert_eq!(months, ["2026-04", "2026-05", "2026-06"]);
    let [april, may, june] = &found[..] else {
        panic!("{found:?}")
    };
    assert_eq!(april.customers, 2);
    assert_eq!(told(april), [(2, 3, 70, 70), (1, 1, 30, 85), (1, 1, 1, 86)]);
    assert_eq!(april.months[1].net_revenue, 15 * ONE);
    assert_eq!(
        april.value_per_customer(&april.months[2]),
        Some(Fraction::whole(43))
    );
    assert_eq!(april.retention(&april.months[1]), Fraction::new(1, 2));
    assert_eq!(told(may), [(1, 1, 7, 7), (0, 0, 0, 7)]);
    assert_eq!((june.customers, told(june)), (0, vec![(0, 0, 0, 0)]));
    assert_eq!(june.value_per_customer(&june.months[0]), None);
}

#[test]
fn the_period_cuts_months_and_refunds() {
    let drafts = vec![
        bought(3, 1, "in", "10"),
        bought(1, 2, "before the period", "10"),
        Draft::refund(50 * DAY, 1, "in"),
        // Told before its order was known.
        given_back(0, 3, "early", "2"),
        bought(6, 3, "early", "10"),
    ];
    let found = found(drafts, "2026-04-02", "2026-05-10");
    assert_eq!(found[0].month, "2026-04");
    assert_eq!(told(&found[0]), [(2, 2, 20, 18), (0, 0, 0, 18)]);
    assert_eq!(found.len(), 2);
}
