//! Who buys, how often, and on which way.

use afsa_model::{DAY, HitKind, OrderState, Timestamp, VisitorKey};
use afsa_visits::orders::Customer;

use crate::hits::hit;
use crate::shop::{by_user, purchase, refund, resolved, status, total};

#[test]
fn the_customer_is_the_user_known_by_then() {
    let hits = vec![
        purchase(0, "anonymous", total("1")),
        by_user(hit(1, HitKind::PageView), "ann"),
        purchase(2, "logged-in", total("2")),
        purchase(9, "logged-out", total("4")),
        by_user(purchase(5, "bob", total("8")), "bob"),
    ];
    let orders = resolved(hits, &[]);
    let told: Vec<_> = orders
        .iter()
        .map(|order| {
            (
                &*order.id,
                order.customer.clone(),
                order.is_first,
                order.customer_orders,
            )
        })
        .collect();
    let user = |user: &str| Customer::User(user.into());
    let expect = [
        ("anonymous", Customer::Visitor(VisitorKey(1)), true, 1),
        ("logged-in", user("ann"), true, 1),
        ("bob", user("bob"), true, 2),
        ("logged-out", user("bob"), false, 2),
    ];
    assert_eq!(told, expect);
}

#[test]
fn a_customer_nobody_knows_is_one_of_his_own() {
    let mut unknown = purchase(0, "A", total("1"));
    unknown.visitor = VisitorKey::NOBODY;
    let mut other = purchase(1, "B", total("1"));
    other.visitor = VisitorKey::NOBODY;
    let orders = resolved(vec![unknown, other], &[(0, 1)]);
    assert!(
        orders
            .iter()
            .all(|order| order.is_first && order.visit.is_none())
    );
    assert_eq!(orders[1].customer, Customer::Unknown("B".into()));
    assert_eq!(orders[0].visits_so_far, None);
}

#[test]
fn labels_of_customers_are_their_own() {
    let check = |customer: Customer, expect: &str| assert_eq!(&*customer.label(), expect);
    check(Customer::User("ann".into()), "ann");
    check(Customer::User("order:7".into()), "user:order:7");
    check(Customer::User("user:order:7".into()), "user:user:order:7");
    check(Customer::Unknown("7".into()), "order:7");
    check(
        Customer::Visitor(VisitorKey(255)),
        "visitor:000000000000000000000000000000ff",
    );
}

#[test]
fn a_cancelled_order_is_nobodys_first() {
    let hits = vec![
        purchase(0, "A", total("5")),
        status(1, "A", OrderState::Cancelled),
        purchase(2, "B", total("7")),
        purchase(3, "C", total("2")),
        refund(4, "C", "1", &[]),
    ];
    let orders = resolved(hits, &[]);
    let told: Vec<_> = orders
        .iter()
        .map(|order| (order.is_first, order.customer_orders))
        .collect();
    assert_eq!(told, [(false, 2), (true, 2), (false, 2)]);
    assert!(
        orders
            .iter()
            .all(|order| order.customer_value == 8_000_000_000_000)
    );
    assert!(
        orders
            .iter()
            .all(|order| order.customer_since == Some(Timestamp(2)))
    );
}

/// Visits that begin in odd milliseconds come from a campaign.
#[test]
fn days_and_visits_count_from_what_is_known() {
    let check =
        |time: i64, visits: &[(i64, i64)], expect: (Option<i64>, Option<u32>, Option<i64>)| {
            let orders = resolved(vec![purchase(time, "A", total("1"))], visits);
            let order = &orders[0];
            let told = (
                order.since_first_visit,
                order.visits_so_far,
                order.since_campaign,
            );
            assert_eq!(told, expect, "at {time} of {visits:?}");
        };
    check(5, &[], (None, None, None));
    check(5, &[(6, 7)], (None, None, None));
    check(6, &[(6, 7)], (Some(0), Some(1), None));
    let visits = [(0, 1), (DAY + 1, DAY + 2), (3 * DAY, 3 * DAY + 9)];
    check(
        3 * DAY + 5,
        &visits,
        (Some(3 * DAY + 5), Some(3), Some(2 * DAY + 4)),
    );
    check(2 * DAY, &visits, (Some(2 * DAY), Some(2), Some(DAY - 1)));
    check(
        99 * DAY,
        &visits,
        (Some(99 * DAY), Some(3), Some(98 * DAY - 1)),
    );
}
