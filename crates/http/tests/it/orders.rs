use std::sync::Arc;

use afsa_model::{Origin, text};
use afsa_store::conformance::draft::Draft;
use serde_json::{Value, json};

use crate::app::{Answer, App};
use crate::shop;

fn ids(answer: &Value) -> Vec<String> {
    let orders = answer["data"].as_array().unwrap().iter();
    orders
        .map(|order| order["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn orders_come_newest_first_with_their_money() {
    let app = App::of_shop();
    let answer = app.get("/v1/orders").await.expect(200).json();
    assert_eq!(ids(&answer), ["A-1003", "B/2 ü", "A-1002", "A-1001"]);
    let [repeat, foreign, cancelled, first] = answer["data"].as_array().unwrap().as_slice() else {
        panic!("{answer}")
    };
    let expect = json!({
        "id": "A-1001",
        "time": "2026-09-13T12:10:00+02:00",
        "state": "completed",
        "customer": "customer-17",
        "user_id": "customer-17",
        "buyer_type": "new",
        "currency": "EUR",
        "revenue": "33.83",
        "net_revenue": "9.19",
        "tax": "5.64",
        "shipping": "5.00",
        "discount": "0.00",
        "refunded": "14.00",
        "refunds": 1,
        "original_revenue": null,
        "units": 7,
        "products": 2,
        "coupon": null,
        "affiliation": "Web shop",
        "channel": "Paid Search",
        "source": "google",
        "campaign_medium": "cpc",
        "campaign": "autumn",
        "days_to_purchase": 10.0 + 10.0 / 1440.0,
        "visits_to_purchase": 2,
        "traffic": "people",
    });
    assert_eq!(*first, expect);
    assert_eq!(cancelled["state"], "cancelled");
    assert_eq!(cancelled["buyer_type"], Value::Null);
    assert_eq!(foreign["currency"], "USD");
    assert_eq!(foreign["revenue"], Value::Null);
    assert_eq!(foreign["original_revenue"], "20.00");
    assert_eq!(foreign["channel"], Value::Null);
    assert!(
        foreign["customer"]
            .as_str()
            .unwrap()
            .starts_with("visitor:")
    );
    assert_eq!(repeat["buyer_type"], "repeat");
    let warnings = answer["meta"]["warnings"].as_array().unwrap();
    assert!(
        warnings[0].as_str().unwrap().contains("USD"),
        "{warnings:?}"
    );
}

#[tokio::test]
async fn parameters_choose_orders() {
    let app = App::of_shop();
    let check = async |parameters: &str, expect: &[&str]| {
        let path = format!("/v1/orders?{parameters}");
        let answer = app.get(&path).await.expect(200).json();
        assert_eq!(ids(&answer), expect, "{parameters}");
        // What was understood is told so that it can be sent again.
        let echo = answer["query"].as_object().unwrap();
        let mut again = form_of(echo);
        again.insert_str(0, "/v1/orders?");
        let again = app.get(&again).await.expect(200).json();
        assert_eq!(ids(&again), expect, "{parameters} again");
    };
    check("state=cancelled", &["A-1002"]).await;
    check(
        "customer=customer-17&state=completed",
        &["A-1003", "A-1001"],
    )
    .await;
    check("from=2026-09-13&to=2026-09-13", &["A-1001"]).await;
    check("traffic=excluded", &["X-1"]).await;
    check("period=30d", &[]).await;
    check(
        "filters=[%22is%22,%22campaign%22,%22autumn%22]",
        &["A-1001"],
    )
    .await;
    check(
        "filters=[%22is_not_set%22,%22channel%22]",
        &["A-1003", "B/2 ü"],
    )
    .await;
    check("customer=nobody", &[]).await;
}

fn form_of(echo: &serde_json::Map<String, Value>) -> String {
    let pair = |(name, value): (&String, &Value)| {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        let bytes = text.bytes().map(|byte| format!("%{byte:02X}"));
        format!("{name}={}", bytes.collect::<String>())
    };
    echo.iter().map(pair).collect::<Vec<_>>().join("&")
}

#[tokio::test]
async fn pages_meet_without_gap_or_overlap() {
    let app = App::of_shop();
    for limit in 1..=5 {
        let mut path = format!("/v1/orders?limit={limit}&timezone=UTC");
        let mut found = Vec::new();
        loop {
            let answer = app.get(&path).await.expect(200);
            found.extend(ids(&answer.json()));
            let next = answer.json()["meta"]["next_cursor"].clone();
            let link = answer.headers.get("link");
            assert_eq!(link.is_some(), next.is_string());
            let Some(link) = link else { break };
            let link = link.to_str().unwrap();
            path = link
                .strip_prefix('<')
                .and_then(|link| link.strip_suffix(">; rel=\"next\""))
                .unwrap()
                .to_owned();
            assert!(path.contains("timezone=UTC"), "{path}");
        }
        assert_eq!(found, ["A-1003", "B/2 ü", "A-1002", "A-1001"], "{limit}");
    }
}

#[tokio::test]
async fn one_order_is_told_whole() {
    let app = App::of_shop();
    let order = app.get("/v1/orders/A-1001").await.expect(200).json();
    assert_eq!(order["revenue"], "33.83");
    let items = &order["items"];
    assert_eq!(items[0]["sku"], "ball");
    assert_eq!(items[0]["category_levels"], json!(["Toys", "Balls"]));
    assert_eq!(items[0]["price"], "3.50");
    assert_eq!(items[0]["amount"], "17.50");
    assert_eq!(items[0]["refunded_quantity"], 4);
    assert_eq!(items[1]["price"], "5.67");
    assert_eq!(items[1]["amount"], "11.33");
    assert_eq!(items[1]["refunded_quantity"], 0);
    assert_eq!(order["refund_history"][0]["amount"], "14.00");
    assert_eq!(order["refund_history"][0]["items"][0]["quantity"], 4);
    let states: Vec<&Value> = order["state_history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|told| &told["state"])
        .collect();
    assert_eq!(states, ["pending", "completed"]);
    assert_eq!(order["visit"]["start"], "2026-09-13T12:00:00+02:00");
    assert_eq!(order["visit"]["country"], "DE");
    assert_eq!(order["visit"]["device"], "smartphone");
    assert_eq!(order["visit"]["visit_number"], 2);
    assert_eq!(order["campaign_visit"]["campaign"], "autumn");
    assert_eq!(
        order["campaign_visit"]["days_since_campaign"],
        10.0 / 1440.0
    );
    let journey = order["journey"].as_array().unwrap();
    assert_eq!(journey.len(), 2);
    assert_eq!(journey[0]["channel"], "Email");
    assert_eq!(order["customer_orders"], 2);
    assert_eq!(order["customer_value"], "23.33");
}

#[tokio::test]
async fn of_visits_begun_in_one_instant_the_later_has_the_order() {
    let minute = shop::ago(50);
    let campaign = Origin {
        campaign: text("autumn"),
        ..Origin::default()
    };
    let app = App::of_hits([
        Draft::page_view(minute, 1, "/"),
        Draft::page_view(minute, 1, "/").hit(|hit| hit.origin = Some(Arc::new(campaign))),
        Draft::purchase(minute + 1, 1, "A", vec![]).revenue("5"),
    ]);
    let by_campaign = "/v1/stats/query?metrics=orders&dimensions=campaign&period=90d";
    let figures = app.get(by_campaign).await.expect(200).json();
    assert_eq!(
        figures["data"],
        json!([{"campaign": "autumn", "orders": 1}])
    );
    let orders = app.get("/v1/orders").await.expect(200).json();
    assert_eq!(orders["data"][0]["campaign"], "autumn");
    let order = app.get("/v1/orders/A").await.expect(200).json();
    assert_eq!(order["visit"]["campaign"], "autumn");
    assert_eq!(order["campaign_visit"]["campaign"], "autumn");
}

#[tokio::test]
async fn ids_are_found_as_they_are_written() {
    let app = App::of_shop();
    let check = async |path: &str, expect: &str| {
        let order = app.get(&format!("/v1/orders/{path}")).await.expect(200);
        assert_eq!(order.json()["id"], expect);
    };
    check("B%2F2%20%C3%BC", "B/2 ü").await;
    check("X-1?timezone=UTC", "X-1").await;
    for missing in [
        "a-1001",
        "B%2F2%20u",
        "%00",
        "A-1001%20",
        &"9".repeat(5_000),
    ] {
        let answer = app.get(&format!("/v1/orders/{missing}")).await;
        answer.problem(404, "not_found");
    }
    app.get("/v1/orders/%FF")
        .await
        .problem(400, "invalid_request");
    let loose = app.get("/v1/orders/B%2F2%20%C3%BC").await.json();
    assert_eq!(loose["visit"], Value::Null);
    assert_eq!(loose["campaign_visit"], Value::Null);
    assert_eq!(loose["journey"], json!([]));
}

#[tokio::test]
async fn orders_come_as_tables_of_text() {
    let app = App::of_shop();
    let csv = app.get("/v1/orders?format=csv&limit=1").await.expect(200);
    assert_eq!(
        csv.headers["content-disposition"],
        "attachment; filename=\"orders.csv\""
    );
    assert!(csv.headers.contains_key("link"));
    let text = csv.text();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("id,time,state,customer,user_id,buyer_type,currency,revenue,"));
    assert!(
        lines[1].starts_with("A-1003,2026-09-23T12:00:00+02:00,completed,customer-17,"),
        "{text}"
    );
    assert_eq!(lines.len(), 2);
    let lines: Answer = app.get("/v1/orders?format=ndjson").await.expect(200);
    assert_eq!(lines.text().lines().count(), 4);
    let first: Value = serde_json::from_str(lines.text().lines().next().unwrap()).unwrap();
    assert_eq!(first["id"], "A-1003");
    let empty = app
        .get("/v1/orders?format=csv&period=today")
        .await
        .expect(200);
    assert_eq!(empty.text().lines().count(), 1);
}

#[tokio::test]
async fn wrong_parameters_are_told_at_once() {
    let app = App::of_shop();
    let path = "/v1/orders?state=lost&limit=0&cursor=!&period=never&include=totals&metrics=visits\
        &filters=[%22gt%22,%22orders%22,1]&segment=9&format=xlsx";
    let problem = app.get(path).await.problem(400, "invalid_request");
    let faults = problem["errors"].as_array().unwrap().iter();
    let mut parameters: Vec<&str> = faults
        .map(|fault| fault["parameter"].as_str().unwrap())
        .collect();
    parameters.sort_unstable();
    let expect = [
        "cursor", "format", "include", "limit", "metrics", "period", "segment", "state",
    ];
    assert_eq!(parameters, expect, "{problem:#}");
    let path = "/v1/orders?filters=[%22gt%22,%22orders%22,1]";
    let problem = app.get(path).await.problem(422, "unprocessable");
    assert_eq!(problem["errors"][0]["parameter"], "filters");
    for cursor in ["", "AAAA", "MTIz", &"A".repeat(9_000)] {
        let path = format!("/v1/orders?cursor={cursor}");
        app.get(&path).await.problem(422, "unprocessable");
    }
    app.get("/v1/orders/A-1001?filters=[]")
        .await
        .problem(400, "invalid_request");
}
