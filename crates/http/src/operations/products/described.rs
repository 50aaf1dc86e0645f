//! What the document says of products.

use afsa_query::{METRICS as ALL, Metric, MetricUnit};
use serde_json::{Map, Value, json};

use super::METRICS;
use crate::operation::Answer;
use crate::schemas::{self, count, money, nullable, number, pair, text, texts, whole};

/// Of the product in the examples.
pub(super) const SKU: &str = "SKU-10000";

pub(crate) fn schemas() -> Vec<(String, Value)> {
    let facts = json!({
        "sku": text(),
        "name": nullable(text()),
        "brand": nullable(text()),
        "category": nullable(text()),
        "variants": texts(),
        "last_price": described("What a piece was sold for last, as sent.", nullable(money())),
        "last_price_currency": nullable(text()),
    });
    let figures: Map<String, Value> = METRICS.iter().map(|name| figure(name)).collect();
    let by = |name: &str, schema: Value| {
        let mut properties = Map::from_iter([(name.to_owned(), schema)]);
        properties.extend(figures.clone());
        json!({"type": "array", "items": whole(properties.into())})
    };
    let mut listed = facts.clone();
    if let Some(listed) = listed.as_object_mut() {
        listed.extend(figures.clone());
    }
    vec![
        pair("ListedProduct", whole(listed)),
        pair(
            "ProductList",
            whole(json!({
                "data": {"type": "array", "items": schemas::reference("ListedProduct")},
                "meta": schemas::selection_meta(json!({
                    "total_rows": count(),
                    "limit": count(),
                    "next_cursor": nullable(text()),
                })),
                "query": schemas::open(),
            })),
        ),
        pair(
            "ProductAnswer",
            whole(json!({
                "product": whole(facts),
                "totals": whole(figures.clone().into()),
                "over_time": by("time", text()),
                "by_variant": by("variant", nullable(text())),
                "by_list": by("product_list", nullable(text())),
                "by_coupon": by("coupon", nullable(text())),
                "meta": schemas::selection_meta(json!({"interval": nullable(text())})),
                "query": schemas::open(),
            })),
        ),
    ]
}

fn figure(name: &str) -> (String, Value) {
    let metric: Option<&Metric> = ALL.iter().find(|metric| metric.name == name);
    let schema = match metric.map(|metric| metric.unit) {
        Some(MetricUnit::Money) => money(),
        Some(MetricUnit::Count) => json!({"type": "integer", "format": "int64"}),
        _ => number(),
    };
    let description = metric.map_or("", |metric| metric.description);
    (
        name.to_owned(),
        described(&format!("{description}."), nullable(schema)),
    )
}

fn described(description: &str, schema: Value) -> Value {
    schemas::with(schema, "description", description)
}

fn facts_example() -> Value {
    json!({
        "sku": SKU,
        "name": "Ball",
        "brand": "Bounce",
        "category": "Toys/Balls",
        "variants": ["blue", "red"],
        "last_price": "3.50",
        "last_price_currency": "EUR",
    })
}

fn figures_example() -> Map<String, Value> {
    let figures = json!({
        "impressions": 400,
        "clicks": 100,
        "product_ctr": 0.25,
        "detail_views": 120,
        "cart_adds": 30,
        "cart_removes": 4,
        "checkouts": 24,
        "cart_to_detail_rate": 0.25,
        "buy_to_detail_rate": 0.15,
        "orders": 18,
        "units": 40,
        "products_sold": 18,
        "product_revenue": "140.00",
        "refunds": 1,
        "refunded_units": 4,
        "product_refund_amount": "14.00",
    });
    figures.as_object().cloned().unwrap_or_default()
}

fn meta_example(others: Value) -> Value {
    let mut meta = json!({
        "account_id": "00000003",
        "from": "2026-10-03T00:00:00+02:00",
        "to": "2026-11-02T00:00:00+01:00",
        "timezone": "Europe/Paris",
        "currency": "EUR",
        "as_of": "2026-11-02T10:00:00.123Z",
        "warnings": [],
    });
    if let (Some(meta), Value::Object(others)) = (meta.as_object_mut(), others) {
        meta.extend(others);
    }
    meta
}

pub(super) fn list_answer() -> Answer {
    let mut row = facts_example();
    if let Some(row) = row.as_object_mut() {
        row.extend(figures_example());
    }
    let document = json!({
        "data": [row],
        "meta": meta_example(json!({"total_rows": 1, "limit": 100, "next_cursor": null})),
        "query": {
            "from": "2026-10-03",
            "to": "2026-11-01",
            "timezone": "Europe/Paris",
            "order_by": ["product_revenue:desc"],
        },
    });
    let mut answer = Answer::json("The products.", schemas::reference("ProductList"), document);
    answer.media.extend(schemas::text_media(
        "sku,name,brand,product_revenue\r\nball,Ball,Bounce,140.00\r\n",
        "{\"sku\":\"ball\",\"product_revenue\":\"140.00\"}\n",
    ));
    answer
}

pub(super) fn example() -> Value {
    let row = |name: &str, value: &str| {
        let mut row = Map::from_iter([(name.to_owned(), Value::from(value))]);
        row.extend(figures_example());
        Value::from(row)
    };
    json!({
        "product": facts_example(),
        "totals": figures_example(),
        "over_time": [row("time", "2026-10-03")],
        "by_variant": [row("variant", "red")],
        "by_list": [row("product_list", "Search results")],
        "by_coupon": [row("coupon", "SUMMER")],
        "meta": meta_example(json!({"interval": "day"})),
        "query": {
            "from": "2026-10-03",
            "to": "2026-11-01",
            "timezone": "Europe/Paris",
            "interval": "day",
        },
    })
}
