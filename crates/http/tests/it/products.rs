use serde_json::{Value, json};

use crate::app::App;

const SEPTEMBER: &str = "from=2026-09-01&to=2026-09-30";

fn skus(answer: &Value) -> Vec<&str> {
    let products = answer["data"].as_array().unwrap().iter();
    products
        .map(|product| product["sku"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn products_come_with_their_figures() {
    let app = App::of_shop();
    let answer = app
        .get(&format!("/v1/products?{SEPTEMBER}"))
        .await
        .expect(200)
        .json();
    assert_eq!(skus(&answer), ["ball", "frisbee/1"]);
    let expect = json!({
        "sku": "ball",
        "name": "Ball",
        "brand": "Bounce",
        "category": "Toys//Balls",
        "variants": ["red"],
        "last_price": "3.50",
        "last_price_currency": "EUR",
        "impressions": 1,
        "clicks": 0,
        "product_ctr": 0,
        "detail_views": 1,
        "cart_adds": 1,
        "cart_removes": 0,
        "checkouts": 5,
        "cart_to_detail_rate": 1,
        "buy_to_detail_rate": 2,
        "orders": 2,
        "units": 6,
        "products_sold": 2,
        "product_revenue": "21.00",
        "refunds": 1,
        "refunded_units": 4,
        "product_refund_amount": "14.00",
    });
    assert_eq!(answer["data"][0], expect);
    assert_eq!(answer["data"][1]["name"], "=Frisbee");
    assert_eq!(answer["data"][1]["product_revenue"], "11.33");
    assert_eq!(answer["data"][1]["cart_to_detail_rate"], Value::Null);
    assert_eq!(answer["meta"]["total_rows"], 2);
    let csv = app
        .get(&format!("/v1/products?{SEPTEMBER}&format=csv"))
        .await
        .expect(200);
    assert!(
        csv.text()
            .contains("\r\nfrisbee/1,'=Frisbee,Fly,Toys,[],5.67,EUR,1,"),
        "{}",
        csv.text()
    );
}

#[tokio::test]
async fn products_are_ordered_paged_and_chosen() {
    let app = App::of_shop();
    let check = async |parameters: &str, expect: &[&str]| {
        let path = format!("/v1/products?{parameters}");
        let answer = app.get(&path).await.expect(200).json();
        assert_eq!(skus(&answer), expect, "{parameters}");
    };
    check(
        &format!("{SEPTEMBER}&order_by=product_revenue:asc"),
        &["frisbee/1", "ball"],
    )
    .await;
    check("", &[]).await;
    check(
        &format!("{SEPTEMBER}&filters=[%22is%22,%22channel%22,%22Email%22]"),
        &["ball"],
    )
    .await;
    check(&format!("{SEPTEMBER}&traffic=excluded"), &["ball"]).await;
    let first = app
        .get(&format!("/v1/products?{SEPTEMBER}&limit=1"))
        .await
        .expect(200);
    assert_eq!(skus(&first.json()), ["ball"]);
    let link = first.headers["link"].to_str().unwrap();
    let next = link.trim_start_matches('<').split('>').next().unwrap();
    let second = app.get(next).await.expect(200).json();
    assert_eq!(skus(&second), ["frisbee/1"]);
    assert_eq!(second["meta"]["next_cursor"], Value::Null);
    let problem = app
        .get("/v1/products?order_by=nothing")
        .await
        .problem(422, "unprocessable");
    assert_eq!(problem["errors"][0]["parameter"], "order_by");
    app.get("/v1/products?cursor=x")
        .await
        .problem(422, "unprocessable");
    app.get("/v1/products?limit=1001")
        .await
        .problem(400, "invalid_request");
}

#[tokio::test]
async fn one_product_is_told_from_every_side() {
    let app = App::of_shop();
    let path = format!("/v1/products/ball?{SEPTEMBER}&interval=month");
    let answer = app.get(&path).await.expect(200).json();
    assert_eq!(answer["product"]["brand"], "Bounce");
    assert_eq!(answer["totals"]["product_revenue"], "21.00");
    assert_eq!(answer["totals"]["orders"], 2);
    let months = answer["over_time"].as_array().unwrap();
    assert_eq!(months.len(), 1);
    assert_eq!(months[0]["time"], "2026-09");
    assert_eq!(months[0]["units"], 6);
    assert_eq!(months[0]["impressions"], 1);
    assert_eq!(answer["by_variant"][0]["variant"], "red");
    assert_eq!(answer["by_variant"][0]["units"], 6);
    let lists = answer["by_list"].as_array().unwrap();
    let shown = lists
        .iter()
        .find(|row| row["product_list"] == "Search results");
    assert_eq!(shown.unwrap()["impressions"], 1);
    assert_eq!(answer["by_coupon"][0]["coupon"], Value::Null);
    let quiet = app
        .get("/v1/products/frisbee%2F1?period=7d")
        .await
        .expect(200)
        .json();
    assert_eq!(quiet["totals"]["orders"], 0);
    assert_eq!(quiet["totals"]["product_ctr"], Value::Null);
    assert_eq!(quiet["over_time"].as_array().unwrap().len(), 7);
    assert_eq!(quiet["by_variant"], json!([]));
    app.get("/v1/products/Ball").await.problem(404, "not_found");
    let wrong = app.get("/v1/products/ball?interval=fortnight").await;
    let wrong = wrong.problem(400, "invalid_request");
    assert_eq!(wrong["errors"][0]["parameter"], "interval");
}
