//! Lists of things as tables.

use serde_json::{Value, json};

use crate::app::App;
use crate::stats::parquet_rows;

/// Every list by its address; the columns are those of its CSV.
#[tokio::test]
async fn parquet_has_the_columns_of_csv_and_the_values_of_ndjson() {
    let app = App::of_shop();
    for path in [
        "/v1/orders?period=all",
        "/v1/products?period=all",
        "/v1/carts?period=all",
        "/v1/stats/checkout?from=2026-09-01&to=2026-09-30&compare=previous_period",
        "/v1/stats/customers/rfm?period=all",
    ] {
        let get = async |format: &str| {
            app.get(&format!("{path}&format={format}"))
                .await
                .expect(200)
        };
        let parquet = get("parquet").await;
        assert_eq!(
            parquet.headers["content-type"],
            "application/vnd.apache.parquet"
        );
        let rows = parquet_rows(parquet.bytes);
        let lines = get("ndjson").await.text();
        let lines: Vec<Value> = lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert!(!lines.is_empty(), "{path}");
        assert_eq!(rows.len(), lines.len(), "{path}");
        let csv = get("csv").await.text();
        let mut names: Vec<&str> = csv.lines().next().unwrap().split(',').collect();
        names.sort_unstable();
        for (row, line) in rows.iter().zip(&lines) {
            let row = row.as_object().unwrap();
            let mut columns: Vec<&str> = row.keys().map(String::as_str).collect();
            columns.sort_unstable();
            assert_eq!(columns, names, "{path}");
            for (name, value) in row {
                let told = match name.strip_prefix("previous_") {
                    Some(name) => &line["previous"][name],
                    None => &line[name],
                };
                check(&format!("{path}: {name}"), value, told);
            }
        }
    }
}

/// A list is written as JSON, and numbers without a fraction may be told with one.
fn check(name: &str, value: &Value, told: &Value) {
    let told = match told {
        Value::Array(_) => json!(told.to_string()),
        _ => told.clone(),
    };
    match (value.as_f64(), told.as_f64()) {
        (Some(value), Some(told)) => assert_eq!(value, told, "{name}"),
        _ => assert_eq!(*value, told, "{name}"),
    }
}

/// Each month of a cohort is a row of a table, and each model has columns of its own.
#[tokio::test]
async fn cohorts_and_models_are_flat_in_tables() {
    let app = App::of_shop();
    let path = "/v1/stats/customers/cohorts?from=2026-08-01&to=2026-10-31";
    let cohorts = app.get(path).await.expect(200).json();
    let parquet = app.get(&format!("{path}&format=parquet")).await.expect(200);
    let rows = parquet_rows(parquet.bytes);
    let mut at = 0;
    for cohort in cohorts["data"].as_array().unwrap() {
        for month in cohort["months"].as_array().unwrap() {
            assert_eq!(rows[at]["month"], cohort["month"]);
            assert_eq!(rows[at]["cohort_customers"], cohort["customers"]);
            assert_eq!(rows[at]["net_revenue"], month["net_revenue"]);
            at += 1;
        }
    }
    assert_eq!((at, rows.len()), (6, 6));

    let asked = json!({"models": ["first", "linear"], "period": "all", "format": "parquet"});
    let parquet = app.post("/v1/stats/attribution", asked).await.expect(200);
    let rows = parquet_rows(parquet.bytes);
    let asked = json!({"models": ["first", "linear"], "period": "all"});
    let json = app
        .post("/v1/stats/attribution", asked)
        .await
        .expect(200)
        .json();
    for (row, shown) in rows.iter().zip(json["data"].as_array().unwrap()) {
        assert_eq!(row["channel"], shown["channel"]);
        for model in ["first", "linear"] {
            let told = &shown["models"][model];
            assert_eq!(row[format!("{model}_revenue")], told["revenue"]);
            assert_eq!(
                row[format!("{model}_orders")].as_f64(),
                told["orders"].as_f64()
            );
        }
    }
    assert!(!rows.is_empty());
}
