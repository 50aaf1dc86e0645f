//! What is given back of orders.

use afsa_model::{AccountSettings, ExchangeRates, Hit, OrderFields, OrderState, QUOTE_SCALE, text};

use crate::shop::{bought, piece, purchase, refund, resolved, resolved_by, status, total};

/// (time, amount in hundredths) of each refund of the first order.
fn refunds(hits: Vec<Hit>) -> Vec<(i64, i128)> {
    let orders = resolved(hits, &[]);
    let refunds = orders.first().map_or(&[][..], |order| &order.refunds);
    let cents = |amount: Option<i128>| amount.unwrap() / 10_000_000_000;
    refunds
        .iter()
        .map(|refund| (refund.time.0, cents(refund.amount)))
        .collect()
}

#[test]
fn partial_then_full_gives_back_the_order_and_not_more() {
    let hits = vec![
        purchase(0, "A", total("33.83")),
        refund(5, "A", "16.13", &[]),
        refund(9, "A", "", &[]),
    ];
    assert_eq!(refunds(hits), [(5, 1_613), (9, 1_770)]);
}

#[test]
fn a_refund_leaves_the_revenue_untouched() {
    let hits = vec![purchase(0, "A", total("10")), refund(1, "A", "4", &[])];
    let orders = resolved(hits, &[]);
    assert_eq!(orders[0].revenue, Some(10_000_000_000_000));
    assert_eq!(orders[0].refunded(), 4_000_000_000_000);
    assert_eq!(orders[0].customer_value, 6_000_000_000_000);
}

#[test]
fn a_second_full_refund_adds_nothing_and_is_none() {
    let hits = vec![
        purchase(0, "A", total("10")),
        refund(3, "A", "", &[]),
        refund(4, "A", "", &[]),
        refund(5, "A", "2", &[]),
    ];
    assert_eq!(refunds(hits), [(3, 1_000)]);
}

#[test]
fn a_refund_of_an_unknown_order_waits_for_it() {
    assert!(resolved(vec![refund(3, "A", "", &[])], &[]).is_empty());
    let hits = vec![refund(3, "A", "", &[]), purchase(7, "A", total("10"))];
    assert_eq!(refunds(hits), [(3, 1_000)]);
}

#[test]
fn rows_come_back_at_the_price_told_or_sold_and_no_more_than_were_sold() {
    let sold = || {
        bought(
            0,
            "A",
            total("50"),
            &[("ball", "4", 5), ("frisbee", "10", 2)],
        )
    };
    let check = |products: &[_], expect: &[(i64, i128)]| {
        let found = refunds(vec![sold(), refund(1, "A", "", products)]);
        assert_eq!(found, expect, "{products:?}");
    };
    check(&[piece("ball", 2)], &[(1, 800)]);
    check(&[piece("ball", 9)], &[(1, 2_000)]);
    check(&[piece("kite", 1)], &[]);
    check(&[piece("ball", -1)], &[]);
    check(&[piece("ball", 0)], &[]);
    check(&[piece("ball", 3), piece("ball", 3)], &[(1, 2_000)]);
    let dearer = afsa_model::Product {
        price: "7".parse().ok(),
        ..piece("ball", 1)
    };
    check(&[dearer], &[(1, 700)]);
    let twice = vec![
        sold(),
        refund(1, "A", "", &[piece("ball", 4)]),
        refund(2, "A", "", &[piece("ball", 4)]),
        refund(3, "A", "", &[piece("ball", 4)]),
    ];
    assert_eq!(refunds(twice), [(1, 1_600), (2, 400)]);
}

#[test]
fn what_comes_back_is_told_by_rows() {
    let rows = |hits: Vec<Hit>| {
        let orders = resolved(hits, &[]);
        let refunds = orders[0].refunds.iter();
        refunds
            .map(|refund| {
                let rows = refund.rows.iter();
                rows.map(|row| {
                    (
                        row.id.as_deref().unwrap().to_owned(),
                        row.quantity.unwrap().micros(),
                    )
                })
                .collect::<Vec<_>>()
            })
            .collect::<Vec<_>>()
    };
    let sold = bought(
        0,
        "A",
        OrderFields::default(),
        &[("ball", "4", 5), ("kite", "9", 1)],
    );
    let told = rows(vec![
        sold,
        refund(1, "A", "", &[piece("ball", 2)]),
        refund(2, "A", "1", &[]),
        refund(3, "A", "", &[]),
    ]);
    let of = |id: &str, pieces: i64| (id.to_owned(), pieces * 1_000_000);
    assert_eq!(
        told,
        [
            vec![of("ball", 2)],
            vec![],
            vec![of("ball", 3), of("kite", 1)]
        ]
    );
}

#[test]
fn an_order_with_a_total_of_zero_has_nothing_to_give_back() {
    let hits = vec![
        purchase(0, "A", total("0")),
        refund(1, "A", "", &[]),
        refund(2, "A", "5", &[]),
    ];
    assert_eq!(refunds(hits), []);
}

#[test]
fn a_refund_is_converted_at_the_rate_of_its_orders_day() {
    let day = 24 * 3_600_000;
    let mut rates = ExchangeRates::quoted_in("EUR");
    rates.note("USD", 0, 2 * QUOTE_SCALE);
    rates.note("USD", 3, 4 * QUOTE_SCALE);
    let settings = AccountSettings {
        rates: rates.into(),
        ..AccountSettings::default()
    };
    let dollars = OrderFields {
        currency: text("USD"),
        ..total("30")
    };
    let hits = vec![purchase(day, "A", dollars), refund(5 * day, "A", "10", &[])];
    let orders = resolved_by(hits, &[], &settings);
    assert_eq!(orders[0].revenue, Some(15_000_000_000_000));
    assert_eq!(orders[0].refunds[0].amount, Some(5_000_000_000_000));
}

#[test]
fn converted_refunds_never_exceed_the_converted_order() {
    let mut rates = ExchangeRates::quoted_in("EUR");
    rates.note("USD", 0, 3 * QUOTE_SCALE);
    let settings = AccountSettings {
        rates: rates.into(),
        ..AccountSettings::default()
    };
    let dollars = OrderFields {
        currency: text("USD"),
        ..total("0.000005")
    };
    let mut hits = vec![purchase(0, "A", dollars)];
    hits.extend((1..=5).map(|time| refund(time, "A", "0.000001", &[])));
    let orders = resolved_by(hits, &[], &settings);
    assert_eq!(orders[0].refunds.len(), 5);
    assert_eq!(Some(orders[0].refunded()), orders[0].revenue);
}

#[test]
fn the_life_of_a_pending_order_that_is_cancelled() {
    let pending = OrderFields {
        state: Some(OrderState::Pending),
        ..total("10")
    };
    let hits = vec![
        purchase(0, "A", pending),
        status(4, "A", OrderState::Cancelled),
        status(2, "A", OrderState::Completed),
    ];
    let orders = resolved(hits, &[]);
    let history: Vec<_> = orders[0]
        .history
        .iter()
        .map(|(time, state)| (time.0, *state))
        .collect();
    let expect = [
        (0, OrderState::Pending),
        (2, OrderState::Completed),
        (4, OrderState::Cancelled),
    ];
    assert_eq!(history, expect);
    assert!(orders[0].is_cancelled());
    assert_eq!(orders[0].customer_orders, 0);
}
