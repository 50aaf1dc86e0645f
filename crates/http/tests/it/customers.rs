use serde_json::{Value, json};

use crate::app::App;

#[tokio::test]
async fn cohorts_are_told_by_month() {
    let app = App::of_shop();
    let path = "/v1/stats/customers/cohorts?from=2026-09-01&to=2026-10-31";
    let answer = app.get(path).await.expect(200).json();
    let cohorts = answer["data"].as_array().unwrap();
    assert_eq!(cohorts.len(), 2);
    assert_eq!(cohorts[0]["month"], "2026-09");
    assert_eq!(cohorts[0]["customers"], 2);
    assert_eq!(
        cohorts[0]["months"][0],
        json!({
            "months_after": 0, "customers": 2, "retention_rate": 1, "orders": 3,
            "revenue": "37.33", "net_revenue": "12.69", "value_per_customer": "11.67",
        })
    );
    assert_eq!(cohorts[0]["months"][1]["retention_rate"], 0);
    assert_eq!(cohorts[0]["months"][1]["value_per_customer"], "11.67");
    assert_eq!(cohorts[1]["months"][0]["retention_rate"], Value::Null);
    let ages = "/v1/stats/customers/cohorts?from=1970-01-01&to=2199-12-31";
    let problem = app.get(ages).await.problem(422, "unprocessable");
    assert!(problem["detail"].as_str().unwrap().contains("2760"));
    let empty = app
        .get("/v1/stats/customers/cohorts?period=today")
        .await
        .expect(200)
        .json();
    assert_eq!(empty["data"][0]["customers"], 0);
}

#[tokio::test]
async fn groups_are_told_by_scores() {
    let app = App::of_shop();
    let path = "/v1/stats/customers/rfm?from=2026-09-01&to=2026-09-30";
    let answer = app.get(path).await.expect(200).json();
    let told: Vec<[u64; 4]> = answer["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            ["recency", "frequency", "monetary", "customers"].map(|it| row[it].as_u64().unwrap())
        })
        .collect();
    assert_eq!(told, [[3, 3, 3, 1], [1, 1, 1, 1]]);
    assert_eq!(answer["totals"]["revenue"], "37.33");
    assert_eq!(answer["totals"]["value"], "23.33");
    assert_eq!(answer["data"][0]["orders_per_customer"], 2);
    let empty = app
        .get("/v1/stats/customers/rfm?period=today")
        .await
        .expect(200)
        .json();
    assert_eq!(empty["data"], json!([]));
    assert_eq!(empty["totals"]["value_per_customer"], Value::Null);
}

#[tokio::test]
async fn customers_are_written_as_tables() {
    let app = App::of_shop();
    let path = "/v1/stats/customers/cohorts?from=2026-09-01&to=2026-10-31";
    let csv = app.get(&format!("{path}&format=csv")).await.expect(200);
    let csv = csv.text();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(
        lines[..2],
        [
            "month,cohort_customers,months_after,customers,retention_rate,orders,revenue,\
             net_revenue,value_per_customer",
            "2026-09,2,0,2,1,3,37.33,12.69,11.67",
        ]
    );
    // Two months of the first cohort, one of the second.
    assert_eq!(lines.len(), 4);
    assert!(lines[3].starts_with("2026-10,0,0,0,,0,"), "{}", lines[3]);
    let rfm = "/v1/stats/customers/rfm?from=2026-09-01&to=2026-09-30";
    let csv = app.get(&format!("{rfm}&format=csv")).await.expect(200);
    let csv = csv.text();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(
        lines[0],
        "recency,frequency,monetary,customers,orders,revenue,value,value_per_customer,\
         orders_per_customer,days_since_order"
    );
    assert!(lines[1].starts_with("3,3,3,1,2,"), "{}", lines[1]);
    assert_eq!(lines.len(), 3);
    for path in [path, rfm] {
        let lines = app.get(&format!("{path}&format=ndjson")).await.expect(200);
        let rows: Vec<Value> = lines
            .text()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let json = app.get(path).await.expect(200).json();
        assert_eq!(Value::from(rows), json["data"], "{path}");
    }
}
