//! Half the visitors of one day of a real shop, against the figures that Google Analytics told.

use serde_json::Value;

use crate::program::Program;
use crate::shared_data;

const PERIOD: &str = "from=2017-07-31&to=2017-08-03";

#[test]
fn the_figures_are_googles() {
    let (Some(hits), Some(expected)) = (
        shared_data::file("ga_sample/hits.ndjson.gz"),
        shared_data::json("ga_sample/expected.json"),
    ) else {
        return;
    };
    let program = Program::new();
    let (account, key) =
        program.account(&["--timezone", "America/Los_Angeles", "--currency", "USD"]);
    program.say(&["import", hits.to_str().unwrap(), "--account", &account]);
    let server = program.serve();
    let row = |metrics: &str| -> Value {
        let answer = server.get(&key, &format!("/v1/stats/query?{PERIOD}&metrics={metrics}"));
        answer["data"][0].clone()
    };

    let traffic = row("visitors,new_visitors,visits,pageviews,events,bounces");
    assert_eq!(traffic["visitors"], expected["visitors"]);
    assert_eq!(traffic["pageviews"], expected["pageviews"]);
    assert_eq!(traffic["visits"], expected["visits_by_30_minute_gap"]);
    // Nobody was seen before the sample, so everybody is new in it. Google knows 924 first
    // sessions: the other visitors had come on days that the sample doesn't hold.
    assert_eq!(traffic["new_visitors"], expected["visitors"]);

    // Google cut 26 sessions more, at campaigns that the sample doesn't tell. Each such cut makes
    // two of one visit: a page view alone before or behind it is a bounce for Google and part of a
    // longer visit here. So Google has more bounces, by at most two for each cut.
    let bounces = traffic["bounces"].as_i64().unwrap();
    let googles = expected["bounces"].as_i64().unwrap();
    let cuts = expected["sessions"].as_i64().unwrap() - traffic["visits"].as_i64().unwrap();
    eprintln!("bounces: {bounces} here, {googles} there; {cuts} cuts by campaign");
    assert!(bounces <= googles && googles - bounces <= 2 * cuts);

    let products = row("impressions,clicks,detail_views,cart_adds,cart_removes,checkouts");
    assert_eq!(products["impressions"], expected["impressions"]);
    assert_eq!(products["clicks"], expected["rows_click"]);
    assert_eq!(products["detail_views"], expected["rows_detail"]);
    assert_eq!(products["cart_adds"], expected["rows_add"]);
    assert_eq!(products["cart_removes"], expected["rows_remove"]);
    assert_eq!(products["checkouts"], expected["rows_checkout"]);

    // The shopping funnel, counted from the file: visits by the 30-minute gap with such an action.
    let funnel = row("carts,checkout_visits,abandoned_carts,refunds");
    assert_eq!(funnel["carts"], 94);
    assert_eq!(funnel["checkout_visits"], 57);
    assert_eq!(funnel["refunds"], 0);
    let checkout = server.get(&key, &format!("/v1/stats/checkout?{PERIOD}"));
    let steps: Vec<(i64, i64)> = checkout["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                row["step"].as_i64().unwrap(),
                row["visits"].as_i64().unwrap(),
            )
        })
        .collect();
    assert_eq!(steps, [(1, 57), (2, 37), (3, 27)]);
    assert_eq!(checkout["totals"]["visits"], 57);
    let detailed = server.get(
        &key,
        &format!("/v1/stats/query?{PERIOD}&metrics=visits,ecommerce_conversion_rate"),
    );
    let rate = detailed["data"][0]["ecommerce_conversion_rate"]
        .as_f64()
        .unwrap();
    assert!((rate - 24.0 / 1_236.0).abs() < 1e-15, "{rate}");

    let orders = row("orders,revenue,units,products_sold,product_revenue");
    assert_eq!(orders["orders"], expected["orders"]);
    assert_eq!(orders["revenue"], expected["order_revenue_as_sent"]);
    assert_eq!(orders["units"], expected["units"]);
    assert_eq!(orders["products_sold"], expected["product_lines"]);
    // Price times quantity of what was ordered. Google's figure of the name (5803.829972) spreads
    // a part of tax and shipping over the rows, so that they sum to the orders' totals.
    assert_eq!(orders["product_revenue"], "5687.83");

    let by_order = server.get(
        &key,
        &format!("/v1/stats/query?{PERIOD}&metrics=revenue&dimensions=order_id&limit=100"),
    );
    let by_order = by_order["data"].as_array().unwrap();
    assert_eq!(
        by_order.len(),
        expected["order_revenue"].as_object().unwrap().len()
    );
    for row in by_order {
        let sent = expected["order_revenue"][row["order_id"].as_str().unwrap()]
            .as_str()
            .unwrap();
        let shown = row["revenue"].as_str().unwrap();
        assert_eq!(
            shown.parse::<f64>().unwrap(),
            sent.parse::<f64>().unwrap(),
            "{row}"
        );
    }
    let skus = server.get(
        &key,
        &format!(
            "/v1/stats/query?{PERIOD}&metrics=units&dimensions=product_sku&include=total_rows"
        ),
    );
    assert_eq!(skus["meta"]["total_rows"], expected["skus_sold"]);

    // Google's pages hold the query; here it isn't part of a page, so that `/myaccount.html` with
    // its many queries is one page and among the first. Those that have none agree.
    let pages = server.get(
        &key,
        &format!("/v1/stats/pages?{PERIOD}&metrics=pageviews&limit=1000"),
    );
    let pages = pages["data"].as_array().unwrap();
    for top in expected["top_pages"].as_array().unwrap() {
        let row = pages.iter().find(|row| row["page"] == top[0]).unwrap();
        assert_eq!(row["pageviews"], top[1], "{top}");
    }
}
