//! What shops trip over in orders and refunds.

use afsa_model::{AccountSettings, OrderState, ProductAction};
use afsa_query::Request;
use afsa_store::conformance::draft::{Draft, product};

use super::shop::{DAY_MINUTES, ask, check, check_report, list, refund, viewed, week};
use super::shown;

#[test]
fn a_refund_leaves_revenue_alone_and_has_its_own_day() {
    let drafts = [
        Draft::page_view(0, 1, "/"),
        Draft::purchase(5, 1, "o1", Vec::new()).revenue("33.83"),
        refund(DAY_MINUTES, 1, "o1", "16.13"),
        Draft::refund(2 * DAY_MINUTES, 1, "o1"),
        // Nothing is left to be given back.
        Draft::refund(3 * DAY_MINUTES, 1, "o1"),
    ];
    let metrics = "revenue,refunds,refund_amount,net_revenue,refund_rate,average_order_value";
    check(
        &drafts,
        "time",
        metrics,
        &[
            "2026-03-30 33.83 0 0 33.83 0 33.83",
            "2026-03-31 0 1 16.13 -16.13 null null",
            "2026-04-01 0 1 17.7 -17.7 null null",
        ],
    );
    check(&drafts, "", metrics, &["33.83 2 33.83 0 1 33.83"]);
    check(
        &drafts,
        "order_id",
        metrics,
        &["o1 33.83 2 33.83 0 1 33.83"],
    );
    let later = Request {
        from: Some("2026-03-31".to_owned()),
        report: Some("refunds".to_owned()),
        metrics: None,
        dimensions: None,
        ..week("", "")
    };
    let answer = ask(&drafts, &AccountSettings::default(), &later);
    let figures = ["refund_amount", "percentage", "refunds"];
    assert_eq!(shown(&answer, &figures), ["o1 33.83 1 2"]);
}

#[test]
fn five_orders_of_which_one_came_back_are_told_alike_everywhere() {
    let countries = ["FR", "FR", "BE", "DE", "FR"];
    let mut drafts = Vec::new();
    for (index, country) in countries.into_iter().enumerate() {
        let (at, visitor) = (index as i64 * DAY_MINUTES, index as u64 + 1);
        let id = format!("o{visitor}");
        let ball = vec![product("ball", "20", "1")];
        drafts.push(Draft::page_view(at, visitor, "/").country(country));
        drafts.push(Draft::purchase(at + 5, visitor, &id, ball).at("/thanks"));
    }
    drafts.push(Draft::refund(6 * DAY_MINUTES, 3, "o3"));
    for dimensions in [
        "",
        "time",
        "country",
        "product",
        "product_sku,time:week",
        "order_id",
        "order_state",
        "customer",
        "buyer_type",
        "purchase_days",
        "purchase_visits",
        "page",
        "country,time",
        "day_of_week",
    ] {
        let request = Request {
            include: list("totals"),
            ..week(dimensions, "net_revenue,refund_amount,revenue,orders")
        };
        let answer = ask(&drafts, &AccountSettings::default(), &request);
        let expect = [80.0, 20.0, 100.0, 5.0];
        for (metric, expect) in expect.into_iter().enumerate() {
            let values = answer.rows.iter().filter_map(|row| row.values[metric]);
            // `page` lists the orders of a visit once more for each of its pages: there is one.
            let sum: f64 = values.map(|value| value.to_f64()).sum();
            assert_eq!(sum, expect, "metric {metric} by {dimensions:?}");
            let whole = answer.totals.as_ref().unwrap().values[metric].unwrap();
            assert_eq!(whole.to_f64(), expect, "metric {metric} by {dimensions:?}");
        }
    }
    check(
        &drafts,
        "country",
        "net_revenue,refund_amount",
        &["FR 60 0", "DE 20 0", "BE 0 20"],
    );
    check(
        &drafts,
        "product",
        "product_revenue,product_refund_amount,refunded_units,net_revenue",
        &["ball 100 20 1 80"],
    );
}

#[test]
fn an_order_of_nothing_is_an_order() {
    let drafts = [
        Draft::page_view(0, 1, "/"),
        Draft::purchase(5, 1, "free", vec![product("sample", "0", "1")]).at("/thanks"),
    ];
    check(
        &drafts,
        "",
        "orders,revenue,net_revenue,average_order_value,units,buyers,ecommerce_conversion_rate,\
         refund_rate,roas",
        &["1 0 0 0 1 1 1 null null"],
    );
    check_report(
        &drafts,
        "orders",
        &["revenue", "orders", "units"],
        &["free completed 0 1 1"],
    );
    check_report(
        &drafts,
        "customers",
        &["orders", "lifetime_value"],
        &["visitor:00000000000000010000000000000001 1 0"],
    );
}

#[test]
fn a_cancelled_order_is_in_no_figure_but_its_own() {
    let mut drafts = vec![
        viewed(0, 1, ProductAction::Add, vec![product("ball", "20", "2")]),
        viewed(
            1,
            1,
            ProductAction::Checkout,
            vec![product("ball", "20", "2")],
        ),
        Draft::purchase(5, 1, "o1", vec![product("ball", "20", "2")])
            .at("/thanks")
            .order(|order| order.state = Some(OrderState::Pending)),
    ];
    let metrics = "orders,cancelled_orders,revenue,net_revenue,units,buyers,new_buyers,\
                   ecommerce_conversion_rate,carts,abandoned_carts,checkout_abandonment_rate";
    check(&drafts, "", metrics, &["1 0 40 40 2 1 1 1 1 0 0"]);
    let status = Draft::order_status(2 * DAY_MINUTES, 1, "o1", OrderState::Cancelled);
    drafts.push(status);
    drafts.push(Draft::refund(3 * DAY_MINUTES, 1, "o1"));
    check(&drafts, "", metrics, &["0 1 0 0 0 0 0 0 1 1 1"]);
    check(
        &drafts,
        "",
        "refunds,refund_amount,lifetime_value",
        &["0 0 null"],
    );
    check_report(
        &drafts,
        "orders",
        &["revenue", "orders", "cancelled_orders"],
        &["o1 cancelled 0 0 1"],
    );
    // Cancelled is said of the day of the order.
    check(&drafts, "time", "cancelled_orders", &["2026-03-30 1"]);
}
