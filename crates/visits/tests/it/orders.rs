//! What becomes of orders.

use afsa_model::{
    Decimal, HOUR, HitKind, MINUTE, OrderFields, OrderState, Product, Timestamp, text,
};

use crate::shop::{purchase, resolved, status, total};

#[test]
fn the_earliest_purchase_of_an_id_counts() {
    let orders = resolved(
        vec![
            purchase(5, "A", total("10")),
            purchase(3, "A", total("20")),
            purchase(3, "A", total("30")),
            purchase(4, "B", total("1")),
        ],
        &[],
    );
    let told: Vec<(&str, i64, i128)> = orders
        .iter()
        .map(|order| {
            (
                &*order.id,
                order.time.0,
                order.revenue.unwrap() / 1_000_000_000_000,
            )
        })
        .collect();
    assert_eq!(told, [("A", 3, 20), ("B", 4, 1)]);
}

#[test]
fn the_state_is_the_latest_told() {
    let check = |hits, expect| assert_eq!(resolved(hits, &[])[0].state, expect);
    let told = |state| OrderFields {
        state: Some(state),
        ..OrderFields::default()
    };
    check(
        vec![purchase(0, "A", OrderFields::default())],
        OrderState::Completed,
    );
    check(
        vec![purchase(0, "A", told(OrderState::Pending))],
        OrderState::Pending,
    );
    let cancelled = vec![
        purchase(0, "A", told(OrderState::Pending)),
        status(2, "A", OrderState::Cancelled),
        status(1, "A", OrderState::Completed),
        status(9, "B", OrderState::Completed),
    ];
    check(cancelled, OrderState::Cancelled);
    let early = vec![
        status(1, "A", OrderState::Cancelled),
        purchase(2, "A", OrderFields::default()),
    ];
    check(early, OrderState::Cancelled);
    assert!(resolved(vec![status(1, "A", OrderState::Pending)], &[]).is_empty());
}

#[test]
fn a_server_sent_order_finds_its_visit() {
    let check = |time, spans: &[(i64, i64)], expect: Option<i64>| {
        let orders = resolved(vec![purchase(time, "A", OrderFields::default())], spans);
        assert_eq!(
            orders[0].visit,
            expect.map(Timestamp),
            "at {time} of {spans:?}"
        );
    };
    let visit = (HOUR, 2 * HOUR);
    check(0, &[visit], None);
    check(HOUR, &[visit], Some(HOUR));
    check(2 * HOUR + 30 * MINUTE, &[visit], Some(HOUR));
    check(25 * HOUR, &[visit], Some(HOUR));
    check(25 * HOUR + 1, &[visit], None);
    check(
        5 * HOUR,
        &[visit, (4 * HOUR, 4 * HOUR), (6 * HOUR, 6 * HOUR)],
        Some(4 * HOUR),
    );
    // A visit longer than the window is still open at its end.
    check(40 * HOUR, &[(HOUR, 40 * HOUR)], Some(HOUR));
}

#[test]
fn a_missing_total_is_the_sum_of_its_products() {
    let mut hit = purchase(0, "A", OrderFields::default());
    if let HitKind::Purchase(purchase) = &mut hit.kind {
        let priced = |price: &str, quantity: Option<i32>| Product {
            price: price.parse().ok(),
            quantity: quantity.map(Decimal::from),
            ..Product::default()
        };
        purchase.products = vec![
            priced("2.5", Some(3)),
            priced("1", None),
            priced("", Some(9)),
        ];
    }
    assert_eq!(resolved(vec![hit], &[])[0].revenue, Some(8_500_000_000_000));
}

#[test]
fn another_currency_without_a_rate_is_no_money() {
    let dollars = OrderFields {
        currency: text("usd"),
        ..total("10")
    };
    let euros = OrderFields {
        currency: text("eur"),
        ..total("10")
    };
    let orders = resolved(
        vec![purchase(0, "A", dollars), purchase(1, "B", euros)],
        &[],
    );
    assert_eq!(orders[0].revenue, None);
    assert_eq!(orders[1].revenue, Some(10_000_000_000_000));
}
